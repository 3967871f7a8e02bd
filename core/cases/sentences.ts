import { MARK, NUMBER, type Tokens, WORD } from './tokens.ts';

/** Tokens [from, to) and characters [start, end) of one sentence, without surrounding white space. */
export type Sentence = { readonly from: number; readonly to: number; readonly start: number; readonly end: number };

const ABBREVIATIONS = new Set(
  'dr mr mrs ms prof st fig figs vs eg ie al no nos approx ca cf resp inc ltd co etc tab ref refs vol pp sp spp bp temp hb pt i.v dept univ'.split(
    ' ',
  ),
);
const NEVER_ENDS = new Set('dr mr mrs ms prof fig figs vs eg ie approx cf resp tab ref refs vol pp spp'.split(' '));
const UPPER = /\p{Lu}|\p{N}|["“‘'([•*-]/u;
const LINE_SHORT = 60;
// No sentence of a report is longer; what has no full stops is cut, so that work within a sentence stays bounded.
const SENTENCE_TOKENS_MAX = 400;

/**
 * Splits into sentences at `.`, `!`, `?` and at line ends that end a paragraph, a heading or a sentence. Hard-wrapped lines
 * stay together. One pass; every token is in exactly one sentence.
 */
export function splitSentences(text: string, tokens: Tokens): readonly Sentence[] {
  const sentences: Sentence[] = [];
  let from = 0;
  let lineFrom = 0;
  const close = (to: number) => {
    if (to <= from) return;
    sentences.push({ from, to, start: tokens.start[from] ?? 0, end: tokens.end[to - 1] ?? 0 });
    from = to;
  };
  for (let at = 0; at < tokens.count; at += 1) {
    const end = tokens.end[at] ?? 0;
    if (at - from >= SENTENCE_TOKENS_MAX) close(at);
    const nextStart = at + 1 < tokens.count ? (tokens.start[at + 1] ?? 0) : text.length;
    const gap = text.slice(end, Math.min(nextStart, end + 64));
    const breakAt = gap.indexOf('\n');
    if (breakAt >= 0) {
      const lineChars = end - (tokens.start[lineFrom] ?? 0);
      const blankLine = gap.indexOf('\n', breakAt + 1) >= 0;
      const endsSentence = tokens.kind[at] === MARK && '.!?:;'.includes(tokens.word[at] ?? ' ');
      const nextUpper = UPPER.test(text.charAt(nextStart));
      lineFrom = at + 1;
      if (blankLine || (nextUpper && (endsSentence || lineChars < LINE_SHORT))) {
        close(at + 1);
        continue;
      }
    }
    if (tokens.kind[at] === MARK && endsHere(text, tokens, at, gap, nextStart)) {
      let to = at + 1;
      // A closing quote or bracket right after the stop belongs to the sentence.
      while (to < tokens.count && tokens.start[to] === tokens.end[to - 1] && ')]"”’'.includes(tokens.word[to] ?? ' '))
        to += 1;
      close(to);
    }
  }
  close(tokens.count);
  return sentences;
}

function endsHere(text: string, tokens: Tokens, at: number, gap: string, nextStart: number): boolean {
  const mark = tokens.word[at];
  if (mark !== '.' && mark !== '!' && mark !== '?') return false;
  if (at + 1 >= tokens.count) return true;
  const next = text.charAt(nextStart);
  const before = tokens.word[at - 1] ?? '';
  const glued = gap === '';
  if (glued) {
    // `fever.The`: a forgotten space. `e.g`, `Fig.1` and `i.v` are not.
    if (tokens.kind[at - 1] !== WORD || tokens.kind[at + 1] !== WORD) return ')]"”’'.includes(next);
    const word = text.slice(tokens.start[at + 1] ?? 0, tokens.end[at + 1] ?? 0);
    return before.length > 2 && word.length > 1 && /^\p{Lu}\p{Ll}/u.test(word);
  }
  if (!UPPER.test(next)) return false;
  if (mark !== '.') return true;
  if (NEVER_ENDS.has(before)) return false;
  if (ABBREVIATIONS.has(before) && tokens.kind[at + 1] === NUMBER) return false;
  if (before === 'al' || before === 'st' || before === 'no') return tokens.kind[at + 1] !== NUMBER && before !== 'st';
  // An initial: `N. M. S was`.
  return !(
    before.length === 1 &&
    tokens.kind[at - 1] === WORD &&
    /\p{Lu}/u.test(text.charAt(tokens.start[at - 1] ?? 0))
  );
}
