import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type Acted,
  act,
  type Database,
  type Item,
  type OperatorAct,
  type Outcome,
  type Pipeline,
  registerPipeline,
  type Statement,
  tick,
  verifyAudit,
} from '../core/engine/index.ts';
import { connect, type EngineHost, HOSTS, openHost } from './support/engine/host.ts';
import { drain, enter, newItem, oneOf, passTime, rowsOf } from './support/engine/ledger.ts';
import { jittered } from './support/engine/races/schedule.ts';
import { bound95, claimsSeen, startWatch, violations } from './support/engine/races/watch.ts';
import {
  callsPerKey,
  extraCalls,
  WORK,
  type Work,
  witnessInMemory,
  workPipeline,
} from './support/engine/races/work.ts';
import { fakeRuntime, seededRandom } from './support/engine/runtime.ts';
import { firstStage } from './support/engine/walk.ts';

const ITEMS = 40;
const KEYS = Array.from({ length: ITEMS }, (_, i) => `k${i}`);
const work: Work = { ...WORK, batchMax: 5, pay: { services: ['shop'] } };
const STAGES = ['pay', 'keep'];

/** k3, k13, … are beyond help; k7, k17, … fail at their first try. */
const fate = (item: Item): Outcome | null => {
  if (item.key.endsWith('3')) return { kind: 'dead', reason: 'beyond help', errorClass: 'permanent' };
  if (item.key.endsWith('7') && item.attempt - item.waits - item.lost === 1)
    return { kind: 'retry', delayMs: 0, reason: 'the shop was slow', errorClass: 'retryable', service: 'shop' };
  return null;
};

