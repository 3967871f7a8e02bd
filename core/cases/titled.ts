import { nameOf, type Phrase, phraseFrom } from './disease-phrase.ts';
import { assertionAt, type Reading, readText } from './reading.ts';
import { foldWord, MARK } from './tokens.ts';
import { LEADERS, PERSONS, TITLE_ASIDES, TITLE_NOISE, TITLE_REVEALS } from './vocabularies/diagnosis.ts';

/** A disease that a title names, at its place in the text. `isAside`: the title says what it came with, came from or looked like. */
export type Titled = { readonly phrase: Phrase; readonly isAside: boolean };

const BREAKS = new Set([':', ';', '?', '!', '—', '“', '”', '"', '(', ')', '.']);
const TITLE_TOKENS_MAX = 80;

/** The diseases of a title, in its order, of which the text has the same words; a claim needs words of the text to stand on. */
export function namedByTitle(reading: Reading, title: string): readonly Titled[] {
  const own = readText(title);
  const { word, start, end } = own.tokens;
  const count = Math.min(own.tokens.count, TITLE_TOKENS_MAX);
  const found: { phrase: Phrase; isAside: boolean }[] = [];
  let at = 0;
  let behind = 0;
  while (at < count) {
    const token = word[at] ?? '';
    if (BREAKS.has(token)) {
      behind = own.tokens.end[at] ?? behind;
      at += 1;
      continue;
    }
    const phrase = TITLE_NOISE.has(token) || LEADERS.has(token) ? null : phraseFrom(own, at, count);
    if (phrase === null) {
      at += 1;
      continue;
    }
    if (!nameOf(own, phrase).isName) {
      at = Math.max(at + 1, phrase.to);
      continue;
    }
    const between = title.slice(behind, start[phrase.from] ?? behind).toLowerCase();
    const reveals = TITLE_REVEALS.test(between);
    if (reveals) for (const one of found) one.isAside = true;
    const place = placeOf(reading, own, phrase);
    const isBackground = isOfPatient(own, between, phrase.to);
    if (place !== null) found.push({ phrase: place, isAside: (!reveals && isAside(between)) || isBackground });
    behind = end[phrase.to - 1] ?? behind;
    at = phrase.to;
  }
  return found;
}

const IN_ONE = /\b(?:in|of) (?:(?:a|an|the|\d+) )?(?:\S+ ){0,3}$/;

/** `… in a breast cancer patient`: what the person had who got the disease before it. */
function isOfPatient({ tokens }: Reading, between: string, to: number): boolean {
  return IN_ONE.test(between) && (PERSONS.has(tokens.word[to] ?? '') || tokens.word[to] === 'patients');
}

function isAside(between: string): boolean {
  TITLE_ASIDES.lastIndex = 0;
  return TITLE_ASIDES.test(between);
}

/** Where the text has the words of a title's phrase, all or at least the last ones that still name a disease. */
function placeOf(reading: Reading, title: Reading, { from, to }: Phrase): Phrase | null {
  for (let start = from; start < to; start += 1) {
    if (title.tokens.kind[start] === MARK) continue;
    if (start > from && !nameOf(title, { from: start, to }).isName) return null;
    const words: string[] = [];
    for (let at = start; at < to; at += 1)
      if (title.tokens.kind[at] !== MARK) words.push(foldWord(title.tokens.word[at] ?? ''));
    const place = findWords(reading, words);
    if (place !== null) return place;
  }
  return null;
}

const BEST = 3;

function findWords(reading: Reading, words: readonly string[]): Phrase | null {
  const { word, kind, count } = reading.tokens;
  const opening = (words[0] ?? '').slice(0, 3);
  let best: Phrase | null = null;
  let bestRank = 0;
  let sentence = 0;
  for (let from = 0; from < count; from += 1) {
    if (!(word[from] ?? '').startsWith(opening) || foldWord(word[from] ?? '') !== words[0]) continue;
    let at = from;
    let matched = 0;
    while (at < count && matched < words.length) {
      if (kind[at] === MARK && word[at] !== '.' && matched > 0) {
        at += 1;
        continue;
      }
      if (foldWord(word[at] ?? '') !== words[matched]) break;
      matched += 1;
      at += 1;
    }
    if (matched < words.length) continue;
    while (sentence < reading.sentences.length && (reading.sentences[sentence]?.to ?? 0) <= from) sentence += 1;
    const assertion = assertionAt(reading, from, true);
    if (assertion === 'absent' || assertion === 'family') continue;
    // The story's own words go before those of an abstract, and both before what is said in doubt.
    const rank = assertion !== 'present' ? 1 : reading.story[sentence] ? BEST : 2;
    if (rank > bestRank) {
      best = { from, to: at };
      bestRank = rank;
    }
    if (bestRank === BEST) return best;
  }
  return best;
}
