import type { Span } from '../../cases/case.ts';

/** Finds the words that a model quotes in what it was shown. */
export type Quotes = {
  /** Where the words stand in the text of the case; null where they do not. */
  readonly find: (quote: string) => Span | null;
};

/** Fewer letters and digits say nothing, but for abbreviations in capitals: `CT`, `C3`. */
const QUOTE_CHARS_MIN = 3;
const ABBREVIATION = /^\p{Lu}[\p{Lu}\p{N}]$/u;
/** Between two pieces: no quote reaches over it. */
const GAP = '\u0000';
const SAME_MARK: ReadonlyMap<string, string> = new Map([
  ...[...'‘’‚‛´`′'].map((mark): [string, string] => [mark, "'"]),
  ...[...'“”„‟«»″'].map((mark): [string, string] => [mark, '"']),
  ...[...'‐‑‒–—−'].map((mark): [string, string] => [mark, '-']),
]);
const UNSEEN = /[\s\p{Cf}\p{Cc}]/u;
const WORDLIKE = /[\p{L}\p{N}]/u;

/** One character as it is compared: nothing for white space and soft hyphens, one of its kind for quote marks and dashes. */
const folded = (char: string): string => (UNSEEN.test(char) ? '' : (SAME_MARK.get(char) ?? char));

/** The index of `pieces` of `text`, in order and without overlap; linear in their length. */
export function quotesOf(text: string, pieces: readonly Span[]): Quotes {
  const chars: string[] = [];
  const places: number[] = [];
  for (const [start, end] of pieces) {
    if (chars.length > 0) {
      chars.push(GAP);
      places.push(start);
    }
    for (let at = start; at < end; at++) {
      const char = folded(text.charAt(at));
      if (char === '') continue;
      chars.push(char);
      places.push(at);
    }
  }
  const index = chars.join('');
  const find = (quote: string): Span | null => {
    const wanted = [...quote].map(folded).join('');
    const letters = wanted.match(/[\p{L}\p{N}]/gu) ?? [];
    if (letters.length < QUOTE_CHARS_MIN && !ABBREVIATION.test(wanted)) return null;
    for (let at = index.indexOf(wanted); at >= 0; at = index.indexOf(wanted, at + 1)) {
      const start = places[at] ?? 0;
      const end = (places[at + wanted.length - 1] ?? 0) + 1;
      if (!cutsWord(text, start) && !cutsWord(text, end)) return [start, end];
    }
    return null;
  };
  return { find };
}

/** Whether a place in the text lies inside a word. */
const cutsWord = (text: string, at: number): boolean =>
  at > 0 && at < text.length && WORDLIKE.test(text.charAt(at - 1)) && WORDLIKE.test(text.charAt(at));
