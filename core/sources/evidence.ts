import type { PublicationState, SetAsideReason } from '../../schema/vocabulary.ts';

/** What a source says about a document, as far as it tells whether it is a human case report. */
export type Evidence = {
  readonly title: string | null;
  /** Publication types and article types as the source writes them. */
  readonly types: readonly string[];
  /** Headings of the journal's table of contents. */
  readonly subjects: readonly string[];
  readonly journal: string | null;
  /** MeSH descriptors; empty where it was not indexed. */
  readonly mesh: readonly string[];
  readonly keywords: readonly string[];
  readonly abstract: string;
  readonly body: string;
  readonly state: PublicationState;
};
export type SetAside = { readonly reason: SetAsideReason; readonly detail: string };

const CORRECTION_TYPES =
  /^(?:published erratum|erratum|correction|corrigendum|addendum|author correction|publisher correction|expression of concern|correction-forward)$/i;
const RETRACTION_TYPES = /^(?:retraction of publication|retraction notice|retraction|partial-retraction|removal)$/i;
// No version of `correction` in a clinical sense: `Correction of hyponatraemia in a patient`.
const CORRECTION_TITLE =
  /^\W{0,3}(?:author'?s? |publisher'?s? )?(?:correction|corrigendum|erratum|errata|addendum|expression of concern)s?(?:$|\s?:|\.|\s?[-–—]\s| (?:to|in|on|regarding)\s?[:“"'‘]| (?:to|for) (?:the |an? )?(?:article|paper|case report|authors?)| to: | notice)/i;
const RETRACTION_TITLE =
  /^\W{0,3}(?:(?:notice of )?retraction(?:$|\s?:|\.| notice| note| statement| of(?: the)?:? ?[“"‘]| to:)|statement of retraction|withdrawal(?: notice|:)|removal notice)/i;

const CASE_TYPES =
  /^(?:case[- ]reports?|case[- ]study|case[- ]studies|case[- ]series|clinical case|clinical[- ]vignette)$/i;
const CASE_SUBJECT =
  /\b(?:case[- ](?:reports?|series|stud(?:y|ies)|presentations?|letters?|snippets?|descriptions?|records?)|clinical (?:cases?|images?|pictures?|vignettes?)|images? in|case of the (?:month|week)|interesting cases?|unusual cases?|cases? in |grand rounds|rare disease|quiz case)|^cases?$/i;
const CASE_TITLE =
  /\bcase[- ](?:reports?|series|presentation|description|illustration)\b|\b(?:an?|the first|first|rare|unusual|unique|interesting|fatal|atypical|extraordinary)(?: [\w-]{1,20}){0,2} (?:case|patient)\b(?![-‐ ](?:control|fatality|mix|cohort|crossover|management|definition|law|based|study|cent(?:er|re)d|oriented|specific|reported|derived|level|population|group|safety|data|outcomes?|care|satisfaction|education|perspectives?|registry|selection))|\b(?:two|three|four|five|six|seven|eight|nine|ten|[2-9])(?: [\w-]{1,20}){0,3} (?:cases|patients|siblings|brothers|sisters|children|infants)\b|\bcases? (?:of|with|and (?:an? )?(?:brief |systematic |comprehensive )?(?:review|literature))\b|\breports? of (?:an? |the )?(?:\w{1,12} ){0,3}(?:cases?|patients?)\b|\b(?:\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|eighteen)[- ](?:years?|months?|weeks?|days?)[- ]old\b|: case$|\bin an? (?:[\w-]{1,20} ){0,4}(?:m[ae]n|wom[ae]n|boy|girl|infant|newborn|neonate|child|patient|adolescent|male|female|toddler|athlete|twin|family)\b|\bn-of-1\b/i;
/** A title that says it outright. */
const REPORT_TITLE =
  /\bcase[- ](?:report|series)\b|\breport of (?:an?|one|two|three|four|five|six|seven|eight|nine|ten|\d{1,2}) (?:[\w-]{1,20} ){0,2}cases?\b|: (?:an? )?(?:rare |unusual )?case$/i;
/** What is said about somebody else's report. */
const COMMENT_TITLE =
  /^\W{0,3}(?:comments? (?:on|to|about|regarding)\b|commentary(?:$|:| on)|re\s?:|reply(?:$|:| to| by)|response(?:$|:| to\b| by)|author'?s'? (?:reply|response)|authors? repl|in (?:reply|response)\b|letter (?:to|regarding|re)\b|correspondence\b|editorial\b|in reference to\b|regarding (?:[“"‘]|the article))/i;
/** A review whose subject are reports of others. */
const REVIEW_OF_REPORTS_TITLE =
  /(?:review|analysis|synthesis|meta-analysis) of (?:the )?(?:\w{1,20} ){0,3}(?:case (?:reports|series)|reported cases|published cases)/i;
const REVIEW_TYPES =
  /^(?:(?:systematic |scoping |umbrella )?review(?:[- ]article)?s?|book chapter|review-article|systematic-review|meta-analysis|network meta-analysis|(?:practice )?guideline|practice-guideline|consensus(?:[- ]statement| development conference.{0,8})?|guidelines?|mini[- ]?review|literature review)$/i;
const REVIEW_TITLE =
  /\b(?:(?:systematic|scoping|narrative|umbrella|integrative|literature|mini|state[- ]of[- ]the[- ]art|comprehensive|critical|brief) review|review of (?:the )?literature|meta-analys[ie]s|(?:an? )?(?:updated )?overview)\b|: (?:an? )?(?:\w{1,20} )?review$|^(?:clinical )?(?:practice )?guidelines?\b|\bconsensus (?:statement|document)\b/i;
const EDITORIAL_TYPES =
  /^(?:editorial|comment|news|newspaper article|commentary|article-commentary|introductory journal article|introduction|obituary|biography|book-review|product-review|interview|portraits?|announcement|calendar|meeting-report|congress(?:es)?|lectures?|address(?:es)?|opinion|perspectives?|viewpoint|in-brief|oration|patient education handout|historical article|personal narrative|legal cases|editorial comment)$/i;
const LETTER_TYPES =
  /^(?:letter|letters?|letter to the editor|correspondence|reply|response|discussion|research[- ]letter)$/i;
const RESEARCH_TYPES =
  /^(?:randomized controlled trial.{0,20}|(?:pragmatic |adaptive |controlled )?clinical trial.{0,40}|controlled clinical trial|equivalence trial|multicenter study|observational study.{0,20}|comparative study|evaluation study|validation study|twin study|clinical study|research-article|original[- ](?:article|research|investigation|paper)s?|research(?: article| paper)?s?|brief-report|rapid-communication|brief[- ](?:research )?(?:communication|report)|short[- ]communication|data-paper|dataset|methods-article|protocol|clinical trial protocol|preprint|technical report)$/i;

const VETERINARY_SUBJECT =
  /\b(?:veterinar|dogs?$|^dogs?\b|^cats?$|equine|canine|feline|bovine|livestock|companion animals?|small animals?)/i;
const VETERINARY_JOURNAL =
  /\bvet(?:erinary|erinaria|erinarian)?s?\b|\bequine\b|\banimal (?:hospital|health|science)|\bfeline medicine\b|\bzoo\b/i;
const ANIMAL =
  '(?:dogs?|cats?|pupp(?:y|ies)|kittens?|horses?|mares?|foals?|stallions?|geldings?|pon(?:y|ies)|donkeys?|cows?|calf|calves|bulls?|heifers?|cattle|sheep|ewes?|lambs?|goats?|pigs?|piglets?|rabbits?|ferrets?|hamsters?|guinea pigs?|parrots?|birds?|chickens?|turtles?|tortoises?|snakes?|lizards?|alpacas?|llamas?|camels?|elephants?|dolphins?|tigers?|lions?|bears?|monkeys?|macaques?|fish|retrievers?|terriers?|shepherds?|bulldogs?|poodles?|beagles?|dachshunds?|chihuahuas?|rottweilers?)';
const ANIMAL_TITLE = new RegExp(
  `\\b(?:in|of|from|by) (?:an? |the |two |three |four |five |six |seven |eight |nine |ten |\\d{1,4} )?(?:[\\w-]{1,20} ){0,3}${ANIMAL}(?: and ${ANIMAL})?(?=\\W{0,2}$|[:.,;()]| (?:with|following|after|caused|associated|due|in|and|from|circulation))|\\b(?:canine|feline|equine|bovine|ovine|caprine|porcine|murine|avian) (?:\\w{1,20} ){0,3}(?:case|patient)`,
  'i',
);
// Words by which a title or abstract with animals tells of people after all: `dog bite in a child`.
const HUMAN =
  /\b(?:patients?|m[ae]n|wom[ae]n|boys?|girls?|child(?:ren)?|infants?|human|humans|persons?|people|adults?|adolescents?|farmers?|owners? who|year-old (?:m[ae]n|wom[ae]n|boy|girl))\b/i;
const LABORATORY =
  /^(?:mice|mice, .{1,40}|rats|rats, .{1,40}|disease models, animal|drosophila.{0,40}|zebrafish|caenorhabditis elegans)$/i;

const TEXT_CHARS_MIN = 80;
const ABSTRACT_READ_CHARS = 6_000;
const BODY_READ_CHARS = 4_000;

const COUNT = '(?:an?|one|two|three|four|five|six|seven|eight|nine|ten|our|another|[2-9])';
const SINGULAR =
  '(?:patient|man|woman|male|female|boy|girl|infant|newborn|neonate|child|toddler|adolescent|teenager|gentleman|lady|brother|sister|sibling|twin|family|f(?:o)?etus|baby|proband|primigravida|mother|individual|farmer|worker|student|soldier|smoker)';
const PLURAL =
  '(?:patients|men|women|males|females|boys|girls|infants|newborns|neonates|children|adolescents|brothers|sisters|siblings|twins|families|f(?:o)?etuses|babies|probands|adults|members)';
/** One person's age: `a 45-year-old`, `aged 62`, `a 3-day-old`; a group's would be a mean. */
const ONE_AGE =
  /\b(?:\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty(?:[- ]\w{3,5})?)[- ]{0,2}(?:and[- ]a[- ]half[- ])?(?:years?|yrs?|y|months?|weeks?|days?|hours?)[- ]{0,2}olds?\b|\b\d{1,3}[- ]{1,2}(?:years?|yrs?|months?|weeks?|days?)[- ]{1,2}(?:m[ae]n|wom[ae]n|males?|females?|boys?|girls?)\b|\b(?:man|woman|boy|girl|male|female|patient|lady|child|infant),? (?:aged|age|of) \d{1,3}\b|\baged \d{1,3}(?: years?)?,? (?:who|was|presented)|\b\d{1,2}[- ](?:year|month|week|day)s? of age\b|\b\d{1,3}\/[MF]\b|\b\d{1,3}[- ]?y\/?o\b/i;
const ONE_CASE = new RegExp(
  [
    `\\b(?:report(?:s|ed|ing)?|describ(?:es?|ed|ing)|present(?:s|ed|ing)?|document(?:s|ed)?|illustrat(?:es?|ed)|introduc(?:es?|ed)|encountered|observed|discuss(?:es|ed)?|saw|treated|studied|share) (?:here |herein |on |about |that |of |in )?${COUNT} (?:[\\w-]{1,20},? ){0,5}(?:cases?|${SINGULAR}|${PLURAL})\\b`,
    `\\b(?:two|three|four|five|six|seven|eight|nine|ten|[2-9]) (?:[\\w-]{1,20} ){0,4}(?:cases (?:of|with|are|were|is|in|from)|${PLURAL} (?:with|who|are|were|had))\\b`,
    `\\b(?:in|of|from) (?:an?|one) (?:[\\w-]{1,20} ){0,4}${SINGULAR}\\b|\\b(?:an?|the) ${SINGULAR}, (?:who|with|an?)\\b|\\bthe case (?:presented|reported|described)\\b`,
    `\\b(?:case reports?|in (?:this|our|the present) (?:case|patient)|(?:this|our|the present|the index) (?:case|patient)|case (?:presentation|summary|description)|a (?:[\\w-]{1,20} ){0,2}case (?:of|with))\\b`,
    `\\b(?:an?|one|the|this|our) (?:[\\w-]{1,20} ){0,4}${SINGULAR} (?:with|who|whose|was|were|had|has|presented|presents|developed|underwent|suffer(?:ed|ing)|complained|admitted|died|received|experienced|diagnosed|referred|treated|came|affected|reported)\\b`,
  ].join('|'),
  'i',
);
// A study of many: then persons of whom something is said are groups of them.
const STUDY =
  /\b(?:n ?= ?\d{2,}|\d{2,6} (?:consecutive |eligible |adult |healthy |[\w-]{1,20} )?(?:patients|participants|subjects|children|women|men|adults|individuals|volunteers|students|respondents|cases|controls|studies|articles|trials|records)|randomi[sz](?:ed|ation)|placebo|cohort|cross-sectional|case-control|questionnaire|regression|odds ratio|hazard ratio|confidence interval|95 ?% ci|p ?[<=] ?0?\.\d|mean age|median age|were (?:enrolled|recruited|included|randomi[sz]ed)|we (?:searched|analy[sz]ed|investigated|surveyed|enrolled|recruited)|mice|rats|in vitro|cell lines?|knock-?out|wild-type)\b/gi;

const OWN_REPORT =
  /\b(?:we|authors?|this (?:report|article|paper)) (?:also |here |herein |hereby |now )?(?:reports?|describes?|presents?|encountered|treated|saw|had|observed|illustrates?|documents?|discuss(?:es)?)\b|\b(?:our|this|the present|the index) (?:own )?(?:case|patient)\b|\b(?:cases?|patients?|m[ae]n|wom[ae]n|boys?|girls?|infants?|child(?:ren)?) (?:[\w-]{1,20} ){0,8}(?:is|are|was|were) (?:reported|described|presented|admitted|referred|diagnosed|treated)\b/i;

// Ages and cases are told of mice and pigs as well.
const PATIENT =
  /\b(?:patients?|m[ae]n|wom[ae]n|boys?|girls?|child(?:ren)?|infants?|neonates?|newborns?|toddlers?|f(?:o)?etus(?:es)?|bab(?:y|ies)|adolescents?|lad(?:y|ies)|gentlem[ae]n|siblings?|brothers?|sisters?|twins?|famil(?:y|ies)|mother|he|she|his|her|(?:years?|yrs?|y)[- ]{0,2}olds?|case (?:of|report)|cases)\b/i;

/** How surely a text tells of one or a few patients: 2 with a person's age, 1 with a person or case only, 0 without. */
function patientsIn(text: string): 0 | 1 | 2 {
  if (!PATIENT.test(text)) return 0;
  if (ONE_AGE.test(text)) return 2;
  return ONE_CASE.test(text) ? 1 : 0;
}

const matching = (texts: readonly string[], pattern: RegExp): string | undefined =>
  texts.find((text) => pattern.test(text.trim()));

/**
 * Whether what is known about a document rules out a human case report, and why. What a source calls a case report is kept whatever
 * else it calls it; in doubt the text decides, and where that says nothing either, it is kept for the screening of its text.
 */
export function judge(evidence: Evidence): SetAside | null {
  const { types, subjects, state } = evidence;
  const title = evidence.title ?? '';
  const kinds = [...types, ...subjects];
  const detail = (said: string) => said.slice(0, 160);

  if (state !== 'current') return { reason: 'not_current', detail: `The publication was ${state}.` };
  const retraction = matching(kinds, RETRACTION_TYPES) ?? (RETRACTION_TITLE.test(title) ? 'its title' : undefined);
  if (retraction !== undefined)
    return { reason: 'retraction_notice', detail: detail(`It retracts another publication: ${retraction}.`) };
  const correction = matching(kinds, CORRECTION_TYPES) ?? (CORRECTION_TITLE.test(title) ? 'its title' : undefined);
  if (correction !== undefined)
    return { reason: 'correction', detail: detail(`It corrects another publication: ${correction}.`) };

  const isNamedCase = matching(types, CASE_TYPES) !== undefined;
  const animals = veterinary(evidence);
  if (animals !== null) return animals;

  const isComment = COMMENT_TITLE.test(title);
  // `A case report and review of reported cases` is one; a `review of case reports` is none.
  const ownTitle = title.replace(REVIEW_OF_REPORTS_TITLE, '');
  const isTitledCase = !isComment && (CASE_TITLE.test(ownTitle) || matching(subjects, CASE_SUBJECT) !== undefined);
  if (evidence.abstract.length + evidence.body.length < TEXT_CHARS_MIN)
    return { reason: 'no_text', detail: 'It comes with neither an abstract nor a full text.' };
  if (isNamedCase || (!isComment && REPORT_TITLE.test(ownTitle))) return null;

  const told = toldOf(evidence);
  const kind = kindOf(types, subjects, title, isComment);
  // A title that only looks like one patient's needs a text that does not tell of many.
  if (
    isTitledCase &&
    (told.patients > 0 || told.studies < 2) &&
    !(kind?.reason === 'review' && told.patients < 2 && told.studies > 0)
  )
    return null;
  if (kind !== null) {
    // A comment tells of others' patients unless it says that it tells of its own.
    const isOwn =
      told.patients === 2
        ? told.studies < 2 && (!isComment || told.ownReport)
        : told.patients === 1 && told.studies === 0 && told.ownReport;
    if (
      isOwn &&
      (kind.reason === 'letter' || kind.reason === 'research' || (kind.reason === 'review' && told.patients === 2))
    )
      return null;
    return { reason: kind.reason, detail: detail(kind.detail) };
  }
  if (told.patients === 2 && told.studies < 2) return null;
  if (told.patients === 1 && told.studies === 0) return null;
  if (types.length === 0 && told.studies === 0) return null;
  return {
    reason: 'research',
    detail: detail(
      `Nothing calls it a case report, and it tells of ${told.studies > 0 ? 'many subjects' : 'no single patient'}${types.length > 0 ? ` (${types.join('; ')})` : ''}.`,
    ),
  };
}

/** What abstract, or else the beginning of the body, tells of. */
function toldOf({ title, abstract, body }: Evidence): {
  readonly patients: 0 | 1 | 2;
  readonly studies: number;
  readonly ownReport: boolean;
} {
  const read =
    abstract.length >= TEXT_CHARS_MIN ? abstract.slice(0, ABSTRACT_READ_CHARS) : body.slice(0, BODY_READ_CHARS);
  const studies = new Set(
    [...`${title ?? ''} ${read}`.matchAll(STUDY)].map(([said]) => said.toLowerCase().replace(/\d+/g, '0')),
  );
  return {
    patients: patientsIn(read),
    studies: studies.size,
    ownReport: OWN_REPORT.test(read),
  };
}

function kindOf(
  types: readonly string[],
  subjects: readonly string[],
  title: string,
  isComment: boolean,
): SetAside | null {
  const kinds = [...types, ...subjects];
  const letter = matching(kinds, LETTER_TYPES);
  if (letter !== undefined)
    return { reason: 'letter', detail: `A letter that tells of no case of its own: ${letter}.` };
  const editorial = matching(kinds, EDITORIAL_TYPES);
  if (editorial !== undefined) return { reason: 'editorial', detail: `It comments on others' work: ${editorial}.` };
  if (isComment) return { reason: 'letter', detail: 'Its title answers another publication.' };
  const review =
    matching(kinds, REVIEW_TYPES) ??
    (REVIEW_TITLE.test(title) || REVIEW_OF_REPORTS_TITLE.test(title) ? 'its title' : undefined);
  if (review !== undefined) return { reason: 'review', detail: `It reviews others' work: ${review}.` };
  const research = matching(kinds, RESEARCH_TYPES);
  if (research !== undefined) return { reason: 'research', detail: `A study that is no case report: ${research}.` };
  return null;
}

function veterinary({ title, subjects, journal, mesh, abstract, keywords }: Evidence): SetAside | null {
  if (mesh.includes('Humans')) return null;
  if (mesh.includes('Animals')) {
    const inLaboratory = matching(mesh, LABORATORY);
    return inLaboratory === undefined
      ? { reason: 'veterinary', detail: 'MeSH says Animals and not Humans.' }
      : { reason: 'research', detail: `Laboratory animals, and no humans: ${inLaboratory}.`.slice(0, 160) };
  }
  const subject = matching(subjects, VETERINARY_SUBJECT);
  const named = ANIMAL_TITLE.exec(title ?? '')?.[0];
  const hasHumans = HUMAN.test(title ?? '') || HUMAN.test(abstract.slice(0, ABSTRACT_READ_CHARS));
  if (named !== undefined && !hasHumans) return { reason: 'veterinary', detail: `Its title says "${named.trim()}".` };
  if (hasHumans && HUMAN.test(title ?? '')) return null;
  const isVeterinaryJournal = VETERINARY_JOURNAL.test(journal ?? '');
  const said = [
    named,
    subject,
    isVeterinaryJournal ? (journal ?? '') : undefined,
    matching(keywords, VETERINARY_SUBJECT),
  ].filter((one) => one !== undefined);
  // Two of them, or one of them and nobody who is human.
  if (said.length >= 2 || (said.length === 1 && !hasHumans))
    return { reason: 'veterinary', detail: `Animals, and no human patient: ${said.join(', ')}.`.slice(0, 160) };
  return null;
}
