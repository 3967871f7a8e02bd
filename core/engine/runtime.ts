import type { FailPoint } from './failpoints.ts';

/** Everything the engine needs from its host besides the database. Entries build it once; tests build a fake. */
export type Runtime = {
  /** Milliseconds that only grow; for budgets and durations, never stored. Stored times are the database's. */
  readonly monotonicMs: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Host and process, as it stands on leases and runs. */
  readonly owner: string;
  /** Calls back every `everyMs` until the returned function is called. */
  readonly every: (everyMs: number, callback: () => void) => () => void;
  readonly sleep: (ms: number) => Promise<void>;
  /**
   * Lets the host's event loop turn once. Signals, timers and heartbeats wait for that, and a stage that only computes never
   * gives them a chance. Absent where the platform has neither.
   */
  readonly turn?: () => Promise<void>;
  /** A name that nobody else gives: a claim whose answer was lost is found again by it. Without it, such a claim has to expire. */
  readonly newId?: () => string;
  /** Called at every fail point; a test's host may end itself there. */
  readonly reach?: (point: FailPoint) => void;
};

/** A runtime made of what Node, Deno, workerd and browsers all have. `owner` names the host and the process. */
export const webRuntime = (owner: string): Runtime => ({
  monotonicMs: () => performance.now(),
  random: Math.random,
  owner,
  every: (everyMs, callback) => {
    const timer = setInterval(callback, everyMs);
    return () => clearInterval(timer);
  },
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  newId: () => crypto.randomUUID(),
});
