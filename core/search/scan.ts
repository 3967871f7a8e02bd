import { DIMENSION } from '../models/ports.ts';
import type { ViewVectors } from './dense.ts';

/**
 * The rows of a view in whole steps, two rows in the exact integers of each f64: one multiplication and addition serves both, which
 * takes less than half the time of a plain scan. Entry i of pair p is row 2p plus LANE times row 2p + 1.
 */
type PackedRows = { readonly pairs: Float64Array; readonly lengthMax: number };

/** Steps of the longest row. An inner product of two such rows stays below LANE / 2, so the lanes never meet. */
const STEPS = 4096;
const LANE = 2 ** 26;
/** Rounding moves a row of the greatest length by at most √DIMENSION / (2 STEPS), and both sides are rounded. */
const ROUNDED_BY = (1.01 * Math.sqrt(DIMENSION)) / STEPS;

const packedByView = new WeakMap<ViewVectors, PackedRows>();

function packedOf(view: ViewVectors): PackedRows {
  const packed = packedByView.get(view) ?? pack(view);
  packedByView.set(view, packed);
  return packed;
}

function lengthOf(vectors: Float32Array, from: number): number {
  let squares = 0;
  for (let i = from; i < from + DIMENSION; i += 1) squares += (vectors[i] as number) ** 2;
  return Math.sqrt(squares);
}

function pack({ rows, vectors }: ViewVectors): PackedRows {
  let lengthMax = 0;
  for (let row = 0; row < rows.length; row += 1) lengthMax = Math.max(lengthMax, lengthOf(vectors, row * DIMENSION));
  const pairs = new Float64Array(Math.ceil(rows.length / 2) * DIMENSION);
  const scale = STEPS / lengthMax;
  for (let row = 0; row < rows.length; row += 1) {
    const lane = row % 2 === 0 ? 1 : LANE;
    const to = (row >> 1) * DIMENSION;
    for (let i = 0; i < DIMENSION; i += 1) {
      const steps = Math.round(scale * (vectors[row * DIMENSION + i] as number));
      pairs[to + i] = (pairs[to + i] as number) + lane * steps;
    }
  }
  return { pairs, lengthMax };
}

/**
 * For every case of a view a bound that its similarity to the query does not exceed, for unit vectors at most 0.01 above it; NaN where
 * the case has no vector or `kept` leaves it out. The first scan of a view packs it, into as many bytes as its vectors have.
 */
export function scanView(view: ViewVectors, query: Float32Array, kept: Uint8Array): Float32Array {
  const { rows } = view;
  const { pairs, lengthMax } = packedOf(view);
  const length = lengthOf(query, 0);
  const steps = Float64Array.from(query, (value) => Math.round((STEPS / length) * value));
  const unit = (lengthMax * length) / STEPS ** 2;
  const slack = lengthMax * length * ROUNDED_BY;
  const bounds = new Float32Array(kept.length).fill(Number.NaN);
  for (let row = 0; row < rows.length; row += 2) {
    const one = rows[row] as number;
    const two = rows[row + 1] ?? one;
    if (kept[one] !== 1 && kept[two] !== 1) continue;
    const sum = innerOfPair(pairs, steps, (row >> 1) * DIMENSION);
    const high = Math.round(sum / LANE);
    if (row + 1 < rows.length && kept[two] === 1) bounds[two] = unit * high + slack;
    if (kept[one] === 1) bounds[one] = unit * (sum - LANE * high) + slack;
  }
  return bounds;
}

function innerOfPair(pairs: Float64Array, steps: Float64Array, from: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < DIMENSION; i += 4) {
    a += (steps[i] as number) * (pairs[from + i] as number);
    b += (steps[i + 1] as number) * (pairs[from + i + 1] as number);
    c += (steps[i + 2] as number) * (pairs[from + i + 2] as number);
    d += (steps[i + 3] as number) * (pairs[from + i + 3] as number);
  }
  return a + b + (c + d);
}
