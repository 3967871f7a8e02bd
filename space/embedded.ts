import Libsql from 'libsql';
import {
  type Database,
  DatabaseError,
  isRefusalCode,
  type Result,
  type Row,
  type Statement,
  wellFormed,
} from '../core/engine/index.ts';

/** How long a write waits for another process to end its own. */
export const BUSY_MS = 10_000;
/** Pragmas are per connection. FULL: what was acknowledged survives a power cut. */
export const PRAGMAS = ['journal_mode = WAL', 'synchronous = FULL', `busy_timeout = ${BUSY_MS}`, 'cache_size = -65536'];

/**
 * The state database as a file, by the driver that @libsql/client uses for files itself, but with every statement prepared
 * once: the client prepares each anew, which costs a small claim or commit more than its work (docs/decisions/0006).
 * Calls are synchronous inside; each write waits for the next turn of the event loop, so that timers and requests come between.
 */
export function openEmbedded(path: string, pragmas: readonly string[] = PRAGMAS): { db: Database; close: () => void } {
  const file = new Libsql(path, { timeout: BUSY_MS });
  for (const pragma of pragmas) file.exec(`PRAGMA ${pragma}`);
  let prepared = new Map<string, Prepared>();
  const prepare = (sql: string): Prepared => {
    const known = prepared.get(sql);
    if (known) return known;
    if (prepared.size >= PREPARED_MAX) prepared = new Map();
    const made = preparedOf(file.prepare(sql));
    prepared.set(sql, made);
    return made;
  };
  const all = (statements: readonly Statement[]): Result[] =>
    statements.map(({ sql, args }) => prepare(sql)(args.map(bindable)));
  const inTransaction = (begin: string, statements: readonly Statement[]): Result[] => {
    prepare(begin)([]);
    try {
      const results = all(statements);
      prepare('COMMIT')([]);
      return results;
    } catch (error) {
      if (file.inTransaction) prepare('ROLLBACK')([]);
      throw error;
    }
  };
  const run = async (act: () => Result[]): Promise<Result[]> => {
    try {
      return act();
    } catch (error) {
      throw databaseError(error);
    }
  };
  return {
    db: {
      read: (statements) => run(() => (statements.length === 1 ? all(statements) : inTransaction('BEGIN', statements))),
      write: async (statements) => {
        await nextTurn();
        return run(() => inTransaction('BEGIN IMMEDIATE', statements));
      },
    },
    close: () => file.close(),
  };
}

/** Texts of statements that are kept; the engine has some forty, the corpus as many. */
const PREPARED_MAX = 400;

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

type Prepared = (args: unknown[]) => Result;

function preparedOf(statement: Libsql.Statement): Prepared {
  if (!statement.reader) return (args) => ({ rows: [], changed: statement.run(args).changes });
  statement.raw(true);
  const columns = statement.columns().map(({ name }) => name);
  return (args) => {
    const rows = statement.all(args) as unknown[][];
    return { rows: rows.map((values) => rowOf(columns, values)), changed: 0 };
  };
}

const rowOf = (columns: readonly string[], values: readonly unknown[]): Row =>
  Object.fromEntries(columns.map((column, i) => [column, plain(values[i])]));

/** Blobs as the client gives them, whatever memory the driver took for them. */
const plain = (value: unknown): unknown =>
  value instanceof Uint8Array ? value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength) : value;

const bindable = (arg: Statement['args'][number]): unknown => {
  if (typeof arg === 'string') return wellFormed(arg);
  return arg instanceof Uint8Array ? Buffer.from(arg.buffer, arg.byteOffset, arg.byteLength) : arg;
};

function databaseError(error: unknown): DatabaseError {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return new DatabaseError(message.startsWith(code) ? message : `${code}: ${message}`, {
    cause: error,
    refused: isRefusalCode(code),
  });
}
