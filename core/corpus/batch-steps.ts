import type { BatchJobState } from '../../schema/vocabulary.ts';
import { type Database, json, type Row, type Statement, statement } from '../engine/database.ts';
import { returnStatements } from '../engine/enter.ts';
import { NOW, quoted } from '../engine/sql.ts';
import type { JobState } from '../models/batch/port.ts';
import { dropStatements, OPEN_JOBS } from './batch-jobs.ts';
import { numberOrNull, text, textOrNull } from './columns.ts';

/** The SQL of stepping jobs, in the order in which a job passes it. */

export type Job = {
  readonly key: string;
  readonly stage: string;
  readonly fingerprint: string;
  readonly service: string;
  readonly state: BatchJobState;
  readonly externalId: string | null;
  readonly items: number;
  readonly quota: string;
  readonly units: number;
  readonly day: number;
  readonly outcome: string | null;
  readonly reason: string | null;
  readonly intendedMs: number;
  readonly sentMs: number | null;
  readonly submittedMs: number | null;
  readonly closedMs: number | null;
  readonly dueMs: number | null;
  readonly polls: number;
  readonly failures: number;
  readonly answered: number;
  readonly refused: number;
  readonly unanswered: number;
  readonly ignored: number;
};
/** The right to step one job. */
export type HeldJob = Job & { readonly fence: number; readonly nowMs: number };

export const jobOf = (row: Row): Job => ({
  key: text(row.key),
  stage: text(row.stage),
  fingerprint: text(row.fingerprint),
  service: text(row.service),
  state: text(row.state) as BatchJobState, // the table holds no other
  externalId: textOrNull(row.external_id),
  items: Number(row.items),
  quota: text(row.quota),
  units: Number(row.units),
  day: Number(row.day),
  outcome: textOrNull(row.outcome),
  reason: textOrNull(row.reason),
  intendedMs: Number(row.intended_ms),
  sentMs: numberOrNull(row.sent_ms),
  submittedMs: numberOrNull(row.submitted_ms),
  closedMs: numberOrNull(row.closed_ms),
  dueMs: numberOrNull(row.due_ms),
  polls: Number(row.polls),
  failures: Number(row.failures),
  answered: Number(row.answered),
  refused: Number(row.refused),
  unanswered: Number(row.unanswered),
  ignored: Number(row.ignored),
});

/** Longer than one step may take with all its deadlines; storing answers extends it. */
const HELD_MS = 300_000;

/** While the claim that submits a job lives, nobody else decides what became of the submission. */
const IS_FREE = `held_until_ms <= ${NOW} AND NOT (state = 'intent' AND EXISTS (SELECT 1 FROM lease l
  WHERE l.id = lease_id AND l.state = 'live' AND l.expires_ms > ${NOW}))`;

/** Takes the job of `service` that is due first; null when none is. */
export async function holdJob(db: Database, service: string, owner: string): Promise<HeldJob | null> {
  const [held] = await db.write([
    statement(
      `UPDATE batch_job SET fence = fence + 1, owner = ?2, held_until_ms = ${NOW} + ${HELD_MS}
       WHERE key = (SELECT key FROM batch_job INDEXED BY batch_job_due WHERE due_ms <= ${NOW} AND service = ?1 AND ${IS_FREE} ORDER BY due_ms, key LIMIT 1)
       RETURNING *, ${NOW} AS now_ms`,
      [service, owner],
    ),
  ]);
  const row = held?.rows[0];
  return row ? { ...jobOf(row), fence: Number(row.fence), nowMs: Number(row.now_ms) } : null;
}

/** When the next job is due; null when none is open. */
export async function nextJobDue(db: Database, service: string): Promise<number | null> {
  const [found] = await db.read([
    statement(
      `SELECT min(max(due_ms, held_until_ms)) AS due FROM batch_job INDEXED BY batch_job_due WHERE due_ms IS NOT NULL AND service = ?`,
      [service],
    ),
  ]);
  return numberOrNull(found?.rows[0]?.due);
}

/** True while this worker has the right. */
const mine = ({ key, fence }: HeldJob): string =>
  `EXISTS (SELECT 1 FROM batch_job h WHERE h.key = ${quoted(key)} AND h.fence = ${fence} AND h.held_until_ms > ${NOW})`;

export async function letGoJob(db: Database, held: HeldJob): Promise<void> {
  await db.write([
    statement(`UPDATE batch_job SET held_until_ms = 0, owner = NULL WHERE key = ? AND fence = ?`, [
      held.key,
      held.fence,
    ]),
  ]);
}

/** A job whose submitter did not say so is at the service: it is one of ours from now on. */
export async function adoptJob(db: Database, held: HeldJob, externalId: string): Promise<void> {
  await db.write([
    statement(
      `UPDATE batch_job SET state = 'submitted', external_id = ?2, submitted_ms = coalesce(sent_ms, intended_ms), due_ms = ${NOW},
         reason = 'its submitter ended before it was told; found by its key' WHERE key = ?1 AND state = 'intent' AND ${mine(held)}`,
      [held.key, externalId],
    ),
  ]);
}

/** Asked, and nothing is to be done before `delayMs` have passed. */
export async function postponeJob(
  db: Database,
  held: HeldJob,
  asked: { readonly delayMs: number; readonly reason: string | null; readonly failed: boolean },
): Promise<void> {
  const { delayMs, reason, failed } = asked;
  await db.write([
    statement(
      `UPDATE batch_job SET due_ms = ${NOW} + CAST(?2 AS INTEGER), reason = ?3, polls = polls + 1, failures = ${failed ? 'failures + 1' : '0'}
       WHERE key = ?1 AND ${mine(held)}`,
      [held.key, Math.ceil(delayMs), reason],
    ),
  ]);
}

