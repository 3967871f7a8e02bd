import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ExtractedCase, Finding } from '../core/cases/case.ts';
import { adjusted, adjustmentsFor } from '../core/search/adjust.ts';
import { confidenceOf, type Match } from '../core/search/confidence.ts';
import { foldResults } from '../core/search/diversity.ts';
import { levelOf } from '../core/search/levels.ts';
import { diagnosisKey, rollUp } from '../core/search/rollup.ts';
import { type ConfidenceFactor, SETTINGS } from '../core/search/settings.ts';
import { FACETS, type Facet } from '../schema/vocabulary.ts';

const finding = (term: string, more: Partial<Finding> = {}): Finding => ({
  term,
  assertion: 'present',
  span: [0, 1],
  ...more,
});

function queryOf(findings: Partial<Record<Facet, readonly Finding[]>>, ageYears: number | null = null) {
  const facets = Object.fromEntries(
    Object.entries(findings).map(([facet, all]) => [facet, { text: 'x', findings: all }]),
  );
  return { facets, patient: { ageYears, sex: null } } as Pick<ExtractedCase, 'facets' | 'patient'>;
}

const rulesOf = (query: ReturnType<typeof queryOf>) => adjustmentsFor(query, SETTINGS).map(({ rule }) => rule);
const named = (...terms: string[]) => terms.map((term) => finding(term));

test.each([
  ['three findings of the ECG', queryOf({ ecg: named('st elevation', 'long qt', 'lbbb') }), ['detailed_ecg']],
  ['two, one of them said twice', queryOf({ ecg: named('st elevation', 'long qt', 'long qt') }), []],
  ['one that is denied', queryOf({ ecg: [...named('a', 'b'), finding('c', { assertion: 'absent' })] }), []],
  [
    'two values outside of their range',
    queryOf({ labs: [finding('sodium', { flag: 'low' }), finding('crp', { flag: 'high' })] }),
    ['abnormal_labs'],
  ],
  ['one of two', queryOf({ labs: [finding('sodium', { flag: 'normal' }), finding('crp', { flag: 'high' })] }), []],
  ['a patient of 17', queryOf({}, 17.9), ['paediatric']],
  ['a patient of 18', queryOf({}, 18), []],
  ['nobody knows how old', queryOf({}), []],
  ['imaging says most', queryOf({ imaging: named('a', 'b', 'c'), symptoms: named('d', 'e') }), ['imaging_main']],
  ['imaging says as much', queryOf({ imaging: named('a', 'b', 'c'), symptoms: named('d', 'e', 'f') }), []],
])('rules of the query: %s', (_, query, expected) => {
  expect(rulesOf(query)).toEqual(expected);
});

test('a rule that is off is told and moves nothing; one that is on moves the weights, which still add up to one', () => {
  const query = queryOf({ ecg: named('a', 'b', 'c') }, 5);
  const weights = SETTINGS.presets.balanced;
  const off = adjustmentsFor(query, SETTINGS);
  expect(off.map(({ applied }) => applied)).toEqual([false, false]);
  for (const facet of FACETS) expect(adjusted(weights, off, SETTINGS)[facet]).toBeCloseTo(weights[facet], 9);
  const { detailed_ecg } = SETTINGS.adjustments;
  const settings = {
    adjustments: { ...SETTINGS.adjustments, detailed_ecg: { ...detailed_ecg, on: true } },
  };
  const moved = adjusted(weights, adjustmentsFor(query, settings), settings);
  expect(moved.ecg).toBeCloseTo(0.35, 9);
  expect(moved.symptoms).toBeCloseTo(0.25, 9);
  expect(FACETS.reduce((sum, facet) => sum + moved[facet], 0)).toBeCloseTo(1, 9);
});

test('no weight falls below zero, whatever was chosen', () => {
  const all = Object.fromEntries(
    Object.entries(SETTINGS.adjustments).map(([rule, { change }]) => [rule, { on: true, change }]),
  ) as typeof SETTINGS.adjustments;
  const query = queryOf({ ecg: named('a', 'b', 'c') }, 5);
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 5, maxLength: 5 }), (values) => {
      const chosen = Object.fromEntries(FACETS.map((facet, i) => [facet, values[i] ?? 0])) as Record<Facet, number>;
      const moved = adjusted(chosen, adjustmentsFor(query, { adjustments: all }), { adjustments: all });
      for (const facet of FACETS) expect(moved[facet]).toBeGreaterThanOrEqual(0);
    }),
  );
});

const MATCH: Match = {
  percentile: 90,
  facets: { symptoms: 0.6, ecg: 0.7 },
  category: 'other',
  rare: false,
  completeness: 0.8,
  ageYears: 50,
  query: { ageYears: 60, rare: false },
};

