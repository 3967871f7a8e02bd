import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { DatabaseError } from '../core/engine/index.ts';
import type { SearchAnswer, StatusAnswer } from '../core/search/contract.ts';
import { readConfig } from '../space/config.ts';
import { openDatabase } from '../space/database.ts';
import { createLog } from '../space/host/log.ts';
import { ingestFile } from '../space/ingest/ingest.ts';
import { sampleFile } from '../space/sample/sample.ts';
import { type RunningServer, startServer } from '../space/server.ts';
import { createServing } from '../space/serving.ts';
import { openSpace, type Space } from '../space/space.ts';
import { runUntilIdle } from '../space/ticking/run.ts';
import { connectionsInOneSecond, type NetProxy, startNetProxy } from './support/net-faults.ts';
import { type Sqld, startSqld } from './support/sqld.ts';

/** F41 and F42 of the fault catalogue, as the visitors of a Space meet them: its database server is away. */

const TICK_EVERY_MS = 200;
const DEADLINE_MS = 500;
/** Stands for the minute of the catalogue: thirty pauses between ticks. */
const OUTAGE_MS = 6_000;
const CASES = 20;
const QUERY = 'fever and syncope, coved ST elevation in V1 and V2, troponin normal';

let folder: string;
let sqld: Sqld;
let net: NetProxy;
let space: Space;
let server: RunningServer;
const lines = readFileSync(sampleFile, 'utf8').trim().split('\n');
const ingest = async (name: string, records: readonly string[]): Promise<void> => {
  const [first] = space.pipeline.stages;
  if (!first) throw new Error('the pipeline has no stage');
  const file = join(folder, `${name}.jsonl`);
  writeFileSync(file, records.join('\n'));
  await ingestFile(space.db, first, file, { stopping: () => false, onProgress: () => undefined });
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'anamnesis-down-'));
  sqld = await startSqld();
  net = await startNetProxy(sqld.url, 42);
  const config = readConfig({
    DATA_DIR: folder,
    PORT: '0',
    TICK_EVERY_MS: String(TICK_EVERY_MS),
    DATABASE_URL: net.url,
    DATABASE_DEADLINE_MS: String(DEADLINE_MS),
  });
  // The server's own words in an outage are no matter here.
  space = await openSpace(config, createLog('silent'));
  await ingest('first', lines.slice(0, CASES));
  await runUntilIdle(space, { stopping: () => false, onProgress: () => undefined, waitMsMax: 30_000 });
  const serving = createServing(space);
  await serving.refresh();
  server = await startServer(space, serving);
});
afterEach(() => net.set({}));
afterAll(async () => {
  net?.set({});
  await server?.stop();
  await space?.close();
  await net?.close();
  await sqld?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const get = (path: string): Promise<Response> => fetch(`${server.url}${path}`);
const searchOnce = (): Promise<Response> =>
  fetch(`${server.url}/api/search`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text: QUERY, k: 3 }),
  });
/** Searches one after the other for `forMs`. Returns how many there were, and how many did not answer with results. */
async function searchFor(forMs: number): Promise<{ searches: number; failed: number }> {
  const untilMs = performance.now() + forMs;
  let [searches, failed] = [0, 0];
  while (performance.now() < untilMs) {
    const response = await searchOnce();
    const { results } = (await response.json()) as SearchAnswer;
    searches += 1;
    if (response.status !== 200 || results.length !== 3) failed += 1;
    await sleep(50);
  }
  return { searches, failed };
}
const statusWorks = () => expect.poll(async () => (await get('/api/status')).status, { timeout: 30_000 }).toBe(200);
async function expectUnreachable(path: string): Promise<void> {
  const response = await get(path);
  const body = await response.text();
  expect(response.status, `${path}: ${body}`).toBe(503);
  expect(Number(response.headers.get('Retry-After')), path).toBeGreaterThan(0);
  expect(body, path).toMatch(/database does not answer/i);
  // Where it stands is no business of a visitor.
  expect(body).not.toContain(net.url);
}

