import { Command, InvalidArgumentError } from 'commander';
import { requestRebuild } from '../../core/corpus.ts';
import { act, type Pipeline, readSnapshot, tick } from '../../core/engine/index.ts';
import { listReleases, type ReleaseEntry } from '../releases/list.ts';
import { goBackTo, RollbackRefusedError, rollbackTarget, servingProblem } from '../releases/rollback.ts';
import { type Verified, verifyRelease } from '../releases/verify.ts';
import type { Space } from '../space.ts';
import { byCli } from './control.ts';
import { EXIT, UsageError } from './exit.ts';
import { stageNamed } from './named.ts';
import { printJson, withSpace } from './open.ts';

export const indexCommand = (): Command => {
  const parent = new Command('index')
    .description('releases: list (the default), verify, rollback, build')
    .addCommand(listCommand().exitOverride().showHelpAfterError(), { isDefault: true });
  for (const command of [verifyCommand(), rollbackCommand(), buildCommand()])
    parent.addCommand(command.exitOverride().showHelpAfterError());
  return parent;
};

const versionArgument = (given: string): number => {
  const value = Number(given);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('expected the number of a release');
  return value;
};

const listCommand = (): Command =>
  new Command('list')
    .description('every release, newest first: when, how many cases, which generation, and whether it can be served')
    .option('--json', 'print JSON')
    .action((options: { json?: boolean }) =>
      withSpace({ quiet: true }, async ({ db, store }) => {
        const releases = await listReleases(db, store);
        if (options.json) printJson({ releases });
        else if (releases.length === 0) process.stdout.write('there is no release yet\n');
        else for (const release of releases) process.stdout.write(`${formatRelease(release)}\n`);
        const current = releases.find((release) => release.current);
        if (!current) process.exitCode = EXIT.nothing;
        else if (current.problem !== null) process.exitCode = EXIT.degraded;
      }),
    );

export function formatRelease({ version, state, current, problem, ...release }: ReleaseEntry): string {
  const facts = [
    String(version).padStart(6),
    (current ? 'current' : state.replace('_', ' ')).padEnd(11),
    (release.created_at ?? 'never').padEnd(24),
    `${release.case_count.toLocaleString('en')} cases`.padStart(15),
    (release.bytes === null ? '-' : `${(release.bytes / 1e6).toFixed(1)} MB`).padStart(10),
    ` ${release.generation ?? '-'}`,
  ].join(' ');
  return problem === null ? facts : `${facts}\n       ${problem}`;
}

const verifyCommand = (): Command =>
  new Command('verify')
    .description(
      'read every file of a release against its hash, open it, and search it; exit code 1 when something is wrong',
    )
    .argument('[version]', 'the release; the current one where none is named', versionArgument)
    .option('--json', 'print JSON')
    .action((asked: number | undefined, options: { json?: boolean }) =>
      withSpace({ quiet: true }, async (space) => {
        const releases = await listReleases(space.db, space.store);
        const version = asked ?? releases.find(({ current }) => current)?.version;
        if (version === undefined) {
          process.stdout.write('there is no release yet\n');
          process.exitCode = EXIT.nothing;
          return;
        }
        if (!releases.some((release) => release.version === version))
          throw new UsageError(`there is no release ${version}: see "index list"`);
        const verified = await verifyRelease(space, version);
        if (options.json) printJson({ ...verifiedJson(verified), ok: verified.problems.length === 0 });
        else process.stdout.write(formatVerified(verified));
        if (verified.problems.length > 0) process.exitCode = EXIT.failed;
      }),
    );

const verifiedJson = ({ faissSearches, ...verified }: Verified) => ({ ...verified, faiss_searches: faissSearches });

export function formatVerified(verified: Verified): string {
  const { version, problems, skipped, files, bytes, searches, faissSearches } = verified;
  if (problems.length > 0) return `release ${version} is not good:\n${problems.map((line) => `  ${line}\n`).join('')}`;
  const looked = `${files} files of ${(bytes / 1e6).toFixed(1)} MB fit their hashes; ${searches} searches and ${faissSearches} of FAISS gave what they must`;
  return `release ${version} is good: ${looked}\n${skipped.map((line) => `  not looked at: ${line}\n`).join('')}`;
}

