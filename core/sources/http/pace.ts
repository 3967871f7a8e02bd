import {
  type BreakerSettings,
  type Database,
  RETRY_AFTER_MS_MAX,
  type ServiceReport,
  type Statement,
  settleService,
  statement,
} from '../../engine/index.ts';
import { int, NOW, textOrNull } from '../../engine/sql.ts';
import type { ServiceSettings } from './services.ts';

/**
 * The pace of a service, kept in the database for every worker of every host: one row with the time of the next start, one row
 * for each request that may be in flight (a lane). A lane has an end, so that one whose holder died is free again by itself.
 * A closed service (its breaker is open, or it asked to be left alone) gives no lane.
 */

/** A turn: the request may begin in `waitMs`, and holds its lane until it is given back or its time is over. */
export type Turn =
  | { readonly kind: 'granted'; readonly waitMs: number }
  /** All lanes are taken; the first one is free again in `retryMs` at the latest. */
  | { readonly kind: 'taken'; readonly retryMs: number }
  | {
      readonly kind: 'closed';
      readonly why: 'breaker' | 'asked';
      readonly retryMs: number;
      readonly reason: string | null;
    };

/** Nothing that this clock wrote lies further ahead of now; where it went back, starts beyond that are void. */
const aheadMs = ({ gapMs, lanes }: ServiceSettings): number => Math.max(10_000, gapMs * (lanes + 1));
/** Longest time that a lane is held: until its start, then for one hop. */
const heldMs = (settings: ServiceSettings): number => settings.totalMs + aheadMs(settings) + GRACE_MS;
const GRACE_MS = 5_000;
/** SQL: when the next request may begin. */
const startOf = (settings: ServiceSettings): string => `max(${NOW}, min(next_ms, ${NOW} + ${aheadMs(settings)}))`;
/** SQL: the service wants to be left alone. A time that lies further ahead was written before the clock went back. */
const ASKED = `(closed_until_ms > ${NOW} AND closed_until_ms <= ${NOW} + ${RETRY_AFTER_MS_MAX})`;

/**
 * Asks for a lane and the next start in one transaction. `token` is the holder's own. While the breaker is half-open only
 * a request that is alone gets through.
 */
export async function takeTurn(db: Database, service: string, settings: ServiceSettings, token: string): Promise<Turn> {
  const { gapMs, lanes } = settings;
  const held = heldMs(settings);
  // Twice the time, because a host with other settings may hold one for longer.
  const busy = `(token IS NOT NULL AND busy_until_ms > ${NOW} AND busy_until_ms <= ${NOW} + ${2 * held})`;
  const results = await db.write([
    statement(`INSERT INTO service(name) VALUES (?) ON CONFLICT(name) DO NOTHING`, [service]),
    statement(`INSERT INTO service_pace(service, next_ms) VALUES (?, 0) ON CONFLICT(service) DO NOTHING`, [service]),
    statement(
      `INSERT INTO service_lane(service, lane) SELECT ?1, value FROM json_each(?2) WHERE true
       ON CONFLICT(service, lane) DO NOTHING`,
      [service, JSON.stringify(Array.from({ length: lanes }, (_, lane) => lane))],
    ),
    statement(
      `UPDATE service_lane SET token = ?2,
         busy_until_ms = ${NOW} + ${held}
       WHERE service = ?1
         AND lane = (SELECT min(lane) FROM service_lane WHERE service = ?1 AND lane < ${lanes} AND NOT ${busy})
         AND NOT EXISTS (SELECT 1 FROM service_pace WHERE service = ?1 AND ${ASKED})
         AND NOT EXISTS (SELECT 1 FROM service WHERE name = ?1 AND (down_reason IS NOT NULL OR (state = 'open' AND (open_until_ms > ${NOW}
           OR EXISTS (SELECT 1 FROM service_lane WHERE service = ?1 AND ${busy})))))`,
      [service, token],
    ),
    statement(
      `UPDATE service_pace SET next_ms = ${startOf(settings)} + ${gapMs}, requests = requests + 1
       WHERE service = ?1 AND EXISTS (SELECT 1 FROM service_lane WHERE service = ?1 AND token = ?2)`,
      [service, token],
    ),
    statement(
      `SELECT EXISTS (SELECT 1 FROM service_lane WHERE service = ?1 AND token = ?2) AS granted,
         p.next_ms - ${gapMs} - ${NOW} AS start_in_ms,
         CASE WHEN ${ASKED} THEN closed_until_ms - ${NOW} ELSE 0 END AS asked_ms, closed_reason,
         v.state = 'open' AS open, v.open_until_ms - ${NOW} AS open_ms, v.open_reason, v.down_reason,
         (SELECT min(busy_until_ms) - ${NOW} FROM service_lane WHERE service = ?1 AND ${busy}) AS busy_ms
       FROM service_pace p JOIN service v ON v.name = p.service WHERE p.service = ?1`,
      [service, token],
    ),
  ]);
  const row = results.at(-1)?.rows[0];
  if (!row) throw new Error(`no pace was kept for ${service}`);
  if (int(row.granted) === 1) return { kind: 'granted', waitMs: Math.max(0, int(row.start_in_ms)) };
  const askedMs = int(row.asked_ms);
  if (askedMs > 0) return { kind: 'closed', why: 'asked', retryMs: askedMs, reason: textOrNull(row.closed_reason) };
  if (row.down_reason != null)
    return { kind: 'closed', why: 'breaker', retryMs: DOWN_MS, reason: textOrNull(row.down_reason) };
  // Half-open with its one request in flight is closed to all others until that has ended.
  if (int(row.open) === 1)
    return {
      kind: 'closed',
      why: 'breaker',
      retryMs: int(row.open_ms) > 0 ? int(row.open_ms) : PROBE_MS,
      reason: textOrNull(row.open_reason),
    };
  return { kind: 'taken', retryMs: Math.max(0, int(row.busy_ms)) };
}

