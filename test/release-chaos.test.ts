import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { corpusOf, currentRelease, requestRebuild } from '../core/corpus.ts';
import { statement } from '../core/engine/index.ts';
import { seeded } from '../core/models/builtin-numbers.ts';
import type { ReleaseManifest } from '../core/search/contract.ts';
import { parseSearchRequest } from '../core/search/request.ts';
import { readConfig } from '../space/config.ts';
import { createLog } from '../space/host/log.ts';
import { ingestFile } from '../space/ingest/ingest.ts';
import { releaseBuilder } from '../space/release-builder.ts';
import { sampleFile } from '../space/sample/sample.ts';
import { createServing } from '../space/serving.ts';
import { openSpace, type Space } from '../space/space.ts';
import { openReleaseStore, type ReleaseStore, StoreIoError } from '../space/store/releases.ts';
import { runUntilIdle } from '../space/ticking/run.ts';

const FLIPS = 200;
let folder: string;
let space: Space;
let manifest: ReleaseManifest;
let releases: string;
const pathOf = (version: number, file: string): string => join(releases, String(version), file);
const random = seeded(17);
const below = (n: number): number => Math.min(n - 1, Math.floor(((random() + 1) / 2) * n));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'anamnesis-chaos-'));
  releases = join(folder, 'store', 'releases');
  space = await openSpace(readConfig({ DATA_DIR: folder }), createLog('silent'));
  const [scrape] = space.pipeline.stages;
  if (!scrape) throw new Error('the pipeline has no stage');
  const file = join(folder, 'some.jsonl');
  writeFileSync(file, readFileSync(sampleFile, 'utf8').split('\n').slice(0, 30).join('\n'));
  await ingestFile(space.db, scrape, file, { stopping: () => false, onProgress: () => undefined });
  await runUntilIdle(space, { stopping: () => false, onProgress: () => undefined, waitMsMax: 30_000 });
  manifest = await space.store.manifest(1);
}, 120_000);
afterAll(async () => {
  await space?.close();
  rmSync(folder, { recursive: true, force: true });
});

const filesOf = ({ files, faissFiles }: ReleaseManifest): readonly string[] =>
  [...files, ...faissFiles].filter(({ bytes }) => bytes > 0).map(({ file }) => file);
/** What reads a file before it is used: the same that serving, FAISS and the next build ask. */
const readable = (store: ReleaseStore, file: string): Promise<boolean> =>
  (file === 'manifest.json' ? store.manifest(1) : store.read(1, file)).then(
    () => true,
    () => false,
  );

test(`of ${FLIPS} flipped bits in every file of a release each is found before the file is used`, async () => {
  const files = [...filesOf(manifest), 'manifest.json'];
  const missed: string[] = [];
  for (const file of files) {
    const good = readFileSync(pathOf(1, file));
    for (let trial = 0; trial < FLIPS; trial += 1) {
      const bad = Uint8Array.from(good);
      const at = below(bad.length);
      bad[at] = (bad[at] ?? 0) ^ (1 << below(8));
      writeFileSync(pathOf(1, file), bad);
      if (await readable(space.store, file)) missed.push(`${file} at ${at}`);
    }
    writeFileSync(pathOf(1, file), good);
    expect(await readable(space.store, file), file).toBe(true);
  }
  expect(missed).toEqual([]);
  console.info(
    `F17: ${files.length * FLIPS} bits flipped in ${files.length} files of a release: 100 % found before use (${files.join(', ')})`,
  );
}, 120_000);

test('a file that is cut, too long, missing, or a folder in its place is refused', async () => {
  const kinds: Readonly<Record<string, (path: string, bytes: number) => void>> = {
    'cut to nothing': (path) => truncateSync(path, 0),
    'cut to half': (path, bytes) => truncateSync(path, bytes >> 1),
    'one byte short': (path, bytes) => truncateSync(path, bytes - 1),
    'one byte long': (path, bytes) => truncateSync(path, bytes + 1),
    missing: (path) => rmSync(path),
    'a folder': (path) => {
      rmSync(path);
      mkdirSync(path);
    },
  };
  const files = [...filesOf(manifest), 'manifest.json'];
  let handled = 0;
  for (const file of files) {
    const good = readFileSync(pathOf(1, file));
    for (const [kind, damage] of Object.entries(kinds)) {
      damage(pathOf(1, file), good.length);
      // A manifest with a zero byte behind it is no JSON; one that lacks its last line feed says the same.
      const same = file === 'manifest.json' && kind === 'one byte short';
      expect(await readable(space.store, file), `${file}: ${kind}`).toBe(same);
      handled += 1;
      rmSync(pathOf(1, file), { recursive: true, force: true });
      writeFileSync(pathOf(1, file), good);
    }
  }
  console.info(
    `F19: ${Object.keys(kinds).length} kinds of damage on ${files.length} files: ${handled} of ${handled} handled`,
  );
});

