import type { Context } from './context.ts';
import { readDurations } from './durations.ts';
import { type Draft, makeFinding } from './findings.ts';
import { isHyphen } from './numerals.ts';
import { assertionAt, entryIn, isOfFamily, type Mention, type Reading } from './reading.ts';
import { BE, VERB } from './scope-words.ts';
import { ABSENT, DENIED, RETURNED } from './scopes.ts';
import { type Course, courseOf } from './symptom-course.ts';
import { foldWord } from './tokens.ts';
import { SITED_TERMS } from './vocabularies/symptoms.ts';
import { perWord } from './words.ts';

// Complaints that are findings of an image when an image showed them.
const SEEN_ON_IMAGES = new Set(
  'mass,tumor,lesion,nodule,cyst,abscess,hematoma,bleeding,fracture,pathologic fracture,dislocation,ascites,hepatomegaly,splenomegaly,hepatosplenomegaly,lymphadenopathy,cervical lymphadenopathy,metastasis,hydrocephalus,cerebral edema,pulmonary edema,polyp,fistula,hernia,scoliosis,edema,swelling,thyroid nodule,goiter,joint effusion,necrosis,skin necrosis,retinal detachment,macular edema,subcutaneous emphysema,palpable mass,muscle atrophy,deformity,injury,plaque,skin ulcer,inflammation'.split(
    ',',
  ),
);

// `no recurrence of the tumor`: there was one, which is not denied.
const GROWTHS = new Set('mass tumor lesion nodule cyst polyp metastasis abscess hematoma fistula hernia'.split(' '));

/** Endings of words that name a symptom or sign by themselves, for words no vocabulary has. */
const ENDINGS =
  /(?:algia|uria|penia|megaly|plegia|paresis|rrhea|rrhoea|dynia|opsia|phagia|phasia|pnea|pnoea|esthesia|aesthesia|cytosis|kalemia|natremia|calcemia|glycemia|edema|emesis|kinesia|tonia|dactyly|trophy|malacia|rrhagia|schisis|spasm|ptosis|ectasia|orexia|derma|keratosis)$/;
const NOT_SYMPTOMS = new Set(
  'hypertrophy dystrophy lipodystrophy anesthesia anaesthesia malignancy apoptosis phagocytosis lymphocytosis endocytosis cardiomegaly photography'.split(
    ' ',
  ),
);

const symptomWords = perWord((word) => {
  if (word.length < 7 || !/^\p{L}/u.test(word)) return 0;
  const folded = foldWord(word);
  return ENDINGS.test(folded) && !NOT_SYMPTOMS.has(folded) ? 1 : 0;
});

const SIDE = new Set('left right bilateral unilateral'.split(' '));
const SITE_LINKS = new Set(
  'of in over on at around involving to within along the his her both left right bilateral lower upper anterior posterior and medial lateral proximal distal'.split(
    ' ',
  ),
);

function siteTerm(
  reading: Reading,
  mention: Mention,
  index: number,
): { term: string; from: number; to: number; start: number; end: number } | null {
  const before = reading.mentions[index - 1];
  const left =
    before?.sentence === mention.sentence && before.to >= mention.from - 1 ? entryIn(before, 'site') : undefined;
  if (before !== undefined && left !== undefined && before.to <= mention.from) {
    const between = before.to === mention.from ? '-' : (reading.tokens.word[before.to] ?? '');
    if (between === '-' || SIDE.has(between))
      return { term: left.term, from: before.from, to: mention.to, start: before.start, end: mention.end };
  }
  const after = reading.mentions[index + 1];
  let candidate = after;
  for (let next = index + 1; next < index + 4 && candidate !== undefined; next += 1) {
    candidate = reading.mentions[next];
    if (candidate === undefined || candidate.sentence !== mention.sentence || candidate.from > mention.to + 4)
      return null;
    const right = entryIn(candidate, 'site');
    if (right === undefined) continue;
    if (candidate.from === mention.to) return null;
    for (let at = mention.to; at < candidate.from; at += 1)
      if (!SITE_LINKS.has(reading.tokens.word[at] ?? '')) return null;
    return { term: right.term, from: mention.from, to: candidate.to, start: mention.start, end: candidate.end };
  }
  return null;
}

/** A word behind a finding that makes it part of another thing: `tumor cells`, `bleeding site`, `sputum culture`. */
const HEADS = new Set(
  'wire guidewire spectrometry zone agar effect site sites size location marker markers center centre volume culture cultures smear smears smeared culturing cytology criteria scale score staging grade margin margins registry unit ward clinic department team specialist prophylaxis medication medications pathway threshold model severity index resection excision removal biopsy biopsies dissection scan'.split(
    ' ',
  ),
);
// What is cut or heard by intent: `lymph node dissection`, `vesicular murmur`.
const PROCEDURES = new Map<string, ReadonlySet<string>>([
  ['dissection', new Set('node nodes neck lymph surgical blunt axillary nodal mucosal submucosal hilar'.split(' '))],
  ['heart murmur', new Set(['vesicular'])],
  ['cavity', new Set('abdominal oral peritoneal pleural nasal thoracic pelvic chest tympanic medullary'.split(' '))],
]);
// Fluids of the body: specimens where they are cultured, findings otherwise.
const SPECIMENS = new Set([
  'sputum',
  'pleural effusion',
  'ascites',
  'joint swelling',
  'ear discharge',
  'nasal discharge',
]);
const TESTS = new Set(
  'culture cultures smear smears culturing cytology pcr stain staining cultured acid afb bacilli gram analysis microscopy'.split(
    ' ',
  ),
);
const SPECIMEN_REACH = 12;

