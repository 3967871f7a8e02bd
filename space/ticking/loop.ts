import { setTimeout as sleep } from 'node:timers/promises';
import pRetry from 'p-retry';
import {
  type Counts,
  type Database,
  DatabaseError,
  type Detection,
  type Pipeline,
  type Runtime,
  type TickReport,
  tick,
} from '../../core/engine/index.ts';

/** What ticking needs of an opened host. */
export type Ticking = {
  readonly db: Database;
  readonly pipeline: Pipeline;
  readonly runtime: Runtime;
  readonly tickBudgetMs: number;
};
export type BatchEvent = { readonly stage: string; readonly counts: Counts; readonly tookMs: number };
export type LoopOptions = {
  readonly stopping: () => boolean;
  /** Aborted when nobody waits any longer: the claim at hand is given back. */
  readonly abandon?: AbortSignal | undefined;
  readonly onBatch: (batch: BatchEvent) => void;
  /** Longest wait for a gate that opens by itself; beyond it the loop ends as blocked. */
  readonly waitMsMax: number;
  readonly itemsMax: number;
};
export type LoopEnd = { readonly end: 'idle' | 'blocked' | 'stopped' | 'limit'; readonly after: Detection };

/** A database that is away for a moment is no reason to lose a long run; one that is gone is. */
const DATABASE_TRIES = { retries: 5, minTimeout: 500, factor: 2, randomize: true } as const;
const POLL_MS = 100;

/** Ticks until nothing is claimable any more, waiting for gates that open soon and for what other workers hold. */
export async function tickUntilIdle(ticking: Ticking, options: LoopOptions): Promise<LoopEnd> {
  let remaining = options.itemsMax;
  const { abandon } = options;
  for (;;) {
    const oneTick = (): Promise<TickReport> =>
      tick(ticking.db, ticking.pipeline, ticking.runtime, {
        budgetMs: ticking.tickBudgetMs,
        itemsMax: remaining,
        stopping: options.stopping,
        ...(abandon ? { abandon } : {}),
        onBatch: options.onBatch,
      });
    const { counts, after } = await pRetry(oneTick, {
      ...DATABASE_TRIES,
      shouldRetry: ({ error }) => error instanceof DatabaseError && !options.stopping(),
    });
    remaining -= counts.done + counts.skipped + counts.dead;
    if (options.stopping()) return { end: 'stopped', after };
    if (after.kind === 'serving') return { end: 'idle', after };
    if (remaining <= 0) return { end: 'limit', after };
    if (after.kind === 'work') continue;
    const waitMs = waitOf(after);
    if (waitMs === null || (after.gate.kind !== 'leased' && waitMs > options.waitMsMax))
      return { end: 'blocked', after };
    await sleep(Math.min(Math.max(waitMs, 20), POLL_MS));
  }
}

/** Stored times are the database's; on a host with another clock the wait is a little off, and the next tick corrects it. */
const waitOf = (after: Detection & { readonly kind: 'waiting' }): number | null =>
  after.wakeAtMs === null ? null : after.wakeAtMs - Date.now();
