import { abandon, type Claim, claim, claimed as claimedBy, heartbeat, leaseStanding } from './claim.ts';
import { type Commit, commit } from './commit.ts';
import type { Database } from './database.ts';
import { clockWentBack, type Detection, detect, hasExpired, type Snapshot } from './detect.ts';
import { effectsOf } from './effects.ts';
import { DatabaseError } from './errors.ts';
import { saveRun } from './history.ts';
import { type Hooks, tell } from './hooks.ts';
import { type Outcome, outcomeOfError, refused, withinRetryBudget } from './outcome.ts';
import { followClock, reclaim } from './recovery.ts';
import { resend } from './resend.ts';
import type { Runtime } from './runtime.ts';
import { readSnapshot } from './snapshot.ts';
import { type Pipeline, type Stage, type StageResult, stageAfter, type Write } from './stage.ts';

/** Items by outcome; `lost` counts those whose lease was gone before their commit, so that nothing of theirs was written. */
export type Counts = Readonly<Record<Outcome['kind'] | 'lost', number>>;
/** What one tick did, and how the pipeline stood when it ended. */
export type TickReport = {
  readonly stage: string | null;
  readonly counts: Counts;
  readonly batches: number;
  /** Claims of dead workers that it took back. */
  readonly recovered: number;
  readonly tookMs: number;
  readonly after: Detection;
};
export type TickOptions = {
  /** No new batch is claimed after this many ms. */
  readonly budgetMs: number;
  /** No new batch is claimed after this many items. */
  readonly itemsMax?: number;
  readonly stopping?: () => boolean;
  /** Aborted when the host may not wait any longer: the claim at hand is given back untouched. */
  readonly abandon?: AbortSignal;
  readonly hooks?: Hooks;
  readonly onBatch?: (batch: { readonly stage: string; readonly counts: Counts; readonly tookMs: number }) => void;
};

export const NO_COUNTS: Counts = { done: 0, skipped: 0, retry: 0, wait: 0, dead: 0, submitted: 0, lost: 0 };

/**
 * One tick: take back what dead workers held, then detect a stage, claim a batch, process it and commit it, until the
 * budget is spent or nothing is claimable. Safe to kill between any two statements, to double, and to skip.
 */
export async function tick(
  db: Database,
  pipeline: Pipeline,
  runtime: Runtime,
  options: TickOptions,
): Promise<TickReport> {
  const startedMs = runtime.monotonicMs();
  const stopping = options.stopping ?? (() => false);
  const itemsMax = options.itemsMax ?? Number.POSITIVE_INFINITY;
  const elapsedMs = () => runtime.monotonicMs() - startedMs;
  runtime.reach?.('tick.begin');
  const { recovered, detection: first } = await recover(db, pipeline, runtime);
  if (recovered > 0) tell(options.hooks, { kind: 'crash_recovered', claims: recovered });
  let detection = first;
  let counts = NO_COUNTS;
  let batches = 0;
  let worked: string | null = null;

  while (detection.kind === 'work') {
    await runtime.turn?.();
    if (stopping()) break;
    const { stage } = detection;
    runtime.reach?.('claim.before');
    const claimed = await claimOrAdopt(db, stage, runtime, itemsMax - total(counts));
    runtime.reach?.('claim.after');
    let snapshot: Snapshot | undefined;
    if (claimed) {
      if (worked !== stage.name) tell(options.hooks, { kind: 'stage_started', stage: stage.name });
      const batch = await work(db, pipeline, stage, claimed, runtime, options);
      snapshot = batch.snapshot;
      counts = sumCounts(counts, batch.counts);
      batches += 1;
      worked = stage.name;
      options.onBatch?.({ stage: stage.name, counts: batch.counts, tookMs: batch.tookMs });
    }
    snapshot ??= await readSnapshot(db, pipeline);
    detection = detect(pipeline, snapshot);
    if (claimed && isEmpty(snapshot, stage)) tell(options.hooks, { kind: 'stage_done', stage: stage.name });
    if (elapsedMs() >= options.budgetMs || total(counts) >= itemsMax) break;
  }

  const tookMs = elapsedMs();
  if (batches > 0) {
    runtime.reach?.('report.before');
    await saveRun(db, { owner: runtime.owner, tookMs, stage: worked, counts });
    runtime.reach?.('report.after');
  }
  return { stage: worked, counts, batches, recovered, tookMs, after: detection };
}

