import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Finding } from '../core/cases/case.ts';
import { extractCase } from '../core/cases/extract.ts';
import { keyTerms } from '../core/models/key-findings.ts';
import { distillByRules } from '../core/models/rules.ts';

const distill = (text: string, title: string | null = null) => distillByRules({ extracted: extractCase(text), title });

test.each([
  ['A 40-year-old man had fever. The final diagnosis was infective endocarditis.', 'infective endocarditis'],
  ['A 40-year-old man had a rash. A diagnosis of granuloma annulare was made.', 'granuloma annulare'],
  [
    'A 40-year-old man had a rash. Histology confirmed lichen nitidus elsewhere; he was diagnosed with sarcoidosis.',
    'sarcoidosis',
  ],
  [
    'A man had toothache. The diagnosis based on clinical examination and X-ray was symptomatic irreversible pulpitis.',
    'symptomatic irreversible pulpitis',
  ],
  ['We describe a girl with SoJIA. She had fever.', 'SoJIA'],
  ['CT showed a ruptured abdominal aortic aneurysm.', 'ruptured abdominal aortic aneurysm'],
  ['We report a woman with diabetes mellitus. Biopsy showed sarcoidosis.', 'sarcoidosis'],
  ['A boy had a neck mass. Biopsy showed features consistent with malakoplakia.', 'malakoplakia'],
  ['A woman had cough. CT of the chest detected a bronchogenic cyst.', 'bronchogenic cyst'],
  ['A woman had weakness. This confirmed the diagnosis of Zebrowski syndrome in our patient.', 'Zebrowski syndrome'],
  [
    'A man had epigastric pain. Laparotomy followed and gastrinoma was diagnosed by immunohistochemistry.',
    'gastrinoma',
  ],
  ['We report the case of a 37-year-old pregnant woman with preeclampsia.', 'preeclampsia'],
  ['We report a case of plunging ranula in a 12-year-old girl.', 'plunging ranula'],
  ['A man had nodules. He was diagnosed with granular cell tumour involving the tongue.', 'granular cell tumour'],
  [
    'A man had fatigue. Blastic plasmacytoid dendritic cell neoplasm (BPDCN) is aggressive. He was diagnosed with BPDCN.',
    'Blastic plasmacytoid dendritic cell neoplasm',
  ],
])('diagnosis of: %s', (text, diagnosis) => {
  const { diagnosis: said, diagnosisSpan } = distill(text);
  expect(said).toBe(diagnosis);
  expect(text.slice(...(diagnosisSpan ?? [0, 0]))).toBe(diagnosis);
});

test.each([
  [
    'excluded',
    'A 28-year-old woman had fever, arthralgia and a rash. HIV infection was excluded. She was diagnosed with adult onset Still disease.',
    'adult onset Still disease',
  ],
  [
    'excluded in the same sentence',
    'She had fever and arthralgia. After HIV infection had been ruled out, a diagnosis of adult onset Still disease was made.',
    'adult onset Still disease',
  ],
  [
    'a differential',
    'He had a lung mass. The differential diagnosis included lung cancer and tuberculosis. Biopsy confirmed the diagnosis of nocardiosis.',
    'nocardiosis',
  ],
  [
    'suspected first',
    'She had chest pain. Initially a diagnosis of pneumonia was suspected. The final diagnosis was pulmonary embolism.',
    'pulmonary embolism',
  ],
  [
    'misdiagnosed',
    'He had palpitations. He was misdiagnosed with panic disorder. Later a diagnosis of pheochromocytoma was made.',
    'pheochromocytoma',
  ],
  [
    'mistaken, though stated more surely',
    'He was erroneously diagnosed with sarcoidosis elsewhere. Biopsy of a node was consistent with lymphoma.',
    'lymphoma',
  ],
  [
    'of the family',
    'Her mother was diagnosed with breast cancer. She had cough and was diagnosed with sarcoidosis.',
    'sarcoidosis',
  ],
  [
    'history',
    'A man with a history of prostate cancer had fever. He was found to have infective endocarditis on echocardiography.',
    'infective endocarditis',
  ],
  [
    'literature',
    'A 30-year-old man had hematuria. Renal biopsy led to the diagnosis of IgA nephropathy.\n\nDiscussion\n\nPatients diagnosed with Alport syndrome have hearing loss. A diagnosis of Alport syndrome was made in 20 patients.',
    'IgA nephropathy',
  ],
])('a diagnosis that is not the patient’s does not win: %s', (_, text, diagnosis) => {
  expect(distill(text).diagnosis).toBe(diagnosis);
});

test.each([
  ['There was no evidence of sarcoidosis.'],
  ['Her sister was diagnosed with sarcoidosis.'],
  ['A diagnosis of unclear lesion was made.'],
])('nothing is made up: %s', (sentence) => {
  expect(distill(`A 50-year-old woman had cough. ${sentence}`).diagnosis).toBeNull();
});

