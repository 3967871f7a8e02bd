import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ReleaseFile, ReleaseManifest } from '../core/search/contract.ts';
import { FACETS } from '../schema/vocabulary.ts';
import {
  openReleaseStore,
  ReleaseFileError,
  ReleaseManifestError,
  ReleaseRequestError,
  type ReleaseStore,
  type ReleaseWriter,
  sha256File,
} from '../space/store/releases.ts';

let root: string;
let store: ReleaseStore;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'anamnesis-store-'));
  store = openReleaseStore(join(root, 'store'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function manifestOf(
  version: number,
  files: readonly ReleaseFile[],
  more: Partial<ReleaseManifest> = {},
): ReleaseManifest {
  return {
    format: 1,
    version,
    createdAt: '2026-01-05T04:30:00.000Z',
    generation: 'builtin-1',
    caseCount: version * 10,
    viewCounts: { symptoms: 9, ecg: 8, labs: 7, demographics: 6, imaging: 5, whole: 10 },
    files,
    contentHash: sha256Of(bytesOf('content')),
    faissFiles: [],
    ...more,
  };
}

async function publish(version: number, text = `cases of ${version}`): Promise<ReleaseWriter> {
  const writer = await store.begin(version);
  await writer.append('cases.jsonl', bytesOf(text));
  await writer.publish(manifestOf(version, await writer.finish()));
  return writer;
}

const folderOf = (version: number): string => join(root, 'store', 'releases', String(version));

test('what is appended in pieces is read back whole, with its size and sha256', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }), async (pieces) => {
      rmSync(join(root, 'store'), { recursive: true, force: true });
      const whole = Buffer.concat(pieces);
      const writer = await store.begin(1);
      await writer.append('vectors.f32', new Uint8Array(0));
      // Not awaited one by one: the order of the calls counts.
      await Promise.all(pieces.map((piece) => writer.append('vectors.f32', piece)));
      const files = await writer.finish();
      expect(files).toEqual([{ file: 'vectors.f32', bytes: whole.length, sha256: sha256Of(whole) }]);
      await writer.publish(manifestOf(1, files));
      expect(Buffer.compare(await store.read(1, 'vectors.f32'), whole)).toBe(0);
      expect(await store.verify(1)).toEqual([]);
    }),
    { numRuns: 25 },
  );
});

test('several files are returned sorted by name, and more may follow a finish', async () => {
  const writer = await store.begin(1);
  for (const file of ['ecg.i8', 'cases.jsonl', 'ecg.i8', 'a.f32']) await writer.append(file, bytesOf(file));
  expect((await writer.finish()).map(({ file }) => file)).toEqual(['a.f32', 'cases.jsonl', 'ecg.i8']);
  await writer.append('b.f32', bytesOf('b'));
  expect((await writer.finish()).map(({ file }) => file)).toEqual(['a.f32', 'b.f32', 'cases.jsonl', 'ecg.i8']);
  await expect(writer.append('a.f32', bytesOf('late'))).rejects.toThrow(ReleaseRequestError);
});

test('a release exists from its manifest on, and not before', async () => {
  const writer = await store.begin(3);
  await writer.append('cases.jsonl', bytesOf('one'));
  const files = await writer.finish();
  expect(await store.list()).toEqual([]);
  await expect(store.read(3, 'cases.jsonl')).rejects.toThrow(/never published/);
  expect(await store.verify(3)).toEqual([expect.stringContaining('never published')]);
  const manifest = manifestOf(3, files);
  await writer.publish(manifest);
  expect(await store.list()).toEqual([manifest]);
  expect(await store.manifest(3)).toEqual(manifest);
});

test('releases are listed newest first by number, not by name', async () => {
  for (const version of [2, 10, 9]) await publish(version);
  expect((await store.list()).map(({ version }) => version)).toEqual([10, 9, 2]);
});

test('nothing but final names is left after publishing', async () => {
  const writer = await publish(1);
  expect(readdirSync(writer.folder).sort()).toEqual(['cases.jsonl', 'manifest.json']);
  expect(readdirSync(join(root, 'store')).sort()).toEqual(['faiss_version.json', 'releases']);
});

