import { DatabaseError, type ErrorClass, StageError, WaitError } from './errors.ts';
import type { Item, Retry } from './stage.ts';

/** An item made by this one, entering the next stage. */
export type NewItem = {
  readonly kind: string;
  readonly key: string;
  readonly source: string;
  readonly contentHash: string;
};

/** What becomes of one item after one attempt. */
export type Outcome =
  /** The item enters the next stage itself, or the items made from it do. `outputHash` is what the next stage has as its input hash. */
  | { readonly kind: 'done'; readonly outputHash: string; readonly makes?: readonly NewItem[] }
  /** Set aside for good, with the reason; nothing is wrong with the system. */
  | { readonly kind: 'skipped'; readonly reason: string; readonly errorClass: string }
  | { readonly kind: 'retry'; readonly delayMs: number; readonly reason: string; readonly errorClass: ErrorClass }
  /** Costs no attempt. With `stageWaits` nobody claims from the stage until the delay is over. */
  | {
      readonly kind: 'wait';
      readonly delayMs: number;
      readonly reason: string;
      readonly errorClass: ErrorClass;
      readonly stageWaits: boolean;
    }
  | { readonly kind: 'dead'; readonly reason: string; readonly errorClass: ErrorClass };

export const OUTCOME_KINDS = ['done', 'skipped', 'retry', 'wait', 'dead'] as const satisfies readonly Outcome['kind'][];

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

/** A service's wish as a delay; where it is not readable as one (a Retry-After of no number), the longest of the stage. */
const waitMs = (retryAfterMs: number, retry: Retry): number =>
  Number.isFinite(retryAfterMs) ? Math.max(0, Math.ceil(retryAfterMs)) : retry.delayMsMax;

/** What becomes of an item after its attempt threw. `random` is uniform in [0, 1). */
export function outcomeOfError(error: unknown, item: Item, retry: Retry, random: number): Outcome {
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const errorClass = error instanceof StageError ? error.errorClass : 'unknown';
  // A database that is away says nothing about the item.
  if (error instanceof DatabaseError)
    return { kind: 'wait', delayMs: retry.delayMsFirst, reason, errorClass: 'outage', stageWaits: true };
  if (error instanceof WaitError)
    return { kind: 'wait', delayMs: waitMs(error.retryAfterMs, retry), reason, errorClass, stageWaits: true };
  if (error instanceof StageError && (error.disposition === 'dead' || error.disposition === 'skipped'))
    return { kind: error.disposition, reason, errorClass };
  const failures = item.attempt - item.waits - item.lost;
  if (failures >= retry.attemptsMax) return { kind: 'dead', reason, errorClass };
  return { kind: 'retry', delayMs: retryDelayMs(failures, retry, random), reason, errorClass };
}
