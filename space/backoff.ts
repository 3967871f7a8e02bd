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
