import { isHyphen, rangeBefore } from './numerals.ts';
import type { Reading } from './reading.ts';
import { BE, HARD, VERB } from './scope-words.ts';
import type { Tokens } from './tokens.ts';
import { perWord } from './words.ts';

const DAYS_PER = new Map<string, number>(
  Object.entries({
    'hour hours hr hrs h': 1 / 24,
    'day days': 1,
    'week weeks wk wks': 7,
    'month months mo': 30.4375,
    'year years yr yrs': 365.25,
    'decade decades': 3652.5,
  }).flatMap(([words, days]) => words.split(' ').map((word) => [word, days] as const)),
);
const isUnit = perWord((word) => (DAYS_PER.has(word) ? 1 : 0));

const words = (list: string): ReadonlySet<string> => new Set(list.split(' '));
const FILLERS = words(
  'the past last about approximately more than at least nearly almost up to around a period of previous preceding some only total roughly over these additional another further',
);
const LEADS = words('for since over during lasting lasted persisting persisted');
const AGO = words('ago earlier prior before previously');
const BEGINNINGS = words(
  'began begun begins started starting starts appeared developed noticed onset commenced experienced experiencing occurred',
);
// What may stand between a complaint and its duration: `fever had been present for 3 days`.
const PREDICATES = words(
  'present persistent had has have been was were is which that ongoing lasted persisted continued and recurring progressed progressing worsened worsening evolving increasing increased grown growing gradually progressively slowly rapidly',
);
// `three weeks of treatment`, `5 days of life` are no duration of a complaint.
const NOT_COMPLAINTS = words(
  'age life gestation treatment therapy follow hospitalization hospitalisation admission pregnancy amenorrhea chemotherapy antibiotics birth',
);
const REACH = 40;
const REACH_NOUN = 4;
const REACH_BEGUN = 12;
const NONE: ReadonlySet<string> = new Set();
const DAYS_MAX = 36_525;

type Length = { readonly days: number; readonly from: number };

/** `three weeks`, `2-3 days`, `a week`: the length whose unit is token `at`. */
function lengthAt(tokens: Tokens, at: number): Length | null {
  const unit = DAYS_PER.get(tokens.word[at] ?? '') ?? 0;
  const article = tokens.word[at - 1] ?? '';
  const number = rangeBefore(tokens, at) ?? (article === 'a' || article === 'an' ? { value: 1, from: at - 1 } : null);
  if (number === null) {
    const couple = article === 'of' && tokens.word[at - 2] === 'couple';
    return couple ? { days: 2 * unit, from: at - 2 } : null;
  }
  const exact = number.value * unit;
  if (!(exact > 0) || exact > DAYS_MAX) return null;
  return { days: exact < 1 ? Math.round(exact * 100) / 100 : Math.round(exact), from: number.from };
}

/** How many days what is told at a token had lasted: `for 3 weeks`, `a two-day history of`, `lasting 6 hours`. Empty for most texts. */
export function readDurations(reading: Reading): ReadonlyMap<number, number> {
  const { tokens, sentences, scopes } = reading;
  const { word } = tokens;
  const units = isUnit(tokens.pool);
  const lasting = new Map<number, number>();
  const ends = (at: number, from: number): boolean => {
    const stop = scopes.stops[at] ?? 0;
    return stop === HARD || word[at] === ';' || (at !== from && (stop === VERB || stop === BE));
  };

  function ahead(from: number, end: number, days: number, reach: number): void {
    for (let at = from; at < Math.min(end, from + reach); at += 1) {
      if (ends(at, -1)) return;
      if (!lasting.has(at)) lasting.set(at, days);
    }
  }

  function back(from: number, floor: number, days: number, passes: ReadonlySet<string>): void {
    let at = from;
    while (at >= floor && PREDICATES.has(word[at] ?? '')) at -= 1;
    for (; at >= Math.max(floor, from - REACH); at -= 1) {
      if (units[tokens.id[at] ?? 0] === 1 && lasting.has(at - 1)) return;
      if (ends(at, -1) && !passes.has(word[at] ?? '')) return;
      if (!lasting.has(at)) lasting.set(at, days);
    }
  }

  function read(at: number, floor: number, end: number): void {
    const length = lengthAt(tokens, at);
    if (length === null) return;
    const next = isHyphen(word[at + 1]) || word[at + 1] === '’' || word[at + 1] === "'" ? at + 2 : at + 1;
    const following = word[next] ?? '';
    if (following === 'old' || following === 'after' || following === 'later') return;
    const isOf = following === 'of' && !NOT_COMPLAINTS.has(word[next + 1] ?? '');
    if (isOf || (following === 'history' && word[next + 1] === 'of')) {
      ahead(isOf ? next + 1 : next + 2, end, length.days, REACH);
      return;
    }
    let before = length.from - 1;
    while (before > floor && FILLERS.has(word[before] ?? '') && !(word[before] === 'of' && following === 'duration'))
      before -= 1;
    const lead = word[before] ?? '';
    // `over` is a filler (`for over 3 days`) and a lead (`over 3 days`).
    const over = [1, 2, 3].some((step) => word[length.from - step] === 'over');
    const isAgo = AGO.has(following);
    const floorBegun = Math.max(floor, length.from - REACH_BEGUN);
    if (isAgo) {
      for (let begun = floorBegun; begun < length.from; begun += 1)
        if (BEGINNINGS.has(word[begun] ?? '')) {
          back(length.from - 1, floor, length.days, BEGINNINGS);
          return;
        }
    } else if (LEADS.has(lead) || (following === 'duration' && lead === 'of'))
      back(before - 1, floor, length.days, NONE);
    else if (over) back(before, floor, length.days, NONE);
    else if (isHyphen(word[at - 1]) && next < end) ahead(next, end, length.days, REACH_NOUN);
  }

  for (const [index, sentence] of sentences.entries()) {
    if (!reading.story[index]) continue;
    for (let at = sentence.from; at < sentence.to; at += 1)
      if (units[tokens.id[at] ?? 0] === 1) read(at, sentence.from, sentence.to);
  }
  return lasting;
}
