// The search page: one search at a time, its state said in words, its outcome shown or its problem explained.

import { chooser } from './comparison.js';
import { byId, element } from './dom.js';
import { clearProblems, labelOf, readRequest, setUpOptions, showFieldProblems } from './form.js';
import { renderAnswer } from './results.js';
import { count, duration } from './words.js';

/** @type {AbortController | null} */
let running = null;
/** @type {string | null} */
let seedCaseId = new URLSearchParams(location.search).get('case');

function setUp() {
  setUpOptions();
  byId('search-form').addEventListener('submit', (event) => {
    event.preventDefault();
    void search();
  });
  byId('cancel').addEventListener('click', cancel);
  byId('seed-clear').addEventListener('click', () => {
    showSeed(null);
    history.replaceState(null, '', '/');
    byId('text').focus();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      void search();
    }
    if (event.key === 'Escape' && running !== null) cancel();
  });
  for (const button of document.querySelectorAll('[data-example]')) {
    button.addEventListener('click', () => {
      showSeed(null);
      byId('text').value = button.dataset.example ?? '';
      void search();
    });
  }
  showSeed(seedCaseId);
  void showCorpus();
  if (seedCaseId !== null) void search();
}

function showSeed(caseId) {
  seedCaseId = caseId;
  byId('seed').hidden = caseId === null;
  byId('text-field').hidden = caseId !== null;
  byId('seed-id').textContent = caseId ?? '';
}

function cancel() {
  running?.abort();
  running = null;
  setBusy(false);
  byId('announce').textContent = 'Search cancelled.';
}

async function search() {
  running?.abort();
  clearProblems();
  byId('problem').replaceChildren();
  if (seedCaseId === null && byId('text').value.trim() === '' && byId('keywords').value.trim() === '') {
    showProblem({
      title: 'Nothing to search for',
      detail: 'Paste or type a case first.',
      errors: [{ field: 'text', message: 'Describe the case, or choose an example.' }],
    });
    return;
  }
  const mine = new AbortController();
  running = mine;
  setBusy(true);
  try {
    const answer = await post(readRequest(seedCaseId), mine.signal);
    if (running !== mine) return;
    byId('outcome').replaceChildren(renderAnswer(answer, { seedCaseId, showInQuery, choose: chooser(seedCaseId) }));
    byId('announce').textContent = `${count(answer.results.length)} similar cases found.`;
    reveal(byId('results-heading'));
  } catch (error) {
    if (running === mine && !mine.signal.aborted) showProblem(asProblem(error));
  } finally {
    if (running === mine) {
      running = null;
      setBusy(false);
    }
  }
}

/** Selects words of the query in the field that they came from; where the text was changed since, says so. */
function showInQuery(_facet, [start, end], quote) {
  const field = byId('text');
  // What is sent is trimmed on its way.
  const lead = field.value.length - field.value.trimStart().length;
  if (field.value.slice(lead + start, lead + end) !== quote) {
    byId('announce').textContent = 'The text was changed since this search.';
    return;
  }
  field.focus();
  field.setSelectionRange(lead + start, lead + end);
  field.scrollIntoView({ block: 'center' });
}

/** Moves the focus to `heading`, and the page only where the heading is not in its upper half already. */
function reveal(heading) {
  heading.focus({ preventScroll: true });
  const { top } = heading.getBoundingClientRect();
  if (top < 0 || top > innerHeight / 2) heading.scrollIntoView({ block: 'start' });
}

/** Throws the problem that the server answered, as a plain object; or what fetch threw. */
async function post(request, signal) {
  const response = await fetch('/api/search', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: JSON.stringify(request),
    signal,
  });
  if (response.ok) return response.json();
  const problem = await response.json().catch(() => null);
  const retryAfterS = Number(response.headers.get('Retry-After') ?? '');
  throw {
    title:
      response.status === 400
        ? 'Please check the search'
        : (problem?.title ?? `The server answered ${response.status}`),
    detail: `${problem?.detail ?? ''}${retryAfterS > 0 ? ` Try again in ${duration(retryAfterS)}.` : ''}`.trim(),
    instance: problem?.instance ?? null,
    errors: problem?.errors ?? [],
  };
}

function asProblem(error) {
  if (!(error instanceof Error)) return error;
  if (error instanceof TypeError) {
    return {
      title: 'The server cannot be reached',
      detail: 'Check the connection and search again; your text is still here.',
      errors: [],
    };
  }
  return { title: 'The answer could not be shown', detail: 'Please search again.', errors: [] };
}

function showProblem({ title, detail, instance = null, errors }) {
  const first = showFieldProblems(errors);
  const listed = errors.map(({ field, message }) =>
    element('li', {}, element('strong', {}, `${labelOf(field)}: `), message),
  );
  byId('problem').replaceChildren(
    element(
      'div',
      { class: 'problem' },
      element('h2', {}, title),
      element('p', {}, detail),
      document.querySelector('.answer') !== null &&
        element('p', { class: 'fine' }, 'The results below are still those of the search before.'),
      listed.length > 0 && element('ul', {}, listed),
      instance !== null && element('p', { class: 'fine' }, 'Request ', element('code', {}, instance)),
    ),
  );
  first?.focus();
}

function setBusy(busy) {
  byId('busy').hidden = !busy;
  byId('cancel').hidden = !busy;
  byId('outcome').setAttribute('aria-busy', String(busy));
  byId('submit').textContent = busy ? 'Searching…' : 'Search';
  if (busy) byId('announce').textContent = 'Searching.';
}

/** Says how many cases there are to find; decoration, so a failure stays silent. */
async function showCorpus() {
  const response = await fetch('/api/status').catch(() => null);
  const status = response?.ok ? await response.json().catch(() => null) : null;
  const line = document.getElementById('corpus');
  if (status === null || line === null) return;
  line.textContent =
    status.release === null
      ? 'The first release is being prepared; the status page shows how far it has come.'
      : `${count(status.release.case_count)} published cases in release ${status.release.version}, compared facet by facet.`;
}

setUp();
