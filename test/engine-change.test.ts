import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { definePipeline, type Pipeline, registerPipeline, type Stage, tick } from '../core/engine/index.ts';
import { type EngineHost, HOSTS, openHost } from './support/engine/host.ts';
import { counters, drain, enter, newItem, oneOf, recount, rowsOf } from './support/engine/ledger.ts';
import { fakeRuntime } from './support/engine/runtime.ts';
import { done, eachOf, firstStage, passing, walk } from './support/engine/walk.ts';

describe.each(HOSTS)('on %s', (name) => {
  let host: EngineHost;
  beforeAll(async () => {
    host = await openHost(name);
  });
  afterAll(() => host?.close());
  beforeEach(() => host.fresh());

  const start = async (stages: readonly Stage[], keys: readonly string[] = ['a', 'b']): Promise<Pipeline> => {
    const pipeline = definePipeline('change', stages);
    await registerPipeline(host.db, pipeline);
    await enter(
      host.db,
      firstStage(pipeline),
      keys.map((key) => newItem(key)),
    );
    return pipeline;
  };
  const made = (stage: string) =>
    rowsOf(host.client, 'SELECT key, input FROM made WHERE stage = ? ORDER BY rowid', [stage]);

  test('an item that comes again with new content works again through all stages, and its neighbour does not', async () => {
    const pipeline = await start([passing('one'), passing('two'), passing('three')]);
    await drain(host, pipeline);
    await enter(host.db, firstStage(pipeline), [newItem('a', 'a@2'), newItem('b', 'b@1')]);
    await drain(host, pipeline);
    expect(await made('one')).toEqual([
      { key: 'a', input: 'a@1' },
      { key: 'b', input: 'b@1' },
      { key: 'a', input: 'a@2' },
    ]);
    expect((await made('two')).slice(2)).toEqual([{ key: 'a', input: 'one(a@2)' }]);
    expect((await made('three')).slice(2)).toEqual([{ key: 'a', input: 'two(one(a@2))' }]);
    expect(await rowsOf(host.client, 'SELECT key, content_hash FROM item ORDER BY key')).toEqual([
      { key: 'a', content_hash: 'a@2' },
      { key: 'b', content_hash: 'b@1' },
    ]);
    expect(await counters(host.client)).toEqual(await recount(host.client));
  });

  test('an item that comes again unchanged is not touched', async () => {
    const pipeline = await start([passing('one'), passing('two')]);
    await drain(host, pipeline);
    const before = await rowsOf(host.client, 'SELECT * FROM task ORDER BY stage, item_id');
    await enter(host.db, firstStage(pipeline), [newItem('a'), newItem('b')]);
    expect(await rowsOf(host.client, 'SELECT * FROM task ORDER BY stage, item_id')).toEqual(before);
    expect(await oneOf(host.client, 'SELECT count(*) FROM item')).toBe(2);
  });

  test('an output that did not change stops the change from spreading', async () => {
    const trim = eachOf('one', (item) => done(`trimmed ${item.key}`));
    const pipeline = await start([trim, passing('two')]);
    await drain(host, pipeline);
    await enter(host.db, firstStage(pipeline), [newItem('a', 'a@2')]);
    await drain(host, pipeline);
    expect(await made('one')).toHaveLength(3);
    expect(await made('two')).toHaveLength(2);
  });

  test('of the items made from a changed one, only those with new content work again', async () => {
    const pages: Record<string, string[]> = { 'a@1': ['p', 'q'], 'a@2': ['p', 'Q', 'r'] };
    const cut = eachOf('cut', (item) => ({
      kind: 'done',
      outputHash: `cut(${item.inputHash})`,
      makes: (pages[item.inputHash ?? ''] ?? []).map((text, i) => newItem(`a/${i}`, text, 'page')),
    }));
    const pipeline = await start([cut, passing('two')], ['a']);
    await drain(host, pipeline);
    await enter(host.db, firstStage(pipeline), [newItem('a', 'a@2')]);
    await drain(host, pipeline);
    expect(await made('two')).toEqual([
      { key: 'a/0', input: 'p' },
      { key: 'a/1', input: 'q' },
      { key: 'a/1', input: 'Q' },
      { key: 'a/2', input: 'r' },
    ]);
  });

  test('a dead letter comes back with new content, with a clean record', async () => {
    const pipeline = walk();
    await registerPipeline(host.db, pipeline);
    await enter(host.db, firstStage(pipeline), [newItem('dead')]);
    await drain(host, pipeline);
    await enter(host.db, firstStage(pipeline), [newItem('dead')]);
    expect(await oneOf(host.client, `SELECT state FROM task`)).toBe('dead');
    await enter(host.db, firstStage(pipeline), [newItem('dead', 'dead@2')]);
    expect(await rowsOf(host.client, 'SELECT state, attempt, waits, lost, error_class, reason FROM task')).toEqual([
      { state: 'ready', attempt: 0, waits: 0, lost: 0, error_class: null, reason: null },
    ]);
    expect(await counters(host.client)).toEqual([{ stage: 'cut', state: 'ready', n: 1 }]);
  });

  test('new content that arrives while the old is being worked on fences the worker out and is worked on itself', async () => {
    let changed = false;
    const slow = eachOf('one', async (item) => {
      if (item.key === 'a' && !changed) {
        changed = true;
        await enter(host.db, slow, [newItem('a', 'a@2')]);
      }
      return done(`one(${item.inputHash})`);
    });
    const pipeline = await start([slow, passing('two')]);
    const report = await tick(host.db, pipeline, fakeRuntime(), { budgetMs: 60_000 });
    expect(report.counts).toMatchObject({ lost: 1, done: 4 });
    expect(await made('one')).toEqual([
      { key: 'b', input: 'b@1' },
      { key: 'a', input: 'a@2' },
    ]);
    expect((await made('two')).map(({ input }) => input).toSorted()).toEqual(['one(a@2)', 'one(b@1)']);
    expect(await oneOf(host.client, `SELECT count(*) FROM lease WHERE state = 'live'`)).toBe(0);
  });

  test('new content overtakes an item that is still in a later stage, which ends with the newest', async () => {
    const pipeline = await start([passing('one'), passing('two', { batchMax: 1 })], ['a']);
    await tick(host.db, pipeline, fakeRuntime(), { budgetMs: 60_000, itemsMax: 1 });
    expect(await counters(host.client)).toEqual([
      { stage: 'one', state: 'done', n: 1 },
      { stage: 'two', state: 'ready', n: 1 },
    ]);
    await enter(host.db, firstStage(pipeline), [newItem('a', 'a@2')]);
    await drain(host, pipeline);
    expect(await made('two')).toEqual([{ key: 'a', input: 'one(a@2)' }]);
    expect(await oneOf(host.client, `SELECT output_hash FROM task WHERE stage = 'two'`)).toBe('two(one(a@2))');
  });

  test('content that changes and changes back before anybody looked is worked on once more, and ends as it was', async () => {
    const pipeline = await start([passing('one'), passing('two')], ['a']);
    await drain(host, pipeline);
    for (const hash of ['a@2', 'a@1']) await enter(host.db, firstStage(pipeline), [newItem('a', hash)]);
    await drain(host, pipeline);
    expect(await made('one')).toHaveLength(2);
    expect(await made('two')).toHaveLength(1);
    expect(await oneOf(host.client, `SELECT output_hash FROM task WHERE stage = 'two'`)).toBe('two(one(a@1))');
  });

  test('one key twice in one delivery is one item with the later content', async () => {
    const pipeline = await start([passing('one')], []);
    await enter(host.db, firstStage(pipeline), [newItem('a', 'a@1'), newItem('a', 'a@2')]);
    await drain(host, pipeline);
    expect(await made('one')).toEqual([{ key: 'a', input: 'a@2' }]);
    expect(await oneOf(host.client, 'SELECT content_hash FROM item')).toBe('a@2');
  });

  test('keys are apart by kind, and whatever characters they hold', async () => {
    const odd = [`it's`, '"quoted"', 'a\\b', '123', '1.0', 'null', 'Ärzte 😀', ' ', '$1', ':held', '?1'];
    const pipeline = await start([passing('one')], []);
    await enter(host.db, firstStage(pipeline), [
      ...odd.map((key) => newItem(key, key)),
      newItem('123', 'other', 'page'),
    ]);
    await drain(host, pipeline);
    expect((await made('one')).map(({ key, input }) => `${key}=${input}`).toSorted()).toEqual(
      [...odd.map((key) => `${key}=${key}`), '123=other'].toSorted(),
    );
  });
});
