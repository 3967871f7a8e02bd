import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient } from '@libsql/client';
import { beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { createApp, type TickAnswer } from '../functions/app.ts';
import { bearerMatches } from '../functions/bearer.ts';
import { ConfigError, type Env, readConfig } from '../functions/config.ts';
import { edgeHost, type Host, type LogFields } from '../functions/connect.ts';
import { scheduledTick } from '../functions/scheduled.ts';
import { acceptWalk, tickUntilItWaits, WALK_DOCUMENTS, walkSpace } from './support/walk.ts';

const TICK_SECRET = 'tick-secret-8d1f';
const DATABASE_AUTH_TOKEN = 'database-token-77ab';
/** Nobody listens on the discard port of the loopback. */
const NOWHERE = 'http://127.0.0.1:9';

const space = walkSpace(inject('walkSpaceUrl'));
let logged: LogFields[] = [];
const host: Host = { ...edgeHost('test'), log: (fields) => logged.push(fields) };
const app = createApp(host);

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
const ask = async (env: Env, path: string, init?: RequestInit): Promise<Response> => app.request(path, init, env);
const postTick = (env: Env, headers: Record<string, string> = bearer(TICK_SECRET)) =>
  ask(env, '/api/ticks', { method: 'POST', headers });

/** Checks the form that every problem has (RFC 9457) and gives its name and words. */
async function problemOf(response: Response): Promise<{ status: number; code: string; detail: string }> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const problem = (await response.json()) as Record<string, unknown>;
  expect(Object.keys(problem).sort()).toEqual(['code', 'detail', 'instance', 'status', 'title', 'type']);
  expect(problem).toMatchObject({ type: 'about:blank', instance: response.headers.get('x-request-id') });
  expect(problem.status).toBe(response.status);
  return { status: response.status, code: String(problem.code), detail: String(problem.detail) };
}

beforeEach(() => {
  logged = [];
});

describe('who may tick', () => {
  test.each([
    ['the secret', `Bearer ${TICK_SECRET}`, true],
    ['the secret, with the scheme in small letters', `bearer ${TICK_SECRET}`, true],
    ['a beginning of the secret', `Bearer ${TICK_SECRET.slice(0, -1)}`, false],
    ['the secret and more', `Bearer ${TICK_SECRET}x`, false],
    ['the secret without a scheme', TICK_SECRET, false],
    ['the secret under another scheme', `Basic ${TICK_SECRET}`, false],
    ['an empty token', 'Bearer ', false],
    ['nothing', undefined, false],
  ])('%s', async (_, header, matches) => {
    expect(await bearerMatches(header, TICK_SECRET)).toBe(matches);
  });

  test('a wrong secret is answered 401 with the scheme to use, before the database is asked', async () => {
    const response = await postTick({ DATABASE_URL: NOWHERE, TICK_SECRET }, bearer('guess'));
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(await problemOf(response)).toMatchObject({ status: 401, code: 'unauthorized' });
  });

  test.each([
    ['missing', {}],
    ['empty', { TICK_SECRET: '' }],
  ])('with a %s TICK_SECRET nobody may, whatever they send, and the answer says why', async (_, secret) => {
    for (const headers of [{}, bearer(''), bearer('undefined')]) {
      const problem = await problemOf(await postTick({ DATABASE_URL: NOWHERE, ...secret }, headers));
      expect(problem).toMatchObject({ status: 503, code: 'ticks_disabled' });
      expect(problem.detail).toContain('TICK_SECRET');
    }
  });
});

describe('settings', () => {
  test.each([
    ['DATABASE_URL', {}],
    ['DATABASE_URL', { DATABASE_URL: 'file:state.db' }],
    ['TICK_BUDGET_MS', { DATABASE_URL: NOWHERE, TICK_BUDGET_MS: 'soon' }],
    ['TICK_ITEMS_MAX', { DATABASE_URL: NOWHERE, TICK_ITEMS_MAX: '0' }],
    ['TICK_STAGES', { DATABASE_URL: NOWHERE, TICK_STAGES: 'scrape,index' }],
    ['EMBEDDER', { DATABASE_URL: NOWHERE, EMBEDDER: 'magic' }],
  ])('a bad %s is named', (name, env) => {
    expect(() => readConfig(env)).toThrow(ConfigError);
    expect(() => readConfig(env)).toThrow(name);
  });

  test('an empty variable counts as not set', () => {
    const env = { DATABASE_URL: NOWHERE, DATABASE_AUTH_TOKEN: '', TICK_BUDGET_MS: '' };
    expect(readConfig(env)).toEqual(readConfig({ DATABASE_URL: NOWHERE }));
    expect(readConfig(env).databaseAuthToken).toBeUndefined();
  });

  test('a host without a database says so and is alive all the same', async () => {
    expect(await (await ask({}, '/livez')).json()).toEqual({ live: true });
    const problem = await problemOf(await ask({}, '/api/status'));
    expect(problem).toMatchObject({ status: 503, code: 'not_configured' });
    expect(problem.detail).toContain('DATABASE_URL');
  });
});

