import { Command } from 'commander';
import { stopOnSignal } from '../host/stop.ts';
import { type IngestReport, ingestFile, type SeenIds } from '../ingest/ingest.ts';
import { EXIT } from './exit.ts';
import { printJson, withSpace } from './open.ts';
import { progressView } from './progress.ts';

const SHOWN = 10;

export const ingestCommand = (): Command =>
  new Command('ingest')
    .description(
      'bring case reports into the pipeline: JSONL ({id, text, title?, …} a line), XML of PubMed, MEDLINE, PMC (JATS), OAI-PMH or BioC (.xml, .nxml, one or many records), plain text, or - for JSONL on standard input',
    )
    .requiredOption('--file <file...>', 'files to read')
    .option('--json', 'print JSON')
    .action((options: { file: string[]; json?: boolean }) =>
      withSpace({ quiet: true }, async (space) => {
        const [first] = space.pipeline.stages;
        if (!first) throw new Error('the pipeline has no stage');
        const view = progressView(process.stderr, () => performance.now());
        const stop = stopOnSignal(() => view.say('stopping at the next commit …'));
        const reports: IngestReport[] = [];
        const seen: SeenIds = new Map();
        try {
          for (const file of options.file) {
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
        if (options.json) printJson(reports);
        else for (const report of reports) printReport(report);
        const taken = reports.reduce((sum, { added, changed }) => sum + added + changed, 0);
        const refused = reports.reduce((sum, report) => sum + report.refused.length, 0);
        if (stop.stopping()) {
          process.stderr.write('stopped; everything read so far is stored. Run the same command again to go on.\n');
          process.exitCode = EXIT.failed;
        } else if (refused > 0) process.exitCode = EXIT.degraded;
        else if (taken === 0) process.exitCode = EXIT.nothing;
      }),
    );

function printReport({ file, added, changed, unchanged, refused }: IngestReport): void {
  process.stdout.write(
    `${file}: ${added} new, ${changed} changed, ${unchanged} unchanged, ${refused.length} refused\n`,
  );
  for (const { line, reason, detail } of refused.slice(0, SHOWN))
    process.stdout.write(`  ${file}:${line}: ${reason}: ${detail}\n`);
  if (refused.length > SHOWN)
    process.stdout.write(`  … and ${refused.length - SHOWN} more; all are kept, see "anamnesis status"\n`);
}
