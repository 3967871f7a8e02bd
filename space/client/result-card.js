// One result as a card. Every bar has its number beside it; every colour has a word.

import { bar, element, folded, isolated } from './dom.js';
import { findings } from './finding-groups.js';
import {
  caseHref,
  FACET_LABELS,
  FACETS,
  NOTICE_LABELS,
  percent,
  percentile,
  placeHref,
  safeHref,
  sentence,
} from './words.js';

const QUOTES_SHOWN = 3;
const ALERT_LABELS = { routine: 'Worth a look', significant: 'Significant match', critical: 'Critical match' };

/**
 * @param {import('../../core/search/contract.ts').SearchResult} result
 * @param {number} rank from 1
 * @param {import('../../core/search/contract.ts').SearchAnswer} answer
 * @param asked as `renderAnswer` takes it
 */
export function renderResult(result, rank, answer, asked) {
  const headingId = `result-${rank}`;
  return element(
    'li',
    {},
    element(
      'article',
      { class: 'result', 'aria-labelledby': headingId },
      header(result, rank, headingId),
      notices(result),
      verdict(result),
      composition(result),
      element(
        'details',
        { class: 'why', open: opensBeside(rank) },
        element('summary', {}, 'Why it is similar', element('span', { class: 'hint' }, whyLine(result))),
        element('div', { class: 'result-body' }, findings(result, asked), evidence(result), scores(result, answer)),
      ),
      foot(result, asked),
    ),
  );
}

/** The first results come unfolded; on a phone only the very first, so that the list can be overlooked. */
function opensBeside(rank) {
  return rank <= (matchMedia('(min-width: 60rem)').matches ? 3 : 1);
}

/** One bar for the whole score, each part as wide as what it adds. The table below has the same as numbers. */
function composition(result) {
  const parts = [
    ...FACETS.map((facet) => [facet, result.facets[facet]?.contribution ?? 0]),
    ['lexical', result.lexical.contribution],
    ['whole', result.whole.contribution],
  ];
  const segments = parts
    .filter(([, adds]) => adds > 0)
    .map(([name, adds]) => {
      const segment = element('span', { 'data-facet': name, title: `${FACET_LABELS[name]} adds ${adds.toFixed(2)}` });
      segment.style.width = `${Math.min(100, adds * 100)}%`;
      return segment;
    });
  return element('div', { class: 'composition', 'aria-hidden': 'true' }, segments);
}

function whyLine(result) {
  const total = (kind) => FACETS.reduce((n, facet) => n + (result.facets[facet]?.[kind].length ?? 0), 0);
  const parts = [
    [total('matched'), 'in both'],
    [total('contradicted'), 'opposite'],
    [total('missing'), 'only in the query'],
  ];
  return parts
    .filter(([n]) => n > 0)
    .map(([n, label]) => `${n} ${label}`)
    .join(' · ');
}

function header(result, rank, headingId) {
  return element(
    'header',
    { class: 'result-head' },
    element('span', { class: 'rank', 'aria-label': `Rank ${rank}` }, String(rank)),
    element(
      'div',
      { class: 'result-title' },
      element(
        'h3',
        { id: headingId },
        element(
          'a',
          { href: caseHref(result.case_id), target: '_blank', rel: 'noopener', dir: 'auto' },
          result.title,
          newTab(),
        ),
      ),
      element(
        'p',
        { class: 'result-diagnosis' },
        element('span', { class: 'label' }, 'Diagnosis '),
        result.diagnosis === null ? element('span', { class: 'label' }, 'not stated') : isolated(result.diagnosis),
      ),
    ),
    element(
      'p',
      { class: 'result-score' },
      element('strong', {}, result.score.toFixed(2)),
      element('span', {}, 'score'),
    ),
  );
}

/** What was published about the report since. */
function notices(result) {
  return (result.notices ?? []).map(({ kind, reference }) =>
    element(
      'p',
      { class: 'notice', role: 'note' },
      element('strong', {}, NOTICE_LABELS[kind] ?? kind),
      reference === null ? '' : [': ', isolated(reference)],
    ),
  );
}

function verdict(result) {
  const level = result.flagged ? (result.alert_level ?? 'routine') : null;
  return element(
    'div',
    { class: 'verdict' },
    closeness(result.percentile),
    element(
      'p',
      { class: 'alert', 'data-level': level ?? 'none' },
      element('span', { class: 'badge' }, level === null ? 'Not flagged' : (ALERT_LABELS[level] ?? level)),
      ' ',
      isolated(sentence(result.flag_reason.replace('not flagged: ', ''))),
    ),
    result.rare &&
      element(
        'p',
        { class: 'rarity' },
        element('span', { class: 'badge rare' }, 'Rare'),
        ' ',
        isolated(result.rare_reason ?? ''),
      ),
    confidence(result.confidence),
    alsoFor(result.folded ?? []),
  );
}