describe('F42: a database server that refuses every connection', () => {
  test('searches go on, the API answers 503 with Retry-After, and attempts to reach it grow rarer', async () => {
    await statusWorks();
    net.set({ down: true });
    await Promise.all(['/api/status', '/readyz'].map(expectUnreachable));
    expect((await get('/livez')).status).toBe(200);
    net.reset();
    const { searches, failed } = await searchFor(OUTAGE_MS);
    const counts = net.counts();
    await Promise.all(['/api/status', '/readyz'].map(expectUnreachable));
    console.info(
      `F42: ${OUTAGE_MS} ms without a database: ${failed} of ${searches} searches failed, ${counts.connections} connections tried, ` +
        `at most ${connectionsInOneSecond(counts)} in one second, ${(counts.connections / (OUTAGE_MS / 1_000)).toFixed(1)} a second`,
    );
    expect(searches).toBeGreaterThan(10);
    expect(failed).toBe(0);
    // A host that kept its pace would try for a tick each 200 ms, and for a new release each 2 s.
    expect(counts.connections).toBeLessThan(OUTAGE_MS / TICK_EVERY_MS / 2);
    net.set({});
    await statusWorks();
    // The answer of a probe is kept for a second.
    await expect.poll(async () => (await get('/readyz')).status, { timeout: 30_000 }).toBe(200);
  });

  test('the status page says so to people', async () => {
    net.set({ down: true });
    expect(await (await get('/status')).text()).toContain('its database does not');
  });
});

describe('F42: a database server whose connections are reset with p = 0.3', () => {
  test('searches go on, no answer is a 500, and what was brought in meanwhile is worked to the end', async () => {
    await statusWorks();
    net.reset();
    net.set({ resetShare: 0.15, cutShare: 0.15 / 0.85 });
    const seen = new Map<number, number>();
    const asking = (async () => {
      for (let n = 0; n < 40; n++) {
        const { status } = await get('/api/status');
        seen.set(status, (seen.get(status) ?? 0) + 1);
        await sleep(50);
      }
    })();
    const { searches, failed } = await searchFor(3_000);
    await asking;
    const counts = net.counts();
    console.info(
      `F42: ${counts.resets} resets before and ${counts.cuts} after the work in ${counts.requests} requests: ${failed} of ${searches} searches ` +
        `failed, statuses ${JSON.stringify([...seen])}, at most ${connectionsInOneSecond(counts)} connections in one second`,
    );
    expect(failed).toBe(0);
    expect([...seen.keys()].filter((status) => status !== 200 && status !== 503)).toEqual([]);
    net.set({});
    await ingest('second', lines.slice(CASES, CASES + 5));
    const answer = async () => (await (await get('/api/status')).json()) as StatusAnswer;
    await expect.poll(async () => (await answer()).stage, { timeout: 60_000 }).toBe('SERVING');
    const { documents, stages } = await answer();
    expect(documents).toBe(CASES + 5);
    expect(stages.map(({ dead }) => dead)).toEqual(stages.map(() => 0));
  });
});

describe('F41: a database server that takes connections and never answers', () => {
  test('searches go on, the API answers 503, and once the server answers all is well again', async () => {
    await statusWorks();
    net.set({ blackhole: true });
    // More than one visitor looks at the status; none of their calls may keep a place.
    const startedMs = performance.now();
    await Promise.all(Array.from({ length: 30 }, () => expectUnreachable('/api/status')));
    await expectUnreachable('/readyz');
    const tookMs = performance.now() - startedMs;
    const { searches, failed } = await searchFor(2_000);
    expect(failed).toBe(0);
    net.set({});
    const healedMs = performance.now();
    await statusWorks();
    await expect.poll(async () => (await get('/readyz')).status, { timeout: 30_000 }).toBe(200);
    console.info(
      `F41: silence: ${failed} of ${searches} searches failed; 31 status and readiness calls in ${Math.round(tookMs)} ms at a ` +
        `deadline of ${DEADLINE_MS} ms; ready again ${Math.round(performance.now() - healedMs)} ms after it`,
    );
  });

  test('is given up at start with an error that says so', async () => {
    net.set({ blackhole: true });
    const opening = openDatabase({ url: net.url, deadlineMs: DEADLINE_MS });
    opening.then((opened) => opened.close()).catch(() => undefined);
    const waited = Symbol('still waiting');
    const outcome = await Promise.race([opening.catch((error: unknown) => error), sleep(20 * DEADLINE_MS, waited)]);
    expect(outcome).not.toBe(waited);
    expect(outcome).toBeInstanceOf(DatabaseError);
  });

  test('does not keep the Space from stopping', async () => {
    await statusWorks();
    net.set({ blackhole: true });
    await sleep(2 * TICK_EVERY_MS);
    await server.stop();
    await expect(get('/livez')).rejects.toThrow();
  });
});
