import type { Facet } from '../../schema/vocabulary.ts';
import type { ExtractedCase, FacetView, Patient } from './case.ts';

/**
 * Share of what a complete report has, after the case schema: what the patient complained of or showed (.30), age (.15),
 * sex (.15), one kind of investigation (.20) and a second (.05), background (.05), a stated diagnosis (.10). Complaint and
 * diagnosis together are .40.
 */
export function scoreCompleteness(
  patient: Patient,
  facets: Readonly<Partial<Record<Facet, FacetView>>>,
  hasDiagnosis: boolean,
): number {
  const investigations = [facets.labs, facets.ecg, facets.imaging].filter((facet) => facet !== undefined).length;
  const background =
    facets.demographics?.findings.some((finding) => finding.term !== 'age' && finding.term !== 'sex') ?? false;
  const hundredths =
    (facets.symptoms === undefined ? 0 : 30) +
    (patient.ageYears === null ? 0 : 15) +
    (patient.sex === null ? 0 : 15) +
    (investigations > 0 ? 20 : 0) +
    (investigations > 1 ? 5 : 0) +
    (background ? 5 : 0) +
    (hasDiagnosis ? 10 : 0);
  return hundredths / 100;
}

/** What a case lacks of a complete report, in words: for whoever wonders why it was set aside. */
export function lacksOf({ patient, facets }: Pick<ExtractedCase, 'patient' | 'facets'>): readonly string[] {
  const has = (facet: Facet) => facets[facet] !== undefined;
  return [
    ...(has('symptoms') ? [] : ['complaint or sign']),
    ...(patient.ageYears === null ? ['age'] : []),
    ...(patient.sex === null ? ['sex'] : []),
    ...(has('labs') || has('ecg') || has('imaging') ? [] : ['investigation']),
  ];
}
