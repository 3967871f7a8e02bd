import type { Span } from './case.ts';
import { assertionAt, entryIn, mentionAt, type Reading } from './reading.ts';
import { bitsOf, MARK, NUMBER } from './tokens.ts';
import { bitsPerWord, perWord } from './words.ts';

/** A diagnosis as the text words it. `score` ranks; `term` is the known disease in it, if any. */
export type Diagnosis = {
  readonly text: string;
  readonly span: Span;
  readonly term: string | null;
  readonly score: number;
};

type Announcer = {
  /** In lower case. */
  readonly pattern: RegExp;
  /** How sure it is. */
  readonly weight: number;
  /** Words of which every match holds one, so that most sentences need not be searched. */
  readonly words: RegExp;
};

const ANNOUNCERS: readonly Announcer[] = [
  {
    pattern:
      /\b(?:final|definitive|definite|conclusive|postoperative|histological|histopathological|pathological) diagnosis (?:was|of|is|as|were|being|:)/g,
    weight: 10,
    words: /^diagnosis/,
  },
  {
    pattern: /\bdiagnos(?:is|es) (?:was|were) (?:made |confirmed |established )?(?:as |of |with |to be )?/g,
    weight: 7,
    words: /^(?:diagnosis|diagnoses)/,
  },
  {
    pattern: /\b(?:confirmed|established|confirming|establish|made|led to|confirm) (?:the|a) diagnosis (?:of|as)/g,
    weight: 8,
    words: /^diagnosis/,
  },
  { pattern: /\bdiagnosis of/g, weight: 6, words: /^diagnosis/ },
  {
    pattern: /\bdiagnosed (?:with|as|to have|as having|to be|by|:)/g,
    weight: 7,
    words: /^diagnosed/,
  },
  { pattern: /\bwas found to have/g, weight: 3, words: /^found/ },
  {
    pattern:
      /\b(?:labell?ed as|concluded (?:this|it) to be|reported (?:it )?as|confirmed as|identified as|classified as|recognized as)/g,
    weight: 5,
    words: /^(?:labeled|labelled|concluded|reported|confirmed|identified|classified|recognized)/,
  },
  {
    pattern: /\b(?:rare |unusual |first |unique |interesting |uncommon |exceptional |reported )?cases? of/g,
    weight: 5,
    words: /^case/,
  },
  {
    pattern: /\b(?:confirmed|confirming|proved|proven|revealed|establishing) (?:the presence of|to be|as)/g,
    weight: 4,
    words: /^(?:confirmed|confirming|proved|proven|revealed|establishing)/,
  },
  {
    pattern:
      /\b(?:consistent with|compatible with|in keeping with|diagnostic of|confirmatory of|characteristic of|typical of)/g,
    weight: 4,
    words: /^(?:consistent|compatible|keeping|diagnostic|confirmatory|characteristic|typical)/,
  },
  {
    pattern: /\b(?:suffering from|suffered from|affected by|developed)/g,
    weight: 2,
    words: /^(?:suffer|affected|developed)/,
  },
  { pattern: /\b(?:confirmed|confirming)/g, weight: 2, words: /^(?:confirmed|confirming)/ },
  {
    pattern: /\b(?:suggestive of|suggesting|indicative of|due to|caused by|secondary to|attributed to)/g,
    weight: 1,
    words: /^(?:suggest|indicative|due|caused|secondary|attributed)/,
  },
  {
    pattern:
      /\b(?:biops(?:y|ies)|histology|histological|histopathology|histopathological|pathology|pathological|pathologic|histologic|examination|specimen|immunohistochemistry|analysis)\b[^.;]{0,60}?\b(?:revealed|showed|confirmed|demonstrated|disclosed|identified|indicated)/g,
    weight: 3,
    words: /^(?:biops|histolog|histopatholog|patholog|examination|specimen|immunohist|analysis)/,
  },
];
const announcersPerWord = bitsPerWord(ANNOUNCERS.map(({ words }) => words));
const DOUBTS =
  /\b(?:differential|initial|initially|provisional|preliminary|suspected|presumptive|misdiagnosed|misdiagnosis|ruled out|excluded|previously|history of|years ago|years earlier|known case|working diagnosis|prenatal diagnosis|mother|father|sister|brother|family|first considered|was considered)\b/;
