import type {
  AllergyIntolerance,
  Condition,
  FamilyMemberHistory,
  MedicationStatement,
  Observation,
  Procedure,
} from 'fhir/r4.js';
import type { Facet } from '../../../schema/vocabulary.ts';
import type { Finding } from '../case.ts';
import { VITAL_SIGNS } from '../vocabularies/vitals.ts';
import { CONDITION_STATUS, FLAG_CODES, isFhirComparator, SEVERITY_CODES, SYSTEMS } from './fhir-codes.ts';
import { concept, details, type Frame, idOf, META, narrative, noteOf, quantity, termConcept } from './fhir-parts.ts';
import { isAllergy, isAttribute, isHomeMedicine, type Placed } from './shown.ts';

export type FindingResource =
  | AllergyIntolerance
  | Condition
  | FamilyMemberHistory
  | MedicationStatement
  | Observation
  | Procedure;

const VITALS = new Set(VITAL_SIGNS.map(({ term }) => term));

const CATEGORIES: Readonly<Record<Facet, string>> = {
  symptoms: 'exam',
  ecg: 'procedure',
  labs: 'laboratory',
  demographics: 'social-history',
  imaging: 'imaging',
};

/** The resource of one finding; none where the text only thought of it. `name` is its own within the bundle. */
export function resourceOf(frame: Frame, placed: Placed, name: string): FindingResource | null {
  const { facet, finding } = placed;
  const { assertion } = finding;
  if (assertion === 'hypothetical') return null;
  if (assertion === 'family') return familyHistory(frame, finding, facet, name);
  if (isHomeMedicine(placed)) return medication(frame, finding, name, facet);
  if (isAllergy(placed)) return allergy(frame, finding, facet, name);
  const measured = finding.value !== undefined || finding.flag !== undefined || isAttribute(placed);
  const isDisorder = (facet === 'symptoms' || facet === 'demographics') && !measured;
  return isDisorder ? condition(frame, finding, name, facet) : observation(frame, finding, facet, name);
}

function observation(frame: Frame, finding: Finding, facet: Facet, name: string): Observation {
  const { value, unit, comparator, flag, range, assertion } = finding;
  const isValue = value !== undefined && assertion !== 'absent' && assertion !== 'possible';
  const bound = isFhirComparator(comparator) ? { comparator } : {};
  const native = [
    ...(isValue
      ? (['value', 'unit', ...(isFhirComparator(comparator) ? (['comparator'] as const) : [])] as const)
      : []),
    'flag',
    'range',
  ] as const;
  const category = facet === 'symptoms' && VITALS.has(finding.term) ? 'vital-signs' : CATEGORIES[facet];
  return {
    resourceType: 'Observation',
    id: idOf(frame.caseId, name),
    meta: META,
    ...details(finding, native, facet),
    text: narrative(lineOf(finding)),
    status: 'final',
    category: [concept({ system: SYSTEMS.observationCategory, code: category })],
    code: termConcept(finding),
    subject: frame.patient,
    derivedFrom: [frame.report],
    ...(isValue
      ? { valueQuantity: { ...quantity(value, unit), ...bound } }
      : { valueCodeableConcept: concept({ system: SYSTEMS.assertion, code: assertion }, assertion) }),
    ...(flag === undefined
      ? {}
      : { interpretation: [concept({ system: SYSTEMS.interpretation, code: FLAG_CODES[flag] }, flag)] }),
    ...(range === undefined ? {} : { referenceRange: [rangeOf(range, unit)] }),
    ...noteOf(frame, finding),
  };
}

const rangeOf = ([low, high]: NonNullable<Finding['range']>, unit: string | undefined) => ({
  ...(low === null ? {} : { low: quantity(low, unit) }),
  ...(high === null ? {} : { high: quantity(high, unit) }),
});

/** What the patient has, had, may have or has not. `kind`: where it is no finding of a facet. */
export function condition(frame: Frame, finding: Finding, name: string, kind: Facet | 'complication'): Condition {
  const { assertion, severity, onset } = finding;
  if (assertion === 'family' || assertion === 'hypothetical')
    throw new Error(`${assertion} is no state of the patient`);
  const { clinical, verification } = CONDITION_STATUS[assertion];
  return {
    resourceType: 'Condition',
    id: idOf(frame.caseId, name),
    meta: META,
    ...details(finding, ['assertion', 'severity', 'onset'], kind === 'complication' ? undefined : kind),
    text: narrative(lineOf(finding)),
    ...(clinical === null ? {} : { clinicalStatus: concept({ system: SYSTEMS.clinicalStatus, code: clinical }) }),
    verificationStatus: concept({ system: SYSTEMS.verificationStatus, code: verification }),
    category: [concept({ system: SYSTEMS.facet, code: kind })],
    ...(severity === undefined
      ? {}
      : { severity: concept({ system: SYSTEMS.snomed, code: SEVERITY_CODES[severity] }, severity) }),
    code: termConcept(finding),
    subject: frame.patient,
    ...(onset === undefined ? {} : { onsetString: onset }),
    evidence: [{ detail: [frame.report] }],
    ...noteOf(frame, finding),
  };
}

