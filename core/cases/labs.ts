import { convert } from './conversion.ts';
import { isGivenAmount, isMedicine } from './drugs.ts';
import { withoutFlagOfChange } from './falls.ts';
import { type Draft, flagOfResult, makeFinding } from './findings.ts';
import { judge, rangeApplies, substanceOf } from './judgement.ts';
import { nearResult } from './nearby.ts';
import { type Quantity, readQuantity } from './quantities.ts';
import { assertionAt, entryIn, type Mention, mentionAt, mentionsIn, type Reading } from './reading.ts';
import type { Result } from './scopes.ts';
import { specimenOf } from './specimens.ts';
import { trendBefore, trendBehind } from './trends.ts';
import { findUnlisted, nameBefore } from './unlisted.ts';
import { type Measured, momentOfName, valuesAfter } from './values.ts';
import { ANALYTE_OF, type Analyte, CAPITALS_ONLY, FRACTIONS, NEED_VALUE, WITHOUT_NUMBER } from './vocabularies/labs.ts';

const LIST_WORDS = new Set(
  ', and / or ( ) serum level levels the plasma count counts total - as well & his her concentration concentrations'.split(
    ' ',
  ),
);
const NAME_FURTHER = new Set(['(', 'level', 'levels', ')', '[', ']']);

/** A name with its analyte; null for a vital sign or a medicine, which only keeps the order in a list of names and values. */
type Named = { readonly mention: Mention; readonly analyte: Analyte | null; readonly to: number };

/** The analytes of a sentence; `troponin I (cTnI)` is one. */
function analytesOf(reading: Reading, sentence: number): readonly Named[] {
  const named: Named[] = [];
  for (const mention of mentionsIn(reading, sentence)) {
    const known = entryIn(mention, 'lab')?.analyte ?? null;
    if (known !== null && isOtherWord(reading, mention)) continue;
    const analyte = known !== null && isMedicine(reading, mention, known.term) ? null : known;
    if (known === null && entryIn(mention, 'vital') === undefined) continue;
    const last = named.at(-1);
    if (
      last !== undefined &&
      analyte !== null &&
      last.analyte === analyte &&
      mention.from - last.to <= 2 &&
      reading.tokens.word[mention.from - 1] === '('
    )
      named[named.length - 1] = { ...last, to: mention.to };
    else named.push({ mention, analyte, to: mention.to });
  }
  return named;
}

/** `be` and `act` in lower case are words; `C3-C4` and `C3–4` are vertebrae. */
function isOtherWord(reading: Reading, mention: Mention): boolean {
  if (mention.to !== mention.from + 1) return false;
  const { text } = reading;
  const written = text.slice(mention.start, mention.end);
  if (CAPITALS_ONLY.has(written.toLowerCase()) && written !== written.toUpperCase()) return true;
  return /^C[34]$/.test(written) && /^[-–/](?:[CT]?\d)/.test(text.slice(mention.end, mention.end + 3));
}

const alone = (quantity: Quantity): Measured => ({ quantity, reference: null, trend: null, at: null });

/** `AST and ALT were 120 and 140 U/L, respectively`: as many values behind the list as it has names. */
function sharedValues(reading: Reading, group: readonly Named[], end: number): readonly (readonly Measured[])[] {
  const { text, tokens } = reading;
  const last = group.at(-1);
  if (last === undefined) return [];
  const numberless = last.analyte !== null && WITHOUT_NUMBER.has(last.analyte.term);
  const measured = numberless ? [] : valuesAfter(reading, last.to, end, () => false);
  const ofLast = group.map((_, index) => (index === group.length - 1 ? measured : []));
  const first = measured[0]?.quantity;
  if (first === undefined || group.length === 1) return ofLast;
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
  if (values.length !== group.length) return ofLast;
  // One unit behind the last value is that of all, unless some had their own.
  const unit = values.filter((value) => value.unit !== null).length === 1 ? (values.at(-1)?.unit ?? null) : null;
  return values.map((value) => [alone({ ...value, unit: value.unit ?? unit })]);
}

