import { franc } from 'franc-min';
import type { SetAsideReason } from '../../schema/vocabulary.ts';
import { tokenise } from './tokens.ts';
import { LEXICON, type VocabularyName } from './vocabulary.ts';

export type Screening =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'set_aside'; readonly reason: SetAsideReason; readonly detail: string };

const CHARS_MIN = 80;
const WORDS_MIN = 12;
// What is read of a document to judge it: a story that has not begun by then is not the document's subject.
const READ_CHARS = 100_000;
const LANGUAGE_CHARS = 6_000;

const ENGLISH = new Set(
  'the of and to in a with was is for on at by he she his her had were as that which from after this an are be been has have not who we it but no or patient'.split(
    ' ',
  ),
);
// English case reports have .28 to .50 of these words; the Romance languages and Basque stay under .12 (`a`, `no`, `as`, `in`).
const ENGLISH_SURE = 0.24;
const ENGLISH_MIN = 0.13;

const TAGS =
  /<\/?(?:div|span|img|script|style|table|tr|td|li|ul|ol|href|a|br|p|h[1-6]|iframe|link|meta|html|body|head|input|form|button|nav|footer)\b[^<>]{0,200}>/gi;
/** Words of a page's furniture, by what they are. */
const FURNITURE: readonly (readonly [RegExp, string])[] = [
  [
    /skip to (?:main )?(?:content|navigation)|toggle navigation|main menu|breadcrumb|back to top|page top|go ?to\.\.\./i,
    'navigation',
  ],
  [/\b(?:sign in|sign out|log ?in|log ?out|my account|my ncbi|create account|register)\b/i, 'log-in links'],
  [/\bcookies?\b.{0,60}\b(?:accept|policy|consent|use)|(?:accept|use) (?:all )?cookies/i, 'a cookie notice'],
  [
    /\b(?:privacy policy|terms of use|terms and conditions|all rights reserved|copyright ©|© ?\d{4})/i,
    'a legal footer',
  ],
  [/\b(?:facebook|twitter|linkedin|google\+|pinterest|whatsapp|youtube)\b/i, 'share buttons'],
  [
    /\b(?:requires? javascript|enable javascript|best viewed in|mozilla firefox|internet explorer)\b/i,
    'a browser notice',
  ],
  [
    /\b(?:download pdf|submit manuscript|instructions for authors|articles in press|editorial board|current issue|journal list|aims & scope|early online|journal home)\b/i,
    'journal menus',
  ],
  [
    /\b(?:find articles by|author information|copyright and license information|search database|search term|advanced search|related articles|cited by)\b/i,
    'a library page',
  ],
  [
    /\b(?:subscribe|newsletter|advertisement|sponsored|rss feed|toll free|support center|help desk|contact us)\b/i,
    'site services',
  ],
];
const FURNITURE_MIN = 4;
const TAGS_MIN = 4;

// Words that only the story of a patient uses, and words that stories of any kind use.
const PATIENT =
  /\b(?:patients?|(?:years?|yrs?|months?|weeks?|days?)[- ]{0,2}olds?|years of age|aged \d|infants?|neonates?|newborns?|f(?:o)?etus(?:es)?|proband|case (?:report|presentation)|a case of|year-\w{2,10} (?:wo)?man)\b/i;
const PERSON =
  /\b(?:wom[ae]n|m[ae]n|girls?|boys?|males?|females?|child(?:ren)?|cases?|he|she|lady|gentleman|twins?|mother|brothers?|sisters?|family|bab(?:y|ies)|m(?:r|s|rs)\.?)\b/i;
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
const CLINICAL_WITH_PERSON_MIN = 2;
// Without a person as much of it as only a medical text has.
const CLINICAL_ALONE_MIN = 4;

function clinicalTerms(text: string): number {
  const terms = new Set<string>();
  for (const { entries } of LEXICON.match(tokenise(text)))
    for (const entry of entries) if (CLINICAL.has(entry.vocabulary)) terms.add(entry.term);
  return terms.size;
}

function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(/\p{L}+/gu) ?? [];
}

function screenLanguage(text: string): Screening | null {
  // The middle says more about a text than its first lines, which may be a title in another language.
  const from = text.length > LANGUAGE_CHARS ? Math.floor((text.length - LANGUAGE_CHARS) / 3) : 0;
  const sample = text.slice(from, from + LANGUAGE_CHARS);
  const words = wordsOf(sample);
  const share = words.filter((word) => ENGLISH.has(word)).length / Math.max(1, words.length);
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

function screenPage(text: string): Screening | null {
  const tags = text.match(TAGS)?.length ?? 0;
  const seen = FURNITURE.filter(([pattern]) => pattern.test(text)).map(([, name]) => name);
  if (tags < TAGS_MIN && seen.length < FURNITURE_MIN) return null;
  const parts = [...(tags > 0 ? [`${tags} HTML tags`] : []), ...seen];
  return {
    kind: 'set_aside',
    reason: 'web_page',
    detail: `Looks like a whole web page: ${parts.join(', ')}. Give the article's text alone.`,
  };
}

/** Says whether a document can be read for cases at all; `detail` tells an operator what was seen. */
export function screenDocument(text: string): Screening {
  const trimmed = text.slice(0, READ_CHARS).trim();
  const wordCount = wordsOf(trimmed.slice(0, 4_000)).length;
  if (trimmed.length < CHARS_MIN || wordCount < WORDS_MIN)
    return {
      kind: 'set_aside',
      reason: 'too_short',
      detail: `${trimmed.length} characters in ${wordCount} words; a case needs at least ${CHARS_MIN} characters and ${WORDS_MIN} words.`,
    };
  const page = screenPage(trimmed);
  if (page !== null) return page;
  const foreign = screenLanguage(trimmed);
  if (foreign !== null) return foreign;
  if (PATIENT.test(trimmed)) return { kind: 'accepted' };
  const hasPerson = PERSON.test(trimmed);
  const terms = clinicalTerms(trimmed.slice(0, LANGUAGE_CHARS * 2));
  if (terms >= (hasPerson ? CLINICAL_WITH_PERSON_MIN : CLINICAL_ALONE_MIN)) return { kind: 'accepted' };
  return {
    kind: 'set_aside',
    reason: 'no_case',
    detail: `No patient is spoken of, and ${terms === 0 ? 'no' : `only ${terms}`} known complaint, disease, examination or treatment.`,
  };
}
