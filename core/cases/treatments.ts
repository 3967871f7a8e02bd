import type { Assertion } from '../../schema/vocabulary.ts';
import type { Finding } from './case.ts';
import { buildLexicon, type Match } from './lexicon.ts';
import { readNumber } from './quantities.ts';
import { assertionAt, type Reading } from './reading.ts';
import { NUMBER } from './tokens.ts';
import {
  ALSO_ANALYTES,
  TREATMENTS,
  type Treatment,
  type TreatmentKind,
  treatmentOfWord,
} from './vocabularies/treatments.ts';
import { perWord } from './words.ts';

type Named = Pick<Treatment, 'term' | 'kind'>;

const LEXICON = buildLexicon<Named>(TREATMENTS.map(({ phrase, term, kind }) => [phrase, { term, kind }] as const));
const MEDICATION = 1;
const PROCEDURE = 2;
const kindsPerWord = perWord((word) => {
  const kind = treatmentOfWord(word);
  return kind === 'medication' ? MEDICATION : kind === 'procedure' ? PROCEDURE : 0;
});

const PLANS =
  /^(?:plan|plans|planned|planning|schedule[ds]?|scheduling|offered|advised|recommend(?:ed|ing|ation|ations)?|proposed|consider(?:ed|ing|ation)?|awaiting|awaits|suggested|candidate|will|would|should|may|might|could|discussed|discussing|option|options|waitlisted|waiting|need|if)$/;
const REFUSALS =
  /^(?:refus(?:ed|es|al|ing)|declin(?:ed|es|ing)|reject(?:ed|ing)|contraindicat(?:ed|ion|ions)|withheld|avoid(?:ed|ing)?|ineligible|unsuitable|unfit|precluded|precluding|defer(?:red|ring)|unavailable|unaffordable|impossible|abandoned|cancelled|canceled)$/;
const GIVING =
  /^(?:given|gave|receiv(?:ed|ing|es)|start(?:ed|ing)?|treated|treatment|administ\w+|therapy|infus\w+|doses?|supplement\w*|replace(?:ment|d)|inject\w+|intravenous(?:ly)?|iv|oral(?:ly)?|mg|mcg|iu|prescri\w+|initiat\w+|commenc\w+|continu\w+|subcutaneous(?:ly)?|on|via|required|requiring|drip|units?)$/;
const MEASURED =
  /^(?:levels?|concentrations?|values?|saturations?|tension|resistan\w+|sensitivit\w+|sensitive|susceptib\w+|toxicity|overdose|induced|allerg\w+|hypersensitiv\w+|receptors?|antibod\w+|poisoning|deficien\w+|intoleran\w+|test|tests|tolerance|margins?|exposure|perfusion|specimens?|site|scar|naive|refractory|secretion|production|ratio)$/;
const REACTS = /^(?:sensitiv\w+|resist\w+|allerg\w+|susceptib\w+|intoleran\w+|hypersensitiv\w+)$/;
const OTHERS_BEFORE: Readonly<Record<string, RegExp>> = {
  drainage: /^(?:venous|lymphatic|pulmonary|purulent|serous|nasal)$/,
  reconstruction: /^(?:dimensional|3d|d|image|ct|multiplanar|coronal|sagittal)$/,
  surgery:
    /^(?:of|general|plastic|vascular|orthopedic|orthopaedic|thoracic|pediatric|maxillofacial|previous|outpatient)$/,
  extraction: /^(?:dna|rna)$/,
  ventilation: /^(?:alveolar|lung)$/,
};
const PLAN = 1;
const REFUSE = 2;
const GIVE = 4;
const MEASURE = 8;
const REACT = 16;
const rolesPerWord = perWord(
  (word) =>
    (PLANS.test(word) ? PLAN : 0) |
    (REFUSALS.test(word) ? REFUSE : 0) |
    (GIVING.test(word) ? GIVE : 0) |
    (MEASURED.test(word) ? MEASURE : 0) |
    (REACTS.test(word) ? REACT : 0),
);

const ROUTES: readonly (readonly [RegExp, string])[] = [
  [/^(?:intravenous(?:ly)?|iv)$/, 'intravenous'],
  [/^(?:oral(?:ly)?|po)$/, 'oral'],
  [/^(?:subcutaneous(?:ly)?|sc)$/, 'subcutaneous'],
  [/^(?:intramuscular(?:ly)?|im)$/, 'intramuscular'],
  [/^topical(?:ly)?$/, 'topical'],
  [/^(?:inhaled|inhalation|nebuli[sz]ed)$/, 'inhaled'],
  [/^intrathecal(?:ly)?$/, 'intrathecal'],
  [/^intravitreal(?:ly)?$/, 'intravitreal'],
  [/^sublingual(?:ly)?$/, 'sublingual'],
  [/^rectal(?:ly)?$/, 'rectal'],
  [/^(?:intranasal(?:ly)?)$/, 'intranasal'],
];
const SHORT_ROUTE = /^(?:iv|po|sc|im)$/;
const routesPerWord = perWord((word) => ROUTES.findIndex(([pattern]) => pattern.test(word)) + 1);

