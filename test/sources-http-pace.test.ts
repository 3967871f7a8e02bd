import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { act, definePipeline, defineStage, readServices, registerPipeline } from '../core/engine/index.ts';
import { giveBack, takeTurn } from '../core/sources/http/pace.ts';
import { serviceSettings } from '../core/sources/http/services.ts';
import {
  clockedDatabase,
  type Door,
  fakeClock,
  type LoopbackServer,
  openDoor,
  SETTINGS,
  startServer,
} from './support/sources/door.ts';

/** S33: however many workers there are, a service sees one caller that takes its time. */

const WORKER = fileURLToPath(new URL('./support/sources/door-worker.ts', import.meta.url));
const START_MS = Date.UTC(2026, 10, 22, 12);
const BREAKER = { failuresMax: 3, openMsFirst: 30_000, openMsMax: 900_000 };
const SAYS_NOTHING = { report: { successes: 0, failures: 0, outage: false, waitMs: 0, reason: null } };

let server: LoopbackServer;
let door: Door;
const children: ChildProcess[] = [];
beforeAll(async () => {
  server = await startServer((_, response) => response.end());
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await door.close();
});
afterAll(() => server.close());

/** Worker processes that wait to be told to begin. */
async function workers(count: number, service: string, times: number) {
  const started = Array.from({ length: count }, () => {
    const args = ['--import', 'tsx', WORKER, door.url.slice('file:'.length), server.origin, service, String(times)];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    children.push(child);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return { child, next: async () => String((await lines.next()).value) };
  });
  for (const { next } of started) expect(await next()).toBe('ready');
  return {
    go: () => started.map(({ child }) => child.stdin?.write('go\n')),
    results: () => Promise.all(started.map(async ({ next }) => JSON.parse(await next()) as unknown[])),
    kill: () => started.map(({ child }) => child.kill('SIGKILL')),
  };
}

const mostWithin = (atMs: readonly number[], windowMs: number): number =>
  Math.max(...atMs.map((from) => atMs.filter((at) => at >= from && at < from + windowMs).length));

