import type { Trend } from '../../schema/vocabulary.ts';
import { type Moment, momentBefore, readMoment } from './moments.ts';
import { type Quantity, readQuantity } from './quantities.ts';
import type { Reading } from './reading.ts';
import { type Reference, readReference } from './reference.ts';
import { readSeries, readTimes } from './series.ts';
import { MARK, NUMBER } from './tokens.ts';
import { CHANGES, CHANGES_WITH_GOAL, LINKS } from './trends.ts';

/** A value of something named before it, with what the text says around it. */
export type Measured = {
  readonly quantity: Quantity;
  readonly reference: Reference | null;
  readonly trend: Trend | null;
  readonly at: string | null;
};

const set = (words: string) => new Set(words.split(' '));
const LINK_MARKS = new Set(['(', ')', '[', ']', ':', '=', ',', '<', '>', '≤', '≥', '~', '≈', '∼', '-', '–', '−', '→']);
const LINK_TOKENS_MAX = 14;
const TIME_WORDS = set(
  'day days week weeks month months year years hour hours h yr min minutes minute th st nd rd mg doses cycles times cases patients units fold',
);
const GOALS = set('to from');
const JOINTS = new Set([',', ';', 'and', 'but', 'then', 'which', 'that', ')', ']', '→']);
const JOINT_TOKENS_MAX = 18;
const ADVERBS = set(
  'subsequently gradually progressively rapidly further later again slowly significantly markedly dramatically had has have quickly steadily drastically followed by a an the level value increase decrease rise drop fall peak of',
);

type Walk = {
  readonly quantity: Quantity;
  readonly trend: Trend | null;
  readonly at: string | null;
  readonly reference: Reference | null;
  /** Of a series, whose values follow in this order. */
  readonly times?: readonly string[];
};

/** The first quantity behind token `from` that belongs to a name ending there; `isAlias` admits further names of the same thing. */
function walkToValue(reading: Reading, from: number, end: number, isAlias: (token: number) => boolean): Walk | null {
  const { text, tokens } = reading;
  let trend: Trend | null = null;
  let possible: Trend | null = null;
  let at: string | null = null;
  let reference: Reference | null = null;
  let times: readonly string[] = [];
  let limit = Math.min(end, from + LINK_TOKENS_MAX);
  for (let token = from; token < limit; token += 1) {
    const word = tokens.word[token] ?? '';
    const series = times.length === 0 ? readTimes(reading, token, end) : null;
    if (series !== null) {
      ({ times } = series);
      limit = Math.min(end, series.to + LINK_TOKENS_MAX);
      token = series.to - 1;
      continue;
    }
    const moment = readMoment(reading, token, end);
    if (moment !== null) {
      at = moment.words;
      token = moment.to - 1;
      continue;
    }
    if (tokens.kind[token] === NUMBER) {
      const quantity = readQuantity(text, tokens, token);
      if (quantity === null) return null;
      if (quantity.unit === null) {
        // `for 2 weeks`: not this name's value.
        const next =
          tokens.kind[quantity.to] === MARK && tokens.word[quantity.to] === '-' ? quantity.to + 1 : quantity.to;
        if (TIME_WORDS.has(tokens.word[next] ?? '')) return null;
      }
      return { quantity, trend, at, reference, times };
    }
    if (word === '(' || word === '[') {
      reference = readReference(text, tokens, token, end) ?? reference;
      if (reference !== null && reference.to > token) {
        token = reference.to - 1;
        continue;
      }
    }
    trend = CHANGES.get(word) ?? (GOALS.has(word) ? (possible ?? trend) : trend);
    possible = CHANGES_WITH_GOAL.get(word) ?? possible;
    if (tokens.kind[token] === MARK ? !LINK_MARKS.has(word) : !LINKS.has(word) && !isAlias(token)) return null;
  }
  return null;
}

/** The first quantity behind a name, without what stands around it. */
export function quantityAfter(
  reading: Reading,
  from: number,
  end: number,
  isAlias: (token: number) => boolean,
): Quantity | null {
  return walkToValue(reading, from, end, isAlias)?.quantity ?? null;
}

type Behind = { readonly reference: Reference | null; readonly at: string | null; readonly to: number };

/** The range and the moment right behind a value, in either order. */
function readBehind(reading: Reading, from: number, end: number): Behind {
  const { text, tokens } = reading;
  let to = from;
  let reference: Reference | null = null;
  let at: string | null = null;
  for (let turn = 0; turn < 3 && to < end; turn += 1) {
    const stated: Reference | null = reference === null ? readReference(text, tokens, to, end) : null;
    if (stated !== null) {
      reference = stated;
      to = stated.to;
    }
    if (tokens.word[to] === ')' || tokens.word[to] === ']') to += 1;
    const opened = tokens.word[to] === '(' ? to + 1 : to;
    const moment: Moment | null = at === null ? readMoment(reading, opened, end) : null;
    if (moment === null) break;
    at = moment.words;
    to = moment.to;
  }
  return { reference, at, to };
}

type Joint = {
  readonly at: number;
  readonly moment: string | null;
  readonly trend: Trend | null;
  readonly goal: boolean;
};

