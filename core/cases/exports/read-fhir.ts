import * as z from 'zod';
import { FACETS, type Facet, FLAGS, ONSETS, OUTCOME_STATUSES, SEVERITIES } from '../../../schema/vocabulary.ts';
import type { Finding } from '../case.ts';
import { DETAIL_KEYS, type Detail, findingOf } from './details.ts';
import { CONDITION_STATUS, DETAIL_URL, FLAG_CODES, SEVERITY_CODES, SYSTEMS } from './fhir-codes.ts';
import { ImportError, type ImportedCase } from './imported.ts';
import { nameOf } from './words.ts';

const concept = z.object({
  coding: z.array(z.object({ system: z.string().optional(), code: z.string().optional() })).default([]),
  text: z.string().optional(),
});
type Concept = z.infer<typeof concept>;
const quantity = z.object({
  value: z.number().optional(),
  unit: z.string().optional(),
  code: z.string().optional(),
  comparator: z.string().optional(),
});
/** The elements of all resources that are read; which a resource has tells its type. */
const resource = z.object({
  resourceType: z.string(),
  extension: z.array(z.object({ url: z.string(), valueString: z.string().optional() })).default([]),
  identifier: z
    .array(z.object({ value: z.string().optional() }))
    .default([])
    .catch([]),
  category: z.union([z.array(concept), concept.transform((one) => [one])]).default([]),
  code: concept.optional(),
  clinicalStatus: concept.optional(),
  verificationStatus: concept.optional(),
  severity: concept.optional(),
  onsetString: z.string().optional(),
  medicationCodeableConcept: concept.optional(),
  condition: z.array(z.object({ code: concept })).default([]),
  valueQuantity: quantity.optional(),
  valueCodeableConcept: concept.optional(),
  interpretation: z.array(concept).default([]),
  referenceRange: z.array(z.object({ low: quantity.optional(), high: quantity.optional() })).default([]),
  component: z.array(z.object({ code: concept, valueQuantity: quantity.optional() })).default([]),
  gender: z.string().optional(),
  deceasedBoolean: z.boolean().optional(),
});
type Resource = z.infer<typeof resource>;
const bundle = z.object({
  resourceType: z.literal('Bundle'),
  identifier: z.object({ value: z.string() }).optional(),
  id: z.string().default(''),
  entry: z.array(z.object({ resource: resource.optional() })).default([]),
});

const codeOf = (given: Concept | undefined, system: string): string | undefined =>
  given?.coding.find((coding) => coding.system === system)?.code;
const codeIn = (given: readonly Concept[], system: string): string | undefined =>
  given.map((one) => codeOf(one, system)).find((code) => code !== undefined);

/** A bundle of one patient as a case. @throws ImportError */
export function readFhir(given: unknown): ImportedCase {
  const parsed = bundle.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ImportError(`no FHIR R4 bundle: ${issue?.path.join('.') || 'the whole'}: ${issue?.message}`);
  }
  const resources = parsed.data.entry.flatMap((entry) => entry.resource ?? []);
  const patients = resources.filter(({ resourceType }) => resourceType === 'Patient');
  if (patients.length !== 1) throw new ImportError(`a case is one patient; the bundle has ${patients.length}`);
  const facts = resources.map(readFact);
  const findings: { [Key in Facet]?: Finding[] } = {};
  for (const fact of facts)
    if (fact?.kind === 'finding') findings[fact.facet] = [...(findings[fact.facet] ?? []), fact.finding];
  const of = (kind: 'treatment' | 'complication') =>
    facts.flatMap((fact) => (fact?.kind === kind ? [fact.finding] : []));
  const named = (kind: string) =>
    facts.flatMap((fact) => (fact?.kind === 'diagnosis' && fact.role === kind ? [fact.name] : []));
  return {
    id: parsed.data.identifier?.value ?? parsed.data.id,
    patient: patientOf(patients[0], resources),
    findings,
    diagnosis: named('diagnosis')[0] ?? null,
    secondaryDiagnoses: [...named('diagnosis').slice(1), ...named('secondary-diagnosis')],
    treatments: of('treatment'),
    complications: of('complication'),
    outcome: outcomeOf(patients[0], resources),
    references: resources
      .filter(({ resourceType }) => resourceType === 'DocumentReference')
      .flatMap(({ identifier }) => identifier.flatMap(({ value }) => value ?? [])),
    text: null,
  };
}

const isAge = ({ resourceType, code }: Resource): boolean =>
  resourceType === 'Observation' && codeOf(code, SYSTEMS.loinc) === '30525-0';
const isOutcome = ({ valueCodeableConcept }: Resource): boolean =>
  codeOf(valueCodeableConcept, SYSTEMS.outcome) !== undefined;

function patientOf(patient: Resource | undefined, resources: readonly Resource[]): ImportedCase['patient'] {
  const gender = patient?.gender;
  return {
    ageYears: resources.find(isAge)?.valueQuantity?.value ?? null,
    sex: gender === 'female' || gender === 'male' ? gender : null,
  };
}

function outcomeOf(patient: Resource | undefined, resources: readonly Resource[]): ImportedCase['outcome'] {
  const told = resources.find(isOutcome);
  const code = codeOf(told?.valueCodeableConcept, SYSTEMS.outcome);
  return {
    status:
      OUTCOME_STATUSES.find((status) => status === code) ??
      (patient?.deceasedBoolean === true ? 'deceased' : 'unknown'),
    followUpMonths: told?.component[0]?.valueQuantity?.value ?? null,
  };
}

