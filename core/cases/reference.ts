import { convert, type Substance } from './conversion.ts';
import { readNumber, SIGNS, tokenBehind } from './quantities.ts';
import { NUMBER, type Tokens } from './tokens.ts';
import { readUnit } from './units.ts';

/** A reference range as written, up to token `to`; `unit` where it has its own. */
export type Reference = {
  readonly low: number | null;
  readonly high: number | null;
  readonly unit: string | null;
  readonly to: number;
};

const OPENING = new Set(['(', '[']);
const LEADING = new Set([',', ';', '(', '[', ':']);
const NAMES = new Set('normal reference ref nr nv n rr norm uln lln upper lower cutoff cut'.split(' '));
const FILLERS = new Set(
  "range ranges value values limit limits interval level levels of for is was the normal reference laboratory our off r v l adult adults men women male males female females healthy : = , . - being are between s'".split(
    ' ',
  ),
);
const BELOW = new Set(['less', 'below', 'under']);
const ABOVE = new Set(['more', 'greater', 'above', 'over', 'higher']);
const DASHES = new Set(['-', '–', '—', '−', '~', 'to', 'and', '/']);
const FILLERS_MAX = 9;

type Side = 'high' | 'low' | null;

function sideOf(tokens: Tokens, at: number): { side: Side; to: number } | null {
  const word = tokens.word[at] ?? '';
  const sign = SIGNS[word];
  const behind = tokens.word[at + 1] === '=' ? at + 2 : at + 1;
  if (sign === '<' || sign === '<=') return { side: 'high', to: behind };
  if (sign === '>' || sign === '>=') return { side: 'low', to: behind };
  if (word === 'up' && tokens.word[at + 1] === 'to') return { side: 'high', to: at + 2 };
  const than = tokens.word[at + 1] === 'than' ? at + 2 : at + 1;
  if (BELOW.has(word)) return { side: 'high', to: than };
  return ABOVE.has(word) ? { side: 'low', to: than } : null;
}

function readBounds(text: string, tokens: Tokens, at: number, side: Side): Reference | null {
  if (tokens.kind[at] !== NUMBER) return null;
  const first = readNumber(tokens.word[at] ?? '');
  const unit = readUnit(text, tokens.end[at] ?? 0);
  let to = unit === null ? at + 1 : tokenBehind(tokens, at + 1, unit.end);
  if (side !== null)
    return { low: side === 'low' ? first : null, high: side === 'high' ? first : null, unit: unit?.code ?? null, to };
  if (!DASHES.has(tokens.word[to] ?? '') || tokens.kind[to + 1] !== NUMBER) return null;
  const second = readNumber(tokens.word[to + 1] ?? '');
  const last = readUnit(text, tokens.end[to + 1] ?? 0);
  to = last === null ? to + 2 : tokenBehind(tokens, to + 2, last.end);
  return second < first ? null : { low: first, high: second, unit: last?.code ?? unit?.code ?? null, to };
}

/**
 * The reference range at token `at`: `(normal 3.5-5.0)`, `ref <40`, `normal range: 135-145 mmol/L`, `upper limit of normal 40`,
 * or in brackets alone, `(135-145)`, `(<5)`.
 */
export function readReference(text: string, tokens: Tokens, at: number, end: number): Reference | null {
  let from = at;
  while (from < end && from < at + 2 && LEADING.has(tokens.word[from] ?? '')) from += 1;
  const bracketed = from > at && OPENING.has(tokens.word[from - 1] ?? '');
  if (tokens.word[from] === 'the') from += 1;
  const name = tokens.word[from] ?? '';
  if (!NAMES.has(name)) {
    if (!bracketed) return null;
    const open = sideOf(tokens, from);
    const bare = readBounds(text, tokens, open?.to ?? from, open?.side ?? null);
    return bare !== null && (tokens.word[bare.to] === ')' || tokens.word[bare.to] === ']') ? bare : null;
  }
  let side: Side = name === 'uln' || name === 'upper' ? 'high' : name === 'lln' || name === 'lower' ? 'low' : null;
  if ((name === 'upper' || name === 'lower') && !/^(?:limit|normal|reference)$/.test(tokens.word[from + 1] ?? ''))
    return null;
  for (let place = from + 1; place < Math.min(end, from + FILLERS_MAX); place += 1) {
    if (tokens.kind[place] === NUMBER) return readBounds(text, tokens, place, side);
    const stated = sideOf(tokens, place);
    if (stated !== null) {
      side = stated.side;
      place = stated.to - 1;
    } else if (!FILLERS.has(tokens.word[place] ?? '')) return null;
  }
  return null;
}

/** The bounds in the unit of the value they belong to; null where the units do not fit together. */
export function boundsIn(
  reference: Reference,
  unit: string | null,
  substance: Substance,
): readonly [number | null, number | null] | null {
  const { low, high } = reference;
  if (reference.unit === null || unit === null || reference.unit === unit) return [low, high];
  const lowIn = low === null ? null : convert(low, reference.unit, unit, substance);
  const highIn = high === null ? null : convert(high, reference.unit, unit, substance);
  return (lowIn === null) === (low === null) && (highIn === null) === (high === null) ? [lowIn, highIn] : null;
}
