import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  clockWentBack,
  DefinitionError,
  definePipeline,
  effectDecision,
  type Item,
  isStale,
  lifecycleOf,
  type Outcome,
  OutOfMemoryError,
  outcomeOfError,
  quotaLeft,
  quotaResetsMs,
  RetryableError,
  retryAfterMs,
  type Settled,
  type Snapshot,
  type StageSnapshot,
  serviceReport,
  ValidationError,
  withinRetryBudget,
} from '../core/engine/index.ts';
import { done, passing, stageOf } from './support/engine/walk.ts';

/** 2026-11-22T10:00:00Z */
const NOW_MS = Date.UTC(2026, 10, 22, 10);
const DAY = Date.UTC(2026, 10, 22) / 86_400_000;

test.each<[string, string | null, number | null]>([
  ['seconds', '120', 120_000],
  ['zero', '0', 0],
  ['a date ahead', 'Sun, 22 Nov 2026 10:02:00 GMT', 120_000],
  ['a date that is past', 'Sun, 22 Nov 2026 09:00:00 GMT', 0],
  ['nothing', null, null],
  ['an empty text', '', null],
  ['a negative number', '-1', null],
  ['words', 'soon', null],
])('a Retry-After of %s is understood', (_, header, expected) => {
  expect(retryAfterMs(header, NOW_MS)).toBe(expected);
});

const itemOf = (id: number, attempt = 1): Item => ({
  id,
  kind: 'document',
  key: `k${id}`,
  parentId: null,
  source: 'test',
  inputHash: 'h',
  attempt,
  waits: 0,
  lost: 0,
});
const settledOf = (outcomes: readonly Outcome[]): Settled[] =>
  outcomes.map((outcome, i) => ({ item: itemOf(i), outcome }));
const retry = (delayMs: number): Outcome => ({ kind: 'retry', delayMs, reason: 'r', errorClass: 'retryable' });

describe('the retry budget', () => {
  test('lets retries through while it lasts and puts the others off as long as the stage waits at most', () => {
    const { settled, earned } = withinRetryBudget(settledOf([retry(5), retry(6), retry(7)]), 2, 60_000);
    expect(settled.map(({ outcome }) => 'delayMs' in outcome && outcome.delayMs)).toEqual([5, 6, 60_000]);
    expect(earned).toBe(-2);
  });

  test('in the long run allows no more retries at once than a tenth of what is done, and what it held', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 400 }), fc.integer({ min: 0, max: 20 }), (dones, tokens) => {
        const outcomes = dones.map((isDone) => (isDone ? done('o') : retry(1)));
        const { settled } = withinRetryBudget(settledOf(outcomes), tokens, 9_999);
        const atOnce = settled.filter(({ outcome }) => outcome.kind === 'retry' && outcome.delayMs === 1).length;
        expect(atOnce).toBeLessThanOrEqual(tokens + dones.filter(Boolean).length / 10 + 1e-9);
      }),
    );
  });
});

test.each<[string, Parameters<typeof effectDecision>[0], boolean, 'redo' | 'hold', string]>([
  ['nothing stored', null, false, 'redo', 'call'],
  ['an answer', { state: 'done', leaseId: 1, result: '1', released: false }, true, 'hold', 'adopt'],
  ['a refusal', { state: 'refused', leaseId: 1, result: null, released: false }, true, 'hold', 'call'],
  [
    'an intent that can be asked about',
    { state: 'intent', leaseId: 1, result: null, released: false },
    true,
    'hold',
    'ask',
  ],
  ['an intent', { state: 'intent', leaseId: 1, result: null, released: false }, false, 'redo', 'call'],
  ['an intent to hold', { state: 'intent', leaseId: 1, result: null, released: false }, false, 'hold', 'hold'],
  [
    'a held intent that was released',
    { state: 'intent', leaseId: 1, result: null, released: true },
    false,
    'hold',
    'call',
  ],
])('of an effect with %s the ledger decides', (_, record, ask, onUnknown, expected) => {
  expect(effectDecision(record, { ask, onUnknown })).toBe(expected);
});

const here = (over: Partial<StageSnapshot> = {}, counts: Partial<StageSnapshot['counts']> = {}): StageSnapshot => ({
  counts: { ready: 0, leased: 0, submitted: 0, done: 0, skipped: 0, dead: 0, ...counts },
  nextDueMs: null,
  leases: 0,
  leaseExpiresMs: null,
  paused: false,
  pauseReason: null,
  openUntilMs: 0,
  openReason: null,
  requested: false,
  batchLimit: null,
  startedMs: null,
  progressedMs: null,
  crashedMs: null,
  ...over,
});

test.each<[string, StageSnapshot, string]>([
  ['nothing ever came', here(), 'initialized'],
  ['items wait and none was tried', here({}, { ready: 3 }), 'initialized'],
  ['a first batch is worked on', here({ leases: 1 }, { leased: 3 }), 'running'],
  ['some are through', here({ startedMs: 1 }, { ready: 1, done: 2 }), 'running'],
  ['a worker died', here({ startedMs: 1, crashedMs: 2 }, { ready: 1 }), 'recovering'],
  ['somebody paused it', here({ paused: true, crashedMs: 2 }, { ready: 1 }), 'paused'],
  ['all are through', here({ startedMs: 1 }, { done: 2, dead: 1 }), 'completed'],
  ['not one came through', here({ startedMs: 1 }, { dead: 2 }), 'failed'],
])('a stage where %s is told by its state', (_, snapshot, expected) => {
  expect(lifecycleOf(snapshot)).toBe(expected);
});

