// The status page as plain words, made from an answer of /api/status. The server renders it first, the browser again on
// every refresh; both use this file, so that a refresh changes nothing but numbers.

import { viewSources } from './sources-view.js';
import { ago, clock, count, duration } from './words.js';

export { ago };

export const STAGES = [
  { name: 'scrape', label: 'Scrape', purpose: 'fetch documents from their sources' },
  { name: 'normalize', label: 'Normalize', purpose: 'one case per patient, with its findings' },
  { name: 'distill', label: 'Distill', purpose: 'diagnosis, and whether it is rare' },
  { name: 'embed', label: 'Embed', purpose: 'a vector for each facet' },
  { name: 'index', label: 'Index', purpose: 'build and verify a release' },
];

const STATE_LABELS = {
  idle: 'Idle',
  ready: 'Ready',
  running: 'Running',
  waiting: 'Waiting',
  paused: 'Paused',
  complete: 'Complete',
};

/** What matters more than what a stage does at this moment. */
const LIFECYCLE_LABELS = { recovering: 'Recovering', failed: 'Failed' };

const NOTHING = {
  state: 'idle',
  ready: 0,
  leased: 0,
  submitted: 0,
  done: 0,
  dead: 0,
  skipped: 0,
  rate_per_s: null,
  eta_s: null,
  eta_s_range: null,
  success_rate: null,
  elapsed_s: null,
  gate: null,
  gates: [],
  warnings: [],
};

/** `status` null stands for a state that cannot be read. */
export function viewStatus(status, nowMs) {
  const stages = STAGES.map((known) => {
    const found = status?.stages.find((stage) => stage.name === known.name) ?? NOTHING;
    return { ...known, ...viewStage(found), current: status?.stage === known.name };
  });
  return {
    headline: headline(status),
    detail: detail(status),
    tone: tone(status),
    stages,
    facts: facts(status, nowMs),
    degraded: status?.degraded ?? [],
    evaluation: viewEvaluation(status, nowMs),
    ...viewSources(status, nowMs),
    setAside: (status?.set_aside ?? []).map((row) => [row.key, row.stage, row.state, row.reason, ago(row.at, nowMs)]),
  };
}

const MEASURES = ['hit10', 'mrr', 'ndcg10', 'recall100'];

/** What `eval` measured: in words, and a row a variant. */
function viewEvaluation(status, nowMs) {
  const found = status?.evaluation ?? null;
  if (found === null)
    return { line: 'Not measured yet. An operator measures it with “anamnesis eval FILE”.', stale: '', rows: [] };
  const { release, questions, file, left_out: leftOut, at, program, thresholds_version: thresholds } = found;
  const missing = leftOut === 0 ? '' : `, ${count(leftOut)} more that it cannot answer`;
  return {
    line: `${count(questions)} questions with known answers (${file}${missing}), asked of release ${release} ${ago(at, nowMs)} by version ${program}, thresholds ${thresholds}. In brackets: 95 % intervals.`,
    stale: found.current ? '' : `Of an older release (${release}): the one that is served was not measured yet.`,
    rows: found.rows.map(({ variant, measures }) => [variant, ...MEASURES.map((name) => interval(measures[name]))]),
  };
}

const interval = ({ mean, low, high }) => `${mean.toFixed(3)} [${low.toFixed(2)}, ${high.toFixed(2)}]`;

function viewStage(stage) {
  const settled = stage.done + stage.skipped + stage.dead;
  const total = settled + stage.ready + stage.leased + stage.submitted;
  // Cut, so that 100 % means all of it.
  const share = total === 0 ? 0 : Math.floor((100 * settled) / total);
  return {
    state: stage.state,
    stateLabel: LIFECYCLE_LABELS[stage.lifecycle] ?? STATE_LABELS[stage.state] ?? stage.state,
    failed: stage.lifecycle === 'failed',
    share,
    progress: total === 0 ? 'nothing yet' : `${count(settled)} of ${count(total)} settled`,
    counts: [
      ['ready', count(stage.ready)],
      ['in work', count(stage.leased)],
      ['submitted', count(stage.submitted)],
      ['done', count(stage.done)],
      ['skipped', count(stage.skipped)],
      ['dead', count(stage.dead)],
    ],
    hasDead: stage.dead > 0,
    pace: pace(stage),
    record: record(stage),
    gate: stage.gate === null ? '' : gate(stage.gate),
    notes: [
      ...(stage.gates ?? []).slice(1).map((further) => `then ${gate(further)}`),
      ...(stage.warnings ?? []),
      ...(stage.stale ? ['nothing was settled here for a day: look into it'] : []),
    ],
  };
}

/** How well it went so far, and since when. */
function record(stage) {
  const parts = [];
  if (typeof stage.success_rate === 'number') parts.push(`${percentCut(stage.success_rate)} succeeded`);
  if (typeof stage.elapsed_s === 'number')
    parts.push(
      stage.ready + stage.leased + stage.submitted === 0
        ? `took ${duration(stage.elapsed_s)}`
        : `began ${duration(stage.elapsed_s)} ago`,
    );
  return parts.join(', ');
}

/** A share in [0, 1] in tenths of a per cent, cut, so that 100 % means all. */
const percentCut = (share) => `${String(Math.floor(share * 1_000 + 1e-9) / 10)} %`;

function pace(stage) {
  if (stage.rate_per_s === null) return stage.state === 'running' ? 'measuring the rate' : '';
  const rate = `${stage.rate_per_s >= 100 ? count(stage.rate_per_s) : stage.rate_per_s.toFixed(1)} a second`;
  if (stage.state === 'complete') return `last at ${rate}`;
  return stage.eta_s === null ? rate : `${rate}, ${left(stage)} left`;
}

function left({ eta_s, eta_s_range }) {
  const [low, high] = (eta_s_range ?? [eta_s, eta_s]).map(duration);
  return low === high ? `about ${low}` : `${low} to ${high}`;
}

function gate({ reason, opens_at }) {
  return opens_at === null ? reason : `${reason}; opens at ${clock(opens_at)}`;
}

function headline(status) {
  if (status === null) return 'The state cannot be read';
  if (status.stage === 'SERVING') return 'Serving; all items are settled';
  const label = STAGES.find((stage) => stage.name === status.stage)?.label ?? status.stage;
  return `Working on stage: ${label}`;
}

function detail(status) {
  if (status === null) return 'The server answers but its database does not. Trying again every few seconds.';
  if (status.release === null) return 'No release yet: search opens when the first one is published.';
  const { version, case_count } = status.release;
  return `Search answers from release ${version} with ${count(case_count)} cases.`;
}

function tone(status) {
  if (status === null) return 'bad';
  return status.degraded.length > 0 || status.release === null ? 'warn' : 'good';
}

function facts(status, nowMs) {
  const release = status?.release ?? null;
  const tick = status?.last_tick ?? null;
  const worked = Object.entries(tick?.counts ?? {}).filter(([, n]) => n > 0);
  return {
    documents: status === null ? 'unknown' : count(status.documents),
    cases: status === null ? 'unknown' : count(status.cases),
    release: release === null ? 'none' : `version ${release.version}, ${count(release.case_count)} cases`,
    published: release === null ? 'never' : ago(release.created_at, nowMs),
    generation: release === null ? 'none' : release.generation,
    tick: tick === null ? 'never' : ago(tick.at, nowMs),
    host: tick === null ? 'none' : tick.host,
    worked:
      tick === null || worked.length === 0 ? 'nothing' : worked.map(([kind, n]) => `${count(n)} ${kind}`).join(', '),
  };
}
