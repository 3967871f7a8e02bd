import { setTimeout as sleep } from 'node:timers/promises';
import { act, type FailPoint } from '../../../../core/engine/index.ts';
import type { HostName } from '../host.ts';
import { expireLeases, oneOf, rowsOf } from '../ledger.ts';
import { beginLife, type Ended, finish, type Life, stateOf, stopped } from './life.ts';
import { extraPaidCalls, goldenDump, progressOf, violations, wentBack } from './oracle.ts';
import { deathsPipeline, documents } from './pipeline.ts';
import type { FailPointSpec } from './plan.ts';
import type { Program } from './program.ts';
import type { World, Worlds } from './world.ts';

/** Disturbed runs; each gives what was violated, in words, and the numbers to report. */

export type Golden = {
  /** The dump of an undisturbed run over the first `count` documents. */
  readonly dump: (count: number) => Promise<string>;
  /** How often an undisturbed run over them passes each label. */
  readonly passes: (count: number) => Promise<Readonly<Record<string, number>>>;
};

export function makeGolden(program: Program, worlds: Worlds, host?: HostName): Golden {
  const known = new Map<number, Promise<{ readonly dump: string; readonly ended: Ended }>>();
  const run = (count: number) => {
    const before = known.get(count);
    if (before) return before;
    const made = inWorld(worlds, host, async (world) => {
      await world.enter(documents(0, count));
      const ended = await beginLife(program, world).ended;
      const dump = await goldenDump(world.client);
      const found = await violations(world, { deaths: 0, golden: dump });
      if (found.length > 0) throw new Error(`the golden run itself: ${found.join('; ')}\n${ended.errors}`);
      return { dump, ended };
    });
    known.set(count, made);
    return made;
  };
  return {
    dump: async (count) => (await run(count)).dump,
    passes: async (count) => {
      const end = (await run(count)).ended.said.find((one) => one.say === 'end');
      return end?.say === 'end' ? end.passes : {};
    },
  };
}

export async function inWorld<T>(
  worlds: Worlds,
  host: HostName | undefined,
  act: (world: World) => Promise<T>,
  plan?: Parameters<Worlds['open']>[1],
): Promise<T> {
  const world = await worlds.open(host, plan);
  try {
    return await act(world);
  } finally {
    await world.close();
  }
}

export type Trial = {
  /** Whether the fault happened at all. */
  readonly hit: boolean;
  readonly violations: readonly string[];
  /** Ticks of the last, undisturbed life. */
  readonly ticks: number;
  readonly extraCalls: number;
};

export const TRIAL_DOCUMENTS = 12;

/** An undisturbed process never passes these: there must be claims of dead workers to take back. */
const isReclaim = (label: FailPoint): boolean => label.startsWith('reclaim.');

/**
 * Lets the claims of `count` dead workers run out one after the other while a process runs, each when the one before it was
 * taken back or when that process is over; gives what ends it.
 */
async function leaveDeadClaims(program: Program, world: World, count: number): Promise<(of: Life) => Promise<void>> {
  for (let i = 0; i < count; i++)
    await beginLife(program, world, { recover: false }, { failPoint: { label: 'claim.after', act: 'kill', nth: 1 } })
      .ended;
  return async (life) => {
    let over = false;
    void life.ended.then(() => {
      over = true;
    });
    for (;;) {
      const oldest = await oneOf(world.client, `SELECT min(id) FROM lease WHERE state = 'live' AND id <= ${count}`);
      if (oldest === null || over) return;
      await world.client.execute(`UPDATE lease SET expires_ms = 1 WHERE id = ${oldest} AND expires_ms > 1`);
      if (stateOf(life.pid) === 'T') return;
      await sleep(2);
    }
  };
}

/** Begins a life that is to fail at one label, with whatever must have happened for it to come by there. */
async function beginFailing(program: Program, world: World, failPoint: FailPointSpec): Promise<Life> {
  await world.enter(documents(0, TRIAL_DOCUMENTS));
  if (!isReclaim(failPoint.label)) return beginLife(program, world, {}, { failPoint });
  const runOut = await leaveDeadClaims(program, world, failPoint.nth);
  const life = beginLife(program, world, { recover: false }, { failPoint });
  await runOut(life);
  return life;
}
const deathsBefore = ({ label, nth }: FailPointSpec): number => (isReclaim(label) ? nth : 0);

/** Dies once, at one label; a second process finishes the work. */
export const killTrial = (
  program: Program,
  worlds: Worlds,
  golden: Golden,
  failPoint: FailPointSpec,
  host?: HostName,
): Promise<Trial> =>
  inWorld(worlds, host, async (world) => {
    const { signal } = await (await beginFailing(program, world, failPoint)).ended;
    const before = await progressOf(world.client);
    const ticks = await finish(program, world);
    return {
      hit: signal === 'SIGKILL',
      violations: [
        ...wentBack(before, await progressOf(world.client)),
        ...(await violations(world, {
          deaths: 1 + deathsBefore(failPoint),
          golden: await golden.dump(TRIAL_DOCUMENTS),
        })),
      ],
      ticks,
      extraCalls: extraPaidCalls(world),
    };
  });

/**
 * Stops at one label until its lease is over and another process has done the work, then goes on: the zombie that every
 * lease protocol is about.
 */
