import { DIMENSION } from '../../models/ports.ts';

/**
 * Codes of `count` rows in one run of bytes, as a file `<view>.i8` holds them and the kernel reads them: `DIMENSION` signed bytes a row, then
 * for all rows the scale, then the length of what rounding took from the row, then the length of what is left (f32, little-endian).
 */
export const CODED_ROW_BYTES = DIMENSION + 12;

const CODE_MAX = 127;
/** More than the rounding to f32 takes: a bound must not fall short of what it bounds. */
const UPWARD = 1 + 2 ** -22;

/** One step of the codes of the row that starts at `from`. */
function stepOf(vectors: Float32Array, from: number): number {
  let largest = 0;
  for (let i = from; i < from + DIMENSION; i += 1) {
    const size = Math.abs(vectors[i] as number);
    if (size > largest) largest = size;
  }
  return largest > 0 ? Math.fround(largest / CODE_MAX) : 1;
}

/** Rounds row `row` of `vectors` to codes at `codes[to]`, by a scale of its own. */
function packRow(vectors: Float32Array, row: number, codes: Int8Array, to: number): readonly [number, number, number] {
  const from = row * DIMENSION;
  const scale = stepOf(vectors, from);
  const steps = 1 / scale;
  let lost = 0;
  let kept = 0;
  for (let i = 0; i < DIMENSION; i += 1) {
    const value = vectors[from + i] as number;
    // A scale so small that f32 holds it badly would give more steps than a byte has.
    const code = Math.max(-CODE_MAX, Math.min(CODE_MAX, Math.round(value * steps)));
    codes[to + i] = code;
    const difference = value - code * scale;
    lost += difference * difference;
    kept += code * code;
  }
  return [scale, Math.sqrt(lost) * UPWARD, Math.sqrt(kept) * scale * UPWARD];
}

/** Codes of rows that arrive in pieces: each piece's codes go to the file at once, `tail` is what the file ends with. */
export function createCoder(): { add(vectors: Float32Array): Uint8Array; tail(): Uint8Array } {
  const numbers: [number[], number[], number[]] = [[], [], []];
  return {
    add(vectors) {
      const count = vectors.length / DIMENSION;
      const codes = new Int8Array(count * DIMENSION);
      for (let row = 0; row < count; row += 1) {
        const packed = packRow(vectors, row, codes, row * DIMENSION);
        for (const [place, column] of numbers.entries()) column.push(packed[place] as number);
      }
      return new Uint8Array(codes.buffer);
    },
    tail: () => new Uint8Array(Float32Array.from(numbers.flat()).buffer),
  };
}

/** Codes of vectors that are in memory, into room of `CODED_ROW_BYTES` a row. */
export function packInto(vectors: Float32Array, into: Uint8Array): void {
  const count = vectors.length / DIMENSION;
  const codes = new Int8Array(into.buffer, into.byteOffset, count * DIMENSION);
  const numbers = new Float32Array(into.buffer, into.byteOffset + count * DIMENSION, 3 * count);
  for (let row = 0; row < count; row += 1) {
    const packed = packRow(vectors, row, codes, row * DIMENSION);
    for (const [place, number] of packed.entries()) numbers[place * count + row] = number;
  }
}

/**
 * Whether row `row` of `vectors` is the one that row `of` of `codes` was made of: by its codes, its scale, and by what rounding took from
 * it, which nearly every other bit of a number changes.
 */
export function fitsCodes(vectors: Float32Array, row: number, codes: Uint8Array, of: number): boolean {
  const count = codes.byteLength / CODED_ROW_BYTES;
  const numbers = new DataView(codes.buffer, codes.byteOffset + count * DIMENSION);
  const steps = new Int8Array(codes.buffer, codes.byteOffset + of * DIMENSION, DIMENSION);
  const scale = stepOf(vectors, row * DIMENSION);
  if (numbers.getFloat32(4 * of, true) !== scale) return false;
  const perUnit = 1 / scale;
  let lost = 0;
  for (let i = 0; i < DIMENSION; i += 1) {
    const value = vectors[row * DIMENSION + i] as number;
    const code = steps[i] as number;
    // As `packRow` rounds.
    const above = value * perUnit + 0.5 - code;
    if (!((above >= 0 || code === -CODE_MAX) && (above < 1 || code === CODE_MAX))) return false;
    const difference = value - code * scale;
    lost += difference * difference;
  }
  return numbers.getFloat32(4 * (count + of), true) === Math.fround(Math.sqrt(lost) * UPWARD);
}
