import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, createClient } from '@libsql/client';
import { DIMENSION } from '../../../core/models/ports.ts';
import { similarity } from '../../../core/search/dense.ts';
import type { Release } from '../../../core/search/release.ts';
import { contributions, planOf, type Signals, totalOf } from '../../../core/search/score.ts';
import { SETTINGS } from '../../../core/search/settings.ts';
import { VIEWS, type View } from '../../../schema/vocabulary.ts';
import { startSqld } from '../../support/sqld.ts';
import { cpuMs, memoryMb, spreadOf } from './process.ts';

const K = 10;
const QUERIES = 40;
const ROWS_AT_ONCE = 200;
/** Neighbours asked of the index of each view. */
const LISTED = [100, 200];

type Vectors = Readonly<Partial<Record<View, Float32Array>>>;
const blob = (vector: Float32Array) => vector.slice().buffer as ArrayBuffer;
const tableOf = (view: View) => `vector_${view}`;

/**
 * The same search by facets over sqld's own vector index (DiskANN), vectors alone: the nearest of each view by its index, all that any of
 * them lists scored by the product's own code from cosines that the database computes. Prints what it takes and how much it finds.
 */
export async function measureIndex(release: Release, count: number): Promise<void> {
  const sqld = await startSqld();
  const client = createClient({ url: sqld.url });
  try {
    const rowsOf = Object.fromEntries(
      VIEWS.map((view) => [
        view,
        [...release.views[view].rows].flatMap((ordinal, row) => (ordinal < count ? [row] : [])),
      ]),
    ) as Record<View, number[]>;
    const startedMs = performance.now();
    const beforeCpuMs = cpuMs(sqld.pid);
    for (const view of VIEWS) {
      const table = tableOf(view);
      await client.execute(`CREATE TABLE ${table}(ordinal INTEGER PRIMARY KEY, embedding F32_BLOB(${DIMENSION}))`);
      await client.execute(
        `CREATE INDEX ${table}_index ON ${table}(libsql_vector_idx(embedding, 'metric=cosine', 'compress_neighbors=float8', 'max_neighbors=32'))`,
      );
      const rows = rowsOf[view];
      for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
        const some = rows.slice(from, from + ROWS_AT_ONCE);
        const found = await release.vectors(view, some);
        await client.batch(
          some.map((row, i) => ({
            sql: `INSERT INTO ${table} VALUES (?, ?)`,
            args: [release.views[view].rows[row] ?? 0, blob(found.subarray(i * DIMENSION, (i + 1) * DIMENSION))],
          })),
          'write',
        );
      }
    }
    const buildMs = performance.now() - startedMs;
    console.table({
      'cases in sqld': count,
      rows: VIEWS.reduce((sum, view) => sum + rowsOf[view].length, 0),
      'build, s': Math.round(buildMs / 1000),
      'build: CPU, s': Math.round((cpuMs(sqld.pid) - beforeCpuMs) / 1000),
      'disk, MB': Math.round(bytesBelow(dataFolderOf(sqld.pid)) / 2 ** 20),
    });
    const queries: Vectors[] = [];
    for (let i = 0; i < QUERIES; i += 1) queries.push(await queryOf(release, Math.floor((i * count) / QUERIES)));
    const exact: (readonly number[])[] = [];
    for (const query of queries) exact.push(await exactBest(release, rowsOf, query));
    for (const listed of LISTED) {
      const tookMs: number[] = [];
      let found = 0;
      const cpuBeforeMs = cpuMs(sqld.pid);
      for (const [i, query] of queries.entries()) {
        const beganMs = performance.now();
        const best = await indexedBest(client, release, query, listed);
        tookMs.push(performance.now() - beganMs);
        found += best.filter((ordinal) => exact[i]?.includes(ordinal)).length;
      }
      const { p50, p95 } = spreadOf(tookMs);
      console.table({
        'listed of each view': listed,
        'recall@10 of the fused score': found / (K * queries.length),
        'p50, ms': Math.round(p50),
        'p95, ms': Math.round(p95),
        'CPU of sqld a search, ms': Math.round((cpuMs(sqld.pid) - cpuBeforeMs) / queries.length),
        'sqld: most RSS, MB': Math.round(memoryMb(sqld.pid).most),
      });
    }
  } finally {
    client.close();
    await sqld.stop();
  }
}