// `40 mg`, `1 mg/kg/day`, `5,000 IU`, `50 Gy`: what is given, to what or per what time.
const DOSE =
  /[\s\u00a0\u2009-]{0,2}(mg|g|mcg|µg|μg|ug|IU|U|units?|ml|mL|mEq|mmol|MBq|mCi|c?Gy)(?![a-zA-Z])(?:[\s\u00a0]?(?:\/|per )[\s\u00a0]?(kg|m2|m²|day|d|hour|hr|h|min|week)(?![a-zA-Z]))?(?:[\s\u00a0]?(?:\/|per )[\s\u00a0]?(day|d|hour|hr|h|min|week)(?![a-zA-Z]))?/y;
const UNITS: Readonly<Record<string, string>> = {
  mcg: 'ug',
  µg: 'ug',
  μg: 'ug',
  IU: '[IU]',
  unit: 'U',
  units: 'U',
  ml: 'mL',
  mEq: 'meq',
  'm²': 'm2',
  day: 'd',
  hour: 'h',
  hr: 'h',
  week: 'wk',
};
const unitOf = (written: string): string => UNITS[written] ?? written;

type Dose = { readonly value: number; readonly unit: string; readonly start: number; readonly end: number };

function doseAt({ text, tokens }: Reading, at: number): Dose | null {
  if (tokens.kind[at] !== NUMBER) return null;
  const value = readNumber(tokens.word[at] ?? '');
  const end = tokens.end[at] ?? 0;
  DOSE.lastIndex = end;
  const found = DOSE.exec(text);
  if (found === null || !Number.isFinite(value)) return null;
  const unit = [found[1], found[2], found[3]]
    .filter((part) => part !== undefined)
    .map(unitOf)
    .join('/');
  return { value, unit, start: tokens.start[at] ?? 0, end: end + found[0].length };
}

const DOSE_AFTER = 7;
const DOSE_BEFORE = 6;
const NEAR_BEFORE = 8;
const NEAR_AFTER = 6;
const ENDS = new Set([';', '.']);

/** The dose behind a name (`prednisolone (1 mg/kg/day)`), else the one before it (`40 mg of prednisolone`). */
function doseOf(reading: Reading, match: Match<Named>, from: number, to: number): Dose | null {
  for (let at = match.to; at < Math.min(to, match.to + DOSE_AFTER); at += 1) {
    const word = reading.tokens.word[at] ?? '';
    if (ENDS.has(word) || word === 'and' || word === 'with' || (word === ',' && at > match.to)) break;
    const dose = doseAt(reading, at);
    if (dose !== null) return dose;
  }
  for (let at = match.from - 1; at >= Math.max(from, match.from - DOSE_BEFORE); at -= 1) {
    const word = reading.tokens.word[at] ?? '';
    if (ENDS.has(word) || word === ',' || word === 'and' || word === 'with') return null;
    const dose = doseAt(reading, at);
    if (dose !== null) return dose;
  }
  return null;
}

type Near = { readonly before: number; readonly after: number; readonly next: number; readonly route: string | null };

/** What the words around a name say of it. */
function near(reading: Reading, match: Match<Named>, from: number, to: number): Near {
  const { text, tokens } = reading;
  const roles = rolesPerWord(tokens.pool);
  const routes = routesPerWord(tokens.pool);
  let before = 0;
  let after = 0;
  let route: string | null = null;
  const routeAt = (at: number): void => {
    const found = routes[tokens.id[at] ?? 0] ?? 0;
    if (found === 0 || route !== null) return;
    const written = text.slice(tokens.start[at] ?? 0, tokens.end[at] ?? 0);
    if (!SHORT_ROUTE.test(tokens.word[at] ?? '') || written === written.toUpperCase())
      route = ROUTES[found - 1]?.[1] ?? null;
  };
  for (let at = match.from - 1; at >= Math.max(from, match.from - NEAR_BEFORE); at -= 1) {
    if (tokens.word[at] === ';' || tokens.word[at] === 'but') break;
    before |= roles[tokens.id[at] ?? 0] ?? 0;
    if (match.from - at <= 4) routeAt(at);
  }
  for (let at = match.to; at < Math.min(to, match.to + NEAR_AFTER); at += 1) {
    if (tokens.word[at] === ';' || tokens.word[at] === 'but' || tokens.word[at] === 'and') break;
    after |= roles[tokens.id[at] ?? 0] ?? 0;
    if (at - match.to < 5) routeAt(at);
  }
  const next = tokens.word[match.to] === '-' ? match.to + 1 : match.to;
  return { before, after, next: next < to ? (roles[tokens.id[next] ?? 0] ?? 0) : 0, route };
}

