import type { Comparator, Sex } from '../../schema/vocabulary.ts';
import { type Draft, makeFinding } from './findings.ts';
import { readNumber } from './quantities.ts';
import type { Reading } from './reading.ts';
import { FAMILY } from './scopes.ts';
import { NUMBER, type Tokens } from './tokens.ts';
import { perWord } from './words.ts';

const YEARS_PER: Readonly<Record<string, number>> = {
  hour: 1 / 8766,
  day: 1 / 365.25,
  week: 7 / 365.25,
  month: 1 / 12,
  year: 1,
};
const UNIT_OF = new Map<string, string>(
  Object.entries({
    year: 'year years yr yrs y yo yrold yearold years-old',
    month: 'month months mo mos',
    week: 'week weeks wk wks',
    day: 'day days',
    hour: 'hour hours hr hrs h',
  }).flatMap(([unit, words]) => words.split(' ').map((word) => [word, unit] as const)),
);
const SEX_OF = new Map<string, Sex>([
  ...'woman female girl lady women females girls gentlewoman schoolgirl housewife'
    .split(' ')
    .map((word) => [word, 'female'] as const),
  ...'man male boy gentleman men males boys schoolboy'.split(' ').map((word) => [word, 'male'] as const),
]);
const PERSONS = new Set(
  'patient patients child infant neonate newborn baby toddler adolescent teenager student worker farmer adult caucasian asian african white black japanese chinese indian hispanic american nurse teacher preterm term primigravida multigravida gravida para'.split(
    ' ',
  ),
);
const PRONOUN_SEX = new Map<string, Sex>([
  ['she', 'female'],
  ['her', 'female'],
  ['herself', 'female'],
  ['he', 'male'],
  ['his', 'male'],
  ['him', 'male'],
  ['himself', 'male'],
]);
const ORGAN_SEX = new Map<string, Sex>([
  ...'pregnant pregnancy uterus uterine ovary ovarian vaginal vagina cervix hysterectomy menopause postmenopausal gravida primigravida multigravida primigravid postpartum breastfeeding lactating vulvar endometrial parturient multiparous nulliparous'
    .split(' ')
    .map((word) => [word, 'female'] as const),
  ...'prostate prostatic testicular testis penile penis scrotal scrotum prostatectomy orchiectomy seminal'
    .split(' ')
    .map((word) => [word, 'male'] as const),
]);
const NUMERALS = new Map<string, number>([
  ...'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'
    .split(' ')
    .map((word, value) => [word, value] as const),
  ...'twenty thirty forty fifty sixty seventy eighty ninety'
    .split(' ')
    .map((word, index) => [word, (index + 2) * 10] as const),
]);
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
const NEWBORNS = new Set('neonate newborn neonatal newborns'.split(' '));
const AGE_GROUPS = new Map<string, string>([
  ['infant', 'infant'],
  ['toddler', 'child'],
  ['child', 'child'],
  ['adolescent', 'adolescent'],
  ['teenager', 'adolescent'],
  ['teenage', 'adolescent'],
  ['elderly', 'elderly'],
]);
const tellsOfPerson = perWord((word) =>
  /^\d/.test(word) ||
  NEWBORNS.has(word) ||
  [UNIT_OF, SEX_OF, PRONOUN_SEX, ORGAN_SEX, DECADES, LATIN_DECADES, AGE_GROUPS].some((words) => words.has(word))
    ? 1
    : 0,
);
const AGE_MAX = 120;
// A decade is entered at its middle.
const DECADE_MIDDLE = 5;

type Age = {
  readonly years: number;
  readonly from: number;
  readonly to: number;
  readonly comparator: Comparator | null;
  readonly strength: number;
};

/** Tokens [from, to) of the number that ends right before `to`: `52`, `fifty-two`, `1.5`. */
function numberBefore(tokens: Tokens, to: number): { value: number; from: number } | null {
  let at = to - 1;
  if (tokens.word[at] === '-' || tokens.word[at] === '–') at -= 1;
  if (tokens.kind[at] === NUMBER) {
    const value = readNumber(tokens.word[at] ?? '');
    return Number.isFinite(value) ? { value, from: at } : null;
  }
  // `4 and a half years old`
  if (tokens.word[at] === 'half' && tokens.word[at - 1] === 'a' && tokens.word[at - 2] === 'and') {
    const whole = numberBefore(tokens, at - 2);
    return whole === null ? null : { value: whole.value + 0.5, from: whole.from };
  }
  const ones = NUMERALS.get(tokens.word[at] ?? '');
  if (ones === undefined) return null;
  const joined = tokens.word[at - 1] === '-' ? at - 2 : at - 1;
  const tens = NUMERALS.get(tokens.word[joined] ?? '');
  if (ones < 10 && tens !== undefined && tens >= 20 && tens % 10 === 0) return { value: tens + ones, from: joined };
  return { value: ones, from: at };
}

