import { stemmer } from 'stemmer';
import { americanOf } from './spelling.ts';

/** Changes whenever the same text could give other terms: part of every fingerprint and of the release format. */
export const TERMS_VERSION = 1;

/** Longer runs of letters are no words (sequences, encoded data); they are cut here, which also bounds the stemmer's work. */
const TERM_LENGTH_MAX = 32;
const STEM_CACHE_MAX = 200_000;

const STOP_WORDS = new Set(
  (
    'a an and are as at be been but by for from had has have he her his in into is it its no nor not of on or our she ' +
    'than that the their them then there these they this those to was we were which who with within without'
  ).split(' '),
);

/** Whether a folded word is in so many texts that it tells nothing. */
export function isStopWord(word: string): boolean {
  return STOP_WORDS.has(word);
}

const GREEK: Readonly<Record<string, string>> = {
  α: 'alpha',
  β: 'beta',
  γ: 'gamma',
  δ: 'delta',
  ε: 'epsilon',
  κ: 'kappa',
  λ: 'lambda',
  μ: 'mu',
  σ: 'sigma',
};

const stems = new Map<string, string | null>();

/** The stem of one folded token; null for a token that carries nothing (a stop word, a single letter, a long number). */
function termOf(token: string): string | null {
  const known = stems.get(token);
  if (known !== undefined) return known;
  // A fixed bound keeps a long-lived process from growing with every typing error it reads.
  if (stems.size >= STEM_CACHE_MAX) stems.clear();
  const made = makeTerm(token);
  stems.set(token, made);
  return made;
}

function makeTerm(token: string): string | null {
  if (STOP_WORDS.has(token)) return null;
  if (/^\d+$/.test(token)) return token.length <= 4 ? token : null;
  if (token.length < 2) return null;
  const cut = token.slice(0, TERM_LENGTH_MAX);
  return /^[a-z]+$/.test(cut) ? stemmer(cut) : cut;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the ASCII range is what is meant
const ASCII_ONLY = /^[\x00-\x7f]*$/;

/** Lower case, compatibility forms and accents folded (NFKD), Greek letters spelled out. */
function fold(text: string): string {
  const lower = text.toLowerCase();
  if (ASCII_ONLY.test(lower)) return lower;
  return lower
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[α-ω]/g, (letter) => GREEK[letter] ?? letter);
}

/** Whether a lower-case UTF-16 unit is part of a word (combining marks are, in text that is not folded). Beyond ASCII a table of what was asked before answers. */
function isWordUnit(unit: number): boolean {
  if (unit < 128) return (unit >= 97 && unit <= 122) || (unit >= 48 && unit <= 57);
  const known = WORD_UNITS[unit];
  if (known !== 0) return known === 1;
  // A surrogate half is kept with its other half; letters beyond the basic plane are as good as any.
  const is = (unit >= 0xd800 && unit <= 0xdfff) || /[\p{L}\p{M}\p{N}]/u.test(String.fromCharCode(unit));
  WORD_UNITS[unit] = is ? 1 : 2;
  return is;
}
const WORD_UNITS = new Uint8Array(0x10000);

/** The words of a text in order as they are written: folded, but neither stemmed nor left out. Long ones are cut. */
export function wordsOf(text: string): string[] {
  const folded = fold(text);
  const words: string[] = [];
  let start = -1;
  for (let i = 0; i <= folded.length; i += 1) {
    if (i < folded.length && isWordUnit(folded.charCodeAt(i))) {
      if (start < 0) start = i;
    } else if (start >= 0) {
      words.push(folded.slice(start, Math.min(i, start + TERM_LENGTH_MAX)));
      start = -1;
    }
  }
  return words;
}

/**
 * The terms of a text in order, repeats kept: folded words and numbers, stop words dropped, Porter stems (the `stemmer`
 * package). One pass; time is linear in the text.
 */
export function termsOf(text: string): string[] {
  const terms: string[] = [];
  for (const word of wordsOf(text)) {
    const term = termOf(word);
    if (term !== null) terms.push(term);
  }
  return terms;
}

/** As `termsOf`, after the American spelling: what the inverted index holds. The embedder's words are `termsOf`, which its models were fitted on. */
export function spelledTermsOf(text: string): string[] {
  const terms: string[] = [];
  for (const word of wordsOf(text)) {
    const term = spelledTermOf(word);
    if (term !== null) terms.push(term);
  }
  return terms;
}

/** Units are written in too many ways (`mm Hg`, `mmHg`), and tell nothing by themselves. */
const UNIT_WORDS = new Set('mmhg hg mm cm mmol umol nmol pmol meq mg ug mcg ng pg kg dl ml fl iu bpm cmh2o'.split(' '));

const spelledStems = new Map<string, string | null>();

function spelledTermOf(word: string): string | null {
  const known = spelledStems.get(word);
  if (known !== undefined) return known;
  if (spelledStems.size >= STEM_CACHE_MAX) spelledStems.clear();
  const made = UNIT_WORDS.has(word) ? null : termOf(americanOf(word));
  spelledStems.set(word, made);
  return made;
}

/** How often each term occurs, in order of first occurrence. */
export function termCounts(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const term of termsOf(text)) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}

/** Words as written with their terms. One is for the texts of one search: a small table is looked up faster than a large one. */
export type WordsMet = Map<string, string | null>;

function termOfWord(word: string, met: WordsMet): string | null {
  const known = met.get(word);
  if (known !== undefined) return known;
  const made = spelledTermOf(fold(word).slice(0, TERM_LENGTH_MAX));
  met.set(word, made);
  return made;
}

/** Words of a text with their terms (`spelledTermsOf`), for quoting: `start` in UTF-16 offsets of the text as given. */
export function* placedTerms(
  text: string,
  met: WordsMet = new Map(),
): Generator<{ term: string; word: string; start: number }> {
  let start = -1;
  for (let i = 0; i <= text.length; i += 1) {
    const unit = i < text.length ? text.charCodeAt(i) : 0;
    if (isWordUnit(unit) || (unit >= 65 && unit <= 90)) {
      if (start < 0) start = i;
    } else if (start >= 0) {
      const word = text.slice(start, i);
      const term = termOfWord(word, met);
      if (term !== null) yield { term, word, start };
      start = -1;
    }
  }
}
