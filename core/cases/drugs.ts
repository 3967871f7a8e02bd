import type { Quantity } from './quantities.ts';
import { entryIn, type Mention, mentionAt, type Reading } from './reading.ts';
import { NUMBER } from './tokens.ts';
import { MEDICINE_ENDINGS } from './vocabularies/background.ts';

const set = (words: string) => new Set(words.split(' '));
const CATIONS = set(
  'sodium potassium calcium magnesium ammonium lithium aluminum aluminium iron ferrous ferric zinc copper lead ringer lactated',
);
const SALTS = set(
  'gluconate chloride carbonate bicarbonate citrate sulfate sulphate succinate phosphate lactate acetate oxide hydroxide valproate nitroprusside iodide polystyrene sucrose folinate dobesilate levofolinate aspartate thiosulfate benzoate phenylbutyrate hyaluronate',
);
// What is measured under a name that is also the last word of many a medicine's.
const SALT_ANALYTES = set('lactate chloride phosphate bicarbonate');
const GIVEN_AS = set(
  'injection injections infusion infusions solution drip bolus supplement supplements supplementation replacement tablet tablets capsule capsules pump',
);
// Analytes that are given as medicines too.
const ALSO_GIVEN = new Set(
  'sodium,potassium,chloride,bicarbonate,calcium,magnesium,phosphate,glucose,insulin,albumin,iron,zinc,copper,vitamin b12,vitamin d,vitamin a,vitamin e,vitamin b6,folate,thiamine,cortisol,acth,thyroxine,triiodothyronine,testosterone,estradiol,progesterone,growth hormone,erythropoietin,calcitonin,fibrinogen,antithrombin,protein c,immunoglobulin g,lactate,factor viii,von willebrand factor,platelets,immunoglobulins'.split(
    ',',
  ),
);
const DOSE_UNIT = /^(?:g|gm|grams?|mg|milligrams?|mcg|µg|μg|ug|micrograms?|units?|iu|ampoules?|tablets?|vials?)$/;
const MEASURED_IN = /^(?:serum|plasma|blood|level|levels|concentration|concentrations|fasting)$/;
const REACH = 3;

function isMedicineWord(reading: Reading, at: number): boolean {
  const held = mentionAt(reading, at);
  if (held !== undefined && entryIn(held, 'medicine') !== undefined) return true;
  const word = reading.tokens.word[at] ?? '';
  return word.length > 6 && MEDICINE_ENDINGS.some((ending) => word.endsWith(ending));
}

/** Whether the name of an analyte is part of a medicine's here: `calcium gluconate`, `ciprofloxacin lactate`, `glucose injection`. */
export function isMedicine(reading: Reading, mention: Mention, term: string): boolean {
  if (!ALSO_GIVEN.has(term)) return false;
  const { word } = reading.tokens;
  const before = word[mention.from - 1] ?? '';
  if (CATIONS.has(word[mention.to - 1] ?? '') && SALTS.has(word[mention.to] ?? '')) return true;
  if (SALT_ANALYTES.has(term) && mention.to === mention.from + 1)
    if (CATIONS.has(before) || isMedicineWord(reading, mention.from - 1)) return true;
  if (MEASURED_IN.test(before)) return false;
  // `mixed glucose and electrolyte injection`.
  for (let at = mention.to; at < mention.to + REACH; at += 1) {
    if (GIVEN_AS.has(word[at] ?? '')) return true;
    if (word[mention.to] !== 'and' && word[mention.to] !== '-') return false;
  }
  return false;
}

/** Whether a value is an amount that was given (`albumin 20 g`, `insulin 10 units`) rather than a concentration. */
export function isGivenAmount(reading: Reading, mention: Mention, term: string, quantity: Quantity): boolean {
  if (!ALSO_GIVEN.has(term)) return false;
  const { tokens } = reading;
  for (let at = mention.from - 1; at < quantity.from; at += 1)
    if (MEASURED_IN.test(tokens.word[at] ?? '')) return false;
  let last = quantity.from;
  for (let at = quantity.from; at < quantity.to; at += 1) if (tokens.kind[at] === NUMBER) last = at;
  const behind = tokens.word[last + 2] ?? '';
  return DOSE_UNIT.test(tokens.word[last + 1] ?? '') && behind !== '/' && behind !== '%' && behind !== 'per';
}
