import type { Route, Service } from './answer.ts';
import type { Fault } from './faults.ts';

/** One request as the service saw it. */
export type LedgerEntry = {
  /** Since the server started. */
  readonly tMs: number;
  readonly route: Route;
  readonly service: Service;
  readonly method: string;
  /** Path and query, without a key. */
  readonly path: string;
  /** Documents asked for (efetch, full text), or named by the listing. */
  readonly ids: readonly string[];
  /** `whole`: every byte of the true answer went out. `gone`: the caller left before. Else the fault, or the service's own limit. */
  outcome: 'pending' | 'whole' | 'gone' | 'limit' | Fault;
  status: number;
  bytes: number;
  /** How long the caller was held. */
  ms: number;
  readonly inFlight: number;
  readonly tool: string | null;
  readonly email: string | null;
  readonly userAgent: string | null;
};

export type Ledger = {
  readonly entries: readonly LedgerEntry[];
  readonly record: (entry: LedgerEntry) => void;
  readonly reset: () => void;
  readonly summary: (service?: Service) => LedgerSummary;
  /** How often each document was given out whole by a route that gives documents. */
  readonly given: () => ReadonlyMap<string, number>;
};

export type LedgerSummary = {
  readonly requests: number;
  readonly byRoute: Readonly<Record<string, number>>;
  readonly byOutcome: Readonly<Record<string, number>>;
  readonly requestsInASecondMost: number;
  readonly inFlightMost: number;
  readonly bytes: number;
};

export function makeLedger(): Ledger {
  let entries: LedgerEntry[] = [];
  return {
    get entries() {
      return entries;
    },
    record: (entry) => void entries.push(entry),
    reset: () => {
      entries = [];
    },
    summary: (service) => {
      const own = entries.filter((entry) => service === undefined || entry.service === service);
      return {
        requests: own.length,
        byRoute: counted(own.map(({ route }) => route)),
        byOutcome: counted(own.map(({ outcome }) => outcome)),
        requestsInASecondMost: mostInASecond(own.map(({ tMs }) => tMs)),
        inFlightMost: Math.max(0, ...own.map(({ inFlight }) => inFlight)),
        bytes: own.reduce((sum, { bytes }) => sum + bytes, 0),
      };
    },
    given: () => {
      const given = new Map<string, number>();
      for (const { route, outcome, ids } of entries)
        if (outcome === 'whole' && (route === 'efetch' || route === 'epmc-fulltext' || route === 'epmc-search'))
          for (const id of ids) given.set(id, (given.get(id) ?? 0) + 1);
      return given;
    },
  };
}

function counted(names: readonly string[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => a.localeCompare(b)));
}

function mostInASecond(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  let most = 0;
  for (let first = 0, last = 0; last < sorted.length; last++) {
    while ((sorted[last] ?? 0) - (sorted[first] ?? 0) >= 1_000) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
