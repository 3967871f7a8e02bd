import type { SourceState, WindowState } from '../../schema/vocabulary.ts';
import { type Database, type Row, statement } from '../engine/database.ts';
import { NOW } from '../engine/sql.ts';
import type { SourceKind, WindowBy } from '../sources/source.ts';
import { numberOrNull, text, textOrNull } from './columns.ts';

/** What an operator collects. Names are 1 to 64 of a-z, 0-9 and -, beginning with a letter. */
export type SourceDefinition = {
  readonly name: string;
  readonly kind: SourceKind;
  readonly query: string;
  /** First day, ISO 8601. */
  readonly since: string;
  /** Most documents in all; null without a limit. */
  readonly documentsMax: number | null;
  /** Time between the starts of two runs; null where it runs only when told to. */
  readonly everyMs: number | null;
};

/** A window of the run at hand or the last one. */
export type WindowStanding = {
  readonly by: WindowBy | 'sweep';
  readonly from: string;
  readonly to: string;
  readonly state: WindowState;
  readonly stated: number | null;
  readonly received: number;
  readonly remark: string | null;
};

/** A definition and how it stands. Times are the database's, in ms. */
export type SourceStanding = SourceDefinition & {
  readonly state: SourceState;
  readonly reason: string | null;
  readonly running: boolean;
  readonly run: number;
  /** When it goes on by itself; null when only an act starts it. */
  readonly dueMs: number | null;
  readonly startedMs: number | null;
  readonly finishedMs: number | null;
  readonly entryThrough: string | null;
  readonly changeThrough: string | null;
  readonly sweptDay: string | null;
  /** Of the run at hand or the last. */
  readonly found: number;
  readonly fresh: number;
  readonly changed: number;
  /** Documents that it has listed in all, those that are retracted or withdrawn, and those that no longer are listed. */
  readonly listed: number;
  readonly retracted: number;
  readonly missing: number;
  readonly failures: number;
  readonly error: string | null;
  readonly remarks: readonly string[];
  readonly windowsOpen: number;
  readonly lastWindow: WindowStanding | null;
};

/** A definition that cannot be kept or found; the message says what to do. */
export class SourceDefinitionError extends Error {
  override readonly name = 'SourceDefinitionError';
}

const NAME = /^[a-z][a-z0-9-]{0,63}$/;

/**
 * Keeps a definition; the same one again changes nothing.
 * @throws SourceDefinitionError when another one has the name
 */
export async function addSource(
  db: Database,
  definition: SourceDefinition,
  options: { readonly runNow: boolean },
): Promise<'added' | 'same'> {
  const { name, kind, query, since, documentsMax, everyMs } = definition;
  if (!NAME.test(name))
    throw new SourceDefinitionError(
      `${JSON.stringify(name)} is no name of a source: 1 to 64 of a-z, 0-9 and -, beginning with a letter`,
    );
  const [added, found] = await db.write([
    statement(
      `INSERT INTO source(name, kind, query, since_day, documents_max, every_ms, created_ms, due_ms)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ${NOW}, CASE WHEN ?7 OR ?6 IS NOT NULL THEN ${NOW} END) ON CONFLICT DO NOTHING`,
      [name, kind, query, since, documentsMax, everyMs, Number(options.runNow)],
    ),
    statement(`SELECT * FROM source WHERE name = ?`, [name]),
  ]);
  if (added?.changed === 1) return 'added';
  const row = found?.rows[0];
  const held = row ? definitionOf(row) : definition;
  if (held.kind === kind && held.query === query && held.since === since && held.documentsMax === documentsMax) {
    await db.write([
      statement(`UPDATE source SET every_ms = ?2, due_ms = CASE WHEN ?3 THEN ${NOW} ELSE due_ms END WHERE name = ?1`, [
        name,
        everyMs,
        Number(options.runNow),
      ]),
    ]);
    return 'same';
  }
  throw new SourceDefinitionError(
    `a source ${name} stands already: ${held.kind} ${JSON.stringify(held.query)} since ${held.since}` +
      `${held.documentsMax === null ? '' : `, at most ${held.documentsMax}`}; remove it first, or choose another name`,
  );
}

/** Forgets a definition and what it listed. The documents stay. */
export async function removeSource(db: Database, name: string): Promise<{ readonly removed: boolean }> {
  const results = await db.write([
    statement(`DELETE FROM source_window WHERE source = ?`, [name]),
    statement(`DELETE FROM source_item WHERE source = ?`, [name]),
    statement(`DELETE FROM source WHERE name = ?`, [name]),
  ]);
  return { removed: results[2]?.changed === 1 };
}

/** @throws SourceDefinitionError when there is no such source */
async function change(db: Database, name: string, set: string, args: readonly (string | number | null)[]) {
  const [changed] = await db.write([statement(`UPDATE source SET ${set} WHERE name = ?1`, [name, ...args])]);
  if (changed?.changed !== 1) {
    const all = (await readSources(db)).map((one) => one.name);
    throw new SourceDefinitionError(
      `there is no source ${name}; there ${all.length > 0 ? `are ${all.join(', ')}` : 'is none'}`,
    );
  }
}

