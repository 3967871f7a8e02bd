import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Database, NO_COUNTS, NOW, registerPipeline, type Statement, tick } from '../core/engine/index.ts';
import { connect, type EngineHost, HOSTS, openHost } from './support/engine/host.ts';
import { dump, enter, expireLeases, newItem, oneOf, rowsOf } from './support/engine/ledger.ts';
import { type Crew, letGo, startCrew, type WorkerProcess } from './support/engine/races/crew.ts';
import { bound95, canonical, claimsSeen, startWatch, violations } from './support/engine/races/watch.ts';
import {
  callsPerKey,
  extraCalls,
  heldTwice,
  readWitness,
  WORK,
  type Work,
  witnessInMemory,
  workPipeline,
} from './support/engine/races/work.ts';
import { fakeRuntime } from './support/engine/runtime.ts';
import { firstStage } from './support/engine/walk.ts';

/** RACES=long gives each of the twenty workers a process of its own; otherwise five processes have four connections each. */
const LONG = process.env.RACES === 'long';
const ITEMS = 1_000;
const PROCESSES = LONG ? 20 : 5;
const DEADLINE_MS = 90_000;
const silent = { owner: 'nobody', witness: witnessInMemory() };

let crew: Crew;
beforeAll(async () => {
  crew = await startCrew(PROCESSES);
});
afterAll(() => crew?.disband());

