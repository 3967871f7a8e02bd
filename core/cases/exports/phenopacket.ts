import type { Facet } from '../../../schema/vocabulary.ts';
import type { StoredCase } from '../../search/archive.ts';
import type { Distillate, Finding } from '../case.ts';
import { extractorVersion } from '../extract.ts';
import { ECG_RECORDINGS } from '../vocabularies/ecg.ts';
import { MODALITIES } from '../vocabularies/imaging.ts';
import { isoAge } from './age.ts';
import { type Detail, type DetailKey, detailsOf, detailText } from './details.ts';
import { isHpo, ONSET_TERMS, ownTerm, resourcesOf, SEVERITY_TERMS, unitTerm } from './phenopacket-terms.ts';
import type {
  Disease,
  ExternalReference,
  Measurement,
  MedicalAction,
  OntologyClass,
  Phenopacket,
  PhenotypicFeature,
  Value,
} from './phenopacket-types.ts';
import {
  type ExportMeta,
  isAttribute,
  isHomeMedicine,
  isOfPatient,
  type Placed,
  referencesOf,
  type ShownCase,
  shownCase,
} from './shown.ts';
import { clean, OWN_PREFIX, slug, wellFormed } from './words.ts';

/** Of the patient and certain: a phenopacket knows observed and excluded, and nothing between or beside them. */
const isTold = ({ assertion }: Pick<Finding, 'assertion'>): boolean =>
  assertion === 'present' || assertion === 'absent' || assertion === 'historical';

/** Names of examinations say what was done, not what the patient has. */
const EXAMINATIONS = new Set([...ECG_RECORDINGS, ...MODALITIES].map(({ term }) => term));

/**
 * One case as a phenopacket (GA4GH Phenopacket Schema 2.0, ISO 4454). What belongs to relatives, is only suspected or was only
 * thought of is left out, so that no reader takes it for the patient's. Pure.
 */
export function phenopacketOf(stored: StoredCase, meta: ExportMeta): Phenopacket {
  const theCase = shownCase(stored);
  const told = theCase.findings.filter((placed) => isTold(placed.finding) && !isOfPatient(placed));
  const clinical = told.filter((placed) => !isHomeMedicine(placed));
  const complications = theCase.distillate.complications.filter(isTold);
  const content = {
    id: wellFormed(theCase.caseId),
    subject: subjectOf(theCase),
    phenotypicFeatures: [
      ...clinical
        .filter((placed) => !isMeasured(placed))
        .map((placed) => featureOf(theCase, placed.facet, placed.finding)),
      ...complications.map((finding) => featureOf(theCase, 'complication', finding)),
    ],
    measurements: [...clinical.filter(isMeasured).map(measurementOf), ...outcomeOf(theCase.distillate)],
    diseases: diseasesOf(theCase.distillate),
    medicalActions: [
      ...theCase.distillate.treatments.flatMap(actionOf),
      ...told
        .filter(isHomeMedicine)
        .flatMap(({ finding }) =>
          finding.assertion === 'absent' ? [] : [{ treatment: { agent: ownTerm('home-medication', finding.term) } }],
        ),
    ],
  };
  return { ...content, metaData: metaDataOf(theCase, content, meta) };
}

function subjectOf({ caseId, extracted: { patient }, distillate }: ShownCase): Phenopacket['subject'] {
  const { ageYears, sex } = patient;
  return {
    id: wellFormed(caseId),
    ...(ageYears === null ? {} : { timeAtLastEncounter: { age: { iso8601duration: isoAge(ageYears) } } }),
    ...(distillate.outcome.status === 'deceased' ? { vitalStatus: { status: 'DECEASED' as const } } : {}),
    sex: sex === null ? 'UNKNOWN_SEX' : sex === 'female' ? 'FEMALE' : 'MALE',
  };
}

function isMeasured(placed: Placed): boolean {
  const { facet, finding } = placed;
  if (facet === 'labs' || isAttribute(placed) || EXAMINATIONS.has(finding.term)) return true;
  return finding.assertion !== 'absent' && (finding.value !== undefined || finding.flag !== undefined);
}

