import type { DiagnosisCategory } from '../../schema/vocabulary.ts';
import { entryIn, type Reading } from './reading.ts';

// Words of a diagnosis that tell its system where no known disease does; the first that fits.
const BY_WORDS: readonly (readonly [DiagnosisCategory, RegExp])[] = [
  [
    'oncological',
    /cancer|carcinoma|sarcoma|lymphoma|leuk(?:a)?emia|melanoma|blastoma|glioma|tumou?r|neoplas|malignan|metasta|myeloma|adenoma|myxoma|teratoma|chordoma|cytoma|lipoma|fibroma|papilloma|h(?:a)?emangioma|schwannoma|cylindroma|syringoma|angiofibroma|ganglioneuroma|neurofibroma|leiomyoma|odontoma|hamartoma|seminoma|thymoma|hibernoma|pecoma|leukosis|histiocytoma|enchondroma/,
  ],
  [
    'obstetric',
    /pregnan|eclampsia|placent|gestation|uter(?:us|ine)|ovar|postpartum|f(?:o)?etal|endometri|vagin|vulv|cervical insufficiency/,
  ],
  ['toxic', /poisoning|intoxication|overdose|toxicity|envenom|bite|sting|withdrawal/],
  ['congenital', /congenital|trisomy|deletion syndrome|malformation|agenesis|atresia|anomal|chromosom/],
  [
    'infectious',
    /infection|tubercul|abscess|sepsis|septic|viral|bacter|fung|mycosis|malaria|covid|sars|parasit|candid|aspergill|myiasis|iasis|pneumonia|meningitis|osteomyelitis|cellulitis|hydatid|herpes/,
  ],
  [
    'arrhythmia',
    /arrhythm|fibrillation|flutter|tachycardia|bradycardia|heart block|long qt|brugada|atrioventricular block/,
  ],
  ['cardiomyopathy', /cardiomyopath|myocarditis|heart failure|noncompaction/],
  ['coronary', /coronar|myocardial infarction|angina/],
  ['valvular', /valv|endocarditis|mitral|aortic (?:stenosis|regurgitation|insufficiency)|tricuspid/],
  ['pericardial', /pericard|tamponade/],
  ['vascular', /aneurysm|dissection|thromb|embol|vascul|arteri|aort|venous|varic|ischemi/],
  ['respiratory', /lung|pulmon|respir|pleur|bronch|trache|asthma|pneumo|laryn/],
  [
    'neurological',
    /brain|cerebr|enceph|neur|myel|epilep|seizure|stroke|spinal|mening|nerve|ataxia|hydroceph|dystonia|palsy/,
  ],
  [
    'haematological',
    /an(?:a)?emia|thrombocytop|hemophil|haemophil|coagul|hemolytic|purpura|cytopenia|histiocytosis|neutropenia/,
  ],
  [
    'gastrointestinal',
    /gastr|intestin|bowel|colon|colitis|hepat|liver|pancrea|bil(?:e|iary)|chol|append|periton|esoph|oesoph|hernia|rectal|anal|volvulus|intussusception|crohn|cirrhosis/,
  ],
  ['renal', /renal|kidney|nephr|glomerul|ureter|ureter|urin|bladder|urethr|prostat|testic|penile|scrot/],
  [
    'endocrine',
    /diabet|endocrin|thyroid|adrenal|pituit|cushing|hypoglyc|hypercalc|insulin|hormone|metabol|deficiency|obes|cortis|acidosis|uria$|lipid/,
  ],
  ['rheumatological', /arthritis|lupus|scleroderma|rheumat|myositis|connective tissue|autoimmune|still/],
  ['dermatological', /skin|derm|cutane|pemphig|psoria|urticaria|alopecia|keratosis|ichthyosis|nail/],
  ['ophthalmological', /ocul|eye|retin|ophthalm|cornea|uveitis|optic|glaucoma|cataract|macul|kerat|vision/],
  [
    'musculoskeletal',
    /fracture|bone|osteo|joint|tend|muscl|ligament|dislocation|scoliosis|spondyl|hip|knee|shoulder|femor|tibia|myopath|skelet|disc|tooth|teeth|dental|malocclusion|mandib|maxill/,
  ],
  ['psychiatric', /psychos|depress|schizo|bipolar|anxiety|delusion|catatonia|mania|autis/],
];

/** The system of a diagnosis: that of the known disease in it, else by its words, else `other`. */
export function categoryOf(reading: Reading, span: readonly [number, number] | null, words: string): DiagnosisCategory {
  if (span !== null) {
    let best: { category: DiagnosisCategory; length: number } | null = null;
    for (let at = 0; at < reading.mentions.length; at += 1) {
      const mention = reading.mentions[at];
      if (mention === undefined || mention.end <= span[0]) continue;
      if (mention.start >= span[1]) break;
      const disease = entryIn(mention, 'disease');
      if (disease !== undefined && (best === null || mention.end - mention.start > best.length))
        best = { category: disease.category, length: mention.end - mention.start };
    }
    if (best !== null) return best.category;
  }
  const lower = words.toLowerCase();
  return BY_WORDS.find(([, pattern]) => pattern.test(lower))?.[0] ?? 'other';
}
