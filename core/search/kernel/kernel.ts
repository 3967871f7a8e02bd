import { FACETS, type Facet, VIEWS, type View } from '../../../schema/vocabulary.ts';
import { DIMENSION } from '../../models/ports.ts';
import { type Plan, type Signals, scaleOf } from '../score.ts';
import { CODED_ROW_BYTES } from './codes.ts';

/** What `assembly/kernel.ts` exports, once built; every place is a byte offset into the memory that it was given. */
type Exports = {
  clear(out: number, count: number): void;
  bound(
    codes: number,
    scales: number,
    errors: number,
    lengths: number,
    rows: number,
    count: number,
    kept: number,
    query: number,
    unit: number,
    queryLength: number,
    queryError: number,
    out: number,
  ): void;
  close(open: number, scores: number, count: number, least: number): void;
  top(open: number, scores: number, count: number, wanted: number, heap: number, ordinals: number): void;
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

/** A view's rows as codes, in the kernel's memory. */
type Coded = {
  readonly count: number;
  readonly codes: number;
  readonly scales: number;
  readonly errors: number;
  readonly lengths: number;
  readonly rows: number;
};

/** What one fused scan takes: signals that exist for every case, and the query's vectors. */
export type FusedRequest = {
  readonly plan: Plan;
  readonly cheap: Omit<Signals, 'dense'>;
  readonly vectors: Readonly<Partial<Record<View, Float32Array>>>;
  /** 1 for the cases that may be answers. */
  readonly kept: Uint8Array;
};

/**
 * Bounds over every case that is still in question. The arrays are places of the kernel's memory: they hold until the next scan.
 * `scores`: no less than the score of the case; `dense`: no less than its cosine, NaN where it lacks the view.
 */
export type FusedBounds = {
  readonly scores: Float32Array;
  readonly dense: Readonly<Partial<Record<View, Float32Array>>>;
  /** 1 for the cases in question: kept, not seen, and able to reach what the others must. */
  readonly open: Uint8Array;
};

/** All facets of a release in one WASM memory, scanned at once. */
export type FusedKernel = {
  readonly bytes: number;
  /** Some cases that are likely to be answers: with the highest bounds while only the view with the largest share is looked at. */
  first(request: FusedRequest, count: number): readonly number[];
  /** Bounds over the cases that can reach `least`. Faster after `first` of the same request, whatever came between. */
  scan(request: FusedRequest, least: number): FusedBounds;
  /** Where a view's codes stand (`codes.ts`); whoever opens a kernel puts them there before its first scan. */
  codesOf(view: View): Uint8Array;
};

const PAGE = 65_536;
const PAGES_MAX = 65_536;
/** Cases that `first` can give. */
const FIRST_MAX = 1_024;
/** Four cases to a vector register; places start at its size. */
const LANES = 4;
const ALIGN = 16;
/** Steps of the query's largest number: i16, less a bit so that no sum leaves i32 (384 · 127 · 32,767 does not). */
const QUERY_STEPS = 32_767;
/** What sums in f32 may lose of a cosine or a score. */
const ROUNDING = 1e-5;
/** No two unit vectors are nearer. */
const CEILING = 1 + ROUNDING;

/** The codes do not fit the memory that a WASM module can have. */
export class KernelTooLargeError extends Error {
  override readonly name = 'KernelTooLargeError';
}

/**
 * Lays out a memory for the codes of all views, and gives the scan over them. Throws `KernelTooLargeError`.
 * @param rows the case of each row
 * @param module `kernel.wasm`, compiled as the host can: from a file, or as a module that its bundler made of it
 */
export function openKernel(
  module: WebAssembly.Module,
  rows: Readonly<Record<View, Uint32Array>>,
  caseCount: number,
): FusedKernel {
  const cases = Math.ceil(caseCount / LANES) * LANES;
  let end = ALIGN;
  const place = (bytes: number): number => {
    const at = end;
    end = Math.ceil((at + bytes) / ALIGN) * ALIGN;
    return at;
  };
  const coded = {} as Record<View, Coded>;
  for (const view of VIEWS) {
    const count = rows[view].length;
    const codes = place(count * CODED_ROW_BYTES);
    const scales = codes + count * DIMENSION;
    coded[view] = {
      count,
      codes,
      scales,
      errors: scales + 4 * count,
      lengths: scales + 8 * count,
      rows: place(4 * count),
    };
  }
  const open = place(cases);
  const query = place(2 * DIMENSION);
  const scores = place(4 * cases);
  const column = () => place(4 * cases);
  const cosines = Object.fromEntries(VIEWS.map((view) => [view, column()])) as Record<View, number>;
  const ceilings = Object.fromEntries(VIEWS.map((view) => [view, column()])) as Record<View, number>;
  const agreements = Object.fromEntries(FACETS.map((facet) => [facet, column()])) as Record<Facet, number>;
  const words = column();
  const heap = { scores: place(4 * FIRST_MAX), ordinals: place(4 * FIRST_MAX) };
  if (end > PAGE * PAGES_MAX) {
    throw new KernelTooLargeError(`${caseCount} cases take ${end} bytes of codes, a scan can hold ${PAGE * PAGES_MAX}`);
  }
  const memory = new WebAssembly.Memory({ initial: Math.ceil(end / PAGE) });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const kernel = exports as Exports; // as `assembly/kernel.ts` declares them; a test builds it and compares
  const floats = (at: number, length: number) => new Float32Array(memory.buffer, at, length);

  for (const view of VIEWS) {
    new Uint32Array(memory.buffer, coded[view].rows, rows[view].length).set(rows[view]);
    const ceiling = floats(ceilings[view], caseCount).fill(Number.NaN);
    for (const ordinal of rows[view]) ceiling[ordinal] = CEILING;
  }

  /** The request that the columns stand for, and how far it has come. */
  type Begun = { readonly request: FusedRequest; readonly views: readonly View[]; readonly bounded: Set<View> };
  let begun: Begun | null = null;

  function boundView(view: View, vector: Float32Array): void {
    const { count, codes, scales, errors, lengths, rows } = coded[view];
    const { unit, length, error } = quantize(vector, new Int16Array(memory.buffer, query, DIMENSION));
    kernel.bound(codes, scales, errors, lengths, rows, count, open, query, unit, length, error, cosines[view]);
  }

  /** Scores from the columns at hand; a view that is not bounded yet stands at its ceiling. */
  function addUp({ plan, cheap, vectors }: FusedRequest, bounded: ReadonlySet<View>): void {
    floats(scores, caseCount).fill(ROUNDING);
    const add = (values: number, agreed: number, share: number, background: number, absent: number) => {
      const { zero, range } = scaleOf(background);
      kernel.addPart(open, scores, values, agreed, cases, share, zero, range, absent);
    };
    const columnOf = (view: View): number => {
      if (!vectors[view]) return 0;
      return bounded.has(view) ? cosines[view] : ceilings[view];
    };
    const { background, missing } = plan;
    for (const facet of FACETS) {
      const share = plan.facets[facet];
      if (share === undefined) continue;
      const agreed = cheap.agreement[facet] ? agreements[facet] : 0;
      add(columnOf(facet), agreed, share, background.dense[facet], missing[facet]);
    }
    if (plan.whole > 0) add(columnOf('whole'), 0, plan.whole, background.dense.whole, missing.whole);
    if (plan.lexical > 0 && cheap.lexical) add(words, 0, plan.lexical, background.lexical, 0);
  }

  const shareOf = ({ plan }: FusedRequest, view: View) => (view === 'whole' ? plan.whole : (plan.facets[view] ?? 0));

  function begin(request: FusedRequest): Begun {
    const { cheap, vectors, kept } = request;
    new Uint8Array(memory.buffer, open, caseCount).set(kept);
    const views = VIEWS.filter((view) => vectors[view] && shareOf(request, view) > 0);
    views.sort((a, b) => shareOf(request, b) - shareOf(request, a));
    for (const view of views) kernel.clear(cosines[view], cases);
    for (const facet of FACETS) {
      const agreement = cheap.agreement[facet];
      if (agreement) floats(agreements[facet], caseCount).set(agreement);
    }
    if (cheap.lexical) floats(words, caseCount).set(cheap.lexical);
    const started = { request, views, bounded: new Set<View>() };
    next(started);
    return started;
  }

  /** Bounds one more view, that with the largest share first, and adds the scores up. */
  function next({ request, views, bounded }: Begun): void {
    const view = views[bounded.size];
    const vector = view && request.vectors[view];
    if (vector) {
      boundView(view, vector);
      bounded.add(view);
    }
    addUp(request, bounded);
  }

  return {
    bytes: memory.buffer.byteLength,
    first(request, count) {
      begun = begin(request);
      const wanted = Math.min(count, FIRST_MAX);
      kernel.top(open, scores, cases, wanted, heap.scores, heap.ordinals);
      const found = new Uint32Array(memory.buffer, heap.ordinals, wanted);
      return [...found].filter((_, i) => (floats(heap.scores, wanted)[i] as number) >= 0);
    },
    scan(request, least) {
      const scanned = begun?.request === request ? begun : begin(request);
      begun = null;
      kernel.close(open, scores, caseCount, least);
      while (scanned.bounded.size < scanned.views.length) {
        next(scanned);
        kernel.close(open, scores, caseCount, least);
      }
      return {
        scores: floats(scores, caseCount),
        dense: Object.fromEntries(scanned.views.map((view) => [view, floats(cosines[view], caseCount)])),
        open: new Uint8Array(memory.buffer, open, caseCount),
      };
    },
    codesOf: (view) => new Uint8Array(memory.buffer, coded[view].codes, coded[view].count * CODED_ROW_BYTES),
  };
}

/** The query in whole steps of its largest number, with its length and the length of what rounding took. */
function quantize(
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
