import {
  DIAGNOSIS_CATEGORIES,
  OUTCOME_STATUSES,
  RARITY_CRITERIA,
  type RarityCriterion,
} from '../../schema/vocabulary.ts';
import type { Distillate, ExtractedCase, Finding, Span } from '../cases/case.ts';
import type { StoredCase } from '../search/archive.ts';
import type { Provenance } from '../search/contract.ts';
import { withoutText } from '../search/withhold.ts';
import {
  agreementOf,
  type Counted,
  type LabelAgreement,
  type SetAgreement,
  sameName,
  setAgreementOf,
} from './agreement-measures.ts';
import { distillByRules } from './rules.ts';

/** One case that a model has distilled, and what that took. */
export type ModelCase = {
  readonly caseId: string;
  readonly title: string | null;
  readonly extracted: ExtractedCase;
  readonly distillate: Distillate;
  /** Units of the quota that its calls used, as the ledger of effects has them; null where it has none of this case. */
  readonly units: number | null;
  readonly calls: number;
  /** Why words of the case may not be shown; null where they may. */
  readonly withheld: string | null;
};

/** What one side says, with the words of the case that say it; null where no words are shown or none are named. */
export type Said = { readonly claim: string | null; readonly quote: string | null };
export const DIFFERENCE_FIELDS = [
  'rare',
  'criteria',
  'diagnosis',
  'category',
  'outcome',
  'treatments',
  'complications',
  'key findings',
] as const;
export type DifferenceField = (typeof DIFFERENCE_FIELDS)[number];
export type Difference = { readonly field: DifferenceField; readonly rules: Said; readonly model: Said };
export type DifferingCase = {
  readonly caseId: string;
  readonly title: string | null;
  readonly by: string;
  readonly units: number | null;
  readonly withheld: string | null;
  readonly differences: readonly Difference[];
};

export type AgreementReport = {
  readonly cases: number;
  readonly models: readonly { readonly by: string; readonly cases: number }[];
  readonly rare: LabelAgreement;
  readonly category: LabelAgreement;
  readonly outcome: LabelAgreement;
  readonly diagnosis: {
    /** Both name the same, both name none, they name different ones, only one names one. */
    readonly same: number;
    readonly neither: number;
    readonly different: number;
    readonly onlyRules: number;
    readonly onlyModel: number;
    /** Share in [0, 1] of cases that are the same or neither. */
    readonly agreement: number;
  };
  /** Sets, counted over all cases: what the rules found of the model's, and what of theirs the model has too. */
  readonly criteria: SetAgreement & {
    readonly each: readonly {
      readonly criterion: RarityCriterion;
      readonly both: number;
      readonly onlyRules: number;
      readonly onlyModel: number;
    }[];
  };
  readonly treatments: SetAgreement;
  readonly complications: SetAgreement;
  readonly keySymptoms: SetAgreement;
  readonly keyLabs: SetAgreement;
  readonly keyEcg: SetAgreement;
  readonly review: {
    readonly claims: number;
    readonly dropped: number;
    /** Share in [0, 1] of claims left out because their words are not in the case; null without claims. */
    readonly droppedShare: number | null;
    readonly repairs: number;
    readonly repaired: number;
    readonly truncated: number;
    readonly suspicious: number;
  };
  readonly spent: {
    /** Cases of which the ledger knows what they took; the rest is unknown and not counted as nothing. */
    readonly known: number;
    readonly unknown: number;
    readonly units: number;
    readonly calls: number;
    readonly perCase: number | null;
    /** Units for each case in which the model says something else than the rules; null where there is none. */
    readonly perDifferingCase: number | null;
  };
  /** By case id; only those that differ. */
  readonly differing: readonly DifferingCase[];
};

/** Words that stand for the rule by which names are compared, for whoever reads the numbers. */
export const MATCHING_RULE =
  'Two names are the same when, lower-cased, without accents, stop words and word endings, all words of the shorter are in the longer, ' +
  'or more than half of all their words are shared. Sets are matched one to one; the model is the measure of precision and recall, not the truth.';

type Compared = { readonly theCase: ModelCase; readonly rules: Distillate };

/**
 * Compares what the rules make of each case with what a model made of it. Pure, and no model is called: the rules are free, and
 * the model's answers are those that are stored.
 */
