import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Database, DatabaseError, statement } from '../core/engine/index.ts';
import { fitBuiltin, loadBuiltin } from '../core/models/builtin.ts';
import type { Embedder } from '../core/models/ports.ts';
import type { SearchAnswer } from '../core/search/contract.ts';
import { parseSearchRequest } from '../core/search/request.ts';
import { pauseMs } from '../space/backoff.ts';
import { describeSettings } from '../space/config.ts';
import { type OpenDatabase, openDatabase } from '../space/database.ts';
import { FaissFileError, type FaissService, FaissUnavailableError } from '../space/faiss/service.ts';
import { createLog } from '../space/host/log.ts';
import { databaseProbe } from '../space/probe.ts';
import { releaseBuilder } from '../space/release-builder.ts';
import { startServer } from '../space/server.ts';
import { createServing, NotReadyError, type Serving, type ServingDeps } from '../space/serving.ts';
import type { Space } from '../space/space.ts';
import { openReleaseStore, type ReleaseStore } from '../space/store/releases.ts';
import { fakeRuntime } from './support/engine/runtime.ts';
import { releaseCases, sampleTexts } from './support/release-in-memory.ts';

const TEXTS = sampleTexts(24);
const QUERY = 'fever and syncope, ST elevation in V1, raised troponin';
let embedder: Embedder;
beforeAll(() => {
  embedder = loadBuiltin(fitBuiltin(TEXTS.map(({ text }) => text)));
});

let root: string;
let opened: OpenDatabase;
let store: ReleaseStore;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'anamnesis-serving-'));
  opened = await openDatabase({ url: `file:${join(root, 'state.db')}`, deadlineMs: 10_000 });
  store = openReleaseStore(join(root, 'store'));
});
afterEach(() => {
  opened.close();
  rmSync(root, { recursive: true, force: true });
});

/** The case ids of release `version` all begin so: an answer shows by its cases which release gave it. */
const prefix = (version: number): string => `r${version}-`;

type FaissStub = { trouble: Error | null; opens: number; readonly service: FaissService };

/** Which FAISS there is: none, or one that opens releases while `trouble` is null and finds nothing. */
function faissStub(trouble: Error | null): FaissStub {
  const versions: number[] = [];
  const stub: FaissStub = {
    trouble,
    opens: 0,
    service: {
      async build(jobs) {
        for (const { outPath } of jobs) writeFileSync(outPath, 'index');
        return [];
      },
      async open(version) {
        stub.opens += 1;
        if (stub.trouble) throw stub.trouble;
        versions.push(version);
      },
      search: () => Promise.reject(stub.trouble ?? new Error('nothing to be found')),
      state: () => ({
        kind: stub.trouble instanceof FaissUnavailableError ? 'unavailable' : 'ready',
        reason: stub.trouble?.message ?? null,
        searches: 0,
        restarts: 0,
        recycles: 0,
        versions,
        pid: null,
      }),
      close: async () => {},
    },
  };
  return stub;
}

const NO_FAISS = new FaissUnavailableError('faiss-node does not load: no such file /srv/app/faiss-node', 'Install it.');

/** Builds and publishes a release of twelve sample cases, as the index stage does. */
async function publish(version: number, faiss: FaissService = withoutFaiss()): Promise<void> {
  const { db } = opened;
  const build = releaseBuilder({
    db,
    store,
    faiss,
    releasesKept: 5,
    nowIso: () => new Date().toISOString(),
    onDegraded: () => {},
  });
  const texts = TEXTS.slice(version, version + 12).map((text) => ({ ...text, id: prefix(version) + text.id }));
  const corpus = { cases: () => releaseCases(texts, embedder), read: () => releaseCases([], embedder) };
  const { caseCount, contentHash } = await build({ version, generation: embedder.fingerprint, corpus });
  await db.write([
    statement(
      `INSERT INTO release(version, state, lease_id, generation, case_count, content_hash, started_at_ms, published_at_ms)
       VALUES (?, 'published', 1, ?, ?, ?, 0, 0)`,
      [version, embedder.fingerprint, caseCount, contentHash],
    ),
  ]);
}

function withoutFaiss(): FaissService {
  return { ...faissStub(NO_FAISS).service, build: () => Promise.reject(NO_FAISS) };
}

type Counted = { readonly deps: ServingDeps; readonly logged: string[]; reads: number };

