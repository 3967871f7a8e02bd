import { FACETS, type Facet } from '../../schema/vocabulary.ts';
import type { StoredCase } from './archive.ts';
import type { CaseAnswer } from './contract.ts';
import { citationOf } from './explain.ts';
import type { Release } from './release.ts';
import { saidOf } from './said.ts';
import { SETTINGS } from './settings.ts';

/** A case of the release as `GET /api/cases/:id` gives it, by its id or by one that it carries; null when there is none. */
export async function caseAnswer(release: Release, caseId: string): Promise<CaseAnswer | null> {
  const stored = await release.case(release.cards.idOf(caseId));
  return stored ? answerOf(stored, { release: release.manifest.version, generation: release.manifest.generation }) : null;
}

/** The same of a case that is at hand; `from` is where it stands. */
export function answerOf(
  stored: StoredCase,
  from: Pick<CaseAnswer['provenance'], 'release' | 'generation'>,
): CaseAnswer {
  const { extracted, distillate, provenance } = stored;
  const facets: { [Key in Facet]?: NonNullable<CaseAnswer['facets'][Facet]> } = {};
  for (const facet of FACETS) {
    const view = extracted.facets[facet];
    if (view) facets[facet] = view;
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
    facets,
    diagnosis: distillate.diagnosis,
    diagnosis_category: distillate.diagnosisCategory,
    rare: distillate.isRare,
    rarity_criteria: distillate.rarityCriteria,
    rare_reason: distillate.rareReason,
    ...saidOf(stored),
    provenance: { ...provenance, ...from },
    disclaimer: SETTINGS.disclaimer,
  };
}
