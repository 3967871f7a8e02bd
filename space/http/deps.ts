import type { CaseAnswer, SearchAnswer, SearchRequest, StatusAnswer } from '../../core/search/contract.ts';

export type LogLevel = 'info' | 'warn' | 'error';
export type LogLine = { readonly level: LogLevel; readonly message: string; readonly [field: string]: unknown };

/** Everything the HTTP face needs from the rest of the Space; a test hands in stubs. */
export type AppDeps = {
  /**
   * Throws errors known by name: `CaseUnknownError`, `GenerationMismatchError`, `NotReadyError`; others answer 500.
   * `signal` aborts when the client goes away.
   */
  readonly search: (request: SearchRequest, signal: AbortSignal) => Promise<SearchAnswer>;
  /** Null when the release being served has no such case. */
  readonly caseById: (id: string) => Promise<CaseAnswer | null>;
  readonly status: () => Promise<StatusAnswer>;
  /** Ready when a release is loaded and the database can be reached; else the reason in words. */
  readonly ready: () => { readonly ready: boolean; readonly reason: string | null };
  /** Queries offered as buttons on the search page. */
  readonly exampleQueries: readonly string[];
  readonly log: (line: LogLine) => void;
  /** A new opaque id for each call, safe in a header and in a URI reference. */
  readonly requestId: () => string;
};
