import { Command } from 'commander';
import {
  addSource,
  allowShrink,
  pauseSource,
  readSources,
  removeSource,
  resumeSource,
  SourceDefinitionError,
} from '../../core/corpus.ts';
import { readSnapshot } from '../../core/engine/index.ts';
import type { SourceAnswer } from '../../core/search/contract.ts';
import { readSourceRows, sourcesAnswer } from '../../core/status-sources.ts';
import { secretsOf } from '../config.ts';
import { NoSourceError, standingOf } from '../sources/foreground.ts';
import type { Space } from '../space.ts';
import { EXIT, UsageError } from './exit.ts';
import { printJson, withSpace } from './open.ts';
import {
  type DefinitionOptions,
  definitionOf,
  interval,
  intervalWords,
  queryText,
  sourceKind,
  sourceName,
  withDefinitionOptions,
} from './source-definition.ts';
import { countHits, formatPreview, previewRun } from './source-preview.ts';
import { listSource, printListing, withListingOptions } from './source-run.ts';
import { formatSources } from './source-table.ts';

const DAY_MS = 86_400_000;

export const sourcesCommand = (): Command => {
  const others = [addCommand(), removeCommand(), runCommand(), ...stateCommands(), shrinkCommand()];
  const acts = ['list', ...others.map((command) => command.name())];
  const parent = new Command('sources')
    .description(`what is collected, from where and how often: ${acts.join(', ')} (list is the default)`)
    .addCommand(listCommand(acts).exitOverride().showHelpAfterError(), { isDefault: true });
  for (const command of others) parent.addCommand(command.exitOverride().showHelpAfterError());
  return parent;
};

/** The default: a word that is no act ends up here. */
const listCommand = (acts: readonly string[]): Command =>
  new Command('list')
    .description('every definition: how it stands, what it found, what it waits for and until when')
    .argument('[act]')
    .usage('[options]')
    .option('--json', 'print JSON')
    .action((act: string | undefined, options: { json?: boolean }, command: Command) => {
      if (act !== undefined) command.error(`error: no act '${act}': one of ${acts.join(', ')}`);
      return list(options);
    });

function list(options: { readonly json?: boolean }): Promise<void> {
  return withSpace({ quiet: true }, async (space) => {
    const answer = await sourcesNow(space);
    if (options.json) printJson(answer);
    else process.stdout.write(formatSources(answer.sources));
    if (answer.sources.length === 0) process.exitCode = EXIT.nothing;
    else if (answer.sources.some(({ state, waiting }) => state !== 'paused' && waiting !== null))
      process.exitCode = EXIT.blocked;
  });
}

/** How the sources stand, with whole paths of files: this is the operator's own screen. */
async function sourcesNow({ db, pipeline }: Space) {
  const rows = await readSourceRows(db);
  const { nowMs } = await readSnapshot(db, pipeline);
  const answer = sourcesAnswer(rows, nowMs);
  const queries = new Map(rows.standings.map(({ name, query }) => [name, query]));
  const sources = answer.sources.map((source): SourceAnswer => ({ ...source, query: queries.get(source.name) ?? '' }));
  return { sources, services: answer.services };
}

const NEVER_RUN = { entryThrough: null, changeThrough: null, sweptDay: null };

type AddOptions = DefinitionOptions & { readonly dryRun?: boolean; readonly count?: boolean; readonly json?: boolean };

