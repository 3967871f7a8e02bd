import { setTimeout as sleep } from 'node:timers/promises';
import { readSources, requestRun, type SourceStanding } from '../../core/corpus.ts';
import { type PageEvent, stepDiscovery } from '../../core/sources/discovery.ts';
import type { Space } from '../space.ts';

export type SourceRunOptions = {
  /** Compare the whole listing with what is held. */
  readonly sweep?: boolean;
  readonly stopping: () => boolean;
  /** Longest wait for a service that asked for time; beyond it the run is left to go on later. */
  readonly waitMsMax: number;
  readonly onPage: (page: PageEvent) => void;
  readonly onWait?: (reason: string, untilMs: number) => void;
};
export type SourceRunReport = {
  /** `blocked`: it waits for a service, another worker or the operator; `reason` says for what. */
  readonly end: 'done' | 'stopped' | 'blocked';
  readonly reason: string | null;
  readonly untilMs: number | null;
  readonly pages: number;
  readonly source: SourceStanding;
};

const STEP_MS = 10_000;
/** Another worker may be done with it before its time is over. */
const POLL_MS = 1_000;
const STOP_POLL_MS = 100;

/**
 * Runs one source to the end of its run, in the foreground: the one at hand, or a new one. Whatever page was read is committed, so an
 * end at any point loses nothing, and the next run goes on there.
 */
export async function runSource(space: Space, name: string, options: SourceRunOptions): Promise<SourceRunReport> {
  const { db, outside, pipeline, runtime } = space;
  const [first] = pipeline.stages;
  if (!first) throw new Error('the pipeline has no stage');
  const { random, monotonicMs, owner } = runtime;
  const deps = { db, outside, first, owner, random, monotonicMs };
  const before = await standingOf(space, name);
  await requestRun(db, name, { sweep: options.sweep === true });
  // A run that is at hand is ended before another begins.
  const wanted = before.running ? before.run : before.run + 1;
  let pages = 0;
  let told: number | null = null;
  for (;;) {
    const step = await stepDiscovery(deps, {
      budgetMs: STEP_MS,
      stopping: options.stopping,
      only: name,
      onPage: options.onPage,
    });
    pages += step.pages;
    const source = await standingOf(space, name);
    const report = { pages, source, reason: null, untilMs: null };
    if (source.run >= wanted && !source.running) return { ...report, end: 'done' };
    if (options.stopping()) return { ...report, end: 'stopped' };
    const reason = source.reason ?? step.waiting ?? source.error ?? 'another worker reads it';
    if (source.state !== 'active') return { ...report, end: 'blocked', reason: `${source.state}: ${reason}` };
    if (!outside.sources.has(source.kind))
      return { ...report, end: 'blocked', reason: `sources of kind ${source.kind} are not read on this host` };
    const waitMs = step.wakeAtMs === null ? null : step.wakeAtMs - Date.now();
    if (waitMs === null || waitMs > options.waitMsMax)
      return { ...report, end: 'blocked', reason, untilMs: step.wakeAtMs };
    if (waitMs > POLL_MS && told !== step.wakeAtMs) {
      told = step.wakeAtMs;
      options.onWait?.(reason, step.wakeAtMs ?? 0);
    }
    if (waitMs > 0) await waited(Math.min(waitMs, POLL_MS), options.stopping);
  }
}

/** Waits in short steps, so that a stop is heard. */
async function waited(ms: number, stopping: () => boolean): Promise<void> {
  for (let leftMs = ms; leftMs > 0 && !stopping(); leftMs -= STOP_POLL_MS) await sleep(Math.min(leftMs, STOP_POLL_MS));
}

/** @throws NoSourceError */
export async function standingOf(space: Pick<Space, 'db'>, name: string): Promise<SourceStanding> {
  const all = await readSources(space.db);
  const found = all.find((source) => source.name === name);
  if (found) return found;
  throw new NoSourceError(
    name,
    all.map((source) => source.name),
  );
}

/** There is no definition of that name; the message says which there are. */
export class NoSourceError extends Error {
  override readonly name = 'NoSourceError';
  constructor(name: string, there: readonly string[]) {
    super(
      `there is no source ${JSON.stringify(name)}: ${there.length > 0 ? `one of ${there.join(', ')}` : 'none is defined; see "anamnesis sources add --help"'}`,
    );
  }
}