export function compareWithRules(cases: readonly ModelCase[]): AgreementReport {
  const all = cases.map((theCase): Compared => ({ theCase, rules: distillByRules(theCase) }));
  const labels = (of: (distillate: Distillate) => string, values: readonly string[]) =>
    agreementOf(
      all.map(({ theCase, rules }) => [of(rules), of(theCase.distillate)]),
      values,
    );
  const sets = (of: (distillate: Distillate) => readonly string[], same = sameName): SetAgreement =>
    setAgreementOf(
      all.map(({ theCase, rules }) => [of(rules), of(theCase.distillate)]),
      same,
    );
  const differing = all.flatMap(differenceOf).sort((a, b) => (a.caseId < b.caseId ? -1 : 1));
  return {
    cases: cases.length,
    models: countBy(cases.map(({ distillate }) => distillate.review.by)),
    rare: labels((one) => (one.isRare ? 'rare' : 'not rare'), ['rare', 'not rare']),
    category: labels((one) => one.diagnosisCategory, DIAGNOSIS_CATEGORIES),
    outcome: labels((one) => one.outcome.status, OUTCOME_STATUSES),
    diagnosis: diagnosesOf(all),
    criteria: {
      ...sets(
        (one) => one.rarityCriteria,
        (a, b) => a === b,
      ),
      each: criteriaOf(all),
    },
    treatments: sets(termsOf('treatments')),
    complications: sets(termsOf('complications')),
    keySymptoms: sets((one) => one.keySymptoms),
    keyLabs: sets((one) => one.keyLabs),
    keyEcg: sets((one) => (one.keyEcg === null ? [] : [one.keyEcg])),
    review: reviewOf(cases),
    spent: spentOn(cases, differing),
    differing,
  };
}

const isOwn = ({ assertion }: Finding): boolean => assertion === 'present' || assertion === 'historical';
const termsOf = (field: 'treatments' | 'complications') => (one: Distillate) => [
  ...new Set(one[field].filter(isOwn).map(({ term }) => term)),
];
const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

function countBy(names: readonly string[]): AgreementReport['models'] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([by, cases]) => ({ by, cases }));
}

function diagnosesOf(all: readonly Compared[]): AgreementReport['diagnosis'] {
  const counts = { same: 0, neither: 0, different: 0, onlyRules: 0, onlyModel: 0 };
  for (const { theCase, rules } of all) counts[compareDiagnoses(rules.diagnosis, theCase.distillate.diagnosis)] += 1;
  return { ...counts, agreement: all.length === 0 ? 0 : (counts.same + counts.neither) / all.length };
}

function compareDiagnoses(rules: string | null, model: string | null) {
  if (rules === null) return model === null ? 'neither' : 'onlyModel';
  if (model === null) return 'onlyRules';
  return sameName(rules, model) ? 'same' : 'different';
}

const criteriaOf = (all: readonly Compared[]): AgreementReport['criteria']['each'] =>
  RARITY_CRITERIA.map((criterion) => {
    const held = all.map(({ theCase, rules }) => [
      rules.rarityCriteria.includes(criterion),
      theCase.distillate.rarityCriteria.includes(criterion),
    ]);
    const count = (byRules: boolean, byModel: boolean) =>
      held.filter(([a, b]) => a === byRules && b === byModel).length;
    return { criterion, both: count(true, true), onlyRules: count(true, false), onlyModel: count(false, true) };
  });

function reviewOf(cases: readonly ModelCase[]): AgreementReport['review'] {
  const reviews = cases.map(({ distillate }) => distillate.review);
  const claims = sum(reviews.map((one) => one.claims));
  const dropped = sum(reviews.map((one) => one.dropped));
  return {
    claims,
    dropped,
    droppedShare: claims === 0 ? null : dropped / claims,
    repairs: sum(reviews.map((one) => one.repairs)),
    repaired: reviews.filter((one) => one.repairs > 0).length,
    truncated: reviews.filter((one) => one.truncated).length,
    suspicious: reviews.filter((one) => one.suspicious).length,
  };
}

function spentOn(cases: readonly ModelCase[], differing: readonly DifferingCase[]): AgreementReport['spent'] {
  const known = cases.filter(({ units }) => units !== null);
  const units = sum(known.map((one) => one.units ?? 0));
  const bought = differing.filter((one) => one.units !== null).length;
  return {
    known: known.length,
    unknown: cases.length - known.length,
    units,
    calls: sum(cases.map(({ calls }) => calls)),
    perCase: known.length === 0 ? null : units / known.length,
    perDifferingCase: bought === 0 ? null : units / bought,
  };
}

