import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { SearchRequest } from '../core/search/contract.ts';
import { CaseGoneError } from '../core/search/search.ts';
import { SETTINGS } from '../core/search/settings.ts';
import { type Config, readConfig } from '../space/config.ts';
import { createLog } from '../space/host/log.ts';
import { factsOf } from '../space/http/problems.ts';
import { ingestFile } from '../space/ingest/ingest.ts';
import { exampleQueries, sampleFile } from '../space/sample/sample.ts';
import { received, sent } from '../space/searching/protocol.ts';
import { type Searching, startSearching } from '../space/searching/searching.ts';
import { startServer } from '../space/server.ts';
import { createServing } from '../space/serving.ts';
import { openSpace, type Space } from '../space/space.ts';
import { runUntilIdle } from '../space/ticking/run.ts';

const log = createLog('silent');
const asked = (text: string): SearchRequest => ({ text, k: 5, legs: SETTINGS.legs, explain: true });
const QUERY = exampleQueries[0] ?? '';

let folder: string;
let config: Config;
let space: Space;
let workers: Worker[] = [];
const open: Searching[] = [];

/** A thread whose worker the test can end as a crash would. */
function begin(of: Config = config): Searching {
  const searching = startSearching(of, log, (data) => {
    const worker = new Worker(new URL('../space/searching/thread.mjs', import.meta.url), { workerData: data });
    workers.push(worker);
    return worker;
  });
  open.push(searching);
  return searching;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'anamnesis-thread-'));
  config = readConfig({ DATA_DIR: folder, PORT: '0', TICK_EVERY_MS: '600000', LOG_LEVEL: 'silent' });
  space = await openSpace(config, log, true);
  const [first] = space.pipeline.stages;
  if (!first) throw new Error('the pipeline has no stage');
  await ingestFile(space.db, first, sampleFile, { stopping: () => false, onProgress: () => undefined });
  await runUntilIdle(space, { stopping: () => false, onProgress: () => undefined, waitMsMax: 30_000 });
}, 120_000);
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
  workers = [];
});
afterAll(async () => {
  await space?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('searching in a thread of its own', () => {
  test('answers as serving in this thread does, by either engine', async () => {
    const here = createServing(space);
    await here.refresh();
    const searching = begin();
    const version = await searching.refresh();
    expect(version).toBe(await here.refresh());
    expect(searching.ready()).toEqual({ ready: true, reason: null });
    for (const engine of ['fused', 'faiss'] as const) {
      const request = { ...asked(QUERY), engine };
      const [there, expected] = await Promise.all([searching.search(request), here.search(request)]);
      expect(there.results.length).toBe(5);
      expect({ ...there, took_ms: 0 }).toEqual({ ...expected, took_ms: 0 });
    }
    const caseId = (await here.search(asked(QUERY))).results[0]?.case_id ?? '';
    expect(await searching.caseById(caseId)).toEqual(await here.caseById(caseId));
    expect(await searching.exportable(caseId)).toEqual(await here.exportable(caseId));
    expect(await searching.caseById('nowhere')).toBeNull();
  });

  test('an error keeps its name and fields on the way, so that it becomes the same problem', async () => {
    const searching = begin();
    await searching.refresh();
    const refused = await searching
      .search({ case_id: 'nowhere', k: 1, legs: SETTINGS.legs, explain: false })
      .catch((error: unknown) => error);
    expect(factsOf(refused)).toMatchObject({ status: 404, code: 'unknown_case' });
    const gone = received(sent(new CaseGoneError('PMC_1', 'retracted: J Test 2026')));
    expect(factsOf(gone)).toEqual(factsOf(new CaseGoneError('PMC_1', 'retracted: J Test 2026')));
    expect(factsOf(gone).status).toBe(410);
  });

  test('while it searches, the thread that serves answers others', async () => {
    const searching = begin();
    await searching.refresh();
    const server = await startServer(space, searching);
    try {
      const order: string[] = [];
      const delay = monitorEventLoopDelay({ resolution: 5 });
      delay.enable();
      const searches = Array.from({ length: 100 }, (_, i) =>
        searching
          .search(asked(`${QUERY} ${exampleQueries[i % exampleQueries.length]}`))
          .then(() => order.push('search')),
      );
      const live = fetch(`${server.url}/livez`).then(() => order.push('live'));
      await Promise.all([...searches, live]);
      delay.disable();
      console.info(`event loop held up at most ${(delay.max / 1e6).toFixed(1)} ms while 100 searches ran`);
      // Were both on one thread, 100 searches that were asked for first would come first.
      expect(order.indexOf('live')).toBeLessThan(50);
    } finally {
      await server.stop();
    }
  });

  test('a thread that dies is replaced, and what it held is asked again', async () => {
    const searching = begin();
    await searching.refresh();
    const answers = Array.from({ length: 10 }, () => searching.search(asked(QUERY)));
    await workers[0]?.terminate();
    const late = searching.search(asked(QUERY));
    const all = await Promise.all([...answers, late]);
    expect(all.every(({ results }) => results.length === 5)).toBe(true);
    expect(workers.length).toBe(2);
    expect(searching.ready().ready).toBe(true);
  });

  test('a request that was at hand when two threads died is given back, and others go on', async () => {
    const searching = begin();
    await searching.refresh();
    const first = searching.search(asked(QUERY)).catch((error: unknown) => error);
    await workers[0]?.terminate();
    await workers[1]?.terminate();
    expect(factsOf(await first)).toMatchObject({ status: 503, code: 'search_lost' });
    expect((await searching.search(asked(QUERY))).results.length).toBe(5);
  });

  test('more searches than can be answered in good time are refused at once', async () => {
    const searching = begin();
    await searching.refresh();
    const all = await Promise.allSettled(
      Array.from({ length: 300 }, () => searching.search({ ...asked('fever'), k: 1 })),
    );
    const refused = all.filter((one) => one.status === 'rejected');
    expect(refused.length).toBe(300 - 256);
    expect(factsOf(refused[0]?.reason)).toMatchObject({ status: 503, code: 'busy' });
  });

  test('without a release it says so, and takes one up when there is one', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'anamnesis-thread-'));
    try {
      const searching = begin(readConfig({ DATA_DIR: empty, LOG_LEVEL: 'silent' }));
      expect(await searching.refresh()).toBeNull();
      expect(searching.ready()).toEqual({ ready: false, reason: 'no release has been published yet' });
      const refused = await searching.search(asked(QUERY)).catch((error: unknown) => error);
      expect(factsOf(refused)).toMatchObject({ status: 503, code: 'not_ready' });
      await searching.close();
      cpSync(folder, empty, { recursive: true });
      const after = begin(readConfig({ DATA_DIR: empty, LOG_LEVEL: 'silent' }));
      const ending = new AbortController();
      const following = after.follow(50, ending.signal);
      await expect.poll(() => after.ready().ready, { timeout: 20_000 }).toBe(true);
      ending.abort();
      await following;
    } finally {
      rmSync(empty, { recursive: true, force: true });
    }
  });

  test('once closed it takes nothing more', async () => {
    const searching = begin();
    await searching.refresh();
    await searching.close();
    await expect(searching.search(asked(QUERY))).rejects.toThrow('has been ended');
  });
});
