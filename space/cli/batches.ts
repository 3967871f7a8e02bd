import { Command } from 'commander';
import { abandonJob, dueNow, findJobs, type Job, type JobItem, readJobs } from '../../core/corpus.ts';
import { isStuck } from '../../core/models/batch/pace.ts';
import { jobInWords, shortKey } from '../../core/status-batches.ts';
import type { Space } from '../space.ts';
import { EXIT, UsageError } from './exit.ts';
import { printJson, withSpace } from './open.ts';

const CLOSED_SHOWN = 10;
const KEY_CHARS_MIN = 4;
const CANCEL_MS = 60_000;
/** Where no service is configured that could say better. */
const WINDOW_MS = 48 * 3_600_000;

type ActOptions = { readonly yes?: boolean; readonly reason?: string; readonly json?: boolean };

export const batchesCommand = (): Command => {
  const parent = new Command('batches')
    .description('jobs of a model service that answer in hours: list (the default), show, cancel, abandon')
    .addCommand(listCommand().exitOverride().showHelpAfterError(), { isDefault: true });
  for (const command of [showCommand(), cancelCommand(), abandonCommand()])
    parent.addCommand(command.exitOverride().showHelpAfterError());
  return parent;
};

const listCommand = (): Command =>
  new Command('list')
    .description('open jobs and the newest of the others')
    .option('--json', 'print JSON')
    .action((options: { json?: boolean }) =>
      withSpace({ quiet: true }, async (space) => {
        const { jobs, nowMs } = await readJobs(space.db, CLOSED_SHOWN);
        const windowMs = windowOf(space);
        if (options.json) printJson({ batches: jobs.map((job) => jobJson(job, nowMs, windowMs)) });
        else if (jobs.length === 0) process.stdout.write('there are no batch jobs\n');
        else for (const job of jobs) process.stdout.write(`${formatJob(job, nowMs, windowMs)}\n`);
        if (jobs.length === 0) process.exitCode = EXIT.nothing;
        else if (jobs.some((job) => isStuck(job.closedMs === null ? job.submittedMs : null, nowMs, windowMs)))
          process.exitCode = EXIT.degraded;
      }),
    );

const showCommand = (): Command =>
  new Command('show')
    .description('one job with its cases')
    .argument('<key>', `the beginning of its key, ${KEY_CHARS_MIN} characters or more`)
    .option('--json', 'print JSON')
    .action((key: string, options: { json?: boolean }) =>
      withSpace({ quiet: true }, async (space) => {
        const { job, items, nowMs } = await jobNamed(space, key);
        const windowMs = windowOf(space);
        if (options.json) return printJson({ ...jobJson(job, nowMs, windowMs), items: items.map(itemJson) });
        process.stdout.write(`${formatJob(job, nowMs, windowMs)}\n`);
        for (const { caseId, state, reason } of items)
          process.stdout.write(`  ${caseId.padEnd(24)} ${state}${reason === null ? '' : `: ${reason}`}\n`);
      }),
    );

const withActOptions = (command: Command): Command =>
  command
    .option('--yes', 'do it; without it, say what would be done')
    .option('--reason <text>', 'why, for the audit and for whoever looks')
    .option('--json', 'print JSON');

const cancelCommand = (): Command =>
  withActOptions(
    new Command('cancel')
      .description(
        'ask the service to end a job; what it has answered is kept, and its other cases go into another job',
      )
      .argument('<key>', 'the beginning of its key'),
  ).action((key: string, options: ActOptions) =>
    withSpace({ quiet: true }, async (space) => {
      const { job } = await jobNamed(space, key);
      const { distiller } = space;
      if (job.state !== 'submitted' || job.externalId === null) return settled('cancel', job, false, options);
      if (distiller.kind !== 'batch' || distiller.service !== job.service)
        throw new UsageError(
          `this host does not speak to ${job.service}: set DISTILLER=batch and its BATCH_PROVIDER, or give the job up with "batches abandon"`,
        );
      if (options.yes) {
        await distiller.jobs.cancel(job.externalId, AbortSignal.timeout(CANCEL_MS));
        await dueNow(space.db, job.key, `cancelled by the operator${options.reason ? `: ${options.reason}` : ''}`);
      }
      settled('cancel', job, true, options);
    }),
  );

