import { type Cause, PRIORITIES, type Priority, SETTLED_STATES } from '../../schema/states.ts';
import { type Database, json, type Row, type Statement, statement, type Value } from './database.ts';
import type { Snapshot } from './detect.ts';
import { type NewItem, type Outcome, RETRY_TOKENS_MAX } from './outcome.ts';
import { claimQuota, quotaGate, quotaRoomItems, settleQuota } from './quota.ts';
import { claimServices, serviceGate, settleServices } from './services.ts';
import { snapshotOf, snapshotStatements } from './snapshot.ts';
import { auditStatement, FENCE, int, NOW, quoted, TASKS_WRITING, WRITING } from './sql.ts';
import type { Fenced, Item, Pipeline, Rows, Stage, Write } from './stage.ts';

/** All SQL that moves items through stages, in the order that a tick calls it. */

/** Bound parameters per statement; SQLite's own limit is 32,766, and a smaller statement is prepared faster. */
const PARAMS_MAX = 8_000;
/** Good batches after which a batch that was halved may be twice as large again. */
const GOOD_BATCHES = 8;
const UNLIMITED = Number.MAX_SAFE_INTEGER;

/** Priority and losses of the first task that a claim of stage `name` would take: by priority, then by due time. */
const headOf = (name: string): string =>
  PRIORITIES.map(
    (
      prio,
    ) => `SELECT * FROM (SELECT prio, lost FROM task INDEXED BY task_ready WHERE state = 'ready' AND stage = ${name}
         AND prio = ${prio} AND due_ms <= ${NOW} ORDER BY due_ms, item_id LIMIT 1)`,
  )
    .join(' UNION ALL ')
    .concat(' LIMIT 1');
const EVERY_PRIORITY = `prio IN (${PRIORITIES.join(', ')})`;

// Claim ------------------------------------------------------------------------------------------------------------

export type Claim = {
  readonly leaseId: number;
  readonly items: readonly Item[];
  /** What was left of the stage's retry budget. */
  readonly retryTokens: number;
};

/**
 * Leases due items under a new fencing token; null when a gate is closed or nothing is due. Every gate stands inside the
 * statement that makes the lease, so that no host can claim past one that another host has just closed.
 */
export async function claim(
  db: Database,
  stage: Stage,
  owner: string,
  itemsMax: number = Number.POSITIVE_INFINITY,
  request: string | null = null,
): Promise<Claim | null> {
  const name = quoted(stage.name);
  const gates = [
    `EXISTS (SELECT 1 FROM stage_control WHERE stage = ${name} AND paused = 0 AND open_until_ms <= ${NOW})`,
    concurrencyGate(stage),
    serviceGate(stage),
    quotaGate(stage),
    `EXISTS (SELECT 1 FROM task INDEXED BY task_ready WHERE state = 'ready' AND stage = ${name} AND ${EVERY_PRIORITY} AND due_ms <= ${NOW})`,
  ];
  const results = await db.write([
    statement(
      `INSERT INTO lease(stage, owner, acquired_ms, expires_ms, writing) SELECT ${name}, ?, ${NOW}, ${NOW} + ?, 1
       WHERE ${gates.filter((gate) => gate !== null).join(' AND ')}`,
      [owner, stage.leaseMs],
    ),
    statement(
      `WITH head AS MATERIALIZED (${headOf(name)})
       UPDATE task SET state = 'leased', lease_id = ${WRITING}, attempt = attempt + 1, updated_at_ms = ${NOW}
       WHERE ${FENCE} AND stage = ${name} AND item_id IN (${dueSql(stage)})`,
      [Math.min(itemsMax, UNLIMITED)],
    ),
    claimedItems(name, WRITING, `(SELECT * FROM ${TASKS_WRITING})`, []),
    auditStatement(
      'claim',
      `SELECT stage, id, owner, ?, (SELECT json_object('tasks', json_group_array(item_id)) FROM ${TASKS_WRITING})
       FROM lease INDEXED BY lease_writing WHERE writing = 1`,
      [request],
    ),
    ...claimQuota(stage),
    ...claimServices(stage),
    statement(`UPDATE lease SET writing = 0, size = (SELECT count(*) FROM ${TASKS_WRITING}) WHERE writing = 1`),
  ]);
  if (results[0]?.changed !== 1) return null;
  return claimOf(results[2]?.rows[0]);
}

