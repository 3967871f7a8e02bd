import { readSections, type SectionedText } from './sections.ts';
import { splitSentences } from './sentences.ts';
import { NUMBER, type Tokens, tokenise } from './tokens.ts';
import { perWord } from './words.ts';

export type PatientText = { readonly text: string; readonly label: string | null };

const NUMERALS = new Map<string, number>(
  [
    'one first 1st i a',
    'two second 2nd ii b',
    'three third 3rd iii c',
    'four fourth 4th iv d',
    'five fifth 5th v e',
    'six sixth 6th vi f',
    'seven seventh 7th vii g',
    'eight eighth 8th viii h',
    'nine ninth 9th ix',
    'ten tenth 10th x',
  ].flatMap((words, index) => words.split(' ').map((word) => [word, index + 1] as const)),
);
const ORDINALS = new Set(
  'first second third fourth fifth sixth seventh eighth ninth tenth 1st 2nd 3rd 4th 5th'.split(' '),
);
const SUBJECTS = new Set(
  'case patient patients child infant sibling twin brother sister baby fetus subject neonate individual man woman boy girl'.split(
    ' ',
  ),
);
const LABELLED = new Set('case patient subject child infant neonate newborn sibling twin proband'.split(' '));
const OPENERS = new Set('in for the our as a and regarding concerning to this clinical'.split(' '));
// What may stand between a label and its number: `Case no. 2`, `Case presentation 2`.
const BEFORE_NUMBER = new Set('no . # number - : report presentation description'.split(' '));
// What follows a label that is talked about and not opened: `patient 1 and 2`, `case 1 to 3`, `Case 3 of 5`.
const NOT_OPENING = new Set('and or to of & through s'.split(' '));
const ENDS = new Set(['discussion', 'conclusion', 'matter']);
const SHARED =
  /^(?:both|all|in both|in all|these|the two|the three|in these|neither|our cases|our patients|the patients|in conclusion|in summary|the present cases|two patients|we|each)\b/i;
const PART_CHARS_MIN = 60;
// Where the first patient is not numbered, what looks like the second's story is often an aside.
const UNNUMBERED_PART_CHARS_MIN = 90;
const INTRODUCTION_SHARE_MAX = 0.5;

type Marker = {
  readonly number: number;
  readonly start: number;
  readonly label: string;
  readonly sentence: number;
  readonly labelled: boolean;
  /** The first patient of a text that numbers only the later ones. */
  readonly isImplied?: boolean;
};

/** Reads `Case 1`, `Patient B`, `In the first case`, `The second patient` at the start of a sentence, or a `Case 2` right behind a `;`. */
function markerAt(text: string, tokens: Tokens, from: number, to: number, sentence: number): Marker | null {
  let at = from;
  while (at < to && at < from + 3 && OPENERS.has(tokens.word[at] ?? '')) at += 1;
  // `The patient in case 1`
  if (
    SUBJECTS.has(tokens.word[at] ?? '') &&
    ['in', 'of'].includes(tokens.word[at + 1] ?? '') &&
    tokens.word[at + 2] === 'case'
  )
    at += 2;
  const glued = /^(case|patient)(\d{1,2})$/.exec(tokens.word[at] ?? '');
  const first = glued?.[1] ?? tokens.word[at] ?? '';
  const start = tokens.start[from] ?? 0;
  if (glued !== null) {
    const number = Number(glued[2]);
    return number < 1
      ? null
      : { number, start, label: text.slice(tokens.start[at] ?? 0, tokens.end[at] ?? 0), sentence, labelled: true };
  }
  if (LABELLED.has(first)) {
    let next = at + 1;
    while (next < to && next < at + 4 && BEFORE_NUMBER.has(tokens.word[next] ?? '')) next += 1;
    const word = tokens.word[next] ?? '';
    const letter = word.length === 1 && /[a-h]/.test(word);
    // `Patient a` in the middle of a text is an article; a letter counts only as a capital.
    if (letter && !/[A-H]/.test(text.charAt(tokens.start[next] ?? 0))) return null;
    const number = tokens.kind[next] === NUMBER ? Number(word) : NUMERALS.get(word);
    if (number === undefined || !Number.isInteger(number) || number < 1 || number > 20) return null;
    const after = tokens.word[next + 1] ?? '';
    // `Case: 2; Age: 30 years`: the row of a table, of other reports more often than not.
    if (after === ';' && tokens.word[next - 1] === ':') return null;
    if (
      NOT_OPENING.has(after) ||
      (after === ',' && tokens.kind[next + 2] === NUMBER && number + 1 === Number(tokens.word[next + 2]))
    )
      return null;
    if ((after === '-' || after === '–') && tokens.kind[next + 2] === NUMBER && tokens.word[next + 3] !== 'year')
      return null;
    // `Patient 37 years`: an age.
    if (/^(?:years?|yrs?|months?|weeks?|days?)$/.test(after)) return null;
    return { number, start, label: text.slice(tokens.start[at] ?? 0, tokens.end[next] ?? 0), sentence, labelled: true };
  }
  if (ORDINALS.has(first)) {
    const noun = SUBJECTS.has(tokens.word[at + 1] ?? '')
      ? at + 1
      : SUBJECTS.has(tokens.word[at + 2] ?? '')
        ? at + 2
        : -1;
    const number = NUMERALS.get(first);
    if (
      noun < 0 ||
      number === undefined ||
      ['report', 'reported', 'series', 'of', 'in'].includes(tokens.word[noun + 1] ?? '')
    )
      return null;
    return {
      number,
      start,
      label: text.slice(tokens.start[at] ?? 0, tokens.end[noun] ?? 0),
      sentence,
      labelled: false,
    };
  }
  return null;
}

