import { type Draft, flagOf, flagOfResult, makeFinding } from './findings.ts';
import { type Quantity, quantityAfter, readQuantity, readRange } from './quantities.ts';
import { assertionAt, entryIn, type Mention, mentionAt, mentionsIn, type Reading } from './reading.ts';
import { convert } from './units.ts';
import type { Analyte } from './vocabularies/labs.ts';

// Names that are examinations rather than analytes, and organisms that are a laboratory matter only with a result.
const NEED_RESULT = new Set(
  'hiv test,hepatitis b serology,hepatitis c serology,cmv serology,ebv serology,herpes simplex virus,varicella zoster virus,toxoplasma serology,brucella serology,antibodies,complement,ph,sodium,insulin,triiodothyronine,thyroxine,iron,copper,monocytes,eosinophils,cortisol,progesterone,testosterone,glucose,protein c,protein s,calcium,potassium,magnesium,albumin,bicarbonate,blasts,alk,vitamin d,vitamin b12,folate,antithrombin'.split(
    ',',
  ),
);
const LIST_WORDS = new Set([
  ',',
  'and',
  '/',
  'or',
  '(',
  ')',
  'serum',
  'level',
  'levels',
  'the',
  'plasma',
  'count',
  'counts',
  'total',
  '-',
  'as',
  'well',
  '&',
]);
const VALENCE: Readonly<Record<string, number>> = { calcium: 2, 'ionized calcium': 2, magnesium: 2 };

/** The value in the unit of the built-in range; a bare number is taken to be in that unit where it is near the range. */
function toReferenceUnit(quantity: Quantity, analyte: Analyte): number | null {
  if (analyte.unit === null) return null;
  if (quantity.unit !== null)
    return convert(quantity.value, quantity.unit, analyte.unit, analyte.molarMass, VALENCE[analyte.term] ?? 1);
  const bound = analyte.high ?? analyte.low ?? 0;
  // Cells are often counted per microlitre without saying so.
  if (analyte.unit === '10*9/L' && quantity.value >= 500) return quantity.value / 1000;
  // Haemoglobin in g/L, as much of the world writes it.
  if (analyte.term === 'hemoglobin' && quantity.value > 25) return quantity.value / 10;
  return quantity.value >= bound / 30 && quantity.value <= bound * 60 ? quantity.value : null;
}

function judge(
  reading: Reading,
  quantity: Quantity,
  analyte: Analyte,
): { flag: ReturnType<typeof flagOf>; end: number } {
  const range = readRange(reading.text, quantity.end);
  if (range !== null) {
    const flag = flagOf(quantity.value, range.low, range.high);
    if (flag !== null) return { flag, end: quantity.end };
  }
  const value = toReferenceUnit(quantity, analyte);
  return { flag: value === null ? null : flagOf(value, analyte.low, analyte.high), end: quantity.end };
}

type Named = { readonly mention: Mention; readonly analyte: Analyte; readonly to: number };

/** The analytes of a sentence; `troponin I (cTnI)` is one. */
function analytesOf(reading: Reading, sentence: number): readonly Named[] {
  const named: Named[] = [];
  for (const mention of mentionsIn(reading, sentence)) {
    const analyte = entryIn(mention, 'lab')?.analyte;
    if (analyte === undefined) continue;
    const last = named.at(-1);
    if (
      last !== undefined &&
      last.analyte === analyte &&
      mention.from - last.to <= 2 &&
      reading.tokens.word[mention.from - 1] === '('
    )
      named[named.length - 1] = { ...last, to: mention.to };
    else named.push({ mention, analyte, to: mention.to });
  }
  return named;
}

/** `AST and ALT were 120 and 140 U/L, respectively`: as many values behind the list as it has names. */
function sharedValues(reading: Reading, group: readonly Named[], end: number): readonly (Quantity | null)[] {
  const { text, tokens } = reading;
  const last = group.at(-1);
  if (last === undefined) return [];
  const first = quantityAfter(text, tokens, last.to, end, () => false);
  const alone = group.map((_, index) => (index === group.length - 1 ? first : null));
  if (first === null || group.length === 1) return alone;
  const values: Quantity[] = [first];
  let at = first.to;
  while (at < end && values.length < group.length) {
    const word = tokens.word[at] ?? '';
    const next = readQuantity(text, tokens, at);
    if (next !== null) {
      values.push(next);
      at = next.to;
    } else if (word === ',' || word === 'and' || word === '/') at += 1;
    else break;
  }
  if (values.length !== group.length) return alone;
  const unit = values.findLast((value) => value.unit !== null)?.unit ?? null;
  return values.map((value) => ({ ...value, unit: value.unit ?? unit }));
}

/** Laboratory findings: analyte, value, comparator, unit, and a flag by the report's own range, words, or the built-in table. */
export function findLabs(reading: Reading): readonly Draft[] {
  const drafts: Draft[] = [];
  for (const [index, sentence] of reading.sentences.entries()) {
    if (!reading.story[index]) continue;
    const named = analytesOf(reading, index);
    let at = 0;
    while (at < named.length) {
      let next = at + 1;
      while (next < named.length && isList(reading, named[next - 1], named[next])) next += 1;
      const group = named.slice(at, next);
      at = next;
      // A value belongs to the name before it, never to one beyond the next name.
      const end = Math.min(sentence.to, named[next]?.mention.from ?? sentence.to);
      const values = sharedValues(reading, group, end);
      group.forEach((one, place) => {
        const draft = draftOf(reading, index, one, values[place] ?? null);
        if (draft !== null) drafts.push(draft);
      });
    }
  }
  return drafts;
}

/** Whether two names belong to one enumeration: between them stand only commas, conjunctions, fillers and cues. */
function isList(reading: Reading, before: Named | undefined, after: Named | undefined): boolean {
  if (before === undefined || after === undefined || after.mention.from - before.to > 5) return false;
  for (let token = before.to; token < after.mention.from; token += 1) {
    if (LIST_WORDS.has(reading.tokens.word[token] ?? '')) continue;
    const held = mentionAt(reading, token);
    if (held === undefined || entryIn(held, 'cue') === undefined) return false;
  }
  return true;
}

function draftOf(reading: Reading, sentence: number, named: Named, quantity: Quantity | null): Draft | null {
  const { mention, analyte } = named;
  const result = reading.scopes.resultAt(mention.from);
  const assertion = assertionAt(reading, mention.from, false);
  if (quantity === null && result === null && (NEED_RESULT.has(analyte.term) || assertion !== 'present')) return null;
  const worded = flagOfResult(result);
  const judged = quantity === null ? null : judge(reading, quantity, analyte);
  return {
    sentence,
    finding: makeFinding({
      term: analyte.term,
      assertion,
      span: [
        mention.start,
        quantity === null ? (reading.tokens.end[named.to - 1] ?? mention.end) : Math.max(mention.end, quantity.end),
      ],
      value: quantity?.value ?? null,
      unit: quantity?.unit ?? null,
      comparator: quantity?.comparator ?? null,
      flag: judged?.flag ?? worded,
      qualifiers: result === 'positive' || result === 'negative' ? [result] : [],
    }),
  };
}
