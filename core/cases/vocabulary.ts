import type { DiagnosisCategory } from '../../schema/vocabulary.ts';
import { buildLexicon, type Lexicon } from './lexicon.ts';
import { tokenise } from './tokens.ts';
import { MEDICINES, RELATIVES, RISK_FACTORS } from './vocabularies/background.ts';
import { CUES, type Cue } from './vocabularies/cues.ts';
import { DISEASES } from './vocabularies/diseases.ts';
import { ECG_INTERVALS, ECG_LEADS, ECG_RECORDINGS, ECG_STATEMENTS } from './vocabularies/ecg.ts';
import { IMAGING_FINDINGS, IMAGING_MEASURES, MODALITIES } from './vocabularies/imaging.ts';
import { type Analyte, LAB_ANALYTES } from './vocabularies/labs.ts';
import type { PhraseLine } from './vocabularies/phrases.ts';
import { SIGNS } from './vocabularies/signs.ts';
import { DENIABLE, SITES, SYMPTOMS } from './vocabularies/symptoms.ts';
import { VITAL_SIGNS, type VitalSign } from './vocabularies/vitals.ts';

export type Measure = {
  readonly term: string;
  readonly phrases: readonly string[];
  readonly unit?: string;
  readonly min: number;
  readonly max: number;
  readonly normal: readonly [number, number];
};

/** What a phrase of the text can mean. */
export type Entry =
  | {
      readonly vocabulary: 'symptom' | 'deniable' | 'site' | 'relative' | 'risk' | 'medicine';
      readonly term: string;
      readonly code?: string;
    }
  | { readonly vocabulary: 'ecg recording' | 'ecg' | 'ecg lead'; readonly term: string; readonly code?: string }
  | { readonly vocabulary: 'modality' | 'imaging'; readonly term: string; readonly code?: string }
  | { readonly vocabulary: 'ecg interval' | 'imaging measure'; readonly term: string; readonly measure: Measure }
  | { readonly vocabulary: 'lab'; readonly term: string; readonly analyte: Analyte }
  | { readonly vocabulary: 'vital'; readonly term: string; readonly vital: VitalSign }
  | {
      readonly vocabulary: 'disease';
      readonly term: string;
      readonly category: DiagnosisCategory;
      readonly rare: boolean;
    }
  | { readonly vocabulary: 'cue'; readonly term: string; readonly cue: Cue };

export type VocabularyName = Entry['vocabulary'];

function* named(
  lines: readonly PhraseLine[],
  vocabulary:
    | 'symptom'
    | 'deniable'
    | 'site'
    | 'relative'
    | 'risk'
    | 'medicine'
    | 'ecg recording'
    | 'ecg'
    | 'ecg lead'
    | 'modality'
    | 'imaging',
) {
  for (const line of lines) {
    const entry: Entry = { vocabulary, term: line.term };
    for (const phrase of line.phrases) yield [phrase, entry] as const;
  }
}

function* measured(measures: readonly Measure[], vocabulary: 'ecg interval' | 'imaging measure') {
  for (const measure of measures) {
    const entry: Entry = { vocabulary, term: measure.term, measure };
    for (const phrase of measure.phrases) yield [phrase, entry] as const;
  }
}

function* allPhrases(): Generator<readonly [string, Entry]> {
  yield* named(SYMPTOMS, 'symptom');
  yield* named(SIGNS, 'symptom');
  yield* named(DENIABLE, 'deniable');
  yield* named(SITES, 'site');
  yield* named(ECG_RECORDINGS, 'ecg recording');
  yield* named(ECG_STATEMENTS, 'ecg');
  yield* named(ECG_LEADS, 'ecg lead');
  yield* measured(ECG_INTERVALS, 'ecg interval');
  yield* named(MODALITIES, 'modality');
  yield* named(IMAGING_FINDINGS, 'imaging');
  yield* measured(IMAGING_MEASURES, 'imaging measure');
  yield* named(RISK_FACTORS, 'risk');
  yield* named(MEDICINES, 'medicine');
  yield* named(RELATIVES, 'relative');
  for (const analyte of LAB_ANALYTES) {
    const entry: Entry = { vocabulary: 'lab', term: analyte.term, analyte };
    for (const phrase of analyte.phrases) yield [phrase, entry];
  }
  for (const vital of VITAL_SIGNS) {
    const entry: Entry = { vocabulary: 'vital', term: vital.term, vital };
    for (const phrase of vital.phrases) yield [phrase, entry];
  }
  // The first name of a line is its canonical one only where the line lists synonyms; a list of diseases keeps each name.
  for (const { term, phrases, category, rare } of DISEASES)
    for (const phrase of phrases)
      yield [phrase, { vocabulary: 'disease', term: phrase === term ? term : phrase.toLowerCase(), category, rare }];
  for (const [phrase, cue] of CUES) yield [phrase, { vocabulary: 'cue', term: phrase, cue }];
}

