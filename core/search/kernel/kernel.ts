import { FACETS, VIEWS, type View } from '../../../schema/vocabulary.ts';
import { DIMENSION } from '../../models/ports.ts';
import type { ViewRows } from '../dense.ts';
import { type Plan, type Signals, scaleOf } from '../score.ts';
import { CODED_ROW_BYTES } from './codes.ts';
import { type Columns, layOut, SOME_MAX } from './module.ts';
import { quantize, TABLE_BYTES, tablesInto } from './numbers.ts';

export { KernelTooLargeError } from './module.ts';

/** What one fused scan takes: signals that exist for every case, and the query's vectors. */
export type FusedRequest = {
  readonly plan: Plan;
  readonly cheap: Omit<Signals, 'dense'>;
  readonly vectors: Readonly<Partial<Record<View, Float32Array>>>;
  /** 1 for the cases that may be answers. */
  readonly kept: Uint8Array;
};

/**
 * Bounds over every case that is still in question. The arrays are places of the kernel's memory: they hold until the next call.
 * `scores`: no less than the score of the case; `dense`: no less than its cosine, NaN where it lacks the view.
 */
export type FusedBounds = {
  readonly scores: Float32Array;
  readonly dense: Readonly<Partial<Record<View, Float32Array>>>;
  /** 1 for the cases in question: kept, and able to reach what an answer must. */
  readonly open: Uint8Array;
};

/** A case and a score that it does not exceed. */
export type Bounded = { readonly ordinal: number; readonly bound: number };

/** Some cases, by ascending ordinal, and for each a score that it does not exceed. */
export type Chosen = { readonly ordinals: Uint32Array; readonly bounds: Float32Array };

/** All facets of a release in one WASM memory, scanned at once. */
export type FusedKernel = {
  readonly bytes: number;
  /** Whether `coarse` can be asked. */
  readonly hasCoarse: boolean;
  /** Some kept cases that are likely to be answers, highest bound first. */
  first(request: FusedRequest, count: number): readonly Bounded[];
  /** Bounds over the cases that can reach `least`. Faster after `first` of the same request, whatever came between. */
  scan(request: FusedRequest, least: number): FusedBounds;
  /** The kept cases that are best by their sign bits, at most `width` of them: others may be better. */
  coarse(request: FusedRequest, width: number): Chosen;
  /** Where a view's codes stand (`codes.ts`): whoever opens a kernel puts them there, then calls `ready`. */
  codesOf(view: View): Uint8Array;
  ready(): void;
};

/** What sums in f32 may lose of a cosine or a score. */
const ROUNDING = 1e-5;
/** No two unit vectors are nearer. */
const CEILING = 1 + ROUNDING;
/** Cases that are bounded in every view for one that `first` gives. */
const LOOKED_AT = 8;

/** The request that the columns stand for, and how far it has come. */
type Begun = { readonly request: FusedRequest; readonly views: readonly View[]; readonly bounded: Set<View> };

/**
 * Makes room for the codes of all views and gives the scan over them. Throws `KernelTooLargeError`.
 * @param module `kernel.wasm`, compiled as the host can: from a file, or as a module that its bundler made of it
 */
