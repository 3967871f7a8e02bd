import {
  arrayOf,
  type PackedArray,
  packArrays,
  packStrings,
  ReleaseFormatError,
  unpackArrays,
  unpackStrings,
} from './binary.ts';

/** The arrays of an inverted file besides `terms`, `termStart` and `cases`, and the order of its terms. */
export type PostingColumns = {
  readonly byPosting: readonly string[];
  readonly byCase: readonly string[];
  /** Equal in every file that can be merged. */
  readonly constant: readonly string[];
  readonly order: 'utf-8' | 'utf-16';
};

/** A UTF-16 unit by its place in the order of code points: halves of pairs come after all others. */
const place = (unit: number): number => (unit < 0xd800 ? unit : unit >= 0xe000 ? unit - 0x800 : unit + 0x2000);

function compare(a: string, b: string, order: PostingColumns['order']): number {
  if (a === b) return 0;
  if (order === 'utf-16') return a < b ? -1 : 1;
  let i = 0;
  while (i < a.length && i < b.length && a.charCodeAt(i) === b.charCodeAt(i)) i += 1;
  return i >= a.length || i >= b.length ? a.length - b.length : place(a.charCodeAt(i)) - place(b.charCodeAt(i));
}

/** Where cases go: their new ordinals by the old ones, -1 for those that are gone. */
export type OrdinalMap = Int32Array;

type Inverted = {
  readonly terms: readonly string[];
  readonly termStart: Uint32Array;
  readonly cases: Uint32Array;
  readonly to: OrdinalMap;
  readonly arrays: (name: string) => PackedArray;
  readonly names: readonly string[];
};

function readInverted(file: string, bytes: Uint8Array, to: OrdinalMap, columns: PostingColumns): Inverted {
  const arrays = unpackArrays(file, bytes);
  const known = ['terms', 'termStart', 'cases', ...columns.byPosting, ...columns.byCase, ...columns.constant];
  const odd = [...arrays.names.filter((name) => !known.includes(name)), ...known.filter((name) => !arrays.has(name))];
  if (odd.length > 0) throw new ReleaseFormatError(`${file}: arrays ${odd.join(', ')} cannot be carried over`);
  const termStart = arrayOf(arrays, 'termStart', Uint32Array);
  const terms = unpackStrings(arrayOf(arrays, 'terms', Uint8Array), termStart.length - 1);
  return { terms, termStart, cases: arrayOf(arrays, 'cases', Uint32Array), to, arrays, names: arrays.names };
}

/** Postings [from, to) of a term; none where it has no such term. */
type Range = readonly [number, number];
const NONE: Range = [0, 0];

/** Both lists of terms, which ascend, as one. */
function* unitedTerms(
  a: Inverted,
  b: Inverted,
  order: PostingColumns['order'],
): Generator<{ term: string; inA: Range; inB: Range }> {
  let i = 0;
  let j = 0;
  const range = ({ termStart }: Inverted, at: number): Range => [termStart[at] ?? 0, termStart[at + 1] ?? 0];
  while (i < a.terms.length || j < b.terms.length) {
    const [left, right] = [a.terms[i], b.terms[j]];
    const difference = left === undefined ? 1 : right === undefined ? -1 : compare(left, right, order);
    const [takeA, takeB] = [difference <= 0, difference >= 0];
    yield {
      term: (takeA ? left : right) ?? '',
      inA: takeA ? range(a, i) : NONE,
      inB: takeB ? range(b, j) : NONE,
    };
    if (takeA) i += 1;
    if (takeB) j += 1;
  }
}

const madeLike = (array: PackedArray, length: number): PackedArray =>
  new (array.constructor as new (length: number) => PackedArray)(length); // of the kind that it is

/**
 * An inverted file of the cases that stay of one and all cases of another, as if it had been built of them all: terms without postings
 * are dropped, postings of a term ascend by case and keep their order within one. Throws `ReleaseFormatError` for a file with other arrays.
 */
export function mergePostings(
  file: string,
  old: { readonly bytes: Uint8Array; readonly to: OrdinalMap },
  added: { readonly bytes: Uint8Array; readonly to: OrdinalMap },
  caseCount: number,
  columns: PostingColumns,
): Uint8Array {
  const a = readInverted(file, old.bytes, old.to, columns);
  const b = readInverted(file, added.bytes, added.to, columns);
  const terms: string[] = [];
  const starts: number[] = [0];
  const kept = ({ cases, to }: Inverted, [from, end]: Range): number => {
    let n = 0;
    for (let at = from; at < end; at += 1) if ((to[cases[at] as number] as number) >= 0) n += 1;
    return n;
  };
  let postings = 0;
  const ranges: (readonly [Range, Range])[] = [];
  for (const { term, inA, inB } of unitedTerms(a, b, columns.order)) {
    const n = kept(a, inA) + kept(b, inB);
    if (n === 0) continue;
    postings += n;
    terms.push(term);
    starts.push(postings);
    ranges.push([inA, inB]);
  }
  const made = new Map<string, PackedArray>([
    ['terms', packStrings(terms)],
    ['termStart', Uint32Array.from(starts)],
    ['cases', new Uint32Array(postings)],
  ]);
  for (const name of columns.byPosting) made.set(name, madeLike(b.arrays(name), postings));
  for (const name of columns.byCase) made.set(name, madeLike(b.arrays(name), caseCount));
  for (const name of columns.constant) {
    if (String(a.arrays(name)) !== String(b.arrays(name)))
      throw new ReleaseFormatError(`${file}: array ${name} is not what it was`);
    made.set(name, b.arrays(name));
  }
  const moved = columns.byPosting.map((name) => columnOf(name, a, b, made));
  const cases = made.get('cases') as Uint32Array; // made above
  let next = 0;
  const put = (from: Inverted, own: 0 | 1, at: number): void => {
    cases[next] = from.to[from.cases[at] as number] as number;
    for (const column of moved) column.target[next] = (own === 0 ? column.a : column.b)[at] as number;
    next += 1;
  };
  for (const [[fromA, endA], [fromB, endB]] of ranges) {
    let j = fromB;
    for (let i = fromA; i < endA; i += 1) {
      const ordinal = a.to[a.cases[i] as number] as number;
      if (ordinal < 0) continue;
      for (; j < endB && (b.to[b.cases[j] as number] as number) < ordinal; j += 1) put(b, 1, j);
      put(a, 0, i);
    }
    for (; j < endB; j += 1) put(b, 1, j);
  }
  for (const name of columns.byCase) {
    const column = columnOf(name, a, b, made);
    for (let i = 0; i < a.to.length; i += 1)
      if ((a.to[i] as number) >= 0) column.target[a.to[i] as number] = column.a[i] as number;
    for (let i = 0; i < b.to.length; i += 1) column.target[b.to[i] as number] = column.b[i] as number;
  }
  return packArrays(Object.fromEntries(b.names.map((name) => [name, made.get(name) as PackedArray])));
}

function columnOf(name: string, a: Inverted, b: Inverted, made: ReadonlyMap<string, PackedArray>) {
  const [left, right] = [a.arrays(name), b.arrays(name)];
  if (left.constructor !== right.constructor)
    throw new ReleaseFormatError(`array ${name} is of another kind than it was`);
  return { a: left, b: right, target: made.get(name) as PackedArray };
}