/** All built-in vocabularies in one matcher; built once per host at load, some 5,000 phrases. */
export const LEXICON: Lexicon<Entry> = buildLexicon(allPhrases());

/** What a line of a user's vocabulary can be. */
export const EXTRA_KINDS = ['symptom', 'imaging', 'ecg', 'risk', 'medicine', 'site', 'disease'] as const;
export type ExtraKind = (typeof EXTRA_KINDS)[number];

/** A term that the user brings. `term` is its canonical name, lower case; `phrases` are all ways to write it, the name among them. */
export type ExtraTerm = PhraseLine & { readonly kind: ExtraKind; readonly code?: string };

export type Vocabulary = {
  readonly lexicon: Lexicon<Entry>;
  /** Codes by lower-case name. */
  readonly codes: ReadonlyMap<string, string>;
  /** Of what the user brought; null for the built-in words alone. */
  readonly hash: string | null;
};

const BUILT_IN: Vocabulary = { lexicon: LEXICON, codes: new Map(), hash: null };

function extraEntry({ term, kind, code }: ExtraTerm): Entry {
  const coded = code === undefined ? {} : { code };
  if (kind === 'disease') return { vocabulary: kind, term, category: 'other', rare: false };
  return { vocabulary: kind, term, ...coded };
}

/** A phrase that turns assertions (`no`, `history of`) keeps that meaning alone. */
function isCue(phrase: string): boolean {
  const tokens = tokenise(phrase);
  const [whole] = LEXICON.match(tokens);
  return whole !== undefined && whole.to === tokens.count && whole.entries.some((entry) => entry.vocabulary === 'cue');
}

/**
 * The built-in words and those that a user brings. Where both know a phrase, the built-in name stays and takes over the code.
 * Pure; some 100 ms for the 40,000 phrases of the Human Phenotype Ontology.
 */
export function buildVocabulary(extra: readonly ExtraTerm[], hash: string): Vocabulary {
  const codes = new Map<string, string>();
  function* phrases(): Generator<readonly [string, Entry]> {
    yield* allPhrases();
    for (const line of extra) {
      const entry = extraEntry(line);
      for (const phrase of line.phrases) {
        if (isCue(phrase)) continue;
        const name = phrase.toLowerCase();
        if (line.code !== undefined && !codes.has(name)) codes.set(name, line.code);
        yield [phrase, entry];
      }
    }
  }
  return { lexicon: buildLexicon(phrases()), codes, hash };
}

/** The host registered another vocabulary, or registered one after texts had been read without it. */
export class VocabularyInUseError extends Error {
  override readonly name = 'VocabularyInUseError';
  constructor() {
    super('A vocabulary is in use already. Register one vocabulary, once, before the first text is read.');
  }
}

let inUse: Vocabulary = BUILT_IN;
let isRead = false;

/** The vocabulary that texts are read with where none is given. */
export function vocabularyInUse(): Vocabulary {
  isRead = true;
  return inUse;
}

/** Sets the vocabulary for this process; hosts call it at start, before any text is read. Throws `VocabularyInUseError`. */
export function registerVocabulary(vocabulary: Vocabulary): void {
  if (inUse.hash === vocabulary.hash && inUse.hash !== null) return;
  if (isRead || inUse.hash !== null) throw new VocabularyInUseError();
  inUse = vocabulary;
}
