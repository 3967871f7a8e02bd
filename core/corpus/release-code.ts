import type { Row } from '../engine/database.ts';
import { sha256Hex } from '../hash.ts';
import { DIMENSION } from '../models/ports.ts';
import { writeRelease } from '../search/release.ts';
import { releaseCaseOf } from './releases.ts';
import { packVectors } from './vectors.ts';

/** Words that every rule about terms has something to say about. */
const TEXT =
  'A 39-year-old man (père: Müller) with fever of 39.5 °C, ST-elevation of 2.5 mm in V1–V3, no syncope; troponin 0,8 ng/mL, K+ 6.1 mmol/L, ' +
  'creatinine 120 µmol/L, β-blocker 5 mg twice daily. Myocardial infarction (MI) was excluded. ﬁbrosis of 1234567 and 2024 cells/µL.';
const finding = (term: string, more: object = {}) => ({ term, assertion: 'present', span: [0, 4], ...more });
const LONG = 'said in so many words that it can only be a sentence of the report itself '.repeat(3);

function canaryRow(id: string, over: Partial<Row>): Row {
  const vectors = { whole: ramp(1), ecg: ramp(2), labs: ramp(3) };
  const { views, data } = packVectors(vectors);
  const facets = [
    [
      'ecg',
      `${TEXT} ecg`,
      [finding('st elevation', { value: 2.5, unit: 'mm', flag: 'abnormal', qualifiers: ['v1', LONG] })],
    ],
    [
      'labs',
      'labs',
      [finding('potassium', { value: 6.1, unit: 'mmol/L', canonical: { value: 6.1, unit: 'mmol/L' }, flag: 'high' })],
    ],
    ['symptoms', 'fever', [finding('fever', { assertion: 'absent' }), finding('age', { value: 39 })]],
  ];
  const body = {
    diagnosis: 'Brugada syndrome',
    diagnosisSpan: [0, 4],
    diagnosisCategory: 'arrhythmia',
    secondaryDiagnoses: [{ text: LONG, span: [0, 4] }],
    isRare: true,
    rarityCriteria: ['prevalence'],
    rarityEvidence: [{ criterion: 'prevalence', reason: LONG, span: [0, 4] }],
    rareReason: LONG,
    keySymptoms: ['fever', LONG],
    treatments: [finding('defibrillator', { at: LONG })],
  };
  return {
    ...{ case_id: id, document_key: 'D1', text: TEXT, age_years: 39.5, sex: 'male', completeness: 0.625 },
    ...{ body: JSON.stringify(body), views, data, facets: JSON.stringify(facets), fingerprint: '0'.repeat(64) },
    ...{
      title: 'A title',
      authors: '["A B"]',
      journal: 'J',
      publication_date: '2024-05-01',
      pmid: '1',
      pmcid: 'PMC2',
      doi: '10.1/x',
    },
    ...{ url: 'https://example.org', licence: 'CC BY 4.0', source: 'pmc', brought_by: 'pmc', also: '[]' },
    notices: JSON.stringify([{ kind: 'erratum', reference: 'J 2025' }]),
    ...over,
  };
}

function ramp(seed: number): Float32Array {
  const values = Float32Array.from({ length: DIMENSION }, (_, i) => Math.fround(((i * 37 + seed * 101) % 211) - 105));
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return values.map((value) => value / length);
}

async function* canaries() {
  const also = [{ key: 'PMID_1', pmid: '1', pmcid: null, doi: null, url: null }];
  yield releaseCaseOf(canaryRow('A', {}));
  yield releaseCaseOf(
    canaryRow('B', { licence: null, document_key: 'D2', also: JSON.stringify(also), age_years: null }),
  );
  yield releaseCaseOf(
    canaryRow('C', { licence: 'all rights reserved', document_key: 'D3', notices: '[]', body: '{}' }),
  );
}

let known: string | null = null;

/**
 * Names the code that turns rows into the files of a release: a hash of what it makes of three rows. A release that other code made is
 * not built on, without anybody having to count versions.
 */
export async function releaseCode(): Promise<string> {
  if (known !== null) return known;
  const hashes = new Map<string, string>();
  const sink = {
    append: async (file: string, bytes: Uint8Array): Promise<void> => {
      // Compressed bytes are the host's; the hash of what was compressed has a file of its own.
      if (file === 'cases.jsonl.gz' || file === 'cases.idx') return;
      hashes.set(file, await sha256Hex(`${hashes.get(file) ?? ''} ${await sha256Hex(bytes)}`));
    },
  };
  await writeRelease(canaries(), sink, { generation: 'canary' });
  known = await sha256Hex(JSON.stringify([...hashes].sort()));
  return known;
}
