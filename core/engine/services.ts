import type { Settled } from './commit.ts';
import { type Database, type Statement, statement } from './database.ts';
import type { ServiceSnapshot } from './detect.ts';
import { auditStatement, FENCE, int, NOW, quoted, textOrNull, WRITING } from './sql.ts';
import type { BreakerSettings, Stage } from './stage.ts';

/**
 * Outside services: whether they are known to be down, and their circuit breakers. One row per service, so that every
 * host and every isolate sees the same breaker. Closed, open, half-open as in M. Nygard, "Release It!", chapter 5.
 */

const listOf = (names: readonly string[]): string => names.map(quoted).join(', ');

/** SQL that is true while no service of the stage is down and none of their breakers is open; one probe may pass a breaker whose time is over. */
export function serviceGate(stage: Stage): string | null {
  if (!stage.services?.length) return null;
  return `NOT EXISTS (SELECT 1 FROM service v WHERE v.name IN (${listOf(stage.services)}) AND (v.down_reason IS NOT NULL
    OR (v.state = 'open' AND (v.open_until_ms > ${NOW}
      OR EXISTS (SELECT 1 FROM lease p WHERE p.id = v.probe_lease_id AND p.state = 'live')))))`;
}

/** Part of a claim: it becomes the probe of every breaker that it passes half-open. */
export function claimServices(stage: Stage): Statement[] {
  if (!stage.services?.length) return [];
  return [
    statement(
      `UPDATE service SET probe_lease_id = ${WRITING}
       WHERE state = 'open' AND EXISTS ${WRITING} AND name IN (${listOf(stage.services)})`,
    ),
  ];
}

/** What one batch says about one service. `waitMs` is how long the service asked us to stay away. */
export type ServiceReport = {
  readonly successes: number;
  readonly failures: number;
  readonly outage: boolean;
  readonly waitMs: number;
  readonly reason: string | null;
};

/**
 * Counts a batch for one of its stage's services. An item that is done speaks well of all of them, one that was submitted of the
 * service that it names; a failure counts for the service that it names, or for the only one there is.
 */
export function serviceReport(stage: Stage, name: string, settled: readonly Settled[]): ServiceReport {
  const report = { successes: 0, failures: 0, outage: false, waitMs: 0, reason: null as string | null };
  for (const { outcome } of settled) {
    if (outcome.kind === 'done') report.successes += 1;
    if (outcome.kind === 'submitted' && outcome.service === name) report.successes += 1;
    if (outcome.kind !== 'retry' && outcome.kind !== 'wait') continue;
    const blamed = outcome.service ?? (stage.services?.length === 1 ? name : undefined);
    if (blamed !== name) continue;
    const outage = outcome.errorClass === 'outage';
    if (!outage && outcome.errorClass !== 'retryable') continue;
    report.failures += 1;
    report.outage ||= outage;
    report.reason ??= outcome.reason;
    if (outage) report.waitMs = Math.max(report.waitMs, outcome.delayMs);
  }
  return report;
}

/** Part of a commit: what the batch says moves the breakers. */
export const settleServices = (breaker: BreakerSettings, stage: Stage, settled: readonly Settled[]): Statement[] =>
  (stage.services ?? []).map((name) => settleService(breaker, name, serviceReport(stage, name, settled), FENCE));

