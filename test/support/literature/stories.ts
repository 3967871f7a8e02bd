import { seededRandom } from '../engine/runtime.ts';

/** Draws from one seed; every draw moves it on. */
export type Dice = {
  readonly pick: <T>(from: readonly T[]) => T;
  /** Several different ones, in a random order. */
  readonly some: <T>(from: readonly T[], count: number) => T[];
  /** A whole number from `low` to `high`, both included. */
  readonly whole: (low: number, high: number) => number;
  /** A number with `digits` decimals. */
  readonly decimal: (low: number, high: number, digits: number) => string;
  readonly chance: (share: number) => boolean;
};

export function diceOf(seed: number): Dice {
  const random = seededRandom(seed);
  const whole = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1));
  const pick = <T>(from: readonly T[]): T => {
    const one = from[whole(0, from.length - 1)];
    if (one === undefined) throw new Error('nothing to pick from');
    return one;
  };
  return {
    pick,
    some: (from, count) => {
      const left = [...from];
      return Array.from({ length: Math.min(count, left.length) }, () =>
        left.splice(whole(0, left.length - 1), 1),
      ).flat();
    },
    whole,
    decimal: (low, high, digits) => (low + random() * (high - low)).toFixed(digits),
    chance: (share) => random() < share,
  };
}

const words = (list: string): readonly string[] => list.split('|').map((word) => word.trim());

const DISEASES = words(
  'hypertrophic cardiomyopathy|arrhythmogenic right ventricular cardiomyopathy|takotsubo cardiomyopathy|cardiac amyloidosis|cardiac sarcoidosis|giant cell myocarditis|Brugada syndrome|long QT syndrome|catecholaminergic polymorphic ventricular tachycardia|Wolff-Parkinson-White syndrome|complete heart block|spontaneous coronary artery dissection|coronary vasospasm|Kounis syndrome|infective endocarditis|Loeffler endocarditis|aortic dissection|Takayasu arteritis|constrictive pericarditis|cardiac tamponade|left atrial myxoma|pulmonary embolism|pulmonary arterial hypertension|patent foramen ovale|Ebstein anomaly|mitral valve prolapse|peripartum cardiomyopathy|Fabry disease|Danon disease|phaeochromocytoma|thyrotoxicosis|Addison disease|haemophagocytic lymphohistiocytosis|thrombotic thrombocytopenic purpura|granulomatosis with polyangiitis|systemic lupus erythematosus|sarcoidosis|tuberculous pericarditis|Lyme carditis|Chagas disease|rhabdomyolysis|Guillain-Barre syndrome|myasthenia gravis|ischaemic stroke|acute pancreatitis|Wilson disease|nephrotic syndrome|diabetic ketoacidosis|digoxin toxicity|serotonin syndrome',
);
const SYMPTOMS = words(
  'chest pain|dyspnoea|palpitations|syncope|fever|night sweats|weight loss|fatigue|headache|vomiting|diarrhoea|abdominal pain|cough|haemoptysis|dizziness|leg swelling|orthopnoea|blurred vision|seizures|confusion|muscle weakness|joint pain|rash|pruritus|back pain|dysphagia|hoarseness|jaundice|haematuria|numbness',
);
const ECG = words(
  'ST-segment elevation in leads V2 to V4|ST-segment depression in the inferior leads|T-wave inversion in leads V1 to V3|atrial fibrillation|complete atrioventricular block|left bundle branch block|right bundle branch block|a prolonged QT interval|ventricular tachycardia|sinus tachycardia|sinus bradycardia|low QRS voltage|epsilon waves|delta waves|a coved ST-segment elevation in V1|Q waves in the inferior leads|first-degree atrioventricular block|atrial flutter|electrical alternans|peaked T waves',
);
const LABS: readonly (readonly [string, number, number, number, string])[] = [
  ['troponin I', 0.1, 48, 2, 'ng/mL'],
  ['haemoglobin', 5.8, 16.4, 1, 'g/dL'],
  ['creatinine', 0.6, 6.9, 1, 'mg/dL'],
  ['C-reactive protein', 2, 310, 0, 'mg/L'],
  ['potassium', 2.1, 7.2, 1, 'mmol/L'],
  ['sodium', 112, 149, 0, 'mmol/L'],
  ['white cell count', 1.1, 38, 1, 'x10^9/L'],
  ['platelet count', 9, 640, 0, 'x10^9/L'],
  ['lactate', 0.8, 11.2, 1, 'mmol/L'],
  ['ferritin', 8, 9_900, 0, 'ng/mL'],
  ['NT-proBNP', 90, 29_800, 0, 'pg/mL'],
  ['D-dimer', 0.2, 18, 1, 'mg/L'],
  ['glucose', 41, 720, 0, 'mg/dL'],
  ['thyroid-stimulating hormone', 0.01, 92, 2, 'mIU/L'],
  ['calcium', 6.1, 15.8, 1, 'mg/dL'],
  ['albumin', 1.4, 4.8, 1, 'g/dL'],
];
const IMAGING = words(
  'severe left ventricular hypertrophy|apical ballooning|a pericardial effusion|late gadolinium enhancement of the septum|a mobile vegetation on the mitral valve|bilateral pulmonary emboli|a dissection flap in the ascending aorta|a left atrial mass|hilar lymphadenopathy|ground-glass opacities|pleural effusion|a dilated right ventricle|severe mitral regurgitation|an ejection fraction that was reduced|a ventricular septal defect|splenomegaly|a hypodense liver lesion|cardiomegaly|a cavitating nodule|coronary artery ectasia',
);
const MODALITIES = words(
  'Transthoracic echocardiography|Cardiac magnetic resonance imaging|Computed tomography of the chest|Chest radiography|Coronary angiography|Positron emission tomography',
);
const JOBS = words(
  'teacher|farmer|baker|plumber|violinist|electrician|nurse|sailor|tailor|welder|librarian|gardener|cyclist|painter|roofer|miner|cook|beekeeper|translator|locksmith|florist|postman|weaver|potter|surveyor|shepherd|carpenter|diver|archivist|mason',
);
const BACKGROUND = words(
  'hypertension|type 2 diabetes mellitus|asthma|chronic kidney disease|hypothyroidism|gout|migraine|epilepsy|coeliac disease|psoriasis|rheumatoid arthritis|a renal transplant|smoking|dyslipidaemia|depression|a previous myocardial infarction',
);
const TREATMENTS = words(
  'intravenous methylprednisolone|amiodarone|an implantable cardioverter-defibrillator|a dual-chamber pacemaker|surgical repair|percutaneous coronary intervention|heparin|alteplase|bisoprolol|quinidine|isoproterenol|pericardiocentesis|plasma exchange|rituximab|ceftriaxone|benzathine penicillin|catheter ablation|tafamidis|enzyme replacement|continuous renal replacement therapy|veno-arterial membrane oxygenation|ivabradine',
);
const OUTCOMES = words(
  'was discharged home|made a full recovery|died of multi-organ failure|remained free of symptoms|relapsed once and was treated again|was listed for transplantation|needed rehabilitation|returned to work',
);
const JOURNALS = words(
  'Annals of Loopback Cardiology|Synthetic Case Reports|Journal of Invented Medicine|Archives of Test Internal Medicine|European Review of Made-up Hearts|Open Bedside Letters',
);
const SURNAMES = words(
  'Abara|Brandt|Castellane|Dvorak|Eklund|Farouk|Grimaldi|Haugen|Ibanez|Jurgens|Kowal|Lindqvist|Moreau|Nakao|Okonjo|Petrov|Quist|Rahman|Sandoval|Tanaka',
);

