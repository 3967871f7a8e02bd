import type { Comparator } from '../../schema/vocabulary.ts';
import { MARK, NUMBER, type Tokens } from './tokens.ts';
import { readUnit } from './units.ts';

/** A number with what belongs to it: tokens [from, to), characters [start, end). */
export type Quantity = {
  readonly value: number;
  readonly comparator: Comparator | null;
  readonly unit: string | null;
  readonly from: number;
  readonly to: number;
  readonly start: number;
  readonly end: number;
};

/** `150,000` is grouped, `3,5` a decimal comma, `3·5` a raised point. NaN for dotted dates and versions (`1.2.3`). */
export function readNumber(written: string): number {
  if (/^\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(written)) return Number(written.replaceAll(',', ''));
  return Number(written.replace(',', '.').replace('·', '.'));
}

const SIGNS: Readonly<Record<string, Comparator>> = {
  '<': '<',
  '>': '>',
  '≤': '<=',
  '≥': '>=',
  '~': '~',
  '≈': '~',
  '∼': '~',
  '⩽': '<=',
  '⩾': '>=',
};
const WORDS: Readonly<Record<string, Comparator>> = {
  approximately: '~',
  about: '~',
  around: '~',
  over: '>',
  above: '>',
  exceeding: '>',
  below: '<',
  under: '<',
  nearly: '~',
  roughly: '~',
  almost: '~',
};

function comparatorBefore(tokens: Tokens, at: number): { comparator: Comparator | null; from: number } {
  const before = tokens.word[at - 1] ?? '';
  const sign = SIGNS[before];
  if (sign !== undefined) return { comparator: sign, from: at - 1 };
  if (before === '=' && (tokens.word[at - 2] === '<' || tokens.word[at - 2] === '>'))
    return { comparator: tokens.word[at - 2] === '<' ? '<=' : '>=', from: at - 2 };
  const word = WORDS[before];
  if (word !== undefined) return { comparator: word, from: at - 1 };
  if (before === 'than') {
    const degree = tokens.word[at - 2];
    if (degree === 'more' || degree === 'greater' || degree === 'higher') return { comparator: '>', from: at - 2 };
    if (degree === 'less' || degree === 'lower') return { comparator: '<', from: at - 2 };
  }
  return { comparator: null, from: at };
}

/** Reads the quantity whose number is token `at`; null where that token is no plain number. */
export function readQuantity(text: string, tokens: Tokens, at: number): Quantity | null {
  if (tokens.kind[at] !== NUMBER) return null;
  const value = readNumber(tokens.word[at] ?? '');
  if (!Number.isFinite(value)) return null;
  const { comparator, from } = comparatorBefore(tokens, at);
  const numberEnd = tokens.end[at] ?? 0;
  const unit = readUnit(text, numberEnd);
  const end = unit?.end ?? numberEnd;
  let to = at + 1;
  while (to < tokens.count && (tokens.start[to] ?? 0) < end) to += 1;
  return { value, comparator, unit: unit?.code ?? null, from, to, start: tokens.start[from] ?? 0, end };
}

export type Range = { readonly low: number | null; readonly high: number | null; readonly end: number };

// `(normal range: 0-15`, `(reference, <5`, `[N: 3.5 to 5`: at most some thirty characters before the numbers.
const RANGE =
  /[\s,;]{0,2}[([]?\s?(?:(?:normal|reference|ref\.?|n\.?r\.?|norm|rr|n)\b)[^0-9<>≤≥()[\]]{0,30}([<>≤≥])?\s?(\d{1,6}(?:[.,·]\d{1,4})?)(?:[^0-9()[\]]{0,12}?(?:-|–|—|−|~|to|\/)\s?(\d{1,6}(?:[.,·]\d{1,4})?))?/iy;
const BRACKETED =
  /\s?[([]\s?(\d{1,6}(?:[.,·]\d{1,4})?)\s?(?:-|–|—|−|to)\s?(\d{1,6}(?:[.,·]\d{1,4})?)\s?[^0-9()[\]]{0,12}[)\]]/y;

/** The reference range that stands right behind a value, in the unit of that value. */
export function readRange(text: string, at: number): Range | null {
  RANGE.lastIndex = at;
  const named = RANGE.exec(text);
  if (named !== null) {
    const [whole, sign, first, second] = named;
    const one = readNumber(first ?? '');
    const end = at + whole.length;
    if (second !== undefined) return { low: one, high: readNumber(second), end };
    if (sign === '<' || sign === '≤') return { low: null, high: one, end };
    if (sign === '>' || sign === '≥') return { low: one, high: null, end };
    return null;
  }
  BRACKETED.lastIndex = at;
  const bare = BRACKETED.exec(text);
  if (bare === null) return null;
  const [whole, low, high] = bare;
  return { low: readNumber(low ?? ''), high: readNumber(high ?? ''), end: at + whole.length };
}

// What may stand between a name and its value: `troponin I (hs-cTnI) level was markedly elevated at 12 ng/mL`.
const LINKS = new Set(
  (
    'of was were is are at level levels count counts value values to the a an serum plasma blood total concentration concentrations increased elevated decreased reduced raised low high normal peak peaked up from measured ' +
    'approximately about markedly slightly significantly only rose risen fell dropped reached been had has have found be still as with result results showed measuring around than more less over below above greater higher lower above ' +
    'normalized normalised remained stable kept constant cell ratio proliferation labeling mildly moderately severely extremely very both titer titers index rate score estimated initial maximum minimum his her mean time activity abnormal absolute range ranged ranging between nearly almost revealed exceeding under in admission on day'
  ).split(' '),
);
const LINK_MARKS = new Set(['(', ')', '[', ']', ':', '=', ',', '<', '>', '≤', '≥', '~', '≈', '∼', '-', '–']);
const LINK_TOKENS_MAX = 12;
const TIME_WORDS = new Set(
  'day days week weeks month months year years hour hours h yr min minutes minute weeks th st nd rd mg doses cycles times cases patients'.split(
    ' ',
  ),
);

/** The first quantity behind token `from` that belongs to a name ending there; `isAlias` admits further names of the same thing. */
export function quantityAfter(
  text: string,
  tokens: Tokens,
  from: number,
  end: number,
  isAlias: (token: number) => boolean,
): Quantity | null {
  const to = Math.min(end, from + LINK_TOKENS_MAX);
  for (let at = from; at < to; at += 1) {
    const word = tokens.word[at] ?? '';
    if (tokens.kind[at] === NUMBER) {
      const quantity = readQuantity(text, tokens, at);
      if (quantity === null) return null;
      if (quantity.unit === null) {
        // `on day 3`, `for 2 weeks`: not this name's value.
        if (tokens.word[at - 1] === 'day' || tokens.word[at - 1] === 'on') continue;
        const next =
          tokens.kind[quantity.to] === MARK && tokens.word[quantity.to] === '-' ? quantity.to + 1 : quantity.to;
        if (TIME_WORDS.has(tokens.word[next] ?? '')) return null;
      }
      return quantity;
    }
    if (tokens.kind[at] === MARK ? !LINK_MARKS.has(word) : !LINKS.has(word) && !isAlias(at)) return null;
  }
  return null;
}
