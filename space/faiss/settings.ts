import { setTimeout as sleep } from 'node:timers/promises';
import type { View } from '../../schema/vocabulary.ts';
import { RESTART_POLICY, type RestartPolicy } from './restart.ts';

/** One index file of a release, as its manifest has it. `rows` may be 0: such a file is never read. */
export type FaissFile = {
  readonly view: View;
  readonly path: string;
  readonly sha256: string;
  readonly rows: number;
};

export type FaissState = {
  readonly kind: 'ready' | 'starting' | 'unavailable';
  /** Why it is not ready; null when it is. */
  readonly reason: string | null;
  readonly searches: number;
  /** Starts after a crash; `recycles` are those by plan. */
  readonly restarts: number;
  readonly recycles: number;
  /** Releases that can be searched, oldest first; at most two. */
  readonly versions: readonly number[];
  readonly pid: number | null;
};

export type FaissEvent =
  | { readonly kind: 'started'; readonly role: 'serve' | 'build'; readonly pid: number }
  | { readonly kind: 'crashed'; readonly reason: string }
  | { readonly kind: 'recycled' }
  | { readonly kind: 'dropped'; readonly version: number; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly reason: string };

export type FaissSettings = {
  /** A search leaks 1.6 KB in the binding: 50,000 leak 80 MB, and replacing the process takes under a second. */
  readonly recycleAfterSearches: number;
  readonly searchDeadlineMs: number;
  /** For loading one file. */
  readonly openDeadlineMs: number;
  readonly startDeadlineMs: number;
  /** Requests that may wait; further searches are refused at once. */
  readonly waitingMax: number;
  readonly restart: RestartPolicy;
  readonly nowMs: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<unknown>;
  readonly onEvent: (event: FaissEvent) => void;
  /** A file from whose place `faiss-node` is looked up; its own place when undefined. */
  readonly faissFrom: string | undefined;
  /** Whether the process that searches starts at once or with the first release that is opened. */
  readonly startAtOnce: boolean;
};

export const FAISS_DEFAULTS: FaissSettings = {
  recycleAfterSearches: 50_000,
  searchDeadlineMs: 10_000,
  openDeadlineMs: 120_000,
  startDeadlineMs: 20_000,
  waitingMax: 256,
  restart: RESTART_POLICY,
  nowMs: Date.now,
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
  onEvent: () => {},
  faissFrom: undefined,
  startAtOnce: true,
};
