import type { OutcomeStatus } from '../../../schema/vocabulary.ts';

/** Words that say how it ended, and how much they say of the end rather than of a step on the way. */
export type OutcomeStatement = {
  readonly status: Exclude<OutcomeStatus, 'unknown'>;
  /** In lower case. */
  readonly pattern: RegExp;
  /** Words of which every match holds one, so that most sentences need not be searched. */
  readonly words: RegExp;
  readonly weight: number;
};

export const OUTCOME_STATEMENTS: readonly OutcomeStatement[] = [
  {
    status: 'deceased',
    pattern:
      /\b(?:(?:the |our |this )?(?:patient|he|she|infant|neonate|newborn|child|boy|girl|man|woman|baby)(?: \w+){0,6}? (?:died|expired|succumbed|passed away|deceased)|(?:patient|his|her)(?:'s|’s)? (?:\w+ )?(?:death|demise)|died (?:of|from|due to|on|after|in|within|\d)|passed away|succumbed to|(?:was )?(?:pronounced|declared) dead|(?:resulted|resulting|culminat(?:ed|ing)|ended|ending) in (?:(?:his|her|the patient(?:'s|’s)?) )?(?:early |rapid |sudden )?(?:death|demise)|fatal outcome|outcome (?:was|proved|is) fatal|(?:proved|was) fatal|brain death|(?:leading|led) to (?:(?:his|her) )?(?:death|demise)|(?:who|and|but|unfortunately|eventually|subsequently|ultimately|finally|later|then) (?:died|expired|succumbed)|demised|found dead|lost (?:his|her) life|autopsy (?:was|revealed|showed))\b/g,
    words: /^(?:died|expired|succumb|passed|deceased|death|demise|dead|fatal|life|autopsy)/,
    weight: 6,
  },
  {
    status: 'recovered',
    pattern:
      /\b(?:(?:complete|full|total|excellent|uneventful|rapid|good|satisfactory|quick|remarkable)(?:ly)? (?:\w+ )?(?:recovery|recoveries|resolution|remission|healing)|(?:fully|completely|totally|uneventfully|well|successfully) (?:recovered|resolved|healed|cured)|recovered (?:\w+ )?(?:completely|fully|well|uneventfully|without)|resolved (?:completely|entirely|fully)|(?:complete|full) (?:clinical |metabolic |radiological |hematological |cytogenetic |pathological )?(?:response|remission|resolution|regression|disappearance|cure)|asymptomatic(?! (?:on|at) (?:presentation|admission|arrival|birth|the time))(?= ?(?:[.,;:)]|$|at |for |after |and |with |without |during |on |since |in |until |to |from |throughout |over ))|symptom[- ]free|disease[- ]free|free (?:of|from) (?:disease|symptoms?|pain|seizures?|recurrence|tumou?r)|seizure[- ]free|pain[- ]free|tumou?r[- ]free|(?:no|without|any) (?:\w+ ){0,4}?(?:recurrences?|relapses?|recidiv\w*|residual (?:disease|tumou?r|symptoms?)|metastas[ie]s|sequelae|further (?:episodes?|symptoms?|events?|attacks?|seizures?|bleeding))|cured|in (?:good|excellent|perfect) (?:health|condition|general condition)|(?:doing|remain(?:s|ed)|is|was|been|feeling|alive and|lives?) (?:very |quite |otherwise )?well\b|returned to (?:\w+ )?(?:normal|baseline|work|school|(?:daily |normal )?activit\w+)|normali[sz]ed completely|alive without|uneventful(?:ly)?)\b/g,
    words:
      /^(?:recover|resol|remission|healing|healed|cured?|asymptomatic|symptom|disease|free|seizure|pain|tumou?r|recur|relapse|recidiv|residual|metastas|sequelae|further|episode|good|excellent|perfect|well|return|response|regression|disappearance|normali|alive|uneventful)/,
    weight: 3,
  },
  {
    status: 'improved',
    pattern:
      /\b(?:improv(?:ed|ement|ements|ing)|partial (?:\w+ )?(?:remission|response|recovery|resolution|regression)|responded (?:\w+ )?(?:well|favou?rably|dramatically|positively)|good (?:\w+ )?response|regress(?:ed|ion)|subsided|alleviated|ameliorat\w+|relieved|resolved|resolution|remission|better|(?:gradually|slowly|partially|progressively) (?:recovered|decreased|resolved)|recover(?:ed|y)|regained|normali[sz]ed|shrinkage|favou?rable (?:\w+ )?(?:outcome|course|evolution)|successfully (?:treated|managed|weaned|extubated|removed)|reduction in (?:size|pain|symptoms)|decrease in (?:size|pain)|discharged (?:home )?in (?:a )?(?:\w+ )?(?:condition|state|health))\b/g,
    words:
      /^(?:improv|regained|remission|response|recover|resol|respond|regress|subsided|alleviat|ameliorat|relieved|better|decreased?|normali|shrink|favou?rabl|success|reduction|discharged)/,
    weight: 1.5,
  },
  {
    status: 'stable',
    pattern:
      /\b(?:(?:stable|unchanged) (?:disease|condition|clinical|since|for|on|at|without|lesions?)|remain(?:s|ed|ing)? (?:\w+ )?(?:stable|unchanged)|(?:clinically|hemodynamically|haemodynamically|neurologically|condition (?:is|was|remained)) stable|is stable|no (?:evidence of )?(?:disease |tumou?r |further )?progression|no (?:significant |further |major )?change|stabili[sz]ed|alive with (?:the )?disease|under (?:close )?(?:observation|surveillance)|has been stable)\b/g,
    words: /^(?:stab|stable|unchanged|progression|change|alive|observation|surveillance)/,
    weight: 2.5,
  },
  {
    status: 'deteriorated',
    pattern:
      /\b(?:deteriorat\w+|worsen(?:ed|ing|s)|progressive disease|disease progress\w+|progressed|relapse[ds]?|recurred|recurrence|did not improve|no improvement|without improvement|failed to (?:improve|respond)|poor outcome|vegetative state|remained (?:comatose|paraplegic|quadriplegic|bedridden|dependent|blind)|new metastas[ie]s|developed metastas[ie]s|permanent (?:loss|blindness|deficit|disability|damage)|lost to progression|palliative care|hospice)\b/g,
    words:
      /^(?:deteriorat|worsen|progress|relapse|recur|improve|respond|poor|vegetative|comatose|paraplegic|quadriplegic|bedridden|dependent|blind|metastas|permanent|lost|palliative|hospice)/,
    weight: 2,
  },
];

