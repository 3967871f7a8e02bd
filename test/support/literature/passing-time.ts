import { type Database, NOW, statement } from '../../../core/engine/index.ts';

/**
 * Everything that lies in wait for a time, by table and column: `skip` brings it nearer. The pace of a service stays as it is, because
 * the service measures it by a clock of its own.
 */
const WAITING: readonly (readonly [table: string, column: string])[] = [
  ['task', 'due_ms'],
  ['lease', 'expires_ms'],
  ['stage_control', 'open_until_ms'],
  ['service', 'open_until_ms'],
  ['service_pace', 'closed_until_ms'],
  ['service_lane', 'busy_until_ms'],
  ['source', 'due_ms'],
  ['source', 'lease_until_ms'],
];

/**
 * Lets `ms` pass for all that waits in the database, as if everybody had slept that long: a wait of an hour costs a test nothing, and
 * comes to its end in the same order as it would have. Only for a database that nobody else works on at the time.
 */
export async function skip(db: Database, ms: number): Promise<void> {
  await db.write(
    WAITING.map(([table, column]) =>
      statement(`UPDATE ${table} SET ${column} = ${column} - ?1 WHERE ${column} > ${NOW}`, [Math.ceil(ms)]),
    ),
  );
}

/** When the first of them comes to its end; null when nobody waits. */
export async function nextEnd(db: Database): Promise<number | null> {
  const ends = WAITING.map(
    ([table, column]) => `SELECT min(${column}) - ${NOW} AS ms FROM ${table} WHERE ${column} > ${NOW}`,
  );
  const [found] = await db.read([statement(`SELECT min(ms) AS ms FROM (${ends.join(' UNION ALL ')})`)]);
  const ms = found?.rows[0]?.ms;
  return ms == null ? null : Number(ms);
}
