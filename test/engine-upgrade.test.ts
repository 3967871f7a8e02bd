import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from '@libsql/client';
import { drizzle } from 'drizzle-orm/libsql';
import { migrate } from 'drizzle-orm/libsql/migrator';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { definePipeline, registerPipeline, verifyAudit } from '../core/engine/index.ts';
import { PIPELINE_NAME } from '../core/pipeline.ts';
import { openDatabase } from '../space/database.ts';
import { counters, drain, recount, rowsOf } from './support/engine/ledger.ts';
import { passing } from './support/engine/walk.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anamnesis-upgrade-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The engine's migrations as they were when its schema was 1. */
function firstMigrations(): string {
  const copy = join(folder, 'migrations');
  cpSync(fileURLToPath(new URL('../schema/migrations/engine', import.meta.url)), copy, { recursive: true });
  const path = join(copy, 'meta', '_journal.json');
  const journal = JSON.parse(readFileSync(path, 'utf8')) as { entries: unknown[] };
  writeFileSync(path, JSON.stringify({ ...journal, entries: journal.entries.slice(0, 1) }));
  return copy;
}

test('a database of engine schema 1 is brought up to date with all its tasks, and its audit begins with them', async () => {
  const url = `file:${join(folder, 'state.db')}`;
  const client = createClient({ url, timeout: 10_000 });
  await migrate(drizzle(client), { migrationsFolder: firstMigrations(), migrationsTable: 'migration_engine' });
  await client.batch(
    [
      `INSERT INTO meta VALUES ('pipeline', '${PIPELINE_NAME}')`,
      `INSERT INTO stage_control(stage, position, lost_max, fingerprint) VALUES ('one', 0, 4, 'one-1'), ('two', 1, 4, 'two-1')`,
      `INSERT INTO item(id, kind, key, source, content_hash, created_at_ms) VALUES
         (1, 'document', 'a', 's', 'h1', 1), (2, 'document', 'b', 's', 'h2', 1), (3, 'document', 'c', 's', 'h3', 1)`,
      `INSERT INTO lease(stage, owner, acquired_ms, expires_ms) VALUES ('one', 'gone/1', 1, 2)`,
      `INSERT INTO task(stage, item_id, state, due_ms, attempt, lease_id, input_hash, output_hash, updated_at_ms) VALUES
         ('one', 1, 'done', 1, 1, NULL, 'h1', 'o1', 1), ('one', 2, 'ready', 1, 0, NULL, 'h2', NULL, 1),
         ('one', 3, 'leased', 1, 1, 1, 'h3', NULL, 1), ('two', 1, 'dead', 1, 3, NULL, 'o1', NULL, 1)`,
    ],
    'write',
  );
  const before = await rowsOf(client, 'SELECT stage, item_id, state, attempt, input_hash FROM task');

  const { db, close } = await openDatabase({ url, deadlineMs: 10_000 });
  expect(await rowsOf(client, 'SELECT stage, item_id, state, attempt, input_hash FROM task')).toEqual(before);
  expect(await counters(client)).toEqual(await recount(client));
  const pipeline = definePipeline(PIPELINE_NAME, [passing('one'), passing('two')]);
  await registerPipeline(db, pipeline);
  expect((await verifyAudit(db)).problems).toEqual([]);
  await client.execute('CREATE TABLE made(stage TEXT NOT NULL, key TEXT NOT NULL, input TEXT)');
  await drain({ client, db }, pipeline);
  expect(await rowsOf(client, `SELECT stage, state, count(*) AS n FROM task GROUP BY 1, 2 ORDER BY 1, 2`)).toEqual([
    { stage: 'one', state: 'done', n: 3 },
    { stage: 'two', state: 'dead', n: 1 },
    { stage: 'two', state: 'done', n: 2 },
  ]);
  expect(await verifyAudit(db)).toMatchObject({ problems: [], tasks: 6 });
  close();
  client.close();
});

test('an audit row is chained by SHA3-256, and nobody can change or delete one', async () => {
  const url = `file:${join(folder, 'state.db')}`;
  const { db, close } = await openDatabase({ url, deadlineMs: 10_000 });
  await registerPipeline(db, definePipeline(PIPELINE_NAME, [passing('one')]));
  await registerPipeline(db, definePipeline(PIPELINE_NAME, [passing('one', { fingerprint: 'one-2' })]));
  const client = createClient({ url, timeout: 10_000 });
  const rows = await rowsOf(client, 'SELECT * FROM audit ORDER BY id');
  expect(rows).toHaveLength(2);
  const { createHash } = await import('node:crypto');
  let previous = '';
  for (const row of rows) {
    const columns = [row.at_ms, row.act, row.stage, row.lease_id, row.actor, row.request_id, row.detail];
    previous = createHash('sha3-256')
      .update(`${previous}${JSON.stringify(columns)}`)
      .digest('hex');
    expect(row.hash).toBe(previous);
  }
  await expect(client.execute(`UPDATE audit SET actor = 'x' WHERE id = 1`)).rejects.toThrow('append-only');
  await expect(client.execute('DELETE FROM audit WHERE id = 1')).rejects.toThrow('append-only');
  await client.execute('DROP TRIGGER audit_unchanged');
  await client.execute(`UPDATE audit SET actor = 'x' WHERE id = 1`);
  expect((await verifyAudit(db)).problems).toEqual(['row 1 (register) does not fit its hash or the row before it']);
  close();
  client.close();
});
