import { RARITY_CRITERIA, type RarityCriterion } from '../../schema/vocabulary.ts';
import type { ExtractedCase, Span } from './case.ts';
import { type Diagnosis, NAMED_SCORE } from './diagnosis.ts';
import { buildLexicon } from './lexicon.ts';
import { assertionAt, entryIn, type Reading } from './reading.ts';
import { bitsOf, tokenise } from './tokens.ts';
import { RARE_NAMES } from './vocabularies/rare-names.ts';
import {
  COMMON_REACTIONS,
  COMMON_SYNDROMES,
  EPONYM,
  GENE_DEFICIENCY,
  INDUCED,
  NOT_MEDICINES,
  RARE_COMPLICATIONS,
  RARE_DISEASE_WORDS,
  RARE_ECG_PATTERNS,
  RARE_REACTIONS,
  RARE_STEMS,
  RARITY_STATEMENTS,
  SYNDROME_NAME,
  UNUSUAL_PATIENTS,
} from './vocabularies/rarity.ts';
import { TREATMENTS, treatmentOfWord } from './vocabularies/treatments.ts';
import { bitsPerWord } from './words.ts';

/** One reason why a case is rare. `weight` adds up; from `RARE_FROM` on the case counts as rare. */
export type RarityEvidence = {
  readonly criterion: RarityCriterion;
  readonly weight: number;
  readonly reason: string;
  readonly span: Span;
};

export const RARE_FROM = 1;
const QUOTE_CHARS = 160;

function quote(text: string, [start, end]: Span): string {
  const words = text.slice(start, end).replace(/\s+/g, ' ').trim();
  return words.length > QUOTE_CHARS ? `${words.slice(0, QUOTE_CHARS - 1)}…` : words;
}

// A title names these only to say what it is not.
const NOT_HAD =
  /\b(?:mimick?\w*|masquerad\w+|simulat\w+|resembl\w+|misdiagnosed|mistaken|versus|vs|differential|rather than|not|without|excluding)\b/i;

/** Known rare diseases that the patient has: in the diagnosis or title surely, elsewhere by how often they are named. */
function diseaseEvidence(
  reading: Reading,
  diagnosis: Diagnosis | null,
  title: string | null,
): readonly RarityEvidence[] {
  const counts = new Map<string, { count: number; span: Span; head: boolean; titled: boolean }>();
  const lowerTitle = (title?.split(NOT_HAD)[0] ?? '').toLowerCase();
  for (const mention of reading.mentions) {
    const disease = entryIn(mention, 'disease');
    if (disease === undefined || !disease.rare) continue;
    const section = reading.sentences[mention.sentence]?.section ?? null;
    if (section === 'matter') continue;
    const assertion = assertionAt(reading, mention.from, true);
    if (assertion === 'absent' || assertion === 'family' || assertion === 'possible') continue;
    const words = reading.text.slice(mention.start, mention.end);
    const inDiagnosis = diagnosis !== null && mention.start < diagnosis.span[1] && diagnosis.span[0] < mention.end;
    const known = counts.get(disease.term);
    counts.set(disease.term, {
      count: (known?.count ?? 0) + 1,
      span: known?.span ?? [mention.start, mention.end],
      head: (known?.head ?? false) || inDiagnosis,
      titled: (known?.titled ?? false) || lowerTitle.includes(words.toLowerCase()),
    });
  }
  return [...counts.values()]
    .filter(({ count, head, titled }) => titled || head || count >= 4)
    .map(({ span, head, titled, count }) => ({
      criterion: 'prevalence' as const,
      weight: titled ? 1.2 : head ? 1 : count >= 8 ? 0.7 : 0.4,
      reason: `"${quote(reading.text, span)}" affects fewer than 1 in 2,000 people.`,
      span,
    }));
}

// A statement counts in full, and a little more, where its sentence names the diagnosis or this case.
const NAMED_BONUS = 0.4;
const NAME_CHARS_MIN = 6;
const statementsPerWord = bitsPerWord(RARITY_STATEMENTS.map(({ words }) => words));
const THIS_CASE = /\b(?:we (?:report|present|describe)|our (?:case|patient)|this (?:case|patient|report))\b/;

