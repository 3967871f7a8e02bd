import type { Reading } from './reading.ts';
import { NUMBER, type Tokens } from './tokens.ts';
import { perWord } from './words.ts';

/** When something was found, in the words of the text (lower case), up to token `to`. */
export type Moment = { readonly words: string; readonly to: number };

const set = (words: string) => new Set(words.split(' '));
const PREPOSITIONS = set('on at upon during by until');
const DETERMINERS = set('the his her their a time of first initial second last hospital this our');
const EVENTS = set(
  'admission presentation arrival discharge baseline birth diagnosis onset followup delivery hospitalization hospitalisation readmission surgery triage referral rest presentation visit hospitalisation evaluation transfer',
);
const RELATIONS = set('before after during following');
const PROCEDURES = set(
  'surgery operation treatment procedure therapy transfusion dialysis transplantation transplant chemotherapy delivery admission discharge hemodialysis intervention resection birth onset exercise resuscitation injection ablation presentation extubation intubation cycle cycles',
);
const UNITS = set('hour hours h day days week weeks month months year years minutes minute');
const NUMBER_WORDS = set('one two three four five six seven eight nine ten twelve a an several few');
const ORDINALS = set(
  'first second third fourth fifth sixth seventh eighth ninth tenth next following same st nd rd th',
);
const DAY_KINDS = set('hospital postoperative post operative illness treatment admission icu - life');
const FILLERS = set('the next following first last about approximately another further only just');
const ALONE = set('preoperatively postoperatively initially perioperatively intraoperatively');
const ADJECTIVES = set('admission discharge baseline initial preoperative postoperative follow-up repeat');

const word = (tokens: Tokens, at: number): string => tokens.word[at] ?? '';

function skip(tokens: Tokens, from: number, words: ReadonlySet<string>, most: number): number {
  let at = from;
  while (at < from + most && words.has(word(tokens, at))) at += 1;
  return at;
}

/** `3 days`, `two weeks`, `a month`: the token behind, or -1. */
function behindDuration(tokens: Tokens, from: number): number {
  if (tokens.kind[from] !== NUMBER && !NUMBER_WORDS.has(word(tokens, from))) return -1;
  const at = word(tokens, from + 1) === '-' ? from + 2 : from + 1;
  return UNITS.has(word(tokens, at)) ? at + 1 : -1;
}

/** `later`, `after surgery`, `of treatment`, `postoperatively`; gives `from` back where nothing of it stands there. */
function behindTail(tokens: Tokens, from: number): number {
  const first = word(tokens, from);
  if (first === 'later' || first === 'afterwards' || first === 'earlier' || ALONE.has(first)) return from + 1;
  if (!RELATIONS.has(first) && first !== 'of' && first !== 'post') return from;
  const at = skip(tokens, from + 1, DETERMINERS, 2);
  return PROCEDURES.has(word(tokens, at)) ? at + 1 : from;
}

function behindDay(tokens: Tokens, from: number): number {
  let at = skip(tokens, from, DETERMINERS, 1);
  const start = at;
  if (word(tokens, at) === 'pod' && tokens.kind[at + 1] === NUMBER) return at + 2;
  at = skip(tokens, at, DAY_KINDS, 3);
  if (word(tokens, at) === 'day' && tokens.kind[at + 1] === NUMBER) return at + 2;
  // `the 3rd postoperative day`, `the second day`, `the next day`.
  at = tokens.kind[start] === NUMBER ? start + 1 : start;
  if (!ORDINALS.has(word(tokens, at))) return -1;
  at = skip(tokens, at + 1, DAY_KINDS, 3);
  return word(tokens, at) === 'day' ? behindTail(tokens, at + 1) : -1;
}

function behindMoment(tokens: Tokens, from: number): number {
  const first = word(tokens, from);
  if (ALONE.has(first)) return from + 1;
  if (PREPOSITIONS.has(first)) {
    const event = skip(tokens, from + 1, DETERMINERS, 4);
    if (word(tokens, event) === 'follow') return word(tokens, event + 1) === '-' ? event + 3 : event + 2;
    if (EVENTS.has(word(tokens, event))) return event + 1;
    const day = behindDay(tokens, from + 1);
    if (day > 0) return day;
  }
  if (RELATIONS.has(first) || first === 'within' || first === 'in' || first === 'over' || first === 'at') {
    const at = skip(tokens, from + 1, FILLERS, 2);
    const duration = behindDuration(tokens, at);
    if (duration > 0) return behindTail(tokens, duration);
    const procedure = skip(tokens, from + 1, DETERMINERS, 2);
    if (RELATIONS.has(first) && PROCEDURES.has(word(tokens, procedure))) return procedure + 1;
    return -1;
  }
  if (first === 'day' || first === 'the' || first === 'pod' || DAY_KINDS.has(first)) return behindDay(tokens, from);
  const duration = behindDuration(tokens, from);
  const tail = duration > 0 ? behindTail(tokens, duration) : -1;
  return tail > duration ? tail : -1;
}

// Most words open no moment, and every word behind a name is asked.
const opensMoment = perWord((one) =>
  [PREPOSITIONS, RELATIONS, ALONE, NUMBER_WORDS, DAY_KINDS].some((words) => words.has(one)) ||
  ['within', 'in', 'over', 'at', 'day', 'the', 'pod'].includes(one) ||
  /^\d/.test(one)
    ? 1
    : 0,
);

/** The moment whose words start at token `from`: `on admission`, `day 3`, `after 2 weeks`, `three days later`, `preoperatively`. */
export function readMoment(reading: Reading, from: number, end: number): Moment | null {
  const { tokens, text } = reading;
  if (opensMoment(tokens.pool)[tokens.id[from] ?? 0] !== 1) return null;
  const to = behindMoment(tokens, from);
  if (to <= from || to > end) return null;
  const words = text.slice(tokens.start[from] ?? 0, tokens.end[to - 1] ?? 0);
  return { words: words.toLowerCase().replace(/\s+/g, ' '), to };
}

/** `Baseline creatinine`, `the admission troponin`: the adjective before a name that ends at token `to`. */
export function momentBefore(tokens: Tokens, to: number): string | null {
  const before = word(tokens, to - 1);
  return ADJECTIVES.has(before) ? before : null;
}
