import { corpusStatus, currentRelease } from './corpus.ts';
import { type Database, type Row, statement } from './engine/database.ts';
import { detect, gateOf, openTasks, type Snapshot, type StageSnapshot } from './engine/detect.ts';
import { readSnapshot } from './engine/ledger.ts';
import { etaSeconds, ratePerSecond } from './engine/progress.ts';
import type { Pipeline, Stage } from './engine/stage.ts';
import type { StatusAnswer } from './search/contract.ts';

const SET_ASIDE_SHOWN = 50;
const SAMPLES = 12;

/** How the whole pipeline stands, from the database alone. `degraded` is what the host knows to run below its best. */
export async function readStatus(db: Database, pipeline: Pipeline, degraded: readonly string[]): Promise<StatusAnswer> {
  const [snapshot, release, corpus, [samples, runs]] = await Promise.all([
    readSnapshot(db, pipeline),
    currentRelease(db),
    corpusStatus(db, SET_ASIDE_SHOWN),
    db.read([
      statement(
        `SELECT stage, settled, took_ms FROM (SELECT p.*, row_number() OVER (PARTITION BY stage ORDER BY id DESC) AS nth
         FROM progress_sample p WHERE id > (SELECT coalesce(max(id), 0) - 2000 FROM progress_sample)) WHERE nth <= ${SAMPLES}
         ORDER BY id`,
      ),
      statement(`SELECT owner, finished_at_ms, stage, counts FROM run ORDER BY id DESC LIMIT 1`),
    ]),
  ]);
  const detection = detect(pipeline, snapshot);
  return {
    stage:
      detection.kind === 'serving'
        ? 'SERVING'
        : detection.kind === 'work'
          ? detection.stage.name
          : detection.current.name,
    stages: pipeline.stages.map((stage) => stageStatus(pipeline, stage, snapshot, samples?.rows ?? [])),
    release: release && {
      version: release.version,
      case_count: release.caseCount,
      generation: release.generation,
      created_at: iso(release.publishedAtMs),
    },
    degraded,
    last_tick: lastTick(runs?.rows[0]),
    set_aside: corpus.setAside.map(({ atMs, ...record }) => ({ ...record, at: iso(atMs) })),
    documents: corpus.documents,
    cases: corpus.cases,
  };
}

const iso = (ms: number): string => new Date(ms).toISOString();

function lastTick(row: Row | undefined): StatusAnswer['last_tick'] {
  if (!row) return null;
  return {
    at: iso(Number(row.finished_at_ms)),
    // Process ids and the nonce behind the first slash are no business of a public page.
    host: String(row.owner).split('/', 1)[0] ?? '',
    stage: row.stage === null ? null : String(row.stage),
    counts: JSON.parse(String(row.counts)) as Record<string, number>,
  };
}

function stageStatus(
  pipeline: Pipeline,
  stage: Stage,
  snapshot: Snapshot,
  samples: readonly Row[],
): StatusAnswer['stages'][number] {
  const here = snapshot.stages.get(stage.name);
  if (!here) throw new Error(`stage ${stage.name} has no control row: the pipeline was not registered`);
  const own = samples.filter((row) => row.stage === stage.name);
  const rate = ratePerSecond(own.map((row) => ({ settled: Number(row.settled), tookMs: Number(row.took_ms) })));
  const gate = gateOf(pipeline, stage, snapshot);
  return {
    name: stage.name,
    state: stateOf(here, gate !== null),
    ...here.counts,
    rate_per_s: rate === null ? null : Math.round(rate * 10) / 10,
    eta_s: etaSeconds(openTasks(here), rate),
    gate: gate && { reason: gate.reason, opens_at: gate.opensAtMs === null ? null : iso(gate.opensAtMs) },
  };
}

function stateOf(here: StageSnapshot, gated: boolean): StatusAnswer['stages'][number]['state'] {
  if (here.paused) return 'paused';
  if (here.counts.leased > 0) return 'running';
  if (openTasks(here) > 0) return gated ? 'waiting' : 'ready';
  return here.counts.done + here.counts.skipped + here.counts.dead > 0 ? 'complete' : 'idle';
}