/** Reads how everything stands, and takes back what dead workers held where that read shows such: an idle tick writes nothing. */
async function recover(
  db: Database,
  pipeline: Pipeline,
  runtime: Runtime,
): Promise<{ recovered: number; detection: Detection }> {
  let snapshot = await readSnapshot(db, pipeline);
  if (clockWentBack(snapshot)) {
    await followClock(db);
    snapshot = await readSnapshot(db, pipeline);
  }
  if (!hasExpired(snapshot)) return { recovered: 0, detection: detect(pipeline, snapshot) };
  runtime.reach?.('reclaim.before');
  const recovered = await reclaim(db);
  runtime.reach?.('reclaim.after');
  return { recovered, detection: detect(pipeline, await readSnapshot(db, pipeline)) };
}

/**
 * Claims a batch. Where the answer did not come, the audit says what the claim got: left alone, it would run out and count as
 * a dead worker, and enough of those bury an item that nobody ever worked on.
 */
async function claimOrAdopt(db: Database, stage: Stage, runtime: Runtime, itemsMax: number): Promise<Claim | null> {
  const request = runtime.newId?.() ?? null;
  try {
    return await claim(db, stage, runtime.owner, itemsMax, request);
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.refused || request === null) throw error;
    const adopted = await resend(runtime, () => claimedBy(db, stage, request));
    if (adopted === null) throw error;
    return adopted;
  }
}

/** Processes one claimed batch and commits what came of it. */
async function work(
  db: Database,
  pipeline: Pipeline,
  stage: Stage,
  claimed: Claim,
  runtime: Runtime,
  options: TickOptions,
): Promise<{ counts: Counts; tookMs: number; snapshot?: Snapshot | undefined }> {
  const startedMs = runtime.monotonicMs();
  const lost = new AbortController();
  const given = options.abandon ? AbortSignal.any([options.abandon, lost.signal]) : lost.signal;
  // A missed heartbeat tells the stage to stop; whether anything counts, the fence of the commit decides.
  const stopBeating = runtime.every(Math.ceil(stage.leaseMs / 3), () => {
    heartbeat(db, claimed.leaseId, stage.leaseMs).then(
      (kept) => kept || lost.abort(),
      () => undefined,
    );
  });
  const abandoned = abortion(options.abandon);
  try {
    runtime.reach?.('process.before');
    const result = await Promise.race([
      attempt(db, stage, claimed, runtime, given, options.stopping ?? (() => false)),
      abandoned.happened,
    ]);
    runtime.reach?.('process.after');
    const tookMs = runtime.monotonicMs() - startedMs;
    if (result === null) {
      await resend(runtime, () => abandon(db, claimed.leaseId, runtime.owner));
      return { counts: { ...NO_COUNTS, wait: claimed.items.length }, tookMs };
    }
    const { kept, snapshot } = await settleOrRefuse(
      db,
      pipeline,
      batchOf(pipeline, stage, claimed, result, tookMs),
      runtime,
    );
    const counts = { ...NO_COUNTS, lost: claimed.items.length - kept.length };
    for (const { item, outcome } of kept) {
      counts[outcome.kind] += 1;
      if (outcome.kind === 'done') tell(options.hooks, { kind: 'item_done', stage: stage.name, key: item.key });
      if (outcome.kind === 'dead' || outcome.kind === 'retry')
        tell(options.hooks, { kind: 'item_failed', stage: stage.name, key: item.key, outcome });
    }
    return { counts, tookMs, snapshot };
  } finally {
    abandoned.forget();
    stopBeating();
  }
}

/** Null once `signal` is aborted. A host's signal outlives thousands of batches, so each has to take its listener away. */
function abortion(signal: AbortSignal | undefined): { readonly happened: Promise<null>; readonly forget: () => void } {
  let forget = () => {};
  const happened = new Promise<null>((resolve) => {
    if (signal?.aborted) resolve(null);
    const listener = () => resolve(null);
    signal?.addEventListener('abort', listener);
    forget = () => signal?.removeEventListener('abort', listener);
  });
  return { happened, forget };
}

/** Runs the stage; what it throws, or gives that is no answer, becomes an outcome of every item of the batch. */
async function attempt(
  db: Database,
  stage: Stage,
  claimed: Claim,
  runtime: Runtime,
  signal: AbortSignal,
  stopping: () => boolean,
): Promise<StageResult> {
  const { items, leaseId } = claimed;
  try {
    if (stage.process === null) throw new Error(`stage ${stage.name} was claimed on a host that cannot run it`);
    const effects = effectsOf(db, stage, leaseId, runtime);
    const result = await stage.process(items, { leaseId, stopping, signal, effects, turn: turning(runtime) });
    if (result.outcomes.length !== items.length)
      throw new Error(`stage ${stage.name} returned ${result.outcomes.length} outcomes for ${items.length} items`);
    return result;
  } catch (error) {
    const outcomes = items.map((item) => outcomeOfError(error, item, stage.retry, runtime.random(), items.length));
    return { outcomes, writes: [] };
  }
}

