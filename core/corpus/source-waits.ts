import { type Database, json, statement } from '../engine/database.ts';
import { NOW } from '../engine/sql.ts';
import type { SourceKind } from '../sources/source.ts';
import { text, textOrNull } from './columns.ts';

/** A source in the midst of a run that waits; `dueMs` is when it goes on, by the database's clock. */
export type WaitingSource = { readonly name: string; readonly dueMs: number; readonly error: string | null };

/** Of the sources that are in a run, the one that goes on first; null where none is, or each waits for an operator. */
export async function nextRunning(db: Database, kinds: readonly SourceKind[]): Promise<WaitingSource | null> {
  const [found] = await db.read([
    statement(
      `SELECT name, max(due_ms, lease_until_ms) AS due, error FROM source
       WHERE state = 'active' AND run_state = 'running' AND due_ms IS NOT NULL AND kind IN (SELECT value FROM json_each(?))
       ORDER BY due, name LIMIT 1`,
      [json(kinds)],
    ),
  ]);
  const row = found?.rows[0];
  return row ? { name: text(row.name), dueMs: Number(row.due), error: textOrNull(row.error) } : null;
}

/** Who steps which source now. */
export type HeldSource = { readonly name: string; readonly fence: number; readonly owner: string };

export async function heldSources(db: Database): Promise<readonly HeldSource[]> {
  const [found] = await db.read([
    statement(
      `SELECT name, fence, owner FROM source WHERE owner IS NOT NULL AND lease_until_ms > ${NOW} ORDER BY name`,
    ),
  ]);
  return (found?.rows ?? []).map((row) => ({ name: text(row.name), fence: Number(row.fence), owner: text(row.owner) }));
}

/** Ends the right of a worker that is known to be dead. */
export const freeSource = async (db: Database, { name, fence }: HeldSource): Promise<void> => {
  await db.write([
    statement(`UPDATE source SET lease_until_ms = 0, owner = NULL, fence = fence + 1 WHERE name = ? AND fence = ?`, [
      name,
      fence,
    ]),
  ]);
};