/** Whether a name is a treatment here, and not an analyte, an antibiogram, an allergy or a department. */
function isTreatment(reading: Reading, match: Match<Named>, named: Named, { before, after, next }: Near): boolean {
  if (next & MEASURE || before & REACT) return false;
  if ((ALSO_ANALYTES.has(named.term) || named.term.startsWith('vitamin ')) && ((before | after) & GIVE) === 0)
    return false;
  const others = OTHERS_BEFORE[named.term];
  return others === undefined || !others.test(reading.tokens.word[match.from - 1] ?? '');
}

const ADVICE = /^(?:recommendations?|advice|recommended|advised|offered|proposed|suggested|counsel(?:l)?ed)$/;
const REFUSED = /^(?:refused|declined|rejected)$/;
const REFUSERS =
  /^(?:patient|family|parents|parent|mother|father|husband|wife|guardian|guardians|relatives|he|she|they|who|which|and|but)$/;
const REFUSAL_REACH = 16;

/** `We recommended surgery, but the family declined`; `despite the recommendation for surgery`: it was not done. */
function isRefusedLater({ tokens }: Reading, match: Match<Named>, from: number, to: number): boolean {
  let isAdvised = false;
  for (let at = Math.max(from, match.from - NEAR_BEFORE); at < Math.min(to, match.to + REFUSAL_REACH); at += 1) {
    const word = tokens.word[at] ?? '';
    if (ADVICE.test(word)) {
      isAdvised = true;
      for (let back = at - 1; back >= Math.max(from, at - 3) && at < match.from; back -= 1)
        if (tokens.word[back] === 'despite' || tokens.word[back] === 'against') return true;
    }
    if (at >= match.to && isAdvised && REFUSED.test(word) && REFUSERS.test(tokens.word[at - 1] ?? '')) return true;
  }
  return false;
}

function assertionOf(
  reading: Reading,
  match: Match<Named>,
  { before, after }: Near,
  sentence: { readonly from: number; readonly to: number },
): Assertion {
  const said = assertionAt(reading, match.from, false);
  if (said === 'absent' || said === 'family' || said === 'historical') return said;
  if ((before | after) & REFUSE) return 'absent';
  if ((before | after) & PLAN && isRefusedLater(reading, match, sentence.from, sentence.to)) return 'absent';
  return said === 'possible' || (before | after) & PLAN ? 'hypothetical' : 'present';
}

/** Names of the vocabulary, and single words by their endings, in text order. */
function* namesIn(reading: Reading): Generator<readonly [Match<Named>, Named]> {
  const { tokens } = reading;
  const kinds = kindsPerWord(tokens.pool);
  const matches = LEXICON.match(tokens);
  let next = 0;
  for (let at = 0; at < tokens.count; at += 1) {
    const match = matches[next];
    if (match !== undefined && match.from === at) {
      next += 1;
      const named = match.entries[0];
      if (named !== undefined) yield [match, named];
      at = match.to - 1;
      continue;
    }
    const kind = kinds[tokens.id[at] ?? 0] ?? 0;
    if (kind === 0) continue;
    const named: Named = { term: tokens.word[at] ?? '', kind: kind === MEDICATION ? 'medication' : 'procedure' };
    yield [{ from: at, to: at + 1, entries: [named] }, named];
  }
}

const TREATMENTS_MAX = 60;

/** What was done for the patient: each treatment once per assertion, where a dose is stated at the place that states it. */
export function findTreatments(reading: Reading): readonly Finding[] {
  const { tokens, sentences, story } = reading;
  const found = new Map<string, Finding>();
  let index = 0;
  for (const [match, named] of namesIn(reading)) {
    while (index < sentences.length && (sentences[index]?.to ?? 0) <= match.from) index += 1;
    const sentence = sentences[index];
    if (sentence === undefined || !story[index] || match.to > sentence.to) continue;
    const around = near(reading, match, sentence.from, sentence.to);
    if (!isTreatment(reading, match, named, around)) continue;
    const assertion = assertionOf(reading, match, around, sentence);
    const key = `${named.term}:${assertion}`;
    const known = found.get(key);
    if (known?.value !== undefined) continue;
    const dose = hasDose(named) ? doseOf(reading, match, sentence.from, sentence.to) : null;
    if (known !== undefined && dose === null) continue;
    const start = tokens.start[match.from] ?? 0;
    found.set(key, {
      term: named.term,
      assertion,
      span: [start, tokens.end[match.to - 1] ?? start],
      ...(dose === null ? {} : { value: dose.value, unit: dose.unit }),
      qualifiers: [named.kind, ...(around.route === null || !hasDose(named) ? [] : [around.route])],
    });
  }
  return [...found.values()].sort((a, b) => a.span[0] - b.span[0]).slice(0, TREATMENTS_MAX);
}

const DOSED: ReadonlySet<TreatmentKind> = new Set(['medication', 'therapy'] as const);
const hasDose = ({ kind }: Named): boolean => DOSED.has(kind);
