import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ageGroupOf, isoAgeOf } from '../core/cases/age.ts';
import type { Finding } from '../core/cases/case.ts';
import { extractCase } from '../core/cases/extract.ts';

const background = (text: string): readonly Finding[] => extractCase(text).facets.demographics?.findings ?? [];
const named = (text: string, term: string): Finding => {
  const one = background(text).find((finding) => finding.term === term);
  if (one === undefined) throw new Error(`${term} not among ${background(text).map((finding) => finding.term)}`);
  return one;
};

test.each([
  ['A 3-year-and-6-month-old girl had fever.', 3.5, 'female'],
  ['He was 2 years and 3 months old.', 2.25, 'male'],
  ['A six-and-a-half-year-old boy', 6.5, 'male'],
  ['A 1½-year-old girl', 1.5, 'female'],
  ['A 15-day-old male neonate', 0.041, 'male'],
  ['A boy of 12 hours old', 0.001, 'male'],
  ['On day 3 of life the newborn girl had fever.', 0.008, 'female'],
  ['A woman aged 40-45 had fever.', 42.5, 'female'],
  ['A man between 40 and 50 years old', 45, 'male'],
  ['A man in his mid-forties', 45, 'male'],
  ['A man in his late sixties', 68, 'male'],
  ['A woman in her early 60s', 62, 'female'],
  ['A woman in the seventh decade of life', 65, 'female'],
  ['A septuagenarian woman', 75, 'female'],
  ['A woman in her 50s was seen. At 65 years of age, she had jaundice.', 65, 'female'],
  ['A woman in her 50s had asthma at 12 years of age.', 55, 'female'],
  ['35M with syncope', 35, 'male'],
  ['A 47 y.o. F with cough', 47, 'female'],
  ['A man of 60 years', 60, 'male'],
  ['She had fever. She died at the age of 82 years.', 82, 'female'],
  ['A female child died aged 55 h.', null, 'female'],
  ['An infant was born at 34 weeks of gestation.', null, null],
  ['A neonate had jaundice. Pregnancy and cesarean section were uneventful.', 0, null],
  ['A 45-year-old patient with uterine bleeding', 45, 'female'],
  ['A 30-year-old transgender man. He had fever.', 30, null],
  ['A transgender woman, 34 years old, assigned male at birth', 34, 'male'],
  ['A 30-year-old had 1.5M of solution.', 30, null],
] as const)('age and sex of: %s', (text, ageYears, sex) => {
  expect(extractCase(text).patient).toEqual({ ageYears, sex });
});

test.each([
  ['He was born at 32 weeks of gestation.', 32, 'at birth'],
  ['A preterm boy, born at 30+2 weeks gestation', 30.29, 'at birth'],
  ['A 29-year-old woman at 32 weeks and 4 days of gestation had pain.', 32.57, 'of the pregnancy'],
  ['A woman with pain at a gestational age of 28 weeks', 28, 'of the pregnancy'],
] as const)('weeks of gestation in: %s', (text, weeks, kind) => {
  expect(named(text, 'gestational age')).toMatchObject({ value: weeks, unit: 'wk', qualifiers: [kind] });
});

test.each([
  [0, '0-17', 'P0D'],
  [12 / 365.25, '0-17', 'P12D'],
  [0.25, '0-17', 'P3M'],
  [1.5, '0-17', 'P18M'],
  [1, '0-17', 'P1Y'],
  [17.9, '0-17', 'P17Y11M'],
  [18, '18-39', 'P18Y'],
  [40, '40-64', 'P40Y'],
  [54, '40-64', 'P54Y'],
  [65, '65+', 'P65Y'],
] as const)('%d years: group and ISO 8601 duration', (years, group, iso) => {
  expect(ageGroupOf(years)).toBe(group);
  expect(isoAgeOf(years)).toBe(iso);
});

test('a duration says the age it was made of, to the month or, of the youngest, the day', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 120, noNaN: true }), (years) => {
      const [, y = '0', m = '0', d = '0'] = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?$/.exec(isoAgeOf(years)) ?? [];
      expect(Math.abs(Number(y) + Number(m) / 12 + Number(d) / 365.25 - years)).toBeLessThanOrEqual(1 / 12);
    }),
  );
});

test.each([
  ['A 70-year-old man with hypertension', 'hypertension', 'present', 'risk factor'],
  ['No history of hypertension, diabetes or smoking', 'diabetes', 'absent', 'risk factor'],
  ['He had a history of asthma.', 'asthma', 'historical', 'history'],
  ['He is obese.', 'obesity', 'present', 'risk factor'],
  ['She denied alcohol use.', 'alcohol use', 'absent', 'social'],
  ['She travelled to India.', 'travel', 'present', 'social'],
  ['She owned a dog.', 'animal contact', 'present', 'social'],
  ['He worked as a construction worker for years.', 'occupation', 'present', 'social'],
  ['The parents were consanguineous.', 'consanguinity', 'present', 'family'],
  ['He is allergic to penicillin.', 'penicillin allergy', 'present', 'allergy'],
  ['He had a sulfa allergy.', 'sulfa allergy', 'present', 'allergy'],
  ['No known drug allergies.', 'drug allergy', 'absent', 'allergy'],
  ['Family history was unremarkable.', 'family history', 'absent', 'family'],
  ['There was no family history of cardiomyopathy.', 'cardiomyopathy', 'absent', 'family'],
  ['He was taking cyclosporine.', 'cyclosporine', 'historical', 'medication'],
] as const)('background in: %s', (text, term, assertion, kind) => {
  expect(named(text, term)).toMatchObject({ assertion });
  expect(named(text, term).qualifiers?.[0]).toBe(kind);
});

test('values of the background: doses, pack-years, relatives, work', () => {
  expect(named('He was taking metformin 500 mg twice daily.', 'metformin')).toMatchObject({
    value: 500,
    unit: 'mg',
    qualifiers: ['medication', 'twice daily'],
  });
  expect(named('A 40 pack-year smoker', 'smoking')).toMatchObject({ value: 40, unit: '{pack-years}' });
  expect(named('He smoked one pack per day for 30 years.', 'smoking').value).toBe(30);
  expect(named('He smoked 10 cigarettes a day for 20 years.', 'smoking').value).toBe(10);
  expect(named('A paternal uncle had epilepsy.', 'epilepsy').qualifiers).toEqual(['family', 'uncle']);
  expect(named('A 45-year-old retired farmer', 'occupation').qualifiers).toEqual(['social', 'farmer']);
});

test('an allergy is no treatment, and treatment given now is no home medication', () => {
  const terms = (text: string) => background(text).map((finding) => finding.term);
  expect(terms('History of penicillin allergy.')).toEqual(['penicillin allergy']);
  expect(terms('Penicillin was given.')).toEqual([]);
});
