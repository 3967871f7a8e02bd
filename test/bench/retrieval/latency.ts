import type { Embedder } from '../../../core/models/ports.ts';
import type { Release } from '../../../core/search/release.ts';
import { search } from '../../../core/search/search.ts';
import { SETTINGS } from '../../../core/search/settings.ts';
import type { Task } from './data.ts';

const QUERIES = 200;

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;

/** Time of whole cases as queries, in process, one after the other. */
export async function printLatency({ documents }: Task, release: Release, embedder: Embedder): Promise<void> {
  const step = Math.max(1, Math.floor(documents.length / QUERIES));
  const texts = documents.filter((_, i) => i % step === 0).map(({ text }) => text);
  const deps = { embedder, nowMs: () => performance.now() };
  console.log(`\nlatency of ${texts.length} whole cases as queries over ${release.cards.count} cases, ms`);
  for (const explain of [true, false]) {
    const tookMs: number[] = [];
    for (const text of texts) {
      const startedMs = performance.now();
      await search(release, { text, k: SETTINGS.kDefault, legs: SETTINGS.legs, explain }, deps);
      tookMs.push(performance.now() - startedMs);
    }
    tookMs.sort((a, b) => a - b);
    const name = `k ${SETTINGS.kDefault}, ${explain ? 'explained' : 'not explained'}`;
    console.log(`${name.padEnd(24)}p50 ${quantile(tookMs, 0.5).toFixed(1)}  p95 ${quantile(tookMs, 0.95).toFixed(1)}`);
  }
}
