import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Libsql from 'libsql';
import type { Result, Row, Statement } from '../../../../core/engine/index.ts';
import { type ClockedSql, clockedSql } from './clocked-sql.ts';

/**
 * The real libSQL in memory, without a client around it: synchronous, so that a simulated network decides when a
 * transaction happens. One connection serves many worlds: each lives in a transaction that is rolled back at its end, and its
 * own transactions are savepoints. So the migrations run once, and statements are prepared once.
 */
export type Memory = {
  /** `nowMs` is asked once for each statement. Throws what SQLite says. */
  readonly read: (statements: readonly Statement[], nowMs: () => number) => readonly Result[];
  /** All or none. */
  readonly transaction: (statements: readonly Statement[], nowMs: () => number) => readonly Result[];
  /** What changed since the last call, in the order in which it did. */
  readonly changes: () => readonly Change[];
  readonly rows: (sql: string) => readonly Row[];
  readonly begin: () => void;
  readonly end: () => void;
  readonly close: () => void;
};

/** One row that changed, as a trigger saw it: what it is, then the values that `WATCHED` lists. */
export type Change = readonly [what: string, ...values: (string | number | null)[]];

const MIGRATIONS = fileURLToPath(new URL('../../../../schema/migrations/engine/', import.meta.url));
/** Tables that the stages of the simulation write. */
const SCRATCH = `
  CREATE TABLE made(n INTEGER PRIMARY KEY, stage TEXT NOT NULL, item_id INTEGER NOT NULL, key TEXT NOT NULL, input TEXT,
    lease_id INTEGER NOT NULL);
  CREATE TABLE output(key TEXT PRIMARY KEY, text TEXT NOT NULL, item_id INTEGER NOT NULL, lease_id INTEGER NOT NULL);`;

const WATCHED: Record<string, { readonly on: string; readonly values: string }[]> = {
  task: [
    {
      on: 'INSERT',
      values: `NEW.stage, NEW.item_id, NULL, NULL, NEW.state, NEW.lease_id, NEW.attempt, NEW.waits, NEW.lost,
        NULL, NEW.input_hash, NEW.error_class`,
    },
    {
      on: 'UPDATE',
      values: `NEW.stage, NEW.item_id, OLD.state, OLD.lease_id, NEW.state, NEW.lease_id, NEW.attempt, NEW.waits, NEW.lost,
        OLD.input_hash, NEW.input_hash, NEW.error_class`,
    },
    {
      on: 'DELETE',
      values: `OLD.stage, OLD.item_id, OLD.state, OLD.lease_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL`,
    },
  ],
  lease: [
    { on: 'INSERT', values: 'NEW.id, NEW.stage, NEW.owner, NEW.state, NEW.expires_ms, NEW.writing' },
    { on: 'UPDATE', values: 'NEW.id, NEW.stage, NEW.owner, NEW.state, NEW.expires_ms, NEW.writing' },
  ],
  stage_count: [
    { on: 'INSERT', values: 'NEW.stage, NEW.state, NEW.n' },
    { on: 'UPDATE', values: 'NEW.stage, NEW.state, NEW.n' },
  ],
  stage_control: [{ on: 'UPDATE', values: 'NEW.stage, NEW.paused' }],
  audit: [{ on: 'INSERT', values: 'NEW.act, NEW.stage, NEW.lease_id, NEW.request_id' }],
  effect: [
    { on: 'INSERT', values: 'NEW.stage, NEW.item_id, NEW.input_hash, NEW.state, NEW.lease_id, NULL' },
    { on: 'UPDATE', values: 'NEW.stage, NEW.item_id, NEW.input_hash, NEW.state, NEW.lease_id, OLD.state' },
  ],
  made: [{ on: 'INSERT', values: 'NEW.stage, NEW.item_id, NEW.lease_id' }],
  output: [
    { on: 'INSERT', values: 'NEW.item_id, NEW.lease_id' },
    { on: 'UPDATE', values: 'NEW.item_id, NEW.lease_id' },
  ],
};
/** Prepared statements that are kept; every lease has its own text, so that they would grow without end. */
const PREPARED_MAX = 2_000;

