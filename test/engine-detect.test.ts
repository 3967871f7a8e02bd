import { expect, test } from 'vitest';
import {
  definePipeline,
  detect,
  type Gate,
  gateOf,
  openTasks,
  type Snapshot,
  type Stage,
  type StageSnapshot,
} from '../core/engine/index.ts';
import type { TaskState } from '../schema/states.ts';
import { passing, stageOf } from './support/engine/walk.ts';

const NOW_MS = 1_000_000;
const pipeline = definePipeline('detect', [
  passing('one'),
  passing('two'),
  passing('three', { gather: { itemsMin: 10, waitMsMax: 60_000 }, settles: 'whole' }),
]);
const stageNamed = (name: string): Stage => {
  const stage = pipeline.stages.find((candidate) => candidate.name === name);
  if (!stage) throw new Error(`no stage ${name}`);
  return stage;
};

type Here = Partial<Omit<StageSnapshot, 'counts'>> & Partial<Record<TaskState, number>>;
const stageSnapshot = ({ ready = 0, leased = 0, submitted = 0, done = 0, skipped = 0, dead = 0, ...rest }: Here) => ({
  counts: { ready, leased, submitted, done, skipped, dead },
  nextDueMs: ready > 0 ? NOW_MS - 1 : null,
  leases: leased > 0 ? 1 : 0,
  leaseExpiresMs: leased > 0 ? NOW_MS + 30_000 : null,
  paused: false,
  pauseReason: null,
  openUntilMs: 0,
  openReason: null,
  requested: false,
  batchLimit: null,
  startedMs: null,
  progressedMs: null,
  crashedMs: null,
  ...rest,
});
const snapshot = (stages: Record<string, Here>): Snapshot => ({
  nowMs: NOW_MS,
  stages: new Map(pipeline.stages.map(({ name }) => [name, stageSnapshot(stages[name] ?? {})])),
  services: new Map(),
  quotas: new Map(),
});
/** What a tick would do, in one line. */
const seen = (stages: Record<string, Here>): string => {
  const detection = detect(pipeline, snapshot(stages));
  if (detection.kind === 'serving') return 'serving';
  if (detection.kind === 'work') return `work on ${detection.stage.name}, current ${detection.current.name}`;
  return `wait in ${detection.current.name} for ${detection.gate.kind} until ${detection.wakeAtMs}`;
};

const GATED: Here = { ready: 2, paused: true };

test.each<[string, Record<string, Here>, string]>([
  ['an empty pipeline serves', {}, 'serving'],
  [
    'a pipeline whose every item is done, skipped or dead serves',
    { one: { done: 5, dead: 1 }, two: { skipped: 4 }, three: { done: 4 } },
    'serving',
  ],
  [
    'the current stage is the first with open tasks',
    { one: { done: 3 }, two: { ready: 1 } },
    'work on two, current two',
  ],
  [
    'a dead letter does not hold its stage',
    { one: { dead: 1, done: 2 }, two: { ready: 2 } },
    'work on two, current two',
  ],
  [
    'the earlier of two stages with work comes first',
    { one: { ready: 1 }, two: { ready: 9 } },
    'work on one, current one',
  ],
  [
    'when the current stage is gated, the next one with work is worked on and the current one stays current',
    { one: GATED, two: { ready: 1 } },
    'work on two, current one',
  ],
  [
    'a stage with nothing to claim but leases is passed over',
    { one: { leased: 3 }, two: { ready: 1 } },
    'work on two, current one',
  ],
  [
    'when all are gated, the gate of the current one is told, with the earliest time that any opens',
    { one: { ready: 1, openUntilMs: NOW_MS + 9_000 }, two: { ready: 1, nextDueMs: NOW_MS + 4_000 } },
    `wait in one for waits until ${NOW_MS + 4_000}`,
  ],
  ['a gate that only an act opens has no time', { one: GATED }, 'wait in one for paused until null'],
  ['a task in a batch job holds its stage open', { one: { submitted: 1 } }, 'wait in one for submitted until null'],
])('%s', (_, stages, expected) => {
  expect(seen(stages)).toBe(expected);
});

test('a stage without a row in the snapshot has nothing to do', () => {
  const empty = { ...snapshot({}), stages: new Map() };
  expect(detect(pipeline, empty)).toEqual({ kind: 'serving' });
  expect(gateOf(pipeline, stageNamed('one'), empty)).toBeNull();
});

const CONTROL = 'stage_control one';
const TASK = 'task of one';
const gate = (stage: string, here: Here, others: Record<string, Here> = {}): Gate | null =>
  gateOf(pipeline, stageNamed(stage), snapshot({ ...others, [stage]: here }));

