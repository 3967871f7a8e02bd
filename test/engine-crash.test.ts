import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, DatabaseError, registerPipeline, tick } from '../core/engine/index.ts';
import { type EngineHost, HOSTS, openHost } from './support/engine/host.ts';
import { counters, drain, enter, newItem, oneOf, recount, rowsOf } from './support/engine/ledger.ts';
import { mortal } from './support/engine/mortal.ts';
import { fakeRuntime, seededRandom } from './support/engine/runtime.ts';
import { firstStage, walk } from './support/engine/walk.ts';

const pipeline = walk();
const DOCUMENTS = ['a', 'b', 'skip', 'c', 'retry', 'dead'];
const PAGES = ['a', 'b', 'c', 'retry'].flatMap((key) => [`${key}/1`, `${key}/2`]);

/** A whole life: register, enter, tick to the end. Dies where its database says so. */
async function live(db: Database): Promise<void> {
  await registerPipeline(db, pipeline);
  await enter(
    db,
    firstStage(pipeline),
    DOCUMENTS.map((key) => newItem(key)),
  );
  await tick(db, pipeline, fakeRuntime(), { budgetMs: 60_000 });
}

/** True when it died on the way. */
async function diesIn(life: Promise<void>): Promise<boolean> {
  try {
    await life;
    return false;
  } catch (error) {
    if (error instanceof DatabaseError) return true;
    throw error;
  }
}

async function expectEachDoneOnce(host: EngineHost, label: string): Promise<void> {
  const { client } = host;
  const made = await rowsOf(client, 'SELECT stage, key, input FROM made ORDER BY stage, key');
  expect(made, label).toEqual([
    ...PAGES.toSorted().map((key) => ({ stage: 'bind', key, input: `read(${key.replace('/', '@1/')})` })),
    ...DOCUMENTS.toSorted().map((key) => ({ stage: 'cut', key, input: `${key}@1` })),
    ...PAGES.toSorted().map((key) => ({ stage: 'read', key, input: key.replace('/', '@1/') })),
  ]);
  expect(await rowsOf(client, 'SELECT key, text FROM page ORDER BY key'), label).toEqual(
    PAGES.toSorted().map((key) => ({ key, text: key.replace('/', '@1/') })),
  );
  const tasks = await rowsOf(
    client,
    `SELECT stage, state, count(*) AS n FROM task GROUP BY stage, state ORDER BY stage, state`,
  );
  expect(tasks, label).toEqual([
    { stage: 'bind', state: 'done', n: 8 },
    { stage: 'cut', state: 'dead', n: 1 },
    { stage: 'cut', state: 'done', n: 4 },
    { stage: 'cut', state: 'skipped', n: 1 },
    { stage: 'read', state: 'done', n: 8 },
  ]);
  expect(await rowsOf(client, 'SELECT stage, error_class FROM error_log ORDER BY error_class'), label).toEqual([
    { stage: 'cut', error_class: 'permanent' },
    { stage: 'cut', error_class: 'retryable' },
  ]);
  expect(await counters(client), label).toEqual(await recount(client));
  expect(await oneOf(client, `SELECT count(*) FROM lease WHERE state = 'live'`), label).toBe(0);
}

/** Lives that follow one that died: each as mortal as its turn says, the last one immortal. */
async function recover(host: EngineHost): Promise<void> {
  await live(host.db);
  await drain(host, pipeline);
}

describe.each(HOSTS)('on %s', (name) => {
  let host: EngineHost;
  beforeAll(async () => {
    host = await openHost(name);
  });
  afterAll(() => host?.close());

  for (const when of ['before', 'after'] as const)
    test(`killed ${when} any one database call, later ticks finish every item exactly once`, async () => {
      let deaths = 0;
      for (let nth = 1; ; nth++) {
        await host.fresh();
        const died = await diesIn(live(mortal(host.db, nth, when).db));
        await recover(host);
        await expectEachDoneOnce(host, `killed ${when} call ${nth}`);
        if (!died) break;
        deaths += 1;
      }
      // Five calls to register, one to enter, one to look, then two to a batch.
      expect(deaths).toBeGreaterThan(15);
    });

  test('killed again and again at random calls, later ticks finish every item exactly once', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      await host.fresh();
      const random = seededRandom(seed);
      const deaths: string[] = [];
      for (let life = 0; life < 3; life++) {
        const nth = 1 + Math.floor(random() * 20);
        const when = random() < 0.5 ? 'before' : 'after';
        if (await diesIn(live(mortal(host.db, nth, when).db))) deaths.push(`${when} ${nth}`);
      }
      await recover(host);
      await expectEachDoneOnce(host, `seed ${seed}: killed ${deaths.join(', ')}`);
    }
  });

  test('a live tick never asks for more than one round trip to claim and one to commit a batch', async () => {
    await host.fresh();
    await registerPipeline(host.db, pipeline);
    await enter(host.db, firstStage(pipeline), [newItem('a'), newItem('b')]);
    const counting = mortal(host.db);
    const { batches } = await tick(counting.db, pipeline, fakeRuntime(), { budgetMs: 60_000 });
    expect(batches).toBe(3);
    // A look; claim and commit, which looks again, for each batch; the report.
    expect(counting.calls()).toBe(1 + 2 * batches + 1);
  });
});