/** Working this long without a turn of the event loop is no harm to anybody. */
const TURN_EVERY_MS = 20;

function turning(runtime: Runtime): () => Promise<void> {
  let turnedMs = runtime.monotonicMs();
  return async () => {
    if (runtime.turn === undefined || runtime.monotonicMs() - turnedMs < TURN_EVERY_MS) return;
    await runtime.turn();
    turnedMs = runtime.monotonicMs();
  };
}

/** What a batch wants to commit, with its retries inside the budget. */
function batchOf(pipeline: Pipeline, stage: Stage, claimed: Claim, result: StageResult, tookMs: number): Commit {
  const all = claimed.items.map((item, i) => ({ item, outcome: result.outcomes[i] as Outcome }));
  const { settled, earned } = withinRetryBudget(all, claimed.retryTokens, stage.retry.delayMsMax);
  return {
    stage,
    next: stageAfter(pipeline, stage),
    leaseId: claimed.leaseId,
    settled,
    writes: result.writes,
    tookMs,
    retryTokens: earned,
    used: result.used,
  };
}

/** What of a batch counts, and how the pipeline stood in the transaction that made it count. */
type Kept = { readonly kept: Commit['settled']; readonly snapshot?: Snapshot | undefined };

/** Commits a batch; where the database takes no such rows, says so of its items instead. */
async function settleOrRefuse(db: Database, pipeline: Pipeline, batch: Commit, runtime: Runtime): Promise<Kept> {
  try {
    return await settle(db, pipeline, batch, runtime);
  } catch (error) {
    if (!(error instanceof DatabaseError && error.refused)) throw error;
    const reason = `the database refused what stage ${batch.stage.name} wrote: ${error.message}`;
    const settled = batch.settled.map(({ item }) => ({ item, outcome: refused(reason, batch.settled.length) }));
    return settle(db, pipeline, { ...batch, settled, writes: [] }, runtime);
  }
}

/**
 * Commits a batch and returns what of it counts. Where the answer did not come, the lease says whether it landed; where an
 * operator took some of its items away, the rest is committed without them.
 */
async function settle(db: Database, pipeline: Pipeline, batch: Commit, runtime: Runtime): Promise<Kept> {
  runtime.reach?.('commit.before');
  const { landed, snapshot } = await resend(runtime, async () => {
    try {
      return await commit(db, pipeline, batch);
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      // The next try, if there is one, finds out by reading; a batch that landed must not be counted as lost.
      if ((await leaseStanding(db, batch.leaseId)).committed) return { landed: true, snapshot: undefined };
      throw error;
    }
  });
  runtime.reach?.('commit.after');
  if (landed) return { kept: batch.settled, snapshot };
  const { committed, live, held } = await leaseStanding(db, batch.leaseId);
  if (committed) return { kept: batch.settled };
  if (!live || held.size === 0) return { kept: [] };
  const rest = {
    ...batch,
    settled: batch.settled.filter(({ item }) => held.has(item.id)),
    writes: batch.writes.flatMap((write): readonly Write[] => {
      if (write.kind === 'rows') return [{ ...write, rows: write.rows.filter((row) => held.has(row.itemId)) }];
      return write.itemId === null || held.has(write.itemId) ? [write] : [];
    }),
  };
  const again = await resend(runtime, () => commit(db, pipeline, rest));
  return again.landed ? { kept: rest.settled, snapshot: again.snapshot } : { kept: [] };
}

const isEmpty = (snapshot: Snapshot, stage: Stage): boolean => {
  const counts = snapshot.stages.get(stage.name)?.counts;
  return counts !== undefined && counts.ready + counts.leased + counts.submitted === 0;
};

const total = (counts: Counts): number => Object.values(counts).reduce((all, n) => all + n, 0);
export const sumCounts = (a: Counts, b: Counts): Counts => ({
  done: a.done + b.done,
  skipped: a.skipped + b.skipped,
  retry: a.retry + b.retry,
  wait: a.wait + b.wait,
  dead: a.dead + b.dead,
  submitted: a.submitted + b.submitted,
  lost: a.lost + b.lost,
});