describe('S33: several processes, one pace', () => {
  test.each([
    ['ncbi', 3, 4],
    ['europe-pmc', 3, 6],
  ])('%s: %i workers with %i requests each keep to one pace', async (service, count, times) => {
    const { gapMs, lanes } = serviceSettings({ ncbiKey: false })[service] ?? SETTINGS;
    door = await openDoor();
    const one = await startServer((_, response) => void setTimeout(() => response.end('ok'), 150));
    server = one;
    const crew = await workers(count, service, times);
    const begunMs = performance.now();
    crew.go();
    const results = (await crew.results()).flat();
    expect(results).toEqual(new Array(count * times).fill(200));
    const atMs = one.seen.map((seen) => seen.atMs);
    console.info(
      `S33: ${service}: ${count} processes, ${atMs.length} requests, at most ${mostWithin(atMs, 1_000)} in any second, at most ${one.inFlightMax()} in flight (gap ${gapMs} ms, ${lanes} lanes)`,
    );
    // Starts are handed out by the database, so the last one cannot be earlier than this, however busy the machine is.
    expect(Math.max(...atMs) - begunMs).toBeGreaterThanOrEqual((atMs.length - 1) * gapMs);
    expect(one.inFlightMax()).toBeLessThanOrEqual(lanes);
    expect(await door.lanesBusy()).toBe(0);
    expect(one.seen.every(({ headers }) => headers['user-agent'] === 'Anamnesis/0.0.1')).toBe(true);
    await one.close();
  });

  test('a worker that is killed keeps its lane until its time is over, and no longer', async () => {
    door = await openDoor();
    const one = await startServer(() => undefined);
    server = one;
    const crew = await workers(1, 'ncbi', 2);
    crew.go();
    while (one.seen.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    crew.kill();
    expect(await door.lanesBusy()).toBe(2);
    const settings = serviceSettings({ ncbiKey: false }).ncbi ?? SETTINGS;
    expect(await takeTurn(door.db, 'ncbi', settings, 'next')).toMatchObject({ kind: 'taken' });
    const later = clockedDatabase(door.db, { ms: Date.now() + settings.totalMs + 30_000 });
    expect(await takeTurn(later, 'ncbi', settings, 'next')).toMatchObject({ kind: 'granted' });
    await one.close();
  });
});

describe('turns', () => {
  const settings = { ...SETTINGS, gapMs: 400 };
  const openAt = async () => {
    const clock = fakeClock(START_MS);
    door = await openDoor({ clock });
    return clock;
  };
  const take = (token: string, service = 'papers') => takeTurn(door.db, service, settings, token);
  const back = (token: string) => giveBack(door.db, 'papers', token, BREAKER, SAYS_NOTHING);

  test('starts lie a gap apart, for each service by itself', async () => {
    const clock = await openAt();
    expect(await take('a')).toEqual({ kind: 'granted', waitMs: 0 });
    expect(await take('b')).toEqual({ kind: 'granted', waitMs: 400 });
    expect(await take('c')).toMatchObject({ kind: 'taken' });
    expect(await take('d', 'others')).toEqual({ kind: 'granted', waitMs: 0 });
    await back('a');
    clock.to(START_MS + 100);
    expect(await take('c')).toEqual({ kind: 'granted', waitMs: 700 });
    await back('b');
    await back('c');
    clock.to(START_MS + 60_000);
    expect(await take('e')).toEqual({ kind: 'granted', waitMs: 0 });
  });

  test('nobody gives back what another holds', async () => {
    await openAt();
    await take('a');
    await back('z');
    await back('z');
    expect(await door.lanesBusy()).toBe(1);
  });

  test('a lane whose holder fell silent is given to the next; the late holder does not take it back', async () => {
    const clock = await openAt();
    await take('a');
    await take('b');
    clock.to(START_MS + settings.totalMs + 20_000);
    expect(await take('c')).toMatchObject({ kind: 'granted' });
    await back('a');
    const { rows } = await door.client.execute('SELECT token FROM service_lane ORDER BY lane');
    expect(rows.map(({ token }) => token)).toEqual(['c', 'b']);
  });

  test('a clock that goes back holds nobody up for long', async () => {
    const clock = await openAt();
    await take('a');
    await take('b');
    clock.ms = START_MS - 86_400_000;
    const turn = await take('c');
    expect(turn.kind).toBe('granted');
    expect(turn.kind === 'granted' && turn.waitMs).toBeLessThanOrEqual(10_000);
  });

  test('who waits for a place too long is told to come back, and has called nobody', async () => {
    door = await openDoor({ origins: [server.origin], settings: { turnMsMax: 100, lanes: 1 } });
    const one = await startServer(() => undefined);
    const http = door.make({ origins: [one.origin] });
    const holder = http({ service: 'papers', url: new URL('/', one.origin) }).catch(() => undefined);
    while (one.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await expect(http({ service: 'papers', url: new URL('/', one.origin) })).rejects.toMatchObject({
      name: 'ServiceClosedError',
      why: 'busy',
    });
    expect(one.seen).toHaveLength(1);
    await one.close();
    await holder;
  });
});

describe('the breaker is the engine’s', () => {
  test('an operator’s reset closes what requests have opened', async () => {
    const one = await startServer((_, response) => void response.writeHead(503, { 'retry-after': '3600' }).end());
    door = await openDoor({ origins: [one.origin] });
    const ask = () => door.http({ service: 'papers', url: new URL('/', one.origin) });
    await ask().catch(() => undefined);
    await expect(ask()).rejects.toMatchObject({ name: 'ServiceClosedError' });
    expect((await readServices(door.db))[0]).toMatchObject({
      name: 'papers',
      open: true,
      openReason: 'papers: status 503',
    });
    const stage = defineStage({
      name: 'fetch',
      itemKind: 'document',
      batchMax: 1,
      leaseMs: 1_000,
      retry: { attemptsMax: 1, delayMsFirst: 1, delayMsMax: 1 },
      settles: 'each',
      fingerprint: '1',
      process: null,
    });
    const pipeline = definePipeline('reset', [stage], { services: ['papers'] });
    await registerPipeline(door.db, pipeline);
    const asked = { kind: 'close_breaker', service: 'papers' } as const;
    expect(await act(door.db, pipeline, asked, { actor: 'test' })).toMatchObject({ changed: 1 });
    one.answer = (_, response) => response.end('well');
    expect((await ask()).status).toBe(200);
    await one.close();
  });

  test('a service that a health check calls down is not called', async () => {
    door = await openDoor({ origins: [server.origin] });
    await door.db.write([
      { sql: `INSERT INTO service(name, down_reason) VALUES ('papers', 'its check fails')`, args: [] },
    ]);
    await expect(door.http({ service: 'papers', url: new URL('/', server.origin) })).rejects.toMatchObject({
      name: 'ServiceClosedError',
      message: expect.stringContaining('its check fails'),
    });
  });
});
