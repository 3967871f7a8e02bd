import { entryIn, mentionAt, type Reading } from './reading.ts';
import { foldWord, MARK, NUMBER, WORD } from './tokens.ts';
import {
  DISEASE_WORD,
  GENERIC,
  LEADERS,
  NOT_A_NAME,
  OPENERS,
  PERSONS,
  SOFT_STOPS,
  STOPS,
} from './vocabularies/diagnosis.ts';
import { perWord } from './words.ts';

/** Tokens [from, to) that may name a disease. */
export type Phrase = { readonly from: number; readonly to: number };

const IN_NAMES = new Set(['-', '–', '‐', "'", '’', '/', '+']);
const TIME_WORDS = new Set('day days week weeks month months year years hour hours h cm mm mg'.split(' '));
const WORDS_MAX = 14;
export const diseaseWordsPerWord = perWord((word) => (DISEASE_WORD.test(word) ? 1 : 0));

/** Whether the tokens hold a known disease or a word that ends like one. */
export function holdsDisease(reading: Reading, from: number, to: number): boolean {
  const diseaseWords = diseaseWordsPerWord(reading.tokens.pool);
  for (let at = from; at < to; at += 1) {
    if (diseaseWords[reading.tokens.id[at] ?? 0] === 1) return true;
    const mention = mentionAt(reading, at);
    if (mention !== undefined && entryIn(mention, 'disease') !== undefined) return true;
  }
  return false;
}

/** The noun phrase that starts at a token: up to a verb, a mark or a new clause; what follows `and`, `in`, `with` stays only as a disease. */
export function phraseFrom(reading: Reading, from: number, end: number): Phrase | null {
  const { word, kind } = reading.tokens;
  let start = from;
  while (start < end && LEADERS.has(word[start] ?? '')) start += 1;
  let to = start;
  let words = 0;
  // Where a tail that names no disease of its own is cut off again.
  let tail = -1;
  while (to < end && words < WORDS_MAX) {
    const token = word[to] ?? '';
    // A known phrase is taken whole: `eosinophilic granulomatosis with polyangiitis`.
    const held = mentionAt(reading, to);
    if (held !== undefined && entryIn(held, 'disease') !== undefined && held.from === to && held.to <= end) {
      words += held.to - to;
      to = held.to;
      continue;
    }
    if (STOPS.has(token) || (token === 'secondary' && word[to + 1] === 'to')) break;
    if (kind[to] === MARK && (!IN_NAMES.has(token) || isDash(reading, to))) break;
    // `perforation 2 weeks after`
    if (kind[to] === NUMBER && TIME_WORDS.has(word[to + 1] ?? '')) break;
    if (SOFT_STOPS.has(token)) {
      const next = word[to + 1] ?? '';
      if (
        OPENERS.has(next) ||
        STOPS.has(next) ||
        to + 1 >= end ||
        (token === 'and' && words > 5) ||
        kind[to + 1] === MARK
      )
        break;
      if (token !== 'of' && tail < 0 && holdsDisease(reading, start, to)) tail = to;
    }
    to += 1;
    words += 1;
  }
  while (to > start && (SOFT_STOPS.has(word[to - 1] ?? '') || kind[to - 1] === MARK)) to -= 1;
  if (tail > start && tail < to && !holdsDisease(reading, tail + 1, to)) to = tail;
  return to > start ? { from: start, to } : null;
}

export type Name = { readonly term: string | null; readonly isName: boolean };

/** What a phrase names: the longest known disease in it, and whether it looks like a name of one at all. */
export function nameOf(reading: Reading, { from, to }: Phrase): Name {
  let term: string | null = null;
  let hasWord = false;
  const { tokens } = reading;
  const diseaseWords = diseaseWordsPerWord(tokens.pool);
  for (let at = from; at < to; at += 1) {
    const mention = mentionAt(reading, at);
    const disease = mention === undefined ? undefined : entryIn(mention, 'disease');
    if (disease !== undefined && (term === null || disease.term.length > term.length)) term = disease.term;
    if (diseaseWords[tokens.id[at] ?? 0] === 1) hasWord = true;
  }
  if (term === null && !hasWord) return { term, isName: false };
  if (term === null) {
    let isTelling = false;
    for (let at = from; at < to; at += 1)
      if (tokens.kind[at] === WORD && !GENERIC.has(tokens.word[at] ?? '')) isTelling = true;
    if (!isTelling) return { term, isName: false };
  }
  const written = reading.text.slice(tokens.start[from] ?? 0, tokens.end[to - 1] ?? 0).toLowerCase();
  return { term, isName: !NOT_A_NAME.test(written) };
}

