import { FACETS, type Facet, VIEWS, type View } from '../../../schema/vocabulary.ts';
import { DIMENSION } from '../../models/ports.ts';
import type { ViewRows } from '../dense.ts';
import { CODED_ROW_BYTES } from './codes.ts';
import { TABLE_BYTES } from './numbers.ts';

/** What `assembly/kernel.ts` exports, once built; every place is a byte offset into the memory that it was given. */
export type Exports = {
  clear(out: number, count: number): void;
  bound(
    codes: number,
    scales: number,
    errors: number,
    lengths: number,
    rows: number,
    count: number,
    open: number,
    query: number,
    unit: number,
    queryLength: number,
    queryError: number,
    out: number,
  ): void;
  boundSome(
    codes: number,
    scales: number,
    errors: number,
    lengths: number,
    chosen: number,
    count: number,
    query: number,
    unit: number,
    queryLength: number,
    queryError: number,
    out: number,
  ): void;
  signs(codes: number, scales: number, count: number, signs: number, factors: number): void;
  estimate(
    signs: number,
    factors: number,
    rows: number,
    count: number,
    open: number,
    tables: number,
    unit: number,
    offset: number,
    zero: number,
    range: number,
    agreements: number,
    share: number,
    absent: number,
    block: number,
    scores: number,
  ): void;
  close(open: number, scores: number, count: number, least: number): void;
  level(open: number, scores: number, count: number, wanted: number, counts: number): number;
  choose(
    open: number,
    scores: number,
    count: number,
    wanted: number,
    least: number,
    counts: number,
    ordinals: number,
  ): number;
  addPart(
    open: number,
    scores: number,
    cosines: number,
    agreements: number,
    count: number,
    share: number,
    zero: number,
    range: number,
    absent: number,
  ): void;
};

/** A view's rows as codes, in the kernel's memory; `signs` and `factors` are 0 where there is no coarse scan. */
export type Coded = {
  readonly count: number;
  readonly codes: number;
  readonly scales: number;
  readonly errors: number;
  readonly lengths: number;
  readonly rows: number;
  readonly signs: number;
  readonly factors: number;
};

/** Columns over a list of cases, all cases or some: each a place of `count` numbers, `open` of `count` bytes. */
export type Columns = {
  /** A whole number of lanes. */
  readonly count: number;
  readonly open: number;
  readonly scores: number;
  readonly cosines: Readonly<Record<View, number>>;
  readonly agreements: Readonly<Record<Facet, number>>;
  readonly words: number;
};

/** Steps of [0, 1] by which scores are told apart where cases are chosen. */
const LEVELS = 4_096;
/** Cases that can be chosen out of all at once. */
export const SOME_MAX = 16_384;
/** Cases that are closed at once; places start at the size of a vector register. */
const LANES = 16;
const ALIGN = 16;
const PAGE = 65_536;
const PAGES_MAX = 65_536;
const SIGN_BYTES = DIMENSION / 8;
/** Rows whose sign bits stand together. */
const BLOCK = 32;
const blocked = (rows: number): number => Math.ceil(rows / BLOCK) * BLOCK;

/** The codes do not fit the memory that a WASM module can have. */
export class KernelTooLargeError extends Error {
  override readonly name = 'KernelTooLargeError';
}

export type Layout = {
  readonly memory: WebAssembly.Memory;
  readonly kernel: Exports;
  readonly coded: Readonly<Record<View, Coded>>;
  readonly all: Columns;
  readonly some: Columns;
  /** A cosine that none exceeds where a case has the view, NaN where not. */
  readonly ceilings: Readonly<Record<View, number>>;
  readonly query: number;
  readonly tables: number;
  readonly block: number;
  readonly counts: number;
  readonly chosen: number;
};

/** Instantiates the module over a memory with room for everything. Throws `KernelTooLargeError`. */
export function layOut(
  module: WebAssembly.Module,
  views: Readonly<Record<View, ViewRows>>,
  caseCount: number,
  coarse: boolean,
): Layout {
  let end = ALIGN;
  const place = (bytes: number): number => {
    const at = end;
    end = Math.ceil((at + bytes) / ALIGN) * ALIGN;
    return at;
  };
  const each = <Name extends string, Value>(names: readonly Name[], of: (name: Name) => Value) =>
    Object.fromEntries(names.map((name) => [name, of(name)])) as Record<Name, Value>;
  const coded = each(VIEWS, (view): Coded => {
    const count = views[view].rows.length;
    const codes = place(count * CODED_ROW_BYTES);
    const scales = codes + count * DIMENSION;
    return {
      count,
      codes,
      scales,
      errors: scales + 4 * count,
      lengths: scales + 8 * count,
      rows: place(4 * count),
      signs: coarse ? place(blocked(count) * SIGN_BYTES) : 0,
      factors: coarse ? place(4 * blocked(count)) : 0,
    };
  });
  const columnsOf = (cases: number): Columns => {
    const count = Math.ceil(cases / LANES) * LANES;
    const column = () => place(4 * count);
    return {
      count,
      open: place(count),
      scores: column(),
      cosines: each(VIEWS, column),
      agreements: each(FACETS, column),
      words: column(),
    };
  };
  const all = columnsOf(caseCount);
  const some = columnsOf(Math.min(caseCount, SOME_MAX));
  const places = {
    ceilings: each(VIEWS, () => place(4 * all.count)),
    query: place(2 * DIMENSION),
    tables: place(TABLE_BYTES),
    block: place(4 * BLOCK),
    counts: place(4 * LEVELS),
    chosen: place(4 * SOME_MAX),
  };
  if (end > PAGE * PAGES_MAX) {
    throw new KernelTooLargeError(
      `${caseCount} cases take ${end} bytes to scan, more than the ${PAGE * PAGES_MAX} of one module: search a part of them`,
    );
  }
  const memory = new WebAssembly.Memory({ initial: Math.ceil(end / PAGE) });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  // As `assembly/kernel.ts` declares them; a test builds it and compares.
  return { memory, kernel: exports as Exports, coded, all, some, ...places };
}
