import { type Database, statement } from './database.ts';
import { NOW } from './sql.ts';

/** Rows of each kind of history that stay; older ones say nothing that the counters do not. The audit stays whole. */
const HISTORY_MAX = { lease: 10_000, run: 10_000, progress_sample: 5_000, error_log: 100_000 } as const;
const KEEP = { lease: "state <> 'live'", run: 'true', progress_sample: 'true', error_log: 'true' } as const;

/** The report of one tick that worked; what is older than anybody asks for goes in the same transaction. */
export async function saveRun(
  db: Database,
  run: { readonly owner: string; readonly tookMs: number; readonly stage: string | null; readonly counts: object },
): Promise<void> {
  await db.write([
    statement(
      `INSERT INTO run(owner, started_at_ms, finished_at_ms, stage, counts) VALUES (?, ${NOW} - ?, ${NOW}, ?, ?)`,
      [run.owner, Math.round(run.tookMs), run.stage, JSON.stringify(run.counts)],
    ),
    ...Object.entries(HISTORY_MAX).map(([table, rows]) =>
      statement(
        `DELETE FROM ${table} WHERE id <= (SELECT max(id) FROM ${table}) - ${rows} AND ${KEEP[table as keyof typeof KEEP]}`,
      ),
    ),
    statement(
      `DELETE FROM inference_session WHERE state <> 'running' AND lease_id <= (SELECT max(id) FROM lease) - ${HISTORY_MAX.lease}`,
    ),
  ]);
}
