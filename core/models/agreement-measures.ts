import { termsOf } from '../search/terms.ts';

/** Agreement of two judges who give each case one label. */
export type LabelAgreement = {
  /** Cases on which both say the same, and all. */
  readonly agreed: number;
  readonly cases: number;
  /** Share in [0, 1]. */
  readonly agreement: number;
  /** Cohen's kappa (Educ Psychol Meas 1960;20:37): agreement beyond chance; null where chance alone would agree on everything. */
  readonly kappa: number | null;
  /** How often the rules say the first and the model the second; pairs that do not occur are left out. */
  readonly table: readonly { readonly rules: string; readonly model: string; readonly cases: number }[];
};

/** Each pair is what the rules say and what the model says. */
export function agreementOf(
  pairs: readonly (readonly [rules: string, model: string])[],
  labels: readonly string[],
): LabelAgreement {
  const cases = pairs.length;
  const agreed = pairs.filter(([rules, model]) => rules === model).length;
  const share = (side: 0 | 1, label: string) => pairs.filter((pair) => pair[side] === label).length / cases;
  const chance = cases === 0 ? 1 : labels.reduce((total, label) => total + share(0, label) * share(1, label), 0);
  const table = labels.flatMap((rules) =>
    labels.map((model) => ({
      rules,
      model,
      cases: pairs.filter((pair) => pair[0] === rules && pair[1] === model).length,
    })),
  );
  return {
    agreed,
    cases,
    agreement: cases === 0 ? 0 : agreed / cases,
    kappa: 1 - chance < 1e-12 ? null : (agreed / cases - chance) / (1 - chance),
    table: table.filter((cell) => cell.cases > 0),
  };
}

export type Counted = { readonly both: number; readonly onlyRules: number; readonly onlyModel: number };
export type SetAgreement = Counted & {
  /** Share of what the rules name that the model names too, and of what the model names that the rules do; null where none is named. */
  readonly precision: number | null;
  readonly recall: number | null;
};

/** Counts over all pairs of sets; one name meets at most one of the other side. */
export function setAgreementOf(
  pairs: readonly (readonly [rules: readonly string[], model: readonly string[]])[],
  same: (a: string, b: string) => boolean,
): SetAgreement {
  let both = 0;
  let onlyRules = 0;
  let onlyModel = 0;
  for (const [rules, model] of pairs) {
    const met = matched(rules, model, same);
    both += met;
    onlyRules += rules.length - met;
    onlyModel += model.length - met;
  }
  const shareOf = (rest: number) => (both + rest === 0 ? null : both / (both + rest));
  return { both, onlyRules, onlyModel, precision: shareOf(onlyRules), recall: shareOf(onlyModel) };
}

/** Equal names first, so that no looser match takes the place of one. */
function matched(rules: readonly string[], model: readonly string[], same: (a: string, b: string) => boolean): number {
  const left = [...model];
  const open = rules.filter((name) => {
    const at = left.indexOf(name);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  for (const name of open) {
    const at = left.findIndex((other) => same(name, other));
    if (at >= 0) left.splice(at, 1);
  }
  return model.length - left.length;
}

/** Half is not enough: `left atrial myxoma` is not `right atrial myxoma`. */
const SHARED_ABOVE = 0.5;

/** See `MATCHING_RULE`. */
export function sameName(a: string, b: string): boolean {
  const [left, right] = [new Set(termsOf(a)), new Set(termsOf(b))];
  const shared = [...left].filter((term) => right.has(term)).length;
  if (shared === 0) return left.size === 0 && right.size === 0 && a.trim().toLowerCase() === b.trim().toLowerCase();
  return shared === Math.min(left.size, right.size) || shared / (left.size + right.size - shared) > SHARED_ABOVE;
}
