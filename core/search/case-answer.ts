import { FACETS, type Facet } from '../../schema/vocabulary.ts';
import type { Distillate, Finding, Span } from '../cases/case.ts';
import type { StoredCase } from './archive.ts';
import type { CaseAnswer, CaseFinding, CaseJudgement } from './case-contract.ts';
import { citationOf } from './evidence.ts';
import type { Release } from './release.ts';
import { saidOf } from './said.ts';
import { SETTINGS } from './settings.ts';

/** A case of the release as `GET /api/cases/:id` gives it, by its id or by one that it carries; null when there is none. */
export async function caseAnswer(release: Release, caseId: string): Promise<CaseAnswer | null> {
  const stored = await release.case(release.cards.idOf(caseId));
  const { version, generation } = release.manifest;
  return stored ? answerOf(stored, { release: version, generation }) : null;
}

/** The same of a case that is at hand; `from` says which release it stands in. */
export function answerOf(
  stored: StoredCase,
  from: Pick<CaseAnswer['provenance'], 'release' | 'generation'>,
): CaseAnswer {
  const { extracted, distillate, provenance } = stored;
  const facets: { [Key in Facet]?: NonNullable<CaseAnswer['facets'][Facet]> } = {};
  for (const facet of FACETS) {
    const view = extracted.facets[facet];
    if (view) facets[facet] = { text: view.text, findings: view.findings.map(findingAnswer) };
  }
  return {
    case_id: stored.caseId,
    source: provenance.source,
    url: provenance.url,
    citation: citationOf(stored.caseId, provenance),
    licence: provenance.licence,
    title: provenance.title,
    text: extracted.text,
    patient: { age_years: extracted.patient.ageYears, sex: extracted.patient.sex },
    completeness: extracted.completeness,
    facets,
    ...judgement(distillate, extracted.text),
    ...saidOf(stored),
    provenance: { ...provenance, ...from },
    disclaimer: SETTINGS.disclaimer,
  };
}

function findingAnswer({ durationDays, ...finding }: Finding): CaseFinding {
  return durationDays === undefined ? finding : { ...finding, duration_days: durationDays };
}

/** What the distiller made of the case. */
function judgement(distillate: Distillate, text: string): CaseJudgement {
  const { outcome } = distillate;
  return {
    diagnosis: distillate.diagnosis,
    diagnosis_span: distillate.diagnosisSpan,
    diagnosis_category: distillate.diagnosisCategory,
    secondary_diagnoses: distillate.secondaryDiagnoses,
    rare: distillate.isRare,
    rarity_criteria: distillate.rarityCriteria,
    rare_reason: distillate.rareReason,
    rarity_evidence: distillate.rarityEvidence.map(({ criterion, reason, span }) => ({
      criterion,
      reason,
      quote: quoteAt(text, span),
      span,
    })),
    rejection_reason: distillate.rejectionReason,
    key_symptoms: distillate.keySymptoms,
    key_labs: distillate.keyLabs,
    key_ecg: distillate.keyEcg,
    treatments: distillate.treatments.map(findingAnswer),
    complications: distillate.complications.map(findingAnswer),
    outcome: {
      status: outcome.status,
      follow_up_months: outcome.followUpMonths,
      quote: quoteAt(text, outcome.span),
      span: outcome.span,
    },
    review: distillate.review,
  };
}

/** Null where there is nothing to quote: no span, or a text that is withheld. */
function quoteAt(text: string, span: Span | null): string | null {
  const words = span === null ? '' : text.slice(span[0], span[1]);
  return words === '' ? null : words;
}
