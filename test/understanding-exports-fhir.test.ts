import fc from 'fast-check';
import type { Bundle, Condition, FhirResource, Observation } from 'fhir/r4.js';
import { SaxesParser } from 'saxes';
import { describe, expect, test } from 'vitest';
import type { Finding } from '../core/cases/case.ts';
import { fhirOf } from '../core/cases/exports/fhir.ts';
import { readFhir } from '../core/cases/exports/read-fhir.ts';
import { clean, wellFormed } from '../core/cases/exports/words.ts';
import {
  anyStored,
  type Carried,
  expectedOf,
  META,
  storedOf,
  withWords,
} from './support/understanding/export-cases.ts';

const resourcesOf = (bundle: Bundle): readonly FhirResource[] =>
  (bundle.entry ?? []).flatMap(({ resource }) => resource ?? []);
const ofType = <T extends FhirResource['resourceType']>(bundle: Bundle, type: T) =>
  resourcesOf(bundle).filter((one): one is Extract<FhirResource, { resourceType: T }> => one.resourceType === type);

/** Every value of a tree with the path to it. */
function* walk(value: unknown, path = '$'): Generator<readonly [path: string, value: unknown]> {
  yield [path, value];
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) yield* walk(inner, `${path}.${key}`);
}

/** Required bindings of the elements that we write (R4). */
const STATUSES: Readonly<Record<string, readonly string[]>> = {
  Observation: [
    'registered',
    'preliminary',
    'final',
    'amended',
    'corrected',
    'cancelled',
    'entered-in-error',
    'unknown',
  ],
  Procedure: [
    'preparation',
    'in-progress',
    'not-done',
    'on-hold',
    'stopped',
    'completed',
    'entered-in-error',
    'unknown',
  ],
  MedicationStatement: [
    'active',
    'completed',
    'entered-in-error',
    'intended',
    'stopped',
    'on-hold',
    'unknown',
    'not-taken',
  ],
  FamilyMemberHistory: ['partial', 'completed', 'entered-in-error', 'health-unknown'],
  DocumentReference: ['current', 'superseded', 'entered-in-error'],
};
const CODES: Readonly<Record<string, readonly string[]>> = {
  'http://terminology.hl7.org/CodeSystem/condition-clinical': [
    'active',
    'recurrence',
    'relapse',
    'inactive',
    'remission',
    'resolved',
  ],
  'http://terminology.hl7.org/CodeSystem/condition-ver-status': [
    'unconfirmed',
    'provisional',
    'differential',
    'confirmed',
    'refuted',
    'entered-in-error',
  ],
  'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical': ['active', 'inactive', 'resolved'],
  'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification': [
    'unconfirmed',
    'confirmed',
    'refuted',
    'entered-in-error',
  ],
  'http://terminology.hl7.org/CodeSystem/condition-category': ['problem-list-item', 'encounter-diagnosis'],
  'http://terminology.hl7.org/CodeSystem/observation-category': [
    'social-history',
    'vital-signs',
    'imaging',
    'laboratory',
    'procedure',
    'survey',
    'exam',
    'therapy',
    'activity',
  ],
  'http://terminology.hl7.org/CodeSystem/medication-statement-category': [
    'inpatient',
    'outpatient',
    'community',
    'patientspecified',
  ],
  'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation': ['L', 'N', 'H', 'A'],
  'http://terminology.hl7.org/CodeSystem/provenance-participant-type': [
    'enterer',
    'performer',
    'author',
    'verifier',
    'legal',
    'attester',
    'informant',
    'custodian',
    'assembler',
    'composer',
  ],
};

/** What the specification says of every resource and element, as far as types do not hold it. */
function checkBundle(bundle: Bundle): void {
  const json: unknown = JSON.parse(JSON.stringify(bundle));
  for (const [path, value] of walk(json)) {
    expect(value, path).not.toBe(null);
    if (typeof value === 'string') {
      expect(value.trim(), path).not.toBe('');
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
      expect(value, path).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/);
    }
    if (Array.isArray(value)) expect(value.length, path).toBeGreaterThan(0);
    if (/\.extension\.\d+$/.test(path))
      expect(Object.keys(value as object).sort(), path).toEqual(['url', 'valueString']);
    if (/\.coding\.\d+$/.test(path)) {
      const { system, code } = value as { system: string; code: string };
      expect(code, path).toMatch(/^[^\s]+(?:\s[^\s]+)*$/);
      if (CODES[system]) expect(CODES[system], path).toContain(code);
    }
    if (path.endsWith('.comparator')) expect(['<', '<=', '>=', '>']).toContain(value);
  }
  const urls = (bundle.entry ?? []).map(({ fullUrl }) => fullUrl);
  expect(new Set(urls).size).toBe(urls.length);
  for (const url of urls)
    expect(url).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  for (const [, reference] of JSON.stringify(json).matchAll(/"reference":"([^"]*)"/g))
    expect(urls).toContain(reference);
  for (const resource of resourcesOf(bundle)) {
    if ('status' in resource) expect(STATUSES[resource.resourceType]).toContain(resource.status);
    expect(resource.id).toMatch(/^[A-Za-z0-9\-.]{1,64}$/);
    expect(resource.meta?.tag?.map(({ code }) => code)).toEqual(['derived-from-publication', 'HRESCH']);
    if (resource.resourceType === 'Condition') checkCondition(resource);
    if ('text' in resource && typeof resource.text === 'object') checkNarrative(resource.text.div);
  }
}

