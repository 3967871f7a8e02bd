import { type Quantity, readQuantity } from './quantities.ts';
import type { Reading } from './reading.ts';
import { NUMBER } from './tokens.ts';

/** The moments of a series as `30 minutes`, up to token `to`. */
export type Times = { readonly times: readonly string[]; readonly to: number };

const OPENINGS = new Set(['at', 'time', 'times', 'after', 'points']);
const UNIT = /^(?:min|mins|minutes?|h|hr|hrs|hours?|days?|weeks?|months?)$/;
const JOINTS = new Set([',', 'and', '/', '&']);
const BEHIND = new Set(['later', 'after', 'before', 'ago', 'earlier', 'prior', 'old']);
const SERIES_MAX = 8;

/** `at time 0, 30 and 60 minutes`, `at 0, 30 and 60 min`: numbers that are moments; null where none such start at token `from`. */
export function readTimes(reading: Reading, from: number, end: number): Times | null {
  const { word, kind } = reading.tokens;
  let at = from;
  while (at < end && OPENINGS.has(word[at] ?? '')) at += 1;
  if (at === from || kind[at] !== NUMBER) return null;
  const named = /^(?:times?|points)$/.test(word[at - 1] ?? '');
  const numbers: string[] = [];
  let unit: string | null = null;
  let to = at;
  while (at < end && kind[at] === NUMBER && numbers.length < SERIES_MAX) {
    numbers.push(word[at] ?? '');
    at += 1;
    if (UNIT.test(word[at] ?? '')) {
      unit = word[at] ?? null;
      at += 1;
    }
    to = at;
    while (at < end && JOINTS.has(word[at] ?? '')) at += 1;
  }
  const isSeries = numbers.length > 1 || named;
  // The unit stands behind the last of them.
  if (!isSeries || unit === null || !UNIT.test(word[to - 1] ?? '') || BEHIND.has(word[to] ?? '')) return null;
  return { times: numbers.map((one) => `${one} ${unit}`), to };
}

/** The values of a series from the first on: `0.4, 7.2 and 3.2 µg/dL`; one unit behind the last is that of all. */
export function readSeries(reading: Reading, first: Quantity, end: number): readonly Quantity[] {
  const { tokens, text } = reading;
  const values: Quantity[] = [first];
  let at = first.to;
  while (at < end && values.length < SERIES_MAX) {
    const joint = at;
    while (at < end && JOINTS.has(tokens.word[at] ?? '')) at += 1;
    const next = at > joint ? readQuantity(text, tokens, at) : null;
    if (next === null) break;
    values.push(next);
    at = next.to;
  }
  const unit = values.at(-1)?.unit ?? null;
  return values.map((value) => ({ ...value, unit: value.unit ?? unit }));
}
