import { SETTLED_STATES } from '../../schema/states.ts';
import { type Database, json, type Statement, statement, type Value } from './database.ts';
import type { Snapshot } from './detect.ts';
import { ENTER, enterByKey, insertItems, newItemRow } from './enter.ts';
import { type Outcome, RETRY_TOKENS_MAX } from './outcome.ts';
import { settleQuota } from './quota.ts';
import { settleServices } from './services.ts';
import { snapshotOf, snapshotStatements } from './snapshot.ts';
import { auditStatement, FENCE, NOW, WRITING } from './sql.ts';
import type { Fenced, Item, Pipeline, Rows, Stage, Write } from './stage.ts';

/** How a batch of outcomes becomes state: all of it in one transaction, or nothing. */

/** Bound parameters per statement; SQLite's own limit is 32,766, and a smaller statement is prepared faster. */
const PARAMS_MAX = 8_000;
/** Good batches after which a batch that was halved may be twice as large again. */
const GOOD_BATCHES = 8;

export type Settled = { readonly item: Item; readonly outcome: Outcome };
export type Commit = {
  readonly stage: Stage;
  readonly next: Stage | undefined;
  readonly leaseId: number;
  readonly settled: readonly Settled[];
  readonly writes: readonly Write[];
  readonly tookMs: number;
  /** Retries earned or spent. */
  readonly retryTokens?: number;
  /** Units of the quota that were really used. */
  readonly used?: number | undefined;
};

/**
 * Applies a batch of outcomes in one transaction, or nothing at all: a first statement opens the lease for writing if it is
 * live and still holds each of these items, and every other one looks at that. False when it does not. Sent twice, the
 * second time changes nothing: the first has ended the lease. The snapshot is that of the same transaction.
 */
export async function commit(
  db: Database,
  pipeline: Pipeline,
  batch: Commit,
): Promise<{ readonly landed: boolean; readonly snapshot: Snapshot }> {
  const { stage, next, leaseId, settled } = batch;
  const snapshot = snapshotStatements(pipeline);
  const closing = closingOf(settled);
  const statements = [
    statement(
      `UPDATE lease SET writing = 1 WHERE id = ?1 AND state = 'live' AND expires_ms > ${NOW}
         AND ?2 = (SELECT count(*) FROM task INDEXED BY task_leased WHERE state = 'leased' AND lease_id = ?1)`,
      [leaseId, settled.length],
    ),
    ...batch.writes.flatMap((write) => (write.kind === 'rows' ? rowStatements(write) : [fencedStatement(write)])),
    ...newItemStatements(settled),
    ...(next ? advanceStatements(next, settled) : []),
    ...errorStatements(stage, settled),
    ...stageWaitStatements(stage, settled),
    ...closeStatements(stage, closing),
    commitAudit(stage, closing),
    controlStatement(stage, batch),
    statement(`INSERT INTO progress_sample(stage, at_ms, settled, took_ms) SELECT ?, ${NOW}, ?, ? WHERE ${FENCE}`, [
      stage.name,
      settledCount(settled),
      Math.round(batch.tookMs),
    ]),
    ...settleQuota(stage, batch.used),
    ...settleServices(pipeline.breaker, stage, settled),
    statement(`UPDATE lease SET writing = 0, state = 'released' WHERE writing = 1`),
    ...snapshot,
  ];
  const results = await db.write(statements);
  return { landed: results[0]?.changed === 1, snapshot: snapshotOf(statements, results) };
}

function fencedStatement(write: Fenced): Statement {
  if (!write.sql.includes(':held')) throw new Error(`a stage returned a write without :held: ${write.sql}`);
  return statement(write.sql.replaceAll(':held', FENCE), write.args);
}

function rowStatements({ table, columns, key, rows }: Rows): Statement[] {
  const updates = columns.filter((column) => !key.includes(column)).map((column) => `${column} = excluded.${column}`);
  const conflict = updates.length > 0 ? `DO UPDATE SET ${updates.join(', ')}` : 'DO NOTHING';
  const tuple = `(?${', ?'.repeat(columns.length - 1)})`;
  return chunks(rows, Math.max(1, Math.floor(PARAMS_MAX / columns.length))).map((part) =>
    statement(
      `INSERT INTO ${table}(${columns.join(', ')}) SELECT * FROM (VALUES ${part.map(() => tuple).join(', ')})
       WHERE ${FENCE} ON CONFLICT(${key.join(', ')}) ${conflict}`,
      part.flatMap((row) => row.values as Value[]),
    ),
  );
}

