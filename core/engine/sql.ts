import type { Act } from '../../schema/states.ts';
import { type Statement, statement, type Value } from './database.ts';
import { DAY_MS } from './day.ts';

/** What all SQL of the engine is made of. */

/** Database time in ms. Every stored time is the database's, so that a host's wrong clock strands nothing. */
export const NOW = `CAST(unixepoch('subsec') * 1000 AS INTEGER)`;
/** The day (UTC) that a quota counts for: days since 1970-01-01. */
export const TODAY = `(${NOW} / ${DAY_MS})`;

export const int = (value: unknown): number => Number(value ?? 0);
export const intOrNull = (value: unknown): number | null => (value == null ? null : Number(value));
export const textOrNull = (value: unknown): string | null => (value == null ? null : String(value));
/** A checked name as an SQL literal. */
export const quoted = (name: string): string => `'${name.replaceAll("'", "''")}'`;

/**
 * The leases under which the transaction at hand works. A first statement marks them and the last one unmarks them, so that
 * every statement between sees the same ones, whatever the clock does, and looks once instead of once per row.
 */
export const WRITING = `(SELECT id FROM lease INDEXED BY lease_writing WHERE writing = 1)`;
/** True while the gate of this transaction let its lease through. No text of a statement names a lease: it is prepared once. */
export const FENCE = `EXISTS ${WRITING}`;
/** Tasks of the marked leases. */
export const TASKS_WRITING = `task INDEXED BY task_leased WHERE state = 'leased' AND lease_id IN ${WRITING}`;

/**
 * SHA3-256 over the hash before it and the row, as libSQL computes it in the same transaction.
 * `previous` and the columns are SQL expressions.
 */
export const auditHash = (previous: string, row: string): string =>
  `lower(hex(sha3(coalesce(${previous}, '') || json_array(${row}), 256)))`;
export const AUDIT_COLUMNS = ['at_ms', 'act', 'stage', 'lease_id', 'actor', 'request_id', 'detail'] as const;

/**
 * One audit row. `source` is the rest of a SELECT that gives `stage, lease_id, actor, request_id, detail` in this order,
 * and at most one row: the hash of a second would not cover the first.
 */
export const auditStatement = (act: Act, source: string, args: readonly Value[] = []): Statement =>
  statement(
    `INSERT INTO audit(${AUDIT_COLUMNS.join(', ')}, hash)
     SELECT x.*, ${auditHash('(SELECT hash FROM audit ORDER BY id DESC LIMIT 1)', AUDIT_COLUMNS.map((c) => `x.${c}`).join(', '))}
     FROM (WITH s(stage, lease_id, actor, request_id, detail) AS (${source})
       SELECT ${NOW} AS at_ms, '${act}' AS act, stage, lease_id, actor, request_id, detail FROM s) x`,
    args,
  );

/** Time of the last audit row: nothing in the database is newer. */
export const AUDITED = `(SELECT at_ms FROM audit ORDER BY id DESC LIMIT 1)`;
