import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  abandon,
  act,
  breakLeases,
  checkSchema,
  claim,
  commit,
  type Database,
  DatabaseError,
  enterStatements,
  explainStages,
  heartbeat,
  leaseStanding,
  liveLeases,
  type Pipeline,
  planStages,
  readSnapshot,
  reclaim,
  registerPipeline,
  reportDependency,
  type Stage,
  statement,
  type TickReport,
  tick,
  verifyAudit,
} from '../core/engine/index.ts';
import { expireLeases, passTime, rowsOf } from './support/engine/ledger.ts';
import {
  faultyIn,
  itemsOf,
  keysOf,
  kindOf,
  type LossyHost,
  openLossyHost,
  outcomeOf,
  paidTwice,
  REQUEST_KINDS,
  type RequestKind,
  type Traffic,
  traffic,
  WHOLE,
} from './support/engine/network/lossy.ts';
import { fakeRuntime } from './support/engine/runtime.ts';
import { firstStage } from './support/engine/walk.ts';

/** F40, F41, F42 and F45 of the fault catalogue: the network between a host and its database server. */

let lossy: LossyHost;
beforeAll(async () => {
  lossy = await openLossyHost(40);
});
afterAll(() => lossy?.close());
beforeEach(() => lossy.host.fresh());
afterEach(() => lossy.net.set({}));

const TICKS_MAX = 200;

/** Enters the items as a host does that asks again until it is answered. */
async function enterAll(db: Database, stage: Stage, keys: readonly string[]): Promise<void> {
  while (!(await outcomeOf(db.write(enterStatements(stage, itemsOf(keys))))).ok);
}

type Ticks = { ticks: number; failed: number };

/**
 * Ticks, as a host does that goes on after every error, until the pipeline serves. Whenever a tick failed or all there is
 * must wait, time passes: leases run out and delays are over.
 */
async function tickToTheEnd(db: Database, all: Traffic, options: { readonly itemsMax?: number } = {}): Promise<Ticks> {
  const done: Ticks = { ticks: 0, failed: 0 };
  while (done.ticks < TICKS_MAX) {
    const ticked = await outcomeOf(tick(db, all.pipeline, all.runtime(), { budgetMs: 60_000, ...options }));
    done.ticks += 1;
    if (!ticked.ok) done.failed += 1;
    else if (ticked.value.after.kind === 'serving') return done;
    if (!ticked.ok || ticked.value.after.kind === 'waiting') await passTime(lossy.host.client);
  }
  throw new Error(`the pipeline did not come to rest in ${TICKS_MAX} ticks`);
}

describe('F40: an answer is cut after the server has done what was asked', () => {
  /** Of each kind of request the first answer is cut, and again after so many. 0: none. */
  const CUT_EVERY: Readonly<Record<RequestKind, number>> = {
    enter: 2,
    claim: 3,
    heartbeat: 5,
    'effect intent': 11,
    'effect result': 12,
    commit: 2,
    report: 2,
    reclaim: 2,
    register: 0,
    read: 9,
  };

  /** So many in a row that whoever sends a write again gives up, and the next one has to find out. */
  const IN_A_ROW: Partial<Record<RequestKind, number>> = { 'effect result': 5 };

  test('whatever was asked: it is done, done once, and nothing is buried', async () => {
    const { host, net, connect } = lossy;
    const asked = new Map<RequestKind, number>();
    const cuts = new Map<RequestKind, number>();
    const all = traffic();
    const { db } = connect(10_000);
    await registerPipeline(host.db, all.pipeline);
    net.reset();
    net.set({
      cutAnswer: (request) => {
        const kind = kindOf(request);
        const nth = asked.get(kind) ?? 0;
        asked.set(kind, nth + 1);
        if (CUT_EVERY[kind] === 0 || nth % CUT_EVERY[kind] >= (IN_A_ROW[kind] ?? 1)) return false;
        cuts.set(kind, (cuts.get(kind) ?? 0) + 1);
        return true;
      },
    });
    const keys = keysOf(40);
    let [ticks, failed] = [0, 0];
    for (let from = 0; from < keys.length; from += 8) {
      await enterAll(db, firstStage(all.pipeline), keys.slice(from, from + 8));
      // One worker has died, so that there is something to take back.
      await claim(host.db, firstStage(all.pipeline), 'dead/1');
      await expireLeases(host.client);
      const some = await tickToTheEnd(db, all, { itemsMax: 8 });
      [ticks, failed] = [ticks + some.ticks, failed + some.failed];
    }
    const faulty = await faultyIn(host.client, all.pipeline, keys);
    const { cuts: trials, requests } = net.counts();
    console.info(
      `F40: ${trials} answers cut of ${requests} requests (${[...cuts].map(([kind, n]) => `${kind} ${n}`).join(', ')}): ` +
        `${JSON.stringify(faulty)}, bound ${(3 / trials).toFixed(3)}; ${failed} of ${ticks} ticks failed; ` +
        `${paidTwice(all, 'fetch') + paidTwice(all, 'keep')} calls paid twice for ${2 * keys.length} tasks; ` +
        `losses ${JSON.stringify(await rowsOf(host.client, 'SELECT lost, count(*) AS n FROM task GROUP BY lost'))}`,
    );
    expect(faulty).toEqual(WHOLE);
    expect(paidTwice(all, 'fetch') + paidTwice(all, 'keep')).toBe(0);
    expect(trials).toBeGreaterThanOrEqual(100);
    for (const kind of REQUEST_KINDS) if (CUT_EVERY[kind] > 0) expect(cuts.get(kind), kind).toBeGreaterThan(0);
  });

  test('claims whose answers are lost again and again bury nobody: no worker has died', async () => {
    const { host, net, connect } = lossy;
    const all = traffic({ batchMax: 2 });
    const { db } = connect(10_000);
    await registerPipeline(host.db, all.pipeline);
    const keys = keysOf(2);
    await enterAll(db, firstStage(all.pipeline), keys);
    let cut = 0;
    net.set({ cutAnswer: (request) => kindOf(request) === 'claim' && ++cut <= 40 });
    await tickToTheEnd(db, all);
    expect(cut).toBeGreaterThan(0);
    expect(await faultyIn(host.client, all.pipeline, keys)).toEqual(WHOLE);
  });
});

