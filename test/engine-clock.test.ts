import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { registerPipeline, verifyAudit } from '../core/engine/index.ts';
import { type EngineHost, type HostName, openHost } from './support/engine/host.ts';
import { enter, newItem, oneOf, rowsOf } from './support/engine/ledger.ts';
import { FAKETIME, type FakeClock, fakeClock } from './support/engine/races/clock.ts';
import { type Crew, letGo, startCrew, type WorkerProcess } from './support/engine/races/crew.ts';
import { canonical, claimsSeen, startWatch, violations } from './support/engine/races/watch.ts';
import {
  callsPerKey,
  extraCalls,
  readWitness,
  WORK,
  type Work,
  witnessInMemory,
  workPipeline,
} from './support/engine/races/work.ts';
import { firstStage } from './support/engine/walk.ts';

const HOUR = 3_600;
const DAY = 24 * HOUR;
const DEADLINE_MS = 20_000;
const work: Work = { ...WORK, batchMax: 5 };
const ITEMS = 60;

const why = FAKETIME === null ? ' (skipped: needs Debian package libfaketime)' : '';

/** Worker processes under a clock of their own, and a database that this process sees by the true one. */
function rig(name: HostName) {
  let host: EngineHost | undefined;
  let crew: Crew | undefined;
  let clock: FakeClock | undefined;
  const folder = mkdtempSync(join(tmpdir(), 'anamnesis-clock-'));
  beforeAll(async () => {
    clock = fakeClock(FAKETIME ?? '', join(folder, 'clock'));
    host = await openHost(name);
    crew = await startCrew(3, clock.env);
  });
  afterAll(async () => {
    await crew?.disband();
    await host?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    clock?.move(0);
    await host?.fresh();
  });
  const all = (): { host: EngineHost; crew: Crew; clock: FakeClock } => {
    if (!host || !crew || !clock) throw new Error('nothing is there yet');
    return { host, crew, clock };
  };
  return {
    all,
    start: async (
      owners: readonly string[],
      fewer: Partial<Work> = {},
    ): Promise<{ ledger: string; workers: WorkerProcess[] }> => {
      const { host: on, crew: of } = all();
      await startWatch(on.client);
      const own = { ...work, ...fewer };
      const pipeline = workPipeline(own, { owner: 'nobody', witness: witnessInMemory() });
      await registerPipeline(on.db, pipeline);
      await enter(
        on.db,
        firstStage(pipeline),
        Array.from({ length: ITEMS }, (_, i) => newItem(`k${i}`)),
      );
      const ledger = of.scratch('ledger.jsonl');
      const workers = of.workers.slice(0, owners.length);
      await Promise.all(
        workers.map((worker, i) => worker.open({ url: on.url, owners: [owners[i] ?? ''], work: own, ledger })),
      );
      return { ledger, workers };
    },
  };
}

const JUMPS: readonly (readonly [string, readonly number[]])[] = [
  ['an hour ahead', [HOUR]],
  ['an hour back', [-HOUR]],
  ['a day ahead', [DAY]],
  ['an hour ahead and back again', [HOUR, 0]],
  ['an hour back and ahead again', [-HOUR, 0]],
];