const ONSETS = 'b d f g k l m n p r s t v z br dr gl kr pl st tr'.split(' ');
const VOWELS = 'a e i o u ai ea io'.split(' ');
/** A word that no language has, for a place. */
export const madeUpWord = (dice: Dice): string =>
  Array.from({ length: dice.whole(3, 4) }, () => dice.pick(ONSETS) + dice.pick(VOWELS)).join('');
const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** What stands in one article and in no other: letters that spell its number, so that a search for it finds that one alone. */
export const markerOf = (number: number): string => {
  const consonants = 'bdfgklmnprstvz';
  let left = number;
  let spelt = '';
  for (let syllable = 0; syllable < 4; syllable++) {
    spelt += (consonants[left % 14] ?? 'b') + ('aeiou'[Math.floor(left / 14) % 5] ?? 'a');
    left = Math.floor(left / 70);
  }
  return `qu${spelt}x`;
};

export type Patient = {
  readonly ageYears: number;
  readonly sex: 'female' | 'male';
  readonly presentation: string;
  readonly findings: string;
  readonly course: string;
};

/** One patient. Numbers and invented places stand every few words, so that no two stories share a long run of words. */
export function patientOf(dice: Dice, disease: string, marker: string): Patient {
  const sex = dice.chance(0.5) ? 'female' : 'male';
  const ageYears = dice.whole(18, 91);
  const noun = sex === 'female' ? 'woman' : 'man';
  const she = sex === 'female' ? 'She' : 'He';
  const her = sex === 'female' ? 'her' : 'his';
  const [first, second, third] = dice.some(SYMPTOMS, 3);
  const place = capital(madeUpWord(dice));
  const presentation = [
    `A ${ageYears}-year-old ${noun}, a ${dice.pick(JOBS)} from ${place}, presented to ${capital(marker)} Hospital with ${first} and ${second} for ${dice.whole(2, 29)} ${dice.pick(['hours', 'days', 'weeks'])}.`,
    dice.chance(0.7)
      ? `${she} had ${dice.pick(BACKGROUND)} since ${dice.whole(1981, 2024)} and denied ${third}.`
      : `${capital(third ?? 'cough')} had begun ${dice.whole(2, 12)} months before in ${capital(madeUpWord(dice))}.`,
    `Blood pressure was ${dice.whole(72, 208)}/${dice.whole(38, 119)} mmHg, pulse ${dice.whole(34, 189)}, temperature ${dice.decimal(35.4, 40.3, 1)} °C, weight ${dice.whole(41, 139)} kg.`,
  ].join(' ');
  const labs = dice
    .some(LABS, dice.whole(2, 4))
    .map(([name, low, high, digits, unit]) => `${name} was ${dice.decimal(low, high, digits)} ${unit}`);
  const findings = [
    `The electrocardiogram of ${dice.whole(1, 31)} ${dice.pick(['March', 'May', 'July', 'October'])} showed ${dice.pick(ECG)} at ${dice.whole(31, 192)} per minute with a QTc of ${dice.whole(352, 618)} ms.`,
    `At ${dice.whole(1, 12)} o'clock ${labs.slice(0, -1).join(', ')} and ${labs.at(-1)}.`,
    `${dice.pick(MODALITIES)} in ${place} revealed ${dice.pick(IMAGING)} of ${dice.whole(6, 94)} mm and ${dice.pick(IMAGING)}.`,
  ].join(' ');
  const [treatment, rescue] = dice.some(TREATMENTS, 2);
  const course = `${capital(disease)} was diagnosed on day ${dice.whole(1, 19)}; ${treatment} was given for ${dice.whole(2, 41)} days, then ${rescue}. After ${dice.whole(2, 35)} months in ${capital(madeUpWord(dice))} ${her} ${dice.pick(['walking distance', 'weight', 'exercise capacity'])} was ${dice.whole(40, 620)} ${dice.pick(['units', 'points'])} and ${she.toLowerCase()} ${dice.pick(OUTCOMES)}.`;
  return { ageYears, sex, presentation, findings, course };
}

