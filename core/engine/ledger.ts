import { TASK_STATES, type TaskState } from '../../schema/states.ts';
import { type Database, json, type Row, type Statement, statement, type Value } from './database.ts';
import { claimSize, type Snapshot, type StageSnapshot } from './detect.ts';
import { SchemaError } from './errors.ts';
import type { NewItem, Outcome } from './outcome.ts';
import { type Item, LOST_MAX, type Pipeline, type Stage, type Write } from './stage.ts';

/** All SQL about items, tasks and leases, in the order that a tick calls it. */

/** Database time in ms. Every stored time is the database's, so that a host's wrong clock strands nothing. */
export const NOW = `CAST(unixepoch('subsec') * 1000 AS INTEGER)`;
const ENGINE_SCHEMA = '1';
/** Bound parameters per statement; SQLite's own limit is 32,766, and a smaller statement is prepared faster. */
const PARAMS_MAX = 8_000;
/** Longer than any transaction: the validity of a lease inside the commit that began under it. Nobody else ever sees it. */
const COMMIT_MS_MAX = 86_400_000;

const int = (value: unknown): number => Number(value ?? 0);
const intOrNull = (value: unknown): number | null => (value == null ? null : Number(value));
const textOrNull = (value: unknown): string | null => (value == null ? null : String(value));
/** A name that `defineStage` checked, as an SQL literal. */
const quoted = (name: string): string => `'${name.replaceAll("'", "''")}'`;

/**
 * Reads whether this build may work on the database. False where no pipeline was registered in it yet.
 * @throws SchemaError when the schema is missing or of another version, or the database belongs to another pipeline.
 */
