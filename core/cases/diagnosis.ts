import type { Span } from './case.ts';
import {
  behindPerson,
  nameOf,
  type Phrase,
  phraseBefore,
  phraseFrom,
  spelledOut,
  tellingWords,
  tokenAt,
} from './disease-phrase.ts';
import { assertionAt, entryIn, type Mention, type Reading } from './reading.ts';
import { namedByTitle } from './titled.ts';
import { bitsOf } from './tokens.ts';
import {
  ANNOUNCED_BEFORE,
  ANNOUNCERS,
  DOUBT_AFTER,
  DOUBT_BEFORE,
  GENE_CHANGE,
  GENERIC,
} from './vocabularies/diagnosis.ts';
import { bitsPerWord } from './words.ts';

/** A diagnosis as the text words it. `score` ranks; `term` is the known disease in it, if any. */
export type Diagnosis = {
  readonly text: string;
  readonly span: Span;
  readonly term: string | null;
  readonly score: number;
  /** What tells it from others. */
  readonly words: ReadonlySet<string>;
  /** Whether it stands in the patient's own story, as present. */
  readonly isOwn: boolean;
};

// The last bit is for names that stand before their announcer.
const announcersPerWord = bitsPerWord([
  ...ANNOUNCERS.map(({ words }) => words),
  /^(?:diagnosed|confirmed|established|proven|identified)$/,
]);
const SAYS_BEFORE = 1 << ANNOUNCERS.length;
const BEFORE_WEIGHT = 5;
const CHARS_MAX = 160;
const BEFORE_CHARS = 45;
const AFTER_CHARS = 60;
const KNOWN_BONUS = 3;
const NAME_BONUS = 2;
const DOUBT = 6;
// `After HIV infection had been ruled out, a diagnosis of …`: the doubt is of something else.
const DONE_WITH = /\b(?:ruled out|excluded)\b(?=[,;]| and\b)/g;
const WEAK_MAX = 3;
/** A diagnosis that no words announce. */
export const NAMED_SCORE = 1;
const TITLE_SCORE = 10;
const ASIDE_SCORE = 4;
// The first disease of a title is its subject; what comes later explains it.
const TITLE_LATER = 1.5;
// Said again in another sentence: it is what the report is about. Counted up to three times.
const SAID_AGAIN = 0.8;
const AGAIN_MAX = 3;
// Each is looked for in the whole text.
const SHORT_FORMS_MAX = 40;

function makeDiagnosis(
  reading: Reading,
  phrase: Phrase,
  term: string | null,
  score: number,
  isOwn: boolean,
): Diagnosis {
  const { start, end } = reading.tokens;
  const from = start[phrase.from] ?? 0;
  const to = Math.min(end[phrase.to - 1] ?? from, from + CHARS_MAX);
  const text = reading.text.slice(from, to);
  const words = tellingWords(reading, phrase);
  // `malignancy`, `BRCA1 mutation` stand only where nothing better does.
  const isWeak = GENE_CHANGE.test(text.toLowerCase()) || [...words].every((word) => GENERIC.has(word));
  return { text, span: [from, to], term, score: isWeak ? Math.min(score, WEAK_MAX) : score, words, isOwn };
}

/** Of the story's present diseases the one named most often, the first of equals: a guess for texts that announce none. */
function mostNamed(reading: Reading): Diagnosis | null {
  const named = new Map<string, { readonly mention: Mention; count: number }>();
  for (const mention of reading.own) {
    const disease = entryIn(mention, 'disease');
    if (disease === undefined || assertionAt(reading, mention.from, true) !== 'present') continue;
    const known = named.get(disease.term);
    if (known !== undefined) known.count += 1;
    else named.set(disease.term, { mention, count: 1 });
  }
  const [best] = [...named.entries()].sort((a, b) => b[1].count - a[1].count);
  return best === undefined ? null : makeDiagnosis(reading, best[1].mention, best[0], NAMED_SCORE, true);
}

