import type { Flag } from '../../schema/vocabulary.ts';
import type { Finding } from './case.ts';
import type { Context } from './context.ts';
import { canonicalAmount, convert } from './conversion.ts';
import { type Draft, flagOf, flagOfResult, makeFinding } from './findings.ts';
import { gradeOf } from './grades.ts';
import { type Quantity, readQuantity } from './quantities.ts';
import { assertionAt, entryIn, type Mention, mentionAt, type Reading } from './reading.ts';
import { NUMBER } from './tokens.ts';
import { trendBefore, trendBehind } from './trends.ts';
import { type Measured, momentOfName, quantityAfter, valuesAfter } from './values.ts';
import { AGELESS_VITALS, UNJUDGED_VITALS, VITAL_SIGNS, type VitalSign } from './vocabularies/vitals.ts';

const ADULT_YEARS = 18;
const DIASTOLIC = VITAL_SIGNS.find((vital) => vital.term === 'diastolic blood pressure');
const NAMED_BY_UNIT: readonly (readonly [unit: string, term: string])[] = [
  ['/min', 'heart rate'],
  ['Cel', 'body temperature'],
  ['[degF]', 'body temperature'],
];
const BY_UNIT: ReadonlyMap<string, VitalSign> = new Map(
  NAMED_BY_UNIT.flatMap(([unit, term]) =>
    VITAL_SIGNS.filter((vital) => vital.term === term).map((vital) => [unit, vital]),
  ),
);
const STATES = new Set(['vital signs', 'hemodynamic status']);
const AIR_WORDS = new Set('on in room ambient air breathing at while with'.split(' '));
const OXYGEN_REACH = 12;
// Temperatures of a laboratory's cultures and stores.
const INCUBATED = new Set(
  'incubated incubation agar broth cultured freezer frozen thawed centrifuged annealing denaturation preheated'.split(
    ' ',
  ),
);
const INCUBATED_REACH = 6;
const OTHER_TEMPERATURES = new Set(
  'medium media culture incubator incubation agar room ambient environmental storage bath water outside air annealing'.split(
    ' ',
  ),
);
const STATURES = new Set(['body height', 'body weight']);
const RELATIVES = new Set(
  'parental parents parent midparental father mother maternal paternal target brother sister sibling siblings'.split(
    ' ',
  ),
);
const RELATIVE_REACH = 3;
const PAIR_TERMS = new Set(['blood pressure', 'apgar score']);

/** The unit that is meant: a bare or plain degree is Celsius or Fahrenheit by its size. */
function meantUnit(quantity: Quantity, vital: VitalSign): string | null {
  const { unit, value } = quantity;
  if (vital.term !== 'body temperature' || (unit !== null && unit !== 'deg')) return unit;
  return value > 90 ? '[degF]' : 'Cel';
}

type Sized = {
  readonly value: number;
  readonly unit: string;
  readonly canonical: Finding['canonical'] | null;
  readonly compared: number;
};

/** The value as written and as compared; null where it can be no value of this sign. */
function sizeOf(quantity: Quantity, vital: VitalSign): Sized | null {
  const unit = meantUnit(quantity, vital);
  const compared =
    unit === null || vital.unit === '{score}' ? quantity.value : convert(quantity.value, unit, vital.unit);
  if (compared === null || compared < vital.min || compared > vital.max) return null;
  const written = unit === null || vital.unit === '{score}' ? vital.unit : unit;
  return {
    value: quantity.value,
    unit: written,
    canonical: canonicalAmount(quantity.value, written, vital.unit),
    compared,
  };
}

/** Adult ranges do not hold for the pulse, the breathing and the pressure of a child, and no paediatric ones are built in. */
function isJudged(vital: VitalSign, ageYears: number | null): boolean {
  if (UNJUDGED_VITALS.has(vital.term)) return false;
  return ageYears === null || ageYears >= ADULT_YEARS || AGELESS_VITALS.has(vital.term);
}

function flagOfSign(vital: VitalSign, compared: number, said: Flag | null, ageYears: number | null): Flag | null {
  if (UNJUDGED_VITALS.has(vital.term)) return null;
  return said ?? (isJudged(vital, ageYears) ? flagOf(compared, vital.normal[0], vital.normal[1]) : null);
}

/**
 * Vital signs and bedside scores: they belong to the facet `symptoms`, as signs with a value. `140/90 mmHg` gives two findings
 * over the same words. In an ECG sentence the rate is the ECG's.
 */
