import type { Finding } from './case.ts';
import { nameOf, phraseFrom, tokenAt } from './disease-phrase.ts';
import { assertionAt, entryIn, type Mention, mentionAt, type Reading } from './reading.ts';
import { bitsOf } from './tokens.ts';
import { perWord } from './words.ts';

const ANNOUNCED =
  /\b(?:complicated (?:by|with)|complications? (?:such as|including|included|like|of (?:the )?(?:surgery|treatment|procedure|therapy) (?:was|were)|were|was|consisted of|:)|(?:postoperative|post-operative|iatrogenic|treatment-related|procedure-related|therapy-related) (?!course|day|period|recovery|diagnosis|follow|care|histolog|patholog|ct|mri|imaging|radio|chemo|complications?|management|treatment|phase|evaluation|examination|x-ray|echo|state|outcome|week|month))/g;
const DEVELOPED = /\b(?:developed|experienced|suffered(?: from)?|sustained)\b/g;
const AFTER_TREATMENT =
  /\b(?:postoperativ\w+|post-operativ\w+|(?:after|following|during|despite) (?:the |his |her |this |\w+ (?:days?|weeks?|months?|cycles?|doses?) of )?(?:\w+ )?(?:surgery|operation|procedure|treatment|therapy|chemotherapy|radiotherapy|transplant\w*|infusion|administration|dose|dialysis|intubation|hospitali[sz]ation|admission|resection|\w+ectomy|\w+plasty|stay|course)|hospital (?:course|stay|day)|in the (?:icu|intensive care unit)|days? (?:later|after)|on (?:postoperative )?day|subsequently)\b/;
const mayAnnounce = perWord((word) =>
  /^(?:complicat|postoperative|post$|iatrogenic|related|developed|experienced|suffered|sustained)/.test(word) ? 1 : 0,
);
const CLAUSE_ENDS =
  /[.;]|\b(?:and (?:was|were|had|he|she|the|required|underwent|died)|which|who|that|requiring|treated|managed|for which|but|despite|after|before|due to|secondary to|because|although|while|when|where|resolved|without)\b/;
const VAGUE = new Set(['lesion', 'mass', 'tumor', 'asymptomatic', 'well', 'complication', 'pain']);
const COMPLICATIONS_MAX = 20;
const REACH_CHARS = 160;

/** What went wrong on the way: announced as a complication, or new after treatment began. */
export function findComplications(reading: Reading): readonly Finding[] {
  const { text, tokens, sentences, story } = reading;
  const may = mayAnnounce(tokens.pool);
  const found = new Map<string, Finding>();
  for (const [index, sentence] of sentences.entries()) {
    if (!story[index] || bitsOf(may, tokens, sentence.from, sentence.to) === 0) continue;
    const written = text.slice(sentence.start, sentence.end);
    const lower = written.toLowerCase();
    if (lower.length !== written.length) continue;
    const places = [...lower.matchAll(ANNOUNCED)];
    if (AFTER_TREATMENT.test(lower)) places.push(...lower.matchAll(DEVELOPED));
    for (const place of places) {
      const from = place.index + place[0].length;
      const rest = lower.slice(from, from + REACH_CHARS);
      const stop = CLAUSE_ENDS.exec(rest)?.index ?? rest.length;
      addNamed(reading, index, [sentence.start + from, sentence.start + from + stop], found);
    }
  }
  return [...found.values()].sort((a, b) => a.span[0] - b.span[0]).slice(0, COMPLICATIONS_MAX);
}

function complicationIn(mention: Mention) {
  const entry = entryIn(mention, 'disease') ?? entryIn(mention, 'symptom');
  return entry === undefined || VAGUE.has(entry.term) ? undefined : entry;
}

function addNamed(
  reading: Reading,
  sentence: number,
  [start, end]: readonly [number, number],
  found: Map<string, Finding>,
): void {
  const { tokens } = reading;
  const whole = reading.sentences[sentence];
  if (whole === undefined) return;
  const first = tokenAt(reading, whole.from, whole.to, start);
  let any = false;
  let last = first;
  while (last < whole.to && (tokens.end[last] ?? 0) <= end) {
    const mention = mentionAt(reading, last);
    last += 1;
    if (mention === undefined || mention.from !== last - 1 || mention.end > end) continue;
    const entry = complicationIn(mention);
    if (entry === undefined) continue;
    any = true;
    const assertion = assertionAt(reading, mention.from, false);
    // `wound infection`, where both are known words.
    const behind = mentionAt(reading, mention.to);
    const joined =
      behind !== undefined && behind.from === mention.to && behind.end <= end ? complicationIn(behind) : undefined;
    const to = joined === undefined || behind === undefined ? mention.end : behind.end;
    if (joined !== undefined && behind !== undefined) last = behind.to;
    if (assertion !== 'present' && assertion !== 'possible') continue;
    const term = joined === undefined ? entry.term : `${entry.term} ${joined.term}`;
    if (!found.has(term)) found.set(term, { term, assertion, span: [mention.start, to] });
  }
  if (any) return;
  const phrase = phraseFrom(reading, first, last);
  if (phrase === null || !nameOf(reading, phrase).isName) return;
  const assertion = assertionAt(reading, phrase.from, false);
  if (assertion !== 'present' && assertion !== 'possible') return;
  const span = [tokens.start[phrase.from] ?? 0, tokens.end[phrase.to - 1] ?? 0] as const;
  const term = reading.text.slice(span[0], span[1]).toLowerCase().replace(/\s+/g, ' ');
  if (!found.has(term)) found.set(term, { term, assertion, span });
}
