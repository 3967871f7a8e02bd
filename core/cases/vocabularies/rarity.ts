import type { RarityCriterion, Sex } from '../../../schema/vocabulary.ts';

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
  {
    // One gene's disease, and hardly any such is common.
    pattern:
      /\b(?:homozygous|compound heterozygous|hemizygous|de novo)\b[^.;]{0,60}?\b(?:mutations?|variants?|deletion|duplication)\b/g,
    words: /^(?:homozygous|heterozygous|hemizygous|novo)/,
    criterion: 'prevalence',
    weight: 0.7,
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

/** Stems of names that only rare diseases have. */
export const RARE_STEMS =
  /\b(?:ceroid|lipofuscinos|dysostos|chondrodysplas|craniosynostos|leu[ck]odystroph|gangliosidos|ciliopath|laminopath|channelopath|pterygium|ectodermal|plasmacytoid|ependymom|carcinoid|thymom|mesotheliom|chordom|craniopharyngiom|angiomatos|lymphangiom|lymphangioleio|phakomatos|phacomatos|malakoplak|xanthogranulom|heterotax|polymicrogyr|lissenceph|schizenceph|holoprosenceph|nocardi|actinomyc|sporotrich|histoplasm|leishman|echinococc|hydatid|melioid|tularem|brucell|neurobrucell|toxocar|strongyloid|schistosom|trypanosom|rickettsi|leptospir|mucormyc|cryptococc|blastomyc|coccidioid|paragonim|fasciol|gnathostom|pemphig|epidermolysis bullosa|ichthyos|mastocyt|histiocyt|porphyr|mucopolysacch|mucolipid|oligosaccharid|glycogenos|leukoencephalopathy with|neuroblastom|hepatoblastom|retinoblastom|nephroblastom|medulloblastom|pheochromocyt|paragangliom|ganglioneurom|germinom|choriocarcinom|plasmacytom|liposarcom|myofibroblast|pecoma|nut carcinoma|thrombotic microangiopath|aplastic an|hemophagocyt|hypophosphatas|hypophosphatem|osteopetros|achondroplas|osteogenesis imperfecta|arthrogrypos|exstroph|gastroschis|omphalocel|myelomeningocel|encephalocel|albinis)/;
/** A gene's own deficiency: `DNAJC12 deficiency`. That of G6PD is common. */
export const GENE_DEFICIENCY =
  /\b(?!G6PD|ADHD|AIDS|HIV|GERD|COPD|PCOS)[A-Z][A-Z0-9]{2,7}[-‐ ](?:[Dd]eficiency|[Hh]aploinsufficiency|[Rr]elated [Dd]isorder|[Ee]ncephalopathy)\b/;
/** Syndromes without a person's name that many people have. */
export const COMMON_SYNDROMES =
  /^(?:metabolic|nephrotic|nephritic|tunnel|bowel|compartment|coronary|distress|ovary|ovarian|sinus|legs?|fatigue|down|cauda equina|withdrawal|refeeding|hepatorenal|cardiorenal|response|hypoventilation|premenstrual|impingement|eye|mouth|apn(?:o)?ea|thrombotic|steal|pain|vena cava|overlap|overtraining|malabsorption|genitourinary|hyperstimulation|respiratory|covid|aspiration|obstruction|loss|post.*|dysfunction|inflammatory|infant|abstinence|vertigo|vestibular|burnout|radicular|disc|myofascial|patellofemoral|piriformis|flu|viral|cubital|brain|dumping|stroke|clinically isolated|radiation|lysis|leak|release|anticholinergic)$/i;
/** A word that may name a syndrome. */
export const SYNDROME_NAME = /^\p{L}{4,}$/u;

/** Diseases that are unusual at an age (years below which or from which it is) or in one sex. */
export const UNUSUAL_PATIENTS: readonly {
  readonly term: RegExp;
  readonly below?: number;
  readonly from?: number;
  readonly sex?: Sex;
}[] = [
  { term: /^(?:acute myocardial infarction|coronary artery disease|acute coronary syndrome)$/, below: 30 },
  { term: /^(?:stroke|peripheral arterial disease|aortic dissection|transient ischemic attack)$/, below: 18 },
  { term: /^(?:pulmonary embolism|deep vein thrombosis)$/, below: 14 },
  {
    term: /^(?:colorectal cancer|gastric cancer|lung cancer|prostate cancer|bladder cancer|pancreatic cancer|endometrial cancer)$/,
    below: 25,
  },
  { term: /^(?:breast cancer|multiple myeloma|cholangiocarcinoma)$/, below: 25 },
  { term: /^(?:melanoma|ovarian cancer|malignant melanoma|basal cell carcinoma)$/, below: 15 },
  { term: /^(?:breast cancer|breast carcinoma)$/, sex: 'male' },
  { term: /^(?:takotsubo cardiomyopathy|gout|osteoporosis)$/, below: 20 },
  { term: /^(?:parkinson disease|giant cell arteritis|alzheimer disease)$/, below: 40 },
  {
    term: /^(?:intussusception|kawasaki disease|hirschsprung disease|wilms tumor|neuroblastoma|retinoblastoma|hepatoblastoma)$/,
    from: 18,
  },
  { term: /^(?:gallstone|cholecystitis)$/, below: 5 },
  { term: /^(?:appendicitis)$/, below: 2 },
  { term: /^(?:testicular torsion)$/, from: 45 },
  { term: /^lymphangioleiomyomatosis$/, sex: 'male' },
];

/** Reactions to medicines that hardly any patient has. */
export const RARE_REACTIONS =
  /\b(?:stevens[- ]johnson|toxic epidermal necrolysis|dress syndrome|drug reaction with eosinophilia|acute generali[sz]ed exanthematous pustulosis|neuroleptic malignant|serotonin syndrome|malignant hyperthermia|kounis|heparin[- ]induced thrombocytopenia|purple (?:glove|toe) syndrome|sweet syndrome|fixed drug eruption|propofol infusion syndrome|metformin[- ]associated lactic acidosis|drug[- ]induced lupus)\b/;
/** `amiodarone-induced`: a word that tells what brought a disease about. */
export const INDUCED = /^(\p{L}+)[-‐–](?:induced|associated|related)$/iu;
/** Causes that are no medicines, or given to everybody. */
export const NOT_MEDICINES = new Set(
  'immune exercise stress radiation drug alcohol surgically catheter trauma virus tumor tumour cocaine oncogenic chronic pregnancy diet heat cold light ultraviolet infection sepsis hypoxia contrast'.split(
    ' ',
  ),
);
/** What medicines bring about often. */
export const COMMON_REACTIONS =
  /\b(?:nausea|vomiting|diarrh\w+|neutropenia|rash|urticaria|hypoglyc\w+|bleeding|anaphyla\w+|allerg\w+|constipation|cough|headache|sedation|weight gain|gastritis|hyponatr\w+|infections?|injury)\b/;
/** Complications that few courses of their disease have. */
export const RARE_COMPLICATIONS =
  /\b(?:gallstone ileus|bouveret|mirizzi|emphysematous (?:pyelonephritis|cystitis|cholecystitis)|amniotic fluid embolism|uterine (?:rupture|inversion)|purulent pericarditis|aorto-?enteric fistula|lemierre|tumou?r lysis|fournier|air embolism|fat embolism|sister mary joseph|page kidney|lithopedion|splenic rupture|phlegmasia|cerebral salt wasting|heyde|cardiac rupture|atrio-?esophageal fistula|osmotic demyelination|chylothorax|pneumocephalus|spontaneous (?:\w+ )?rupture)\b/;

/** A disease or syndrome with a person's name; where no vocabulary knows it as common, it is hardly ever that. */
export const EPONYM =
  /\b(?!(?:Acute|Chronic|Coronary|Metabolic|Nephrotic|Respiratory|Distress|Renal|Heart|Liver|Kidney|Lung|Valve|Artery|Arterial|Syndrome|Carpal|Compartment|Irritable|Severe|Systemic|Rare|Autoimmune|Inflammatory|Bowel|Cardiac|Vascular|Celiac|Infectious|Mitochondrial|Neonatal|Hemolytic|Pulmonary|Obstructive|Gastroesophageal|Reflux|Peptic|Ulcer|Joint|Bone|Brain|Skin|Eye|Graves|Crohn|Alzheimer|Parkinson|Hashimoto|Lyme|Down|Cerebrovascular|Ischemic|Interstitial|Polycystic|Ovary|Human|Viral|Bacterial|Cerebellar|Spinal|Tunnel|Pain|Primary|Secondary|Recurrent|Post|Overlap|Wave|Case|Report|This|That|The|With|From|Paraneoplastic|Antiphospholipid|Overtraining|Hepatic|Biliary|Degenerative|Demyelinating|Metastatic|Malignant|Benign|Advanced|Wolff)\b)\p{Lu}\p{Ll}{3,}(?:[-–\u2010 ]\p{Lu}\p{Ll}{2,}){0,3}(?:['’]s)? (?:[Ss]yndrome|[Dd]isease)\b/u;
