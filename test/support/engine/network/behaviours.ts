import { definePipeline, type Outcome } from '../../../../core/engine/index.ts';
import { passing, stageOf, walk } from '../walk.ts';
import type { Behaviour } from './conformance.ts';

/** What the engine does, one list for every host: each behaviour as steps, with what the steps must answer. */

const one = stageOf('one', null);
const two = passing('two');
const simple = definePipeline('conformance', [one, two]);
const whole = definePipeline('conformance', [stageOf('one', null, { settles: 'whole', batchMax: 3 }), two]);
const alone = definePipeline('conformance', [stageOf('one', null, { concurrencyMax: 1, batchMax: 2 })]);
const served = definePipeline('conformance', [stageOf('one', null, { services: ['llm'] })], {
  breaker: { failuresMax: 3, openMsFirst: 3_600_000, openMsMax: 7_200_000 },
});
const metered = (breakMs: number) =>
  definePipeline('conformance', [stageOf('one', null, { quota: { name: 'gpu', unitsPerItem: 10 } })], {
    quotas: [{ name: 'gpu', unit: 'minutes', perDay: 50, sessionMax: 20, breakMs }],
  });

const HOUR_MS = 3_600_000;
const retry = (errorClass: 'retryable' | 'out_of_memory' = 'retryable'): Outcome => ({
  kind: 'retry',
  delayMs: HOUR_MS,
  reason: 'came late',
  errorClass,
});
const wait: Outcome = { kind: 'wait', delayMs: HOUR_MS, reason: 'spent', errorClass: 'quota', stageWaits: true };
const outage: Outcome = { kind: 'wait', delayMs: HOUR_MS, reason: 'gone', errorClass: 'outage', stageWaits: false };
const dead: Outcome = { kind: 'dead', reason: 'unreadable', errorClass: 'permanent' };
const skipped: Outcome = { kind: 'skipped', reason: 'not wanted', errorClass: 'unwanted' };
const submitted: Outcome = { kind: 'submitted', job: 'job-1', reason: 'waits for job-1', service: 'llm' };
const makes: Outcome = {
  kind: 'done',
  outputHash: 'cut',
  makes: [1, 2].map((n) => ({
    kind: 'page',
    key: `p${n}`,
    source: 'test',
    contentHash: `p${n}@1`,
    prio: n === 1 ? -1 : 0,
  })),
};

const STATES = `SELECT stage, key, state, attempt, waits, lost FROM task JOIN item ON id = item_id ORDER BY stage, id`;
const LEASES = `SELECT state, size FROM lease ORDER BY id`;
const states = (stage: string, rows: Readonly<Record<string, string>>) =>
  Object.entries(rows).map(([key, state]) => ({ stage, key, state }));
/** Text that breaks what is not careful: quotes, a zero, half of an emoji, a whole one, what looks like JSON or a number. */
const HOSTILE = [`it's`, '"q"', 'a\u0000b', '\ud83d', '\u{1f9ea}', '{"a":1}', '[1]', '007', '1e3', '', ' ', '%', '\\'];

