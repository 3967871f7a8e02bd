/** Words that announce a diagnosis, how sure they are, and what a name of a disease is made of. */
export type Announcer = {
  /** In lower case. */
  readonly pattern: RegExp;
  readonly weight: number;
  /** Words of which every match holds one, so that most sentences need not be searched. */
  readonly words: RegExp;
};

export const ANNOUNCERS: readonly Announcer[] = [
  {
    pattern:
      /\b(?:final|definitive|definite|conclusive|postoperative|histological|histopathological|pathological|pathologic|discharge|established|confirmed|confirmatory) diagnos[ei]s (?:was|of|is|as|were|being|made was|:)/g,
    weight: 10,
    words: /^(?:diagnosis|diagnoses)/,
  },
  {
    pattern: /\bdiagnos(?:is|es) (?:was|were|is) (?:made |confirmed |established |finally )?(?:as |of |with |to be )?/g,
    weight: 7,
    words: /^(?:diagnosis|diagnoses)/,
  },
  {
    pattern:
      /\b(?:confirm(?:ed|ing|s)?|establish(?:ed|ing|es)?|made|making|reached|led to|leading to|supported|supporting|clinched) (?:the|a|our|this|his|her) (?:\w+ )?diagnosis (?:of|as)/g,
    weight: 8,
    words: /^diagnosis/,
  },
  {
    // The grounds stand between: `the diagnosis based on the X-ray was …`.
    pattern:
      /\bdiagnosis,? (?:based on|on the basis of|according to|made by|made from|reached by|established by|from|after|following)\b[^.;:]{1,80}? was (?:that of |of )?/g,
    weight: 7,
    words: /^diagnosis/,
  },
  { pattern: /\bdiagnosis of/g, weight: 6, words: /^diagnosis/ },
  {
    pattern: /\bdiagnosed (?:with|as|to have|as having|to be|by|:)/g,
    weight: 7,
    words: /^diagnosed/,
  },
  { pattern: /\bwas found to have/g, weight: 3, words: /^found/ },
  {
    pattern:
      /\b(?:labell?ed as|concluded (?:this|it) to be|concluded as|reported (?:it )?as|confirmed as|identified as|classified as|recognized as)/g,
    weight: 5,
    words: /^(?:labeled|labelled|concluded|reported|confirmed|identified|classified|recognized)/,
  },
  {
    pattern: /\b(?:rare |unusual |first |unique |interesting |uncommon |exceptional |reported )?cases? of/g,
    weight: 5,
    words: /^case/,
  },
  {
    pattern: /\b(?:confirmed|confirming|proved|proven|revealed|establishing) (?:the presence of|to be|as)/g,
    weight: 4,
    words: /^(?:confirmed|confirming|proved|proven|revealed|establishing)/,
  },
  {
    pattern:
      /\b(?:consistent with|compatible with|in keeping with|diagnostic of|confirmatory of|characteristic of|typical of|pathognomonic (?:of|for))/g,
    weight: 4,
    words: /^(?:consistent|compatible|keeping|diagnostic|confirmatory|characteristic|typical|pathognomonic)/,
  },
  {
    // `We describe a girl with …`: whom the report is about.
    pattern:
      /\b(?:report|describe|present)\b[^.;:]{1,60}?\b(?:woman|man|boy|girl|patient|male|female|infant|child|neonate|newborn) with(?! (?:\S+ ){0,4}?history\b)/g,
    // Also where a background stands (`a woman with diabetes`), so that any other words go before.
    weight: 0,
    words: /^(?:report|describe|present)$/,
  },
  {
    pattern: /\b(?:suffering from|suffered from|affected by|developed)/g,
    weight: 2,
    words: /^(?:suffer|affected|developed)/,
  },
  { pattern: /\b(?:confirmed|confirming)/g, weight: 2, words: /^(?:confirmed|confirming)/ },
  {
    pattern:
      /\b(?:treated for|treatment (?:for|of)|therapy (?:for|of) |suggestive of|suggesting|indicative of|due to|caused by|secondary to|attributed to)/g,
    weight: 1,
    words: /^(?:treated|treatment|therapy|suggest|indicative|due|caused|secondary|attributed)/,
  },
  {
    pattern:
      /\b(?:biops(?:y|ies)|histology|histological|histopathology|histopathological|pathology|pathological|pathologic|histologic|examination|specimen|immunohistochemistry|analysis|sequencing|cultures?)\b[^.;]{0,60}?\b(?:revealed|showed|confirmed|demonstrated|disclosed|identified|indicated)/g,
    weight: 3,
    words: /^(?:biops|histolog|histopatholog|patholog|examination|specimen|immunohist|analysis|sequencing|culture)/,
  },
  {
    pattern:
      /\b(?:ct|mri|imaging|scans?|tomography|ultrasound|ultrasonography|echocardiogra\w+|angiogra\w+|\w*endoscopy|colonoscopy|laparotomy|laparoscopy|bronchoscopy|surgery|autopsy|radiographs?|x-rays?|findings)\b[^.;]{0,60}?\b(?:revealed|revealing|showed|showing|confirmed|demonstrated|disclosed|detected|identified)/g,
    weight: 1.5,
    words:
      /^(?:ct|mri|imaging|scans?|tomography|ultraso|echocardio|angiogra|\w*endoscopy|colonoscopy|laparo|bronchoscopy|surgery|autopsy|radiograph|x$|rays?$|findings)/,
  },
];

