import type { Database } from './database.ts';
import { type Detection, detect } from './detect.ts';
import { type Claim, claim, commit, heartbeat, readSnapshot, reclaimAndRead, saveRun } from './ledger.ts';
import { type Outcome, outcomeOfError } from './outcome.ts';
import type { Runtime } from './runtime.ts';
import { type Pipeline, type Stage, type StageResult, stageAfter } from './stage.ts';

/** Items by outcome; `lost` counts those whose lease was gone before their commit, so that nothing of theirs was written. */
export type Counts = Readonly<Record<Outcome['kind'] | 'lost', number>>;
/** What one tick did, and how the pipeline stood when it ended. */
export type TickReport = {
  readonly stage: string | null;
  readonly counts: Counts;
  readonly batches: number;
  readonly tookMs: number;
  readonly after: Detection;
};
export type TickOptions = {
  /** No new batch is claimed after this many ms. */
  readonly budgetMs: number;
  /** No new batch is claimed after this many items. */
  readonly itemsMax?: number;
  readonly stopping?: () => boolean;
  readonly onBatch?: (batch: { readonly stage: string; readonly counts: Counts; readonly tookMs: number }) => void;
};

export const NO_COUNTS: Counts = { done: 0, skipped: 0, retry: 0, wait: 0, dead: 0, lost: 0 };

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
  let detection = detect(pipeline, await reclaimAndRead(db));
  let counts = NO_COUNTS;
  let batches = 0;
  let worked: string | null = null;

  while (detection.kind === 'work' && !stopping()) {
    const { stage, lost } = detection;
    const claimed = await claim(db, stage, lost, runtime.owner, itemsMax - total(counts));
    if (claimed) {
      const batch = await work(db, pipeline, stage, claimed, runtime, stopping);
      counts = sumCounts(counts, batch.counts);
      batches += 1;
      worked = stage.name;
      options.onBatch?.({ stage: stage.name, ...batch });
    }
    detection = detect(pipeline, await readSnapshot(db));
    if (elapsedMs() >= options.budgetMs || total(counts) >= itemsMax) break;
  }

  const tookMs = elapsedMs();
  if (batches > 0) await saveRun(db, { owner: runtime.owner, tookMs, stage: worked, counts });
  return { stage: worked, counts, batches, tookMs, after: detection };
}

/** Processes one claimed batch and commits what came of it. */
async function work(
  db: Database,
  pipeline: Pipeline,
  stage: Stage,
  claimed: Claim,
  runtime: Runtime,
  stopping: () => boolean,
): Promise<{ counts: Counts; tookMs: number }> {
  const startedMs = runtime.monotonicMs();
  // A missed heartbeat needs no handling here: the fence of the commit decides.
  const stopBeating = runtime.every(Math.ceil(stage.leaseMs / 3), () => {
    heartbeat(db, claimed.leaseId, stage.leaseMs).catch(() => undefined);
  });
  try {
    const { outcomes, writes } = await attempt(stage, claimed, runtime, stopping);
    const settled = claimed.items.map((item, i) => {
      const outcome = outcomes[i];
      if (!outcome || outcomes.length !== claimed.items.length)
        throw new Error(`stage ${stage.name} returned ${outcomes.length} outcomes for ${claimed.items.length} items`);
      return { item, outcome };
    });
    const tookMs = runtime.monotonicMs() - startedMs;
    const kept = await commit(db, stage, stageAfter(pipeline, stage), claimed.leaseId, settled, writes, tookMs);
    const counts = { ...NO_COUNTS };
    for (const { item, outcome } of settled) counts[kept.has(item.id) ? outcome.kind : 'lost'] += 1;
    return { counts, tookMs };
  } finally {
    stopBeating();
  }
}

/** Runs the stage; what it throws becomes an outcome of every item of the batch. */
async function attempt(stage: Stage, claimed: Claim, runtime: Runtime, stopping: () => boolean): Promise<StageResult> {
  if (stage.process === null) throw new Error(`stage ${stage.name} was claimed on a host that cannot run it`);
  try {
    return await stage.process(claimed.items, { leaseId: claimed.leaseId, stopping });
  } catch (error) {
    const outcomes = claimed.items.map((item) => outcomeOfError(error, item, stage.retry, runtime.random()));
    return { outcomes, writes: [] };
  }
}

const total = (counts: Counts): number => Object.values(counts).reduce((all, n) => all + n, 0);
export const sumCounts = (a: Counts, b: Counts): Counts => ({
  done: a.done + b.done,
  skipped: a.skipped + b.skipped,
  retry: a.retry + b.retry,
  wait: a.wait + b.wait,
  dead: a.dead + b.dead,
  lost: a.lost + b.lost,
});