export async function checkSchema(db: Database, pipeline: Pipeline): Promise<boolean> {
  const tables = await db.read([statement(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'meta'`)]);
  if (tables[0]?.rows.length !== 1)
    throw new SchemaError('the database has no schema yet: run "anamnesis init" against it from the Space or the CLI');
  const known = await db.read([statement(`SELECT key, value FROM meta`)]);
  const meta = new Map(known[0]?.rows.map((row) => [String(row.key), String(row.value)]));
  const version = meta.get('engine_schema');
  if (version !== ENGINE_SCHEMA)
    throw new SchemaError(
      `the database has engine schema ${version ?? 'none'}, this build needs ${ENGINE_SCHEMA}: use the build that made it`,
    );
  return isOwnedBy(pipeline, meta.get('pipeline'));
}

function isOwnedBy(pipeline: Pipeline, owner: unknown): boolean {
  if (owner !== undefined && owner !== pipeline.name)
    throw new SchemaError(
      `the database belongs to pipeline "${owner}", not "${pipeline.name}": give another DATABASE_URL`,
    );
  return owner !== undefined;
}

/**
 * Makes the database this pipeline's own, and writes the rows that claims depend on.
 * @throws SchemaError as `checkSchema` does; then nothing was written.
 */
export async function registerPipeline(db: Database, pipeline: Pipeline): Promise<void> {
  await checkSchema(db, pipeline);
  const results = await db.write([
    statement(`INSERT INTO meta(key, value) VALUES ('pipeline', ?) ON CONFLICT(key) DO NOTHING`, [pipeline.name]),
    ...pipeline.stages.map((stage, position) =>
      statement(
        `INSERT INTO stage_control(stage, position, lost_max, fingerprint) SELECT ?, ?, ?, ?
         WHERE EXISTS (SELECT 1 FROM meta WHERE key = 'pipeline' AND value = ?)
         ON CONFLICT(stage) DO UPDATE SET position = excluded.position, lost_max = excluded.lost_max,
           fingerprint = excluded.fingerprint`,
        [stage.name, position, stage.settles === 'each' ? LOST_MAX : 0, stage.fingerprint, pipeline.name],
      ),
    ),
    statement(`SELECT value FROM meta WHERE key = 'pipeline'`),
  ]);
  // Another pipeline may have come between the look and the write, which then wrote nothing.
  isOwnedBy(pipeline, results.at(-1)?.rows[0]?.value);
}

const EXPIRED = `SELECT id FROM lease INDEXED BY lease_live WHERE state = 'live' AND expires_ms <= ${NOW}`;
const takeBack = (leases: string, leaseState: 'expired' | 'broken'): Statement[] => [
  statement(
    `UPDATE task SET lost = lost + 1, lease_id = NULL, due_ms = ${NOW}, updated_at_ms = ${NOW}, error_class = 'lost',
       reason = 'its worker ended without an outcome ' || (lost + 1) || ' times',
       state = CASE WHEN (SELECT lost_max BETWEEN 1 AND task.lost + 1 FROM stage_control c WHERE c.stage = task.stage)
                 THEN 'dead' ELSE 'ready' END
     WHERE state = 'leased' AND lease_id IN (${leases})`,
  ),
  // A lease that ran out between these two statements still has its tasks: it stays live until the next reclaim.
  statement(
    `UPDATE lease SET state = '${leaseState}' WHERE id IN (${leases})
       AND NOT EXISTS (SELECT 1 FROM task INDEXED BY task_leased WHERE task.state = 'leased' AND lease_id = lease.id)`,
  ),
];

const SNAPSHOT: readonly Statement[] = [
  statement(
    `SELECT c.*, ${NOW} AS now_ms,
       (SELECT due_ms FROM task INDEXED BY task_ready WHERE state = 'ready' AND stage = c.stage
        ORDER BY due_ms, item_id LIMIT 1) AS next_due_ms,
       (SELECT lost FROM task INDEXED BY task_ready WHERE state = 'ready' AND stage = c.stage
        ORDER BY due_ms, item_id LIMIT 1) AS next_lost,
       (SELECT min(expires_ms) FROM lease INDEXED BY lease_live WHERE state = 'live' AND lease.stage = c.stage)
        AS lease_expires_ms
     FROM stage_control c`,
  ),
  statement(`SELECT stage, state, n FROM stage_count`),
];

function snapshotOf(controls: readonly Row[], counts: readonly Row[]): Snapshot {
  const zero = Object.fromEntries(TASK_STATES.map((state) => [state, 0])) as Record<TaskState, number>;
  const stages = new Map<string, StageSnapshot>();
  for (const row of controls) {
    const own = counts.filter((count) => count.stage === row.stage).map((count) => [String(count.state), int(count.n)]);
    stages.set(String(row.stage), {
      counts: { ...zero, ...Object.fromEntries(own) },
      nextDueMs: intOrNull(row.next_due_ms),
      nextLost: int(row.next_lost),
      leaseExpiresMs: intOrNull(row.lease_expires_ms),
      paused: int(row.paused) === 1,
      pauseReason: textOrNull(row.pause_reason),
      openUntilMs: int(row.open_until_ms),
      openReason: textOrNull(row.open_reason),
      requested: int(row.requested) === 1,
    });
  }
  return { nowMs: int(controls[0]?.now_ms), stages };
}

/** Takes back what dead workers held, then reads all that detection needs: one round trip, no disk write when nothing expired. */
export async function reclaimAndRead(db: Database): Promise<Snapshot> {
  const results = await db.write([...takeBack(EXPIRED, 'expired'), ...SNAPSHOT]);
  return snapshotOf(results[2]?.rows ?? [], results[3]?.rows ?? []);
}

/** All that detection needs, in one round trip. */
export async function readSnapshot(db: Database): Promise<Snapshot> {
  const [controls, counts] = await db.read(SNAPSHOT);
  return snapshotOf(controls?.rows ?? [], counts?.rows ?? []);
}

export type Claim = { readonly leaseId: number; readonly items: readonly Item[] };

/**
 * Leases due items under a new fencing token; null when a gate is closed or nothing is due. The gates stand inside the
 * statement, so that no host can claim past one that another host has just closed.
 */
export async function claim(
  db: Database,
  stage: Stage,
  lost: number,
  owner: string,
  itemsMax: number = Number.POSITIVE_INFINITY,
): Promise<Claim | null> {
  const sameLoss = stage.settles === 'whole' ? '' : `AND lost = ${int(lost)}`;
  const due = `FROM task INDEXED BY task_ready WHERE state = 'ready' AND stage = ?1 AND due_ms <= ${NOW} ${sameLoss}`;
  // Two that settle the whole at once would do the same work twice and tread on each other's files.
  const alone =
    stage.settles === 'whole'
      ? `AND NOT EXISTS (SELECT 1 FROM lease INDEXED BY lease_live WHERE state = 'live' AND stage = ?1)`
      : '';
  const limit = stage.settles === 'whole' ? stage.batchMax : Math.min(claimSize(stage, lost), itemsMax);
  const results = await db.write([
    statement(
      `INSERT INTO lease(stage, owner, acquired_ms, expires_ms) SELECT ?1, ?2, ${NOW}, ${NOW} + ?3
       WHERE EXISTS (SELECT 1 FROM stage_control WHERE stage = ?1 AND paused = 0 AND open_until_ms <= ${NOW})
         AND EXISTS (SELECT 1 ${due}) ${alone} RETURNING id`,
      [stage.name, owner, stage.leaseMs],
    ),
    statement(
      `UPDATE task SET state = 'leased', lease_id = last_insert_rowid(), attempt = attempt + 1, updated_at_ms = ${NOW}
       WHERE changes() > 0 AND stage = ?1
         AND item_id IN (SELECT item_id ${due} ORDER BY due_ms, item_id LIMIT ?2)`,
      [stage.name, limit],
    ),
    statement(
      `SELECT i.id, i.kind, i.key, i.parent_id, i.source, t.input_hash, t.attempt, t.waits, t.lost
       FROM task t INDEXED BY task_leased JOIN item i ON i.id = t.item_id
       WHERE t.state = 'leased' AND t.lease_id = last_insert_rowid() ORDER BY t.item_id`,
    ),
  ]);
  const leaseId = intOrNull(results[0]?.rows[0]?.id);
  // Without a new lease last_insert_rowid() names some older row: whatever the third statement found is not ours.
  if (leaseId === null) return null;
  return { leaseId, items: (results[2]?.rows ?? []).map(itemOf) };
}

const itemOf = (row: Row): Item => ({
  id: int(row.id),
  kind: String(row.kind),
  key: String(row.key),
  parentId: intOrNull(row.parent_id),
  source: String(row.source),
  inputHash: textOrNull(row.input_hash),
  attempt: int(row.attempt),
  waits: int(row.waits),
  lost: int(row.lost),
});

/** Extends a live lease. False when it was lost: then whatever its holder commits will change nothing. */
export async function heartbeat(db: Database, leaseId: number, leaseMs: number): Promise<boolean> {
  const [kept] = await db.write([
    statement(
      `UPDATE lease SET expires_ms = ${NOW} + ? WHERE id = ? AND state = 'live' AND expires_ms > ${NOW} RETURNING id`,
      [leaseMs, leaseId],
    ),
  ]);
  return kept?.rows.length === 1;
}

export type Settled = { readonly item: Item; readonly outcome: Outcome };

/**
 * Applies a batch of outcomes in one transaction: outputs, new items, the next stage's tasks, then the items themselves
 * last, so that every write before them still sees the lease that fences it. Returns the ids of the items that were still
 * held; nothing at all was written for the others. Sent twice, the second time changes nothing.
 */
export async function commit(
  db: Database,
  stage: Stage,
  next: Stage | undefined,
  leaseId: number,
  settled: readonly Settled[],
  writes: readonly Write[],
  tookMs: number,
): Promise<ReadonlySet<number>> {
  const close = closeStatement(stage, leaseId, settled);
  const before = [
    // A lease that is valid when the transaction begins stays so to its end: no statement may see it run out midway.
    statement(`UPDATE lease SET expires_ms = ${NOW} + ? WHERE id = ? AND state = 'live' AND expires_ms > ${NOW}`, [
      COMMIT_MS_MAX,
      leaseId,
    ]),
    ...writes.flatMap((write) => writeStatements(stage, leaseId, write)),
    ...newItemStatements(stage, leaseId, settled),
    ...(next ? advanceStatements(stage, next, leaseId, settled) : []),
    ...errorStatements(stage, leaseId, settled),
    ...stageWaitStatements(stage, leaseId, settled),
    sampleStatement(stage, leaseId, settled, tookMs),
  ];
  const release = statement(
    `UPDATE lease SET expires_ms = ${NOW} + ?2, state =
       CASE WHEN EXISTS (SELECT 1 FROM task t INDEXED BY task_leased WHERE t.state = 'leased' AND t.lease_id = ?1)
         THEN 'live' ELSE 'released' END
     WHERE id = ?1 AND state = 'live' AND expires_ms > ${NOW}`,
    [leaseId, stage.leaseMs],
  );
  const results = await db.write([...before, close, release]);
  return new Set(results[before.length]?.rows.map((row) => int(row.item_id)));
}

const leaseHolds = (leaseId: number): string =>
  `(SELECT state = 'live' AND expires_ms > ${NOW} FROM lease WHERE id = ${int(leaseId)})`;

/** True while `item` is still held under this lease: the fence. `+` keeps the planner on the primary key. */
const held = (stage: Stage, leaseId: number, item: string): string =>
  `EXISTS (SELECT 1 FROM task k WHERE k.stage = ${quoted(stage.name)} AND k.item_id = ${item} AND +k.state = 'leased'
     AND +k.lease_id = ${int(leaseId)})
   AND ${leaseHolds(leaseId)}`;

function writeStatements(stage: Stage, leaseId: number, write: Write): Statement[] {
  if (write.kind === 'fenced') {
    if (!write.sql.includes(':held'))
      throw new Error(`stage ${stage.name} returned a write without :held: ${write.sql}`);
    const fence = write.itemId === null ? leaseHolds(leaseId) : held(stage, leaseId, String(int(write.itemId)));
    return [statement(write.sql.replaceAll(':held', fence), write.args)];
  }
  const { table, columns, key, rows } = write;
  const updates = columns.filter((column) => !key.includes(column)).map((column) => `${column} = excluded.${column}`);
  const conflict = updates.length > 0 ? `DO UPDATE SET ${updates.join(', ')}` : 'DO NOTHING';
  const tuple = `?${', ?'.repeat(columns.length - 1)}`;
  return chunks(rows, Math.max(1, Math.floor(PARAMS_MAX / columns.length))).map((part) =>
    statement(
      `WITH v(held_item, ${columns.join(', ')}) AS (VALUES ${part.map((row) => `(${int(row.itemId)}, ${tuple})`).join(', ')})
       INSERT INTO ${table}(${columns.join(', ')}) SELECT ${columns.join(', ')} FROM v
       WHERE ${held(stage, leaseId, 'v.held_item')} ON CONFLICT(${key.join(', ')}) ${conflict}`,
      part.flatMap((row) => row.values as Value[]),
    ),
  );
}

const made = (settled: readonly Settled[]) =>
  settled.flatMap(({ item, outcome }) =>
    outcome.kind === 'done' && outcome.makes ? outcome.makes.map((newItem) => ({ parent: item, newItem })) : [],
  );

function newItemStatements(stage: Stage, leaseId: number, settled: readonly Settled[]): Statement[] {
  const rows = made(settled).map(({ parent, newItem }) => newItemRow(parent.id, newItem));
  if (rows.length === 0) return [];
  return [
    statement(
      `INSERT INTO item(kind, key, parent_id, source, content_hash, created_at_ms)
       SELECT j.value->>1, j.value->>2, j.value->>0, j.value->>3, j.value->>4, ${NOW} FROM json_each(?) j
       WHERE ${held(stage, leaseId, 'j.value->>0')}
       ON CONFLICT(kind, key) DO UPDATE SET content_hash = excluded.content_hash, parent_id = excluded.parent_id`,
      [json(rows)],
    ),
  ];
}
const newItemRow = (parentId: number, newItem: NewItem) => [
  parentId,
  newItem.kind,
  newItem.key,
  newItem.source,
  newItem.contentHash,
];

/** A task whose input did not change is left as it is: an unchanged output stops a change from spreading. */
const ENTER = `ON CONFLICT(stage, item_id) DO UPDATE SET state = 'ready', due_ms = excluded.due_ms, attempt = 0, waits = 0,
   lost = 0, lease_id = NULL, input_hash = excluded.input_hash, error_class = NULL, reason = NULL,
   updated_at_ms = excluded.updated_at_ms WHERE task.input_hash IS NOT excluded.input_hash`;

function advanceStatements(stage: Stage, next: Stage, leaseId: number, settled: readonly Settled[]): Statement[] {
  const same = settled.flatMap(({ item, outcome }) =>
    outcome.kind === 'done' && outcome.makes === undefined ? [[item.id, outcome.outputHash]] : [],
  );
  const others = made(settled).map(({ parent, newItem }) => newItemRow(parent.id, newItem));
  const statements: Statement[] = [];
  if (same.length > 0)
    statements.push(
      statement(
        `INSERT INTO task(stage, item_id, state, due_ms, input_hash, updated_at_ms)
         SELECT ?1, j.value->>0, 'ready', ${NOW}, j.value->>1, ${NOW} FROM json_each(?2) j
         WHERE ${held(stage, leaseId, 'j.value->>0')} ${ENTER}`,
        [next.name, json(same)],
      ),
    );
  if (others.length > 0)
    statements.push(
      statement(
        `INSERT INTO task(stage, item_id, state, due_ms, input_hash, updated_at_ms)
         SELECT ?1, i.id, 'ready', ${NOW}, j.value->>4, ${NOW} FROM json_each(?2) j
         JOIN item i ON i.kind = j.value->>1 AND i.key = j.value->>2
         WHERE ${held(stage, leaseId, 'j.value->>0')} ${ENTER}`,
        [next.name, json(others)],
      ),
    );
  return statements;
}

function errorStatements(stage: Stage, leaseId: number, settled: readonly Settled[]): Statement[] {
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
       SELECT ?1, j.value->>0, j.value->>1, j.value->>2, j.value->>3, ${NOW} FROM json_each(?2) j
       WHERE ${held(stage, leaseId, 'j.value->>0')}`,
      [stage.name, json(rows)],
    ),
  ];
}

function stageWaitStatements(stage: Stage, leaseId: number, settled: readonly Settled[]): Statement[] {
  let longest: { item: Item; delayMs: number; reason: string } | null = null;
  for (const { item, outcome } of settled) {
    if (outcome.kind === 'wait' && outcome.stageWaits && outcome.delayMs > (longest?.delayMs ?? -1))
      longest = { item, delayMs: outcome.delayMs, reason: outcome.reason };
  }
  if (longest === null) return [];
  return [
    statement(
      `UPDATE stage_control SET open_until_ms = ${NOW} + ?1, open_reason = ?2
       WHERE stage = ?3 AND open_until_ms < ${NOW} + ?1 AND ${held(stage, leaseId, String(longest.item.id))}`,
      [longest.delayMs, longest.reason, stage.name],
    ),
  ];
}

/** What a rate is made of: the items that this commit settles, not those that it gives back or has lost. */
function sampleStatement(stage: Stage, leaseId: number, settled: readonly Settled[], tookMs: number): Statement {
  const rows = settled.map(({ item, outcome }) => [item.id, CLOSED_AS[outcome.kind] === 'ready' ? 0 : 1]);
  return statement(
    `INSERT INTO progress_sample(stage, at_ms, settled, took_ms) SELECT ?1, ${NOW}, sum(j.value->>1), ?3
     FROM json_each(?2) j WHERE ${held(stage, leaseId, 'j.value->>0')} GROUP BY ?1`, // grouped: nothing held, no row
    [stage.name, json(rows), Math.round(tookMs)],
  );
}

const CLOSED_AS = { done: 'done', skipped: 'skipped', dead: 'dead', retry: 'ready', wait: 'ready' } as const;

/** An upsert, because `UPDATE … FROM json_each` is quadratic in the batch; the rows exist, so it only ever updates. */
function closeStatement(stage: Stage, leaseId: number, settled: readonly Settled[]): Statement {
  const rows = settled.map(({ item, outcome }) => [
    item.id,
    CLOSED_AS[outcome.kind],
    outcome.kind === 'retry' || outcome.kind === 'wait' ? outcome.delayMs : 0,
    outcome.kind === 'wait' ? 1 : 0,
    outcome.kind === 'done' ? outcome.outputHash : null,
    outcome.kind === 'done' ? null : outcome.errorClass,
    outcome.kind === 'done' ? null : outcome.reason,
  ]);
  return statement(
    `INSERT INTO task(stage, item_id, state, due_ms, waits, output_hash, error_class, reason, fingerprint, updated_at_ms)
     SELECT ?1, j.value->>0, j.value->>1, ${NOW} + (j.value->>2), j.value->>3, j.value->>4, j.value->>5, j.value->>6, ?3,
       ${NOW} FROM json_each(?2) j WHERE ${held(stage, leaseId, 'j.value->>0')}
     ON CONFLICT(stage, item_id) DO UPDATE SET state = excluded.state, due_ms = excluded.due_ms,
       waits = waits + excluded.waits, lease_id = NULL, output_hash = coalesce(excluded.output_hash, output_hash),
       error_class = excluded.error_class, reason = excluded.reason, fingerprint = excluded.fingerprint,
       updated_at_ms = excluded.updated_at_ms
     WHERE task.lease_id = ${int(leaseId)} AND task.state = 'leased' RETURNING item_id`,
    [stage.name, json(rows), stage.fingerprint],
  );
}

function chunks<T>(all: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let i = 0; i < all.length; i += size) parts.push(all.slice(i, i + size));
  return parts;
}

