import type { View } from '../../schema/vocabulary.ts';
import { DIMENSION } from '../models/ports.ts';

/** Which cases have a vector of one view: row r belongs to the case `rows[r]`; `rowOf` is the way back, -1 for none. */
export type ViewRows = {
  readonly rows: Uint32Array;
  readonly rowOf: Int32Array;
};

/**
 * Vectors by their row numbers in a view's file: `DIMENSION` numbers each, one after the other, in the order asked. They come from memory,
 * from an open file or over a network; one call for all rows of a view, so that a host can read near ones together.
 */
export type VectorRows = (view: View, rows: readonly number[]) => Float32Array | Promise<Float32Array>;

/**
 * Exact or approximate nearest rows of one view by inner product, best first. `rows` are row numbers of that view's file; fewer
 * than `k` come back when the view has fewer. Rejects when the index is not to be had.
 */
export type FacetSearcher = {
  search(view: View, query: Float32Array, k: number): Promise<{ rows: Int32Array; scores: Float32Array }>;
};

export function rowsByCase(rows: Uint32Array, caseCount: number): Int32Array {
  const rowOf = new Int32Array(caseCount).fill(-1);
  for (let row = 0; row < rows.length; row += 1) rowOf[rows[row] as number] = row;
  return rowOf;
}

/** Vectors that are held whole. */
export function heldVectors(vectors: Readonly<Record<View, Float32Array>>): VectorRows {
  return (view, rows) => {
    const found = new Float32Array(rows.length * DIMENSION);
    for (const [place, row] of rows.entries()) {
      found.set(vectors[view].subarray(row * DIMENSION, (row + 1) * DIMENSION), place * DIMENSION);
    }
    return found;
  };
}

/** Inner product of the query with one row; sums in f64, so that every engine that rescores here gets the same number. */
export function similarity(vectors: Float32Array, query: Float32Array, row: number): number {
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
