import { type Database, type Statement, statement } from './database.ts';
import { DAY_MS } from './day.ts';
import { FENCE, int, NOW, quoted, TASKS_WRITING, TODAY, WRITING } from './sql.ts';
import type { Stage } from './stage.ts';

/**
 * Quotas: a claim reserves what its items may use before they use it, the commit gives back what they did not. What a
 * session reserved that died is never given back, because nobody knows what it spent; so a quota is never overspent.
 */

/** What is left of a quota for one claim, in its unit, as SQL. */
const room = (name: string): string =>
  `(SELECT min(per_day - CASE WHEN day < ${TODAY} THEN 0 ELSE used END, coalesce(session_max, per_day))
    FROM quota_window WHERE name = ${name})`;

/** SQL that is true while the quota of the stage has room for one item, and the break after the last session is over. */
export function quotaGate(stage: Stage): string | null {
  if (!stage.quota) return null;
  const name = quoted(stage.quota.name);
  return `${room(name)} >= ${stage.quota.unitsPerItem}
    AND NOT EXISTS (SELECT 1 FROM quota_window q JOIN inference_session s ON s.quota = q.name
      WHERE q.name = ${name} AND q.break_ms > 0 AND (s.ended_ms IS NULL OR s.ended_ms > ${NOW} - q.break_ms))`;
}

/** How many items the quota has room for, as SQL; nothing where the stage has none. */
export const quotaRoomItems = (stage: Stage): string[] =>
  stage.quota ? [`CAST(${room(quoted(stage.quota.name))} / ${stage.quota.unitsPerItem} AS INTEGER)`] : [];

/** Part of a claim: reserves for every item that it took. */
export function claimQuota(stage: Stage): Statement[] {
  if (!stage.quota) return [];
  const { name, unitsPerItem } = stage.quota;
  return [
    statement(
      `INSERT INTO inference_session(lease_id, quota, stage, day, reserved, started_ms)
       SELECT id, ${quoted(name)}, stage, ${TODAY}, ${unitsPerItem} * (SELECT count(*) FROM ${TASKS_WRITING}), ${NOW}
       FROM lease INDEXED BY lease_writing WHERE writing = 1`,
    ),
    statement(
      `UPDATE quota_window SET day = ${TODAY}, used = CASE WHEN day < ${TODAY} THEN 0 ELSE used END
         + (SELECT reserved FROM inference_session WHERE lease_id = ${WRITING})
       WHERE name = ${quoted(name)} AND EXISTS ${WRITING}`,
    ),
  ];
}

/** Part of a commit: gives back what was reserved and not used, in the day that it was reserved in. `used` undefined means all. */
export function settleQuota(stage: Stage, used: number | undefined): Statement[] {
  if (!stage.quota) return [];
  const session = `inference_session WHERE lease_id = ${WRITING} AND state = 'running'`;
  return [
    statement(
      `UPDATE quota_window SET used = max(0, used + coalesce((SELECT coalesce(?1, reserved) - reserved FROM ${session}
         AND inference_session.day = quota_window.day), 0)) WHERE name = ?2 AND ${FENCE}`,
      [used ?? null, stage.quota.name],
    ),
    statement(
      `UPDATE inference_session SET state = 'ended', used = coalesce(?1, reserved), ended_ms = ${NOW}
       WHERE lease_id = ${WRITING} AND state = 'running'`,
      [used ?? null],
    ),
  ];
}

// Without a claim that reserves: what a stage spends itself, in the transaction that says what for ------------------------

/** What is left of a quota today; null for one that nobody registered. */
export async function quotaRoom(
  db: Database,
  name: string,
): Promise<{ readonly left: number; readonly resetsInMs: number } | null> {
  const [found] = await db.read([
    statement(`SELECT ${room(quoted(name))} AS room, (${TODAY} + 1) * ${DAY_MS} - ${NOW} AS resets_in_ms`),
  ]);
  const row = found?.rows[0];
  return row?.room == null ? null : { left: Number(row.room), resetsInMs: int(row.resets_in_ms) };
}

/** SQL that is true while a quota has room for `units`, an SQL expression. */
export const hasRoom = (name: string, units: string): string => `${room(quoted(name))} >= ${units}`;

/** Spends `units` of a quota, where `condition` holds. Nothing gives them back but `refundStatement`. */
export const spendStatement = (name: string, units: number, condition: string): Statement =>
  statement(
    `UPDATE quota_window SET day = ${TODAY}, used = CASE WHEN day < ${TODAY} THEN 0 ELSE used END + ?1
     WHERE name = ?2 AND ${condition}`,
    [units, name],
  );

/** Gives back what was spent on `day` and surely not used, where `condition` holds. */
export const refundStatement = (name: string, units: number, day: number, condition: string): Statement =>
  statement(`UPDATE quota_window SET used = max(0, used - ?1) WHERE name = ?2 AND day = ?3 AND ${condition}`, [
    units,
    name,
    day,
  ]);