const addCommand = (): Command =>
  withDefinitionOptions(
    new Command('add')
      .description('keep a definition; with --every it runs by itself, without it only when told to')
      .argument('<name>', 'what you call it: a-z, 0-9 and -', sourceName)
      .requiredOption('--source <kind>', 'europe-pmc, pubmed, pmc, file or web', sourceKind)
      .requiredOption(
        '--query <text>',
        "what to collect, in the service's own query language; for file a file or folder; for web addresses",
        queryText,
      ),
  )
    .option('--every <time>', 'time between the starts of two runs: 12h, 1d, 1w (at least 15m)', interval)
    .option('--dry-run', 'show the requests and windows of the first run, and keep nothing')
    .option('--count', 'with --dry-run: ask the service how many documents it has')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  anamnesis sources add cardiomyopathy --source europe-pmc --since 2015-01-01 --every 1d \\
    --query 'TITLE:cardiomyopathy AND PUB_TYPE:"Case Reports" AND OPEN_ACCESS:y'
  anamnesis sources add rare-ecg --source pubmed --since 2020-01-01 --dry-run --count \\
    --query '"case reports"[Publication Type] AND "electrocardiography"[MeSH]'
  anamnesis sources add mine --source file --query ./folder --every 12h`,
    )
    .action((name: string, options: AddOptions, command: Command) => {
      if (options.count && !options.dryRun) command.error('error: --count belongs to --dry-run');
      return withSpace({ quiet: true }, (space) => add(space, name, options));
    });

async function add(space: Space, name: string, options: AddOptions): Promise<void> {
  const definition = definitionOf(name, options, space.config);
  const note = noteOn(definition.kind, space);
  const before = (await readSources(space.db)).find((source) => source.name === name);
  if (options.dryRun) {
    const nowMs = Date.now();
    const asked = { nowMs, secrets: secretsOf(process.env) };
    const preview = await previewRun(definition, NEVER_RUN, space.outside, asked);
    if (!options.json) process.stdout.write(`${name} would be added; its first run:\n${formatPreview(preview)}`);
    const hits = options.count ? await countHits(definition, space.outside, nowMs) : null;
    if (options.json) printJson({ act: 'add', dry_run: true, definition, ...preview, hits, note });
    else if (hits !== null) process.stdout.write(`${definition.kind} states ${hits.toLocaleString('en')} documents\n`);
  } else {
    const added = await asUsage(() => addSource(space.db, definition, { runNow: definition.everyMs !== null }));
    const schedule = before !== undefined && before.everyMs !== definition.everyMs;
    const changed = added === 'added' || schedule;
    if (options.json) printJson({ act: 'add', dry_run: false, changed, definition, note });
    else process.stdout.write(addedWords(definition, added, schedule));
    if (!changed) process.exitCode = EXIT.nothing;
  }
  if (note !== null) process.stderr.write(`note: ${note}\n`);
}

function addedWords(
  { name, everyMs }: { readonly name: string; readonly everyMs: number | null },
  added: 'added' | 'same',
  schedule: boolean,
): string {
  const often = everyMs === null ? 'runs only when told to' : `runs every ${intervalWords(everyMs)}`;
  if (added === 'same') return schedule ? `${name} now ${often}\n` : `${name} is there already, just so\n`;
  const next =
    everyMs === null
      ? `anamnesis sources run ${name}`
      : `anamnesis run --until-idle (or let "serve" or a scheduled tick do it)`;
  return `${name} added; it ${often}. Next: ${next}\n`;
}

/** What stands in the way of a definition on this host; null where nothing does. */
function noteOn(kind: SourceAnswer['kind'], { config }: Space): string | null {
  if ((kind === 'pubmed' || kind === 'pmc') && config.contactEmail === undefined)
    return 'CONTACT_EMAIL is not set here: NCBI is not called without it, and this source will be parked';
  return null;
}

const removeCommand = (): Command =>
  withDryRun(
    new Command('remove')
      .description('forget a definition and what it listed; the documents and cases stay')
      .argument('<name>', 'the source'),
  ).action((name: string, options: ActOptions) =>
    withSpace({ quiet: true }, async ({ db }) => {
      const there = (await readSources(db)).find((source) => source.name === name);
      const removed = options.dryRun ? there !== undefined : (await removeSource(db, name)).removed;
      if (options.json)
        printJson({
          act: 'remove',
          name,
          changed: removed,
          dry_run: options.dryRun === true,
          listed: there?.listed ?? 0,
        });
      else if (removed)
        process.stdout.write(
          `${name} ${options.dryRun ? 'would be removed' : 'removed'}; the ${there?.listed ?? 0} documents that it listed stay\n`,
        );
      else process.stdout.write(`there is no source ${name}; nothing was changed\n`);
      if (!removed) process.exitCode = EXIT.nothing;
    }),
  );

const runCommand = (): Command =>
  withListingOptions(
    new Command('run')
      .description('run one source now, in the foreground; interrupt and repeat it at will')
      .argument('<name>', 'the source')
      .option('--sweep', 'compare the whole listing with what is held, so that what is gone is noticed')
      .option('--dry-run', 'show the requests and windows of the next run, and ask nobody'),
  ).action((name: string, options: { sweep?: boolean; dryRun?: boolean; maxWait: number; json?: boolean }) =>
    withSpace({ quiet: true }, async (space) => {
      const standing = await asUsage(() => standingOf(space, name));
      if (options.dryRun) {
        const through = options.sweep ? { ...standing, sweptDay: null } : standing;
        const preview = await previewRun(standing, through, space.outside, {
          nowMs: Date.now(),
          secrets: secretsOf(process.env),
        });
        if (options.json) printJson({ act: 'run', name, dry_run: true, ...preview });
        else
          process.stdout.write(
            `${name} would ${standing.running ? 'go on with its run' : 'run'}:\n${formatPreview(preview)}`,
          );
        return;
      }
      if (standing.state === 'paused')
        throw new UsageError(
          `${name} is paused${standing.reason ? ` (${standing.reason})` : ''}: "anamnesis sources resume ${name}" first`,
        );
      const report = await listSource(space, name, options);
      printListing(report, options.json === true);
    }),
  );

type ActOptions = { readonly reason?: string; readonly dryRun?: boolean; readonly json?: boolean };
const withDryRun = (command: Command): Command =>
  command.option('--dry-run', 'say what it would change, and change nothing').option('--json', 'print JSON');

const stateCommands = (): readonly Command[] => [
  withDryRun(
    new Command('pause')
      .description('list nothing more, on any host, until it is resumed; what was found is worked as usual')
      .argument('<name>', 'the source')
      .option('--reason <text>', 'why, for whoever looks'),
  ).action((name: string, options: ActOptions) => setState('pause', name, options)),
  withDryRun(
    new Command('resume').description('let a source go on that was paused or parked').argument('<name>', 'the source'),
  ).action((name: string, options: ActOptions) => setState('resume', name, options)),
];

const setState = (act: 'pause' | 'resume', name: string, options: ActOptions): Promise<void> =>
  withSpace({ quiet: true }, async (space) => {
    const { state } = await asUsage(() => standingOf(space, name));
    const changed = act === 'pause' ? state !== 'paused' : state !== 'active';
    if (changed && !options.dryRun)
      await (act === 'pause'
        ? pauseSource(space.db, name, options.reason ?? 'by an operator')
        : resumeSource(space.db, name));
    if (options.json) printJson({ act, name, changed, dry_run: options.dryRun === true });
    else {
      const done = act === 'pause' ? 'paused' : 'resumed';
      if (changed) process.stdout.write(`${name} ${options.dryRun ? `would be ${done}` : done}\n`);
      else process.stdout.write(act === 'pause' ? `${name} is paused already\n` : `${name} is not held\n`);
    }
    if (!changed) process.exitCode = EXIT.nothing;
  });

const shrinkCommand = (): Command =>
  withDryRun(
    new Command('allow-shrink')
      .description('let documents that a source no longer lists be withdrawn, however many they are')
      .argument('<name>', 'the source')
      .option('--for <time>', 'for how long: 2h, 1d (at least 15m)', interval, DAY_MS),
  ).action((name: string, options: ActOptions & { for: number }) =>
    withSpace({ quiet: true }, async (space) => {
      const standing = await asUsage(() => standingOf(space, name));
      const { nowMs } = await readSnapshot(space.db, space.pipeline);
      const untilMs = nowMs + options.for;
      if (!options.dryRun) await allowShrink(space.db, name, untilMs);
      const until = new Date(untilMs).toISOString();
      if (options.json)
        printJson({
          act: 'allow-shrink',
          name,
          until,
          changed: true,
          missing: standing.missing,
          dry_run: options.dryRun === true,
        });
      else
        process.stdout.write(
          `${name}: any number of documents ${options.dryRun ? 'might' : 'may'} be withdrawn until ${until}; it goes on with "anamnesis sources run ${name}"\n`,
        );
    }),
  );

/** A definition that cannot be kept or found is wrong use of a command. */
async function asUsage<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof SourceDefinitionError || error instanceof NoSourceError) throw new UsageError(error.message);
    throw error;
  }
}
