import type { Context } from './context.ts';
import { type Draft, flagOf, flagOfResult, makeFinding } from './findings.ts';
import { type Quantity, quantityAfter, readQuantity } from './quantities.ts';
import { assertionAt, entryIn, mentionAt, type Reading } from './reading.ts';
import { NUMBER } from './tokens.ts';
import { convert } from './units.ts';
import { VITAL_SIGNS, type VitalSign } from './vocabularies/vitals.ts';

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

function vitalValue(quantity: Quantity, vital: VitalSign): number | null {
  let value: number | null = quantity.value;
  if (vital.term === 'body temperature' && (quantity.unit === '[degF]' || (quantity.unit === null && value > 90)))
    value = convert(value, '[degF]', 'Cel', null);
  else if (quantity.unit !== null && quantity.unit !== vital.unit && vital.unit !== '{score}')
    value = convert(value, quantity.unit, vital.unit, null);
  if (value === null || value < vital.min || value > vital.max) return null;
  return Math.round(value * 10) / 10;
}

function isJudged(vital: VitalSign): boolean {
  return vital.term !== 'body weight' && vital.term !== 'body height';
}

/**
 * Vital signs: they belong to the facet `symptoms`, as signs with a value. `140/90 mmHg` gives two findings over the same
 * words. In an ECG sentence the rate is the ECG's.
 */
export function findVitals(reading: Reading, context: Context): readonly Draft[] {
  const { text, tokens } = reading;
  const drafts: Draft[] = [];
  const used = new Uint8Array(tokens.count);
  for (const mention of reading.own) {
    const vital = entryIn(mention, 'vital')?.vital;
    if (vital === undefined) continue;
    if (vital.term === 'heart rate' && context.inEcg(mention)) continue;
    const end = reading.sentences[mention.sentence]?.to ?? tokens.count;
    const assertion = assertionAt(reading, mention.from, false);
    const quantity = quantityAfter(text, tokens, mention.to, end, (token) =>
      isSameVital(reading, mention.sentence, token, vital.term),
    );
    const value = quantity === null ? null : vitalValue(quantity, vital);
    const result = flagOfResult(reading.scopes.resultAt(mention.from));
    if (quantity === null || value === null) {
      if (result !== null || vital.term === 'vital signs')
        drafts.push({
          sentence: mention.sentence,
          finding: makeFinding({ term: vital.term, assertion, span: [mention.start, mention.end], flag: result }),
        });
      continue;
    }
    used.fill(1, quantity.from, quantity.to);
    const slash = pairBehind(reading, quantity);
    const span = [mention.start, slash?.end ?? quantity.end] as const;
    const shared = { assertion, span, comparator: quantity.comparator };
    const flag = isJudged(vital) ? (result ?? flagOf(value, vital.normal[0], vital.normal[1])) : null;
    drafts.push({
      sentence: mention.sentence,
      finding: makeFinding({ ...shared, term: vital.term, value, unit: vital.unit, flag }),
    });
    if (vital.term === 'blood pressure' && slash !== null && DIASTOLIC !== undefined) {
      used.fill(1, slash.from, slash.to);
      const low = vitalValue(slash, DIASTOLIC);
      if (low !== null)
        drafts.push({
          sentence: mention.sentence,
          finding: makeFinding({
            ...shared,
            term: DIASTOLIC.term,
            value: low,
            unit: DIASTOLIC.unit,
            flag: flagOf(low, DIASTOLIC.normal[0], DIASTOLIC.normal[1]),
          }),
        });
    }
  }
  drafts.push(...findNameless(reading, context, used));
  return drafts;
}

function isSameVital(reading: Reading, sentence: number, token: number, term: string): boolean {
  const mention = mentionAt(reading, token);
  return mention !== undefined && mention.sentence === sentence && entryIn(mention, 'vital')?.term === term;
}

/** The second number of `140/90`. */
function pairBehind(reading: Reading, quantity: Quantity): Quantity | null {
  return reading.tokens.word[quantity.to] === '/' ? readQuantity(reading.text, reading.tokens, quantity.to + 1) : null;
}

/** `febrile at 39.2 °C`, `tachycardic (130 bpm)`: the unit alone says what was measured. */
function findNameless(reading: Reading, context: Context, used: Uint8Array): readonly Draft[] {
  const drafts: Draft[] = [];
  for (const [index, sentence] of reading.sentences.entries()) {
    if (!reading.story[index]) continue;
    for (let at = sentence.from; at < sentence.to; at += 1) {
      if (reading.tokens.kind[at] !== NUMBER || used[at] === 1) continue;
      const quantity = readQuantity(reading.text, reading.tokens, at);
      if (quantity?.unit === null || quantity === null) continue;
      const vital = BY_UNIT.get(quantity.unit);
      const value = vital === undefined ? null : vitalValue(quantity, vital);
      if (vital === undefined || value === null) continue;
      if (vital.term === 'heart rate' && context.ecgSentence(index)) continue;
      // Temperatures far from the body's are those of rooms, baths and freezers.
      if (vital.term === 'body temperature' && (value < 30 || value > 43)) continue;
      drafts.push({
        sentence: index,
        finding: makeFinding({
          term: vital.term,
          assertion: 'present',
          span: [quantity.start, quantity.end],
          value,
          unit: vital.unit,
          comparator: quantity.comparator,
          flag: flagOf(value, vital.normal[0], vital.normal[1]),
        }),
      });
    }
  }
  return drafts;
}
