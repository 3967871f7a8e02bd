import type { Priority } from '../../schema/states.ts';
import { DatabaseError, type ErrorClass, StageError, WaitError } from './errors.ts';
import type { Item, Retry } from './stage.ts';

/** An item made by this one, entering the next stage. */
export type NewItem = {
  readonly kind: string;
  readonly key: string;
  readonly source: string;
  readonly contentHash: string;
  /** Where it stands in the order of claims; 0 where nothing is said. */
  readonly prio?: Priority;
};

/** What becomes of one item after one attempt. */
export type Outcome =
  /** The item enters the next stage itself, or the items made from it do. `outputHash` is what the next stage has as its input hash. */
  | { readonly kind: 'done'; readonly outputHash: string; readonly makes?: readonly NewItem[] }
  /** Set aside for good, with the reason; nothing is wrong with the system. */
  | { readonly kind: 'skipped'; readonly reason: string; readonly errorClass: string }
  | {
      readonly kind: 'retry';
      readonly delayMs: number;
      readonly reason: string;
      readonly errorClass: ErrorClass;
      /** The outside service that failed. */
      readonly service?: string;
    }
  /** Costs no attempt. With `stageWaits` nobody claims from the stage until the delay is over. */
  | {
      readonly kind: 'wait';
      readonly delayMs: number;
      readonly reason: string;
      readonly errorClass: ErrorClass;
      readonly stageWaits: boolean;
      readonly service?: string;
    }
  | { readonly kind: 'dead'; readonly reason: string; readonly errorClass: ErrorClass }
  /** An outside job has it for hours: no lease, no attempt spent, not claimable until `returnStatements` make it ready again. */
  | {
      readonly kind: 'submitted';
      /** The stage's own name of the job; the audit keeps it. */
      readonly job: string;
      readonly reason: string;
      /** The outside service, where it took the job in this attempt: that speaks well of it. */
      readonly service?: string;
    };

export const OUTCOME_KINDS = [
  'done',
  'skipped',
  'retry',
  'wait',
  'dead',
  'submitted',
] as const satisfies readonly Outcome['kind'][];

/**
 * Full-jitter exponential delay in ms, in [0, delayMsMax]. `random` is uniform in [0, 1).
 * Source: AWS Architecture Blog, "Exponential Backoff And Jitter".
 */
export function retryDelayMs(failure: number, retry: Retry, random: number): number {
  // 2^40 ms are 34 years: past every cap. Unbounded, the power becomes infinite, and a first delay of 0 then no number.
  return Math.floor(random * Math.min(retry.delayMsMax, retry.delayMsFirst * 2 ** Math.min(failure - 1, 40)));
}

/** An item given back untouched because its host is stopping. */
export const postponed = (): Outcome => ({
  kind: 'wait',
  delayMs: 0,
  reason: 'the host stopped before this item began',
  errorClass: 'unknown',
  stageWaits: false,
});

/** No service is believed that asks for more than a day: tomorrow its quota is new. */
export const RETRY_AFTER_MS_MAX = 86_400_000;

/** A service's wish as a delay; where it is not readable as one (a Retry-After of no number), the longest of the stage. */
const waitMs = (retryAfterMs: number, retry: Retry): number =>
  Number.isFinite(retryAfterMs) ? Math.min(RETRY_AFTER_MS_MAX, Math.max(0, Math.ceil(retryAfterMs))) : retry.delayMsMax;

/**
 * A Retry-After header in ms: seconds, or a date against the service's own clock where it sent one (RFC 9110, 10.2.3).
 * Null where it says nothing that can be understood.
 */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  const text = header?.trim() ?? '';
  if (/^\d{1,15}$/.test(text)) return Number(text) * 1_000;
  // A date has letters; without them Date.parse would take "-1" for a year.
  const atMs = /[a-z]{3}/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}

/** Tries of an item that failed by themselves, the one at hand included. */
const failuresOf = (item: Item): number => item.attempt - item.waits - item.lost;

/**
 * What becomes of an item after its attempt threw. `random` is uniform in [0, 1), `batchSize` the items that were worked
 * on together.
 */
export function outcomeOfError(error: unknown, item: Item, retry: Retry, random: number, batchSize = 1): Outcome {
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const errorClass = error instanceof StageError ? error.errorClass : 'unknown';
  const service = error instanceof StageError && error.service !== undefined ? { service: error.service } : {};
  // A database that is away says nothing about the item.
  if (error instanceof DatabaseError)
    return { kind: 'wait', delayMs: retry.delayMsFirst, reason, errorClass: 'outage', stageWaits: true };
  if (error instanceof WaitError)
    return {
      kind: 'wait',
      delayMs: waitMs(error.retryAfterMs, retry),
      reason,
      errorClass,
      stageWaits: true,
      ...service,
    };
  if (errorClass === 'out_of_memory' && batchSize > 1)
    return { kind: 'wait', delayMs: 0, reason, errorClass, stageWaits: false };
  if (error instanceof StageError && (error.disposition === 'dead' || error.disposition === 'skipped'))
    return { kind: error.disposition, reason, errorClass };
  const failures = failuresOf(item);
  const own = { ...retry, ...retry.byClass?.[errorClass] };
  if (failures >= own.attemptsMax) return { kind: 'dead', reason, errorClass };
  const delayMs = retryDelayMs(failures, own, random);
  return { kind: 'retry', delayMs, reason, errorClass, ...service };
}

/**
 * What becomes of the items of a batch whose rows the database refused: alone, one is a dead letter; together, they are tried
 * again in half the batch, until the one that is refused stands alone.
 */
export const refused = (reason: string, batchSize: number): Outcome =>
  batchSize > 1
    ? { kind: 'wait', delayMs: 0, reason, errorClass: 'refused', stageWaits: false }
    : { kind: 'dead', reason, errorClass: 'refused' };

/** A retry budget: every item that is done earns a tenth of a retry, so that retries add at most a tenth to the load. */
export const RETRY_TOKENS_MAX = 100;
const RETRY_EARNED = 0.1;

/**
 * Takes the retries of a batch out of the budget of `tokens`. Those that it does not cover wait as long as the stage
 * waits at most: a storm of retries spreads out instead of meeting a service that is on its knees.
 * Source: Google, "Site Reliability Engineering", chapter 21 (retry budgets).
 */
export function withinRetryBudget<T extends { readonly outcome: Outcome }>(
  settled: readonly T[],
  tokens: number,
  delayMsMax: number,
): { readonly settled: readonly T[]; readonly earned: number } {
  let left = tokens;
  const budgeted = settled.map((one) => {
    const { outcome } = one;
    if (outcome.kind === 'done') left = Math.min(RETRY_TOKENS_MAX, left + RETRY_EARNED);
    if (outcome.kind !== 'retry') return one;
    left -= 1;
    if (left >= 0) return one;
    left = 0;
    return { ...one, outcome: { ...outcome, delayMs: Math.max(outcome.delayMs, delayMsMax) } };
  });
  return { settled: budgeted, earned: left - tokens };
}
