import { FACETS, type Facet } from '../../schema/vocabulary.ts';
import type { FacetView } from '../cases/case.ts';
import type { StoredCase } from './archive.ts';

/** A diagnosis in more words is a sentence of its report. */
const DIAGNOSIS_CHARS_MAX = 80;
const NOWHERE = [0, 0] as const;

/**
 * A case as a release may give it away whose text may not be copied: what was read out of the text, without the words that say it. The
 * indices of the release are made from the text, which nobody can read back from them.
 */
export function withoutText(stored: StoredCase): StoredCase {
  const { extracted, distillate } = stored;
  const facets: Partial<Record<Facet, FacetView>> = {};
  for (const facet of FACETS) {
    const view = extracted.facets[facet];
    if (view) facets[facet] = { text: '', findings: view.findings.map((finding) => ({ ...finding, span: NOWHERE })) };
  }
  const short = (distillate.diagnosis?.length ?? 0) <= DIAGNOSIS_CHARS_MAX;
  return {
    ...stored,
    extracted: { ...extracted, text: '', facets },
    distillate: {
      ...distillate,
      diagnosis: short ? distillate.diagnosis : null,
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
        .filter(({ text }) => text.length <= DIAGNOSIS_CHARS_MAX)
        .map(({ text }) => ({ text, span: NOWHERE })),
      treatments: distillate.treatments.map((finding) => ({ ...finding, span: NOWHERE })),
      complications: distillate.complications.map((finding) => ({ ...finding, span: NOWHERE })),
      outcome: { ...distillate.outcome, span: null },
      rejectionReason: distillate.isRare ? null : 'Nothing was recognised that makes it rare.',
    },
  };
}
