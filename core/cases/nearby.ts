import type { Flag } from '../../schema/vocabulary.ts';
import { flagOfResult } from './findings.ts';
import type { Quantity } from './quantities.ts';
import { entryIn, mentionAt, type Reading } from './reading.ts';
import { NUMBER } from './tokens.ts';

const WORDS_BEFORE = 6;

/**
 * The result that words beside a name in tokens [from, to) give. Where it has a value, a number or a semicolon in between belongs to
 * another name, and so do the words beyond it.
 */
export function nearResult(
  reading: Reading,
  sentence: number,
  from: number,
  to: number,
  value: Quantity | null,
): Flag | null {
  const { tokens, scopes, sentences } = reading;
  const result = flagOfResult(scopes.resultAt(from));
  if (result === null || value === null) return result;
  for (let at = to; at < value.from; at += 1) if (isResultCue(reading, at)) return result;
  const floor = Math.max(sentences[sentence]?.from ?? 0, from - WORDS_BEFORE);
  for (let at = from - 1; at >= floor && tokens.kind[at] !== NUMBER && tokens.word[at] !== ';'; at -= 1)
    if (isResultCue(reading, at)) return result;
  return null;
}

function isResultCue(reading: Reading, token: number): boolean {
  const held = mentionAt(reading, token);
  const meaning = held === undefined ? undefined : entryIn(held, 'cue')?.cue.meaning;
  return meaning === 'high' || meaning === 'low' || meaning === 'normal' || meaning === 'abnormal';
}
