import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  definePipeline,
  defineStage,
  enterStatements,
  outcomeOfError,
  type Retry,
  readServices,
  registerPipeline,
  tick,
} from '../core/engine/index.ts';
import { ServiceClosedError } from '../core/sources/http/client.ts';
import type { Http } from '../core/sources/http/http.ts';
import { newItem } from './support/engine/ledger.ts';
import { fakeRuntime } from './support/engine/runtime.ts';
import {
  type Door,
  type FakeClock,
  fakeClock,
  type LoopbackServer,
  openDoor,
  startServer,
} from './support/sources/door.ts';

/** F46: what a service says while it is in trouble, and how often it is called in ten minutes of it, by a clock of ours. */

const START_MS = Date.UTC(2026, 10, 22, 12);
const MINUTE_MS = 60_000;
const HTML = '<!doctype html><title>Error</title><p>Something went wrong';

let server: LoopbackServer;
let door: Door;
let clock: FakeClock;
const openAt = async (): Promise<Http> => {
  clock = fakeClock(START_MS);
  // Timers that are due at once ring; the others are deadlines, and time stands still while a request is under way.
  const after: FakeClock['after'] = (ms, callback) => {
    if (ms > 0) return clock.after(ms, callback);
    const due = setImmediate(callback);
    return () => clearImmediate(due);
  };
  door = await openDoor({ clock, after, origins: [server.origin] });
  return door.http;
};
beforeAll(async () => {
  server = await startServer((_, response) => response.end());
});
afterEach(() => door.close());
afterAll(() => server.close());

const ask = (http: Http, path = '/') => http({ service: 'papers', url: new URL(path, server.origin) });
const answering = (status: number, headers: Record<string, string> = {}, body = ''): void => {
  server.seen.length = 0;
  server.answer = (_, response) => response.writeHead(status, headers).end(body);
};
const httpDate = (ms: number): string => new Date(ms).toUTCString();

