import { FACETS, type Facet, VIEWS, type View } from '../../schema/vocabulary.ts';
import type { Leg } from './contract.ts';
import type { SearchSettings } from './settings.ts';

/**
 * Raw signals of one query against a list of cases (or of a list of random pairs), each an array over that list. NaN where the case
 * lacks the view; no entry where the query does or its leg is off.
 */
export type Signals = {
  readonly length: number;
  /** Cosines. */
  readonly dense: Readonly<Partial<Record<View, Float32Array>>>;
  /** Agreement of findings, in [0, 1]. */
  readonly agreement: Readonly<Partial<Record<Facet, Float32Array>>>;
  /** BM25 as a share of the query's best. */
  readonly lexical: Float32Array | null;
};

/** The mean signals of random pairs: the zero of every scale. */
export type Background = {
  readonly dense: Readonly<Record<View, number>>;
  readonly lexical: number;
};

export type Plan = {
  readonly background: Background;
  /** Share of the score of each facet that the query has; they and the two below add up to 1. */
  readonly facets: Readonly<Partial<Record<Facet, number>>>;
  readonly whole: number;
  readonly lexical: number;
  /** What a case without the facet (or without a vector of the whole) gets: the mean over random pairs that have it. */
  readonly missing: Readonly<Record<View, number>>;
};

/** A background this near to identity leaves no scale between the two: sums in f32 differ by as much. */
const SCALE_MIN = 1e-6;

/**
 * How far `value` has come from the background of random pairs to identity, in [0, 1]. The root spreads the low end, where cosines and
 * shares of words of different cases lie, and brings both to one scale: on the labelled development cases the plain sum then ranks
 * as well as rank fusion does, and unlike a rank it can be explained and calibrated. Where random pairs are identical, as in a corpus of
 * copies, a value says only whether it is identical too.
 */
export function evidence(value: number, background: number): number {
  if (1 - background < SCALE_MIN) return value >= background - SCALE_MIN ? 1 : 0;
  return Math.sqrt(Math.min(1, Math.max(0, (value - background) / (1 - background))));
}

/**
 * `evidence` as two factors, for a scan in f32: the root of (value - zero) · range, cut to [0, 1], is no less than it, and by no more than
 * the scan's own rounding.
 */
export function scaleOf(background: number): { readonly zero: number; readonly range: number } {
  if (1 - background < SCALE_MIN) return { zero: background - 2 * SCALE_MIN, range: 1 / SCALE_MIN };
  return { zero: background - SCALE_MIN, range: 1 / (1 - background) };
}

/** Score in [0, 1] of one facet for case `i`: the mean of what its legs say; null where the case has nothing in it. */
export function facetScore(signals: Signals, background: Background, facet: Facet, i: number): number | null {
  const cosine = signals.dense[facet]?.[i] ?? Number.NaN;
  const agreement = signals.agreement[facet]?.[i] ?? Number.NaN;
  const hasCosine = !Number.isNaN(cosine);
  const hasAgreement = !Number.isNaN(agreement);
  if (hasCosine && hasAgreement) return (evidence(cosine, background.dense[facet]) + agreement) / 2;
  if (hasCosine) return evidence(cosine, background.dense[facet]);
  return hasAgreement ? agreement : null;
}

export function wholeScore(signals: Signals, background: Background, i: number): number | null {
  const cosine = signals.dense.whole?.[i] ?? Number.NaN;
  return Number.isNaN(cosine) ? null : evidence(cosine, background.dense.whole);
}

export function lexicalScore(signals: Signals, background: Background, i: number): number {
  return evidence(signals.lexical?.[i] ?? 0, background.lexical);
}

export type Contributions = {
  readonly facets: Readonly<Partial<Record<Facet, number>>>;
  readonly whole: number;
  readonly lexical: number;
};

/** What each part adds to the score of case `i`. */
export function contributions(signals: Signals, plan: Plan, i: number): Contributions {
  const facets: Partial<Record<Facet, number>> = {};
  for (const facet of FACETS) {
    const share = plan.facets[facet];
    if (share === undefined) continue;
    facets[facet] = share * (facetScore(signals, plan.background, facet, i) ?? plan.missing[facet]);
  }
  return {
    facets,
    whole: plan.whole === 0 ? 0 : plan.whole * (wholeScore(signals, plan.background, i) ?? plan.missing.whole),
    lexical: plan.lexical === 0 ? 0 : plan.lexical * lexicalScore(signals, plan.background, i),
  };
}

/** The score: the sum of its contributions, formed in one fixed order so that it is the same wherever it is formed. */
export function totalOf({ facets, whole, lexical }: Contributions): number {
  let total = 0;
  for (const facet of FACETS) total += facets[facet] ?? 0;
  return total + whole + lexical;
}

/**
 * `totalOf(contributions(…))` of every case at once, by columns: the same additions in the same order, some twenty times as fast.
 */
