import type { TaskState } from '../../schema/states.ts';
import { type Database, statement } from './database.ts';
import { type Gate, gatesOf, openTasks, quotaLeft, type Snapshot } from './detect.ts';
import { DefinitionError } from './errors.ts';
import { isStale, type Lifecycle, lifecycleOf } from './lifecycle.ts';
import { readSnapshot } from './snapshot.ts';
import { int, intOrNull, quoted, textOrNull } from './sql.ts';
import type { Pipeline, Stage } from './stage.ts';

/** Why a stage does what it does: every gate that holds it, in order, each with its row and the time it opens. */
export type StageExplanation = {
  readonly stage: string;
  readonly state: Lifecycle;
  readonly stale: boolean;
  readonly counts: Readonly<Record<TaskState, number>>;
  readonly gates: readonly Gate[];
  /** What is near its end without being a gate yet. */
  readonly warnings: readonly string[];
  /** One sentence of all that. */
  readonly summary: string;
};

/** A quota is worth a warning from this share on. */
export const QUOTA_WARNING = 0.75;

export async function explainStages(db: Database, pipeline: Pipeline): Promise<readonly StageExplanation[]> {
  const snapshot = await readSnapshot(db, pipeline);
  return pipeline.stages.map((stage) => explainStage(pipeline, stage, snapshot));
}

/** Explains one stage of a snapshot. */
export function explainStage(pipeline: Pipeline, stage: Stage, snapshot: Snapshot): StageExplanation {
  const here = snapshot.stages.get(stage.name);
  if (!here) throw new DefinitionError(`stage ${stage.name} has no control row: the pipeline was not registered`);
  const gates = gatesOf(pipeline, stage, snapshot);
  const state = lifecycleOf(here);
  const stale = isStale(here, snapshot.nowMs);
  const warnings = warningsOf(stage, snapshot);
  const [gate] = gates;
  const ready = `${here.counts.ready} ready`;
  const summary =
    openTasks(here) === 0
      ? `${stage.name}: nothing to do`
      : gate
        ? `${stage.name} waits: ${gate.reason}${opens(gate)}; ${ready}`
        : `${stage.name} may run: ${ready}, ${here.counts.leased} being worked on`;
  return { stage: stage.name, state, stale, counts: here.counts, gates, warnings, summary };
}

const opens = (gate: Gate): string =>
  gate.opensAtMs === null || gate.kind === 'quota' ? '' : ` until ${new Date(gate.opensAtMs).toISOString()}`;

function warningsOf(stage: Stage, snapshot: Snapshot): string[] {
  const here = snapshot.stages.get(stage.name);
  const quota = stage.quota && snapshot.quotas.get(stage.quota.name);
  const warnings: string[] = [];
  if (here && here.batchLimit !== null)
    warnings.push(`batches of at most ${here.batchLimit} after a worker died or ran out of memory`);
  if (quota && stage.quota) {
    const used = quota.perDay - quotaLeft(quota, snapshot.nowMs);
    if (used >= QUOTA_WARNING * quota.perDay)
      warnings.push(`${Math.round((used / quota.perDay) * 100)} % of quota ${stage.quota.name} is spent for today`);
  }
  return warnings;
}

export type ItemExplanation = {
  readonly key: string;
  readonly kind: string;
  readonly stages: readonly {
    readonly stage: string;
    readonly state: TaskState;
    readonly attempt: number;
    readonly waits: number;
    readonly lost: number;
    readonly cause: string;
    readonly errorClass: string | null;
    readonly reason: string | null;
    readonly fingerprint: string | null;
    readonly updatedAtMs: number;
    /** What holds it, its own delay first, then the gates of its stage; empty for a settled one. */
    readonly gates: readonly Gate[];
    readonly failures: readonly {
      readonly attempt: number;
      readonly errorClass: string;
      readonly message: string;
      readonly atMs: number;
    }[];
  }[];
  readonly summary: string;
};