function skipHyphen(tokens: Tokens, at: number): number {
  const word = tokens.word[at];
  return word === '-' || word === '–' || word === '.' || word === '/' ? at + 1 : at;
}

/** Reads an age whose unit word is token `at`; `strength` tells how sure it is the patient's age at presentation. */
function ageAt(tokens: Tokens, at: number, end: number): Age | null {
  const unit = UNIT_OF.get(tokens.word[at] ?? '');
  if (unit === undefined) return null;
  const number = numberBefore(tokens, at);
  if (number === null) return null;
  const years = number.value * (YEARS_PER[unit] ?? 1);
  if (years > AGE_MAX) return null;
  const word = (index: number) => (index < end ? (tokens.word[index] ?? '') : '');
  const next = skipHyphen(tokens, at + 1);
  const before = word(number.from - 1);
  const age = (to: number, strength: number): Age => ({ years, from: number.from, to, comparator: null, strength });
  if (word(at) === 'yo') return age(at + 1, 4);
  if (word(next) === 'old' || word(next) === 'olds') return age(next + 1, 4);
  if (word(next) === 'o' && unit === 'year') return age(next + 1, 4);
  if (word(next) === 'of' && word(next + 1) === 'age')
    return age(next + 2, before === 'at' || word(number.from - 2) === 'at' ? 2 : 3);
  if (before === 'aged') return { ...age(at + 1, 3), from: number.from - 1 };
  if (before === 'of' && word(number.from - 2) === 'age') return age(at + 1, 2);
  if (before === 'age' || (before === ':' && word(number.from - 2) === 'age')) return age(at + 1, 3);
  // `a 37 years female`, `Patient, 54 years,`
  if (unit === 'year' && (SEX_OF.has(word(next)) || PERSONS.has(word(next)))) return age(at + 1, 3);
  const person = before === ',' ? word(number.from - 2) : before;
  if (unit === 'year' && word(next) === ',' && (SEX_OF.has(person) || PERSONS.has(person))) return age(at + 1, 2);
  return null;
}

function decadeAt(tokens: Tokens, at: number): Age | null {
  const word = tokens.word[at] ?? '';
  const latin = LATIN_DECADES.get(word);
  if (latin !== undefined) return { years: latin + DECADE_MIDDLE, from: at, to: at + 1, comparator: '~', strength: 3 };
  // `in her 60s`, `in his late sixties`: the number and its `s` are two tokens.
  const numeric =
    tokens.kind[at] === NUMBER && tokens.word[at + 1] === 's' && tokens.start[at + 1] === tokens.end[at]
      ? Number(word)
      : Number.NaN;
  const decade = DECADES.get(word) ?? (numeric >= 10 && numeric <= 90 && numeric % 10 === 0 ? numeric : undefined);
  if (decade === undefined) return null;
  const stage = tokens.word[at - 1] ?? '';
  const shift = stage === 'early' ? 2 : stage === 'late' ? 8 : DECADE_MIDDLE;
  const possessive = ['early', 'mid', 'late', '-'].includes(stage) ? (tokens.word[at - 2] ?? '') : stage;
  if (!['his', 'her', 'the', 'their', 'mid', 'late', 'early'].includes(possessive)) return null;
  return { years: decade + shift, from: at, to: DECADES.has(word) ? at + 1 : at + 2, comparator: '~', strength: 3 };
}

/** `aged 45`, `age 45`, `45/M`, `(F, 45)`: ages without a unit. */
function bareAgeAt(tokens: Tokens, at: number): Age | null {
  if (tokens.kind[at] !== NUMBER) return null;
  const years = Number(tokens.word[at]);
  if (!Number.isInteger(years) || years > AGE_MAX) return null;
  const before = tokens.word[at - 1] ?? '';
  if (
    before === 'aged' ||
    (before === 'age' && tokens.word[at - 2] !== 'of') ||
    (before === ':' && tokens.word[at - 2] === 'age')
  )
    return { years, from: at, to: at + 1, comparator: null, strength: 2 };
  const after = tokens.word[at + 1] === '/' ? (tokens.word[at + 2] ?? '') : '';
  if (after === 'm' || after === 'f') return { years, from: at, to: at + 1, comparator: null, strength: 2 };
  return null;
}

export type Demographics = {
  readonly ageYears: number | null;
  readonly sex: Sex | null;
  readonly drafts: readonly Draft[];
};

