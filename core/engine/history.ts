import { type Database, statement } from './database.ts';
import type { ProgressSample } from './progress.ts';
import { int, NOW, textOrNull } from './sql.ts';

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

/** What the commits of late and the last tick that worked say. */
export type Progress = {
  /** The newest commits of each stage, oldest first. */
  readonly samples: ReadonlyMap<string, readonly ProgressSample[]>;
  readonly lastRun: {
    readonly owner: string;
    readonly finishedAtMs: number;
    readonly stage: string | null;
    readonly counts: Readonly<Record<string, number>>;
  } | null;
};

/** Commits of one stage that a rate is made of. */
const SAMPLES = 12;
/** Rows of all stages that are looked at for them: a stage that committed nothing among these has no rate. */
const SAMPLE_ROWS = 2_000;

export async function readProgress(db: Database): Promise<Progress> {
  const [samples, runs] = await db.read([
    statement(
      `SELECT stage, settled, took_ms FROM (SELECT p.*, row_number() OVER (PARTITION BY stage ORDER BY id DESC) AS nth
       FROM progress_sample p WHERE id > (SELECT coalesce(max(id), 0) - ${SAMPLE_ROWS} FROM progress_sample))
       WHERE nth <= ${SAMPLES} ORDER BY id`,
    ),
    statement(`SELECT owner, finished_at_ms, stage, counts FROM run ORDER BY id DESC LIMIT 1`),
  ]);
  const byStage = new Map<string, ProgressSample[]>();
  for (const row of samples?.rows ?? []) {
    const own = byStage.get(String(row.stage)) ?? [];
    own.push({ settled: int(row.settled), tookMs: int(row.took_ms) });
    byStage.set(String(row.stage), own);
  }
  const run = runs?.rows[0];
  return {
    samples: byStage,
    lastRun: run
      ? {
          owner: String(run.owner),
          finishedAtMs: int(run.finished_at_ms),
          stage: textOrNull(run.stage),
          counts: JSON.parse(String(run.counts)) as Record<string, number>,
        }
      : null,
  };
}
