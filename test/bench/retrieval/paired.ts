import { seeded } from '../../../core/models/builtin-numbers.ts';
import { type Measures, type Summary, summaryOf } from '../../../core/search/evaluate.ts';

const SEED = 1;

/** Uniform in [0, 1), the same in every run. */
export function uniform(seed = SEED): () => number {
  const draw = seeded(seed);
  return () => (draw() + 1) / 2;
}

/** Differences of `one` to `other` question by question, with intervals over questions: what they share falls out. */
export function pairedDifference(one: readonly Measures[], other: readonly Measures[]): Summary {
  const differences = one.map((measures, i): Measures => {
    const base = other[i];
    if (!base) throw new Error('pairs need the same questions');
    return {
      hit10: measures.hit10 - base.hit10,
      mrr: measures.mrr - base.mrr,
      ndcg10: measures.ndcg10 - base.ndcg10,
      recall100: measures.recall100 - base.recall100,
    };
  });
  return summaryOf(differences, uniform());
}

const share = (value: number): string => value.toFixed(3).replace(/^(-?)0\./, '$1.');
const signed = (value: number): string => (value >= 0 ? `+${share(value)}` : share(value));

const SHOWN = ['hit10', 'mrr', 'ndcg10'] as const;
const WIDTH = 22;
const NAME_WIDTH = 42;

export const HEADING = `${''.padEnd(NAME_WIDTH)}${[
  'hit@10',
  'MRR',
  'nDCG@10',
  'MRR against default',
  'nDCG against default',
]
  .map((name) => name.padEnd(WIDTH))
  .join('')}`.trimEnd();

/** One line of the table: means with 95 % intervals, then paired differences. */
export function lineOf(name: string, measures: readonly Measures[], base: readonly Measures[]): string {
  const summary = summaryOf(measures, uniform());
  const cells = SHOWN.map(
    (one) => `${share(summary[one].mean)} [${share(summary[one].low)}, ${share(summary[one].high)}]`,
  );
  if (measures !== base) {
    const { mrr, ndcg10 } = pairedDifference(measures, base);
    for (const one of [mrr, ndcg10]) cells.push(`${signed(one.mean)} [${signed(one.low)}, ${signed(one.high)}]`);
  }
  return `${name.padEnd(NAME_WIDTH)}${cells.map((cell) => cell.padEnd(WIDTH)).join('')}`.trimEnd();
}
