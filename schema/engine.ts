import { sql } from 'drizzle-orm';
import { blob, check, index, integer, primaryKey, real, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { BREAKER_STATES, CAUSES, EFFECT_STATES, LEASE_STATES, SESSION_STATES, TASK_STATES } from './states.ts';

export * from './states.ts';

const oneOf = (column: string, values: readonly string[]) =>
  sql.raw(`${column} in (${values.map((value) => `'${value}'`).join(',')})`);

/** The same as a chain of OR: SQLite builds the list of an IN anew for every row that it checks, which a busy table pays for. */
const oneOfFast = (column: string, values: readonly string[]) =>
  sql.raw(values.map((value) => `${column} = '${value}'`).join(' or '));

/** One fact about the database as a whole: its schema version, which pipeline it belongs to. */
export const meta = sqliteTable('meta', { key: text().primaryKey(), value: text().notNull() });

/** What flows through the pipeline. */
export const item = sqliteTable(
  'item',
  {
    id: integer().primaryKey(),
    /** What it is (`document`, `case`); keys are unique within a kind. */
    kind: text().notNull(),
    key: text().notNull(),
    /** The item that this one was made of; null where it came from outside. */
    parentId: integer('parent_id'),
    /** Where it came from: a source's name. */
    source: text().notNull(),
    /** sha256 of the input of the stage that it entered by; a new hash makes it work again. */
    contentHash: text('content_hash').notNull(),
    createdAtMs: integer('created_at_ms').notNull(),
  },
  (t) => [uniqueIndex('item_key').on(t.kind, t.key), index('item_parent').on(t.parentId)],
);

/** One item in one stage. The migration makes it WITHOUT ROWID and adds the triggers that keep `stage_count`. */
export const task = sqliteTable(
  'task',
  {
    stage: text().notNull(),
    itemId: integer('item_id').notNull(),
    state: text({ enum: TASK_STATES }).notNull(),
    /** Database time in ms from which a ready task may be claimed; carries backoff and delay. */
    dueMs: integer('due_ms').notNull(),
    /** One of `PRIORITIES`. */
    prio: integer().notNull().default(0),
    /** Why it was made ready last. */
    cause: text({ enum: CAUSES }).notNull().default('new'),
    /** Claims so far, counted before the work, so that a task which kills its worker is counted too. */
    attempt: integer().notNull().default(0),
    /** Attempts that ended in a wait (quota, outage): they cost nothing. */
    waits: integer().notNull().default(0),
    /** Attempts whose worker never reported; the next claim takes a smaller batch, which isolates the task that kills. */
    lost: integer().notNull().default(0),
    /** The fencing token that holds the task; null unless leased. */
    leaseId: integer('lease_id'),
    inputHash: text('input_hash'),
    outputHash: text('output_hash'),
    /** Code, prompt and model that made the output. */
    fingerprint: text(),
    errorClass: text('error_class'),
    reason: text(),
    updatedAtMs: integer('updated_at_ms').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.stage, t.itemId] }),
    index('task_ready').on(t.stage, t.prio, t.dueMs, t.itemId).where(sql`state = 'ready'`),
    index('task_leased').on(t.leaseId).where(sql`state = 'leased'`),
    index('task_failed').on(t.updatedAtMs).where(sql`state in ('dead','skipped')`),
    check('task_state_known', oneOfFast('state', TASK_STATES)),
    check('lease_iff_leased', sql`(state = 'leased') = (lease_id is not null)`),
  ],
);

/** The right to commit one claimed batch. The id is the fencing token: it only grows. */
export const lease = sqliteTable(
  'lease',
  {
    id: integer().primaryKey({ autoIncrement: true }),
    stage: text().notNull(),
    /** Host and process that holds it, so that the same host can tell its own dead processes. */
    owner: text().notNull(),
    acquiredMs: integer('acquired_ms').notNull(),
    expiresMs: integer('expires_ms').notNull(),
    state: text({ enum: LEASE_STATES }).notNull().default('live'),
    /** Tasks that it was given. */
    size: integer().notNull().default(0),
    /** 1 only inside the transaction that works under this lease: what its statements look at, once each. */
    writing: integer().notNull().default(0),
  },
  (t) => [
    index('lease_live').on(t.expiresMs).where(sql`state = 'live'`),
    index('lease_writing').on(t.id).where(sql`writing = 1`),
    check('lease_state_known', oneOf('state', LEASE_STATES)),
  ],
);

