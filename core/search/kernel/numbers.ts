import { DIMENSION } from '../../models/ports.ts';

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

/** Numbers whose signs are looked up together, and the entries of their table. */
const GROUP = 4;
const ENTRIES = 2 ** GROUP;
/** Eight entries add up in a byte. */
const ENTRY_MAX = 31;
export const TABLE_BYTES = (DIMENSION / GROUP) * ENTRIES;

/**
 * Inner products of the query with every pattern of signs, four numbers at a time, in whole steps: what the scan over sign bits looks up
 * (André, Kermarrec and Le Scouarnec 2015, Cache locality is not enough, for the lookup in registers). The sum of a row's entries times
 * `unit`, less `offset`, is the inner product with its signs. Rounding to 31 steps takes a tenth of what leaving the sizes away takes.
 */
export function tablesInto(vector: Float32Array, to: Uint8Array): { readonly unit: number; readonly offset: number } {
  let widest = 0;
  let offset = 0;
  for (let from = 0; from < DIMENSION; from += GROUP) {
    let size = 0;
    for (let i = from; i < from + GROUP; i += 1) size += Math.abs(vector[i] as number);
    widest = Math.max(widest, 2 * size);
    offset += size;
  }
  const unit = widest > 0 ? widest / ENTRY_MAX : 1;
  const entries = new Float64Array(ENTRIES);
  for (let from = 0; from < DIMENSION; from += GROUP) {
    entries[0] = 0;
    for (let i = 0; i < GROUP; i += 1) {
      const value = vector[from + i] as number;
      // Each number doubles the patterns: those in which it is negative follow those in which it is not.
      for (let pattern = 0, more = 1 << i; pattern < more; pattern += 1) {
        const without = entries[pattern] as number;
        entries[pattern] = without + Math.abs(value) + value;
        entries[pattern + more] = without + Math.abs(value) - value;
      }
    }
    const at = (from / GROUP) * ENTRIES;
    for (let pattern = 0; pattern < ENTRIES; pattern += 1)
      to[at + pattern] = Math.round((entries[pattern] as number) / unit);
  }
  return { unit, offset };
}
