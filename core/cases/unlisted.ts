import { type Draft, flagOfResult, makeFinding } from './findings.ts';
import { flagOfQuantity, judge } from './judgement.ts';
import { nearResult } from './nearby.ts';
import { type Quantity, readQuantity, tokenBehind } from './quantities.ts';
import { assertionAt, entryIn, mentionAt, type Reading } from './reading.ts';
import { boundsIn, readReference } from './reference.ts';
import { MARK, NUMBER, WORD } from './tokens.ts';
import { readUnit } from './units.ts';
import { ANALYTE_OF, CONDITIONS } from './vocabularies/labs.ts';
import { perWord } from './words.ts';

/*
 * Laboratories measure more than any list holds. Two constructions say by their grammar alone that something was measured: a number
 * with a unit of concentration behind a noun (`chitotriosidase activity of 508 nmol/mg`), and a noun such as `antibody`, `antigen`
 * or `culture` with a result (`antineuronal antibodies were negative`).
 */

const set = (words: string) => new Set(words.split(' '));
// Concentrations and activities; amounts per kilogram, per day or per millilitre of a solution are doses.
const CONCENTRATION =
  /^(?:10\*\d+|[dmunpfk]?(?:mol|eq|U|\[IU\]|osm|kat)|(?:[dmunpf]?g))\/(?:[dmun]?L)(?:\/h)?$|^[munpf]?(?:mol|U)\/(?:h|min)?\/?(?:mg|g|mol)$/;
const SOLUTION = set('mg/mL g/mL g/L U/mL U/L [IU]/mL');
const LINKS = set(
  'of was were is are at level levels value values to the a an concentration concentrations increased elevated decreased reduced raised low high normal up from measured approximately about markedly slightly significantly rose fell dropped be as with result results ( ) [ ] : = , < > ~ ≤ ≥ activity titer than more less still only peak peaked',
);
const LINKS_MAX = 8;
const DOSES = set(
  'dose doses dosage infusion administered administration injection injected given received treated solution bolus intravenous iv oral drip saline therapy supplementation start started diluted dilution mixed containing ml concentration-dependent enriched pump prescribed lidocaine heparin epinephrine glucose dextrose bupivacaine',
);
const NAME_ENDS = set(
  'reference range limit upper lower cutoff up the a an his her their its was were is are had has have with and or of in on at by for to from showed revealed demonstrated including included that which who also but patient he she it this these those his after before then than as when while all both no not without results result found noted laboratory tests blood ; testing confirmed positive negative undergone underwent performed done further subsequent remained became normal abnormal other respectively levels level',
);
const NAME_WORDS_MAX = 4;
const PREFIXES = set(
  'serum plasma additional further extensive initial repeat repeated routine other all multiple several subsequent following elevated increased decreased raised high low normal total mean two three consecutive',
);
const HEADS = set(
  'antibody antibodies antigen antigens titer titers titre titres level levels activity assay assays serology test tests testing studies screen screening panel marker markers culture cultures smear smears stain stains staining swab profile pcr cytology autoantibodies immunofluorescence workup margins acids hormone hormones isoenzymes sequencing cytogenetics',
);
const EMPTY_NAMES = set(
  'physical clinical neurological imaging radiological radiologic examination other diagnostic stress exercise function imaging hearing vision skin her his patient energy anxiety activity pain alcohol care consciousness sea water noise cotton',
);
const NEVER_LEVELS = set('level levels activity');
// `hypocalcemia (1.5 mmol/L)` names no substance.
const CONDITION = /(?:emia|aemia|penia|cytosis|uria|philia|osis)$/;
const headBit = perWord((word) => (HEADS.has(word) ? 1 : 0));

type Name = { readonly term: string; readonly from: number; readonly start: number };