test.each([
  ['Brown tumor mimicking multiple myeloma: a case report', 'Brown tumor'],
  ['Pituitary apoplexy presenting as meningitis', 'Pituitary apoplexy'],
  ['Dyspnea revealing Behçet disease', 'Behçet disease'],
  ['In a patient with breast cancer, pityriasis rubra pilaris', 'pityriasis rubra pilaris'],
  ['Zinc gluconate for Wilson disease', 'Wilson disease'],
  ['A rare case of breast cylindroma: diagnostic challenges', 'breast cylindroma'],
  ['Lithopedion – a rare complication of abdominal pregnancy', 'Lithopedion'],
])('the subject of the title: %s', (title, diagnosis) => {
  const body = title.replace(/:.*/, '');
  const text = `${body}\n\nA 44-year-old woman was admitted. ${body}. She went home.`;
  expect(distill(text, title).diagnosis).toBe(diagnosis);
});

test.each([
  'Pityriasis rubra pilaris in a breast cancer patient',
  'Pityriasis rubra pilaris in a patient with breast cancer: a case report',
  'Pityriasis rubra pilaris in patients with breast cancer',
])('the background in a title is not its subject: %s', (title) => {
  const text =
    'We report a 43-year-old woman with breast cancer. She had been diagnosed with breast cancer. Pityriasis rubra pilaris was seen.';
  expect(distill(text, title).diagnosis).toBe('Pityriasis rubra pilaris');
});

test('second diagnoses are those of this admission', () => {
  const { diagnosis, secondaryDiagnoses } = distill(
    'A 60-year-old man with a history of gout and known asthma was admitted with fever. He had diabetes mellitus and hypertension. ' +
      'Tuberculosis was ruled out. His father had colon cancer. He was diagnosed with infective endocarditis and developed acute kidney injury. ' +
      'The course was complicated by septic shock.',
  );
  expect(diagnosis).toBe('infective endocarditis');
  const names = secondaryDiagnoses.map(({ text }) => text.toLowerCase());
  expect(names).toEqual(
    expect.arrayContaining(['diabetes mellitus', 'hypertension', 'acute kidney injury', 'septic shock']),
  );
  for (const not of ['gout', 'asthma', 'tuberculosis', 'colon cancer', 'infective endocarditis'])
    expect(names).not.toContain(not);
});

test.each([
  ['was diagnosed with fibronectin glomerulopathy', 'renal'],
  ['was diagnosed with breast cylindroma', 'oncological'],
  ['was diagnosed with autoimmune polyendocrinopathy', 'endocrine'],
  ['was diagnosed with paracetamol overdose', 'toxic'],
  ['was diagnosed with constrictive pericarditis', 'pericardial'],
] as const)('category: %s', (words, category) => {
  expect(distill(`A 40-year-old man ${words}.`).diagnosisCategory).toBe(category);
});

test.each([
  ['a name of the list', 'A boy was diagnosed with Hailey-Hailey disease.', 'prevalence'],
  ['a stem', 'A man was diagnosed with lymphocutaneous sporotrichosis.', 'prevalence'],
  ['one gene', 'A girl was diagnosed with DNAJC12 deficiency.', 'prevalence'],
  ['an eponym that no list has', 'A girl was diagnosed with Zebrowski-Smith syndrome.', 'prevalence'],
  ['a reaction that few have', 'A man took a new tablet. He was diagnosed with DRESS syndrome.', 'rare_drug_reaction'],
  ['a sex that seldom has it', 'A 60-year-old man was diagnosed with breast cancer.', 'rare_for_demographic'],
  ['an age that seldom has it', 'A 20-year-old woman was diagnosed with gastric cancer.', 'rare_for_demographic'],
  ['an ECG', 'A 30-year-old man fainted. The ECG showed a type 1 Brugada pattern.', 'rare_ecg_pattern'],
] as const)('rare by %s', (_, text, criterion) => {
  const { isRare, rarityCriteria, rarityEvidence, rejectionReason } = distill(text);
  expect(isRare).toBe(true);
  expect(rarityCriteria).toContain(criterion);
  expect(rejectionReason).toBeNull();
  for (const each of rarityCriteria) expect(rarityEvidence.map((one) => one.criterion)).toContain(each);
  for (const { span, reason } of rarityEvidence) {
    expect(reason).not.toBe('');
    expect(span === null || text.slice(...span).length > 0).toBe(true);
  }
});