/** `kind` tells the main diagnosis from those beside it. */
export const diagnosisOf = (
  frame: Frame,
  diagnosis: string,
  kind: 'diagnosis' | 'secondary-diagnosis',
  name: string,
): Condition => ({
  resourceType: 'Condition',
  id: idOf(frame.caseId, name),
  meta: META,
  text: narrative(`${kind === 'diagnosis' ? 'Diagnosis' : 'Further diagnosis'}: ${diagnosis}`),
  clinicalStatus: concept({ system: SYSTEMS.clinicalStatus, code: 'active' }),
  verificationStatus: concept({ system: SYSTEMS.verificationStatus, code: 'confirmed' }),
  category: [
    concept({ system: SYSTEMS.conditionCategory, code: 'encounter-diagnosis' }),
    concept({ system: SYSTEMS.facet, code: kind }),
  ],
  code: termConcept({ term: diagnosis }),
  subject: frame.patient,
  evidence: [{ detail: [frame.report] }],
});

/** ait-1: an allergy has a clinical status whatever is known of it. */
function allergy(frame: Frame, finding: Finding, facet: Facet, name: string): AllergyIntolerance {
  const { assertion } = finding;
  const verification = assertion === 'absent' ? 'refuted' : assertion === 'possible' ? 'unconfirmed' : 'confirmed';
  const clinical = assertion === 'present' || assertion === 'possible' ? 'active' : 'inactive';
  return {
    resourceType: 'AllergyIntolerance',
    id: idOf(frame.caseId, name),
    meta: META,
    ...details(finding, [], facet),
    text: narrative(lineOf(finding)),
    clinicalStatus: concept({ system: SYSTEMS.allergyClinicalStatus, code: clinical }),
    verificationStatus: concept({ system: SYSTEMS.allergyVerificationStatus, code: verification }),
    code: termConcept(finding),
    patient: frame.patient,
    ...noteOf(frame, finding),
  };
}

const familyHistory = (frame: Frame, finding: Finding, facet: Facet, name: string): FamilyMemberHistory => ({
  resourceType: 'FamilyMemberHistory',
  id: idOf(frame.caseId, name),
  meta: META,
  ...details(finding, ['assertion'], facet),
  text: narrative(lineOf(finding)),
  status: 'completed',
  patient: frame.patient,
  relationship: concept({ system: SYSTEMS.roleCode, code: 'FAMMEMB' }, 'family member'),
  condition: [{ code: termConcept(finding) }],
  ...noteOf(frame, finding),
});

const MEDICATION_STATUS = {
  present: 'completed',
  absent: 'not-taken',
  possible: 'intended',
  historical: 'unknown',
} as const;
const PROCEDURE_STATUS = {
  present: 'completed',
  absent: 'not-done',
  possible: 'preparation',
  historical: 'completed',
} as const;

/** With a facet: what the patient took before. */
function medication(frame: Frame, finding: Finding, name: string, facet?: Facet): MedicationStatement {
  const { assertion } = finding;
  if (assertion === 'family' || assertion === 'hypothetical')
    throw new Error(`${assertion} is no treatment of the patient`);
  return {
    resourceType: 'MedicationStatement',
    id: idOf(frame.caseId, name),
    meta: META,
    ...details(finding, [], facet),
    text: narrative(lineOf(finding)),
    status: MEDICATION_STATUS[assertion],
    ...(facet === undefined ? {} : { category: concept({ system: SYSTEMS.medicationCategory, code: 'community' }) }),
    medicationCodeableConcept: termConcept(finding),
    subject: frame.patient,
    derivedFrom: [frame.report],
    ...noteOf(frame, finding),
  };
}

/** What was done for the patient; none where it was only thought of. */
export function treatmentOf(frame: Frame, finding: Finding, name: string): MedicationStatement | Procedure | null {
  const { assertion } = finding;
  if (assertion === 'family' || assertion === 'hypothetical') return null;
  const kind = finding.qualifiers?.[0] ?? 'therapy';
  if (kind === 'medication') return medication(frame, finding, name);
  return {
    resourceType: 'Procedure',
    id: idOf(frame.caseId, name),
    meta: META,
    ...details(finding, []),
    text: narrative(lineOf(finding)),
    status: PROCEDURE_STATUS[assertion],
    category: { text: kind },
    code: termConcept(finding),
    subject: frame.patient,
    report: [frame.report],
    ...noteOf(frame, finding),
  };
}

function lineOf({ term, assertion, value, unit, comparator, flag }: Finding): string {
  const amount = value === undefined ? '' : `: ${comparator ?? ''}${value}${unit === undefined ? '' : ` ${unit}`}`;
  return `${term}${amount}${flag === undefined ? '' : `, ${flag}`}${assertion === 'present' ? '' : ` (${assertion})`}`;
}