function depsOf(faiss: FaissService = withoutFaiss()): Counted {
  const logged: string[] = [];
  const log = (line: unknown): void => {
    logged.push(JSON.stringify(line));
  };
  const counted: Counted = {
    reads: 0,
    logged,
    deps: {
      db: opened.db,
      store: {
        ...store,
        manifest: (version) => {
          counted.reads += 1;
          return store.manifest(version);
        },
        read: (version, file) => {
          counted.reads += 1;
          return store.read(version, file);
        },
      },
      generations: {
        embedderName: embedder.name,
        newest: async () => embedder.fingerprint,
        forEmbedding: async () => embedder,
        of: async () => embedder,
      },
      faiss,
      log: { debug: log, info: log, warn: log, error: log },
    },
  };
  return counted;
}

function find(serving: Serving, more: object = {}): Promise<SearchAnswer> {
  const parsed = parseSearchRequest({ text: QUERY, k: 5, ...more });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return serving.search(parsed.request);
}

/** Every case of an answer is of the release that the answer names. */
function expectOneRelease(answer: SearchAnswer): void {
  expect(answer.results).toHaveLength(5);
  for (const { case_id } of answer.results) expect(case_id.startsWith(prefix(answer.release.version))).toBe(true);
}

const fileOf = (version: number, file: string): string => join(root, 'store', 'releases', String(version), file);

/** What is kept beside a release for people, other programs and the next build; a search does not read it. */
const NOT_SERVED = ['calibration.json', 'cases.sha256', 'origins.bin'];

describe('a damaged newest release', () => {
  const damages: readonly (readonly [string, (path: string) => void])[] = [
    [
      'one bit of it flipped',
      (path) => {
        const bytes = readFileSync(path);
        const at = bytes.length >> 1;
        bytes[at] = (bytes[at] ?? 0) ^ 1;
        writeFileSync(path, bytes);
      },
    ],
    ['its second half cut off', (path) => truncateSync(path, readFileSync(path).length >> 1)],
    ['it deleted', (path) => rmSync(path)],
  ];

  test.each(damages)('any file with %s: the older release answers, and says so', async (_, damage) => {
    await publish(1);
    await publish(2);
    const files = readdirSync(fileOf(2, '')).filter((file) => !NOT_SERVED.includes(file));
    expect(files).toContain('manifest.json');
    for (const file of files) {
      const good = readFileSync(fileOf(2, file));
      if (good.length === 0) continue;
      damage(fileOf(2, file));
      const { deps } = depsOf();
      const serving = createServing(deps);
      expect(await serving.refresh(), file).toBe(1);
      expect(serving.ready()).toEqual({ ready: true, reason: null });
      const answer = await find(serving);
      expect(answer.release.version).toBe(1);
      expectOneRelease(answer);
      expect(answer.degraded).toEqual(serving.degraded());
      expect(answer.degraded[0]).toMatch(/^release 2 cannot be served: .*; release 1 answers instead$/);
      expect(answer.degraded.join()).not.toContain(root);
      writeFileSync(fileOf(2, file), good);
    }
  });

  test('is read again only after pauses that double to five minutes, and once it is whole it is served', async () => {
    await publish(1);
    await publish(2);
    const good = readFileSync(fileOf(2, 'cards.bin'));
    truncateSync(fileOf(2, 'cards.bin'), 3);
    let nowMs = 0;
    const counted = depsOf();
    const serving = createServing(counted.deps, () => nowMs);
    await serving.refresh();
    const triedAtS: number[] = [];
    for (nowMs = 2_000; nowMs <= 1_800_000; nowMs += 2_000) {
      const [readsBefore, linesBefore] = [counted.reads, counted.logged.length];
      expect(await serving.refresh()).toBe(1);
      if (counted.reads > readsBefore) triedAtS.push(nowMs / 1_000);
      else expect(counted.logged).toHaveLength(linesBefore);
    }
    // Pauses of 2, 4, 8, 16, 32, 64, 128, 256 and then 300 s.
    expect(triedAtS).toEqual([2, 6, 14, 30, 62, 126, 254, 510, 810, 1_110, 1_410, 1_710]);
    expect(serving.degraded()[0]).toContain('release 2 cannot be served');
    writeFileSync(fileOf(2, 'cards.bin'), good);
    nowMs += 300_000;
    expect(await serving.refresh()).toBe(2);
    expect(serving.degraded().join()).not.toContain('cannot be served');
  });

  test('does not keep the next one waiting', async () => {
    await publish(1);
    await publish(2);
    truncateSync(fileOf(2, 'cards.bin'), 3);
    const serving = createServing(depsOf().deps, () => 0);
    expect(await serving.refresh()).toBe(1);
    await publish(3);
    expect(await serving.refresh()).toBe(3);
    expect((await find(serving)).release.version).toBe(3);
  });

  test('with no older one: not ready, with a reason that names no path', async () => {
    await publish(1);
    rmSync(fileOf(1, ''), { recursive: true });
    const counted = depsOf();
    const serving = createServing(counted.deps);
    expect(await serving.refresh()).toBe(null);
    const { ready, reason } = serving.ready();
    expect([ready, reason]).toEqual([false, expect.stringContaining('release 1 cannot be served')]);
    expect(serving.degraded()[0]).toContain('release 1 cannot be served');
    expect(`${reason}${serving.degraded()}`).not.toContain(root);
    await expect(find(serving)).rejects.toThrow(NotReadyError);
  });

  test('a release that is served stays when the next one is damaged', async () => {
    await publish(1);
    const serving = createServing(depsOf().deps);
    await serving.refresh();
    await publish(2);
    rmSync(fileOf(2, 'whole.f32'));
    expect(await serving.refresh()).toBe(1);
    expectOneRelease(await find(serving));
    expect(serving.degraded()[0]).toContain('release 1 answers instead');
  });
});

