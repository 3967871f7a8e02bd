import fc from 'fast-check';
import { expect, test } from 'vitest';
import { flagOf } from '../core/search/flags.ts';
import { percentileOf, randomScores } from '../core/search/percentile.ts';
import { contributions, evidence, planOf, type Signals, scoresOf, totalOf } from '../core/search/score.ts';
import { SETTINGS } from '../core/search/settings.ts';
import { FACETS, VIEWS } from '../schema/vocabulary.ts';

const LENGTH = 7;
const column = (low: number) =>
  fc
    .array(fc.oneof(fc.constant(Number.NaN), fc.double({ min: low, max: 1, noNaN: true })), {
      minLength: LENGTH,
      maxLength: LENGTH,
    })
    .map((values) => Float32Array.from(values));

function withKeys<Key extends string>(
  keys: readonly Key[],
  low: number,
): fc.Arbitrary<Partial<Record<Key, Float32Array>>> {
  return fc
    .tuple(...keys.map((key) => fc.tuple(fc.boolean(), column(low)).map(([has, values]) => ({ key, has, values }))))
    .map(
      (entries) =>
        Object.fromEntries(entries.filter(({ has }) => has).map(({ key, values }) => [key, values])) as Partial<
          Record<Key, Float32Array>
        >,
    );
}

const signals: fc.Arbitrary<Signals> = fc.record({
  length: fc.constant(LENGTH),
  dense: withKeys(VIEWS, -1),
  agreement: withKeys(FACETS, 0),
  lexical: fc.option(column(0).map((values) => values.map((value) => (Number.isNaN(value) ? 0 : value)))),
});

test('scores by columns are the sums of the contributions, bit for bit', () => {
  fc.assert(
    fc.property(signals, signals, fc.constantFrom(...Object.values(SETTINGS.presets)), (cases, pairs, weights) => {
      const plan = planOf(SETTINGS, cases, weights, SETTINGS.legs, pairs, 1);
      const scores = scoresOf(cases, plan);
      for (let i = 0; i < LENGTH; i += 1) expect(scores[i]).toBe(totalOf(contributions(cases, plan, i)));
    }),
  );
});

test('evidence is a number in [0, 1] and does not fall with the value, up to a background of identity', () => {
  const background = fc.oneof(
    fc.constantFrom(1, 1 + 1e-7, 1 - 1e-7, 1 - 1e-6),
    fc.double({ min: -1, max: 1, noNaN: true }),
  );
  const cosine = fc.double({ min: -1, max: 1 + 1e-6, noNaN: true });
  fc.assert(
    fc.property(background, cosine, cosine, (zero, a, b) => {
      const [low, high] = [evidence(Math.min(a, b), zero), evidence(Math.max(a, b), zero)];
      expect(low).toBeGreaterThanOrEqual(0);
      expect(high).toBeLessThanOrEqual(1);
      expect(low).toBeLessThanOrEqual(high);
    }),
  );
  expect(evidence(1, 1)).toBe(1);
  expect(evidence(0.9, 1)).toBe(0);
});

test('random pairs are scored in the parts that the query has, in no others', () => {
  const pairs: Signals = {
    length: 2,
    dense: { ecg: Float32Array.of(0, 0.5), whole: Float32Array.of(0.9, 0.9) },
    agreement: { ecg: Float32Array.of(1, 1) },
    lexical: Float32Array.of(0.9, 0.9),
  };
  const weights = SETTINGS.presets.balanced;
  for (const legs of [['dense'], SETTINGS.legs] as const) {
    const asked = { dense: { ecg: true }, agreement: {}, lexical: null };
    const plan = planOf(SETTINGS, asked, weights, legs, pairs, 1);
    const ecg = (cosine: number) => evidence(cosine, plan.background.dense.ecg);
    expect([...randomScores(pairs, asked, plan)]).toEqual([ecg(0), ecg(0.5)]);
  }
});

test('random scores are kept for a kind of query, and not mixed up between kinds', () => {
  fc.assert(
    fc.property(signals, fc.array(signals, { minLength: 1, maxLength: 6 }), (pairs, queries) => {
      for (const query of [...queries, ...queries]) {
        const plan = planOf(SETTINGS, query, SETTINGS.presets.balanced, SETTINGS.legs, pairs, 1);
        const held = randomScores(pairs, query, plan);
        expect(held).toEqual(randomScores({ ...pairs }, query, plan));
        expect(held).toHaveLength(LENGTH);
      }
    }),
  );
});

test.each([0, 1, 9, 100, 999, 1_000, 8_192, 100_000])('no score is beyond all of %i random pairs', (count) => {
  const sorted = Float64Array.from({ length: count }, (_, i) => i / count);
  const most = percentileOf(sorted, 2);
  expect(most).toBeLessThanOrEqual(100 * (1 - 1 / (count + 1)));
  expect(Number(most.toFixed(1))).toBeLessThan(100);
  expect(percentileOf(sorted, 0.5)).toBeLessThanOrEqual(most);
  expect(percentileOf(sorted, -1)).toBe(0);
});

test('the shares of the parts that a query can use add up to one', () => {
  fc.assert(
    fc.property(signals, signals, (cases, pairs) => {
      const plan = planOf(SETTINGS, cases, SETTINGS.presets.balanced, SETTINGS.legs, pairs, 1);
      const sum = FACETS.reduce((total, facet) => total + (plan.facets[facet] ?? 0), plan.whole + plan.lexical);
      const usable = Object.keys(cases.dense).length + Object.keys(cases.agreement).length + (cases.lexical ? 1 : 0);
      expect(sum).toBeCloseTo(usable === 0 ? 0 : 1, 9);
    }),
  );
});

test('a missing facet scores the mean of random pairs that have it: more than nothing, less than the same case', () => {
  const one = (value: number) => Float32Array.of(value);
  const pairs: Signals = { length: 2, dense: {}, agreement: { ecg: Float32Array.of(0.2, 0.4) }, lexical: null };
  const score = (ecg: number) => {
    const cases: Signals = { length: 1, dense: {}, agreement: { ecg: one(ecg) }, lexical: null };
    const plan = planOf(SETTINGS, cases, SETTINGS.presets.balanced, ['findings'], pairs, 1);
    return scoresOf(cases, plan)[0];
  };
  expect(score(Number.NaN)).toBeCloseTo(0.3, 6);
  expect(score(0)).toBe(0);
  expect(score(1)).toBe(1);
});

test.each([
  ['all three conditions hold', 0.7, { symptoms: 0.5, labs: 0.4 }, true, 'significant'],
  ['the strongest', 0.85, { ecg: 0.9, labs: 0.9 }, true, 'critical'],
  ['at the very limits', 0.5, { ecg: 0.45, imaging: 0.4 }, true, 'routine'],
  ['the score is too low', 0.49, { symptoms: 0.9, labs: 0.9 }, false, null],
  ['neither symptoms nor ecg lead', 0.9, { labs: 0.9, imaging: 0.9, symptoms: 0.44 }, false, null],
  ['only one facet is alike', 0.9, { symptoms: 0.9, labs: 0.39 }, false, null],
  ['no facet is there', 0.9, {}, false, null],
] as const)('flags: %s', (_what, score, facets, flagged, alertLevel) => {
  const decision = flagOf(score, facets, SETTINGS);
  expect(decision).toMatchObject({ flagged, alertLevel });
  expect(decision.reason).not.toBe('');
  expect(decision.reason).not.toMatch(/flagged/);
});
