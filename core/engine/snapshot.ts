import { PRIORITIES, TASK_STATES, type TaskState } from '../../schema/states.ts';
import { type Database, type Result, type Row, type Statement, statement } from './database.ts';
import type { QuotaSnapshot, ServiceSnapshot, Snapshot, StageSnapshot } from './detect.ts';
import { AUDITED, int, intOrNull, NOW, textOrNull } from './sql.ts';
import type { Pipeline } from './stage.ts';

/** The look at everything that detection decides by. */

/**
 * Everything about every stage in one row of JSON: a column of a row costs the client more than a stage costs the database.
 * The order of the columns is that of `stageSnapshotOf`.
 */
const CONTROLS = statement(
  `SELECT ${NOW} AS now_ms, ${AUDITED} AS audited_ms, json_group_array(json_array(c.stage, (SELECT json_group_object(state, n) FROM stage_count s WHERE s.stage = c.stage),
     (SELECT min(due_ms) FROM (${PRIORITIES.map(
       (prio) => `SELECT min(due_ms) AS due_ms FROM task INDEXED BY task_ready WHERE state = 'ready' AND stage = c.stage
           AND prio = ${prio}`,
     ).join(' UNION ALL ')})),
     (SELECT count(*) FROM lease INDEXED BY lease_live WHERE state = 'live' AND lease.stage = c.stage),
     (SELECT min(expires_ms) FROM lease INDEXED BY lease_live WHERE state = 'live' AND lease.stage = c.stage),
     paused, pause_reason, open_until_ms, open_reason, requested, batch_limit, started_ms, progressed_ms, crashed_ms)) AS stages
   FROM stage_control c`,
);
const SERVICES = statement(
  `SELECT s.*, EXISTS (SELECT 1 FROM lease WHERE id = s.probe_lease_id AND state = 'live') AS probing FROM service s`,
);
const QUOTAS = statement(
  `SELECT q.*, EXISTS (SELECT 1 FROM inference_session WHERE quota = q.name AND ended_ms IS NULL) AS running,
     (SELECT max(ended_ms) FROM inference_session WHERE quota = q.name) AS last_ended_ms
   FROM quota_window q`,
);

export const snapshotStatements = (pipeline: Pipeline): readonly Statement[] => [
  CONTROLS,
  ...(pipeline.stages.some((stage) => stage.services?.length) ? [SERVICES] : []),
  ...(pipeline.quotas.length > 0 ? [QUOTAS] : []),
];

/** `results` belong to `statements`, which may be a part of them. */
export function snapshotOf(statements: readonly Statement[], results: readonly Result[]): Snapshot {
  const rowsOf = (wanted: Statement) => results[statements.indexOf(wanted)]?.rows ?? [];
  const [control] = rowsOf(CONTROLS);
  const stages = JSON.parse(String(control?.stages ?? '[]')) as ControlRow[];
  return {
    nowMs: int(control?.now_ms),
    auditedMs: int(control?.audited_ms),
    stages: new Map(stages.map((row) => [row[0], stageSnapshotOf(row)])),
    services: new Map(rowsOf(SERVICES).map((row) => [String(row.name), serviceSnapshotOf(row)])),
    quotas: new Map(rowsOf(QUOTAS).map((row) => [String(row.name), quotaSnapshotOf(row)])),
  };
}

/** All that detection needs, in one round trip. */
export async function readSnapshot(db: Database, pipeline: Pipeline): Promise<Snapshot> {
  const statements = snapshotStatements(pipeline);
  return snapshotOf(statements, await db.read(statements));
}

type ControlRow = [
  stage: string,
  counts: Partial<Record<TaskState, number>>,
  nextDueMs: number | null,
  leases: number,
  leaseExpiresMs: number | null,
  paused: number,
  pauseReason: string | null,
  openUntilMs: number,
  openReason: string | null,
  requested: number,
  batchLimit: number | null,
  startedMs: number | null,
  progressedMs: number | null,
  crashedMs: number | null,
];
const NO_TASKS = Object.fromEntries(TASK_STATES.map((state) => [state, 0])) as Record<TaskState, number>;

function stageSnapshotOf(row: ControlRow): StageSnapshot {
  const [, counts, nextDueMs, leases, leaseExpiresMs, paused, pauseReason, openUntilMs, openReason, requested] = row;
  const [batchLimit, startedMs, progressedMs, crashedMs] = row.slice(10) as (number | null)[];
  return {
    counts: { ...NO_TASKS, ...counts },
    nextDueMs,
    leases,
    leaseExpiresMs,
    paused: paused === 1,
    pauseReason,
    openUntilMs,
    openReason,
    requested: requested === 1,
    batchLimit: batchLimit ?? null,
    startedMs: startedMs ?? null,
    progressedMs: progressedMs ?? null,
    crashedMs: crashedMs ?? null,
  };
}

const serviceSnapshotOf = (row: Row): ServiceSnapshot => ({
  downReason: textOrNull(row.down_reason),
  open: row.state === 'open',
  openUntilMs: int(row.open_until_ms),
  openReason: textOrNull(row.open_reason),
  probing: int(row.probing) === 1,
});

const quotaSnapshotOf = (row: Row): QuotaSnapshot => ({
  unit: String(row.unit),
  perDay: Number(row.per_day),
  sessionMax: row.session_max === null ? null : Number(row.session_max),
  breakMs: int(row.break_ms),
  day: int(row.day),
  used: Number(row.used),
  running: int(row.running) === 1,
  lastEndedMs: intOrNull(row.last_ended_ms),
});
