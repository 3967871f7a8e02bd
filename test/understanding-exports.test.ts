import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { Finding } from '../core/cases/case.ts';
import { isoAge, yearsOfIso } from '../core/cases/exports/age.ts';
import { ImportError } from '../core/cases/exports/imported.ts';
import { phenopacketOf } from '../core/cases/exports/phenopacket.ts';
import { readPhenopacket } from '../core/cases/exports/read-phenopacket.ts';
import { clean, wellFormed } from '../core/cases/exports/words.ts';
import type { Facet } from '../schema/vocabulary.ts';
import {
  anyStored,
  type Carried,
  expectedOf,
  META,
  storedOf,
  withWords,
} from './support/understanding/export-cases.ts';

/** The messages of Phenopacket Schema 2.0 that we write; an unknown or empty field is an error. */
const term = z.strictObject({ id: z.string().regex(/^[A-Za-z]+:\S+$/), label: z.string().min(1) });
const quantity = z.strictObject({
  unit: term,
  value: z.number(),
  referenceRange: z.strictObject({ unit: term, low: z.number(), high: z.number() }).optional(),
});
const words = z.string().min(1).optional();
const instant = z.iso.datetime();
const schema = z.strictObject({
  id: z.string().min(1),
  subject: z.strictObject({
    id: z.string().min(1),
    timeAtLastEncounter: z.strictObject({ age: z.strictObject({ iso8601duration: z.iso.duration() }) }).optional(),
    vitalStatus: z.strictObject({ status: z.enum(['UNKNOWN_STATUS', 'ALIVE', 'DECEASED']) }).optional(),
    sex: z.enum(['UNKNOWN_SEX', 'FEMALE', 'MALE', 'OTHER_SEX']),
  }),
  phenotypicFeatures: z.array(
    z.strictObject({
      description: words,
      type: term,
      excluded: z.boolean().optional(),
      severity: term.optional(),
      modifiers: z.array(term).min(1).optional(),
    }),
  ),
  measurements: z.array(
    z.strictObject({
      description: words,
      assay: term,
      value: z.union([z.strictObject({ quantity }), z.strictObject({ ontologyClass: term })]),
    }),
  ),
  diseases: z.array(z.strictObject({ term, excluded: z.boolean().optional() })),
  medicalActions: z.array(
    z.union([
      z.strictObject({ procedure: z.strictObject({ code: term }) }),
      z.strictObject({ treatment: z.strictObject({ agent: term, routeOfAdministration: term.optional() }) }),
    ]),
  ),
  metaData: z.strictObject({
    created: instant,
    createdBy: z.string().min(1),
    resources: z
      .array(
        z.strictObject({
          id: z.string().min(1),
          name: z.string().min(1),
          url: z.string().min(1),
          version: z.string().min(1),
          namespacePrefix: z.string().min(1),
          iriPrefix: z.string().min(1),
        }),
      )
      .min(1),
    updates: z.array(z.strictObject({ timestamp: instant, comment: z.string().min(1) })),
    phenopacketSchemaVersion: z.literal('2.0'),
    externalReferences: z
      .array(z.strictObject({ id: z.string().min(1), reference: z.url().optional(), description: words }))
      .min(1),
  }),
});

const isTold = ({ assertion }: Finding): boolean => ['present', 'absent', 'historical'].includes(assertion);

const CARRIED: Carried = {
  finding: (finding, facet) => {
    if (!isTold(finding)) return null;
    if (facet === 'demographics' && finding.qualifiers?.[0] === 'medication')
      return finding.assertion === 'absent'
        ? null
        : { term: wellFormed(finding.term), assertion: 'historical', span: [0, 0], qualifiers: ['medication'] };
    const measured =
      facet !== 'complication' &&
      (facet === 'labs' ||
        (facet === 'demographics' && finding.qualifiers?.[0] === 'social') ||
        finding.term === 'electrocardiogram' ||
        (finding.assertion !== 'absent' && (finding.value !== undefined || finding.flag !== undefined)));
    const coded = finding.code?.startsWith('HP:') === true && !measured;
    const bounded = finding.comparator !== undefined || finding.value === undefined || finding.assertion === 'absent';
    const plain = withWords(finding, measured ? clean : wellFormed, { span: [0, 0] });
    return {
      ...plain,
      term: coded ? clean(finding.term) : wellFormed(finding.term),
      ...(measured && !bounded && finding.unit !== undefined ? { unit: wellFormed(finding.unit) } : {}),
    };
  },
  treatment: (finding) =>
    finding.assertion === 'present' || finding.assertion === 'historical'
      ? {
          term: wellFormed(finding.term),
          assertion: finding.assertion,
          span: [0, 0],
          qualifiers: (finding.qualifiers ?? [])
            .slice(0, finding.qualifiers?.[0] === 'medication' ? 2 : 1)
            .map(wellFormed),
        }
      : null,
  text: wellFormed,
  keepsText: false,
};

const keyOf = (finding: Finding): string =>
  JSON.stringify(Object.entries(finding).sort(([a], [b]) => (a < b ? -1 : 1)));

