import { containment } from '../cases/similar.ts';
import { DIMENSION } from '../models/ports.ts';
import type { Release } from './release.ts';
import type { Signals } from './score.ts';
import type { SearchSettings } from './settings.ts';

/** Two texts that are nearly one stand nearly alike to the query, in whole and by words. Spares the reading of all others. */
const SIGNAL_GAP_MAX = 0.05;

type Pair = readonly [earlier: number, later: number];

const gap = (values: Float32Array | null | undefined, [a, b]: Pair): number =>
  values ? Math.abs((values[a] as number) - (values[b] as number)) : Number.POSITIVE_INFINITY;

function suspects({ length, dense, lexical }: Signals): readonly Pair[] {
  const pairs: Pair[] = [];
  for (let later = 1; later < length; later += 1)
    for (let earlier = 0; earlier < later; earlier += 1) {
      const pair = [earlier, later] as const;
      if (gap(dense.whole, pair) <= SIGNAL_GAP_MAX && gap(lexical, pair) <= SIGNAL_GAP_MAX) pairs.push(pair);
    }
  return pairs;
}

function cosineOf(vectors: Float32Array, a: number, b: number): number {
  let sum = 0;
  for (let i = 0; i < DIMENSION; i += 1)
    sum += (vectors[a * DIMENSION + i] as number) * (vectors[b * DIMENSION + i] as number);
  return sum;
}

/**
 * Whether the text of one place is nearly that of an earlier one: near as vectors, then by what their sequences of words share. Places are
 * those of `ordinals` and `signals`. What was searched without words and whole text cannot tell, and a text that is withheld is like none.
 */
export async function alikeAmong(
  release: Release,
  ordinals: readonly number[],
  signals: Signals,
  { cosineMin, containmentMin }: SearchSettings['fold'],
): Promise<(earlier: number, later: number) => boolean> {
  const found = new Set<number>();
  const pairs = suspects(signals);
  const placeOf = new Map([...new Set(pairs.flat())].map((place, i) => [place, i]));
  const { rowOf } = release.views.whole;
  const rows = [...placeOf.keys()].map((place) => rowOf[ordinals[place] ?? -1] ?? -1);
  if (rows.length === 0 || rows.includes(-1)) return () => false;
  const vectors = await release.vectors('whole', rows);
  const textOf = async (place: number) =>
    (await release.case(release.cards.ids[ordinals[place] ?? -1] ?? ''))?.extracted.text;
  for (const [earlier, later] of pairs) {
    if (cosineOf(vectors, placeOf.get(earlier) ?? 0, placeOf.get(later) ?? 0) < cosineMin) continue;
    const [one, other] = [await textOf(earlier), await textOf(later)];
    if (one && other && containment(one, other) >= containmentMin) found.add(earlier * ordinals.length + later);
  }
  return (earlier, later) => found.has(earlier * ordinals.length + later);
}
