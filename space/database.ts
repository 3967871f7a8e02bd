import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Client, createClient } from '@libsql/client';
import { drizzle } from 'drizzle-orm/libsql';
import { migrate } from 'drizzle-orm/libsql/migrator';
import { connectDatabase, type Database, DatabaseError, SchemaError } from '../core/engine/index.ts';
import { PIPELINE_NAME } from '../core/pipeline.ts';
import { BUSY_MS, openEmbedded, PRAGMAS } from './embedded.ts';
import { surviveDroppedSteps } from './host/rejections.ts';

const MIGRATIONS = join(dirname(fileURLToPath(import.meta.url)), '..', 'schema', 'migrations');

export type OpenDatabase = { readonly db: Database; readonly close: () => void };

/** Opens the state database, embedded or remote, and brings its schema up to date. */
export async function openDatabase(options: {
  readonly url: string;
  readonly authToken?: string | undefined;
  readonly deadlineMs: number;
}): Promise<OpenDatabase> {
  const embedded = options.url.startsWith('file:');
  if (embedded) mkdirSync(dirname(options.url.slice('file:'.length)), { recursive: true });
  const client = createClient({
    url: options.url,
    ...(options.authToken === undefined ? {} : { authToken: options.authToken }),
    ...(embedded ? { concurrency: 1, timeout: BUSY_MS } : { ...overNetwork(options.deadlineMs) }),
  });
  try {
    if (embedded) for (const pragma of PRAGMAS) await client.execute(`PRAGMA ${pragma}`);
    await refuseForeign(client);
    await migrateSchema(client);
  } catch (error) {
    client.close();
    if (error instanceof SchemaError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new DatabaseError(`the database cannot be opened: ${message}`, { cause: error });
  }
  if (!embedded) {
    surviveDroppedSteps();
    return { db: connectDatabase(client, { deadlineMs: options.deadlineMs }), close: () => client.close() };
  }
  // Another connection than the one that did DDL, which can fail with SQLITE_LOCKED afterwards.
  client.close();
  return openEmbedded(options.url.slice('file:'.length));
}

/**
 * A request ends with its deadline and gives its place back. Without this, calls that hang keep their places for minutes after
 * the server answers again, and those that wait behind them are sent when nobody expects them any more; so none may wait.
 */
export const overNetwork = (deadlineMs: number) => ({
  fetch: (request: Request) => fetch(request, { signal: AbortSignal.timeout(deadlineMs) }),
  concurrency: 10_000,
});

/**
 * A database of somebody else must not be migrated: one with tables and none of ours, or one of another pipeline.
 * @throws SchemaError; nothing was written
 */
async function refuseForeign(client: Client): Promise<void> {
  const found = await client.execute(
    `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'libsql_%'`,
  );
  const tables = found.rows.map((row) => String(row.name));
  if (tables.length === 0 || tables.some((name) => name.startsWith('migration_'))) {
    if (!tables.includes('meta')) return;
    const named = await client.execute(`SELECT value FROM meta WHERE key = 'pipeline'`);
    const owner = named.rows[0]?.value;
    if (owner === undefined || owner === PIPELINE_NAME) return;
    throw new SchemaError(`the database belongs to pipeline "${String(owner)}": give another DATABASE_URL`);
  }
  throw new SchemaError(
    `the database holds tables that are not ours (${tables.slice(0, 3).join(', ')}): give an empty one by DATABASE_URL`,
  );
}

/** Applies the engine's migrations, then the corpus', each with its own record of what was applied. */
export async function migrateSchema(client: Client): Promise<void> {
  for (const part of ['engine', 'corpus'])
    await migrate(drizzle(client), {
      migrationsFolder: join(MIGRATIONS, part),
      migrationsTable: `migration_${part}`,
    });
}