/** `Gastrinoma was diagnosed by biopsy`: the name stands before. */
export const ANNOUNCED_BEFORE =
  /\b(?:was|were|is) (?:\w+ly )?(?:also )?(?:diagnosed|confirmed|established|proven|identified)\b(?! (?:with|as|to|having|in|that|for)\b)/g;
/** A `case of` one of these tells the disease behind `with`. */
export const PERSONS: ReadonlySet<string> = new Set(
  'woman man boy girl patient male female infant child lady gentleman neonate newborn adult adolescent teenager person'.split(
    ' ',
  ),
);

/** Shortly before what is announced, or shortly after it: it is not, or not yet, the diagnosis. */
export const DOUBT_BEFORE =
  /\b(?:differential|initial|initially|provisional|preliminary|suspected|suspicion|presumptive|presumed|misdiagnosed|misdiagnosis|wrong|mistaken|mistakenly|erroneous|erroneously|incorrect|ruled out|excluded|previously|history of|known case|working|prenatal|mother|father|sister|brother|family|parents?|first considered|alternative|possible|instead of|rather than|mimick\w+)\b/;
export const DOUBT_AFTER =
  /^.{0,12}\b(?:(?:was|were|is|had been|been|initially|first)\s+(?:\w+ly )?(?:suspected|considered|ruled out|excluded|less likely|unlikely|presumed|discarded|rejected|revised|changed)|was initially|years? (?:ago|earlier|before|previously|prior)|months? (?:ago|earlier|before|previously|prior)|in (?:his|her) (?:mother|father|brother|sister))/;

const split = (words: string): ReadonlySet<string> => new Set(words.trim().split(/\s+/));

/** Words that may stand before the name and are no part of it. */
export const LEADERS = split(
  `a an the his her having have possible probable likely rare unusual isolated presence of being as to case cases with severe acute-on either both : – - ,
   first patient patients such diagnosis clinical histological histopathological histopathologic pathological our this its newly highly definite underlying
   novel challenging typical classic classical extremely very exceptional uncommon interesting unique removed`,
);
/** Words at which the name ends. */
export const STOPS = split(
  `was were is are had has have made confirmed established based by after before who which that presenting presented presents following using through
   from at on during because but however although treated treatment underwent successfully where when as for since due secondary while whereas
   therefore thus so diagnosed she he we it they his her patient managed complicated requiring leading causing occurring involving arising then
   until despite without according whose mimicking masquerading accompanied discovered warranted underscores highlights highlighting measuring
   identifying identified showing revealing revealed can may might should could would be been being not also represents remains requires required
   including included especially particularly located found seen noted detected developed occurred coexisting emphasizing simulating resulting
   successfully initially finally rather than via per if unless whether into onto over under about around like among along within given against
   suspected linked formation caused post case cases delivered died expired received went came became remained showed presumed shortly thereafter consistent subsequently later resembling exhibiting undergoing receiving associating complicating affecting originating extending appearing suggesting supporting`,
);
export const SOFT_STOPS = split('in with and of to or');
/** Behind `and`, `with`, `of` they open something new. */
export const OPENERS = split(
  'a an the our this his her its patient patients child whom pregnancy no multiple similar different unknown these such',
);
/** Names of no disease, though they end like one or hold a word of one. */
export const NOT_A_NAME =
  /\b(?:risks?|indicators?|factors?|cornerstone|growth|cells|patterns?|findings?|features?|signs?|symptoms?|changes|department|center|centre|hospital|ward|clinic|unit|guidelines?|exacerbations? or|markers?|lack|walls?|recipients?|(?:endoscopic|submucosal|lymph node|neck|axillary) dissection|dissection of|old (?:male|female|man|woman|boy|girl))\b/;