describe('F40: of the intents to call every fifth answer is cut', () => {
  test('a batch whose every item makes a call comes through all the same, and each call is paid once', async () => {
    const { host, net, connect } = lossy;
    const all = traffic({ batchMax: 16 });
    const { db } = connect(10_000);
    await registerPipeline(host.db, all.pipeline);
    const keys = keysOf(16);
    await enterAll(db, firstStage(all.pipeline), keys);
    let intents = 0;
    net.set({ cutAnswer: (request) => kindOf(request) === 'effect intent' && intents++ % 5 === 0 });
    const { ticks, failed } = await tickToTheEnd(db, all);
    console.info(
      `F40: every 5th answer to an intent cut: 16 items x 2 calls in ${ticks} ticks, ${failed} of them failed`,
    );
    expect(await faultyIn(host.client, all.pipeline, keys)).toEqual(WHOLE);
    expect(paidTwice(all, 'fetch') + paidTwice(all, 'keep')).toBe(0);
  });
});

describe('F41: the server takes every connection and never answers', () => {
  const DEADLINE_MS = 100;

  /** Every kind of call that the engine makes. */
  const CALLS: Readonly<Record<string, (db: Database, pipeline: Pipeline) => Promise<unknown>>> = {
    read: (db) => db.read([statement('SELECT 1')]),
    write: (db) => db.write([statement('DELETE FROM made')]),
    checkSchema: (db, pipeline) => checkSchema(db, pipeline),
    registerPipeline: (db, pipeline) => registerPipeline(db, pipeline),
    enter: (db, pipeline) => db.write(enterStatements(firstStage(pipeline), itemsOf(['k']))),
    readSnapshot: (db, pipeline) => readSnapshot(db, pipeline),
    reclaim: (db) => reclaim(db),
    claim: (db, pipeline) => claim(db, firstStage(pipeline), 'worker'),
    abandon: (db) => abandon(db, 1, 'worker'),
    leaseStanding: (db) => leaseStanding(db, 1),
    heartbeat: (db) => heartbeat(db, 1, 60_000),
    commit: (db, pipeline) =>
      commit(db, pipeline, {
        stage: firstStage(pipeline),
        next: undefined,
        leaseId: 1,
        settled: [],
        writes: [],
        tookMs: 1,
      }),
    liveLeases: (db) => liveLeases(db),
    breakLeases: (db) => breakLeases(db, [1]),
    act: (db, pipeline) => act(db, pipeline, { kind: 'pause', stage: 'fetch' }, { actor: 'operator' }),
    verifyAudit: (db) => verifyAudit(db),
    explainStages: (db, pipeline) => explainStages(db, pipeline),
    planStages: (db, pipeline) => planStages(db, pipeline.stages),
    reportDependency: (db) => reportDependency(db, 'llm', null),
    tick: (db, pipeline) => tick(db, pipeline, fakeRuntime(), { budgetMs: 60_000 }),
  };

  test('every call of the engine ends at its deadline with a DatabaseError', async () => {
    const { host, net, connect } = lossy;
    const { pipeline } = traffic();
    await registerPipeline(host.db, pipeline);
    const { db } = connect(DEADLINE_MS);
    net.set({ blackhole: true });
    const longest = { call: '', tookMs: 0 };
    for (const [name, call] of Object.entries(CALLS)) {
      const startedMs = performance.now();
      const outcome = await outcomeOf(call(db, pipeline));
      const tookMs = performance.now() - startedMs;
      if (tookMs > longest.tookMs) Object.assign(longest, { call: name, tookMs });
      expect(outcome.ok ? 'answered' : outcome.error.message, name).toContain(`within ${DEADLINE_MS} ms`);
    }
    console.info(
      `F41: ${Object.keys(CALLS).length} kinds of calls into silence, stuck 0; the longest (${longest.call}) took ` +
        `${Math.round(longest.tookMs)} ms at a deadline of ${DEADLINE_MS} ms`,
    );
  });

  test('from whichever request on: the tick ends with a typed error, and ticks after that finish everything once', async () => {
    const { host, net, connect } = lossy;
    const { db } = connect(DEADLINE_MS);
    let silences = 0;
    let longestMs = 0;
    let callsMost = 0;
    // A clock on which the deadline is the minute that the product has: what is sent again must be bounded by time.
    const minutes = { monotonicMs: () => (performance.now() / DEADLINE_MS) * 60_000 };
    for (let nth = 1; ; nth++) {
      await host.fresh();
      const all = traffic({ stages: ['fetch'] });
      await registerPipeline(host.db, all.pipeline);
      const keys = keysOf(1);
      await host.db.write(enterStatements(firstStage(all.pipeline), itemsOf(keys)));
      let requests = 0;
      const count = (): void => {
        requests += 1;
        if (requests === nth) net.set({ blackhole: true });
      };
      const counting: Database = {
        read: (statements) => {
          count();
          return db.read(statements);
        },
        write: (statements) => {
          count();
          return db.write(statements);
        },
      };
      const startedMs = performance.now();
      const ticked = await outcomeOf<TickReport>(
        tick(counting, all.pipeline, { ...all.runtime(), ...minutes }, { budgetMs: 600_000 }),
      );
      longestMs = Math.max(longestMs, performance.now() - startedMs);
      net.set({});
      const silent = requests >= nth;
      if (silent) silences += 1;
      callsMost = Math.max(callsMost, requests - nth + 1);
      // A heartbeat that is not answered ends no tick; everything else does.
      if (!ticked.ok) expect(ticked.error).toBeInstanceOf(DatabaseError);
      await passTime(host.client);
      await tickToTheEnd(db, all);
      expect(await faultyIn(host.client, all.pipeline, keys), `silent from request ${nth} on`).toEqual(WHOLE);
      if (silent) continue;
      if (ticked.ok && ticked.value.counts.done === keys.length) break;
      // A slow machine missed the short deadline before the silence began: the same once more.
      nth -= 1;
    }
    // Look, claim, beat, intent, answer, commit, report.
    expect(silences).toBeGreaterThanOrEqual(7);
    // A heartbeat, an answer or a commit, a look at what became of it, and one more try.
    expect(callsMost).toBeLessThanOrEqual(5);
    console.info(
      `F41: silence from request 1 to ${silences} of a tick on: stuck ticks 0, the longest tick ${Math.round(longestMs)} ms, ` +
        `at most ${callsMost} calls into the silence`,
    );
  });

  test('calls that hung keep nobody waiting once the server answers again, and are not sent later', async () => {
    const { host, net, connect } = lossy;
    const { db } = connect(1_000);
    await db.read([statement('SELECT 1')]);
    net.set({ blackhole: true });
    const hung = Array.from({ length: 40 }, (_, n) =>
      outcomeOf(db.write([statement(`INSERT INTO made(stage, key) VALUES ('ghost', ?)`, [String(n)])])),
    );
    for (const outcome of await Promise.all(hung)) expect(outcome.ok).toBe(false);
    net.set({});
    expect((await outcomeOf(db.read([statement('SELECT 1')]))).ok).toBe(true);
    // Whatever was still to be sent has been by now.
    for (let n = 0; n < 10; n++) await db.read([statement('SELECT 1')]);
    expect(await rowsOf(host.client, `SELECT key FROM made WHERE stage = 'ghost'`)).toEqual([]);
  });
});

