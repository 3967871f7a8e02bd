import {
  DIAGNOSIS_CATEGORIES,
  OUTCOME_STATUSES,
  RARITY_CRITERIA,
  type RarityCriterion,
} from '../../schema/vocabulary.ts';
import type { Distillate } from '../cases/case.ts';
import {
  type Compared,
  compareDiagnoses,
  type DifferingCase,
  differenceOf,
  type ModelCase,
  termsOfField,
} from './agreement-differences.ts';
import { agreementOf, type LabelAgreement, type SetAgreement, sameName, setAgreementOf } from './agreement-measures.ts';
import { distillByRules } from './rules.ts';

export type { DifferingCase, ModelCase, Said } from './agreement-differences.ts';

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
    treatments: sets(termsOfField('treatments')),
    complications: sets(termsOfField('complications')),
    keySymptoms: sets((one) => one.keySymptoms),
    keyLabs: sets((one) => one.keyLabs),
    keyEcg: sets((one) => (one.keyEcg === null ? [] : [one.keyEcg])),
    review: reviewOf(cases),
    spent: spentOn(cases, differing),
    differing,
  };
}

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
