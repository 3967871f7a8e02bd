import { type Database, statement } from '../engine/database.ts';
import { NOW, quoted } from '../engine/sql.ts';
import { OPEN_JOBS } from './batch-jobs.ts';
import { type Back, countOf, giveBack, type Job, jobOf } from './batch-steps.ts';
import { text, textOrNull } from './columns.ts';

/** What an operator reads of jobs and does to them. */

/** Open jobs, and the newest of the others. */
export async function readJobs(
  db: Database,
  closedMax: number,
): Promise<{ readonly jobs: readonly Job[]; readonly nowMs: number }> {
  const [open, closed, now] = await db.read([
    statement(`SELECT * FROM batch_job INDEXED BY batch_job_due WHERE due_ms IS NOT NULL ORDER BY intended_ms, key`),
    statement(`SELECT * FROM batch_job WHERE due_ms IS NULL ORDER BY closed_ms DESC, key LIMIT ?`, [closedMax]),
    statement(`SELECT ${NOW} AS now_ms`),
  ]);
  return {
    jobs: [...(open?.rows ?? []), ...(closed?.rows ?? [])].map(jobOf),
    nowMs: Number(now?.rows[0]?.now_ms),
  };
}

export type JobItem = { readonly caseId: string; readonly state: string; readonly reason: string | null };

/** Jobs whose key begins so, with the cases of the first; an operator types no 64 characters. */
export async function findJobs(
  db: Database,
  prefix: string,
): Promise<{ readonly jobs: readonly Job[]; readonly items: readonly JobItem[]; readonly nowMs: number }> {
  const [found, now] = await db.read([
    statement(`SELECT * FROM batch_job WHERE substr(key, 1, length(?1)) = ?1 ORDER BY intended_ms LIMIT 3`, [prefix]),
    statement(`SELECT ${NOW} AS now_ms`),
  ]);
  const jobs = (found?.rows ?? []).map(jobOf);
  const [items] = await db.read([
    statement(`SELECT case_id, state, reason FROM batch_item WHERE job_key = ? ORDER BY case_id`, [jobs[0]?.key ?? '']),
  ]);
  return {
    jobs,
    items: (items?.rows ?? []).map((row) => ({
      caseId: text(row.case_id),
      state: text(row.state),
      reason: textOrNull(row.reason),
    })),
    nowMs: Number(now?.rows[0]?.now_ms),
  };
}

/**
 * The operator gives a job up, wherever it stands: what it answered stays, its other cases need another job, and whoever steps it is
 * fenced out. Returns how many tasks came back; null where it is closed already.
 */
export async function abandonJob(db: Database, job: Pick<Job, 'key' | 'stage'>, by: Back): Promise<number | null> {
  const isOpen = `EXISTS (SELECT 1 FROM batch_job d WHERE d.key = ${quoted(job.key)} AND d.state IN ${OPEN_JOBS})`;
  const { key } = job;
  const results = await db.write([
    statement(
      `UPDATE batch_item SET state = 'failed', reason = ?2 WHERE job_key = ?1 AND state = 'waiting' AND ${isOpen}`,
      [key, by.reason],
    ),
    ...giveBack(job, by, isOpen),
    statement(
      `UPDATE batch_job SET state = 'abandoned', reason = ?2, due_ms = NULL, closed_ms = ${NOW}, fence = fence + 1, held_until_ms = 0,
         answered = ${countOf(key, 'answered', 'used')}, refused = ${countOf(key, 'refused')}, unanswered = ${countOf(key, 'failed')}
       WHERE key = ?1 AND ${isOpen}`,
      [key, by.reason],
    ),
  ]);
  return results[3]?.changed === 1 ? (results[2]?.changed ?? 0) : null;
}

/** Asked for by the operator: looked at as soon as somebody steps jobs. */
export async function dueNow(db: Database, key: string, reason: string): Promise<void> {
  await db.write([
    statement(`UPDATE batch_job SET due_ms = ${NOW}, reason = ?2 WHERE key = ?1 AND state IN ${OPEN_JOBS}`, [
      key,
      reason,
    ]),
  ]);
}