/** `240 Giga/L platelets`, `281×10^3 platelets per microliter`: a value right before the name, that no name before it has. */
function valueBefore(reading: Reading, group: readonly Named[], owned: number): Quantity | null {
  const [only] = group;
  if (only === undefined || group.length > 1 || only.analyte === null || only.analyte.unit === null) return null;
  const { text, tokens } = reading;
  for (let at = only.mention.from - 1; at >= Math.max(0, only.mention.from - 8); at -= 1) {
    const quantity = readQuantity(text, tokens, at);
    if (quantity === null || quantity.to !== only.mention.from) continue;
    if (quantity.unit === null || quantity.start < owned) return null;
    return convert(quantity.value, quantity.unit, only.analyte.unit, substanceOf(only.analyte)) === null
      ? null
      : quantity;
  }
  return null;
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

/**
 * Laboratory findings: analyte, each value with comparator, unit, stated range, time and trend, and a flag by the report's own
 * range, its words, or the built-in table where that holds for the patient's age. Names that no list has are read from their
 * grammar (`unlisted.ts`).
 */
export function findLabs(reading: Reading, ageYears: number | null): readonly Draft[] {
  const drafts: Draft[] = [];
  for (const [index, sentence] of reading.sentences.entries()) {
    if (!reading.story[index]) continue;
    const named = analytesOf(reading, index);
    let at = 0;
    let owned = sentence.start;
    while (at < named.length) {
      let next = at + 1;
      while (next < named.length && isList(reading, named[next - 1], named[next])) next += 1;
      const group = named.slice(at, next);
      at = next;
      // A value belongs to the name before it, never to one beyond the next name.
      const end = Math.min(sentence.to, named[next]?.mention.from ?? sentence.to);
      const before = valueBefore(reading, group, owned);
      const values = before === null ? sharedValues(reading, group, end) : [[alone(before)]];
      owned = values.at(-1)?.at(-1)?.quantity.end ?? owned;
      group.forEach(({ mention, analyte, to }, place) => {
        if (analyte !== null)
          drafts.push(
            ...draftsOf({ reading, sentence: index, mention, to, end, analyte, ageYears }, values[place] ?? []),
          );
      });
    }
  }
  return [...withoutFlagOfChange(reading, drafts), ...findUnlisted(reading, drafts)];
}

type Place = {
  readonly reading: Reading;
  readonly sentence: number;
  readonly mention: Mention;
  readonly to: number;
  readonly end: number;
  readonly analyte: Analyte;
  readonly ageYears: number | null;
};

/** `CD34 (+)`, `S-100 (-)`, `ANA +`. */
function signBehind(reading: Reading, to: number): { result: 'positive' | 'negative'; end: number } | null {
  const { tokens } = reading;
  const bracketed = tokens.word[to] === '(' || tokens.word[to] === '[';
  const at = bracketed ? to + 1 : to;
  const sign = tokens.word[at] ?? '';
  const isMinus = sign === '-' || sign === '−' || sign === '–';
  if (sign !== '+' && !isMinus) return null;
  let last = at;
  while (last - at < 3 && tokens.word[last + 1] === sign) last += 1;
  const closing = tokens.word[last + 1] ?? '';
  if (bracketed ? closing !== ')' && closing !== ']' : isMinus || tokens.start[at] !== tokens.end[to - 1]) return null;
  const end = tokens.end[bracketed ? last + 1 : last] ?? 0;
  return { result: isMinus ? 'negative' : 'positive', end };
}

/** The analyte as it was measured: in what specimen, as a share of cells or as a count. */
function analyteMeasured(place: Place, values: readonly Measured[]): { analyte: Analyte; specimen: string | null } {
  const { reading, sentence, mention, to, analyte } = place;
  const fraction = values[0]?.quantity.unit === '%' ? FRACTIONS.get(analyte.term) : undefined;
  const floor = reading.sentences[sentence]?.from ?? 0;
  const specimen = specimenOf(reading, floor, mention.from, to, analyte.term);
  if (specimen === null) return { analyte: fraction ?? analyte, specimen };
  const term = `${specimen} ${(fraction ?? analyte).term.replace(/^total /, '')}`;
  // Ranges are those of blood; the specimen's own stand in the table or are not known.
  return { analyte: ANALYTE_OF.get(term) ?? { ...(fraction ?? analyte), term, low: null, high: null }, specimen };
}

function draftsOf(place: Place, values: readonly Measured[]): readonly Draft[] {
  const { reading, sentence, mention, to, ageYears } = place;
  const floor = reading.sentences[sentence]?.from ?? 0;
  const sign = values.length === 0 ? signBehind(reading, to) : null;
  const asserted = assertionAt(reading, mention.from, false);
  const said = sign?.result ?? reading.scopes.resultAt(mention.from);
  // `negative for anti-C3` in a sentence that was positive for others.
  const result: Result | null = sign === null && said === 'positive' && asserted === 'absent' ? 'negative' : said;
  const assertion = sign === null ? asserted : sign.result === 'negative' ? 'absent' : 'present';
  const { analyte, specimen } = analyteMeasured(place, values);
  const trendOfName = trendBefore(reading, mention.from);
  const trendAlone = values.length === 0 ? (trendOfName ?? trendBehind(reading, to, place.end)) : null;
  if (values.length === 0 && NEED_VALUE.has(reading.tokens.word[to - 1] ?? '')) return [];
  const [first] = values;
  if (first !== undefined && specimen === null && isGivenAmount(reading, mention, place.analyte.term, first.quantity))
    return [];
  if (values[0]?.quantity.unit?.includes('/kg') === true && analyte.unit !== 'mosm/kg') return [];
  if (
    values.length === 0 &&
    result === null &&
    trendAlone === null &&
    (place.analyte.needsResult || assertion !== 'present')
  )
    return [];
  const qualifiers = [
    ...(result === 'positive' || result === 'negative' ? [result] : []),
    ...(specimen === null ? [] : [specimen]),
  ];
  const when = momentOfName(reading, sentence, mention.from);
  // `anti-zorbin antibodies`: what they are against stands before the word.
  const against = analyte.term === 'antibodies' && result !== null ? nameBefore(reading, mention.from, floor) : null;
  const term = against === null ? analyte.term : `${against.term} antibodies`;
  const start = against?.start ?? mention.start;
  const nameEnd = Math.max(mention.end, reading.tokens.end[to - 1] ?? mention.end);
  if (values.length === 0)
    return [
      {
        sentence,
        finding: makeFinding({
          term,
          assertion,
          span: [start, sign?.end ?? nameEnd],
          flag: flagOfResult(result) ?? (trendAlone === 'normalised' ? 'normal' : null),
          trend: trendAlone,
          at: when,
          qualifiers,
        }),
      },
    ];
  return values.map((measured, index) => {
    const quantity = signed(reading, measured.quantity, analyte);
    // `increased from 3 to 9` judges the change, not where it began.
    const worded = values.length === 1 ? nearResult(reading, sentence, mention.from, to, quantity) : null;
    const judged = judge(quantity, analyte, measured.reference, worded, rangeApplies(analyte.term, ageYears));
    return {
      sentence,
      finding: makeFinding({
        term,
        assertion,
        span: [Math.min(start, quantity.start), Math.max(nameEnd, quantity.end)],
        value: quantity.value,
        unit: quantity.unit,
        comparator: quantity.comparator,
        ...judged,
        trend: measured.trend ?? (values.length === 1 ? trendOfName : null),
        at: measured.at ?? (index === 0 || values.length === 1 ? when : null),
        qualifiers,
      }),
    };
  });
}

/** `BE of −5.1`: a sign counts for analytes that may lie below zero; before others it is a dash. */
function signed(reading: Reading, quantity: Quantity, analyte: Analyte): Quantity {
  if (analyte.low === null || analyte.low >= 0 || !/[-−–]/.test(reading.text.charAt(quantity.start - 1)))
    return quantity;
  if (
    NAME_FURTHER.has(reading.text.charAt(quantity.start - 2)) ||
    /[\s=:]/.test(reading.text.charAt(quantity.start - 2))
  )
    return { ...quantity, value: -quantity.value, start: quantity.start - 1 };
  return quantity;
}