/** Why an item stands where it stands, stage by stage; null when nobody knows the key. */
export async function explainItem(db: Database, pipeline: Pipeline, key: string): Promise<ItemExplanation | null> {
  // Keys are found within a kind.
  const kinds = [...new Set(pipeline.stages.map((stage) => stage.itemKind))].map(quoted).join(', ');
  const found = `(SELECT id FROM item WHERE kind IN (${kinds}) AND key = ?1 ORDER BY id LIMIT 1)`;
  const [snapshot, [items, tasks, errors]] = await Promise.all([
    readSnapshot(db, pipeline),
    db.read([
      statement(`SELECT kind, key FROM item WHERE id = ${found}`, [key]),
      statement(
        `SELECT t.*, l.owner, l.expires_ms FROM task t LEFT JOIN lease l ON l.id = t.lease_id
         WHERE t.item_id = ${found}
           AND t.stage IN (SELECT stage FROM stage_control)`,
        [key],
      ),
      statement(
        `SELECT stage, attempt, error_class, message, at_ms FROM error_log
         WHERE item_id = ${found} ORDER BY id DESC LIMIT 20`,
        [key],
      ),
    ]),
  ]);
  const item = items?.rows[0];
  if (!item) return null;
  const stages = pipeline.stages.flatMap((stage) => {
    const row = tasks?.rows.find((task) => task.stage === stage.name);
    if (!row) return [];
    const state = String(row.state) as TaskState;
    const own: Gate[] = [];
    if (state === 'ready' && int(row.due_ms) > snapshot.nowMs)
      own.push({
        kind: 'backoff',
        reason: textOrNull(row.reason) ?? 'waits for its next try',
        opensAtMs: int(row.due_ms),
        row: `task ${stage.name}/${int(row.item_id)}`,
      });
    if (state === 'leased')
      own.push({
        kind: 'leased',
        reason: `being worked on by ${String(row.owner).split('/', 1)[0]}`,
        opensAtMs: intOrNull(row.expires_ms),
        row: `lease ${int(row.lease_id)}`,
      });
    if (state === 'submitted')
      own.push({
        kind: 'submitted',
        reason: textOrNull(row.reason) ?? 'an outside job has it',
        opensAtMs: null,
        row: `task ${stage.name}/${int(row.item_id)}`,
      });
    const ofStage =
      state === 'ready'
        ? gatesOf(pipeline, stage, snapshot).filter(({ kind }) => kind !== 'backoff' && kind !== 'leased')
        : [];
    return [
      {
        stage: stage.name,
        state,
        attempt: int(row.attempt),
        waits: int(row.waits),
        lost: int(row.lost),
        cause: String(row.cause),
        errorClass: textOrNull(row.error_class),
        reason: textOrNull(row.reason),
        fingerprint: textOrNull(row.fingerprint),
        updatedAtMs: int(row.updated_at_ms),
        gates: [...own, ...ofStage],
        failures: (errors?.rows ?? [])
          .filter((error) => error.stage === stage.name)
          .map((error) => ({
            attempt: int(error.attempt),
            errorClass: String(error.error_class),
            message: String(error.message),
            atMs: int(error.at_ms),
          })),
      },
    ];
  });
  return { key: String(item.key), kind: String(item.kind), stages, summary: summaryOf(key, stages) };
}

function summaryOf(key: string, stages: ItemExplanation['stages']): string {
  const open = stages.find(({ state }) => state === 'ready' || state === 'leased' || state === 'submitted');
  const dead = stages.find(({ state }) => state === 'dead');
  const skipped = stages.find(({ state }) => state === 'skipped');
  if (open) {
    const [gate] = open.gates;
    return gate
      ? `${key} waits in ${open.stage}: ${gate.reason}${opens(gate)}`
      : `${key} is ready in ${open.stage} (${open.cause})`;
  }
  if (dead) return `${key} is a dead letter in ${dead.stage}: ${dead.reason ?? 'no reason kept'}`;
  if (skipped) return `${key} was set aside in ${skipped.stage}: ${skipped.reason ?? 'no reason kept'}`;
  return `${key} is through`;
}
