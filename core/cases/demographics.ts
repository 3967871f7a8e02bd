import type { Sex } from '../../schema/vocabulary.ts';
import { type Age, ageAt, gestationAt, isAgeWord, sexLetterAfter, sexLetterAt } from './age-text.ts';
import type { Span } from './case.ts';
import { type Draft, makeFinding } from './findings.ts';
import type { Reading } from './reading.ts';
import { FAMILY } from './scopes.ts';
import { ORGAN_SEX, PRONOUN_SEX, SEX_OF, transgenderAt } from './sex-text.ts';
import type { Tokens } from './tokens.ts';
import { perWord } from './words.ts';

const NEWBORNS = new Set('neonate newborn neonatal newborns'.split(' '));
const AGE_GROUPS = new Map<string, string>([
  ['infant', 'infant'],
  ['baby', 'infant'],
  ['toddler', 'child'],
  ['child', 'child'],
  ['schoolboy', 'child'],
  ['schoolgirl', 'child'],
  ['adolescent', 'adolescent'],
  ['teenager', 'adolescent'],
  ['teenage', 'adolescent'],
  ['elderly', 'elderly'],
]);
const GENDERS = new Set('transgender transsexual trans assigned natal biological biologically'.split(' '));
const PERSON = 1;
const AGE_OR_NUMBER = 2;
const tellsOfPerson = perWord((word) => {
  const isPerson =
    NEWBORNS.has(word) ||
    GENDERS.has(word) ||
    [SEX_OF, PRONOUN_SEX, ORGAN_SEX, AGE_GROUPS].some((words) => words.has(word));
  return (isPerson ? PERSON : 0) | (/^\d/.test(word) || isAgeWord(word) ? AGE_OR_NUMBER : 0);
});
const BIRTH = new Set('born delivered birth premature preterm prematurely infant neonate newborn baby'.split(' '));
const OTHERS = new Set(
  'mother father brother sister son daughter sibling husband wife partner donor cousin uncle aunt'.split(' '),
);
// A report on a child names the organs of the mother.
const ORGANS_TELL_FROM_YEARS = 10;
const DECADE_YEARS = 10;
const BIRTH_REACH = 10;

type Place = { readonly at: number; readonly sentence: number };
type PlacedAge = Age & { readonly sentence: number };
type Told = {
  age: PlacedAge | null;
  newborn: Place | null;
  group: (Place & { readonly name: string }) | null;
  readonly gestations: (Place & {
    readonly weeks: number;
    readonly from: number;
    readonly to: number;
    readonly born: boolean;
  })[];
  readonly nouns: (Place & { readonly sex: Sex })[];
  readonly pronouns: Record<Sex, number>;
  readonly organs: Record<Sex, number>;
  gender: (Place & { readonly name: string; readonly to: number }) | null;
  assigned: (Place & { readonly sex: Sex; readonly to: number }) | null;
};

export type Demographics = {
  readonly ageYears: number | null;
  readonly sex: Sex | null;
  readonly drafts: readonly Draft[];
};

/** `34-year-old mother`, `male partner`: somebody else. */
function isOthers(tokens: Tokens, at: number): boolean {
  return OTHERS.has(tokens.word[at] ?? '');
}

/** An exact age told later takes the place of a decade that it does not contradict: `in her 50s … at 65 years of age`. */
function isBetter(age: Age, best: Age | null): boolean {
  if (best === null || age.strength > best.strength) return true;
  const isDecade = best.comparator === '~' && best.strength === 3;
  return isDecade && age.comparator === null && age.strength >= 2 && age.years >= best.years - DECADE_YEARS / 2;
}

function collect(reading: Reading): Told {
  const { text, tokens, scopes } = reading;
  const telling = tellsOfPerson(tokens.pool);
  const told: Told = {
    age: null,
    newborn: null,
    group: null,
    gestations: [],
    nouns: [],
    pronouns: { female: 0, male: 0 },
    organs: { female: 0, male: 0 },
    gender: null,
    assigned: null,
  };
  for (const [sentence, { from, to }] of reading.sentences.entries()) {
    if (!reading.story[sentence]) continue;
    for (let at = from; at < to; at += 1) {
      const kind = telling[tokens.id[at] ?? 0] ?? 0;
      if (kind === 0 || (scopes.bits[at] ?? 0) & FAMILY) continue;
      if (kind & AGE_OR_NUMBER) readAge(told, at, sentence, from, to);
      if (kind & PERSON) readPerson(told, at, sentence, to);
    }
  }
  return told;

  function readAge(into: Told, at: number, sentence: number, from: number, to: number): void {
    const age = ageAt(text, tokens, at, from, to);
    if (age !== null && isBetter(age, into.age) && !isOthers(tokens, age.to)) into.age = { ...age, sentence };
    const letter =
      age === null
        ? null
        : (sexLetterAfter(text, tokens, at) ??
          sexLetterAt(text, tokens, tokens.word[age.to] === '.' ? age.to + 1 : age.to));
    if (letter !== null)
      into.nouns.push({ at: letter, sentence, sex: tokens.word[letter] === 'm' ? 'male' : 'female' });
    const gestation = gestationAt(tokens, at, to);
    if (gestation === null) return;
    let born = false;
    for (let near = Math.max(from, gestation.from - BIRTH_REACH); near < Math.min(to, gestation.to + 2); near += 1)
      if (BIRTH.has(tokens.word[near] ?? '')) born = true;
    into.gestations.push({ ...gestation, at, sentence, born });
  }

  function readPerson(into: Told, at: number, sentence: number, to: number): void {
    const word = tokens.word[at] ?? '';
    const trans = transgenderAt(tokens, at, to);
    if (trans?.gender) into.gender ??= { at, sentence, name: trans.gender, to: trans.to };
    if (trans?.assigned) into.assigned ??= { at, sentence, sex: trans.assigned, to: trans.to };
    if (NEWBORNS.has(word)) into.newborn ??= { at, sentence };
    const name = AGE_GROUPS.get(word);
    if (name !== undefined) into.group ??= { at, sentence, name };
    const sex = SEX_OF.get(word);
    if (sex !== undefined && !isOthers(tokens, at + 1)) into.nouns.push({ at, sentence, sex });
    const pronoun = PRONOUN_SEX.get(word);
    if (pronoun !== undefined) into.pronouns[pronoun] += 1;
    const organ = ORGAN_SEX.get(word);
    if (organ !== undefined) into.organs[organ] += 1;
  }
}

