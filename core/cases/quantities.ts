import type { Comparator } from '../../schema/vocabulary.ts';
import { NUMBER, type Tokens } from './tokens.ts';
import { readUnit } from './units.ts';

/**
 * A number with what belongs to it: tokens [from, to), characters [start, end). `25-30 %` is its middle with the comparator
 * `~`; a titre `1:160` is 160 `{titer}`.
 */
export type Quantity = {
  readonly value: number;
  readonly comparator: Comparator | null;
  readonly unit: string | null;
  readonly from: number;
  readonly to: number;
  readonly start: number;
  readonly end: number;
};

/** `150,000` and `1,50,000` are grouped, `3,5` a decimal comma, `3·5` a raised point. NaN for dotted dates and versions (`1.2.3`). */
export function readNumber(written: string): number {
  if (/^\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d+)?$/.test(written)) return Number(written.replaceAll(',', ''));
  return Number(written.replace(',', '.').replace('·', '.'));
}

export const SIGNS: Readonly<Record<string, Comparator>> = {
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
const DASHES = new Set(['-', '–', '—', '−', '~', 'to', 'and']);
// A pair further apart is a change or a reference range rather than one amount.
const INTERVAL_RATIO_MAX = 3;

function comparatorBefore(tokens: Tokens, at: number): { comparator: Comparator | null; from: number } {
  const before = tokens.word[at - 1] ?? '';
  const sign = SIGNS[before];
  if (sign !== undefined) return { comparator: sign, from: at - 1 };
  if (before === '=' && (tokens.word[at - 2] === '<' || tokens.word[at - 2] === '>'))
    return { comparator: tokens.word[at - 2] === '<' ? '<=' : '>=', from: at - 2 };
  const word = WORDS[before];
  if (word !== undefined) return { comparator: word, from: at - 1 };
  const degree = tokens.word[at - 2];
  if (before === 'than') {
    if (degree === 'more' || degree === 'greater' || degree === 'higher') return { comparator: '>', from: at - 2 };
    if (degree === 'less' || degree === 'lower') return { comparator: '<', from: at - 2 };
  }
  if (before === 'least' && degree === 'at') return { comparator: '>=', from: at - 2 };
  return { comparator: null, from: at };
}

/** Reads the quantity whose number is token `at`; null where that token is no plain number. */
export function readQuantity(text: string, tokens: Tokens, at: number): Quantity | null {
  if (tokens.kind[at] !== NUMBER) return null;
  const spaced = isGroupedBySpace(tokens, at);
  const value = spaced ? Number(`${tokens.word[at]}${tokens.word[at + 1]}`) : readNumber(tokens.word[at] ?? '');
  if (!Number.isFinite(value)) return null;
  const { comparator, from } = comparatorBefore(tokens, at);
  const start = tokens.start[from] ?? 0;
  const last = spaced ? at + 1 : at;
  const numberEnd = tokens.end[last] ?? 0;
  const proportion = readProportion(tokens, at, value);
  if (proportion !== null) return { comparator, from, start, ...proportion };
  const unit = readUnit(text, numberEnd);
  const end = unit?.end ?? numberEnd;
  const to = tokenBehind(tokens, last + 1, end);
  const one = { value, comparator, unit: unit?.code ?? null, from, to, start, end };
  return comparator === null ? (readInterval(text, tokens, one) ?? one) : one;
}

/** `100 000`. */
function isGroupedBySpace(tokens: Tokens, at: number): boolean {
  return (
    tokens.kind[at + 1] === NUMBER &&
    /^[1-9]\d{0,2}$/.test(tokens.word[at] ?? '') &&
    /^\d{3}$/.test(tokens.word[at + 1] ?? '') &&
    (tokens.start[at + 1] ?? 0) - (tokens.end[at] ?? 0) === 1
  );
}

export function tokenBehind(tokens: Tokens, from: number, end: number): number {
  let to = from;
  while (to < tokens.count && (tokens.start[to] ?? 0) < end) to += 1;
  return to;
}

type Bare = Pick<Quantity, 'value' | 'unit' | 'to' | 'end'>;

/** `1:160` and `30:1`, written without a space. */
function readProportion(tokens: Tokens, at: number, value: number): Bare | null {
  const colon = at + 1;
  const second = at + 2;
  if (tokens.word[colon] !== ':' || tokens.kind[second] !== NUMBER) return null;
  if (tokens.start[second] !== tokens.end[colon]) return null;
  const other = readNumber(tokens.word[second] ?? '');
  const place = { to: second + 1, end: tokens.end[second] ?? 0 };
  if (value === 1 && other > 1) return { value: other, unit: '{titer}', ...place };
  return other === 1 ? { value, unit: '{ratio}', ...place } : null;
}

/** `from 3 to 9`, `from a baseline of 3 to 9`: two values. */
function isChange(tokens: Tokens, from: number): boolean {
  for (let at = from - 1; at >= Math.max(0, from - 5); at -= 1) if (tokens.word[at] === 'from') return true;
  return false;
}

/** `25-30 %`, `20%–25%`, `between 40 and 45 mg/dL`: one amount where both numbers share a unit. */
function readInterval(text: string, tokens: Tokens, first: Quantity): Quantity | null {
  const joint = tokens.word[first.to] ?? '';
  if (!DASHES.has(joint) || tokens.kind[first.to + 1] !== NUMBER) return null;
  if (joint === 'and' && tokens.word[first.from - 1] !== 'between') return null;
  if (joint === 'to' && isChange(tokens, first.from)) return null;
  const high = readNumber(tokens.word[first.to + 1] ?? '');
  const numberEnd = tokens.end[first.to + 1] ?? 0;
  const unit = readUnit(text, numberEnd);
  if (unit === null || (first.unit !== null && first.unit !== unit.code)) return null;
  if (!(high > first.value && high <= Math.max(first.value * INTERVAL_RATIO_MAX, 1))) return null;
  const middle = Number(((first.value + high) / 2).toPrecision(6));
  const to = tokenBehind(tokens, first.to + 2, unit.end);
  return { ...first, value: middle, comparator: '~', unit: unit.code, to, end: unit.end };
}
