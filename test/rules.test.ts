import fc from 'fast-check';
import { expect, test } from 'vitest';
import { extractCase } from '../core/cases/extract.ts';
import { rulesDistiller } from '../core/models/rules.ts';

const distill = (text: string, title: string | null = null) =>
  rulesDistiller.distill({ caseId: 'A', extracted: extractCase(text), title });

test.each([
  [
    'A 40-year-old man had fever. A diagnosis of infective endocarditis was made.',
    'infective endocarditis',
    'valvular',
  ],
  [
    'A 20-year-old woman with wheals was diagnosed with systemic mastocytosis by biopsy.',
    'systemic mastocytosis',
    'haematological',
  ],
  ['Initially pneumonia was suspected. The final diagnosis was pulmonary embolism.', 'pulmonary embolism', 'vascular'],
  ['We report a case of gastric adenocarcinoma in a man of 60 years.', 'gastric adenocarcinoma', 'oncological'],
  [
    'The patient was diagnosed with eosinophilic granulomatosis with polyangiitis.',
    'eosinophilic granulomatosis with polyangiitis',
    'vascular',
  ],
] as const)('diagnosis of: %s', async (text, diagnosis, category) => {
  const distillate = await distill(text);
  expect(distillate.diagnosis).toBe(diagnosis);
  expect(distillate.diagnosisCategory).toBe(category);
  const [start, end] = distillate.diagnosisSpan ?? [0, 0];
  expect(text.slice(start, end)).toBe(diagnosis);
});

test('what was ruled out, or what the family has, is not the diagnosis', async () => {
  expect((await distill('She had cough. There was no diagnosis of tuberculosis.')).diagnosis).toBeNull();
  expect((await distill('Her mother was diagnosed with breast cancer. She had cough.')).diagnosis).toBeNull();
});

test('a title names the diagnosis where the text says the same words', async () => {
  const text = 'A 25-year-old man was short of breath. Sarcoidosis was treated with prednisone.';
  expect((await distill(text, 'Sarcoidosis in a young man: a case report')).diagnosis).toBe('Sarcoidosis');
  expect((await distill('A 25-year-old man was short of breath.', 'Sarcoidosis in a young man')).diagnosis).toBeNull();
});

test.each([
  ['A 30-year-old man was diagnosed with Gaucher disease.', 'prevalence'],
  ['A 30-year-old man fainted. The ECG showed a type 1 Brugada pattern.', 'rare_ecg_pattern'],
  ['A 19-year-old man with chest pain was diagnosed with acute myocardial infarction.', 'rare_for_demographic'],
  ['A woman was diagnosed with bowel wall oddity. The prevalence of bowel wall oddity is 1 in 100,000.', 'prevalence'],
] as const)('rare: %s', async (text, criterion) => {
  const distillate = await distill(text);
  expect(distillate.isRare).toBe(true);
  expect(distillate.rarityCriteria).toContain(criterion);
  expect(distillate.rareReason).not.toBeNull();
  expect(distillate.rejectionReason).toBeNull();
  expect(distillate.rareSpan).not.toBeNull();
});

test.each([
  'A 70-year-old man with cough and fever was diagnosed with pneumonia.',
  'A 70-year-old man was diagnosed with pneumonia; Gaucher disease was ruled out.',
  'We present a rare case of a sprained ankle in a 30-year-old woman.',
])('not rare: %s', async (text) => {
  const distillate = await distill(text);
  expect(distillate.isRare).toBe(false);
  expect(distillate.rareReason).toBeNull();
  expect(distillate.rejectionReason).not.toBeNull();
  expect(distillate.rarityCriteria).toEqual([]);
});

test('key findings are present ones; laboratory values only where out of range', async () => {
  const { keySymptoms, keyLabs, keyEcg } = await distill(
    'He had syncope without chest pain. Potassium was 2.5 mmol/L and sodium 140 mmol/L. ECG showed atrial fibrillation.',
  );
  expect(keySymptoms).toEqual(['syncope']);
  expect(keyLabs).toEqual(['potassium low']);
  expect(keyEcg).toBe('atrial fibrillation');
});

test('every distillate keeps its limits, and a claim keeps its span', async () => {
  const word = fc.constantFrom(
    'diagnosed with',
    'diagnosis of',
    'sarcoma',
    'rare disease',
    'is a rare genetic',
    'fever',
    'very',
    'and',
    '.',
    ',',
    'Fabry disease',
    '1 in 100,000',
    'incidence',
    'İ',
    '\n',
    'first reported case',
    'no',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 80 }), async (words) => {
      const text = words.join(' ');
      const one = await distill(text, words.slice(0, 6).join(' '));
      expect(one.diagnosis === null).toBe(one.diagnosisSpan === null);
      if (one.diagnosisSpan !== null) expect(text.slice(...one.diagnosisSpan)).toBe(one.diagnosis);
      expect((one.diagnosis ?? '').length).toBeLessThanOrEqual(200);
      expect((one.rareReason ?? '').length).toBeLessThanOrEqual(500);
      expect((one.rejectionReason ?? '').length).toBeLessThanOrEqual(300);
      expect(one.keySymptoms.length).toBeLessThanOrEqual(10);
      expect(one.isRare).toBe(one.rareSpan !== null && one.rarityCriteria.length > 0);
    }),
  );
});
