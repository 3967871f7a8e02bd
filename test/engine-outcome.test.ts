import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Item,
  OutageError,
  type Outcome,
  outcomeOfError,
  PermanentError,
  QuotaError,
  RetryableError,
  retryDelayMs,
  ValidationError,
} from '../core/engine/index.ts';

const RETRY = { attemptsMax: 3, delayMsFirst: 1_000, delayMsMax: 300_000 };
const item = (overrides: Partial<Item> = {}): Item => ({
  id: 1,
  kind: 'document',
  key: 'a',
  parentId: null,
  source: 'test',
  inputHash: 'a@1',
  attempt: 1,
  waits: 0,
  lost: 0,
  ...overrides,
});

test.each([
  [1, 500],
  [2, 1_000],
  [3, 2_000],
  [9, 128_000],
  [10, 150_000],
  [5_000, 150_000],
])('failure %i waits %i ms at the middle draw', (failure, delayMs) => {
  expect(retryDelayMs(failure, RETRY, 0.5)).toBe(delayMs);
});

test('the delay is a whole number from 0 to the smaller of its cap and its doubled first delay, for all inputs', () => {
  const delays = fc
    .tuple(fc.nat(3_600_000), fc.nat(3_600_000))
    .map(([a, b]) => ({ attemptsMax: 3, delayMsFirst: Math.min(a, b), delayMsMax: Math.max(a, b) }));
  const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5_000 }), delays, draw, (failure, retry, random) => {
      const delayMs = retryDelayMs(failure, retry, random);
      expect(Number.isSafeInteger(delayMs)).toBe(true);
      expect(delayMs).toBeGreaterThanOrEqual(0);
      expect(delayMs).toBeLessThanOrEqual(retry.delayMsMax);
      if (failure <= 20) expect(delayMs).toBeLessThanOrEqual(retry.delayMsFirst * 2 ** (failure - 1));
      expect(retryDelayMs(failure + 1, retry, random)).toBeGreaterThanOrEqual(delayMs);
    }),
    { examples: [[5_000, { attemptsMax: 1, delayMsFirst: 0, delayMsMax: 10 }, 0.5]] },
  );
});

test.each<[string, unknown, Partial<Item>, Partial<Outcome>]>([
  ['a retryable error is tried again', new RetryableError('late'), {}, { kind: 'retry', errorClass: 'retryable' }],
  ['a misfit output is tried again', new ValidationError('odd'), {}, { kind: 'retry', errorClass: 'validation' }],
  ['an unknown error is tried again', new Error('what'), {}, { kind: 'retry', errorClass: 'unknown' }],
  ['even a thrown string is tried again', 'no error', {}, { kind: 'retry', reason: 'no error' }],
  ['a permanent error is the end at once', new PermanentError('bad'), {}, { kind: 'dead', errorClass: 'permanent' }],
  ['the second of three failures is tried again', new RetryableError('late'), { attempt: 2 }, { kind: 'retry' }],
  ['the third of three failures is the end', new RetryableError('late'), { attempt: 3 }, { kind: 'dead' }],
  ['waits are no failures', new RetryableError('late'), { attempt: 9, waits: 7 }, { kind: 'retry' }],
  ['losses are no failures', new RetryableError('late'), { attempt: 9, lost: 7 }, { kind: 'retry' }],
  [
    'nine claims with six for nothing are three failures',
    new Error('x'),
    { attempt: 9, waits: 3, lost: 3 },
    { kind: 'dead' },
  ],
  [
    'a spent quota waits and closes the stage',
    new QuotaError('spent', { retryAfterMs: 7_000 }),
    { attempt: 3 },
    { kind: 'wait', delayMs: 7_000, stageWaits: true, errorClass: 'quota' },
  ],
  [
    'an outage waits and closes the stage',
    new OutageError('down', { retryAfterMs: 9_000 }),
    { attempt: 3 },
    { kind: 'wait', delayMs: 9_000, stageWaits: true, errorClass: 'outage' },
  ],
  [
    'a wait of no readable length is the longest delay of the stage',
    new QuotaError('spent', { retryAfterMs: Number.NaN }),
    {},
    { kind: 'wait', delayMs: 300_000 },
  ],
  [
    'a wait without an end is the longest delay of the stage',
    new OutageError('down', { retryAfterMs: Number.POSITIVE_INFINITY }),
    {},
    { kind: 'wait', delayMs: 300_000 },
  ],
  [
    'a wait of less than nothing is none',
    new OutageError('down', { retryAfterMs: -5 }),
    {},
    { kind: 'wait', delayMs: 0 },
  ],
])('%s', (_, error, claimed, expected) => {
  expect(outcomeOfError(error, item(claimed), RETRY, 0.5)).toMatchObject(expected);
});

test('the delay of a retry grows with failures alone', () => {
  const delayOf = (claimed: Partial<Item>) => outcomeOfError(new Error('x'), item(claimed), RETRY, 0.5);
  expect(delayOf({ attempt: 2 })).toMatchObject({ delayMs: 1_000 });
  expect(delayOf({ attempt: 12, waits: 6, lost: 4 })).toMatchObject({ delayMs: 1_000 });
});