/** How far the match may be relied on, by what that was raised or lowered, and what holds without being counted. */
function confidence(given) {
  if (given === undefined) return null;
  // Cut and not rounded: nothing is certain.
  const line = ['Confidence ', element('strong', {}, percent(Math.min(0.99, given.value)))];
  const counted = given.factors.filter(({ change }) => change !== 0);
  if (given.factors.length === 0) return element('p', { class: 'confidence' }, line);
  return element(
    'details',
    { class: 'confidence' },
    element(
      'summary',
      {},
      line,
      element(
        'span',
        { class: 'hint' },
        counted.length > 0
          ? ` ${counted.map(({ name }) => name.replaceAll('_', ' ')).join(' · ')}`
          : ' what to keep in mind',
      ),
    ),
    element(
      'ul',
      {},
      given.factors.map(({ change, reason }) =>
        element(
          'li',
          {},
          element('span', { class: 'change' }, change === 0 ? 'not counted' : signed(change)),
          ' ',
          isolated(reason),
        ),
      ),
    ),
  );
}

const signed = (change) => `${change < 0 ? '−' : '+'}${Math.abs(Math.round(change * 100))}`;

/** Other patients of the report, and nearly the same cases, that this one stands for. */
function alsoFor(ids) {
  if (ids.length === 0) return null;
  return element(
    'p',
    { class: 'folded fine' },
    `Stands for ${ids.length} more of this report or nearly the same: `,
    ids.flatMap((id, i) => [
      i === 0 ? '' : ', ',
      element('a', { href: caseHref(id), target: '_blank', rel: 'noopener' }, isolated(id)),
    ]),
  );
}

function closeness(value) {
  if (value >= 100)
    return element('p', { class: 'closer' }, 'Closer than ', element('strong', {}, 'all'), ' random pairs');
  return element(
    'p',
    { class: 'closer' },
    'Closer than ',
    element('strong', {}, percentile(value)),
    ' of random pairs',
  );
}

function scores(result, answer) {
  const rows = FACETS.flatMap((facet) => {
    const score = result.facets[facet];
    return score === undefined ? [] : [facetRow(facet, score, answer)];
  });
  const { lexical, whole } = result;
  return element(
    'table',
    { class: 'scores' },
    element('caption', {}, 'What makes up the score'),
    element(
      'thead',
      {},
      element(
        'tr',
        {},
        ['Facet', 'Alike', 'Weight', 'Adds'].map((label) => element('th', { scope: 'col' }, label)),
      ),
    ),
    element(
      'tbody',
      {},
      rows,
      lexical.contribution > 0 && plainRow('lexical', lexical),
      whole.contribution > 0 && plainRow('whole', whole),
    ),
  );
}

function facetRow(facet, { score, weight, contribution }, answer) {
  const silent = (answer.understood[facet] ?? []).length === 0 ? 'not in query' : 'not in case';
  return element(
    'tr',
    { 'data-facet': facet },
    element('th', { scope: 'row' }, FACET_LABELS[facet]),
    element(
      'td',
      { class: 'alike' },
      score === null ? element('span', { class: 'fine' }, silent) : [bar(score, facet), number(score)],
    ),
    element('td', {}, percent(weight)),
    element('td', {}, `+${contribution.toFixed(2)}`),
  );
}

function plainRow(name, { score, contribution }) {
  return element(
    'tr',
    { 'data-facet': name },
    element('th', { scope: 'row' }, FACET_LABELS[name]),
    element('td', { class: 'alike' }, bar(score, name), number(score)),
    element('td', {}, '–'),
    element('td', {}, `+${contribution.toFixed(2)}`),
  );
}

const number = (value) => element('span', { class: 'number' }, value.toFixed(2));

function evidence(result) {
  if (result.text_withheld)
    return element('p', { class: 'fine' }, `No words of the case are shown: ${result.text_withheld}.`);
  if (result.evidence.length === 0) return null;
  const quotes = result.evidence.map(({ facet, quote, span }) =>
    element(
      'li',
      { class: 'quote', 'data-facet': facet },
      element('span', { class: 'quote-facet' }, FACET_LABELS[facet] ?? facet),
      element(
        'a',
        { class: 'place', href: placeHref(result.case_id, span), target: '_blank', rel: 'noopener' },
        element('q', { dir: 'auto' }, quote),
        newTab(),
      ),
    ),
  );
  return element(
    'div',
    { class: 'evidence' },
    element('h4', {}, 'What the case says'),
    folded(quotes, QUOTES_SHOWN, 'ul', { class: 'quotes' }),
  );
}

function foot(result, { choose }) {
  const source = safeHref(result.url);
  return element(
    'footer',
    { class: 'result-foot' },
    element(
      'p',
      { class: 'citation', dir: 'auto' },
      result.citation,
      ' ',
      element('span', { class: 'licence' }, result.licence ?? 'licence not stated'),
    ),
    element(
      'p',
      { class: 'links' },
      choose(result.case_id),
      element('a', { href: caseHref(result.case_id), target: '_blank', rel: 'noopener' }, 'Read the case', newTab()),
      source !== null &&
        element('a', { href: source, target: '_blank', rel: 'noopener noreferrer' }, 'Source ↗', newTab()),
      element(
        'a',
        { href: `/?case=${encodeURIComponent(result.case_id)}`, target: '_blank', rel: 'noopener' },
        'Similar to this one',
        newTab(),
      ),
    ),
  );
}

const newTab = () => element('span', { class: 'visually-hidden' }, ' (opens in a new tab)');
