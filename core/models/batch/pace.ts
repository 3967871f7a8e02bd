/** When a job is asked about: soon at first, then ever less often. Times in ms. */

const FIRST_MS = 60_000;
const GROWTH = 1.5;
const MOST_MS = 1_800_000;

/** Delay before the next question, after `polls` of them. */
export const pollDelayMs = (polls: number): number =>
  Math.round(Math.min(MOST_MS, FIRST_MS * GROWTH ** Math.min(polls, 20)));

/**
 * How long after a submission was sent a job may still turn up at the service. Within it, a job that is not found says nothing: the
 * request may be on its way, or the listing behind. It is longer than the deadline of the request itself.
 */
export const UNSURE_MS = 300_000;
/** Between two looks for a job that may turn up. */
export const LOOK_MS = 30_000;

/** Beyond the service's own longest time by this much, a job is called stuck: somebody should look. */
const STUCK_MARGIN_MS = 6 * 3_600_000;
export const isStuck = (submittedMs: number | null, nowMs: number, windowMs: number): boolean =>
  submittedMs !== null && nowMs - submittedMs > windowMs + STUCK_MARGIN_MS;