const LEADERS = new Set(
  'a an the his her having have possible probable likely rare unusual isolated presence of being as to case with severe acute-on either both : – - , first patient patients such'.split(
    ' ',
  ),
);
const STOPS = new Set(
  'was were is are had has have made confirmed established based by after before who which that presenting presented presents following using through from at on during because but however although treated treatment underwent successfully where when as for since due secondary while whereas therefore thus so diagnosed she he we it they his her patient managed complicated requiring leading causing occurring involving arising then until despite without according whose mimicking'.split(
    ' ',
  ),
);
const SOFT_STOPS = new Set(['in', 'with', 'and', 'of', 'to', 'or']);
const OPENERS = new Set('a an the our this his her patient patients child our whom pregnancy no multiple'.split(' '));
const DISEASE_WORD =
  /(?:oma|itis|osis|pathy|emia|aemia|penia|plasia|trophy|sclerosis|rrhagia|philia|algia|iasis|ectasia|lymphoma|plegia|megaly|cele)$|^(?:syndrome|disease|disorder|infection|cancer|fracture|tumor|tumour|deficiency|anomaly|malformation|injury|rupture|stenosis|aneurysm|hernia|poisoning|cyst|embolism|infarction|tuberculosis|abscess|failure|intoxication|toxicity|perforation|obstruction|torsion|hemorrhage|haemorrhage|bleeding|palsy|fistula|dissection|ulcer|metastasis|metastases|malignancy|leukemia|insufficiency|defect|block|arrhythmia|fibrillation|tachycardia|pregnancy|lupus|sepsis|mycosis|pneumonia|encephalitis|dysplasia|atresia|dislocation|volvulus|intussusception|crisis|shock|arrest|thrombus|granuloma|calculi|calculus|stone|adhesion|teratoma|mutation|hypoplasia|agenesis)s?$/;
const diseaseWordsPerWord = perWord((word) => (DISEASE_WORD.test(word) ? 1 : 0));
const TIME_WORDS = new Set('day days week weeks month months year years hour hours h cm mm mg'.split(' '));
const WORDS_MAX = 14;
const CHARS_MAX = 160;
/** A diagnosis that no words announce. */
export const NAMED_SCORE = 1;

type Phrase = { readonly from: number; readonly to: number };

/** The noun phrase that starts at a token: up to a verb, a mark or a new clause. */
function phraseFrom(reading: Reading, from: number, end: number): Phrase | null {
  const { word, kind } = reading.tokens;
  let start = from;
  while (start < end && LEADERS.has(word[start] ?? '')) start += 1;
  let to = start;
  let words = 0;
  while (to < end && words < WORDS_MAX) {
    const token = word[to] ?? '';
    // A known phrase is taken whole: `eosinophilic granulomatosis with polyangiitis`.
    const held = mentionAt(reading, to);
    if (held !== undefined && entryIn(held, 'disease') !== undefined && held.from === to && held.to <= end) {
      words += held.to - to;
      to = held.to;
      continue;
    }
    if (STOPS.has(token) || (token === 'secondary' && word[to + 1] === 'to')) break;
    if (kind[to] === MARK && !['-', '–', "'", '’', '/', '+'].includes(token)) break;
    // `perforation 2 weeks after`
    if (kind[to] === NUMBER && TIME_WORDS.has(word[to + 1] ?? '')) break;
    if (SOFT_STOPS.has(token)) {
      const next = word[to + 1] ?? '';
      if (
        OPENERS.has(next) ||
        STOPS.has(next) ||
        to + 1 >= end ||
        (token === 'and' && words > 5) ||
        kind[to + 1] === MARK
      )
        break;
    }
    to += 1;
    words += 1;
  }
  while (to > start && (SOFT_STOPS.has(word[to - 1] ?? '') || kind[to - 1] === MARK)) to -= 1;
  return to > start ? { from: start, to } : null;
}