export const BEHAVIOURS: readonly Behaviour[] = [
  {
    name: 'claims go by priority, then by due time, then by item, in batches of the stage',
    pipeline: simple,
    steps: [
      { do: 'enter', keys: ['a', 'b', 'c', 'd', 'e'] },
      { do: 'enter', keys: ['urgent'], prio: -1 },
      { do: 'enter', keys: ['idle'], prio: 1 },
      { do: 'meddle', sql: `UPDATE task SET due_ms = 5 WHERE item_id = (SELECT id FROM item WHERE key = 'c')` },
      { do: 'claim', as: 'first', gives: { keys: ['urgent'], attempts: [1] } },
      { do: 'claim', as: 'second', gives: { keys: ['a', 'b', 'c', 'd'] } },
      { do: 'claim', as: 'third', gives: { keys: ['e'] } },
      { do: 'claim', as: 'fourth', gives: { keys: ['idle'] } },
      { do: 'claim', as: 'fifth', gives: null },
      { do: 'rows', sql: LEASES, gives: [1, 4, 1, 1].map((size) => ({ state: 'live', size })) },
      { do: 'verify', gives: { problems: [] } },
    ],
  },
  {
    name: 'a claim takes no more than it is asked for',
    pipeline: simple,
    steps: [
      { do: 'enter', keys: ['a', 'b', 'c'] },
      { do: 'claim', as: 'two', itemsMax: 2, gives: { keys: ['a', 'b'] } },
      { do: 'claim', as: 'rest', itemsMax: 100, gives: { keys: ['c'] } },
    ],
  },
  {
    name: 'the gates of the stage: paused, told to wait, not registered',
    pipeline: simple,
    steps: [
      { do: 'enter', keys: ['a'] },
      { do: 'act', act: { kind: 'pause', stage: 'one' }, gives: { changed: 1, repeated: false } },
      { do: 'claim', as: 'x', gives: null },
      {
        do: 'explain',
        gives: { state: 'paused', gates: [{ kind: 'paused', reason: 'paused: because' }, { kind: 'host' }] },
      },
      { do: 'act', act: { kind: 'resume', stage: 'one' }, gives: { changed: 1 } },
      { do: 'meddle', sql: `UPDATE stage_control SET open_until_ms = 9e12 WHERE stage = 'one'` },
      { do: 'claim', as: 'x', gives: null },
      { do: 'meddle', sql: `DELETE FROM stage_control WHERE stage = 'one'` },
      { do: 'claim', as: 'x', gives: null },
      { do: 'register' },
      { do: 'claim', as: 'x', gives: { keys: ['a'] } },
    ],
  },
  {
    name: 'the gate of concurrency',
    pipeline: alone,
    steps: [
      { do: 'enter', keys: ['a', 'b', 'c'] },
      { do: 'claim', as: 'first', gives: { keys: ['a', 'b'] } },
      { do: 'claim', as: 'second', gives: null },
      { do: 'commit', claim: 'first', gives: true },
      { do: 'claim', as: 'second', gives: { keys: ['c'] } },
    ],
  },
  {
    name: 'the gates of a service: known to be down, breaker open, one probe at a time, closed by an operator',
    pipeline: served,
    steps: [
      { do: 'enter', keys: ['a', 'b', 'c', 'd', 'e', 'f'] },
      { do: 'dependency', service: 'llm', reason: 'no route' },
      { do: 'claim', as: 'x', gives: null },
      { do: 'explain', gives: { gates: [{ kind: 'host' }, { kind: 'dependency', reason: 'llm is down: no route' }] } },
      { do: 'dependency', service: 'llm', reason: null },
      { do: 'claim', as: 'first', itemsMax: 1, gives: { keys: ['a'] } },
      { do: 'commit', claim: 'first', outcomes: { a: outage }, gives: true },
      { do: 'services', gives: [{ name: 'llm', open: true, opensAll: 1, failuresAll: 1, openUntilMs: 'future' }] },
      { do: 'claim', as: 'x', gives: null },
      { do: 'meddle', sql: `UPDATE service SET open_until_ms = 1` },
      { do: 'claim', as: 'probe', gives: { keys: ['b'] } },
      { do: 'claim', as: 'x', gives: null },
      { do: 'commit', claim: 'probe', gives: true },
      { do: 'services', gives: [{ name: 'llm', open: false, failures: 0, successesAll: 1 }] },
      { do: 'claim', as: 'three', itemsMax: 3, gives: { keys: ['c', 'd', 'e'] } },
      { do: 'commit', claim: 'three', outcomes: { c: retry(), d: retry(), e: retry() }, gives: true },
      { do: 'services', gives: [{ open: true, failures: 3, opensAll: 2, openReason: 'came late' }] },
      { do: 'act', act: { kind: 'close_breaker', service: 'llm' }, gives: { changed: 1, repeated: false } },
      { do: 'act', act: { kind: 'close_breaker', service: 'fax' }, gives: { error: 'DefinitionError' } },
      { do: 'claim', as: 'last', gives: { keys: ['f'] } },
      { do: 'verify', gives: { problems: [] } },
    ],
  },
  {
    name: 'a quota is reserved by the claim, settled by the commit, and stays spent where its session died',
    pipeline: metered(0),
    steps: [
      { do: 'enter', keys: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] },
      { do: 'claim', as: 'first', gives: { keys: ['a', 'b'] } },
      { do: 'rows', sql: 'SELECT used FROM quota_window', gives: [{ used: 20 }] },
      { do: 'commit', claim: 'first', used: 5, gives: true },
      { do: 'rows', sql: 'SELECT used FROM quota_window', gives: [{ used: 5 }] },
      { do: 'claim', as: 'second', gives: { keys: ['c', 'd'] } },
      { do: 'lapse' },
      { do: 'reclaim', gives: 1 },
      { do: 'rows', sql: 'SELECT used FROM quota_window', gives: [{ used: 25 }] },
      // A loss halves the batch: one at a time now.
      { do: 'claim', as: 'third', gives: { keys: ['e'] } },
      { do: 'commit', claim: 'third', gives: true },
      { do: 'claim', as: 'fourth', gives: { keys: ['f'] } },
      { do: 'rows', sql: 'SELECT used FROM quota_window', gives: [{ used: 45 }] },
      { do: 'commit', claim: 'fourth', gives: true },
      { do: 'claim', as: 'fifth', gives: null },
      { do: 'explain', gives: { gates: [{ kind: 'host' }, { kind: 'quota', opensAtMs: 'future' }] } },
      { do: 'rows', sql: 'SELECT state, reserved, used FROM inference_session ORDER BY lease_id' },
      { do: 'verify', gives: { problems: [] } },
    ],
  },
  {
    name: 'a quota with a break lets one session run at a time, and rests between two',
    pipeline: metered(HOUR_MS),
    steps: [
      { do: 'enter', keys: ['a', 'b', 'c'] },
      { do: 'claim', as: 'first', itemsMax: 1, gives: { keys: ['a'] } },
      { do: 'claim', as: 'x', gives: null },
      { do: 'commit', claim: 'first', gives: true },
      { do: 'claim', as: 'x', gives: null },
      { do: 'meddle', sql: 'UPDATE inference_session SET ended_ms = 1' },
      { do: 'claim', as: 'second', gives: { keys: ['b', 'c'] } },
    ],
  },
  {
    name: 'every outcome: what becomes of the item, the next stage, the gate, the log',
    pipeline: simple,
    steps: [
      { do: 'enter', keys: ['done', 'makes', 'skipped', 'dead'] },
      { do: 'claim', as: 'first', gives: { keys: ['done', 'makes', 'skipped', 'dead'] } },
      { do: 'commit', claim: 'first', outcomes: { makes, skipped, dead }, gives: true },
      { do: 'standing', claim: 'first', gives: { committed: true, live: false, held: 0 } },
      { do: 'enter', keys: ['retry', 'wait'] },
      { do: 'claim', as: 'second', gives: { keys: ['retry', 'wait'] } },
      { do: 'commit', claim: 'second', outcomes: { retry: retry(), wait }, gives: true },
      {
        do: 'rows',
        sql: STATES,
        gives: [
          ...states('one', {
            done: 'done',
            makes: 'done',
            skipped: 'skipped',
            dead: 'dead',
            retry: 'ready',
            wait: 'ready',
          }),
          ...states('two', { done: 'ready', p1: 'ready', p2: 'ready' }),
        ],
      },
      { do: 'claim', as: 'third', gives: null },
      { do: 'claim', as: 'pages', stage: 'two', gives: { keys: ['p1'] } },
      { do: 'rows', sql: 'SELECT stage, error_class, message FROM error_log ORDER BY id' },
      { do: 'verify', gives: { problems: [] } },
    ],
  },
  {
    name: 'what an outside job has is held by nobody, costs nothing, and comes back once',
    pipeline: served,
    steps: [
      { do: 'enter', keys: ['a', 'b', 'c', 'd'] },
      { do: 'claim', as: 'first', itemsMax: 3, gives: { keys: ['a', 'b', 'c'] } },
      { do: 'commit', claim: 'first', outcomes: { a: submitted, b: submitted, c: submitted }, gives: true },
      { do: 'services', gives: [{ name: 'llm', failures: 0, successesAll: 3 }] },
      { do: 'claim', as: 'second', gives: { keys: ['d'] } },
      { do: 'commit', claim: 'second', gives: true },
      { do: 'claim', as: 'x', gives: null },
      { do: 'explain', gives: { gates: [{ kind: 'host' }, { kind: 'submitted' }] } },
      {
        do: 'explain',
        key: 'a',
        gives: { summary: 'a waits in one: waits for job-1', stages: [{ state: 'submitted' }] },
      },
      { do: 'rows', sql: `SELECT count(*) AS n FROM made`, gives: [{ n: 1 }] },
      { do: 'return', keys: ['a', 'd'], job: 'job-1', gives: 1 },
      { do: 'verify', gives: { problems: [] } },
      { do: 'return', keys: ['a', 'd'], job: 'job-1', gives: 0 },
      { do: 'claim', as: 'third', gives: { keys: ['a'], attempts: [2] } },
      { do: 'commit', claim: 'third', outcomes: { a: retry() }, gives: true },
      {
        do: 'rows',
        sql: STATES,
        gives: [
          { key: 'a', state: 'ready', attempt: 2, waits: 1 },
          { key: 'b', state: 'submitted', attempt: 1, waits: 1 },
          { key: 'c', state: 'submitted', attempt: 1, waits: 1 },
          { key: 'd', state: 'done', attempt: 1, waits: 0 },
        ],
      },
      // New content, and an operator who asks for it, take an item out of the job.
      { do: 'enter', keys: ['b'], version: 2 },
      { do: 'act', act: { kind: 'redo', stage: 'one', keys: ['c'] }, gives: { changed: 1 } },
      { do: 'claim', as: 'fourth', gives: { keys: ['b', 'c'], attempts: [1, 1] } },
      { do: 'return', keys: ['b', 'c'], job: 'job-1', gives: 0 },
      { do: 'commit', claim: 'fourth', gives: true },
      { do: 'verify', gives: { problems: [] } },
    ],
  },
  {
    name: 'a commit that comes twice, too late, or after the item was taken away writes nothing',
    pipeline: simple,
    steps: [
      { do: 'enter', keys: ['a', 'b', 'c', 'd', 'e', 'f'] },
      { do: 'claim', as: 'first', itemsMax: 2, gives: { keys: ['a', 'b'] } },
      { do: 'commit', claim: 'first', gives: true },
      { do: 'commit', claim: 'first', gives: false },
      { do: 'claim', as: 'late', itemsMax: 2, gives: { keys: ['c', 'd'] } },
      { do: 'lapse' },
      { do: 'beat', claim: 'late', gives: false },
      { do: 'commit', claim: 'late', gives: false },
      { do: 'standing', claim: 'late', gives: { committed: false, live: false, held: 2 } },
      { do: 'claim', as: 'taken', itemsMax: 2, gives: { keys: ['e', 'f'] } },
      { do: 'beat', claim: 'taken', gives: true },
      { do: 'enter', keys: ['e'], version: 2 },
      { do: 'commit', claim: 'taken', gives: false },
      { do: 'standing', claim: 'taken', gives: { committed: false, live: true, held: 1 } },
      { do: 'rows', sql: 'SELECT key FROM made ORDER BY key', gives: [{ key: 'a' }, { key: 'b' }] },
      { do: 'verify', gives: { problems: [] } },
    ],
  },
  {
    name: 'a commit with a row that the database refuses leaves nothing behind',
    pipeline: simple,
    steps: [
      { do: 'enter', keys: ['a'] },
      { do: 'claim', as: 'first' },
      {
        do: 'commit',
        claim: 'first',
        writes: [
          {
            kind: 'rows',
            table: 'page',
            columns: ['key', 'document', 'text'],
            key: ['key'],
            rows: [{ itemId: 1, values: ['a', null, 't'] }],
          },
        ],
        gives: { error: 'DatabaseError' },
      },
      { do: 'standing', claim: 'first', gives: { committed: false, live: true, held: 1 } },
      { do: 'rows', sql: 'SELECT key FROM made', gives: [] },
      { do: 'commit', claim: 'first', gives: true },
    ],
  },
  {
    name: 'what dead workers held comes back in halves and is buried at last; what was given back counts for nothing',
    pipeline: simple,
    steps: [
      { do: 'enter', keys: ['a', 'b', 'c', 'd'] },
      { do: 'claim', as: 'given back', gives: { keys: ['a', 'b', 'c', 'd'], attempts: [1, 1, 1, 1] } },
      { do: 'abandon', claim: 'given back', gives: true },
      { do: 'abandon', claim: 'given back', gives: false },
      { do: 'claim', as: 'all', gives: { keys: ['a', 'b', 'c', 'd'], attempts: [1, 1, 1, 1] } },
      { do: 'reclaim', gives: 0 },
      { do: 'lapse' },
      { do: 'reclaim', gives: 1 },
      { do: 'explain', gives: { state: 'recovering', counts: { ready: 4 } } },
      // Its own losses halve a batch, whatever the stage allows.
      { do: 'meddle', sql: `UPDATE stage_control SET batch_limit = NULL` },
      { do: 'claim', as: 'half', gives: { keys: ['a', 'b'], attempts: [2, 2] } },
      { do: 'break', claim: 'half' },
      { do: 'claim', as: 'third', gives: { keys: ['c'] } },
      { do: 'commit', claim: 'third', gives: true },
      { do: 'claim', as: 'fourth', gives: { keys: ['d'] } },
      { do: 'commit', claim: 'fourth', gives: true },
      { do: 'claim', as: 'alone', gives: { keys: ['a'] } },
      { do: 'lapse' },
      { do: 'reclaim', gives: 1 },
      { do: 'claim', as: 'neighbour', gives: { keys: ['b'] } },
      { do: 'commit', claim: 'neighbour', gives: true },
      { do: 'claim', as: 'alone again', gives: { keys: ['a'] } },
      { do: 'lapse' },
      { do: 'reclaim', gives: 1 },
      { do: 'claim', as: 'x', gives: null },
      { do: 'explain', key: 'a', gives: { stages: [{ stage: 'one', state: 'dead', lost: 4, errorClass: 'lost' }] } },
      { do: 'verify', gives: { problems: [] } },
    ],
  },
  {
    name: 'a batch that does not fit into memory halves the next ones',
    pipeline: simple,
    steps: [
      { do: 'enter', keys: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] },
      { do: 'claim', as: 'first', gives: { keys: ['a', 'b', 'c', 'd'] } },
      {
        do: 'commit',
        claim: 'first',
        outcomes: Object.fromEntries(['a', 'b', 'c', 'd'].map((key) => [key, retry('out_of_memory')])),
        gives: true,
      },
      { do: 'claim', as: 'second', gives: { keys: ['e', 'f'] } },
    ],
  },
  {
    name: 'a stage that settles as a whole: one claim at a time, never buried',
    pipeline: whole,
    steps: [
      { do: 'enter', keys: ['a', 'b', 'c', 'd'] },
      ...[1, 2, 3, 4, 5, 6].flatMap((n): Behaviour['steps'] => [
        { do: 'claim', as: `try ${n}` },
        { do: 'claim', as: 'x', gives: null },
        { do: 'lapse' },
        { do: 'reclaim', gives: 1 },
      ]),
      { do: 'rows', sql: `SELECT count(*) AS n FROM task WHERE state = 'ready'`, gives: [{ n: 4 }] },
      { do: 'verify', gives: { problems: [] } },
    ],
  },
  {
    name: 'an effect is called once: adopted, asked for, paid again or held after a crash',
    pipeline: simple,
    steps: [
      { do: 'enter', keys: ['a', 'b', 'c', 'd'] },
      { do: 'claim', as: 'first', gives: { keys: ['a', 'b', 'c', 'd'] } },
      { do: 'effect', claim: 'first', key: 'a', answers: 'answers', gives: { outcome: 'answer to a', calls: 1 } },
      { do: 'effect', claim: 'first', key: 'a', answers: 'answers', gives: { outcome: 'answer to a', calls: 0 } },
      {
        do: 'effect',
        claim: 'first',
        key: 'b',
        answers: 'answers unheard',
        gives: { outcome: { error: 'Error' }, calls: 1 },
      },
      { do: 'effect', claim: 'first', key: 'b', answers: 'is asked', gives: { outcome: 'answer to b', calls: 0 } },
      { do: 'effect', claim: 'first', key: 'c', answers: 'answers unheard', gives: { calls: 1 } },
      { do: 'effect', claim: 'first', key: 'c', answers: 'answers', gives: { outcome: 'answer to c', calls: 1 } },
      { do: 'effect', claim: 'first', key: 'd', answers: 'answers unheard', gives: { calls: 1 } },
      {
        do: 'effect',
        claim: 'first',
        key: 'd',
        answers: 'holds',
        gives: { outcome: { error: 'PermanentError' }, calls: 0 },
      },
      {
        do: 'rows',
        sql: 'SELECT state, calls, external_id, cost FROM effect JOIN item ON id = item_id ORDER BY item.key',
      },
      // Nobody may call any more; what was answered may still be taken.
      { do: 'lapse' },
      {
        do: 'effect',
        claim: 'first',
        key: 'd',
        answers: 'answers',
        gives: { outcome: { error: 'LeaseLostError' }, calls: 0 },
      },
    ],
  },
  {
    name: 'acts of an operator: each once per request, with its audit row; redo and retry fence out who works',
    pipeline: simple,
    steps: [
      { do: 'enter', keys: ['a', 'b', 'c', 'd'] },
      { do: 'claim', as: 'first', itemsMax: 3, gives: { keys: ['a', 'b', 'c'] } },
      { do: 'commit', claim: 'first', outcomes: { b: dead, c: dead }, gives: true },
      { do: 'act', act: { kind: 'retry', stage: 'one', errorClass: 'quota' }, gives: { changed: 0 } },
      {
        do: 'act',
        act: { kind: 'retry', stage: 'one', errorClass: 'permanent' },
        requestId: 'r1',
        gives: { changed: 2, repeated: false },
      },
      {
        do: 'act',
        act: { kind: 'retry', stage: 'one', errorClass: 'permanent' },
        requestId: 'r1',
        gives: { changed: 0, repeated: true },
      },
      { do: 'claim', as: 'second', gives: { keys: ['b', 'c', 'd'] } },
      { do: 'act', act: { kind: 'redo', stage: 'one', keys: ['a', 'd'] }, requestId: 'r2', gives: { changed: 2 } },
      { do: 'commit', claim: 'second', gives: false },
      { do: 'standing', claim: 'second', gives: { committed: false, live: true, held: 2 } },
      { do: 'act', act: { kind: 'run', stage: 'two' }, gives: { changed: 1 } },
      { do: 'act', act: { kind: 'run', stage: 'two' }, gives: { changed: 0 } },
      { do: 'act', act: { kind: 'pause', stage: 'none' }, gives: { error: 'DefinitionError' } },
      { do: 'rows', sql: 'SELECT act, stage, actor, request_id, detail FROM audit ORDER BY id' },
      { do: 'plan', gives: [{ stage: 'one' }, { stage: 'two' }] },
      { do: 'verify', gives: { problems: [] } },
    ],
  },
  {
    name: 'one request of an operator acts on every stage, once',
    pipeline: simple,
    steps: [
      { do: 'enter', keys: ['a', 'b'] },
      { do: 'claim', as: 'first', gives: { keys: ['a', 'b'] } },
      { do: 'commit', claim: 'first', outcomes: { a: dead }, gives: true },
      { do: 'claim', as: 'second', stage: 'two', gives: { keys: ['b'] } },
      { do: 'commit', claim: 'second', outcomes: { b: dead }, gives: true },
      { do: 'act', act: { kind: 'retry' }, requestId: 'r1', gives: { changed: 2, repeated: false } },
      { do: 'act', act: { kind: 'retry' }, requestId: 'r1', gives: { changed: 0, repeated: true } },
      { do: 'claim', as: 'third', gives: { keys: ['a'] } },
      { do: 'claim', as: 'fourth', stage: 'two', gives: { keys: ['b'] } },
      { do: 'verify', gives: { problems: [] } },
    ],
  },
  {
    name: 'the audit tells what was changed behind its back',
    pipeline: simple,
    steps: [
      { do: 'enter', keys: ['a', 'b'] },
      { do: 'claim', as: 'first' },
      { do: 'commit', claim: 'first', gives: true },
      { do: 'verify', gives: { problems: [] } },
      { do: 'meddle', sql: `UPDATE task SET state = 'dead' WHERE stage = 'one' AND item_id = 1` },
      { do: 'verify', gives: { problems: ['task one/1: state is dead, the audit says done'] } },
      { do: 'meddle', sql: `DELETE FROM audit WHERE id = 2`, gives: { error: 'DatabaseError' } },
      { do: 'meddle', sql: `UPDATE audit SET actor = 'nobody' WHERE id = 2`, gives: { error: 'DatabaseError' } },
    ],
  },
  {
    name: 'text of every kind goes in and comes out as it is, and half of an emoji becomes a replacement character',
    pipeline: simple,
    steps: [
      { do: 'enter', keys: HOSTILE },
      { do: 'rows', sql: 'SELECT count(*) AS n FROM item', gives: [{ n: HOSTILE.length }] },
      { do: 'claim', as: 'first' },
      { do: 'commit', claim: 'first', outcomes: { '"q"': { ...dead, reason: HOSTILE.join('|') } }, gives: true },
      { do: 'tick' },
      { do: 'rows', sql: 'SELECT hex(key) AS key FROM item ORDER BY id' },
      { do: 'verify', gives: { problems: [] } },
    ],
  },
  {
    name: 'ticks from the first to the last stage',
    pipeline: walk(),
    steps: [
      { do: 'enter', keys: ['a', 'b', 'skip', 'c', 'retry', 'dead'] },
      { do: 'tick', itemsMax: 4, gives: { stage: 'cut', batches: 1, counts: { done: 3, skipped: 1 } } },
      { do: 'tick', gives: { after: { kind: 'waiting', current: 'cut', gate: { kind: 'backoff' } } } },
      { do: 'pass' },
      { do: 'tick', gives: { after: { kind: 'serving' }, counts: { lost: 0 } } },
      { do: 'tick', gives: { stage: null, batches: 0, after: { kind: 'serving' } } },
      { do: 'rows', sql: STATES },
      { do: 'explain', stage: 'cut', gives: { state: 'completed', summary: 'cut: nothing to do' } },
      { do: 'verify', gives: { problems: [] } },
    ],
  },
];
