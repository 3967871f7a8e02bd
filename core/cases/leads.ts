import { entryIn, type Mention, mentionAt, type Reading } from './reading.ts';
import { NUMBER } from './tokens.ts';

const LEAD = /^(?:i{1,3}|avr|avl|avf|v[1-9]r?)$/;
const CHEST_LEAD = /^v(\d)$/;
const LEAD_LINKS = new Set(
  'in leads lead and to the - – , ; ( ) on over at through of with from as well & / across'.split(' '),
);
const LEADS_REACH = 24;
const LAST_CHEST_LEAD = 9;

// The leads that look at a wall, as the standard twelve are grouped (AHA/ACCF/HRS 2009).
const WALLS: Readonly<Record<string, readonly string[]>> = {
  'inferior leads': ['ii', 'iii', 'avf'],
  'septal leads': ['v1', 'v2'],
  'anterior leads': ['v3', 'v4'],
  'lateral leads': ['i', 'avl', 'v5', 'v6'],
  'high lateral leads': ['i', 'avl'],
  'inferolateral leads': ['ii', 'iii', 'avf', 'v5', 'v6'],
  'anterolateral leads': ['i', 'avl', 'v3', 'v4', 'v5', 'v6'],
  'anteroseptal leads': ['v1', 'v2', 'v3', 'v4'],
  'precordial leads': ['v1', 'v2', 'v3', 'v4', 'v5', 'v6'],
  'right precordial leads': ['v1', 'v2', 'v3'],
  'limb leads': ['i', 'ii', 'iii', 'avr', 'avl', 'avf'],
  'posterior leads': ['v7', 'v8', 'v9'],
};

/** Whether a word is a single lead: `V4`, `aVF`, `II`. */
export function isLead(word: string): boolean {
  return LEAD.test(word);
}

/** Chest leads after `first` up to `last`: `V1-V4`. */
function between(first: string, last: number): readonly string[] {
  const from = Number(CHEST_LEAD.exec(first)?.[1] ?? LAST_CHEST_LEAD);
  const leads: string[] = [];
  for (let lead = from + 1; lead <= Math.min(LAST_CHEST_LEAD, last); lead += 1) leads.push(`v${lead}`);
  return leads;
}

/**
 * The leads of a statement, in canonical form: single leads (`v1` to `v4` counted out) and groups of leads (`inferior leads`, then
 * its leads) behind it, or a group right before it. `end` is where their words end.
 */
export function leadsOf(reading: Reading, mention: Mention): { leads: readonly string[]; end: number } {
  const { tokens } = reading;
  const end = reading.sentences[mention.sentence]?.to ?? tokens.count;
  const leads: string[] = [];
  const groups: string[] = [];
  const addGroup = (term: string) => groups.push(term);
  let spanEnd = mention.end;
  const before = mentionAt(reading, mention.from - 1);
  const group = before === undefined ? undefined : entryIn(before, 'ecg lead');
  if (group !== undefined) addGroup(group.term);
  let last: string | null = null;
  let ranged = false;
  for (let at = mention.to; at < Math.min(end, mention.to + LEADS_REACH); at += 1) {
    const word = tokens.word[at] ?? '';
    const held = mentionAt(reading, at);
    const named = held === undefined ? undefined : entryIn(held, 'ecg lead');
    if (held !== undefined && named !== undefined) {
      addGroup(named.term);
      spanEnd = held.end;
      at = held.to - 1;
    } else if (LEAD.test(word)) {
      const number = CHEST_LEAD.exec(word)?.[1];
      if (ranged && last !== null && number !== undefined) leads.push(...between(last, Number(number) - 1));
      leads.push(word);
      last = word;
      ranged = false;
      spanEnd = tokens.end[at] ?? spanEnd;
    } else if (word === '-' || word === '–' || word === '−' || word === 'to' || word === 'through')
      ranged = last !== null;
    else if (tokens.kind[at] === NUMBER && ranged && last !== null) {
      // `V1-4`.
      leads.push(...between(last, Number(word)));
      spanEnd = tokens.end[at] ?? spanEnd;
      ranged = false;
    } else if (isMagnitude(reading, at)) at += 1;
    else if (!LEAD_LINKS.has(word)) break;
  }
  const all = [...groups.flatMap((term) => [term, ...leadsOfGroup(term, leads)]), ...leads];
  return { leads: [...new Set(all)], end: all.length > 0 ? spanEnd : mention.end };
}

/** The leads that a group stands for: `precordial leads V1 to V3` says itself which of them are meant. */
function leadsOfGroup(term: string, stated: readonly string[]): readonly string[] {
  const wall = WALLS[term] ?? [];
  return wall.some((lead) => stated.includes(lead)) ? [] : wall;
}

/** `ST elevation of 2 mm in V1`: the size stands between the statement and its leads. */
function isMagnitude(reading: Reading, at: number): boolean {
  const { tokens } = reading;
  return tokens.kind[at] === NUMBER && /^(?:mm|mv)$/.test(tokens.word[at + 1] ?? '');
}
