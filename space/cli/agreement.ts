import { Command, InvalidArgumentError } from 'commander';
import { fnv1a } from '../../core/cases/exports/words.ts';
import { modelCaseIds, readModelCases } from '../../core/corpus.ts';
import { compareWithRules } from '../../core/models/agreement.ts';
import { agreementCsv, agreementMarkdown, agreementText } from './agreement-text.ts';
import { EXIT, UsageError } from './exit.ts';
import { printJson, withSpace } from './open.ts';

const SAMPLE_DEFAULT = 100;
const FORMATS = { text: agreementText, markdown: agreementMarkdown, csv: agreementCsv } as const;

type Options = {
  readonly sample: number;
  readonly seed: number;
  readonly format: string;
  readonly json?: boolean;
};

const wholeNumber =
  (least: number) =>
  (given: string): number => {
    const value = Number(given);
    if (!Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`expected a whole number from ${least} on`);
    return value;
  };

export const agreementCommand = (): Command =>
  new Command('agreement')
    .description(
      'where the rules and the model differ on cases that a model has distilled, and what the model cost; calls no model',
    )
    .option('--sample <n>', 'how many cases, drawn by chance', wholeNumber(1), SAMPLE_DEFAULT)
    .option('--seed <n>', 'another seed draws other cases', wholeNumber(0), 0)
    .option('--format <name>', Object.keys(FORMATS).join(', '), 'text')
    .option('--json', 'print JSON')
    .action(async (options: Options) => {
      const format = options.format;
      if (!isFormat(format)) throw new UsageError(`--format ${format}: one of ${Object.keys(FORMATS).join(', ')}`);
      await withSpace({ quiet: true }, async ({ db }) => {
        const ids = await modelCaseIds(db);
        const cases = await readModelCases(db, drawn(ids, options.sample, options.seed));
        if (cases.length === 0) {
          process.stderr.write(
            'anamnesis: no case was distilled by a model: set DISTILLER to inference or batch, run the stage distill, and ask again\n',
          );
          process.exitCode = EXIT.nothing;
          return;
        }
        const report = compareWithRules(cases);
        if (options.json) printJson({ distilled_by_model: ids.length, seed: options.seed, ...report });
        else process.stdout.write(FORMATS[format](report));
      });
    });

const isFormat = (name: string): name is keyof typeof FORMATS => Object.hasOwn(FORMATS, name);

/** The same seed draws the same cases of the same corpus; a larger sample holds the smaller. */
export function drawn(ids: readonly string[], sample: number, seed: number): readonly string[] {
  return ids
    .map((id) => ({ id, order: fnv1a(id, seed) }))
    .sort((a, b) => a.order - b.order || (a.id < b.id ? -1 : 1))
    .slice(0, sample)
    .map(({ id }) => id);
}