describe('answers', () => {
  test('an unknown address and a wrong method are problems too', async () => {
    expect(await problemOf(await ask({}, '/nothing'))).toMatchObject({ status: 404, code: 'not_found' });
    const wrong = await ask({}, '/api/ticks');
    expect(wrong.headers.get('allow')).toBe('POST');
    expect(await problemOf(wrong)).toMatchObject({ status: 405, code: 'method_not_allowed' });
  });

  test('a database that is down is 503 with the time to come back, and its error stays in the log', async () => {
    const response = await postTick({ DATABASE_URL: NOWHERE, TICK_SECRET });
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await problemOf(response)).toMatchObject({ status: 503, code: 'database_unavailable' });
    expect(logged.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  test('a database that accepts and never answers is given up at the deadline, and the connection with it', async () => {
    let hungUp: () => void = () => undefined;
    const aborted = new Promise<void>((resolve) => {
      hungUp = resolve;
    });
    const blackHole = createServer((request) => request.socket.once('close', hungUp));
    await new Promise<void>((resolve) => blackHole.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(blackHole.address() as AddressInfo).port}`;
    const response = await postTick({ DATABASE_URL: url, TICK_SECRET, DATABASE_DEADLINE_MS: '100' });
    expect(await problemOf(response)).toMatchObject({ status: 503, code: 'database_unavailable' });
    await aborted;
    await new Promise((resolve) => blackHole.close(resolve));
  });

  test('no secret, query or foreign address reaches the log or an answer', async () => {
    // A server that throws the token back at us, as a proxy's error page may.
    const parrot = createServer((request, response) =>
      response.writeHead(502).end(`no: ${request.headers.authorization}`),
    );
    await new Promise<void>((resolve) => parrot.listen(0, '127.0.0.1', resolve));
    const DATABASE_URL = `http://127.0.0.1:${(parrot.address() as AddressInfo).port}`;
    const env = { DATABASE_URL, DATABASE_AUTH_TOKEN, TICK_SECRET };
    const responses = [
      await postTick(env),
      await postTick(env, bearer('guessed-secret-41')),
      await ask(env, '/api/status?q=patient-words-55'),
      await ask(env, '/find/patient-words-55?x=patient-words-55'),
    ];
    await scheduledTick(host, env).catch(() => undefined);
    await new Promise((resolve) => parrot.close(resolve));
    const bodies = await Promise.all(responses.map((response) => response.text()));
    const headers = responses.map((response) => JSON.stringify([...response.headers]));
    const everything = [JSON.stringify(logged), ...bodies, ...headers].join('\n');
    expect(logged.filter(({ level }) => level === 'error').length).toBeGreaterThan(2);
    expect(everything).toContain('***');
    for (const secret of [TICK_SECRET, DATABASE_AUTH_TOKEN, 'guessed-secret-41', 'patient-words-55'])
      expect(everything).not.toContain(secret);
  });
});

describe('a database that is not this build’s', () => {
  let url: string;
  const run = async (...statements: string[]) => {
    const client = createClient({ url });
    const results = await client.batch(statements, 'write');
    client.close();
    return results;
  };
  /** Everything that a write could change: every table's definition and every row. */
  const everything = async () => {
    const [tables] = await run(`SELECT name, sql FROM sqlite_schema ORDER BY name`);
    const names = tables?.rows.flatMap(({ name, sql }) =>
      String(sql).startsWith('CREATE TABLE') ? [String(name)] : [],
    );
    const rows = await run(`SELECT 1`, ...(names ?? []).map((name) => `SELECT * FROM "${name}"`));
    return JSON.stringify([tables?.rows, rows.map((result) => result.rows)]);
  };
  const refusedUntouched = async (env: Env) => {
    const before = await everything();
    const answers = [await problemOf(await postTick(env)), await problemOf(await ask(env, '/api/status'))];
    await expect(scheduledTick(host, env)).rejects.toThrow(answers[0]?.detail);
    expect(await everything()).toBe(before);
    expect(answers.map(({ status, code }) => ({ status, code }))).toEqual(
      Array(2).fill({ status: 503, code: 'schema_mismatch' }),
    );
    return answers[0]?.detail;
  };

  test('a tick on an empty database is refused with what to do, and touches nothing', async () => {
    url = await space.emptyDatabase();
    expect(await refusedUntouched({ DATABASE_URL: url, TICK_SECRET })).toMatch(/no schema yet.*init/);
  });

  describe('with a schema', () => {
    beforeAll(async () => {
      url = await space.freshDatabase();
    });
    beforeEach(async () => {
      await run(
        `UPDATE meta SET value = '2' WHERE key = 'engine_schema'`,
        `UPDATE meta SET value = '4' WHERE key = 'corpus_schema'`,
        `DELETE FROM meta WHERE key = 'pipeline'`,
      );
    });

    test.each([
      ['a newer engine schema', `UPDATE meta SET value = '3' WHERE key = 'engine_schema'`, /engine schema 3/],
      ['a newer corpus schema', `UPDATE meta SET value = '5' WHERE key = 'corpus_schema'`, /corpus schema 5/],
      ['another pipeline', `INSERT INTO meta(key, value) VALUES ('pipeline', 'other')`, /belongs to pipeline "other"/],
    ])('a tick on a database with %s is refused with words, and touches nothing', async (_, change, words) => {
      await run(change);
      expect(await refusedUntouched({ DATABASE_URL: url, TICK_SECRET })).toMatch(words);
    });

    test('the status of a database that no pipeline has used is refused, and writes nothing', async () => {
      const before = await everything();
      const problem = await problemOf(await ask({ DATABASE_URL: url }, '/api/status'));
      expect(problem).toMatchObject({ status: 503, code: 'not_initialised' });
      expect(await everything()).toBe(before);
    });
  });
});

describe('ticks', () => {
  let env: Env & { readonly DATABASE_URL: string };
  beforeAll(async () => {
    env = { DATABASE_URL: await space.freshDatabase(), TICK_SECRET };
    const edge = host.connect(env);
    await acceptWalk(edge.db, edge.pipeline, await space.documents());
    edge.close();
  });
  const tickOnce = async (settings: Env): Promise<TickAnswer> =>
    (await postTick({ ...env, ...settings })).json() as never;

  test('one tick settles one batch of the size that was asked for', async () => {
    const answer = await tickOnce({ TICK_ITEMS_MAX: '3' });
    expect(answer).toMatchObject({ stage: 'scrape', batches: 1, after: { kind: 'work', stage: 'scrape' } });
    expect(answer.counts).toEqual({ done: 3, skipped: 0, retry: 0, wait: 0, dead: 0, submitted: 0, lost: 0 });
  });

  test('a stage that the host was told to leave to others waits, and the answer says for whom', async () => {
    const answers = await tickUntilItWaits(() => postTick({ ...env, TICK_STAGES: 'scrape,normalize' }), 1);
    expect(answers.at(-1)?.after).toMatchObject({ kind: 'waiting', stage: 'distill', gate: { kind: 'host' } });
    const status = await (await ask(env, '/api/status')).json();
    expect(status).toMatchObject({ documents: WALK_DOCUMENTS, release: null, last_tick: { stage: 'normalize' } });
  });

  test('a tick with a budget that is spent at once still does its first batch', async () => {
    let clockMs = 0;
    const slow: Host = {
      ...host,
      connect: (given) => {
        const edge = host.connect(given);
        return { ...edge, runtime: { ...edge.runtime, monotonicMs: () => (clockMs += 1_000_000) } };
      },
    };
    const settings = { ...env, TICK_ITEMS_MAX: '100', TICK_BUDGET_MS: '100' };
    const response = await createApp(slow).request(
      '/api/ticks',
      { method: 'POST', headers: bearer(TICK_SECRET) },
      settings,
    );
    expect(await response.json()).toMatchObject({ stage: 'distill', batches: 1 });
  });
});
