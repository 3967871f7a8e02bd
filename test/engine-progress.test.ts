import fc from 'fast-check';
import { expect, test } from 'vitest';
import { etaSeconds, type ProgressSample, ratePerSecond, SAMPLES_MIN } from '../core/engine/index.ts';

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