const made = (settled: readonly Settled[]) =>
  settled.flatMap(({ item, outcome }) =>
    outcome.kind === 'done' && outcome.makes ? outcome.makes.map((newItem) => newItemRow(item.id, newItem)) : [],
  );

function newItemStatements(settled: readonly Settled[]): Statement[] {
  const rows = made(settled);
  return rows.length === 0 ? [] : [insertItems(json(rows), FENCE)];
}

function advanceStatements(next: Stage, settled: readonly Settled[]): Statement[] {
  const same = settled.flatMap(({ item, outcome }): [number, string][] =>
    outcome.kind === 'done' && outcome.makes === undefined ? [[item.id, outcome.outputHash]] : [],
  );
  const others = made(settled);
  const statements: Statement[] = [];
  if (same.length > 0) {
    const hashes = json(Object.fromEntries(same));
    statements.push(
      auditStatement('enter', `SELECT ?1, ${WRITING}, 'commit', NULL, ?2 WHERE ${FENCE}`, [
        next.name,
        `{"hashes":${hashes}}`,
      ]),
      statement(
        `INSERT INTO task(stage, item_id, state, due_ms, input_hash, updated_at_ms)
         SELECT ?1, CAST(j.key AS INTEGER), 'ready', ${NOW}, j.value, ${NOW} FROM json_each(?2) j WHERE ${FENCE} ${ENTER}`,
        [next.name, hashes],
      ),
    );
  }
  if (others.length > 0) statements.push(...enterByKey(next, json(others), FENCE, 'commit'));
  return statements;
}

function errorStatements(stage: Stage, settled: readonly Settled[]): Statement[] {
  // What settles as a whole fails as a whole: one row says it.
  const failed = stage.settles === 'whole' ? settled.slice(0, 1) : settled;
  const rows = failed.flatMap(({ item, outcome }) =>
    outcome.kind === 'retry' || outcome.kind === 'dead'
      ? [[item.id, item.attempt, outcome.errorClass, outcome.reason]]
      : [],
  );
  if (rows.length === 0) return [];
  return [
    statement(
      `INSERT INTO error_log(stage, item_id, attempt, error_class, message, at_ms)
       SELECT ?1, j.value->>0, j.value->>1, j.value->>2, j.value->>3, ${NOW} FROM json_each(?2) j WHERE ${FENCE}`,
      [stage.name, json(rows)],
    ),
  ];
}

function stageWaitStatements(stage: Stage, settled: readonly Settled[]): Statement[] {
  let longest: { delayMs: number; reason: string } | null = null;
  for (const { outcome } of settled) {
    if (outcome.kind === 'wait' && outcome.stageWaits && outcome.delayMs > (longest?.delayMs ?? -1))
      longest = { delayMs: outcome.delayMs, reason: outcome.reason };
  }
  if (longest === null) return [];
  return [
    statement(
      `UPDATE stage_control SET open_until_ms = ${NOW} + ?1, open_reason = ?2
       WHERE stage = ?3 AND open_until_ms < ${NOW} + ?1 AND ${FENCE}`,
      [longest.delayMs, longest.reason, stage.name],
    ),
  ];
}

const CLOSED_AS = {
  done: 'done',
  skipped: 'skipped',
  dead: 'dead',
  retry: 'ready',
  wait: 'ready',
  submitted: 'submitted',
} as const;
/** What a rate is made of: the items that a commit settles, not those that stay open. */
const settledCount = (settled: readonly Settled[]): number =>
  settled.filter(({ outcome }) => SETTLED_STATES.some((state) => state === CLOSED_AS[outcome.kind])).length;

/** A batch as the closing of its tasks and its audit row have it: those that are done by their hashes, and the few others. */
type Closing = {
  /** JSON object: item id -> output hash. */
  readonly done: string;
  readonly others: readonly Settled[];
};
const closingOf = (settled: readonly Settled[]): Closing => ({
  done: json(
    Object.fromEntries(
      settled.flatMap(({ item, outcome }) => (outcome.kind === 'done' ? [[item.id, outcome.outputHash]] : [])),
    ),
  ),
  others: settled.filter(({ outcome }) => outcome.kind !== 'done'),
});

/**
 * Upserts, because `UPDATE … FROM json_each` is quadratic in the batch; the rows exist, so they only ever update. What is
 * done, the mass, comes as an object: reading its key and value is cheaper than taking arrays apart.
 */