/** What words of the text announce, in text order. Introduction, discussion and back matter are not read. */
function* announcedDiagnoses(reading: Reading): Generator<Diagnosis> {
  const { text, tokens } = reading;
  const announcers = announcersPerWord(tokens.pool);
  const total = Math.max(1, reading.sentences.length);
  let lookups = SHORT_FORMS_MAX;
  for (const [index, sentence] of reading.sentences.entries()) {
    if (
      sentence.section === 'introduction' ||
      sentence.section === 'matter' ||
      sentence.section === 'discussion' ||
      sentence.heading
    )
      continue;
    const possible = bitsOf(announcers, tokens, sentence.from, sentence.to);
    if (possible === 0) continue;
    const written = text.slice(sentence.start, sentence.end);
    const lowered = written.toLowerCase();
    // Lowering may lengthen a text (`İ`); offsets hold only where it does not.
    const lower = lowered.length === written.length ? lowered : written;
    const isOwn = reading.story[index] ?? false;
    const judge = (said: Phrase, weight: number, announcedAt: number): Diagnosis | null => {
      const assertion = assertionAt(reading, said.from, true);
      if (assertion === 'absent' || assertion === 'family') return null;
      lookups -= said.to === said.from + 1 ? 1 : 0;
      const phrase = (lookups >= 0 ? spelledOut(reading, said) : null) ?? said;
      const { term, isName } = nameOf(reading, phrase);
      if (!isName) return null;
      const from = (tokens.start[said.from] ?? 0) - sentence.start;
      const to = (tokens.end[said.to - 1] ?? 0) - sentence.start;
      const isDoubted =
        DOUBT_BEFORE.test(lower.slice(Math.max(0, announcedAt - BEFORE_CHARS), from).replace(DONE_WITH, '')) ||
        DOUBT_AFTER.test(lower.slice(to, to + AFTER_CHARS));
      const unsure = assertion === 'historical' ? 4 : assertion === 'possible' ? 2 : 0;
      const known = (term === null ? NAME_BONUS : KNOWN_BONUS) + (isOwn ? 1 : 0);
      const score = weight + known - (isDoubted ? DOUBT : 0) - unsure + index / total;
      return makeDiagnosis(reading, phrase, term, score, isOwn && !isDoubted && assertion === 'present');
    };
    for (const [place, { pattern, weight }] of ANNOUNCERS.entries()) {
      if ((possible & (1 << place)) === 0) continue;
      for (const announced of lower.matchAll(pattern)) {
        const behind = announced.index + announced[0].length;
        const first = tokenAt(reading, sentence.from, sentence.to, sentence.start + behind);
        const from = behindPerson(reading, first, sentence.to);
        const said = phraseFrom(reading, from, sentence.to);
        const diagnosis = said === null ? null : judge(said, weight, announced.index);
        if (diagnosis !== null) yield diagnosis;
      }
    }
    if ((possible & SAYS_BEFORE) === 0) continue;
    for (const announced of lower.matchAll(ANNOUNCED_BEFORE)) {
      const end = tokenAt(reading, sentence.from, sentence.to, sentence.start + announced.index);
      const said = phraseBefore(reading, sentence.from, end);
      const from = said === null ? 0 : (tokens.start[said.from] ?? 0) - sentence.start;
      const diagnosis = said === null ? null : judge(said, BEFORE_WEIGHT, from);
      if (diagnosis !== null) yield diagnosis;
    }
  }
}

/** Whether the text states a diagnosis rather than only naming diseases. */
export function statesDiagnosis(reading: Reading): boolean {
  for (const { score } of announcedDiagnoses(reading)) if (score > NAMED_SCORE) return true;
  return false;
}

function titledDiagnoses(reading: Reading, title: string): readonly Diagnosis[] {
  return namedByTitle(reading, title).map(({ phrase, isAside }, place) => {
    const { term } = nameOf(reading, phrase);
    const base = isAside ? ASIDE_SCORE : TITLE_SCORE - place * TITLE_LATER;
    return makeDiagnosis(reading, phrase, term, base + (term === null ? NAME_BONUS : KNOWN_BONUS), false);
  });
}

/** Whether two names mean one disease: all words of the shorter are in the longer. */
export function isSame(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  const [fewer, more] = a.size <= b.size ? [a, b] : [b, a];
  for (const word of fewer) if (!more.has(word)) return false;
  return fewer.size > 0;
}

/**
 * All diagnoses that title and text state, best first; last what the text only names. What is said in several places gains by
 * it. Introduction, discussion and back matter are not read.
 */
export function findDiagnoses(reading: Reading, title: string | null): readonly Diagnosis[] {
  const found = [...(title === null ? [] : titledDiagnoses(reading, title)), ...announcedDiagnoses(reading)];
  const named = mostNamed(reading);
  if (named !== null) found.push(named);
  const ranked = found.sort((a, b) => b.score - a.score || a.span[0] - b.span[0]).slice(0, FOUND_MAX);
  return ranked
    .map((one) => {
      const places = new Set(
        ranked
          .filter((other) => other.score > NAMED_SCORE && isSame(one.words, other.words))
          .map(({ span }) => span[0]),
      );
      return { ...one, score: one.score + SAID_AGAIN * Math.min(AGAIN_MAX, Math.max(0, places.size - 1)) };
    })
    .sort((a, b) => b.score - a.score || a.span[0] - b.span[0]);
}

// Comparing each with each stays cheap.
const FOUND_MAX = 40;
