import { type DiagnosisCategory, FACETS, type Facet } from '../../schema/vocabulary.ts';
import { ageGroupOf } from '../cases/age.ts';
import type { Confidence } from './contract.ts';
import { levelOf } from './levels.ts';
import type { ConfidenceFactor, SearchSettings } from './settings.ts';

/** What is known of a match, apart from its score. */
export type Match = {
  /** In [0, 100). */
  readonly percentile: number;
  /** Scores in [0, 1] of the facets that the query has; null where the case lacks one. */
  readonly facets: Readonly<Partial<Record<Facet, number | null>>>;
  readonly category: DiagnosisCategory;
  readonly rare: boolean;
  /** Of the case, in [0, 1]. */
  readonly completeness: number;
  readonly ageYears: number | null;
  readonly query: { readonly ageYears: number | null; readonly rare: boolean };
};

const STRONG_FACETS = 3;
const MISSING_FACETS = 2;
const COMPLETENESS_MIN = 0.5;
const ARRHYTHMIA_ECG_MIN = 0.6;
const RARE_SYMPTOMS_MIN = 0.55;

type Judge = (
  match: Match,
  settings: Pick<SearchSettings, 'levels' | 'leadWeightMin' | 'presets' | 'preset'>,
) => string | null;

/** Why a factor applies, in words; null where it does not. */
const FACTORS: Readonly<Record<ConfidenceFactor, Judge>> = {
  strong_facets({ facets }, settings) {
    const strong = FACETS.filter((facet) => {
      const level = levelOf(facet, facets[facet] ?? null, settings);
      return level === 'strong' || level === 'critical';
    });
    return strong.length >= STRONG_FACETS ? `strong in ${strong.join(', ')}` : null;
  },
  missing_facets({ facets }, { leadWeightMin, presets, preset }) {
    const missing = FACETS.filter((facet) => facets[facet] === null && presets[preset][facet] >= leadWeightMin);
    return missing.length >= MISSING_FACETS ? `the case says nothing of ${missing.join(' and ')}` : null;
  },
  both_rare: ({ rare, query }) => (rare && query.rare ? 'both cases are rare' : null),
  incomplete: ({ completeness }) =>
    completeness < COMPLETENESS_MIN
      ? `the case holds ${Math.round(100 * completeness)} % of what a full report has`
      : null,
  arrhythmia_without_ecg({ category, facets }) {
    const ecg = facets.ecg ?? null;
    return category === 'arrhythmia' && ecg !== null && ecg < ARRHYTHMIA_ECG_MIN
      ? `an arrhythmia whose ECG agrees by ${ecg.toFixed(2)} only`
      : null;
  },
  rare_without_symptoms({ rare, facets }) {
    const symptoms = facets.symptoms ?? null;
    return rare && symptoms !== null && symptoms < RARE_SYMPTOMS_MIN
      ? `a rare case whose symptoms agree by ${symptoms.toFixed(2)} only`
      : null;
  },
  other_age_group({ ageYears, query }) {
    if (ageYears === null || query.ageYears === null) return null;
    const [own, asked] = [ageGroupOf(ageYears), ageGroupOf(query.ageYears)];
    return own === asked ? null : `aged ${own}, not ${asked}`;
  },
};

/**
 * How far a match may be relied on: the share of random pairs that it beats, changed by the factors that are switched on; the
 * others are told and change nothing.
 */
export function confidenceOf(
  match: Match,
  settings: Pick<SearchSettings, 'confidence' | 'levels' | 'leadWeightMin' | 'presets' | 'preset'>,
): Confidence {
  const factors = (Object.keys(FACTORS) as ConfidenceFactor[]) // the keys of a record of factors
    .flatMap((name) => {
      const { on, change } = settings.confidence[name];
      const reason = FACTORS[name](match, settings);
      return reason === null ? [] : [{ name, change: on ? change : 0, reason }];
    });
  const value = factors.reduce((sum, { change }) => sum + change, match.percentile / 100);
  return { value: Math.min(1, Math.max(0, value)), factors };
}