const abandonCommand = (): Command =>
  withActOptions(
    new Command('abandon')
      .description(
        'give up a job that is stuck: nobody asks about it any more, and its cases go into another job, which is paid for again',
      )
      .argument('<key>', 'the beginning of its key'),
  ).action((key: string, options: ActOptions) =>
    withSpace({ quiet: true }, async (space) => {
      const { job } = await jobNamed(space, key);
      const reason = `abandoned by the operator${options.reason ? `: ${options.reason}` : ''}`;
      const open = job.closedMs === null;
      const back = options.yes && open ? await abandonJob(space.db, job, { reason, actor: 'cli' }) : null;
      settled('abandon', job, options.yes ? back !== null : open, options, back ?? 0);
    }),
  );

function settled(act: 'cancel' | 'abandon', job: Job, changes: boolean, options: ActOptions, returned = 0): void {
  if (options.json) printJson({ act, key: job.key, changed: changes, dry_run: options.yes !== true, returned });
  else if (!changes) process.stdout.write(`batch job ${shortKey(job)} is ${job.state}; there is nothing to ${act}\n`);
  else if (!options.yes)
    process.stdout.write(`would ${act} batch job ${shortKey(job)} with ${job.items} cases; with --yes it is done\n`);
  else if (act === 'cancel') process.stdout.write(`the service was asked to end batch job ${shortKey(job)}\n`);
  else process.stdout.write(`batch job ${shortKey(job)} is given up; ${returned} cases are ready again\n`);
  if (!changes) process.exitCode = EXIT.nothing;
}

async function jobNamed(
  { db }: Space,
  key: string,
): Promise<{ readonly job: Job; readonly items: readonly JobItem[]; readonly nowMs: number }> {
  if (!/^[0-9a-f]{4,64}$/.test(key))
    throw new UsageError(
      `${JSON.stringify(key)} is no key of a batch job: ${KEY_CHARS_MIN} or more of 0-9 and a-f, as "batches list" shows them`,
    );
  const { jobs, items, nowMs } = await findJobs(db, key);
  const [job, another] = jobs;
  if (!job) throw new UsageError(`there is no batch job ${key}: see "batches list"`);
  if (another) throw new UsageError(`several batch jobs begin with ${key}: give more of it`);
  return { job, items, nowMs };
}

const windowOf = ({ distiller }: Space): number => (distiller.kind === 'batch' ? distiller.jobs.windowMs : WINDOW_MS);

export const formatJob = (job: Job, nowMs: number, windowMs: number): string =>
  [
    `${job.state.padEnd(9)} ${jobInWords(job, nowMs, windowMs)}`,
    ...(job.closedMs === null
      ? []
      : [
          `          ${job.answered} answered, ${job.refused} refused, ${job.unanswered} unanswered of ${job.items}; ${job.ignored} lines ignored`,
        ]),
  ].join('\n');

const isoOrNull = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

const jobJson = (job: Job, nowMs: number, windowMs: number) => ({
  key: job.key,
  state: job.state,
  service: job.service,
  external_id: job.externalId,
  fingerprint: job.fingerprint,
  cases: job.items,
  units: job.units,
  outcome: job.outcome,
  reason: job.reason,
  intended_at: isoOrNull(job.intendedMs),
  submitted_at: isoOrNull(job.submittedMs),
  asked_again_at: isoOrNull(job.dueMs),
  closed_at: isoOrNull(job.closedMs),
  stuck: job.closedMs === null && isStuck(job.submittedMs, nowMs, windowMs),
  answered: job.answered,
  refused: job.refused,
  unanswered: job.unanswered,
  ignored: job.ignored,
});
const itemJson = ({ caseId, state, reason }: JobItem) => ({ case_id: caseId, state, reason });
