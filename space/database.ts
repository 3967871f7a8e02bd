import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Client, createClient } from '@libsql/client';
import { drizzle } from 'drizzle-orm/libsql';
import { migrate } from 'drizzle-orm/libsql/migrator';
import { connectDatabase, type Database } from '../core/engine/index.ts';

const MIGRATIONS = join(dirname(fileURLToPath(import.meta.url)), '..', 'schema', 'migrations');

/** Pragmas are per connection: one connection, set up before its first use. FULL: what was acknowledged survives a power cut. */
const PRAGMAS = ['journal_mode = WAL', 'synchronous = FULL', 'busy_timeout = 10000', 'cache_size = -65536'];

export type OpenDatabase = { readonly db: Database; readonly client: Client; readonly close: () => void };

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
    ...(embedded ? { concurrency: 1, timeout: 10_000 } : {}),
  });
  if (embedded) for (const pragma of PRAGMAS) await client.execute(`PRAGMA ${pragma}`);
  await migrateSchema(client);
  if (embedded) {
    // DDL after reads on one connection can fail with SQLITE_LOCKED: begin again with a fresh one.
    client.reconnect();
    for (const pragma of PRAGMAS) await client.execute(`PRAGMA ${pragma}`);
  }
  return { client, db: connectDatabase(client, { deadlineMs: options.deadlineMs }), close: () => client.close() };
}

/** Applies the engine's migrations, then the corpus', each with its own record of what was applied. */
export async function migrateSchema(client: Client): Promise<void> {
  for (const part of ['engine', 'corpus'])
    await migrate(drizzle(client), {
      migrationsFolder: join(MIGRATIONS, part),
      migrationsTable: `migration_${part}`,
    });
}
