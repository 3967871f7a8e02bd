import type { Assertion } from '../../schema/vocabulary.ts';
import type { Match } from './lexicon.ts';
import {
  ABSENT,
  DENIED,
  FAMILY,
  GONE,
  HISTORICAL,
  HYPOTHETICAL,
  markScopes,
  POSSIBLE,
  RETURNED,
  type Scopes,
  WEAK_HISTORY,
} from './scopes.ts';
import { readSections, type SectionedSentence } from './sections.ts';
import { markStory } from './story.ts';
import type { Tokens } from './tokens.ts';
import { type Entry, type Vocabulary, type VocabularyName, vocabularyInUse } from './vocabulary.ts';
import { perWord } from './words.ts';

/** A known phrase at its place in the text. */
export type Mention = Match<Entry> & {
  readonly start: number;
  readonly end: number;
  /** Index into `Reading.sentences`. */
  readonly sentence: number;
};

/** What every extractor starts from: the text, cut up and matched once. */
export type Reading = {
  readonly text: string;
  readonly tokens: Tokens;
  readonly sentences: readonly SectionedSentence[];
  /** Per sentence: whether it tells this patient's own story. */
  readonly story: readonly boolean[];
  /** In text order, without overlap. */
  readonly mentions: readonly Mention[];
  /** Those of the patient's own story. */
  readonly own: readonly Mention[];
  /** Indices into `mentions`, per sentence [first, last). */
  readonly mentionsOf: readonly (readonly [number, number])[];
  readonly scopes: Scopes;
  /** Codes by name, where the operator has loaded a vocabulary with codes. */
  readonly codes: ReadonlyMap<string, string>;
};

// Short forms that are everyday words unless written in capitals: `TEN`, `PET`, `MR` (and `Mr`).
const CAPITALS_ONLY = new Set(
  'ten all aids pet mr pr pt oct na cad pac sob ef fs as er tic hr ada dat ana alk ace ser gist pres sle scad tg ht lad pd map echo\u0000'.split(
    ' ',
  ),
);
const needsCapitals = perWord((word) => (CAPITALS_ONLY.has(word) ? 1 : 0));

/** Cuts and matches a text. Without a vocabulary, with the one that the host registered. */
export function readText(text: string, vocabulary: Vocabulary = vocabularyInUse()): Reading {
  const { tokens, sentences } = readSections(text);
  const story = markStory(text, tokens, sentences);
  const mentions: Mention[] = [];
  const mentionsOf: [number, number][] = sentences.map(() => [0, 0]);
  const capitals = needsCapitals(tokens.pool);
  let sentence = 0;
  for (const match of vocabulary.lexicon.match(tokens)) {
    const start = tokens.start[match.from] ?? 0;
    const end = tokens.end[match.to - 1] ?? start;
    if (match.to === match.from + 1 && capitals[tokens.id[match.from] ?? 0] === 1) {
      const written = text.slice(start, end);
      if (written !== written.toUpperCase()) continue;
    }
    while (sentence < sentences.length && (sentences[sentence]?.to ?? 0) <= match.from) sentence += 1;
    // A phrase never runs on over the end of a sentence.
    if (match.to > (sentences[sentence]?.to ?? tokens.count)) continue;
    const range = mentionsOf[sentence];
    if (range !== undefined) {
      if (range[1] === range[0]) range[0] = mentions.length;
      range[1] = mentions.length + 1;
    }
    // Written out: spreading the match costs a fifth of the whole reading.
    mentions.push({ from: match.from, to: match.to, entries: match.entries, start, end, sentence });
  }
  const own = mentions.filter((mention) => story[mention.sentence]);
  const scopes = markScopes(tokens, sentences, mentions);
  denyWhatWent(own, scopes.bits);
  return { text, tokens, sentences, story, mentions, own, mentionsOf, scopes, codes: vocabulary.codes };
}

const NOT_THERE = ABSENT | DENIED | FAMILY | HYPOTHETICAL;

/**
 * What went (`the fever resolved`) is absent from then on where the text told of it before; where this is the first word of
 * it, it is still a finding of the case.
 */
function denyWhatWent(own: readonly Mention[], bits: Uint16Array): void {
  if (!own.some((mention) => (bits[mention.from] ?? 0) & GONE)) return;
  const told = new Set<string>();
  for (const mention of own) {
    const said = bits[mention.from] ?? 0;
    for (const { vocabulary, term } of mention.entries) {
      if (vocabulary === 'cue' || vocabulary === 'site') continue;
      if (said & GONE && (told.has(term) || vocabulary === 'deniable')) bits[mention.from] = said | DENIED;
      else if ((said & NOT_THERE) === 0) told.add(term);
    }
  }
}

/** The meaning that a mention has in one vocabulary, if any. */
export function entryIn<Name extends VocabularyName>(
  mention: Match<Entry>,
  vocabulary: Name,
): (Entry & { readonly vocabulary: Name }) | undefined {
  for (const entry of mention.entries)
    if (entry.vocabulary === vocabulary) return entry as Entry & { readonly vocabulary: Name }; // what the test says, which `===` does not narrow
  return undefined;
}

/** The mention that holds a token. */
export function mentionAt(reading: Reading, token: number): Mention | undefined {
  let low = 0;
  let high = reading.mentions.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const mention = reading.mentions[middle];
    if (mention === undefined) return undefined;
    if (mention.to <= token) low = middle + 1;
    else if (mention.from > token) high = middle - 1;
    else return mention;
  }
  return undefined;
}

export function mentionsIn(reading: Reading, sentence: number): readonly Mention[] {
  const [from, to] = reading.mentionsOf[sentence] ?? [0, 0];
  return reading.mentions.slice(from, to);
}

/** Whether a relative is spoken of at a token, whatever is said. */
export function isOfFamily(reading: Reading, token: number): boolean {
  return ((reading.scopes.bits[token] ?? 0) & FAMILY) !== 0;
}

/**
 * How the text asserts what is said at a token. Family goes before absence (`no family history of …` is no history at all),
 * a result before what was only looked for (`tests for HIV were negative`), that before absence, absence before history,
 * history before doubt. `chronic`: for diseases, which a weak history governs as well.
 */
export function assertionAt(reading: Reading, token: number, chronic: boolean): Assertion {
  const bits = reading.scopes.bits[token] ?? 0;
  const result = reading.scopes.resultAt(token);
  if (bits & FAMILY) return bits & (ABSENT | DENIED) || result === 'negative' ? 'absent' : 'family';
  if (bits & DENIED || result === 'negative') return 'absent';
  if (bits & HYPOTHETICAL && result !== 'positive') return 'hypothetical';
  if (bits & ABSENT) return 'absent';
  // A complaint that did not come back is absent; a disease is one of the past.
  if (bits & RETURNED) return chronic ? 'historical' : 'absent';
  if (bits & HISTORICAL || (chronic && bits & WEAK_HISTORY)) return 'historical';
  return bits & POSSIBLE ? 'possible' : 'present';
}
