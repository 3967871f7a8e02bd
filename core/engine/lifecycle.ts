import { openTasks, type StageSnapshot } from './detect.ts';

/** How a stage stands as a whole. */
export const LIFECYCLES = ['initialized', 'running', 'paused', 'completed', 'failed', 'recovering'] as const;
export type Lifecycle = (typeof LIFECYCLES)[number];

/** No item settled for this long, though some are open: somebody should look. */
export const STALE_MS = 24 * 3_600_000;

/**
 * The state of a stage: paused by somebody; recovering from a worker that died until a batch comes through again; running
 * once something was committed; completed or, when nothing came through, failed when nothing is left.
 */
export function lifecycleOf(here: StageSnapshot): Lifecycle {
  if (here.paused) return 'paused';
  const { done, skipped, dead } = here.counts;
  if (openTasks(here) === 0) {
    if (dead > 0 && done + skipped === 0) return 'failed';
    return done + skipped > 0 ? 'completed' : 'initialized';
  }
  if (here.crashedMs !== null) return 'recovering';
  return here.startedMs !== null || here.leases > 0 ? 'running' : 'initialized';
}

/** True when items are open and none settled for a day. */
export const isStale = (here: StageSnapshot, nowMs: number): boolean =>
  openTasks(here) > 0 && here.startedMs !== null && nowMs - (here.progressedMs ?? here.startedMs) >= STALE_MS;
