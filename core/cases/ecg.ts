import type { Flag } from '../../schema/vocabulary.ts';
import type { Context } from './context.ts';
import { convert } from './conversion.ts';
import { type Draft, flagOf, flagOfResult, makeFinding } from './findings.ts';
import { readQuantity } from './quantities.ts';
import { assertionAt, entryIn, type Mention, mentionAt, type Reading } from './reading.ts';
import { MARK, NUMBER } from './tokens.ts';
import { quantityAfter } from './values.ts';

// Statements that words outside an ECG use too.
const ONLY_IN_ECG = new Set([
  'low voltage',
  'left ventricular hypertrophy by voltage',
  'right ventricular strain',
  'early repolarization',
  'sine wave pattern',
  'u waves',
  'pathological q waves',
  'st-t changes',
  'paced rhythm',
  'prolonged pr interval',
  'short pr interval',
]);
const LEAD = /^(?:i{1,3}|avr|avl|avf|v[1-9]r?)$/;
const LEAD_LINKS = new Set('in leads lead and to the - – , ; ( ) on over at through of with from as well'.split(' '));
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
const RATE_MIN = 20;
const RATE_MAX = 300;

/** Single leads (`v1` to `v4` counted out) and groups of leads behind a statement, or a group right before it. */
function leadsOf(reading: Reading, mention: Mention): { leads: readonly string[]; end: number } {
  const { tokens } = reading;
  const end = reading.sentences[mention.sentence]?.to ?? tokens.count;
  const leads: string[] = [];
  let spanEnd = mention.end;
  const before = mentionAt(reading, mention.from - 1);
  const group = before === undefined ? undefined : entryIn(before, 'ecg lead');
  if (group !== undefined) leads.push(group.term);
  let last: string | null = null;
  let ranged = false;
  for (let at = mention.to; at < Math.min(end, mention.to + 24); at += 1) {
    const word = tokens.word[at] ?? '';
    const held = mentionAt(reading, at);
    const named = held === undefined ? undefined : entryIn(held, 'ecg lead');
    if (held !== undefined && named !== undefined) {
      leads.push(named.term);
      spanEnd = held.end;
      at = held.to - 1;
    } else if (LEAD.test(word)) {
      // `V1-V4`, `V1 to V4`.
      const from = /^v(\d)$/.exec(last ?? '')?.[1];
      const to = /^v(\d)$/.exec(word)?.[1];
      if (ranged && from !== undefined && to !== undefined)
        for (let lead = Number(from) + 1; lead < Number(to); lead += 1) leads.push(`v${lead}`);
      leads.push(word);
      last = word;
      ranged = false;
      spanEnd = tokens.end[at] ?? spanEnd;
    } else if (word === '-' || word === '–' || word === 'to' || word === 'through') ranged = last !== null;
    else if (tokens.kind[at] === NUMBER && ranged && last !== null) {
      // `V1-4`.
      const from = Number(/^v(\d)$/.exec(last)?.[1] ?? 9);
      for (let lead = from + 1; lead <= Math.min(9, Number(word)); lead += 1) leads.push(`v${lead}`);
      spanEnd = tokens.end[at] ?? spanEnd;
      ranged = false;
    } else if (!LEAD_LINKS.has(word)) break;
  }
  return { leads: [...new Set(leads)], end: leads.length > 0 ? spanEnd : mention.end };
}

/** `2-mm ST elevation`. */
function magnitudeBefore(reading: Reading, mention: Mention): { value: number; start: number } | null {
  for (let at = mention.from - 1; at >= Math.max(0, mention.from - 4); at -= 1) {
    const quantity = readQuantity(reading.text, reading.tokens, at);
    if (quantity === null) continue;
    const behind = reading.tokens.kind[at + 1] === MARK ? (reading.tokens.word[at + 2] ?? '') : '';
    return quantity.unit === 'mm' || behind === 'mm' ? { value: quantity.value, start: quantity.start } : null;
  }
  return null;
}