/** What a report does to the breaker of its service, where the row is there and `condition`, an SQL expression, holds. */
export function settleService(
  breaker: BreakerSettings,
  name: string,
  report: ServiceReport,
  condition: string,
): Statement {
  const { successes, failures, outage, waitMs, reason } = report;
  const statistics = `successes_all = successes_all + ${successes}, failures_all = failures_all + ${failures},
      changed_ms = ${NOW}, probe_lease_id = CASE WHEN probe_lease_id = ${WRITING} THEN NULL ELSE probe_lease_id END`;
  const where = `WHERE name = ${quoted(name)} AND ${condition}`;
  // A late success from before the breaker opened does not close it: only one that passed half-open does.
  if (failures === 0 && successes === 0) return statement(`UPDATE service SET ${statistics} ${where}`);
  if (failures === 0 || (successes > 0 && !outage))
    return statement(
      `UPDATE service SET ${statistics}, failures = 0,
         opens = CASE WHEN state = 'closed' OR open_until_ms <= ${NOW} THEN 0 ELSE opens END,
         open_reason = CASE WHEN state = 'closed' OR open_until_ms <= ${NOW} THEN NULL ELSE open_reason END,
         state = CASE WHEN open_until_ms <= ${NOW} THEN 'closed' ELSE state END ${where}`,
    );
  const opens = outage ? '1' : `(state = 'open' OR failures + ${failures} >= ${breaker.failuresMax})`;
  const openMs = `max(${Math.ceil(waitMs)}, min(${breaker.openMsMax}, ${breaker.openMsFirst} << min(opens, 30)))`;
  return statement(
    `UPDATE service SET ${statistics}, failures = failures + ${failures},
       open_until_ms = CASE WHEN ${opens} THEN max(open_until_ms, ${NOW} + ${openMs}) ELSE open_until_ms END,
       open_reason = CASE WHEN ${opens} THEN ?1 ELSE open_reason END,
       opens_all = opens_all + (${opens} AND (state = 'closed' OR open_until_ms <= ${NOW})),
       opens = opens + (${opens} AND (state = 'closed' OR open_until_ms <= ${NOW})),
       state = CASE WHEN ${opens} THEN 'open' ELSE state END ${where}`,
    [reason],
  );
}

/** What a health check found: `reason` is why the service is down, null when it is up. Stages that need it wait while it is down. */
export async function reportDependency(db: Database, name: string, reason: string | null): Promise<void> {
  await db.write([
    statement(
      `INSERT INTO service(name, down_reason, checked_ms) VALUES (?, ?, ${NOW})
       ON CONFLICT(name) DO UPDATE SET down_reason = excluded.down_reason, checked_ms = excluded.checked_ms`,
      [name, reason],
    ),
  ]);
}

export type ServiceStanding = ServiceSnapshot & {
  readonly name: string;
  readonly failures: number;
  readonly successesAll: number;
  readonly failuresAll: number;
  readonly opensAll: number;
};

/** Every service with its statistics, by name. */
export async function readServices(db: Database): Promise<readonly ServiceStanding[]> {
  const [found] = await db.read([
    statement(
      `SELECT s.*, EXISTS (SELECT 1 FROM lease WHERE id = s.probe_lease_id AND state = 'live') AS probing
       FROM service s ORDER BY name`,
    ),
  ]);
  return (found?.rows ?? []).map((row) => ({
    name: String(row.name),
    downReason: textOrNull(row.down_reason),
    open: row.state === 'open',
    openUntilMs: int(row.open_until_ms),
    openReason: textOrNull(row.open_reason),
    probing: int(row.probing) === 1,
    failures: int(row.failures),
    successesAll: int(row.successes_all),
    failuresAll: int(row.failures_all),
    opensAll: int(row.opens_all),
  }));
}

/** The operator's act that closes a breaker: its audit row, then the change. `condition` must hold for anything to happen. */
export const closeBreaker = (
  service: string,
  by: { readonly actor: string; readonly requestId: string | null; readonly reason: string },
  condition: string,
): Statement[] => [
  auditStatement(
    'close_breaker',
    `SELECT NULL, NULL, ?1, ?2, json_object('service', ?3, 'reason', ?4)
     WHERE ${condition} AND EXISTS (SELECT 1 FROM service WHERE name = ?3 AND (state = 'open' OR failures > 0))`,
    [by.actor, by.requestId, service, by.reason],
  ),
  statement(
    `UPDATE service SET state = 'closed', open_until_ms = 0, open_reason = NULL, failures = 0, opens = 0,
       probe_lease_id = NULL, changed_ms = ${NOW} WHERE changes() > 0 AND name = ?`,
    [service],
  ),
];