const NO_PROVENANCE: Provenance = {
  source: '',
  title: null,
  authors: [],
  journal: null,
  publicationDate: null,
  pmid: null,
  pmcid: null,
  doi: null,
  url: null,
  licence: null,
};

/** What may be shown of a distillate: where the text may not, no claim that could be a sentence of it. */
function shownOf({ caseId, extracted, withheld }: ModelCase, distillate: Distillate): Distillate {
  if (withheld === null) return distillate;
  const stored: StoredCase = { caseId, provenance: NO_PROVENANCE, extracted, distillate, withheld };
  const short = (words: readonly string[]) => words.filter((word) => word.length <= KEY_CHARS_MAX);
  const shown = withoutText(stored).distillate;
  return {
    ...shown,
    keySymptoms: short(shown.keySymptoms),
    keyLabs: short(shown.keyLabs),
    keyEcg: short(shown.keyEcg === null ? [] : [shown.keyEcg])[0] ?? null,
  };
}

/** A key finding in more words may be a sentence of the report. */
const KEY_CHARS_MAX = 80;
const QUOTE_CHARS_MAX = 200;

function differenceOf({ theCase, rules }: Compared): readonly DifferingCase[] {
  const { caseId, title, distillate: model, units, withheld } = theCase;
  const fields = DIFFERENCE_FIELDS.filter((field) => differs(field, rules, model));
  if (fields.length === 0) return [];
  const shown = [shownOf(theCase, rules), shownOf(theCase, model)] as const;
  const quote = (span: Span | null): string | null => {
    if (withheld !== null || span === null || span[1] <= span[0]) return null;
    return theCase.extracted.text.slice(span[0], Math.min(span[1], span[0] + QUOTE_CHARS_MAX));
  };
  const differences = fields.map((field) => ({
    field,
    rules: saidOf(field, shown[0], quote),
    model: saidOf(field, shown[1], quote),
  }));
  return [{ caseId, title, by: model.review.by, units, withheld, differences }];
}

function differs(field: DifferenceField, rules: Distillate, model: Distillate): boolean {
  const unequal = (counted: Counted): boolean => counted.onlyRules + counted.onlyModel > 0;
  const sets = (of: (distillate: Distillate) => readonly string[]) =>
    unequal(setAgreementOf([[of(rules), of(model)]], sameName));
  switch (field) {
    case 'rare':
      return rules.isRare !== model.isRare;
    case 'criteria':
      return [...rules.rarityCriteria].sort().join() !== [...model.rarityCriteria].sort().join();
    case 'diagnosis':
      return !['same', 'neither'].includes(compareDiagnoses(rules.diagnosis, model.diagnosis));
    case 'category':
      return rules.diagnosisCategory !== model.diagnosisCategory;
    case 'outcome':
      return rules.outcome.status !== model.outcome.status;
    case 'treatments':
    case 'complications':
      return sets(termsOf(field));
    case 'key findings':
      return sets(keysOf);
  }
}

const keysOf = (one: Distillate): readonly string[] => [
  ...one.keySymptoms,
  ...one.keyLabs,
  ...(one.keyEcg === null ? [] : [one.keyEcg]),
];

function saidOf(field: DifferenceField, one: Distillate, quote: (span: Span | null) => string | null): Said {
  const list = (words: readonly string[]) => (words.length === 0 ? null : words.join(', '));
  const quotes = (spans: readonly (Span | null)[]) => spans.flatMap((span) => quote(span) ?? []).join(' … ') || null;
  switch (field) {
    case 'rare':
      return {
        claim: one.isRare ? `rare: ${one.rareReason ?? ''}` : `not rare: ${one.rejectionReason ?? ''}`,
        quote: quote(one.rareSpan),
      };
    case 'criteria':
      return { claim: list(one.rarityCriteria), quote: quotes(one.rarityEvidence.map(({ span }) => span)) };
    case 'diagnosis':
      return { claim: one.diagnosis, quote: quote(one.diagnosisSpan) };
    case 'category':
      return { claim: one.diagnosisCategory, quote: quote(one.diagnosisSpan) };
    case 'outcome':
      return { claim: one.outcome.status, quote: quote(one.outcome.span) };
    case 'treatments':
    case 'complications':
      return { claim: list(termsOf(field)(one)), quote: quotes(one[field].filter(isOwn).map(({ span }) => span)) };
    case 'key findings':
      return { claim: list(keysOf(one)), quote: null };
  }
}
