import * as z from 'zod';
import { FACETS, type Facet, ONSETS, OUTCOME_STATUSES, SEVERITIES } from '../../../schema/vocabulary.ts';
import type { Finding } from '../case.ts';
import { yearsOfIso } from './age.ts';
import { DETAIL_KEYS, type Detail, detailsOfText, findingOf } from './details.ts';
import { ImportError, type ImportedCase } from './imported.ts';
import { isHpo, ONSET_TERMS, readOwnTerm, readUnitTerm, SEVERITY_TERMS } from './phenopacket-terms.ts';

/** Protobuf leaves out whatever has its default, so nearly everything may be missing. */
const term = z.object({ id: z.string(), label: z.string().optional() });
type Term = z.infer<typeof term>;
const quantity = z.object({
  unit: term.optional(),
  value: z.number().default(0),
  referenceRange: z.object({ low: z.number().default(0), high: z.number().default(0) }).optional(),
});
const packet = z.object({
  id: z.string().min(1),
  subject: z
    .object({
      timeAtLastEncounter: z.object({ age: z.object({ iso8601duration: z.string() }).optional() }).optional(),
      vitalStatus: z.object({ status: z.string().optional() }).optional(),
      sex: z.string().default('UNKNOWN_SEX'),
    })
    .optional(),
  phenotypicFeatures: z
    .array(
      z.object({
        type: term,
        excluded: z.boolean().default(false),
        severity: term.optional(),
        modifiers: z.array(term).default([]),
      }),
    )
    .default([]),
  measurements: z
    .array(
      z.object({
        description: z.string().default(''),
        assay: term,
        value: z.object({ quantity: quantity.optional(), ontologyClass: term.optional() }).optional(),
      }),
    )
    .default([]),
  diseases: z.array(z.object({ term, excluded: z.boolean().default(false) })).default([]),
  medicalActions: z
    .array(
      z.object({
        procedure: z.object({ code: term }).optional(),
        treatment: z.object({ agent: term, routeOfAdministration: term.optional() }).optional(),
      }),
    )
    .default([]),
  metaData: z.object({ externalReferences: z.array(z.object({ id: z.string().default('') })).default([]) }).optional(),
});
type Packet = z.infer<typeof packet>;

/**
 * A phenopacket of version 2 as a case: ours with the facets that it was made of, anybody's with its features as symptoms and
 * its measurements as labs. @throws ImportError
 */
export function readPhenopacket(given: unknown): ImportedCase {
  const parsed = packet.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ImportError(`no phenopacket: ${issue?.path.join('.') || 'the whole'}: ${issue?.message}`);
  }
  const read = parsed.data;
  const findings = new Map<Facet, Finding[]>();
  const complications: Finding[] = [];
  const put = (kind: string, finding: Finding, otherwise: Facet): void => {
    if (kind === 'complication') complications.push(finding);
    else {
      const facet = FACETS.find((name) => name === kind) ?? otherwise;
      findings.set(facet, [...(findings.get(facet) ?? []), finding]);
    }
  };
  for (const feature of read.phenotypicFeatures)
    put(facetOf(feature.type, feature.modifiers), readFeature(feature), 'symptoms');
  for (const measurement of read.measurements) {
    const own = readOwnTerm(measurement.assay.id);
    if (own?.kind !== 'course') put(own?.kind ?? 'labs', readMeasurement(measurement), 'labs');
  }
  const actions = read.medicalActions.flatMap(readAction);
  for (const { finding } of actions.filter(({ atHome }) => atHome)) put('demographics', finding, 'demographics');
  const named = read.diseases.filter(({ excluded }) => !excluded).map((disease) => nameOfTerm(disease.term));
  const first = read.diseases.find(({ excluded }) => !excluded)?.term.id ?? '';
  const hasPrimary = readOwnTerm(first)?.kind !== 'secondary-diagnosis';
  return {
    id: read.id,
    patient: patientOf(read),
    findings: Object.fromEntries(findings),
    diagnosis: hasPrimary ? (named[0] ?? null) : null,
    secondaryDiagnoses: hasPrimary ? named.slice(1) : named,
    treatments: actions.filter(({ atHome }) => !atHome).map(({ finding }) => finding),
    complications,
    outcome: readOutcome(read),
    references: (read.metaData?.externalReferences ?? []).map(({ id }) => id),
    text: null,
  };
}