const LABEL = 1;
const ORDINAL = 2;
const labelsPerWord = perWord((word) =>
  /^(?:case|patient|subject)\d{0,2}$/.test(word) ? LABEL : ORDINALS.has(word) ? ORDINAL : 0,
);
const BE = new Set('was is were are had presented'.split(' '));
const ARTICLES = new Set(['a', 'an']);

/**
 * Whether a label in the middle of a sentence may open a story: behind a stop or a line end that the sentence ran over,
 * `Case 2:`, `Case 1 was …, and case 2 was …`, `Case 1, a …, and case 2, a …`, `…, and the second patient was a …`.
 */
function mayOpenWithin(text: string, tokens: Tokens, at: number, to: number, kind: number): boolean {
  const word = (index: number) => (index < to ? (tokens.word[index] ?? '') : '');
  const before = word(at - 1);
  if (kind === ORDINAL)
    return (
      before === 'the' &&
      (word(at - 2) === 'and' || word(at - 2) === ',') &&
      SUBJECTS.has(word(at + 1)) &&
      (word(at + 2) === 'was' || word(at + 2) === 'is')
    );
  const isCapital = /\p{Lu}/u.test(text.charAt(tokens.start[at] ?? 0));
  const gap = text.slice(tokens.end[at - 1] ?? 0, tokens.start[at] ?? 0);
  if (isCapital && (before === '.' || gap.includes('\n'))) return true;
  if (isCapital && word(at + 2) === ':') return true;
  return (
    (before === ',' || before === 'and') &&
    (BE.has(word(at + 2)) || (word(at + 2) === ',' && ARTICLES.has(word(at + 3))))
  );
}

/** The places where a patient's number opens a story: at the start of a sentence or behind a `;`, and, if `within`, elsewhere. */
function findMarkers({ text, tokens, sentences }: SectionedText, within: boolean): readonly Marker[] {
  const labels = labelsPerWord(tokens.pool);
  const markers: Marker[] = [];
  sentences.forEach((sentence, index) => {
    if (sentence.section !== null && ENDS.has(sentence.section)) return;
    const opening = tokens.word[sentence.from] === '(' ? sentence.from + 1 : sentence.from;
    const marker = markerAt(text, tokens, opening, sentence.to, index);
    if (marker !== null) markers.push(marker);
    for (let at = opening + 1; at < sentence.to; at += 1) {
      const kind = labels[tokens.id[at] ?? 0] ?? 0;
      const opens =
        tokens.word[at - 1] === ';' || (within && kind !== 0 && mayOpenWithin(text, tokens, at, sentence.to, kind));
      const inner = opens ? markerAt(text, tokens, at, sentence.to, index) : null;
      if (inner !== null) markers.push(inner);
    }
  });
  return markers;
}

const INTRODUCED =
  /(?:\b\d{1,3}|\b[a-z]{3,9}(?:ty|teen)?)[- ]?(?:years?|yrs?|months?|weeks?|days?)[- ]?(?:old|of age)\b|\baged \d|\b(?:man|woman|male|female|boy|girl|infant|neonate|newborn|child|patient|lady|gentleman)\b/i;

/**
 * One entry per patient of a report. Splits only where the text numbers its patients from one on (`Case 1 … Case 2`, `Patient A`,
 * `The first patient … The second patient`), each part tells of a person and is long enough to stand alone; else the text is
 * one patient's. The shared introduction and closing words about all patients are left out.
 */
export function splitPatients(text: string): readonly PatientText[] {
  const whole = [{ text, label: null }];
  if (!/\b(?:cases?|patients?|subject|second|2nd)\b/i.test(text)) return whole;
  const read = readSections(text);
  return splitBy(read, findMarkers(read, false)) ?? splitBy(read, findMarkers(read, true)) ?? whole;
}