/** What the claim got that was sent as `request` and whose answer did not come; null where it got nothing or is over. */
export async function claimed(db: Database, stage: Stage, request: string): Promise<Claim | null> {
  const live = `SELECT l.id FROM audit a JOIN lease l ON l.id = a.lease_id
    WHERE a.request_id = ?1 AND l.state = 'live' AND l.expires_ms > ${NOW}`;
  const tasks = `(SELECT * FROM task INDEXED BY task_leased WHERE state = 'leased' AND lease_id = (${live}))`;
  const [found] = await db.read([claimedItems(quoted(stage.name), `(${live})`, tasks, [request])]);
  const row = found?.rows[0];
  return row?.lease_id == null ? null : claimOf(row);
}

/** One row of JSON: a row per item would cost the client more than the whole claim costs the database. */
const claimedItems = (name: string, leaseId: string, tasks: string, args: readonly Value[]): Statement =>
  statement(
    `SELECT ${leaseId} AS lease_id, (SELECT retry_tokens FROM stage_control WHERE stage = ${name}) AS retry_tokens,
       (SELECT json_group_array(json_array(i.id, i.kind, i.key, i.parent_id, i.source, t.input_hash, t.attempt, t.waits, t.lost))
        FROM ${tasks} t JOIN item i ON i.id = t.item_id) AS items`,
    args,
  );

const claimOf = (row: Row | undefined): Claim => ({
  leaseId: int(row?.lease_id),
  items: (JSON.parse(String(row?.items)) as ItemRow[]).map(itemOf).sort((a, b) => a.id - b.id),
  retryTokens: Number(row?.retry_tokens),
});

/** Two that settle the whole at once would do the same work twice and tread on each other's files. */
function concurrencyGate(stage: Stage): string | null {
  const most = stage.settles === 'whole' ? 1 : stage.concurrencyMax;
  if (most === undefined) return null;
  return `(SELECT count(*) FROM lease INDEXED BY lease_live WHERE state = 'live' AND stage = ${quoted(stage.name)}) < ${int(most)}`;
}

/**
 * The items of one claim. A task that lost its worker is tried again in half the batch, with its likes only, so that one
 * that kills soon stands alone and harms no neighbour. Looking for its likes stops early: they lost their worker together.
 */
function dueSql(stage: Stage): string {
  const name = quoted(stage.name);
  const due = `FROM task INDEXED BY task_ready WHERE state = 'ready' AND stage = ${name} AND prio = (SELECT prio FROM head)
    AND due_ms <= ${NOW} ORDER BY due_ms, item_id`;
  if (stage.settles === 'whole')
    return `SELECT item_id FROM (SELECT item_id ${due} LIMIT ${stage.batchMax}) WHERE ?1 > 0`;
  const sizes = [
    '?1',
    `(SELECT max(1, ${stage.batchMax} >> lost) FROM head)`,
    `(SELECT coalesce(batch_limit, ${UNLIMITED}) FROM stage_control WHERE stage = ${name})`,
    ...probeSize(stage),
    ...quotaRoomItems(stage),
  ];
  // Nothing due, or a stage that nobody registered: the gates say so, and no number may be missing here.
  const size = `coalesce(min(${sizes.join(', ')}), 0)`;
  return `SELECT item_id FROM (SELECT item_id, lost ${due} LIMIT ${stage.batchMax * 4})
    WHERE lost = (SELECT lost FROM head) LIMIT ${size}`;
}

/** One item is enough to learn whether a service is back. */
const probeSize = (stage: Stage): string[] =>
  stage.services?.length
    ? [
        `(SELECT CASE WHEN count(*) > 0 THEN 1 ELSE ${UNLIMITED} END FROM service
          WHERE state = 'open' AND name IN (${stage.services.map(quoted).join(', ')}))`,
      ]
    : [];

type ItemRow = [
  id: number,
  kind: string,
  key: string,
  parentId: number | null,
  source: string,
  inputHash: string | null,
  attempt: number,
  waits: number,
  lost: number,
];
const itemOf = ([id, kind, key, parentId, source, inputHash, attempt, waits, lost]: ItemRow): Item => ({
  id,
  kind,
  key,
  parentId,
  source,
  inputHash,
  attempt,
  waits,
  lost,
});

/** Extends a live lease. False when it was lost: then whatever its holder commits will change nothing. */
export async function heartbeat(db: Database, leaseId: number, leaseMs: number): Promise<boolean> {
  const [kept] = await db.write([
    statement(`UPDATE lease SET expires_ms = ${NOW} + ? WHERE id = ? AND state = 'live' AND expires_ms > ${NOW}`, [
      leaseMs,
      leaseId,
    ]),
  ]);
  return kept?.changed === 1;
}

// Commit -----------------------------------------------------------------------------------------------------------

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

