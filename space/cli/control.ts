import { Command } from 'commander';
import { act, explainStages, type OperatorAct } from '../../core/engine/index.ts';
import type { Space } from '../space.ts';
import { EXIT } from './exit.ts';
import { gateJson, gateLine } from './gates.ts';
import { stageNamed } from './named.ts';
import { printJson, withSpace } from './open.ts';

type Options = {
  readonly reason?: string;
  readonly requestId?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
};

/** The options that every operator act takes. */
export const withActOptions = (command: Command): Command =>
  command
    .option('--reason <text>', 'why, for the audit and for whoever looks')
    .option('--request-id <id>', 'the same id acts once, however often it is sent')
    .option('--dry-run', 'say what it would change, and change nothing')
    .option('--json', 'print JSON');

/** Who acts and why, as the audit has it. */
export const byCli = ({ reason, requestId }: Pick<Options, 'reason' | 'requestId'>) => ({
  actor: 'cli',
  ...(reason === undefined ? {} : { reason }),
  ...(requestId === undefined ? {} : { requestId }),
});

export const pauseCommand = (): Command =>
  withActOptions(
    new Command('pause')
      .description(
        'claim nothing more in a stage, on any host, until it is resumed; what is being worked on ends as usual',
      )
      .argument('<stage>', 'scrape, normalize, distill, embed or index'),
  ).action((stage: string, options: Options) => control('pause', stage, options));

export const resumeCommand = (): Command =>
  withActOptions(
    new Command('resume').description('let a paused stage go on').argument('<stage>', 'the stage that was paused'),
  ).action((stage: string, options: Options) => control('resume', stage, options));

const control = (kind: 'pause' | 'resume', name: string, options: Options): Promise<void> =>
  withSpace({ quiet: true }, async (space) => {
    const stage = stageNamed(space.pipeline, name).name;
    const request: OperatorAct = { kind, stage };
    const wasPaused = (await standing(space, stage)).paused;
    const acted = options.dryRun ? null : await act(space.db, space.pipeline, request, byCli(options));
    const changed = acted === null ? wasPaused !== (kind === 'pause') : acted.changed > 0;
    const { gates } = await standing(space, stage);
    const held = kind === 'resume' ? gates.filter((gate) => acted !== null || gate.kind !== 'paused') : [];
    if (options.json)
      printJson({
        act: kind,
        stage,
        changed,
        repeated: acted?.repeated ?? false,
        dry_run: options.dryRun === true,
        gates: gates.map(gateJson),
      });
    else {
      process.stdout.write(`${sentence(kind, stage, changed, options.dryRun === true, acted?.repeated ?? false)}\n`);
      for (const gate of held) process.stdout.write(`still held: ${gateLine(gate)}\n`);
    }
    if (held.length > 0) process.exitCode = EXIT.blocked;
    else if (!changed) process.exitCode = EXIT.nothing;
  });

async function standing({ db, pipeline }: Space, name: string) {
  const found = (await explainStages(db, pipeline)).find(({ stage }) => stage === name);
  return { paused: found?.state === 'paused', gates: found?.gates ?? [] };
}

function sentence(kind: 'pause' | 'resume', stage: string, changed: boolean, dry: boolean, repeated: boolean): string {
  const done = kind === 'pause' ? 'paused' : 'resumed';
  if (changed) return dry ? `${stage} would be ${done}` : `${stage} ${done}`;
  if (repeated) return 'this request has acted before; nothing was changed';
  return kind === 'pause' ? `${stage} is paused already` : `${stage} is not paused`;
}
