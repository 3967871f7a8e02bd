import { expect, test } from 'vitest';
import type { Finding } from '../core/cases/case.ts';
import { extractCase } from '../core/cases/extract.ts';

const symptom = (text: string, term: string): Finding => {
  const found = extractCase(text).facets.symptoms?.findings ?? [];
  const one = found.find((finding) => finding.term === term);
  if (one === undefined) throw new Error(`${term} not among ${found.map((finding) => finding.term)}`);
  return one;
};

test.each([
  ['She had severe headache.', 'headache', 'severe'],
  ['He had mild to moderate abdominal pain.', 'abdominal pain', 'moderate'],
  ['The headache was very severe.', 'headache', 'severe'],
  ['Headache of moderate intensity was noted.', 'headache', 'moderate'],
  ['He was severely dehydrated.', 'dehydration', 'severe'],
  ['Back pain, rated 8/10, was noted.', 'back pain', 'severe'],
  ['Back pain was 3 out of 10.', 'back pain', 'mild'],
  ['He had severe headache and vomiting.', 'vomiting', undefined],
  ['Fever of 8/10 days was noted.', 'fever', undefined],
  ['She had headache.', 'headache', undefined],
] as const)('severity in: %s', (text, term, severity) => {
  expect(symptom(text, term).severity).toBe(severity);
  expect(symptom(text, term).qualifiers ?? []).not.toContain('severe');
});

test.each([
  ['He had sudden onset of chest pain.', 'chest pain', 'acute'],
  ['He had acute dyspnea.', 'dyspnea', 'acute'],
  ['A gradual onset of weakness was reported.', 'weakness', 'subacute'],
  ['She had chronic cough.', 'cough', 'chronic'],
  ['She had intermittent fever.', 'fever', 'intermittent'],
  ['The fever was intermittent.', 'fever', 'intermittent'],
  ['A recurrent tumor was seen.', 'tumor', undefined],
  ['He had cough.', 'cough', undefined],
] as const)('onset in: %s', (text, term, onset) => {
  expect(symptom(text, term).onset).toBe(onset);
});

test.each([
  ['She had fever for 3 weeks.', 'fever', 21],
  ['A two-day history of vomiting and fever.', 'fever', 2],
  ['She presented with fever, cough and dyspnea for the past 6 months.', 'cough', 183],
  ['He had cough since 6 months.', 'cough', 183],
  ['Fever lasting about 12 hours was noted.', 'fever', 0.5],
  ['Headache of 5 days duration was noted.', 'headache', 5],
  ['He had a 3-day fever.', 'fever', 3],
  ['The headache began 4 days ago.', 'headache', 4],
  ['He developed dyspnea 2 days before admission.', 'dyspnea', 2],
  ['He had cough for two to four weeks.', 'cough', 21],
  ['She had fever for a week.', 'fever', 7],
  ['She had jaundice for twenty-one days.', 'jaundice', 21],
  ['The neck mass had progressed over a two-month period.', 'neck mass', 61],
  ['He had fever. He was treated with antibiotics for 5 days.', 'fever', undefined],
  ['He had fever, and was treated with antibiotics for 5 days.', 'fever', undefined],
  ['He had fever 5 days after surgery.', 'fever', undefined],
  ['A 5-day-old boy had fever.', 'fever', undefined],
  ['He had fever at 32 weeks of gestation.', 'fever', undefined],
] as const)('duration in: %s', (text, term, days) => {
  expect(symptom(text, term).durationDays).toBe(days);
});

test.each([
  ['She had worsening dyspnea.', 'dyspnea', 'worsening'],
  ['She had progressive weakness.', 'weakness', 'worsening'],
  ['His dyspnea worsened.', 'dyspnea', 'worsening'],
  ['Her cough improved.', 'cough', 'improving'],
  ['There was partial resolution of the headache.', 'headache', 'improving'],
  ['Her cough has completely resolved.', 'cough', 'resolved'],
  ['She had fever, which subsided.', 'fever', 'resolved'],
  ['Her cough did not improve.', 'cough', undefined],
  ['He improved, but cough was noted.', 'cough', undefined],
] as const)('trend in: %s', (text, term, trend) => {
  expect(symptom(text, term).trend).toBe(trend);
});

test('sides and words without a field of their own stay qualifiers, once', () => {
  expect(symptom('He had persistent severe left flank pain.', 'flank pain')).toMatchObject({
    severity: 'severe',
    qualifiers: ['persistent', 'left'],
  });
});

test('words of one canonical name mean the same thing', () => {
  expect(symptom('An ulcer was seen.', 'ulcer').term).toBe('ulcer');
  expect(symptom('Pectus carinatum was seen.', 'pectus carinatum').term).toBe('pectus carinatum');
  expect(symptom('Oligohydramnios was seen.', 'oligohydramnios').term).toBe('oligohydramnios');
});
