import { type Draft, makeFinding } from './findings.ts';
import type { Reading } from './reading.ts';
import { FAMILY } from './scopes.ts';
import { WORD } from './tokens.ts';
import { OCCUPATIONS } from './vocabularies/background.ts';
import { perWord } from './words.ts';

const EMPLOYED = new Set('works worked working employed occupation'.split(' '));
const BEFORE = new Set('old male female retired former young elderly caucasian asian african unemployed'.split(' '));
const VERBS = new Set('as was is being occupation had'.split(' '));
const ENDS = new Set(
  'and or in at for with who which that from by on of since until but to when before after'.split(' '),
);
const WORK = 1;
const JOB = 2;
const tellsWork = perWord((word) => (EMPLOYED.has(word) ? WORK : OCCUPATIONS.has(word) ? JOB : 0));
const NAME_WORDS_MAX = 3;

/** `worked as a construction worker`, `a 45-year-old farmer`: what the patient does or did for a living. */
export function findOccupations(reading: Reading): readonly Draft[] {
  const { tokens } = reading;
  const { word, kind } = tokens;
  const tells = tellsWork(tokens.pool);
  const drafts: Draft[] = [];
  let taken = -1;
  const push = (sentence: number, from: number, to: number) => {
    taken = to;
    drafts.push({
      sentence,
      finding: makeFinding({
        term: 'occupation',
        assertion: 'present',
        span: [tokens.start[from] ?? 0, tokens.end[to - 1] ?? 0],
        qualifiers: ['social', word.slice(from, to).join(' ')],
      }),
    });
  };
  for (const [index, sentence] of reading.sentences.entries()) {
    if (!reading.story[index]) continue;
    for (let at = sentence.from; at < sentence.to; at += 1) {
      const told = tells[tokens.id[at] ?? 0] ?? 0;
      if (told === 0 || at < taken || (reading.scopes.bits[at] ?? 0) & FAMILY) continue;
      if (told === JOB) {
        const isArticle = word[at - 1] === 'a' || word[at - 1] === 'an';
        if (BEFORE.has(word[at - 1] ?? '') || (isArticle && VERBS.has(word[at - 2] ?? ''))) push(index, at, at + 1);
        continue;
      }
      if (word[at + 1] !== 'as' || (word[at + 2] !== 'a' && word[at + 2] !== 'an')) continue;
      let to = at + 3;
      while (to < sentence.to && to < at + 3 + NAME_WORDS_MAX && kind[to] === WORD && !ENDS.has(word[to] ?? ''))
        to += 1;
      if (to > at + 3) push(index, at + 3, to);
    }
  }
  return drafts;
}
