import { OPEN_STATES, type TaskState } from '../../schema/states.ts';
import { DAY_MS, dayOf } from './day.ts';
import type { Pipeline, Stage } from './stage.ts';

/** What one read of the ledger says about one stage. Times are the database's, in ms. */
export type StageSnapshot = {
  readonly counts: Readonly<Record<TaskState, number>>;
  /** Due time of the ready task that is due first; null without one. */
  readonly nextDueMs: number | null;
  /** Live leases. */
  readonly leases: number;
  /** When the live lease that ends first ends; null without one. */
  readonly leaseExpiresMs: number | null;
  readonly paused: boolean;
  readonly pauseReason: string | null;
  readonly openUntilMs: number;
  readonly openReason: string | null;
  readonly requested: boolean;
  /** Most tasks of one claim while memory or crashes ask for small batches; null without such a limit. */
  readonly batchLimit: number | null;
  readonly startedMs: number | null;
  readonly progressedMs: number | null;
  /** When a worker last died here; null once a batch came through again. */
  readonly crashedMs: number | null;
};
export type ServiceSnapshot = {
  readonly downReason: string | null;
  readonly open: boolean;
  readonly openUntilMs: number;
  readonly openReason: string | null;
  /** A claim tries whether it is back. */
  readonly probing: boolean;
};
export type QuotaSnapshot = {
  readonly unit: string;
  readonly perDay: number;
  readonly sessionMax: number | null;
  readonly breakMs: number;
  /** The day that `used` counts for, in days since 1970-01-01 (UTC). */
  readonly day: number;
  readonly used: number;
  /** A session runs. */
  readonly running: boolean;
  readonly lastEndedMs: number | null;
};
export type Snapshot = {
  readonly nowMs: number;
  /** Time of the last audit row: by the same clock, no later than now unless it went back. */
  readonly auditedMs?: number;
  readonly stages: ReadonlyMap<string, StageSnapshot>;
  readonly services: ReadonlyMap<string, ServiceSnapshot>;
  readonly quotas: ReadonlyMap<string, QuotaSnapshot>;
};

export const GATE_KINDS = [
  'paused',
  'host',
  'waits',
  'dependency',
  'breaker',
  'quota',
  'leased',
  'submitted',
  'backoff',
  'gathering',
] as const;

/** Why nothing of a stage may be claimed now, and when that ends by itself; null when only an act ends it. */
export type Gate = {
  readonly kind: (typeof GATE_KINDS)[number];
  readonly reason: string;
  readonly opensAtMs: number | null;
  /** The row that holds it: table and key; null where it is no row but the host. */
  readonly row: string | null;
};

export type Detection =
  | { readonly kind: 'work'; readonly stage: Stage; readonly current: Stage }
  | { readonly kind: 'waiting'; readonly current: Stage; readonly gate: Gate; readonly wakeAtMs: number | null }
  | { readonly kind: 'serving' };

export const openTasks = (stage: StageSnapshot): number =>
  OPEN_STATES.reduce((sum, state) => sum + stage.counts[state], 0);

/**
 * Every gate that keeps `stage` from being claimed, in the order that a claim looks at them; empty when it may be claimed or
 * has nothing open.
 */
export function gatesOf(pipeline: Pipeline, stage: Stage, snapshot: Snapshot): readonly Gate[] {
  const here = snapshot.stages.get(stage.name);
  if (here === undefined || openTasks(here) === 0) return [];
  return [
    pausedGate(stage, here),
    stage.process === null
      ? ({ kind: 'host', reason: 'this host cannot run it; the Space can', opensAtMs: null, row: null } as const)
      : null,
    waitsGate(stage, here, snapshot.nowMs),
    ...(stage.services ?? []).map((name) => serviceGateOf(name, snapshot)),
    quotaGateOf(stage, snapshot),
    workGate(stage, here, snapshot.nowMs),
    gathers(pipeline, stage, here, snapshot) ? gatheringGate(stage, here) : null,
  ].filter((gate) => gate !== null);
}

/** The first gate that keeps `stage` from being claimed; null when it may be claimed or has nothing open. */
export const gateOf = (pipeline: Pipeline, stage: Stage, snapshot: Snapshot): Gate | null =>
  gatesOf(pipeline, stage, snapshot)[0] ?? null;

const controlRow = (stage: Stage): string => `stage_control ${stage.name}`;

function pausedGate(stage: Stage, here: StageSnapshot): Gate | null {
  if (!here.paused) return null;
  const reason = `paused: ${here.pauseReason ?? 'no reason given'}`;
  return { kind: 'paused', reason, opensAtMs: null, row: controlRow(stage) };
}

function waitsGate(stage: Stage, here: StageSnapshot, nowMs: number): Gate | null {
  if (here.openUntilMs <= nowMs) return null;
  const reason = here.openReason ?? 'a service asked to wait';
  return { kind: 'waits', reason, opensAtMs: here.openUntilMs, row: controlRow(stage) };
}

