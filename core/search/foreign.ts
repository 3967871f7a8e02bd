import { franc } from 'franc-min';
import { FACETS } from '../../schema/vocabulary.ts';
import { ENGLISH_MIN, ENGLISH_WORDS } from '../cases/screen.ts';
import type { Query } from './query.ts';

/** As much of a query as tells its language. */
const SAMPLE_CHARS = 3_000;
/** Trigrams of fewer words tell nothing: `Babinski sign, clonus` is Spanish to them. */
const WORDS_MIN = 15;
/** Lists of findings have no common words and, made of Latin and Greek, look like any language; but they are understood. */
const UNDERSTOOD_MIN = 0.08;
/** Signs like `β` and `α` stand in English too. */
const OTHER_LETTERS_MIN = 5;

const FOREIGN = 'the query does not look English: words and findings are read in English only';

const lettersIn = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;

function isOfAnotherScript(sample: string): boolean {
  const latin = lettersIn(sample, /\p{Script=Latin}/gu);
  const others = lettersIn(sample, /\p{L}/gu) - latin;
  return others >= OTHER_LETTERS_MIN && others > latin;
}

/** Characters of the query that its findings stand in, as a share of all. */
function understoodChars({ text, extracted }: Pick<Query, 'text' | 'extracted'>): number {
  let chars = 0;
  for (const facet of FACETS)
    for (const { span } of extracted.facets[facet]?.findings ?? []) chars += span[1] - span[0];
  return chars / text.length;
}

/**
 * What to tell who asks in another language; null where the query may well be English. One in another script is not. One in Latin letters is
 * judged by its common words, as a document is, and by its trigrams, if it is long enough; in doubt it is English.
 */
export function foreignNote(query: Pick<Query, 'text' | 'extracted'>): string | null {
  const sample = query.text.slice(0, SAMPLE_CHARS);
  if (isOfAnotherScript(sample)) return FOREIGN;
  const words = sample.toLowerCase().match(/[\p{L}\p{M}]+/gu) ?? [];
  if (words.length < WORDS_MIN) return null;
  const english = words.filter((word) => ENGLISH_WORDS.has(word)).length;
  if (english / words.length >= ENGLISH_MIN || understoodChars(query) >= UNDERSTOOD_MIN) return null;
  return ['eng', 'sco', 'und'].includes(franc(sample)) ? null : FOREIGN;
}
