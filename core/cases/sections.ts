import { type Sentence, splitSentences } from './sentences.ts';
import { type Tokens, tokenise } from './tokens.ts';
import { perWord } from './words.ts';

/** Parts of a report in the sense of CARE (Gagnier et al., 2013). `case` covers presentation to outcome. */
export type Section = 'title' | 'abstract' | 'introduction' | 'case' | 'discussion' | 'conclusion' | 'matter';

const HEADINGS: readonly (readonly [Section, readonly string[]])[] = [
  ['abstract', ['abstract', 'summary', 'case summary', 'structured abstract']],
  [
    'introduction',
    [
      'introduction',
      'background',
      'rationale',
      'purpose',
      'objective',
      'objectives',
      'aim',
      'aims',
      'introduction and importance',
      'introduction and background',
      'importance',
    ],
  ],
  [
    'case',
    [
      'case',
      'case report',
      'case reports',
      'case presentation',
      'case presentations',
      'case description',
      'case descriptions',
      'case history',
      'patient',
      'patient information',
      'presentation of case',
      'presentation of cases',
      'the case',
      'clinical case',
      'clinical presentation',
      'clinical summary',
      'patient and observation',
      'patient and methods',
      'case study',
      'observation',
      'clinical findings',
      'clinical history',
      'patient concerns',
      'patient presentation',
      'case details',
      'case series',
      'history of presentation',
      'history of present illness',
      'past medical history',
      'physical examination',
      'investigations',
      'diagnostic assessment',
      'diagnosis',
      'diagnoses',
      'differential diagnosis',
      'therapeutic intervention',
      'interventions',
      'intervention',
      'treatment',
      'management',
      'outcome',
      'outcomes',
      'follow up',
      'outcome and follow up',
      'follow up and outcomes',
      'timeline',
      'laboratory findings',
      'imaging',
      'imaging findings',
      'case 1',
      'case 2',
      'case 3',
      'patient 1',
      'patient 2',
      'first case',
      'second case',
      'final diagnosis',
      'presenting concerns',
      'chief complaint',
      'chief complaints',
      'history',
      'clinical discussion of case',
      'surgical technique',
      'examination',
      'case one',
      'case two',
      'results',
      'presentation',
      'symptoms',
      'medication',
      'clinical procedure',
      'case presentation and management',
      'further diagnostic work up',
      'personal and family history',
      'history of past illness',
      'laboratory examinations',
      'imaging examinations',
      'outcome and follow-up',
      'follow-up',
    ],
  ],
  [
    'discussion',
    [
      'discussion',
      'literature review',
      'review of literature',
      'review of the literature',
      'discussion and literature review',
      'clinical discussion',
      'discussion and conclusion',
      'discussion and conclusions',
      'comment',
      'comments',
      'lessons',
      'lesson',
      'learning points',
    ],
  ],
  ['conclusion', ['conclusion', 'conclusions', 'take home message', 'patient perspective']],
  [
    'matter',
    [
      'references',
      'acknowledgements',
      'acknowledgments',
      'acknowledgement',
      'funding',
      'conflict of interest',
      'conflicts of interest',
      'competing interests',
      'consent',
      'informed consent',
      'ethics statement',
      'ethical approval',
      'authors contributions',
      'author contributions',
      'abbreviations',
      'keywords',
      'key words',
      'disclosure',
      'disclosures',
      'data availability',
      'data availability statement',
      'patient consent',
      'consent for publication',
      'declarations',
      'supplementary material',
      'ethics approval and consent to participate',
      'publisher s note',
      'declaration of competing interest',
      'availability of data and materials',
      'conflict of interest statement',
      'footnotes',
    ],
  ],
];
const BY_HEADING = new Map<string, Section>(
  HEADINGS.flatMap(([section, names]) => names.map((name) => [name, section] as const)),
);
const HEADING_WORDS = 6;

const HEADING_OPENERS = new Set([...BY_HEADING.keys()].map((name) => name.split(' ')[0] ?? ''));
const OPENS = 1;
const NUMBERS = 2;
const IS_MARK = 3;
/** What a word is to a heading: its first word, a number, a mark, or (0) a word that opens none. */
const opensHeading = perWord((word) =>
  HEADING_OPENERS.has(word) ? OPENS : /^[0-9]/.test(word) ? NUMBERS : /^[a-z]/.test(word) ? 0 : IS_MARK,
);

