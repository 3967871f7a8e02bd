import { Command } from 'commander';
import { addSource } from '../../core/corpus.ts';
import { SOURCE_KINDS } from '../../core/sources/source.ts';
import { stopOnSignal } from '../host/stop.ts';
import { type IngestReport, ingestFile, type SeenIds } from '../ingest/ingest.ts';
import type { Space } from '../space.ts';
import { EXIT, UsageError } from './exit.ts';
import { printJson, withSpace } from './open.ts';
import { progressView } from './progress.ts';
import {
  type DefinitionOptions,
  definitionOf,
  derivedName,
  queryText,
  sourceKind,
  withDefinitionOptions,
} from './source-definition.ts';
import { listSource, printListing, withListingOptions } from './source-run.ts';

const SHOWN = 10;

type Options = Partial<DefinitionOptions> & {
  readonly file?: readonly string[];
  readonly maxWait: number;
  readonly json?: boolean;
};

export const ingestCommand = (): Command =>
  withListingOptions(
    withDefinitionOptions(
      new Command('ingest')
        .description(
          'bring case reports into the pipeline, from files or from a source; files are JSONL ({id, text, title?, …} a line), XML of PubMed, MEDLINE, PMC (JATS), OAI-PMH or BioC (.xml, .nxml, one or many records), plain text, or - for JSONL on standard input',
        )
        .option('--file <file...>', 'files to read')
        .option('--source <kind>', 'europe-pmc, pubmed, pmc, file or web', sourceKind)
        .option('--query <text>', "what to collect, in the service's own query language", queryText),
    ),
  )
    .addHelpText(
      'after',
      '\nA source is listed to its end once; the same command again goes on where it stopped, and later asks for what is new.\nTo have it run by itself: anamnesis sources add --help',
    )
    .action((options: Options) => {
      const { file, source, query } = options;
      if (file !== undefined && (source !== undefined || query !== undefined))
        throw new UsageError('give either --file, or --source with --query; not both');
      if (file !== undefined) {
        if (options.since !== undefined || options.limit !== undefined)
          throw new UsageError('--since and --limit belong to --source; files are read whole');
        return withSpace({ quiet: true }, (space) => ingestFiles(space, file, options.json === true));
      }
      if (source === undefined && query === undefined)
        throw new UsageError('say where from: --file cases.jsonl, or --source europe-pmc --query "…"');
      if (source === undefined)
        throw new UsageError(`--source is missing: which service is to be asked (${SOURCE_KINDS.join(', ')})`);
      if (query === undefined) throw new UsageError('--query is missing: what to collect, in the words of the service');
      return withSpace({ quiet: true }, (space) => ingestSource(space, { ...options, source, query }));
    });

/** What is older than any service's first entry: everything. */
const ALL_DAYS = '1900-01-01';

/** A definition that nobody named, run to its end. It is found again by what it asks. */
async function ingestSource(space: Space, options: DefinitionOptions & Options): Promise<void> {
  const asked = definitionOf('unnamed', { ...options, since: options.since ?? ALL_DAYS }, space.config);
  const definition = { ...asked, name: derivedName(asked) };
  await addSource(space.db, definition, { runNow: false });
  const report = await listSource(space, definition.name, options);
  printListing(report, options.json === true);
}

async function ingestFiles(space: Space, files: readonly string[], json: boolean): Promise<void> {
  const [first] = space.pipeline.stages;
  if (!first) throw new Error('the pipeline has no stage');
  const view = progressView(process.stderr, () => performance.now());
  const stop = stopOnSignal(() => view.say('stopping at the next commit …'));
  const reports: IngestReport[] = [];
  const seen: SeenIds = new Map();
  try {
    for (const file of files) {
      if (stop.stopping()) break;
      const report = await ingestFile(space.db, first, file, {
        stopping: stop.stopping,
        seen,
        onProgress: ({ bytes, bytesAll }) =>
          view.show({
            task: 'ingest',
            done: Math.round(bytes / 1e5) / 10,
            all: bytesAll === null ? null : Math.round(bytesAll / 1e5) / 10,
            unit: 'MB',
            perSecond: null,
            byTime: true,
          }),
      });
      reports.push(report);
    }
  } finally {
    stop.off();
    view.close();
  }
  if (json) printJson(reports);
  else for (const report of reports) printReport(report);
  const taken = reports.reduce((sum, { added, changed }) => sum + added + changed, 0);
  const refused = reports.reduce((sum, report) => sum + report.refused.length, 0);
  if (stop.stopping()) {
    process.stderr.write('stopped; everything read so far is stored. Run the same command again to go on.\n');
    process.exitCode = EXIT.failed;
  } else if (refused > 0) process.exitCode = EXIT.degraded;
  else if (taken === 0) process.exitCode = EXIT.nothing;
}

function printReport({ file, added, changed, unchanged, refused }: IngestReport): void {
  process.stdout.write(
    `${file}: ${added} new, ${changed} changed, ${unchanged} unchanged, ${refused.length} refused\n`,
  );
  for (const { line, reason, detail } of refused.slice(0, SHOWN))
    process.stdout.write(`  ${file}:${line}: ${reason}: ${detail}\n`);
  if (refused.length > SHOWN)
    process.stdout.write(`  … and ${refused.length - SHOWN} more; all are kept, see "anamnesis status"\n`);
}