export async function markEnded(
  db: Database,
  held: HeldJob,
  outcome: JobState,
  reason: string | null,
): Promise<boolean> {
  const [ended] = await db.write([
    statement(
      `UPDATE batch_job SET state = 'ended', outcome = ?2, reason = ?3, polls = polls + 1, failures = 0, due_ms = ${NOW}
       WHERE key = ?1 AND state IN ('submitted', 'ended') AND ${mine(held)}`,
      [held.key, outcome, reason],
    ),
  ]);
  return ended?.changed === 1;
}

export type StoredAnswer = {
  readonly id: string;
  readonly state: 'answered' | 'refused';
  readonly answer: string | null;
  readonly units: number | null;
  readonly again: boolean;
  readonly reason: string | null;
};

/** Ids of a job's cases, by which answers are matched. */
export async function idsOfJob(db: Database, key: string): Promise<ReadonlySet<string>> {
  const [found] = await db.read([statement(`SELECT id FROM batch_item WHERE job_key = ?`, [key])]);
  return new Set((found?.rows ?? []).map((row) => text(row.id)));
}

/** Stores answers of a job that has ended; those that are stored stay as they are. False when another worker has the right. */
export async function storeAnswers(db: Database, held: HeldJob, answers: readonly StoredAnswer[]): Promise<boolean> {
  const [kept] = await db.write([
    statement(`UPDATE batch_job SET held_until_ms = ${NOW} + ${HELD_MS} WHERE key = ? AND ${mine(held)}`, [held.key]),
    statement(
      `UPDATE batch_item SET state = j.value->>1, answer = j.value->>2, units = j.value->>3, again = j.value->>4, reason = j.value->>5
       FROM json_each(?2) j WHERE batch_item.job_key = ?1 AND batch_item.id = j.value->>0 AND batch_item.state = 'waiting' AND ${mine(held)}`,
      [
        held.key,
        json(
          answers.map(({ id, state, answer, units, again, reason }) => [
            id,
            state,
            answer,
            units,
            Number(again),
            reason,
          ]),
        ),
      ],
    ),
  ]);
  return kept?.changed === 1;
}

/** Cases of a job that no other open job has: what makes their tasks ready is the end of this one. */
const itemsOnlyIn = (key: string): string =>
  `SELECT i.item_id FROM batch_item i WHERE i.job_key = ${quoted(key)} AND NOT EXISTS (SELECT 1 FROM batch_item o
     JOIN batch_job p ON p.key = o.job_key WHERE o.case_id = i.case_id AND o.job_key <> i.job_key AND o.state = 'waiting' AND p.state IN ${OPEN_JOBS})`;

export type Back = { readonly reason: string; readonly actor: string };
export const giveBack = (
  job: Pick<Job, 'key' | 'stage'>,
  { reason, actor }: Back,
  condition: string,
): readonly Statement[] =>
  returnStatements({ stage: job.stage, items: itemsOnlyIn(job.key), job: job.key, reason, actor }, condition);

export const countOf = (key: string, ...states: string[]): string =>
  `(SELECT count(*) FROM batch_item WHERE job_key = ${quoted(key)} AND state IN (${states.map(quoted).join(', ')}))`;

/**
 * Closes a job that has ended: what was not answered is marked as such, its tasks are made ready, its counts stand in its row. All or nothing, and
 * only by whoever has the right. Returns how many tasks came back; null when another worker has the right.
 */
export async function closeJob(
  db: Database,
  held: HeldJob,
  end: Back & {
    readonly state: 'applied' | 'abandoned';
    /** Of the cases that were not answered. */
    readonly unanswered: string;
    readonly ignored: number;
  },
): Promise<number | null> {
  const { key } = held;
  const results = await db.write([
    statement(
      `UPDATE batch_item SET state = 'unanswered', reason = ?2 WHERE job_key = ?1 AND state = 'waiting' AND ${mine(held)}`,
      [key, end.unanswered],
    ),
    ...giveBack(held, end, mine(held)),
    statement(
      `UPDATE batch_job SET state = ?2, reason = ?3, due_ms = NULL, closed_ms = ${NOW}, ignored = ?4, answered = ${countOf(key, 'answered', 'used')},
         refused = ${countOf(key, 'refused')}, unanswered = ${countOf(key, 'unanswered')} WHERE key = ?1 AND ${mine(held)}`,
      [key, end.state, end.reason, end.ignored],
    ),
  ]);
  return results[3]?.changed === 1 ? (results[2]?.changed ?? 0) : null;
}

/** A job that never came to the service. */
export async function dropOrphan(db: Database, held: HeldJob, { reason, actor }: Back): Promise<void> {
  await db.write([...giveBack(held, { reason, actor }, mine(held)), ...dropStatements(held, reason, mine(held))]);
}

/** Makes tasks ready that wait for no open job: a commit may say `submitted` of one that was closed meanwhile. Returns how many. */
export async function returnStrays(db: Database, stage: string, actor: string): Promise<number> {
  const items = `SELECT item_id FROM task WHERE stage = ${quoted(stage)} AND state = 'submitted' EXCEPT
    SELECT i.item_id FROM batch_item i JOIN batch_job j ON j.key = i.job_key WHERE i.state = 'waiting' AND j.state IN ${OPEN_JOBS}`;
  const back = { stage, items, job: 'none', reason: 'its job is over', actor };
  return (await db.write(returnStatements(back, 'true'))).at(-1)?.changed ?? 0;
}

/** Tasks of a stage that wait for a job. */
export async function submittedTasks(db: Database, stage: string): Promise<number> {
  const [found] = await db.read([
    statement(`SELECT n FROM stage_count WHERE stage = ? AND state = 'submitted'`, [stage]),
  ]);
  return Number(found?.rows[0]?.n ?? 0);
}