export function openKernel(
  module: WebAssembly.Module,
  views: Readonly<Record<View, ViewRows>>,
  caseCount: number,
  options: { readonly coarse: boolean } = { coarse: false },
): FusedKernel {
  const layout = layOut(module, views, caseCount, options.coarse);
  const { memory, kernel, coded, all, some } = layout;
  const floats = (at: number, length: number) => new Float32Array(memory.buffer, at, length);
  let begun: Begun | null = null;

  for (const view of VIEWS) {
    const { rows } = views[view];
    new Uint32Array(memory.buffer, coded[view].rows, rows.length).set(rows);
    const ceiling = floats(layout.ceilings[view], caseCount).fill(Number.NaN);
    for (const ordinal of rows) ceiling[ordinal] = CEILING;
  }

  const shareOf = ({ plan }: FusedRequest, view: View) => (view === 'whole' ? plan.whole : (plan.facets[view] ?? 0));
  const quantized = (vector: Float32Array) => quantize(vector, new Int16Array(memory.buffer, layout.query, DIMENSION));

  /** Puts what is known of every case in its columns; gives the views that the request has a vector in, largest share first. */
  function load(request: FusedRequest): readonly View[] {
    const { cheap, vectors, kept } = request;
    new Uint8Array(memory.buffer, all.open, caseCount).set(kept);
    for (const facet of FACETS) {
      const agreement = cheap.agreement[facet];
      if (agreement) floats(all.agreements[facet], caseCount).set(agreement);
    }
    if (cheap.lexical) floats(all.words, caseCount).set(cheap.lexical);
    const asked = VIEWS.filter((view) => vectors[view] && shareOf(request, view) > 0);
    return asked.sort((a, b) => shareOf(request, b) - shareOf(request, a));
  }

  /** Scores from columns; `cosinesOf` is the place of a view's cosines, 0 for none. */
  function addUp({ plan, cheap }: FusedRequest, columns: Columns, cosinesOf: (view: View) => number): void {
    const { open, scores, agreements, words, count } = columns;
    const { background, missing } = plan;
    const facets = FACETS.map((facet) => ({
      share: plan.facets[facet] ?? 0,
      cosines: cosinesOf(facet),
      agreed: cheap.agreement[facet] ? agreements[facet] : 0,
      from: background.dense[facet],
      absent: missing[facet],
    }));
    const whole = { cosines: cosinesOf('whole'), agreed: 0, from: background.dense.whole, absent: missing.whole };
    const parts = [...facets, { ...whole, share: plan.whole }];
    // What is the same for every case needs no column.
    const same = parts.filter(({ cosines, agreed }) => cosines === 0 && agreed === 0);
    floats(scores, count).fill(same.reduce((sum, { share, absent }) => sum + share * absent, ROUNDING));
    const add = (cosines: number, agreed: number, share: number, from: number, absent: number) => {
      const { zero, range } = scaleOf(from);
      kernel.addPart(open, scores, cosines, agreed, count, share, zero, range, absent);
    };
    for (const { share, cosines, agreed, from, absent } of parts) {
      if (share > 0 && (cosines !== 0 || agreed !== 0)) add(cosines, agreed, share, from, absent);
    }
    if (plan.lexical > 0 && cheap.lexical) add(words, 0, plan.lexical, background.lexical, 0);
  }

  function begin(request: FusedRequest): Begun {
    const asked = load(request);
    for (const view of asked) kernel.clear(all.cosines[view], all.count);
    const started = { request, views: asked, bounded: new Set<View>() };
    next(started);
    return started;
  }

  /** Bounds one more view, that with the largest share first, and adds the scores up; the others stand at their ceiling. */
  function next({ request, views: asked, bounded }: Begun): void {
    const view = asked[bounded.size];
    const vector = view && request.vectors[view];
    if (vector) {
      const { count, codes, scales, errors, lengths, rows } = coded[view];
      const { unit, length, error } = quantized(vector);
      const [open, out] = [all.open, all.cosines[view]];
      kernel.bound(codes, scales, errors, lengths, rows, count, open, layout.query, unit, length, error, out);
      bounded.add(view);
    }
    addUp(request, all, (one) => {
      if (!request.vectors[one]) return 0;
      return bounded.has(one) ? all.cosines[one] : layout.ceilings[one];
    });
  }

  /** Cases with the highest scores of the columns at hand, bounded in every view that is asked. */
  function best(request: FusedRequest, asked: readonly View[], wanted: number): Chosen {
    const width = Math.min(wanted, SOME_MAX, caseCount);
    const least = kernel.level(all.open, all.scores, all.count, width, layout.counts);
    const args = [all.open, all.scores, all.count, width, least, layout.counts, layout.chosen] as const;
    const ordinals = new Uint32Array(memory.buffer, layout.chosen, kernel.choose(...args)).slice();
    const count = ordinals.length;
    const gather = (from: number, to: number) => {
      const [source, target] = [floats(from, caseCount), floats(to, count)];
      for (let i = 0; i < count; i += 1) target[i] = source[ordinals[i] as number] as number;
    };
    for (const facet of FACETS)
      if (request.cheap.agreement[facet]) gather(all.agreements[facet], some.agreements[facet]);
    if (request.cheap.lexical) gather(all.words, some.words);
    new Uint8Array(memory.buffer, some.open, some.count).fill(1);
    const chosen = new Int32Array(memory.buffer, layout.chosen, count);
    for (const view of asked) {
      const vector = request.vectors[view];
      if (!vector) continue;
      const { codes, scales, errors, lengths } = coded[view];
      const { rowOf } = views[view];
      for (let i = 0; i < count; i += 1) chosen[i] = rowOf[ordinals[i] as number] as number;
      const { unit, length, error } = quantized(vector);
      const [at, out] = [layout.chosen, some.cosines[view]];
      kernel.boundSome(codes, scales, errors, lengths, at, count, layout.query, unit, length, error, out);
    }
    addUp(request, some, (view) => (asked.includes(view) ? some.cosines[view] : 0));
    return { ordinals, bounds: floats(some.scores, count).slice() };
  }

  /** Scores of all cases by sign bits: what a row says replaces what stands for a case that has none. */
  function estimate(request: FusedRequest, asked: readonly View[]): void {
    const { plan, cheap, vectors } = request;
    addUp(request, all, () => 0);
    for (const view of asked) {
      const vector = vectors[view];
      if (!vector) continue;
      const { unit, offset } = tablesInto(vector, new Uint8Array(memory.buffer, layout.tables, TABLE_BYTES));
      const { zero, range } = scaleOf(plan.background.dense[view]);
      kernel.estimate(
        coded[view].signs,
        coded[view].factors,
        coded[view].rows,
        coded[view].count,
        all.open,
        layout.tables,
        unit,
        offset,
        zero,
        range,
        view !== 'whole' && cheap.agreement[view] ? all.agreements[view] : 0,
        shareOf(request, view),
        plan.missing[view],
        layout.block,
        all.scores,
      );
    }
  }

  return {
    bytes: memory.buffer.byteLength,
    hasCoarse: options.coarse,
    first(request, count) {
      begun = begin(request);
      return highest(best(request, begun.views, LOOKED_AT * count), count);
    },
    scan(request, least) {
      const scanned = begun?.request === request ? begun : begin(request);
      begun = null;
      kernel.close(all.open, all.scores, all.count, least);
      while (scanned.bounded.size < scanned.views.length) {
        next(scanned);
        kernel.close(all.open, all.scores, all.count, least);
      }
      return {
        scores: floats(all.scores, caseCount),
        dense: Object.fromEntries(scanned.views.map((view) => [view, floats(all.cosines[view], caseCount)])),
        open: new Uint8Array(memory.buffer, all.open, caseCount),
      };
    },
    coarse(request, width) {
      if (!options.coarse) throw new Error('a kernel that was opened without sign bits has no coarse scan');
      begun = null;
      const asked = load(request);
      estimate(request, asked);
      return best(request, asked, width);
    },
    codesOf: (view) => new Uint8Array(memory.buffer, coded[view].codes, coded[view].count * CODED_ROW_BYTES),
    ready() {
      if (!options.coarse) return;
      for (const view of VIEWS) {
        const { codes, scales, count, signs, factors } = coded[view];
        kernel.signs(codes, scales, count, signs, factors);
      }
    },
  };
}

