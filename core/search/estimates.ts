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

/** What codes say of a score: no more than it is, or the likeliest. */
type Side = 'least' | 'likely';

/** Scores of cases by their codes alone, in their order: no vector is read. */
export function scoresByCodes(request: CandidateRequest, ordinals: readonly number[], side: Side): Float64Array {
  const { release, plan, cheap, vectors } = request;
  const dense: Partial<Record<View, Float32Array>> = {};
  for (const view of VIEWS) {
    const vector = vectors[view];
    if (!vector) continue;
    const rows = ordinals.map((ordinal) => release.views[view].rowOf[ordinal] ?? -1);
    dense[view] = cosinesByCodes(release.kernel.codesOf(view), rows, vector, side);
  }
  const pick = (values: Float32Array) => Float32Array.from(ordinals, (ordinal) => values[ordinal] as number);
  const agreement: Partial<Record<Facet, Float32Array>> = {};
  for (const facet of FACETS) {
    const values = cheap.agreement[facet];
    if (values) agreement[facet] = pick(values);
  }
  const signals = { length: ordinals.length, dense, agreement, lexical: cheap.lexical ? pick(cheap.lexical) : null };
  return Float64Array.from(ordinals, (_, i) => totalOf(contributions(signals, plan, i)));
}

/** Of each row with the query; NaN for row -1. */
function cosinesByCodes(codes: Uint8Array, rows: readonly number[], query: Float32Array, side: Side): Float32Array {
  const held = rows.filter((row) => row >= 0);
  const estimated = estimatedRows(codes, held);
  const length = Math.sqrt(similarity(query, query, 0));
  const cosines = new Float32Array(rows.length).fill(Number.NaN);
  let place = 0;
  for (const [i, row] of rows.entries()) {
    if (row < 0) continue;
    const off = side === 'least' ? length * (estimated.errors[place] as number) + ROUNDING : 0;
    cosines[i] = similarity(estimated.vectors, query, place) - off;
    place += 1;
  }
  return cosines;
}
