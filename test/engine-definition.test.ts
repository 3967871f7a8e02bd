import { createClient } from '@libsql/client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  connectDatabase,
  type Database,
  DefinitionError,
  definePipeline,
  defineStage,
  registerPipeline,
  SchemaError,
  type Stage,
  stageAfter,
} from '../core/engine/index.ts';
import { type EngineHost, HOSTS, openHost } from './support/engine/host.ts';
import { enter, newItem, rowsOf } from './support/engine/ledger.ts';
import { firstStage, passing } from './support/engine/walk.ts';

const good: Stage = {
  name: 'read',
  itemKind: 'document',
  batchMax: 4,
  leaseMs: 60_000,
  retry: { attemptsMax: 3, delayMsFirst: 0, delayMsMax: 0 },
  settles: 'each',
  gather: { itemsMin: 1, waitMsMax: 0 },
  fingerprint: 'read-1',
  process: null,
};

test.each<[string, Partial<Stage>, string]>([
  ['an empty name', { name: '' }, 'name'],
  ['a name with a capital', { name: 'Read' }, 'name'],
  ['a name with a quote', { name: `a'b` }, 'name'],
  ['a name of 33 letters', { name: 'a'.repeat(33) }, 'name'],
  ['a batch of nothing', { batchMax: 0 }, 'batchMax'],
  ['a batch of one and a half', { batchMax: 1.5 }, 'batchMax'],
  ['a batch without end', { batchMax: Number.POSITIVE_INFINITY }, 'batchMax'],
  ['a lease of no time', { leaseMs: 0 }, 'leaseMs'],
  ['a lease that is no number', { leaseMs: Number.NaN }, 'leaseMs'],
  ['no attempt', { retry: { ...good.retry, attemptsMax: 0 } }, 'retry.attemptsMax'],
  ['half an attempt', { retry: { ...good.retry, attemptsMax: 0.5 } }, 'retry.attemptsMax'],
  ['a first delay of less than nothing', { retry: { ...good.retry, delayMsFirst: -1 } }, 'delayMsFirst'],
  ['a cap under the first delay', { retry: { attemptsMax: 1, delayMsFirst: 2, delayMsMax: 1 } }, 'delayMsMax'],
  ['a cap that is no number', { retry: { ...good.retry, delayMsMax: Number.NaN } }, 'delayMsMax'],
  ['a cap without end', { retry: { ...good.retry, delayMsMax: Number.POSITIVE_INFINITY } }, 'delayMsMax'],
  ['gathering of nothing', { gather: { itemsMin: 0, waitMsMax: 1 } }, 'gather.itemsMin'],
  ['gathering for a time that is no number', { gather: { itemsMin: 1, waitMsMax: Number.NaN } }, 'gather.waitMsMax'],
  ['gathering for less than no time', { gather: { itemsMin: 1, waitMsMax: -1 } }, 'gather.waitMsMax'],
])('a stage with %s is refused, and the message names the stage and the field', (_, wrong, field) => {
  const define = () => defineStage({ ...good, ...wrong });
  expect(define).toThrow(DefinitionError);
  expect(define).toThrow(`stage ${JSON.stringify(wrong.name ?? 'read')}: `);
  expect(define).toThrow(field);
});

test('a sound stage is accepted and cannot be changed any more', () => {
  const stage = defineStage({ ...good });
  expect(stage).toEqual(good);
  expect(() => Object.assign(stage, { batchMax: 0 })).toThrow(TypeError);
});

test('a pipeline without stages, or with one name twice, is refused', () => {
  expect(() => definePipeline('empty', [])).toThrow('pipeline empty: no stages');
  expect(() => definePipeline('twice', [passing('one'), passing('two'), passing('one')])).toThrow(
    'pipeline twice: two stages are called "one"',
  );
});

test('every stage knows the one after it, and the last has none', () => {
  const stages = [passing('one'), passing('two')] as const;
  const pipeline = definePipeline('order', stages);
  expect(stageAfter(pipeline, stages[0])).toBe(stages[1]);
  expect(stageAfter(pipeline, stages[1])).toBeUndefined();
});

const pipeline = definePipeline('mine', [
  passing('one', { fingerprint: 'one-7' }),
  passing('two', { settles: 'whole' }),
]);
const other = definePipeline('theirs', [passing('far')]);

