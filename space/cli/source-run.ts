import type { Command } from 'commander';
import { stopOnSignal } from '../host/stop.ts';
import { runSource, type SourceRunReport } from '../sources/foreground.ts';
import type { Space } from '../space.ts';
import { listingWatch } from '../ticking/listing-progress.ts';
import { EXIT } from './exit.ts';
import { printJson } from './open.ts';
import { progressView } from './progress.ts';
import { wholeNumber } from './run.ts';

const MAX_WAIT_S = 300;

export const withListingOptions = (command: Command): Command =>
  command
    .option(
      '--max-wait <s>',
      'longest wait in seconds for a service that asked for time',
      wholeNumber(0, 86_400),
      MAX_WAIT_S,
    )
    .option('--json', 'print JSON');

/** Runs a source in the foreground and shows on standard error how far it is. */
export async function listSource(
  space: Space,
  name: string,
  options: { readonly sweep?: boolean; readonly maxWait: number },
): Promise<SourceRunReport> {
  const view = progressView(process.stderr, () => performance.now());
  const stop = stopOnSignal(() => view.say('stopping at the next page …'));
  // A page that is on its way is read again by the next run; nobody has to wait for it.
  stop.asked.addEventListener('abort', space.stopOutside, { once: true });
  const watch = listingWatch(() => performance.now(), view.show);
  try {
    return await runSource(space, name, {
      sweep: options.sweep === true,
      stopping: stop.stopping,
      waitMsMax: options.maxWait * 1_000,
      onPage: watch.page,
      onWait: (reason, untilMs) => view.say(`waits until ${new Date(untilMs).toISOString()}: ${reason}`),
    });
  } finally {
    stop.off();
    view.close();
  }
}

/** Says what a run found and what to do next, and sets the exit code. */
export function printListing(report: SourceRunReport, json: boolean): void {
  const { end, reason, untilMs, source, pages } = report;
  const counts = {
    found: source.found,
    new: source.fresh,
    changed: source.changed,
    // Windows overlap, and name a document more than once.
    unchanged: Math.max(0, Math.min(source.found, source.listed) - source.fresh - source.changed),
  };
  const until = untilMs === null ? null : new Date(untilMs).toISOString();
  const { name, kind, query, listed, missing, remarks } = source;
  if (json)
    printJson({
      name,
      kind,
      query,
      end,
      reason,
      until,
      pages,
      ...counts,
      listed,
      missing,
      remarks,
      next: nextStep(report),
    });
  else {
    process.stdout.write(`${name}: ${counts.new} new, ${counts.changed} changed, ${counts.unchanged} unchanged\n`);
    for (const remark of new Set(remarks)) process.stdout.write(`  remark: ${remark}\n`);
    if (end === 'blocked') process.stdout.write(`waits: ${reason}${until === null ? '' : `, until ${until}`}\n`);
    if (end === 'stopped') process.stderr.write('stopped; every page that was read is stored\n');
    process.stdout.write(`next: ${nextStep(report)}\n`);
  }
  if (end === 'blocked') process.exitCode = EXIT.blocked;
  else if (end === 'stopped') process.exitCode = EXIT.failed;
  else if (counts.new + counts.changed === 0) process.exitCode = EXIT.nothing;
}

function nextStep({ end, source, untilMs }: SourceRunReport): string {
  if (end === 'blocked' && source.state === 'parked')
    return `see to the reason, then: anamnesis sources resume ${source.name}`;
  if (end === 'blocked' && untilMs === null) return 'anamnesis sources list';
  if (end !== 'done') return 'the same command again; it goes on where it stopped';
  return source.fresh + source.changed > 0 ? 'anamnesis run --until-idle' : 'nothing; it is up to date';
}