export function findVitals(reading: Reading, context: Context, ageYears: number | null): readonly Draft[] {
  const { tokens } = reading;
  const drafts: Draft[] = [];
  const used = new Uint8Array(tokens.count);
  for (const mention of reading.own) {
    const vital = entryIn(mention, 'vital')?.vital;
    if (vital === undefined) continue;
    if (isOfOthers(reading, mention, vital)) {
      const end = reading.sentences[mention.sentence]?.to ?? tokens.count;
      const quantity = quantityAfter(reading, mention.to, end, () => false);
      if (quantity !== null) used.fill(1, quantity.from, quantity.to);
      continue;
    }
    if (vital.term === 'heart rate' && context.inEcg(mention)) continue;
    const grade = gradeOf(reading, mention, vital);
    if (grade !== null) {
      drafts.push(grade.draft);
      used.fill(1, grade.from, grade.to);
      continue;
    }
    drafts.push(...draftsOf(reading, mention, vital, ageYears, used));
  }
  drafts.push(...findNameless(reading, context, used, ageYears));
  return drafts;
}

/** `mean parental height`, `temperature of the culture medium`: measured, but not on the patient. */
function isOfOthers(reading: Reading, mention: Mention, vital: VitalSign): boolean {
  const { word } = reading.tokens;
  if (vital.term === 'body temperature')
    return OTHER_TEMPERATURES.has(word[mention.from - 1] ?? '') && word[mention.from] === 'temperature';
  if (!STATURES.has(vital.term)) return false;
  const floor = Math.max(reading.sentences[mention.sentence]?.from ?? 0, mention.from - RELATIVE_REACH);
  for (let at = mention.from - 1; at >= floor; at -= 1) {
    if (RELATIVES.has(word[at] ?? '')) return true;
    if (/^(?:,|;|and|his|her|patient|with)$/.test(word[at] ?? '')) break;
  }
  let behind = mention.to;
  if (word[behind] !== 'of') return false;
  while (/^(?:of|the|his|her|both)$/.test(word[behind] ?? '')) behind += 1;
  return RELATIVES.has(word[behind] ?? '');
}

function isIncubated(reading: Reading, at: number): boolean {
  for (let near = Math.max(0, at - INCUBATED_REACH); near < at + INCUBATED_REACH; near += 1)
    if (INCUBATED.has(reading.tokens.word[near] ?? '')) return true;
  return false;
}

function draftsOf(
  reading: Reading,
  mention: Mention,
  vital: VitalSign,
  ageYears: number | null,
  used: Uint8Array,
): readonly Draft[] {
  const { sentence } = mention;
  const end = reading.sentences[sentence]?.to ?? reading.tokens.count;
  const assertion = assertionAt(reading, mention.from, false);
  const said = flagOfResult(reading.scopes.resultAt(mention.from));
  // A strength without its `/5` is no grade.
  const measured = vital.term === 'muscle strength' ? [] : measuredOf(reading, mention, vital, end);
  const drafts: Draft[] = [];
  const when = momentOfName(reading, sentence, mention.from);
  for (const [index, one] of measured.entries()) {
    const size = sizeOf(one.quantity, vital);
    if (size === null) break;
    used.fill(1, one.quantity.from, one.quantity.to);
    const pair = PAIR_TERMS.has(vital.term) ? pairBehind(reading, one.quantity) : null;
    const { compared, ...amount } = size;
    const shared = {
      assertion,
      span: [mention.start, pair?.end ?? one.quantity.end] as const,
      comparator: one.quantity.comparator,
      trend: one.trend,
      at: one.at ?? (index === 0 ? when : null),
    };
    const flag = flagOfSign(vital, compared, index === 0 ? said : null, ageYears);
    const qualifiers = vital.term === 'oxygen saturation' ? oxygenBeside(reading, mention, one.quantity, end) : [];
    drafts.push({ sentence, finding: makeFinding({ ...shared, ...amount, term: vital.term, flag, qualifiers }) });
    const second = vital.term === 'blood pressure' ? DIASTOLIC : vital;
    const low = pair === null || second === undefined ? null : sizeOf(pair, second);
    if (pair === null || second === undefined || low === null) continue;
    used.fill(1, pair.from, pair.to);
    const { compared: lower, ...lowAmount } = low;
    const lowFlag = flagOfSign(second, lower, null, ageYears);
    drafts.push({ sentence, finding: makeFinding({ ...shared, ...lowAmount, term: second.term, flag: lowFlag }) });
  }
  if (drafts.length > 0) return drafts;
  const trend = trendBefore(reading, mention.from) ?? trendBehind(reading, mention.to, end);
  if (said === null && trend === null && !STATES.has(vital.term)) return [];
  const flag = STATES.has(vital.term) ? (said ?? stateBehind(reading, mention.to)) : said;
  return [
    {
      sentence,
      finding: makeFinding({ term: vital.term, assertion, span: [mention.start, mention.end], flag, trend, at: when }),
    },
  ];
}

/** `hemodynamically stable`. */
function stateBehind(reading: Reading, at: number): Flag | null {
  const word = reading.tokens.word[at] ?? '';
  if (word === 'stable') return 'normal';
  return word === 'unstable' || word === 'compromised' || word === 'instability' ? 'abnormal' : null;
}

