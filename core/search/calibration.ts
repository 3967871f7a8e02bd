import { FACETS, type Facet, VIEWS, type View } from '../../schema/vocabulary.ts';
import { hashOf, seeded } from '../models/builtin-numbers.ts';
import { arrayOf, packArrays, unpackArrays } from './binary.ts';
import type { Cards } from './cards.ts';
import type { ReleaseCase } from './contract.ts';
import { agreementScores, type FindingIndex } from './findings.ts';
import { type LexicalIndex, lexicalQuery, lexicalScores, lexicalText } from './lexical.ts';
import { planOf, type Signals, scoresOf } from './score.ts';
import { SETTINGS } from './settings.ts';

/** Cases that stand as query, and partners of each: 8,192 pairs, so a percentile is good to about 0.01. */
const QUERIES = 128;
const PARTNERS = 64;
const SAMPLE_MAX = 512;
const SEED = 0xca11b;

export type Sampled = {
  readonly ordinal: number;
  readonly caseId: string;
  readonly theCase: ReleaseCase | null;
};
export type Sample = { readonly ordinal: number; readonly theCase: ReleaseCase };

/** Keeps the cases whose ids have the smallest hashes: a random sample that is the same in every run. */
export function createSampler(): {
  /** `theCase` is null where it has to be read again. */
  add(ordinal: number, caseId: string, theCase: ReleaseCase | null): void;
  sample(): readonly Sampled[];
} {
  let held: (Sampled & { readonly hash: number })[] = [];
  const cut = () => {
    held = held.sort((a, b) => a.hash - b.hash || a.ordinal - b.ordinal).slice(0, SAMPLE_MAX);
  };
  return {
    add(ordinal, caseId, theCase) {
      held.push({ ordinal, caseId, theCase, hash: hashOf(caseId, SEED) });
      if (held.length >= 2 * SAMPLE_MAX) cut();
    },
    sample() {
      cut();
      return held;
    },
  };
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** Signals of seeded random pairs of the sample: the first of a pair as the query, as in a search by case id. */
export function pairSignals(
  sample: readonly Sample[],
  lexical: LexicalIndex,
  findings: FindingIndex,
  cards: Cards,
): Signals {
  const random = seeded(SEED);
  const partners = Math.min(PARTNERS, sample.length - 1);
  const queries = partners < 1 ? [] : sample.slice(0, QUERIES);
  const length = queries.length * Math.max(0, partners);
  const empty = () => new Float32Array(length).fill(Number.NaN);
  const dense = Object.fromEntries(VIEWS.map((view) => [view, empty()])) as Record<View, Float32Array>;
  const agreement = Object.fromEntries(FACETS.map((facet) => [facet, empty()])) as Record<Facet, Float32Array>;
  const lexicalPairs = new Float32Array(length);
  let pair = 0;
  for (const [place, query] of queries.entries()) {
    const { extracted, vectors } = query.theCase;
    const words = lexicalScores(
      lexical,
      lexicalQuery(lexical, lexicalText(extracted.text, extracted), SETTINGS.bm25),
      SETTINGS.bm25,
    );
    const agreed = agreementScores(findings, cards, extracted);
    for (let i = 0; i < partners; i += 1) {
      const step = 1 + Math.floor(((random() + 1) / 2) * (sample.length - 1));
      const partner = sample[(place + step) % sample.length];
      if (!partner) continue;
      for (const view of VIEWS) {
        const [a, b] = [vectors[view], partner.theCase.vectors[view]];
        if (a && b) dense[view][pair] = dot(a, b);
      }
      for (const facet of FACETS) agreement[facet][pair] = agreed[facet]?.[partner.ordinal] ?? Number.NaN;
      lexicalPairs[pair] = words[partner.ordinal] ?? 0;
      pair += 1;
    }
  }
  return { length, dense, agreement, lexical: lexicalPairs };
}

export function encodePairs(pairs: Signals): Uint8Array {
  const arrays: Record<string, Float32Array> = { lexical: pairs.lexical ?? new Float32Array(pairs.length) };
  for (const [view, values] of Object.entries(pairs.dense)) arrays[`dense.${view}`] = values;
  for (const [facet, values] of Object.entries(pairs.agreement)) arrays[`agreement.${facet}`] = values;
  return packArrays(arrays);
}

/** Throws `ReleaseFormatError`. */
export function decodePairs(bytes: Uint8Array): Signals {
  const unpacked = unpackArrays('calibration.bin', bytes);
  const lexical = arrayOf(unpacked, 'lexical', Float32Array);
  const dense: Partial<Record<View, Float32Array>> = {};
  for (const view of VIEWS) dense[view] = arrayOf(unpacked, `dense.${view}`, Float32Array);
  const agreement: Partial<Record<Facet, Float32Array>> = {};
  for (const facet of FACETS) agreement[facet] = arrayOf(unpacked, `agreement.${facet}`, Float32Array);
  return { length: lexical.length, dense, agreement, lexical };
}

/** Of a usual case some third of its words are findings (`understoodShare`). */
const UNDERSTOOD_USUAL = 0.35;

const PERCENTS = [1, 5, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.99] as const;

function percentiles(values: Iterable<number>): Readonly<Record<string, number>> | null {
  const sorted = Float64Array.from([...values].filter((value) => !Number.isNaN(value))).sort();
  if (sorted.length === 0) return null;
  const at = (percent: number) => sorted[Math.min(sorted.length - 1, Math.floor((percent / 100) * sorted.length))] ?? 0;
  return Object.fromEntries(PERCENTS.map((percent) => [String(percent), Number(at(percent).toFixed(6))]));
}

/** `calibration.json`: for people; percentiles of random pairs by view, of words, and of the default score. */
export function calibrationSummary(pairs: Signals): object {
  const weights = SETTINGS.presets[SETTINGS.preset];
  const plan = planOf(SETTINGS, pairs, weights, SETTINGS.legs, pairs, UNDERSTOOD_USUAL);
  return {
    settings: SETTINGS.version,
    pairs: pairs.length,
    cosine: Object.fromEntries(VIEWS.map((view) => [view, percentiles(pairs.dense[view] ?? [])])),
    agreement: Object.fromEntries(FACETS.map((facet) => [facet, percentiles(pairs.agreement[facet] ?? [])])),
    lexical: percentiles(pairs.lexical ?? []),
    composite: percentiles(scoresOf(pairs, plan)),
  };
}
