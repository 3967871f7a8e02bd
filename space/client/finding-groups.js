// The findings of one result, grouped by how query and case agree on them: the words of both sides, and the way to their places.

import { element, isolated } from './dom.js';
import { ASSERTION_LABELS, FACET_LABELS, FACETS, percent, placeHref, termWords } from './words.js';

const ROWS_SHOWN = 5;
const TERMS_SHOWN = 8;
const KINDS = [
  ['matched', 'In both'],
  ['contradicted', 'Says the opposite'],
  ['missing', 'Only in your query'],
];

/**
 * @param {import('../../core/search/contract.ts').SearchResult} result
 * @param {{ seedCaseId: string | null, showInQuery: (facet: string, span: readonly [number, number], quote: string) => void }} asked
 */
export function findings(result, asked) {
  const groups = KINDS.map(([kind, label]) => ({ kind, label, rows: rowsOf(result, kind) })).filter(
    ({ rows }) => rows.length > 0,
  );
  const terms = result.lexical.terms.slice(0, TERMS_SHOWN);
  if (groups.length === 0 && terms.length === 0) return null;
  return element(
    'div',
    { class: 'finding-groups' },
    groups.length > 0 &&
      element(
        'table',
        { class: 'matches', role: 'table' },
        element('caption', { class: 'visually-hidden' }, 'Finding by finding'),
        element(
          'thead',
          {},
          element(
            'tr',
            {},
            ['Finding', 'Your case', 'This case'].map((side) => element('th', { scope: 'col' }, side)),
          ),
        ),
        groups.map((group) => groupOf(group, result, asked)),
      ),
    terms.length > 0 &&
      element(
        'p',
        { class: 'shared-words fine' },
        element('strong', {}, 'Shared words '),
        terms.flatMap((term, i) => [i === 0 ? '' : ', ', isolated(term)]),
      ),
  );
}

const rowsOf = (result, kind) =>
  FACETS.flatMap((facet) => (result.facets[facet]?.[kind] ?? []).map((match) => ({ facet, match })));

function groupOf({ kind, label, rows }, result, asked) {
  const nodes = rows.map(({ facet, match }) => row(kind, facet, match, result, asked));
  const rest = nodes.length <= ROWS_SHOWN + 1 ? [] : nodes.slice(ROWS_SHOWN);
  for (const node of rest) node.hidden = true;
  return element(
    'tbody',
    { 'data-kind': kind },
    element(
      'tr',
      { class: 'kind' },
      element(
        'th',
        { scope: 'rowgroup', colspan: 3 },
        label,
        ' ',
        element('span', { class: 'fine' }, String(rows.length)),
      ),
    ),
    nodes,
    rest.length > 0 && unfolding(rest, label),
  );
}

/** The row that shows the others of its group, and goes. */
function unfolding(rest, label) {
  const button = element(
    'button',
    { type: 'button', class: 'unfold' },
    `${rest.length} more`,
    element('span', { class: 'visually-hidden' }, ` (${label})`),
  );
  const last = element('tr', {}, element('td', { colspan: 3 }, button));
  button.addEventListener('click', () => {
    for (const node of rest) node.hidden = false;
    last.remove();
    rest[0].querySelector('.place')?.focus();
  });
  return last;
}

function row(kind, facet, match, result, asked) {
  return element(
    'tr',
    { 'data-facet': facet, title: `${FACET_LABELS[facet]}; agreement ${percent(match.agreement)}` },
    element(
      'th',
      { scope: 'row' },
      element('span', { class: 'dot', 'aria-hidden': 'true' }),
      element('span', { class: 'visually-hidden' }, `${FACET_LABELS[facet]}: `),
      isolated(termWords(match.term)),
    ),
    element('td', {}, asserted(kind, match, match.query_assertion), queryWords(facet, match, asked)),
    element(
      'td',
      {},
      asserted(kind, match, match.case_assertion),
      kind === 'missing' ? element('span', { class: 'fine' }, 'not mentioned') : caseWords(match, result),
    ),
  );
}

/** The words quoted are those of the finding alone, on both sides alike: "fever" of "no fever" too. Says which side denies it. */
function asserted(kind, { query_assertion: asked, case_assertion: found }, own) {
  const isDenial = asked === 'absent' || found === 'absent';
  return kind === 'contradicted' && isDenial && own && [element('strong', {}, ASSERTION_LABELS[own] ?? own), ' '];
}

/** Leads to its place: in the text that was pasted, or on the page of the case that was asked for. */
function queryWords(facet, { query, query_span: span }, { seedCaseId, showInQuery }) {
  if (query === null) return element('span', { class: 'fine' }, 'not shown');
  const words = element('q', { dir: 'auto' }, query);
  if (span === null) return words;
  if (seedCaseId !== null)
    return element(
      'a',
      { class: 'place', href: placeHref(seedCaseId, span), target: '_blank', rel: 'noopener' },
      words,
    );
  const button = element('button', { type: 'button', class: 'place', title: 'Show it in your text' }, words);
  button.addEventListener('click', () => showInQuery(facet, span, query));
  return button;
}

function caseWords({ term, case: words, case_term: own, case_span: span }, result) {
  if (words === null) {
    const named = own !== null && own !== term && [isolated(termWords(own)), ', '];
    return element('span', { class: 'fine' }, named, 'words not shown');
  }
  const quote = element('q', { dir: 'auto' }, words);
  if (span === null) return quote;
  return element(
    'a',
    {
      class: 'place',
      href: placeHref(result.case_id, span),
      target: '_blank',
      rel: 'noopener',
      title: 'Show it in the case',
    },
    quote,
    element('span', { class: 'visually-hidden' }, ' (its place in the case, opens in a new tab)'),
  );
}
