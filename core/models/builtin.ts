import { TERMS_VERSION, termCounts } from '../search/terms.ts';
import { countWeight, fitTerms, type TermTable } from './builtin-fit.ts';
import { addRows } from './builtin-linear.ts';
import { hashOf } from './builtin-numbers.ts';
import { DIMENSION, type Embedder, type FittedModel } from './ports.ts';

export const BUILTIN_NAME = 'builtin';

/** Changes with any change of code that could change a vector. */
const CODE_VERSION = 1;
const MAGIC = 0x4d414e41;
const HEADER_BYTES = 16;
/** Steps of an int8 to each side of zero. */
const STEPS = 127;

/** A model that cannot be used: foreign, cut short or altered. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
}

/**
 * Learns word directions from whole case texts. Deterministic: the same set of texts in any order gives the same bytes. No texts at
 * all give a model that knows no word. Some 7 s and 100 MB for 7,700 cases; the bytes are at most 13 MB.
 */
export function fitBuiltin(texts: Iterable<string>): FittedModel {
  const { table, seen } = fitTerms(texts, DIMENSION);
  const bytes = encode(table);
  return { fingerprint: fingerprintOf(bytes), bytes, fittedOn: seen };
}

/** Makes the embedder of a fitted model. Throws `ModelError` if the bytes are not the ones that the fingerprint names. */
export function loadBuiltin(model: FittedModel): Embedder {
  const found = fingerprintOf(model.bytes);
  if (found !== model.fingerprint) {
    throw new ModelError(`builtin model: expected ${model.fingerprint}, the bytes are ${found}`);
  }
  const table = decode(model.bytes);
  return {
    name: BUILTIN_NAME,
    fingerprint: model.fingerprint,
    embed: (texts) => Promise.resolve(texts.map((text) => embedOne(table, text))),
  };
}

type QuantisedTable = {
  /** Row of a term by its hash. */
  readonly rowOf: ReadonlyMap<number, number>;
  /** Rows of terms met before: looking a word up is faster than hashing it again. */
  readonly rowOfMet: Map<string, number>;
  /** Weight of the term times the size of one int8 step of its row. */
  readonly scales: Float32Array;
  readonly codes: Int8Array;
};

const NO_ROW = -1;
const TERMS_MET_MAX = 200_000;

function rowOf(table: QuantisedTable, term: string): number {
  const met = table.rowOfMet.get(term);
  if (met !== undefined) return met;
  if (table.rowOfMet.size >= TERMS_MET_MAX) table.rowOfMet.clear();
  const row = table.rowOf.get(hashOf(term, 0)) ?? NO_ROW;
  table.rowOfMet.set(term, row);
  return row;
}

function embedOne(table: QuantisedTable, text: string): Float32Array {
  const rows: number[] = [];
  const factors: number[] = [];
  for (const [term, count] of termCounts(text)) {
    const row = rowOf(table, term);
    if (row === NO_ROW) continue;
    rows.push(row);
    factors.push(countWeight(count) * (table.scales[row] as number));
  }
  const sum = new Float64Array(DIMENSION);
  addRows(sum, table.codes, rows, factors, rows.length);
  let squares = 0;
  for (const value of sum) squares += value * value;
  const length = Math.sqrt(squares);
  return length > 0 ? Float32Array.from(sum, (value) => value / length) : new Float32Array(DIMENSION);
}

/** Header (magic, format, terms, dimension), then hashes, scales and int8 rows, little-endian. */
function encode(table: TermTable): Uint8Array {
  const terms = table.hashes.length;
  const bytes = new Uint8Array(HEADER_BYTES + terms * (8 + DIMENSION));
  const view = new DataView(bytes.buffer);
  for (const [i, value] of [MAGIC, CODE_VERSION, terms, DIMENSION].entries()) view.setUint32(4 * i, value, true);
  const codes = new Int8Array(bytes.buffer, HEADER_BYTES + terms * 8);
  const { width, data } = table.directions;
  for (let row = 0; row < terms; row += 1) {
    let largest = 0;
    for (let i = 0; i < width; i += 1) largest = Math.max(largest, Math.abs(data[row * width + i] as number));
    const step = largest / STEPS;
    view.setUint32(HEADER_BYTES + 4 * row, table.hashes[row] ?? 0, true);
    view.setFloat32(HEADER_BYTES + 4 * (terms + row), step * (table.weights[row] ?? 0), true);
    if (step === 0) continue;
    for (let i = 0; i < width; i += 1)
      codes[row * DIMENSION + i] = Math.round((data[row * width + i] as number) / step);
  }
  return bytes;
}

function decode(bytes: Uint8Array): QuantisedTable {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < HEADER_BYTES || view.getUint32(0, true) !== MAGIC) {
    throw new ModelError('builtin model: not a model of this program');
  }
  const terms = view.getUint32(8, true);
  const expected = HEADER_BYTES + terms * (8 + DIMENSION);
  if (
    view.getUint32(4, true) !== CODE_VERSION ||
    view.getUint32(12, true) !== DIMENSION ||
    bytes.byteLength !== expected
  ) {
    throw new ModelError(
      `builtin model: expected version ${CODE_VERSION} and ${expected} bytes, found ${bytes.byteLength}`,
    );
  }
  const rowOf = new Map<number, number>();
  const scales = new Float32Array(terms);
  for (let row = 0; row < terms; row += 1) {
    rowOf.set(view.getUint32(HEADER_BYTES + 4 * row, true), row);
    scales[row] = view.getFloat32(HEADER_BYTES + 4 * (terms + row), true);
  }
  const codes = new Int8Array(bytes.buffer, bytes.byteOffset + HEADER_BYTES + terms * 8, terms * DIMENSION);
  return { rowOf, rowOfMet: new Map(), scales, codes };
}

/** Names code and bytes by a 64-bit checksum: guards against mixing and corruption, not against an adversary. */
function fingerprintOf(bytes: Uint8Array): string {
  let a = 0x9e3779b9 ^ bytes.length;
  let b = 0x85ebca6b;
  for (const byte of bytes) {
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b ^ byte, 0x5bd1e995) + (a >>> 15);
  }
  const hex = (value: number) => (value >>> 0).toString(16).padStart(8, '0');
  return `${BUILTIN_NAME}-${CODE_VERSION}.${TERMS_VERSION}-${hex(a)}${hex(b)}`;
}