describe.skipIf(FAKETIME === null)(`an embedded file whose machine has a wall clock that jumps${why}`, () => {
  const { all, start } = rig('an embedded file');

  test.each(JUMPS)('%s while workers work: nothing stands still, nothing is done twice', async (name, jumps) => {
    const { host, crew, clock } = all();
    const { ledger, workers } = await start(['a', 'b', 'c']);
    const [a, b, c] = workers;
    if (!a || !b || !c) throw new Error('no workers');
    const before = await a.clock();
    const go = crew.scratch('go');
    // One has a batch in its hands, some items are done, some wait in either stage.
    const { held } = await a.hold({ owner: 'a', mode: 'awake', until: go });
    const end = a.tick('a', work.batchMax);
    await held;
    await b.tick('b', 2 * work.batchMax);
    let ticks = 0;
    const calls = () => callsPerKey(readWitness(ledger));
    for (const jump of jumps) {
      clock.move(jump);
      if (jump !== 0) expect(Math.abs((await b.clock()) - before - jump * 1_000)).toBeLessThan(10 * 60_000);
      ticks += 1;
      await c.tick('c', work.batchMax);
    }
    const ends = await Promise.all([
      b.drain(DEADLINE_MS),
      c.drain(DEADLINE_MS),
      end.then(() => []),
      Promise.resolve(letGo(go)),
    ]);
    const drained = [...(ends[0] ?? []), ...(ends[1] ?? [])];
    ticks += drained.reduce((sum, { ticks: n }) => sum + n, 0);
    const stuck = await rowsOf(
      host.client,
      `SELECT stage, state, count(*) AS n, min(due_ms) - CAST(unixepoch('subsec') * 1000 AS INTEGER) AS due_in_ms FROM task WHERE state <> 'done' GROUP BY 1, 2`,
    );
    expect(stuck, `after ${ticks} ticks`).toEqual([]);
    expect(drained.flatMap(({ errors }) => errors)).toEqual([]);
    expect(await violations(host.client)).toEqual([]);
    expect((await verifyAudit(host.db)).problems).toEqual([]);
    expect(await oneOf(host.client, `SELECT count(*) FROM task WHERE state <> 'done'`)).toBe(0);
    // At most the batch that was in somebody's hands is paid for again, and once.
    expect(calls().size).toBe(ITEMS);
    expect(extraCalls(readWitness(ledger))).toBeLessThanOrEqual(work.batchMax);
    const { claims, expiries } = await claimsSeen(host.client);
    expect(claims).toBe(2 * ITEMS + expiries);
    expect(expiries).toBeLessThanOrEqual(work.batchMax);
    console.info(
      `F24 clock ${name}: stuck items 0 of ${2 * ITEMS} after ${ticks} ticks of two workers, double effects 0, extra paid calls ${extraCalls(readWitness(ledger))} (the batch in hand has ${work.batchMax}), claims ${claims}`,
    );
  });
});

describe.skipIf(FAKETIME === null)(`a server, and workers whose clocks are wrong${why}`, () => {
  const { all, start } = rig('sqld over HTTP');

  test.each([
    ['two minutes ahead', [120]],
    ['two minutes behind', [-120]],
    ['jumping by an hour ahead, back, and by a day', [HOUR, -HOUR, DAY]],
  ])('%s: their work ends as that of a right one does, and no lease ends before its time', async (name, jumps) => {
    const { host, crew, clock } = all();
    clock.move(jumps[0] ?? 0);
    // Long enough that a busy machine which stops a process, or a server that stands still for some seconds, ends no lease.
    const { ledger, workers } = await start(['a', 'b'], { leaseMs: 6_000 });
    const [a, b] = workers;
    if (!a || !b) throw new Error('no workers');
    const go = crew.scratch('go');
    const { held } = await a.hold({ owner: 'a', mode: 'awake', until: go });
    const end = a.tick('a', work.batchMax);
    // A test that failed before it waits for this must not be told twice.
    end.catch(() => undefined);
    const leaseId = await held;
    for (const jump of jumps) {
      clock.move(jump);
      await b.tick('b', work.batchMax);
    }
    // A lease longer than its length, by the database's clock alone: the heartbeat of a wrong clock renews it.
    const untilMs = performance.now() + DEADLINE_MS;
    const renewed = `SELECT expires_ms - acquired_ms >= 9000 FROM lease WHERE id = ${leaseId} AND state = 'live'`;
    while (Number(await oneOf(host.client, renewed)) !== 1) {
      if (performance.now() > untilMs) throw new Error('the lease was not renewed');
      await b.tick('b', 1);
    }
    letGo(go);
    expect((await end).counts).toMatchObject({ done: work.batchMax, lost: 0 });
    const [drained] = await b.drain(DEADLINE_MS);
    expect(drained).toMatchObject({ errors: [], idle: true });
    expect(await violations(host.client)).toEqual([]);
    expect((await canonical(host.client)).filter(({ state }) => state !== 'done')).toEqual([]);
    expect(extraCalls(readWitness(ledger))).toBe(0);
    expect(await claimsSeen(host.client)).toEqual({ claims: 2 * ITEMS, expiries: 0 });
    console.info(
      `F25 workers ${name} of the server: 0 of ${2 * ITEMS} items stuck or lost, extra paid calls 0, leases that ended early 0`,
    );
  });
});