/** The words of a name that ends before token `to`: back to an article, a verb, a cue or a mark. */
export function nameBefore(reading: Reading, to: number, floor: number): Name | null {
  const { tokens, text } = reading;
  let from = to;
  let words = 0;
  for (let at = to - 1; at >= floor; at -= 1) {
    const word = tokens.word[at] ?? '';
    if (tokens.kind[at] === MARK) {
      const joins = (word === '-' || word === '–' || word === '/') && tokens.end[at - 1] === tokens.start[at];
      if (!joins) break;
      continue;
    }
    const joined = tokens.start[at] === tokens.end[at - 1] && tokens.kind[at - 1] === MARK;
    if (tokens.kind[at] === WORD && !joined) {
      if (NAME_ENDS.has(word) || words === NAME_WORDS_MAX) break;
      const held = mentionAt(reading, at);
      if (held !== undefined && entryIn(held, 'cue') !== undefined) break;
      words += 1;
    } else if (tokens.kind[at] === NUMBER && tokens.end[at] !== tokens.start[at + 1]) break;
    from = at;
  }
  while (from < to && (PREFIXES.has(tokens.word[from] ?? '') || tokens.kind[from] === MARK)) from += 1;
  if (from >= to) return null;
  const start = tokens.start[from] ?? 0;
  const term = text
    .slice(start, tokens.end[to - 1] ?? start)
    .toLowerCase()
    .replace(/\s+/g, ' ');
  // `(µg/dL)` names no substance.
  if (term.includes('/') && readUnit(term, 0)?.end === term.length) return null;
  return /\p{L}{2}/u.test(term) && !CONDITION.test(term) ? { term, from, start } : null;
}

function isDose(reading: Reading, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) {
    if (DOSES.has(reading.tokens.word[at] ?? '')) return true;
    const held = mentionAt(reading, at);
    if (held !== undefined && entryIn(held, 'medicine') !== undefined) return true;
  }
  return false;
}

/** Where the walk back from a value meets a name. */
function nameEnd(reading: Reading, quantity: Quantity, floor: number): number {
  const { word } = reading.tokens;
  let at = quantity.from;
  while (at > floor && quantity.from - at < LINKS_MAX && LINKS.has(word[at - 1] ?? '')) at -= 1;
  return at;
}

/** `anemia (9 g/dL)`: the condition names its analyte and the side. */
function conditionDraft(reading: Reading, sentence: number, at: number, quantity: Quantity): Draft | null {
  const condition = CONDITIONS.get(reading.tokens.word[at] ?? '');
  const analyte = condition === undefined ? undefined : ANALYTE_OF.get(condition.analyte);
  if (condition === undefined || analyte === undefined) return null;
  const reference = readReference(reading.text, reading.tokens, quantity.to, reading.sentences[sentence]?.to ?? 0);
  const judged = judge(quantity, analyte, reference, condition.flag, true);
  if (quantity.unit !== null && quantity.unit !== analyte.unit && judged.canonical === null) return null;
  return {
    sentence,
    finding: makeFinding({
      term: analyte.term,
      assertion: assertionAt(reading, at, false),
      span: [reading.tokens.start[at] ?? 0, quantity.end],
      value: quantity.value,
      unit: quantity.unit,
      comparator: quantity.comparator,
      ...judged,
    }),
  };
}

