import { gunzipSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { fitBuiltin, loadBuiltin } from '../core/models/builtin.ts';
import { DIMENSION, type Embedder } from '../core/models/ports.ts';
import type { ReleaseManifest } from '../core/search/contract.ts';
import { CODED_ROW_BYTES } from '../core/search/kernel/codes.ts';
import { contentHash, openRelease, ReleaseFormatError } from '../core/search/release.ts';
import { VIEWS } from '../schema/vocabulary.ts';
import { searchKernel } from '../space/kernel.ts';
import { byId, releaseCase, releaseCases, sampleTexts, writeFiles } from './support/release-in-memory.ts';

const kernel = await searchKernel();

const texts = [...sampleTexts(30)].sort(byId);
let embedder: Embedder;
let files: ReadonlyMap<string, Uint8Array>;
let manifest: ReleaseManifest;

beforeAll(async () => {
  embedder = loadBuiltin(fitBuiltin(texts.map(({ text }) => text)));
  ({ files, manifest } = await writeFiles(releaseCases(texts, embedder), embedder.fingerprint));
});

const reader = (held: ReadonlyMap<string, Uint8Array>) => async (file: string) => held.get(file) ?? new Uint8Array(0);

test('the same cases give the same bytes', async () => {
  const again = await writeFiles(releaseCases(texts, embedder), embedder.fingerprint);
  expect([...again.files.keys()].sort()).toEqual([...files.keys()].sort());
  for (const [file, bytes] of files) expect(Buffer.compare(again.files.get(file) ?? new Uint8Array(0), bytes)).toBe(0);
});

test('every case comes back as it went in', async () => {
  const release = await openRelease(manifest, reader(files), kernel);
  for (const source of texts) {
    const { vectors: _, ...expected } = await releaseCase(source, embedder);
    expect(await release.case(source.id)).toEqual(JSON.parse(JSON.stringify(expected)));
  }
  expect(await release.case('nobody')).toBeNull();
});

test('vectors lie row by row in their file, with the place of their case', async () => {
  const release = await openRelease(manifest, reader(files), kernel);
  for (const [ordinal, source] of texts.entries()) {
    const { vectors } = await releaseCase(source, embedder);
    for (const view of VIEWS) {
      const row = release.views[view].rowOf[ordinal] ?? -1;
      expect(row >= 0).toBe(vectors[view] !== undefined);
      if (row < 0) continue;
      expect(release.views[view].rows[row]).toBe(ordinal);
      expect(await release.vectors(view, [row])).toEqual(vectors[view]);
    }
  }
  for (const view of VIEWS) {
    expect(files.get(`${view}.f32`)?.length).toBe(manifest.viewCounts[view] * DIMENSION * 4);
  }
});

test('codes that stand in the release are those that an older one without them is packed into', async () => {
  const older = { ...manifest, files: manifest.files.filter(({ file }) => !file.endsWith('.i8')) };
  const [read, packed] = [
    await openRelease(manifest, reader(files), kernel),
    await openRelease(older, reader(files), kernel),
  ];
  let compared = 0;
  for (const view of VIEWS) {
    const codes = read.kernel.codesOf(view);
    expect(codes).toEqual(packed.kernel.codesOf(view));
    expect(codes.length).toBe(manifest.viewCounts[view] * CODED_ROW_BYTES);
    compared += manifest.viewCounts[view];
  }
  expect(compared).toBeGreaterThan(30);
});

test('a host may give vectors by row and put codes where they are needed', async () => {
  const whole = await openRelease(manifest, reader(files), kernel);
  const asked: string[] = [];
  const opened = await openRelease(
    manifest,
    async (file) => {
      asked.push(file);
      return reader(files)(file);
    },
    kernel,
    {
      vectors: async (view, rows) => whole.vectors(view, rows),
      readInto: async (file, into) => into.set(files.get(file) ?? new Uint8Array(0)),
    },
  );
  expect(asked.filter((file) => /[.](f32|i8)$/.test(file))).toEqual([]);
  expect(opened.kernel.codesOf('whole')).toEqual(whole.kernel.codesOf('whole'));
});

test('rows that name a case which the release does not have are refused', async () => {
  const beyond = Uint32Array.from({ length: manifest.viewCounts.whole }, (_, row) => row + 1);
  const altered = new Map(files).set('whole.rows', new Uint8Array(beyond.buffer));
  await expect(openRelease(manifest, reader(altered), kernel)).rejects.toThrow('whole.rows');
});

test('the archive is an ordinary gzip file of one JSON object a line', () => {
  const lines = gunzipSync(files.get('cases.jsonl.gz') ?? new Uint8Array(0))
    .toString('utf8')
    .trim()
    .split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { caseId: string }).caseId)).toEqual(texts.map(({ id }) => id));
});

