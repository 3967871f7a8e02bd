import type { Section, SectionedSentence } from './sections.ts';
import { bitsOf, type Tokens } from './tokens.ts';
import { perWord } from './words.ts';

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
  'studies show that',
  'studies showed that',
  'studies suggest',
  'studies on',
  'several studies',
  'previous studies',
  'recent studies',
  'cohort',
  'meta analysis',
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
  return GENERAL_PHRASES.some((phrase) => lower.includes(phrase)) && !isOwn(lower);
}

function isOwn(lower: string): boolean {
  return OWN_PHRASES.some((phrase) => lower.includes(phrase));
}

// Parts of words of which every sentence with a general phrase holds one.
const GENERAL_PARTS =
  /literature|et$|reported|described|stud(?:y|ies)|incidence|prevalence|characteri[sz]ed|defined|consider|conclu|cohort|^meta$|highlights|illustrates|demonstrates|emphasizes|knowledge|should|^rare|common|per$|guidelines|patients$|usually|often|cause|lead|searched/;
const mayBeGeneral = perWord((word) => (GENERAL_PARTS.test(word) ? 1 : 0));

const CASE_CHARS_MIN = 200;

/**
 * Which sentences tell the patient's own story. Where case sections exist they alone do, and of an abstract what it tells of
 * this patient; else all but introduction, discussion, conclusion and back matter; and never a sentence about the disease in
 * general.
 */
export function markStory(text: string, tokens: Tokens, sentences: readonly SectionedSentence[]): readonly boolean[] {
  const charsIn = (section: Section | null, summary: boolean) =>
    sentences.reduce(
      (sum, one) => sum + (one.section === section && one.summary === summary ? one.end - one.start : 0),
      0,
    );
  const bodyChars = charsIn('case', false);
  const caseChars = bodyChars + charsIn('case', true);
  const hasCase = caseChars > CASE_CHARS_MIN;
  // Before the first heading stands a title, or a story that later goes on under `Clinical findings:`.
  const isOpenStory = charsIn(null, false) > CASE_CHARS_MIN || caseChars === 0;
  const asides = new Set<Section>(['introduction', 'discussion', 'conclusion', 'matter']);
  const lowered = (sentence: SectionedSentence) =>
    text.slice(sentence.start, sentence.end).toLowerCase().replaceAll('-', ' ');
  const story = sentences.map((sentence) => {
    const { section, heading, summary } = sentence;
    if (heading) return false;
    if (summary && bodyChars > CASE_CHARS_MIN)
      return section === 'case' || ((section === 'abstract' || section === null) && isOwn(lowered(sentence)));
    if (hasCase) return section === 'case' || (section === null && isOpenStory);
    return section === null || !asides.has(section);
  });
  const general = mayBeGeneral(tokens.pool);
  const marked = story.map((own, index) => {
    const sentence = sentences[index];
    if (!own || sentence === undefined) return false;
    if (bitsOf(general, tokens, sentence.from, sentence.to) === 0) return true;
    return !isGeneral(lowered(sentence));
  });
  // A query or an abstract that speaks only in general terms is still all there is.
  if (marked.some(Boolean)) return marked;
  return story.some(Boolean) ? story : sentences.map(() => true);
}
