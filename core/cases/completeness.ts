import type { Facet } from '../../schema/vocabulary.ts';
import type { FacetView, Patient } from './case.ts';

/**
 * Share of what a complete report has, after the case schema: what the patient complained of or showed (.30), age (.15),
 * sex (.15), one kind of investigation (.20) and a second (.05), background (.05), a stated diagnosis (.10). Complaint and
 * diagnosis together are .40, the least that is taken in.
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