function splitBy({ text, sentences }: SectionedText, markers: readonly Marker[]): readonly PatientText[] | null {
  // Labels and ordinals are two ways of counting; a report that uses both is counted by its labels.
  const labelled = markers.filter((marker) => marker.labelled);
  const used = new Set(labelled.map((marker) => marker.number)).size >= 2 ? labelled : markers;
  const hasHeadings = sentences.some((sentence) => sentence.heading);
  const runs = runsOf(used, text, sentences[0]?.start ?? 0).map((run, place, all) => {
    const start = run[0]?.start ?? text.length;
    const end = all[place + 1]?.[0]?.start ?? endOf(sentences, run.at(-1)?.sentence ?? 0, text.length);
    const parts = partsOf(text, run, end);
    return { parts, start, end, isWhole: standsAlone(parts, run[0]?.isImplied ?? false) };
  });
  const [first] = runs.filter(({ isWhole }) => isWhole);
  if (first === undefined) return null;
  // A text without headings that counts its patients twice goes on about each of them.
  const isOneStory =
    !hasHeadings && first === runs[0] && runs.every(({ parts }) => parts.length === first.parts.length);
  const longest = isOneStory
    ? {
        parts: first.parts.map(({ label }, place) => ({
          text: runs.map(({ parts }) => parts[place]?.text ?? '').join('\n'),
          label,
        })),
        start: first.start,
        end: runs.at(-1)?.end ?? first.end,
      }
    : runs.reduce((best, run) => (run.isWhole && run.end - run.start > best.end - best.start ? run : best), first);
  // Without headings a long unnumbered part is somebody's story that would be lost.
  return !hasHeadings && longest.end - longest.start < text.length * (1 - INTRODUCTION_SHARE_MAX)
    ? null
    : longest.parts;
}

/** Where the case part around a sentence ends: the next discussion, conclusion or back matter. */
function endOf(
  sentences: readonly { readonly section: string | null; readonly start: number }[],
  from: number,
  length: number,
): number {
  for (let index = from + 1; index < sentences.length; index += 1) {
    const sentence = sentences[index];
    if (sentence?.section !== null && sentence !== undefined && ENDS.has(sentence.section)) return sentence.start;
  }
  return length;
}

/** Markers in rising order 1, 2, 3 …; a step back to 1 begins a new run (abstract, then body). */
function runsOf(markers: readonly Marker[], text: string, textStart: number): readonly (readonly Marker[])[] {
  const runs: Marker[][] = [];
  let run: Marker[] = [];
  for (const marker of markers) {
    const expected = run.length + 1;
    if (marker.number === expected) run.push(marker);
    else if (marker.number === 1) {
      if (run.length >= 2) runs.push(run);
      run = [marker];
    } else if (
      run.length === 0 &&
      marker.number === 2 &&
      !marker.labelled &&
      marker.start - textStart >= UNNUMBERED_PART_CHARS_MIN &&
      INTRODUCED.test(text.slice(textStart, marker.start))
    ) {
      // `A 45-year-old man …. The second patient …`: the first one needs no number.
      run = [
        { number: 1, start: textStart, label: 'first patient', sentence: 0, labelled: false, isImplied: true },
        marker,
      ];
    }
  }
  if (run.length >= 2) runs.push(run);
  return runs;
}

// What joined a part to the next one: `…, and the | second patient was …`.
const TRAILING = /[\s,](?:and(?: the)?|the|\()\s?$/i;

function partsOf(text: string, run: readonly Marker[], end: number): readonly PatientText[] {
  return run.map((marker, index) => {
    const part = text
      .slice(marker.start, run[index + 1]?.start ?? end)
      .replace(TRAILING, '')
      .trim();
    return { text: index === run.length - 1 ? withoutShared(part) : part, label: marker.label };
  });
}

/** Whether each part is long enough and tells of a person. */
function standsAlone(parts: readonly PatientText[], isFirstImplied: boolean): boolean {
  const charsMin = isFirstImplied ? UNNUMBERED_PART_CHARS_MIN : PART_CHARS_MIN;
  return parts.every((part) => part.text.length >= charsMin && INTRODUCED.test(part.text));
}

/** Cuts what is said of all patients behind the last one's story. */
function withoutShared(part: string): string {
  const tokens = tokenise(part);
  const sentences = splitSentences(part, tokens);
  const shared = sentences.findIndex(
    (sentence, index) => index > 0 && SHARED.test(part.slice(sentence.start, sentence.start + 40)),
  );
  const cut = shared < 0 ? part.length : (sentences[shared]?.start ?? part.length);
  return part.slice(0, cut).trim();
}
