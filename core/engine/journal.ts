import { type AuditRow, auditRowOf } from './audit.ts';
import { type Database, json, statement } from './database.ts';
import { int } from './sql.ts';

/**
 * The audit as a journal: its last rows for a person, and row after row for a listener that must hear of each at least once.
 * A listener's place stands in `meta`, so that it survives the process and all hosts share it.
 */

/** The newest rows, oldest of them first. */
export async function lastAudit(db: Database, rows: number): Promise<readonly AuditRow[]> {
  const [found] = await db.read([
    statement(`SELECT * FROM (SELECT * FROM audit ORDER BY id DESC LIMIT ?) ORDER BY id`, [rows]),
  ]);
  return (found?.rows ?? []).map(auditRowOf);
}

/** Rows in one reading, and how many bytes of detail all but the last of them may hold: one large commit has a megabyte. */
const ROWS_READ = 200;
const BYTES_READ = 500_000;

export type JournalPage = {
  /** Id of the last row that the listener has heard of. */
  readonly cursor: number;
  readonly rows: readonly AuditRow[];
  /** Keys of the items that the rows speak of, by id. */
  readonly keys: ReadonlyMap<number, string>;
  /** Open tasks by stage, as they were when the rows were read. */
  readonly open: ReadonlyMap<string, number>;
};

/** Gives a new listener its place: behind what is there already. One that has a place keeps it. */
export async function openJournal(db: Database, listener: string): Promise<void> {
  await db.write([
    statement(
      `INSERT INTO meta(key, value) SELECT ?, CAST(coalesce(max(id), 0) AS TEXT) FROM audit WHERE true
       ON CONFLICT(key) DO NOTHING`,
      [listener],
    ),
  ]);
}

/** The next rows that a listener has not heard of; none when it has heard of all. */
export async function readJournal(db: Database, listener: string): Promise<JournalPage> {
  const [place, found, counts] = await db.read([
    statement(`SELECT value FROM meta WHERE key = ?`, [listener]),
    statement(
      `SELECT * FROM (SELECT a.*, sum(length(detail)) OVER (ORDER BY id) - length(detail) AS bytes_before FROM (
         SELECT * FROM audit WHERE id > CAST((SELECT value FROM meta WHERE key = ?) AS INTEGER) ORDER BY id LIMIT ${ROWS_READ}) a)
       WHERE bytes_before <= ${BYTES_READ} ORDER BY id`,
      [listener],
    ),
    statement(
      `SELECT stage, sum(n) AS n FROM stage_count WHERE state IN ('ready', 'leased', 'submitted') GROUP BY stage`,
    ),
  ]);
  const rows = (found?.rows ?? []).map(auditRowOf);
  return {
    cursor: int(place?.rows[0]?.value),
    rows,
    keys: rows.length === 0 ? new Map() : await keysOf(db, [...new Set(rows.flatMap(itemIdsOf))]),
    open: new Map((counts?.rows ?? []).map((row) => [String(row.stage), int(row.n)])),
  };
}

async function keysOf(db: Database, ids: readonly number[]): Promise<ReadonlyMap<number, string>> {
  const [found] = await db.read([
    statement(`SELECT id, key FROM item WHERE id IN (SELECT value FROM json_each(?))`, [json(ids)]),
  ]);
  return new Map((found?.rows ?? []).map((row) => [int(row.id), String(row.key)]));
}

/** Moves a listener on, unless another host has moved it since it was read: a place never goes back. */
export async function moveJournal(db: Database, listener: string, from: number, to: number): Promise<void> {
  await db.write([
    statement(`UPDATE meta SET value = ? WHERE key = ? AND value = ?`, [String(to), listener, String(from)]),
  ]);
}

/** The items that a row speaks of, in the parts that its detail has. */
function itemIdsOf({ act, detail }: AuditRow): readonly number[] {
  switch (act) {
    case 'enter':
      return Object.keys(detail.hashes as object).map(Number);
    case 'commit':
      return [...Object.keys(detail.done as object).map(Number), ...(detail.others as [number][]).map(([id]) => id)];
    case 'claim':
    case 'abandon':
    case 'again':
    case 'return':
      return detail.tasks as number[];
    case 'lose':
      return (detail.tasks as [string, number][]).map(([, id]) => id);
    default:
      return [];
  }
}

/** A row's detail in keys instead of the database's own numbers, for readers outside of it. */
export function detailInKeys(row: AuditRow, keys: ReadonlyMap<number, string>): Readonly<Record<string, unknown>> {
  const { act, detail } = row;
  const key = (id: number) => keys.get(id) ?? null;
  switch (act) {
    case 'base':
      return { items: (detail.tasks as unknown[]).length };
    case 'enter':
      return { items: itemIdsOf(row).map(key) };
    case 'commit':
      return {
        fingerprint: detail.fingerprint,
        done: Object.keys(detail.done as object).map((id) => key(Number(id))),
        others: (detail.others as [number, string, string | null][]).map(([id, outcome, said]) => ({
          key: key(id),
          outcome,
          ...(outcome === 'submitted' ? { job: said } : { error_class: said }),
        })),
      };
    case 'claim':
    case 'abandon':
    case 'again':
    case 'return': {
      const { tasks: _, ...rest } = detail;
      return { ...rest, items: itemIdsOf(row).map(key) };
    }
    case 'lose':
      return {
        as: detail.as,
        items: (detail.tasks as [string, number][]).map(([stage, id]) => ({ stage, key: key(id) })),
      };
    default:
      return detail;
  }
}

/** Some keys of items, those that begin as `like` does first: what to offer to whoever mistyped one. */
export async function keysLike(db: Database, like: string, most: number): Promise<readonly string[]> {
  const [found] = await db.read([
    statement(
      `SELECT key FROM (SELECT key, 0 AS far FROM (SELECT key FROM item WHERE substr(key, 1, 4) = substr(?1, 1, 4) LIMIT ?2)
         UNION SELECT key, 1 FROM (SELECT key FROM item LIMIT ?2)) GROUP BY key ORDER BY min(far), key LIMIT ?2`,
      [like, most],
    ),
  ]);
  return (found?.rows ?? []).map((row) => String(row.key));
}
