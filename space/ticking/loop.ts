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
import { type Listing, NOTHING_LISTED } from './discovering.ts';

/** What ticking needs of an opened host. */
export type Ticking = {
  readonly db: Database;
  readonly pipeline: Pipeline;
  readonly runtime: Runtime;
  readonly tickBudgetMs: number;
  /** Steps batch jobs and sources before each tick; absent where another thread does. */
  readonly discover?: (() => Promise<Listing>) | undefined;
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
export type LoopEnd = {
  readonly end: 'idle' | 'blocked' | 'stopped' | 'limit';
  readonly after: Detection;
  /** How the sources stood at the end. */
  readonly listing: Listing;
};

/** A database that is away for a moment is no reason to lose a long run; one that is gone is. */
const DATABASE_TRIES = { retries: 5, minTimeout: 500, factor: 2, randomize: true } as const;
const POLL_MS = 100;
/** A service that is waited for needs no sharper look. */
const LISTING_POLL_MS = 1_000;

/**
 * Steps the sources and ticks until no source has anything due and nothing is claimable, waiting for gates that open soon and for what
 * other workers hold.
 */
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
    const tries = {
      ...DATABASE_TRIES,
      shouldRetry: ({ error }: { readonly error: Error }) => error instanceof DatabaseError && !options.stopping(),
    };
    const listing = options.stopping() ? NOTHING_LISTED : await pRetry(ticking.discover ?? nothingListed, tries);
    const { counts, after } = await pRetry(oneTick, tries);
    remaining -= counts.done + counts.skipped + counts.dead;
    if (options.stopping()) return { end: 'stopped', after, listing };
    if (after.kind === 'serving' && !listing.goesOn && listing.waitsUntilMs === null)
      return { end: 'idle', after, listing };
    if (remaining <= 0) return { end: 'limit', after, listing };
    if (after.kind === 'work' || listing.goesOn) continue;
    const waitMs = soonest([gateMs(after, options), listingMs(listing, options)]);
    if (waitMs === null) return { end: 'blocked', after, listing };
    const outside = after.kind === 'serving' || (after.kind === 'waiting' && after.gate.kind === 'submitted');
    await sleep(Math.min(Math.max(waitMs, 20), outside ? LISTING_POLL_MS : POLL_MS));
  }
}

const nothingListed = async (): Promise<Listing> => NOTHING_LISTED;

const soonest = (waits: readonly (number | null)[]): number | null => {
  const known = waits.filter((wait) => wait !== null);
  return known.length === 0 ? null : Math.min(...known);
};

/** How long the gate of a tick holds; null where that is nobody's to know, or longer than is waited for. */
function gateMs(after: Detection, { waitMsMax }: LoopOptions): number | null {
  if (after.kind !== 'waiting') return null;
  const waitMs = waitOf(after);
  return waitMs === null || (after.gate.kind !== 'leased' && waitMs > waitMsMax) ? null : waitMs;
}

/** How long the run of a source waits; null where none does, or longer than is waited for. */
function listingMs({ waitsUntilMs }: Listing, { waitMsMax }: LoopOptions): number | null {
  const waitMs = waitsUntilMs === null ? null : waitsUntilMs - Date.now();
  return waitMs === null || waitMs > waitMsMax ? null : waitMs;
}

/** Stored times are the database's; on a host with another clock the wait is a little off, and the next tick corrects it. */
const waitOf = (after: Detection & { readonly kind: 'waiting' }): number | null =>
  after.wakeAtMs === null ? null : after.wakeAtMs - Date.now();
