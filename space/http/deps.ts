import type { Exportable } from '../../core/cases/exports/export.ts';
import type { CaseAnswer, SearchAnswer, SearchRequest, StatusAnswer } from '../../core/search/contract.ts';
import type { ReleaseEntry } from '../releases/list.ts';

export type LogLevel = 'info' | 'warn' | 'error';
export type LogLine = { readonly level: LogLevel; readonly message: string; readonly [field: string]: unknown };

export type Readiness = { readonly ready: boolean; readonly reason: string | null };

/** Everything the HTTP face needs from the rest of the Space; a test hands in stubs. */
export type AppDeps = {
  /**
   * Throws errors known by name: `CaseUnknownError`, `GenerationMismatchError`, `NotReadyError`; others answer 500.
   * A search that has begun runs to its end, whether or not the client still waits.
   */
  readonly search: (request: SearchRequest) => Promise<SearchAnswer>;
  /** Null when the release being served has no such case. */
  readonly caseById: (id: string) => Promise<CaseAnswer | null>;
  /** The same case whole, for its exports. */
  readonly exportable: (id: string) => Promise<Exportable | null>;
  readonly status: () => Promise<StatusAnswer>;
  /** Every release, newest first. */
  readonly releases: () => Promise<readonly ReleaseEntry[]>;
  /** Ready when a release is loaded and the database can be reached; else the reason in words, fit for anybody. */
  readonly ready: () => Readiness | Promise<Readiness>;
  /** Queries offered as buttons on the search page. */
  readonly exampleQueries: readonly string[];
  readonly log: (line: LogLine) => void;
  /** A new opaque id for each call, safe in a header and in a URI reference. */
  readonly requestId: () => string;
};