/** The `count` highest, highest first; of equal ones the first. */
export function highest(chosen: Chosen, count: number): readonly Bounded[] {
  return reachingOf(chosen, leastOf(chosen.bounds, count)).slice(0, count);
}

/** The lowest of the `count` highest, by insertion: few of many are ever held. Below any where there are fewer. */
function leastOf(bounds: Float32Array, count: number): number {
  const held = new Float32Array(count).fill(Number.NEGATIVE_INFINITY);
  for (const bound of bounds) {
    if (!(bound > (held[0] as number))) continue;
    let at = 1;
    for (; at < count && (held[at] as number) < bound; at += 1) held[at - 1] = held[at] as number;
    held[at - 1] = bound;
  }
  return held[0] ?? Number.POSITIVE_INFINITY;
}

/** Those whose bound is at least `least`, highest first; of equal ones the first. */
export function reachingOf({ ordinals, bounds }: Chosen, least: number): readonly Bounded[] {
  const reaching: Bounded[] = [];
  for (let i = 0; i < ordinals.length; i += 1) {
    const bound = bounds[i] as number;
    if (bound >= least) reaching.push({ ordinal: ordinals[i] as number, bound });
  }
  return reaching.sort((a, b) => b.bound - a.bound || a.ordinal - b.ordinal);
}
