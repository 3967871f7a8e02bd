import { franc } from 'franc-min';
import type { SetAsideReason } from '../../schema/vocabulary.ts';
import { readSections } from './sections.ts';
import { bitsOf, type Tokens, WORD } from './tokens.ts';
import { LEXICON, type VocabularyName } from './vocabulary.ts';
import { bitsPerWord, perWord } from './words.ts';

export type Screening =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'set_aside'; readonly reason: SetAsideReason; readonly detail: string };

const CHARS_MIN = 80;
const WORDS_MIN = 12;
// What is read of a document to judge it: a story that has not begun by then is not the document's subject.
const READ_CHARS = 100_000;
const LANGUAGE_CHARS = 6_000;

/** Common words of English case reports. */
export const ENGLISH_WORDS: ReadonlySet<string> = new Set(
  'the of and to in a with was is for on at by he she his her had were as that which from after this an are be been has have not who we it but no or patient'.split(
    ' ',
  ),
);
// English case reports have .28 to .50 of these words; the Romance languages and Basque stay under .12 (`a`, `no`, `as`, `in`).
const ENGLISH_SURE = 0.24;
/** Share of these words below which a text is not English. */
export const ENGLISH_MIN = 0.13;

const TAGS =
  /<\/?(?:div|span|img|script|style|table|tr|td|li|ul|ol|href|a|br|p|h[1-6]|iframe|link|meta|html|body|head|input|form|button|nav|footer)\b[^<>]{0,200}>/gi;
type Furniture = {
  readonly pattern: RegExp;
  /** Words of which every match holds one, so that most texts need not be searched. */
  readonly words: RegExp;
  readonly name: string;
};
/** Words of a page's furniture, by what they are. */
const FURNITURE: readonly Furniture[] = [
  {
    pattern:
      /skip to (?:main )?(?:content|navigation)|toggle navigation|main menu|breadcrumb|back to top|page top|go ?to\.\.\./i,
    words: /(?:skip|toggle|main|back|page|go|goto)$|breadcrumb/,
    name: 'navigation',
  },
  {
    pattern: /\b(?:sign in|sign out|log ?in|log ?out|my account|my ncbi|create account|register)\b/i,
    words: /^(?:sign|log|login|logout|my|create|register)$/,
    name: 'log-in links',
  },
  {
    pattern: /\bcookies?\b.{0,60}\b(?:accept|policy|consent|use)|(?:accept|use) (?:all )?cookies/i,
    words: /^cookie/,
    name: 'a cookie notice',
  },
  {
    pattern: /\b(?:privacy policy|terms of use|terms and conditions|all rights reserved|copyright ©|© ?\d{4})/i,
    words: /^(?:privacy|terms|rights|©)$/,
    name: 'a legal footer',
  },
  {
    pattern: /\b(?:facebook|twitter|linkedin|google\+|pinterest|whatsapp|youtube)\b/i,
    words: /^(?:facebook|twitter|linkedin|google|pinterest|whatsapp|youtube)$/,
    name: 'share buttons',
  },
  {
    pattern: /\b(?:requires? javascript|enable javascript|best viewed in|mozilla firefox|internet explorer)\b/i,
    words: /^(?:javascript|viewed|mozilla|internet)$/,
    name: 'a browser notice',
  },
  {
    pattern:
      /\b(?:download pdf|submit manuscript|instructions for authors|articles in press|editorial board|current issue|journal list|aims & scope|early online|journal home)\b/i,
    words: /^(?:download|submit|instructions|articles|editorial|issue|journal|aims|online)$/,
    name: 'journal menus',
  },
  {
    pattern:
      /\b(?:find articles by|author information|copyright and license information|search database|search term|advanced search|related articles|cited by)\b/i,
    words: /^(?:articles|information|search|cited)$/,
    name: 'a library page',
  },
  {
    pattern:
      /\b(?:subscribe|newsletter|advertisement|sponsored|rss feed|toll free|support center|help desk|contact us)\b/i,
    words: /^(?:subscribe|newsletter|advertisement|sponsored|rss|toll|support|help|contact)$/,
    name: 'site services',
  },
];
const furniturePerWord = bitsPerWord(FURNITURE.map(({ words }) => words));
const FURNITURE_MIN = 4;
const TAGS_MIN = 4;

// Words that only the story of a patient uses, and words that stories of any kind use.
const PATIENT =
  /\b(?:patients?|(?:years?|yrs?|months?|weeks?|days?)[- ]{0,2}olds?|years of age|aged \d|infants?|neonates?|newborns?|f(?:o)?etus(?:es)?|proband|cases? (?:report|presentation|of)|clinical cases?|this case|year-\w{2,10} (?:wo)?man)\b/i;
const PERSON =
  /\b(?:wom[ae]n|m[ae]n|girls?|boys?|males?|females?|child(?:ren)?|adults?|cases?|he|she|lady|gentleman|twins?|mother|brothers?|sisters?|famil(?:y|ies)|bab(?:y|ies)|m(?:r|s|rs)\.?)\b/i;
// What is done for the sick, for stories whose complaints and diseases no vocabulary knows.
const CARE =
  /\b(?:diagnos(?:is|ed)|treat(?:ed|ment)|surgery|surgical|operated|implant(?:ed|ation)|follow-?up|symptoms?|phenotype|mutations?|clinic|hospital)\b/i;
const HUMAN_WORD =
  /^(?:patients?|wom[ae]n|m[ae]n|girls?|boys?|child(?:ren)?|infants?|adults?|persons?|lady|gentleman|farmer|worker|student|he|she|his|her)$/;
