import { type Draft, flagOf, makeFinding } from './findings.ts';
import { readNumber } from './quantities.ts';
import { assertionAt, type Mention, type Reading } from './reading.ts';
import { NUMBER } from './tokens.ts';
import type { VitalSign } from './vocabularies/vitals.ts';

/** A grade as it was found, and the tokens that it takes. */
export type Grade = { readonly draft: Draft; readonly from: number; readonly to: number };

const ROMAN: Readonly<Record<string, number>> = { i: 1, ii: 2, iii: 3, iv: 4 };
const COMA = /^e([1-4])v([1-5])m([1-6])$/;
const COMA_PARTS: readonly RegExp[] = [/^e([1-4])$/, /^v([1-5])$/, /^m([1-6])$/];
const NEAR = 6;
const ACUITY_WORDS: readonly (readonly [RegExp, string])[] = [
  [/^counting$/, 'counting fingers'],
  [/^finger$/, 'counting fingers'],
  [/^hand$/, 'hand movements'],
  [/^light$/, 'light perception'],
];
const EYES = new Set(['right', 'left', 'both', 'od', 'os', 'ou']);

type Fields = {
  readonly value?: number;
  readonly from: number;
  readonly to: number;
  readonly qualifiers?: readonly string[];
};

/** `NYHA class III`, `functional class II`. */
function classBehind(reading: Reading, mention: Mention, end: number): Fields | null {
  const { tokens } = reading;
  for (let at = mention.to; at < Math.min(end, mention.to + NEAR); at += 1) {
    const word = tokens.word[at] ?? '';
    const value = ROMAN[word] ?? (/^[1-4]$/.test(word) ? Number(word) : undefined);
    if (value !== undefined) return { value, from: at, to: at + 1 };
    if (word === ',' || word === ';' || word === 'and') return null;
  }
  return null;
}

/** `E4V5M6`, `E4 V5 M6`. */
function comaBehind(reading: Reading, mention: Mention, end: number): Fields | null {
  const { tokens } = reading;
  for (let at = mention.to; at < Math.min(end, mention.to + NEAR); at += 1) {
    const word = tokens.word[at] ?? '';
    const whole = COMA.exec(word);
    if (whole !== null) return { value: Number(whole[1]) + Number(whole[2]) + Number(whole[3]), from: at, to: at + 1 };
    const parts = COMA_PARTS.map((part, index) => part.exec(tokens.word[at + index] ?? '')?.[1]);
    if (parts.every((part) => part !== undefined))
      return { value: parts.reduce((sum, part) => sum + Number(part), 0), from: at, to: at + COMA_PARTS.length };
    if (tokens.kind[at] === NUMBER) return null;
  }
  return null;
}

type Fraction = { readonly over: number; readonly under: number };

function fractionAt(reading: Reading, at: number): Fraction | null {
  const { tokens } = reading;
  if (tokens.kind[at] !== NUMBER || tokens.word[at + 1] !== '/' || tokens.kind[at + 2] !== NUMBER) return null;
  return { over: readNumber(tokens.word[at] ?? ''), under: readNumber(tokens.word[at + 2] ?? '') };
}

/** `4/5`, before or behind the word; a strength without its grade is no measurement. */
function strengthBeside(reading: Reading, mention: Mention, floor: number, end: number): Fields | null {
  for (let at = mention.to; at < Math.min(end, mention.to + 10); at += 1) {
    const grade = fractionAt(reading, at);
    if (grade?.under === 5) return { value: grade.over, from: at, to: at + 3 };
  }
  for (let at = mention.from - 3; at >= Math.max(floor, mention.from - 4); at -= 1) {
    const grade = fractionAt(reading, at);
    if (grade?.under === 5) return { value: grade.over, from: at, to: at + 3 };
  }
  return null;
}

/** `20/100` is 0.2; `counting fingers` is a grade without a number. */
function acuityBehind(reading: Reading, mention: Mention, end: number): Fields | null {
  const { tokens } = reading;
  let eye: readonly string[] = [];
  for (let at = mention.to; at < Math.min(end, mention.to + 14); at += 1) {
    const word = tokens.word[at] ?? '';
    if (EYES.has(word)) eye = [`${word.replace('od', 'right').replace('os', 'left').replace('ou', 'both')} eye`];
    const fraction = fractionAt(reading, at);
    if (fraction !== null && (fraction.over === 20 || fraction.over === 6) && fraction.under > 0)
      return {
        value: Number((fraction.over / fraction.under).toPrecision(3)),
        from: at,
        to: at + 3,
        qualifiers: [...eye, `${fraction.over}/${fraction.under}`],
      };
    const worded = ACUITY_WORDS.find(([pattern]) => pattern.test(word));
    if (worded !== undefined) return { from: at, to: at + 2, qualifiers: [...eye, worded[1]] };
    if (word === ';') return null;
  }
  return null;
}

/** Grades that are not written as a plain number; null where the sign has none, or none stands there. */
export function gradeOf(reading: Reading, mention: Mention, vital: VitalSign): Grade | null {
  const { from: floor = 0, to: end = reading.tokens.count } = reading.sentences[mention.sentence] ?? {};
  const found =
    vital.term === 'nyha class'
      ? classBehind(reading, mention, end)
      : vital.term === 'glasgow coma scale'
        ? comaBehind(reading, mention, end)
        : vital.term === 'muscle strength'
          ? strengthBeside(reading, mention, floor, end)
          : vital.term === 'visual acuity'
            ? acuityBehind(reading, mention, end)
            : null;
  if (found === null) return null;
  const { tokens } = reading;
  const { value, qualifiers } = found;
  const start = Math.min(mention.start, tokens.start[found.from] ?? mention.start);
  const last = Math.max(mention.end, tokens.end[found.to - 1] ?? mention.end);
  const fits = value === undefined || (value >= vital.min && value <= vital.max);
  if (!fits) return null;
  const finding = makeFinding({
    term: vital.term,
    assertion: assertionAt(reading, mention.from, false),
    span: [start, last],
    value: value ?? null,
    unit: value === undefined ? null : vital.unit,
    flag: value === undefined ? 'low' : flagOf(value, vital.normal[0], vital.normal[1]),
    ...(qualifiers === undefined ? {} : { qualifiers }),
  });
  return { draft: { sentence: mention.sentence, finding }, from: found.from, to: found.to };
}
