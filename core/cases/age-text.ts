import type { Comparator } from '../../schema/vocabulary.ts';
import { isHyphen, numberBefore, rangeBefore } from './numerals.ts';
import { NUMBER, type Tokens } from './tokens.ts';

const YEARS_PER: Readonly<Record<string, number>> = {
  hour: 1 / 8766,
  day: 1 / 365.25,
  week: 7 / 365.25,
  month: 1 / 12,
  year: 1,
};
const UNIT_OF = new Map<string, string>(
  Object.entries({
    year: 'year years yr yrs y yo yrold yearold',
    month: 'month months mo mos',
    week: 'week weeks wk wks',
    day: 'day days',
    hour: 'hour hours hr hrs h',
  }).flatMap(([unit, words]) => words.split(' ').map((word) => [word, unit] as const)),
);
const DECADES = new Map<string, number>(
  [...'tens twenties thirties forties fifties sixties seventies eighties nineties'.split(' ').entries()].map(
    ([index, word]) => [word, (index + 1) * 10],
  ),
);
const LATIN_DECADES = new Map<string, number>(
  [...'quadragenarian quinquagenarian sexagenarian septuagenarian octogenarian nonagenarian'.split(' ').entries()].map(
    ([index, word]) => [word, (index + 4) * 10],
  ),
);
const ORDINALS = new Map<string, number>(
  [...'first second third fourth fifth sixth seventh eighth ninth tenth'.split(' ').entries()].map(([index, word]) => [
    word,
    index + 1,
  ]),
);
const PERSONS = new Set(
  'patient patients child infant neonate newborn baby toddler adolescent teenager student worker farmer adult caucasian asian african white black japanese chinese indian hispanic american nurse teacher preterm term primigravida multigravida gravida para woman man female male girl boy lady gentleman transsexual'.split(
    ' ',
  ),
);
const DEATH = new Set('died death expired deceased demise succumbed'.split(' '));
const OVER: ReadonlyMap<string, Comparator> = new Map([
  ['over', '>'],
  ['about', '~'],
  ['approximately', '~'],
  ['around', '~'],
  ['nearly', '~'],
  ['almost', '~'],
]);
const DEATH_REACH = 6;
export const AGE_MAX = 120;
// A decade is entered at its middle.
const DECADE_MIDDLE = 5;
const DECADE_EARLY = 2;
const DECADE_LATE = 8;
const WEEKS_MIN = 20;
const WEEKS_MAX = 44;
const DAYS_PER_WEEK = 7;

/** Strength 4: `61-year-old`; 3: `45 years of age`; 2: `at the age of`; 1: the age at death. Tokens [from, to). */
export type Age = {
  readonly years: number;
  readonly from: number;
  readonly to: number;
  readonly comparator: Comparator | null;
  readonly strength: 1 | 2 | 3 | 4;
};

/** Whether a word can be part of an age. */
export function isAgeWord(word: string): boolean {
  return (
    UNIT_OF.has(word) ||
    DECADES.has(word) ||
    LATIN_DECADES.has(word) ||
    word === 'centenarian' ||
    word === 'decade' ||
    word === 'life'
  );
}

function skipMark(tokens: Tokens, at: number): number {
  const word = tokens.word[at];
  return isHyphen(word) || word === '.' || word === '/' ? at + 1 : at;
}

/** `3 years and` before `6 months`: the larger part of the same age. */
function largerPart(tokens: Tokens, to: number): { readonly years: number; readonly from: number } | null {
  let at = to - 1;
  while (isHyphen(tokens.word[at]) || tokens.word[at] === 'and' || tokens.word[at] === ',') at -= 1;
  const unit = UNIT_OF.get(tokens.word[at] ?? '');
  if (unit === undefined) return null;
  const number = numberBefore(tokens, at);
  return number === null ? null : { years: number.value * (YEARS_PER[unit] ?? 0), from: number.from };
}