test.each<[string, Here, Gate | null]>([
  ['no gate where there is work', { ready: 1 }, null],
  ['no gate where nothing is open', { paused: true, done: 4 }, null],
  [
    'paused, in the words of who paused it',
    { ready: 1, paused: true, pauseReason: 'checking the prompts' },
    { kind: 'paused', reason: 'paused: checking the prompts', opensAtMs: null, row: CONTROL },
  ],
  [
    'paused without words',
    { ready: 1, paused: true },
    { kind: 'paused', reason: 'paused: no reason given', opensAtMs: null, row: CONTROL },
  ],
  [
    'told to wait, in the words of the service',
    { ready: 1, openUntilMs: NOW_MS + 1, openReason: 'QuotaError: spent' },
    { kind: 'waits', reason: 'QuotaError: spent', opensAtMs: NOW_MS + 1, row: CONTROL },
  ],
  ['open again in the very ms that it was told to wait for', { ready: 1, openUntilMs: NOW_MS }, null],
  [
    'nothing due yet',
    { ready: 3, nextDueMs: NOW_MS + 5 },
    { kind: 'backoff', reason: '3 waiting for their next try', opensAtMs: NOW_MS + 5, row: TASK },
  ],
  ['due in this very ms', { ready: 3, nextDueMs: NOW_MS }, null],
  [
    'nothing due yet, but a lease ends before and may give its tasks back',
    { ready: 3, nextDueMs: NOW_MS + 90_000, leased: 2, leaseExpiresMs: NOW_MS + 7 },
    { kind: 'backoff', reason: '3 waiting for their next try', opensAtMs: NOW_MS + 7, row: TASK },
  ],
  [
    'all leased',
    { leased: 2, leaseExpiresMs: NOW_MS + 7 },
    { kind: 'leased', reason: '2 being worked on', opensAtMs: NOW_MS + 7, row: 'lease of one' },
  ],
  [
    'all in a batch job',
    { submitted: 2 },
    { kind: 'submitted', reason: '2 waiting for a batch job', opensAtMs: null, row: TASK },
  ],
  [
    'paused before told to wait',
    { ready: 1, paused: true, pauseReason: 'x', openUntilMs: NOW_MS + 1 },
    { kind: 'paused', reason: 'paused: x', opensAtMs: null, row: CONTROL },
  ],
])('a gate tells: %s', (_, here, expected) => {
  expect(gate('one', here)).toEqual(expected);
});

test('a host that cannot run a stage says so and works on the next', () => {
  const edge = definePipeline('detect', [stageOf('one', null), passing('two')]);
  const state = snapshot({ one: { ready: 1 }, two: { ready: 1 } });
  const [one, two] = edge.stages;
  expect(one && gateOf(edge, one, state)).toEqual({
    kind: 'host',
    reason: 'this host cannot run it; the Space can',
    opensAtMs: null,
    row: null,
  });
  expect(detect(edge, state)).toEqual({ kind: 'work', stage: two, current: one });
});

const WORK_ABOVE = { two: { ready: 1 } };
test.each<[string, Here, Record<string, Here>, Partial<Gate> | null]>([
  [
    'waits while few are there, the first is young, and earlier stages still work',
    { ready: 9 },
    WORK_ABOVE,
    {
      kind: 'gathering',
      reason: '9 gathered (worth it from 10), and earlier stages still work',
      opensAtMs: NOW_MS - 1 + 60_000,
    },
  ],
  ['waits when the work above is leased', { ready: 9 }, { one: { leased: 1 } }, { kind: 'gathering' }],
  ['opens by count while much is still to come', { ready: 10 }, { one: { ready: 100 } }, null],
  ['waits for the last few, as long as they come soon', { ready: 100 }, { one: { leased: 3 } }, { kind: 'gathering' }],
  ['does not wait for what is in backoff', { ready: 1 }, { one: { ready: 5, nextDueMs: NOW_MS + 60_000 } }, null],
  ['nor for a batch job', { ready: 1 }, { two: { submitted: 500 } }, null],
  ['that settles as a whole is not claimed twice', { ready: 50, leased: 50 }, {}, { kind: 'leased' }],
  [
    'opens by age, in the ms that the first has waited long enough',
    { ready: 1, nextDueMs: NOW_MS - 60_000 },
    WORK_ABOVE,
    null,
  ],
  ['is still gathering one ms before', { ready: 1, nextDueMs: NOW_MS - 59_999 }, WORK_ABOVE, { opensAtMs: NOW_MS + 1 }],
  ['opens by request', { ready: 1, requested: true }, WORK_ABOVE, null],
  ['opens when nothing above is open', { ready: 1 }, { one: { done: 3 }, two: { dead: 1 } }, null],
  ['a request opens no pause', { ready: 1, requested: true, paused: true }, WORK_ABOVE, { kind: 'paused' }],
])('a gathering stage %s', (_, here, above, expected) => {
  const found = gate('three', here, above);
  if (expected === null) expect(found).toBeNull();
  else expect(found).toMatchObject(expected);
});

test('open tasks are those that are neither done nor skipped nor dead', () => {
  expect(openTasks(stageSnapshot({ ready: 1, leased: 2, submitted: 4, done: 8, skipped: 16, dead: 32 }))).toBe(7);
});
