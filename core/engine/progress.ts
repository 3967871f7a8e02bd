/** What one commit settled and how long the work behind it took. */
export type ProgressSample = { readonly settled: number; readonly tookMs: number };

/** Samples that a rate needs; under that it is unknown. */
export const SAMPLES_MIN = 3;
/** Weight of the newest sample. */
const SMOOTHING = 0.3;

/** Items settled a second, exponentially weighted over the samples, oldest first; null under too few of them. */
export function ratePerSecond(samples: readonly ProgressSample[]): number | null {
  if (samples.length < SAMPLES_MIN) return null;
  let settled = 0;
  let tookMs = 0;
  for (const sample of samples) {
    settled = SMOOTHING * sample.settled + (1 - SMOOTHING) * settled;
    tookMs = SMOOTHING * sample.tookMs + (1 - SMOOTHING) * tookMs;
  }
  // Both averages carry the same weights, so a slow batch counts by its length and not as one of many.
  return tookMs > 0 && settled > 0 ? (settled * 1_000) / tookMs : null;
}

/** Seconds until `open` items are settled at `rate` a second; null when the rate is unknown. */
export const etaSeconds = (open: number, rate: number | null): number | null =>
  rate === null ? null : open === 0 ? 0 : Math.ceil(open / rate);
