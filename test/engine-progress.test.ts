import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  etaRange,
  etaSeconds,
  type ProgressSample,
  ratePerSecond,
  SAMPLES_MIN,
  successRate,
} from '../core/engine/index.ts';

const times = (n: number, settled: number, tookMs: number): ProgressSample[] =>
  Array.from({ length: n }, () => ({ settled, tookMs }));

test.each<[string, ProgressSample[], number | null]>([
  ['nothing is known before any sample', [], null],
  ['two samples are too few', times(2, 10, 1_000), null],
  ['three equal samples give their own rate', times(3, 10, 1_000), 10],
  ['a hundred equal samples too', times(100, 3, 500), 6],
  ['batches that settled nothing give no rate', times(5, 0, 1_000), null],
  ['batches that took no time give no rate', times(5, 10, 0), null],
  // Weights .7 * .7, .7 and 1 of what is left: 10 items of each, in 1, 1 and 4 s.
  [
    'the newest weighs most',
    [...times(2, 10, 1_000), { settled: 10, tookMs: 4_000 }],
    21_900 / (0.49 + 0.7 + 4) / 1_000,
  ],
])('%s', (_, samples, expected) => {
  const rate = ratePerSecond(samples);
  if (expected === null) expect(rate).toBeNull();
  else expect(rate).toBeCloseTo(expected, 9);
});

test.each([
  [0, 5, 0],
  [10, 5, 2],
  [11, 5, 3],
  [1, 1_000, 1],
  [0, null, null],
  [10, null, null],
])('%i open items at %s a second take %s seconds', (open, rate, expected) => {
  expect(etaSeconds(open, rate)).toBe(expected);
});

const samples = fc.array(fc.record({ settled: fc.nat(10_000), tookMs: fc.integer({ min: 1, max: 3_600_000 }) }), {
  minLength: SAMPLES_MIN,
  maxLength: 40,
});

test('a rate lies between the slowest and the fastest sample, for all inputs', () => {
  fc.assert(
    fc.property(samples, (all) => {
      const rate = ratePerSecond(all);
      const rates = all.map(({ settled, tookMs }) => (settled * 1_000) / tookMs);
      if (rate === null) return expect(Math.max(...rates)).toBe(0);
      expect(rate).toBeGreaterThanOrEqual(Math.min(...rates) * (1 - 1e-9));
      expect(rate).toBeLessThanOrEqual(Math.max(...rates) * (1 + 1e-9));
    }),
  );
});

test('a rate is twice as high when everything takes half the time, for all inputs', () => {
  fc.assert(
    fc.property(samples, (all) => {
      const rate = ratePerSecond(all);
      const faster = ratePerSecond(all.map(({ settled, tookMs }) => ({ settled, tookMs: tookMs / 2 })));
      if (rate === null || faster === null) return expect(faster).toBe(rate);
      expect(faster / rate).toBeCloseTo(2, 9);
    }),
  );
});

test('more open items never take less time, for all rates', () => {
  fc.assert(
    fc.property(
      fc.nat(1_000_000),
      fc.nat(1_000),
      fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
      (open, more, rate) => {
        const here = etaSeconds(open, rate) ?? -1;
        expect(here).toBeGreaterThanOrEqual(open / rate);
        expect(etaSeconds(open + more, rate)).toBeGreaterThanOrEqual(here);
      },
    ),
  );
});

const at = (paceMs: number, settled = 1): ProgressSample => ({ settled, tookMs: paceMs * settled });

test.each<[string, number, ProgressSample[], readonly [number, number] | null]>([
  ['two samples say nothing of a range', 10, [at(100), at(200)], null],
  ['equal samples leave no doubt', 15, times(3, 10, 1_000), [2, 2]],
  ['three samples: from the fastest to the slowest', 100, [at(100), at(300), at(200)], [10, 30]],
  ['a batch of many counts as one sample', 100, [at(100, 500), at(300), at(200)], [10, 30]],
  [
    'what settled nothing lends its time to the next',
    10,
    [at(100), at(100), { settled: 0, tookMs: 900 }, at(100)],
    [1, 10],
  ],
  ['of three samples one that settled nothing leaves too few', 10, [at(100), { settled: 0, tookMs: 9 }, at(100)], null],
  // Ten paces: 1 to 10 s, the first and the last of them left out; the newest weigh more but stay inside.
  ['the extreme tenth at each end is left out', 1, [10, 9, 8, 7, 1, 2, 3, 4, 5, 6].map((s) => at(s * 1_000)), [2, 9]],
  ['nothing open takes no time', 0, [at(100), at(300), at(200)], [0, 0]],
])('the time left as a range: %s', (_, open, samples, expected) => {
  expect(etaRange(open, samples)).toEqual(expected);
});

test('a range holds the estimate, and is not turned round, for all inputs', () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), samples, (open, all) => {
      const range = etaRange(open, all);
      if (range === null) return;
      const eta = etaSeconds(open, ratePerSecond(all)) ?? Number.NaN;
      expect(range[0]).toBeLessThanOrEqual(eta);
      expect(range[1]).toBeGreaterThanOrEqual(eta);
    }),
  );
});

test('a range does not shrink with more to do, for all inputs', () => {
  fc.assert(
    fc.property(fc.nat(100_000), fc.nat(1_000), samples, (open, more, all) => {
      const here = etaRange(open, all);
      const later = etaRange(open + more, all);
      if (here === null || later === null) {
        expect(later).toBe(here);
        return;
      }
      expect(later[0]).toBeGreaterThanOrEqual(here[0]);
      expect(later[1]).toBeGreaterThanOrEqual(here[1]);
    }),
  );
});

test.each([
  [{ done: 0, dead: 0 }, null],
  [{ done: 3, dead: 1 }, 0.75],
  [{ done: 0, dead: 2 }, 0],
])('of %j the success rate is %s', (counts, expected) => {
  expect(successRate(counts)).toBe(expected);
});
