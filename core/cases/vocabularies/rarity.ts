import type { RarityCriterion } from '../../../schema/vocabulary.ts';

/** A statement of rarity in lower case text, the criterion it meets and how much it proves (a case is rare from 1 on). */
export type RarityStatement = {
  readonly pattern: RegExp;
  /** Words of which every match holds one, so that most sentences need not be searched. */
  readonly words: RegExp;
  readonly criterion: RarityCriterion;
  readonly weight: number;
};

const DEGREE = '(?:very |extremely |exceedingly |exceptionally |relatively |quite )?';

// Case reports call almost anything rare: on labelled cases `rare` alone tells nothing (rare disease in 49 of 100 that say so, in
// 47 of 100 over all). What is said of a disease as such, in numbers or of the whole literature, is heard; a `rare case` is not.
export const RARITY_STATEMENTS: readonly RarityStatement[] = [
  {
    pattern: new RegExp(
      `\\b(?:is|are|represents?|being) (?:an? )?${DEGREE}(?:rare|orphan),? (?:and )?(?:\\w+[ -]){0,3}?(?:genetic|inherited|hereditary|autosomal|congenital|x-linked|autoimmune|metabolic|multisystem|neurodegenerative|neuromuscular|neurological|hematologic|haematological)`,
      'g',
    ),
    words: /^(?:rare|orphan)/,
    criterion: 'prevalence',
    weight: 0.6,
  },
  {
    pattern:
      /\b(?:prevalence|incidence|frequency|occurs?|occurring|affects?|affecting|estimated)[^.;]{0,60}?\b(?:1|one)(?: case)? (?:in|per|out of|:) ?\d{1,3}(?:[ ,.]\d{3})+\b/g,
    words: /^(?:prevalence|incidence|frequency|occur|affect|estimated)/,
    criterion: 'prevalence',
    weight: 1,
  },
  {
    pattern:
      /\b(?:\d{1,2}(?:\.\d{1,2})?)(?: ?(?:-|–|to) ?\d{1,2}(?:\.\d{1,2})?)?(?: cases| people| individuals| persons)?(?: per| in| \/) ?(?:1 million|million|1,000,000|one million)\b/g,
    words: /^(?:million|1,000,000)/,
    criterion: 'prevalence',
    weight: 0.9,
  },
  { pattern: /\b(?:orphan|ultra-rare) disease\b/g, words: /^(?:orphan|rare)/, criterion: 'prevalence', weight: 1 },
  {
    pattern: new RegExp(
      `\\b${DEGREE}rare (?:disease|disorder|genetic|syndrome|tumou?r|neoplasm|malignancy|cancer|condition|entity|inherited|hereditary)\\b`,
      'g',
    ),
    words: /^rare/,
    criterion: 'prevalence',
    weight: 0.4,
  },
  {
    pattern:
      /\b(?:only|fewer than|less than) (?:\w+ |\d{1,3} )?(?:such |similar |other )?cases? (?:have |has )?(?:been )?(?:previously )?(?:reported|described|published|documented)/g,
    words: /^(?:only|fewer|less)/,
    criterion: 'prevalence',
    weight: 0.5,
  },
  {
    pattern:
      /\bfirst (?:reported|ever|known|documented|described|published) (?:\w+ ){0,2}?(?:case|patient|instance)|\b(?:the|our|this is the) first case(?: report)? (?:of|reported|described)|\bnever been (?:reported|described)|\bnot (?:been )?previously (?:reported|described)/g,
    words: /^(?:first|never|previously)/,
    criterion: 'prevalence',
    weight: 0.4,
  },
  {
    pattern: new RegExp(
      `\\b${DEGREE}(?:rare|unusual|uncommon|exceptional|unreported) (?:but (?:\\w+ ){1,3})?complications?\\b|\\brarely (?:\\w+ )?complicat`,
      'g',
    ),
    words: /^complicat/,
    criterion: 'rare_complication',
    weight: 0.5,
  },
  {
    pattern:
      /\b(?:rare|unusual|uncommon|unreported|severe cutaneous) (?:but (?:\w+ ){1,3})?(?:adverse (?:drug )?(?:effects?|reactions?|events?)|side effects?|drug reactions?|toxicit(?:y|ies)|drug interactions?)\b/g,
    words: /^(?:adverse|side|drug|toxicit)/,
    criterion: 'rare_drug_reaction',
    weight: 0.6,
  },
  {
    pattern:
      /\b(?:unusual|atypical|uncommon|rare|misleading|exceptional|peculiar) (?:clinical |initial |first )?(?:presentations?|manifestations?|location|localization|site|association|cause|aetiology|etiology)\b|\bpresent(?:ed|ing) atypically\b/g,
    words: /^(?:unusual|atypical|uncommon|rare|misleading|exceptional|peculiar)/,
    criterion: 'atypical_presentation',
    weight: 0.5,
  },
  {
    pattern:
      /\b(?:rare|unusual|uncommon|rarely (?:seen|reported|described)|exceptional) (?:in|among) (?:\w+ )?(?:children|infants|adults|neonates|newborns|adolescents|men|women|males|females|young|elderly|the elderly|pregnancy|childhood|boys|girls|pediatric|paediatric)/g,
    words: /^(?:rare|unusual|uncommon|exceptional)/,
    criterion: 'rare_for_demographic',
    weight: 0.6,
  },
];

