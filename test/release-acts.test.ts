import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { requestRebuild } from '../core/corpus.ts';
import { lastAudit, statement, verifyAudit } from '../core/engine/index.ts';
import { DIMENSION } from '../core/models/ports.ts';
import { parseSearchRequest } from '../core/search/request.ts';
import { readConfig } from '../space/config.ts';
import { createLog } from '../space/host/log.ts';
import { createApp } from '../space/http/app.ts';
import { listReleases, type ReleaseEntry } from '../space/releases/list.ts';
import { sameAsScan } from '../space/releases/verify.ts';
import { sampleFile } from '../space/sample/sample.ts';
import { createServing } from '../space/serving.ts';
import { openSpace, type Space } from '../space/space.ts';
import { command } from './support/command.ts';
import { stubDeps } from './support/space-stub.ts';

let folder: string;
const samples = readFileSync(sampleFile, 'utf8').trim().split('\n');
const fileOf = (version: number, file: string): string => join(folder, 'store', 'releases', String(version), file);

/** Brings documents of the sample in and builds a release of all that there are. */
async function build(from: number, to: number): Promise<void> {
  const file = join(folder, `${from}.jsonl`);
  writeFileSync(file, samples.slice(from, to).join('\n'));
  await command('ingest', '--file', file);
  await command('run', '--until-idle');
}

async function withOpened<T>(act: (space: Space) => Promise<T>): Promise<T> {
  const space = await openSpace(readConfig({ DATA_DIR: folder }), createLog('silent'));
  try {
    return await act(space);
  } finally {
    await space.close();
  }
}

const listed = async (): Promise<readonly ReleaseEntry[]> => {
  const { stdout } = await command('index', 'list', '--json');
  return (JSON.parse(stdout) as { releases: readonly ReleaseEntry[] }).releases;
};
const states = async () => (await listed()).map(({ version, state, current }) => [version, state, current]);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'anamnesis-releases-'));
  const env = { DATA_DIR: folder, STORE_DIR: '', DATABASE_URL: '', LOG_LEVEL: 'error', RELEASES_KEPT: '9' };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  await command('init');
  await build(0, 10);
  await build(10, 13);
}, 60_000);
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

test('list shows every release with its state, size, generation and date', async () => {
  const releases = await listed();
  expect(releases.map(({ version, state, current }) => [version, state, current])).toEqual([
    [2, 'published', true],
    [1, 'published', false],
  ]);
  for (const release of releases)
    expect(release).toMatchObject({
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      generation: expect.stringContaining('builtin'),
      content_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      bytes: expect.any(Number),
      problem: null,
    });
  expect((await command('index')).output).toMatch(/^ {5}2 current .* cases .* MB .*\n {5}1 published /);
});