/** Electrocardiogram: recordings, statements with leads, intervals, rate. */
export function findEcg(reading: Reading, context: Context, ageYears: number | null): readonly Draft[] {
  const { text, tokens, scopes } = reading;
  const drafts: Draft[] = [];
  for (const mention of reading.own) {
    const { sentence } = mention;
    const end = reading.sentences[sentence]?.to ?? tokens.count;
    const assertion = assertionAt(reading, mention.from, false);
    const recording = entryIn(mention, 'ecg recording');
    if (recording !== undefined)
      drafts.push({
        sentence,
        finding: makeFinding({
          term: recording.term,
          assertion,
          span: [mention.start, mention.end],
          flag: flagOfResult(scopes.resultAt(mention.from)),
        }),
      });
    const statement = entryIn(mention, 'ecg');
    if (statement !== undefined && (context.inEcg(mention) || !ONLY_IN_ECG.has(statement.term))) {
      const isDisease = entryIn(mention, 'disease') !== undefined;
      const asserted = assertionAt(reading, mention.from, isDisease);
      if (isDisease && (asserted === 'historical' || asserted === 'family')) continue;
      const { leads, end: spanEnd } = leadsOf(reading, mention);
      const magnitude = /^st (?:elevation|depression)$/.test(statement.term) ? magnitudeBefore(reading, mention) : null;
      drafts.push({
        sentence,
        finding: makeFinding({
          term: statement.term,
          assertion: asserted,
          span: [magnitude?.start ?? mention.start, spanEnd],
          value: magnitude?.value ?? null,
          unit: magnitude === null ? null : 'mm',
          qualifiers: leads,
        }),
      });
    }
    const interval = entryIn(mention, 'ecg interval')?.measure;
    if (interval !== undefined) {
      const quantity = quantityAfter(reading, mention.to, end, () => false);
      const stated =
        quantity === null
          ? null
          : quantity.unit === null
            ? quantity.value
            : convert(quantity.value, quantity.unit, 'ms');
      const valued =
        stated !== null &&
        stated >= interval.min &&
        stated <= interval.max &&
        (quantity?.unit !== null || context.inEcg(mention));
      const worded = INTERVAL_WORDS[tokens.word[mention.from - 1] ?? ''] ?? flagOfResult(scopes.resultAt(mention.from));
      if (valued && quantity !== null)
        drafts.push({
          sentence,
          finding: makeFinding({
            term: interval.term,
            assertion,
            span: [mention.start, quantity.end],
            value: Math.round(stated),
            unit: 'ms',
            comparator: quantity.comparator,
            flag: flagOf(stated, interval.normal[0], interval.normal[1]),
          }),
        });
      else if (worded !== null && worded !== undefined && context.inEcg(mention))
        drafts.push({
          sentence,
          finding: makeFinding({ term: interval.term, assertion, span: [mention.start, mention.end], flag: worded }),
        });
    }
    if (entryIn(mention, 'vital')?.term === 'heart rate' && context.inEcg(mention)) {
      const quantity = quantityAfter(reading, mention.to, end, () => false);
      if (quantity !== null && quantity.value >= RATE_MIN && quantity.value <= RATE_MAX)
        drafts.push(rateDraft(sentence, mention.start, quantity.end, quantity.value));
    }
  }
  for (const [index, sentence] of reading.sentences.entries()) {
    if (!reading.story[index] || !context.ecgSentence(index)) continue;
    for (let at = sentence.from; at < sentence.to; at += 1) {
      if (!RATES.has(tokens.word[at] ?? '') || mentionAt(reading, at) !== undefined) continue;
      const quantity = quantityAfter(reading, at + 1, sentence.to, () => false);
      if (quantity === null || quantity.value < RATE_MIN || quantity.value > RATE_MAX) continue;
      drafts.push(rateDraft(index, tokens.start[at] ?? 0, quantity.end, quantity.value));
    }
  }
  return drafts;
}

function rateDraft(sentence: number, start: number, end: number, value: number): Draft {
  return {
    sentence,
    finding: makeFinding({
      term: 'rate',
      assertion: 'present',
      span: [start, end],
      value,
      unit: '/min',
      flag: flagOf(value, 60, 100),
    }),
  };
}
