import { setTimeout as sleep } from 'node:timers/promises';
import pRetry from 'p-retry';
import {
  type Counts,
  DatabaseError,
  type Detection,
  gateOf,
  NO_COUNTS,
  openTasks,
  type ProgressSample,
  ratePerSecond,
  readSnapshot,
  sumCounts,
  type TickReport,
  tick,
} from '../core/engine/index.ts';
import { SETTLED_STATES } from '../schema/engine.ts';
import type { ProgressLine } from './cli/progress.ts';
import type { Space } from './space.ts';

export type RunOptions = {
  readonly stopping: () => boolean;
  readonly onProgress: (line: ProgressLine) => void;
  /** Longest wait for a gate that opens by itself; beyond it the run ends and names the gate. */
  readonly waitMsMax: number;
  readonly itemsMax?: number;
};
export type RunReport = {
  readonly end: 'idle' | 'blocked' | 'stopped' | 'limit';
  readonly counts: Counts;
  readonly stageMs: Readonly<Record<string, number>>;
  readonly stageItems: Readonly<Record<string, number>>;
  /** Why the pipeline does not go on, with the stage; null when it is idle. */
  readonly gate: string | null;
};

/** A database that is away for a moment is no reason to lose a long run; one that is gone is. */
const DATABASE_TRIES = { retries: 5, minTimeout: 500, factor: 2, randomize: true } as const;

/** Ticks until nothing is claimable any more, waiting for gates that open soon. Safe to interrupt and to repeat. */
export async function runUntilIdle(space: Space, options: RunOptions): Promise<RunReport> {
  const { db, pipeline, runtime, config } = space;
  const stageMs: Record<string, number> = {};
  const stageItems: Record<string, number> = {};
  const samples = new Map<string, ProgressSample[]>();
  let counts = NO_COUNTS;
  let remaining = options.itemsMax ?? Number.POSITIVE_INFINITY;

  const onBatch = async (stage: string, batch: Counts, tookMs: number) => {
    const settled = batch.done + batch.skipped + batch.dead;
    stageMs[stage] = (stageMs[stage] ?? 0) + tookMs;
    stageItems[stage] = (stageItems[stage] ?? 0) + settled;
    const own = [...(samples.get(stage) ?? []), { settled, tookMs }].slice(-12);
    samples.set(stage, own);
    const here = (await readSnapshot(db)).stages.get(stage);
    if (!here) return;
    const done = SETTLED_STATES.reduce((sum, state) => sum + here.counts[state], 0);
    options.onProgress({
      task: stage,
      done,
      all: done + openTasks(here),
      unit: pipeline.stages.find(({ name }) => name === stage)?.itemKind === 'case' ? 'cases' : 'documents',
      perSecond: ratePerSecond(own),
    });
  };

  for (;;) {
    const shown: Promise<void>[] = [];
    const oneTick = (): Promise<TickReport> =>
      tick(db, pipeline, runtime, {
        budgetMs: config.tickBudgetMs,
        itemsMax: remaining,
        stopping: options.stopping,
        onBatch: (batch) => shown.push(onBatch(batch.stage, batch.counts, batch.tookMs)),
      });
    const report = await pRetry(oneTick, {
      ...DATABASE_TRIES,
      shouldRetry: ({ error }) => error instanceof DatabaseError && !options.stopping(),
    });
    await Promise.all(shown);
    counts = sumCounts(counts, report.counts);
    remaining -= report.counts.done + report.counts.skipped + report.counts.dead;
    const end = endOf(space, report.after, options, remaining);
    if (end === 'goes on') continue;
    if (typeof end === 'object') {
      await sleep(end.waitMs);
      continue;
    }
    return { end, counts, stageMs, stageItems, gate: await gateInWords(space, report.after) };
  }
}

const POLL_MS = 500;

function endOf(
  space: Space,
  after: Detection,
  options: RunOptions,
  remaining: number,
): 'idle' | 'blocked' | 'stopped' | 'limit' | 'goes on' | { readonly waitMs: number } {
  if (options.stopping()) return 'stopped';
  if (after.kind === 'serving') return 'idle';
  if (remaining <= 0) return 'limit';
  if (after.kind === 'work') return 'goes on';
  if (after.wakeAtMs === null) return 'blocked';
  // Stored times are the database's; on a host with another clock the wait is a little off and the next tick corrects it.
  const waitMs = after.wakeAtMs - Date.now();
  if (waitMs > options.waitMsMax) return 'blocked';
  space.log.debug({ message: `waiting: ${after.gate.reason}`, waitMs });
  return { waitMs: Math.min(Math.max(waitMs, 20), POLL_MS) };
}

async function gateInWords(space: Space, after: Detection): Promise<string | null> {
  if (after.kind !== 'waiting') return null;
  const gate = gateOf(space.pipeline, after.current, await readSnapshot(space.db)) ?? after.gate;
  const until = gate.opensAtMs === null ? 'until somebody acts' : `until ${new Date(gate.opensAtMs).toISOString()}`;
  return `${after.current.name} waits: ${gate.reason}, ${until}`;
}
