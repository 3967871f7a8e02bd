import {
  type Database,
  DatabaseError,
  type FailPoint,
  type Pipeline,
  type Runtime,
  tick,
} from '../../../../core/engine/index.ts';
import type { Faults } from './faults.ts';
import type { Oracle } from './oracle.ts';
import { count, type Witness } from './witness.ts';
import type { Actor, World } from './world.ts';

/** The worker processes of a world, of which there are always some. */
export type Workers = {
  readonly spawn: () => void;
  /** No further call is sent, and nobody waits any more in it. Another one starts after a while. */
  readonly kill: (worker: Actor, why: string) => void;
  /** SIGTERM: it finishes what it can, then gives the rest back. */
  readonly stop: (worker: Actor) => void;
  readonly living: () => readonly Actor[];
  readonly started: () => number;
};

type Process = { readonly actor: Actor; stopping: boolean; readonly abandon: AbortController };

/** What a killed worker throws at itself, so that nothing after it runs. */
class Killed extends Error {}

export function createWorkers(options: {
  readonly world: World;
  readonly witness: Witness;
  readonly faults: () => Faults;
  readonly calm: () => boolean;
  readonly connect: (actor: Actor) => Database;
  readonly pipelineOf: (worker: Actor) => Pipeline;
  readonly oracle: Oracle;
  readonly passed: (point: FailPoint) => void;
}): Workers {
  const { world, witness, faults, calm, connect, pipelineOf, oracle, passed } = options;
  const living: Process[] = [];
  let started = 0;

  const end = (worker: Actor): void => {
    worker.dead = true;
    const at = living.findIndex(({ actor }) => actor === worker);
    if (at >= 0) living.splice(at, 1);
    world.after(world.between(50, 3_000), null, spawn);
  };
  const kill = (worker: Actor, why: string): void => {
    if (worker.dead) return;
    world.log(`${worker.name} killed: ${why}`);
    count(witness, 'kills');
    end(worker);
  };

  const runtimeOf = (worker: Actor): Runtime => {
    const bornMs = world.nowMs();
    const rate = 0.9 + 0.2 * world.dice();
    return {
      owner: worker.name,
      random: world.dice,
      // Its own quartz: right about nothing but the direction.
      monotonicMs: () => (world.nowMs() - bornMs) * rate,
      sleep: (ms) => world.sleep(ms, worker),
      every: (everyMs, callback) => {
        let on = true;
        const ring = (): void => {
          if (!on) return;
          callback();
          world.after(everyMs, worker, ring);
        };
        world.after(everyMs, worker, ring);
        return () => {
          on = false;
        };
      },
      reach: (point) => {
        witness.reached.add(point);
        passed(point);
        if (!world.chance(faults().failPoint)) return;
        witness.killedAt.add(point);
        kill(worker, `at ${point}`);
        throw new Killed(point);
      },
    };
  };

  const live = async (process: Process): Promise<void> => {
    const worker = process.actor;
    const db = connect(worker);
    const pipeline = pipelineOf(worker);
    const runtime = runtimeOf(worker);
    const once = async (): Promise<number> => {
      try {
        const { after } = await tick(db, pipeline, runtime, {
          budgetMs: world.between(100, 4_000),
          ...(world.chance(0.2) ? { itemsMax: 1 + Math.floor(world.dice() * 8) } : {}),
          stopping: () => process.stopping,
          abandon: process.abandon.signal,
          hooks: {
            item_done: ({ stage, key }) => oracle.told(worker, stage, witness.itemIds.get(key) ?? 0),
          },
        });
        if (after.kind === 'work') return 50;
        // In calm times an idle worker comes back when something opens, as a host does that reads what its tick says.
        if (calm())
          return after.kind === 'waiting' && after.wakeAtMs !== null
            ? Math.max(500, after.wakeAtMs - world.nowMs())
            : 5_000;
        return world.between(200, 7_000);
      } catch (error) {
        if (error instanceof Killed || worker.dead) return 0;
        if (!(error instanceof DatabaseError))
          world.violate(
            'tick',
            `${worker.name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
          );
        count(witness, 'failed ticks');
        return world.between(200, 1_500);
      }
    };
    while (!worker.dead && !process.stopping) {
      const twice = world.chance(faults().doubleTick);
      if (twice) count(witness, 'double ticks');
      const waits = await Promise.all(twice ? [once(), once()] : [once()]);
      if (!process.stopping) await world.sleep(Math.min(...waits), worker);
    }
    if (worker.dead) return;
    world.log(`${worker.name} ended`);
    end(worker);
  };

  const spawn = (): void => {
    started += 1;
    const actor: Actor = { name: `w${started}`, dead: false, stalledUntilMs: 0, skewMs: 0 };
    if (world.chance(faults().clockJump)) actor.skewMs = world.between(-120_000, 120_000);
    const process: Process = { actor, stopping: false, abandon: new AbortController() };
    living.push(process);
    world.log(`${actor.name} starts`);
    world.after(0, actor, () => void live(process));
  };

  return {
    spawn,
    kill,
    stop: (worker) => {
      const process = living.find(({ actor }) => actor === worker);
      if (!process || process.stopping) return;
      world.log(`${worker.name} is asked to stop`);
      count(witness, 'stops');
      process.stopping = true;
      world.after(world.between(50, 4_000), worker, () => process.abandon.abort());
    },
    living: () => living.map(({ actor }) => actor),
    started: () => started,
  };
}
