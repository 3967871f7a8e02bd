import { type BatchItemState, type BatchJobState, OPEN_JOB_STATES } from '../../schema/vocabulary.ts';
import { type Database, json, type Statement, statement } from '../engine/database.ts';
import { hasRoom, refundStatement, spendStatement } from '../engine/quota.ts';
import { NOW, quoted, TODAY } from '../engine/sql.ts';
import type { Fenced } from '../engine/stage.ts';
import { numberOrNull, text, textOrNull } from './columns.ts';
import { groupsWithin } from './sizes.ts';

/** What a stage asks and writes about jobs of a model service: which job has a case, and the way of a new job to the service. */

/** SQL list of the states of a job that is not over. */
export const OPEN_JOBS = `(${OPEN_JOB_STATES.map(quoted).join(', ')})`;

/** One case in one job, as its stage finds it. */
export type ItemInJob = {
  readonly jobKey: string;
  readonly id: string;
  readonly caseId: string;
  readonly inputHash: string;
  readonly state: BatchItemState;
  readonly again: boolean;
  readonly reason: string | null;
  readonly jobState: BatchJobState;
  readonly service: string;
  readonly submittedMs: number | null;
  readonly answerBytes: number;
};

/** Every job that had one of these cases under this fingerprint, the oldest first. */
export async function jobsOfCases(
  db: Database,
  caseIds: readonly string[],
  fingerprint: string,
): Promise<readonly ItemInJob[]> {
  const [found] = await db.read([
    statement(
      `SELECT i.job_key, i.id, i.case_id, i.input_hash, i.state, i.again, i.reason, length(i.answer) * 4 AS bytes,
         j.state AS job_state, j.service, j.submitted_ms
       FROM json_each(?1) c CROSS JOIN batch_item i INDEXED BY batch_item_case ON i.case_id = c.value
       JOIN batch_job j ON j.key = i.job_key AND j.fingerprint = ?2 ORDER BY j.intended_ms, j.rowid`,
      [json(caseIds), fingerprint],
    ),
  ]);
  return (found?.rows ?? []).map((row) => ({
    jobKey: text(row.job_key),
    id: text(row.id),
    caseId: text(row.case_id),
    inputHash: text(row.input_hash),
    state: text(row.state) as BatchItemState, // the table holds no other
    again: Number(row.again) === 1,
    reason: textOrNull(row.reason),
    jobState: text(row.job_state) as BatchJobState, // the table holds no other
    service: text(row.service),
    submittedMs: numberOrNull(row.submitted_ms),
    answerBytes: Number(row.bytes ?? 0),
  }));
}

/** The stored answers of some items by their ids; null for one that was answered without words. */
export async function storedAnswers(
  db: Database,
  items: readonly ItemInJob[],
): Promise<ReadonlyMap<string, string | null>> {
  const answers = new Map<string, string | null>();
  const jobs = json([...new Set(items.map(({ jobKey }) => jobKey))]);
  for (const ids of groupsWithin(items.map(({ id, answerBytes }) => ({ key: id, bytes: answerBytes })))) {
    const [found] = await db.read([
      statement(
        `SELECT id, answer FROM batch_item WHERE job_key IN (SELECT value FROM json_each(?)) AND id IN (SELECT value FROM json_each(?))`,
        [jobs, json(ids)],
      ),
    ]);
    for (const row of found?.rows ?? []) answers.set(text(row.id), textOrNull(row.answer));
  }
  return answers;
}

/** Write of a stage: what became of one case's answer. */
export const itemSettled = (
  itemId: number,
  { jobKey, id }: Pick<ItemInJob, 'jobKey' | 'id'>,
  state: 'used' | 'failed',
  reason: string | null,
): Fenced => ({
  kind: 'fenced',
  itemId,
  sql: `UPDATE batch_item SET state = ?3, reason = ?4 WHERE job_key = ?1 AND id = ?2 AND :held`,
  args: [jobKey, id, state, reason],
});

// The way of a new job ---------------------------------------------------------------------------------------------

export type NewJob = {
  readonly key: string;
  readonly stage: string;
  readonly fingerprint: string;
  readonly service: string;
  readonly leaseId: number;
  readonly quota: string;
  readonly units: number;
  readonly items: readonly {
    readonly id: string;
    readonly caseId: string;
    readonly itemId: number;
    readonly inputHash: string;
  }[];
};

const isLive = (leaseId: string): string =>
  `EXISTS (SELECT 1 FROM lease l WHERE l.id = ${leaseId} AND l.state = 'live' AND l.expires_ms > ${NOW})`;

/**
 * Stores the intent to submit a job, with its cases and its charge, while its claim holds every one of them and the quota has room. Sent twice, it
 * changes nothing the second time. `lost`: the claim is over; `no_room`: somebody else was faster to spend.
 */
