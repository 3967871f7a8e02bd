import { type Database, type Statement, statement } from './database.ts';
import { CLOCK_BACK_MS_MIN } from './detect.ts';
import { AUDITED, auditStatement, int, NOW, TASKS_WRITING, WRITING } from './sql.ts';

/** What comes back: the tasks of dead workers, and the time of a clock that was set back. */

/**
 * Takes back what dead workers held, in one transaction: their tasks are ready again or, after too many losses, dead; the
 * stage takes smaller batches; what their sessions reserved stays spent. `marked` is the condition for the leases.
 */
const takeBack = (marked: string, leaseState: 'expired' | 'broken', actor: string): Statement[] => [
  statement(`UPDATE lease SET writing = 1 WHERE state = 'live' AND ${marked}`),
  statement(
    `INSERT INTO error_log(stage, item_id, attempt, error_class, message, at_ms)
     SELECT t.stage, t.item_id, t.attempt, 'lost', 'its worker (' || l.owner || ') ended without an outcome', ${NOW}
     FROM lease l INDEXED BY lease_writing
     CROSS JOIN task t INDEXED BY task_leased ON t.lease_id = l.id AND t.state = 'leased'
     CROSS JOIN stage_control c ON c.stage = t.stage AND c.lost_max BETWEEN 1 AND t.lost + 1 WHERE l.writing = 1`,
  ),
  auditStatement(
    'lose',
    `SELECT NULL, NULL, '${actor}', NULL, json_object('as', '${leaseState}', 'leases', (SELECT json_group_array(id) FROM lease WHERE writing = 1),
       'tasks', (SELECT json_group_array(json_array(stage, item_id)) FROM ${TASKS_WRITING}))
     WHERE EXISTS ${WRITING}`,
  ),
  statement(
    `UPDATE task SET lost = lost + 1, lease_id = NULL, due_ms = ${NOW}, updated_at_ms = ${NOW}, error_class = 'lost',
       reason = 'its worker ended without an outcome ' || (lost + 1) || ' times',
       state = CASE WHEN (SELECT lost_max BETWEEN 1 AND task.lost + 1 FROM stage_control c WHERE c.stage = task.stage)
                 THEN 'dead' ELSE 'ready' END
     WHERE state = 'leased' AND lease_id IN ${WRITING}`,
  ),
  statement(
    `UPDATE stage_control SET crashed_ms = ${NOW}, good_batches = 0, batch_limit = CASE WHEN lost_max = 0
         OR (SELECT max(size) FROM lease l INDEXED BY lease_writing WHERE l.writing = 1 AND l.stage = stage_control.stage) <= 1 THEN batch_limit
       ELSE (SELECT max(1, min(min(l.size), coalesce(batch_limit, min(l.size))) / 2) FROM lease l INDEXED BY lease_writing
         WHERE l.writing = 1 AND l.stage = stage_control.stage) END
     WHERE stage IN (SELECT stage FROM lease INDEXED BY lease_writing WHERE writing = 1)`,
  ),
  statement(
    `UPDATE inference_session SET state = 'died', used = reserved, ended_ms = ${NOW}
     WHERE state = 'running' AND lease_id IN ${WRITING}`,
  ),
  statement(`UPDATE lease SET state = '${leaseState}', writing = 0 WHERE writing = 1`),
];

/** Takes back the leases that ran out. Returns how many there were. */
export async function reclaim(db: Database): Promise<number> {
  const [marked] = await db.write(takeBack(`expires_ms <= ${NOW}`, 'expired', 'clock'));
  return marked?.changed ?? 0;
}

/** Leases that still run, with their owners: a host uses it to find those of its own dead processes. */
export async function liveLeases(
  db: Database,
): Promise<readonly { readonly id: number; readonly stage: string; readonly owner: string }[]> {
  const [found] = await db.read([
    statement(`SELECT id, stage, owner FROM lease INDEXED BY lease_live WHERE state = 'live'`),
  ]);
  return (found?.rows ?? []).map((row) => ({ id: int(row.id), stage: String(row.stage), owner: String(row.owner) }));
}

/** Ends leases whose holders are known to be dead, so that nobody waits for their expiry. */
export async function breakLeases(db: Database, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  await db.write(takeBack(`id IN (${ids.map(int).join(', ')})`, 'broken', 'host'));
}

/**
 * After the database's clock went back: whatever was dated in a time that has not come yet is dated back by as much, so that
 * nothing waits for the clock to catch up.
 */
export async function followClock(db: Database): Promise<void> {
  const back = `(${AUDITED} - ${NOW})`;
  const isBack = `${back} > ${CLOCK_BACK_MS_MIN}`;
  await db.write([
    statement(
      `UPDATE task SET due_ms = due_ms - ${back}, updated_at_ms = ${NOW}
       WHERE state = 'ready' AND updated_at_ms > ${NOW} AND ${isBack}`,
    ),
    statement(
      `UPDATE lease SET expires_ms = expires_ms - ${back} WHERE state = 'live' AND expires_ms > ${AUDITED} AND ${isBack}`,
    ),
    statement(
      `UPDATE stage_control SET open_until_ms = max(${NOW}, open_until_ms - ${back})
       WHERE open_until_ms > ${NOW} AND ${isBack}`,
    ),
    statement(
      `UPDATE service SET open_until_ms = max(${NOW}, open_until_ms - ${back}) WHERE open_until_ms > ${NOW} AND ${isBack}`,
    ),
    statement(`UPDATE inference_session SET ended_ms = ${NOW} WHERE ended_ms > ${NOW} AND ${isBack}`),
    auditStatement('clock', `SELECT NULL, NULL, 'clock', NULL, json_object('back_ms', ${back}) WHERE ${isBack}`),
  ]);
}
