/**
 * Search on the edge over 45,000 cases: the Worker as it is deployed, in workerd, beside sqld's own vector index.
 *
 *     npx tsx test/bench/edge.ts --data DIR [--cases 45000] [--store DIR] [--indexed 5000] [--only worker|index] [--brief]
 *
 * `--data` is the DATA_DIR of a finished Space: its release is copied under new ids until there are enough cases (kept in `--store`), and its
 * database gives the embedder. `--indexed` is how many of the cases go into sqld; `--brief` asks for no explanation and no
 * roll-up of the nearest 50, whose exact scores take the vectors of some sixty cases.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createClient } from '@libsql/client';
import type { SearchAnswer } from '../../core/search/contract.ts';
import { migrateSchema } from '../../space/database.ts';
import { exampleQueries } from '../../space/sample/sample.ts';
import { type Sqld, startSqld } from '../support/sqld.ts';
import { cpuMs, memoryMb, spreadOf } from './edge/process.ts';
import { ensureCopies, openStored } from './edge/release.ts';
import { measureIndex } from './edge/sqld.ts';
import { serveFolder, startWorker } from './edge/worker.ts';

const ROUNDS = 40;
const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    cases: { type: 'string', default: '45000' },
    store: { type: 'string' },
    indexed: { type: 'string', default: '5000' },
    only: { type: 'string' },
    brief: { type: 'boolean', default: false },
  },
});
if (values.data === undefined) throw new Error('--data is the DATA_DIR of a finished Space');
const data = values.data;
const root = values.store ?? mkdtempSync(join(tmpdir(), 'anamnesis-edge-'));
const manifest = await ensureCopies(join(data, 'store'), root, Number(values.cases));
const sqld = await startSqld();
try {
  await copyEmbedder(sqld, data, manifest.generation);
  const release = await openStored(root, manifest);
  // Cases from all over the release as queries, by their text: as long as what a clinician pastes.
  const every = Math.floor(release.cards.count / ROUNDS);
  const texts: string[] = [...exampleQueries];
  for (let i = 0; texts.length < ROUNDS; i += 1) {
    const stored = await release.case(release.cards.ids[i * every] ?? '');
    texts.push((stored?.extracted.text ?? 'fever').slice(0, 1_500));
  }
  if (values.only !== 'index') await measureWorker(sqld, texts, release.kernel.bytes);
  if (values.only !== 'worker') await measureIndex(release, Number(values.indexed));
} finally {
  await sqld.stop();
}

async function measureWorker({ url }: Sqld, texts: readonly string[], kernelBytes: number): Promise<void> {
  const folder = await serveFolder(root);
  const bindings = { DATABASE_URL: url, RELEASE_URL: folder.url, SEARCH_MEMORY_MB: '256', RELEASE_CHECK_MS: '600000' };
  const worker = await startWorker(bindings);
  try {
    const ask = async (text: string): Promise<SearchAnswer> => {
      const body = JSON.stringify({ text, explain: !values.brief });
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(new URL('/api/search', worker.url), { method: 'POST', headers, body });
      if (!response.ok) throw new Error(await response.text());
      return (await response.json()) as SearchAnswer;
    };
    const [bareMb, bareCpuMs, startedMs] = [memoryMb(worker.pid).now, cpuMs(worker.pid), performance.now()];
    await ask('fever');
    const coldMs = performance.now() - startedMs;
    const coldCpuMs = cpuMs(worker.pid) - bareCpuMs;
    const coldBytes = folder.traffic.bytes;
    for (const text of texts.slice(0, 5)) await ask(text);
    const before = { cpu: cpuMs(worker.pid), parts: folder.traffic.parts, bytes: folder.traffic.bytes };
    const tookMs: number[] = [];
    let exact = 0;
    for (const text of texts) {
      const beganMs = performance.now();
      const answer = await ask(text);
      tookMs.push(performance.now() - beganMs);
      if (answer.exact) exact += 1;
    }
    const count = texts.length;
    const { p50, p95 } = spreadOf(tookMs);
    const { now, most } = memoryMb(worker.pid);
    const { usedMb, buffersMb } = await worker.heap();
    console.table({
      cases: manifest.caseCount,
      'cold: first answer, ms': round(coldMs),
      'cold: CPU, ms': round(coldCpuMs),
      'cold: read, MB': round(coldBytes / 2 ** 20),
      'CPU a search, ms': round((cpuMs(worker.pid) - before.cpu) / count),
      'p50, ms': round(p50),
      'p95, ms': round(p95),
      'parts read a search': round((folder.traffic.parts - before.parts) / count),
      'KB read a search': round((folder.traffic.bytes - before.bytes) / count / 1024),
      'exact answers': `${exact} of ${count}`,
      'isolate: heap, MB': round(usedMb),
      'isolate: buffers, MB': round(buffersMb),
      'isolate: memory of the kernel, MB': round(kernelBytes / 2 ** 20),
      'workerd without a release: RSS, MB': round(bareMb),
      'workerd: RSS, MB': round(now),
      'workerd: most RSS, MB': round(most),
    });
  } finally {
    await worker.stop();
    await folder.stop();
  }
}

/** Gives the server the schema, and the one generation that the release's vectors are of. */
async function copyEmbedder({ url }: Sqld, data: string, generation: string): Promise<void> {
  const client = createClient({ url });
  await migrateSchema(client);
  const source = createClient({ url: `file:${join(data, 'state.db')}` });
  for (const table of ['generation', 'generation_part']) {
    const { columns, rows } = await source.execute({
      sql: `SELECT * FROM ${table} WHERE fingerprint = ?`,
      args: [generation],
    });
    const places = columns.map(() => '?').join();
    for (const row of rows) {
      const args = columns.map((column) => row[column] ?? null);
      await client.execute({ sql: `INSERT INTO ${table}(${columns.join()}) VALUES (${places})`, args });
    }
  }
  source.close();
  client.close();
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