type Fact =
  | { readonly kind: 'finding'; readonly facet: Facet; readonly finding: Finding }
  | { readonly kind: 'treatment' | 'complication'; readonly finding: Finding }
  | { readonly kind: 'diagnosis'; readonly role: string; readonly name: string };

function readFact(given: Resource): Fact | null {
  if (isAge(given) || isOutcome(given)) return null;
  switch (given.resourceType) {
    case 'Condition':
      return readCondition(given);
    case 'Observation':
      return { kind: 'finding', facet: facetOf(given), finding: findingFrom(given, given.code, observed(given)) };
    case 'AllergyIntolerance': {
      const refuted = codeOf(given.verificationStatus, SYSTEMS.allergyVerificationStatus) === 'refuted';
      const state: readonly Detail[] = refuted ? [['assertion', 'absent']] : [];
      return { kind: 'finding', facet: 'demographics', finding: findingFrom(given, given.code, state) };
    }
    case 'FamilyMemberHistory':
      return {
        kind: 'finding',
        facet: facetOf(given),
        finding: findingFrom(given, given.condition[0]?.code, [['assertion', 'family']]),
      };
    case 'MedicationStatement': {
      const finding = findingFrom(given, given.medicationCodeableConcept, []);
      return codeIn(given.category, SYSTEMS.medicationCategory) === 'community'
        ? { kind: 'finding', facet: 'demographics', finding }
        : { kind: 'treatment', finding };
    }
    case 'Procedure':
      return { kind: 'treatment', finding: findingFrom(given, given.code, []) };
    default:
      return null;
  }
}

function readCondition(given: Resource): Fact {
  const role = codeIn(given.category, SYSTEMS.facet);
  if (role === 'secondary-diagnosis' || codeIn(given.category, SYSTEMS.conditionCategory) === 'encounter-diagnosis')
    return { kind: 'diagnosis', role: role ?? 'diagnosis', name: nameOfTerm(given.code) };
  const finding = findingFrom(given, given.code, stateOf(given));
  return role === 'complication'
    ? { kind: 'complication', finding }
    : { kind: 'finding', facet: facetOf(given), finding };
}

function stateOf({ clinicalStatus, verificationStatus, severity, onsetString }: Resource): readonly Detail[] {
  const verified = codeOf(verificationStatus, SYSTEMS.verificationStatus) ?? 'confirmed';
  const clinical = codeOf(clinicalStatus, SYSTEMS.clinicalStatus);
  const assertion = (['absent', 'possible', 'historical'] as const).find(
    (name) =>
      CONDITION_STATUS[name].verification === verified &&
      (name !== 'historical' || CONDITION_STATUS[name].clinical === clinical),
  );
  const severe = SEVERITIES.find((name) => SEVERITY_CODES[name] === codeOf(severity, SYSTEMS.snomed));
  const onset = ONSETS.find((name) => name === onsetString);
  return [
    ...(assertion === undefined ? [] : ([['assertion', assertion]] as const)),
    ...(severe === undefined ? [] : ([['severity', severe]] as const)),
    ...(onset === undefined ? [] : ([['onset', onset]] as const)),
  ];
}

function observed({
  valueQuantity: amount,
  valueCodeableConcept,
  interpretation,
  referenceRange,
}: Resource): readonly Detail[] {
  const assertion = codeOf(valueCodeableConcept, SYSTEMS.assertion);
  const flag = FLAGS.find((name) => FLAG_CODES[name] === codeIn(interpretation, SYSTEMS.interpretation));
  const unit = amount?.code ?? amount?.unit;
  const [range] = referenceRange;
  return [
    ...(assertion === undefined ? [] : ([['assertion', assertion]] as const)),
    ...(amount?.value === undefined ? [] : ([['value', String(amount.value)]] as const)),
    ...(unit === undefined ? [] : ([['unit', unit]] as const)),
    ...(amount?.comparator === undefined ? [] : ([['comparator', amount.comparator]] as const)),
    ...(flag === undefined ? [] : ([['flag', flag]] as const)),
    ...(range === undefined ? [] : ([['range', `${range.low?.value ?? ''}..${range.high?.value ?? ''}`]] as const)),
  ];
}

const CATEGORY_FACETS: Readonly<Record<string, Facet>> = {
  laboratory: 'labs',
  imaging: 'imaging',
  procedure: 'ecg',
  'social-history': 'demographics',
};

/** As we wrote it; of others' bundles, what the category of an observation says. */
function facetOf({ extension, category }: Resource): Facet {
  const own = extension.find(({ url }) => url === `${DETAIL_URL}facet`)?.valueString;
  return (
    FACETS.find((facet) => facet === own) ??
    CATEGORY_FACETS[codeIn(category, SYSTEMS.observationCategory) ?? ''] ??
    'symptoms'
  );
}

function nameOfTerm(given: Concept | undefined): string {
  const own = codeOf(given, SYSTEMS.term);
  return (own === undefined ? null : nameOf(own)) ?? given?.text ?? given?.coding[0]?.code ?? 'unnamed';
}

function findingFrom({ extension }: Resource, name: Concept | undefined, native: readonly Detail[]): Finding {
  const code = codeOf(name, SYSTEMS.hpo);
  const details = extension.flatMap(({ url, valueString }): readonly Detail[] => {
    const key = DETAIL_KEYS.find((one) => `${DETAIL_URL}${one}` === url);
    return key === undefined || valueString === undefined ? [] : [[key, valueString]];
  });
  return findingOf(nameOfTerm(name), [...native, ...(code === undefined ? [] : [['code', code] as const]), ...details]);
}
