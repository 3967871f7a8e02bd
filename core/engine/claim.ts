import { PRIORITIES } from '../../schema/states.ts';
import { type Database, type Row, type Statement, statement, type Value } from './database.ts';
import { claimQuota, quotaGate, quotaRoomItems } from './quota.ts';
import { claimServices, serviceGate } from './services.ts';
import { auditStatement, FENCE, int, NOW, quoted, TASKS_WRITING, WRITING } from './sql.ts';
import type { Item, Stage } from './stage.ts';

/** How a worker takes items, keeps them and gives them back: the lease is the fencing token. */

const UNLIMITED = Number.MAX_SAFE_INTEGER;

/** Priority and losses of the first task that a claim of stage `name` would take: by priority, then by due time. */
const headOf = (name: string): string =>
  PRIORITIES.map(
    (
      prio,
    ) => `SELECT * FROM (SELECT prio, lost FROM task INDEXED BY task_ready WHERE state = 'ready' AND stage = ${name}
         AND prio = ${prio} AND due_ms <= ${NOW} ORDER BY due_ms, item_id LIMIT 1)`,
  )
    .join(' UNION ALL ')
    .concat(' LIMIT 1');
const EVERY_PRIORITY = `prio IN (${PRIORITIES.join(', ')})`;

export type Claim = {
  readonly leaseId: number;
  readonly items: readonly Item[];
  /** What was left of the stage's retry budget. */
  readonly retryTokens: number;
};

/**
 * Leases due items under a new fencing token; null when a gate is closed or nothing is due. Every gate stands inside the
 * statement that makes the lease, so that no host can claim past one that another host has just closed.
 */
export async function claim(
  db: Database,
  stage: Stage,
  owner: string,
  itemsMax: number = Number.POSITIVE_INFINITY,
  request: string | null = null,
): Promise<Claim | null> {
  const name = quoted(stage.name);
  const gates = [
    `EXISTS (SELECT 1 FROM stage_control WHERE stage = ${name} AND paused = 0 AND open_until_ms <= ${NOW})`,
    concurrencyGate(stage),
    serviceGate(stage),
    quotaGate(stage),
    `EXISTS (SELECT 1 FROM task INDEXED BY task_ready WHERE state = 'ready' AND stage = ${name} AND ${EVERY_PRIORITY} AND due_ms <= ${NOW})`,
  ];
  const results = await db.write([
    statement(
      `INSERT INTO lease(stage, owner, acquired_ms, expires_ms, writing) SELECT ${name}, ?, ${NOW}, ${NOW} + ?, 1
       WHERE ${gates.filter((gate) => gate !== null).join(' AND ')}`,
      [owner, stage.leaseMs],
    ),
    statement(
      `WITH head AS MATERIALIZED (${headOf(name)})
       UPDATE task SET state = 'leased', lease_id = ${WRITING}, attempt = attempt + 1, updated_at_ms = ${NOW}
       WHERE ${FENCE} AND stage = ${name} AND item_id IN (${dueSql(stage)})`,
      [Math.min(itemsMax, UNLIMITED)],
    ),
    claimedItems(name, WRITING, `(SELECT * FROM ${TASKS_WRITING})`, []),
    auditStatement(
      'claim',
      `SELECT stage, id, owner, ?, (SELECT json_object('tasks', json_group_array(item_id)) FROM ${TASKS_WRITING})
       FROM lease INDEXED BY lease_writing WHERE writing = 1`,
      [request],
    ),
    ...claimQuota(stage),
    ...claimServices(stage),
    statement(`UPDATE lease SET writing = 0, size = (SELECT count(*) FROM ${TASKS_WRITING}) WHERE writing = 1`),
  ]);
  if (results[0]?.changed !== 1) return null;
  return claimOf(results[2]?.rows[0]);
}

/** What the claim got that was sent as `request` and whose answer did not come; null where it got nothing or is over. */
export async function claimed(db: Database, stage: Stage, request: string): Promise<Claim | null> {
  const live = `SELECT l.id FROM audit a JOIN lease l ON l.id = a.lease_id
    WHERE a.request_id = ?1 AND l.state = 'live' AND l.expires_ms > ${NOW}`;
  const tasks = `(SELECT * FROM task INDEXED BY task_leased WHERE state = 'leased' AND lease_id = (${live}))`;
  const [found] = await db.read([claimedItems(quoted(stage.name), `(${live})`, tasks, [request])]);
  const row = found?.rows[0];
  return row?.lease_id == null ? null : claimOf(row);
}

/** One row of JSON: a row per item would cost the client more than the whole claim costs the database. */
const claimedItems = (name: string, leaseId: string, tasks: string, args: readonly Value[]): Statement =>
  statement(
    `SELECT ${leaseId} AS lease_id, (SELECT retry_tokens FROM stage_control WHERE stage = ${name}) AS retry_tokens,
       (SELECT json_group_array(json_array(i.id, i.kind, i.key, i.parent_id, i.source, t.input_hash, t.attempt, t.waits, t.lost))
        FROM ${tasks} t JOIN item i ON i.id = t.item_id) AS items`,
    args,
  );

const claimOf = (row: Row | undefined): Claim => ({
  leaseId: int(row?.lease_id),
  items: (JSON.parse(String(row?.items)) as ItemRow[]).map(itemOf).sort((a, b) => a.id - b.id),
  retryTokens: Number(row?.retry_tokens),
});