/** A phenopacket lists features before measurements, so the order within a facet is not kept. */
function sorted<T extends { readonly findings: Readonly<Partial<Record<Facet, readonly Finding[]>>> }>(given: T): T {
  const findings = Object.entries(given.findings).map(
    ([facet, found]) => [facet, [...found].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))] as const,
  );
  return { ...given, findings: Object.fromEntries(findings) };
}

describe('phenopacket', () => {
  test('fits the schema of version 2.0, and every prefix that it uses is declared', () => {
    fc.assert(
      fc.property(anyStored, (stored) => {
        const packet = phenopacketOf(stored, META);
        schema.parse(JSON.parse(JSON.stringify(packet)));
        const declared = packet.metaData.resources.map(({ namespacePrefix }) => namespacePrefix);
        const { metaData: _, ...content } = packet;
        for (const [, prefix] of JSON.stringify(content).matchAll(/"id":"([A-Za-z]+):[^"]*","label"/g))
          expect(declared).toContain(prefix);
      }),
      { numRuns: 100 },
    );
  });

  test('read again it gives the same case, but for what the format has no place for', () => {
    fc.assert(
      fc.property(anyStored, (stored) => {
        const { references, ...read } = readPhenopacket(JSON.parse(JSON.stringify(phenopacketOf(stored, META))));
        expect(sorted(read)).toEqual(sorted(expectedOf(stored, CARRIED)));
        expect(references).toEqual(['PMID:12345678', 'DOI:10.1000/made-up']);
      }),
      { numRuns: 100 },
    );
  });

  test('what relatives have, what is suspected and what was only thought of does not become the patient’s', () => {
    const text =
      'A 40-year-old woman had dyspnea. Her mother had syncope. Myocarditis was suspected. She denied chest pain.';
    const stored = storedOf('case-1', text);
    const symptoms = (['family', 'possible', 'hypothetical'] as const).map(
      (assertion): Finding => ({ term: `${assertion} sign`, assertion, span: [0, 5], value: 5, unit: 'mm' }),
    );
    const { labs: _, ...facets } = stored.extracted.facets;
    const extracted = { ...stored.extracted, facets: { ...facets, imaging: { text: '', findings: symptoms } } };
    const packet = phenopacketOf({ ...stored, extracted }, META);
    const observed = packet.phenotypicFeatures
      ?.filter(({ excluded }) => excluded !== true)
      .map(({ type }) => type.label);
    const excluded = packet.phenotypicFeatures
      ?.filter((feature) => feature.excluded === true)
      .map(({ type }) => type.label);
    expect(observed).toContain('dyspnea');
    expect(observed).not.toContain('syncope');
    expect(excluded).toEqual(['chest pain']);
    expect(JSON.stringify([packet.phenotypicFeatures, packet.measurements])).not.toMatch(/sign/);
  });

  test('a bound is no quantity, and a range that is open to one side is no range from 0', () => {
    const labs: readonly Finding[] = [
      { term: 'd-dimer', assertion: 'present', span: [0, 1], value: 0.2, unit: 'mg/L', comparator: '<' },
      { term: 'troponin i', assertion: 'present', span: [0, 1], value: 8, unit: 'ng/L', range: [null, 26] },
      { term: 'potassium', assertion: 'present', span: [0, 1], value: 4.2, unit: 'mmol/L', range: [3.5, 5.1] },
    ];
    const stored = storedOf('case-1', 'x');
    const extracted = { ...stored.extracted, facets: { labs: { text: '', findings: labs } } };
    const [dimer, troponin, potassium] = phenopacketOf({ ...stored, extracted }, META).measurements ?? [];
    expect(dimer?.value).toEqual({ ontologyClass: { id: expect.any(String), label: '< 0.2 mg/L' } });
    expect(troponin).toMatchObject({ description: 'range=..26', value: { quantity: { value: 8 } } });
    expect(troponin?.value).not.toHaveProperty('quantity.referenceRange');
    expect(potassium?.value).toEqual({
      quantity: {
        unit: { id: 'UCUM:mmol/L', label: 'mmol/L' },
        value: 4.2,
        referenceRange: { unit: { id: 'UCUM:mmol/L', label: 'mmol/L' }, low: 3.5, high: 5.1 },
      },
    });
  });

  test.each([
    [null, 'the whole'],
    [{}, 'id'],
    [{ id: 'x', phenotypicFeatures: 'none' }, 'phenotypicFeatures'],
  ])('%j is no phenopacket, and the error names %s', (given, place) => {
    expect(() => readPhenopacket(given)).toThrow(ImportError);
    expect(() => readPhenopacket(given)).toThrow(place);
  });

  test('what others write is read: default values left out, elements that we do not know, ages of other kinds', () => {
    const read = readPhenopacket({
      id: 'other-1',
      subject: {
        id: 'p',
        timeAtLastEncounter: { gestationalAge: { weeks: 20 } },
        sex: 'OTHER_SEX',
        karyotypicSex: 'XX',
      },
      phenotypicFeatures: [
        { type: { id: 'HP:0001657', label: 'Prolonged QT interval' }, onset: { ontologyClass: { id: 'HP:0003577' } } },
        {
          type: { id: 'HP:0001279', label: 'Syncope' },
          excluded: true,
          severity: { id: 'HP:0012828', label: 'Severe' },
        },
        { type: { id: 'HP:0002094', label: 'Dyspnea' }, modifiers: [{ id: 'HP:0011009', label: 'Acute' }] },
      ],
      measurements: [
        {
          assay: { id: 'LOINC:2823-3', label: 'Potassium' },
          value: { quantity: { unit: { id: 'UO:1', label: 'mmol/l' }, value: 4.1 } },
        },
        {
          assay: { id: 'LOINC:1', label: 'Nitrite' },
          value: { ontologyClass: { id: 'NCIT:C38757', label: 'Negative' } },
        },
      ],
      diseases: [
        { term: { id: 'OMIM:2', label: 'Another' }, excluded: true },
        { term: { id: 'OMIM:192500', label: 'Long QT syndrome 1' } },
      ],
      medicalActions: [
        { treatment: { agent: { id: 'DrugCentral:2257', label: 'propranolol' } } },
        { therapeuticRegimen: {} },
      ],
      interpretations: [{ id: 'i' }],
    });
    expect(read).toMatchObject({
      patient: { ageYears: null, sex: null },
      diagnosis: 'Long QT syndrome 1',
      findings: {
        symptoms: [
          { term: 'Prolonged QT interval', assertion: 'present', code: 'HP:0001657' },
          { term: 'Syncope', assertion: 'absent', severity: 'severe' },
          { term: 'Dyspnea', onset: 'acute' },
        ],
        labs: [
          { term: 'Potassium', value: 4.1, unit: 'mmol/l' },
          { term: 'Nitrite', qualifiers: ['Negative'] },
        ],
      },
      treatments: [{ term: 'propranolol', qualifiers: ['medication'] }],
    });
  });
});

describe('age as ISO 8601 duration', () => {
  test.each([
    [41, 'P41Y'],
    [0, 'P0Y'],
    [0.5, 'P6M'],
    [14 / 12, 'P1Y2M'],
    [21 / 365.25, 'P3W'],
    [3 / 365.25, 'P3D'],
    [62.3, 'P62Y110D'],
  ])('%f years are %s', (years, duration) => {
    expect(isoAge(years)).toBe(duration);
    expect(yearsOfIso(duration)).toBeCloseTo(years, 2);
  });
  test.each(['', 'P', 'P4', '41', 'PT5H x', `P${'9'.repeat(50)}Y`])('%j is none', (given) =>
    expect(yearsOfIso(given)).toBeNull(),
  );
});

const file = new URL('../../shared/data/retrieval/phenopackets_dev.jsonl.gz', import.meta.url);
type Row = {
  readonly id: string;
  readonly disease: string;
  readonly label: string;
  readonly ref: string;
  readonly observed: readonly string[];
  readonly excluded: readonly string[];
  readonly sex: string;
  readonly age: string | null;
};

test.skipIf(!existsSync(file))('published phenopackets are read whole (where ../shared is there)', () => {
  const rows = gunzipSync(readFileSync(file))
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);
  const seen = { female: 0, male: 0, unknown: 0, aged: 0, observed: 0, excluded: 0 };
  for (const row of rows) {
    // The file has the labels of terms without their codes.
    const feature = (label: string) => ({ type: { id: 'HP:0000001', label } });
    const read = readPhenopacket({
      id: row.id,
      subject: {
        id: row.id,
        ...(row.age === null ? {} : { timeAtLastEncounter: { age: { iso8601duration: row.age } } }),
        sex: row.sex,
      },
      phenotypicFeatures: [
        ...row.observed.map(feature),
        ...row.excluded.map((label) => ({ ...feature(label), excluded: true })),
      ],
      diseases: [{ term: { id: row.disease, label: row.label } }],
      metaData: { externalReferences: [{ id: row.ref }] },
    });
    const of = (assertion: string) => (read.findings.symptoms ?? []).filter((one) => one.assertion === assertion);
    expect(of('present').map(({ term: name }) => name)).toEqual(row.observed);
    expect(of('absent').map(({ term: name }) => name)).toEqual(row.excluded);
    expect([read.diagnosis, read.references]).toEqual([row.label, [row.ref]]);
    expect(read.patient.sex).toBe({ FEMALE: 'female', MALE: 'male' }[row.sex] ?? null);
    const [years, months, days] = ['Y', 'M', 'D'].map((mark) =>
      Number(new RegExp(`(\\d+)${mark}`).exec(row.age ?? '')?.[1] ?? 0),
    );
    const age = (years ?? 0) + (months ?? 0) / 12 + (days ?? 0) / 365.25;
    if (row.age === null) expect(read.patient.ageYears).toBeNull();
    else expect(read.patient.ageYears).toBeCloseTo(age, 6);
    seen[read.patient.sex ?? 'unknown'] += 1;
    seen.aged += read.patient.ageYears === null ? 0 : 1;
    seen.observed += of('present').length;
    seen.excluded += of('absent').length;
  }
  console.info(`F48: ${rows.length} published phenopackets read: ${JSON.stringify(seen)}`);
  expect(rows).toHaveLength(3_440);
});
