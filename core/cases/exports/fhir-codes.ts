import type { Assertion, Comparator, Flag, Severity } from '../../../schema/vocabulary.ts';
import { OWN_URN } from './words.ts';

/** Code systems of FHIR R4 (https://hl7.org/fhir/R4/terminologies-systems.html) and our own. */
export const SYSTEMS = {
  term: `${OWN_URN}term`,
  assertion: `${OWN_URN}assertion`,
  facet: `${OWN_URN}facet`,
  outcome: `${OWN_URN}outcome`,
  tag: `${OWN_URN}tag`,
  hpo: 'http://human-phenotype-ontology.org',
  loinc: 'http://loinc.org',
  snomed: 'http://snomed.info/sct',
  ucum: 'http://unitsofmeasure.org',
  actReason: 'http://terminology.hl7.org/CodeSystem/v3-ActReason',
  roleCode: 'http://terminology.hl7.org/CodeSystem/v3-RoleCode',
  interpretation: 'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation',
  observationCategory: 'http://terminology.hl7.org/CodeSystem/observation-category',
  conditionCategory: 'http://terminology.hl7.org/CodeSystem/condition-category',
  clinicalStatus: 'http://terminology.hl7.org/CodeSystem/condition-clinical',
  verificationStatus: 'http://terminology.hl7.org/CodeSystem/condition-ver-status',
  allergyClinicalStatus: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical',
  allergyVerificationStatus: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification',
  medicationCategory: 'http://terminology.hl7.org/CodeSystem/medication-statement-category',
  provenanceAgent: 'http://terminology.hl7.org/CodeSystem/provenance-participant-type',
} as const;

/** Extensions hold what a resource has no element for: `urn:x-anamnesis:detail:trend`. */
export const DETAIL_URL = `${OWN_URN}detail:`;

export const FLAG_CODES: Readonly<Record<Flag, string>> = { low: 'L', normal: 'N', high: 'H', abnormal: 'A' };

/** The three codes of the value set condition-severity. */
export const SEVERITY_CODES: Readonly<Record<Severity, string>> = {
  mild: '255604002',
  moderate: '6736007',
  severe: '24484000',
};

/** R4 has no code for `about`. */
export const isFhirComparator = (comparator: Comparator | undefined): comparator is '<' | '<=' | '>' | '>=' =>
  comparator !== undefined && comparator !== '~';

/** What a condition is, clinically and as knowledge; one that is ruled out has no clinical status. */
export const CONDITION_STATUS: Readonly<
  Record<
    Exclude<Assertion, 'family' | 'hypothetical'>,
    { readonly clinical: string | null; readonly verification: string }
  >
> = {
  present: { clinical: 'active', verification: 'confirmed' },
  absent: { clinical: null, verification: 'refuted' },
  possible: { clinical: 'active', verification: 'unconfirmed' },
  historical: { clinical: 'inactive', verification: 'confirmed' },
};
