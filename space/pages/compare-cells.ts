import { html } from 'hono/html';
import type { ComparedCell, ComparedMention, ComparedRow } from '../../core/search/compare.ts';
import { ASSERTION_LABELS, placeHref, termWords } from '../client/words.js';
import { amount, besideValue, trendWords, valueWords } from './case-words.ts';
import type { Html } from './layout.ts';

/** By which cases are told apart where there is no room for their names. */
export const LETTERS = ['A', 'B', 'C', 'D'] as const;

const QUOTE_CHARS_MAX = 90;
const DIGITS_MAX = 4;

const RELATION_WORDS: Readonly<Record<ComparedRow['relation'], string>> = {
  same: 'same',
  differs: 'differs',
  some: '',
};

export function termHeading({ term, relation }: ComparedRow): Html {
  const word = RELATION_WORDS[relation];
  return html`<bdi>${termWords(term)}</bdi>${word === '' ? '' : html` <span class="relation" data-relation="${relation}">${word}</span>`}`;
}

/** What one case says of one finding: its most telling mention, and how many more there are. */
export function findingCell(term: string, cell: ComparedCell, caseId: string): Html {
  const [mention, ...more] = cell ?? [];
  if (!mention)
    return html`<span class="unsaid" title="not mentioned"><span aria-hidden="true">–</span><span class="visually-hidden">not mentioned</span></span>`;
  return html`${mentionWords(term, mention)}${quoteLink(mention, caseId)}${
    more.length === 0
      ? ''
      : html`<span class="aside">and ${more.map((other) => briefly(term, other)).join('; ')}</span>`
  }`;
}

function mentionWords(term: string, mention: ComparedMention): Html {
  const { assertion, flag, trend, at, qualifiers = [] } = mention;
  const value = valueWords(rounded(term, mention));
  const said = assertion === 'present' && value !== '' ? '' : ASSERTION_LABELS[assertion];
  return html`<span class="said-so">${said === '' ? '' : html`<span class="status" data-assertion="${assertion}">${said}</span> `}<span class="value">${value}</span>${
    flag === undefined ? '' : html` <span class="flag" data-flag="${flag}">${flag}</span>`
  }${trend === undefined ? '' : html` <span class="trend">${trendWords(trend)}</span>`}</span>${[
    ...(qualifiers.length === 0 ? [] : [qualifiers.map(termWords).join(', ')]),
    ...besideValue(rounded(term, mention)),
    ...(mention.stated === undefined ? [] : [`stated as ${amount(mention.stated.value, mention.stated.unit)}`]),
    ...(at === undefined ? [] : [at]),
  ].map((words) => html`<span class="aside">${words}</span>`)}`;
}

/** A converted amount has no more digits than its text had. */
function rounded(term: string, mention: ComparedMention) {
  const { value, stated } = mention;
  const converted = value !== undefined && stated !== undefined;
  return { ...mention, term, ...(converted && { value: Number(value.toPrecision(DIGITS_MAX)) }) };
}

function quoteLink({ quote, span }: ComparedMention, caseId: string): Html | '' {
  if (quote === null) return '';
  const words = quote.length > QUOTE_CHARS_MAX ? `${quote.slice(0, QUOTE_CHARS_MAX)}…` : quote;
  return html`<a class="said-there" href="${placeHref(caseId, span)}"><q dir="auto">${words}</q></a>`;
}

function briefly(term: string, mention: ComparedMention): string {
  const { assertion, at } = mention;
  const value = valueWords(rounded(term, mention));
  return [value === '' ? ASSERTION_LABELS[assertion] : value, ...(at === undefined ? [] : [at])].join(', ');
}