/** The section that a sentence opens, and whether it is nothing but the heading; null where it opens none. */
function headingOf(
  tokens: Tokens,
  sentence: Sentence,
  openers: Int32Array,
): { readonly section: Section; readonly alone: boolean } | null {
  let at = sentence.from;
  // Numbering (`2.1`), `#`, `-` and full stops are no part of a heading's name.
  while (at < sentence.to && (openers[tokens.id[at] ?? 0] ?? 0) >= NUMBERS && tokens.word[at] !== ':') at += 1;
  if (at >= sentence.to || openers[tokens.id[at] ?? 0] !== OPENS) return null;
  const words: string[] = [];
  let closed = false;
  while (at < sentence.to && words.length <= HEADING_WORDS) {
    const word = tokens.word[at] ?? '';
    const kind = openers[tokens.id[at] ?? 0];
    at += 1;
    if (word === ':') {
      closed = true;
      break;
    }
    if (kind !== IS_MARK) words.push(word);
  }
  if (words.length > HEADING_WORDS) return null;
  const alone = at >= sentence.to;
  if (!closed && !alone) return null;
  if (!closed && tokens.word[sentence.to - 1] === '.' && words.length > 3) return null;
  const section = BY_HEADING.get(words.join(' '));
  if (section !== undefined) return { section, alone };
  // `Case 3`, `Patient B`.
  if (alone && (words[0] === 'case' || words[0] === 'patient') && words.length === 2) return { section: 'case', alone };
  return null;
}

export type SectionedSentence = Sentence & {
  readonly section: Section | null;
  readonly heading: boolean;
  /** It stands in the abstract of a text that has a body too. */
  readonly summary: boolean;
};

/**
 * Where the body begins: at the heading that starts the report over after an abstract (`Introduction, Case, Conclusion,
 * Introduction, …`), at the first heading behind an `Abstract` that has none of its own, or at an `Introduction` behind an
 * abstract without a heading. 0 without an abstract.
 */
function bodyStart(headings: readonly (Section | null)[]): number {
  const lastStory = headings.lastIndexOf('case');
  const lastOpening = headings.lastIndexOf('introduction', lastStory);
  if (lastStory < 0) return 0;
  const abstract = headings.indexOf('abstract');
  const opened = headings.findIndex((section) => section !== null);
  const toldBefore = headings.slice(0, Math.max(0, lastOpening)).some((one) => one === 'case' || one === 'conclusion');
  if (lastOpening >= 0 && (toldBefore || abstract >= 0 || opened === lastOpening)) return lastOpening;
  return abstract < 0 ? 0 : Math.max(0, headings.indexOf('case', abstract));
}

/** Gives every sentence its section; null before the first heading. */
function markSections(tokens: Tokens, sentences: readonly Sentence[]): readonly SectionedSentence[] {
  const openers = opensHeading(tokens.pool);
  const found = sentences.map((sentence) => headingOf(tokens, sentence, openers));
  const body = bodyStart(found.map((heading) => heading?.section ?? null));
  let section: Section | null = null;
  return sentences.map((sentence, index) => {
    const heading = found[index] ?? null;
    if (heading !== null) section = heading.section;
    const { from, to, start, end } = sentence;
    // Written out: spreading the sentence costs more than all the rest.
    return { from, to, start, end, section, heading: heading?.alone ?? false, summary: index < body };
  });
}

export type SectionedText = {
  readonly text: string;
  readonly tokens: Tokens;
  readonly sentences: readonly SectionedSentence[];
};

// Screening, splitting and extraction read the same text one after the other; it is cut up once.
let latest: SectionedText = { text: '', tokens: tokenise(''), sentences: [] };

/** Cuts a text into tokens and sentences with their sections. */
export function readSections(text: string): SectionedText {
  if (latest.text !== text) {
    const tokens = tokenise(text);
    latest = { text, tokens, sentences: markSections(tokens, splitSentences(text, tokens)) };
  }
  return latest;
}