/** ECG findings that are rare by themselves. */
export const RARE_ECG_PATTERNS: ReadonlySet<string> = new Set([
  'epsilon wave',
  'brugada pattern',
  'short qt interval',
  'osborn wave',
  'de winter pattern',
  'bidirectional ventricular tachycardia',
]);

/** Words that mark an inherited or named rare disease where the list of diseases lacks it; looked for in a diagnosis or a title. */
export const RARE_DISEASE_WORDS =
  /\b(?:hereditary|familial|congenital|inherited|autosomal|x-linked|mitochondrial|neonatal|inborn error|deletion syndrome|duplication syndrome|trisomy|monosomy|dysplasia|dystrophy|ataxia|sarcoma|blastoma|lymphoma|leuk(?:a)?emia|histiocytosis|porphyria|amyloidosis|vasculitis|mucopolysaccharidosis|encephalomyopathy|glycogenosis|immunodeficiency|agenesis|atresia|germ cell tumou?r|neuroendocrine|[a-z]+(?:oma|osis|emia|uria) type [0-9iv]+|(?:acid|enzyme|factor \w+|dehydrogenase|synthase|carboxylase|transporter|lipase|kinase|hydroxylase) deficiency|pathogenic variant|germline mutation|novel (?:\w+ )?(?:mutation|variant)|gene mutation|mutation in the)\b/;

/** Common diseases that are unusual at an age: [disease, years below which or from which it is]. */
export const UNUSUAL_AGES: readonly { readonly term: RegExp; readonly below?: number; readonly from?: number }[] = [
  { term: /^(?:acute myocardial infarction|coronary artery disease)$/, below: 30 },
  { term: /^(?:stroke|peripheral arterial disease|aortic dissection)$/, below: 18 },
  {
    term: /^(?:colorectal cancer|gastric cancer|lung cancer|prostate cancer|bladder cancer|breast cancer|pancreatic cancer)$/,
    below: 20,
  },
  { term: /^(?:intussusception)$/, from: 18 },
  { term: /^(?:gallstone|cholecystitis)$/, below: 5 },
];

/** A disease or syndrome with a person's name; where no vocabulary knows it as common, it is hardly ever that. */
export const EPONYM = /\b\p{Lu}\p{Ll}{3,}(?:[-–\u2010 ]\p{Lu}\p{Ll}{2,}){0,3}(?:['’]s)? (?:[Ss]yndrome|[Dd]isease)\b/u;