/** All values behind a sign. The second number of a pair stands between one value and the next. */
function measuredOf(reading: Reading, mention: Mention, vital: VitalSign, end: number): readonly Measured[] {
  const { tokens } = reading;
  const isAlias = (token: number): boolean =>
    isSameVital(reading, mention.sentence, token, vital.term) ||
    (vital.term === 'oxygen saturation' && AIR_WORDS.has(tokens.word[token] ?? ''));
  const values = [...valuesAfter(reading, mention.to, end, isAlias)];
  if (vital.term !== 'blood pressure' || values.length !== 1) return values;
  // `180/110 to 120/80 mmHg`.
  let last = values[0]?.quantity;
  for (let turn = 0; last !== undefined && turn < 4; turn += 1) {
    const pair = pairBehind(reading, last);
    const next =
      pair !== null && tokens.word[pair.to] === 'to' ? readQuantity(reading.text, tokens, pair.to + 1) : null;
    if (next === null || pairBehind(reading, next) === null) break;
    values.push({ quantity: next, reference: null, trend: next.value > last.value ? 'rising' : 'falling', at: null });
    last = next;
  }
  return values;
}

function isSameVital(reading: Reading, sentence: number, token: number, term: string): boolean {
  const mention = mentionAt(reading, token);
  return mention !== undefined && mention.sentence === sentence && entryIn(mention, 'vital')?.term === term;
}

/** The second number of `140/90`, `140 over 90`, and of an Apgar score of `8 and 9`. */
function pairBehind(reading: Reading, quantity: Quantity): Quantity | null {
  const joint = reading.tokens.word[quantity.to] ?? '';
  if (joint !== '/' && joint !== 'over' && joint !== 'and') return null;
  if (joint === 'and' && quantity.value > 10) return null;
  return readQuantity(reading.text, reading.tokens, quantity.to + 1);
}

/** Whether a saturation was measured on room air or on oxygen, as the words right around it say. */
function oxygenBeside(reading: Reading, mention: Mention, quantity: Quantity, end: number): readonly string[] {
  const { tokens, text } = reading;
  const floor = Math.max(reading.sentences[mention.sentence]?.from ?? 0, mention.from - 4);
  const to = Math.min(end, quantity.to + OXYGEN_REACH);
  let flow: string | null = null;
  for (let at = floor; at < to; at += 1) {
    const word = tokens.word[at] ?? '';
    if (at > quantity.to && (word === ';' || isOtherVital(reading, at))) break;
    if (word === 'air' && /^(?:room|ambient)$/.test(tokens.word[at - 1] ?? '')) return ['room air'];
    if (at < quantity.to) continue;
    const litres = tokens.kind[at] === NUMBER ? readQuantity(text, tokens, at) : null;
    if (litres !== null && (litres.unit === 'L/min' || /^(?:l|liters?|litres?)$/.test(tokens.word[litres.to] ?? '')))
      flow = `${litres.value} l/min`;
    if (/^(?:oxygen|o2|cannula|mask|cannulae|ventilation|rebreather|ventilator|fio2)$/.test(word))
      return flow === null ? ['oxygen'] : ['oxygen', flow];
  }
  return flow === null ? [] : ['oxygen', flow];
}

function isOtherVital(reading: Reading, token: number): boolean {
  const held = mentionAt(reading, token);
  const vital = held === undefined ? undefined : entryIn(held, 'vital');
  return vital !== undefined && vital.term !== 'oxygen saturation';
}

/** `febrile at 39.2 °C`, `tachycardic (130 bpm)`: the unit alone says what was measured. */
function findNameless(reading: Reading, context: Context, used: Uint8Array, ageYears: number | null): readonly Draft[] {
  const drafts: Draft[] = [];
  for (const [index, sentence] of reading.sentences.entries()) {
    if (!reading.story[index]) continue;
    for (let at = sentence.from; at < sentence.to; at += 1) {
      if (reading.tokens.kind[at] !== NUMBER || used[at] === 1) continue;
      const quantity = readQuantity(reading.text, reading.tokens, at);
      if (quantity?.unit === null || quantity === null) continue;
      const vital = BY_UNIT.get(quantity.unit);
      const size = vital === undefined ? null : sizeOf(quantity, vital);
      if (vital === undefined || size === null) continue;
      if (vital.term === 'heart rate' && context.ecgSentence(index)) continue;
      const { compared, ...amount } = size;
      // Temperatures far from the body's are those of rooms, baths and freezers.
      if (vital.term === 'body temperature' && (compared < 30 || compared > 43 || isIncubated(reading, at))) continue;
      drafts.push({
        sentence: index,
        finding: makeFinding({
          ...amount,
          term: vital.term,
          assertion: 'present',
          span: [quantity.start, quantity.end],
          comparator: quantity.comparator,
          flag: flagOfSign(vital, compared, null, ageYears),
        }),
      });
    }
  }
  return drafts;
}
