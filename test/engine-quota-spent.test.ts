import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  claim,
  definePipeline,
  NOW,
  type Pipeline,
  QuotaError,
  readSnapshot,
  registerPipeline,
  retryAfterMs,
  type Stage,
  tick,
  verifyAudit,
} from '../core/engine/index.ts';
import { connect, type EngineHost, HOSTS, openHost } from './support/engine/host.ts';
import { drain, enter, expireLeases, newItem, oneOf, passTime, rowsOf } from './support/engine/ledger.ts';
import { jittered } from './support/engine/races/schedule.ts';
import { startWatch, violations } from './support/engine/races/watch.ts';
import { outputOf } from './support/engine/races/work.ts';
import { fakeRuntime, seededRandom } from './support/engine/runtime.ts';
import { done, eachOf, firstStage, madeWrites, stageOf } from './support/engine/walk.ts';

const ITEMS = 60;
const WORKERS = 3;

/** A service that sells a number of calls a day, and keeps its own books. */
type Shop = {
  readonly url: string;
  /** How it refuses whoever has nothing left. */
  refusal: { readonly status: number; readonly headers: Readonly<Record<string, string>> };
  left: number;
  readonly sold: Map<string, number>;
  refused: number;
  readonly close: () => Promise<void>;
};

async function openShop(): Promise<Shop> {
  const server: Server = createServer((request, response) => {
    const key = new URL(request.url ?? '/', 'http://shop').searchParams.get('item') ?? '';
    if (shop.left <= 0) {
      shop.refused += 1;
      response.writeHead(shop.refusal.status, { 'content-type': 'application/json', ...shop.refusal.headers });
      response.end(
        JSON.stringify({ error: { code: 'insufficient_quota', message: 'You exceeded your current quota.' } }),
      );
      return;
    }
    shop.left -= 1;
    shop.sold.set(key, (shop.sold.get(key) ?? 0) + 1);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ answer: `made of ${key}` }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const shop: Shop = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refusal: { status: 429, headers: {} },
    left: 0,
    sold: new Map(),
    refused: 0,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return shop;
}

const soldTwice = (shop: Shop): number => [...shop.sold.values()].filter((times) => times > 1).length;
const keep = (): Stage =>
  eachOf('keep', (item) => done(outputOf('keep', 'keep-1', item.inputHash)), { fingerprint: 'keep-1', batchMax: 10 });

describe.each(HOSTS)('on %s', (name) => {
  let host: EngineHost;
  let shop: Shop;
  let others: Awaited<ReturnType<typeof connect>>[];
  beforeAll(async () => {
    host = await openHost(name);
    shop = await openShop();
    others = await Promise.all(Array.from({ length: WORKERS }, () => connect(host.url)));
  });
  afterAll(async () => {
    for (const { close } of others ?? []) close();
    await shop?.close();
    await host?.close();
  });
  beforeEach(async () => {
    await host.fresh();
    await startWatch(host.client);
    Object.assign(shop, { left: 0, refused: 0 });
    shop.sold.clear();
  });

  const start = async (pipeline: Pipeline, items = ITEMS): Promise<void> => {
    await registerPipeline(host.db, pipeline);
    await enter(
      host.db,
      firstStage(pipeline),
      Array.from({ length: items }, (_, i) => newItem(`k${i}`)),
    );
  };
  /** All workers tick at once until none of them can do anything. */
  const untilItWaits = async (pipeline: Pipeline, random: () => number): Promise<void> => {
    for (let round = 0; round < 100; round++) {
      const reports = await Promise.all(
        others.map(({ db }, i) =>
          tick(jittered(db, random), pipeline, fakeRuntime({ owner: `w${i}` }), { budgetMs: 60_000 }),
        ),
      );
      if (reports.every(({ batches }) => batches === 0)) return;
    }
    throw new Error('the workers did not come to rest');
  };
  const count = async (where: string): Promise<number> =>
    Number(await oneOf(host.client, `SELECT count(*) FROM task WHERE ${where}`));
  const spentAttempts = `attempt - waits - lost`;

  test.each([
    ['429 with Retry-After', { status: 429, headers: { 'retry-after': '3600' } }, 3_600_000],
    ['402 without a word about when', { status: 402, headers: {} }, 1_800_000],
  ] as const)(
    'a service whose quota is spent in the middle of a run (%s): the stage waits with the reason, costs no attempt, and goes on after the reset',
    async (_, refusal, waitMs) => {
      const random = seededRandom(51);
      const batchMax = 8;
      /** Throws at the first refusal: what was bought before it in the same batch must not be bought again. */
      const pay = stageOf(
        'pay',
        async (batch, context) => {
          for (const item of batch)
            await context.effects.run(item, {
              call: async () => {
                const answer = await fetch(`${shop.url}/?item=${item.key}`);
                const body = await answer.text();
                if (answer.status === 429 || answer.status === 402)
                  throw new QuotaError(`the shop answered ${answer.status}: ${JSON.parse(body).error.code}`, {
                    retryAfterMs: retryAfterMs(answer.headers.get('retry-after'), Date.now()) ?? 1_800_000,
                  });
                return { result: body };
              },
            });
          const outcomes = batch.map((item) => done(outputOf('pay', 'pay-1', item.inputHash)));
          return { outcomes, writes: madeWrites('pay', batch, outcomes) };
        },
        { batchMax, fingerprint: 'pay-1' },
      );
      const pipeline = definePipeline('spent', [pay, keep()]);
      await start(pipeline);
      shop.refusal = refusal;
      let resets = 0;
      let refusedAll = 0;
      for (shop.left = 25; (await count(`state = 'ready'`)) > 0; shop.left = 25, resets++) {
        shop.refused = 0;
        await untilItWaits(pipeline, random);
        if ((await count(`state = 'ready'`)) === 0) break;
        // Each worker may have had a batch in its hands when the last call was sold, and stops at its first refusal.
        expect(shop.refused).toBeGreaterThan(0);
        expect(shop.refused).toBeLessThanOrEqual(WORKERS);
        refusedAll += shop.refused;
        const { stages, nowMs } = await readSnapshot(host.db, pipeline);
        expect(stages.get('pay')?.openReason).toBe(
          `QuotaError: the shop answered ${refusal.status}: insufficient_quota`,
        );
        const opensInMs = (stages.get('pay')?.openUntilMs ?? 0) - nowMs;
        expect(opensInMs).toBeGreaterThan(waitMs - 60_000);
        expect(opensInMs).toBeLessThanOrEqual(waitMs);
        expect(await count(`stage = 'pay' AND state = 'ready' AND ${spentAttempts} <> 0`)).toBe(0);
        // What was paid for goes on; while the stage waits nobody bothers the shop.
        expect(await count(`stage = 'keep' AND state <> 'done'`)).toBe(0);
        const asked = shop.refused;
        for (let n = 0; n < 5; n++) {
          const { after } = await tick(host.db, pipeline, fakeRuntime(), { budgetMs: 60_000 });
          expect(after).toMatchObject({ kind: 'waiting', gate: { kind: 'waits' } });
        }
        expect(shop.refused).toBe(asked);
        await passTime(host.client);
      }
      expect(resets).toBe(2);
      expect(await count(`state <> 'done'`)).toBe(0);
      expect(await count(`${spentAttempts} <> 1`)).toBe(0);
      expect(shop.sold.size).toBe(ITEMS);
      expect(soldTwice(shop)).toBe(0);
      expect(await violations(host.client)).toEqual([]);
      expect((await verifyAudit(host.db)).problems).toEqual([]);
      console.info(
        `F51 ${name}: the service's quota was spent ${resets} times (${refusal.status}): attempts counted 0, calls after the refusal ${refusedAll} by ${WORKERS} workers (at most one each), items bought twice 0 of ${ITEMS}`,
      );
    },
  );

  /** Stands for midnight: what was used counts for yesterday. */
  const nextDay = () => host.client.execute(`UPDATE quota_window SET day = day - 1`);

  test('a daily cap of our own: not one unit above it, whoever races or dies, and on the next day it goes on', async () => {
    const runs = name === 'an embedded file' ? 10 : 2;
    let [days, spentMost, attempts, died] = [0, 0, 0, 0];
    for (let seed = 1; seed <= runs; seed++) {
      if (seed > 1) {
        await host.fresh();
        await startWatch(host.client);
        shop.sold.clear();
      }
      const random = seededRandom(seed);
      const unitsPerItem = 1 + Math.floor(random() * 3);
      const perDay = 20 + Math.floor(random() * 60);
      let today = 0;
      const pay = stageOf(
        'pay',
        async (batch) => {
          // Most items cost less than what was reserved for them; the rest is given back.
          const used = batch.reduce((sum) => sum + 1 + Math.floor(random() * unitsPerItem), 0);
          today += used;
          for (const { key } of batch) shop.sold.set(key, (shop.sold.get(key) ?? 0) + 1);
          await new Promise(setImmediate);
          const outcomes = batch.map((item) => done(outputOf('pay', 'pay-1', item.inputHash)));
          return { outcomes, writes: madeWrites('pay', batch, outcomes), used };
        },
        { batchMax: 1 + Math.floor(random() * 16), fingerprint: 'pay-1', quota: { name: 'tokens', unitsPerItem } },
      );
      const pipeline = definePipeline('spent', [pay, keep()], { quotas: [{ name: 'tokens', unit: 'tokens', perDay }] });
      await start(pipeline);
      for (let day = 1; (await count(`stage = 'pay' AND state <> 'done'`)) > 0; day++) {
        expect(day, 'days').toBeLessThan(40);
        today = 0;
        let lost = 0;
        // A worker that dies after its claim may have spent it all: nobody else gets that today.
        if (random() < 0.3) {
          const dead = await claim(host.db, pay, 'dead');
          lost = (dead?.items.length ?? 0) * unitsPerItem;
          died += dead ? 1 : 0;
          await expireLeases(host.client);
        }
        await untilItWaits(pipeline, random);
        expect(today + lost, `seed ${seed}, day ${day}`).toBeLessThanOrEqual(perDay);
        spentMost = Math.max(spentMost, (today + lost) / perDay);
        days += 1;
        if ((await count(`stage = 'pay' AND state = 'ready'`)) > 0) {
          // Whatever is left is less than one item costs.
          expect(perDay - today - lost, `seed ${seed}, day ${day}`).toBeLessThan(unitsPerItem);
          const { after } = await tick(host.db, pipeline, fakeRuntime(), { budgetMs: 60_000 });
          expect(after).toMatchObject({ kind: 'waiting', gate: { kind: 'quota', row: 'quota_window tokens' } });
          if (after.kind !== 'waiting') throw new Error('it does not wait');
          expect(after.gate.reason).toMatch(/^quota tokens spent \(\d+ of \d+ tokens\), resets 00:00 UTC$/);
          const now = Number(await oneOf(host.client, `SELECT ${NOW}`));
          expect(after.gate.opensAtMs).toBe((Math.floor(now / 86_400_000) + 1) * 86_400_000);
          expect(await count(`stage = 'keep' AND state <> 'done'`)).toBe(0);
        }
        await nextDay();
      }
      await drain(host, pipeline);
      attempts += await count(`${spentAttempts} <> 1`);
      expect(soldTwice(shop), `seed ${seed}`).toBe(0);
      expect(await violations(host.client), `seed ${seed}`).toEqual([]);
      expect((await verifyAudit(host.db)).problems, `seed ${seed}`).toEqual([]);
      const over = await rowsOf(host.client, `SELECT * FROM quota_window WHERE used > per_day`);
      expect(over).toEqual([]);
    }
    expect(attempts).toBe(0);
    expect(died).toBeGreaterThan(0);
    expect(spentMost).toBeGreaterThan(0.9);
    console.info(
      `F51 ${name}: own daily cap, ${runs} runs over ${days} days with ${WORKERS} workers, ${died} of them died with a reservation: ` +
        `overspend 0 (most spent ${Math.round(spentMost * 100)} % of a day's cap), attempts counted 0`,
    );
  });
});