export function scoresOf(signals: Signals, plan: Plan): Float64Array {
  const { length, dense, agreement, lexical } = signals;
  const { background, missing } = plan;
  const scores = new Float64Array(length);
  for (const facet of FACETS) {
    const share = plan.facets[facet];
    if (share === undefined) continue;
    const cosines = dense[facet];
    const agreements = agreement[facet];
    const zero = background.dense[facet];
    const absent = missing[facet];
    for (let i = 0; i < length; i += 1) {
      const cosine = cosines ? (cosines[i] as number) : Number.NaN;
      const agreed = agreements ? (agreements[i] as number) : Number.NaN;
      let score: number;
      if (Number.isNaN(cosine)) score = Number.isNaN(agreed) ? absent : agreed;
      else score = Number.isNaN(agreed) ? evidence(cosine, zero) : (evidence(cosine, zero) + agreed) / 2;
      scores[i] = (scores[i] as number) + share * score;
    }
  }
  if (plan.whole > 0) {
    const cosines = dense.whole;
    for (let i = 0; i < length; i += 1) {
      const cosine = cosines ? (cosines[i] as number) : Number.NaN;
      const score = Number.isNaN(cosine) ? missing.whole : evidence(cosine, background.dense.whole);
      scores[i] = (scores[i] as number) + plan.whole * score;
    }
  }
  if (plan.lexical > 0 && lexical) {
    for (let i = 0; i < length; i += 1) {
      scores[i] = (scores[i] as number) + plan.lexical * evidence(lexical[i] as number, background.lexical);
    }
  }
  return scores;
}

/** Which parts of a case a query is compared in: an entry for each view, null for words that are not. */
export type Asked = { readonly [Part in 'dense' | 'agreement']: Readonly<Partial<Record<View, unknown>>> } & {
  readonly lexical: unknown;
};

/** The signals that `asked` has too, so that others are scored by what it is scored by. */
export function heardBy(asked: Asked, signals: Signals): Signals {
  const dense: Partial<Record<View, Float32Array>> = {};
  const agreement: Partial<Record<Facet, Float32Array>> = {};
  for (const view of VIEWS) {
    const cosines = signals.dense[view];
    if (cosines && asked.dense[view] !== undefined) dense[view] = cosines;
  }
  for (const facet of FACETS) {
    const agreed = signals.agreement[facet];
    if (agreed && asked.agreement[facet] !== undefined) agreement[facet] = agreed;
  }
  return { length: signals.length, dense, agreement, lexical: asked.lexical === null ? null : signals.lexical };
}

function meanOf(values: Float32Array | null | undefined): number {
  let sum = 0;
  let count = 0;
  for (const value of values ?? []) {
    if (Number.isNaN(value)) continue;
    sum += value;
    count += 1;
  }
  return count === 0 ? 0 : sum / count;
}

/** What random pairs say, for one choice of legs. */
type Random = { readonly background: Background; readonly missing: Readonly<Record<View, number>> };

function randomOf(pairs: Signals, legs: readonly Leg[]): Random {
  const means = Object.fromEntries(VIEWS.map((view) => [view, meanOf(pairs.dense[view])])) as Record<View, number>;
  const background: Background = { dense: means, lexical: meanOf(pairs.lexical) };
  const heard: Signals = {
    ...pairs,
    dense: legs.includes('dense') ? pairs.dense : {},
    agreement: legs.includes('findings') ? pairs.agreement : {},
  };
  const missing = {} as Record<View, number>;
  for (const view of VIEWS) {
    let sum = 0;
    let count = 0;
    for (let i = 0; i < pairs.length; i += 1) {
      const score = view === 'whole' ? wholeScore(heard, background, i) : facetScore(heard, background, view, i);
      if (score === null) continue;
      sum += score;
      count += 1;
    }
    missing[view] = count === 0 ? 0 : sum / count;
  }
  return { background, missing };
}

/** The pairs of a release never change, so what they say is worked out once for each choice of legs. */
const randomByPairs = new WeakMap<Signals, Map<string, Random>>();

function randomFor(pairs: Signals, legs: readonly Leg[]): Random {
  const byLegs = randomByPairs.get(pairs) ?? new Map<string, Random>();
  randomByPairs.set(pairs, byLegs);
  const key = legs.join();
  const held = byLegs.get(key) ?? randomOf(pairs, legs);
  byLegs.set(key, held);
  return held;
}

/**
 * Shares the score out. A facet counts when the query has a signal in it; `weights` are relative. The parts whose legs are off or that
 * the query cannot use give their share to the others. `pairs` are signals of random pairs; `understood` in (0, 1] says how much of the query its
 * findings speak for, and the facets get so much of their share.
 */
export function planOf(
  settings: SearchSettings,
  asked: Asked,
  weights: Readonly<Record<Facet, number>>,
  legs: readonly Leg[],
  pairs: Signals,
  understood: number,
): Plan {
  const used = FACETS.filter(
    (facet) => weights[facet] > 0 && (asked.dense[facet] !== undefined || asked.agreement[facet] !== undefined),
  );
  const weightSum = used.reduce((sum, facet) => sum + weights[facet], 0);
  const parts = {
    facets: weightSum > 0 ? settings.shares.facets * understood : 0,
    whole: asked.dense.whole === undefined ? 0 : settings.shares.whole,
    lexical: asked.lexical === null ? 0 : settings.shares.lexical,
  };
  const partSum = parts.facets + parts.whole + parts.lexical || 1;
  const facets: Partial<Record<Facet, number>> = {};
  for (const facet of used) facets[facet] = (parts.facets / partSum) * (weights[facet] / weightSum);
  return { ...randomFor(pairs, legs), facets, whole: parts.whole / partSum, lexical: parts.lexical / partSum };
}
