import { Command, InvalidArgumentError } from 'commander';
import { tick } from '../../core/engine/index.ts';
import { stopOnSignal } from '../host/stop.ts';
import { beforeTick } from '../ticking/batching.ts';
import { type RunReport, runUntilIdle } from '../ticking/run.ts';
import { startTelling } from '../ticking/telling.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { printJson, withSpace } from './open.ts';
import { progressView, seconds } from './progress.ts';

export const wholeNumber =
  (min: number, max: number) =>
  (given: string): number => {
    const value = Number(given);
    if (!Number.isSafeInteger(value) || value < min || value > max)
      throw new InvalidArgumentError(`expected a whole number from ${min} to ${max}`);
    return value;
  };

export const runCommand = (): Command =>
  new Command('run')
    .description(
      'list the sources that are due and work the pipeline until nothing is left to do; interrupt and repeat it at will',
    )
    .option('--until-idle', 'go on until nothing is claimable (this is the default)')
    .option('--max-items <n>', 'stop after so many settled tasks', wholeNumber(1, 1e9))
    .option('--max-wait <s>', 'longest wait in seconds for a gate that opens by itself', wholeNumber(0, 86_400), 300)
    .option('--json', 'print JSON')
    .action((options: { maxItems?: number; maxWait: number; json?: boolean }) =>
      withSpace({ quiet: true }, async (space) => {
        const startedMs = performance.now();
        const view = progressView(process.stderr, () => performance.now());
        const stop = stopOnSignal(() => view.say('stopping at the next commit …'));
        stop.asked.addEventListener('abort', space.stopOutside, { once: true });
        const telling = await startTelling(space, stop.asked);
        try {
          const report = await runUntilIdle(space, {
            stopping: stop.stopping,
            abandon: stop.abandon,
            onProgress: (line) => view.show(line),
            waitMsMax: options.maxWait * 1_000,
            ...(options.maxItems === undefined ? {} : { itemsMax: options.maxItems }),
          });
          view.close();
          if (options.json) printJson({ ...report, took_s: (performance.now() - startedMs) / 1_000 });
          else printRun(report, performance.now() - startedMs);
          process.exitCode = exitOf(report);
        } finally {
          await telling.end();
          stop.off();
          view.close();
        }
      }),
    );

function exitOf(report: RunReport): ExitCode {
  if (report.end === 'blocked') return EXIT.blocked;
  const settled = Object.values(report.stageItems).reduce((sum, n) => sum + n, 0);
  return report.end === 'idle' && settled + report.listedPages === 0 ? EXIT.nothing : EXIT.done;
}

export function printRun(report: RunReport, tookMs: number): void {
  if (report.listedPages > 0)
    process.stdout.write(`sources    ${String(report.listedPages).padStart(8)} pages listed\n`);
  for (const [stage, items] of Object.entries(report.stageItems)) {
    const ms = report.stageMs[stage] ?? 0;
    process.stdout.write(
      `${stage.padEnd(10)} ${String(items).padStart(8)} settled in ${seconds(ms / 1_000).padStart(6)} of work${ms > 0 ? `  ${Math.round((items * 1_000) / ms)}/s` : ''}\n`,
    );
  }
  const { skipped, dead, lost, retry } = report.counts;
  process.stdout.write(
    `${seconds(tookMs / 1_000)} in all on ${report.threads === 1 ? 'one thread' : `${report.threads} threads`}; ${skipped} set aside, ${dead} dead, ${retry} retried, ${lost} lost\n`,
  );
  if (report.end === 'stopped')
    process.stdout.write('stopped at a commit, nothing is lost; go on with: npx anamnesis run --until-idle\n');
  if (report.gate !== null) process.stdout.write(`${report.gate}\n`);
}

export const tickCommand = (): Command =>
  new Command('tick')
    .description('one scheduled, bounded run')
    .option('--budget-ms <ms>', 'no new batch is claimed after this', wholeNumber(1, 86_400_000), 20_000)
    .option('--json', 'print JSON')
    .action((options: { budgetMs: number; json?: boolean }) =>
      withSpace({ quiet: true }, async (space) => {
        const stop = stopOnSignal(() => process.stderr.write('stopping at the next commit …\n'));
        stop.asked.addEventListener('abort', space.stopOutside, { once: true });
        const telling = await startTelling(space, stop.asked);
        try {
          const listing = await beforeTick(space, { tickBudgetMs: options.budgetMs, stopping: stop.stopping });
          const report = await tick(space.db, space.pipeline, space.runtime, {
            budgetMs: options.budgetMs,
            stopping: stop.stopping,
            abandon: stop.abandon,
          });
          const then =
            report.after.kind === 'serving'
              ? 'SERVING'
              : report.after.kind === 'work'
                ? `${report.after.stage.name} has more to do`
                : `${report.after.current.name} waits: ${report.after.gate.reason}`;
          if (options.json)
            printJson({
              stage: report.stage,
              counts: report.counts,
              batches: report.batches,
              took_ms: report.tookMs,
              listed_pages: listing.pages,
              then,
            });
          else
            process.stdout.write(
              `${listing.pages > 0 ? `sources: ${listing.pages} pages listed\n` : ''}${report.stage ?? 'nothing to do'}: ${report.counts.done} done, ${report.counts.skipped} set aside, ${report.counts.dead} dead in ${report.batches} batches; then ${then}\n`,
            );
          if (report.batches + listing.pages === 0)
            process.exitCode = report.after.kind === 'waiting' ? EXIT.blocked : EXIT.nothing;
        } finally {
          await telling.end();
          stop.off();
        }
      }),
    );
