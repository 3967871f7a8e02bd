import type { Flag } from '../../schema/vocabulary.ts';
import type { Context } from './context.ts';
import { canonicalAmount, convert } from './conversion.ts';
import { type Draft, flagOf, flagOfResult, makeFinding } from './findings.ts';
import { flagOfQuantity } from './judgement.ts';
import { isLead, leadsOf } from './leads.ts';
import { type Quantity, readQuantity } from './quantities.ts';
import { assertionAt, entryIn, type Mention, mentionAt, type Reading } from './reading.ts';
import { boundsIn } from './reference.ts';
import { NUMBER } from './tokens.ts';
import { quantityAfter, valuesAfter } from './values.ts';
import { ONLY_IN_ECG } from './vocabularies/ecg.ts';
import type { Measure } from './vocabulary.ts';

const RATES = new Set(['rate', 'frequency']);
const INTERVAL_WORDS: Readonly<Record<string, Flag>> = {
  prolonged: 'high',
  long: 'high',
  wide: 'high',
  widened: 'high',
  broad: 'high',
  lengthened: 'high',
  short: 'low',
  shortened: 'low',
  narrow: 'normal',
  normal: 'normal',
};
// An axis to the left lies below its range, one to the right above.
const AXIS_WORDS: Readonly<Record<string, Flag>> = { left: 'low', leftward: 'low', right: 'high', rightward: 'high' };
const RATE_MIN = 20;
const RATE_MAX = 300;
const RATE_NORMAL: readonly [number, number] = [60, 100];
const ADULT_YEARS = 18;
const SIZED = new Set(['st elevation', 'st depression', 't wave inversion']);
// Electrocardiograms are recorded at 10 mm to the millivolt.
const MM_PER_MV = 10;

type Place = {
  readonly reading: Reading;
  readonly mention: Mention;
  readonly isAdult: boolean;
  readonly inEcg: boolean;
};

/** Electrocardiogram: recordings, statements with leads and size, intervals, axis, rate. */
export function findEcg(reading: Reading, context: Context, ageYears: number | null): readonly Draft[] {
  const isAdult = ageYears === null || ageYears >= ADULT_YEARS;
  const drafts: Draft[] = [];
  for (const mention of reading.own) {
    const place = { reading, mention, isAdult, inEcg: context.inEcg(mention) };
    const recording = entryIn(mention, 'ecg recording');
    if (recording !== undefined && !isAbbreviation(reading, mention))
      drafts.push(recordingDraft(place, recording.term));
    const statement = entryIn(mention, 'ecg');
    if (statement !== undefined) drafts.push(...statementDrafts(place, statement.term));
    const interval = entryIn(mention, 'ecg interval')?.measure;
    if (interval !== undefined) drafts.push(...intervalDrafts(place, interval));
    if (entryIn(mention, 'vital')?.term === 'heart rate' && place.inEcg) {
      const end = reading.sentences[mention.sentence]?.to ?? reading.tokens.count;
      const quantity = quantityAfter(reading, mention.to, end, () => false);
      if (quantity !== null) drafts.push(...rateDrafts(mention.sentence, mention.start, quantity, isAdult));
    }
  }
  drafts.push(...namelessRates(reading, context, isAdult));
  return drafts;
}

/** `electrocardiogram (ECG)`. */
function isAbbreviation(reading: Reading, mention: Mention): boolean {
  const spelled = reading.tokens.word[mention.from - 1] === '(' ? mentionAt(reading, mention.from - 2) : undefined;
  return spelled !== undefined && entryIn(spelled, 'ecg recording') !== undefined;
}

function recordingDraft({ reading, mention }: Place, term: string): Draft {
  return {
    sentence: mention.sentence,
    finding: makeFinding({
      term,
      assertion: assertionAt(reading, mention.from, false),
      span: [mention.start, mention.end],
      flag: flagOfResult(reading.scopes.resultAt(mention.from)),
    }),
  };
}

/** `2-mm ST elevation`, `ST elevation of 2 mm`, `0.2 mV ST depression`. */
function magnitudeBeside(reading: Reading, mention: Mention, end: number): Quantity | null {
  const { text, tokens } = reading;
  for (let at = mention.from - 1; at >= Math.max(0, mention.from - 4); at -= 1) {
    if (tokens.kind[at] !== NUMBER) continue;
    const quantity = readQuantity(text, tokens, at);
    if (quantity === null) break;
    const hyphened = quantity.unit === null && tokens.word[at + 1] === '-' && tokens.word[at + 2] === 'mm';
    if (hyphened) return { ...quantity, unit: 'mm', end: tokens.end[at + 2] ?? quantity.end };
    if (quantity.unit === 'mm' || quantity.unit === 'mV') return quantity;
    break;
  }
  const behind = quantityAfter(reading, mention.to, end, (token) => {
    const word = tokens.word[token] ?? '';
    return isLead(word) || /^(?:leads?|and|through)$/.test(word);
  });
  return behind !== null && (behind.unit === 'mm' || behind.unit === 'mV') ? behind : null;
}

function statementDrafts({ reading, mention, inEcg }: Place, term: string): readonly Draft[] {
  if (!inEcg && ONLY_IN_ECG.has(term)) return [];
  const isDisease = entryIn(mention, 'disease') !== undefined;
  const assertion = assertionAt(reading, mention.from, isDisease);
  if (isDisease && (assertion === 'historical' || assertion === 'family')) return [];
  const { leads, end: leadsEnd } = leadsOf(reading, mention);
  const end = reading.sentences[mention.sentence]?.to ?? reading.tokens.count;
  const size = SIZED.has(term) ? magnitudeBeside(reading, mention, end) : null;
  const millimetres = size?.unit === 'mV' ? Number((size.value * MM_PER_MV).toPrecision(6)) : null;
  return [
    {
      sentence: mention.sentence,
      finding: makeFinding({
        term,
        assertion,
        span: [Math.min(mention.start, size?.start ?? mention.start), Math.max(leadsEnd, size?.end ?? leadsEnd)],
        value: size?.value ?? null,
        unit: size?.unit ?? null,
        comparator: size?.comparator ?? null,
        canonical: millimetres === null ? null : { value: millimetres, unit: 'mm' },
        qualifiers: leads,
      }),
    },
  ];
}

