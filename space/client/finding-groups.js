// The findings of one result as chips, grouped by how query and case agree on them.

import { element, folded, isolated } from './dom.js';
import { FACET_LABELS, FACETS, percent, termWords } from './words.js';

const CHIPS_SHOWN = 8;
const TERMS_SHOWN = 8;

/**
 * Findings that both sides have, that contradict, and that the case lacks; then the words that both texts use.
 * @param {import('../../core/search/contract.ts').SearchResult} result
 */
export function findings(result) {
  const all = (kind) =>
    FACETS.flatMap((facet) => (result.facets[facet]?.[kind] ?? []).map((match) => ({ facet, match })));
  const groups = [
    ['matched', 'In both', all('matched')],
    ['contradicted', 'Says the opposite', all('contradicted')],
    ['missing', 'Only in your query', all('missing')],
  ].filter(([, , list]) => list.length > 0);
  const terms = result.lexical.terms.slice(0, TERMS_SHOWN);
  if (groups.length === 0 && terms.length === 0) return null;
  return element(
    'dl',
    { class: 'finding-groups' },
    groups.map(([kind, label, list]) =>
      element(
        'div',
        { 'data-kind': kind },
        element('dt', {}, `${label} `, element('span', { class: 'fine' }, String(list.length))),
        element(
          'dd',
          {},
          folded(
            list.map(({ facet, match }) => chip(kind, facet, match)),
            CHIPS_SHOWN,
            'ul',
            { class: 'chips' },
          ),
        ),
      ),
    ),
    terms.length > 0 &&
      element(
        'div',
        { 'data-kind': 'terms' },
        element('dt', {}, 'Shared words'),
        element(
          'dd',
          {},
          terms.flatMap((term, i) => [i === 0 ? '' : ', ', isolated(term)]),
        ),
      ),
  );
}

function chip(kind, facet, match) {
  const said = [match.query, match.case].filter(
    (words) => words !== null && words.toLowerCase() !== match.term.toLowerCase(),
  );
  const differ =
    kind !== 'missing' &&
    match.query !== null &&
    match.case !== null &&
    match.query.toLowerCase() !== match.case.toLowerCase();
  const words = differ
    ? [isolated(match.query), ' ↔ ', isolated(match.case)]
    : said.length > 0
      ? [isolated(said[0])]
      : [];
  return element(
    'li',
    {
      class: 'chip',
      'data-kind': kind,
      'data-facet': facet,
      title: `${FACET_LABELS[facet]}; agreement ${percent(match.agreement)}`,
    },
    element('span', { class: 'dot', 'data-facet': facet, 'aria-hidden': 'true' }),
    element('span', { class: 'visually-hidden' }, `${FACET_LABELS[facet]}: `),
    element('span', { class: 'chip-term' }, isolated(termWords(match.term))),
    words.length > 0 && element('span', { class: 'chip-words' }, words),
  );
}
