import { expect, test } from 'vitest';
import type { Finding } from '../core/cases/case.ts';
import { extractCase } from '../core/cases/extract.ts';
import type { Facet } from '../schema/vocabulary.ts';

const all = (text: string, facet: Facet): readonly Finding[] => extractCase(text).facets[facet]?.findings ?? [];
const terms = (text: string, facet: Facet): readonly string[] => all(text, facet).map(({ term }) => term);

test.each([
  ['Cone beam computed tomography (CBCT) was done.', ['computed tomography']],
  ['Magnetic resonance imaging (MRI) was done.', ['magnetic resonance imaging']],
  ['A brain MRI scan was done.', ['brain mri']],
  ['Imaging (MRI) was done.', ['magnetic resonance imaging']],
  ['Abdominal computed tomography (CT) imaging was done.', ['abdominal ct']],
  ['Single-photon emission computed tomography (SPECT/CT) was done.', ['scintigraphy']],
  ['Positron emission tomography-computed tomography (PET-CT) was done.', ['pet-ct']],
  ['Chest X-ray and CT were done.', ['chest x-ray', 'computed tomography']],
  ['CT (MRI was refused) was done.', ['computed tomography', 'magnetic resonance imaging']],
  ['MRI, CT and ultrasound were done.', ['magnetic resonance imaging', 'computed tomography', 'ultrasound']],
] as const)('examinations in: %s', (text, expected) => {
  expect(terms(text, 'imaging')).toEqual(expected);
});

test('what was seen is qualified by the whole name of the examination', () => {
  const [, seen] = all('Abdominal computed tomography (CT) imaging showed a mass.', 'imaging');
  expect(seen).toMatchObject({ term: 'mass', qualifiers: ['abdominal ct'] });
});

test('an electrocardiogram and its abbreviation are one', () => {
  expect(terms('The electrocardiogram (ECG) was normal.', 'ecg')).toEqual(['electrocardiogram']);
});

test.each([
  ['Glycated hemoglobin (HbA1c) was 9%.', 'hba1c', 9],
  ['Insulin-like growth factor 1 (IGF-1) was 800 ng/mL.', 'igf-1', 800],
  ['Insulin growth factor was 800 ng/mL.', 'igf-1', 800],
  ['C-reactive protein (CRP) was 20 mg/L.', 'c-reactive protein', 20],
  ['Binding protein 3 was 4 µg/mL.', 'igfbp-3', 4],
] as const)('one analyte in: %s', (text, term, value) => {
  expect(all(text, 'labs')).toMatchObject([{ term, value }]);
});

test.each([
  ['chest leads V1 to V3', ['precordial leads', 'v1', 'v2', 'v3']],
  ['the precordial leads (V1-V4)', ['precordial leads', 'v1', 'v2', 'v3', 'v4']],
  ['inferior leads and V6', ['inferior leads', 'ii', 'iii', 'avf', 'v6']],
  ['precordial leads', ['precordial leads', 'v1', 'v2', 'v3', 'v4', 'v5', 'v6']],
] as const)('ST elevation in %s', (words, leads) => {
  const [found] = all(`The ECG showed ST elevation in ${words}.`, 'ecg').filter(({ term }) => term === 'st elevation');
  expect(found?.qualifiers).toEqual(leads);
});

test.each(['\u2005', '\u2009', '\u202f', '\u00a0', '\u3000', '\u2002\u2009'])('a unit behind the space %j', (space) => {
  expect(all(`Creatinine was 2.1${space}mg/dL.`, 'labs')).toMatchObject([{ value: 2.1, unit: 'mg/dL', flag: 'high' }]);
});

test.each([
  'He received ciprofloxacin lactate (0.2 g).',
  'He received methylprednisolone sodium succinate 40 mg.',
  'A mixed glucose and electrolyte injection of 500 mL was given.',
  'Calcium gluconate 1 g was given.',
  'He got potassium chloride 40 mEq orally.',
  'Sodium bicarbonate 8.4% was infused.',
  'Albumin 20 g was infused.',
  'Insulin 10 units were given.',
  'A cotton swab was positive for blood.',
])('a medicine or a tool is no laboratory value: %s', (text) => {
  expect(all(text, 'labs')).toEqual([]);
});

test.each([
  ['Chloride 100 mmol/L.', 'chloride'],
  ['Venous lactate 4 mmol/L.', 'lactate'],
  ['Serum albumin was 2.1 g/dL.', 'albumin'],
  ['Hemoglobin was 8 g.', 'hemoglobin'],
  ['Potassium 6.1, chloride 100 mmol/L.', 'chloride'],
] as const)('and yet a value: %s', (text, term) => {
  expect(all(text, 'labs').find((one) => one.term === term)?.value).toBeDefined();
});

