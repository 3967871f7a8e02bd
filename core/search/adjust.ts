import { FACETS, type Facet } from '../../schema/vocabulary.ts';
import type { ExtractedCase, Finding } from '../cases/case.ts';
import type { Adjustment } from './contract.ts';
import type { AdjustmentRule, SearchSettings } from './settings.ts';

/** Different findings of the ECG from which it counts as told in detail. */
const ECG_DETAILED = 3;
/** Values outside of their range from which the laboratory counts as abnormal. */
const LABS_ABNORMAL = 2;
/** Different findings of imaging from which it may be the main modality. */
const IMAGING_MAIN = 3;
const ADULT_YEARS = 18;

type Case = Pick<ExtractedCase, 'facets' | 'patient'>;

const stated = ({ assertion }: Finding): boolean => assertion === 'present' || assertion === 'possible';

function termsStated({ facets }: Case, facet: Facet, which: (finding: Finding) => boolean = () => true): number {
  const findings = facets[facet]?.findings ?? [];
  return new Set(findings.filter((one) => stated(one) && which(one)).map(({ term }) => term)).size;
}

/** Why a rule holds for a query, in words; null where it does not. */
const HOLDS: Readonly<Record<AdjustmentRule, (query: Case) => string | null>> = {
  detailed_ecg(query) {
    const found = termsStated(query, 'ecg');
    return found >= ECG_DETAILED ? `${found} findings of the ECG` : null;
  },
  abnormal_labs(query) {
    const found = termsStated(query, 'labs', ({ flag }) => flag !== undefined && flag !== 'normal');
    return found >= LABS_ABNORMAL ? `${found} laboratory values outside of their range` : null;
  },
  paediatric({ patient }) {
    return patient.ageYears !== null && patient.ageYears < ADULT_YEARS ? `the patient is under ${ADULT_YEARS}` : null;
  },
  imaging_main(query) {
    const found = termsStated(query, 'imaging');
    const isMain = FACETS.every((facet) => facet === 'imaging' || termsStated(query, facet) < found);
    return found >= IMAGING_MAIN && isMain ? `${found} findings of imaging, more than of anything else` : null;
  },
};

/** The rules that hold for a query, whether they are switched on or not. */
export function adjustmentsFor(
  query: Case,
  { adjustments }: Pick<SearchSettings, 'adjustments'>,
): readonly Adjustment[] {
  return (Object.keys(HOLDS) as AdjustmentRule[]) // the keys of a record of rules
    .flatMap((rule) => {
      const reason = HOLDS[rule](query);
      return reason === null ? [] : [{ rule, reason, applied: adjustments[rule].on }];
    });
}

/** Weights moved by the rules that are applied, none below zero; they add up to 1 again. */
export function adjusted(
  weights: Readonly<Record<Facet, number>>,
  found: readonly Adjustment[],
  { adjustments }: Pick<SearchSettings, 'adjustments'>,
): Record<Facet, number> {
  const applied = found.filter(({ applied }) => applied);
  const moved = FACETS.map((facet) => {
    const change = applied.reduce((sum, { rule }) => sum + (adjustments[rule as AdjustmentRule].change[facet] ?? 0), 0);
    return Math.max(0, weights[facet] + change);
  });
  const total = moved.reduce((sum, weight) => sum + weight, 0);
  return Object.fromEntries(FACETS.map((facet, i) => [facet, total > 0 ? (moved[i] ?? 0) / total : 0])) as Record<
    Facet,
    number
  >;
}
