import { type Sentence, splitSentences } from './sentences.ts';
import { bitsOf, type Tokens, tokenise } from './tokens.ts';
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

export type SectionedSentence = Sentence & { readonly section: Section | null; readonly heading: boolean };

/** Gives every sentence its section; null before the first heading. */
function markSections(tokens: Tokens, sentences: readonly Sentence[]): readonly SectionedSentence[] {
  let section: Section | null = null;
  const openers = opensHeading(tokens.pool);
  return sentences.map((sentence) => {
    const heading = headingOf(tokens, sentence, openers);
    if (heading !== null) section = heading.section;
    const { from, to, start, end } = sentence;
    // Written out: spreading the sentence costs more than all the rest.
    return { from, to, start, end, section, heading: heading?.alone ?? false };
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

// Sentences that speak of a disease, of other patients or of the authors, and not of this patient. They start scopes over a
// whole sentence, so only phrases that the story of one patient hardly uses are here.
const GENERAL_PHRASES = [
  'in the literature',
  'et al',
  'has been reported',
  'have been reported',
  'has been described',
  'have been described',
  'reported cases',
  'cases reported',
  'previously reported',
  'studies have',
  'study of',
  'studies',
  'incidence',
  'prevalence',
  'is characterized by',
  'is characterised by',
  'is defined as',
  'are characterized by',
  'should be considered',
  'should consider',
  'in conclusion',
  'we conclude',
  'this case highlights',
  'this case illustrates',
  'this case demonstrates',
  'this case emphasizes',
  'our case highlights',
  'our case illustrates',
  'to our knowledge',
  'to the best of our knowledge',
  'clinicians should',
  'physicians should',
  'is a rare',
  'is an uncommon',
  'is a common',
  'are rare',
  'is rare',
  'is extremely rare',
  'is very rare',
  'most common',
  'most commonly',
  'per year',
  'guidelines',
  'patients with',
  'literature review',
  'is usually',
  'are usually',
  'are often',
  'can cause',
  'may cause',
  'can lead to',
  'we searched',
  'should be aware',
];
const OWN_PHRASES = [
  'our patient',
  'the patient',
  'this patient',
  'a patient',
  'he was',
  'she was',
  'he had',
  'she had',
  'year old',
  'years old',
  'month old',
  'day old',
  ' aged ',
  'a woman',
  'a man',
  'a girl',
  'a boy',
  'we present',
  'we report',
];

/** Whether a sentence speaks of the disease in general. `lower` is the sentence in lower case with hyphens as blanks. */
function isGeneral(lower: string): boolean {
  return (
    GENERAL_PHRASES.some((phrase) => lower.includes(phrase)) && !OWN_PHRASES.some((phrase) => lower.includes(phrase))
  );
}

// Parts of words of which every sentence with a general phrase holds one.
const GENERAL_PARTS =
  /literature|et$|reported|described|stud(?:y|ies)|incidence|prevalence|characteri[sz]ed|defined|consider|conclu|highlights|illustrates|demonstrates|emphasizes|knowledge|should|^rare|common|per$|guidelines|patients$|usually|often|cause|lead|searched/;
const mayBeGeneral = perWord((word) => (GENERAL_PARTS.test(word) ? 1 : 0));

const CASE_CHARS_MIN = 200;

/**
 * Which sentences tell the patient's own story. Where case sections exist they alone do; else all but introduction,
 * discussion, conclusion and back matter; and never a sentence about the disease in general.
 */
export function markStory(text: string, tokens: Tokens, sentences: readonly SectionedSentence[]): readonly boolean[] {
  const caseChars = sentences.reduce((sum, one) => sum + (one.section === 'case' ? one.end - one.start : 0), 0);
  const hasCase = caseChars > CASE_CHARS_MIN;
  // Before the first heading stands a title, or a story that later goes on under `Clinical findings:`.
  const openChars = sentences.reduce((sum, one) => sum + (one.section === null ? one.end - one.start : 0), 0);
  const isOpenStory = openChars > CASE_CHARS_MIN || caseChars === 0;
  const asides = new Set<Section>(['introduction', 'discussion', 'conclusion', 'matter']);
  const story = sentences.map((sentence) => {
    if (sentence.heading) return false;
    if (hasCase) return sentence.section === 'case' || (sentence.section === null && isOpenStory);
    return sentence.section === null || !asides.has(sentence.section);
  });
  const general = mayBeGeneral(tokens.pool);
  const marked = story.map((own, index) => {
    const sentence = sentences[index];
    if (!own || sentence === undefined) return false;
    if (bitsOf(general, tokens, sentence.from, sentence.to) === 0) return true;
    return !isGeneral(text.slice(sentence.start, sentence.end).toLowerCase().replaceAll('-', ' '));
  });
  // A query or an abstract that speaks only in general terms is still all there is.
  if (marked.some(Boolean)) return marked;
  return story.some(Boolean) ? story : sentences.map(() => true);
}