describe('F42: connections are reset with p = 0.3, before or after the server has worked', () => {
  test('ticks that go on after every error finish everything once and bury nobody', async () => {
    const { host, net, connect } = lossy;
    const all = traffic();
    const { db } = connect(10_000);
    await registerPipeline(host.db, all.pipeline);
    net.reset();
    net.set({ resetShare: 0.15, cutShare: 0.15 / 0.85 });
    const keys = keysOf(64);
    await enterAll(db, firstStage(all.pipeline), keys);
    const { ticks, failed } = await tickToTheEnd(db, all);
    const faulty = await faultyIn(host.client, all.pipeline, keys);
    const { requests, resets, cuts } = net.counts();
    console.info(
      `F42: ${resets} resets before and ${cuts} after the work in ${requests} requests: ${JSON.stringify(faulty)}, ` +
        `${failed} of ${ticks} ticks failed, bound ${(3 / (resets + cuts)).toFixed(3)}; paid twice ${paidTwice(all, 'fetch')} where ` +
        `the service cannot be asked, ${paidTwice(all, 'keep')} where it can`,
    );
    expect(faulty).toEqual(WHOLE);
    expect(paidTwice(all, 'keep')).toBe(0);
    expect(resets).toBeGreaterThan(0);
    expect(cuts).toBeGreaterThan(0);
  });
});