type Prepared = ClockedSql & { readonly run: (args: unknown[]) => Result };

export function openMemory(): Memory {
  const db = new Libsql(':memory:');
  for (const file of readdirSync(MIGRATIONS)
    .filter((name) => name.endsWith('.sql'))
    .sort())
    for (const part of readFileSync(join(MIGRATIONS, file), 'utf8').split('--> statement-breakpoint')) db.exec(part);
  db.exec(SCRATCH);
  watch(db);
  const prepared = new Map<string, Prepared>();

  const prepare = (sql: string): Prepared => {
    const known = prepared.get(sql);
    if (known) {
      // The one that was used last goes last.
      prepared.delete(sql);
      prepared.set(sql, known);
      return known;
    }
    const clocked = clockedSql(sql);
    const made = { ...clocked, run: runner(db, clocked.sql) };
    if (prepared.size >= PREPARED_MAX) prepared.delete(String(prepared.keys().next().value));
    prepared.set(sql, made);
    return made;
  };
  const execute = ({ sql, args }: Statement, nowMs: () => number): Result => {
    const { run, params, readsClock } = prepare(sql);
    const values: unknown[] = args.slice(0, params);
    if (readsClock) values.push(nowMs());
    try {
      return run(values);
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : String(error)} in ${sql.slice(0, 80)}`, {
        cause: error,
      });
    }
  };
  const drain = db.prepare('DELETE FROM temp.seen RETURNING change').raw(true);

  return {
    read: (statements, nowMs) => statements.map((one) => execute(one, nowMs)),
    transaction: (statements, nowMs) => {
      db.exec('SAVEPOINT one');
      try {
        const results = statements.map((one) => execute(one, nowMs));
        db.exec('RELEASE one');
        return results;
      } catch (error) {
        db.exec('ROLLBACK TO one');
        db.exec('RELEASE one');
        throw error;
      }
    },
    changes: () => drain.all().map((row) => JSON.parse((row as [string])[0]) as Change),
    rows: (sql) => runner(db, sql)([]).rows,
    begin: () => {
      db.exec('BEGIN');
      // Forgets the rowid of the world before.
      db.exec(`INSERT INTO made(n, stage, item_id, key, lease_id) VALUES (1, '', 0, '', 0); DELETE FROM made`);
      drain.all();
    },
    end: () => {
      db.exec('ROLLBACK');
    },
    close: () => {
      db.close();
    },
  };
}

/** Lets temporary triggers write every change of the watched tables down; they touch neither `changes()` nor the last rowid. */
function watch(db: Libsql.Database): void {
  db.exec(`CREATE TEMP TABLE seen(n INTEGER PRIMARY KEY, change TEXT NOT NULL)`);
  const tables = new Set(
    (db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all() as { name: string }[]).map(
      ({ name }) => name,
    ),
  );
  for (const [table, triggers] of Object.entries(WATCHED)) {
    if (!tables.has(table)) continue;
    for (const { on, values } of triggers) {
      // One text for a row: the binding takes as long for every value.
      db.exec(
        `CREATE TEMP TRIGGER seen_${table}_${on} AFTER ${on} ON main.${table} BEGIN
           INSERT INTO seen(change) VALUES (json_array('${table}', ${values}));
         END`,
      );
    }
  }
}

/** Rows by column name, as the client gives them. */
function runner(db: Libsql.Database, sql: string): (args: unknown[]) => Result {
  const made = db.prepare(sql);
  let columns: string[] | null = null;
  try {
    made.raw(true);
    columns = made.columns().map(({ name }) => name);
  } catch {
    // A statement that gives no rows refuses `raw`.
  }
  if (columns === null) return (args) => ({ rows: [], changed: made.run(args).changes });
  const names = columns;
  return (args) => {
    const rows = made.all(args) as unknown[][];
    return { rows: rows.map((row) => named(names, row)), changed: 0 };
  };
}

function named(names: readonly string[], values: readonly unknown[]): Row {
  const row: Record<string, unknown> = {};
  for (const [i, name] of names.entries()) row[name] = values[i];
  return row;
}
