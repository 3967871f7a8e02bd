import { type Database, json, type Statement, statement } from '../engine/database.ts';
import { NOW } from '../engine/sql.ts';
import type { Days, SourceKind, WindowBy } from '../sources/source.ts';
import { numberOrNull, text, textOrNull } from './columns.ts';
import { definitionOf, type SourceDefinition } from './sources.ts';

/** The SQL of discovery, in the order in which a run calls it. */

/** The right to step one source, and how it stands. Other workers are kept out until `lease_until_ms`. */
export type Held = SourceDefinition & {
  readonly fence: number;
  readonly run: number;
  readonly running: boolean;
  readonly entryThrough: string | null;
  readonly changeThrough: string | null;
  readonly sweptDay: string | null;
  readonly shrinkAllowedMs: number;
  readonly failures: number;
  readonly startedMs: number | null;
  readonly nowMs: number;
};
export type OpenWindow = {
  readonly id: number;
  readonly by: WindowBy | 'sweep';
  readonly days: Days;
  readonly cursor: string | null;
  readonly pages: number;
  readonly received: number;
  readonly relisted: number;
};

/** Longer than one page may take with all its deadlines. */
const LEASE_MS = 180_000;

/** The kinds that a host can ask, and the one source that is asked for; null for any. */
export type Choice = { readonly only: string | null; readonly kinds: readonly SourceKind[] };

/** Takes the source that is due first; null when none is. */
export async function holdSource(db: Database, owner: string, { only, kinds }: Choice): Promise<Held | null> {
  const [held] = await db.write([
    statement(
      `UPDATE source SET fence = fence + 1, owner = ?1, lease_until_ms = ${NOW} + ${LEASE_MS}
       WHERE name = (SELECT name FROM source WHERE state = 'active' AND due_ms <= ${NOW} AND lease_until_ms <= ${NOW}
         AND (?2 IS NULL OR name = ?2) AND kind IN (SELECT value FROM json_each(?3)) ORDER BY due_ms, name LIMIT 1)
       RETURNING *, ${NOW} AS now_ms`,
      [owner, only, json(kinds)],
    ),
  ]);
  const row = held?.rows[0];
  if (!row) return null;
  return {
    ...definitionOf(row),
    fence: Number(row.fence),
    run: Number(row.run),
    running: row.run_state === 'running',
    entryThrough: textOrNull(row.entry_through),
    changeThrough: textOrNull(row.change_through),
    sweptDay: textOrNull(row.swept_day),
    shrinkAllowedMs: Number(row.shrink_allowed_ms),
    failures: Number(row.failures),
    startedMs: numberOrNull(row.started_ms),
    nowMs: Number(row.now_ms),
  };
}

/** When the next source is due or free again; null when none will be by itself. */
export async function nextSourceDue(db: Database, { only, kinds }: Choice): Promise<number | null> {
  const [found] = await db.read([
    statement(
      `SELECT min(max(due_ms, lease_until_ms)) AS due FROM source WHERE state = 'active' AND due_ms IS NOT NULL
         AND (?1 IS NULL OR name = ?1) AND kind IN (SELECT value FROM json_each(?2))`,
      [only, json(kinds)],
    ),
  ]);
  return numberOrNull(found?.rows[0]?.due);
}

/** True while this worker has the right and nobody paused the source. `name` and `fence` are parameters of the statement. */
const mine = (name: string, fence: string): string =>
  `EXISTS (SELECT 1 FROM source h WHERE h.name = ${name} AND h.fence = ${fence} AND h.lease_until_ms > ${NOW}
     AND h.state = 'active')`;

/** Ends this worker's right, so that another need not wait for its end. */
export async function letGo(db: Database, held: Held): Promise<void> {
  await db.write([
    statement(`UPDATE source SET lease_until_ms = 0, owner = NULL WHERE name = ? AND fence = ?`, [
      held.name,
      held.fence,
    ]),
  ]);
}

export async function openWindows(db: Database, name: string): Promise<readonly OpenWindow[]> {
  const [found] = await db.read([
    statement(`SELECT * FROM source_window WHERE source = ? AND state = 'open' ORDER BY id`, [name]),
  ]);
  return (found?.rows ?? []).map((row) => ({
    id: Number(row.id),
    by: text(row.by) as OpenWindow['by'], // written by beginRun from that union
    days: { from: text(row.from_day), to: text(row.to_day) },
    cursor: textOrNull(row.cursor),
    pages: Number(row.pages),
    received: Number(row.received),
    relisted: Number(row.relisted),
  }));
}

