import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Finding } from '../core/cases/case.ts';
import { extractCase } from '../core/cases/extract.ts';
import { tokenise } from '../core/cases/tokens.ts';
import { perWord } from '../core/cases/words.ts';
import { FACETS, type Facet } from '../schema/vocabulary.ts';

function findings(text: string, facet: Facet): readonly Finding[] {
  return extractCase(text).facets[facet]?.findings ?? [];
}

function finding(text: string, facet: Facet, term: string): Finding {
  const found = findings(text, facet).find((one) => one.term === term);
  if (found === undefined) throw new Error(`${term} not among ${findings(text, facet).map((one) => one.term)}`);
  return found;
}

const WORDS = [
  'A 54-year-old woman',
  'his mother had',
  'no',
  'fever',
  ',',
  'and',
  'chest pain',
  'denied',
  '. ',
  '; ',
  'was negative',
  'troponin I',
  '12',
  'ng/mL',
  'ECG showed',
  'ST elevation',
  'in leads II, III and aVF',
  '\n',
  'CT',
  'revealed',
  'mass',
  'LVEF',
  '35%',
  'history of',
  'hypertension',
  'BP 140/90 mmHg',
  '𝒳',
  'İ',
  'é',
  '(',
  ')',
  'Case 1:',
  'Discussion\n',
  '10^9/L',
  'diagnosis of',
  'sarcoma',
];
const prose = fc.oneof(
  fc.array(fc.constantFrom(...WORDS), { maxLength: 60 }).map((words) => words.join(' ')),
  fc.string({ unit: 'binary', maxLength: 300 }),
);

test('every span lies in the text, is not empty, and findings come in text order', () => {
  fc.assert(
    fc.property(prose, (text) => {
      for (const view of Object.values(extractCase(text).facets)) {
        let last = 0;
        for (const { span } of view.findings) {
          expect(span[0]).toBeGreaterThanOrEqual(last);
          expect(span[1]).toBeGreaterThan(span[0]);
          expect(span[1]).toBeLessThanOrEqual(text.length);
          last = span[0];
        }
      }
    }),
  );
});

test('a text gives the same every time, with or without a line end behind it', () => {
  fc.assert(
    fc.property(prose, (text) => {
      const once = extractCase(text);
      expect(extractCase(text)).toEqual(once);
      expect({ ...extractCase(`${text}\n`), text }).toEqual(once);
    }),
  );
});

test('completeness stays in [0, 1], and a facet without findings does not exist', () => {
  fc.assert(
    fc.property(prose, (text) => {
      const { completeness, facets } = extractCase(text);
      expect(completeness).toBeGreaterThanOrEqual(0);
      expect(completeness).toBeLessThanOrEqual(1);
      for (const name of FACETS) expect(facets[name]?.findings.length ?? 1).toBeGreaterThan(0);
    }),
  );
});

test.each([
  ['A 61-year-old man had fever.', 61, 'male'],
  ['A 37 years old female patient was seen.', 37, 'female'],
  ['The boy, aged 7, was admitted.', 7, 'male'],
  ['An 18-month-old girl with cough.', 1.5, 'female'],
  ['A fifty-two-year-old woman fell.', 52, 'female'],
  ['A woman in her 60s complained of cough.', 65, 'female'],
  ['A male neonate was cyanotic.', 0, 'male'],
  ['A septuagenarian had syncope. He was treated.', 75, 'male'],
  ['Her 40-year-old brother was well. She was 4 and a half years old.', 4.5, 'female'],
  ['The patient, 45 years of age, was pregnant.', 45, 'female'],
  ['The patient had a 5-year history of cough.', null, null],
] as const)('age and sex of: %s', (text, ageYears, sex) => {
  expect(extractCase(text).patient).toEqual({ ageYears, sex });
});

test.each([
  ['He denied chest pain, dyspnea or syncope.', 'syncope', 'absent'],
  ['She had no fever but complained of cough.', 'cough', 'present'],
  ['There was no fever, and she had vomiting.', 'vomiting', 'present'],
  ['Rash, pruritus and jaundice were absent.', 'rash', 'absent'],
  ['She developed a rash, and jaundice was ruled out.', 'rash', 'present'],
  ['He presented with a history of fever for 4 days.', 'fever', 'present'],
  ['A 6-week history of palpitations was reported.', 'palpitation', 'present'],
  ['The past medical history of seizures was noted.', 'seizure', 'historical'],
  ['Possible ascites was seen on palpation.', 'ascites', 'possible'],
  ['The abdomen was soft and non-tender with jaundice.', 'tenderness', 'absent'],
  ['Kernig sign was negative.', 'kernig sign', 'absent'],
] as const)('assertion in: %s', (text, term, assertion) => {
  expect(finding(text, 'symptoms', term).assertion).toBe(assertion);
});