describe.each(HOSTS)('on %s', (name) => {
  let host: EngineHost;
  beforeAll(async () => {
    host = await openHost(name);
  });
  afterAll(() => host?.close());
  beforeEach(async () => {
    await host.fresh();
    await startWatch(host.client);
  });

  const start = async (items: number, work: Work): Promise<void> => {
    const pipeline = workPipeline(work, silent);
    await registerPipeline(host.db, pipeline);
    await enter(
      host.db,
      firstStage(pipeline),
      Array.from({ length: items }, (_, i) => newItem(`k${i}`)),
    );
  };

  /** `count` workers over the processes of the crew, each with a connection of its own. */
  const hire = async (
    count: number,
    work: Work,
  ): Promise<{ readonly ledger: string; readonly hired: WorkerProcess[] }> => {
    const ledger = crew.scratch('ledger.jsonl');
    const hired = crew.workers.slice(0, Math.min(count, crew.workers.length));
    await Promise.all(
      hired.map((worker, p) => {
        const owners = Array.from({ length: count }, (_, i) => `w${i}`).filter((_, i) => i % hired.length === p);
        return worker.open({ url: host.url, owners, work: { ...work, seed: 100 * p + count }, ledger });
      }),
    );
    return { ledger, hired };
  };

  // Twenty writers on a loaded machine can bring sqld 0.24 itself to a standstill, for bystanders too.
  const races = name === 'an embedded file' || LONG ? [2, 5, 20] : [2, 5];
  test.each(races)(
    '%i workers that race for a thousand items do each once, and nobody sees a busy database',
    async (count) => {
      const work: Work = { ...WORK, workMsMax: 5 };
      await start(ITEMS, work);
      const { ledger, hired } = await hire(count, work);
      const beganMs = performance.now();
      const ends = (await Promise.all(hired.map((worker) => worker.drain(DEADLINE_MS)))).flat();
      const tookMs = performance.now() - beganMs;

      expect(ends.filter(({ idle }) => !idle)).toEqual([]);
      expect(ends.flatMap(({ errors }) => errors)).toEqual([]);
      expect(await violations(host.client)).toEqual([]);
      const seen = readWitness(ledger);
      expect(callsPerKey(seen).size).toBe(ITEMS);
      expect(extraCalls(seen)).toBe(0);
      expect(heldTwice(seen)).toEqual([]);
      const { claims, expiries } = await claimsSeen(host.client);
      expect(claims).toBe(2 * ITEMS + expiries);
      expect(await oneOf(host.client, 'SELECT sum(attempt) FROM task')).toBe(claims);
      expect(expiries).toBe(0);
      expect(await rowsOf(host.client, 'SELECT state, count(*) AS n FROM task GROUP BY 1')).toEqual([
        { state: 'done', n: 2 * ITEMS },
      ]);
      // Nobody was left without a turn.
      expect(ends.filter(({ done }) => done === 0)).toEqual([]);
      const shares = ends.map(({ done }) => done);
      console.info(
        `F31 ${name}: ${count} workers, ${2 * ITEMS} commits of items: 0 twice (bound ${bound95(2 * ITEMS)}), 0 SQLITE_BUSY shown, ` +
          `claims ${claims} = items ${2 * ITEMS} + expiries ${expiries}; ` +
          `${Math.round((2 * ITEMS * 1_000) / tookMs)} items/s; shares ${Math.min(...shares)} to ${Math.max(...shares)}`,
      );
    },
  );

  /** Polls until `check` holds; a deadline that passes is the failure. */
  const until = async (what: string, check: () => Promise<boolean>): Promise<void> => {
    const untilMs = performance.now() + DEADLINE_MS;
    while (!(await check())) {
      if (performance.now() > untilMs) throw new Error(`it did not come to pass that ${what}`);
      await sleep(20);
    }
  };
  const leaseOver = (leaseId: number) => async () =>
    Number(await oneOf(host.client, `SELECT expires_ms < ${NOW} FROM lease WHERE id = ${leaseId}`)) === 1;
  const settled = async () =>
    Number(await oneOf(host.client, `SELECT count(*) FROM task WHERE state IN ('ready', 'leased')`)) === 0;

  test.each([
    ['stopped by a signal', 'awake'],
    ['asleep in its work, so that no heartbeat rings', 'asleep'],
  ] as const)(
    'workers that were %s for longer than their lease commit nothing, say so, and others do their work once',
    async (how, mode) => {
      const work: Work = { ...WORK, leaseMs: 2_000 };
      const zombies = crew.workers.slice(0, 4);
      const [heir] = crew.workers.slice(4);
      if (!heir) throw new Error('no heir');
      await start(zombies.length * work.batchMax, work);
      const ledger = crew.scratch('ledger.jsonl');
      const go = crew.scratch('go');
      const open = (worker: WorkerProcess, owner: string) =>
        worker.open({ url: host.url, owners: [owner], work, ledger });
      await Promise.all(zombies.map((zombie, i) => open(zombie, `zombie${i}`)));
      const held = await Promise.all(
        zombies.map(async (zombie, i) => {
          const hold = await zombie.hold({ owner: `zombie${i}`, mode, until: go });
          const end = zombie.tick(`zombie${i}`, work.batchMax);
          const leaseId = await hold.held;
          if (how === 'stopped by a signal') zombie.signal('SIGSTOP');
          return { leaseId, end };
        }),
      );
      for (const { leaseId } of held) await until('the lease ran out', leaseOver(leaseId));
      await open(heir, 'heir');
      expect((await heir.drain(DEADLINE_MS)).map(({ errors, idle }) => ({ errors, idle }))).toEqual([
        { errors: [], idle: true },
      ]);
      expect(await settled()).toBe(true);
      const before = await canonical(host.client);

      letGo(go);
      for (const zombie of zombies) zombie.signal('SIGCONT');
      const ticked = await Promise.all(held.map(({ end }) => end));
      const seen = readWitness(ledger);
      const inHand = held.map(
        ({ leaseId }) => seen.find((one) => one.leaseId === leaseId && one.at === 'begin')?.keys.length ?? 0,
      );
      expect(ticked.map(({ counts }) => counts)).toEqual(inHand.map((lost) => ({ ...NO_COUNTS, lost })));
      expect(await canonical(host.client)).toEqual(before);
      expect(await violations(host.client)).toEqual([]);
      const items = inHand.reduce((sum, n) => sum + n, 0);
      expect(items).toBeGreaterThan(0);
      // What was paid for under a lease that ran out was paid for again, once each time.
      const lost = Number(await oneOf(host.client, `SELECT sum(lost) FROM task WHERE stage = 'pay'`));
      expect(extraCalls(seen)).toBe(lost);
      expect(lost).toBeGreaterThanOrEqual(items);
      console.info(
        `F32 ${name}: ${zombies.length} workers ${how}: ${items} zombie commits tried, 0 landed, ${items} said to be lost`,
      );
    },
  );

  test('a worker that lives keeps its lease for as long as its work takes', async () => {
    const work: Work = { ...WORK, leaseMs: 2_000 };
    await start(2 * work.batchMax, work);
    const [slow, other] = crew.workers;
    if (!slow || !other) throw new Error('no workers');
    const ledger = crew.scratch('ledger.jsonl');
    const go = crew.scratch('go');
    await slow.open({ url: host.url, owners: ['slow'], work, ledger });
    await other.open({ url: host.url, owners: ['other'], work, ledger });
    const { held } = await slow.hold({ owner: 'slow', mode: 'awake', until: go });
    const end = slow.tick('slow', work.batchMax);
    const leaseId = await held;
    // Three leases long, told by the database's clock alone, while another worker looks for what it can take.
    await until('its lease was renewed past three times its length', async () => {
      await other.tick('other');
      const sql = `SELECT expires_ms - acquired_ms >= ${3 * work.leaseMs} FROM lease WHERE id = ${leaseId}`;
      return Number(await oneOf(host.client, sql)) === 1;
    });
    letGo(go);
    expect((await end).counts).toEqual({ ...NO_COUNTS, done: work.batchMax });
    expect((await other.drain(DEADLINE_MS)).map(({ errors }) => errors)).toEqual([[]]);
    expect(await violations(host.client)).toEqual([]);
    expect(extraCalls(readWitness(ledger))).toBe(0);
    expect(await claimsSeen(host.client)).toEqual({ claims: 4 * work.batchMax, expiries: 0 });
  });

  /** A connection whose owner falls asleep at database call `nth`, before it is sent or before its answer is read. */
  const drowsy = (db: Database, nth: number, when: 'before' | 'after', meanwhile: () => Promise<void>): Database => {
    let calls = 0;
    const guarded = async <T>(send: () => Promise<T>): Promise<T> => {
      calls += 1;
      const here = calls === nth;
      if (here && when === 'before') await meanwhile();
      const result = await send();
      if (here && when === 'after') await meanwhile();
      return result;
    };
    return {
      read: (statements: readonly Statement[]) => guarded(() => db.read(statements)),
      write: (statements: readonly Statement[]) => guarded(() => db.write(statements)),
    };
  };

  test('a worker that oversleeps at any of its database calls changes nothing that others did meanwhile', async () => {
    const work: Work = { ...WORK, batchMax: 5 };
    const other = await connect(host.url);
    const pipeline = workPipeline(work, { owner: 'any', witness: witnessInMemory() });
    let [trials, zombies, slept] = [0, 0, true];
    try {
      for (let nth = 1; slept; nth++)
        for (const when of ['before', 'after'] as const) {
          await host.fresh();
          await startWatch(host.client);
          await start(5, work);
          let asItWas: unknown;
          slept = false;
          const sleepy = drowsy(host.db, nth, when, async () => {
            slept = true;
            await expireLeases(host.client);
            const { after } = await tick(other.db, pipeline, fakeRuntime({ owner: 'other' }), { budgetMs: 60_000 });
            expect(after.kind).toBe('serving');
            asItWas = (await dump(host.client)).task;
          });
          const { counts } = await tick(sleepy, pipeline, fakeRuntime({ owner: 'sleepy' }), { budgetMs: 60_000 });
          if (!slept) break;
          expect((await dump(host.client)).task, `${when} call ${nth}`).toEqual(asItWas);
          expect(await violations(host.client), `${when} call ${nth}`).toEqual([]);
          zombies += counts.lost;
          trials += 1;
        }
    } finally {
      other.close();
    }
    expect(trials).toBeGreaterThan(8);
    expect(zombies).toBeGreaterThan(0);
    console.info(
      `F32 ${name}: overslept at ${trials} places of a tick: 0 commits that others had made obsolete, ${zombies} refused and said`,
    );
  });
});
