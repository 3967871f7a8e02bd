import { FACETS, type Facet, VIEWS, type View } from '../../../schema/vocabulary.ts';
import { DIMENSION } from '../../models/ports.ts';
import type { ViewVectors } from '../dense.ts';
import { type Plan, type Signals, scaleOf } from '../score.ts';

/** What `assembly/kernel.ts` exports, once built; every place is a byte offset into the memory that it was given. */
type Exports = {
  pack(source: number, count: number, codes: number, scales: number, errors: number, lengths: number): void;
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

/**
 * Called when the view with the largest share is bounded and the others are at their ceiling: gives the score that an answer must
 * reach, and closes the cases whose exact score it found.
 */
export type Reach = (bounds: FusedBounds) => number;

/** All facets of a release in one WASM memory, scanned at once. */
export type FusedKernel = { readonly bytes: number; scan(request: FusedRequest, reach: Reach): FusedBounds };

const PAGE = 65_536;
/** Four cases to a vector register; places start at its size. */
const LANES = 4;
const ALIGN = 16;
const PACKED_ROWS = 1_024;
/** Steps of the query's largest number: i16, less a bit so that no sum leaves i32 (384 · 127 · 32,767 does not). */
const QUERY_STEPS = 32_767;
/** What sums in f32 may lose of a cosine or a score. */
const ROUNDING = 1e-5;
/** No two unit vectors are nearer. */
const CEILING = 1 + ROUNDING;

/**
 * Lays the codes of all views out in a memory of their own and gives the scan over them.
 * @param module `kernel.wasm`, compiled as the host can: from a file, or as a module that its bundler made of it
 */
export function openKernel(
  module: WebAssembly.Module,
  views: Readonly<Record<View, ViewVectors>>,
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
    const count = views[view].rows.length;
    coded[view] = {
      count,
      codes: place(count * DIMENSION),
      scales: place(4 * count),
      errors: place(4 * count),
      lengths: place(4 * count),
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
  const source = place(4 * DIMENSION * PACKED_ROWS);
  const memory = new WebAssembly.Memory({ initial: Math.ceil(end / PAGE) });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const kernel = exports as Exports; // as `assembly/kernel.ts` declares them; a test builds it and compares
  const floats = (at: number, length: number) => new Float32Array(memory.buffer, at, length);

  for (const view of VIEWS) {
    const { rows, vectors } = views[view];
    const { codes, scales, errors, lengths } = coded[view];
    new Uint32Array(memory.buffer, coded[view].rows, rows.length).set(rows);
    const ceiling = floats(ceilings[view], caseCount).fill(Number.NaN);
    for (const ordinal of rows) ceiling[ordinal] = CEILING;
    for (let from = 0; from < rows.length; from += PACKED_ROWS) {
      const count = Math.min(PACKED_ROWS, rows.length - from);
      const numbers = vectors.subarray(from * DIMENSION, (from + count) * DIMENSION);
      floats(source, numbers.length).set(numbers);
      const at = 4 * from;
      kernel.pack(source, count, codes + from * DIMENSION, scales + at, errors + at, lengths + at);
    }
  }

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

  function scan(request: FusedRequest, reach: Reach): FusedBounds {
    const { plan, cheap, vectors } = request;
    const share = (view: View) => (view === 'whole' ? plan.whole : (plan.facets[view] ?? 0));
    const views = VIEWS.filter((view) => vectors[view] && share(view) > 0).sort((a, b) => share(b) - share(a));
    const bounds: FusedBounds = {
      scores: floats(scores, caseCount),
      dense: Object.fromEntries(views.map((view) => [view, floats(cosines[view], caseCount)])),
      open: new Uint8Array(memory.buffer, open, caseCount),
    };
    bounds.open.set(request.kept);
    for (const view of views) kernel.clear(cosines[view], cases);
    for (const facet of FACETS) {
      const agreement = cheap.agreement[facet];
      if (agreement) floats(agreements[facet], caseCount).set(agreement);
    }
    if (cheap.lexical) floats(words, caseCount).set(cheap.lexical);
    const bounded = new Set<View>();
    const narrow = (least: number) => kernel.close(open, scores, caseCount, least);
    let least: number | null = null;
    for (const view of views.length > 0 ? views : [null]) {
      const vector = view && vectors[view];
      if (vector) {
        boundView(view, vector);
        bounded.add(view);
      }
      addUp(request, bounded);
      least ??= reach(bounds);
      narrow(least);
    }
    return bounds;
  }
  return { bytes: memory.buffer.byteLength, scan };
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
