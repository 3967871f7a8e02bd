import { adjusted, adjustmentsFor } from '../../../core/search/adjust.ts';
import { inverseFrequency } from '../../../core/search/lexical.ts';
import type { Release } from '../../../core/search/release.ts';
import { planOf, type Signals, scoresOf } from '../../../core/search/score.ts';
import { type AdjustmentRule, SETTINGS } from '../../../core/search/settings.ts';
import { termCounts } from '../../../core/search/terms.ts';
import { VARIANTS, type Variant } from '../../../core/search/variants.ts';
import type { Heard } from './heard.ts';

/** Scores of every case for one question; higher is better. */
export type Ranker = {
  readonly name: string;
  readonly scores: (heard: Heard) => Float64Array;
  /** Cases of one document stand as one. */
  readonly folds?: boolean;
};

/** What is left of the signals when only some legs run, as the search itself leaves it. */
function ofLegs(signals: Signals, legs: Variant['legs']): Signals {
  return {
    length: signals.length,
    dense: legs.includes('dense') ? signals.dense : {},
    agreement: legs.includes('findings') ? signals.agreement : {},
    lexical: legs.includes('lexical') ? signals.lexical : null,
  };
}

export function variantRanker(release: Release, { name, legs, settings, weights }: Variant): Ranker {
  const preset = settings.presets[settings.preset];
  const chosen = weights ? { symptoms: 0, ecg: 0, labs: 0, demographics: 0, imaging: 0, ...weights } : preset;
  return {
    name,
    scores({ signals, understood, query }) {
      const moved = weights ? chosen : adjusted(chosen, adjustmentsFor(query.extracted, settings), settings);
      const heard = ofLegs(signals, legs);
      return scoresOf(heard, planOf(settings, heard, moved, legs, release.pairs, understood));
    },
  };
}

/** Cosine of log-frequency vectors with idf, the usual comparison. Only here: nothing in the product ranks by it. */
function tfidfRanker({ lexical, cards }: Release): Ranker {
  const idf = (id: number) =>
    inverseFrequency(lexical.caseCount, (lexical.termStart[id + 1] ?? 0) - (lexical.termStart[id] ?? 0));
  const squares = new Float64Array(cards.count);
  for (let id = 0; id < lexical.termOf.size; id += 1) {
    for (let at = lexical.termStart[id] ?? 0; at < (lexical.termStart[id + 1] ?? 0); at += 1) {
      const ordinal = lexical.cases[at] ?? 0;
      squares[ordinal] = (squares[ordinal] ?? 0) + ((1 + Math.log(lexical.counts[at] ?? 1)) * idf(id)) ** 2;
    }
  }
  const scores = ({ question }: Heard): Float64Array => {
    const sums = new Float64Array(cards.count);
    for (const [term, count] of termCounts(question.text)) {
      const id = lexical.termOf.get(term);
      if (id === undefined) continue;
      const weight = (1 + Math.log(count)) * idf(id) ** 2;
      for (let at = lexical.termStart[id] ?? 0; at < (lexical.termStart[id + 1] ?? 0); at += 1) {
        const ordinal = lexical.cases[at] ?? 0;
        sums[ordinal] = (sums[ordinal] ?? 0) + weight * (1 + Math.log(lexical.counts[at] ?? 1));
      }
    }
    return sums.map((sum, i) => sum / Math.sqrt(squares[i] || 1));
  };
  return { name: 'TF-IDF cosine alone', scores };
}

/** Cormack, Clarke and Büttcher 2009, Reciprocal rank fusion. */
const RRF_K = 60;

function ranksOf(scores: Float64Array | Float32Array): Uint32Array {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => {
    return (scores[b] as number) - (scores[a] as number) || a - b;
  });
  const ranks = new Uint32Array(scores.length);
  for (const [rank, ordinal] of order.entries()) ranks[ordinal] = rank + 1;
  return ranks;
}

function fusionRanker(name: string, rankers: readonly Ranker[]): Ranker {
  return {
    name,
    scores(heard) {
      const fused = new Float64Array(heard.signals.length);
      for (const { scores } of rankers)
        for (const [ordinal, rank] of ranksOf(scores(heard)).entries())
          fused[ordinal] = (fused[ordinal] as number) + 1 / (RRF_K + rank);
      return fused;
    },
  };
}

/** Rules that a search may be told to follow, each switched on alone. */
function ruleVariants(): readonly Variant[] {
  const { adjustments } = SETTINGS;
  return (Object.keys(adjustments) as AdjustmentRule[]) // the keys of a record of rules
    .map((rule) => ({
      name: `with ${rule.replaceAll('_', ' ')}`,
      legs: SETTINGS.legs,
      settings: { ...SETTINGS, adjustments: { ...adjustments, [rule]: { ...adjustments[rule], on: true } } },
    }));
}

/** The default with facets at one share whatever was understood of the query: what a constant does. */
const CONSTANT = 0.5;

/** Everything that the table compares; the first is the default, which the others are paired with. */
export function rankersOf(release: Release): readonly Ranker[] {
  const variants = VARIANTS.map((variant) => variantRanker(release, variant));
  const named = (name: string): Ranker => {
    const found = variants.find((one) => one.name === name);
    if (!found) throw new Error(`no variant is called ${name}`);
    return found;
  };
  const [words, whole, facets] = [named('words alone'), named('whole text alone'), named('facets alone')];
  const rules = ruleVariants().map((variant) => variantRanker(release, variant));
  const [standard] = variants;
  if (!standard) throw new Error('there is no default');
  const constant = (heard: Heard) => standard.scores({ ...heard, understood: CONSTANT });
  return [
    ...variants,
    ...rules,
    { name: 'facets whatever was understood', scores: constant },
    { ...standard, name: 'cases of one document folded', folds: true },
    tfidfRanker(release),
    fusionRanker('rank fusion of words and whole text', [words, whole]),
    fusionRanker('rank fusion of words, whole text, facets', [words, whole, facets]),
  ];
}

/** Ordinals of the best `k` kept cases, best first; equal scores by ordinal, as in the search. */
export function bestOf(scores: Float64Array, kept: Uint8Array, k: number): readonly number[] {
  const candidates: number[] = [];
  const sorted = Float64Array.from(scores.filter((_, i) => kept[i] === 1)).sort();
  const least = sorted[Math.max(0, sorted.length - k)] ?? Number.POSITIVE_INFINITY;
  for (let i = 0; i < scores.length; i += 1) if (kept[i] === 1 && (scores[i] as number) >= least) candidates.push(i);
  return candidates.sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b).slice(0, k);
}
