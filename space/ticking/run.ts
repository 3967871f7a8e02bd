import { availableParallelism } from 'node:os';
import {
  type Counts,
  etaRange,
  gateOf,
  NO_COUNTS,
  openTasks,
  type ProgressSample,
  ratePerSecond,
  readSnapshot,
  successRate,
  sumCounts,
} from '../../core/engine/index.ts';
import { gatesWithJobs } from '../../core/status-batches.ts';
import { SETTLED_STATES } from '../../schema/states.ts';
import type { ProgressLine } from '../cli/progress.ts';
import type { Space } from '../space.ts';
import { beforeTick } from './batching.ts';
import type { Listing } from './discovering.ts';
import { listingWatch } from './listing-progress.ts';
import { type BatchEvent, type LoopEnd, tickUntilIdle } from './loop.ts';
import { startTickThread, type TickThread } from './threads.ts';

export type RunOptions = {
  readonly stopping: () => boolean;
  /** Aborted when nobody waits any longer: what is claimed is given back. */
  readonly abandon?: AbortSignal;
  readonly onProgress: (line: ProgressLine) => void;
  readonly waitMsMax: number;
  readonly itemsMax?: number;
};
export type RunReport = {
  readonly end: LoopEnd['end'];
  readonly counts: Counts;
  /** Work by stage, added over the threads. */
  readonly stageMs: Readonly<Record<string, number>>;
  readonly stageItems: Readonly<Record<string, number>>;
  readonly threads: number;
  /** Pages of listings that were read. */
  readonly listedPages: number;
  /** Why the pipeline does not go on, with the stage; null when it is idle. */
  readonly gate: string | null;
};

/** Open tasks that make a second thread worth its start, which costs about as much as working some hundred cases. */
const SECOND_THREAD_TASKS = 1_000;
const STOP_POLL_MS = 100;

/** Works the pipeline to the end, on two threads where there is much to do. Safe to interrupt and to repeat. */
export async function runUntilIdle(space: Space, options: RunOptions): Promise<RunReport> {
  const stageMs: Record<string, number> = {};
  const stageItems: Record<string, number> = {};
  let counts = NO_COUNTS;
  const watch = progressWatch(space, options.onProgress);
  const listed = listingWatch(space.runtime.monotonicMs, options.onProgress);
  const onBatch = (batch: BatchEvent) => {
    stageMs[batch.stage] = (stageMs[batch.stage] ?? 0) + batch.tookMs;
    stageItems[batch.stage] = (stageItems[batch.stage] ?? 0) + settledOf(batch);
    counts = sumCounts(counts, batch.counts);
    watch.batch(batch);
  };

  // A model in a thread of its own uses the second core already, and would be loaded twice.
  const alone = options.itemsMax !== undefined || space.config.embedder === 'transformers';
  const second = !alone ? await secondThread(space, options, onBatch) : null;
  const stopWatch = setInterval(() => options.stopping() && second?.stop(), STOP_POLL_MS);
  let givenUp: Promise<void> | undefined;
  const giveUp = () => {
    // A database that does not answer now gets its lease back by itself.
    givenUp = second?.abandon().catch(() => undefined);
  };
  options.abandon?.addEventListener('abort', giveUp, { once: true });
  try {
    const { tickBudgetMs } = space.config;
    const { end, after, listing } = await tickUntilIdle(
      {
        ...space,
        tickBudgetMs,
        discover: () => beforeTick(space, { tickBudgetMs, stopping: options.stopping, onPage: listed.page }),
      },
      { ...options, onBatch, itemsMax: options.itemsMax ?? Number.POSITIVE_INFINITY },
    );
    second?.stop();
    const problem = await second?.ended;
    await givenUp;
    // What it held comes back by its lease; the main thread has gone on meanwhile.
    if (problem) space.log.warn({ message: `the second thread ended early: ${problem}` });
    await watch.shown();
    const gate =
      after.kind === 'waiting'
        ? await gateInWords(space, after.current.name)
        : end === 'blocked'
          ? waitInWords(listing)
          : null;
    return { end, counts, stageMs, stageItems, threads: second ? 2 : 1, listedPages: listed.pages(), gate };
  } finally {
    clearInterval(stopWatch);
    options.abandon?.removeEventListener('abort', giveUp);
    second?.stop();
  }
}

async function secondThread(
  space: Space,
  options: RunOptions,
  onBatch: (batch: BatchEvent) => void,
): Promise<TickThread | null> {
  if (availableParallelism() < 2) return null;
  const { stages } = await readSnapshot(space.db, space.pipeline);
  const open = Math.max(...[...stages.values()].map(openTasks));
  return open < SECOND_THREAD_TASKS ? null : startTickThread(space.db, space.config, options.waitMsMax, onBatch);
}

const settledOf = ({ counts }: BatchEvent): number => counts.done + counts.skipped + counts.dead;

/** Turns batches into progress lines; the counts come from the database, since other hosts may work too. */
function progressWatch(space: Space, onProgress: (line: ProgressLine) => void) {
  const samples = new Map<string, ProgressSample[]>();
  let showing: Promise<void> = Promise.resolve();
  const show = async (stage: string): Promise<void> => {
    const here = (await readSnapshot(space.db, space.pipeline)).stages.get(stage);
    if (!here) return;
    const done = SETTLED_STATES.reduce((sum, state) => sum + here.counts[state], 0);
    onProgress({
      task: stage,
      done,
      all: done + openTasks(here),
      unit: space.pipeline.stages.find(({ name }) => name === stage)?.itemKind === 'case' ? 'cases' : 'documents',
      perSecond: ratePerSecond(samples.get(stage) ?? []),
      leftSeconds: etaRange(openTasks(here), samples.get(stage) ?? []),
      successRate: successRate(here.counts),
    });
  };
  return {
    batch(batch: BatchEvent) {
      const own = [...(samples.get(batch.stage) ?? []), { settled: settledOf(batch), tookMs: batch.tookMs }];
      samples.set(batch.stage, own.slice(-12));
      // Progress is an extra: a read that fails must not end the run.
      showing = showing.then(() => show(batch.stage)).catch(() => undefined);
    },
    shown: () => showing,
  };
}

const waitInWords = ({ reason, waitsUntilMs }: Listing): string | null =>
  reason && `${reason}, until ${waitsUntilMs === null ? 'somebody acts' : new Date(waitsUntilMs).toISOString()}`;

async function gateInWords(space: Space, stageName: string): Promise<string | null> {
  const stage = space.pipeline.stages.find(({ name }) => name === stageName);
  const first = stage ? gateOf(space.pipeline, stage, await readSnapshot(space.db, space.pipeline)) : null;
  const [gate] = await gatesWithJobs(space.db, first ? [first] : []);
  if (!gate) return null;
  if (gate.kind === 'submitted') return `${stageName} waits: ${gate.reason}`;
  const until = gate.opensAtMs === null ? 'until somebody acts' : `until ${new Date(gate.opensAtMs).toISOString()}`;
  return `${stageName} waits: ${gate.reason}, ${until}`;
}