function patientOf({ subject }: Packet): ImportedCase['patient'] {
  const age = subject?.timeAtLastEncounter?.age?.iso8601duration;
  const sex = subject?.sex;
  return {
    ageYears: age === undefined ? null : yearsOfIso(age),
    sex: sex === 'FEMALE' ? 'female' : sex === 'MALE' ? 'male' : null,
  };
}

const nameOfTerm = ({ id, label }: Term): string => readOwnTerm(id)?.name ?? label ?? id;

function facetOf({ id }: Term, modifiers: readonly Term[]): string {
  const own = readOwnTerm(id);
  if (own !== null) return own.kind;
  return (
    modifiers.map((modifier) => readOwnTerm(modifier.id)).find((modifier) => modifier?.kind === 'facet')?.name ??
    'symptoms'
  );
}

function readFeature({ type, excluded, severity, modifiers }: Packet['phenotypicFeatures'][number]): Finding {
  const details: Detail[] = [];
  if (excluded) details.push(['assertion', 'absent']);
  if (isHpo(type.id)) details.push(['code', type.id]);
  const severe = SEVERITIES.find((name) => SEVERITY_TERMS[name].id === severity?.id);
  if (severe !== undefined) details.push(['severity', severe]);
  for (const modifier of modifiers) {
    const onset = ONSETS.find((name) => ONSET_TERMS[name].id === modifier.id);
    const own = readOwnTerm(modifier.id);
    const key = DETAIL_KEYS.find((name) => name === own?.kind);
    if (onset !== undefined) details.push(['onset', onset]);
    else if (own !== null && key !== undefined) details.push([key, own.name]);
    else if (own === null) details.push(['qualifier', modifier.label ?? modifier.id]);
  }
  return findingOf(nameOfTerm(type), details);
}

function readMeasurement({ description, assay, value }: Packet['measurements'][number]): Finding {
  const details: Detail[] = [];
  const { quantity: amount, ontologyClass } = value ?? {};
  if (amount !== undefined) {
    details.push(['value', String(amount.value)]);
    const unit = amount.unit === undefined ? undefined : readUnitTerm(amount.unit);
    if (unit !== undefined) details.push(['unit', unit]);
    if (amount.referenceRange) details.push(['range', `${amount.referenceRange.low}..${amount.referenceRange.high}`]);
  } else if (ontologyClass !== undefined && readOwnTerm(ontologyClass.id) === null)
    details.push(['qualifier', ontologyClass.label ?? ontologyClass.id]);
  return findingOf(nameOfTerm(assay), [
    ...details,
    ...(readOwnTerm(assay.id) === null ? [] : detailsOfText(description)),
  ]);
}

function readAction({ procedure, treatment }: Packet['medicalActions'][number]) {
  const action = treatment?.agent ?? procedure?.code;
  if (action === undefined) return [];
  const kind = readOwnTerm(action.id)?.kind ?? (treatment === undefined ? 'procedure' : 'medication');
  const atHome = kind === 'home-medication';
  const former = kind.startsWith('former-');
  const details: Detail[] = [['qualifier', atHome ? 'medication' : former ? kind.slice('former-'.length) : kind]];
  const route = treatment?.routeOfAdministration;
  if (route !== undefined) details.push(['qualifier', nameOfTerm(route)]);
  if (atHome || former) details.push(['assertion', 'historical']);
  return [{ atHome, finding: findingOf(nameOfTerm(action), details) }];
}

function readOutcome({ subject, measurements }: Packet): ImportedCase['outcome'] {
  const course = (name: string) => measurements.find(({ assay }) => assay.id === `ANAMNESIS:course.${name}`)?.value;
  const said = readOwnTerm(course('outcome')?.ontologyClass?.id ?? '')?.name;
  const dead = subject?.vitalStatus?.status === 'DECEASED';
  return {
    status: OUTCOME_STATUSES.find((status) => status === said) ?? (dead ? 'deceased' : 'unknown'),
    followUpMonths: course('follow-up')?.quantity?.value ?? null,
  };
}
