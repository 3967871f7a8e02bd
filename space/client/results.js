// An answer of POST /api/search as elements: what was understood, what is degraded, then one card per result.

import { notes, rollup } from './answer-notes.js';
import { element, isolated } from './dom.js';
import { renderResult } from './result-card.js';
import { count, FACET_LABELS, FACETS, percent, sentence } from './words.js';

/**
 * @param {import('../../core/search/contract.ts').SearchAnswer} answer
 * @param asked what the results lead back to: `seedCaseId`, `showInQuery`, and `choose`, which gives the box to compare a case
 */
export function renderAnswer(answer, asked) {
  const found = answer.results.length;
  const heading = found === 0 ? 'No similar case' : `${count(found)} similar ${found === 1 ? 'case' : 'cases'}`;
  return element(
    'div',
    { class: 'answer' },
    element(
      'div',
      { class: 'answer-head' },
      element('h2', { id: 'results-heading', tabindex: '-1' }, heading),
      element('p', { class: 'fine' }, tookLine(answer)),
    ),
    notes(answer),
    understood(answer, asked.seedCaseId),
    rollup(answer),
    found === 0
      ? emptyNotice(answer)
      : element(
          'ol',
          { class: 'results' },
          answer.results.map((result, i) => renderResult(result, i + 1, answer, asked)),
        ),
    element('p', { class: 'fine after' }, element('strong', {}, answer.disclaimer), ` ${methodLine(answer)}`),
  );
}

function tookLine({ release, took_ms }) {
  const ms = took_ms < 10 ? took_ms.toFixed(1) : count(took_ms);
  return `${ms} ms · release ${release.version} · ${count(release.case_count)} cases`;
}

function methodLine({ engine, legs, thresholds_version, weights, release }) {
  const shares = FACETS.map((facet) => `${FACET_LABELS[facet].toLowerCase()} ${percent(weights[facet] ?? 0)}`);
  return `Engine ${engine}, compared by ${legs.join(', ')}; weights ${shares.join(', ')}; thresholds ${thresholds_version}; generation ${release.generation}.`;
}

function understood(answer, seedCaseId) {
  const rows = FACETS.filter((facet) => (answer.understood[facet] ?? []).length > 0).map((facet) =>
    element(
      'div',
      {},
      element(
        'dt',
        {},
        element('span', { class: 'dot', 'data-facet': facet, 'aria-hidden': 'true' }),
        ` ${FACET_LABELS[facet]}`,
      ),
      element(
        'dd',
        {},
        element(
          'ul',
          { class: 'chips' },
          answer.understood[facet].map((words) => element('li', { class: 'chip' }, isolated(words))),
        ),
      ),
    ),
  );
  const missing = FACETS.filter((facet) => (answer.understood[facet] ?? []).length === 0).map(
    (facet) => FACET_LABELS[facet],
  );
  const from = seedCaseId === null ? 'your text' : 'this case';
  if (rows.length === 0) {
    return element(
      'p',
      { class: 'notice' },
      `No clinical finding was recognised in ${from}; the search went by its words alone.`,
    );
  }
  return element(
    'details',
    { class: 'understood', open: answer.results.length === 0 },
    element('summary', {}, `Understood from ${from}`, element('span', { class: 'hint' }, summaryOf(answer))),
    element('dl', {}, rows),
    missing.length > 0 &&
      element(
        'p',
        { class: 'fine' },
        `Nothing was found for ${missing.join(', ')}: what is not there counts for nothing.`,
      ),
  );
}

function summaryOf(answer) {
  const counts = FACETS.map((facet) => [FACET_LABELS[facet], (answer.understood[facet] ?? []).length]).filter(
    ([, n]) => n > 0,
  );
  return ` ${counts.map(([label, n]) => `${label} ${n}`).join(' · ')}`;
}

function emptyNotice({ release, reason }) {
  const why =
    release.case_count === 0
      ? 'This release holds no cases yet.'
      : `${sentence(reason ?? 'nothing in this release is like your text')}. The release holds ${count(release.case_count)} cases.`;
  return element(
    'div',
    { class: 'panel empty' },
    element('p', {}, why),
    element('p', {}, 'What helps most:'),
    element(
      'ul',
      {},
      element('li', {}, 'widen or reset the filters (age, sex, years, rare only)'),
      element('li', {}, 'add what was measured: ECG, laboratory values with units, imaging'),
      element('li', {}, 'write in English, in whole words rather than local abbreviations'),
      element('li', {}, 'switch all comparisons on again under “Compare by”'),
    ),
  );
}