const ANIMAL_WORD =
  /^(?:dogs?|cats?|pupp(?:y|ies)|kittens?|mares?|horses?|foals?|stallions?|geldings?|cows?|heifers?|cattle|sheep|ewes?|lambs?|goats?|pigs?|piglets?|boars?|hares?|ferrets?|parrots?|dolphins?|turtles?|alpacas?|llamas?|camels?|terriers?|retrievers?|necropsy|carcass(?:es)?|veterinary)$/;
const HUMAN = 1;
const ANIMAL = 2;
const livingPerWord = perWord((word) => (HUMAN_WORD.test(word) ? HUMAN : ANIMAL_WORD.test(word) ? ANIMAL : 0));
const ANIMAL_WORDS_MIN = 2;
const CLINICAL: ReadonlySet<VocabularyName> = new Set([
  'symptom',
  'disease',
  'ecg',
  'imaging',
  'modality',
  'lab',
  'vital',
  'risk',
  'medicine',
  'site',
]);
const CLINICAL_WITH_PERSON_MIN = 1;
// Without a person as much of it as only a medical text has.
const CLINICAL_ALONE_MIN = 4;

function clinicalTerms(tokens: Tokens, endChar: number): number {
  const terms = new Set<string>();
  for (const { from, entries } of LEXICON.match(tokens)) {
    if ((tokens.start[from] ?? 0) >= endChar) break;
    for (const entry of entries) if (CLINICAL.has(entry.vocabulary)) terms.add(entry.term);
  }
  return terms.size;
}

const isEnglish = perWord((word) => (ENGLISH_WORDS.has(word) ? 1 : 0));

function screenLanguage(text: string, tokens: Tokens): Screening | null {
  // The middle says more about a text than its first lines, which may be a title in another language.
  const from = text.length > LANGUAGE_CHARS ? Math.floor((text.length - LANGUAGE_CHARS) / 3) : 0;
  const sample = text.slice(from, from + LANGUAGE_CHARS);
  const english = isEnglish(tokens.pool);
  let words = 0;
  let englishWords = 0;
  for (let at = 0; at < tokens.count && (tokens.start[at] ?? 0) < from + LANGUAGE_CHARS; at += 1) {
    if (tokens.kind[at] !== WORD || (tokens.start[at] ?? 0) < from) continue;
    words += 1;
    englishWords += english[tokens.id[at] ?? 0] ?? 0;
  }
  const share = englishWords / Math.max(1, words);
  if (share >= ENGLISH_SURE) return null;
  const language = franc(sample);
  if (share >= ENGLISH_MIN && (language === 'eng' || language === 'und' || language === 'sco')) return null;
  const named =
    language === 'und' || language === 'eng' ? 'no language that was recognised' : `language code ${language}`;
  const percent = Math.round(share * 100);
  return {
    kind: 'set_aside',
    reason: 'not_english',
    detail: `Only ${percent} of 100 words are common English words; looks like ${named}.`,
  };
}

function screenPage(text: string, tokens: Tokens): Screening | null {
  const tags = text.includes('<') ? (text.match(TAGS)?.length ?? 0) : 0;
  const possible = bitsOf(furniturePerWord(tokens.pool), tokens, 0, tokens.count);
  const seen = FURNITURE.filter(({ pattern }, place) => (possible & (1 << place)) !== 0 && pattern.test(text)).map(
    ({ name }) => name,
  );
  if (tags < TAGS_MIN && seen.length < FURNITURE_MIN) return null;
  const parts = [...(tags > 0 ? [`${tags} HTML tags`] : []), ...seen];
  return {
    kind: 'set_aside',
    reason: 'web_page',
    detail: `Looks like a whole web page: ${parts.join(', ')}. Give the article's text alone.`,
  };
}

/** Whether a text names animals, more than in passing, and nobody else. In doubt it does not. */
function isOfAnimals(tokens: Tokens): boolean {
  const living = livingPerWord(tokens.pool);
  let animals = 0;
  for (let at = 0; at < tokens.count; at += 1) {
    const kind = living[tokens.id[at] ?? 0];
    if (kind === HUMAN) return false;
    if (kind === ANIMAL) animals += 1;
  }
  return animals >= ANIMAL_WORDS_MIN;
}

/** Says whether a document can be read for cases at all; `detail` tells an operator what was seen. */
export function screenDocument(text: string): Screening {
  const read = text.length > READ_CHARS ? text.slice(0, READ_CHARS) : text;
  const chars = read.trim().length;
  const { tokens } = readSections(read);
  let wordCount = 0;
  for (let at = 0; at < tokens.count && wordCount < WORDS_MIN; at += 1) if (tokens.kind[at] === WORD) wordCount += 1;
  if (chars < CHARS_MIN || wordCount < WORDS_MIN)
    return {
      kind: 'set_aside',
      reason: 'too_short',
      detail: `${chars} characters in ${wordCount} words; a case needs at least ${CHARS_MIN} characters and ${WORDS_MIN} words.`,
    };
  const page = screenPage(read, tokens);
  if (page !== null) return page;
  const foreign = screenLanguage(read, tokens);
  if (foreign !== null) return foreign;
  if (isOfAnimals(tokens))
    return { kind: 'set_aside', reason: 'no_case', detail: 'Animals are spoken of, and no human patient.' };
  if (PATIENT.test(read)) return { kind: 'accepted' };
  const hasPerson = PERSON.test(read);
  if (hasPerson && CARE.test(read)) return { kind: 'accepted' };
  const terms = clinicalTerms(tokens, LANGUAGE_CHARS * 2);
  if (terms >= (hasPerson ? CLINICAL_WITH_PERSON_MIN : CLINICAL_ALONE_MIN)) return { kind: 'accepted' };
  return {
    kind: 'set_aside',
    reason: 'no_case',
    detail: `No patient is spoken of, and ${terms === 0 ? 'no' : `only ${terms}`} known complaint, disease, examination or treatment.`,
  };
}