function closeStatements(stage: Stage, { done, others }: Closing): Statement[] {
  const closeDone = statement(
    `INSERT INTO task(stage, item_id, state, due_ms, output_hash, fingerprint, updated_at_ms)
     SELECT ?1, CAST(j.key AS INTEGER), 'done', ${NOW}, j.value, ?3, ${NOW} FROM json_each(?2) j WHERE ${FENCE}
     ON CONFLICT(stage, item_id) DO UPDATE SET state = 'done', lease_id = NULL, output_hash = excluded.output_hash,
       error_class = NULL, reason = NULL, fingerprint = excluded.fingerprint, updated_at_ms = excluded.updated_at_ms`,
    [stage.name, done, stage.fingerprint],
  );
  if (others.length === 0) return [closeDone];
  const rows = others.map(({ item, outcome }) => [
    item.id,
    CLOSED_AS[outcome.kind],
    outcome.kind === 'retry' || outcome.kind === 'wait' ? outcome.delayMs : 0,
    // What costs no attempt.
    outcome.kind === 'wait' || outcome.kind === 'submitted' ? 1 : 0,
    'errorClass' in outcome ? outcome.errorClass : null,
    outcome.kind === 'done' ? null : outcome.reason,
  ]);
  const closeOthers = statement(
    `INSERT INTO task(stage, item_id, state, due_ms, waits, error_class, reason, fingerprint, updated_at_ms)
     SELECT ?1, j.value->>0, j.value->>1, ${NOW} + (j.value->>2), j.value->>3, j.value->>4, j.value->>5, ?3, ${NOW}
     FROM json_each(?2) j WHERE ${FENCE}
     ON CONFLICT(stage, item_id) DO UPDATE SET state = excluded.state, due_ms = excluded.due_ms,
       waits = waits + excluded.waits, lease_id = NULL, error_class = excluded.error_class, reason = excluded.reason,
       fingerprint = excluded.fingerprint, updated_at_ms = excluded.updated_at_ms`,
    [stage.name, json(rows), stage.fingerprint],
  );
  return done === '{}' ? [closeOthers] : [closeDone, closeOthers];
}

const commitAudit = (stage: Stage, { done, others }: Closing): Statement =>
  auditStatement('commit', `SELECT ?1, id, owner, NULL, ?2 FROM lease INDEXED BY lease_writing WHERE writing = 1`, [
    stage.name,
    `{"fingerprint":${json(stage.fingerprint)},"done":${done},"others":${json(
      others.map(({ item, outcome }) => [
        item.id,
        outcome.kind,
        outcome.kind === 'submitted' ? outcome.job : 'errorClass' in outcome ? outcome.errorClass : null,
      ]),
    )}}`,
  ]);

/** What a batch says about its stage: that it runs, how large its batches may be, what is left for retries. */
function controlStatement(stage: Stage, batch: Commit): Statement {
  const tooLarge = batch.settled.some(
    ({ outcome }) => 'errorClass' in outcome && ['out_of_memory', 'refused'].includes(outcome.errorClass),
  );
  // A batch below the limit shows nothing about one at the limit.
  const size = tooLarge
    ? // Bound numbers arrive as REAL: without the cast, half of three would be no whole number of tasks.
      `batch_limit = max(1, CAST(?3 AS INTEGER) / 2), good_batches = 0,`
    : `batch_limit = CASE WHEN ?3 < batch_limit OR good_batches + 1 < ${GOOD_BATCHES} THEN batch_limit
         WHEN batch_limit * 2 < ${stage.batchMax} THEN batch_limit * 2 END,
       good_batches = CASE WHEN batch_limit IS NULL OR ?3 < batch_limit THEN good_batches
         ELSE (good_batches + 1) % ${GOOD_BATCHES} END,`;
  return statement(
    `UPDATE stage_control SET ${size} crashed_ms = NULL, retry_tokens = max(0, min(${RETRY_TOKENS_MAX}, retry_tokens + ?2)),
       started_ms = coalesce(started_ms, (SELECT acquired_ms FROM lease INDEXED BY lease_writing WHERE writing = 1)),
       progressed_ms = CASE WHEN ?4 > 0 THEN ${NOW} ELSE progressed_ms END
     WHERE stage = ?1 AND ${FENCE}`,
    [stage.name, batch.retryTokens ?? 0, batch.settled.length, settledCount(batch.settled)],
  );
}

function chunks<T>(all: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let i = 0; i < all.length; i += size) parts.push(all.slice(i, i + size));
  return parts;
}
