// What an answer says as a whole, beside its results: what runs below its best, which weights were moved, which diagnoses are near.

import { bar, element, isolated } from './dom.js';
import { caseHref, count, percent, sentence } from './words.js';

const DIAGNOSES_SHOWN = 5;

/** @param {import('../../core/search/contract.ts').SearchAnswer} answer */
export function notes(answer) {
  return [degradedNotice(answer.degraded), exactNotice(answer), adjustments(answer.adjustments ?? [])];
}

function degradedNotice(lines) {
  if (lines.length === 0) return null;
  return element(
    'div',
    { class: 'notice' },
    element('strong', {}, 'Running below its best: '),
    lines.length === 1
      ? lines[0]
      : element(
          'ul',
          {},
          lines.map((line) => element('li', {}, line)),
        ),
  );
}

function exactNotice({ exact }) {
  return exact === false
    ? element(
        'p',
        { class: 'fine' },
        'Scores are exact, but the cases were chosen by an estimate first, since this release is large: it is very likely, not certain, that none is missing.',
      )
    : null;
}

function adjustments(rules) {
  const applied = rules.filter((rule) => rule.applied);
  if (applied.length === 0) return null;
  return element(
    'p',
    { class: 'adjusted fine' },
    element('strong', {}, 'Weights moved for this query: '),
    applied.flatMap(({ reason }, i) => [i === 0 ? '' : '; ', isolated(reason)]),
    '.',
  );
}

/** Diagnoses of the nearest cases, as a list with shares. */
export function rollup(answer) {
  const { of = 0, entries = [] } = answer.rollup ?? {};
  if (entries.length === 0) return null;
  const shown = entries.slice(0, DIAGNOSES_SHOWN);
  const rest = entries.slice(DIAGNOSES_SHOWN);
  return element(
    'section',
    { class: 'rollup', 'aria-labelledby': 'rollup-heading' },
    element('h3', { id: 'rollup-heading' }, `Diagnoses of the nearest ${count(of)} cases`),
    element('p', { class: 'fine' }, 'What was published, by how alike it is: never a diagnosis of your patient.'),
    element('ol', {}, shown.map(entry)),
    rest.length > 0 &&
      element(
        'details',
        { class: 'more' },
        element('summary', {}, `${rest.length} more`),
        element('ol', {}, rest.map(entry)),
      ),
  );
}

function entry({ diagnosis, cases, share, best_case_id: best }) {
  return element(
    'li',
    {},
    element('a', { href: caseHref(best), target: '_blank', rel: 'noopener', dir: 'auto' }, sentence(diagnosis)),
    element('span', { class: 'fine' }, `${count(cases)} ${cases === 1 ? 'case' : 'cases'}`),
    bar(share, 'whole'),
    element('span', { class: 'number' }, percent(share)),
  );
}
