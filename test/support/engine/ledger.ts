import type { Client, InStatement } from '@libsql/client';
import {
  type Database,
  enterStatements,
  type NewItem,
  type Pipeline,
  type Runtime,
  type Stage,
  tick,
} from '../../../core/engine/index.ts';
import { fakeRuntime } from './runtime.ts';

/** Reads and acts on the ledger as an observer beside the engine. */

export type PlainRow = Record<string, unknown>;

export async function rowsOf(client: Client, sql: string, args: (string | number)[] = []): Promise<PlainRow[]> {
  const { rows, columns } = await client.execute({ sql, args });
  return rows.map((row) => Object.fromEntries(columns.map((column) => [column, row[column]])));
}

export const oneOf = async (client: Client, sql: string, args: (string | number)[] = []): Promise<unknown> =>
  Object.values((await rowsOf(client, sql, args))[0] ?? {})[0];

export const newItem = (key: string, contentHash = `${key}@1`, kind = 'document'): NewItem => ({
  kind,
  key,
  source: 'test',
  contentHash,
});

export async function enter(db: Database, stage: Stage, items: readonly NewItem[]): Promise<void> {
  await db.write(enterStatements(stage, items));
}

/** Lets every live lease run out: the clock is the database's, so the lease is moved and not the time. */
export const expireLeases = (client: Client) =>
  client.execute(`UPDATE lease SET expires_ms = 1 WHERE state = 'live' AND expires_ms > 1`);

/** Lets every delay and every closed gate run out. */
export async function passTime(client: Client): Promise<void> {
  const statements: InStatement[] = [
    `UPDATE task SET due_ms = 1 WHERE state = 'ready' AND due_ms > CAST(unixepoch('subsec') * 1000 AS INTEGER)`,
    `UPDATE stage_control SET open_until_ms = 0`,
  ];
  await client.batch(statements, 'write');
  await expireLeases(client);
}

const ROUNDS_MAX = 500;

/** Ticks until the pipeline serves, letting time pass whenever it waits. Returns the ticks that it took. */
export async function drain(
  host: { readonly client: Client; readonly db: Database },
  pipeline: Pipeline,
  runtime: Runtime = fakeRuntime(),
): Promise<number> {
  for (let round = 1; round <= ROUNDS_MAX; round++) {
    const { after } = await tick(host.db, pipeline, runtime, { budgetMs: 60_000 });
    if (after.kind === 'serving') {
      // A lease whose tasks are all gone lives until its time is over, like any other.
      await expireLeases(host.client);
      await tick(host.db, pipeline, runtime, { budgetMs: 60_000 });
      return round;
    }
    await passTime(host.client);
  }
  throw new Error(`the pipeline did not come to rest in ${ROUNDS_MAX} ticks`);
}

const TABLES = [
  'task',
  'item',
  'lease',
  'stage_control',
  'stage_count',
  'progress_sample',
  'error_log',
  'made',
  'page',
];

/** Every row of every table that a commit may touch. */
export async function dump(client: Client): Promise<Record<string, PlainRow[]>> {
  const all = await client.batch(
    TABLES.map((table) => `SELECT * FROM ${table} ORDER BY 1, 2, 3`),
    'read',
  );
  return Object.fromEntries(
    TABLES.map((table, i) => [
      table,
      (all[i]?.rows ?? []).map((row) => Object.fromEntries((all[i]?.columns ?? []).map((c) => [c, row[c]]))),
    ]),
  );
}

export const counters = (client: Client) =>
  rowsOf(client, `SELECT stage, state, n FROM stage_count WHERE n <> 0 ORDER BY stage, state`);
export const recount = (client: Client) =>
  rowsOf(client, `SELECT stage, state, count(*) AS n FROM task GROUP BY stage, state ORDER BY stage, state`);
