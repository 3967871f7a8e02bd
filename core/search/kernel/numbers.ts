import { DIMENSION } from '../../models/ports.ts';
import { evidence } from '../score.ts';

/** Steps of the query's largest number: i16, less a bit so that no sum leaves i32 (384 · 127 · 32,767 does not). */
const QUERY_STEPS = 32_767;

/** The query in whole steps of its largest number, with its length and the length of what rounding took. */
export function quantize(
  vector: Float32Array,
  to: Int16Array,
): { readonly unit: number; readonly length: number; readonly error: number } {
  let largest = 0;
  for (const value of vector) largest = Math.max(largest, Math.abs(value));
  const unit = largest > 0 ? largest / QUERY_STEPS : 1;
  let squares = 0;
  let lost = 0;
  for (let i = 0; i < DIMENSION; i += 1) {
    const value = vector[i] as number;
    const steps = Math.round(value / unit);
    to[i] = steps;
    squares += value * value;
    lost += (value - steps * unit) ** 2;
  }
  return { unit, length: Math.sqrt(squares), error: Math.sqrt(lost) };
}

/** Sign bits of the query, as `signs` of the module takes them from codes. */
export function signsInto(vector: Float32Array, to: Uint8Array): void {
  to.fill(0);
  for (let i = 0; i < DIMENSION; i += 1) {
    if ((vector[i] as number) < 0) to[i >> 3] = (to[i >> 3] as number) | (1 << (i & 7));
  }
}

/**
 * Evidence by the number of sign bits that differ: two directions at an angle a differ in a share a/π of their signs (Charikar 2002, Similarity
 * estimation techniques from rounding algorithms).
 */
export function nearInto(background: number, to: Float32Array): void {
  for (let differ = 0; differ <= DIMENSION; differ += 1) {
    to[differ] = evidence(Math.cos((Math.PI * differ) / DIMENSION), background);
  }
}