test('a stage is stale when it is open and settled nothing for a day', () => {
  const dayAgo = NOW_MS - 86_400_000;
  expect(isStale(here({ startedMs: 1, progressedMs: dayAgo }, { ready: 1 }), NOW_MS)).toBe(true);
  expect(isStale(here({ startedMs: 1, progressedMs: dayAgo + 1 }, { ready: 1 }), NOW_MS)).toBe(false);
  expect(isStale(here({ startedMs: 1, progressedMs: dayAgo }, { done: 1 }), NOW_MS)).toBe(false);
  expect(isStale(here({}, { ready: 1 }), NOW_MS)).toBe(false);
});

test('a service is blamed by name, or as the only one, and praised by what is done', () => {
  const both = stageOf('one', null, { services: ['llm', 'papers'] });
  const outage: Outcome = {
    kind: 'wait',
    delayMs: 9,
    reason: 'down',
    errorClass: 'outage',
    stageWaits: true,
    service: 'llm',
  };
  const settled = settledOf([done('o'), retry(1), outage]);
  expect(serviceReport(both, 'llm', settled)).toEqual({
    successes: 1,
    failures: 1,
    outage: true,
    waitMs: 9,
    reason: 'down',
  });
  expect(serviceReport(both, 'papers', settled)).toMatchObject({ successes: 1, failures: 0, outage: false });
  const alone = stageOf('one', null, { services: ['papers'] });
  expect(serviceReport(alone, 'papers', settledOf([retry(1)]))).toMatchObject({ failures: 1, reason: 'r' });
});

test('a quota is whole again at midnight, UTC', () => {
  const quota = { unit: 'min', perDay: 20, sessionMax: null, breakMs: 0, running: false, lastEndedMs: null };
  expect(quotaLeft({ ...quota, day: DAY, used: 15 }, NOW_MS)).toBe(5);
  expect(quotaLeft({ ...quota, day: DAY - 1, used: 15 }, NOW_MS)).toBe(20);
  expect(quotaResetsMs(NOW_MS)).toBe(Date.UTC(2026, 10, 23));
});

test('a clock that was set right is no clock that went back', () => {
  const at = (auditedMs: number): Snapshot => ({
    nowMs: NOW_MS,
    auditedMs,
    stages: new Map(),
    services: new Map(),
    quotas: new Map(),
  });
  expect([NOW_MS, NOW_MS + 900, NOW_MS + 3_600_000].map((ms) => clockWentBack(at(ms)))).toEqual([false, false, true]);
});

test('memory that does not hold a batch costs no attempt; memory that does not hold one item does', () => {
  const policy = { attemptsMax: 2, delayMsFirst: 0, delayMsMax: 0 };
  const error = new OutOfMemoryError('no room');
  expect(outcomeOfError(error, itemOf(1), policy, 0, 8)).toMatchObject({ kind: 'wait', errorClass: 'out_of_memory' });
  expect(outcomeOfError(error, itemOf(1), policy, 0, 1)).toMatchObject({ kind: 'retry' });
  expect(outcomeOfError(error, itemOf(1, 2), policy, 0, 1)).toMatchObject({ kind: 'dead' });
});

test('a class of errors may have a policy of its own', () => {
  const policy = { attemptsMax: 5, delayMsFirst: 1, delayMsMax: 9, byClass: { validation: { attemptsMax: 2 } } };
  expect(outcomeOfError(new ValidationError('bad'), itemOf(1, 2), policy, 0)).toMatchObject({ kind: 'dead' });
  expect(outcomeOfError(new RetryableError('late'), itemOf(1, 2), policy, 0)).toMatchObject({ kind: 'retry' });
});

describe('a definition that cannot work is refused with the reason', () => {
  const quotas = [{ name: 'gpu', unit: 'min', perDay: 20 }];
  test.each<[string, () => unknown, string]>([
    ['a lease shorter than its batch', () => passing('one', { batchMax: 10, itemMsMax: 7_000 }), 'may take 70000 ms'],
    [
      'an unknown error class',
      () =>
        passing('one', {
          retry: { attemptsMax: 1, delayMsFirst: 0, delayMsMax: 0, byClass: { nonsense: {} } as never },
        }),
      'unknown error class "nonsense"',
    ],
    ['a huge batch', () => passing('one', { batchMax: 1e9 }), 'batchMax must be a whole number from 1 to 100000'],
    ['a missing lease', () => passing('one', { leaseMs: undefined as never }), 'leaseMs must be'],
    ['no fingerprint', () => passing('one', { fingerprint: '' }), 'fingerprint must name'],
    ['a service without a name', () => passing('one', { services: ['L L M'] }), 'services: "L L M"'],
    [
      'a quota that nobody defined',
      () => definePipeline('p', [passing('one', { quota: { name: 'gpu', unitsPerItem: 1 } })]),
      'uses quota "gpu", which is not defined',
    ],
    [
      'an item that no quota ever pays for',
      () => definePipeline('p', [passing('one', { quota: { name: 'gpu', unitsPerItem: 21 } })], { quotas }),
      'needs 21 min for one item',
    ],
    [
      'a quota of nothing',
      () => definePipeline('p', [passing('one')], { quotas: [{ ...quotas[0], perDay: 0 } as never] }),
      'perDay',
    ],
  ])('%s', (_, define, message) => {
    expect(define).toThrow(DefinitionError);
    expect(define).toThrow(message);
  });
});