/** A dash between blanks parts clauses; between letters it joins a name. */
function isDash({ tokens }: Reading, at: number): boolean {
  return (tokens.start[at] ?? 0) > (tokens.end[at - 1] ?? 0) && (tokens.start[at + 1] ?? 0) > (tokens.end[at] ?? 0);
}

// Words of degree, side and place tell no disease from another.
const UNTOLD = new Set(
  'a an the of in on to with and or by from at for left right bilateral severe mild acute chronic primary secondary stage type grade disease syndrome disorder case rare advanced'.split(
    ' ',
  ),
);

/** The folded words of a name that tell it from others. */
export function tellingWords(reading: Reading, { from, to }: Phrase): ReadonlySet<string> {
  const { word, kind } = reading.tokens;
  const all: string[] = [];
  for (let at = from; at < to; at += 1) if (kind[at] !== MARK) all.push(foldWord(word[at] ?? ''));
  const telling = all.filter((one) => !UNTOLD.has(one));
  return new Set(telling.length > 0 ? telling : all);
}

const SHORT_FORM = /^\p{Lu}[\p{L}\d]{1,9}$/u;
const SHORT_CAPITALS = /^(?:[^\p{Lu}]*\p{Lu}){2}/u;

/** The words that the text explains a short form by (`blastic plasmacytoid dendritic cell neoplasm (BPDCN)`), where it does. */
export function spelledOut(reading: Reading, { from, to }: Phrase): Phrase | null {
  const { text, tokens } = reading;
  if (to !== from + 1) return null;
  const short = text.slice(tokens.start[from] ?? 0, tokens.end[from] ?? 0);
  if (!SHORT_FORM.test(short) || !SHORT_CAPITALS.test(short)) return null;
  const wanted = tokens.id[from];
  for (let at = 2; at + 1 < tokens.count; at += 1) {
    if (tokens.id[at] !== wanted || tokens.word[at - 1] !== '(' || tokens.word[at + 1] !== ')') continue;
    const initial = short.charAt(0).toLowerCase();
    const first = Math.max(0, at - 1 - short.length - 3);
    for (let start = first; start < at - 2; start += 1) {
      const word = tokens.word[start] ?? '';
      if (word.startsWith(initial) && !LEADERS.has(word) && clear(reading, start, at - 1))
        return { from: start, to: at - 1 };
    }
    return null;
  }
  return null;
}

function clear(reading: Reading, from: number, to: number): boolean {
  const { word, kind } = reading.tokens;
  for (let at = from; at < to; at += 1)
    if (STOPS.has(word[at] ?? '') || (kind[at] === MARK && !IN_NAMES.has(word[at] ?? ''))) return false;
  return true;
}

/** The first token at or behind a character offset. */
export function tokenAt(reading: Reading, from: number, end: number, offset: number): number {
  let low = from;
  let high = end;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((reading.tokens.start[middle] ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

const PERSON_REACH = 14;
const HAVING = new Set(['with', 'having']);

/** Where the name begins behind a person (`a case of a 37-year-old woman with …`); as it is where no person stands first. */
export function behindPerson({ tokens }: Reading, from: number, end: number): number {
  for (let at = from; at < Math.min(end, from + PERSON_REACH); at += 1) {
    const word = tokens.word[at] ?? '';
    if (PERSONS.has(word)) return HAVING.has(tokens.word[at + 1] ?? '') ? at + 2 : from;
    if ((tokens.kind[at] === MARK && word !== '-') || STOPS.has(word) || word === 'in' || HAVING.has(word)) return from;
  }
  return from;
}

const BEFORE_REACH = 9;

/** The noun phrase that ends before a token, where it names a disease. */
export function phraseBefore(reading: Reading, floor: number, end: number): Phrase | null {
  const { word, kind } = reading.tokens;
  let from = end;
  while (from > Math.max(floor, end - BEFORE_REACH)) {
    const token = word[from - 1] ?? '';
    if (STOPS.has(token) || token === 'and' || token === 'with' || (kind[from - 1] === MARK && !IN_NAMES.has(token)))
      break;
    from -= 1;
  }
  const phrase = phraseFrom(reading, from, end);
  return phrase !== null && phrase.to === end ? phrase : null;
}