/** What a claim has to respect for one stage; the gates are rows, so that every host sees the same. */
export const stageControl = sqliteTable('stage_control', {
  stage: text().primaryKey(),
  position: integer().notNull(),
  paused: integer().notNull().default(0),
  pauseReason: text('pause_reason'),
  /** Nobody claims before this database time in ms: a service asked us to wait. */
  openUntilMs: integer('open_until_ms').notNull().default(0),
  openReason: text('open_reason'),
  /** 1 while an operator asks a gathering stage to run with what there is. */
  requested: integer().notNull().default(0),
  /** Losses of one task after which it is buried as poison; 0 means never (stages that settle their batch as a whole). */
  lostMax: integer('lost_max').notNull(),
  fingerprint: text().notNull().default(''),
  /** Most tasks of one claim while memory or crashes ask for small batches; null means as many as the stage says. */
  batchLimit: integer('batch_limit'),
  /** Good batches since `batchLimit` was last changed; enough of them double it. */
  goodBatches: integer('good_batches').notNull().default(0),
  /** What is left of the budget for retries; every done item adds to it, every retry takes one. */
  retryTokens: real('retry_tokens').notNull().default(0),
  /** First claim that was committed; null before it. */
  startedMs: integer('started_ms'),
  /** Last commit that settled an item. */
  progressedMs: integer('progressed_ms'),
  /** When a worker last died in this stage; null again after the next good batch. */
  crashedMs: integer('crashed_ms'),
});

/** An outside service that stages need: its health as somebody checked it, and its circuit breaker, one for all hosts. */
export const service = sqliteTable(
  'service',
  {
    name: text().primaryKey(),
    /** Why it is known to be down; null while it is up or nobody checks it. */
    downReason: text('down_reason'),
    checkedMs: integer('checked_ms'),
    /** `open` with `openUntilMs` in the past is what the field calls half-open: one small claim may probe. */
    state: text({ enum: BREAKER_STATES }).notNull().default('closed'),
    openUntilMs: integer('open_until_ms').notNull().default(0),
    openReason: text('open_reason'),
    /** The claim that probes an open breaker; others wait while it lives. */
    probeLeaseId: integer('probe_lease_id'),
    /** Failures since the last success. */
    failures: integer().notNull().default(0),
    /** Openings since it was last closed; each waits longer. */
    opens: integer().notNull().default(0),
    successesAll: integer('successes_all').notNull().default(0),
    failuresAll: integer('failures_all').notNull().default(0),
    opensAll: integer('opens_all').notNull().default(0),
    changedMs: integer('changed_ms').notNull().default(0),
  },
  () => [check('breaker_state_known', oneOf('state', BREAKER_STATES))],
);

/** What may be spent in one day (UTC). Reserved by a claim before it is spent; what a dead session reserved stays spent. */
export const quotaWindow = sqliteTable('quota_window', {
  name: text().primaryKey(),
  unit: text().notNull(),
  perDay: real('per_day').notNull(),
  /** Most that one claim may reserve; null without such a limit. */
  sessionMax: real('session_max'),
  /** Least time between the end of one session and the start of the next. */
  breakMs: integer('break_ms').notNull().default(0),
  /** Days since 1970-01-01 that `used` counts for. */
  day: integer().notNull().default(0),
  used: real().notNull().default(0),
});

/** What one claim reserved of a quota and used of it. */
export const inferenceSession = sqliteTable(
  'inference_session',
  {
    leaseId: integer('lease_id').primaryKey(),
    quota: text().notNull(),
    stage: text().notNull(),
    day: integer().notNull(),
    reserved: real().notNull(),
    /** Null until it ends; a dead one used what it reserved. */
    used: real(),
    startedMs: integer('started_ms').notNull(),
    endedMs: integer('ended_ms'),
    state: text({ enum: SESSION_STATES }).notNull().default('running'),
  },
  (t) => [index('session_quota').on(t.quota, t.endedMs), check('session_state_known', oneOf('state', SESSION_STATES))],
);