function serviceGateOf(name: string, { services, nowMs }: Snapshot): Gate | null {
  const service = services.get(name);
  const row = `service ${name}`;
  if (!service) return null;
  if (service.downReason !== null)
    return { kind: 'dependency', reason: `${name} is down: ${service.downReason}`, opensAtMs: null, row };
  if (!service.open) return null;
  if (service.openUntilMs > nowMs) {
    const reason = `breaker of ${name} open: ${service.openReason ?? 'it failed'}`;
    return { kind: 'breaker', reason, opensAtMs: service.openUntilMs, row };
  }
  if (!service.probing) return null;
  return { kind: 'breaker', reason: `breaker of ${name} half-open: one claim tries it`, opensAtMs: null, row };
}

/** Units of a quota that are left today. */
export const quotaLeft = (quota: QuotaSnapshot, nowMs: number): number =>
  quota.perDay - (quota.day < dayOf(nowMs) ? 0 : quota.used);

/** When a quota is whole again: the next midnight, UTC. */
export const quotaResetsMs = (nowMs: number): number => (dayOf(nowMs) + 1) * DAY_MS;

function quotaGateOf(stage: Stage, { quotas, nowMs }: Snapshot): Gate | null {
  const quota = stage.quota && quotas.get(stage.quota.name);
  if (!stage.quota || !quota) return null;
  const row = `quota_window ${stage.quota.name}`;
  const left = quotaLeft(quota, nowMs);
  if (left < stage.quota.unitsPerItem) {
    const spent = `${round(quota.perDay - left)} of ${round(quota.perDay)} ${quota.unit}`;
    const reason = `quota ${stage.quota.name} spent (${spent}), resets 00:00 UTC`;
    return { kind: 'quota', reason, opensAtMs: quotaResetsMs(nowMs), row };
  }
  if (quota.breakMs === 0) return null;
  if (quota.running)
    return { kind: 'quota', reason: `a session of quota ${stage.quota.name} runs`, opensAtMs: null, row };
  const opensAtMs = (quota.lastEndedMs ?? Number.NEGATIVE_INFINITY) + quota.breakMs;
  if (opensAtMs <= nowMs) return null;
  return { kind: 'quota', reason: `break between two sessions of quota ${stage.quota.name}`, opensAtMs, row };
}

const round = (units: number): number => Math.round(units * 100) / 100;

/** Nothing to claim, or as much under way as may be. */
function workGate(stage: Stage, here: StageSnapshot, nowMs: number): Gate | null {
  const { counts, leaseExpiresMs } = here;
  const atOnce = stage.settles === 'whole' ? 1 : (stage.concurrencyMax ?? Number.POSITIVE_INFINITY);
  if (counts.leased > 0 && (counts.ready === 0 || here.leases >= atOnce))
    return {
      kind: 'leased',
      reason: `${counts.leased} being worked on`,
      opensAtMs: leaseExpiresMs,
      row: `lease of ${stage.name}`,
    };
  if (counts.ready === 0)
    return {
      kind: 'submitted',
      reason: `${counts.submitted} waiting for a batch job`,
      opensAtMs: null,
      row: `task of ${stage.name}`,
    };
  const dueMs = here.nextDueMs ?? 0;
  if (dueMs <= nowMs) return null;
  return {
    kind: 'backoff',
    reason: `${counts.ready} waiting for their next try`,
    // A lease that ends earlier may give its tasks back.
    opensAtMs: Math.min(dueMs, leaseExpiresMs ?? dueMs),
    row: `task of ${stage.name}`,
  };
}

/** Tasks of one stage that will settle soon: being worked on, or due. Those in backoff or in a batch job may take hours. */
const settleSoon = (here: StageSnapshot, nowMs: number): number =>
  here.counts.leased + (here.nextDueMs !== null && here.nextDueMs <= nowMs ? here.counts.ready : 0);

/**
 * True while a gathering stage should wait for more items: some come soon, the first that waits is young, and either few are
 * there or what comes is so little that it will not be long.
 */
function gathers(pipeline: Pipeline, stage: Stage, here: StageSnapshot, snapshot: Snapshot): boolean {
  if (stage.gather === undefined || here.requested || here.counts.ready === 0) return false;
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
    row: `task of ${stage.name}`,
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
  if (runnable) return { kind: 'work', stage: runnable.stage, current };
  const wakes = gates.flatMap(({ gate }) => (gate?.opensAtMs == null ? [] : [gate.opensAtMs]));
  const gate = gates[0]?.gate;
  if (!gate) throw new Error(`stage ${current.name} is neither runnable nor gated`);
  return { kind: 'waiting', current, gate, wakeAtMs: wakes.length > 0 ? Math.min(...wakes) : null };
}

/** A clock that is set right is moved by less than this; then nothing waits long enough to be worth an act. */
export const CLOCK_BACK_MS_MIN = 1_000;

/** True when the database's clock shows a time before its own last entry. */
export const clockWentBack = (snapshot: Snapshot): boolean =>
  (snapshot.auditedMs ?? 0) > snapshot.nowMs + CLOCK_BACK_MS_MIN;

/** True when a live lease has run out: its holder is dead or overslept, and its tasks must be taken back. */
export const hasExpired = (snapshot: Snapshot): boolean =>
  [...snapshot.stages.values()].some(
    ({ leaseExpiresMs }) => leaseExpiresMs !== null && leaseExpiresMs <= snapshot.nowMs,
  );