type RollbackOptions = {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly reason?: string;
  readonly requestId?: string;
  readonly json?: boolean;
};

const rollbackCommand = (): Command =>
  new Command('rollback')
    .description(
      'serve an older release, on every host; what is newer stays on disk and is not served again by itself. The next build is: pause index to hold it off',
    )
    .argument('[version]', 'the release; the one before the current where none is named', versionArgument)
    .option('--yes', 'do it; without it, say what would be done')
    .option('--dry-run', 'say what would be done, also with --yes')
    .option('--reason <text>', 'why, for the audit and for whoever looks')
    .option('--request-id <id>', 'the same id acts once, however often it is sent')
    .option('--json', 'print JSON')
    .action((asked: number | undefined, options: RollbackOptions) =>
      withSpace({ quiet: true }, (space) => rollback(space, asked, options)),
    );

async function rollback(space: Space, asked: number | undefined, options: RollbackOptions): Promise<void> {
  const releases = await listReleases(space.db, space.store);
  const from = releases.find(({ current }) => current)?.version ?? null;
  const target = rollbackTarget(releases, asked);
  const problem = await servingProblem(space, target);
  if (problem !== null) throw new RollbackRefusedError(`release ${target.version} cannot be served: ${problem}`);
  const dry = options.dryRun === true || options.yes !== true;
  const changed = dry || (await goBackTo(space.db, target.version, byCli(options)));
  if (options.json) printJson({ act: 'rollback', from, to: target.version, changed, dry_run: dry });
  else if (!changed) process.stdout.write(`release ${target.version} is the current one already\n`);
  else if (dry)
    process.stdout.write(`would serve release ${target.version} instead of ${from}; with --yes it is done\n`);
  else
    process.stdout.write(
      `release ${target.version} is served from now on (every server follows within seconds); the next build is served again: "pause index" holds it off\n`,
    );
  if (!changed) process.exitCode = EXIT.nothing;
}

type BuildOptions = {
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly reason?: string;
  readonly json?: boolean;
};

const buildCommand = (): Command =>
  new Command('build')
    .description('build a release of all cases that are ready for one, without waiting for more')
    .option('--force', 'build though nothing is new')
    .option('--dry-run', 'say what it would do, and change nothing')
    .option('--reason <text>', 'why, for the audit and for whoever looks')
    .option('--json', 'print JSON')
    .action((options: BuildOptions) => withSpace({ quiet: true }, (space) => build(space, options)));

/** The pipeline with its last stage alone: what else waits is not this command's. */
function indexAlone(pipeline: Pipeline): Pipeline {
  return { ...pipeline, stages: [stageNamed(pipeline, 'index')] };
}

async function build(space: Space, options: BuildOptions): Promise<void> {
  const { db, runtime } = space;
  const pipeline = indexAlone(space.pipeline);
  const ready = (await readSnapshot(db, pipeline)).stages.get('index')?.counts.ready ?? 0;
  const by = byCli(options);
  if (options.dryRun || (ready === 0 && !options.force)) {
    if (options.json) printJson({ act: 'build', ready, built: null, dry_run: options.dryRun === true });
    else
      process.stdout.write(
        ready > 0
          ? `would build a release: ${ready} cases wait for one\n`
          : 'every case is in a release; --force builds one all the same\n',
      );
    if (ready === 0) process.exitCode = EXIT.nothing;
    return;
  }
  if (options.force) await requestRebuild(db, by);
  else await act(db, space.pipeline, { kind: 'run', stage: 'index' }, by);
  const before = (await listReleases(db, space.store)).find(({ current }) => current)?.version ?? 0;
  const report = await tick(db, pipeline, runtime, { budgetMs: 1 });
  const built =
    (await listReleases(db, space.store)).find(({ current, version }) => current && version > before) ?? null;
  const held = report.after.kind === 'waiting' ? report.after.gate.reason : null;
  if (options.json) printJson({ act: 'build', ready, built, dry_run: false, held });
  else
    process.stdout.write(
      built ? `${formatRelease(built)}\n` : `nothing was built: ${held ?? 'the build failed, and is tried again'}\n`,
    );
  if (!built) process.exitCode = held === null ? EXIT.failed : EXIT.blocked;
}