test('stray files and foreign releases are never loaded', async () => {
  writeFileSync(join(releases, '1', 'lexical.bin.0000.tmp'), 'half of it');
  writeFileSync(join(folder, 'store', 'faiss_version.json.1.tmp'), '{');
  mkdirSync(join(releases, 'latest'));
  cpSync(join(releases, '1'), join(releases, '7'), { recursive: true });
  cpSync(join(releases, '1'), join(releases, '8'), { recursive: true });
  writeFileSync(pathOf(8, 'manifest.json'), JSON.stringify({ ...manifest, format: 2, version: 8 }));
  mkdirSync(join(releases, '9'));
  writeFileSync(pathOf(9, 'lexical.bin'), readFileSync(pathOf(1, 'lexical.bin')));
  const store = openReleaseStore(join(folder, 'store'));
  const serving = createServing({ ...space, store });
  expect(await serving.refresh()).toBe(1);
  expect((await store.list()).map(({ version }) => version)).toEqual([1]);
  for (const version of [7, 8, 9]) await expect(store.read(version, 'lexical.bin')).rejects.toThrow();
  const removed = await store.sweep({ keep: 3, current: 1, liveVersion: null });
  expect(removed.some((line) => line.includes('lexical.bin.0000.tmp'))).toBe(true);
  for (const name of ['7', '8', '9', 'latest']) rmSync(join(releases, name), { recursive: true, force: true });
  console.info(
    'F20: a temporary file, a copied release, one of a newer format, one without manifest, a foreign folder: 0 wrong loads',
  );
});

test('with the disk full at any write of a build, the old release answers and nothing is left behind', async () => {
  const { db, faiss } = space;
  const generation = await space.generations.newest();
  const parsed = parseSearchRequest({ text: 'fever and syncope', k: 3 });
  if (!parsed.ok) throw new Error('the query is not valid');
  const serving = createServing(space);
  await serving.refresh();
  const bytesOnDisk = (): number =>
    readdirSync(join(folder, 'store'), { recursive: true, withFileTypes: true }).reduce(
      (sum, entry) => sum + (entry.isFile() ? statSync(join(entry.parentPath, entry.name)).size : 0),
      0,
    );
  const before = bytesOnDisk();
  let failed = 0;
  let answers = 0;
  for (let nth = 0; ; nth += 1) {
    let writes = 0;
    const store: ReleaseStore = {
      ...space.store,
      async begin(version) {
        const writer = await space.store.begin(version);
        return {
          ...writer,
          async append(file, bytes) {
            writes += 1;
            if (writes > nth) throw new StoreIoError(file, 'ENOSPC', null);
            await writer.append(file, bytes);
          },
        };
      },
    };
    const build = releaseBuilder({
      ...{ db, store, faiss, releasesKept: 3, nowIso: () => new Date().toISOString() },
      onDegraded: () => undefined,
    });
    const building = build({ version: 2, generation, corpus: corpusOf(db, generation) }).then(
      () => 'built',
      (error: unknown) => (error as Error).name,
    );
    expect((await serving.search(parsed.request)).release.version).toBe(1);
    answers += 1;
    const end = await building;
    if (end === 'built') break;
    expect(end).toBe('StoreIoError');
    expect(existsSync(pathOf(2, 'manifest.json'))).toBe(false);
    expect(bytesOnDisk()).toBe(before);
    expect((await currentRelease(db))?.version).toBe(1);
    expect(await serving.refresh()).toBe(1);
    failed += 1;
  }
  expect(failed).toBeGreaterThan(10);
  console.info(
    `F12: disk full at each of ${failed} writes of a build: ${answers} searches meanwhile, 0 failed; 0 bytes left behind, 0 manifests`,
  );
}, 60_000);

test('a release that is damaged under who serves it answers on, says so, and is replaced by a build from scratch', async () => {
  const serving = createServing(space);
  await serving.refresh();
  expect(await serving.verifyNow()).toEqual([]);
  const bytes = readFileSync(pathOf(1, 'lexical.bin'));
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 4;
  writeFileSync(pathOf(1, 'lexical.bin'), bytes);
  expect(await serving.verifyNow()).toEqual([expect.stringContaining('release 1, lexical.bin')]);
  expect(serving.degraded().join()).toMatch(/lexical\.bin: its content .*; it answers from memory/);
  expect(await createServing(space).refresh(), 'started anew').toBe(null);
  await runUntilIdle(space, { stopping: () => false, onProgress: () => undefined, waitMsMax: 30_000 });
  const served = await serving.refresh();
  expect(served).toBeGreaterThan(1);
  expect(await serving.verifyNow()).toEqual([]);
  expect(serving.degraded()).toEqual([]);
}, 60_000);

const asked = async (): Promise<number> => {
  const [task] = await space.db.read([
    statement(`SELECT count(*) AS n FROM task WHERE stage = 'index' AND state = 'ready'`),
  ]);
  return Number(task?.rows[0]?.n);
};
const build = () => runUntilIdle(space, { stopping: () => false, onProgress: () => undefined, waitMsMax: 30_000 });

test('a store that lost its releases has one built again, and does not ask for the next within the hour', async () => {
  let nowMs = 0;
  const serving = createServing(space, () => nowMs);
  rmSync(releases, { recursive: true });
  expect(await serving.refresh()).toBe(null);
  expect(await asked()).toBe(1);
  await build();
  const served = (await serving.refresh()) ?? 0;
  expect(served).toBeGreaterThan(1);
  // As where another host with a store of its own had built it.
  const lost = async (): Promise<number> => {
    await requestRebuild(space.db, { actor: 'test', reason: 'test' });
    await build();
    rmSync(releases, { recursive: true });
    expect(await serving.refresh()).toBe(served);
    return asked();
  };
  nowMs += 3_599_000;
  expect(await lost()).toBe(0);
  nowMs += 2_000;
  expect(await lost()).toBe(1);
  await build();
}, 60_000);

test('a release of a newer program is left alone by an older one', async () => {
  const current = await currentRelease(space.db);
  writeFileSync(pathOf(current?.version ?? 0, 'manifest.json'), JSON.stringify({ format: 99 }));
  const serving = createServing(space);
  await serving.refresh();
  expect(serving.degraded()[0]).toContain('it needs a newer program');
  expect(await asked()).toBe(0);
});