export async function intendJob(
  db: Database,
  job: NewJob,
  dueMs: number,
): Promise<'intended' | 'no_room' | 'lost' | 'known'> {
  const itemIds = json(job.items.map(({ itemId }) => itemId));
  const held = `(SELECT count(*) FROM task INDEXED BY task_leased WHERE state = 'leased' AND lease_id = ?5
    AND item_id IN (SELECT value FROM json_each(?9)))`;
  const [, , , found] = await db.write([
    statement(
      `INSERT INTO batch_job(key, stage, fingerprint, service, state, lease_id, items, quota, units, day, intended_ms, due_ms)
       SELECT ?1, ?2, ?3, ?4, 'intent', ?5, ?6, ?7, ?8, ${TODAY}, ${NOW}, ${NOW} + ?10
       WHERE ${isLive('?5')} AND ${held} = ?6 AND ${hasRoom(job.quota, '?8')} ON CONFLICT(key) DO NOTHING`,
      [
        job.key,
        job.stage,
        job.fingerprint,
        job.service,
        job.leaseId,
        job.items.length,
        job.quota,
        job.units,
        itemIds,
        dueMs,
      ],
    ),
    statement(
      `INSERT INTO batch_item(job_key, id, case_id, item_id, input_hash)
       SELECT ?1, j.value->>0, j.value->>1, j.value->>2, j.value->>3 FROM json_each(?2) j WHERE changes() > 0`,
      [job.key, json(job.items.map(({ id, caseId, itemId, inputHash }) => [id, caseId, itemId, inputHash]))],
    ),
    spendStatement(job.quota, job.units, 'changes() > 0'),
    statement(
      `SELECT (SELECT lease_id FROM batch_job WHERE key = ?1) AS lease_id, ${isLive('?2')} AND (SELECT count(*) FROM task
         INDEXED BY task_leased WHERE state = 'leased' AND lease_id = ?2 AND item_id IN (SELECT value FROM json_each(?3))) = ?4 AS holds`,
      [job.key, job.leaseId, itemIds, job.items.length],
    ),
  ]);
  const row = found?.rows[0];
  if (Number(row?.holds) !== 1) return 'lost';
  if (row?.lease_id == null) return 'no_room';
  return Number(row.lease_id) === job.leaseId ? 'intended' : 'known';
}

/** The last step before a job is sent: from here on it may be at the service. False when the claim is over: then nobody may send. */
export async function markSent(db: Database, { key, leaseId }: NewJob, dueMs: number): Promise<boolean> {
  const [marked] = await db.write([
    statement(
      `UPDATE batch_job SET sent_ms = ${NOW}, due_ms = ${NOW} + ?3 WHERE key = ?1 AND lease_id = ?2 AND state = 'intent' AND ${isLive('?2')}`,
      [key, leaseId, dueMs],
    ),
  ]);
  return marked?.changed === 1;
}

/** Not fenced: the service has it, whoever says so. */
export async function recordSubmitted(db: Database, key: string, externalId: string, dueMs: number): Promise<void> {
  await db.write([
    statement(
      `UPDATE batch_job SET state = 'submitted', external_id = ?2, submitted_ms = coalesce(sent_ms, ${NOW}), due_ms = ${NOW} + ?3, reason = NULL
       WHERE key = ?1 AND state = 'intent'`,
      [key, externalId, dueMs],
    ),
  ]);
}

/** Why it is not known whether the service took it; it is looked for later. */
export async function recordUnknown(db: Database, key: string, reason: string): Promise<void> {
  await db.write([statement(`UPDATE batch_job SET reason = ?2 WHERE key = ?1 AND state = 'intent'`, [key, reason])]);
}

/**
 * Statements that give up a job which is surely not at the service, where `condition` holds: its charge is given back, and its cases need
 * another one.
 */
export function dropStatements(
  job: Pick<NewJob, 'key' | 'quota' | 'units'> & { readonly day: number },
  reason: string,
  condition: string,
): readonly Statement[] {
  const where = `EXISTS (SELECT 1 FROM batch_job d WHERE d.key = ${quoted(job.key)} AND d.state = 'intent') AND ${condition}`;
  return [
    refundStatement(job.quota, job.units, job.day, where),
    statement(
      `UPDATE batch_item SET state = 'failed', reason = ?2 WHERE job_key = ?1 AND state = 'waiting' AND ${where}`,
      [job.key, reason],
    ),
    statement(
      `UPDATE batch_job SET state = 'abandoned', reason = ?2, due_ms = NULL, closed_ms = ${NOW} WHERE key = ?1 AND ${where}`,
      [job.key, reason],
    ),
  ];
}

/** Gives up a job that its own submitter knows not to be at the service. */
export async function dropJob(db: Database, job: NewJob, reason: string): Promise<void> {
  const [found] = await db.read([statement(`SELECT day FROM batch_job WHERE key = ?`, [job.key])]);
  await db.write(dropStatements({ ...job, day: Number(found?.rows[0]?.day) }, reason, 'true'));
}