test('faiss_version.json names the newest release in the shape of the older system', async () => {
  await publish(1);
  await publish(2);
  const index = (size: number) => ({ size, dimension: 384 });
  expect(JSON.parse(readFileSync(join(root, 'store', 'faiss_version.json'), 'utf8'))).toEqual({
    version: 2,
    last_updated: '2026-01-05T04:30:00.000Z',
    case_count: 20,
    previous_count: 10,
    indices: {
      symptoms: index(9),
      ecg: index(8),
      labs: index(7),
      demographics: index(6),
      imaging: index(5),
      whole: index(10),
    },
  });
  expect(FACETS).toHaveLength(5);
});

test('begun again after a crash, a version starts clean, and the writer that was lost can break nothing', async () => {
  const lost = await store.begin(1);
  await lost.append('cases.jsonl', bytesOf('half of the'));
  await lost.append('old.f32', bytesOf('old'));
  const writer = await store.begin(1);
  expect(readdirSync(writer.folder)).toEqual([]);
  await writer.append('cases.jsonl', bytesOf('all'));
  await expect(lost.finish()).rejects.toThrow(/ENOENT/);
  await writer.publish(manifestOf(1, await writer.finish()));
  expect(await store.verify(1)).toEqual([]);
  expect(await store.read(1, 'cases.jsonl')).toEqual(bytesOf('all'));
});

test('a published version never changes', async () => {
  const writer = await publish(1);
  await expect(store.begin(1)).rejects.toThrow(/published and never changes/);
  await expect(writer.append('more.f32', bytesOf('x'))).rejects.toThrow(ReleaseRequestError);
  await writer.abandon();
  expect(await store.verify(1)).toEqual([]);
});

test('an abandoned version leaves nothing', async () => {
  const writer = await store.begin(4);
  await writer.append('cases.jsonl', bytesOf('x'));
  await writer.abandon();
  await writer.abandon();
  expect(existsSync(folderOf(4))).toBe(false);
  await expect(writer.append('cases.jsonl', bytesOf('y'))).rejects.toThrow(ReleaseRequestError);
});

test('a file that another process wrote is recorded with its size and hash', async () => {
  const writer = await store.begin(1);
  await writer.append('cases.jsonl', bytesOf('x'));
  writeFileSync(join(writer.folder, 'ecg.index'), 'index');
  const recorded = await writer.record('ecg.index');
  expect(recorded).toEqual({ file: 'ecg.index', bytes: 5, sha256: sha256Of(bytesOf('index')) });
  const files = (await writer.finish()).filter(({ file }) => file !== 'ecg.index');
  await writer.publish(manifestOf(1, files, { faissFiles: [recorded] }));
  expect(await store.verify(1)).toEqual([]);
  expect(await store.read(1, 'ecg.index')).toEqual(bytesOf('index'));
});

test('a manifest that does not fit the folder is not published', async () => {
  const attempts: readonly ((files: readonly ReleaseFile[], folder: string) => ReleaseManifest)[] = [
    (files) => manifestOf(2, files),
    () => manifestOf(1, []),
    (files) => manifestOf(1, [...files, { file: 'ghost.f32', bytes: 0, sha256: sha256Of(bytesOf('')) }]),
    (files) => manifestOf(1, [...files, ...files]),
    (files) =>
      manifestOf(
        1,
        files.map((file) => ({ ...file, sha256: sha256Of(bytesOf('other')) })),
      ),
    (files, folder) => {
      writeFileSync(join(folder, 'cases.jsonl'), 'damaged since it was written');
      return manifestOf(1, files);
    },
  ];
  for (const attempt of attempts) {
    const writer = await store.begin(1);
    await writer.append('cases.jsonl', bytesOf('cases'));
    const manifest = attempt(await writer.finish(), writer.folder);
    await expect(writer.publish(manifest)).rejects.toThrow(ReleaseFileError);
    expect(await store.list()).toEqual([]);
  }
  const unfinished = await store.begin(1);
  await unfinished.append('cases.jsonl', bytesOf('cases'));
  await expect(unfinished.publish(manifestOf(1, []))).rejects.toThrow(/not finished/);
});

