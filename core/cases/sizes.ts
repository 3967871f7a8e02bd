import { readNumber } from './quantities.ts';
import type { Mention, Reading } from './reading.ts';
import { NUMBER } from './tokens.ts';
import { readUnit } from './units.ts';

/** The size of something seen: in millimetres, largest first as written (`26 x 34 mm`), and where its words stand. */
export type Size = { readonly text: string; readonly start: number; readonly end: number };

const CROSSES = new Set(['x', '×', '*', 'by', 'х']);
const MM_PER: Readonly<Record<string, number>> = { mm: 1, cm: 10 };
const BEFORE = 7;
const BEHIND = 9;
const DIMENSIONS_MAX = 3;
const LINKS = new Set(
  'measuring measured measures of with a an the in size diameter approximately about up to ( = : was were which sized maximum maximal and is max largest dimension dimensions , its'.split(
    ' ',
  ),
);

/** `2.6 × 3.4 × 5 cm` from its first number on; each number may carry the unit. */
function sizeAt(reading: Reading, from: number): (Size & { readonly to: number }) | null {
  const { tokens, text } = reading;
  const numbers: number[] = [];
  let unit: string | null = null;
  let at = from;
  let end = 0;
  while (tokens.kind[at] === NUMBER && numbers.length < DIMENSIONS_MAX) {
    numbers.push(readNumber(tokens.word[at] ?? ''));
    end = tokens.end[at] ?? 0;
    const hyphened = tokens.word[at + 1] === '-' ? end + 1 : end;
    const written = readUnit(text, hyphened);
    if (written !== null) {
      if (MM_PER[written.code] === undefined) return null;
      unit = written.code;
      ({ end } = written);
    }
    at += 1;
    while (at < tokens.count && (tokens.start[at] ?? 0) < end) at += 1;
    if (!CROSSES.has(tokens.word[at] ?? '')) break;
    at += 1;
  }
  const scale = unit === null ? undefined : MM_PER[unit];
  if (scale === undefined || numbers.some((one) => !Number.isFinite(one))) return null;
  const millimetres = numbers.map((one) => Number((one * scale).toPrecision(4)));
  return { text: `${millimetres.join(' x ')} mm`, start: tokens.start[from] ?? 0, end, to: at };
}

/** The size that stands right before a finding (`a 3 × 4 cm mass`) or behind it (`a mass measuring 3 cm`, `mass (3 cm)`). */
export function sizeBeside(reading: Reading, mention: Mention): Size | null {
  const { tokens } = reading;
  const sentence = reading.sentences[mention.sentence];
  const floor = Math.max(sentence?.from ?? 0, mention.from - BEFORE);
  for (let at = floor; at < mention.from; at += 1) {
    if (tokens.kind[at] !== NUMBER) continue;
    const size = sizeAt(reading, at);
    // Adjectives may stand between, but no comma: `3 cm, and a mass` are two things.
    if (size !== null && size.to <= mention.from) {
      const between = tokens.word.slice(size.to, mention.from);
      if (between.length <= 3 && between.every((word) => /^\p{L}|^-$/u.test(word) && word !== 'and')) return size;
    }
    if (size !== null) at = size.to - 1;
  }
  const end = Math.min(sentence?.to ?? tokens.count, mention.to + BEHIND);
  for (let at = mention.to; at < end; at += 1) {
    if (tokens.kind[at] === NUMBER) return sizeAt(reading, at);
    if (!LINKS.has(tokens.word[at] ?? '')) return null;
  }
  return null;
}
