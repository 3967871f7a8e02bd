import type { OperatorAct } from '../../../../core/engine/index.ts';
import type { Faults } from './faults.ts';
import type { Operator } from './operator.ts';
import { documentsOf, type Load } from './pipeline.ts';
import { count, type Witness } from './witness.ts';
import type { Workers } from './workers.ts';
import type { Actor, World } from './world.ts';

/** The hand that kills, stops, sets clocks and presses buttons while the faults last. */
export function unleash(options: {
  readonly world: World;
  readonly faults: Faults;
  readonly workers: Workers;
  readonly operator: Operator;
  readonly witness: Witness;
  readonly load: Load;
}): void {
  const { world, faults, workers, operator, witness, load } = options;
  const beganMs = world.nowMs();
  const some = (): Actor | undefined => world.pick(workers.living());

  const strike = (): void => {
    if (world.nowMs() - beganMs >= faults.untilMs) return;
    if (world.chance(faults.kill)) {
      const worker = some();
      if (worker) workers.kill(worker, 'nemesis');
    }
    if (world.chance(faults.stall)) {
      const worker = some();
      const forMs = world.between(500, 8_000);
      if (worker) {
        world.log(`${worker.name} stands still for ${forMs} ms`);
        count(witness, 'stalls');
        worker.stalledUntilMs = Math.max(worker.stalledUntilMs, world.nowMs() + forMs);
      }
    }
    if (world.chance(faults.clockJump)) {
      const worker = some();
      if (worker) worker.skewMs += world.pick([-3_600_000, 3_600_000, 86_400_000, -120_000, 120_000, 4_000]) ?? 0;
    }
    if (world.chance(faults.kill / 4)) {
      const worker = some();
      if (worker) workers.stop(worker);
    }
    if (world.chance(faults.operator)) {
      count(witness, 'operator acts');
      const act = drawAct(world, load);
      void operator.act(act);
      if (act.kind === 'pause')
        world.after(world.between(200, 3_000), null, () => void operator.act({ kind: 'resume', stage: act.stage }));
    }
    world.after(world.between(100, 1_800), null, strike);
  };
  world.after(world.between(200, 1_000), null, strike);
}

/** A button that is pressed just when a worker is about to claim, so that what it read is no longer so. */
export function pressAtClaim(world: World, faults: Faults, operator: Operator): void {
  if (!world.chance(faults.operator / 8)) return;
  const stage = world.pick(STAGES) ?? 'cut';
  void operator.act({ kind: 'pause', stage });
  world.after(world.between(200, 1_500), null, () => void operator.act({ kind: 'resume', stage }));
}

const STAGES = ['cut', 'read', 'bind'] as const;

function drawAct(world: World, load: Load): OperatorAct {
  const stage = world.pick(STAGES) ?? 'cut';
  const keys = world.chance(0.5) ? [`d${1 + Math.floor(world.dice() * documentsOf(load, 1).length)}`] : undefined;
  const acts: readonly OperatorAct[] = [
    { kind: 'pause', stage },
    { kind: 'pause', stage },
    { kind: 'retry', stage },
    { kind: 'retry' },
    { kind: 'redo', stage },
    { kind: 'redo', stage, ...(keys ? { keys } : {}) },
    { kind: 'run', stage: 'bind' },
    { kind: 'close_breaker', service: 'reader' },
  ];
  return world.pick(acts) ?? { kind: 'resume', stage };
}
