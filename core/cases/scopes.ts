import type { Match } from './lexicon.ts';
import {
  ADVERBS,
  ARRIVALS,
  ARTICLES,
  AUXILIARIES,
  BE,
  BETWEEN_NEGATION,
  CAUSES,
  CHANGES,
  COURSES,
  type Course,
  courseCode,
  DETERMINERS,
  HABIT_VERBS,
  HARD,
  ITEM_JOINS,
  OBSERVED,
  OCCURS,
  ONSETS,
  OTHERS,
  OTHERS_CUES,
  PERSONS,
  PLACES,
  type PlacedCue,
  PREDICATE_STARTS,
  placeCues,
  RELATIVE_REPORTS,
  RELATIVE_STATES,
  RESULT,
  RESULTS,
  RETURNS,
  type Result,
  resultCode,
  SUBJECTS,
  TIME_UNITS,
  VERB,
  WITH,
} from './scope-words.ts';
import type { SectionedSentence } from './sections.ts';
import { MARK, type Tokens } from './tokens.ts';
import type { Entry } from './vocabulary.ts';

export type { Course, Result } from './scope-words.ts';

/** Bits of `Scopes.bits`. A weak history governs diseases but not complaints: `presented with a history of fever`. */
export const ABSENT = 1;
export const POSSIBLE = 2;
export const HISTORICAL = 4;
export const FAMILY = 8;
export const WEAK_HISTORY = 16;
export const HYPOTHETICAL = 32;
/** Absent by its own predicate (`was ruled out`), which has the last word over what stands before. */
export const DENIED = 64;
/** Had been there and went. */
export const GONE = 128;
/** Had been there and did not come back. */
export const RETURNED = 256;

/** What the cues of the text say about each token. */
export type Scopes = {
  readonly bits: Uint16Array;
  /** What ends a scope at each token: `HARD`, `VERB`, `BE` and the like of scope-words. */
  readonly stops: Uint8Array;
  resultAt(token: number): Result | null;
  courseAt(token: number): Course | null;
};

// Scopes end after this many tokens at the latest, which also keeps the work linear in the text.
const REACH_LONG = 30;
const REACH_MIDDLE = 14;
const REACH_SHORT = 8;
const REACH_COURSE = 5;
/** Hypothetical cues behind which a clause may follow with a verb of its own. */
const CLAUSE_CUES =
  /^(?:if|whether|return if|in case|should .*|.* that|advised to .*|explained the|informed .*|warned .*|fear of|afraid of|to (?:avoid|prevent)|(?:may|can|could|might) (?:cause|lead to|result in)|could lead)$/;
const HAS_VERB = /^(?:had|has|have|was|were|is|are|did|does|denie[ds]|cannot|could|failed|lacked|lacks)\b/;

