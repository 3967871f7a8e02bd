import type { CaseOutcome, Span } from './case.ts';
import type { Reading } from './reading.ts';
import { bitsOf } from './tokens.ts';
import { ARRIVAL, AT_THE_END, NOT_THE_DEATH, NOT_THE_END, OUTCOME_STATEMENTS } from './vocabularies/outcomes.ts';
import { bitsPerWord, perWord } from './words.ts';

const statementsPerWord = bitsPerWord(OUTCOME_STATEMENTS.map(({ words }) => words));
const NEGATED =
  /\b(?:no|not|without|never|nor|incomplete(?:ly)?|lack of|free (?:of|from)|absence of|any)\b[^.;,]{0,40}$/;
// What is said before a third of the story is told, and not of its end, belongs to what came before.
const EARLY = 0.35;
const HALF = 0.5;
const END_BONUS = 2;
const PLACE_BONUS = 4;

/** How it ended, after the last statement that says so surest; unknown where none does. */
export function findOutcome(reading: Reading): CaseOutcome {
  const { text, tokens, sentences, story } = reading;
  const statements = statementsPerWord(tokens.pool);
  const mayFollow = spansPerWord(tokens.pool);
  const own = sentences.map((_, index) => index).filter((index) => story[index]);
  let status: CaseOutcome['status'] = 'unknown';
  let span: Span | null = null;
  let best = 0;
  let followUpMonths: number | null = null;
  for (const [place, index] of own.entries()) {
    const sentence = sentences[index];
    if (sentence === undefined) continue;
    const possible = bitsOf(statements, tokens, sentence.from, sentence.to);
    const spans = bitsOf(mayFollow, tokens, sentence.from, sentence.to);
    if (possible === 0 && spans === 0) continue;
    const written = text.slice(sentence.start, sentence.end);
    const lower = written.toLowerCase();
    if (lower.length !== written.length) continue;
    const position = own.length > 1 ? place / (own.length - 1) : 1;
    const isEnd = AT_THE_END.test(lower);
    if (spans !== 0 && (position > EARLY || isEnd)) {
      const months = followUpIn(lower, position);
      if (months !== null && months > (followUpMonths ?? 0)) followUpMonths = months;
    }
    if (possible === 0 || (position < EARLY && !isEnd)) continue;
    if (position < HALF && ARRIVAL.test(lower)) continue;
    for (const [nth, { status: said, pattern, weight }] of OUTCOME_STATEMENTS.entries()) {
      if ((possible & (1 << nth)) === 0) continue;
      if ((said === 'deceased' ? NOT_THE_DEATH : NOT_THE_END).test(lower)) continue;
      for (const match of lower.matchAll(pattern)) {
        if (NEGATED.test(lower.slice(Math.max(0, match.index - 50), match.index))) continue;
        const score = weight + (isEnd ? END_BONUS : 0) + PLACE_BONUS * position;
        // Of equals the later one: the story goes on.
        if (score < best) continue;
        best = score;
        status = said;
        span = [sentence.start + match.index, sentence.start + match.index + match[0].length];
      }
    }
  }
  return { status, span, followUpMonths };
}

const NUMERALS: Readonly<Record<string, number>> = Object.fromEntries(
  'a an one two three four five six seven eight nine ten eleven twelve eighteen twenty twenty-four thirty thirty-six'
    .split(' ')
    .map((word, at) => [word, [1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 18, 20, 24, 30, 36][at] ?? 0]),
);
const AMOUNT = `(\\d{1,3}(?:\\.\\d)?|${Object.keys(NUMERALS).join('|')})[- ](?:full )?(day|week|month|year|yr|mo)s?`;
const FOLLOW_UPS: readonly RegExp[] = [
  new RegExp(`\\b${AMOUNT}[- ](?:of |post[- ]?\\w* )?(?:\\w+ ){0,2}?follow(?:ed)?[- ]?up`, 'g'),
  new RegExp(
    `\\bfollow(?:ed|ing)?[- ]?up(?:s)?(?: \\w+){0,5}? (?:for|of|at|after|was|is|over|during|period of|lasting) (?:about |over |almost |nearly |at least |approximately |more than |the |a |up to ){0,2}${AMOUNT}`,
    'g',
  ),
  new RegExp(
    `\\b(?:remain\\w*|asymptomatic|well|alive|free|recurrence|relapse|stable|surviv\\w+|remission)(?: \\w+){0,6}? (?:for|at|after|over) (?:about |over |almost |nearly |more than |the |at least ){0,2}${AMOUNT}`,
    'g',
  ),
  new RegExp(
    `\\b(?:at|after) (?:about |over |almost |nearly |more than |the |a ){0,2}${AMOUNT}[, ]+(?:\\w+ ){0,4}?(?:remain\\w*|asymptomatic|well|alive|free|no recurrence|no evidence|no signs|recovered|stable|normal)`,
    'g',
  ),
];
// `Three months later`, `2 years after surgery`: at the end of the story.
const LATER = new RegExp(
  `\\b${AMOUNT} (?:later|postoperative(?:ly)?|post[- ]?(?:surgery|operation|op|treatment|transplant\\w*|procedure|discharge)|(?:after|following) (?:the |his |her |initial |this )?(?:\\w+ )?(?:surgery|operation|discharge|treatment|therapy|transplantation|resection|diagnosis|procedure|intervention|completion|excision|ablation|chemotherapy|radiotherapy))`,
  'g',
);
const LATE = 0.6;
const NOT_AFTER = /^[- ]*(?:ago|earlier|before|prior|previously|old|of age|history)/;
const NOT_BEFORE = /(?:every|past|previous|last|history of|aged?|next|within)\s*$/;
const MONTHS: Readonly<Record<string, number>> = { day: 1 / 30.44, week: 7 / 30.44, month: 1, mo: 1, year: 12, yr: 12 };
const MONTHS_MAX = 600;
const spansPerWord = perWord((word) => (/^(?:days?|weeks?|months?|years?|yrs?|mos?)$/.test(word) ? 1 : 0));

/** The longest time of follow-up that a sentence states, in months to one decimal; null where it states none. */
function followUpIn(lower: string, position: number): number | null {
  let longest: number | null = null;
  for (const pattern of position >= LATE ? [...FOLLOW_UPS, LATER] : FOLLOW_UPS)
    for (const match of lower.matchAll(pattern)) {
      const behind = lower.slice(match.index + match[0].length, match.index + match[0].length + 14);
      if (NOT_AFTER.test(behind) || NOT_BEFORE.test(lower.slice(Math.max(0, match.index - 14), match.index))) continue;
      const [, amount, unit] = match;
      const value = NUMERALS[amount ?? ''] ?? Number(amount);
      const months = Math.round(value * (MONTHS[unit ?? ''] ?? 0) * 10) / 10;
      if (months > 0 && months <= MONTHS_MAX && months > (longest ?? 0)) longest = months;
    }
  return longest;
}
