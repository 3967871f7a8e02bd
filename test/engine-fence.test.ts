import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  breakLeases,
  type Claim,
  type Commit,
  claim,
  commit,
  definePipeline,
  heartbeat,
  type Outcome,
  reclaim,
  registerPipeline,
  type Settled,
  tick,
  type Write,
} from '../core/engine/index.ts';
import { type EngineHost, HOSTS, openHost } from './support/engine/host.ts';
import { counters, dump, enter, expireLeases, newItem, oneOf, recount, rowsOf } from './support/engine/ledger.ts';
import { mortal } from './support/engine/mortal.ts';
import { fakeRuntime } from './support/engine/runtime.ts';
import { done, madeWrites, passing, stageOf } from './support/engine/walk.ts';

const one = stageOf('one', null);
const two = passing('two');
const pipeline = definePipeline('fence', [one, two]);
const KEYS = ['done', 'makes', 'skipped', 'retry', 'wait', 'dead', 'submitted'];

const OUTCOMES: Record<string, Outcome> = {
  done: done('out'),
  makes: {
    kind: 'done',
    outputHash: 'out',
    makes: [{ kind: 'page', key: 'page', source: 'test', contentHash: 'page@1' }],
  },
  skipped: { kind: 'skipped', reason: 'not wanted', errorClass: 'unwanted' },
  retry: { kind: 'retry', delayMs: 1_000, reason: 'came late', errorClass: 'retryable' },
  wait: { kind: 'wait', delayMs: 60_000, reason: 'spent', errorClass: 'quota', stageWaits: true },
  dead: { kind: 'dead', reason: 'unreadable', errorClass: 'permanent' },
  submitted: { kind: 'submitted', job: 'job-1', reason: 'waits for job-1' },
};

/** Every kind of outcome with every kind of write. */
function everything(claimed: Claim): { settled: Settled[]; writes: Write[] } {
  const settled = claimed.items.map((item) => ({ item, outcome: OUTCOMES[item.key] ?? done('out') }));
  const outcomes = settled.map(({ outcome }) => outcome);
  const page: Write = {
    kind: 'rows',
    table: 'page',
    columns: ['key', 'document', 'text'],
    key: ['key'],
    rows: claimed.items.map((item) => ({ itemId: item.id, values: [item.key, 'document', 'text'] })),
  };
  return { settled, writes: [page, ...madeWrites('one', claimed.items, outcomes)] };
}

const batchOf = (held: Claim): Commit => ({
  stage: one,
  next: two,
  leaseId: held.leaseId,
  ...everything(held),
  tookMs: 5,
});

