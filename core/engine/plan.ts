import { type Database, statement } from './database.ts';
import { int } from './sql.ts';
import type { Pipeline, Stage } from './stage.ts';

/** What would run in a stage, why, and what it would take. */
export type StagePlan = {
  readonly stage: string;
  /** Items that run by themselves as soon as the gates are open, by reason. */
  readonly runs: Readonly<Record<'new' | 'input' | 'fingerprint' | 'forced' | 'failed', number>>;
  /** Items whose output another fingerprint made; they run only when an operator asks for it (redo, changed only). */
  readonly outdated: number;
  /** Fingerprints that made those outputs, the most frequent first. */
  readonly outdatedBy: readonly { readonly fingerprint: string; readonly items: number }[];
  readonly fingerprint: string;
  /** Estimates for what runs by itself, from what the last items took; null where there is no history. */
  readonly seconds: number | null;
  readonly cost: number | null;
  /** The same for the outdated ones. */
  readonly outdatedSeconds: number | null;
  readonly outdatedCost: number | null;
};

/** Lists what would run and why, before anything runs. Nothing is written. */
export async function planStages(db: Database, stages: Pipeline['stages']): Promise<readonly StagePlan[]> {
  const plans: StagePlan[] = [];
  for (const stage of stages) plans.push(await planStage(db, stage));
  return plans;
}

async function planStage(db: Database, stage: Stage): Promise<StagePlan> {
  const [ready, outdated, history, costs] = await db.read([
    statement(
      `SELECT CASE WHEN error_class IS NOT NULL THEN 'failed' ELSE cause END AS why, count(*) AS n
       FROM task WHERE stage = ? AND state = 'ready' GROUP BY why`,
      [stage.name],
    ),
    statement(
      `SELECT coalesce(fingerprint, '') AS fingerprint, count(*) AS n FROM task
       WHERE stage = ? AND state IN ('done', 'skipped') AND fingerprint IS NOT ? GROUP BY 1 ORDER BY n DESC, 1`,
      [stage.name, stage.fingerprint],
    ),
    statement(
      `SELECT sum(settled) AS items, sum(took_ms) AS took_ms FROM (
         SELECT settled, took_ms FROM progress_sample WHERE stage = ? AND settled > 0 ORDER BY id DESC LIMIT 50)`,
      [stage.name],
    ),
    statement(
      `SELECT avg(cost) AS cost FROM (SELECT sum(cost) AS cost FROM (
         SELECT item_id, cost FROM effect WHERE stage = ? AND state = 'done' AND cost IS NOT NULL
         ORDER BY settled_ms DESC LIMIT 1000) GROUP BY item_id)`,
      [stage.name],
    ),
  ]);
  const runs = { new: 0, input: 0, fingerprint: 0, forced: 0, failed: 0 };
  for (const row of ready?.rows ?? []) runs[String(row.why) as keyof typeof runs] = int(row.n);
  const outdatedBy = (outdated?.rows ?? []).map((row) => ({ fingerprint: String(row.fingerprint), items: int(row.n) }));
  const waiting = Object.values(runs).reduce((sum, n) => sum + n, 0);
  const old = outdatedBy.reduce((sum, { items }) => sum + items, 0);
  const past = history?.rows[0];
  const itemMs = int(past?.items) > 0 ? Number(past?.took_ms) / Number(past?.items) : null;
  const itemCost = costs?.rows[0]?.cost == null ? null : Number(costs.rows[0].cost);
  const seconds = (items: number) => (itemMs === null ? null : Math.round((items * itemMs) / 1_000));
  const cost = (items: number) => (itemCost === null ? null : items * itemCost);
  return {
    stage: stage.name,
    runs,
    outdated: old,
    outdatedBy,
    fingerprint: stage.fingerprint,
    seconds: seconds(waiting),
    cost: cost(waiting),
    outdatedSeconds: seconds(old),
    outdatedCost: cost(old),
  };
}