describe.each(HOSTS)('on %s', (name) => {
  let host: EngineHost;
  let others: Awaited<ReturnType<typeof connect>>[];
  beforeAll(async () => {
    host = await openHost(name);
    others = await Promise.all(Array.from({ length: 3 }, () => connect(host.url)));
  });
  afterAll(async () => {
    for (const { close } of others ?? []) close();
    await host?.close();
  });
  beforeEach(async () => {
    await host.fresh();
    await startWatch(host.client);
  });

  const start = async (pipeline: Pipeline): Promise<void> => {
    await registerPipeline(host.db, pipeline);
    await enter(
      host.db,
      firstStage(pipeline),
      KEYS.map((key) => newItem(key)),
    );
  };
  const audited = async (): Promise<void> => {
    expect((await verifyAudit(host.db)).problems).toEqual([]);
  };

  test('an operator who acts at random while workers work breaks no promise, and each request acts once', async () => {
    const acts = name === 'an embedded file' ? 1_000 : 60;
    const random = seededRandom(33);
    const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
    const some = (): string[] => KEYS.filter(() => random() < 0.1);
    const makes: Readonly<Record<OperatorAct['kind'], () => OperatorAct>> = {
      pause: () => ({ kind: 'pause', stage: pick(STAGES) }),
      resume: () => ({ kind: 'resume', stage: pick(STAGES) }),
      retry: () =>
        pick<OperatorAct>([
          { kind: 'retry' },
          { kind: 'retry', stage: 'pay', errorClass: 'permanent' },
          { kind: 'retry', keys: some() },
        ]),
      redo: () =>
        pick<OperatorAct>([
          { kind: 'redo', stage: pick(STAGES), keys: some() },
          { kind: 'redo', stage: 'pay', changedOnly: true },
        ]),
      run: () => ({ kind: 'run', stage: 'keep' }),
      close_breaker: () => ({ kind: 'close_breaker', service: 'shop' }),
    };
    const witness = witnessInMemory();
    const pipeline = workPipeline(work, { owner: 'any', witness, fate });
    await start(pipeline);

    let [acting, ticks, batches] = [true, 0, 0];
    const worker = async (db: Database, owner: string): Promise<void> => {
      while (acting) {
        const report = await tick(jittered(db, random), pipeline, fakeRuntime({ owner }), {
          budgetMs: 60_000,
          itemsMax: 5,
        });
        ticks += 1;
        batches += report.batches;
        await new Promise(setImmediate);
      }
    };
    const workers = others.slice(0, 2).map(({ db }, i) => worker(db, `worker${i}`));
    const operator = others[2];
    if (!operator) throw new Error('no operator');
    const tally: Record<string, number> = {};
    let [twice, changed] = [0, 0];
    for (let n = 0; n < acts; n++) {
      const request = makes[pick(Object.keys(makes) as OperatorAct['kind'][])]();
      const by = { actor: 'operator', requestId: `r${n}` };
      const send = (db: Database): Promise<Acted> => act(jittered(db, random), pipeline, request, by);
      tally[request.kind] = (tally[request.kind] ?? 0) + 1;
      const [first, again] =
        random() < 0.5 ? await Promise.all([send(operator.db), send(host.db)]) : [await send(operator.db), null];
      if (again) {
        twice += 1;
        // Whichever came second changed nothing.
        expect([first, again].filter((acted) => acted.changed > 0).length, `${request.kind} ${n}`).toBeLessThanOrEqual(
          1,
        );
      }
      changed += Math.max(first.changed, again?.changed ?? 0) > 0 ? 1 : 0;
      // Delays that the stage asked for would keep it idle for most of the acts.
      if (n % 10 === 0) await passTime(host.client);
    }
    acting = false;
    await Promise.all(workers);
    for (const stage of STAGES) await act(host.db, pipeline, { kind: 'resume', stage }, { actor: 'operator' });
    await act(host.db, pipeline, { kind: 'close_breaker', service: 'shop' }, { actor: 'operator' });
    await drain(host, pipeline);

    expect(await violations(host.client, 'again')).toEqual([]);
    await audited();
    const requests = await rowsOf(
      host.client,
      `SELECT request_id, count(*) AS n FROM audit WHERE request_id IS NOT NULL GROUP BY 1 HAVING n > 1`,
    );
    expect(requests).toEqual([]);
    // Nothing settled came back to work without an act that names it.
    const renewed = await rowsOf(
      host.client,
      `SELECT w.stage, w.item_id, count(*) AS renewals, (SELECT count(*) FROM audit a, json_each(a.detail, '$.tasks') j
         WHERE a.act = 'again' AND a.stage = w.stage AND j.value = w.item_id) AS acts
       FROM watch w WHERE w.was IN ('done', 'skipped', 'dead') AND w.became = 'ready' AND w.stage = 'pay'
       GROUP BY 1, 2 HAVING renewals > acts`,
    );
    expect(renewed).toEqual([]);
    expect(
      await rowsOf(host.client, `SELECT stage, state, count(*) AS n FROM task GROUP BY 1, 2 ORDER BY 1, 2`),
    ).toEqual([
      { stage: 'keep', state: 'done', n: 36 },
      { stage: 'pay', state: 'dead', n: 4 },
      { stage: 'pay', state: 'done', n: 36 },
    ]);
    expect(batches).toBeGreaterThan(0);
    console.info(
      `F33 ${name}: ${acts} acts (${Object.entries(tally)
        .map(([kind, n]) => `${kind} ${n}`)
        .join(', ')}; ${twice} sent twice, ${changed} changed something) ` +
        `during ${ticks} ticks with ${batches} batches: 0 violations (bound ${bound95(acts)})`,
    );
  });

  /** A connection that does something else before database call `nth`. */
  const interrupted = (db: Database, nth: number, meanwhile: () => Promise<void>): Database => {
    let calls = 0;
    const guarded = async <T>(send: () => Promise<T>): Promise<T> => {
      calls += 1;
      if (calls === nth) await meanwhile();
      return send();
    };
    return {
      read: (statements: readonly Statement[]) => guarded(() => db.read(statements)),
      write: (statements: readonly Statement[]) => guarded(() => db.write(statements)),
    };
  };

  test('a pause at any moment of a tick stops every claim from then on, and what is in flight ends', async () => {
    const by = { actor: 'operator', reason: 'maintenance' };
    let [trials, after, paused] = [0, 0, true];
    for (let nth = 1; paused; nth++) {
      paused = false;
      await host.fresh();
      await startWatch(host.client);
      const witness = witnessInMemory();
      const pipeline = workPipeline({ ...work, batchMax: 20 }, { owner: 'any', witness });
      await start(pipeline);
      let heldAtPause = 0;
      const pausing = interrupted(host.db, nth, async () => {
        paused = true;
        expect(await act(host.db, pipeline, { kind: 'pause', stage: 'pay' }, by)).toEqual({
          changed: 1,
          repeated: false,
        });
        heldAtPause = Number(
          await oneOf(host.client, `SELECT count(*) FROM task WHERE state = 'leased' AND stage = 'pay'`),
        );
      });
      const report = await tick(pausing, pipeline, fakeRuntime(), { budgetMs: 60_000 });
      expect(await violations(host.client), `call ${nth}`).toEqual([]);
      expect(await oneOf(host.client, `SELECT count(*) FROM task WHERE state = 'leased'`)).toBe(0);
      after += (await rowsOf(host.client, `SELECT 1 FROM watch WHERE became = 'leased' AND paused = 1`)).length;
      const open = Number(
        await oneOf(host.client, `SELECT count(*) FROM task WHERE state = 'ready' AND stage = 'pay'`),
      );
      if (open > 0) {
        expect(report.after).toMatchObject({
          kind: 'waiting',
          gate: { kind: 'paused', reason: 'paused: maintenance' },
        });
        // Ticks that come later, on any host, take nothing of it either.
        const [other] = others;
        const late = await tick(other?.db ?? host.db, pipeline, fakeRuntime({ owner: 'late' }), { budgetMs: 60_000 });
        expect(late.batches).toBe(0);
      }
      const doneThen = Number(
        await oneOf(host.client, `SELECT count(*) FROM watch WHERE became = 'done' AND stage = 'pay' AND paused = 1`),
      );
      expect(doneThen, `call ${nth}`).toBe(heldAtPause);
      await act(host.db, pipeline, { kind: 'resume', stage: 'pay' }, { actor: 'operator' });
      await drain(host, pipeline);
      expect(extraCalls(witness.all())).toBe(0);
      expect(callsPerKey(witness.all()).size).toBe(ITEMS);
      await audited();
      trials += paused ? 1 : 0;
    }
    expect(after).toBe(0);
    expect(trials).toBeGreaterThan(5);
    console.info(
      `F30 ${name}: paused at each of ${trials} database calls of a tick: actions after the pause ${after}, batches in flight that did not end 0`,
    );
  });

  test('new code that arrives in the middle of a run: every row says which code made it, and only what the old made is done again', async () => {
    const witness = witnessInMemory();
    let letGo = (): void => undefined;
    const gone = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    let reached = (): void => undefined;
    const holding = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const old = workPipeline(work, {
      owner: 'old',
      witness,
      amid: () => {
        reached();
        return gone;
      },
    });
    const renewed = { ...work, fingerprint: 'pay-2' };
    const young = workPipeline(renewed, { owner: 'young', witness });
    await start(old);
    const [a, b] = others;
    if (!a || !b) throw new Error('no connections');
    const inFlight = tick(a.db, old, fakeRuntime({ owner: 'old' }), { budgetMs: 60_000, itemsMax: 5 });
    await holding;
    await registerPipeline(b.db, young);
    await tick(b.db, young, fakeRuntime({ owner: 'young' }), { budgetMs: 60_000, itemsMax: 10 });
    letGo();
    expect((await inFlight).counts).toMatchObject({ done: 5, lost: 0 });
    // A process of the old code that nobody has ended yet goes on for a while.
    await tick(a.db, old, fakeRuntime({ owner: 'old' }), { budgetMs: 60_000, itemsMax: 5 });
    await drain(host, young);
    const byCode = () =>
      rowsOf(
        host.client,
        `SELECT fingerprint, count(*) AS n FROM task WHERE stage = 'pay' AND state = 'done' GROUP BY 1 ORDER BY 1`,
      );
    expect(await byCode()).toEqual([
      { fingerprint: 'pay-1', n: 10 },
      { fingerprint: 'pay-2', n: 30 },
    ]);
    expect(await violations(host.client)).toEqual([]);
    const lies = await rowsOf(
      host.client,
      `SELECT actor, detail ->> 'fingerprint' AS made_by FROM audit WHERE act = 'commit' AND stage = 'pay'
         AND (detail ->> 'fingerprint') <> CASE actor WHEN 'old' THEN 'pay-1' ELSE 'pay-2' END`,
    );
    expect(lies).toEqual([]);
    expect(extraCalls(witness.all())).toBe(0);

    await act(host.db, young, { kind: 'redo', stage: 'pay', changedOnly: true }, { actor: 'operator' });
    await drain(host, young);
    expect(await byCode()).toEqual([{ fingerprint: 'pay-2', n: 40 }]);
    expect(extraCalls(witness.all())).toBe(10);
    expect(await violations(host.client, 'again')).toEqual([]);
    const { claims, expiries } = await claimsSeen(host.client);
    expect({ claims, expiries }).toEqual({ claims: 2 * ITEMS + 20, expiries: 0 });
    await audited();
    console.info(
      `F30 ${name}: new code in the middle of a run: 0 of 40 rows name code that did not make them; 10 of 10 rows of the old code done again, 0 others`,
    );
  });
});