/** Runs all cues of the text over the tokens they govern. */
export function markScopes(
  tokens: Tokens,
  sentences: readonly SectionedSentence[],
  matches: readonly Match<Entry>[],
): Scopes {
  const bits = new Uint16Array(tokens.count);
  const predicative = new Uint8Array(tokens.count);
  const attributive = new Uint8Array(tokens.count);
  const courses = new Uint8Array(tokens.count);
  const { cues, relatives, stops } = placeCues(tokens.count, matches);

  const word = (at: number): string => tokens.word[at] ?? '';
  const previousWord = (at: number, floor: number): number => {
    let back = at - 1;
    while (back >= floor && tokens.kind[back] === MARK && word(back) !== ',' && word(back) !== ';') back -= 1;
    return back;
  };

  /** Whether only auxiliaries and the person stand between a negation and this verb: `nor did he have`. */
  function isOpening(from: number, at: number): boolean {
    for (let between = from; between <= at; between += 1) if (!BETWEEN_NEGATION.has(word(between))) return false;
    return true;
  }

  const mark = (bit: number) => (at: number) => {
    bits[at] = (bits[at] ?? 0) | bit;
  };

  /** Whether a clause with a verb of its own opens behind the `and` at `at`: `no fever, and vomiting <was> severe`. */
  function opensClause(at: number, end: number): boolean {
    for (let ahead = at + 1; ahead < Math.min(end, at + REACH_SHORT); ahead += 1) {
      if (word(ahead) === ',' || word(ahead) === 'and' || word(ahead) === 'or') return false;
      if (stops[ahead] === BE || stops[ahead] === VERB) return true;
    }
    return false;
  }

  /**
   * `isTold`: the clause has its verb already, so that another one opens a new clause. `isClause`: the cue governs a whole
   * clause with its verb (`if fever occurs`), and not only a noun (`at risk for stroke`).
   */
  function forward(from: number, end: number, reach: number, bit: number, isTold = false, isClause = false): void {
    const to = Math.min(end, from + reach);
    let inPlace = false;
    for (let at = from; at < to; at += 1) {
      const stop = stops[at] ?? 0;
      const token = word(at);
      if (token === ';' || stop === HARD) return;
      if ((stop === VERB || stop === BE) && at > from && !(bit === ABSENT && isOpening(from, at))) {
        if (!isClause && !(bit === HYPOTHETICAL && token === 'including')) return;
      }
      if (bit === ABSENT && (stop === WITH || HABIT_VERBS.has(token) || CAUSES.has(token))) return;
      // `no recurrence of the tumor`: the recurrence is denied, not the tumor, which there was.
      if (bit === ABSENT && token === 'of' && CHANGES.has(word(at - 1))) {
        if (RETURNS.has(word(at - 1))) forward(at + 1, end, REACH_SHORT, RETURNED);
        // `… or any adverse effects`: the denial goes on.
        for (let ahead = at + 2; ahead < Math.min(to, at + REACH_SHORT); ahead += 1)
          if (word(ahead) === 'any' && ITEM_JOINS.has(word(ahead - 1))) forward(ahead, end, REACH_SHORT, ABSENT);
        return;
      }
      if (token === ',' || token === 'and') {
        const next = word(at + 1) === 'and' ? at + 2 : at + 1;
        if (isTold && (token === 'and' || word(at + 1) === 'and') && opensClause(next - 1, end)) return;
        // `her father had a normal karyotype and a seminoma`: with an article a relative's list goes on.
        const goesOn = bit === FAMILY && isTold && ARTICLES.has(word(next)) && !opensClause(next - 1, end);
        if ((SUBJECTS.has(word(next)) && !goesOn) || stops[next] === VERB || stops[next] === HARD) return;
        if (bit === ABSENT && (stops[next] === RESULT || HABIT_VERBS.has(word(next + 1)))) return;
      }
      if (bit === ABSENT) {
        if (ITEM_JOINS.has(token)) inPlace = false;
        else if (at > from && PLACES.has(token) && DETERMINERS.has(word(at + 1))) inPlace = true;
        if (inPlace) continue;
      }
      bits[at] = (bits[at] ?? 0) | bit;
    }
  }

  /** Back over the subject of a predicate: `ANA, RF and HLA-B27 tests were <negative>`. */
  function backward(from: number, floor: number, say: (at: number) => void): void {
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
    for (let mine = from - 1; mine >= limit; mine -= 1) say(mine);
  }

  function result(cue: PlacedCue, floor: number, end: number): void {
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

  function history(cue: PlacedCue, floor: number, end: number): void {
    if (!cue.words.includes('history')) {
      forward(cue.to, end, REACH_SHORT, HISTORICAL);
      return;
    }
    // `a man without past medical history <presented> with fever`: what brought him is told next.
    if (ARRIVALS.has(word(cue.to)) || ONSETS.has(word(cue.to))) return;
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
      if (word(at) === 'who' && RELATIVE_STATES.has(word(at + 1)) && !RELATIVE_REPORTS.has(word(at + 2))) continue;
      if (RELATIVE_REPORTS.has(word(at))) return;
      if (RELATIVE_STATES.has(word(at))) {
        forward(at + 1, end, REACH_LONG, FAMILY, word(at) !== 'with');
        return;
      }
    }
    if (word(match.from - 1) !== 'in' && word(match.from - 2) !== 'in') return;
    backward(match.from, Math.max(floor, match.from - REACH_SHORT), mark(FAMILY));
  }

  /** Where the subject of a predicate ends: before its auxiliaries and adverbs. */
  function subjectEnd(from: number, floor: number): number {
    let end = from;
    while (end - 1 >= floor && (AUXILIARIES.has(word(end - 1)) || word(end - 1).endsWith('ly'))) end -= 1;
    return end;
  }

  /** `No one else in the family had fever`, `anyone who had fever`: what the clause tells is of others. */
  function others(from: number, end: number, bit: number): void {
    for (let at = from; at < Math.min(end, from + REACH_MIDDLE); at += 1) {
      if (word(at) === ';') return;
      if (stops[at] !== VERB && stops[at] !== BE) continue;
      forward(at + 1, end, REACH_LONG, FAMILY);
      if (bit !== FAMILY) forward(at + 1, end, REACH_LONG, bit);
      return;
    }
  }

  /** `None of his contacts`, `no other family member` at the head of a clause, whose subject they are. */
  function isOfOthers(cue: PlacedCue, floor: number, end: number): boolean {
    if (!OTHERS_CUES.has(cue.words)) return false;
    const before = word(cue.from - 1);
    if (cue.from > floor && before !== ',' && before !== 'and' && before !== ';' && stops[cue.from - 1] !== HARD)
      return false;
    const isPartitive = word(cue.to) === 'of';
    for (let at = cue.to; at < Math.min(end, cue.to + (isPartitive ? 4 : 2)); at += 1)
      if (OTHERS.has(word(at))) return true;
    return false;
  }

  /** `were not observed`, `did not occur` deny their subject; any other `not` denies what follows. */
  function negation(cue: PlacedCue, floor: number, end: number): void {
    if (word(cue.to) === 'only') return;
    if (isOfOthers(cue, floor, end)) {
      others(cue.to, end, ABSENT);
      return;
    }
    if (cue.words === 'not' || cue.words.endsWith(' not') || cue.words === 'cannot' || cue.words === 'never') {
      let at = cue.to;
      while (at < Math.min(end, cue.to + 3) && (AUXILIARIES.has(word(at)) || word(at).endsWith('ly'))) at += 1;
      const goesOn = word(at + 1) === 'to' || word(at + 1) === 'any';
      if (at < end && !goesOn && (OBSERVED.has(word(at)) || OCCURS.has(word(at)))) {
        // `she was not found`, `he had not noticed fever`: of the person nothing is denied.
        const subject = subjectEnd(cue.from, floor);
        if (PERSONS.has(word(subject - 1))) forward(at + 1, end, REACH_LONG, ABSENT);
        else backward(subject, floor, mark(ABSENT | DENIED));
        return;
      }
    }
    // `absent breath sounds, dullness and fever`, `lack of appetite, and cough`: these govern their own noun.
    const isOfNoun = cue.words === 'absent' || cue.words.startsWith('lack');
    let isTold = HAS_VERB.test(cue.words);
    for (let at = Math.max(floor, cue.from - REACH_LONG); at < cue.from; at += 1)
      if (stops[at] === VERB || stops[at] === BE) isTold = true;
    forward(cue.to, isOfNoun ? itemEnd(cue.to, end) : end, REACH_LONG, ABSENT, isTold);
    // Of the patient it says nothing.
    if (cue.words.endsWith('family history of')) forward(cue.to, end, REACH_LONG, FAMILY);
  }

  function itemEnd(from: number, end: number): number {
    let at = from;
    while (at < end && word(at) !== ',' && word(at) !== 'and') at += 1;
    return at;
  }

  function course(cue: PlacedCue, floor: number, end: number): void {
    const code = courseCode(cue.cue.meaning);
    const isGone = cue.cue.meaning === 'resolved';
    if (cue.cue.reach === 'after') {
      const isList = /(?: of| in| from| had| has| experienced)$/.test(cue.words);
      const to = Math.min(end, cue.to + (isList ? REACH_MIDDLE : REACH_COURSE));
      for (let at = cue.to; at < to; at += 1) {
        const stop = stops[at] ?? 0;
        const token = word(at);
        if (stop === HARD || stop === VERB || stop === BE || stop === WITH || token === ';') return;
        if (!isList && (token === ',' || token === 'and' || token === 'or')) return;
        if (courses[at] === 0) courses[at] = code;
        if (isGone) bits[at] = (bits[at] ?? 0) | GONE;
      }
      return;
    }
    const subject = subjectEnd(cue.from, floor);
    const before = word(subject - 1);
    if (before === 'not' || before === 'never' || word(cue.from - 1) === 'not' || PERSONS.has(before)) {
      if (before !== 'who') return;
    }
    // `fever, which resolved`: told as there, and what became of it.
    const isAside = before === 'which' || before === 'that';
    const from = isAside ? (word(subject - 2) === ',' ? subject - 2 : subject - 1) : subject;
    backward(from, isAside ? Math.max(floor, from - REACH_SHORT) : floor, (at) => {
      courses[at] = code;
      if (isGone && !isAside) bits[at] = (bits[at] ?? 0) | GONE;
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
    if (meaning === 'absent') {
      if (reach === 'after') negation(cue, floor, end);
      // `he was denied a transplant`
      else if (!(cue.words.endsWith('denied') && PERSONS.has(word(cue.from - 1))))
        backward(subjectEnd(cue.from, floor), floor, mark(ABSENT | DENIED));
    } else if (meaning === 'possible') {
      if (reach === 'after') forward(cue.to, end, REACH_SHORT + 4, POSSIBLE);
      else backward(cue.from, floor, mark(POSSIBLE));
    } else if (meaning === 'hypothetical') {
      if (reach === 'after') forward(cue.to, end, REACH_MIDDLE, HYPOTHETICAL, false, CLAUSE_CUES.test(cue.words));
      else backward(cue.from, floor, mark(HYPOTHETICAL));
    } else if (meaning === 'historical') {
      if (reach === 'after') history(cue, floor, end);
      else backward(cue.from, Math.max(floor, cue.from - 12), mark(HISTORICAL));
    } else if (meaning === 'others') others(cue.to, end, cue.words.startsWith('no') ? ABSENT : FAMILY);
    else if (meaning === 'family') forward(cue.to, end, REACH_LONG, FAMILY);
    else if (courseCode(meaning) > 0) course(cue, floor, end);
    else if (resultCode(meaning) > 0) result(cue, floor, end);
    // `no abnormality`: a result that denies what it names.
    if (meaning === 'normal' && /^(?:no|without) /.test(cue.words))
      for (let at = cue.from; at < cue.to; at += 1) bits[at] = (bits[at] ?? 0) | ABSENT;
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
    stops,
    resultAt: (token) => {
      const said = RESULTS[predicative[token] ?? 0] ?? null;
      // `the presence of EBV was negative`: the predicate has the last word.
      return said === 'negative' ? said : (RESULTS[attributive[token] ?? 0] ?? said);
    },
    courseAt: (token) => COURSES[courses[token] ?? 0] ?? null,
  };
}
