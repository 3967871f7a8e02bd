/**
 * British spellings that have an American twin, as parts of folded words; `^` and `$` stand for the ends of the word. Only where both
 * are the same word in medicine: `ae` and `oe` as such stay (`aerobic`, `toe`, `vertebrae`).
 */
const TWINS =
  'haem hem|aemi emi|oedem edem|oesoph esoph|oestr estr|pnoe pne|rrhoe rrhe|paed ped|gynaec gynec|faec fec|foet fet|coeli celi|caec cec|' +
  'aesth esth|aetio etio|phaeo pheo|amoeb ameb|caesar cesar|naev nev|taeni teni|manoeuv maneuv|paeni peni|tumour tumor|colour color|labour labor|' +
  'behaviour behavior|odour odor|^centre center|fibre fiber|^litre liter|calibre caliber|isation ization|sulph sulf|leuco leuko|mould mold|' +
  'analyse analyze|dialyse dialyze|distension distention';
const REPLACEMENTS: readonly (readonly [RegExp, string])[] = TWINS.split('|').map((pair) => {
  const [british = '', american = ''] = pair.split(' ');
  return [new RegExp(british, 'g'), american];
});
/** Most words have none of these and are done at once. */
const SUSPECT = /[ao]e|our|[tb]re|isat|ulph|uco|lyse|tens/;

/** The American spelling of a folded word. */
export function americanOf(word: string): string {
  if (!SUSPECT.test(word)) return word;
  return REPLACEMENTS.reduce((spelled, [british, american]) => spelled.replace(british, american), word);
}