test('bytes that do not start at a multiple of eight are read all the same', async () => {
  const shifted = new Map([...files].map(([file, bytes]) => [file, shift(bytes)]));
  const release = await openRelease(manifest, reader(shifted), kernel);
  expect((await release.case(texts[7]?.id ?? ''))?.caseId).toBe(texts[7]?.id);
});

function shift(bytes: Uint8Array): Uint8Array {
  const room = new Uint8Array(bytes.length + 1);
  room.set(bytes, 1);
  return room.subarray(1);
}

test('cases that do not come by ascending id are refused', async () => {
  const write = (sources: typeof texts) => writeFiles(releaseCases(sources, embedder), embedder.fingerprint);
  const [first, second] = texts;
  if (!first || !second) throw new Error('two texts are needed');
  await expect(write([second, first])).rejects.toThrow('must ascend');
  await expect(write([first, first])).rejects.toThrow('must ascend');
});

test('a vector that is not finite or of another width is refused with its case and view', async () => {
  const [source] = texts;
  if (!source) throw new Error('a text is needed');
  for (const [bad, reason] of [
    [new Float32Array(DIMENSION).fill(Number.NaN), 'not finite'],
    [new Float32Array(3), 'not 384'],
  ] as const) {
    async function* cases() {
      yield { ...(await releaseCase(source as (typeof texts)[number], embedder)), vectors: { ecg: bad } };
    }
    await expect(writeFiles(cases(), 'g')).rejects.toThrow(reason);
  }
});

test('a release of no case can be written and opened', async () => {
  const empty = await writeFiles(releaseCases([], embedder), embedder.fingerprint);
  const release = await openRelease(empty.manifest, reader(empty.files), kernel);
  expect(release.cards.count).toBe(0);
});

test.each([
  ...VIEWS.flatMap((view) => [`${view}.f32`, `${view}.rows`, `${view}.i8`]),
  'lexical.bin',
  'findings.bin',
  'cards.bin',
  'cases.idx',
  'cases.jsonl.gz',
  'calibration.bin',
])('a release whose %s is cut short is refused', async (file) => {
  const bytes = files.get(file) ?? new Uint8Array(0);
  const cut = new Map(files).set(file, bytes.slice(0, Math.max(0, Math.floor(bytes.length / 2) - 1)));
  await expect(openRelease(manifest, reader(cut), kernel)).rejects.toThrow(ReleaseFormatError);
});

test.each(VIEWS)('a release whose %s rows are one fewer than the manifest says is refused', async (view) => {
  for (const [file, rowBytes] of [
    [`${view}.rows`, 4],
    [`${view}.f32`, 4 * DIMENSION],
    [`${view}.i8`, CODED_ROW_BYTES],
  ] as const) {
    const cut = new Map(files).set(file, (files.get(file) ?? new Uint8Array(0)).slice(0, -rowBytes));
    await expect(openRelease(manifest, reader(cut), kernel)).rejects.toThrow(ReleaseFormatError);
  }
});

test('the content hash depends on names and hashes, not on their order', async () => {
  const a = { file: 'a', bytes: 1, sha256: '1'.repeat(64) };
  const b = { file: 'b', bytes: 1, sha256: '2'.repeat(64) };
  expect(await contentHash([a, b])).toBe(await contentHash([b, a]));
  expect(await contentHash([a, b])).not.toBe(
    await contentHash([
      { ...a, sha256: b.sha256 },
      { ...b, sha256: a.sha256 },
    ]),
  );
  expect(await contentHash([a])).toMatch(/^[0-9a-f]{64}$/);
});

test('the content hash follows the cases and not the way that a host compressed them', async () => {
  const file = (name: string, digit: string) => ({ file: name, bytes: 1, sha256: digit.repeat(64) });
  const own = [
    file('cases.jsonl.gz', '1'),
    file('cases.idx', '2'),
    file('cases.sha256', '3'),
    file('lexical.bin', '4'),
  ];
  const elsewhere = [file('cases.jsonl.gz', '8'), file('cases.idx', '9'), ...own.slice(2)];
  expect(await contentHash(elsewhere)).toBe(await contentHash(own));
  const otherCases = [...own.slice(0, 2), file('cases.sha256', '5'), ...own.slice(3)];
  expect(await contentHash(otherCases)).not.toBe(await contentHash(own));
});