describe.each(HOSTS)('on %s', (name) => {
  let host: EngineHost;
  beforeAll(async () => {
    host = await openHost(name);
  });
  afterAll(() => host?.close());
  beforeEach(() => host.fresh());

  const state = async () => ({
    meta: await rowsOf(host.client, 'SELECT * FROM meta ORDER BY key'),
    control: await rowsOf(host.client, 'SELECT * FROM stage_control ORDER BY position'),
  });
  /** A database that must not be written. */
  const readOnly: Database = {
    read: (statements) => host.db.read(statements),
    write: () => {
      throw new Error('it was written');
    },
  };

  test('a pipeline takes a fresh database and finds it its own ever after', async () => {
    await registerPipeline(host.db, pipeline);
    const first = await state();
    expect(first.meta.filter(({ key }) => key !== 'definition')).toEqual([
      { key: 'engine_schema', value: '2' },
      { key: 'pipeline', value: 'mine' },
    ]);
    expect(first.control).toMatchObject([
      { stage: 'one', position: 0, lost_max: 4, fingerprint: 'one-7', paused: 0, open_until_ms: 0 },
      { stage: 'two', position: 1, lost_max: 0, fingerprint: 'two-1', paused: 0, open_until_ms: 0 },
    ]);
    await host.client.execute(`UPDATE stage_control SET paused = 1, pause_reason = 'x', requested = 1`);
    await registerPipeline(host.db, pipeline);
    expect((await state()).control).toEqual(
      first.control.map((row) => ({ ...row, paused: 1, pause_reason: 'x', requested: 1 })),
    );
  });

  test('a new build of the same pipeline renews what stands in the code and keeps what an operator set', async () => {
    await registerPipeline(host.db, pipeline);
    await host.client.execute(`UPDATE stage_control SET paused = 1`);
    await registerPipeline(host.db, definePipeline('mine', [passing('two'), passing('one', { fingerprint: 'one-8' })]));
    expect((await state()).control).toMatchObject([
      { stage: 'two', position: 0, lost_max: 4, paused: 1 },
      { stage: 'one', position: 1, lost_max: 4, fingerprint: 'one-8', paused: 1 },
    ]);
  });

  test.each([
    ['of an older schema', `UPDATE meta SET value = '0' WHERE key = 'engine_schema'`, 'has engine schema 0'],
    ['of a newer schema', `UPDATE meta SET value = '3' WHERE key = 'engine_schema'`, 'has engine schema 3'],
    ['of no known schema', `DELETE FROM meta WHERE key = 'engine_schema'`, 'has engine schema none'],
    ['of another pipeline', `INSERT INTO meta VALUES ('pipeline', 'theirs')`, 'belongs to pipeline "theirs"'],
  ])('a database %s is refused and not written', async (_, act, message) => {
    await host.client.execute(act);
    try {
      await expect(registerPipeline(readOnly, pipeline)).rejects.toThrow(SchemaError);
      await expect(registerPipeline(readOnly, pipeline)).rejects.toThrow(message);
    } finally {
      await host.client.execute(`INSERT OR REPLACE INTO meta VALUES ('engine_schema', '2')`);
    }
  });

  test('a stage that was renamed while it holds items is refused with both remedies', async () => {
    await registerPipeline(host.db, pipeline);
    await enter(host.db, firstStage(pipeline), [newItem('a')]);
    const renamed = definePipeline('mine', [passing('uno'), passing('two')]);
    await expect(registerPipeline(host.db, renamed)).rejects.toThrow(
      'holds 1 tasks of a stage "one" that is not defined',
    );
    expect((await state()).control.map(({ stage }) => stage)).toEqual(['one', 'two']);
    await registerPipeline(host.db, definePipeline('mine', renamed.stages, { formerStages: ['one'] }));
    expect((await state()).control.map(({ stage }) => stage)).toContain('uno');
  });

  test('of two pipelines that take a fresh database at once, one gets it and the other writes nothing', async () => {
    // The other one registers between this one's look and its write.
    const overtaken: Database = {
      read: (statements) => host.db.read(statements),
      write: async (statements) => {
        await registerPipeline(host.db, other);
        return host.db.write(statements);
      },
    };
    await expect(registerPipeline(overtaken, pipeline)).rejects.toThrow('belongs to pipeline "theirs"');
    expect((await state()).control).toMatchObject([{ stage: 'far' }]);
  });
});

test('a database without a schema is refused with the command that makes one, and is not written', async () => {
  const client = createClient({ url: ':memory:' });
  const db = connectDatabase(client, { deadlineMs: 1_000 });
  await expect(registerPipeline(db, pipeline)).rejects.toThrow(SchemaError);
  await expect(registerPipeline(db, pipeline)).rejects.toThrow('anamnesis init');
  expect(await rowsOf(client, 'SELECT count(*) AS n FROM sqlite_schema')).toEqual([{ n: 0 }]);
  client.close();
});

test('a database that never answers is an error after the deadline, and its late answer harms nobody', async () => {
  let answer: (error: Error) => void = () => undefined;
  const silent = {
    execute: () =>
      new Promise((_, reject) => {
        answer = reject;
      }),
  };
  // Of a client, a single read uses only `execute`.
  const db = connectDatabase(silent as unknown as ReturnType<typeof createClient>, { deadlineMs: 5 }); // no more of a client is used
  await expect(db.read([{ sql: 'SELECT 1', args: [] }])).rejects.toThrow('no answer from the database within 5 ms');
  answer(new Error('too late'));
});