test.each<[ConfidenceFactor, Partial<Match>, Partial<Match>]>([
  [
    'strong_facets',
    { facets: { symptoms: 0.8, ecg: 0.9, labs: 0.75 } },
    { facets: { symptoms: 0.8, ecg: 0.79, labs: 0.75 } },
  ],
  [
    'missing_facets',
    { facets: { symptoms: 0.6, ecg: null, labs: null } },
    { facets: { symptoms: 0.6, ecg: null, imaging: null } },
  ],
  ['both_rare', { rare: true, query: { ageYears: 60, rare: true } }, { query: { ageYears: 60, rare: true } }],
  ['incomplete', { completeness: 0.49 }, { completeness: 0.5 }],
  [
    'arrhythmia_without_ecg',
    { category: 'arrhythmia', facets: { ecg: 0.59 } },
    { category: 'arrhythmia', facets: { ecg: 0.6 } },
  ],
  ['rare_without_symptoms', { rare: true, facets: { symptoms: 0.54 } }, { rare: true, facets: { symptoms: 0.55 } }],
  ['other_age_group', { ageYears: 39 }, { ageYears: null }],
])('confidence: %s', (name, applies, not) => {
  const on = {
    ...SETTINGS,
    confidence: { ...SETTINGS.confidence, [name]: { ...SETTINGS.confidence[name], on: true } },
  };
  const factor = confidenceOf({ ...MATCH, ...applies }, on).factors.find((one) => one.name === name);
  expect(factor).toMatchObject({ name, change: SETTINGS.confidence[name].change });
  expect(factor?.reason).not.toBe('');
  expect(confidenceOf({ ...MATCH, ...not }, on).factors.map((one) => one.name)).not.toContain(name);
  const off = { ...on, confidence: { ...on.confidence, [name]: { ...on.confidence[name], on: false } } };
  expect(confidenceOf({ ...MATCH, ...applies }, off).factors.find((one) => one.name === name)?.change).toBe(0);
});

test('confidence is the percentile and its factors, in [0, 1]', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 99.9, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (percentile, score) => {
        const match = {
          ...MATCH,
          percentile,
          rare: true,
          completeness: 0.2,
          facets: { symptoms: score, ecg: score, labs: score },
        };
        const { value, factors } = confidenceOf(match, SETTINGS);
        const sum = factors.reduce((total, { change }) => total + change, percentile / 100);
        expect(value).toBeCloseTo(Math.min(1, Math.max(0, sum)), 9);
      },
    ),
  );
});

test.each([
  [null, null],
  [0.49, null],
  [0.5, 'minimum'],
  [0.75, 'strong'],
  [0.9, 'critical'],
] as const)('a score of %s in symptoms is %s', (score, level) => {
  expect(levelOf('symptoms', score, SETTINGS)).toBe(level);
});

test('a document and what is nearly the same stand once, at their best place; nobody is lost', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 20 }),
      fc.integer({ min: 1, max: 12 }),
      (documents, k) => {
        const alike = (a: number, b: number) => a % 5 === 0 && b % 5 === 0;
        const folds = foldResults(documents, alike, k);
        const stand = folds.map(({ place }) => documents[place]);
        expect(new Set(stand).size).toBe(stand.length);
        expect(folds.map(({ place }) => place)).toEqual(folds.map(({ place }) => place).sort((a, b) => a - b));
        for (const { place, folded } of folds) for (const one of folded) expect(one).toBeGreaterThan(place);
        const told = folds.flatMap(({ place, folded }) => [place, ...folded]);
        expect(new Set(told).size).toBe(told.length);
        if (folds.length < k) expect(told).toHaveLength(documents.length);
      },
    ),
  );
});

const near = (...diagnoses: (string | null)[]) =>
  diagnoses.map((diagnosis, i) => ({ caseId: `c${i}`, score: 1 - i / 10, diagnosis }));

test('names of one disease are counted together, under the name that most use', () => {
  const rolled = rollUp(
    near(
      'Takotsubo cardiomyopathy (apical)',
      'Hypertrophic cardiomyopathy',
      'takotsubo cardiomyopathy',
      null,
      'Acute takotsubo cardiomyopathy with cardiogenic shock',
      'Takotsubo cardiomyopathy',
    ),
  );
  expect(rolled.map(({ diagnosis, cases, best_case_id }) => [diagnosis, cases, best_case_id])).toEqual([
    ['takotsubo cardiomyopathy', 3 + 1, 'c0'],
    ['Hypertrophic cardiomyopathy', 1, 'c1'],
  ]);
  expect(rolled.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
});

test.each([
  ['cardiomyopathy', 'takotsubo cardiomyopathy'],
  ['type 1 diabetes mellitus', 'type 2 diabetes mellitus'],
  ['pulmonary embolism', 'pulmonary tuberculosis'],
])('%s is not %s', (one, other) => {
  expect(rollUp(near(one, other))).toHaveLength(2);
});

test('a name of side words alone is still a name', () => {
  expect(diagnosisKey('Acute disease').size).toBeGreaterThan(0);
  expect(rollUp(near('', '   ', null))).toEqual([]);
});