test('while releases are switched under running searches every answer is of one release and names it', async () => {
  await publish(1);
  const serving = createServing(depsOf().deps);
  await serving.refresh();
  const seen = new Set<number>();
  let switching = true;
  const searcher = async (): Promise<void> => {
    do {
      const answer = await find(serving);
      expectOneRelease(answer);
      const own = await serving.caseById(answer.results[0]?.case_id ?? '');
      // The release may have changed since; then the case is not there. What is there is of one release.
      if (own) expect(own.case_id.startsWith(prefix(own.provenance.release))).toBe(true);
      seen.add(answer.release.version);
      // Lets the disk have a turn, as a server does between requests.
      await setImmediate();
    } while (switching);
  };
  const searchers = Promise.all([searcher(), searcher()]);
  try {
    for (const version of [2, 3]) {
      await publish(version);
      // Several at once, as the poll and a command do.
      expect(await Promise.all([serving.refresh(), serving.refresh()])).toEqual([version, version]);
      expectOneRelease(await find(serving));
    }
  } finally {
    switching = false;
    await searchers;
  }
  expect([...seen].sort()).toEqual([1, 2, 3]);
});

test('two refreshes at once read the release once', async () => {
  await publish(1);
  const one = depsOf();
  await createServing(one.deps).refresh();
  const two = depsOf();
  const serving = createServing(two.deps);
  await Promise.all([serving.refresh(), serving.refresh()]);
  expect(two.reads).toBe(one.reads);
});