const badNames = [
  '../x',
  '..',
  '.',
  '',
  '/etc/passwd',
  'a/b',
  'a\\b',
  'A',
  'a b',
  'ä',
  'a\0b',
  '.hidden',
  '-x',
  `a${'b'.repeat(64)}`,
  '..%2fx',
  'manifest.json\n',
  'x.tmp',
  'C:x',
];
test.each(badNames)('the file name %j is refused everywhere', async (name) => {
  const writer = await store.begin(1);
  await expect(writer.append(name, bytesOf('x'))).rejects.toThrow(ReleaseRequestError);
  await expect(writer.record(name)).rejects.toThrow(ReleaseRequestError);
  await expect(store.read(1, name)).rejects.toThrow(ReleaseRequestError);
  expect(() => store.path(1, name)).toThrow(ReleaseRequestError);
  expect(readdirSync(root)).toEqual(['store']);
});

test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('the version %d is refused', async (version) => {
  await expect(store.begin(version)).rejects.toThrow(ReleaseRequestError);
  await expect(store.verify(version)).rejects.toThrow(ReleaseRequestError);
  expect(() => store.path(version, 'cases.jsonl')).toThrow(ReleaseRequestError);
});

test('manifest.json is written by publish alone', async () => {
  const writer = await store.begin(1);
  await expect(writer.append('manifest.json', bytesOf('{}'))).rejects.toThrow(ReleaseRequestError);
  await expect(writer.record('manifest.json')).rejects.toThrow(ReleaseRequestError);
});

const damages: readonly (readonly [string, (path: string) => void, RegExp])[] = [
  ['cut to nothing', (path) => truncateSync(path, 0), /0 bytes where the manifest says 10/],
  ['cut by one byte', (path) => truncateSync(path, 9), /9 bytes where the manifest says 10/],
  ['longer by one byte', (path) => writeFileSync(path, 'cases of 1!'), /11 bytes/],
  ['missing', (path) => rmSync(path), /missing/],
  ['a folder', (path) => [rmSync(path), mkdirSync(path)], /not a regular file/],
  ['a link', (path) => [rmSync(path), symlinkSync('/etc/hostname', path)], /not a regular file/],
  ['changed in a bit', (path) => writeFileSync(path, 'cases of 0'), /sha256 differs/],
];
test.each(damages)('a file that is %s is found and never handed out', async (_, damage, words) => {
  await publish(1);
  damage(join(folderOf(1), 'cases.jsonl'));
  expect(await store.verify(1)).toEqual([expect.stringMatching(words)]);
  await expect(store.read(1, 'cases.jsonl')).rejects.toThrow(words);
  await expect(store.read(1, 'cases.jsonl')).rejects.toThrow(ReleaseFileError);
});

test('a file that the manifest does not list is not handed out', async () => {
  await publish(1);
  writeFileSync(join(folderOf(1), 'stray.f32'), 'stray');
  await expect(store.read(1, 'stray.f32')).rejects.toThrow(/no file stray.f32/);
  expect(await store.verify(1)).toEqual([]);
});

test('a manifest with one flipped bit is refused, whichever bit it is, unless it reads the same', async () => {
  await publish(1);
  await publish(2);
  const path = join(folderOf(2), 'manifest.json');
  const bytes = readFileSync(path);
  const intact = await store.manifest(2);
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length * 8 - 1), async (bit) => {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      writeFileSync(path, flipped);
      const read = await store.manifest(2).catch((error: unknown) => error);
      // White space between JSON tokens can turn into other white space.
      if (read instanceof Error) expect(read).toBeInstanceOf(ReleaseManifestError);
      else expect(read).toEqual(intact);
      expect((await store.list()).map(({ version }) => version)).toContain(1);
    }),
    { numRuns: 200 },
  );
});