export const storyOf = ({ presentation, findings, course }: Patient): string => `${presentation} ${findings} ${course}`;
export const diseaseOf = (dice: Dice): string => dice.pick(DISEASES);
export const symptomOf = (dice: Dice): string => dice.pick(SYMPTOMS);
export const journalOf = (dice: Dice): string => dice.pick(JOURNALS);
export const authorsOf = (dice: Dice): readonly (readonly [surname: string, given: string])[] =>
  dice
    .some(SURNAMES, dice.whole(1, 4))
    .map((surname) => [surname, dice.pick(words('Ada|Bo|Chidi|Dana|Emil|Farah|Goran|Hana'))] as const);

/** Why a report was written and what it teaches: as free of shared runs of words as the stories are. */
export const backgroundOf = (dice: Dice, disease: string): string =>
  `${capital(disease)} is seen in ${dice.whole(2, 97)} of ${dice.whole(101, 990)} thousand people of ${capital(madeUpWord(dice))}, and ${dice.pick(SYMPTOMS)} is its first sign in ${dice.whole(3, 88)} per cent.`;
export const lessonOf = (dice: Dice, disease: string): string =>
  `In ${capital(madeUpWord(dice))}, ${dice.pick(SYMPTOMS)} with ${dice.pick(ECG)} should bring ${disease} to mind within ${dice.whole(2, 60)} hours.`;

/** Texts of a size that say nothing of a patient. */
export const reviewOf = (dice: Dice, disease: string): string =>
  Array.from(
    { length: 4 },
    () =>
      `Of ${dice.whole(11, 480)} publications on ${disease} from ${capital(madeUpWord(dice))}, ${dice.whole(2, 90)} per cent describe ${dice.pick(SYMPTOMS)} and ${dice.whole(2, 90)} per cent ${dice.pick(TREATMENTS)}, with a pooled risk of ${dice.decimal(0.2, 9.8, 2)}.`,
  ).join(' ');
export const letterOf = (dice: Dice, disease: string): string =>
  `We read with interest the article on ${disease} by ${dice.pick(SURNAMES)} and colleagues of ${capital(madeUpWord(dice))}. In ${dice.whole(1990, 2020)} the register of ${capital(madeUpWord(dice))} counted ${dice.whole(20, 900)} admissions, and we ask why ${dice.pick(TREATMENTS)} was left out of table ${dice.whole(1, 6)}.`;
export const correctionOf = (dice: Dice, disease: string): string =>
  `In the article on ${disease} published by ${dice.pick(SURNAMES)}, the value in table ${dice.whole(1, 7)} should read ${dice.decimal(0.1, 99, 2)} and not ${dice.decimal(0.1, 99, 2)}. The authors from ${capital(madeUpWord(dice))} regret this.`;
export const veterinaryOf = (dice: Dice, disease: string): string =>
  `A ${dice.whole(2, 13)}-year-old ${dice.pick(['Labrador retriever', 'Jack Russell terrier'])} dog from ${capital(madeUpWord(dice))} weighing ${dice.decimal(4, 41, 1)} kg was brought to the veterinary clinic with ${dice.pick(SYMPTOMS)}. The dog had ${disease}; the heart rate of the dog was ${dice.whole(60, 210)} per minute, and ${dice.pick(TREATMENTS)} at ${dice.decimal(0.1, 9, 1)} mg/kg helped. At necropsy the carcass showed ${dice.pick(IMAGING)}.`;