/** Age at presentation in years (a newborn is `~` 0, a decade `~` its middle) and sex, by words, pronouns or organs. */
export function findDemographics(reading: Reading): Demographics {
  const { tokens, scopes } = reading;
  const telling = tellsOfPerson(tokens.pool);
  let best: (Age & { readonly sentence: number }) | null = null;
  let newborn: { at: number; sentence: number } | null = null;
  let group: { at: number; sentence: number; name: string } | null = null;
  const nouns: { at: number; sentence: number; sex: Sex }[] = [];
  const pronouns = { female: 0, male: 0 };
  const organs = { female: 0, male: 0 };
  for (const [index, sentence] of reading.sentences.entries()) {
    if (!reading.story[index]) continue;
    for (let at = sentence.from; at < sentence.to; at += 1) {
      if (telling[tokens.id[at] ?? 0] === 0 || (scopes.bits[at] ?? 0) & FAMILY) continue;
      const word = tokens.word[at] ?? '';
      const age = ageAt(tokens, at, sentence.to) ?? decadeAt(tokens, at) ?? bareAgeAt(tokens, at);
      if (age !== null && (best === null || age.strength > best.strength) && !isOthers(tokens, age.to))
        best = { ...age, sentence: index };
      if (newborn === null && NEWBORNS.has(word)) newborn = { at, sentence: index };
      const groupName = AGE_GROUPS.get(word);
      if (group === null && groupName !== undefined) group = { at, sentence: index, name: groupName };
      const sex = SEX_OF.get(word);
      if (sex !== undefined && !isOthers(tokens, at + 1)) nouns.push({ at, sentence: index, sex });
      const pronoun = PRONOUN_SEX.get(word);
      if (pronoun !== undefined) pronouns[pronoun] += 1;
      const organ = ORGAN_SEX.get(word);
      if (organ !== undefined) organs[organ] += 1;
    }
  }
  const drafts: Draft[] = [];
  const span = (from: number, to: number) => [tokens.start[from] ?? 0, tokens.end[to - 1] ?? 0] as const;
  let ageYears: number | null = null;
  if (best !== null) {
    ageYears = best.years < 3 ? Math.round(best.years * 1000) / 1000 : Math.round(best.years * 10) / 10;
    drafts.push({
      sentence: best.sentence,
      finding: makeFinding({
        term: 'age',
        assertion: 'present',
        span: span(best.from, best.to),
        value: ageYears,
        unit: 'a',
        comparator: best.comparator,
      }),
    });
  } else if (newborn !== null) {
    ageYears = 0;
    drafts.push({
      sentence: newborn.sentence,
      finding: makeFinding({
        term: 'age',
        assertion: 'present',
        span: span(newborn.at, newborn.at + 1),
        value: 0,
        unit: 'a',
        comparator: '~',
      }),
    });
  } else if (group !== null)
    drafts.push({
      sentence: group.sentence,
      finding: makeFinding({
        term: 'age group',
        assertion: 'present',
        span: span(group.at, group.at + 1),
        qualifiers: [group.name],
      }),
    });

  // The noun beside the age is the patient's; without an age the first one is, unless the pronouns say otherwise.
  const near =
    best === null
      ? undefined
      : nouns.find((noun) => noun.sentence === best.sentence && noun.at >= best.to && noun.at <= best.to + 8);
  const nearBefore =
    best === null
      ? undefined
      : nouns.find((noun) => noun.sentence === best.sentence && noun.at < best.from && noun.at >= best.from - 6);
  const noun = near ?? nearBefore ?? nouns[0];
  const byPronoun = majority(pronouns);
  const certain = near ?? nearBefore;
  if (noun !== undefined && (certain !== undefined || byPronoun === null || byPronoun === noun.sex)) {
    drafts.push({
      sentence: noun.sentence,
      finding: makeFinding({
        term: 'sex',
        assertion: 'present',
        span: span(noun.at, noun.at + 1),
        qualifiers: [noun.sex],
      }),
    });
    return { ageYears, sex: noun.sex, drafts };
  }
  const sex = byPronoun ?? majority(organs);
  const place = sex === null ? null : firstWordOf(reading, sex);
  if (sex !== null && place !== null)
    drafts.push({
      sentence: place.sentence,
      finding: makeFinding({
        term: 'sex',
        assertion: 'present',
        span: span(place.at, place.at + 1),
        qualifiers: [sex],
      }),
    });
  return { ageYears, sex: place === null ? null : sex, drafts };
}

const OTHERS = new Set(
  'mother father brother sister son daughter sibling husband wife partner donor cousin uncle aunt'.split(' '),
);

/** `34-year-old mother`, `male partner`: somebody else. */
function isOthers(tokens: Tokens, at: number): boolean {
  return OTHERS.has(tokens.word[at] ?? '');
}

function majority(counts: Readonly<Record<Sex, number>>): Sex | null {
  if (counts.female === counts.male) return null;
  return counts.female > counts.male ? 'female' : 'male';
}

function firstWordOf(reading: Reading, sex: Sex): { at: number; sentence: number } | null {
  for (const [index, sentence] of reading.sentences.entries()) {
    if (!reading.story[index]) continue;
    for (let at = sentence.from; at < sentence.to; at += 1) {
      const word = reading.tokens.word[at] ?? '';
      if (PRONOUN_SEX.get(word) === sex || ORGAN_SEX.get(word) === sex) return { at, sentence: index };
    }
  }
  return null;
}