describe('F46: what one answer does', () => {
  const DAY_MS = 86_400_000;
  test.each<[string, number, Record<string, string>, string, number]>([
    ['429 with seconds', 429, { 'retry-after': '120' }, 'QuotaError', 120_000],
    [
      '429 with a date',
      429,
      { 'retry-after': httpDate(START_MS + 90_000), date: httpDate(START_MS) },
      'QuotaError',
      90_000,
    ],
    [
      '429 with a date by a clock that is an hour fast',
      429,
      { 'retry-after': httpDate(START_MS + 3_690_000), date: httpDate(START_MS + 3_600_000) },
      'QuotaError',
      90_000,
    ],
    [
      '429 with a date that is over',
      429,
      { 'retry-after': httpDate(START_MS - 1_000), date: httpDate(START_MS) },
      'QuotaError',
      1_000,
    ],
    ['429 without Retry-After', 429, {}, 'QuotaError', 30_000],
    ['429 with 1e9 seconds', 429, { 'retry-after': '1000000000' }, 'QuotaError', DAY_MS],
    ['429 with 1e9 as it stands', 429, { 'retry-after': '1e9' }, 'QuotaError', 30_000],
    ['429 with a negative number', 429, { 'retry-after': '-5' }, 'QuotaError', 30_000],
    ['429 with 0', 429, { 'retry-after': '0' }, 'QuotaError', 1_000],
    ['503 with seconds', 503, { 'retry-after': '120' }, 'OutageError', 120_000],
  ])('%s: nobody calls for as long as was asked, then one does', async (_, status, headers, name, closedMs) => {
    const http = await openAt();
    answering(status, headers, 'api_key=KEY');
    await expect(ask(http)).rejects.toMatchObject({ name, service: 'papers', retryAfterMs: closedMs });
    for (const ms of [0, closedMs / 2, closedMs - 1]) {
      clock.to(START_MS + ms);
      await expect(ask(http)).rejects.toMatchObject({ name: 'ServiceClosedError', retryAfterMs: closedMs - ms });
    }
    expect(server.seen).toHaveLength(1);
    answering(200, {}, 'well again');
    clock.to(START_MS + closedMs);
    expect((await ask(http)).status).toBe(200);
    expect(await door.lanesBusy()).toBe(0);
  });

  test('the third 5xx in a row opens the breaker; each 5xx before it is told as one of its service', async () => {
    const http = await openAt();
    answering(500, { 'content-type': 'text/html' }, HTML);
    for (const _ of [1, 2])
      await expect(ask(http)).rejects.toMatchObject({
        name: 'RetryableError',
        service: 'papers',
        message: 'papers: status 500',
      });
    await expect(ask(http)).rejects.toMatchObject({ name: 'OutageError', retryAfterMs: 30_000 });
    await expect(ask(http)).rejects.toMatchObject({ name: 'ServiceClosedError', why: 'breaker' });
    expect(server.seen).toHaveLength(3);
    const [row] = await readServices(door.db);
    expect(row).toMatchObject({
      name: 'papers',
      open: true,
      failures: 3,
      openReason: 'papers: status 500',
      opensAll: 1,
    });
  });

  test('half-open, one request goes through and all others wait for what becomes of it', async () => {
    const http = await openAt();
    answering(503, { 'retry-after': '30' });
    await ask(http).catch(() => undefined);
    clock.to(START_MS + 30_000);
    const held: ServerResponse[] = [];
    server.seen.length = 0;
    server.answer = (_, response) => void held.push(response);
    const probe = ask(http);
    while (held.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const others = await Promise.all([1, 2, 3].map(() => ask(http).catch((error: Error) => error.name)));
    expect(others).toEqual(['ServiceClosedError', 'ServiceClosedError', 'ServiceClosedError']);
    held[0]?.end('well again');
    expect((await probe).status).toBe(200);
    server.answer = (_, response) => response.end();
    await ask(http);
    expect(server.seen).toHaveLength(2);
    expect((await readServices(door.db))[0]).toMatchObject({ open: false, failures: 0 });
  });

  test('a 200 with HTML, a 204 and a 404 are answers, for the adapter to judge', async () => {
    const http = await openAt();
    answering(200, { 'content-type': 'text/html' }, HTML);
    expect(new TextDecoder().decode((await ask(http)).bytes)).toBe(HTML);
    answering(204);
    expect(await ask(http)).toMatchObject({ status: 204, bytes: new Uint8Array() });
    answering(404, {}, 'none');
    expect((await ask(http)).status).toBe(404);
    expect((await readServices(door.db))[0]).toMatchObject({ failures: 0, successesAll: 3 });
  });

  test('a clock that went back closes a service for no longer than it asked', async () => {
    const http = await openAt();
    answering(429, { 'retry-after': '60' });
    await ask(http).catch(() => undefined);
    clock.ms = START_MS - 2 * DAY_MS;
    answering(200);
    const call = ask(http);
    while (clock.timers() === 0) await new Promise((resolve) => setImmediate(resolve));
    // The start that was noted before lies two days ahead now; it is believed for ten seconds.
    clock.to(clock.ms + 10_000);
    expect((await call).status).toBe(200);
  });
});

const ITEMS = 100;
const OUTAGE_MS = 10 * MINUTE_MS;

describe('F46: ten minutes of trouble, a hundred items', () => {
  const loop = (_: unknown, response: ServerResponse, { path }: { path: string }) =>
    void response.writeHead(302, { location: path.endsWith('b') ? '/a' : '/b' }).end();
  const plain =
    (status: number, headers: Record<string, string> = {}) =>
    (_: unknown, response: ServerResponse) =>
      void response.writeHead(status, headers).end(HTML);
  const kinds = {
    '429, 30 s': plain(429, { 'retry-after': '30' }),
    '429, a date': (_: unknown, response: ServerResponse) =>
      void response.writeHead(429, { 'retry-after': httpDate(clock.ms + 45_000), date: httpDate(clock.ms) }).end(),
    '429, absent': plain(429),
    '429, negative': plain(429, { 'retry-after': '-1' }),
    '503, 60 s': plain(503, { 'retry-after': '60' }),
    '503, absent': plain(503),
    '500 HTML': plain(500, { 'content-type': 'text/html' }),
    '302 loop': loop,
    'connection reset': (request: { socket: { destroy: () => void } }) => void request.socket.destroy(),
  } as const;

  test('every item is done in the end, none was marked failed, and the service was hardly called', async () => {
    const results = [];
    for (const [kind, answer] of Object.entries(kinds)) {
      const http = await openAt();
      results.push({ kind, ...(await throughOutage(http, answer as LoopbackServer['answer'])) });
      await door.close();
    }
    await openAt();
    const rows = results.map(
      ({ kind, requests, during, minutes }) =>
        `${kind}: ${requests} requests, ${during} of them in the outage, amplification ${(requests / ITEMS).toFixed(2)}, all done after ${minutes} min`,
    );
    console.info(`F46: ${ITEMS} items, 10 minutes of outage by a scripted clock\n  ${rows.join('\n  ')}`);
    for (const { kind, done, dead, duringClosed, requests } of results) {
      expect([kind, done, dead, duringClosed]).toEqual([kind, ITEMS, 0, 0]);
      expect([kind, requests / ITEMS <= 1.25]).toEqual([kind, true]);
    }
  });
});

const retry: Retry = { attemptsMax: 5, delayMsFirst: 1_000, delayMsMax: 600_000 };

/** Works `ITEMS` items through a service that is in trouble from the start; all of it by the clock. */
async function throughOutage(http: Http, answer: LoopbackServer['answer']) {
  const calls: number[] = [];
  let closedUntilMs = 0;
  let duringClosed = 0;
  server.answer = (request, response, seen) => {
    if (clock.ms < closedUntilMs) duringClosed += 1;
    calls.push(clock.ms);
    if (clock.ms < START_MS + OUTAGE_MS) answer(request, response, seen);
    else response.end('well');
  };
  const stage = defineStage({
    name: 'fetch',
    itemKind: 'document',
    batchMax: 10,
    leaseMs: 600_000,
    retry,
    settles: 'each',
    fingerprint: 'fetch-1',
    process: async (batch) => {
      const outcomes = [];
      for (const item of batch) {
        try {
          await ask(http, `/${item.key}`);
          outcomes.push({ kind: 'done', outputHash: item.key } as const);
        } catch (error) {
          if (error instanceof ServiceClosedError)
            closedUntilMs = Math.max(closedUntilMs, clock.ms + error.retryAfterMs);
          const outcome = outcomeOfError(error, item, retry, 0.5);
          outcomes.push(outcome.kind === 'wait' ? { ...outcome, stageWaits: false } : outcome);
        }
      }
      return { outcomes, writes: [] };
    },
  });
  const pipeline = definePipeline('outage', [stage]);
  await registerPipeline(door.db, pipeline);
  await door.db.write(
    enterStatements(
      stage,
      Array.from({ length: ITEMS }, (_, i) => newItem(`d${i}`)),
    ),
  );
  const states = async () => {
    const { rows } = await door.client.execute('SELECT state, count(*) AS n FROM task GROUP BY state');
    return Object.fromEntries(rows.map(({ state, n }) => [String(state), Number(n)]));
  };
  const runtime = fakeRuntime({ random: () => 0.5, monotonicMs: () => clock.ms });
  let left = await states();
  for (let second = 0; second < 4 * 3_600 && (left.done ?? 0) + (left.dead ?? 0) < ITEMS; second += 15) {
    clock.to(START_MS + second * 1_000);
    await tick(door.db, pipeline, runtime, { budgetMs: 60_000 });
    left = await states();
  }
  const minutes = Math.round((clock.ms - START_MS) / MINUTE_MS);
  const during = calls.filter((atMs) => atMs < START_MS + OUTAGE_MS).length;
  return { requests: calls.length, during, done: left.done ?? 0, dead: left.dead ?? 0, duringClosed, minutes };
}
