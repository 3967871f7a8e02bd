import { readServicePaces, readSources, type ServicePace, type SourceStanding, type WindowStanding } from './corpus.ts';
import type { Database } from './engine/database.ts';
import { readServices, type ServiceStanding } from './engine/services.ts';
import type { ServiceAnswer, SourceAnswer } from './search/contract.ts';
import type { SourceKind } from './sources/source.ts';

/** The service behind each kind; null where nobody outside is asked, or several are. */
const SERVICE_OF: Readonly<Record<SourceKind, string | null>> = {
  'europe-pmc': 'europe-pmc',
  pubmed: 'ncbi',
  pmc: 'ncbi',
  web: null,
  file: null,
};

export type SourcesAnswer = {
  readonly sources: readonly SourceAnswer[];
  readonly services: readonly ServiceAnswer[];
};

/** The rows behind `sourcesAnswer`. */
export async function readSourceRows(db: Database) {
  const [standings, paces, breakers] = await Promise.all([readSources(db), readServicePaces(db), readServices(db)]);
  return { standings, paces, breakers };
}

/** Every definition of a source and every service behind them. `nowMs` is the database's time. */
export function sourcesAnswer(rows: Awaited<ReturnType<typeof readSourceRows>>, nowMs: number): SourcesAnswer {
  const services = serviceAnswers(rows.paces, rows.breakers, nowMs);
  return { sources: rows.standings.map((standing) => sourceAnswer(standing, services, nowMs)), services };
}

/** A service is closed until the later of what it asked for itself and what its breaker says. */
export function serviceAnswers(
  paces: readonly ServicePace[],
  breakers: readonly ServiceStanding[],
  nowMs: number,
): readonly ServiceAnswer[] {
  const names = [...new Set([...paces.map(({ service }) => service), ...breakers.map(({ name }) => name)])].sort();
  return names.map((name) => {
    const pace = paces.find(({ service }) => service === name);
    const breaker = breakers.find((one) => one.name === name);
    const asked = { untilMs: pace?.closedUntilMs ?? 0, reason: pace?.closedReason ?? null };
    const broken = breaker?.open
      ? { untilMs: breaker.openUntilMs, reason: breaker.openReason }
      : { untilMs: 0, reason: null };
    const longer = asked.untilMs >= broken.untilMs ? asked : broken;
    const closed = longer.untilMs > nowMs;
    return {
      name,
      open_until: closed ? iso(longer.untilMs) : null,
      reason: breaker?.downReason ?? (closed ? longer.reason : null),
      requests: pace?.requests ?? 0,
    };
  });
}

export function sourceAnswer(source: SourceStanding, services: readonly ServiceAnswer[], nowMs: number): SourceAnswer {
  return {
    name: source.name,
    kind: source.kind,
    // The page is public: where files lie on a disk is nobody's business.
    query: source.kind === 'file' ? (source.query.split(/[/\\]/).findLast((part) => part !== '') ?? '') : source.query,
    since: source.since,
    limit: source.documentsMax,
    every_s: source.everyMs === null ? null : Math.round(source.everyMs / 1_000),
    state: source.state,
    reason: source.reason,
    running: source.running,
    last_window: source.lastWindow && windowAnswer(source.lastWindow),
    windows_open: source.windowsOpen,
    last_run: isoOrNull(source.finishedMs),
    // A definition that is held has no next run, whatever its row still says.
    next_run: source.state === 'active' && !source.running ? isoOrNull(source.dueMs) : null,
    found: source.found,
    new: source.fresh,
    changed: source.changed,
    listed: source.listed,
    retracted: source.retracted,
    missing: source.missing,
    error: source.error,
    remarks: source.remarks,
    waiting: waitingOf(source, services, nowMs),
  };
}

const windowAnswer = ({ by, from, to, state, stated, received, remark }: WindowStanding) => ({
  by,
  from,
  to,
  state,
  stated,
  received,
  remark,
});

/** Each web site is a service of its own (`web:example.org`); a definition lists addresses of several. */
const isSiteOf = (query: string, service: string): boolean =>
  service.startsWith('web:') &&
  query.split(/\s+/).some((text) => URL.canParse(text) && new URL(text).hostname === service.slice('web:'.length));

/** What holds a definition that would go on otherwise, and until when; null time where somebody has to act. */
function waitingOf(source: SourceStanding, services: readonly ServiceAnswer[], nowMs: number): SourceAnswer['waiting'] {
  if (source.state === 'paused') return { reason: `paused${source.reason ? `: ${source.reason}` : ''}`, until: null };
  if (source.state === 'parked') return { reason: source.reason ?? 'parked, without a reason', until: null };
  const isDue = source.running || (source.dueMs !== null && source.dueMs <= nowMs);
  const service = services.find(({ name }) =>
    source.kind === 'web' ? isSiteOf(source.query, name) : name === SERVICE_OF[source.kind],
  );
  if (isDue && service && (service.open_until !== null || service.reason !== null))
    return { reason: `${service.name}: ${service.reason ?? 'is left alone'}`, until: service.open_until };
  if (source.running && source.failures > 0 && source.dueMs !== null && source.dueMs > nowMs)
    return { reason: source.error ?? 'the last step failed', until: iso(source.dueMs) };
  return null;
}

const iso = (ms: number): string => new Date(ms).toISOString();
const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms));
