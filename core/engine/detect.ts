import { OPEN_STATES, type TaskState } from '../../schema/states.ts';
import type { Pipeline, Stage } from './stage.ts';

/** What one read of the ledger says about one stage. Times are the database's, in ms. */
export type StageSnapshot = {
  readonly counts: Readonly<Record<TaskState, number>>;
  /** Due time of the ready task that is due first; null without one. */
  readonly nextDueMs: number | null;
  /** How often that task lost its worker. */
  readonly nextLost: number;
  /** When the live lease that ends first ends; null without one. */
  readonly leaseExpiresMs: number | null;
  readonly paused: boolean;
  readonly pauseReason: string | null;
  readonly openUntilMs: number;
  readonly openReason: string | null;
  readonly requested: boolean;
};
export type Snapshot = { readonly nowMs: number; readonly stages: ReadonlyMap<string, StageSnapshot> };

/** Why nothing of a stage may be claimed now, and when that ends by itself; null when only an act ends it. */
export type Gate = {
  readonly kind: 'paused' | 'waits' | 'host' | 'backoff' | 'gathering' | 'leased' | 'submitted';
  readonly reason: string;
  readonly opensAtMs: number | null;
};

export type Detection =
  | { readonly kind: 'work'; readonly stage: Stage; readonly current: Stage; readonly lost: number }
  | { readonly kind: 'waiting'; readonly current: Stage; readonly gate: Gate; readonly wakeAtMs: number | null }
  | { readonly kind: 'serving' };

export const openTasks = (stage: StageSnapshot): number =>
  OPEN_STATES.reduce((sum, state) => sum + stage.counts[state], 0);

/** The first gate that keeps `stage` from being claimed; null when it may be claimed or has nothing open. */
export function gateOf(pipeline: Pipeline, stage: Stage, snapshot: Snapshot): Gate | null {
  const here = snapshot.stages.get(stage.name);
  if (here === undefined || openTasks(here) === 0) return null;
  const { counts, nextDueMs } = here;
  if (here.paused)
    return { kind: 'paused', reason: `paused: ${here.pauseReason ?? 'no reason given'}`, opensAtMs: null };
  if (stage.process === null)
    return { kind: 'host', reason: 'this host cannot run it; the Space can', opensAtMs: null };
  if (here.openUntilMs > snapshot.nowMs)
    return { kind: 'waits', reason: here.openReason ?? 'a service asked to wait', opensAtMs: here.openUntilMs };
  if (counts.ready === 0 || (stage.settles === 'whole' && counts.leased > 0)) {
    if (counts.leased > 0)
      return { kind: 'leased', reason: `${counts.leased} being worked on`, opensAtMs: here.leaseExpiresMs };
    return { kind: 'submitted', reason: `${counts.submitted} waiting for a batch job`, opensAtMs: null };
  }
  const dueMs = nextDueMs ?? 0;
  if (dueMs > snapshot.nowMs) {
    // A lease that ends earlier may give its tasks back.
    const opensAtMs = Math.min(dueMs, here.leaseExpiresMs ?? dueMs);
    return { kind: 'backoff', reason: `${counts.ready} waiting for their next try`, opensAtMs };
  }
  return gathers(pipeline, stage, here, snapshot) ? gatheringGate(stage, here) : null;
}

/** Tasks of one stage that will settle soon: being worked on, or due. Those in backoff or in a batch job may take hours. */
const settleSoon = (here: StageSnapshot, nowMs: number): number =>
  here.counts.leased + (here.nextDueMs !== null && here.nextDueMs <= nowMs ? here.counts.ready : 0);

/**
 * True while a gathering stage should wait for more items: some come soon, the first that waits is young, and either few are
 * there or what comes is so little that it will not be long.
 */
function gathers(pipeline: Pipeline, stage: Stage, here: StageSnapshot, snapshot: Snapshot): boolean {
  if (stage.gather === undefined || here.requested) return false;
  if ((here.nextDueMs ?? 0) + stage.gather.waitMsMax <= snapshot.nowMs) return false;
  const before = pipeline.stages.slice(0, pipeline.stages.indexOf(stage));
  const coming = before.reduce((sum, earlier) => {
    const there = snapshot.stages.get(earlier.name);
    return there === undefined ? sum : sum + settleSoon(there, snapshot.nowMs);
  }, 0);
  if (coming === 0) return false;
  return here.counts.ready < stage.gather.itemsMin || coming * 4 < here.counts.ready;
}

function gatheringGate(stage: Stage, here: StageSnapshot): Gate {
  const { itemsMin, waitMsMax } = stage.gather ?? { itemsMin: 0, waitMsMax: 0 };
  return {
    kind: 'gathering',
    reason: `${here.counts.ready} gathered (worth it from ${itemsMin}), and earlier stages still work`,
    opensAtMs: (here.nextDueMs ?? 0) + waitMsMax,
  };
}

/**
 * Which stage a tick works on, from the state alone: the current stage is the first with open tasks; when everything
 * there waits behind a gate, the next stage with claimable work, so that one blocked service idles nothing else.
 */
export function detect(pipeline: Pipeline, snapshot: Snapshot): Detection {
  const open = pipeline.stages.filter((stage) => {
    const here = snapshot.stages.get(stage.name);
    return here !== undefined && openTasks(here) > 0;
  });
  const [current] = open;
  if (current === undefined) return { kind: 'serving' };
  const gates = open.map((stage) => ({ stage, gate: gateOf(pipeline, stage, snapshot) }));
  const runnable = gates.find(({ gate }) => gate === null);
  if (runnable)
    return {
      kind: 'work',
      stage: runnable.stage,
      current,
      lost: snapshot.stages.get(runnable.stage.name)?.nextLost ?? 0,
    };
  const wakes = gates.flatMap(({ gate }) => (gate?.opensAtMs == null ? [] : [gate.opensAtMs]));
  const gate = gates[0]?.gate;
  if (!gate) throw new Error(`stage ${current.name} is neither runnable nor gated`);
  return { kind: 'waiting', current, gate, wakeAtMs: wakes.length > 0 ? Math.min(...wakes) : null };
}

/**
 * How many tasks to claim when the first due one lost its worker `lost` times: all, a sixteenth, then one, so that a task
 * which kills its worker soon stands alone and harms no neighbour.
 */
export function claimSize(stage: Stage, lost: number): number {
  if (stage.settles === 'whole' || lost === 0) return stage.batchMax;
  return lost === 1 ? Math.max(1, Math.floor(stage.batchMax / 16)) : 1;
}
