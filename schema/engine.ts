import { sql } from 'drizzle-orm';
import { blob, check, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { LEASE_STATES, TASK_STATES } from './states.ts';

export * from './states.ts';

const oneOf = (column: string, values: readonly string[]) =>
  sql.raw(`${column} in (${values.map((value) => `'${value}'`).join(',')})`);

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
    prio: integer().notNull().default(0),
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
    index('task_ready').on(t.stage, t.dueMs, t.itemId).where(sql`state = 'ready'`),
    index('task_leased').on(t.leaseId).where(sql`state = 'leased'`),
    index('task_failed').on(t.updatedAtMs).where(sql`state in ('dead','skipped')`),
    check('task_state_known', oneOf('state', TASK_STATES)),
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
  },
  (t) => [
    index('lease_live').on(t.expiresMs).where(sql`state = 'live'`),
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
});

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