function statementEvidence(reading: Reading, diagnosis: Diagnosis | null): readonly RarityEvidence[] {
  const names = (diagnosis?.text.toLowerCase().match(/\p{L}+/gu) ?? []).filter((word) => word.length >= NAME_CHARS_MIN);
  const statements = statementsPerWord(reading.tokens.pool);
  const found: RarityEvidence[] = [];
  for (const sentence of reading.sentences) {
    if (sentence.section === 'matter' || sentence.heading) continue;
    const possible = bitsOf(statements, reading.tokens, sentence.from, sentence.to);
    if (possible === 0) continue;
    const written = reading.text.slice(sentence.start, sentence.end);
    const lower = written.toLowerCase();
    if (lower.length !== written.length) continue;
    let bonus = -1;
    for (const [place, { pattern, criterion, weight }] of RARITY_STATEMENTS.entries()) {
      if ((possible & (1 << place)) === 0) continue;
      for (const match of lower.matchAll(pattern)) {
        if (bonus < 0) bonus = names.some((name) => lower.includes(name)) || THIS_CASE.test(lower) ? NAMED_BONUS : 0;
        const span: Span = [sentence.start + match.index, sentence.start + match.index + match[0].length];
        // A discussion speaks of many diseases; what it calls rare need not be this patient's.
        const far = sentence.section === 'discussion' || sentence.section === 'conclusion';
        const heard = weight + bonus;
        found.push({
          criterion,
          weight: far ? heard / 2 : heard,
          reason: `The report says "${quote(reading.text, span)}".`,
          span,
        });
      }
    }
  }
  return found;
}

function ecgEvidence(theCase: ExtractedCase): readonly RarityEvidence[] {
  return (theCase.facets.ecg?.findings ?? [])
    .filter((finding) => RARE_ECG_PATTERNS.has(finding.term) && finding.assertion === 'present')
    .map((finding) => ({
      criterion: 'rare_ecg_pattern' as const,
      weight: 1,
      reason: `The ECG shows ${finding.term}: "${quote(theCase.text, finding.span)}".`,
      span: finding.span,
    }));
}

/** Words and names that mark a rare disease where no list has it. */
function wordEvidence(reading: Reading, diagnosis: Diagnosis | null, title: string | null): readonly RarityEvidence[] {
  if (diagnosis === null) return [];
  const found: RarityEvidence[] = [];
  const said = title === null ? '' : (title.split(NOT_HAD)[0] ?? '');
  const add = (words: readonly string[] | null, weight: number): void => {
    if (words === null) return;
    found.push({
      criterion: 'prevalence',
      weight,
      reason: `"${quote(reading.text, diagnosis.span)}" names a disease of a rare kind (${words[0]}).`,
      span: diagnosis.span,
    });
  };
  add(RARE_DISEASE_WORDS.exec(diagnosis.text.toLowerCase()), 1);
  add(RARE_DISEASE_WORDS.exec(said.toLowerCase()), 0.8);
  add(RARE_STEMS.exec(diagnosis.text.toLowerCase()), 1);
  add(RARE_STEMS.exec(said.toLowerCase()), 0.8);
  add(GENE_DEFICIENCY.exec(diagnosis.text), 1);
  if (diagnosis.term === null) {
    add(EPONYM.exec(diagnosis.text) ?? EPONYM.exec(said), 1);
    add(namedSyndrome(diagnosis.text), 0.8);
  }
  return found;
}

const rareNames = buildLexicon<string>(RARE_NAMES.map((name) => [name, name] as const));
const TITLED = 1.2;

/** Rare diseases by name, in the diagnosis and in what a title says of the patient. */
function nameEvidence(reading: Reading, diagnosis: Diagnosis | null, title: string | null): readonly RarityEvidence[] {
  const found: RarityEvidence[] = [];
  const add = (words: string, span: Span, weight: number): void => {
    const tokens = tokenise(words);
    for (const { from, to } of rareNames.match(tokens))
      found.push({
        criterion: 'prevalence',
        weight,
        reason: `"${words.slice(tokens.start[from] ?? 0, tokens.end[to - 1] ?? 0)}" affects fewer than 1 in 2,000 people.`,
        span,
      });
  };
  if (diagnosis !== null) add(diagnosis.text, diagnosis.span, 1);
  const said = title === null ? '' : (title.split(NOT_HAD)[0] ?? '');
  if (said === '') return found;
  const lower = reading.text.toLowerCase();
  const tokens = tokenise(said);
  for (const { from, to } of rareNames.match(tokens)) {
    const name = said.slice(tokens.start[from] ?? 0, tokens.end[to - 1] ?? 0);
    const at = lower.length === reading.text.length ? lower.indexOf(name.toLowerCase()) : reading.text.indexOf(name);
    if (at >= 0) add(name, [at, at + name.length], TITLED);
  }
  return found;
}

const MEDICINES = new Set(
  TREATMENTS.filter(({ kind }) => kind === 'medication').map(({ phrase }) => phrase.toLowerCase()),
);

const CAUSE_CHARS_MIN = 5;
const REACTION_WORDS = 4;

