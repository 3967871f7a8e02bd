import { etaRange, type ProgressSample, ratePerSecond } from '../../core/engine/index.ts';
import type { PageEvent } from '../../core/sources/discovery.ts';
import type { ProgressLine } from '../cli/progress.ts';

const SAMPLES_KEPT = 12;

/**
 * Turns the pages of listings into progress lines, one task for each window: how many hits a service has is known window by window,
 * and only once the first page of it came.
 */
export function listingWatch(monotonicMs: () => number, onProgress: (line: ProgressLine) => void) {
  const samples = new Map<string, ProgressSample[]>();
  let lastMs = monotonicMs();
  let pages = 0;
  return {
    pages: () => pages,
    page({ source, window, found, received, stated }: PageEvent): void {
      pages += 1;
      const nowMs = monotonicMs();
      const own = [...(samples.get(source) ?? []), { settled: found, tookMs: nowMs - lastMs }].slice(-SAMPLES_KEPT);
      samples.set(source, own);
      lastMs = nowMs;
      const { from, to } = window.days;
      onProgress({
        task: `${source} ${window.by} ${from === to ? from : `${from}..${to}`}`,
        done: received,
        all: Math.max(stated, received),
        unit: 'listed',
        perSecond: ratePerSecond(own),
        leftSeconds: etaRange(Math.max(0, stated - received), own),
      });
    },
  };
}