test('tests that are called negative behind a list are all absent', () => {
  const text = 'The rheumatoid factor and HLA-B27 tests were negative.';
  expect(finding(text, 'labs', 'rheumatoid factor').assertion).toBe('absent');
  expect(finding(text, 'labs', 'hla-b27').assertion).toBe('absent');
});

test('results within normal limits are normal, and those before them keep their own', () => {
  const text = 'Creatinine was elevated, whereas sodium and potassium were within normal limits.';
  expect(finding(text, 'labs', 'creatinine').flag).toBe('high');
  expect(finding(text, 'labs', 'sodium').flag).toBe('normal');
  expect(finding(text, 'labs', 'potassium').flag).toBe('normal');
});

test('the family has its own history', () => {
  const text =
    'A 30-year-old man with hypertension since 2010. His mother had breast cancer. Family history of epilepsy.';
  expect(finding(text, 'demographics', 'breast cancer').assertion).toBe('family');
  expect(finding(text, 'demographics', 'epilepsy').assertion).toBe('family');
});

test("a mother who brings the child tells the child's own story", () => {
  expect(finding('A 2-year-old boy was brought by his mother with fever.', 'symptoms', 'fever').assertion).toBe(
    'present',
  );
});

test.each([
  ['Troponin I was 12.5 ng/mL.', 'troponin i', { value: 12.5, unit: 'ng/mL', flag: 'high' }],
  ['Troponin I of 8 ng/L.', 'troponin i', { value: 8, unit: 'ng/L', flag: 'normal' }],
  ['Serum potassium (K+) was 2.9 mEq/L.', 'potassium', { value: 2.9, unit: 'meq/L', flag: 'low' }],
  ['The platelet count was 52 × 109/L.', 'platelets', { value: 52, unit: '10*9/L', flag: 'low' }],
  ['WBC 15,000/mm3.', 'white blood cell count', { value: 15000, unit: '/uL', flag: 'high' }],
  ['Creatinine 798 μmol/l.', 'creatinine', { value: 798, unit: 'umol/L', flag: 'high' }],
  ['Haemoglobin < 7 g/dL.', 'hemoglobin', { value: 7, unit: 'g/dL', comparator: '<', flag: 'low' }],
  [
    'AFP of 32.3 ng/mL (normal range: 0-40 ng/mL).',
    'alpha-fetoprotein',
    { value: 32.3, unit: 'ng/mL', flag: 'normal' },
  ],
  ['CRP was raised.', 'c-reactive protein', { flag: 'high' }],
] as const)('laboratory value of: %s', (text, term, expected) => {
  expect(finding(text, 'labs', term)).toMatchObject(expected);
});

test('values that come after a list of names go to the names in order', () => {
  const text = 'AST and ALT were 120 and 30 U/L, respectively.';
  expect(finding(text, 'labs', 'aspartate aminotransferase')).toMatchObject({ value: 120, unit: 'U/L', flag: 'high' });
  expect(finding(text, 'labs', 'alanine aminotransferase')).toMatchObject({ value: 30, unit: 'U/L', flag: 'normal' });
});

test('the pH is below normal where it says so', () => {
  expect(finding('Arterial pH was 7.12.', 'labs', 'ph')).toMatchObject({ value: 7.12, flag: 'low' });
});

test('vital signs are signs with values', () => {
  const text = 'Blood pressure was 80/50 mmHg, heart rate 120 bpm, temperature 101.3 °F and oxygen saturation 88%.';
  expect(finding(text, 'symptoms', 'blood pressure')).toMatchObject({ value: 80, unit: 'mm[Hg]', flag: 'low' });
  expect(finding(text, 'symptoms', 'diastolic blood pressure')).toMatchObject({ value: 50 });
  expect(finding(text, 'symptoms', 'heart rate')).toMatchObject({ value: 120, unit: '/min', flag: 'high' });
  expect(finding(text, 'symptoms', 'body temperature')).toMatchObject({
    value: 101.3,
    unit: '[degF]',
    canonical: { value: 38.5, unit: 'Cel' },
    flag: 'high',
  });
  expect(finding(text, 'symptoms', 'oxygen saturation')).toMatchObject({ value: 88, unit: '%', flag: 'low' });
});

test('an ECG gives rhythm, rate, intervals, and changes with their leads', () => {
  const text =
    'The ECG showed sinus tachycardia at a rate of 110 bpm, QTc of 520 ms and 2-mm ST elevation in leads II, III and aVF with T wave inversion in V1-V3.';
  expect(finding(text, 'ecg', 'sinus tachycardia').assertion).toBe('present');
  expect(finding(text, 'ecg', 'rate')).toMatchObject({ value: 110, unit: '/min' });
  expect(finding(text, 'ecg', 'qtc interval')).toMatchObject({ value: 520, unit: 'ms', flag: 'high' });
  expect(finding(text, 'ecg', 'st elevation')).toMatchObject({
    value: 2,
    unit: 'mm',
    qualifiers: ['ii', 'iii', 'avf'],
  });
  expect(finding(text, 'ecg', 't wave inversion').qualifiers).toEqual(['v1', 'v2', 'v3']);
});