/**
 * The next start for one who holds a lane and overslept the one that came with it: sent now, its request would meet the next
 * one's. Null where the lane is no longer held.
 */
export async function nextStart(
  db: Database,
  service: string,
  settings: ServiceSettings,
  token: string,
): Promise<number | null> {
  const holds = `EXISTS (SELECT 1 FROM service_lane WHERE service = ?1 AND token = ?2)`;
  const results = await db.write([
    statement(
      `UPDATE service_pace SET next_ms = ${startOf(settings)} + ${settings.gapMs} WHERE service = ?1 AND ${holds}`,
      [service, token],
    ),
    statement(
      `UPDATE service_lane SET busy_until_ms = ${NOW} + ${heldMs(settings)} WHERE service = ?1 AND token = ?2`,
      [service, token],
    ),
    statement(
      `SELECT next_ms - ${settings.gapMs} - ${NOW} AS start_in_ms FROM service_pace WHERE service = ?1 AND ${holds}`,
      [service, token],
    ),
  ]);
  const row = results.at(-1)?.rows[0];
  return row ? Math.max(0, int(row.start_in_ms)) : null;
}

/** How soon a service is looked at again that a health check calls down. */
const DOWN_MS = 30_000;
/** How soon one is looked at again whose half-open breaker has its request in flight. */
const PROBE_MS = 5_000;

/** What a request that has ended says about its service. `closeMs` is for how long the service asked to be left alone. */
export type Ended = {
  readonly report: ServiceReport;
  readonly closed?: { readonly closeMs: number; readonly reason: string };
};

/** Gives the lane back and moves the breaker, in one transaction. The answer says how long the breaker is open now, 0 if it is not. */
export async function giveBack(
  db: Database,
  service: string,
  token: string,
  breaker: BreakerSettings,
  { report, closed }: Ended,
): Promise<number> {
  const results = await db.write([
    settleService(breaker, service, report, 'true'),
    ...(closed ? [closeStatement(service, closed.closeMs, closed.reason)] : []),
    statement(`UPDATE service_lane SET token = NULL, busy_until_ms = 0 WHERE service = ? AND token = ?`, [
      service,
      token,
    ]),
    statement(
      `SELECT CASE WHEN state = 'open' THEN max(0, open_until_ms - ${NOW}) ELSE 0 END AS open_ms FROM service WHERE name = ?`,
      [service],
    ),
  ]);
  return int(results.at(-1)?.rows[0]?.open_ms);
}

/** Nobody calls the service for `closeMs`, at most a day; a closure that lasts longer stays. */
const closeStatement = (service: string, closeMs: number, reason: string): Statement =>
  statement(
    `UPDATE service_pace SET closed_reason = ?3,
       closed_until_ms = max(iif(${ASKED}, closed_until_ms, 0), ${NOW} + ?2) WHERE service = ?1`,
    [service, Math.min(RETRY_AFTER_MS_MAX, Math.max(0, Math.ceil(closeMs))), reason],
  );