/** The vectors of a case as a query, as `case_id` has it. */
async function queryOf(release: Release, ordinal: number): Promise<Vectors> {
  const vectors: Partial<Record<View, Float32Array>> = {};
  for (const view of VIEWS) {
    const row = release.views[view].rowOf[ordinal] ?? -1;
    if (row >= 0) vectors[view] = await release.vectors(view, [row]);
  }
  return vectors;
}

function bestOf(release: Release, query: Vectors, ordinals: readonly number[], dense: Signals['dense']): number[] {
  const asked = { dense: query, agreement: {}, lexical: null };
  const plan = planOf(SETTINGS, asked, SETTINGS.presets[SETTINGS.preset], ['dense'], release.pairs, 1);
  const signals: Signals = { length: ordinals.length, dense, agreement: {}, lexical: null };
  return ordinals
    .map((ordinal, i) => ({ ordinal, score: totalOf(contributions(signals, plan, i)) }))
    .sort((a, b) => b.score - a.score || a.ordinal - b.ordinal)
    .slice(0, K)
    .map(({ ordinal }) => ordinal);
}

async function exactBest(release: Release, rowsOf: Record<View, number[]>, query: Vectors): Promise<readonly number[]> {
  const count = rowsOf.whole.length;
  const dense: Partial<Record<View, Float32Array>> = {};
  for (const view of VIEWS) {
    const vector = query[view];
    if (!vector) continue;
    const all = await release.vectors(view, rowsOf[view]);
    const cosines = new Float32Array(count).fill(Number.NaN);
    for (const [i, row] of rowsOf[view].entries())
      cosines[release.views[view].rows[row] ?? 0] = similarity(all, vector, i);
    dense[view] = cosines;
  }
  return bestOf(
    release,
    query,
    Array.from({ length: count }, (_, i) => i),
    dense,
  );
}

async function indexedBest(
  client: Client,
  release: Release,
  query: Vectors,
  listed: number,
): Promise<readonly number[]> {
  const asked = VIEWS.flatMap((view) => (query[view] ? [{ view, args: [blob(query[view])] }] : []));
  const lists = await client.batch(
    asked.map(({ view, args }) => ({
      sql: `SELECT id FROM vector_top_k('${tableOf(view)}_index', ?, ${listed})`,
      args,
    })),
    'read',
  );
  const ordinals = [...new Set(lists.flatMap(({ rows }) => rows.map(({ id }) => Number(id))))].sort((a, b) => a - b);
  const cosines = await client.batch(
    asked.map(({ view, args }) => ({
      sql: `SELECT ordinal, 1 - vector_distance_cos(embedding, ?) AS cosine FROM ${tableOf(view)}
            WHERE ordinal IN (SELECT value FROM json_each(?))`,
      args: [...args, JSON.stringify(ordinals)],
    })),
    'read',
  );
  const placeOf = new Map(ordinals.map((ordinal, place) => [ordinal, place]));
  const dense: Partial<Record<View, Float32Array>> = {};
  for (const [i, { view }] of asked.entries()) {
    const column = new Float32Array(ordinals.length).fill(Number.NaN);
    for (const row of cosines[i]?.rows ?? []) column[placeOf.get(Number(row.ordinal)) ?? 0] = Number(row.cosine);
    dense[view] = column;
  }
  return bestOf(release, query, ordinals, dense);
}

/** Where the server keeps its data, by the file that it has open. */
function dataFolderOf(pid: number): string {
  for (const name of readdirSync(`/proc/${pid}/fd`)) {
    const target = readlinkSync(`/proc/${pid}/fd/${name}`);
    const at = target.indexOf('/data/dbs/');
    if (at > 0) return target.slice(0, at + '/data'.length);
  }
  throw new Error('the data of sqld is not to be found');
}

const bytesBelow = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).reduce(
    (sum, entry) => sum + (entry.isFile() ? statSync(join(entry.parentPath, entry.name)).size : 0),
    0,
  );
