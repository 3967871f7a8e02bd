import { FACETS, type Facet } from '../../schema/vocabulary.ts';
import type { FacetView, Finding } from '../cases/case.ts';
import type { StoredCase } from './archive.ts';

/** What is said in more words is a sentence of the report: models quote. */
const WORDS_CHARS_MAX = 80;
const NOWHERE = [0, 0] as const;

const isShort = (words: string): boolean => words.length <= WORDS_CHARS_MAX;

/** Findings without their places; those whose own words are too many are left out. */
const withoutPlaces = (findings: readonly Finding[]): readonly Finding[] =>
  findings
    .filter(({ term, at = '', qualifiers = [] }) => [term, at, ...qualifiers].every(isShort))
    .map((finding) => ({ ...finding, span: NOWHERE }));

/**
 * A case as a release may give it away whose text may not be copied: what was read out of the text, without the words that say it. The
 * indices of the release are made from the text, which nobody can read back from them.
 */
export function withoutText(stored: StoredCase): StoredCase {
  const { extracted, distillate } = stored;
  const facets: Partial<Record<Facet, FacetView>> = {};
  for (const facet of FACETS) {
    const view = extracted.facets[facet];
    if (view) facets[facet] = { text: '', findings: withoutPlaces(view.findings) };
  }
  return {
    ...stored,
    extracted: { ...extracted, text: '', facets },
    distillate: {
      ...distillate,
      diagnosis: isShort(distillate.diagnosis ?? '') ? distillate.diagnosis : null,
      diagnosisSpan: null,
      // Reasons quote the report.
      rareReason: distillate.isRare ? `By ${distillate.rarityCriteria.join(', ').replaceAll('_', ' ')}.` : null,
      rareSpan: null,
      rarityEvidence: distillate.rarityEvidence.map(({ criterion }) => ({
        criterion,
        reason: criterion.replaceAll('_', ' '),
        span: null,
      })),
      secondaryDiagnoses: distillate.secondaryDiagnoses
        .filter(({ text }) => isShort(text))
        .map(({ text }) => ({ text, span: NOWHERE })),
      keySymptoms: distillate.keySymptoms.filter(isShort),
      keyLabs: distillate.keyLabs.filter(isShort),
      keyEcg: isShort(distillate.keyEcg ?? '') ? distillate.keyEcg : null,
      treatments: withoutPlaces(distillate.treatments),
      complications: withoutPlaces(distillate.complications),
      outcome: { ...distillate.outcome, span: null },
      rejectionReason: distillate.isRare ? null : 'Nothing was recognised that makes it rare.',
    },
  };
}
