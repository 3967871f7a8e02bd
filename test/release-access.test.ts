import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fitBuiltin, loadBuiltin } from '../core/models/builtin.ts';
import type { ReleaseManifest } from '../core/search/contract.ts';
import { contentHash, openRelease, type Release, ReleaseFormatError, writeRelease } from '../core/search/release.ts';
import { search } from '../core/search/search.ts';
import { SETTINGS } from '../core/search/settings.ts';
import { searchKernel } from '../space/kernel.ts';
import { releaseAccess } from '../space/release-access.ts';
import { openReleaseStore, ReleaseFileError, type ReleaseStore } from '../space/store/releases.ts';
import { byId, releaseCases, sampleTexts } from './support/release-in-memory.ts';

const folder = mkdtempSync(join(tmpdir(), 'anamnesis-access-'));
const texts = [...sampleTexts(40)].sort(byId);
const embedder = loadBuiltin(fitBuiltin(texts.map(({ text }) => text)));
let store: ReleaseStore;
let manifest: ReleaseManifest;
let whole: Release;

beforeAll(async () => {
  store = openReleaseStore(folder);
  const writer = await store.begin(1);
  const written = await writeRelease(releaseCases(texts, embedder), writer, { generation: embedder.fingerprint });
  const files = await writer.finish();
  manifest = {
    format: 1,
    version: 1,
    createdAt: '2026-01-01T00:00:00Z',
    generation: embedder.fingerprint,
    ...written,
    files,
    contentHash: await contentHash(files),
    faissFiles: [],
  };
  await writer.publish(manifest);
  whole = await openRelease(manifest, read, await searchKernel());
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const read = (file: string) => store.read(1, file);
/** As a release that is too large to be held. */
const openLarge = async () => openRelease(manifest, read, await searchKernel(), releaseAccess(store, manifest, 0));

test('a large release that is read by row gives the answers of one that is held', async () => {
  const large = await openLarge();
  const deps = { embedder, nowMs: () => 0 };
  for (const { id, text } of texts.slice(0, 8)) {
    for (const query of [{ case_id: id }, { text }]) {
      const asked = { ...query, k: 15, legs: SETTINGS.legs, explain: true };
      expect(await search(large, asked, deps)).toEqual(await search(whole, asked, deps));
    }
  }
});

/** Puts the file back as it was after `check`. */
async function damaged(file: string, damage: (path: string) => void, check: () => Promise<void>): Promise<void> {
  const path = store.path(1, file);
  copyFileSync(path, `${path}.kept`);
  damage(path);
  try {
    await check();
  } finally {
    copyFileSync(`${path}.kept`, path);
    rmSync(`${path}.kept`);
  }
}

test('a row that was altered on disk is told from the one that the release was built with', async () => {
  const large = await openLarge();
  await damaged(
    'whole.f32',
    (path) => {
      const bytes = readFileSync(path);
      bytes.set(bytes.subarray(0, 1536), 3 * 1536);
      writeFileSync(path, bytes);
    },
    async () => {
      await expect(large.vectors('whole', [2])).resolves.toHaveLength(384);
      await expect(large.vectors('whole', [2, 3])).rejects.toThrow(/whole[.]f32: row 3 is not/);
      await expect(large.vectors('whole', [3])).rejects.toThrow(ReleaseFormatError);
    },
  );
});

test.each(['whole.f32', 'cases.jsonl.gz', 'ecg.i8'])('a %s that was cut short is refused on opening', async (file) => {
  await damaged(
    file,
    (path) => truncateSync(path, 100),
    () => expect(openLarge()).rejects.toThrow(ReleaseFileError),
  );
});

test('codes that were altered are refused by their hash', async () => {
  await damaged(
    'whole.i8',
    (path) => {
      const bytes = readFileSync(path);
      bytes[5] = (bytes[5] ?? 0) ^ 1;
      writeFileSync(path, bytes);
    },
    () => expect(openLarge()).rejects.toThrow(/sha256/),
  );
});

test('a file that shrinks while a release is open ends in an error that names it', async () => {
  const large = await openLarge();
  await damaged(
    'whole.f32',
    (path) => truncateSync(path, 10 * 1536),
    () => expect(large.vectors('whole', [12])).rejects.toThrow(/release 1, whole[.]f32: it ended/),
  );
});