/** Terms of the facet `symptoms` and of HPO need not say which facet they are of. */
function featureOf(theCase: ShownCase, kind: Facet | 'complication', finding: Finding): PhenotypicFeature {
  const coded = finding.code !== undefined && isHpo(finding.code);
  const native: readonly DetailKey[] = coded ? ['severity', 'onset', 'code'] : ['severity', 'onset'];
  const details = detailsOf(finding, finding.assertion === 'absent' ? [...native, 'assertion'] : native);
  const modifiers = [
    ...(finding.onset === undefined ? [] : [ONSET_TERMS[finding.onset]]),
    ...(coded && kind !== 'symptoms' ? [ownTerm('facet', kind)] : []),
    ...details.map(modifierOf),
  ];
  const quote = theCase.quoteAt(finding.span);
  return {
    ...(quote === null ? {} : { description: clean(quote) }),
    type: coded ? { id: finding.code ?? '', label: clean(finding.term) } : ownTerm(kind, finding.term),
    ...(finding.assertion === 'absent' ? { excluded: true } : {}),
    ...(finding.severity === undefined ? {} : { severity: SEVERITY_TERMS[finding.severity] }),
    ...(modifiers.length === 0 ? {} : { modifiers }),
  };
}

const modifierOf = ([key, word]: Detail): OntologyClass =>
  ownTerm(key, word, key === 'qualifier' ? word : `${key} ${word}`);

function measurementOf({ facet, finding }: Placed): Measurement {
  const value = measuredOf(finding);
  // One-sided ranges stay words: a bound that is left out reads as 0 in protobuf.
  const closed = finding.range !== undefined && finding.range[0] !== null && finding.range[1] !== null;
  const native: readonly DetailKey[] =
    'quantity' in value ? ['value', 'unit', ...(closed ? (['range'] as const) : [])] : [];
  const details = detailsOf(finding, native);
  return {
    ...(details.length === 0 ? {} : { description: clean(detailText(details)) }),
    assay: ownTerm(facet, finding.term),
    value,
  };
}

/** A bound is no quantity: `<0.01` must not be read as 0.01. */
function measuredOf(finding: Finding): Value {
  const { value, unit, comparator, flag, assertion, range } = finding;
  if (value === undefined || assertion === 'absent') return { ontologyClass: ownTerm('result', flag ?? assertion) };
  if (comparator !== undefined)
    return { ontologyClass: ownTerm('bound', `${comparator} ${value}${unit === undefined ? '' : ` ${unit}`}`) };
  const [low, high] = range ?? [null, null];
  return {
    quantity: {
      unit: unitTerm(unit),
      value,
      ...(low === null || high === null ? {} : { referenceRange: { unit: unitTerm(unit), low, high } }),
    },
  };
}

/** There is no place for how it ended but death; the rest stands as a measurement with a category, and says what it is. */
function outcomeOf({ outcome }: Distillate): readonly Measurement[] {
  const { status, followUpMonths } = outcome;
  return [
    ...(status === 'unknown'
      ? []
      : [{ assay: ownTerm('course', 'outcome'), value: { ontologyClass: ownTerm('outcome', status) } }]),
    ...(followUpMonths === null
      ? []
      : [
          {
            assay: ownTerm('course', 'follow-up'),
            value: { quantity: { unit: unitTerm('mo'), value: followUpMonths } },
          },
        ]),
  ];
}

const diseasesOf = ({ diagnosis, secondaryDiagnoses }: Distillate): readonly Disease[] => [
  ...(diagnosis === null ? [] : [{ term: ownTerm('diagnosis', diagnosis) }]),
  ...secondaryDiagnoses.map(({ text }) => ({ term: ownTerm('secondary-diagnosis', text) })),
];

function actionOf(finding: Finding): readonly MedicalAction[] {
  if (!isTold(finding) || finding.assertion === 'absent') return [];
  const kind = finding.qualifiers?.[0] ?? 'therapy';
  const term = ownTerm(
    `${finding.assertion === 'historical' ? 'former-' : ''}${kind.replaceAll(/[^a-z]/g, '-')}`,
    finding.term,
  );
  if (kind !== 'medication') return [{ procedure: { code: term } }];
  const route = finding.qualifiers?.[1];
  return [
    { treatment: { agent: term, ...(route === undefined ? {} : { routeOfAdministration: ownTerm('route', route) }) } },
  ];
}

function metaDataOf(
  theCase: ShownCase,
  content: unknown,
  { createdAt, createdBy }: ExportMeta,
): Phenopacket['metaData'] {
  const { address } = theCase;
  const ids = referencesOf(theCase);
  const references: readonly ExternalReference[] = (
    ids.length === 0 ? [`${OWN_PREFIX}:case.${slug(theCase.caseId)}`] : ids
  ).map((id, place) => ({
    id,
    ...(place > 0 || address === null ? {} : { reference: address }),
    ...(place > 0 ? {} : { description: clean(theCase.citation) }),
  }));
  return {
    created: createdAt,
    createdBy,
    resources: resourcesOf(content, extractorVersion()),
    updates: theCase.remarks.map((comment) => ({ timestamp: createdAt, comment: clean(comment) })),
    phenopacketSchemaVersion: '2.0',
    externalReferences: references,
  };
}
