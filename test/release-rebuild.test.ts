import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, NO_COUNTS, statement, tick } from '../core/engine/index.ts';
import type { SearchAnswer } from '../core/search/contract.ts';
import { parseSearchRequest } from '../core/search/request.ts';
import type { ReleaseBuilder } from '../core/stages/index.ts';
import { type Config, readConfig } from '../space/config.ts';
import { type FaissService, startFaiss } from '../space/faiss/service.ts';
import { createLog } from '../space/host/log.ts';
import { ingestFile } from '../space/ingest/ingest.ts';
import { releaseBuilder } from '../space/release-builder.ts';
import { exampleQueries, sampleFile } from '../space/sample/sample.ts';
import { createServing } from '../space/serving.ts';
import { type OpenPipeline, openPipeline } from '../space/space.ts';
import { openReleaseStore, type ReleaseStore } from '../space/store/releases.ts';
import { type Answered, type Load, quantile, startLoad } from './support/engine/races/load.ts';

const CONNECTIONS = 50;
const THINK_MS = 600;
const WITHIN_MS = 60_000;
const log = createLog('silent');
const command = fileURLToPath(new URL('../space/anamnesis.mjs', import.meta.url));

/** Bodies of the searches: every example query by both engines. */
const BODIES = exampleQueries.flatMap((text) =>
  (['fused', 'faiss'] as const).map((engine) => ({ text, k: 5, engine })),
);

/** Where the other builder stands still until it is told to go on: with half its files written, or with its release published. */
type Stand = {
  readonly where: 'amid its files' | 'at its end';
  readonly reached: () => void;
  readonly go: Promise<void>;
};

let folder: string;
let config: Config;
let child: ChildProcess;
let url: string;
let mine: OpenPipeline;
let store: ReleaseStore;
let faiss: FaissService;
let load: Load;
let stand: Stand | null = null;
const lines = readFileSync(sampleFile, 'utf8').trim().split('\n');
let ingested = 0;

/** The product's own builder, which may be told to stand still. */
const heldBuilder = (db: Database): ReleaseBuilder => {
  const build = releaseBuilder({
    db,
    store,
    faiss,
    releasesKept: 2,
    nowIso: () => new Date().toISOString(),
    onDegraded: () => undefined,
  });
  const held: ReleaseBuilder = async (job) => {
    const at = stand;
    stand = null;
    async function* halfway(...taken: Parameters<typeof job.corpus.cases>) {
      let n = 0;
      for await (const one of job.corpus.cases(...taken)) {
        n += 1;
        if (n === 20 && at?.where === 'amid its files') {
          at.reached();
          await at.go;
        }
        yield one;
      }
    }
    const built = await build({ ...job, corpus: { ...job.corpus, cases: halfway } });
    if (at?.where === 'at its end') {
      at.reached();
      await at.go;
    }
    return built;
  };
  return Object.assign(held, { newestVersion: build.newestVersion });
};

const until = async <T>(what: string, find: () => Promise<T | null | false>): Promise<T> => {
  const untilMs = performance.now() + WITHIN_MS;
  for (;;) {
    const found = await find();
    if (found !== null && found !== false) return found;
    if (performance.now() > untilMs) throw new Error(`it did not come to pass that ${what}`);
    await sleep(10);
  }
};
const rows = async (sql: string, args: (string | number)[] = []) =>
  (await mine.db.read([statement(sql, args)]))[0]?.rows ?? [];
const write = (sql: string, args: (string | number)[] = []) => mine.db.write([statement(sql, args)]);

/** Brings in the next documents of the sample. */
const ingest = async (documents: number): Promise<void> => {
  const file = join(folder, `round-${ingested}.jsonl`);
  writeFileSync(file, `${lines.slice(ingested, ingested + documents).join('\n')}\n`);
  ingested += documents;
  const [first] = mine.pipeline.stages;
  if (!first) throw new Error('the pipeline has no stage');
  await ingestFile(mine.db, first, file, { stopping: () => false, onProgress: () => undefined });
};

type Result = { readonly id: string; readonly score: string };
const resultsOf = ({ results }: SearchAnswer): readonly Result[] =>
  results.map(({ case_id, score }) => ({ id: case_id, score: score.toFixed(6) }));

/** What the current release answers, asked apart from the server: from the files of the store alone. */
async function golden(): Promise<{ readonly version: number; readonly answers: readonly (readonly Result[])[] }> {
  const serving = createServing({ ...mine, store, faiss, log });
  const version = await serving.refresh();
  const answers: (readonly Result[])[] = [];
  for (const body of BODIES) {
    const parsed = parseSearchRequest(body);
    if (!parsed.ok) throw new Error('an example query is not valid');
    answers.push(resultsOf(await serving.search(parsed.request)));
  }
  return { version: version ?? 0, answers };
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'anamnesis-rebuild-'));
  const env = { DATA_DIR: folder, PORT: '0', TICK_EVERY_MS: '500', RELEASES_KEPT: '2', LOG_LEVEL: 'warn' };
  config = readConfig(env);
  store = openReleaseStore(config.storeDir);
  faiss = await startFaiss({ onEvent: () => undefined });
  mine = await openPipeline(config, log, heldBuilder);
  await ingest(50);
  for (let after = ''; after !== 'serving'; )
    after = (await tick(mine.db, mine.pipeline, mine.runtime, { budgetMs: 60_000 })).after.kind;
  child = spawn(process.execPath, [command, 'serve'], {
    env: { ...process.env, ...env, DATABASE_URL: '', STORE_DIR: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const found = /https?:\/\/localhost:\d+/.exec(line)?.[0];
      if (found !== undefined) resolve(found.replace('localhost', '127.0.0.1'));
    });
    child.once('close', () => reject(new Error('the server ended before it listened')));
  });
  load = startLoad(
    `${url}/api/search`,
    CONNECTIONS,
    BODIES.map((body) => JSON.stringify(body)),
    THINK_MS,
  );
});
afterAll(async () => {
  await load?.stop();
  if (child && child.exitCode === null) {
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(force);
  }
  await faiss?.close();
  await mine?.close();
  rmSync(folder, { recursive: true, force: true });
});