/** `Kounis syndrome` and the like: a syndrome by a name that is none of the common ones; null where the text names none. */
function namedSyndrome(text: string): readonly string[] | null {
  const words = text.split(/[\s-]+/);
  const isCommon = (i: number) => i >= 0 && COMMON_SYNDROMES.test(words[i] ?? '');
  for (const [i, word] of words.entries()) {
    const name = words[i - 1] ?? '';
    if (!/^syndrome\W*$/i.test(word) || !SYNDROME_NAME.test(name)) continue;
    const pairs = [`${words[i - 2] ?? ''} ${name}`, `${words[i - 3] ?? ''} ${words[i - 2] ?? ''}`];
    if (isCommon(i - 1) || isCommon(i - 2) || pairs.some((pair) => COMMON_SYNDROMES.test(pair))) return null;
    return [`${name} syndrome`];
  }
  return null;
}

/** A reaction that few have, or a disease that a medicine brought about as it seldom does. */
function reactionEvidence(reading: Reading, diagnosis: Diagnosis | null): readonly RarityEvidence[] {
  if (diagnosis === null) return [];
  const lower = diagnosis.text.toLowerCase();
  const of = (criterion: RarityCriterion, weight: number, reason: string): RarityEvidence => ({
    criterion,
    weight,
    reason: `"${quote(reading.text, diagnosis.span)}" ${reason}`,
    span: diagnosis.span,
  });
  const words = lower.split(/\s+/);
  const induced = words.some((word, i) => {
    const cause = INDUCED.exec(word)?.[1] ?? '';
    return (
      cause.length >= CAUSE_CHARS_MIN &&
      !NOT_MEDICINES.has(cause) &&
      (MEDICINES.has(cause) || treatmentOfWord(cause) === 'medication') &&
      !COMMON_REACTIONS.test(words.slice(i + 1, i + 1 + REACTION_WORDS).join(' '))
    );
  });
  return [
    ...(RARE_REACTIONS.test(lower)
      ? [of('rare_drug_reaction', 1, 'is a reaction to medicines that few patients have.')]
      : []),
    ...(induced ? [of('rare_drug_reaction', 0.7, 'is brought about by a medicine that seldom does so.')] : []),
    ...(RARE_COMPLICATIONS.test(lower)
      ? [of('rare_complication', 0.7, 'is a complication that few patients have.')]
      : []),
  ];
}

/** A disease that is unusual for the patient's age or sex. */
function patientEvidence(theCase: ExtractedCase, diagnosis: Diagnosis | null): readonly RarityEvidence[] {
  const { ageYears, sex } = theCase.patient;
  const term = diagnosis?.term;
  if (diagnosis === null || term === null || term === undefined) return [];
  const found: RarityEvidence[] = [];
  for (const one of UNUSUAL_PATIENTS) {
    if (!one.term.test(term) || (one.sex !== undefined && one.sex !== sex)) continue;
    const isYoung = one.below !== undefined && ageYears !== null && ageYears < one.below;
    const isOld = one.from !== undefined && ageYears !== null && ageYears >= one.from;
    if ((one.below !== undefined || one.from !== undefined) && !isYoung && !isOld) continue;
    const whom = isYoung || isOld ? `at the age of ${ageYears} years` : `in ${sex === 'male' ? 'men' : 'women'}`;
    found.push({
      criterion: 'rare_for_demographic',
      weight: 1,
      reason: `"${quote(theCase.text, diagnosis.span)}" is unusual ${whom}.`,
      span: diagnosis.span,
    });
  }
  return found;
}

export type Rarity = {
  readonly isRare: boolean;
  readonly criteria: readonly RarityCriterion[];
  /** The evidence that weighs most, strongest first. */
  readonly evidence: readonly RarityEvidence[];
};

/**
 * Judges rarity by the six criteria. Each criterion counts with its strongest evidence only, so that a phrase repeated ten
 * times proves no more than once.
 */
export function judgeRarity(
  reading: Reading,
  theCase: ExtractedCase,
  diagnosis: Diagnosis | null,
  title: string | null,
): Rarity {
  // What is only guessed to be the diagnosis supports no claim.
  const stated = diagnosis !== null && diagnosis.score > NAMED_SCORE ? diagnosis : null;
  const evidence = [
    ...diseaseEvidence(reading, stated, title),
    ...wordEvidence(reading, stated, title),
    ...statementEvidence(reading, stated),
    ...ecgEvidence(theCase),
    ...nameEvidence(reading, stated, title),
    ...reactionEvidence(reading, stated),
    ...patientEvidence(theCase, stated),
  ].sort((a, b) => b.weight - a.weight || a.span[0] - b.span[0]);
  const strongest = new Map<RarityCriterion, RarityEvidence>();
  for (const one of evidence) if (!strongest.has(one.criterion)) strongest.set(one.criterion, one);
  const total = [...strongest.values()].reduce((sum, one) => sum + one.weight, 0);
  return {
    isRare: total >= RARE_FROM,
    criteria: RARITY_CRITERIA.filter((criterion) => strongest.has(criterion)),
    evidence: [...strongest.values()],
  };
}