/** Reads an age whose unit word is token `at`, within the sentence [floor, end). */
function ageWithUnit(tokens: Tokens, at: number, floor: number, end: number): Age | null {
  const unit = UNIT_OF.get(tokens.word[at] ?? '');
  if (unit === undefined) return null;
  const number = rangeBefore(tokens, at);
  if (number === null) return null;
  const larger = number.isRange ? null : largerPart(tokens, number.from);
  const own = number.value * (YEARS_PER[unit] ?? 1);
  const isCompound = larger !== null && larger.years > own;
  const years = isCompound ? larger.years + own : own;
  if (years > AGE_MAX) return null;
  const from = isCompound ? larger.from : number.from;
  const word = (index: number) => (index < end ? (tokens.word[index] ?? '') : '');
  const next = skipMark(tokens, at + 1);
  const before = word(from - 1);
  const comparator = number.isRange ? '~' : (OVER.get(before) ?? null);
  const age = (to: number, strength: Age['strength'], start = from): Age => {
    for (let back = Math.max(floor, start - DEATH_REACH); back < start; back += 1)
      if (DEATH.has(word(back)) && strength < 4) return { years, from: start, to, comparator: '<=', strength: 1 };
    return { years, from: start, to, comparator, strength };
  };
  if (word(at) === 'yo') return age(at + 1, 4);
  if (word(next) === 'old' || word(next) === 'olds') return age(next + 1, 4);
  if (word(next) === 'o' && unit === 'year') return age(next + 1, 4);
  if (word(next) === 'of' && word(next + 1) === 'age')
    return age(next + 2, before === 'at' || word(from - 2) === 'at' ? 2 : 3);
  if (word(next) === 'of' && word(next + 1) === 'life') return age(next + 2, 2);
  if (before === 'aged') return age(at + 1, 3, from - 1);
  if (before === 'of' && word(from - 2) === 'age') return age(at + 1, 2);
  if (before === 'age' || (before === ':' && word(from - 2) === 'age')) return age(at + 1, 3);
  // `a man of 60 years`
  if (before === 'of' && PERSONS.has(word(from - 2))) return age(at + 1, 3);
  // `a 37 years female`, `Patient, 54 years,`
  if (unit === 'year' && PERSONS.has(word(next))) return age(at + 1, 3);
  const person = before === ',' ? word(from - 2) : before;
  if (unit === 'year' && word(next) === ',' && PERSONS.has(person)) return age(at + 1, 2);
  return null;
}

/** `day 3 of life`, `in the seventh decade of life`. */
function ageOfLife(tokens: Tokens, at: number): Age | null {
  const word = (index: number) => tokens.word[index] ?? '';
  if (word(at) === 'decade') {
    const ordinal = ORDINALS.get(word(at - 1)) ?? (/^(?:st|nd|rd|th)$/.test(word(at - 1)) ? Number(word(at - 2)) : NaN);
    const ofLife = word(at + 1) === 'of' && (word(at + 2) === 'life' || word(at + 3) === 'life');
    if (!ofLife || !(ordinal >= 1 && ordinal <= 10)) return null;
    return { years: (ordinal - 1) * 10 + DECADE_MIDDLE, from: at - 1, to: at + 3, comparator: '~', strength: 3 };
  }
  if (word(at) !== 'life' || word(at - 1) !== 'of' || tokens.kind[at - 2] !== NUMBER || word(at - 3) !== 'day')
    return null;
  const days = Number(word(at - 2));
  return Number.isFinite(days)
    ? { years: days * (YEARS_PER.day ?? 0), from: at - 3, to: at + 1, comparator: null, strength: 2 }
    : null;
}

/** `in her 60s`, `in his late sixties`, `a septuagenarian`. */
function decadeAt(tokens: Tokens, at: number): Age | null {
  const word = tokens.word[at] ?? '';
  if (word === 'centenarian') return { years: 100, from: at, to: at + 1, comparator: '>=', strength: 3 };
  const latin = LATIN_DECADES.get(word);
  if (latin !== undefined) return { years: latin + DECADE_MIDDLE, from: at, to: at + 1, comparator: '~', strength: 3 };
  // The number and its `s` are two tokens.
  const numeric =
    tokens.kind[at] === NUMBER && tokens.word[at + 1] === 's' && tokens.start[at + 1] === tokens.end[at]
      ? Number(word)
      : Number.NaN;
  const decade = DECADES.get(word) ?? (numeric >= 10 && numeric <= 90 && numeric % 10 === 0 ? numeric : undefined);
  if (decade === undefined) return null;
  const back = isHyphen(tokens.word[at - 1]) ? at - 2 : at - 1;
  const stage = tokens.word[back] ?? '';
  const isStage = stage === 'early' || stage === 'mid' || stage === 'late' || stage === 'middle';
  const shift = stage === 'early' ? DECADE_EARLY : stage === 'late' ? DECADE_LATE : DECADE_MIDDLE;
  const possessive = isStage ? (tokens.word[back - 1] ?? '') : stage;
  if (!['his', 'her', 'the', 'their', 'in'].includes(possessive)) return null;
  return { years: decade + shift, from: at, to: DECADES.has(word) ? at + 1 : at + 2, comparator: '~', strength: 3 };
}

