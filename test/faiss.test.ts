import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, expect, test } from 'vitest';
import { DIMENSION } from '../core/models/ports.ts';
import type { View } from '../schema/vocabulary.ts';
import {
  type FaissEvent,
  type FaissFile,
  FaissFileError,
  FaissProcessError,
  FaissRequestError,
  type FaissService,
  type FaissSettings,
  FaissUnavailableError,
  startFaiss,
} from '../space/faiss/service.ts';

const folder = mkdtempSync(join(tmpdir(), 'anamnesis-faiss-'));
const running: FaissService[] = [];
const probe = await startFaiss();
const missing = probe.state().kind !== 'ready';
await probe.close();
const unlessMissing = missing ? ' (skipped: faiss-node is not built, run node space/faiss/setup.mjs)' : '';
const faissTest = (name: string, run: () => Promise<void>) => test.skipIf(missing)(name + unlessMissing, run, 30_000);

afterEach(async () => {
  for (const service of running.splice(0)) await service.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function start(options: Partial<FaissSettings> = {}): Promise<FaissService> {
  const service = await startFaiss(options);
  running.push(service);
  return service;
}

/** Unit vectors of a small deterministic generator (mulberry32); the last two rows are equal. */
function unitVectors(rows: number, seed: number): Float32Array {
  let state = seed;
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    const mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    return (((mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 - 0.5;
  };
  const vectors = Float32Array.from({ length: rows * DIMENSION }, random);
  for (let at = 0; at < vectors.length; at += DIMENSION) {
    const row = vectors.subarray(at, at + DIMENSION);
    const length = Math.hypot(...row);
    row.forEach((value, i) => {
      row[i] = value / length;
    });
  }
  if (rows > 1) vectors.copyWithin((rows - 1) * DIMENSION, (rows - 2) * DIMENSION, (rows - 1) * DIMENSION);
  return vectors;
}

const rowOf = (vectors: Float32Array, row: number): Float32Array =>
  vectors.slice(row * DIMENSION, (row + 1) * DIMENSION);

function scan(vectors: Float32Array, query: Float32Array): { row: number; score: number }[] {
  const scored = Array.from({ length: vectors.length / DIMENSION }, (_, row) => ({
    row,
    score: rowOf(vectors, row).reduce((sum, value, i) => sum + value * (query[i] ?? 0), 0),
  }));
  return scored.sort((a, b) => b.score - a.score || a.row - b.row);
}

let files = 0;
async function build(service: FaissService, view: View, vectors: Float32Array): Promise<FaissFile> {
  files += 1;
  const vectorsPath = join(folder, `${files}.f32`);
  const path = join(folder, `${files}.index`);
  writeFileSync(vectorsPath, new Uint8Array(vectors.buffer));
  const rows = vectors.length / DIMENSION;
  const [built] = await service.build([{ view, vectorsPath, rows, outPath: path }]);
  if (built === undefined) throw new Error('nothing was built');
  return { view, path, sha256: built.sha256, rows };
}

/** Waits until what was asked of the event loop so far has happened, as often as it takes. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

const pidOf = (service: FaissService): number => service.state().pid ?? Number.NaN;

faissTest('a search finds what a scan of all rows finds, in the same order', async () => {
  const service = await start();
  const vectors = unitVectors(257, 1);
  await service.open(1, [await build(service, 'ecg', vectors)]);
  const component = fc.double({ min: -1, max: 1, noNaN: true });
  await fc.assert(
    fc.asyncProperty(
      fc.array(component, { minLength: DIMENSION, maxLength: DIMENSION }),
      fc.integer({ min: 1, max: 400 }),
      async (components, k) => {
        const query = Float32Array.from(components);
        const expected = scan(vectors, query).slice(0, k);
        const found = await service.search(1, 'ecg', query, k);
        expect(found.rows.length).toBe(Math.min(k, 257));
        found.scores.forEach((score, i) => {
          expect(Math.abs(score - (expected[i]?.score ?? Number.NaN))).toBeLessThan(1e-4);
        });
        const exact = new Map(scan(vectors, query).map(({ row, score }) => [row, score]));
        found.rows.forEach((row, i) => {
          expect(Math.abs((exact.get(row) ?? Number.NaN) - (found.scores[i] ?? Number.NaN))).toBeLessThan(1e-4);
        });
        expect(new Set(found.rows).size).toBe(found.rows.length);
      },
    ),
    { numRuns: 40 },
  );
});

faissTest('rows with equal scores come in the order of their numbers', async () => {
  const service = await start();
  const vectors = unitVectors(50, 2);
  await service.open(1, [await build(service, 'labs', vectors)]);
  const { rows } = await service.search(1, 'labs', rowOf(vectors, 48), 2);
  expect([...rows]).toEqual([48, 49]);
});

faissTest('a view without rows answers with nothing', async () => {
  const service = await start();
  await service.open(1, [await build(service, 'imaging', new Float32Array(0))]);
  const found = await service.search(1, 'imaging', new Float32Array(DIMENSION), 10);
  expect(found).toEqual({ rows: new Int32Array(0), scores: new Float32Array(0) });
});

faissTest('a bad request is refused before it reaches FAISS', async () => {
  const service = await start();
  const vectors = unitVectors(20, 3);
  await service.open(1, [await build(service, 'ecg', vectors)]);
  const pid = pidOf(service);
  const query = rowOf(vectors, 0);
  const bad = query.with(5, Number.NaN);
  const calls = [
    () => service.search(1, 'ecg', query, 0),
    () => service.search(1, 'ecg', query, -1),
    () => service.search(1, 'ecg', query, 1.5),
    () => service.search(1, 'ecg', query, Number.NaN),
    () => service.search(1, 'ecg', query.subarray(1), 3),
    () => service.search(1, 'ecg', new Float32Array(0), 3),
    () => service.search(1, 'ecg', bad, 3),
    () => service.search(1, 'ecg', query.with(5, Number.POSITIVE_INFINITY), 3),
    // A plain array, which the types refuse and a caller without types would pass.
    () => service.search(1, 'ecg', Array.from(query) as unknown as Float32Array, 3),
    () => service.search(1, 'heart' as View, query, 3),
    () => service.search(1, 'labs', query, 3),
    () => service.search(2, 'ecg', query, 3),
    () => service.open(0, []),
    () => service.open(Number.NaN, []),
  ];
  for (const call of calls) await expect(call()).rejects.toThrow(FaissRequestError);
  expect(pidOf(service)).toBe(pid);
  expect(service.state()).toMatchObject({ kind: 'ready', restarts: 0, searches: 0 });
});

const damages: readonly (readonly [string, (path: string) => void])[] = [
  [
    'with one flipped bit',
    (path) => {
      const bytes = readFileSync(path);
      const at = Math.floor(bytes.length / 2);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      writeFileSync(path, bytes);
    },
  ],
  ['cut short', (path) => truncateSync(path, 1000)],
  ['emptied', (path) => truncateSync(path, 0)],
  ['that is missing', (path) => rmSync(path)],
  [
    'replaced by a folder',
    (path) => {
      rmSync(path);
      mkdirSync(path);
    },
  ],
];
for (const [what, damage] of damages) {
  faissTest(`a file ${what} is refused before FAISS reads it, and the open release goes on`, async () => {
    const service = await start();
    const vectors = unitVectors(30, 4);
    await service.open(1, [await build(service, 'ecg', vectors)]);
    const pid = pidOf(service);
    const file = await build(service, 'ecg', unitVectors(30, 5));
    damage(file.path);
    await expect(service.open(2, [file])).rejects.toThrow(FaissFileError);
    expect(service.state()).toMatchObject({ kind: 'ready', versions: [1], pid });
    expect((await service.search(1, 'ecg', rowOf(vectors, 7), 1)).rows[0]).toBe(7);
  });
}

faissTest('a file whose hash fits but which is no such index is refused by its header', async () => {
  const service = await start();
  const file = await build(service, 'ecg', unitVectors(30, 6));
  const pid = pidOf(service);
  await expect(service.open(1, [{ ...file, rows: 29 }])).rejects.toThrow(/30 rows|29 rows/);
  const bytes = readFileSync(file.path);
  bytes.write('IxF2');
  writeFileSync(file.path, bytes);
  const { sha256File } = await import('../space/store/sha256.ts');
  const altered = { ...file, sha256: await sha256File(file.path) };
  await expect(service.open(1, [altered])).rejects.toThrow(FaissFileError);
  expect(pidOf(service)).toBe(pid);
});

faissTest('a process killed in mid-search is replaced, and the search is answered', async () => {
  const service = await start();
  const vectors = unitVectors(40, 7);
  await service.open(1, [await build(service, 'ecg', vectors)]);
  const pid = pidOf(service);
  // Stopped, it holds the request without answering, so that the kill falls into the search for certain.
  process.kill(pid, 'SIGSTOP');
  const answer = service.search(1, 'ecg', rowOf(vectors, 11), 1);
  process.kill(pid, 'SIGKILL');
  expect((await answer).rows[0]).toBe(11);
  expect(pidOf(service)).not.toBe(pid);
  expect(service.state()).toMatchObject({ kind: 'ready', restarts: 1, versions: [1] });
});

faissTest('a process killed while idle comes back with its releases', async () => {
  const events: FaissEvent[] = [];
  const service = await start({ onEvent: (event) => events.push(event) });
  const vectors = unitVectors(40, 8);
  await service.open(1, [await build(service, 'ecg', vectors)]);
  process.kill(pidOf(service), 'SIGKILL');
  await until(() => service.state().restarts === 1 && service.state().kind === 'ready');
  expect((await service.search(1, 'ecg', rowOf(vectors, 3), 1)).rows[0]).toBe(3);
  expect(events.filter((event) => event.kind === 'crashed')).toHaveLength(1);
});

faissTest('a process that says nothing is killed at the deadline; the next search is answered', async () => {
  const service = await start({ searchDeadlineMs: 500 });
  const vectors = unitVectors(40, 9);
  await service.open(1, [await build(service, 'ecg', vectors)]);
  process.kill(pidOf(service), 'SIGSTOP');
  await expect(service.search(1, 'ecg', rowOf(vectors, 1), 1)).rejects.toThrow(FaissProcessError);
  expect((await service.search(1, 'ecg', rowOf(vectors, 2), 1)).rows[0]).toBe(2);
});

faissTest('a storm of crashes ends in unavailable with the reason, and the next open heals it', async () => {
  let killing = false;
  const waitsMs: number[] = [];
  const service = await start({
    onEvent: (event) => {
      if (killing && event.kind === 'started') process.kill(event.pid, 'SIGKILL');
    },
    nowMs: () => 0,
    sleep: async (ms) => waitsMs.push(ms),
  });
  const vectors = unitVectors(40, 10);
  const file = await build(service, 'ecg', vectors);
  await service.open(1, [file]);
  killing = true;
  process.kill(pidOf(service), 'SIGKILL');
  const search = service.search(1, 'ecg', rowOf(vectors, 1), 1);
  await expect(search).rejects.toThrow(/not available|FAISS process/);
  await until(() => service.state().kind === 'unavailable');
  expect(service.state().reason).toContain('SIGKILL');
  expect(waitsMs).toEqual([200, 400, 800, 1600]);
  await expect(service.search(1, 'ecg', rowOf(vectors, 1), 1)).rejects.toThrow(FaissUnavailableError);
  killing = false;
  await service.open(2, [file]);
  expect((await service.search(2, 'ecg', rowOf(vectors, 1), 1)).rows[0]).toBe(1);
  expect(service.state().kind).toBe('ready');
});

faissTest('recycled by count, the process keeps its releases and the answers stay right', async () => {
  const service = await start({ recycleAfterSearches: 3 });
  const vectors = unitVectors(40, 11);
  await service.open(1, [await build(service, 'ecg', vectors)]);
  const asked = Array.from({ length: 10 }, (_, row) => service.search(1, 'ecg', rowOf(vectors, row), 1));
  const answers = await Promise.all(asked);
  expect(answers.map(({ rows }) => rows[0])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(service.state()).toMatchObject({ recycles: 3, restarts: 0, searches: 10 });
});

faissTest('the release before stays open for its searches; the one before that is closed', async () => {
  const service = await start();
  const [first, second] = [unitVectors(40, 12), unitVectors(60, 13)];
  const [firstFile, secondFile] = [await build(service, 'ecg', first), await build(service, 'ecg', second)];
  await service.open(1, [firstFile]);
  const opening = service.open(2, [secondFile]);
  const during = await Promise.all([5, 6, 7].map((row) => service.search(1, 'ecg', rowOf(first, row), 1)));
  expect(during.map(({ rows }) => rows[0])).toEqual([5, 6, 7]);
  await opening;
  expect((await service.search(1, 'ecg', rowOf(first, 9), 1)).rows[0]).toBe(9);
  expect((await service.search(2, 'ecg', rowOf(second, 55), 1)).rows[0]).toBe(55);
  await service.open(3, [secondFile]);
  expect(service.state().versions).toEqual([2, 3]);
  await expect(service.search(1, 'ecg', rowOf(first, 9), 1)).rejects.toThrow(FaissRequestError);
  expect((await service.search(2, 'ecg', rowOf(second, 55), 1)).rows[0]).toBe(55);
});

faissTest('a version that is opened again with other files answers from those', async () => {
  const service = await start();
  const [first, second] = [unitVectors(40, 14), unitVectors(60, 15)];
  await service.open(1, [await build(service, 'ecg', first)]);
  await service.open(1, [await build(service, 'ecg', second)]);
  expect(service.state().versions).toEqual([1]);
  expect((await service.search(1, 'ecg', rowOf(second, 58), 1)).rows[0]).toBe(58);
});

faissTest('a file damaged while it was open is not read again after a crash, and its release says so', async () => {
  const events: FaissEvent[] = [];
  const service = await start({ onEvent: (event) => events.push(event) });
  const [first, second] = [unitVectors(40, 16), unitVectors(60, 17)];
  const [firstFile, secondFile] = [await build(service, 'ecg', first), await build(service, 'ecg', second)];
  await service.open(1, [firstFile]);
  await service.open(2, [secondFile]);
  truncateSync(secondFile.path, 5000);
  process.kill(pidOf(service), 'SIGKILL');
  await expect(service.search(2, 'ecg', rowOf(second, 1), 1)).rejects.toThrow(FaissFileError);
  expect((await service.search(1, 'ecg', rowOf(first, 1), 1)).rows[0]).toBe(1);
  expect(events.filter((event) => event.kind === 'dropped')).toMatchObject([{ version: 2 }]);
});

faissTest('too many waiting searches are refused, the others answered', async () => {
  const service = await start({ waitingMax: 5 });
  const vectors = unitVectors(40, 18);
  await service.open(1, [await build(service, 'ecg', vectors)]);
  const asked = Array.from({ length: 12 }, () => service.search(1, 'ecg', rowOf(vectors, 4), 1));
  const settled = await Promise.allSettled(asked);
  const answered = settled.filter(({ status }) => status === 'fulfilled');
  // One in the process and five in line.
  expect(answered).toHaveLength(6);
  expect(settled.filter((one) => one.status === 'rejected' && one.reason instanceof FaissProcessError)).toHaveLength(6);
});

faissTest('close rejects what waits and ends the process', async () => {
  const service = await start();
  const vectors = unitVectors(40, 19);
  await service.open(1, [await build(service, 'ecg', vectors)]);
  const pid = pidOf(service);
  process.kill(pid, 'SIGSTOP');
  const searches = [service.search(1, 'ecg', rowOf(vectors, 1), 1), service.search(1, 'ecg', rowOf(vectors, 2), 1)];
  const settled = Promise.allSettled(searches);
  process.kill(pid, 'SIGCONT');
  await service.close();
  expect((await settled).at(-1)?.status).toBe('rejected');
  expect(() => process.kill(pid, 0)).toThrow();
  await expect(service.search(1, 'ecg', rowOf(vectors, 1), 1)).rejects.toThrow(FaissUnavailableError);
  await expect(service.open(1, [])).rejects.toThrow(FaissUnavailableError);
  await service.close();
});

test.skipIf(missing || process.platform !== 'linux')(
  `the process sees no secret of its parent, and runs FAISS on one thread${unlessMissing}`,
  async () => {
    process.env.FAISS_TEST_SECRET = 'canary-5f2c';
    const service = await start();
    delete process.env.FAISS_TEST_SECRET;
    const environment = readFileSync(`/proc/${pidOf(service)}/environ`, 'utf8');
    expect(environment).not.toContain('canary-5f2c');
    expect(environment).toContain('OMP_NUM_THREADS=1');
  },
);

test('without faiss-node the service starts, says so, and every call names the remedy', async () => {
  const service = await start({ faissFrom: join(folder, 'nowhere.js') });
  expect(service.state()).toMatchObject({ kind: 'unavailable', reason: expect.stringContaining('faiss-node') });
  const query = new Float32Array(DIMENSION);
  const job = { view: 'ecg', vectorsPath: join(folder, 'none'), rows: 1, outPath: join(folder, 'x.index') } as const;
  for (const call of [
    () => service.search(1, 'ecg', query, 1),
    () => service.open(1, []),
    () => service.build([job]),
  ]) {
    const error = await call().then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(FaissUnavailableError);
    expect(String(error)).toContain('node space/faiss/setup.mjs');
  }
});