/** Whether a mention is part of the name of something else and says nothing of the patient by itself. */
function isPartOfName(reading: Reading, mention: Mention, term: string): boolean {
  const { word } = reading.tokens;
  // `anti-infection treatment`
  if (isHyphen(word[mention.from - 1]) && word[mention.from - 2] === 'anti') return true;
  if (PROCEDURES.get(term)?.has(word[mention.from - 1] ?? '') === true) return true;
  if (HEADS.has(word[mention.to] ?? '') && !HEADS.has(word[mention.to - 1] ?? '')) return true;
  // `the symptoms of fever` is the fever.
  if (term === 'symptom' && word[mention.to] === 'of') return true;
  if (!SPECIMENS.has(term)) return false;
  const end = reading.sentences[mention.sentence]?.to ?? mention.to;
  for (let at = mention.to; at < Math.min(end, mention.to + SPECIMEN_REACH); at += 1) {
    if (TESTS.has(word[at] ?? '')) return true;
    if ((reading.scopes.stops[at] ?? 0) === BE || (reading.scopes.stops[at] ?? 0) === VERB) return false;
  }
  return false;
}

/** A recurrent tumor came back; it does not come and go. */
function withoutFits(term: string, course: Course): Course {
  if (course.onset !== 'intermittent' || !SEEN_ON_IMAGES.has(term)) return course;
  const { onset: _, ...rest } = course;
  return rest;
}

function codeOf(mention: Mention): { readonly code?: string } {
  for (const entry of mention.entries) if ('code' in entry && entry.code !== undefined) return { code: entry.code };
  return {};
}

/** Symptoms and signs, with the part of the body they concern, and words of symptoms that no vocabulary holds. */
export function findSymptoms(reading: Reading, context: Context): readonly Draft[] {
  const drafts: Draft[] = [];
  const covered = new Uint8Array(reading.tokens.count);
  const indexOf = new Map(reading.mentions.map((mention, index) => [mention, index]));
  const durations = readDurations(reading);
  for (const mention of reading.mentions) covered.fill(1, mention.from, mention.to);
  for (const mention of reading.own) {
    const symptom = entryIn(mention, 'symptom');
    const image = symptom === undefined ? entryIn(mention, 'imaging') : undefined;
    const disease = entryIn(mention, 'disease');
    const denied = symptom ?? image ?? entryIn(mention, 'deniable') ?? disease;
    if (denied === undefined) continue;
    const isPastGrowth = GROWTHS.has(denied.term) && ((reading.scopes.bits[mention.from] ?? 0) & RETURNED) !== 0;
    const assertion = isPastGrowth ? 'historical' : assertionAt(reading, mention.from, disease !== undefined);
    // What only counts when it is denied: diseases that were looked for, complications, deficits.
    const term = symptom?.term ?? image?.term ?? (assertion === 'absent' ? denied.term : undefined);
    if (term === undefined || isPartOfName(reading, mention, term)) continue;
    // A germ in the name of a test: the test was negative, which is a laboratory finding.
    if (denied.vocabulary === 'deniable' && ((reading.scopes.bits[mention.from] ?? 0) & (ABSENT | DENIED)) === 0)
      continue;
    const modality = context.modalityOf(mention);
    if (modality !== null && (image !== undefined || SEEN_ON_IMAGES.has(term))) continue;
    // A disease of the past is background, not a complaint, and so is what a relative has or has not.
    if (disease !== undefined && assertion === 'historical') continue;
    if (isOfFamily(reading, mention.from) && (disease !== undefined || assertion === 'absent')) continue;
    const site = SITED_TERMS.has(term) ? siteTerm(reading, mention, indexOf.get(mention) ?? 0) : null;
    drafts.push({
      sentence: mention.sentence,
      finding: {
        ...makeFinding({
          term: site === null ? term : `${site.term} ${term}`,
          assertion,
          span: [site?.start ?? mention.start, site?.end ?? mention.end],
        }),
        ...withoutFits(term, courseOf(reading, mention, site?.from ?? mention.from, site?.to ?? mention.to, durations)),
        ...(site === null ? codeOf(mention) : {}),
      },
    });
  }
  return [...drafts, ...findNamed(reading, covered)];
}

function findNamed(reading: Reading, covered: Uint8Array): readonly Draft[] {
  const drafts: Draft[] = [];
  const named = symptomWords(reading.tokens.pool);
  for (const [index, sentence] of reading.sentences.entries()) {
    if (!reading.story[index]) continue;
    for (let at = sentence.from; at < sentence.to; at += 1) {
      if (named[reading.tokens.id[at] ?? 0] === 0 || covered[at] === 1) continue;
      drafts.push({
        sentence: index,
        finding: makeFinding({
          term: foldWord(reading.tokens.word[at] ?? ''),
          assertion: assertionAt(reading, at, false),
          span: [reading.tokens.start[at] ?? 0, reading.tokens.end[at] ?? 0],
        }),
      });
    }
  }
  return drafts;
}

/** Whether a complaint counts as a finding of the image that showed it. */
export function isSeenOnImages(term: string): boolean {
  return SEEN_ON_IMAGES.has(term);
}
