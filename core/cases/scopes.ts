import type { Match } from './lexicon.ts';
import type { SectionedSentence } from './sections.ts';
import { MARK, type Tokens } from './tokens.ts';
import type { Cue, CueMeaning } from './vocabularies/cues.ts';
import type { Entry } from './vocabulary.ts';

/** Bits of `Scopes.bits`. A weak history governs diseases but not complaints: `presented with a history of fever`. */
export const ABSENT = 1;
export const POSSIBLE = 2;
export const HISTORICAL = 4;
export const FAMILY = 8;
export const WEAK_HISTORY = 16;

export type Result = 'low' | 'high' | 'normal' | 'abnormal' | 'negative' | 'positive';
const RESULTS: readonly (Result | null)[] = [null, 'low', 'high', 'normal', 'abnormal', 'negative', 'positive'];

/** What the cues of the text say about each token. */
export type Scopes = { readonly bits: Uint8Array; resultAt(token: number): Result | null };

const HARD = 1;
const VERB = 2;
const BE = 3;
const RESULT = 4;
const CUE = 5;
const WITH = 6;

// Scopes end after this many tokens at the latest, which also keeps the work linear in the text.
const REACH_LONG = 30;
const REACH_SHORT = 8;

const SUBJECTS = new Set(
  'a an the his her he she there it they we patient physical clinical neurological cardiac laboratory ecg mri ct this that these'.split(
    ' ',
  ),
);
const ADVERBS = new Set(
  'markedly mildly slightly significantly also all both found to be only moderately highly strongly noted reported within very severely otherwise still initially now then grossly extremely consistently persistently again entirely completely largely mostly clearly similarly been both repeatedly shown in at the not weakly diffusely focally as a'.split(
    ' ',
  ),
);
const PREDICATE_STARTS = new Set(
  'tested returned came remained normalized normalised rose fell dropped declined'.split(' '),
);
const TIME_UNITS = new Set(
  'day week month year hour days weeks months years hours yr h wk mo minutes minute'.split(' '),
);
const ARRIVALS = new Set(
  'presented presenting presents admitted referred came brought consulted complaining arrived visited hospitalized evaluated seen reported'.split(
    ' ',
  ),
);
const RELATIVE_STATES = new Set(
  'had has have with died diagnosed suffered suffers suffering affected was were developed having'.split(' '),
);
const RELATIVE_REPORTS = new Set(
  'reported noticed noted brought stated described gave denied observed said took who'.split(' '),
);

function resultCode(meaning: CueMeaning): number {
  return Math.max(0, RESULTS.indexOf(meaning as Result));
}

