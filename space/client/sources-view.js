// The sources on the status page as plain words, made from an answer of /api/status; see status-view.js.

import { ago, clock, count, duration } from './words.js';

const KIND_LABELS = {
  'europe-pmc': 'Europe PMC',
  pubmed: 'PubMed',
  pmc: 'PubMed Central',
  file: 'Files',
  web: 'Web pages',
};

const BY_LABELS = { entry: 'by entry', change: 'by change', sweep: 'compared whole' };

const REMARKS_SHOWN = 3;

export function viewSources(status, nowMs) {
  return {
    sources: (status?.sources ?? []).map((source) => viewSource(source, nowMs)),
    services: (status?.services ?? []).map(viewService),
  };
}

function viewSource(source, nowMs) {
  const state = stateOf(source);
  const waits = source.waiting === null ? '' : waiting(source.waiting);
  return {
    name: source.name,
    kind: KIND_LABELS[source.kind] ?? source.kind,
    query: source.query,
    state: state.name,
    stateLabel: state.label,
    plan: plan(source),
    /** Null where nothing is being read, or nobody knows how much there is. */
    share: source.running ? shareOf(source.last_window) : null,
    window: windowWords(source),
    counts: [
      [source.running ? 'this run' : 'last run', [...pairs(source, ['found', 'new', 'changed'])]],
      ['in all', [...pairs(source, ['listed', 'retracted', 'missing'])]],
    ],
    next: next(source, nowMs),
    waits,
    notes: [
      // Said once is enough.
      ...(source.error === null || source.waiting?.reason.includes(source.error)
        ? []
        : [`last error: ${source.error}`]),
      ...[...new Set(source.remarks)].slice(-REMARKS_SHOWN),
    ],
  };
}

function stateOf(source) {
  if (source.state === 'parked') return { name: 'parked', label: 'Needs a decision' };
  if (source.state === 'paused') return { name: 'paused', label: 'Paused' };
  if (source.waiting !== null) return { name: 'waiting', label: 'Waiting' };
  if (source.running) return { name: 'running', label: 'Running' };
  return source.last_run === null ? { name: 'idle', label: 'Not run yet' } : { name: 'complete', label: 'Up to date' };
}

const pairs = (source, names) => names.map((name) => [name, count(source[name])]);

function plan({ kind, since, every_s, limit }) {
  const often =
    every_s === null ? 'runs only when told to' : `runs every ${every_s === 86_400 ? 'day' : duration(every_s)}`;
  return [
    // Files and pages have no day on which they were entered.
    ...(kind === 'file' || kind === 'web' ? [] : [`since ${since}`]),
    often,
    ...(limit === null ? [] : [`at most ${count(limit)} documents`]),
  ].join(', ');
}

const shareOf = (window) =>
  window === null || !window.stated ? null : Math.min(100, Math.floor((100 * window.received) / window.stated));

function windowWords({ last_window, windows_open, running }) {
  if (last_window === null) return 'no window read yet';
  const { by, from, to, stated, received, remark } = last_window;
  const days = from === to ? from : `${from} to ${to}`;
  const share = running ? shareOf(last_window) : null;
  return [
    `${days} ${BY_LABELS[by] ?? by}: ${count(received)}${stated === null ? '' : ` of ${count(stated)}`} listed`,
    ...(share === null ? [] : [`${share} %`]),
    ...(running && windows_open > 1 ? [`${count(windows_open)} windows left`] : []),
    ...(remark === null ? [] : [remark]),
  ].join('; ');
}

function next({ running, next_run, last_run, state }, nowMs) {
  const last = last_run === null ? 'never run to its end' : `last run ended ${ago(last_run, nowMs)}`;
  if (running || state !== 'active') return last;
  if (next_run === null) return `${last}; no next run is planned`;
  const inSeconds = (Date.parse(next_run) - nowMs) / 1000;
  return `${last}; next ${inSeconds <= 0 ? 'is due now' : `in ${duration(inSeconds)}`}`;
}

const waiting = ({ reason, until }) =>
  until === null ? `${reason}; waits until somebody acts` : `${reason}; until ${clock(until)}`;

function viewService({ name, open_until, reason, requests }) {
  const asked = `${count(requests)} ${requests === 1 ? 'request' : 'requests'}`;
  const closed = open_until !== null || reason !== null;
  return {
    name,
    closed,
    words: closed
      ? `${asked}; left alone${open_until === null ? '' : ` until ${clock(open_until)}`}${reason === null ? '' : `: ${reason}`}`
      : `${asked}; answers`,
  };
}
