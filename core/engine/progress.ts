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

/**
 * Seconds until `open` items are settled, as the fewest and the most that the samples speak for; null where fewer than
 * `SAMPLES_MIN` of them settled anything. Each sample has a pace, its time over its items; one that settled nothing lends its time
 * to the next that did, since that time was spent all the same. The fastest and the slowest tenth of the paces are left out, and
 * all that is open is taken at the fastest and at the slowest pace that is left. The range always holds `etaSeconds` of the same
 * samples: the newest ones weigh more there, and may have left the middle.
 */
export function etaRange(open: number, samples: readonly ProgressSample[]): readonly [number, number] | null {
  const paces = pacesOf(samples);
  const eta = etaSeconds(open, ratePerSecond(samples));
  if (paces.length < SAMPLES_MIN || eta === null) return null;
  const left = [...paces].sort((a, b) => a - b);
  const tenth = Math.floor(left.length / 10);
  const secondsAt = (pace: number | undefined) => Math.ceil((open * (pace ?? 0)) / 1_000);
  return [Math.min(eta, secondsAt(left[tenth])), Math.max(eta, secondsAt(left[left.length - 1 - tenth]))];
}

/** Milliseconds an item, sample by sample, oldest first. */
function pacesOf(samples: readonly ProgressSample[]): readonly number[] {
  const paces: number[] = [];
  let lentMs = 0;
  for (const { settled, tookMs } of samples) {
    lentMs += tookMs;
    if (settled === 0) continue;
    paces.push(lentMs / settled);
    lentMs = 0;
  }
  return paces;
}

/** Share in [0, 1] of the items that came to an end and were done; those set aside were never meant to be. Null before the first. */
export const successRate = ({ done, dead }: { readonly done: number; readonly dead: number }): number | null =>
  done + dead === 0 ? null : done / (done + dead);