function valueDraft(reading: Reading, sentence: number, quantity: Quantity, floor: number): Draft | null {
  const end = nameEnd(reading, quantity, floor);
  const condition = conditionDraft(reading, sentence, end - 1, quantity);
  if (condition !== null) return condition;
  const { unit } = quantity;
  if (unit === null || !CONCENTRATION.test(unit)) return null;
  const name = nameBefore(reading, end, floor);
  if (name === null || isDose(reading, Math.max(floor, name.from - 4), quantity.from)) return null;
  let spoken = false;
  for (let at = name.from; at < quantity.from; at += 1) {
    if (/^(?:level|levels|concentration|activity|serum|plasma)$/.test(reading.tokens.word[at] ?? '')) spoken = true;
    const held = mentionAt(reading, at);
    if (held === undefined) continue;
    // What another list knows is no new analyte.
    if (entryIn(held, 'lab') ?? entryIn(held, 'vital') ?? entryIn(held, 'imaging measure') ?? entryIn(held, 'risk'))
      return null;
  }
  if (SOLUTION.has(unit) && !spoken && unit !== 'U/L' && unit !== 'U/mL') return null;
  const reference = readReference(reading.text, reading.tokens, quantity.to, reading.sentences[sentence]?.to ?? 0);
  const range = reference === null ? null : boundsIn(reference, unit, { molarMass: null, valence: 1 });
  const worded = nearResult(reading, sentence, name.from, end, quantity);
  return {
    sentence,
    finding: makeFinding({
      term: name.term.replace(/ (?:levels?|values?|concentrations?)$/, ''),
      assertion: assertionAt(reading, name.from, false),
      span: [name.start, quantity.end],
      value: quantity.value,
      unit,
      comparator: quantity.comparator,
      flag: (range === null ? null : flagOfQuantity(quantity.value, quantity.comparator, range[0], range[1])) ?? worded,
      range,
    }),
  };
}

function headDraft(reading: Reading, sentence: number, at: number, floor: number): Draft | null {
  const result = reading.scopes.resultAt(at);
  if (result === null || mentionAt(reading, at) !== undefined) return null;
  const { tokens } = reading;
  const head = tokens.word[at] ?? '';
  const name = nameBefore(reading, at, floor);
  if (name === null) return null;
  const last = tokens.word[at - 1] ?? '';
  if (EMPTY_NAMES.has(last) || EMPTY_NAMES.has(tokens.word[name.from] ?? '')) return null;
  // A level of something else: of consciousness, of activity.
  if (NEVER_LEVELS.has(head) && (result === 'positive' || result === 'negative')) return null;
  for (let token = name.from; token < at; token += 1) {
    const held = mentionAt(reading, token);
    if (
      held !== undefined &&
      (entryIn(held, 'lab') ?? entryIn(held, 'modality') ?? entryIn(held, 'vital') ?? entryIn(held, 'symptom'))
    )
      return null;
  }
  const term = NEVER_LEVELS.has(head) ? name.term : `${name.term} ${head}`;
  return {
    sentence,
    finding: makeFinding({
      term,
      assertion: assertionAt(reading, at, false),
      span: [name.start, tokens.end[at] ?? name.start],
      flag: flagOfResult(result),
      qualifiers: result === 'positive' || result === 'negative' ? [result] : [],
    }),
  };
}

/** Laboratory findings beyond the lists; `listed` are those of the lists, in text order, whose words are taken. */
export function findUnlisted(reading: Reading, listed: readonly Draft[]): readonly Draft[] {
  const { text, tokens } = reading;
  const heads = headBit(tokens.pool);
  const drafts: Draft[] = [];
  let next = 0;
  let takenUntil = 0;
  for (const [index, sentence] of reading.sentences.entries()) {
    if (!reading.story[index]) continue;
    let floor = sentence.from;
    for (let at = sentence.from; at < sentence.to; at += 1) {
      const isNumber = tokens.kind[at] === NUMBER;
      if (!isNumber && heads[tokens.id[at] ?? 0] !== 1) continue;
      const start = tokens.start[at] ?? 0;
      for (; next < listed.length && (listed[next]?.finding.span[0] ?? 0) <= start; next += 1)
        takenUntil = Math.max(takenUntil, listed[next]?.finding.span[1] ?? 0);
      if (start < takenUntil) {
        floor = at + 1;
        continue;
      }
      floor = Math.max(floor, tokenBehind(tokens, floor, takenUntil));
      const quantity = isNumber ? readQuantity(text, tokens, at) : null;
      const draft =
        quantity !== null
          ? valueDraft(reading, index, quantity, floor)
          : isNumber
            ? null
            : headDraft(reading, index, at, floor);
      if (draft !== null) {
        drafts.push(draft);
        floor = at + 1;
      }
      if (quantity !== null) at = Math.max(at, quantity.to - 1);
    }
  }
  return drafts;
}
