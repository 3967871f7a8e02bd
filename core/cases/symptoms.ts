import type { Context } from './context.ts';
import { type Draft, makeFinding } from './findings.ts';
import { assertionAt, entryIn, type Mention, type Reading } from './reading.ts';
import { foldWord } from './tokens.ts';
import { SITED_TERMS } from './vocabularies/symptoms.ts';
import { perWord } from './words.ts';

// Complaints that are findings of an image when an image showed them.
const SEEN_ON_IMAGES = new Set(
  'mass,tumor,lesion,nodule,cyst,abscess,hematoma,bleeding,fracture,pathologic fracture,dislocation,ascites,hepatomegaly,splenomegaly,hepatosplenomegaly,lymphadenopathy,cervical lymphadenopathy,metastasis,hydrocephalus,cerebral edema,pulmonary edema,polyp,fistula,hernia,scoliosis,edema,swelling,thyroid nodule,goiter,joint effusion,necrosis,skin necrosis,retinal detachment,macular edema,subcutaneous emphysema,palpable mass,muscle atrophy,deformity,injury,plaque,skin ulcer,inflammation'.split(
    ',',
  ),
);

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

const SEVERITY = new Set('mild moderate severe slight intense marked massive profuse'.split(' '));
const COURSE = new Set(
  'sudden acute subacute chronic progressive intermittent persistent recurrent transient gradual worsening continuous episodic'.split(
    ' ',
  ),
);
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
): { term: string; start: number; end: number } | null {
  const before = reading.mentions[index - 1];
  const left =
    before?.sentence === mention.sentence && before.to >= mention.from - 1 ? entryIn(before, 'site') : undefined;
  if (before !== undefined && left !== undefined && before.to <= mention.from) {
    const between = before.to === mention.from ? '-' : (reading.tokens.word[before.to] ?? '');
    if (between === '-' || SIDE.has(between)) return { term: left.term, start: before.start, end: mention.end };
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
    return { term: right.term, start: mention.start, end: candidate.end };
  }
  return null;
}

function qualifiersBefore(reading: Reading, mention: Mention): readonly string[] {
  const found: string[] = [];
  const floor = reading.sentences[mention.sentence]?.from ?? 0;
  for (let at = mention.from - 1; at >= Math.max(floor, mention.from - 3); at -= 1) {
    const word = reading.tokens.word[at] ?? '';
    if (!SEVERITY.has(word) && !COURSE.has(word) && !SIDE.has(word)) break;
    found.unshift(word);
  }
  return found;
}

/** Symptoms and signs, with the part of the body they concern, and words of symptoms that no vocabulary holds. */
export function findSymptoms(reading: Reading, context: Context): readonly Draft[] {
  const drafts: Draft[] = [];
  const covered = new Uint8Array(reading.tokens.count);
  const indexOf = new Map(reading.mentions.map((mention, index) => [mention, index]));
  for (const mention of reading.mentions) covered.fill(1, mention.from, mention.to);
  for (const mention of reading.own) {
    const symptom = entryIn(mention, 'symptom');
    const image = symptom === undefined ? entryIn(mention, 'imaging') : undefined;
    const disease = entryIn(mention, 'disease');
    const denied = symptom ?? image ?? entryIn(mention, 'deniable') ?? disease;
    const assertion = assertionAt(reading, mention.from, disease !== undefined);
    // What only counts when it is denied: diseases that were looked for, complications, deficits.
    const term = symptom?.term ?? image?.term ?? (assertion === 'absent' ? denied?.term : undefined);
    if (term === undefined) continue;
    const modality = context.modalityOf(mention);
    if (modality !== null && (image !== undefined || SEEN_ON_IMAGES.has(term))) continue;
    // A disease of the past or of the family is background, not a complaint.
    if (disease !== undefined && (assertion === 'historical' || assertion === 'family')) continue;
    const site = SITED_TERMS.has(term) ? siteTerm(reading, mention, indexOf.get(mention) ?? 0) : null;
    drafts.push({
      sentence: mention.sentence,
      finding: makeFinding({
        term: site === null ? term : `${site.term} ${term}`,
        assertion,
        span: [site?.start ?? mention.start, site?.end ?? mention.end],
        qualifiers: qualifiersBefore(reading, mention),
      }),
    });
  }
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