const SERIES = [
  [0.4, 'ug/dL', '0 minutes'],
  [7.2, 'ug/dL', '30 minutes'],
  [3.2, 'ug/dL', '60 minutes'],
];

test.each([
  'After 0.4 µg cosyntropin, cortisol at time 0, 30 and 60 minutes were 0.4, 7.2, 3.2 µg/dL, respectively.',
  'Cortisol was 0.4, 7.2 and 3.2 µg/dL at 0, 30 and 60 minutes, respectively.',
])('moments are no values: %s', (text) => {
  expect(all(text, 'labs').map(({ value, unit, at }) => [value, unit, at])).toEqual(SERIES);
});

test('a value at one moment is one value', () => {
  expect(all('Cortisol at 60 minutes was 12 µg/dL.', 'labs')).toMatchObject([{ value: 12, at: 'at 60 minutes' }]);
  expect(all('Creatinine was elevated at 1.2, 3 days later he left.', 'labs')).toMatchObject([{ value: 1.2 }]);
});

test('a karyotype has no number', () => {
  const [found] = all('The karyotype 45,X was found.', 'labs');
  expect(found).toMatchObject({ term: 'karyotype' });
  expect(found?.value).toBeUndefined();
});

test('a unit alone is no name', () => {
  expect(terms('The results (µg/dl) 5 ng/mL and so on.', 'labs')).toEqual([]);
});

test.each([
  'The cells were grown at 37 °C in agar.',
  'The plates were incubated at 35 °C.',
  'The culture medium temperature was 37 °C.',
  'His mean parental height was 170 cm.',
  'Her father’s height was 180 cm.',
  'The height of the parents was 160 cm.',
])('not measured on the patient: %s', (text) => {
  expect(all(text, 'symptoms')).toEqual([]);
});

test('what is measured on the patient stays', () => {
  expect(all('The mother brought her; height 120 cm, temperature 39 °C.', 'symptoms')).toMatchObject([
    { term: 'body height', value: 120 },
    { term: 'body temperature', value: 39 },
  ]);
});

test.each([
  ['He had thrombocytosis. There was a rapid reduction of platelets.', undefined, 'falling'],
  ['Platelets were 1200 × 10^9/L. A rapid decrease of platelets was seen.', undefined, 'falling'],
  ['There was a rapid decrease of platelets.', 'low', 'falling'],
] as const)('a fall from a high value says no low one: %s', (text, flag, trend) => {
  const last = all(text, 'labs').at(-1);
  expect([last?.flag, last?.trend]).toEqual([flag, trend]);
});

test.each([
  ['CT showed bowel wall thickening.', 'bowel wall thickening'],
  ['MRI showed synovial thickening.', 'wall thickening'],
  ['CT showed enlarged lymph nodes.', 'lymphadenopathy'],
  ['Ultrasound showed enlarged mesenteric lymph nodes.', 'lymphadenopathy'],
  ['CT showed an enlarged ventricle.', 'dilatation'],
  ['MRI showed mass effect.', 'mass effect'],
  ['MRI showed midline shift.', 'midline shift'],
  ['Ultrasound showed periportal fibrosis.', 'fibrosis'],
  ['Chest CT showed fibrosis.', 'pulmonary fibrosis'],
  ['CT showed fibrosis of both lungs.', 'pulmonary fibrosis'],
  ['MRI showed optic nerve atrophy.', 'atrophy'],
  ['MRI showed diffuse atrophy of the brain.', 'cerebral atrophy'],
  ['Brain MRI showed atrophy.', 'cerebral atrophy'],
  ['Cystoscopy showed a urethral stricture.', 'urethral stricture'],
  ['Cystoscopy showed a stricture.', 'stricture'],
  ['CT angiography showed renal artery stenosis.', 'renal artery stenosis'],
] as const)('seen: %s', (text, term) => {
  expect(terms(text, 'imaging').at(-1)).toBe(term);
});

test('a narrowing of an organ keeps its percentage', () => {
  expect(all('Angiography showed renal artery stenosis of 70%.', 'imaging')[1]).toMatchObject({
    term: 'renal artery stenosis',
    value: 70,
  });
});

test('an examination that was done for something possible was done', () => {
  const found = all('CT was possibly suggestive of a mass. A possible CT correlate was seen.', 'imaging');
  expect(found.filter(({ term }) => term === 'computed tomography').map(({ assertion }) => assertion)).toEqual([
    'present',
    'present',
  ]);
});

test.each(['35x40x20 mm', '35 × 40 × 20 mm', '3.5×4×2cm', '35 mm × 40 mm × 20 mm'])('a mass measuring %s', (size) => {
  const found = all(`CT showed a mass measuring ${size}.`, 'imaging').at(-1);
  expect(found?.qualifiers).toEqual(['computed tomography', '35 x 40 x 20 mm']);
});