/** Rows of each kind of history that stay; older ones say nothing that the counters do not. */
const HISTORY_MAX = { lease: 10_000, run: 10_000, progress_sample: 5_000, error_log: 100_000 } as const;

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
        `DELETE FROM ${table} WHERE id <= (SELECT max(id) FROM ${table}) - ${rows}
           ${table === 'lease' ? "AND state <> 'live'" : ''}`,
      ),
    ),
  ]);
}

/** Leases that still run, with their owners: a host uses it to find those of its own dead processes. */
export async function liveLeases(
  db: Database,
): Promise<readonly { readonly id: number; readonly stage: string; readonly owner: string }[]> {
  const [found] = await db.read([
    statement(`SELECT id, stage, owner FROM lease INDEXED BY lease_live WHERE state = 'live'`),
  ]);
  return (found?.rows ?? []).map((row) => ({ id: int(row.id), stage: String(row.stage), owner: String(row.owner) }));
}

/** Ends leases whose holders are known to be dead, so that nobody waits for their expiry. */
export async function breakLeases(db: Database, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  await db.write(
    takeBack(`SELECT id FROM lease WHERE state = 'live' AND id IN (${ids.map(int).join(', ')})`, 'broken'),
  );
}

/**
 * A statement that makes every task of a stage work again that is done or being worked on, except under one lease; whoever
 * works on one of them is fenced out. It acts only if the statement before it in its batch changed something.
 */
