import { Command, CommanderError } from 'commander';
import { withoutSecrets } from '../../core/sources/settings.ts';
import { VERSION } from '../../core/version.ts';
import { ConfigError, secretsOf } from '../config.ts';
import { agreementCommand } from './agreement.ts';
import { auditCommand } from './audit.ts';
import { batchesCommand } from './batches.ts';
import { breakersCommand } from './breakers.ts';
import { pauseCommand, resumeCommand } from './control.ts';
import { doctorCommand } from './doctor.ts';
import { evalCommand } from './eval.ts';
import { EXIT, UsageError } from './exit.ts';
import { explainCommand } from './explain.ts';
import { exportCommand } from './export.ts';
import { indexCommand } from './index.ts';
import { ingestCommand } from './ingest.ts';
import { initCommand } from './init.ts';
import { planCommand } from './plan.ts';
import { quotaCommand } from './quota.ts';
import { runCommand, tickCommand } from './run.ts';
import { searchCommand } from './search.ts';
import { serveCommand } from './serve.ts';
import { sourcesCommand } from './sources.ts';
import { statusCommand } from './status.ts';

/** Runs one command and sets the exit code of the process. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('anamnesis')
    .description(
      'Finds published clinical cases like the one in front of you. For research and education, never a diagnosis.',
    )
    .version(VERSION)
    .showHelpAfterError()
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();
  for (const command of [
    initCommand(),
    doctorCommand(),
    ingestCommand(),
    sourcesCommand(),
    runCommand(),
    tickCommand(),
    statusCommand(),
    explainCommand(),
    planCommand(),
    pauseCommand(),
    resumeCommand(),
    breakersCommand(),
    batchesCommand(),
    quotaCommand(),
    auditCommand(),
    searchCommand(),
    evalCommand(),
    indexCommand(),
    exportCommand(),
    agreementCommand(),
    serveCommand(),
  ])
    program.addCommand(command.exitOverride().showHelpAfterError());
  try {
    await program.parseAsync(argv as string[]);
  } catch (error) {
    process.exitCode = exitOf(error);
  }
}

function exitOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  const message =
    error instanceof Error ? `${error.name === 'Error' ? '' : `${error.name}: `}${error.message}` : String(error);
  process.stderr.write(`anamnesis: ${withoutSecrets(message, secretsOf(process.env))}\n`);
  return error instanceof UsageError || error instanceof ConfigError ? EXIT.usage : EXIT.failed;
}
