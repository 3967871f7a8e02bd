import type { View } from '../../schema/vocabulary.ts';
import { DIMENSION } from '../models/ports.ts';

/** The vectors of one view: row r, at r * DIMENSION, belongs to the case `rows[r]`; `rowOf` is the way back, -1 for none. */
export type ViewVectors = {
  readonly rows: Uint32Array;
  readonly vectors: Float32Array;
  readonly rowOf: Int32Array;
};

/**
 * Exact or approximate nearest rows of one view by inner product, best first. `rows` are row numbers of that view's file; fewer
 * than `k` come back when the view has fewer. Rejects when the index is not to be had.
 */
export type FacetSearcher = {
  search(view: View, query: Float32Array, k: number): Promise<{ rows: Int32Array; scores: Float32Array }>;
};

export function rowsByCase(rows: Uint32Array, caseCount: number): Int32Array {
  const rowOf = new Int32Array(caseCount).fill(-1);
  for (const [row, ordinal] of rows.entries()) rowOf[ordinal] = row;
  return rowOf;
}

/** Inner product of the query with one row; sums in f64, so that every engine that rescores here gets the same number. */
export function similarity(view: ViewVectors, query: Float32Array, row: number): number {
  const { vectors } = view;
  const from = row * DIMENSION;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < DIMENSION; i += 4) {
    a += (query[i] as number) * (vectors[from + i] as number);
    b += (query[i + 1] as number) * (vectors[from + i + 1] as number);
    c += (query[i + 2] as number) * (vectors[from + i + 2] as number);
    d += (query[i + 3] as number) * (vectors[from + i + 3] as number);
  }
  return a + b + (c + d);
}
