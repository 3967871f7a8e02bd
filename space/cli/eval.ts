import { readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { Command } from 'commander';
import { keepEvaluation } from '../../core/corpus.ts';
import { sha256Hex } from '../../core/hash.ts';
import { seeded } from '../../core/models/builtin-numbers.ts';
import { DEPTH, MEASURES, type Measures, measuresOf, type Summary, summaryOf } from '../../core/search/evaluate.ts';
import { type Judgement, JudgementError, readBeir, readJudgements } from '../../core/search/judgements.ts';
import { SETTINGS } from '../../core/search/settings.ts';
import { VARIANTS, type Variant } from '../../core/search/variants.ts';
import { VERSION } from '../../core/version.ts';
import { createServing, type Serving } from '../serving.ts';
import { EXIT, UsageError } from './exit.ts';
import { printJson, withSpace } from './open.ts';
import { progressView } from './progress.ts';

type Options = { readonly variant?: readonly string[]; readonly dryRun?: boolean; readonly json?: boolean };
type Row = { readonly variant: string; readonly measures: Summary };

const LABELS: Readonly<Record<keyof Measures, string>> = {
  hit10: 'hit@10',
  mrr: 'MRR',
  ndcg10: 'nDCG@10',
  recall100: 'recall@100',
};

export const evalCommand = (): Command =>
  new Command('eval')
    .description('measure the search on questions with known answers')
    .argument(
      '<file>',
      'JSON lines of {"text" | "case_id" | "facets", "relevant"}, or a folder with queries.jsonl and qrels.tsv',
    )
    .option('--variant <name...>', `only these: ${VARIANTS.map(({ name }) => name).join(', ')}`)
    .option('--dry-run', 'measure without keeping the result with the release')
    .option('--json', 'print JSON')
    .action(async (file: string, options: Options) => {
      const variants = chosen(options.variant);
      const { judgements, hash } = await judgementsOf(file);
      await withSpace({ quiet: true }, async (space) => {
        const serving = createServing(space);
        const version = await serving.refresh();
        if (version === null)
          throw new Error('no release has been published yet: run `anamnesis run --until-idle` first');
        const { questions, unknown, all } = known(serving, judgements);
        if (questions.length === 0)
          throw new JudgementError(
            `${file}: release ${version} holds none of the ${all} relevant cases, or none of the cases asked by`,
          );
        const rows = await evaluate(serving, questions, variants);
        const report = {
          release: version,
          questions: questions.length,
          left_out: judgements.length - questions.length,
          relevant: all,
          relevant_unknown: unknown,
          rows,
        };
        // Without the default there is nothing to tell of the search that people get.
        if (!options.dryRun && variants.some(({ name }) => name === 'default'))
          await keepEvaluation(space.db, {
            releaseVersion: version,
            file: basename(resolve(file)),
            judgementsHash: hash,
            questions: report.questions,
            leftOut: report.left_out,
            thresholdsVersion: SETTINGS.version,
            program: VERSION,
            variants: rows,
          });
        if (options.json) printJson(report);
        else process.stdout.write(formatReport(report));
        if (unknown > 0 || report.left_out > 0) process.exitCode = EXIT.degraded;
      });
    });

function chosen(names: readonly string[] | undefined): readonly Variant[] {
  if (!names) return VARIANTS;
  return names.map((name) => {
    const variant = VARIANTS.find((one) => one.name === name);
    if (!variant)
      throw new UsageError(
        `--variant ${JSON.stringify(name)}: expected one of ${VARIANTS.map((one) => one.name).join(', ')}`,
      );
    return variant;
  });
}

type Judgements = { readonly judgements: readonly Judgement[]; readonly hash: string };

/** With the sha256 of the file, or of the two files of a folder one after the other. */
async function judgementsOf(path: string): Promise<Judgements> {
  const text = async (file: string) => ({ file, text: await readFile(file, 'utf8') });
  if (!(await stat(path)).isDirectory()) {
    const one = await text(path);
    return { judgements: readJudgements(path, one.text), hash: await sha256Hex(one.text) };
  }
  const [queries, qrels] = [await text(join(path, 'queries.jsonl')), await text(join(path, 'qrels.tsv'))];
  return { judgements: readBeir(queries, qrels), hash: await sha256Hex(queries.text + qrels.text) };
}

/** The questions that this release can be asked, with their answers by the ids that it has. */
function known(serving: Serving, judgements: readonly Judgement[]) {
  let unknown = 0;
  let all = 0;
  const questions: Judgement[] = [];
  for (const judgement of judgements) {
    const relevant = new Map<string, number>();
    for (const [id, grade] of judgement.relevant) {
      const held = serving.held(id);
      if (grade > 0) all += 1;
      if (held === null) unknown += grade > 0 ? 1 : 0;
      else relevant.set(held, Math.max(grade, relevant.get(held) ?? 0));
    }
    const asksUnknown = 'case_id' in judgement.ask && serving.held(judgement.ask.case_id) === null;
    if (!asksUnknown && [...relevant.values()].some((grade) => grade > 0)) questions.push({ ...judgement, relevant });
  }
  return { questions, unknown, all };
}

/** Bootstrap draws repeat, so that two evaluations differ only where the search does. */
const SEED = 1;

async function evaluate(
  serving: Serving,
  questions: readonly Judgement[],
  variants: readonly Variant[],
): Promise<readonly Row[]> {
  const startedMs = performance.now();
  const view = progressView(process.stderr, () => performance.now());
  const all = questions.length * variants.length;
  let done = 0;
  const rows: Row[] = [];
  for (const { name, legs, settings, weights } of variants) {
    const measures: Measures[] = [];
    for (const question of questions) {
      const request = { ...question.ask, legs, k: DEPTH, explain: false, ...(weights ? { weights } : {}) };
      const { results } = await serving.search(request, settings);
      measures.push(
        measuresOf(
          results.map(({ case_id }) => case_id),
          question,
        ),
      );
      done += 1;
      view.show({
        task: 'eval',
        done,
        all,
        unit: 'searches',
        perSecond: done / ((performance.now() - startedMs) / 1_000),
      });
    }
    const random = seeded(SEED);
    rows.push({ variant: name, measures: summaryOf(measures, () => (random() + 1) / 2) });
  }
  view.close();
  return rows;
}

const share = (value: number): string => value.toFixed(3).replace(/^0/, '');

function formatReport(report: {
  readonly release: number;
  readonly questions: number;
  readonly left_out: number;
  readonly relevant: number;
  readonly relevant_unknown: number;
  readonly rows: readonly Row[];
}): string {
  const width = Math.max(...report.rows.map(({ variant }) => variant.length)) + 2;
  const cell = ({ mean, low, high }: Summary[keyof Summary]) =>
    `${share(mean)} [${share(low)}, ${share(high)}]`.padEnd(22);
  return [
    `release ${report.release}: ${report.questions} questions, 95 % intervals`,
    ...(report.left_out > 0 ? [`left out: ${report.left_out} questions that this release cannot answer`] : []),
    ...(report.relevant_unknown > 0
      ? [`not in this release: ${report.relevant_unknown} of ${report.relevant} relevant cases`]
      : []),
    `${''.padEnd(width)}${MEASURES.map((name) => LABELS[name].padEnd(22)).join('')}`,
    ...report.rows.map(
      ({ variant, measures }) => `${variant.padEnd(width)}${MEASURES.map((name) => cell(measures[name])).join('')}`,
    ),
    '',
  ].join('\n');
}
