import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { EXPORT_FORMATS, type ExportFile, type ExportFormat, exportCase } from '../../core/cases/exports/export.ts';
import { PROGRAM } from '../../core/version.ts';
import { createServing, type Serving } from '../serving.ts';
import { EXIT, type ExitCode, UsageError } from './exit.ts';
import { printJson, withSpace } from './open.ts';

type Options = {
  readonly format: string;
  readonly out?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
};

type Exported = { readonly caseId: string; readonly file: ExportFile; readonly withheld: string | null };
type Missing = { readonly caseId: string; readonly reason: string };

export const exportCommand = (): Command =>
  new Command('export')
    .description('write cases of the release being served as files for other programs')
    .argument('<case...>', 'ids of cases')
    .requiredOption('--format <name>', EXPORT_FORMATS.join(', '))
    .option('--out <dir>', 'write a file per case there; without it one case goes to standard output')
    .option('--dry-run', 'say which files would be written')
    .option('--json', 'print JSON about what was written')
    .action(async (ids: readonly string[], options: Options) => {
      const format = EXPORT_FORMATS.find((name) => name === options.format);
      if (format === undefined) throw new UsageError(`--format ${options.format}: one of ${EXPORT_FORMATS.join(', ')}`);
      const wanted = [...new Set(ids)];
      if (options.out === undefined && (wanted.length > 1 || options.dryRun || options.json))
        throw new UsageError('several cases, --dry-run and --json need --out: the folder to write the files to');
      await withSpace({ quiet: true }, async (space) => {
        const serving = createServing(space);
        await serving.refresh();
        process.exitCode = await exportAll(serving, wanted, format, options);
      });
    });

async function exportAll(
  serving: Serving,
  wanted: readonly string[],
  format: ExportFormat,
  options: Options,
): Promise<ExitCode> {
  const done: Exported[] = [];
  const missing: Missing[] = [];
  for (const caseId of wanted) {
    const outcome = await exportOne(serving, caseId, format);
    if ('reason' in outcome) missing.push(outcome);
    else done.push(outcome);
  }
  const { out } = options;
  if (out === undefined) for (const { file } of done) process.stdout.write(file.body);
  else {
    const names = namesOf(done);
    if (!options.dryRun) await writeAll(out, done, names);
    tell(done, names, missing, out, options);
  }
  for (const { caseId, reason } of missing) process.stderr.write(`anamnesis: ${JSON.stringify(caseId)}: ${reason}\n`);
  for (const reason of serving.degraded()) process.stderr.write(`degraded: ${reason}\n`);
  if (missing.length > 0) return EXIT.failed;
  return serving.degraded().length > 0 ? EXIT.degraded : EXIT.done;
}

async function exportOne(serving: Serving, caseId: string, format: ExportFormat): Promise<Exported | Missing> {
  try {
    const found = await serving.exportable(caseId);
    if (found === null) return { caseId, reason: 'the release being served has no case with this id' };
    return { caseId, file: exportCase(found, format, PROGRAM), withheld: found.stored.withheld ?? null };
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'CaseGoneError' || !('reason' in error)) throw error;
    return { caseId, reason: `taken out of the corpus (${String(error.reason)})` };
  }
}

/** Names that differ only in case are one file on some disks: the later ones get a number. */
function namesOf(done: readonly Exported[]): readonly string[] {
  const taken = new Map<string, number>();
  return done.map(({ file }) => {
    const folded = file.name.toLowerCase();
    const times = (taken.get(folded) ?? 0) + 1;
    taken.set(folded, times);
    return times === 1 ? file.name : file.name.replace('.', `-${times}.`);
  });
}

/** Each file is whole or not there; one that exists is replaced. */
async function writeAll(out: string, done: readonly Exported[], names: readonly string[]): Promise<void> {
  await mkdir(out, { recursive: true });
  for (const [place, { file }] of done.entries()) {
    const name = names[place] ?? file.name;
    const partial = join(out, `.${name}.${randomUUID()}`);
    try {
      await writeFile(partial, file.body, { flag: 'wx' });
      await rename(partial, join(out, name));
    } finally {
      await rm(partial, { force: true });
    }
  }
}

function tell(
  done: readonly Exported[],
  names: readonly string[],
  missing: readonly Missing[],
  out: string,
  { json, dryRun }: Options,
): void {
  const files = done.map(({ caseId, file, withheld }, place) => ({
    case_id: caseId,
    file: join(out, names[place] ?? file.name),
    bytes: new TextEncoder().encode(file.body).length,
    text_withheld: withheld,
  }));
  if (json) {
    printJson({
      written: dryRun !== true,
      files,
      missing: missing.map(({ caseId, reason }) => ({ case_id: caseId, reason })),
    });
    return;
  }
  for (const { file, bytes, text_withheld } of files) {
    const note = text_withheld === null ? '' : `, without its text: ${text_withheld}`;
    process.stdout.write(`${dryRun ? 'would write' : 'wrote'} ${file} (${bytes} bytes${note})\n`);
  }
}
