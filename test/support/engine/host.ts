import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from '@libsql/client';
import { connectDatabase, type Database } from '../../../core/engine/index.ts';
import { openDatabase } from '../../../space/database.ts';
import { openEmbedded } from '../../../space/embedded.ts';
import { startSqld } from '../sqld.ts';

/** Where the ledger must hold its promises. */
export const HOSTS = ['an embedded file', 'sqld over HTTP'] as const;
export type HostName = (typeof HOSTS)[number];

export type EngineHost = {
  readonly url: string;
  readonly client: Client;
  readonly db: Database;
  /** Empties the engine's tables and makes the scratch tables anew. */
  readonly fresh: () => Promise<void>;
  readonly close: () => Promise<void>;
};

const ENGINE_TABLES = [
  'task',
  'item',
  'lease',
  'stage_control',
  'stage_count',
  'progress_sample',
  'error_log',
  'run',
  'service',
  'quota_window',
  'inference_session',
  'effect',
  'audit',
];
/** The audit lets nobody delete from it; a test that begins anew has to take its guard away. */
const AUDIT_GUARD = 'audit_kept';
/** Tables that the stages of the tests write. `made` has a row per commit, so that whatever is done twice shows. */
const SCRATCH = [
  'DROP TABLE IF EXISTS made',
  'CREATE TABLE made(stage TEXT NOT NULL, key TEXT NOT NULL, input TEXT)',
  'DROP TABLE IF EXISTS page',
  'CREATE TABLE page(key TEXT PRIMARY KEY, document TEXT NOT NULL, text TEXT NOT NULL)',
];

/** A connection of its own to a database that exists: `db` as the product has it, `client` for the observer beside it. */
export async function connect(url: string): Promise<{ client: Client; db: Database; close: () => void }> {
  if (!url.startsWith('file:')) {
    const client = createClient({ url });
    return { client, db: connectDatabase(client, { deadlineMs: 30_000 }), close: () => client.close() };
  }
  const client = createClient({ url, concurrency: 1, timeout: BUSY_MS });
  // What a power cut may take is not asked here, and each fsync costs milliseconds.
  for (const pragma of PRAGMAS) await client.execute(`PRAGMA ${pragma}`);
  const embedded = openEmbedded(url.slice('file:'.length), PRAGMAS);
  const close = () => {
    embedded.close();
    client.close();
  };
  return { client, db: embedded.db, close };
}

const BUSY_MS = 10_000;

const PRAGMAS = ['journal_mode = WAL', 'synchronous = OFF', 'busy_timeout = 10000'];

export async function openHost(name: HostName): Promise<EngineHost> {
  const server = name === 'sqld over HTTP' ? await startSqld() : null;
  const folder = server ? null : mkdtempSync(join(tmpdir(), 'anamnesis-engine-'));
  const url = server?.url ?? `file:${join(folder ?? '', 'state.db')}`;
  // As the product opens it, with its migrations; then again with the settings of the tests.
  (await openDatabase({ url, deadlineMs: 30_000 })).close();
  const { client, db, close } = await connect(url);
  return {
    url,
    client,
    db,
    fresh: async () => {
      const guard = await client.execute({
        sql: `SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name = ?`,
        args: [AUDIT_GUARD],
      });
      await client.batch(
        [
          `DROP TRIGGER ${AUDIT_GUARD}`,
          ...ENGINE_TABLES.map((table) => `DELETE FROM ${table}`),
          `DELETE FROM meta WHERE key <> 'engine_schema'`,
          `DELETE FROM sqlite_sequence WHERE name = 'audit'`,
          String(guard.rows[0]?.sql),
          ...SCRATCH,
        ],
        'write',
      );
    },
    close: async () => {
      close();
      await server?.stop();
      if (folder) rmSync(folder, { recursive: true, force: true });
    },
  };
}