test('a manifest of a newer format is refused in words, passed over by list, and kept by sweep', async () => {
  await publish(1);
  mkdirSync(folderOf(2));
  writeFileSync(join(folderOf(2), 'manifest.json'), JSON.stringify({ format: 2, version: 2, parts: {} }));
  expect(await store.verify(2)).toEqual([
    'release 2: manifest.json has format 2, this program reads 1: it needs a newer program',
  ]);
  await expect(store.manifest(2)).rejects.toThrow(ReleaseManifestError);
  expect((await store.list()).map(({ version }) => version)).toEqual([1]);
  expect(await store.sweep({ keep: 5, current: 1, liveVersion: null })).toEqual([]);
});

test('a manifest copied from another release is refused', async () => {
  await publish(1);
  await publish(2);
  writeFileSync(join(folderOf(2), 'manifest.json'), readFileSync(join(folderOf(1), 'manifest.json')));
  expect(await store.verify(2)).toEqual(['release 2: manifest.json is that of release 1']);
});

test('stray files and folders are passed over', async () => {
  await publish(1);
  const releases = join(root, 'store', 'releases');
  writeFileSync(join(releases, '7'), 'a file');
  for (const name of ['latest', '01', '-3', '2.tmp']) mkdirSync(join(releases, name));
  expect((await store.list()).map(({ version }) => version)).toEqual([1]);
  await store.sweep({ keep: 1, current: 1, liveVersion: null });
  expect(readdirSync(releases).sort()).toEqual(['-3', '01', '1', '2.tmp', '7', 'latest']);
});

test('the newest version is that of the highest folder, whether or not anybody can read it', async () => {
  expect(await store.newestVersion()).toBe(0);
  await publish(9);
  await publish(10);
  expect(await store.newestVersion()).toBe(10);
  await publish(12);
  writeFileSync(join(folderOf(12), 'manifest.json'), 'not JSON');
  expect(await store.newestVersion()).toBe(12);
  await store.begin(15);
  expect(await store.newestVersion()).toBe(15);
});

test('an empty store lists nothing and sweeps nothing', async () => {
  expect(await store.list()).toEqual([]);
  expect(await store.sweep({ keep: 1, current: null, liveVersion: null })).toEqual([]);
});

test('a sweep keeps the newest, the current and the live one, and says what it removed', async () => {
  for (const version of [1, 2, 3, 4, 5]) await publish(version);
  await store.begin(6);
  await store.begin(7);
  const removed = await store.sweep({ keep: 2, current: 2, liveVersion: 7 });
  expect(readdirSync(join(root, 'store', 'releases')).sort()).toEqual(['2', '4', '5', '7']);
  expect(removed).toEqual([
    'release 6: never published',
    'release 3: beyond the newest 2',
    'release 1: beyond the newest 2',
  ]);
  expect(await store.verify(2)).toEqual([]);
});

test('keep 0 still never removes the current release', async () => {
  await publish(1);
  await publish(2);
  await store.sweep({ keep: 0, current: 1, liveVersion: null });
  expect((await store.list()).map(({ version }) => version)).toEqual([1]);
});

test('a sweep removes temporary files of a dead build from a published release, and young leftovers stay on request', async () => {
  await publish(1);
  const temporary = join(folderOf(1), 'ecg.index.99.tmp');
  writeFileSync(temporary, 'half');
  await store.begin(2);
  const options = { keep: 3, current: 1, liveVersion: null };
  expect(await store.sweep({ ...options, leftoversBeforeMs: 1_000 })).toEqual([]);
  utimesSync(temporary, 0.5, 0.5);
  utimesSync(folderOf(2), 0.5, 0.5);
  expect(await store.sweep({ ...options, leftoversBeforeMs: 1_000 })).toHaveLength(2);
  expect(existsSync(temporary)).toBe(false);
  expect(existsSync(folderOf(2))).toBe(false);
  expect(await store.verify(1)).toEqual([]);
});

test('sha256File gives the digest of a known text', async () => {
  const path = join(root, 'abc');
  writeFileSync(path, 'abc');
  // FIPS 180-4, example for "abc".
  expect(await sha256File(path)).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});