export const zombieTrial = (
  program: Program,
  worlds: Worlds,
  golden: Golden,
  failPoint: FailPointSpec,
  host?: HostName,
): Promise<Trial> =>
  inWorld(worlds, host, async (world) => {
    const zombie = await beginFailing(program, world, failPoint);
    const hit = await stopped(zombie);
    await expireLeases(world.client);
    // To the witness it works on nothing while it stands still.
    world.witness.suspended(zombie.number);
    const ticks = await finish(program, world);
    const before = await progressOf(world.client);
    zombie.kill('SIGCONT');
    const { code, errors } = await zombie.ended;
    return {
      hit,
      violations: [
        ...(code === 0 ? [] : [`the zombie ended with ${code}: ${errors}`]),
        ...wentBack(before, await progressOf(world.client)),
        ...(await violations(world, {
          deaths: deathsBefore(failPoint),
          zombies: 1,
          golden: await golden.dump(TRIAL_DOCUMENTS),
        })),
      ],
      ticks,
      extraCalls: extraPaidCalls(world),
    };
  });

export type LifeOptions = {
  /** Times that a process is killed. */
  readonly kills: number;
  /** Processes that work at the same time. */
  readonly workers: number;
  /** Documents that come in before each kill. */
  readonly documentsEach: number;
  /** How long each item takes, so that a kill finds work under way. */
  readonly itemMs: number;
  /** Kills come at a uniform time in [0, this] after the process began to work. */
  readonly killWithinMs: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
};
export type LifeReport = Trial & {
  readonly kills: number;
  /** Kills that struck a process while it held a batch. */
  readonly midBatch: number;
  /** Items that were buried as lost though nothing is wrong with them, before an operator tried them again. */
  readonly buried: number;
  readonly items: number;
};

/** One database through many deaths at random times; documents come in all the while. */
export const randomDeaths = (
  program: Program,
  worlds: Worlds,
  golden: Golden,
  options: LifeOptions,
  host?: HostName,
): Promise<LifeReport> =>
  inWorld(worlds, host, async (world) => {
    const found: string[] = [];
    let [kills, midBatch] = [0, 0];
    const alive: Life[] = [];
    const dead = new Set<number>();
    let progress = await progressOf(world.client);
    while (kills < options.kills) {
      while (alive.length < options.workers)
        alive.push(beginLife(program, world, { untilIdle: false, itemMs: options.itemMs }));
      await world.enter(documents(world.entered.length, options.documentsEach));
      const [victim] = alive.splice(Math.floor(options.random() * alive.length), 1);
      if (!victim) break;
      // One in ten dies while it is starting up.
      if (options.random() < 0.9) await victim.ready;
      await sleep(options.random() * options.killWithinMs);
      victim.kill('SIGKILL');
      const { signal, code, errors } = await victim.ended;
      if (signal !== 'SIGKILL') found.push(`life ${victim.number} ended by itself with ${code ?? signal}: ${errors}`);
      kills += 1;
      midBatch += Number(await oneOf(world.client, HELD_BY, [`%/${victim.pid}/%`]));
      dead.add(victim.pid);
      found.push(...(await takenFromTheLiving(world, dead)));
      const now = await progressOf(world.client);
      found.push(...wentBack(progress, now));
      progress = now;
    }
    for (const { kill } of alive) kill('SIGKILL');
    for (const { ended } of alive) await ended;
    kills += alive.length;
    let ticks = await finish(program, world);
    const buried = Number(await oneOf(world.client, `SELECT count(*) FROM task WHERE ${BURIED}`));
    if (buried > 0) {
      await tryBuriedAgain(world);
      ticks += await finish(program, world);
    }
    found.push(...(await violations(world, { deaths: kills, golden: await golden.dump(world.entered.length) })));
    const items = Number(await oneOf(world.client, 'SELECT count(*) FROM item'));
    return { hit: true, violations: found, ticks, extraCalls: extraPaidCalls(world), kills, midBatch, buried, items };
  });

/** Claims that were taken away from processes that have not been killed: no lease was so short that it ran out. */
async function takenFromTheLiving({ client }: World, dead: ReadonlySet<number>): Promise<string[]> {
  const rows = await rowsOf(client, `SELECT id, owner FROM lease WHERE state IN ('broken', 'expired')`);
  return rows
    .filter(({ owner }) => ![...dead].some((pid) => String(owner).includes(`/${pid}/`)))
    .map(({ id, owner }) => `claim ${id} was taken away from ${owner}, which lives`);
}

const HELD_BY = `SELECT count(*) > 0 FROM lease WHERE state = 'live' AND owner LIKE ?`;
export const BURIED = `state = 'dead' AND error_class = 'lost'`;

/** What an operator does with dead letters whose workers died of something else. */
export async function tryBuriedAgain(world: World): Promise<void> {
  const by = { actor: 'operator', reason: 'the host is well again' };
  await act(world.db, deathsPipeline(), { kind: 'retry', errorClass: 'lost' }, by);
}

/** The middle of numbers; 0 for none. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

/** With no violation in n trials the rate is under 3/n with 95 % confidence (the rule of three). */
export const boundOf = (trials: number): string =>
  trials < 4 ? 'too few for a bound' : `< ${Number((300 / trials).toPrecision(2))} %`;
