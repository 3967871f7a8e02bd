import { DIMENSION } from '../../../core/models/ports.ts';
import { evidence } from '../../../core/search/score.ts';
import type { View } from '../../../schema/vocabulary.ts';
import type { ViewVectors } from './dataset.ts';
import { asked, type BenchQuery, shareOf } from './queries.ts';

export type Views = Readonly<Record<View, ViewVectors>>;
export const K = 10;

/** What a view adds to the score of a case, by the cosine; null where the case lacks the view. */
export function partOf(query: BenchQuery, view: View, cosine: number | null): number {
  const { background, missing } = query.plan;
  return shareOf(query, view) * (cosine === null ? missing[view] : evidence(cosine, background.dense[view]));
}

/** Inner product with one row of many, summed in f64. */
export function dot(query: Float32Array, rows: Float32Array, row: number): number {
  const from = row * DIMENSION;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < DIMENSION; i += 4) {
    a += (query[i] as number) * (rows[from + i] as number);
    b += (query[i + 1] as number) * (rows[from + i + 1] as number);
    c += (query[i + 2] as number) * (rows[from + i + 2] as number);
    d += (query[i + 3] as number) * (rows[from + i + 3] as number);
  }
  return a + b + c + d;
}

/** The `k` best of some cases by their exact score, best first; equal ones by ordinal. */
export function best(query: BenchQuery, views: Views, ordinals: Iterable<number>, k: number): readonly number[] {
  const vectors = asked(query);
  const scored = Array.from(ordinals, (ordinal) => {
    let score = 0;
    for (const [view, vector] of vectors) {
      const { rowOf, vectors: rows } = views[view];
      const row = rowOf[ordinal] ?? -1;
      score += partOf(query, view, row < 0 ? null : dot(vector, rows, row));
    }
    return { ordinal, score };
  });
  scored.sort((a, b) => b.score - a.score || a.ordinal - b.ordinal);
  return scored.slice(0, k).map(({ ordinal }) => ordinal);
}