/** Runs all cues of the text over the tokens they govern. */
export function markScopes(
  tokens: Tokens,
  sentences: readonly SectionedSentence[],
  matches: readonly Match<Entry>[],
): Scopes {
  const bits = new Uint8Array(tokens.count);
  const predicative = new Uint8Array(tokens.count);
  const attributive = new Uint8Array(tokens.count);
  const stops = new Uint8Array(tokens.count);
  const cues: { from: number; to: number; cue: Cue; words: string }[] = [];
  const relatives: Match<Entry>[] = [];

  for (const match of matches)
    for (const entry of match.entries) {
      if (entry.vocabulary === 'relative') relatives.push(match);
      if (entry.vocabulary !== 'cue') continue;
      const { meaning } = entry.cue;
      cues.push({ from: match.from, to: match.to, cue: entry.cue, words: entry.term });
      const code =
        meaning === 'hard'
          ? HARD
          : meaning === 'verb'
            ? VERB
            : meaning === 'be'
              ? BE
              : resultCode(meaning) > 0
                ? RESULT
                : meaning === 'soft' || meaning === 'pseudo'
                  ? 0
                  : CUE;
      const stop = entry.term === 'with' ? WITH : code;
      for (let at = match.from; at < match.to; at += 1) if (stops[at] === 0) stops[at] = stop;
    }

  const word = (at: number): string => tokens.word[at] ?? '';
  const previousWord = (at: number, floor: number): number => {
    let back = at - 1;
    while (back >= floor && tokens.kind[back] === MARK && word(back) !== ',' && word(back) !== ';') back -= 1;
    return back;
  };

  function forward(from: number, end: number, reach: number, bit: number): void {
    const to = Math.min(end, from + reach);
    for (let at = from; at < to; at += 1) {
      const stop = stops[at] ?? 0;
      const token = word(at);
      if (stop === HARD || ((stop === VERB || stop === BE) && at > from) || token === ';') return;
      if (bit === ABSENT && stop === WITH) return;
      if (token === ',' || token === 'and') {
        const next = word(at + 1) === 'and' ? at + 2 : at + 1;
        if (SUBJECTS.has(word(next)) || stops[next] === VERB || stops[next] === HARD) return;
        if (bit === ABSENT && stops[next] === RESULT) return;
      }
      bits[at] = (bits[at] ?? 0) | bit;
    }
  }

  /** Back over the subject of a predicate: `ANA, RF and HLA-B27 tests were <negative>`. */
  function backward(from: number, floor: number, mark: (at: number) => void): void {
    const low = Math.max(floor, from - REACH_LONG);
    let at = from - 1;
    let last = -1;
    let limit = low;
    for (; at >= low; at -= 1) {
      const stop = stops[at] ?? 0;
      const token = word(at);
      if (token === ';' || token === ':') {
        limit = at + 1;
        break;
      }
      if (stop === HARD || stop === VERB || stop === BE) {
        // The subject began after this verb: only what stands behind the last comma or `and` belongs to it.
        // A conjunction such as `whereas` opens a new clause, which is the subject's own.
        limit = stop !== HARD && last > at ? last + 1 : at + 1;
        break;
      }
      if (last < 0 && (token === 'and' || token === ',' || stop === WITH)) last = at;
    }
    for (let mine = from - 1; mine >= limit; mine -= 1) mark(mine);
  }

  function result(cue: { from: number; to: number; cue: Cue; words: string }, floor: number, end: number): void {
    const code = resultCode(cue.cue.meaning);
    let back = previousWord(cue.from, floor);
    let adverbs = 0;
    while (back >= floor && adverbs < 4 && ADVERBS.has(word(back)) && stops[back] !== BE) {
      back = previousWord(back, floor);
      adverbs += 1;
    }
    const opening = word(cue.from - 1);
    const starts = PREDICATE_STARTS.has(word(cue.from)) || PREDICATE_STARTS.has(word(back));
    const isPredicate =
      starts || (back >= floor && stops[back] === BE) || opening === '(' || opening === ':' || opening === '=';
    if (isPredicate && !cue.words.endsWith('for')) {
      const negated = word(cue.from - 1) === 'not';
      const subjectEnd = back >= floor && stops[back] === BE ? back : cue.from;
      backward(subjectEnd, floor, (at) => {
        if (predicative[at] === 0) predicative[at] = negated ? resultCode('normal') : code;
      });
      return;
    }
    const to = Math.min(end, cue.to + REACH_LONG);
    for (let at = cue.to; at < to; at += 1) {
      const stop = stops[at] ?? 0;
      if (stop === HARD || stop === VERB || stop === BE || stop === RESULT || stop === WITH || word(at) === ';') return;
      // Behind a comma only a list of the same kind goes on; a new subject ends it.
      if ((word(at) === ',' || word(at) === 'and') && SUBJECTS.has(word(at + 1))) return;
      if (attributive[at] === 0) attributive[at] = code;
    }
  }

  function history(cue: { from: number; to: number; words: string }, floor: number, end: number): void {
    if (!cue.words.includes('history')) {
      forward(cue.to, end, REACH_SHORT, HISTORICAL);
      return;
    }
    const before = previousWord(cue.from, floor);
    // `a 6-week history of`: the present complaint.
    if (
      TIME_UNITS.has(word(before)) ||
      TIME_UNITS.has(word(before - 1)) ||
      ['long', 'short', 'acute'].includes(word(before))
    ) {
      forward(cue.to, end, REACH_LONG, WEAK_HISTORY);
      return;
    }
    let weak = false;
    for (let at = Math.max(floor, cue.from - 6); at < cue.from; at += 1) if (ARRIVALS.has(word(at))) weak = true;
    for (let at = cue.to; at < Math.min(end, cue.to + 14) && !weak; at += 1)
      if (
        (word(at) === 'for' || word(at) === 'since' || word(at) === 'of') &&
        [1, 2, 3].some((ahead) => TIME_UNITS.has(word(at + ahead)))
      )
        weak = true;
    forward(cue.to, end, REACH_LONG, weak && !cue.words.includes('medical') ? WEAK_HISTORY : HISTORICAL);
  }

  function family(match: Match<Entry>, floor: number, end: number): void {
    if (word(match.from - 1) === 'by' || word(match.from - 2) === 'by') return;
    for (let at = match.to; at < Math.min(end, match.to + 4); at += 1) {
      if (RELATIVE_REPORTS.has(word(at))) return;
      if (RELATIVE_STATES.has(word(at))) {
        forward(at + 1, end, REACH_LONG, FAMILY);
        return;
      }
    }
    if (word(match.from - 1) !== 'in' && word(match.from - 2) !== 'in') return;
    backward(match.from, Math.max(floor, match.from - REACH_SHORT), (at) => {
      bits[at] = (bits[at] ?? 0) | FAMILY;
    });
  }

  let sentence = 0;
  const enclosing = (token: number): SectionedSentence | undefined => {
    while (sentence < sentences.length && (sentences[sentence]?.to ?? 0) <= token) sentence += 1;
    return sentences[sentence];
  };
  for (const cue of cues) {
    const { from: floor, to: end } = enclosing(cue.from) ?? { from: 0, to: tokens.count };
    const { meaning, reach } = cue.cue;
    if (meaning === 'absent' || meaning === 'possible') {
      const bit = meaning === 'absent' ? ABSENT : POSSIBLE;
      if (reach === 'after') forward(cue.to, end, bit === ABSENT ? REACH_LONG : REACH_SHORT + 4, bit);
      else
        backward(cue.from, floor, (at) => {
          bits[at] = (bits[at] ?? 0) | bit;
        });
    } else if (meaning === 'historical') {
      if (reach === 'after') history(cue, floor, end);
      else
        backward(cue.from, Math.max(floor, cue.from - 12), (at) => {
          bits[at] = (bits[at] ?? 0) | HISTORICAL;
        });
    } else if (meaning === 'family') forward(cue.to, end, REACH_LONG, FAMILY);
    else if (resultCode(meaning) > 0) result(cue, floor, end);
  }
  // `non-tender`, `nontender` is a word of its own: the prefix governs only what it is joined to.
  for (let at = 0; at + 1 < tokens.count; at += 1) {
    if (word(at) !== 'non') continue;
    const joined = word(at + 1) === '-' ? at + 2 : at + 1;
    bits[joined] = (bits[joined] ?? 0) | ABSENT;
  }
  sentence = 0;
  for (const relative of relatives) {
    const { from: floor, to: end } = enclosing(relative.from) ?? { from: 0, to: tokens.count };
    family(relative, floor, end);
  }
  return {
    bits,
    resultAt: (token) => {
      const said = RESULTS[predicative[token] ?? 0] ?? null;
      // `the presence of EBV was negative`: the predicate has the last word.
      return said === 'negative' ? said : (RESULTS[attributive[token] ?? 0] ?? said);
    },
  };
}