describe('F45: a slow network', () => {
  const LEASE_MS = 10_000;
  /** 1 takes half a minute. */
  const BYTES_PER_MS = Number(process.env.BYTES_PER_MS ?? 8);

  const ringing = (everyMs: number, beat: () => void) => {
    const timer = setInterval(beat, everyMs);
    return () => clearInterval(timer);
  };

  /** Runs the same work on the network as `faults` make it. Never waits for a lease: it must not run out. */
  async function run(keys: readonly string[], batchMax: number) {
    const { host, net, connect } = lossy;
    await host.fresh();
    const all = traffic({ batchMax, leaseMs: LEASE_MS });
    await registerPipeline(host.db, all.pipeline);
    await host.db.write(enterStatements(firstStage(all.pipeline), itemsOf(keys)));
    const { db, close } = connect(60_000);
    net.reset();
    let over = false;
    let marginMs = Number.POSITIVE_INFINITY;
    const watching = (async () => {
      while (!over) {
        const [lease] = await rowsOf(
          host.client,
          `SELECT min(expires_ms) - CAST(unixepoch('subsec') * 1000 AS INTEGER) AS left FROM lease WHERE state = 'live'`,
        );
        if (lease?.left != null) marginMs = Math.min(marginMs, Number(lease.left));
        await sleep(20);
      }
    })();
    const startedMs = performance.now();
    const { counts } = await tick(db, all.pipeline, { ...all.runtime(), every: ringing }, { budgetMs: 600_000 });
    const tookMs = performance.now() - startedMs;
    over = true;
    await watching;
    close();
    expect(await faultyIn(host.client, all.pipeline, keys)).toEqual(WHOLE);
    expect(counts.lost).toBe(0);
    expect(paidTwice(all, 'fetch') + paidTwice(all, 'keep')).toBe(0);
    return { tookMs, marginMs, requests: net.counts().requests };
  }

  test('of 200 ± 100 ms each way: one tick finishes everything, and no lease runs out', async () => {
    const keys = keysOf(2);
    const clean = await run(keys, 2);
    lossy.net.set({ latencyMs: 200, jitterMs: 100 });
    const slow = await run(keys, 2);
    expect(slow.marginMs).toBeGreaterThan(0);
    console.info(
      `F45: 200 ± 100 ms each way: ${slow.requests} requests, ${Math.round(slow.tookMs)} ms against ${Math.round(clean.tookMs)} ms clean, ` +
        `throughput ratio ${(clean.tookMs / slow.tookMs).toFixed(4)}; least lease left ${Math.round(slow.marginMs)} of ${LEASE_MS} ms`,
    );
  });

  test(`of ${BYTES_PER_MS} bytes per ms each way: one tick finishes everything, and no lease runs out`, async () => {
    const keys = keysOf(2);
    const clean = await run(keys, 2);
    lossy.net.set({ bytesPerMs: BYTES_PER_MS });
    const slow = await run(keys, 2);
    expect(slow.marginMs).toBeGreaterThan(0);
    console.info(
      `F45: ${BYTES_PER_MS} bytes per ms each way: ${slow.requests} requests, ${Math.round(slow.tookMs)} ms against ${Math.round(clean.tookMs)} ms clean, ` +
        `throughput ratio ${(clean.tookMs / slow.tookMs).toFixed(4)}; least lease left ${Math.round(slow.marginMs)} of ${LEASE_MS} ms`,
    );
  });
});