/** Begins a run with its windows. False when the right is lost or another began it. */
export async function beginRun(
  db: Database,
  held: Held,
  windows: readonly { readonly by: OpenWindow['by']; readonly days: Days }[],
): Promise<boolean> {
  const [began] = await db.write([
    statement(
      `UPDATE source SET run = run + 1, run_state = 'running', started_ms = ${NOW}, finished_ms = NULL, found = 0, fresh = 0,
         changed = 0, remarks = '[]' WHERE name = ?1 AND run = ?2 AND run_state = 'idle' AND ${mine('?1', '?3')}`,
      [held.name, held.run, held.fence],
    ),
    statement(
      `INSERT INTO source_window(source, run, by, from_day, to_day)
       SELECT ?1, ?2, j.value->>0, j.value->>1, j.value->>2 FROM json_each(?3) j WHERE changes() > 0 ORDER BY j.key`,
      [held.name, held.run + 1, json(windows.map(({ by, days }) => [by, days.from, days.to]))],
    ),
  ]);
  return began?.changed === 1;
}

/** The revisions that this definition saw last, by key; `gone` are those of them that their source did not have any more. */
export async function listedRevisions(
  db: Database,
  name: string,
  keys: readonly string[],
): Promise<{
  readonly revisions: ReadonlyMap<string, string>;
  readonly gone: ReadonlySet<string>;
  readonly listed: number;
}> {
  const [found, count] = await db.read([
    statement(
      `SELECT i.key, i.revision, i.missing_run IS NOT NULL OR coalesce(p.state, '') = 'gone' AS gone
       FROM source_item i LEFT JOIN publication p ON p.document_key = i.key
       WHERE i.source = ? AND i.key IN (SELECT value FROM json_each(?))`,
      [name, json(keys)],
    ),
    statement(`SELECT count(*) AS n FROM source_item WHERE source = ?`, [name]),
  ]);
  const rows = found?.rows ?? [];
  return {
    revisions: new Map(rows.map((row) => [text(row.key), text(row.revision)])),
    gone: new Set(rows.filter((row) => Number(row.gone) === 1).map((row) => text(row.key))),
    listed: Number(count?.rows[0]?.n ?? 0),
  };
}

export type PageCommit = {
  /** Keys that this page listed, with their revisions. */
  readonly listed: readonly { readonly key: string; readonly revision: string }[];
  readonly fresh: number;
  readonly changed: number;
  readonly stated: number;
  readonly received: number;
  readonly next: string | null;
  readonly remarks: readonly string[];
  /** The window is to be listed again from its beginning: fewer came than were stated. */
  readonly again: boolean;
  /** Statements that store what was found with its tasks; sent twice, they change nothing. */
  readonly entries: readonly Statement[];
};

const REMARKS_KEPT = 20;
const withRemarks = `remarks = (SELECT json_group_array(value) FROM (SELECT value FROM (SELECT value, key AS place, 0 AS late
  FROM json_each(remarks) UNION ALL SELECT value, key, 1 FROM json_each(?2)) ORDER BY late DESC, place DESC LIMIT ${REMARKS_KEPT}))`;

/**
 * One page: what it found, the place behind it and the counts, in one batch. False when another worker has the right, or did
 * this page already; what was found is stored all the same, as it was really listed.
 */
export async function commitPage(db: Database, held: Held, window: OpenWindow, page: PageCommit): Promise<boolean> {
  const run = held.run;
  const results = await db.write([
    ...page.entries,
    statement(
      `UPDATE source_window SET cursor = ?2, pages = pages + 1, stated = ?3, received = CASE WHEN ?5 THEN 0 ELSE ?4 END,
         relisted = relisted + ?5, remark = ?6, state = CASE WHEN ?2 IS NULL AND NOT ?5 THEN 'done' ELSE 'open' END,
         finished_ms = CASE WHEN ?2 IS NULL AND NOT ?5 THEN ${NOW} END
       WHERE id = ?1 AND pages = ?7 AND state = 'open' AND ${mine('?8', '?9')}`,
      [
        window.id,
        page.next,
        page.stated,
        page.received,
        Number(page.again),
        page.remarks.at(-1) ?? null,
        window.pages,
        held.name,
        held.fence,
      ],
    ),
    statement(
      `UPDATE source SET found = found + ?3, fresh = fresh + ?4, changed = changed + ?5, failures = 0, error = NULL,
         lease_until_ms = ${NOW} + ${LEASE_MS}, ${withRemarks} WHERE name = ?1 AND changes() > 0`,
      [held.name, json(page.remarks), page.listed.length, page.fresh, page.changed],
    ),
    statement(
      `INSERT INTO source_item(source, key, revision, run)
       SELECT ?1, j.value->>0, j.value->>1, ?3 FROM json_each(?2) j WHERE true
       ON CONFLICT(source, key) DO UPDATE SET revision = excluded.revision, run = max(run, excluded.run), missing_run = NULL`,
      [held.name, json(page.listed.map(({ key, revision }) => [key, revision])), run],
    ),
  ]);
  return results[page.entries.length]?.changed === 1;
}

