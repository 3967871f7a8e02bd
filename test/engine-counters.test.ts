import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  breakLeases,
  type Claim,
  claim,
  commit,
  definePipeline,
  liveLeases,
  type Outcome,
  readSnapshot,
  reclaim,
  registerPipeline,
  type Stage,
  stageAfter,
} from '../core/engine/index.ts';
import { TASK_STATES } from '../schema/states.ts';
import { type EngineHost, HOSTS, openHost } from './support/engine/host.ts';
import {
  counters,
  drain,
  enter,
  expireLeases,
  newItem,
  oneOf,
  passTime,
  recount,
  rowsOf,
} from './support/engine/ledger.ts';
import { seededRandom } from './support/engine/runtime.ts';
import { madeWrites, passing } from './support/engine/walk.ts';

const OPERATIONS = 200;
const stages = [passing('one', { batchMax: 5 }), passing('two', { batchMax: 3 }), passing('three', { batchMax: 7 })];
const pipeline = definePipeline('counters', stages);

/** A random life of the ledger from a seed: items enter and change, workers claim, answer, oversleep and die. */
function ledgerLife(host: EngineHost, random: () => number): () => Promise<void> {
  const pick = <T>(all: readonly T[]): T | undefined => all[Math.floor(random() * all.length)];
  const held: { stage: Stage; claimed: Claim }[] = [];
  const outcome = (): Outcome => {
    const draw = random();
    if (draw < 0.5) return { kind: 'done', outputHash: `o${Math.floor(random() * 4)}` };
    if (draw < 0.6)
      return { kind: 'done', outputHash: 'o', makes: [newItem(`made-${Math.floor(random() * 30)}`, `m${random()}`)] };
    if (draw < 0.7) return { kind: 'skipped', reason: 'r', errorClass: 'e' };
    if (draw < 0.85)
      return { kind: 'retry', delayMs: random() < 0.5 ? 0 : 60_000, reason: 'r', errorClass: 'retryable' };
    if (draw < 0.95) return { kind: 'wait', delayMs: 0, reason: 'r', errorClass: 'quota', stageWaits: random() < 0.2 };
    return { kind: 'dead', reason: 'r', errorClass: 'permanent' };
  };
  const operations: (() => Promise<unknown>)[] = [
    () =>
      enter(
        host.db,
        stages[0] ?? passing('one'),
        Array.from({ length: 4 }, () => newItem(`k${Math.floor(random() * 60)}`, `h${Math.floor(random() * 3)}`)),
      ),
    async () => {
      const stage = pick(stages);
      const claimed = stage && (await claim(host.db, stage, 'worker'));
      if (stage && claimed) held.push({ stage, claimed });
    },
    async () => {
      const batch = pick(held);
      if (!batch) return;
      // Some are answered twice.
      if (random() < 0.8) held.splice(held.indexOf(batch), 1);
      const { stage, claimed } = batch;
      const settled = claimed.items.map((item) => ({ item, outcome: outcome() }));
      const writes = madeWrites(
        stage.name,
        claimed.items,
        settled.map((one) => one.outcome),
      );
      const next = stageAfter(pipeline, stage);
      await commit(host.db, pipeline, { stage, next, leaseId: claimed.leaseId, settled, writes, tookMs: 1 });
    },
    () => passTime(host.client),
    async () => {
      await expireLeases(host.client);
      await reclaim(host.db);
    },
    async () => {
      const lease = pick(await liveLeases(host.db));
      if (lease) await breakLeases(host.db, [lease.id]);
    },
  ];
  const [entering, claiming, committing] = operations;
  // What a ledger mostly sees.
  const drawn = [...operations, entering, claiming, claiming, claiming, committing, committing, committing];
  return async () => {
    await pick(drawn)?.();
  };
}

describe.each(HOSTS)('on %s', (name) => {
  let host: EngineHost;
  beforeAll(async () => {
    host = await openHost(name);
  });
  afterAll(() => host?.close());

  test.each([1, 2, 3])(
    `${OPERATIONS} random operations leave the counters equal to a recount (seed %i)`,
    async (seed) => {
      await host.fresh();
      await registerPipeline(host.db, pipeline);
      const random = seededRandom(seed);
      const act = ledgerLife(host, random);
      for (let i = 0; i < OPERATIONS; i++) {
        await act();
        if (i % 10 === 0)
          expect(await counters(host.client), `after operation ${i}`).toEqual(await recount(host.client));
      }
      expect(await counters(host.client)).toEqual(await recount(host.client));
      const { stages: seen } = await readSnapshot(host.db, pipeline);
      for (const state of TASK_STATES)
        expect(seen.get('two')?.counts[state], state).toBe(
          await oneOf(host.client, `SELECT count(*) FROM task WHERE stage = 'two' AND state = '${state}'`),
        );
      // A schedule that misses one of these proves nothing.
      const fates = await rowsOf(host.client, `SELECT DISTINCT state FROM lease WHERE state <> 'live' ORDER BY state`);
      expect(fates.map(({ state }) => state)).toEqual(['broken', 'expired', 'released']);
      expect(await oneOf(host.client, 'SELECT count(DISTINCT stage) FROM made')).toBeGreaterThan(1);
      await drain(host, pipeline);
      expect(await counters(host.client)).toEqual(await recount(host.client));
      expect(await oneOf(host.client, `SELECT count(*) FROM lease WHERE state = 'live'`)).toBe(0);
    },
  );

  test('a task that is deleted is counted no more', async () => {
    await host.client.execute(`DELETE FROM task WHERE stage = 'two'`);
    expect(await counters(host.client)).toEqual(await recount(host.client));
  });
});
