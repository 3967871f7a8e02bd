import type { Client, InStatement, ResultSet } from '@libsql/client';
import { DatabaseError } from './errors.ts';

export type Value = string | number | null | Uint8Array;
export type Statement = { readonly sql: string; readonly args: readonly Value[] };
export type Row = Readonly<Record<string, unknown>>;
/** What one statement gave. `changed` is 0 for a statement with RETURNING on an embedded file: count its rows instead. */
export type Result = { readonly rows: readonly Row[]; readonly changed: number };

/** All that the product asks of libSQL: one round trip to read, one transaction to write. */
export type Database = {
  /** Several reads of one snapshot. */
  read(statements: readonly Statement[]): Promise<readonly Result[]>;
  /** All statements or none. Throws `DatabaseError`; a write that timed out or lost its connection may have landed. */
  write(statements: readonly Statement[]): Promise<readonly Result[]>;
};

export const statement = (sql: string, args: readonly Value[] = []): Statement => ({ sql, args });

/**
 * Text that every host stores and gives back alike: a lone half of a surrogate pair, as a cut through an emoji leaves it, and
 * U+0000 become U+FFFD. The half ends the process that reads it from a file, and a server answers 400 or 500; of text with a
 * zero a file gives back only what stands before it.
 */
export const wellFormed = (text: string): string =>
  text.replace(/\p{Surrogate}/gu, '\u{fffd}').replaceAll('\0', '\u{fffd}');

/** `value` as one JSON argument. Both are written as `\u…` by `JSON.stringify`, so the slow way is taken where one may be. */
export function json(value: unknown): string {
  const text = JSON.stringify(value);
  if (!text.includes('\\ud') && !text.includes('\\u0000')) return text;
  return JSON.stringify(value, (_, part) => (typeof part === 'string' ? wellFormed(part) : part));
}

/**
 * Wraps a libSQL client with a deadline for every call: the client has none, and a server that accepts and never answers
 * would hold a tick for ever.
 */
export function connectDatabase(client: Client, options: { readonly deadlineMs: number }): Database {
  const lateMessage = `no answer from the database within ${options.deadlineMs} ms`;
  const run = async (mode: 'read' | 'write', statements: readonly Statement[]): Promise<readonly Result[]> => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const expired = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new DatabaseError(lateMessage)), options.deadlineMs);
    });
    try {
      const results = await sendUntil(expired, () => send(client, mode, statements.map(sendable)));
      // The client gives rows by column name; a `Row` promises no more than that.
      // Its rows are arrays with a property for each column; only those are read.
      return results.map((result) => ({ rows: result.rows as unknown as Row[], changed: result.rowsAffected }));
    } catch (error) {
      if (error instanceof DatabaseError) throw error;
      // A client whose requests end at the same deadline may be the first to say so.
      const late = error instanceof Error && error.name === 'TimeoutError';
      throw new DatabaseError(late ? lateMessage : messageOf(error), { cause: error, refused: isRefusal(error) });
    } finally {
      clearTimeout(timer);
    }
  };
  return { read: (statements) => run('read', statements), write: (statements) => run('write', statements) };
}

const PAUSE_MS_FIRST = 5;
const PAUSE_MS_MAX = 200;

/**
 * Codes by which the database says that it did nothing of what it was sent. SQLITE_BUSY: the lock was not to be had.
 * TRANSACTION_TIMEOUT and TRANSACTION_BUSY are of sqld: it gives the write lock of a transaction that took 5 s to whoever waits
 * and rolls the transaction back; on a loaded machine this meets batches that did nothing wrong.
 */
const UNDONE: ReadonlySet<unknown> = new Set(['SQLITE_BUSY', 'TRANSACTION_TIMEOUT', 'TRANSACTION_BUSY']);

/**
 * Whether an error is what `@libsql/client` leaves behind when sqld takes a transaction away: the server fails every step of the batch, and
 * the client hands on the first of them and drops the promises of the others. A host must not end by such a rejection: the first
 * one reaches its caller, who sends the batch again, and the others say nothing more.
 */
export const isDroppedStep = (error: unknown): boolean =>
  error instanceof Error && 'proto' in error && 'code' in error && error.code === 'TRANSACTION_TIMEOUT';

/** Sends again what the database did not do, until the deadline. */
async function sendUntil<Results>(expired: Promise<never>, send: () => Promise<Results>): Promise<Results> {
  for (let pauseMs = PAUSE_MS_FIRST; ; pauseMs = Math.min(2 * pauseMs, PAUSE_MS_MAX)) {
    const sent = send();
    // The race may be lost: the late answer must not surface as an unhandled rejection.
    sent.catch(() => undefined);
    try {
      return await Promise.race([sent, expired]);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && UNDONE.has(error.code))) throw error;
      await Promise.race([new Promise((resolve) => setTimeout(resolve, pauseMs)), expired]);
    }
  }
}

/** One read is a snapshot by itself; it needs no transaction around it. */
const send = async (client: Client, mode: 'read' | 'write', statements: InStatement[]): Promise<ResultSet[]> => {
  const [only, ...others] = statements;
  if (mode === 'read' && only !== undefined && others.length === 0) return [await client.execute(only)];
  return client.batch(statements, mode);
};

/** Codes by which SQLite says that a statement will never do, whatever the weather. */
export const isRefusalCode = (code: string): boolean => /^SQLITE_(?:CONSTRAINT|ERROR|MISMATCH|TOOBIG|RANGE)/.test(code);
const isRefusal = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && isRefusalCode(String(error.code));

const sendable = ({ sql, args }: Statement): InStatement => ({
  sql,
  args: args.map((arg) => (typeof arg === 'string' ? wellFormed(arg) : arg)),
});

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
