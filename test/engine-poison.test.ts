import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  breakLeases,
  claim,
  DatabaseError,
  definePipeline,
  liveLeases,
  lossesMax,
  type Pipeline,
  registerPipeline,
  type Stage,
  tick,
} from '../core/engine/index.ts';
import { type EngineHost, HOSTS, openHost } from './support/engine/host.ts';
import { counters, drain, enter, newItem, oneOf, passTime, recount, rowsOf } from './support/engine/ledger.ts';
import { type Mortal, mortal } from './support/engine/mortal.ts';
import { fakeRuntime } from './support/engine/runtime.ts';
import { done, firstStage, madeWrites, passing, stageOf } from './support/engine/walk.ts';

const KILLER = 'k17';
const KEYS = Array.from({ length: 40 }, (_, i) => `k${i}`);

describe.each(HOSTS)('on %s', (name) => {
  let host: EngineHost;
  /** The process of the moment. */
  let process: Mortal;
  let batches: number[];
  beforeAll(async () => {
    host = await openHost(name);
  });
  afterAll(() => host?.close());
  beforeEach(async () => {
    await host.fresh();
    batches = [];
  });

  /** A stage that ends its whole process whenever one of `killers` is in its batch. */
  const deadly = (killers: readonly string[], options: Partial<Stage>): Stage =>
    stageOf(
      'one',
      async (batch) => {
        batches.push(batch.length);
        if (batch.some(({ key }) => killers.includes(key))) process.die();
        const outcomes = batch.map((item) => done(`one(${item.inputHash})`));
        return { outcomes, writes: madeWrites('one', batch, outcomes) };
      },
      options,
    );

  const start = async (one: Stage, keys = KEYS): Promise<Pipeline> => {
    const pipeline = definePipeline('poison', [one, passing('two', { batchMax: 64 })]);
    await registerPipeline(host.db, pipeline);
    await enter(
      host.db,
      firstStage(pipeline),
      keys.map((key) => newItem(key)),
    );
    return pipeline;
  };

  /** Starts one process after another until one of them sees the pipeline serve. Returns how many died. */
  const surviveAll = async (pipeline: Pipeline, deathsMax: number): Promise<number> => {
    for (let deaths = 0; deaths <= deathsMax; ) {
      process = mortal(host.db);
      try {
        const { after } = await tick(process.db, pipeline, fakeRuntime(), { budgetMs: 60_000 });
        if (after.kind === 'serving') return deaths;
      } catch (error) {
        if (!(error instanceof DatabaseError)) throw error;
        deaths += 1;
      }
      await passTime(host.client);
    }
    throw new Error(`more than ${deathsMax} processes died`);
  };

  test('an item that kills its worker is buried once it was alone twice, and every neighbour is done once', async () => {
    const pipeline = await start(deadly([KILLER], { batchMax: 32 }));
    expect(await surviveAll(pipeline, 10)).toBe(lossesMax({ batchMax: 32 }));
    expect(
      await rowsOf(
        host.client,
        `SELECT key, state, lost, attempt, error_class, reason FROM task JOIN item ON id = item_id
         WHERE stage = 'one' AND state <> 'done'`,
      ),
    ).toEqual([
      {
        key: KILLER,
        state: 'dead',
        lost: 7,
        attempt: 7,
        error_class: 'lost',
        reason: 'its worker ended without an outcome 7 times',
      },
    ]);
    for (const stage of ['one', 'two'])
      expect(await rowsOf(host.client, 'SELECT key FROM made WHERE stage = ? ORDER BY key', [stage])).toEqual(
        KEYS.filter((key) => key !== KILLER)
          .toSorted()
          .map((key) => ({ key })),
      );
    expect(await counters(host.client)).toEqual(await recount(host.client));
    expect(await oneOf(host.client, `SELECT count(*) FROM lease WHERE state = 'live'`)).toBe(0);
  });

  test('the batch around it is halved until it stands alone', async () => {
    const pipeline = await start(deadly([KILLER], { batchMax: 32 }), KEYS.slice(0, 32));
    await surviveAll(pipeline, 10);
    // The killer is in the second half, then in the first of each; every death halves the batches of the whole stage too.
    expect(batches).toEqual([32, 16, 16, 8, 4, 4, 4, 2, 2, 2, 1, 1, 1, 1, 1]);
  });

  test('items that were lost are claimed apart from those that never were', async () => {
    const pipeline = await start(deadly([KILLER], { batchMax: 32 }));
    await surviveAll(pipeline, 10);
    // The killer's batch; the eight that nobody had claimed yet; then those of the killer's batch, half at a time.
    expect(batches.slice(0, 4)).toEqual([32, 8, 16, 16]);
  });

  test('several killers in one batch take no neighbour with them', async () => {
    const killers = ['k0', 'k1', 'k2', 'k30', 'k39'];
    const pipeline = await start(deadly(killers, { batchMax: 40 }));
    await surviveAll(pipeline, 1 + 5 * lossesMax({ batchMax: 40 }));
    const dead = await rowsOf(
      host.client,
      `SELECT key FROM task JOIN item ON id = item_id WHERE state = 'dead' ORDER BY id`,
    );
    expect(dead).toEqual(killers.map((key) => ({ key })));
    expect(await oneOf(host.client, `SELECT max(lost) FROM task WHERE state = 'done'`)).toBeLessThan(
      lossesMax({ batchMax: 40 }),
    );
    expect(await oneOf(host.client, `SELECT count(*) FROM made WHERE stage = 'one'`)).toBe(35);
  });

  test('an innocent item that was lost with a killer has all its attempts left', async () => {
    const pipeline = await start(deadly([KILLER], { batchMax: 32 }));
    await surviveAll(pipeline, 10);
    const costs = await rowsOf(
      host.client,
      `SELECT DISTINCT attempt - waits - lost AS spent FROM task WHERE stage = 'one' AND state = 'done'`,
    );
    expect(costs).toEqual([{ spent: 1 }]);
  });

  test('a stage that settles its batch as a whole buries nothing, and takes the whole batch again', async () => {
    let deaths = 12;
    const stage = stageOf(
      'one',
      async (batch) => {
        batches.push(batch.length);
        if (deaths-- > 0) process.die();
        return { outcomes: batch.map(() => done('out')), writes: [] };
      },
      { settles: 'whole', batchMax: 100 },
    );
    expect(await surviveAll(await start(stage), 12)).toBe(12);
    expect(new Set(batches)).toEqual(new Set([40]));
    expect(await rowsOf(host.client, `SELECT state, count(*) AS n FROM task WHERE stage = 'one' GROUP BY 1`)).toEqual([
      { state: 'done', n: 40 },
    ]);
  });

  test('leases that are broken because their process is known to be dead count like those that ran out', async () => {
    const pipeline = await start(deadly([KILLER], { batchMax: 32 }));
    const stage = firstStage(pipeline);
    await claim(host.db, stage, 'dead-process');
    const live = await liveLeases(host.db);
    expect(live).toMatchObject([{ stage: 'one', owner: 'dead-process' }]);
    const ids = live.map(({ id }) => id);
    await breakLeases(host.db, ids);
    await breakLeases(host.db, ids);
    await breakLeases(host.db, []);
    expect(await liveLeases(host.db)).toEqual([]);
    expect(await rowsOf(host.client, 'SELECT lost, state, count(*) AS n FROM task GROUP BY 1, 2')).toEqual([
      { lost: 0, state: 'ready', n: 8 },
      { lost: 1, state: 'ready', n: 32 },
    ]);
    expect(await rowsOf(host.client, 'SELECT state FROM lease')).toEqual([{ state: 'broken' }]);
    expect(await counters(host.client)).toEqual(await recount(host.client));
  });

  test('a lease that still runs is neither taken back nor broken by the loss of another', async () => {
    const pipeline = await start(passing('one'));
    const stage = firstStage(pipeline);
    const lost = await claim(host.db, stage, 'dead-process');
    const kept = await claim(host.db, stage, 'live-process');
    await host.client.execute(`UPDATE lease SET expires_ms = 1 WHERE id = ${lost?.leaseId}`);
    await tick(host.db, definePipeline('poison', [stageOf('one', null)]), fakeRuntime(), { budgetMs: 1 });
    expect(await rowsOf(host.client, 'SELECT id, state FROM lease ORDER BY id')).toEqual([
      { id: lost?.leaseId, state: 'expired' },
      { id: kept?.leaseId, state: 'live' },
    ]);
    expect(await oneOf(host.client, `SELECT count(*) FROM task WHERE state = 'leased'`)).toBe(4);
    await drain(host, pipeline);
    expect(await oneOf(host.client, `SELECT count(*) FROM task WHERE state = 'done'`)).toBe(80);
  });
});
