import { FACETS, type Facet, VIEWS, type View } from '../../schema/vocabulary.ts';
import { DIMENSION } from '../models/ports.ts';
import type { CandidateRequest } from './candidates.ts';
import { similarity } from './dense.ts';
import { CODED_ROW_BYTES } from './kernel/codes.ts';
import { contributions, totalOf } from './score.ts';

/** What sums in f32 may lose of a cosine. */
const ROUNDING = 1e-5;

/** Rows as their codes tell them, in the order asked: each differs from the vector by at most its `errors`, as a length. */
export type EstimatedRows = { readonly vectors: Float32Array; readonly errors: Float32Array };

/** @param codes of one view, as `kernel/codes.ts` lays them out */
export function estimatedRows(codes: Uint8Array, rows: readonly number[]): EstimatedRows {
  const count = codes.byteLength / CODED_ROW_BYTES;
  const steps = new Int8Array(codes.buffer, codes.byteOffset, count * DIMENSION);
  const numbers = new DataView(codes.buffer, codes.byteOffset + count * DIMENSION, 12 * count);
  const vectors = new Float32Array(rows.length * DIMENSION);
  const errors = new Float32Array(rows.length);
  for (const [place, row] of rows.entries()) {
    const scale = numbers.getFloat32(4 * row, true);
    const [from, to] = [row * DIMENSION, place * DIMENSION];
    for (let i = 0; i < DIMENSION; i += 1) vectors[to + i] = (steps[from + i] as number) * scale;
    errors[place] = numbers.getFloat32(4 * (count + row), true);
  }
  return { vectors, errors };
}

/**
 * A score that at least `k` of the cases reach, by their codes alone; -1 where there are fewer. No case whose bound is below it can be
 * among the best `k`, so that vectors need not be read to learn which of them are worth reading.
 */
export function leastReached(request: CandidateRequest, ordinals: readonly number[]): number {
  const { release, plan, cheap, vectors, k } = request;
  const dense: Partial<Record<View, Float32Array>> = {};
  for (const view of VIEWS) {
    const vector = vectors[view];
    if (!vector) continue;
    const rows = ordinals.map((ordinal) => release.views[view].rowOf[ordinal] ?? -1);
    dense[view] = leastCosines(release.kernel.codesOf(view), rows, vector);
  }
  const pick = (values: Float32Array) => Float32Array.from(ordinals, (ordinal) => values[ordinal] as number);
  const agreement: Partial<Record<Facet, Float32Array>> = {};
  for (const facet of FACETS) {
    const values = cheap.agreement[facet];
    if (values) agreement[facet] = pick(values);
  }
  const signals = { length: ordinals.length, dense, agreement, lexical: cheap.lexical ? pick(cheap.lexical) : null };
  const scores = Float64Array.from(ordinals, (_, i) => totalOf(contributions(signals, plan, i))).sort();
  return scores[scores.length - k] ?? -1;
}

/** No more than the cosine of each row with the query; NaN for row -1. */
function leastCosines(codes: Uint8Array, rows: readonly number[], query: Float32Array): Float32Array {
  const held = rows.filter((row) => row >= 0);
  const estimated = estimatedRows(codes, held);
  const length = Math.sqrt(similarity(query, query, 0));
  const cosines = new Float32Array(rows.length).fill(Number.NaN);
  let place = 0;
  for (const [i, row] of rows.entries()) {
    if (row < 0) continue;
    const off = length * (estimated.errors[place] as number) + ROUNDING;
    cosines[i] = similarity(estimated.vectors, query, place) - off;
    place += 1;
  }
  return cosines;
}
