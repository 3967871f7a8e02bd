import { corpusStatus, currentRelease, newestEvaluation } from './corpus.ts';
import type { Database } from './engine/database.ts';
import { detect, type Gate, openTasks, type Snapshot, type StageSnapshot } from './engine/detect.ts';
import { explainStage } from './engine/explain.ts';
import { type Progress, readProgress } from './engine/history.ts';
import { etaRange, etaSeconds, ratePerSecond, successRate } from './engine/progress.ts';
import { readSnapshot } from './engine/snapshot.ts';
import type { Pipeline, Stage } from './engine/stage.ts';
import type { StatusAnswer } from './search/contract.ts';
import { gatesWithJobs } from './status-batches.ts';
import { readSourceRows, sourcesAnswer } from './status-sources.ts';

const SET_ASIDE_SHOWN = 50;

/** How the whole pipeline stands, from the database alone. `degraded` is what the host knows to run below its best. */
export async function readStatus(db: Database, pipeline: Pipeline, degraded: readonly string[]): Promise<StatusAnswer> {
  const [snapshot, release, corpus, progress, sourceRows, evaluation] = await Promise.all([
    readSnapshot(db, pipeline),
    currentRelease(db),
    corpusStatus(db, SET_ASIDE_SHOWN),
    readProgress(db),
    readSourceRows(db),
    newestEvaluation(db),
  ]);
  const detection = detect(pipeline, snapshot);
  const { sources, services } = sourcesAnswer(sourceRows, snapshot.nowMs);
  return {
    stage:
      detection.kind === 'serving'
        ? 'SERVING'
        : detection.kind === 'work'
          ? detection.stage.name
          : detection.current.name,
    stages: await Promise.all(
      pipeline.stages.map(async (stage) => withJobs(db, stageStatus(pipeline, stage, snapshot, progress))),
    ),
    release: release && {
      version: release.version,
      case_count: release.caseCount,
      generation: release.generation,
      created_at: iso(release.publishedAtMs),
    },
    evaluation: evaluationAnswer(evaluation, release?.version ?? null),
    degraded,
    last_tick: lastTick(progress.lastRun),
    set_aside: corpus.setAside.map(({ atMs, ...record }) => ({ ...record, at: iso(atMs) })),
    documents: corpus.documents,
    cases: corpus.cases,
    sources,
    services,
  };
}

function evaluationAnswer(
  found: Awaited<ReturnType<typeof newestEvaluation>>,
  served: number | null,
): StatusAnswer['evaluation'] {
  return (
    found && {
      release: found.releaseVersion,
      current: found.releaseVersion === served,
      file: found.file,
      judgements_sha256: found.judgementsHash,
      questions: found.questions,
      left_out: found.leftOut,
      thresholds_version: found.thresholdsVersion,
      program: found.program,
      at: iso(found.atMs),
      rows: found.variants,
    }
  );
}

const iso = (ms: number): string => new Date(ms).toISOString();

function lastTick(run: Progress['lastRun']): StatusAnswer['last_tick'] {
  if (!run) return null;
  // Process ids and the nonce behind the first slash are no business of a public page.
  const host = run.owner.split('/', 1)[0] ?? '';
  return { at: iso(run.finishedAtMs), host, stage: run.stage, counts: run.counts };
}

function stageStatus(
  pipeline: Pipeline,
  stage: Stage,
  snapshot: Snapshot,
  { samples }: Progress,
): StatusAnswer['stages'][number] {
  const { state: lifecycle, stale, gates, warnings } = explainStage(pipeline, stage, snapshot);
  const here = snapshot.stages.get(stage.name);
  if (!here) throw new Error(`stage ${stage.name} has no control row: the pipeline was not registered`);
  const own = samples.get(stage.name) ?? [];
  const rate = ratePerSecond(own);
  const open = openTasks(here);
  const success = successRate(here.counts);
  const [gate] = gates.map(gateAnswer);
  return {
    name: stage.name,
    state: stateOf(here, gates.length > 0),
    lifecycle,
    stale,
    ...here.counts,
    rate_per_s: rate === null ? null : Math.round(rate * 10) / 10,
    eta_s: etaSeconds(open, rate),
    eta_s_range: etaRange(open, own),
    // Cut, so that 1 means that nothing died.
    success_rate: success === null ? null : Math.floor(success * 10_000) / 10_000,
    elapsed_s: elapsedSeconds(here, snapshot.nowMs),
    gate: gate ? { reason: gate.reason, opens_at: gate.opens_at } : null,
    gates: gates.map(gateAnswer),
    warnings,
  };
}

/** A stage that waits for batch jobs says for which. */
async function withJobs(db: Database, stage: StatusAnswer['stages'][number]): Promise<StatusAnswer['stages'][number]> {
  if (!stage.gates.some(({ kind }) => kind === 'submitted')) return stage;
  const gates = await gatesWithJobs(db, stage.gates);
  const [gate] = gates;
  return { ...stage, gates, gate: gate ? { reason: gate.reason, opens_at: gate.opens_at } : null };
}

const gateAnswer = ({ kind, reason, row, opensAtMs }: Gate) => ({
  kind,
  reason,
  row,
  opens_at: opensAtMs === null ? null : iso(opensAtMs),
});

/** From the first claim of a stage that was committed to now, or to its last commit where nothing is left to do. */
function elapsedSeconds(here: StageSnapshot, nowMs: number): number | null {
  if (here.startedMs === null) return null;
  const endMs = openTasks(here) > 0 ? nowMs : (here.progressedMs ?? here.startedMs);
  return Math.max(0, Math.round((endMs - here.startedMs) / 1_000));
}

function stateOf(here: StageSnapshot, gated: boolean): StatusAnswer['stages'][number]['state'] {
  if (here.paused) return 'paused';
  if (here.counts.leased > 0) return 'running';
  if (openTasks(here) > 0) return gated ? 'waiting' : 'ready';
  return here.counts.done + here.counts.skipped + here.counts.dead > 0 ? 'complete' : 'idle';
}
