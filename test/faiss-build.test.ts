import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { DIMENSION } from '../core/models/ports.ts';
import {
  FaissBuildError,
  type FaissEvent,
  FaissRequestError,
  type FaissService,
  type FaissSettings,
  startFaiss,
} from '../space/faiss/service.ts';
import { sha256File } from '../space/store/sha256.ts';

const folder = mkdtempSync(join(tmpdir(), 'anamnesis-build-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const probe = await startFaiss();
const missing = probe.state().kind !== 'ready';
await probe.close();
const unlessMissing = missing ? ' (skipped: faiss-node is not built, run node space/faiss/setup.mjs)' : '';

function faissTest(
  name: string,
  run: (service: FaissService) => Promise<void>,
  options?: Partial<FaissSettings>,
): void {
  test.skipIf(missing)(
    name + unlessMissing,
    async () => {
      const service = await startFaiss(options);
      try {
        await run(service);
      } finally {
        await service.close();
      }
    },
    30_000,
  );
}

/** Rows that differ from each other and are no unit vectors: an inner-product index takes any. */
function writeVectors(name: string, rows: number): { path: string; vectors: Float32Array } {
  const vectors = Float32Array.from({ length: rows * DIMENSION }, (_, i) => Math.sin(i * 12.9898) * Math.cos(i * 0.37));
  const path = join(folder, name);
  writeFileSync(path, new Uint8Array(vectors.buffer));
  return { path, vectors };
}

function emptyFolder(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

faissTest('a built file has the bytes that FAISS itself writes for these rows', async (service) => {
  const { path, vectors } = writeVectors('same.f32', 300);
  const out = join(emptyFolder('same'), 'ecg.index');
  const [built] = await service.build([{ view: 'ecg', vectorsPath: path, rows: 300, outPath: out }]);
  const faiss = createRequire(import.meta.url).resolve('faiss-node');
  const theirs = join(folder, 'theirs.index');
  // In a process of its own, as everywhere.
  const script =
    `const { IndexFlatIP } = require(${JSON.stringify(faiss)}); const { readFileSync } = require('node:fs');` +
    `const bytes = readFileSync(${JSON.stringify(path)}); const index = new IndexFlatIP(${DIMENSION});` +
    `index.add(Array.from(new Float32Array(bytes.buffer, bytes.byteOffset, ${vectors.length})));` +
    `index.write(${JSON.stringify(theirs)});`;
  execFileSync(process.execPath, ['-e', script], { timeout: 20_000 });
  expect(Buffer.compare(readFileSync(out), readFileSync(theirs))).toBe(0);
  expect(built).toEqual({
    view: 'ecg',
    file: 'ecg.index',
    bytes: statSync(theirs).size,
    sha256: await sha256File(theirs),
  });
});

faissTest('several views are built in one call, an empty one among them, and nothing else is left', async (service) => {
  const { path } = writeVectors('several.f32', 10);
  const empty = writeVectors('empty.f32', 0);
  const out = emptyFolder('several');
  const built = await service.build([
    { view: 'ecg', vectorsPath: path, rows: 10, outPath: join(out, 'ecg.index') },
    { view: 'labs', vectorsPath: empty.path, rows: 0, outPath: join(out, 'labs.index') },
    { view: 'whole', vectorsPath: path, rows: 10, outPath: join(out, 'whole.index') },
  ]);
  expect(built.map(({ view }) => view)).toEqual(['ecg', 'labs', 'whole']);
  expect(readdirSync(out).sort()).toEqual(['ecg.index', 'labs.index', 'whole.index']);
  const files = built.map((file, i) => ({ ...file, path: join(out, file.file), rows: [10, 0, 10][i] ?? 0 }));
  await service.open(1, files);
  expect((await service.search(1, 'whole', new Float32Array(DIMENSION).fill(1), 99)).rows).toHaveLength(10);
  expect((await service.search(1, 'labs', new Float32Array(DIMENSION).fill(1), 99)).rows).toHaveLength(0);
});

faissTest('a build that cannot be right fails in words and leaves no file', async (service) => {
  const { path, vectors } = writeVectors('short.f32', 10);
  const withNaN = join(folder, 'nan.f32');
  writeFileSync(withNaN, new Uint8Array(vectors.with(7 * DIMENSION + 1, Number.NaN).buffer));
  const out = emptyFolder('wrong');
  const outPath = join(out, 'ecg.index');
  const job = { view: 'ecg', vectorsPath: path, rows: 10, outPath } as const;
  await expect(service.build([{ ...job, rows: 11 }])).rejects.toThrow(/15360 bytes where 11 rows/);
  await expect(service.build([{ ...job, vectorsPath: join(folder, 'none') }])).rejects.toThrow(FaissBuildError);
  await expect(service.build([{ ...job, vectorsPath: withNaN }])).rejects.toThrow(/row 7 is not finite/);
  await expect(service.build([{ ...job, rows: -1 }])).rejects.toThrow(FaissRequestError);
  await expect(service.build([{ ...job, outPath: join(out, 'nowhere', 'ecg.index') }])).rejects.toThrow(
    FaissRequestError,
  );
  expect(readdirSync(out)).toEqual([]);
  mkdirSync(outPath);
  await expect(service.build([job])).rejects.toThrow(FaissBuildError);
  expect(readdirSync(out)).toEqual(['ecg.index']);
});

const events: FaissEvent[] = [];
faissTest(
  'a build killed midway fails alone: no file is left, and the serving process goes on',
  async (service) => {
    const small = writeVectors('serving.f32', 20);
    const { path } = writeVectors('killed.f32', 20_000);
    const out = emptyFolder('killed');
    const [built] = await service.build([
      { view: 'ecg', vectorsPath: small.path, rows: 20, outPath: join(folder, 'serving.index') },
    ]);
    await service.open(1, [
      { view: 'ecg', path: join(folder, 'serving.index'), sha256: built?.sha256 ?? '', rows: 20 },
    ]);
    const { pid } = service.state();
    const build = service.build([{ view: 'ecg', vectorsPath: path, rows: 20_000, outPath: join(out, 'ecg.index') }]);
    const outcome = expect(build).rejects.toThrow(FaissBuildError);
    const half = 20_000 * DIMENSION * 2;
    const written = (): number => Math.max(0, ...readdirSync(out).map((name) => statSync(join(out, name)).size));
    while (written() < half) await new Promise((resolve) => setImmediate(resolve));
    const builder = events.findLast((event) => event.kind === 'started' && event.role === 'build');
    if (builder?.kind !== 'started') throw new Error('no build process was announced');
    process.kill(builder.pid, 'SIGKILL');
    await outcome;
    expect(readdirSync(out)).toEqual([]);
    expect(service.state()).toMatchObject({ kind: 'ready', pid, restarts: 0 });
    expect((await service.search(1, 'ecg', small.vectors.slice(0, DIMENSION), 1)).rows).toHaveLength(1);
  },
  { onEvent: (event) => events.push(event) },
);

/** A small disk of its own needs the right to mount; where there is none the test says so. */
const mounts = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', folder], { timeout: 10_000 }).status === 0;
const unlessNoMount = mounts ? '' : ' (skipped: no right to mount a small disk here)';
test.skipIf(missing || !mounts)(
  `on a full disk the build fails in words and removes what it wrote${unlessMissing}${unlessNoMount}`,
  () => {
    const { path } = writeVectors('full.f32', 1_000);
    const disk = emptyFolder('disk');
    const service = new URL('../space/faiss/service.ts', import.meta.url).pathname;
    const script =
      `const { startFaiss } = await import(${JSON.stringify(service)}); const { readdirSync } = await import('node:fs');` +
      'const service = await startFaiss();' +
      `const job = { view: 'ecg', vectorsPath: ${JSON.stringify(path)}, rows: 1000, outPath: ${JSON.stringify(join(disk, 'ecg.index'))} };` +
      'const error = await service.build([job]).then(() => null, (reason) => reason);' +
      `console.log(JSON.stringify({ name: error?.name, message: error?.message, left: readdirSync(${JSON.stringify(disk)}) }));` +
      'await service.close();';
    const command = `mount -t tmpfs -o size=600k tmpfs ${disk} && exec "$@"`;
    const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', script];
    const run = spawnSync('unshare', ['-m', 'bash', '-c', command, 'bash', ...node], {
      encoding: 'utf8',
      timeout: 25_000,
    });
    const { name, message, left } = JSON.parse(run.stdout);
    expect(name).toBe('FaissBuildError');
    expect(message).toContain('ENOSPC');
    expect(left).toEqual([]);
    expect(existsSync(join(disk, 'ecg.index'))).toBe(false);
  },
  30_000,
);
