import type { Assertion } from '../../schema/vocabulary.ts';
import { type Amount, allergensOf, doseOf, packYearsOf } from './background-values.ts';
import type { Finding, Span } from './case.ts';
import { type Draft, makeFinding } from './findings.ts';
import { findOccupations } from './occupation.ts';
import { assertionAt, entryIn, isOfFamily, type Mention, mentionsIn, type Reading } from './reading.ts';
import { FAMILY, HISTORICAL } from './scopes.ts';
import {
  KIND_OF_RISK,
  MEDICINE_ENDINGS,
  MEDICINE_SYNONYMS,
  PAST_TREATMENTS,
  RISK_DISEASES,
} from './vocabularies/background.ts';
import { perWord } from './words.ts';

/** The first qualifier of every finding of the background. */
type Kind = 'history' | 'risk factor' | 'medication' | 'allergy' | 'family' | 'social';

const TAKING = new Set(
  'taking takes took on using uses medication medications regular daily prescribed under home receiving long'.split(
    ' ',
  ),
);
const STARTING = new Set(
  'started commenced treated given initiated administered began treatment discharged placed switched managed'.split(
    ' ',
  ),
);
const BIRTHS = new Set('born delivered birth'.split(' '));
// States that a report names again and again.
const ONCE = new Set(['pregnancy', 'menopause', 'previously healthy', 'occupation']);
const TAKING_REACH = 8;

/** Whether the patient was on a medicine before, rather than given it now. */
function isHomeMedicine(reading: Reading, at: number, sentence: number): boolean {
  if ((reading.scopes.bits[at] ?? 0) & HISTORICAL) return true;
  const floor = Math.max(reading.sentences[sentence]?.from ?? 0, at - TAKING_REACH);
  let taking = false;
  for (let before = at - 1; before >= floor; before -= 1) {
    const word = reading.tokens.word[before] ?? '';
    if (STARTING.has(word)) return false;
    if (TAKING.has(word)) taking = true;
  }
  return taking;
}

const medicineWords = perWord((word) =>
  /^\p{L}/u.test(word) && word.length > 6 && MEDICINE_ENDINGS.some((ending) => word.endsWith(ending)) ? 1 : 0,
);

/** The relative that a sentence names nearest to a mention: `mother`. */
function relativeOf(reading: Reading, mention: Mention): string | null {
  let best: Mention | null = null;
  for (const other of mentionsIn(reading, mention.sentence)) {
    if (entryIn(other, 'relative') === undefined) continue;
    const isNearer = best === null || Math.abs(other.from - mention.from) < Math.abs(best.from - mention.from);
    if (isNearer) best = other;
  }
  return best === null ? null : reading.text.slice(best.start, best.end).toLowerCase();
}

function backgroundDraft(
  sentence: number,
  term: string,
  assertion: Assertion,
  span: Span,
  kind: Kind,
  more: Partial<Pick<Finding, 'value' | 'unit'>> & { readonly words?: readonly string[] } = {},
): Draft {
  const { words = [], ...amount } = more;
  return { sentence, finding: makeFinding({ term, assertion, span, ...amount, qualifiers: [kind, ...words] }) };
}

function medicationDraft(
  reading: Reading,
  sentence: number,
  term: string,
  assertion: Assertion,
  from: number,
  to: number,
): Draft {
  const { start, end } = reading.tokens;
  const dose: Amount | null = doseOf(reading, from, to, reading.sentences[sentence]?.to ?? to);
  const span: Span = [start[from] ?? 0, Math.max(dose?.end ?? 0, end[to - 1] ?? 0)];
  return backgroundDraft(sentence, term, assertion, span, 'medication', {
    ...(dose === null ? {} : { value: dose.value, unit: dose.unit, words: dose.words }),
  });
}

function allergyDrafts(reading: Reading, mention: Mention, term: string, stated: Assertion): readonly Draft[] {
  const { start, end } = reading.tokens;
  const isNone = /^(?:no\b|nkda)/i.test(reading.text.slice(mention.start, mention.end));
  const assertion: Assertion = isNone ? 'absent' : stated === 'historical' ? 'present' : stated;
  const named = allergensOf(reading, mention);
  if (named.length > 0)
    return named.map(({ name, at }) =>
      backgroundDraft(
        mention.sentence,
        `${name} allergy`,
        assertion,
        [Math.min(mention.start, start[at] ?? 0), Math.max(mention.end, end[at] ?? 0)],
        'allergy',
      ),
    );
  // `allergic to` something that no list knows says nothing that could be compared.
  if (reading.tokens.word[mention.to - 1] === 'to') return [];
  return [backgroundDraft(mention.sentence, term, assertion, [mention.start, mention.end], 'allergy')];
}