test.each([
  ['a common syndrome', 'A woman was diagnosed with carpal tunnel syndrome.', null],
  ['a common deficiency of an enzyme', 'A man was diagnosed with G6PD deficiency.', null],
  [
    'what a title says it is not',
    'A child had fever. Kawasaki disease was considered. He was diagnosed with measles.',
    'Measles mimicking Kawasaki disease',
  ],
  [
    'an unusual presentation of a common syndrome',
    'We report an unusual presentation of cubital tunnel syndrome. She was diagnosed with cubital tunnel syndrome.',
    null,
  ],
  ['what was ruled out', 'A man was diagnosed with pneumonia; Gaucher disease was ruled out.', null],
  ['a common reaction', 'A man was diagnosed with insulin-induced hypoglycemia.', null],
  ['the sex that has it', 'A 60-year-old woman was diagnosed with breast cancer.', null],
])('not rare: %s', (_, text, title) => {
  const { isRare, rejectionReason } = distill(text, title);
  expect(isRare).toBe(false);
  expect(rejectionReason).not.toBeNull();
});

test('key findings: the strongest first, each once, the exact before the vague', () => {
  const finding = (term: string, more: Partial<Finding> = {}): Finding => ({
    term,
    assertion: 'present',
    span: [0, 1],
    ...more,
  });
  const theCase = {
    ...extractCase('A 40-year-old man.'),
    facets: {
      symptoms: {
        text: '',
        findings: [
          finding('cough'),
          finding('pain'),
          finding('abdominal pain', { severity: 'severe' }),
          finding('cough'),
          finding('fever', { assertion: 'absent' }),
          finding('heart rate', { value: 80, flag: 'normal' }),
          finding('blood pressure', { value: 80, flag: 'low' }),
          finding('asymptomatic'),
        ],
      },
      labs: {
        text: '',
        findings: [
          finding('sodium', { value: 130, range: [135, 145], flag: 'low' }),
          finding('potassium', { value: 1.9, range: [3.5, 5], flag: 'low' }),
          finding('creatinine', { value: 80, range: [60, 110], flag: 'normal' }),
          finding('potassium', { value: 5.1, range: [3.5, 5], flag: 'high' }),
        ],
      },
    },
  };
  expect(keyTerms(theCase, 'symptoms')).toEqual(['abdominal pain', 'blood pressure low', 'cough']);
  expect(keyTerms(theCase, 'labs')).toEqual(['potassium low', 'sodium low']);
  expect(keyTerms(theCase, 'ecg')).toEqual([]);
  const many = Array.from({ length: 30 }, (_, at) => finding(`symptom ${at}`));
  expect(keyTerms({ ...theCase, facets: { symptoms: { text: '', findings: many } } }, 'symptoms')).toHaveLength(10);
});

test('whatever the words, limits hold and every claim is cut from the text', () => {
  const word = fc.constantFrom(
    ...'diagnosed with|diagnosis of|the final diagnosis was|was ruled out|HIV|sarcoma|mother|Fabry disease|pneumonia|and|.|,|İ|(ABC)|ABC|developed|complicated by|died|at 6-month follow-up|prednisolone|40 mg|refused|asymptomatic|\n|Case report|Discussion|homozygous|variant|-induced|lesion'.split(
      '|',
    ),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 70 }), (words) => {
      const text = words.join(' ');
      const one = distill(text, words.slice(0, 8).join(' '));
      const inText = (span: readonly [number, number]) => span[0] >= 0 && span[0] < span[1] && span[1] <= text.length;
      if (one.diagnosisSpan !== null) expect(text.slice(...one.diagnosisSpan)).toBe(one.diagnosis);
      expect(one.secondaryDiagnoses.length).toBeLessThanOrEqual(10);
      for (const claim of one.secondaryDiagnoses) expect(text.slice(...claim.span)).toBe(claim.text);
      for (const finding of [...one.treatments, ...one.complications]) expect(inText(finding.span)).toBe(true);
      expect(one.outcome.status === 'unknown').toBe(one.outcome.span === null);
      expect(one.isRare).toBe(one.rejectionReason === null);
      for (const { span } of one.rarityEvidence) expect(span === null || inText(span)).toBe(true);
    }),
  );
});

const LABELLED = fileURLToPath(new URL('../../shared/data/corpus/cases_medrbench_labelled.jsonl', import.meta.url));

test.skipIf(!existsSync(LABELLED))(
  'labelled cases (skipped where the shared data is absent): rare or not beats the majority',
  () => {
    const cases = readFileSync(LABELLED, 'utf8')
      .trim()
      .split('\n')
      .filter((_, at) => at % 4 === 0)
      .map((line) => JSON.parse(line) as { readonly text: string; readonly title: string; readonly rare: boolean });
    const right = cases.filter(({ text, title, rare }) => distill(text, title).isRare === rare).length / cases.length;
    console.info(`F48: rare or not, every fourth labelled case: ${right.toFixed(3)} of ${cases.length}`);
    expect(right).toBeGreaterThan(0.7);
  },
);