/** Which items a lease still holds, and whether its own commit has ended it: what an unknown answer is resolved by. */
export async function leaseStanding(
  db: Database,
  leaseId: number,
): Promise<{ readonly committed: boolean; readonly live: boolean; readonly held: ReadonlySet<number> }> {
  const [lease, tasks] = await db.read([
    statement(`SELECT state, expires_ms > ${NOW} AS live FROM lease WHERE id = ?`, [leaseId]),
    statement(`SELECT item_id FROM task INDEXED BY task_leased WHERE state = 'leased' AND lease_id = ?`, [leaseId]),
  ]);
  const row = lease?.rows[0];
  return {
    committed: row?.state === 'released',
    live: row?.state === 'live' && int(row.live) === 1,
    held: new Set(tasks?.rows.map((task) => int(task.item_id))),
  };
}

/** Gives a claim back untouched: no attempt is spent, no loss is counted, and the next worker need not wait. */
export async function abandon(db: Database, leaseId: number, actor: string): Promise<boolean> {
  const [marked] = await db.write([
    statement(`UPDATE lease SET writing = 1 WHERE id = ? AND state = 'live'`, [leaseId]),
    auditStatement(
      'abandon',
      `SELECT stage, id, ?, NULL, (SELECT json_object('tasks', json_group_array(item_id)) FROM ${TASKS_WRITING})
       FROM lease INDEXED BY lease_writing WHERE writing = 1`,
      [actor],
    ),
    statement(
      `UPDATE task SET state = 'ready', lease_id = NULL, due_ms = ${NOW}, attempt = attempt - 1, updated_at_ms = ${NOW}
       WHERE state = 'leased' AND lease_id IN ${WRITING}`,
    ),
    statement(
      `UPDATE inference_session SET state = 'died', used = reserved, ended_ms = ${NOW}
       WHERE state = 'running' AND lease_id IN ${WRITING}`,
    ),
    statement(`UPDATE lease SET state = 'released', writing = 0 WHERE writing = 1`),
  ]);
  return marked?.changed === 1;
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

const newItemRow = (parentId: number | null, newItem: NewItem) => [
  parentId,
  newItem.kind,
  newItem.key,
  newItem.source,
  newItem.contentHash,
  newItem.prio ?? 0,
];

function newItemStatements(settled: readonly Settled[]): Statement[] {
  const rows = made(settled);
  return rows.length === 0 ? [] : [insertItems(json(rows), FENCE)];
}

const insertItems = (rows: string, condition: string): Statement =>
  statement(
    `INSERT INTO item(kind, key, parent_id, source, content_hash, created_at_ms)
     SELECT j.value->>1, j.value->>2, j.value->>0, j.value->>3, j.value->>4, ${NOW} FROM json_each(?) j WHERE ${condition}
     ON CONFLICT(kind, key) DO UPDATE SET content_hash = excluded.content_hash,
       parent_id = coalesce(excluded.parent_id, parent_id)`,
    [rows],
  );

/** A task whose input did not change is left as it is: an unchanged output stops a change from spreading. */
const ENTER = `ON CONFLICT(stage, item_id) DO UPDATE SET state = 'ready', due_ms = excluded.due_ms, prio = excluded.prio,
   cause = 'input', attempt = 0, waits = 0, lost = 0, lease_id = NULL, input_hash = excluded.input_hash,
   error_class = NULL, reason = NULL, updated_at_ms = excluded.updated_at_ms
   WHERE task.input_hash IS NOT excluded.input_hash`;

/** Tasks for items that are known by kind and key; `rows` as `newItemRow` makes them. */
function enterByKey(stage: Stage, rows: string, condition: string, actor: string): Statement[] {
  const found = `FROM json_each(?2) j JOIN item i ON i.kind = j.value->>1 AND i.key = j.value->>2 WHERE ${condition}`;
  return [
    auditStatement(
      'enter',
      `SELECT ?1, ${WRITING}, '${actor}', NULL,
         (SELECT json_object('hashes', json_group_object(i.id, j.value->>4)) ${found}) WHERE ${condition}`,
      [stage.name, rows],
    ),
    statement(
      `INSERT INTO task(stage, item_id, state, due_ms, prio, input_hash, updated_at_ms)
       SELECT ?1, i.id, 'ready', ${NOW}, j.value->>5, j.value->>4, ${NOW} ${found} ${ENTER}`,
      [stage.name, rows],
    ),
  ];
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

// Entering and doing again -----------------------------------------------------------------------------------------

/** Statements that bring items into the first stage; an item whose hash is known stays where it is. */
export function enterStatements(stage: Stage, items: readonly NewItem[]): Statement[] {
  const rows = json(items.map((newItem) => newItemRow(null, newItem)));
  return [insertItems(rows, 'true'), ...enterByKey(stage, rows, 'true', 'ingest')];
}

export type Again = {
  /** An SQL query of item ids; absent for every item of the stage. */
  readonly items?: string;
  readonly states: readonly ('done' | 'skipped' | 'dead' | 'leased' | 'submitted')[];
  /** A claim whose tasks are left alone. */
  readonly exceptLeaseId?: number;
  readonly cause: Cause;
  readonly reason: string;
  readonly actor: string;
  readonly requestId?: string | null;
  readonly prio?: Priority;
  /** An SQL query of a column `name`: what else happens for this reason, for the audit row, which is then written without any task too. */
  readonly names?: string;
};

/**
 * Statements that make tasks of one stage work again; whoever works on one of them is fenced out. `condition` is an SQL
 * expression that must hold for anything to happen.
 */
export function againStatements(stage: string, again: Again, condition: string): Statement[] {
  const chosen = [
    `stage = ${quoted(stage)}`,
    `state IN (${again.states.map(quoted).join(', ')})`,
    ...(again.items === undefined ? [] : [`item_id IN (${again.items})`]),
    ...(again.exceptLeaseId === undefined ? [] : [`lease_id IS NOT ${int(again.exceptLeaseId)}`]),
  ].join(' AND ');
  const { names } = again;
  const listed = names === undefined ? '' : `, 'names', (SELECT json_group_array(name) FROM (${names}))`;
  const orNamed = names === undefined ? '' : ` OR EXISTS (${names})`;
  return [
    auditStatement(
      'again',
      `SELECT ${quoted(stage)}, NULL, ?1, ?2, (SELECT json_object('reason', ?3, 'tasks', json_group_array(item_id)${listed})
         FROM task WHERE ${chosen}) WHERE ${condition} AND (EXISTS (SELECT 1 FROM task WHERE ${chosen})${orNamed})`,
      [again.actor, again.requestId ?? null, again.reason],
    ),
    // Only right after its audit row: a second sending of the same request writes neither.
    statement(
      `UPDATE task SET state = 'ready', due_ms = ${NOW}, prio = ?1, cause = ?2, attempt = 0, waits = 0, lost = 0,
         lease_id = NULL, error_class = NULL, reason = ?3, updated_at_ms = ${NOW} WHERE changes() > 0 AND ${chosen}`,
      [again.prio ?? 0, again.cause, again.reason],
    ),
  ];
}

/** The same as writes of a stage, which take place while `itemId` is held. */
export const againWrites = (itemId: number, stage: string, again: Again): readonly Fenced[] =>
  againStatements(stage, again, ':held').map(({ sql, args }) => ({
    kind: 'fenced',
    itemId,
    // The second statement asks for the first one's row, not for the fence; every write of a stage must name it.
    sql: sql.includes(':held') ? sql : `${sql} AND :held`,
    args,
  }));

// Back from an outside job -----------------------------------------------------------------------------------------

export type Return = {
  readonly stage: string;
  /** An SQL query of item ids; of those, the tasks that are submitted are made ready. */
  readonly items: string;
  /** The job that they come back from, as the audit and their reason name it. */
  readonly job: string;
  readonly reason: string;
  readonly actor: string;
};

/**
 * Statements that make submitted tasks ready again, first of all that wait: what they came back with is paid for. Sent twice, they change nothing the
 * second time. `condition` is an SQL expression that must hold for anything to happen. The last one's `changed` counts the tasks.
 */
export function returnStatements({ stage, items, job, reason, actor }: Return, condition: string): Statement[] {
  const chosen = `stage = ${quoted(stage)} AND state = 'submitted' AND item_id IN (${items})`;
  return [
    auditStatement(
      'return',
      `SELECT ${quoted(stage)}, NULL, ?1, NULL, (SELECT json_object('job', ?2, 'reason', ?3, 'tasks', json_group_array(item_id))
         FROM task WHERE ${chosen}) WHERE ${condition} AND EXISTS (SELECT 1 FROM task WHERE ${chosen})`,
      [actor, job, reason],
    ),
    // Only right after its audit row, as in `againStatements`.
    statement(
      `UPDATE task SET state = 'ready', due_ms = ${NOW}, prio = ${PRIORITIES[0]}, reason = ?1, updated_at_ms = ${NOW}
       WHERE changes() > 0 AND ${chosen}`,
      [reason],
    ),
  ];
}