/** con-3 to con-5: a condition that is ruled out has no clinical status here, every other has one. */
function checkCondition({ clinicalStatus, verificationStatus }: Condition): void {
  expect(clinicalStatus === undefined).toBe(verificationStatus?.coding?.[0]?.code === 'refuted');
}

/** txt-1: XHTML of `div` and `p` and nothing else. */
function checkNarrative(div: string): void {
  const names = new Set<string>();
  const parser = new SaxesParser({ xmlns: true });
  parser.on('opentag', ({ name, attributes, uri }) => {
    names.add(name);
    expect(uri).toBe('http://www.w3.org/1999/xhtml');
    expect(Object.keys(attributes).filter((attribute) => attribute !== 'xmlns')).toEqual([]);
  });
  parser.on('error', (error) => {
    throw error;
  });
  parser.write(div).close();
  expect([...names].sort()).toEqual(['div', 'p']);
}

const CARRIED: Carried = {
  finding: (finding, facet) => {
    if (finding.assertion === 'hypothetical') return null;
    if (facet === 'complication' && finding.assertion === 'family') return null;
    return withWords(finding, clean, { term: wellFormed(finding.term), span: [0, 0] });
  },
  treatment: (finding) =>
    finding.assertion === 'hypothetical' || finding.assertion === 'family'
      ? null
      : withWords(finding, clean, { term: wellFormed(finding.term), span: [0, 0] }),
  text: wellFormed,
  keepsText: false,
};

describe('FHIR', () => {
  test('any case becomes a bundle whose references resolve, whose codes are of their value sets and whose narrative is inert', () => {
    fc.assert(
      fc.property(anyStored, (stored) => checkBundle(fhirOf(stored, META))),
      { numRuns: 40 },
    );
  });

  test('read again it gives the same case, but for what the format has no place for', () => {
    fc.assert(
      fc.property(anyStored, (stored) => {
        const { references, ...read } = readFhir(JSON.parse(JSON.stringify(fhirOf(stored, META))));
        expect({ ...read, id: '' }).toEqual({ ...expectedOf(stored, CARRIED), id: '' });
        expect(read.id).toBe(clean(stored.caseId));
        expect(references).toEqual(['PMID:12345678', 'DOI:10.1000/made-up']);
      }),
      { numRuns: 100 },
    );
  });

  const TEXT =
    'A 40-year-old woman had dyspnea. Her mother had syncope. She denied chest pain. ' +
    'Laboratory tests showed potassium 2.9 mmol/L and D-dimer < 0.2 mg/L. Blood pressure was 90/60 mmHg.';

  test('absent is refuted, family is family history, and nobody has a name', () => {
    const bundle = fhirOf(storedOf('case-1', TEXT), META);
    checkBundle(bundle);
    const states = ofType(bundle, 'Condition').map(({ code, verificationStatus }) => [
      code?.text,
      verificationStatus?.coding?.[0]?.code,
    ]);
    expect(states).toContainEqual(['chest pain', 'refuted']);
    expect(states).toContainEqual(['dyspnea', 'confirmed']);
    expect(states.map(([name]) => name)).not.toContain('syncope');
    expect(ofType(bundle, 'FamilyMemberHistory').map(({ condition }) => condition?.[0]?.code.text)).toContain(
      'syncope',
    );
    const [patient] = ofType(bundle, 'Patient');
    expect(Object.keys(patient ?? {}).sort()).toEqual(['gender', 'id', 'meta', 'resourceType', 'text']);
    expect(patient?.gender).toBe('female');
  });

  test('values are quantities of UCUM with what they mean', () => {
    const stored = storedOf('case-1', 'x');
    const findings: readonly Finding[] = [
      {
        term: 'potassium',
        assertion: 'present',
        span: [0, 1],
        value: 2.9,
        unit: 'mmol/L',
        flag: 'low',
        range: [3.5, 5.1],
      },
      { term: 'd-dimer', assertion: 'present', span: [0, 1], value: 0.2, unit: 'mg/L', comparator: '<' },
      {
        term: 'ferritin',
        assertion: 'present',
        span: [0, 1],
        value: 3,
        unit: 'times the upper limit',
        comparator: '~',
      },
    ];
    const extracted = { ...stored.extracted, facets: { labs: { text: '', findings } } };
    const bundle = fhirOf({ ...stored, extracted }, META);
    const told = ofType(bundle, 'Observation').map(({ valueQuantity, interpretation, referenceRange }: Observation) => [
      valueQuantity,
      interpretation?.[0]?.coding?.[0]?.code,
      referenceRange?.[0]?.low?.value,
    ]);
    const ucum = 'http://unitsofmeasure.org';
    expect(told).toEqual([
      [{ value: 2.9, unit: 'mmol/L', system: ucum, code: 'mmol/L' }, 'L', 3.5],
      [{ value: 0.2, unit: 'mg/L', system: ucum, code: 'mg/L', comparator: '<' }, undefined, undefined],
      [{ value: 3, unit: 'times the upper limit' }, undefined, undefined],
    ]);
  });

  test.each([[null], [{ resourceType: 'Patient' }], [{ resourceType: 'Bundle', entry: [] }]])(
    '%j is no case',
    (given) => expect(() => readFhir(given)).toThrow(/bundle|patient/),
  );
});