/** What alone names no disease, however it is called a diagnosis. */
export const GENERIC = split(
  `lesion lesions tumor tumors tumour tumours syndrome syndromes disease diseases disorder disorders mutation mutations malignancy malignancies complex adhesion
   adhesions nodule nodules trauma injury injuries defect defects infection infections failure shock arrest cancer cancers dysfunction complication
   complications metastasis metastases obstruction perforation block anomaly anomalies deficiency cyst cysts effusion stenosis mass firm large small giant
   multiple single diffuse focal benign malignant cystic solid progressive refractory recurrent enlarging sizable massive loss double variant variants
   underlying condition neoplasm new unclear unknown uncertain indeterminate suspicious removed congenital inflammation virus`,
);
/** Names of a gene's change: the cause, where a disease is named as well. */
export const GENE_CHANGE = /\b(?:mutations?|variants?)$/;

export const DISEASE_WORD =
  /^(?!(?:diagnosis|diagnoses|prognosis|anastomosis|apoptosis|mitosis|hypnosis|stroma|coma|diploma|osmosis|homeopathy|osteopathy|symptoma)$)(?:\S*(?:oma|omata|itis|osis|oses|pathy|pathies|emia|aemia|penia|plasia|plasias|trophy|sclerosis|rrhagia|philia|algia|iasis|ectasia|lymphoma|plegia|megaly|cele|plakia|ectopia|cyst|schisis|uria|thorax|dactyly|cephaly|phagia|stasis|necrosis|omalacia|optosis|ismus|pyema|porosis|arthrosis|edema|virus|plasmosis)|(?:syndrome|disease|disorder|infection|cancer|fracture|tumor|tumour|deficiency|anomaly|malformation|injury|rupture|stenosis|aneurysm|hernia|poisoning|embolism|infarction|infarct|tuberculosis|abscess|failure|intoxication|toxicity|perforation|obstruction|torsion|hemorrhage|haemorrhage|bleeding|palsy|fistula|dissection|ulcer|metastasis|metastases|malignancy|neoplasm|leukemia|insufficiency|defect|block|arrhythmia|fibrillation|tachycardia|pregnancy|lupus|sepsis|mycosis|pneumonia|encephalitis|dysplasia|atresia|dislocation|volvulus|intussusception|crisis|shock|arrest|thrombus|granuloma|calculi|calculus|stone|adhesion|teratoma|mutation|hypoplasia|agenesis|ranula|occlusion|malocclusion|purpura|degeneration|diverticulum|diverticula|diverticulosis|sling|dementia|stroke|allergy|anaphylaxis|epidermolysis|rhabdomyolysis|stricture|prolapse|effusion|gangrene|scabies|leprosy|rabies|tetanus|syphilis|hydrops|chorea|ataxia|dystonia|epilepsy|vasculitis|duplication|situs|hamartoma|lesion|trauma|complex|coinfection|keratosis|nevus|naevus|lichen|lithopedion|hemolysis|porphyria|goiter|goitre|rickets|scurvy|trisomy|abortion|hypertension|vasospasm|dysfunction|nodule|collision|contusion|burn|laceration|scleritis|botulism|withdrawal|overdose|dermoid|calcification|ossificans|hypersensitivity|instability|retention|myxedema|measles|mumps|rubella|varicella|zoster|malaria|cholera|migraine|psychosis|schizophrenia|delirium|catatonia|tetralogy|equina|ischaemia|acidosis|ketoacidosis)s?)$/;

/** What a title says about itself and not about the disease. */
export const TITLE_NOISE = split(
  `a an the case cases report reports series study literature review systematic of novel unusual rare successful challenging diagnosis treatment management
   first clinical image images classic yet surprising uncommon interesting unique atypical presentation presentations two three brief new recurrent-case diagnostic dilemma
   unexpected unusually surgical approach extremely very our experience illustrative comprehensive rapid short communication manifestation manifestations
   entity overview update narrative mini insights insight unveiling unraveling exploring uncovering navigating successfully complex`,
);
/** Behind these a title names what the disease looked like, came with or came from. */
export const TITLE_ASIDES =
  /\b(?:mimicking|mimic(?:s|ked)?|masquerading|masked|simulating|resembling|misdiagnosed|mistaken|presenting (?:as|with)|manifest(?:ing|ed) (?:as|with)|manifestation as|complication of|cause of|etiology of|aetiology of|secondary to|due to|caused by|after|following|post|in (?:a|an|the)?\s?(?:\S+ ){0,4}?(?:patient|patients|child|man|woman|boy|girl|male|female|infant|case)|with|without|differential diagnosis|history of|versus|vs|not)\b/g;
/** What stands before them led to the diagnosis that follows. */
export const TITLE_REVEALS =
  /\b(?:reveal(?:ing|s|ed)?|leading to (?:the )?diagnosis of|unmasking|uncovering|disclosing)\b/;