test('releases that are built under search load, two at once, and by a builder who lost its lease, mix in no answer', async () => {
  const goldens = new Map<number, readonly (readonly Result[])[]>();
  const rest = async (): Promise<void> => {
    const { version, answers } = await golden();
    goldens.set(version, answers);
  };
  await rest();
  await load.more(100);
  load.take();
  await load.more(300);
  const before = load.take();
  const during: Answered[] = [];
  const collect = async (): Promise<void> => {
    during.push(...load.take());
  };

  const doubled: number[] = [];
  for (const where of ['amid its files', 'at its end'] as const) {
    await write(`UPDATE stage_control SET paused = 1, pause_reason = 'a test' WHERE stage = 'index'`);
    const older = Math.max(...goldens.keys());
    await ingest(15);
    await until('all cases wait for a release', async () => {
      await collect();
      const open = await rows(`SELECT stage FROM task WHERE state IN ('ready', 'leased') GROUP BY stage`);
      return open.length === 1 && open[0]?.stage === 'index';
    });
    let reached = (): void => undefined;
    let go = (): void => undefined;
    const reaches = new Promise<void>((resolve) => {
      reached = resolve;
    });
    stand = {
      where,
      reached,
      go: new Promise<void>((resolve) => {
        go = resolve;
      }),
    };
    await write(`UPDATE stage_control SET paused = 0 WHERE stage = 'index'`);
    const ticking = tick(mine.db, mine.pipeline, mine.runtime, { budgetMs: 1 });
    // The server may have been faster; then this round was a rebuild like any other.
    await Promise.race([reaches, ticking]);
    const mineStands = stand === null;
    if (mineStands) {
      await write(`UPDATE lease SET expires_ms = 1 WHERE state = 'live' AND owner = ?`, [mine.runtime.owner]);
      const [{ version: zombie } = {}] = await rows(
        `SELECT max(version) AS version FROM release WHERE state = 'building'`,
      );
      doubled.push(Number(zombie));
    }
    const newer = await until('the server has built and serves a newer release', async () => {
      const answers = load.take();
      during.push(...answers);
      const last = answers.at(-1);
      const version = last?.status === 200 ? (JSON.parse(last.body) as SearchAnswer).release.version : 0;
      return version > older && version;
    });
    go();
    const { counts } = await ticking;
    if (mineStands) {
      expect(counts.done).toBe(0);
      expect(counts.lost).toBeGreaterThan(0);
      expect(newer).toBeGreaterThan(doubled.at(-1) ?? 0);
    } else expect(counts).toEqual(NO_COUNTS);
    await load.more(100);
    await collect();
    await rest();
    expect(Math.max(...goldens.keys())).toBe(newer);
  }
  await load.more(100);
  await collect();
  expect(doubled.length, 'builds that lost their lease').toBeGreaterThan(0);

  const bad = [...before, ...during].filter(({ status }) => status !== 200);
  expect(bad.map(({ status, body }) => `${status} ${body}`)).toEqual([]);
  const published = new Map(
    (await rows(`SELECT version, case_count FROM release WHERE state = 'published'`)).map((row) => [
      Number(row.version),
      Number(row.case_count),
    ]),
  );
  const mixed: string[] = [];
  const seen = new Map<number, number>();
  let last = 0;
  for (const { query, body } of [...before, ...during]) {
    const answer = JSON.parse(body) as SearchAnswer;
    const { version, case_count } = answer.release;
    seen.set(version, (seen.get(version) ?? 0) + 1);
    if (published.get(version) !== case_count)
      mixed.push(`version ${version} with ${case_count} cases was never published`);
    if (JSON.stringify(resultsOf(answer)) !== JSON.stringify(goldens.get(version)?.[query]))
      mixed.push(`version ${version}, query ${query}: ${JSON.stringify(resultsOf(answer))}`);
    last = version;
  }
  expect(mixed.slice(0, 3)).toEqual([]);
  expect(last).toBe(Math.max(...goldens.keys()));
  expect([...seen.keys()].toSorted((a, b) => a - b)).toEqual([...goldens.keys()].toSorted((a, b) => a - b));
  // What a builder finished after its lease was over is in the store at most, and nobody is ever pointed to it.
  for (const version of doubled) expect(published.has(version)).toBe(false);
  const p99 = (answers: readonly Answered[]) =>
    quantile(
      answers.map(({ tookMs }) => tookMs),
      0.99,
    );
  const kept = readdirSync(join(config.storeDir, 'releases')).filter((name) =>
    existsSync(join(config.storeDir, 'releases', name, 'manifest.json')),
  );
  console.info(
    `F35: ${before.length + during.length} searches on ${CONNECTIONS} connections over ${goldens.size} releases, ${doubled.length} built twice at once: ` +
      `0 answers 5xx, 0 mixed; p99 ${p99(before).toFixed(0)} ms before, ${p99(during).toFixed(0)} ms during; releases on disk at the end: ${kept.join(', ')}`,
  );
});