/** The side that the words right beside an axis give. */
function axisFlag(reading: Reading, mention: Mention): Flag | null {
  const { word } = reading.tokens;
  const before = AXIS_WORDS[word[mention.from - 1] ?? ''];
  if (before !== undefined) return before;
  for (let at = mention.to; at < mention.to + 6; at += 1) {
    const side = AXIS_WORDS[word[at] ?? ''];
    if (side !== undefined) return side;
    if (!/^(?:was|is|deviated|deviation|to|the|shifted)$/.test(word[at] ?? '')) return null;
  }
  return null;
}

/** `axis of -30°`: the sign belongs to the number. */
function signedAxis(reading: Reading, quantity: Quantity): Quantity {
  return /[-−–]/.test(reading.text.charAt(quantity.start - 1))
    ? { ...quantity, value: -quantity.value, start: quantity.start - 1 }
    : quantity;
}

function intervalDrafts({ reading, mention, isAdult, inEcg }: Place, measure: Measure): readonly Draft[] {
  const { tokens, scopes } = reading;
  const end = reading.sentences[mention.sentence]?.to ?? tokens.count;
  const assertion = assertionAt(reading, mention.from, false);
  const isAxis = measure.unit === 'deg';
  const wanted = measure.unit ?? 'ms';
  const beside = INTERVAL_WORDS[tokens.word[mention.from - 1] ?? ''] ?? (isAxis ? axisFlag(reading, mention) : null);
  const drafts: Draft[] = [];
  for (const measured of valuesAfter(reading, mention.to, end, () => false)) {
    const quantity = isAxis ? signedAxis(reading, measured.quantity) : measured.quantity;
    const stated = quantity.unit === null ? quantity.value : convert(quantity.value, quantity.unit, wanted);
    if (stated === null || stated < measure.min || stated > measure.max) break;
    if ((quantity.unit === null || isAxis) && !inEcg) break;
    const range =
      measured.reference === null
        ? null
        : boundsIn(measured.reference, quantity.unit ?? wanted, { molarMass: null, valence: 1 });
    const byRange = range === null ? null : flagOfQuantity(quantity.value, quantity.comparator, range[0], range[1]);
    const usual =
      isAdult || measure.term === 'qtc interval' ? flagOf(stated, measure.normal[0], measure.normal[1]) : null;
    drafts.push({
      sentence: mention.sentence,
      finding: makeFinding({
        term: measure.term,
        assertion,
        span: [mention.start, quantity.end],
        value: quantity.value,
        unit: quantity.unit ?? wanted,
        comparator: quantity.comparator,
        flag: byRange ?? (drafts.length === 0 ? beside : null) ?? usual,
        canonical: canonicalAmount(quantity.value, quantity.unit, wanted),
        range,
        trend: measured.trend,
        at: measured.at,
      }),
    });
  }
  if (drafts.length > 0 || !inEcg) return drafts;
  const flag = beside ?? flagOfResult(scopes.resultAt(mention.from));
  if (flag === null) return [];
  const span = [mention.start, mention.end] as const;
  return [{ sentence: mention.sentence, finding: makeFinding({ term: measure.term, assertion, span, flag }) }];
}

/** `at a rate of 110`, `sinus tachycardia at 110 bpm`: in a sentence about an ECG the word or the unit alone says it. */
function namelessRates(reading: Reading, context: Context, isAdult: boolean): readonly Draft[] {
  const { text, tokens } = reading;
  const drafts: Draft[] = [];
  for (const [index, sentence] of reading.sentences.entries()) {
    if (!reading.story[index] || !context.ecgSentence(index)) continue;
    let until = sentence.from;
    for (let at = sentence.from; at < sentence.to; at += 1) {
      const held = mentionAt(reading, at);
      if (held !== undefined) {
        // The value behind a named rate is that rate's.
        if (entryIn(held, 'vital') !== undefined)
          until = Math.max(until, quantityAfter(reading, held.to, sentence.to, () => false)?.to ?? until);
        continue;
      }
      const named = RATES.has(tokens.word[at] ?? '');
      const quantity = named
        ? quantityAfter(reading, at + 1, sentence.to, () => false)
        : tokens.kind[at] === NUMBER && at >= until
          ? readQuantity(text, tokens, at)
          : null;
      if (quantity === null || (!named && quantity.unit !== '/min')) continue;
      until = quantity.to;
      drafts.push(...rateDrafts(index, named ? (tokens.start[at] ?? 0) : quantity.start, quantity, isAdult));
      at = Math.max(at, named ? at : quantity.to - 1);
    }
  }
  return drafts;
}

function rateDrafts(sentence: number, start: number, quantity: Quantity, isAdult: boolean): readonly Draft[] {
  const { value, unit, comparator } = quantity;
  if (value < RATE_MIN || value > RATE_MAX || (unit !== null && unit !== '/min')) return [];
  const finding = makeFinding({
    term: 'rate',
    assertion: 'present',
    span: [start, quantity.end],
    value,
    unit: '/min',
    comparator,
    flag: isAdult ? flagOf(value, RATE_NORMAL[0], RATE_NORMAL[1]) : null,
  });
  return [{ sentence, finding }];
}