describe.each(HOSTS)('on %s', (name) => {
  let host: EngineHost;
  beforeAll(async () => {
    host = await openHost(name);
  });
  afterAll(() => host?.close());
  beforeEach(async () => {
    await host.fresh();
    await registerPipeline(host.db, pipeline);
    await enter(
      host.db,
      one,
      KEYS.map((key) => newItem(key)),
    );
  });

  const claimed = async (): Promise<Claim> => {
    const got = await claim(host.db, { ...one, batchMax: 10 }, 'worker');
    if (!got) throw new Error('nothing was claimed');
    return got;
  };
  const send = (held: Claim) => {
    return commit(host.db, pipeline, batchOf(held)).then(({ landed }) => landed);
  };

  test('a worker that holds its lease commits everything at once', async () => {
    const held = await claimed();
    expect(await send(held)).toBe(true);
    expect(await rowsOf(host.client, 'SELECT key FROM page ORDER BY key')).toHaveLength(KEYS.length);
    expect(await rowsOf(host.client, 'SELECT key FROM made ORDER BY key')).toEqual(
      ['dead', 'done', 'makes', 'skipped'].map((key) => ({ key })),
    );
    expect(
      await rowsOf(host.client, `SELECT key, t.input_hash FROM task t JOIN item ON id = item_id WHERE stage = 'two'`),
    ).toEqual([
      { key: 'done', input_hash: 'out' },
      { key: 'page', input_hash: 'page@1' },
    ]);
    expect(await oneOf(host.client, `SELECT state FROM lease WHERE id = ${held.leaseId}`)).toBe('released');
    expect(await oneOf(host.client, `SELECT open_until_ms > 0 FROM stage_control WHERE stage = 'one'`)).toBe(1);
    expect(await counters(host.client)).toEqual(await recount(host.client));
  });

  const LATE: Record<string, (held: Claim) => Promise<unknown>> = {
    'expired and nobody took it back yet': () => expireLeases(host.client),
    'expired and was taken back': async () => {
      await expireLeases(host.client);
      await reclaim(host.db);
    },
    'expired and another worker holds the items now': async () => {
      await expireLeases(host.client);
      await reclaim(host.db);
      await claim(host.db, { ...one, batchMax: 160 }, 'another');
    },
    'was broken by an operator': (held) => breakLeases(host.db, [held.leaseId]),
    'was taken from it by new content for every item': () =>
      enter(
        host.db,
        one,
        KEYS.map((key) => newItem(key, `${key}@2`)),
      ),
    'was taken from it by new content that another worker holds now': async () => {
      await enter(
        host.db,
        one,
        KEYS.map((key) => newItem(key, `${key}@2`)),
      );
      await claim(host.db, { ...one, batchMax: 10 }, 'another');
    },
    'never was': (held) => host.client.execute(`UPDATE lease SET id = id + 1000 WHERE id = ${held.leaseId}`),
  };
  test.each(Object.keys(LATE))('a worker whose lease %s writes nothing at all', async (fate) => {
    const held = await claimed();
    await LATE[fate]?.(held);
    const before = await dump(host.client);
    expect(await send(held)).toBe(false);
    const after = await dump(host.client);
    // A lease without tasks is of no use to anybody, and its own holder may close it.
    if (fate.includes('new content')) for (const all of [before, after]) delete all.lease;
    expect(after).toEqual(before);
  });

  test('a late worker whose batch was re-entered in part commits the rest and nothing of that part', async () => {
    const renewed = [newItem('done', 'done@2'), newItem('dead', 'dead@2'), newItem('wait', 'wait@2')];
    const late = stageOf(
      'one',
      async (items, { leaseId }) => {
        await enter(host.db, one, renewed);
        const { settled, writes } = everything({ leaseId, items, retryTokens: 100 });
        return { outcomes: settled.map(({ outcome }) => outcome), writes };
      },
      { batchMax: 10 },
    );
    const report = await tick(host.db, definePipeline('fence', [late, stageOf('two', null)]), fakeRuntime(), {
      budgetMs: 0,
    });
    expect(report.counts).toEqual({ done: 1, skipped: 1, retry: 1, wait: 0, dead: 0, submitted: 1, lost: 3 });
    expect(await rowsOf(host.client, 'SELECT key FROM page ORDER BY key')).toEqual(
      ['makes', 'retry', 'skipped', 'submitted'].map((key) => ({ key })),
    );
    expect(await rowsOf(host.client, 'SELECT key FROM made ORDER BY key')).toEqual(
      ['makes', 'skipped'].map((key) => ({ key })),
    );
    expect(await rowsOf(host.client, 'SELECT error_class FROM error_log')).toEqual([{ error_class: 'retryable' }]);
    expect(await oneOf(host.client, `SELECT open_until_ms FROM stage_control WHERE stage = 'one'`)).toBe(0);
    expect(await oneOf(host.client, `SELECT settled FROM progress_sample`)).toBe(2);
    expect(await oneOf(host.client, `SELECT count(*) FROM lease WHERE state = 'live'`)).toBe(0);
    expect(await counters(host.client)).toEqual(await recount(host.client));
  });

  test('a commit that is sent twice changes nothing the second time', async () => {
    const held = await claimed();
    await send(held);
    const before = await dump(host.client);
    expect(await send(held)).toBe(false);
    expect(await dump(host.client)).toEqual(before);
  });

  test('a commit is whole even when its lease runs out in the middle of it', async () => {
    const held = await claimed();
    // Its time is over after the first statement, as the clock may have it.
    const late: Write = { kind: 'fenced', itemId: null, sql: 'UPDATE lease SET expires_ms = 1 WHERE :held', args: [] };
    const batch = batchOf(held);
    const { landed } = await commit(host.db, pipeline, { ...batch, writes: [late, ...batch.writes] });
    expect(landed).toBe(true);
    expect(await oneOf(host.client, 'SELECT count(*) FROM page')).toBe(KEYS.length);
  });

  test('a commit that one bad row breaks leaves nothing behind', async () => {
    const held = await claimed();
    const before = await dump(host.client);
    const [first] = held.items;
    const bad: Write = {
      kind: 'rows',
      table: 'page',
      columns: ['key', 'document', 'text'],
      key: ['key'],
      rows: [{ itemId: first?.id ?? 0, values: ['bad', null, null] }],
    };
    const batch = batchOf(held);
    const broken = commit(host.db, pipeline, { ...batch, writes: [...batch.writes, bad] });
    await expect(broken).rejects.toMatchObject({ refused: true, message: expect.stringContaining('NOT NULL') });
    expect(await dump(host.client)).toEqual(before);
  });

  test('a statement that forgot its fence is refused before anything is sent', async () => {
    const held = await claimed();
    const before = await dump(host.client);
    const [first] = held.items;
    const open: Write = { kind: 'fenced', itemId: first?.id ?? 0, sql: `DELETE FROM page`, args: [] };
    await expect(commit(host.db, pipeline, { ...batchOf(held), writes: [open] })).rejects.toThrow(':held');
    expect(await dump(host.client)).toEqual(before);
  });

  test('a heartbeat keeps a live lease and cannot bring back one that is over', async () => {
    const held = await claimed();
    const expiry = () => oneOf(host.client, `SELECT expires_ms FROM lease WHERE id = ${held.leaseId}`);
    const before = Number(await expiry());
    expect(await heartbeat(host.db, held.leaseId, 3_600_000)).toBe(true);
    expect(Number(await expiry())).toBeGreaterThan(before + 3_000_000);
    await expireLeases(host.client);
    expect(await heartbeat(host.db, held.leaseId, 3_600_000)).toBe(false);
    expect(await expiry()).toBe(1);
    expect(await heartbeat(host.db, held.leaseId + 1, 3_600_000)).toBe(false);
  });

  test('a tick beats three times a lease while its stage works, and stops beating with it', async () => {
    const beating: { everyMs: number; beat: () => void }[] = [];
    let stopped = 0;
    const runtime = fakeRuntime({
      every: (everyMs, beat) => {
        beating.push({ everyMs, beat });
        return () => {
          stopped += 1;
        };
      },
    });
    const counting = mortal(host.db);
    const callsOfBeat: number[] = [];
    const long = stageOf(
      'one',
      async (batch) => {
        const before = counting.calls();
        beating[0]?.beat();
        callsOfBeat.push(counting.calls() - before, stopped);
        return { outcomes: batch.map(() => done('out')), writes: [] };
      },
      { leaseMs: 90_000, batchMax: 10 },
    );
    await tick(counting.db, definePipeline('fence', [long]), runtime, { budgetMs: 60_000 });
    expect(beating.map(({ everyMs }) => everyMs)).toEqual([30_000]);
    expect(callsOfBeat).toEqual([1, 0]);
    expect(stopped).toBe(1);
  });

  test('fencing tokens only grow, even when the rows of old leases are swept', async () => {
    const first = await claimed();
    await send(first);
    await host.client.execute('DELETE FROM lease');
    await enter(host.db, one, [newItem('late')]);
    await host.client.execute('UPDATE stage_control SET open_until_ms = 0');
    const second = await claimed();
    expect(second.leaseId).toBeGreaterThan(first.leaseId);
  });

  test('a claim that finds nothing due takes no lease and no item of an older one', async () => {
    await claimed();
    expect(await claim(host.db, one, 'another')).toBeNull();
    expect(await oneOf(host.client, 'SELECT count(*) FROM lease')).toBe(1);
  });

  test.each([
    ['paused', `UPDATE stage_control SET paused = 1 WHERE stage = 'one'`],
    ['told to wait', `UPDATE stage_control SET open_until_ms = 9e15 WHERE stage = 'one'`],
    ['unknown', `DELETE FROM stage_control WHERE stage = 'one'`],
  ])('a claim finds the gate closed in its own statement when the stage is %s', async (_, act) => {
    await host.client.execute(act);
    const before = await dump(host.client);
    expect(await claim(host.db, one, 'worker')).toBeNull();
    expect(await dump(host.client)).toEqual(before);
  });
});