/** A call that costs money or changes the outside: its intent before, its result after. */
export const effect = sqliteTable(
  'effect',
  {
    /** Made of stage, item, input hash and fingerprint; sent to the service as its idempotency key. */
    key: text().primaryKey(),
    stage: text().notNull(),
    itemId: integer('item_id').notNull(),
    name: text().notNull(),
    inputHash: text('input_hash'),
    fingerprint: text().notNull(),
    /** Under which claim the call was last meant. */
    leaseId: integer('lease_id').notNull(),
    state: text({ enum: EFFECT_STATES }).notNull(),
    /** Calls that were meant, crashed ones included. */
    calls: integer().notNull().default(1),
    externalId: text('external_id'),
    /** JSON of what the call answered. */
    result: text(),
    cost: real(),
    reason: text(),
    intendedMs: integer('intended_ms').notNull(),
    settledMs: integer('settled_ms'),
  },
  (t) => [
    index('effect_item').on(t.itemId),
    index('effect_open').on(t.intendedMs).where(sql`state = 'intent'`),
    check('effect_state_known', oneOf('state', EFFECT_STATES)),
  ],
);

/**
 * Every transition of the state, written in the transaction that makes it. Rows are never changed; each hash covers the
 * row and the hash before it, so that a missing or altered row shows.
 */
export const audit = sqliteTable(
  'audit',
  {
    id: integer().primaryKey({ autoIncrement: true }),
    atMs: integer('at_ms').notNull(),
    act: text().notNull(),
    stage: text(),
    leaseId: integer('lease_id'),
    /** Host or operator. */
    actor: text().notNull(),
    /** Given by an operator, so that the same request acts once. */
    requestId: text('request_id'),
    /** JSON: the items and what became of them. */
    detail: text().notNull(),
    /** SHA3-256 (FIPS 202), hex. */
    hash: text().notNull(),
  },
  (t) => [uniqueIndex('audit_request').on(t.requestId).where(sql`request_id is not null`)],
);

/** Tasks per stage and state, kept by triggers on `task`. */
export const stageCount = sqliteTable(
  'stage_count',
  { stage: text().notNull(), state: text({ enum: TASK_STATES }).notNull(), n: integer().notNull() },
  (t) => [primaryKey({ columns: [t.stage, t.state] })],
);

/** Settled items per commit, for rates; old rows are swept. */
export const progressSample = sqliteTable(
  'progress_sample',
  {
    id: integer().primaryKey(),
    stage: text().notNull(),
    atMs: integer('at_ms').notNull(),
    settled: integer().notNull(),
    tookMs: integer('took_ms').notNull(),
  },
  (t) => [index('progress_stage').on(t.stage, t.id)],
);

/** One row per failed attempt. */
export const errorLog = sqliteTable(
  'error_log',
  {
    id: integer().primaryKey(),
    stage: text().notNull(),
    itemId: integer('item_id').notNull(),
    attempt: integer().notNull(),
    errorClass: text('error_class').notNull(),
    message: text().notNull(),
    atMs: integer('at_ms').notNull(),
  },
  (t) => [index('error_item').on(t.itemId)],
);

/** One row per tick that did something, with its report. */
export const run = sqliteTable('run', {
  id: integer().primaryKey({ autoIncrement: true }),
  owner: text().notNull(),
  startedAtMs: integer('started_at_ms').notNull(),
  finishedAtMs: integer('finished_at_ms').notNull(),
  stage: text(),
  /** JSON object: outcome -> items. */
  counts: text().notNull(),
});

/** A record that could not enter the pipeline at all, kept with its place and reason so that nothing is lost. */
export const refusal = sqliteTable(
  'refusal',
  {
    id: integer().primaryKey(),
    source: text().notNull(),
    /** File name as given; `-` for standard input. */
    file: text().notNull(),
    line: integer().notNull(),
    byteOffset: integer('byte_offset').notNull(),
    bytes: integer().notNull(),
    reason: text().notNull(),
    detail: text().notNull(),
    sha256: text().notNull(),
    /** The bytes as received, up to 1 MiB; null where longer (then the place in the file says where to look). */
    raw: blob({ mode: 'buffer' }),
    atMs: integer('at_ms').notNull(),
  },
  (t) => [uniqueIndex('refusal_once').on(t.file, t.line, t.sha256)],
);