/** The sentence speaks of the end: after treatment, at discharge, at a visit later on. */
export const AT_THE_END =
  /\b(?:follow(?:ed)?[- ]?up|(?:months?|weeks?|years?|days?) (?:later|after|post|following)|at discharge|discharged|last (?:visit|seen|follow)|postoperative(?:ly)?|after (?:the )?(?:surgery|treatment|operation|therapy|procedure|discharge|\w+ (?:months?|weeks?|years?|days?|cycles?|doses?))|since then|to date|currently|at present|thereafter|outcome|final(?:ly)?|eventually|subsequently|remain(?:s|ed)|following (?:the )?(?:surgery|treatment|therapy))\b/;

/** Not the patient's end: a relative's, a fetus', what might be, what was before. */
export const NOT_THE_END =
  /\b(?:mother|father|brother|sister|parents?|siblings?|uncle|aunt|cousin|grandmother|grandfather|relatives?|family|mortality|death rate|risk of|fear of|thoughts of|in (?:order )?to prevent|sudden death in|history of|previously|had been|years ago|months ago|prior to (?:admission|presentation)|before admission|initially|informed|would|could|may|might|should|can be|donor)\b/;

/** The same for a death, which is the end whatever else the sentence tells of before. */
export const NOT_THE_DEATH =
  /\b(?:mother|father|brother|sister|parents?|siblings?|uncle|aunt|cousin|grandmother|grandfather|relatives?|husband|wife|spouse|twin|son|daughter|f(?:o)?etus|f(?:o)?etal|family (?:history|members?)|mortality|death rate|risk of|fear of|thoughts of|in (?:order )?to prevent|sudden death in|history of|years ago|months ago|would|could|may|might|should|can be|donor)\b/;

/** The sentence tells how the patient came; in the first half of a story that is no outcome. */
export const ARRIVAL =
  /\b(?:present(?:ed|ing|s)|complain\w*|emergency (?:department|room)|admitted|referred|brought)\b/;