/**
 * Makes the next run due now; with `sweep` it compares the whole listing with what is held. A parked source tries again, and lists
 * anew what its sweep had listed: what was missing may be there again.
 */
export async function requestRun(
  db: Database,
  name: string,
  options: { readonly sweep?: boolean } = {},
): Promise<void> {
  await db.write([
    statement(
      `UPDATE source_window SET state = 'open', cursor = NULL, received = 0, finished_ms = NULL
       WHERE source = ?1 AND state = 'done' AND by = 'sweep'
         AND run = (SELECT run FROM source WHERE name = ?1 AND state = 'parked' AND run_state = 'running')`,
      [name],
    ),
  ]);
  await change(
    db,
    name,
    `due_ms = ${NOW}, state = CASE state WHEN 'parked' THEN 'active' ELSE state END, error = NULL, failures = 0,
     reason = CASE state WHEN 'parked' THEN NULL ELSE reason END${options.sweep ? `, swept_day = NULL` : ''}`,
    [],
  );
}
export const pauseSource = (db: Database, name: string, reason: string): Promise<void> =>
  change(db, name, `state = 'paused', reason = ?2`, [reason]);
export const resumeSource = (db: Database, name: string): Promise<void> =>
  change(
    db,
    name,
    `state = 'active', reason = NULL, failures = 0, due_ms = coalesce(due_ms, CASE WHEN every_ms IS NOT NULL THEN ${NOW} END)`,
    [],
  );
/** Lets missing documents leave in any number until then: an operator saw that they are really gone. */
export const allowShrink = (db: Database, name: string, untilMs: number): Promise<void> =>
  change(
    db,
    name,
    `shrink_allowed_ms = CAST(?2 AS INTEGER), state = CASE state WHEN 'parked' THEN 'active' ELSE state END, reason = NULL,
     due_ms = ${NOW}`,
    [untilMs],
  );

/** The definition in a row of `source`. */
export const definitionOf = (row: Row): SourceDefinition => ({
  name: text(row.name),
  kind: text(row.kind) as SourceKind, // written by addSource from that union
  query: text(row.query),
  since: text(row.since_day),
  documentsMax: numberOrNull(row.documents_max),
  everyMs: numberOrNull(row.every_ms),
});

/** Every definition by name, with how it stands. */
export async function readSources(db: Database): Promise<readonly SourceStanding[]> {
  const [found] = await db.read([
    statement(
      `SELECT s.*,
         (SELECT count(*) FROM source_window w WHERE w.source = s.name AND w.state = 'open') AS windows_open,
         (SELECT json_array(w.by, w.from_day, w.to_day, w.state, w.stated, w.received, w.remark) FROM source_window w
           WHERE w.source = s.name AND w.state <> 'split' ORDER BY coalesce(w.finished_ms, 0) DESC, w.id DESC LIMIT 1) AS last_window,
         (SELECT count(*) FROM source_item i WHERE i.source = s.name) AS listed,
         (SELECT count(*) FROM source_item i INDEXED BY source_item_missing
           WHERE i.source = s.name AND i.missing_run IS NOT NULL) AS missing,
         (SELECT count(*) FROM publication p INDEXED BY publication_not_current
           CROSS JOIN source_item i ON i.source = s.name AND i.key = p.document_key WHERE p.state <> 'current') AS retracted
       FROM source s ORDER BY s.name`,
    ),
  ]);
  return (found?.rows ?? []).map((row) => ({
    ...definitionOf(row),
    state: text(row.state) as SourceState, // the closed list that this file writes
    reason: textOrNull(row.reason),
    running: row.run_state === 'running',
    run: Number(row.run),
    dueMs: numberOrNull(row.due_ms),
    startedMs: numberOrNull(row.started_ms),
    finishedMs: numberOrNull(row.finished_ms),
    entryThrough: textOrNull(row.entry_through),
    changeThrough: textOrNull(row.change_through),
    sweptDay: textOrNull(row.swept_day),
    found: Number(row.found),
    fresh: Number(row.fresh),
    changed: Number(row.changed),
    listed: Number(row.listed),
    retracted: Number(row.retracted),
    missing: Number(row.missing),
    failures: Number(row.failures),
    error: textOrNull(row.error),
    remarks: JSON.parse(text(row.remarks)) as string[],
    windowsOpen: Number(row.windows_open),
    lastWindow: row.last_window == null ? null : windowOf(JSON.parse(text(row.last_window))),
  }));
}

type WindowRow = [WindowBy | 'sweep', string, string, WindowState, number | null, number, string | null];
const windowOf = ([by, from, to, state, stated, received, remark]: WindowRow): WindowStanding => ({
  by,
  from,
  to,
  state,
  stated,
  received,
  remark,
});