test('what an image shows belongs to imaging, what led to it to symptoms', () => {
  const text =
    'Because of headache a brain CT was done. Abdominal CT revealed a mass in the liver and no ascites. Echocardiography showed an ejection fraction of 25%.';
  expect(finding(text, 'imaging', 'mass')).toMatchObject({ assertion: 'present', qualifiers: ['abdominal ct'] });
  expect(finding(text, 'imaging', 'ascites').assertion).toBe('absent');
  expect(finding(text, 'imaging', 'lvef')).toMatchObject({ value: 25, unit: '%', flag: 'low' });
  expect(findings(text, 'symptoms').map((one) => one.term)).toEqual(['headache']);
});

test('a complaint takes the part of the body beside it into its name', () => {
  const [left] = findings('He had severe left flank pain.', 'symptoms');
  expect(left).toMatchObject({ term: 'flank pain', severity: 'severe', qualifiers: ['left'] });
  expect(findings('Swelling of the right knee was seen.', 'symptoms')[0]?.term).toBe('knee swelling');
});

test('history, risk factors and home medication stand in demographics', () => {
  const text =
    'A 70-year-old man with a history of diabetes mellitus, a smoker, taking metformin and atorvastatin, presented with cough.';
  expect(finding(text, 'demographics', 'diabetes mellitus').assertion).toBe('historical');
  expect(finding(text, 'demographics', 'smoking').assertion).toBe('present');
  expect(finding(text, 'demographics', 'metformin').assertion).toBe('historical');
  expect(finding(text, 'demographics', 'atorvastatin').assertion).toBe('historical');
});

test('only the case sections of a full report tell the story', () => {
  const story = 'A 45-year-old woman presented with chest pain and syncope. '.repeat(5);
  const text = `Introduction\n\nPatients often have hemoptysis.\n\nCase report\n\n${story}\n\nDiscussion\n\nOthers described jaundice.`;
  const terms = findings(text, 'symptoms').map((one) => one.term);
  expect(terms).toContain('chest pain');
  expect(terms).not.toContain('hemoptysis');
  expect(terms).not.toContain('jaundice');
});

test('the text of a facet holds its own clauses and leaves denied ones out', () => {
  const text = 'A 50-year-old man had fever. There was no cough. Serum sodium was 128 mmol/L.';
  const { facets } = extractCase(text);
  expect(facets.symptoms?.text).toBe('A 50-year-old man had fever.');
  expect(facets.labs?.text).toBe('Serum sodium was 128 mmol/L.');
});

test('a query of a few words is read like a case', () => {
  const { facets, patient } = extractCase('35 yo male, syncope, type 1 Brugada pattern, no chest pain');
  expect(patient).toEqual({ ageYears: 35, sex: 'male' });
  expect(facets.symptoms?.findings.map((one) => [one.term, one.assertion])).toEqual([
    ['syncope', 'present'],
    ['chest pain', 'absent'],
  ]);
  expect(facets.ecg?.findings[0]?.term).toBe('brugada pattern');
});

test('everyday words are no abbreviations', () => {
  expect(findings('Mr. X took ten tablets in all and kept a pet.', 'imaging')).toEqual([]);
});

test('two tokens share an id exactly when they are the same word in lower case', () => {
  const word = fc.oneof(
    fc.constantFrom(
      'Fever',
      'fever',
      'FEVER',
      'ab',
      'ba',
      'a',
      'Electrocardiogram',
      'ELECTROCARDIOGRAM',
      'Sjögren',
      'SJÖGREN',
    ),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 9 }),
    fc.stringMatching(/^[a-zA-Z0-9]{1,12}$/),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 40 }), (words) => {
      const tokens = tokenise(words.join(' '));
      const lengths = perWord((one) => one.length)(tokens.pool);
      for (let at = 0; at < tokens.count; at += 1) {
        const written = words.join(' ').slice(tokens.start[at], tokens.end[at]).toLowerCase();
        expect(tokens.word[at]).toBe(written);
        expect(tokens.pool.words[tokens.id[at] ?? -1]).toBe(written);
        expect(lengths[tokens.id[at] ?? -1]).toBe(written.length);
      }
    }),
  );
});

test('a text reads the same before and after the pool of words was filled by others', () => {
  const text = 'A 54-year-old woman with Sjögren syndrome had syncope; troponin I was 12 ng/mL.';
  const before = extractCase(text);
  const { pool } = tokenise(text);
  const others = Array.from({ length: 60_000 }, (_, index) => `zz${(index * 7919).toString(36)}qxw`);
  for (let part = 0; part < 6; part += 1) tokenise(others.map((other) => `${other}${part}`).join(' '));
  expect(tokenise(text).pool).not.toBe(pool);
  expect(extractCase(text)).toEqual(before);
});
