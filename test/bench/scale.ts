/**
 * What reading and deciding cost when the database holds a million tasks, on an embedded file and on sqld.
 *   npx tsx test/bench/scale.ts [--tasks 1000000] [--repeats 200] [--hosts file,sqld]
 * Five stages as in the product, tasks in every state. Prints median and p95 in ms and the calls to the database, then the
 * targets; exit 1 when one is missed.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Client, createClient } from '@libsql/client';
import {
  connectDatabase,
  type Database,
  definePipeline,
  defineStage,
  detect,
  explainItem,
  explainStages,
  type Runtime,
  readSnapshot,
  registerPipeline,
  type Stage,
  tick,
} from '../../core/engine/index.ts';
import { readStatus } from '../../core/status.ts';
import { openDatabase } from '../../space/database.ts';
import { startSqld } from '../support/sqld.ts';
import { load, machine } from './engine/machine.ts';
import { median } from './engine/table.ts';

const { values } = parseArgs({
  options: {
    tasks: { type: 'string', default: '1000000' },
    repeats: { type: 'string', default: '200' },
    hosts: { type: 'string', default: 'file,sqld' },
  },
});
const tasks = Number(values.tasks);
const repeats = Number(values.repeats);
if (!(Number.isSafeInteger(tasks) && tasks >= 10_000)) throw new Error('--tasks must be a whole number from 10000');
if (!(Number.isSafeInteger(repeats) && repeats >= 20)) throw new Error('--repeats must be a whole number from 20');

const DEADLINE_MS = 120_000;
const BATCH = 256;
const DETECTION_MS_TARGET = 0.1;
const IDLE_CALLS_TARGET = 1;
/** Share of all tasks in each stage: every stage holds fewer, as the product's filters make it. */
const STAGES = { scrape: 0.3, normalize: 0.26, distill: 0.2, embed: 0.14, index: 0.1 } as const;
/** Rows of one inserting statement. */
const PART = 20_000;

const stageOf = (name: string): Stage =>
  defineStage({
    name,
    itemKind: 'document',
    batchMax: BATCH,
    leaseMs: 600_000,
    retry: { attemptsMax: 3, delayMsFirst: 1_000, delayMsMax: 60_000 },
    settles: name === 'index' ? 'whole' : 'each',
    fingerprint: `${name}-1`,
    process: async (items) => ({ outcomes: items.map(() => ({ kind: 'done', outputHash: 'made' })), writes: [] }),
  });
const pipeline = definePipeline('anamnesis', Object.keys(STAGES).map(stageOf));
const runtime: Runtime = {
  monotonicMs: () => performance.now(),
  random: Math.random,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  owner: 'bench/1',
  every: () => () => undefined,
};

type Host = { name: string; client: Client; db: Database; bytes: () => number; close: () => Promise<void> };

async function openFile(): Promise<Host> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-scale-'));
  const url = `file:${join(folder, 'state.db')}`;
  const { db, close } = await openDatabase({ url, deadlineMs: DEADLINE_MS });
  // A second connection, as another process would have it, to put in and to change what the engine finds.
  const client = createClient({ url, concurrency: 1, timeout: 10_000 });
  return {
    name: 'file',
    client,
    db,
    bytes: () => readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0),
    close: async () => {
      client.close();
      close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function openSqld(): Promise<Host> {
  const server = await startSqld();
  (await openDatabase({ url: server.url, deadlineMs: DEADLINE_MS })).close();
  const client = createClient({ url: server.url });
  return {
    name: 'sqld',
    client,
    db: connectDatabase(client, { deadlineMs: DEADLINE_MS }),
    bytes: () => Number.NaN,
    close: async () => {
      client.close();
      await server.stop();
    },
  };
}

/** A database in the middle of its life: most tasks done, some set aside, some due, one batch in work, some in backoff. */
async function fill(client: Client): Promise<void> {
  const numbers = (from: number, to: number) =>
    `WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${to})`;
  const items = Math.floor(tasks * STAGES.scrape);
  for (let from = 1; from <= items; from += PART)
    await client.execute(
      `${numbers(from, Math.min(items, from + PART - 1))}
       INSERT INTO item(id, kind, key, source, content_hash, created_at_ms)
       SELECT i, 'document', 'document-' || i, 'bench', printf('%064d', i), 1700000000000 FROM n`,
    );
  for (const [stage, share] of Object.entries(STAGES)) {
    const count = Math.floor(tasks * share);
    await client.execute(
      `INSERT INTO lease(stage, owner, acquired_ms, expires_ms) VALUES ('${stage}', 'other/1', 1700000000000, 4000000000000)`,
    );
    for (let from = 1; from <= count; from += PART)
      await client.execute(
        // The last ones came last: they are open.
        `${numbers(from, Math.min(count, from + PART - 1))}
         INSERT INTO task(stage, item_id, state, due_ms, attempt, lease_id, input_hash, output_hash, fingerprint,
           error_class, reason, updated_at_ms)
         SELECT '${stage}', i, state, due_ms, state <> 'ready', CASE state WHEN 'leased' THEN (SELECT max(id) FROM lease) END,
           printf('%064d', i), CASE state WHEN 'done' THEN printf('%064d', i) END, '${stage}-1',
           CASE WHEN state IN ('dead', 'skipped') THEN 'permanent' END, CASE WHEN state IN ('dead', 'skipped') THEN 'unreadable' END,
           1700000000000 + i
         FROM (SELECT i, CASE WHEN i > ${count} * 0.8 + 256 THEN 'ready' WHEN i > ${count} * 0.8 THEN 'leased'
             WHEN i % 50 = 0 THEN 'skipped' WHEN i % 100 = 7 THEN 'dead' ELSE 'done' END AS state,
             CASE WHEN i % 20 = 3 THEN 4000000000000 ELSE 1700000000000 + i END AS due_ms FROM n)`,
      );
  }
}

const timed: { calls: number; writesMs: Map<string, number[]> } = { calls: 0, writesMs: new Map() };
/** Counts calls, and tells claims from commits by what they write first. */
const watched = (db: Database): Database => ({
  read: (statements) => {
    timed.calls += 1;
    return db.read(statements);
  },
  write: async (statements) => {
    timed.calls += 1;
    const sql = statements[0]?.sql ?? '';
    const kind = sql.includes('INSERT INTO lease')
      ? 'claim'
      : sql.includes('UPDATE lease SET writing')
        ? 'commit'
        : 'other';
    const startedMs = performance.now();
    const results = await db.write(statements);
    timed.writesMs.set(kind, [...(timed.writesMs.get(kind) ?? []), performance.now() - startedMs]);
    return results;
  },
});

const p95 = (all: readonly number[]): number => [...all].sort((a, b) => a - b)[Math.ceil(all.length * 0.95) - 1] ?? NaN;
type Line = { readonly what: string; readonly medianMs: number; readonly p95Ms: number; readonly calls: number };

async function timing(what: string, act: () => Promise<unknown>): Promise<Line> {
  for (let i = 0; i < 10; i++) await act();
  timed.calls = 0;
  const tookMs: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const startedMs = performance.now();
    await act();
    tookMs.push(performance.now() - startedMs);
  }
  return { what, medianMs: median(tookMs), p95Ms: p95(tookMs), calls: timed.calls / repeats };
}

