import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  claim,
  DatabaseError,
  definePipeline,
  type Outcome,
  outcomeOfError,
  PermanentError,
  type Pipeline,
  postponed,
  QuotaError,
  RetryableError,
  registerPipeline,
  type Stage,
  tick,
} from '../core/engine/index.ts';
import { type EngineHost, HOSTS, openHost } from './support/engine/host.ts';
import { counters, drain, enter, newItem, oneOf, passTime, recount, rowsOf } from './support/engine/ledger.ts';
import { fakeRuntime } from './support/engine/runtime.ts';
import { done, eachOf, madeWrites, passing, stageOf } from './support/engine/walk.ts';

const RETRY = { attemptsMax: 3, delayMsFirst: 1_000, delayMsMax: 300_000 };

describe.each(HOSTS)('on %s', (name) => {
  let host: EngineHost;
  beforeAll(async () => {
    host = await openHost(name);
  });
  afterAll(() => host?.close());
  beforeEach(() => host.fresh());

  const start = async (stages: readonly Stage[], keys: readonly string[]): Promise<Pipeline> => {
    const pipeline = definePipeline('outcomes', stages);
    await registerPipeline(host.db, pipeline);
    const [first] = stages;
    if (first)
      await enter(
        host.db,
        first,
        keys.map((key) => newItem(key)),
      );
    return pipeline;
  };
  const once = (pipeline: Pipeline, runtime = fakeRuntime()) => tick(host.db, pipeline, runtime, { budgetMs: 60_000 });
  const taskOf = async (stage: string, key = 'a') =>
    (
      await rowsOf(
        host.client,
        `SELECT state, attempt, waits, lost, error_class, reason, output_hash,
           due_ms - CAST(unixepoch('subsec') * 1000 AS INTEGER) AS left_ms
         FROM task JOIN item ON id = item_id WHERE stage = ? AND key = ?`,
        [stage, key],
      )
    )[0];

  test('done hands the item itself to the next stage with its output as input', async () => {
    await once(await start([passing('one'), passing('two')], ['a', 'b']));
    expect(
      await rowsOf(
        host.client,
        `SELECT key, stage, state, input_hash, output_hash, fingerprint FROM task JOIN item ON id = item_id ORDER BY 1, 2`,
      ),
    ).toEqual(
      ['a', 'b'].flatMap((key) => [
        {
          key,
          stage: 'one',
          state: 'done',
          input_hash: `${key}@1`,
          output_hash: `one(${key}@1)`,
          fingerprint: 'one-1',
        },
        {
          key,
          stage: 'two',
          state: 'done',
          input_hash: `one(${key}@1)`,
          output_hash: `two(one(${key}@1))`,
          fingerprint: 'two-1',
        },
      ]),
    );
  });

  test('done with new items hands those to the next stage, under their parent, and not the item itself', async () => {
    const makes = ['p', 'q'].map((key) => newItem(key, `${key}@1`, 'page'));
    const cut = eachOf('cut', () => ({ kind: 'done', outputHash: 'cut', makes }));
    const none = eachOf('cut', () => ({ kind: 'done', outputHash: 'cut', makes: [] }));
    await once(await start([cut, passing('two')], ['a']));
    expect(
      await rowsOf(
        host.client,
        `SELECT i.key, i.kind, p.key AS parent FROM task t JOIN item i ON i.id = t.item_id JOIN item p ON p.id = i.parent_id
         WHERE stage = 'two' ORDER BY 1`,
      ),
    ).toEqual([
      { key: 'p', kind: 'page', parent: 'a' },
      { key: 'q', kind: 'page', parent: 'a' },
    ]);
    await host.fresh();
    await once(await start([none, passing('two')], ['a']));
    expect(await counters(host.client)).toEqual([{ stage: 'cut', state: 'done', n: 1 }]);
  });

  test('done in the last stage ends there', async () => {
    const report = await once(await start([passing('one')], ['a']));
    expect(report.after.kind).toBe('serving');
    expect(report.counts).toMatchObject({ done: 1, lost: 0 });
  });

  test('skipped settles the item with its reason and hands nothing on', async () => {
    const skip = eachOf('one', () => ({ kind: 'skipped', reason: 'not wanted', errorClass: 'unwanted' }));
    const report = await once(await start([skip, passing('two')], ['a']));
    expect(report).toMatchObject({ counts: { skipped: 1 }, after: { kind: 'serving' } });
    expect(await taskOf('one')).toMatchObject({ state: 'skipped', reason: 'not wanted', error_class: 'unwanted' });
    expect(await counters(host.client)).toEqual([{ stage: 'one', state: 'skipped', n: 1 }]);
    expect(await oneOf(host.client, 'SELECT count(*) FROM error_log')).toBe(0);
  });

  test('an item that fails is tried again after its delay until its attempts are spent, each failure on record', async () => {
    const failing = stageOf('one', async () => {
      throw new RetryableError('the service hung up');
    });
    const pipeline = await start([failing], ['a']);
    const first = await once(pipeline, fakeRuntime({ random: () => 0.999 }));
    expect(first).toMatchObject({
      batches: 1,
      counts: { retry: 1 },
      after: { kind: 'waiting', gate: { kind: 'backoff' } },
    });
    const waiting = await taskOf('one');
    expect(waiting).toMatchObject({ state: 'ready', attempt: 1, error_class: 'retryable' });
    expect(Number(waiting?.left_ms)).toBeGreaterThan(0);
    expect(Number(waiting?.left_ms)).toBeLessThanOrEqual(999);
    expect(await once(pipeline)).toMatchObject({ batches: 0 });
    for (let i = 0; i < 2; i++) {
      await passTime(host.client);
      await once(pipeline);
    }
    expect(await taskOf('one')).toMatchObject({
      state: 'dead',
      attempt: 3,
      reason: 'RetryableError: the service hung up',
    });
    expect(await rowsOf(host.client, 'SELECT attempt, error_class FROM error_log ORDER BY id')).toEqual(
      [1, 2, 3].map((attempt) => ({ attempt, error_class: 'retryable' })),
    );
    expect((await once(pipeline)).after.kind).toBe('serving');
  });

  test('a permanent error buries the item at its first attempt', async () => {
    const failing = stageOf('one', async () => {
      throw new PermanentError('no such record');
    });
    await once(await start([failing], ['a']));
    expect(await taskOf('one')).toMatchObject({ state: 'dead', attempt: 1, reason: 'PermanentError: no such record' });
  });

  test('a spent quota costs no attempt and closes the stage for every host until it opens', async () => {
    let spent = true;
    const stage = eachOf(
      'one',
      (it) =>
        spent ? outcomeOfError(new QuotaError('20 minutes used', { retryAfterMs: 50_000 }), it, RETRY, 0) : done('out'),
      { batchMax: 1, retry: { ...RETRY, attemptsMax: 1 } },
    );
    const pipeline = await start([stage], ['a', 'b']);
    const here = await once(pipeline);
    expect(here).toMatchObject({
      batches: 1,
      counts: { wait: 1 },
      after: { kind: 'waiting', gate: { kind: 'waits', reason: 'QuotaError: 20 minutes used' } },
    });
    const elsewhere = await once(pipeline, fakeRuntime({ owner: 'another-host/2' }));
    expect(elsewhere.batches).toBe(0);
    expect(await taskOf('one', 'b')).toMatchObject({ attempt: 0 });
    for (let i = 0; i < 4; i++) {
      await passTime(host.client);
      await once(pipeline);
    }
    spent = false;
    await drain(host, pipeline);
    expect(await counters(host.client)).toEqual([{ stage: 'one', state: 'done', n: 2 }]);
    expect(await oneOf(host.client, 'SELECT sum(waits) FROM task')).toBe(5);
    expect(await oneOf(host.client, 'SELECT count(*) FROM error_log')).toBe(0);
  });

  test('a shorter wait neither opens a closed stage earlier nor takes over its reason', async () => {
    const waits = (delayMs: number, reason: string): Outcome => ({
      kind: 'wait',
      delayMs,
      reason,
      errorClass: 'quota',
      stageWaits: true,
    });
    const stage = eachOf('one', (it) => (it.key === 'long' ? waits(90_000, 'long') : waits(5_000, 'short')));
    const pipeline = await start([stage], ['long', 'short']);
    await once(pipeline);
    const gate = () => rowsOf(host.client, 'SELECT open_until_ms, open_reason FROM stage_control');
    const closed = await gate();
    expect(closed).toMatchObject([{ open_reason: 'long' }]);
    // Another host had claimed before the gate closed, and reports its shorter wait after it.
    await host.client.execute(`UPDATE task SET due_ms = 1 WHERE item_id = (SELECT id FROM item WHERE key = 'short')`);
    await host.client.execute('UPDATE stage_control SET open_until_ms = 0');
    const meanwhile = stageOf('one', async (batch) => {
      await host.client.execute(`UPDATE stage_control SET open_until_ms = ${Number(closed[0]?.open_until_ms)}`);
      return { outcomes: batch.map(() => waits(5_000, 'short')), writes: [] };
    });
    await once(definePipeline('outcomes', [meanwhile]));
    expect(await gate()).toEqual(closed);
  });

  test('an item that waits alone leaves the stage open for the others', async () => {
    const wait: Outcome = { kind: 'wait', delayMs: 9_000, reason: 'busy', errorClass: 'outage', stageWaits: false };
    const stage = eachOf('one', (it) => (it.key === 'a' ? wait : done('out')), { batchMax: 1 });
    const report = await once(await start([stage], ['a', 'b', 'c']));
    expect(report.counts).toMatchObject({ wait: 1, done: 2 });
    expect(await taskOf('one')).toMatchObject({ state: 'ready', attempt: 1, waits: 1 });
    expect(await oneOf(host.client, 'SELECT open_until_ms FROM stage_control')).toBe(0);
  });

  test('a host that stops gives back what it has not begun, at no cost, and claims nothing more', async () => {
    let began = 0;
    const stage = eachOf('one', (_, { stopping }) => {
      if (stopping()) return postponed();
      began += 1;
      return done('out');
    });
    const pipeline = await start([stage], ['a', 'b', 'c', 'd', 'e', 'f']);
    const report = await tick(host.db, pipeline, fakeRuntime(), { budgetMs: 60_000, stopping: () => began >= 2 });
    expect(report).toMatchObject({ batches: 1, counts: { done: 2, wait: 2 } });
    expect(await rowsOf(host.client, `SELECT attempt - waits AS spent, lost FROM task WHERE state = 'ready'`)).toEqual(
      Array.from({ length: 4 }, () => ({ spent: 0, lost: 0 })),
    );
    expect(await oneOf(host.client, `SELECT count(*) FROM lease WHERE state = 'live'`)).toBe(0);
    await drain(host, pipeline);
    expect(await rowsOf(host.client, 'SELECT count(*) AS n FROM made GROUP BY key')).toEqual(
      Array.from({ length: 6 }, () => ({ n: 1 })),
    );
  });

  test('a tick claims no new batch after its budget or after its items', async () => {
    const keys = Array.from({ length: 10 }, (_, i) => `k${i}`);
    const pipeline = await start([passing('one', { batchMax: 2 })], keys);
    let nowMs = 0;
    const runtime = fakeRuntime({ monotonicMs: () => nowMs++ });
    expect(await tick(host.db, pipeline, runtime, { budgetMs: 0 })).toMatchObject({ batches: 1 });
    expect(await tick(host.db, pipeline, fakeRuntime(), { budgetMs: 1, itemsMax: 3 })).toMatchObject({ batches: 2 });
    expect(await counters(host.client)).toEqual([
      { stage: 'one', state: 'done', n: 5 },
      { stage: 'one', state: 'ready', n: 5 },
    ]);
    expect(await rowsOf(host.client, 'SELECT stage, counts FROM run ORDER BY id')).toEqual([
      {
        stage: 'one',
        counts: JSON.stringify({ done: 2, skipped: 0, retry: 0, wait: 0, dead: 0, submitted: 0, lost: 0 }),
      },
      {
        stage: 'one',
        counts: JSON.stringify({ done: 3, skipped: 0, retry: 0, wait: 0, dead: 0, submitted: 0, lost: 0 }),
      },
    ]);
  });

  test('of a stage that settles as a whole only one lease lives at a time', async () => {
    const whole = passing('one', { batchMax: 2, settles: 'whole' });
    await start([whole], ['a', 'b', 'c', 'd']);
    expect((await claim(host.db, whole, 'first'))?.items).toHaveLength(2);
    expect(await claim(host.db, whole, 'second')).toBeNull();
  });

  test('a database that is away inside a stage costs no attempt', async () => {
    const away = stageOf('one', () => Promise.reject(new DatabaseError('no answer')));
    const pipeline = await start([away], ['a', 'b']);
    expect((await once(pipeline)).counts).toMatchObject({ wait: 2, retry: 0, dead: 0 });
    expect(await rowsOf(host.client, `SELECT DISTINCT state, waits, error_class FROM task`)).toEqual([
      { state: 'ready', waits: 1, error_class: 'outage' },
    ]);
  });

  test.each([1, 3])(
    'a stage that answers %i times for two items is told so, and nothing of it is kept',
    async (answers) => {
      const miscounting = stageOf('one', async (batch) => {
        const outcomes = Array.from({ length: answers }, () => done('out'));
        return { outcomes, writes: madeWrites('one', batch, outcomes) };
      });
      const pipeline = await start([miscounting], ['a', 'b']);
      // Two tries of two items, then the third is their last.
      expect((await once(pipeline)).counts).toMatchObject({ retry: 4, dead: 2, done: 0 });
      expect(await oneOf(host.client, 'SELECT count(*) FROM made')).toBe(0);
      const reason = `Error: stage one returned ${answers} outcomes for 2 items`;
      expect(await rowsOf(host.client, 'SELECT DISTINCT state, reason FROM task')).toEqual([{ state: 'dead', reason }]);
    },
  );

  test('text that UTF-8 cannot carry is stored with a replacement mark and harms nobody', async () => {
    const half = 'cut \ud83d in half';
    const stage = stageOf('one', async (batch) => ({
      outcomes: batch.map(
        (it): Outcome => ({
          kind: 'done',
          outputHash: 'out',
          makes: [{ kind: 'page', key: `${half} of ${it.key}`, source: half, contentHash: half }],
        }),
      ),
      writes: [
        {
          kind: 'rows',
          table: 'page',
          columns: ['key', 'document', 'text'],
          key: ['key'],
          rows: batch.map((it) => ({ itemId: it.id, values: [half, half, half] })),
        },
      ],
    }));
    const two = eachOf('two', () => ({ kind: 'dead', reason: half, errorClass: 'permanent' }));
    const report = await once(await start([stage, two], ['a']));
    expect(report.counts).toMatchObject({ done: 1, dead: 1, lost: 0 });
    const whole = 'cut \ufffd in half';
    expect(await rowsOf(host.client, 'SELECT text FROM page')).toEqual([{ text: whole }]);
    expect(await rowsOf(host.client, `SELECT reason FROM task WHERE stage = 'two'`)).toEqual([{ reason: whole }]);
    expect(await counters(host.client)).toEqual(await recount(host.client));
  });

  test('a batch of five thousand rows is one commit', async () => {
    const keys = Array.from({ length: 5_000 }, (_, i) => `k${i}`);
    const stage = stageOf(
      'one',
      async (batch) => ({
        outcomes: batch.map(() => done('out')),
        writes: [
          {
            kind: 'rows',
            table: 'page',
            columns: ['key', 'document', 'text'],
            key: ['key'],
            rows: batch.map((it) => ({ itemId: it.id, values: [it.key, 'd', 't'] })),
          },
        ],
      }),
      { batchMax: 5_000 },
    );
    const report = await once(await start([stage, passing('two', { batchMax: 5_000 })], keys));
    expect(report).toMatchObject({ batches: 2, counts: { done: 10_000, lost: 0 } });
    expect(await oneOf(host.client, 'SELECT count(*) FROM page')).toBe(5_000);
  });
});