function roundedAge(years: number): number {
  return years < 3 ? Math.round(years * 1000) / 1000 : Math.round(years * 10) / 10;
}

/** Age at presentation in years (a newborn is `~` 0, a decade `~` its middle) and sex, by words, pronouns or organs. */
export function findDemographics(reading: Reading): Demographics {
  const { tokens } = reading;
  const told = collect(reading);
  const span = (from: number, to: number): Span => [tokens.start[from] ?? 0, tokens.end[to - 1] ?? 0];
  const drafts: Draft[] = [];
  const ageDraft = (sentence: number, where: Span, value: number, comparator: Age['comparator']) =>
    drafts.push({
      sentence,
      finding: makeFinding({ term: 'age', assertion: 'present', span: where, value, unit: 'a', comparator }),
    });
  let ageYears: number | null = null;
  const isOnlyDeath = told.age?.strength === 1;
  if (told.age !== null && !(isOnlyDeath && (told.newborn !== null || told.group !== null))) {
    ageYears = roundedAge(told.age.years);
    ageDraft(told.age.sentence, span(told.age.from, told.age.to), ageYears, told.age.comparator);
  } else if (told.newborn !== null) {
    ageYears = 0;
    ageDraft(told.newborn.sentence, span(told.newborn.at, told.newborn.at + 1), 0, '~');
  } else if (told.group !== null)
    drafts.push({
      sentence: told.group.sentence,
      finding: makeFinding({
        term: 'age group',
        assertion: 'present',
        span: span(told.group.at, told.group.at + 1),
        qualifiers: [told.group.name],
      }),
    });
  for (const { sentence, from, to, weeks, born } of told.gestations)
    drafts.push({
      sentence,
      finding: makeFinding({
        term: 'gestational age',
        assertion: 'present',
        span: span(from, to),
        value: weeks,
        unit: 'wk',
        qualifiers: [born ? 'at birth' : 'of the pregnancy'],
      }),
    });
  const isYoung =
    (ageYears !== null && ageYears < ORGANS_TELL_FROM_YEARS) || (ageYears === null && told.group !== null);
  const sex = decideSex(reading, told, isYoung);
  if (told.gender !== null)
    drafts.push({
      sentence: told.gender.sentence,
      finding: makeFinding({
        term: 'gender',
        assertion: 'present',
        span: span(told.gender.at, told.gender.to),
        qualifiers: [told.gender.name],
      }),
    });
  if (sex !== null)
    drafts.push({
      sentence: sex.sentence,
      finding: makeFinding({
        term: 'sex',
        assertion: 'present',
        span: span(sex.at, sex.at + 1),
        qualifiers: [sex.sex],
      }),
    });
  return { ageYears, sex: sex?.sex ?? null, drafts };
}

/** The noun beside the age is the patient's; without an age the first one is, unless the pronouns say otherwise. */
function decideSex(reading: Reading, told: Told, isYoung: boolean): (Place & { readonly sex: Sex }) | null {
  // Of a transgender person, words of gender do not tell the sex; only what was assigned at birth does.
  if (told.gender !== null) return told.assigned;
  const { age, nouns } = told;
  const inSentence = age === null ? [] : nouns.filter((noun) => noun.sentence === age.sentence);
  const certain =
    inSentence.find((noun) => age !== null && noun.at >= age.from && noun.at <= age.to + 8) ??
    inSentence.find((noun) => age !== null && noun.at < age.from && noun.at >= age.from - 6);
  const noun = certain ?? nouns[0];
  const byPronoun = majority(told.pronouns);
  if (noun !== undefined && (certain !== undefined || byPronoun === null || byPronoun === noun.sex)) return noun;
  const sex = byPronoun ?? (isYoung ? null : majority(told.organs));
  const place = sex === null ? null : firstWordOf(reading, sex);
  return sex === null || place === null ? null : { ...place, sex };
}

function majority(counts: Readonly<Record<Sex, number>>): Sex | null {
  if (counts.female === counts.male) return null;
  return counts.female > counts.male ? 'female' : 'male';
}

function firstWordOf(reading: Reading, sex: Sex): Place | null {
  for (const [index, sentence] of reading.sentences.entries()) {
    if (!reading.story[index]) continue;
    for (let at = sentence.from; at < sentence.to; at += 1) {
      const word = reading.tokens.word[at] ?? '';
      if (PRONOUN_SEX.get(word) === sex || ORGAN_SEX.get(word) === sex) return { at, sentence: index };
    }
  }
  return null;
}