export const redoStatement = (stage: string, exceptLeaseId: number, reason: string): Statement =>
  statement(
    `UPDATE task SET state = 'ready', due_ms = ${NOW}, attempt = 0, waits = 0, lost = 0, lease_id = NULL,
       error_class = NULL, reason = ?, updated_at_ms = ${NOW}
     WHERE changes() > 0 AND stage = ? AND (state = 'done' OR (state = 'leased' AND lease_id <> ?))`,
    [reason, stage, exceptLeaseId],
  );

/** SQL for a fenced write that makes settled tasks of a stage work again; `items` is a query of item ids. */
export const againSql = (stage: string, items: string, reason: string): string =>
  `UPDATE task SET state = 'ready', due_ms = ${NOW}, attempt = 0, waits = 0, lost = 0, error_class = NULL,
     reason = ${quoted(reason)}, updated_at_ms = ${NOW}
   WHERE stage = ${quoted(stage)} AND state = 'done' AND item_id IN (${items}) AND :held`;

/** Statements that bring items into the first stage; an item whose hash is known stays where it is. */
export function enterStatements(stage: Stage, items: readonly NewItem[]): Statement[] {
  const rows = json(items.map((newItem) => [newItem.kind, newItem.key, newItem.source, newItem.contentHash]));
  return [
    statement(
      `INSERT INTO item(kind, key, source, content_hash, created_at_ms)
       SELECT j.value->>0, j.value->>1, j.value->>2, j.value->>3, ${NOW} FROM json_each(?) j WHERE true
       ON CONFLICT(kind, key) DO UPDATE SET content_hash = excluded.content_hash`,
      [rows],
    ),
    statement(
      `INSERT INTO task(stage, item_id, state, due_ms, input_hash, updated_at_ms)
       SELECT ?1, i.id, 'ready', ${NOW}, j.value->>3, ${NOW} FROM json_each(?2) j
       JOIN item i ON i.kind = j.value->>0 AND i.key = j.value->>1 WHERE true ${ENTER}`,
      [stage.name, rows],
    ),
  ];
}