/** The first token at or behind a character offset. */
function tokenAt(reading: Reading, from: number, end: number, offset: number): number {
  let low = from;
  let high = end;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((reading.tokens.start[middle] ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function scorePhrase(reading: Reading, phrase: Phrase): { bonus: number; term: string | null } {
  let term: string | null = null;
  let hasWord = false;
  const diseaseWords = diseaseWordsPerWord(reading.tokens.pool);
  for (let at = phrase.from; at < phrase.to; at += 1) {
    const mention = mentionAt(reading, at);
    const disease = mention === undefined ? undefined : entryIn(mention, 'disease');
    if (disease !== undefined && (term === null || disease.term.length > term.length)) term = disease.term;
    if (diseaseWords[reading.tokens.id[at] ?? 0] === 1) hasWord = true;
  }
  return { bonus: term !== null ? 3 : hasWord ? 2 : -6, term };
}

/** Of the story's present diseases the one named most often, the first of equals: a guess for texts that announce none. */
function mostNamed(reading: Reading): Diagnosis | null {
  const named = new Map<string, { readonly diagnosis: Diagnosis; count: number }>();
  for (const mention of reading.own) {
    const disease = entryIn(mention, 'disease');
    if (disease === undefined || assertionAt(reading, mention.from, true) !== 'present') continue;
    const known = named.get(disease.term);
    if (known !== undefined) known.count += 1;
    else {
      const text = reading.text.slice(mention.start, mention.end);
      const diagnosis = { text, span: [mention.start, mention.end] as const, term: disease.term, score: NAMED_SCORE };
      named.set(disease.term, { diagnosis, count: 1 });
    }
  }
  const ranked = [...named.values()].sort((a, b) => b.count - a.count);
  return ranked[0]?.diagnosis ?? null;
}

/** What words of the text announce, in text order. Introduction, discussion and back matter are not read. */
function* announcedDiagnoses(reading: Reading): Generator<Diagnosis> {
  const { text, tokens } = reading;
  const announcers = announcersPerWord(tokens.pool);
  const total = Math.max(1, reading.sentences.length);
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
    let doubt = -1;
    const own = reading.story[index] ? 1 : 0;
    for (const [place, { pattern, weight }] of ANNOUNCERS.entries()) {
      if ((possible & (1 << place)) === 0) continue;
      for (const announced of lower.matchAll(pattern)) {
        const from = tokenAt(
          reading,
          sentence.from,
          sentence.to,
          sentence.start + announced.index + announced[0].length,
        );
        const phrase = phraseFrom(reading, from, sentence.to);
        if (phrase === null) continue;
        const { bonus, term } = scorePhrase(reading, phrase);
        const assertion = assertionAt(reading, phrase.from, true);
        if (bonus < 0 || assertion === 'absent' || assertion === 'family') continue;
        if (doubt < 0) doubt = DOUBTS.test(lower) ? 4 : 0;
        const unsure = assertion === 'historical' ? 4 : assertion === 'possible' ? 2 : 0;
        const start = tokens.start[phrase.from] ?? 0;
        const end = Math.min(tokens.end[phrase.to - 1] ?? start, start + CHARS_MAX);
        yield {
          text: text.slice(start, end),
          span: [start, end],
          term,
          score: weight + bonus + own - doubt - unsure + index / total,
        };
      }
    }
  }
}

/** Whether the text states a diagnosis rather than only naming diseases. */
export function statesDiagnosis(reading: Reading): boolean {
  for (const { score } of announcedDiagnoses(reading)) if (score > NAMED_SCORE) return true;
  return false;
}

/** All diagnoses that the text states, best first; last what it only names. Introduction and back matter are not read. */
export function findDiagnoses(reading: Reading): readonly Diagnosis[] {
  const found = [...announcedDiagnoses(reading)];
  const named = mostNamed(reading);
  if (named !== null) found.push(named);
  return found.sort((a, b) => b.score - a.score || a.span[0] - b.span[0]);
}

// What a title says about itself and not about the disease.
const TITLE_NOISE =
  /\b(?:a |an |the )?(?:case report|case series|case study|literature review|review of (?:the )?literature|report of (?:a|two|three) cases?|rare case|clinical case|case presentation|first report|novel|unusual|successful|challenging|diagnosis|treatment|management)\b/gi;
const TITLE_SCORE = 9;

/** The known or disease-like words of a title that the text says as well; a claim needs words of the text to stand on. */
export function diagnosisFromTitle(reading: Reading, title: string): Diagnosis | null {
  const clean = title.replace(TITLE_NOISE, ' ').toLowerCase();
  let best: Diagnosis | null = null;
  for (const mention of reading.mentions) {
    const disease = entryIn(mention, 'disease');
    if (disease === undefined) continue;
    const words = reading.text.slice(mention.start, mention.end);
    if (words.length < 3 || !clean.includes(words.toLowerCase())) continue;
    const assertion = assertionAt(reading, mention.from, true);
    if (assertion === 'absent' || assertion === 'family') continue;
    // The longer name is the more exact one; the first place of the same words is kept.
    const score = TITLE_SCORE + Math.min(3, words.length / 12) + (disease.rare ? 1 : 0);
    if (best === null || score > best.score)
      best = { text: words, span: [mention.start, mention.end], term: disease.term, score };
  }
  return best;
}