function riskDrafts(reading: Reading, mention: Mention, term: string, assertion: Assertion): readonly Draft[] {
  const kind = KIND_OF_RISK.get(term) ?? 'history';
  const span: Span = [mention.start, mention.end];
  const result = reading.scopes.resultAt(mention.from);
  if (kind === 'allergy') return allergyDrafts(reading, mention, term, assertion);
  if (term === 'family history') {
    // What the family has is told by its diseases; only that there is nothing needs a finding of its own.
    const isEmpty = assertion === 'absent' || result === 'normal' || result === 'negative';
    return isEmpty ? [backgroundDraft(mention.sentence, term, 'absent', span, 'family')] : [];
  }
  if (
    PAST_TREATMENTS.has(term) &&
    assertion !== 'historical' &&
    !(term === 'premature infant' && tellsBirth(reading, mention))
  )
    return [];
  if (term !== 'consanguinity' && isOfFamily(reading, mention.from)) return [];
  const stated: Assertion = assertion === 'family' ? 'present' : assertion;
  const packYears = term === 'smoking' || term === 'former smoker' ? packYearsOf(reading, mention) : null;
  const amount = packYears === null ? {} : { value: packYears, unit: '{pack-years}' };
  return [backgroundDraft(mention.sentence, term, stated, span, kind, amount)];
}

function tellsBirth(reading: Reading, mention: Mention): boolean {
  const sentence = reading.sentences[mention.sentence];
  for (let at = sentence?.from ?? 0; at < (sentence?.to ?? 0); at += 1)
    if (BIRTHS.has(reading.tokens.word[at] ?? '')) return true;
  return false;
}

function mentionDrafts(reading: Reading, mention: Mention): readonly Draft[] {
  const drafts: Draft[] = [];
  const assertion = assertionAt(reading, mention.from, true);
  const disease = entryIn(mention, 'disease');
  const known = disease ?? entryIn(mention, 'symptom');
  const span: Span = [mention.start, mention.end];
  if (known !== undefined && isOfFamily(reading, mention.from)) {
    const relative = relativeOf(reading, mention);
    drafts.push(
      backgroundDraft(mention.sentence, known.term, assertion, span, 'family', {
        words: relative === null ? [] : [relative],
      }),
    );
  } else if (known !== undefined && RISK_DISEASES.has(known.term)) {
    if (assertion !== 'possible' && assertion !== 'hypothetical')
      drafts.push(backgroundDraft(mention.sentence, known.term, assertion, span, 'risk factor'));
  } else if (disease !== undefined && assertion === 'historical')
    drafts.push(backgroundDraft(mention.sentence, disease.term, assertion, span, 'history'));
  const risk = entryIn(mention, 'risk');
  if (risk !== undefined && assertion !== 'hypothetical')
    drafts.push(...riskDrafts(reading, mention, risk.term, assertion));
  const medicine = entryIn(mention, 'medicine');
  const named = reading.text.slice(mention.start, mention.end).toLowerCase();
  if (medicine !== undefined && isHomeMedicine(reading, mention.from, mention.sentence))
    drafts.push(
      medicationDraft(
        reading,
        mention.sentence,
        MEDICINE_SYNONYMS.get(named) ?? named,
        assertion === 'absent' ? 'absent' : 'historical',
        mention.from,
        mention.to,
      ),
    );
  return drafts;
}

/** History, risk factors, home medication, allergies, family and social history: what the patient brings along, for the facet `demographics`. */
export function findBackground(reading: Reading): readonly Draft[] {
  const drafts = reading.own.flatMap((mention) => mentionDrafts(reading, mention));
  const medicines = medicineWords(reading.tokens.pool);
  for (const [index, sentence] of reading.sentences.entries()) {
    if (!reading.story[index]) continue;
    for (let at = sentence.from; at < sentence.to; at += 1) {
      if (medicines[reading.tokens.id[at] ?? 0] === 0 || (reading.scopes.bits[at] ?? 0) & FAMILY) continue;
      if (!isHomeMedicine(reading, at, index)) continue;
      drafts.push(medicationDraft(reading, index, reading.tokens.word[at] ?? '', 'historical', at, at + 1));
    }
  }
  return [...withoutRepeats(drafts), ...findOccupations(reading)];
}

/** `allergic to penicillin` is no treatment with it, and a `40 pack-year smoker` smokes once. */
function withoutRepeats(drafts: readonly Draft[]): readonly Draft[] {
  const allergies = drafts
    .filter(({ finding }) => finding.qualifiers?.[0] === 'allergy')
    .map(({ finding }) => finding.span);
  const habits = new Set<string>();
  return drafts.filter(({ finding: { term, assertion, qualifiers, span, value } }) => {
    if (qualifiers?.[0] === 'medication') return !allergies.some(([from, to]) => span[0] >= from && span[0] < to);
    if (qualifiers?.[0] !== 'risk factor' && !ONCE.has(term)) return true;
    const habit = ONCE.has(term) ? term : `${term}:${assertion}:${value ?? ''}`;
    if (habits.has(habit)) return false;
    habits.add(habit);
    return true;
  });
}
