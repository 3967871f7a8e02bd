import type { Judgement } from './judgements.ts';

/**
 * How good the ranking of one question is, each in [0, 1]. Järvelin and Kekäläinen 2002 for nDCG (gain 2^grade - 1, as trec_eval and BEIR have
 * it); what is not judged counts as not relevant.
 */
export type Measures = {
  /** 1 where one of the first ten is relevant. */
  readonly hit10: number;
  /** 1 over the place of the first relevant answer. */
  readonly mrr: number;
  readonly ndcg10: number;
  /** Share of the relevant answers among the first hundred. */
  readonly recall100: number;
};
export const MEASURES = ['hit10', 'mrr', 'ndcg10', 'recall100'] as const satisfies readonly (keyof Measures)[];

/** Answers to ask for, so that every measure can be formed. */
export const DEPTH = 100;
const TOP = 10;

const gain = (grade: number, place: number): number => (2 ** grade - 1) / Math.log2(place + 2);

/** Measures of one ranking of case ids, best first. An id that comes twice counts once, at its first place. */
export function measuresOf(ranking: readonly string[], { relevant }: Pick<Judgement, 'relevant'>): Measures {
  const answers = [...new Set(ranking)].slice(0, DEPTH);
  const grades = answers.map((id) => relevant.get(id) ?? 0);
  const first = grades.findIndex((grade) => grade > 0);
  const wanted = [...relevant.values()].filter((grade) => grade > 0).sort((a, b) => b - a);
  const sum = (values: readonly number[]) =>
    values.slice(0, TOP).reduce((total, grade, i) => total + gain(grade, i), 0);
  return {
    hit10: first >= 0 && first < TOP ? 1 : 0,
    mrr: first < 0 ? 0 : 1 / (first + 1),
    ndcg10: wanted.length === 0 ? 0 : sum(grades) / sum(wanted),
    recall100: wanted.length === 0 ? 0 : grades.filter((grade) => grade > 0).length / wanted.length,
  };
}

export type Interval = { readonly mean: number; readonly low: number; readonly high: number };
export type Summary = Readonly<Record<keyof Measures, Interval>>;

const RESAMPLES = 2_000;
const TAIL = 0.025;

/** Means over questions with 95 % intervals (percentile bootstrap, Efron 1979). `random` is uniform in [0, 1). */
export function summaryOf(all: readonly Measures[], random: () => number): Summary {
  const draws = Object.fromEntries(MEASURES.map((name) => [name, new Float64Array(RESAMPLES)])) as Record<
    keyof Measures,
    Float64Array
  >;
  for (let draw = 0; draw < RESAMPLES && all.length > 0; draw += 1)
    for (let i = 0; i < all.length; i += 1) {
      const one = all[Math.floor(random() * all.length)];
      for (const name of MEASURES) draws[name][draw] = (draws[name][draw] ?? 0) + (one?.[name] ?? 0);
    }
  return Object.fromEntries(
    MEASURES.map((name) => {
      const sorted = draws[name].map((sum) => sum / Math.max(1, all.length)).sort();
      const mean = all.reduce((total, one) => total + one[name], 0) / Math.max(1, all.length);
      const low = sorted[Math.floor(TAIL * RESAMPLES)] ?? 0;
      return [name, { mean, low, high: sorted[Math.ceil((1 - TAIL) * RESAMPLES) - 1] ?? 0 }];
    }),
  ) as Record<keyof Measures, Interval>;
}