/** Two that settle the whole at once would do the same work twice and tread on each other's files. */
function concurrencyGate(stage: Stage): string | null {
  const most = stage.settles === 'whole' ? 1 : stage.concurrencyMax;
  if (most === undefined) return null;
  return `(SELECT count(*) FROM lease INDEXED BY lease_live WHERE state = 'live' AND stage = ${quoted(stage.name)}) < ${int(most)}`;
}

/**
 * The items of one claim. A task that lost its worker is tried again in half the batch, with its likes only, so that one
 * that kills soon stands alone and harms no neighbour. Looking for its likes stops early: they lost their worker together.
 */
function dueSql(stage: Stage): string {
  const name = quoted(stage.name);
  const due = `FROM task INDEXED BY task_ready WHERE state = 'ready' AND stage = ${name} AND prio = (SELECT prio FROM head)
    AND due_ms <= ${NOW} ORDER BY due_ms, item_id`;
  if (stage.settles === 'whole')
    return `SELECT item_id FROM (SELECT item_id ${due} LIMIT ${stage.batchMax}) WHERE ?1 > 0`;
  const sizes = [
    '?1',
    `(SELECT max(1, ${stage.batchMax} >> lost) FROM head)`,
    `(SELECT coalesce(batch_limit, ${UNLIMITED}) FROM stage_control WHERE stage = ${name})`,
    ...probeSize(stage),
    ...quotaRoomItems(stage),
  ];
  // Nothing due, or a stage that nobody registered: the gates say so, and no number may be missing here.
  const size = `coalesce(min(${sizes.join(', ')}), 0)`;
  return `SELECT item_id FROM (SELECT item_id, lost ${due} LIMIT ${stage.batchMax * 4})
    WHERE lost = (SELECT lost FROM head) LIMIT ${size}`;
}

/** One item is enough to learn whether a service is back. */
const probeSize = (stage: Stage): string[] =>
  stage.services?.length
    ? [
        `(SELECT CASE WHEN count(*) > 0 THEN 1 ELSE ${UNLIMITED} END FROM service
          WHERE state = 'open' AND name IN (${stage.services.map(quoted).join(', ')}))`,
      ]
    : [];

type ItemRow = [
  id: number,
  kind: string,
  key: string,
  parentId: number | null,
  source: string,
  inputHash: string | null,
  attempt: number,
  waits: number,
  lost: number,
];
const itemOf = ([id, kind, key, parentId, source, inputHash, attempt, waits, lost]: ItemRow): Item => ({
  id,
  kind,
  key,
  parentId,
  source,
  inputHash,
  attempt,
  waits,
  lost,
});

/** Extends a live lease. False when it was lost: then whatever its holder commits will change nothing. */
export async function heartbeat(db: Database, leaseId: number, leaseMs: number): Promise<boolean> {
  const [kept] = await db.write([
    statement(`UPDATE lease SET expires_ms = ${NOW} + ? WHERE id = ? AND state = 'live' AND expires_ms > ${NOW}`, [
      leaseMs,
      leaseId,
    ]),
  ]);
  return kept?.changed === 1;
}

/** Which items a lease still holds, and whether its own commit has ended it: what an unknown answer is resolved by. */
export async function leaseStanding(
  db: Database,
  leaseId: number,
): Promise<{ readonly committed: boolean; readonly live: boolean; readonly held: ReadonlySet<number> }> {
  const [lease, tasks] = await db.read([
    statement(`SELECT state, expires_ms > ${NOW} AS live FROM lease WHERE id = ?`, [leaseId]),
    statement(`SELECT item_id FROM task INDEXED BY task_leased WHERE state = 'leased' AND lease_id = ?`, [leaseId]),
  ]);
  const row = lease?.rows[0];
  return {
    committed: row?.state === 'released',
    live: row?.state === 'live' && int(row.live) === 1,
    held: new Set(tasks?.rows.map((task) => int(task.item_id))),
  };
}

/** Gives a claim back untouched: no attempt is spent, no loss is counted, and the next worker need not wait. */
export async function abandon(db: Database, leaseId: number, actor: string): Promise<boolean> {
  const [marked] = await db.write([
    statement(`UPDATE lease SET writing = 1 WHERE id = ? AND state = 'live'`, [leaseId]),
    auditStatement(
      'abandon',
      `SELECT stage, id, ?, NULL, (SELECT json_object('tasks', json_group_array(item_id)) FROM ${TASKS_WRITING})
       FROM lease INDEXED BY lease_writing WHERE writing = 1`,
      [actor],
    ),
    statement(
      `UPDATE task SET state = 'ready', lease_id = NULL, due_ms = ${NOW}, attempt = attempt - 1, updated_at_ms = ${NOW}
       WHERE state = 'leased' AND lease_id IN ${WRITING}`,
    ),
    statement(
      `UPDATE inference_session SET state = 'died', used = reserved, ended_ms = ${NOW}
       WHERE state = 'running' AND lease_id IN ${WRITING}`,
    ),
    statement(`UPDATE lease SET state = 'released', writing = 0 WHERE writing = 1`),
  ]);
  return marked?.changed === 1;
}