async function measure(host: Host): Promise<{ lines: Line[]; fillMs: number; bytes: number }> {
  await registerPipeline(host.db, pipeline);
  const startedMs = performance.now();
  await fill(host.client);
  const fillMs = performance.now() - startedMs;
  const db = watched(host.db);
  const snapshot = await readSnapshot(db, pipeline);
  const lines = [
    await timing('detection (read and decide)', async () => detect(pipeline, await readSnapshot(db, pipeline))),
    await timing('of it decide', async () => detect(pipeline, snapshot)),
    await timing('explain all stages', () => explainStages(db, pipeline)),
    await timing('explain one item', () => explainItem(db, pipeline, `document-${Math.floor(tasks * 0.09)}`)),
    await timing('status', () => readStatus(db, pipeline, [])),
  ];
  timed.writesMs.clear();
  const worked = await timing(`tick of one batch of ${BATCH}`, () =>
    tick(db, pipeline, runtime, { budgetMs: 0, itemsMax: BATCH }),
  );
  const [claims = [], commits = []] = ['claim', 'commit'].map((kind) => timed.writesMs.get(kind));
  lines.push(
    { what: `claim of ${BATCH}`, medianMs: median(claims), p95Ms: p95(claims), calls: 1 },
    { what: `commit of ${BATCH}`, medianMs: median(commits), p95Ms: p95(commits), calls: 1 },
    worked,
  );
  // Nothing may be claimed now: everything that is ready waits for its next try.
  await host.client.execute(`UPDATE task SET due_ms = 4000000000000 WHERE state = 'ready'`);
  const { after } = await tick(db, pipeline, runtime, { budgetMs: 0 });
  if (after.kind !== 'waiting') throw new Error(`the tick was to be idle, and the pipeline is ${after.kind}`);
  lines.push(await timing('idle tick', () => tick(db, pipeline, runtime, { budgetMs: 0 })));
  return { lines, fillMs, bytes: host.bytes() };
}

console.log(machine());
console.log(`${tasks} tasks in ${pipeline.stages.length} stages, ${repeats} repeats; load before: ${load()}`);
const hosts = values.hosts.split(',');
for (const name of hosts) {
  if (name !== 'file' && name !== 'sqld') throw new Error(`no host ${name}; there are file and sqld`);
  const host = name === 'file' ? await openFile() : await openSqld();
  try {
    const { lines, fillMs, bytes } = await measure(host);
    console.log(
      `\n${name}: filled in ${(fillMs / 1_000).toFixed(0)} s${bytes > 0 ? `, ${(bytes / 2 ** 20).toFixed(0)} MiB` : ''}`,
    );
    console.log(`${''.padEnd(28)}  median ms    p95 ms  calls`);
    for (const line of lines)
      console.log(
        `${line.what.padEnd(28)}  ${line.medianMs.toFixed(3).padStart(9)} ${line.p95Ms.toFixed(3).padStart(9)} ${line.calls.toFixed(1).padStart(6)}`,
      );
    const detection = lines.find(({ what }) => what.startsWith('detection'))?.medianMs ?? Number.NaN;
    const idleCalls = lines.find(({ what }) => what === 'idle tick')?.calls ?? Number.NaN;
    if (name === 'file')
      target(detection <= DETECTION_MS_TARGET, `detection ${detection.toFixed(3)} ms, asked ${DETECTION_MS_TARGET}`);
    target(idleCalls <= IDLE_CALLS_TARGET, `idle tick ${idleCalls} round trips, asked ${IDLE_CALLS_TARGET}`);
  } finally {
    await host.close();
  }
}

function target(met: boolean, text: string): void {
  console.log(`${met ? 'met   ' : 'MISSED'}  ${text}`);
  if (!met) process.exitCode = 1;
}