/** `aged 45`, `aged 40-45`, `45/M`, `35F`: ages without a unit. */
function bareAgeAt(text: string, tokens: Tokens, at: number): Age | null {
  if (tokens.kind[at] !== NUMBER) return null;
  const range = rangeBefore(tokens, at + 1);
  if (range === null || !(range.value <= AGE_MAX)) return null;
  // `aged 55 h` is read at its unit, `aged 40-45` at its second number.
  const next = isHyphen(tokens.word[at + 1]) || tokens.word[at + 1] === 'to' ? at + 2 : at + 1;
  if (UNIT_OF.has(tokens.word[next] ?? '') || (next === at + 2 && tokens.kind[next] === NUMBER)) return null;
  const before = tokens.word[range.from - 1] ?? '';
  const isNamed =
    before === 'aged' ||
    (before === 'age' && tokens.word[range.from - 2] !== 'of') ||
    (before === ':' && tokens.word[range.from - 2] === 'age');
  const age: Age = {
    years: range.value,
    from: range.from,
    to: at + 1,
    comparator: range.isRange ? '~' : null,
    strength: 2,
  };
  if (isNamed) return age;
  if (range.isRange || !Number.isInteger(range.value)) return null;
  return sexLetterAfter(text, tokens, at) === null ? null : age;
}

/** The token of the sex in `45/M`, `35F`; null where there is none. */
export function sexLetterAfter(text: string, tokens: Tokens, at: number): number | null {
  const slashed = tokens.word[at + 1] === '/';
  const letter = slashed ? at + 2 : at + 1;
  const word = tokens.word[letter];
  if (tokens.kind[at] !== NUMBER || (word !== 'm' && word !== 'f')) return null;
  if (slashed) return letter;
  const start = tokens.start[letter] ?? 0;
  // `35M`, but neither `35 m` nor the `1.5M` of a solution.
  const isGlued = start === tokens.end[at] && /[MF]/.test(text.charAt(start));
  return isGlued && /^\d{1,3}$/.test(tokens.word[at] ?? '') && at < 3 ? letter : null;
}

/** The token of the sex behind an age, as in `47 y.o. F`. */
export function sexLetterAt(text: string, tokens: Tokens, at: number): number | null {
  const start = tokens.start[at] ?? 0;
  return tokens.end[at] === start + 1 && /[MF]/.test(text.charAt(start)) ? at : null;
}

/** The age that token `at` tells, if any. */
export function ageAt(text: string, tokens: Tokens, at: number, floor: number, end: number): Age | null {
  return (
    ageWithUnit(tokens, at, floor, end) ?? ageOfLife(tokens, at) ?? decadeAt(tokens, at) ?? bareAgeAt(text, tokens, at)
  );
}

/** Weeks of gestation told at unit token `at`: `32 weeks of gestation`, `32+4 weeks`, `32 weeks and 4 days`, `a 30-week preterm`. */
export function gestationAt(
  tokens: Tokens,
  at: number,
  end: number,
): { readonly weeks: number; readonly from: number; readonly to: number } | null {
  if (UNIT_OF.get(tokens.word[at] ?? '') !== 'week') return null;
  const number = numberBefore(tokens, at);
  if (number === null) return null;
  const word = (index: number) => (index < end ? (tokens.word[index] ?? '') : '');
  let weeks = number.value;
  let from = number.from;
  if (word(from - 1) === '+') {
    const before = numberBefore(tokens, from - 1);
    if (before === null || weeks >= DAYS_PER_WEEK) return null;
    weeks = before.value + weeks / DAYS_PER_WEEK;
    from = before.from;
  } else if (word(from - 1) === '/' || word(number.from - 1) === '/') return null;
  let to = at + 1;
  if (word(to) === '+' && tokens.kind[to + 1] === NUMBER) {
    weeks += Number(word(to + 1)) / DAYS_PER_WEEK;
    to += 2;
  } else {
    const days = word(to) === 'and' || word(to) === ',' ? to + 1 : to;
    if (tokens.kind[days] === NUMBER && (word(days + 1) === 'days' || word(days + 1) === 'day')) {
      weeks += Number(word(days)) / DAYS_PER_WEEK;
      to = days + 2;
    }
  }
  if (!(weeks >= WEEKS_MIN && weeks < WEEKS_MAX)) return null;
  for (let ahead = to; ahead < Math.min(end, to + 4); ahead += 1)
    if (/^(?:gestation|gestational|pregnant|pregnancy|preterm|premature)$/.test(word(ahead)))
      return { weeks: Math.round(weeks * 100) / 100, from, to: ahead + 1 };
  const lead = word(from - 1) === 'of' || word(from - 1) === 'at' ? word(from - 2) : word(from - 1);
  const isLed = lead === 'gestation' || lead === 'pregnancy' || (lead === 'age' && word(from - 3) === 'gestational');
  return isLed ? { weeks: Math.round(weeks * 100) / 100, from, to } : null;
}