/** The words that lead from one value to the next: `and then rose to`, `→`, `, on day 3`. */
function readJoint(reading: Reading, from: number, end: number): Joint | null {
  const { tokens } = reading;
  let at = from;
  let moment: string | null = null;
  let trend: Trend | null = null;
  let goal = false;
  while (at < Math.min(end, from + JOINT_TOKENS_MAX) && tokens.kind[at] !== NUMBER) {
    const when = readMoment(reading, at, end);
    if (when !== null) {
      moment = when.words;
      at = when.to;
      continue;
    }
    const word = tokens.word[at] ?? '';
    const change = CHANGES.get(word) ?? CHANGES_WITH_GOAL.get(word);
    if (change !== undefined) trend = change;
    else if (word === 'to' || word === '→' || word === 'at') goal = true;
    else if (!JOINTS.has(word) && !ADVERBS.has(word)) return null;
    at += 1;
  }
  return { at, moment, trend, goal };
}

/**
 * A further value of the same thing: `… and then rose to 12`, `to 9`, `→ 7`, `, 7.1 g/dL on day 3`. `start` is the change that
 * began with the last value (`increased from 3`), if one did.
 */
function readFurther(
  reading: Reading,
  from: number,
  end: number,
  last: Quantity,
  start: { readonly trend: Trend | null } | null,
): Walk | null {
  const { text, tokens } = reading;
  const joint = readJoint(reading, from, end);
  const quantity = joint === null || joint.at >= end ? null : readQuantity(text, tokens, joint.at);
  if (joint === null || quantity === null) return null;
  const { at, moment, trend, goal } = joint;
  const sameUnit = quantity.unit === last.unit || quantity.unit === null || (last.unit === null && start !== null);
  const next = tokens.word[quantity.to] ?? '';
  if (!sameUnit || (quantity.unit === null && TIME_WORDS.has(next))) return null;
  if (goal && (trend !== null || start !== null || tokens.word[at - 1] === '→')) {
    const changed = trend ?? start?.trend ?? directionOf(last, quantity);
    return { quantity, trend: changed, at: moment, reference: null };
  }
  // `9.2 g/dL on admission and 7.1 g/dL on day 3`: without a verb only where both say when.
  if (quantity.unit === null || trend !== null) return null;
  const told = moment !== null || readBehind(reading, quantity.to, end).at !== null;
  return told ? { quantity, trend: null, at: moment, reference: null } : null;
}

function directionOf(first: Quantity, second: Quantity): Trend | null {
  if (first.value === second.value) return 'stable';
  return second.value > first.value ? 'rising' : 'falling';
}

const SERIES_MAX = 8;

/** All values of what is named before token `from`, in text order; at most eight. */
export function valuesAfter(
  reading: Reading,
  from: number,
  end: number,
  isAlias: (token: number) => boolean,
): readonly Measured[] {
  let walk = walkToValue(reading, from, end, isAlias);
  const values: Measured[] = [];
  if (walk !== null) {
    const series = timedSeries(reading, walk, end);
    if (series !== null) return series;
  }
  while (walk !== null && values.length < SERIES_MAX) {
    const { quantity } = walk;
    const behind = readBehind(reading, quantity.to, end);
    const wasFrom = values.length === 0 && isStart(reading, quantity.from);
    const unit = quantity.unit ?? values.at(-1)?.quantity.unit ?? null;
    values.push({
      quantity: { ...quantity, unit },
      reference: behind.reference ?? walk.reference,
      // The first of two values is where the change began.
      trend: wasFrom ? null : walk.trend,
      at: behind.at ?? walk.at,
    });
    walk = readFurther(reading, behind.to, end, { ...quantity, unit }, wasFrom ? walk : null);
    if (walk !== null && wasFrom && walk.quantity.unit !== null && unit === null)
      values[0] = { ...(values[0] as Measured), quantity: { ...quantity, unit: walk.quantity.unit } };
  }
  return values;
}

/** `at 0, 30 and 60 minutes were 0.4, 7.2, 3.2 µg/dL`, or the values first: as many values as moments. */
function timedSeries(reading: Reading, walk: Walk, end: number): readonly Measured[] | null {
  const joint = reading.tokens.word[walk.quantity.to] ?? '';
  if (joint !== ',' && joint !== 'and' && joint !== '/') return null;
  const values = readSeries(reading, walk.quantity, end);
  const stated = walk.times ?? [];
  const times = stated.length > 0 ? stated : (readTimes(reading, values.at(-1)?.to ?? end, end)?.times ?? []);
  if (values.length < 2 || times.length !== values.length) return null;
  return values.map((quantity, index) => ({ quantity, reference: null, trend: null, at: times[index] ?? null }));
}

/** `from 3 to 9`, `from a baseline of 3`. */
function isStart(reading: Reading, from: number): boolean {
  const { word } = reading.tokens;
  for (let at = from - 1; at >= Math.max(0, from - 4); at -= 1) {
    if (word[at] === 'from') return true;
    if (!/^(?:a|an|the|of|baseline|level|value|initial)$/.test(word[at] ?? '')) return false;
  }
  return false;
}

/** When a name was measured by the words before it: its own adjective, else the opening of the sentence (`On admission, …`). */
export function momentOfName(reading: Reading, sentence: number, from: number): string | null {
  const adjective = momentBefore(reading.tokens, from);
  if (adjective !== null) return adjective;
  const whole = reading.sentences[sentence];
  if (whole === undefined || whole.from >= from) return null;
  return readMoment(reading, whole.from, from)?.words ?? null;
}