/** Puts two halves in the place of a window that has more hits than the service gives out. */
export async function commitSplit(
  db: Database,
  held: Held,
  window: OpenWindow,
  halves: readonly Days[],
): Promise<void> {
  await db.write([
    statement(
      `UPDATE source_window SET state = 'split', finished_ms = ${NOW} WHERE id = ?1 AND state = 'open' AND ${mine('?2', '?3')}`,
      [window.id, held.name, held.fence],
    ),
    statement(
      `INSERT INTO source_window(source, run, by, from_day, to_day)
       SELECT ?1, ?2, ?3, j.value->>0, j.value->>1 FROM json_each(?4) j WHERE changes() > 0 ORDER BY j.key`,
      [held.name, held.run, window.by, json(halves.map(({ from, to }) => [from, to]))],
    ),
  ]);
}

/** Ends a run of which no window is open, with the days that its windows covered; the next one is due by the schedule. */
export async function endRun(db: Database, held: Held, entries: readonly Statement[]): Promise<void> {
  const through = (by: OpenWindow['by']): string =>
    `(SELECT max(w.to_day) FROM source_window w WHERE w.source = ?1 AND w.run = ?2 AND w.by = '${by}')`;
  await db.write([
    ...entries,
    statement(
      `UPDATE source SET run_state = 'idle', finished_ms = ${NOW}, failures = 0, error = NULL,
         entry_through = coalesce(${through('entry')}, entry_through),
         change_through = coalesce(${through('change')}, change_through),
         swept_day = coalesce(${through('sweep')}, CASE WHEN entry_through IS NULL THEN ${through('entry')} END, swept_day), due_ms = max(started_ms + every_ms, ${NOW})
       WHERE name = ?1 AND run_state = 'running' AND ${mine('?1', '?3')}
         AND NOT EXISTS (SELECT 1 FROM source_window w WHERE w.source = ?1 AND w.state = 'open')`,
      [held.name, held.run, held.fence],
    ),
    // Windows of the last three runs tell an operator enough.
    statement(
      `DELETE FROM source_window WHERE source = ?1 AND state <> 'open' AND run < ?2 - 2 AND ${mine('?1', '?3')}`,
      [held.name, held.run, held.fence],
    ),
  ]);
}

/** A step that failed: it is tried again after `delayMs`, or waits for the operator where that is null. */
export async function failStep(
  db: Database,
  held: Held,
  failure: { readonly reason: string; readonly delayMs: number | null; readonly counts: boolean },
): Promise<void> {
  const { reason, delayMs, counts } = failure;
  const then = delayMs === null ? `state = 'parked', reason = ?3` : `due_ms = ${NOW} + CAST(?4 AS INTEGER)`;
  await db.write([
    statement(
      `UPDATE source SET error = ?3, failures = failures + ${Number(counts)}, ${then} WHERE name = ?1 AND ${mine('?1', '?2')}`,
      [held.name, held.fence, reason, ...(delayMs === null ? [] : [Math.ceil(delayMs)])],
    ),
  ]);
}

/** What the sweep of the run at hand did not list, of all that the definition has listed before; null when it did not sweep. */
export async function sweepOf(
  db: Database,
  held: Held,
): Promise<{ readonly held: number; readonly missing: readonly string[] } | null> {
  const listed = `FROM source_item i LEFT JOIN publication p ON p.document_key = i.key
    WHERE i.source = ?1 AND coalesce(p.state, 'current') <> 'gone'`;
  const [swept, count, missing] = await db.read([
    statement(`SELECT 1 FROM source_window WHERE source = ? AND run = ? AND by = 'sweep' LIMIT 1`, [
      held.name,
      held.run,
    ]),
    statement(`SELECT count(*) AS n ${listed}`, [held.name]),
    statement(`SELECT i.key ${listed} AND i.run < ?2 AND i.missing_run IS NULL ORDER BY i.key`, [held.name, held.run]),
  ]);
  if (!swept?.rows.length) return null;
  return { held: Number(count?.rows[0]?.n ?? 0), missing: (missing?.rows ?? []).map((row) => text(row.key)) };
}

/** Marks what a sweep did not list. */
export const missingStatement = (held: Held, keys: readonly string[]): Statement =>
  statement(
    `UPDATE source_item SET missing_run = coalesce(missing_run, ?2)
     WHERE source = ?1 AND key IN (SELECT value FROM json_each(?3)) AND ${mine('?1', '?4')}`,
    [held.name, held.run, json(keys), held.fence],
  );
