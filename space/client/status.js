// Keeps the status page fresh: asks every few seconds, writes only what changed, and says when the numbers are old.

import { byId, element } from './dom.js';
import { showSources } from './sources-section.js';
import { viewStatus } from './status-view.js';

const REFRESH_MS = 3_000;
const REFRESH_MS_MAX = 30_000;
const TIMEOUT_MS = 10_000;

let lastGoodAtMs = 0;
let failures = 0;
let timer = 0;

async function refresh() {
  clearTimeout(timer);
  const status = await read();
  if (status === null) {
    failures += 1;
  } else {
    failures = 0;
    lastGoodAtMs = Date.now();
    show(viewStatus(status, lastGoodAtMs));
  }
  showFreshness();
  if (!document.hidden) timer = setTimeout(refresh, Math.min(REFRESH_MS_MAX, REFRESH_MS * 2 ** Math.min(failures, 4)));
}

async function read() {
  try {
    const response = await fetch('/api/status', { cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT_MS) });
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

function show(view) {
  document.querySelector('.status-head')?.setAttribute('data-tone', view.tone);
  for (const node of document.querySelectorAll('[data-field]')) write(node, String(valueAt(view, node.dataset.field)));
  for (const node of document.querySelectorAll('[data-progress]')) node.value = valueAt(view, node.dataset.progress);
  view.stages.forEach((stage, i) => {
    const item = document.querySelector(`[data-stage="${i}"]`);
    if (item === null) return;
    item.setAttribute('data-state', stage.state);
    item.setAttribute('data-dead', String(stage.hasDead));
    item.setAttribute('data-failed', String(stage.failed));
    fill(
      item.querySelector('.stage-notes'),
      stage.notes.map((note) => [note]),
      (cells) => element('li', {}, cells[0]),
    );
    if (stage.current) item.setAttribute('aria-current', 'step');
    else item.removeAttribute('aria-current');
  });
  showSources(view, fill);
  byId('degraded').hidden = view.degraded.length === 0;
  fill(
    byId('degraded').querySelector('ul'),
    view.degraded.map((line) => [line]),
    (cells) => element('li', {}, cells[0]),
  );
  byId('evaluation-stale').hidden = view.evaluation.stale === '';
  byId('evaluation-table').hidden = view.evaluation.rows.length === 0;
  fill(byId('evaluation'), view.evaluation.rows, (cells) =>
    element(
      'tr',
      {},
      cells.map((cell) => element('td', {}, cell)),
    ),
  );
  byId('set-aside-table').hidden = view.setAside.length === 0;
  byId('set-aside-none').hidden = view.setAside.length > 0;
  fill(byId('set-aside'), view.setAside, (cells) =>
    element(
      'tr',
      {},
      cells.map((cell) => element('td', {}, cell)),
    ),
  );
}

function valueAt(view, path) {
  return path.split('.').reduce((value, key) => value?.[key], view) ?? '';
}

function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Replaces the children only when their words changed, so that a selection or a scroll position survives a refresh. */
function fill(parent, rows, make) {
  const words = JSON.stringify(rows);
  if (parent === null || parent.dataset.words === words) return;
  parent.dataset.words = words;
  parent.replaceChildren(...rows.map(make));
}

function showFreshness() {
  const fresh = byId('fresh');
  fresh.dataset.stale = String(failures > 0);
  if (failures === 0) write(fresh, 'Live: refreshed every few seconds.');
  else if (lastGoodAtMs === 0) write(fresh, 'The newest state cannot be had now. Trying again.');
  else {
    const since = new Date(lastGoodAtMs).toLocaleTimeString();
    write(fresh, `The newest state cannot be had. These numbers are from ${since}. Trying again.`);
  }
}

document.addEventListener('visibilitychange', () => {
  if (!document.hidden) void refresh();
});
void refresh();
