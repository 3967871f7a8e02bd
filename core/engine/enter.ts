import { type Cause, PRIORITIES, type Priority } from '../../schema/states.ts';
import { json, type Statement, statement } from './database.ts';
import type { NewItem } from './outcome.ts';
import { auditStatement, int, NOW, quoted, WRITING } from './sql.ts';
import type { Fenced, Stage } from './stage.ts';

/** How items come into a stage: for the first time, again, and back from a job outside. */

export const newItemRow = (parentId: number | null, newItem: NewItem) => [
  parentId,
  newItem.kind,
  newItem.key,
  newItem.source,
  newItem.contentHash,
  newItem.prio ?? 0,
];

export const insertItems = (rows: string, condition: string): Statement =>
  statement(
    `INSERT INTO item(kind, key, parent_id, source, content_hash, created_at_ms)
     SELECT j.value->>1, j.value->>2, j.value->>0, j.value->>3, j.value->>4, ${NOW} FROM json_each(?) j WHERE ${condition}
     ON CONFLICT(kind, key) DO UPDATE SET content_hash = excluded.content_hash,
       parent_id = coalesce(excluded.parent_id, parent_id)`,
    [rows],
  );

/** A task whose input did not change is left as it is: an unchanged output stops a change from spreading. */
export const ENTER = `ON CONFLICT(stage, item_id) DO UPDATE SET state = 'ready', due_ms = excluded.due_ms, prio = excluded.prio,
   cause = 'input', attempt = 0, waits = 0, lost = 0, lease_id = NULL, input_hash = excluded.input_hash,
   error_class = NULL, reason = NULL, updated_at_ms = excluded.updated_at_ms
   WHERE task.input_hash IS NOT excluded.input_hash`;

/** Tasks for items that are known by kind and key; `rows` as `newItemRow` makes them. */
export function enterByKey(stage: Stage, rows: string, condition: string, actor: string): Statement[] {
  const found = `FROM json_each(?2) j JOIN item i ON i.kind = j.value->>1 AND i.key = j.value->>2 WHERE ${condition}`;
  return [
    auditStatement(
      'enter',
      `SELECT ?1, ${WRITING}, '${actor}', NULL,
         (SELECT json_object('hashes', json_group_object(i.id, j.value->>4)) ${found}) WHERE ${condition}`,
      [stage.name, rows],
    ),
    statement(
      `INSERT INTO task(stage, item_id, state, due_ms, prio, input_hash, updated_at_ms)
       SELECT ?1, i.id, 'ready', ${NOW}, j.value->>5, j.value->>4, ${NOW} ${found} ${ENTER}`,
      [stage.name, rows],
    ),
  ];
}

/** Statements that bring items into the first stage; an item whose hash is known stays where it is. */
export function enterStatements(stage: Stage, items: readonly NewItem[]): Statement[] {
  const rows = json(items.map((newItem) => newItemRow(null, newItem)));
  return [insertItems(rows, 'true'), ...enterByKey(stage, rows, 'true', 'ingest')];
}

export type Again = {
  /** An SQL query of item ids; absent for every item of the stage. */
  readonly items?: string;
  readonly states: readonly ('done' | 'skipped' | 'dead' | 'leased' | 'submitted')[];
  /** A claim whose tasks are left alone. */
  readonly exceptLeaseId?: number;
  readonly cause: Cause;
  readonly reason: string;
  readonly actor: string;
  readonly requestId?: string | null;
  readonly prio?: Priority;
  /** An SQL query of a column `name`: what else happens for this reason, for the audit row, which is then written without any task too. */
  readonly names?: string;
};

/**
 * Statements that make tasks of one stage work again; whoever works on one of them is fenced out. `condition` is an SQL
 * expression that must hold for anything to happen.
 */
export function againStatements(stage: string, again: Again, condition: string): Statement[] {
  const chosen = [
    `stage = ${quoted(stage)}`,
    `state IN (${again.states.map(quoted).join(', ')})`,
    ...(again.items === undefined ? [] : [`item_id IN (${again.items})`]),
    ...(again.exceptLeaseId === undefined ? [] : [`lease_id IS NOT ${int(again.exceptLeaseId)}`]),
  ].join(' AND ');
  const { names } = again;
  const listed = names === undefined ? '' : `, 'names', (SELECT json_group_array(name) FROM (${names}))`;
  const orNamed = names === undefined ? '' : ` OR EXISTS (${names})`;
  return [
    auditStatement(
      'again',
      `SELECT ${quoted(stage)}, NULL, ?1, ?2, (SELECT json_object('reason', ?3, 'tasks', json_group_array(item_id)${listed})
         FROM task WHERE ${chosen}) WHERE ${condition} AND (EXISTS (SELECT 1 FROM task WHERE ${chosen})${orNamed})`,
      [again.actor, again.requestId ?? null, again.reason],
    ),
    // Only right after its audit row: a second sending of the same request writes neither.
    statement(
      `UPDATE task SET state = 'ready', due_ms = ${NOW}, prio = ?1, cause = ?2, attempt = 0, waits = 0, lost = 0,
         lease_id = NULL, error_class = NULL, reason = ?3, updated_at_ms = ${NOW} WHERE changes() > 0 AND ${chosen}`,
      [again.prio ?? 0, again.cause, again.reason],
    ),
  ];
}

/** The same as writes of a stage, which take place while `itemId` is held. */
export const againWrites = (itemId: number, stage: string, again: Again): readonly Fenced[] =>
  againStatements(stage, again, ':held').map(({ sql, args }) => ({
    kind: 'fenced',
    itemId,
    // The second statement asks for the first one's row, not for the fence; every write of a stage must name it.
    sql: sql.includes(':held') ? sql : `${sql} AND :held`,
    args,
  }));

export type Return = {
  readonly stage: string;
  /** An SQL query of item ids; of those, the tasks that are submitted are made ready. */
  readonly items: string;
  /** The job that they come back from, as the audit and their reason name it. */
  readonly job: string;
  readonly reason: string;
  readonly actor: string;
};

/**
 * Statements that make submitted tasks ready again, first of all that wait: what they came back with is paid for. Sent twice, they change nothing the
 * second time. `condition` is an SQL expression that must hold for anything to happen. The last one's `changed` counts the tasks.
 */
export function returnStatements({ stage, items, job, reason, actor }: Return, condition: string): Statement[] {
  const chosen = `stage = ${quoted(stage)} AND state = 'submitted' AND item_id IN (${items})`;
  return [
    auditStatement(
      'return',
      `SELECT ${quoted(stage)}, NULL, ?1, NULL, (SELECT json_object('job', ?2, 'reason', ?3, 'tasks', json_group_array(item_id))
         FROM task WHERE ${chosen}) WHERE ${condition} AND EXISTS (SELECT 1 FROM task WHERE ${chosen})`,
      [actor, job, reason],
    ),
    // Only right after its audit row, as in `againStatements`.
    statement(
      `UPDATE task SET state = 'ready', due_ms = ${NOW}, prio = ${PRIORITIES[0]}, reason = ?1, updated_at_ms = ${NOW}
       WHERE changes() > 0 AND ${chosen}`,
      [reason],
    ),
  ];
}
