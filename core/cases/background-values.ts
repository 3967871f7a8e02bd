import { isHyphen, numberBefore } from './numerals.ts';
import { entryIn, type Mention, mentionAt, type Reading } from './reading.ts';
import { NUMBER } from './tokens.ts';
import { ALLERGENS } from './vocabularies/background.ts';

export type Amount = {
  readonly value: number;
  readonly unit: string;
  readonly end: number;
  readonly words: readonly string[];
};

/** Doses as UCUM codes. */
const DOSE_UNITS = new Map<string, string>([
  ['mg', 'mg'],
  ['g', 'g'],
  ['mcg', 'ug'],
  ['μg', 'ug'],
  ['µg', 'ug'],
  ['ug', 'ug'],
  ['ml', 'mL'],
  ['iu', '[iU]'],
  ['units', 'U'],
  ['unit', 'U'],
  ['meq', 'meq'],
]);
const FREQUENCIES = new Set(
  'daily weekly monthly bid tid qid qd nightly hourly once twice thrice bd tds od qds'.split(' '),
);
const CIGARETTES_PER_PACK = 20;
const PACK_YEARS_MAX = 300;
const ALLERGEN_REACH = 12;

/** The dose right behind a medicine (`metformin 500 mg twice daily`, `(5 mg/kg)`) or before it (`500 mg of`); null where none is stated. */
export function doseOf(reading: Reading, from: number, to: number, end: number): Amount | null {
  const { word, kind, end: ends } = reading.tokens;
  let at = to;
  while (at < end && ['(', 'at', 'a', 'dose', 'of', ',', '['].includes(word[at] ?? '') && at < to + 4) at += 1;
  let unitAt = at + 1;
  if (kind[at] !== NUMBER || !DOSE_UNITS.has(word[unitAt] ?? '')) {
    const of = word[from - 1] === 'of' || word[from - 1] === 'oral' ? from - 2 : from - 1;
    if (!DOSE_UNITS.has(word[of] ?? '') || kind[of - 1] !== NUMBER) return null;
    unitAt = of;
    at = of - 1;
  }
  const value = Number((word[at] ?? '').replace(',', ''));
  if (!Number.isFinite(value)) return null;
  let unit = DOSE_UNITS.get(word[unitAt] ?? '') ?? '';
  let next = unitAt + 1;
  while (word[next] === '/' && (word[next + 1] === 'kg' || word[next + 1] === 'day' || word[next + 1] === 'd')) {
    unit = `${unit}/${word[next + 1] === 'kg' ? 'kg' : 'd'}`;
    next += 2;
  }
  const words: string[] = [];
  let last = next;
  for (let ahead = next; ahead < Math.min(end, next + 4); ahead += 1) {
    if (!FREQUENCIES.has(word[ahead] ?? '')) {
      if (word[ahead] === 'a' || word[ahead] === ',') continue;
      break;
    }
    words.push(word[ahead] ?? '');
    last = ahead + 1;
  }
  return {
    value,
    unit,
    end: unitAt < to ? (ends[to - 1] ?? 0) : (ends[last - 1] ?? 0),
    words: words.length > 0 ? [words.join(' ')] : [],
  };
}

/** `a 40 pack-year history`, `one pack a day for 30 years`, `20 cigarettes per day for 15 years`; null where neither is stated. */
export function packYearsOf(reading: Reading, mention: Mention): number | null {
  const { tokens, sentences } = reading;
  const { word } = tokens;
  const sentence = sentences[mention.sentence];
  const floor = sentence?.from ?? 0;
  const end = sentence?.to ?? 0;
  let packs: number | null = null;
  const inside = (years: number): number | null =>
    years > 0 && years <= PACK_YEARS_MAX ? Math.round(years * 10) / 10 : null;
  for (let at = Math.max(floor, mention.from - 10); at < Math.min(end, mention.to + 16); at += 1) {
    const said = word[at] ?? '';
    if (said === 'pack' || said === 'packs' || said === 'cigarettes') {
      const number = numberBefore(tokens, at) ?? (word[at - 1] === 'a' ? { value: 1 } : null);
      const year = isHyphen(word[at + 1]) ? at + 2 : at + 1;
      if (number !== null && /^years?$/.test(word[year] ?? '') && said !== 'cigarettes') return inside(number.value);
      const daily =
        [at + 1, at + 2].some((next) => word[next] === 'day' || word[next] === 'daily') || word[at + 3] === 'day';
      if (number !== null && daily) packs = said === 'cigarettes' ? number.value / CIGARETTES_PER_PACK : number.value;
    }
    if (packs !== null && /^years?$/.test(said)) {
      const years = numberBefore(tokens, at);
      if (years !== null) return inside(years.value * packs);
    }
  }
  return null;
}

/** The substances that an allergy names, with the tokens they end at: `allergic to penicillin and eggs`, `sulfa allergy`. */
export function allergensOf(
  reading: Reading,
  mention: Mention,
): readonly { readonly name: string; readonly at: number }[] {
  const { word } = reading.tokens;
  const end = reading.sentences[mention.sentence]?.to ?? mention.to;
  const nameAt = (at: number): string | null => {
    const medicine = mentionAt(reading, at);
    const known = medicine === undefined ? undefined : entryIn(medicine, 'medicine');
    if (ALLERGENS.has(word[at] ?? '')) return word[at] ?? '';
    return known === undefined ? null : (word[at] ?? '');
  };
  const found: { name: string; at: number }[] = [];
  const takesTo = word[mention.to - 1] === 'to' || word[mention.to] === 'to';
  if (takesTo) {
    for (let at = mention.to; at < Math.min(end, mention.to + ALLERGEN_REACH); at += 1) {
      const name = nameAt(at);
      if (name !== null) found.push({ name, at });
      else if (
        !['to', ',', 'and', 'or', 'both', '-', 'products', 'containing', 'drugs', 'antibiotics'].includes(
          word[at] ?? '',
        )
      )
        break;
    }
    return found;
  }
  const name = nameAt(mention.from - 1);
  return name === null ? [] : [{ name, at: mention.from - 1 }];
}