test('verify reads all of a release, searches it, and names the file that is damaged', async () => {
  const good = await command('index', 'verify', '--json');
  expect([good.exitCode, JSON.parse(good.stdout)]).toEqual([
    0,
    expect.objectContaining({ version: 2, problems: [], searches: 5, ok: true }),
  ]);
  const bytes = readFileSync(fileOf(1, 'findings.bin'));
  const flipped = Uint8Array.from(bytes);
  flipped[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 16;
  writeFileSync(fileOf(1, 'findings.bin'), flipped);
  const bad = await command('index', 'verify', '1');
  writeFileSync(fileOf(1, 'findings.bin'), bytes);
  expect(bad.exitCode).toBe(1);
  expect(bad.output).toContain('release 1, findings.bin: its content is not what the manifest says');
  expect((await command('index', 'verify', '7')).exitCode).toBe(2);
});

test('rollback without --yes, or with --dry-run, only says what it would do', async () => {
  for (const args of [[], ['--yes', '--dry-run']]) {
    const { exitCode, output } = await command('index', 'rollback', ...args);
    expect([exitCode, output]).toEqual([0, expect.stringContaining('would serve release 1 instead of 2')]);
  }
  expect(await states()).toEqual([
    [2, 'published', true],
    [1, 'published', false],
  ]);
});

test('rollback refuses what cannot be served, and changes nothing', async () => {
  const bytes = readFileSync(fileOf(1, 'cards.bin'));
  truncateSync(fileOf(1, 'cards.bin'), bytes.length - 1);
  const damaged = await command('index', 'rollback', '1', '--yes');
  writeFileSync(fileOf(1, 'cards.bin'), bytes);
  expect([damaged.exitCode, damaged.output]).toEqual([1, expect.stringContaining('cards.bin has')]);
  for (const [version, reason] of [
    ['2', 'current one already'],
    ['9', 'no release 9'],
  ] as const) {
    const refused = await command('index', 'rollback', version, '--yes');
    expect([refused.exitCode, refused.output]).toEqual([1, expect.stringContaining(reason)]);
  }
  await withOpened(({ db }) => db.write([statement(`UPDATE generation SET fingerprint = 'away-' || fingerprint`)]));
  const foreign = await command('index', 'rollback', '1', '--yes');
  await withOpened(({ db }) => db.write([statement(`UPDATE generation SET fingerprint = substr(fingerprint, 6)`)]));
  expect([foreign.exitCode, foreign.output]).toEqual([
    1,
    expect.stringMatching(/generation builtin.* is not to be had/),
  ]);
  expect((await states())[0]).toEqual([2, 'published', true]);
});

test('a rollback is audited, followed by who serves, not undone by itself, and over with the next build', async () => {
  await withOpened(async (space) => {
    const serving = createServing(space);
    const parsed = parseSearchRequest({ text: 'fever and syncope', k: 3 });
    if (!parsed.ok) throw new Error('the query is not valid');
    const served = async () => {
      await serving.refresh();
      return (await serving.search(parsed.request)).release.version;
    };
    expect(await served()).toBe(2);
    expect((await command('index', 'rollback', '--yes', '--reason', 'wrong ages')).exitCode).toBe(0);
    expect(await states()).toEqual([
      [2, 'rolled_back', false],
      [1, 'published', true],
    ]);
    expect((await lastAudit(space.db, 1))[0]).toMatchObject({
      act: 'rollback',
      stage: 'index',
      actor: 'cli',
      detail: { from: 2, to: 1, reason: 'wrong ages' },
    });
    expect(await served()).toBe(1);
    // Started anew it serves the same, also where that release cannot be read.
    expect(await createServing(space).refresh()).toBe(1);
    await command('run', '--until-idle');
    expect(await served()).toBe(1);
    await build(13, 15);
    expect(await served()).toBe(3);
    // Where the newest cannot be read, the newest that was not rolled back answers instead.
    const bytes = readFileSync(fileOf(3, 'lexical.bin'));
    truncateSync(fileOf(3, 'lexical.bin'), 5);
    expect(await createServing(space).refresh()).toBe(1);
    writeFileSync(fileOf(3, 'lexical.bin'), bytes);
    // By an act, and by nothing else, it is served again.
    expect((await command('index', 'rollback', '2', '--yes')).exitCode).toBe(0);
    expect(await served()).toBe(2);
    expect(await states()).toEqual([
      [3, 'rolled_back', false],
      [2, 'published', true],
      [1, 'published', false],
    ]);
    expect((await command('index', 'rollback', '3', '--yes', '--request-id', 'again')).exitCode).toBe(0);
    expect((await verifyAudit(space.db)).problems).toEqual([]);
  });
}, 60_000);

test('with the release that was gone back to damaged, the newer one does not answer instead', async () => {
  await command('index', 'rollback', '1', '--yes');
  const bytes = readFileSync(fileOf(1, 'lexical.bin'));
  truncateSync(fileOf(1, 'lexical.bin'), 5);
  await withOpened(async (space) => {
    const serving = createServing(space);
    expect(await serving.refresh()).toBe(null);
    expect(serving.ready().reason).toContain('release 1 cannot be served');
    // It was asked for already, by the one that could not read it.
    expect(await requestRebuild(space.db, { actor: 'test', reason: 'a file is damaged' })).toBe(false);
  });
  writeFileSync(fileOf(1, 'lexical.bin'), bytes);
  await command('run', '--until-idle');
  expect((await states())[0]).toEqual([4, 'published', true]);
}, 30_000);

test('build says when there is nothing new, and with --force builds the same corpus under the next version', async () => {
  expect((await command('index', 'build')).exitCode).toBe(3);
  const before = await listed();
  expect((await command('index', 'build', '--force', '--dry-run')).exitCode).toBe(3);
  expect(await listed()).toEqual(before);
  const { stdout, exitCode } = await command('index', 'build', '--force', '--json');
  const { built } = JSON.parse(stdout) as { built: ReleaseEntry };
  expect([exitCode, built.version, built.content_hash]).toEqual([0, 5, before[0]?.content_hash]);
}, 30_000);

test('asked twice for a rebuild, the pipeline builds once', async () => {
  const asked = await withOpened(async ({ db }) => {
    const by = { actor: 'test', reason: 'a file is damaged' };
    return [await requestRebuild(db, by), await requestRebuild(db, by)];
  });
  expect(asked).toEqual([true, false]);
  await command('run', '--until-idle');
  expect((await states())[0]).toEqual([6, 'published', true]);
  await command('run', '--until-idle');
  expect((await states())[0]).toEqual([6, 'published', true]);
}, 30_000);

test('GET /api/releases lists them, without a path of this machine', async () => {
  rmSync(fileOf(2, 'whole.rows'));
  await withOpened(async ({ db, store }) => {
    const app = createApp(stubDeps({ releases: () => listReleases(db, store) }));
    const response = await app.request('/api/releases');
    const body = await response.text();
    const { releases } = JSON.parse(body) as { releases: readonly ReleaseEntry[] };
    expect(releases.map(({ version, problem }) => [version, problem])).toEqual([
      [6, null],
      [5, null],
      [4, null],
      [3, null],
      [2, 'whole.rows is missing'],
      [1, null],
    ]);
    expect(body).not.toContain(folder);
  });
});

test('the FAISS canary tells rows and scores of a scan from any others', () => {
  const rows = 12;
  const vectors = Float32Array.from(
    { length: rows * DIMENSION },
    (_, i) => Math.sin(i * 12.9898) / Math.sqrt(DIMENSION / 2),
  );
  const query = vectors.slice(0, DIMENSION);
  const scores = Array.from({ length: rows }, (_, row) =>
    query.reduce((sum, value, i) => sum + value * (vectors[row * DIMENSION + i] ?? 0), 0),
  );
  const order = scores.map((_, row) => row).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
  const answer = (chosen: readonly number[]) => ({
    rows: Int32Array.from(chosen),
    scores: Float32Array.from(chosen, (row) => scores[row] ?? 0),
  });
  expect(sameAsScan(answer(order.slice(0, 10)), vectors, query)).toBe(true);
  expect(sameAsScan(answer(order.slice(1, 11)), vectors, query)).toBe(false);
  expect(sameAsScan(answer(order.slice(0, 9)), vectors, query)).toBe(false);
  const wrongScores = { ...answer(order.slice(0, 10)), scores: new Float32Array(10) };
  expect(sameAsScan(wrongScores, vectors, query)).toBe(false);
});
