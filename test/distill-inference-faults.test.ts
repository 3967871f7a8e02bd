import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { act } from '../core/engine/index.ts';
import { formOf } from './support/model-server/fake-model.ts';
import { type Manner, type ModelServer, startModelServer } from './support/model-server/server.ts';
import { madeUpCases, openWorld, TOKEN, type World } from './support/model-server/world.ts';

let server: ModelServer;
const worlds: World[] = [];
beforeAll(async () => {
  server = await startModelServer();
});
afterAll(() => server.close());
afterEach(() => {
  for (const world of worlds.splice(0)) world.close();
  server.calls.length = 0;
  server.refusesSchema = false;
  server.manner = () => null;
});

const open = async (over: Parameters<typeof openWorld>[1] = {}, url = server.url): Promise<World> => {
  const world = await openWorld(url, over);
  worlds.push(world);
  return world;
};
const SPENT_ATTEMPTS = `SELECT coalesce(sum(attempt - waits - lost), 0) AS n FROM task WHERE state <> 'done'`;
const number = async ({ rows }: World, sql: string): Promise<number> =>
  Number(Object.values((await rows(sql))[0] ?? {})[0]);
const refusal = (
  status: number,
  headers: Record<string, string> = {},
  body: unknown = {},
): Manner & { readonly kind: 'raw' } => ({
  kind: 'raw',
  status,
  headers,
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
/** How long the stage waits, and why. */
const waiting = async ({ rows }: World) => {
  const [row] = await rows(
    `SELECT open_until_ms - CAST(unixepoch('subsec') * 1000 AS INTEGER) AS ms, open_reason AS reason FROM stage_control`,
  );
  return { ms: Number(row?.ms), reason: String(row?.reason) };
};

const HOUR = 3_600_000;
const toMidnight = (): number => 86_400_000 - (Date.now() % 86_400_000);
const spent = { error: { code: 'insufficient_quota', message: `You exceeded your quota, ${TOKEN}. The case: …` } };

describe('F51: the service says that nothing is left, or to wait', () => {
  test.each<[string, Manner & { readonly kind: 'raw' }, () => number]>([
    [
      '402 without a time: until midnight, UTC',
      refusal(402, {}, { error: 'You have exceeded your monthly included credits.' }),
      toMidnight,
    ],
    ['402 with Retry-After', refusal(402, { 'retry-after': '3600' }), () => HOUR],
    ['429 insufficient_quota: until midnight', refusal(429, {}, spent), toMidnight],
    ['429 with Retry-After in seconds', refusal(429, { 'retry-after': '120' }), () => 120_000],
    [
      '429 with Retry-After as a date',
      refusal(429, { 'retry-after': new Date(Date.now() + HOUR).toUTCString() }),
      () => HOUR,
    ],
    ['429 with retry-after-ms', refusal(429, { 'retry-after-ms': '90000' }), () => 90_000],
    ['429 with a Retry-After of 1e9 seconds: a day', refusal(429, { 'retry-after': '1000000000' }), () => 86_400_000],
    ['429 with a negative Retry-After: as without', refusal(429, { 'retry-after': '-1' }), () => 60_000],
    ['429 without a time', refusal(429), () => 60_000],
    ['503 with Retry-After', refusal(503, { 'retry-after': '45' }, '<html>busy</html>'), () => 45_000],
    ['503 of a model that loads', refusal(503, {}, { error: 'Model is loading', estimated_time: 20 }), () => 20_000],
    ['401', refusal(401, {}, { error: 'Invalid credentials in Authorization header' }), () => 300_000],
    ['403', refusal(403, {}, { error: { message: 'not allowed', code: 403 } }), () => 300_000],
    ['404: no such model', refusal(404, {}, { error: { code: 'model_not_found' } }), () => 300_000],
    ['302 to somewhere else', refusal(302, { location: 'http://127.0.0.1:9/' }, ''), () => 300_000],
  ])('%s: the stage waits so long, no attempt is spent, at most one batch is asked', async (_, manner, ms) => {
    const here = await open({ cases: madeUpCases(12) });
    server.manner = () => manner;
    await here.tick();
    const { ms: waits, reason } = await waiting(here);
    expect(waits).toBeGreaterThan(ms() - 60_000);
    expect(waits).toBeLessThanOrEqual(ms() + 1_000);
    expect(await number(here, SPENT_ATTEMPTS)).toBe(0);
    // Those that were on their way at once; nothing began after the first refusal.
    expect(server.calls.length).toBeLessThanOrEqual(4);
    expect(reason).toContain(String(manner.status));
    expect(reason).not.toContain('secret');
    expect(reason).not.toContain('The case');
    expect(await number(here, `SELECT used FROM quota_window`)).toBe(0);
    const asked = server.calls.length;
    await here.tick();
    expect(server.calls.length).toBe(asked);
    server.manner = () => null;
    await here.passTime();
    await here.drain();
    expect(await number(here, `SELECT count(*) FROM task WHERE state = 'done' AND attempt - waits - lost = 1`)).toBe(
      12,
    );
  });

  test('quota spent in the middle of a run: attempts counted 0, none bought twice, and the rest is read after the reset', async () => {
    const here = await open({ cases: madeUpCases(40) });
    let sold = 0;
    let left = 13;
    server.manner = () => {
      if (left <= 0) return refusal(429, {}, spent);
      left -= 1;
      sold += 1;
      return null;
    };
    let resets = 0;
    let refusedCalls = 0;
    for (; (await number(here, `SELECT count(*) FROM task WHERE state <> 'done'`)) > 0; resets++) {
      left = 13;
      await here.tick();
      expect(await number(here, SPENT_ATTEMPTS)).toBe(0);
      await here.passTime();
    }
    refusedCalls = server.calls.length - sold;
    expect(sold).toBe(40);
    expect(new Set(server.calls.filter(({ billed }) => billed > 0).map(({ caseId }) => caseId)).size).toBe(40);
    console.info(
      `F51: the service's quota was spent ${resets - 1} times in 40 cases: attempts counted 0, bought twice 0, calls refused ${refusedCalls} (at most ${4} on their way at once)`,
    );
  });

  test('the daily quota of our own: never a token above it, and the day after it goes on', async () => {
    const here = await open({ cases: madeUpCases(30), settings: { tokensPerDay: 100_000 } });
    await here.tick();
    const used = await number(here, `SELECT used FROM quota_window`);
    const billed = server.calls.reduce((sum, call) => sum + call.billed, 0);
    expect(used).toBe(billed);
    expect(billed).toBeLessThanOrEqual(100_000);
    const { after } = await here.tick();
    expect(after).toMatchObject({ kind: 'waiting', gate: { kind: 'quota' } });
    await here.db.write([{ sql: 'UPDATE quota_window SET day = day - 1', args: [] }]);
    const before = server.calls.length;
    await here.tick();
    expect(server.calls.length).toBeGreaterThan(before);
  });
});

describe('a service that fails', () => {
  test('500 with an HTML page: a claim stops after a few, the breaker opens, and nothing is dead', async () => {
    const here = await open({ cases: madeUpCases(30) });
    server.manner = () => refusal(500, { 'content-type': 'text/html' }, '<html><h1>Internal Server Error</h1></html>');
    for (let n = 0; n < 5; n++) await here.tick();
    expect(server.calls.length).toBeLessThanOrEqual(8);
    expect(await number(here, `SELECT count(*) FROM task WHERE state = 'dead'`)).toBe(0);
    expect(await number(here, `SELECT used FROM quota_window`)).toBe(0);
    server.manner = () => null;
    await here.drain();
    expect(await number(here, `SELECT count(*) FROM task WHERE state = 'done'`)).toBe(30);
  });

  const LIMITS = { firstByteMs: 300, idleMs: 200, totalMs: 600 };
  test.each<[string, Manner]>([
    ['a hang', { kind: 'hang' }],
    ['headers, then silence', { kind: 'headers-then-silence' }],
    ['one byte now and then', { kind: 'drip', everyMs: 50 }],
    ['a reset', { kind: 'reset' }],
    ['an answer that is cut', { kind: 'cut' }],
    ['200 with a page', refusal(200, { 'content-type': 'text/html' }, '<html>welcome</html>')],
    ['204', refusal(204, {}, '')],
  ])('%s: it ends at its deadline, the tokens count as spent, and another try reads the case', async (_, manner) => {
    const here = await open({ cases: madeUpCases(1), limits: LIMITS });
    server.manner = () => manner;
    await here.tick();
    expect(await number(here, `SELECT count(*) FROM task WHERE state = 'ready' AND error_class = 'retryable'`)).toBe(1);
    // It may have been answered and billed: what it could have cost at most stays spent.
    expect(await number(here, `SELECT used FROM quota_window`)).toBeGreaterThan(30_000);
    server.manner = () => null;
    await here.drain();
    expect(await number(here, `SELECT count(*) FROM task WHERE state = 'done'`)).toBe(1);
  });

  test('nobody listens: an outage, nothing is spent', async () => {
    const gone = await startModelServer();
    await gone.close();
    const here = await open({ cases: madeUpCases(3) }, gone.url);
    await here.tick();
    expect((await waiting(here)).reason).toContain('no connection (ECONNREFUSED)');
    expect(await number(here, SPENT_ATTEMPTS)).toBe(0);
    expect(await number(here, `SELECT used FROM quota_window`)).toBe(0);
  });

  test('a request that is too long for the model buries its case alone', async () => {
    const here = await open({ cases: madeUpCases(5) });
    const first = madeUpCases(1)[0]?.text;
    server.manner = (shown) =>
      shown.text === first ? refusal(400, {}, { error: { code: 'context_length_exceeded' } }) : null;
    await here.drain();
    expect(await here.rows(`SELECT state, error_class FROM task WHERE state <> 'done'`)).toMatchObject([
      { state: 'dead', error_class: 'permanent' },
    ]);
  });
});

describe('how a service is asked', () => {
  test('one that knows no JSON Schema is asked for a JSON object, and the log says which setting says so', async () => {
    const here = await open({ cases: madeUpCases(6) });
    server.refusesSchema = true;
    await here.drain();
    expect(new Set(server.calls.map(({ format }) => format))).toEqual(new Set(['json_object']));
    expect(here.logged).toHaveLength(1);
    expect(here.logged[0]).toContain('INFERENCE_FORMAT=json_object');
    const results = await here.rows(`SELECT result FROM effect`);
    expect(results.every(({ result }) => JSON.parse(String(result)).format === 'json_object')).toBe(true);
  });

  test('the token goes into its header and nowhere else; without one no header is sent', async () => {
    const here = await open({ cases: madeUpCases(2) });
    await here.drain();
    expect(
      server.calls.every(
        ({ authorization, path }) => authorization === `Bearer ${TOKEN}` && path === '/v1/chat/completions',
      ),
    ).toBe(true);
    expect(JSON.stringify(await here.rows(`SELECT * FROM effect`))).not.toContain(TOKEN);
    server.calls.length = 0;
    const open2 = await open({ cases: madeUpCases(2), settings: { token: null } }, `${server.url}/v1/`);
    await open2.drain();
    expect(server.calls.map(({ authorization }) => authorization)).toEqual([null, null]);
  });

  test('each call carries the key of its effect, and what it cost stands in the ledger', async () => {
    const here = await open({ cases: madeUpCases(2) });
    await here.drain();
    const effects = await here.rows(`SELECT key, name, cost, state FROM effect`);
    expect(effects.map(({ key }) => key).sort()).toEqual(server.calls.map(({ key }) => key).sort());
    expect(effects.every(({ name, state }) => name === 'answer' && state === 'done')).toBe(true);
    const cost = effects.reduce((sum, row) => sum + Number(row.cost), 0);
    expect(cost).toBe(server.calls.reduce((sum, { billed }) => sum + billed, 0));
    expect(await number(here, `SELECT used FROM quota_window`)).toBe(cost);
  });

  test('a host that is asked to stop ends what it has begun and gives the rest back', async () => {
    const here = await open({ cases: madeUpCases(16) });
    let stop = false;
    server.manner = (shown) => {
      stop = true;
      return { kind: 'content', content: formOf(shown) };
    };
    const { counts } = await here.tick({ stopping: () => stop });
    expect(counts).toMatchObject({ done: 4, wait: 12, retry: 0 });
    expect(server.calls.length).toBe(4);
  });

  test('a host that may not wait any longer leaves at once: the claim is given back, the call is ended, and no case loses an attempt', async () => {
    const here = await open({ cases: madeUpCases(8) });
    const leaving = new AbortController();
    server.manner = () => {
      leaving.abort();
      return { kind: 'hang' };
    };
    const { counts } = await here.tick({ abandon: leaving.signal, stopping: () => leaving.signal.aborted });
    expect(counts).toMatchObject({ done: 0, wait: 8, retry: 0 });
    server.manner = () => null;
    await here.drain();
    expect(await number(here, `SELECT count(*) FROM task WHERE state = 'done' AND attempt - waits - lost = 1`)).toBe(8);
  });

  test('adopted answers are not paid for again: a new run over the same text and model spends nothing', async () => {
    const here = await open({ cases: madeUpCases(4) });
    await here.drain();
    const used = await number(here, `SELECT used FROM quota_window`);
    await act(here.db, here.pipeline, { kind: 'redo', stage: 'distill' }, { actor: 'test' });
    await here.drain();
    expect(server.calls.length).toBe(4);
    expect(await number(here, `SELECT used FROM quota_window`)).toBe(used);
  });
});
