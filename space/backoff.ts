const DELAY_MS_FIRST = 2_000;
const DELAY_MS_MAX = 300_000;

/** How long to leave alone what has failed `failures` times in a row (1 or more), in ms: doubling up to five minutes. */
export const pauseMs = (failures: number): number => Math.min(DELAY_MS_MAX, DELAY_MS_FIRST * 2 ** (failures - 1));

/** Says when something that failed may be tried again; at once before the first failure. */
export type Backoff = {
  due(): boolean;
  failed(): void;
  reset(): void;
};

export function createBackoff(nowMs: () => number): Backoff {
  let failures = 0;
  let dueAtMs = Number.NEGATIVE_INFINITY;
  return {
    due: () => nowMs() >= dueAtMs,
    failed() {
      failures += 1;
      dueAtMs = nowMs() + pauseMs(failures);
    },
    reset() {
      failures = 0;
      dueAtMs = Number.NEGATIVE_INFINITY;
    },
  };
}

/**
 * Full-jitter pause in ms before the next try of something done every `everyMs` that failed `failures` times in a row (0 or
 * more): never sooner than its own pace, and on the average doubling up to a minute. `random` is uniform in [0, 1).
 */
export const pauseAfter = (failures: number, everyMs: number, random: number): number =>
  everyMs + Math.floor(random * Math.min(PAUSE_MS_MAX, everyMs * (2 ** Math.min(failures, 20) - 1)));
const PAUSE_MS_MAX = 60_000;