describe('FAISS', () => {
  const damaged = (): FaissFileError =>
    new FaissFileError(join(root, 'store/releases/1/ecg.index'), 'its sha256 is off');

  test('that did not open is tried again with growing pauses while the exact scan answers, until it opens', async () => {
    const faiss = faissStub(null);
    await publish(1, faiss.service);
    faiss.trouble = damaged();
    let nowMs = 0;
    const counted = depsOf(faiss.service);
    const serving = createServing(counted.deps, () => nowMs);
    expect(await serving.refresh()).toBe(1);
    const triedAtS: number[] = [];
    for (nowMs = 2_000; nowMs <= 60_000; nowMs += 2_000) {
      const before = faiss.opens;
      await serving.refresh();
      if (faiss.opens > before) triedAtS.push(nowMs / 1_000);
    }
    expect(triedAtS).toEqual([2, 6, 14, 30]);
    const answer = await find(serving, { engine: 'faiss' });
    expectOneRelease(answer);
    expect(answer.engine).toBe('fused');
    expect(answer.degraded.join()).toContain('FAISS is not in use: an index file is missing or not what');
    expect(answer.degraded.join()).not.toContain(root);
    // The log is where the path is to be found.
    expect(counted.logged.join()).toContain(root);

    faiss.trouble = null;
    nowMs = 62_000;
    await serving.refresh();
    expect(serving.degraded()).toEqual([]);
    const { opens } = faiss;
    nowMs += 600_000;
    await serving.refresh();
    expect(faiss.opens).toBe(opens);
  });

  test('that gives up after it has opened is brought back', async () => {
    const faiss = faissStub(null);
    await publish(1, faiss.service);
    const serving = createServing(depsOf(faiss.service).deps, () => 0);
    await serving.refresh();
    expect(serving.degraded()).toEqual([]);
    faiss.trouble = NO_FAISS;
    expect(serving.degraded()).toEqual([expect.stringMatching(/^FAISS is not in use: it has stopped; search serves/)]);
    await serving.refresh();
    expect(faiss.opens).toBe(2);
    expect(serving.degraded().join()).not.toContain('/srv/app');
  });

  test('that fails in a search says so without a path', async () => {
    const faiss = faissStub(null);
    await publish(1, faiss.service);
    const serving = createServing(depsOf(faiss.service).deps);
    await serving.refresh();
    faiss.trouble = damaged();
    const answer = await find(serving, { engine: 'faiss' });
    expectOneRelease(answer);
    expect(answer.degraded).toEqual([expect.stringMatching(/^FAISS failed \(an index file is missing/)]);
  });

  test('that a release was built without is not asked for', async () => {
    await publish(1);
    const faiss = faissStub(null);
    const serving = createServing(depsOf(faiss.service).deps);
    await serving.refresh();
    await serving.refresh();
    expect(faiss.opens).toBe(0);
    expect(serving.degraded()).toEqual([expect.stringContaining('built without FAISS indices')]);
  });
});

test.each([
  [1, 2_000],
  [2, 4_000],
  [8, 256_000],
  [9, 300_000],
  [5_000, 300_000],
])('after %i failures in a row it rests for %i ms', (failures, ms) => {
  expect(pauseMs(failures)).toBe(ms);
});

describe('a build', () => {
  test('leaves the folders of others that were at work in the last hour', async () => {
    const [young, old] = [fileOf(7, ''), fileOf(8, '')];
    for (const folder of [young, old]) await mkdir(folder, { recursive: true });
    const twoHoursAgo = new Date(Date.now() - 7_200_000);
    utimesSync(old, twoHoursAgo, twoHoursAgo);
    await publish(1);
    expect(existsSync(young)).toBe(true);
    expect(existsSync(old)).toBe(false);
  });

  test('can learn the highest version of a store that is older than its database', async () => {
    const { db } = opened;
    const build = releaseBuilder({
      db,
      store,
      faiss: withoutFaiss(),
      releasesKept: 3,
      nowIso: () => new Date().toISOString(),
      onDegraded: () => {},
    });
    expect(await build.newestVersion()).toBe(0);
    await publish(4);
    writeFileSync(fileOf(4, 'manifest.json'), 'not JSON');
    expect(await build.newestVersion()).toBe(4);
  });
});

describe('whether the database can be reached', () => {
  const dbOf = (read: Database['read']): Database => ({ read, write: read });

  test('is asked at most once a second, however many want to know', async () => {
    let [asked, nowMs] = [0, 0];
    const probe = databaseProbe(
      dbOf(async () => {
        asked += 1;
        return [];
      }),
      () => nowMs,
    );
    expect(await Promise.all([probe(), probe(), probe()])).toEqual([true, true, true]);
    nowMs = 999;
    await probe();
    expect(asked).toBe(1);
    nowMs = 1_000;
    await probe();
    expect(asked).toBe(2);
  });

  test('is no when it refuses, and yes again once it answers', async () => {
    let [down, nowMs] = [true, 0];
    const probe = databaseProbe(
      dbOf(() => (down ? Promise.reject(new DatabaseError('gone')) : Promise.resolve([]))),
      () => nowMs,
    );
    expect(await probe()).toBe(false);
    down = false;
    nowMs = 1_000;
    expect(await probe()).toBe(true);
  });

  test('/readyz says so while searches go on', async () => {
    await publish(1);
    const { deps } = depsOf();
    let down = false;
    const db = dbOf((statements) =>
      down ? Promise.reject(new DatabaseError(`no answer from ${root}`)) : opened.db.read(statements),
    );
    const serving = createServing({ ...deps, db });
    await serving.refresh();
    const config = { port: 0, host: '127.0.0.1', tickEveryMs: 3_600_000, tickBudgetMs: 1_000 };
    // The server reads no more of a Space than this, and its ticks may fail.
    const server = await startServer(
      { ...deps, db, config, log: createLog('silent'), runtime: fakeRuntime() } as unknown as Space,
      serving,
    );
    try {
      down = true;
      const ready = await fetch(`${server.url}/readyz`);
      expect(ready.status).toBe(503);
      expect(ready.headers.get('Retry-After')).toBe('5');
      const body = await ready.text();
      expect(body).toContain('database does not answer');
      expect(body).not.toContain(root);
      const found = await fetch(`${server.url}/api/search`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ text: QUERY, k: 5 }),
      });
      expect(found.status).toBe(200);
    } finally {
      await server.stop();
    }
  });
});

test('no description of the settings holds a secret', () => {
  const env = {
    DATABASE_URL: 'libsql://someone:hidden-1@host.example/db?authToken=hidden-2',
    DATABASE_AUTH_TOKEN: 'hidden-3',
    PORT: '8080',
  };
  const described = describeSettings(env);
  expect(JSON.stringify(described)).not.toContain('hidden');
  expect(described.find(({ name }) => name === 'DATABASE_URL')?.value).toBe('libsql://…@host.example/db');
  expect(described.find(({ name }) => name === 'PORT')?.value).toBe('8080');
});
