import { Command } from 'commander';
import type { StatusAnswer } from '../../core/search/contract.ts';
import { readStatus } from '../../core/status.ts';
import { EXIT } from './exit.ts';
import { printJson, withSpace } from './open.ts';
import { seconds } from './progress.ts';

export const statusCommand = (): Command =>
  new Command('status')
    .description('what is done, what waits, why, and until when')
    .option('--json', 'print JSON')
    .action((options: { json?: boolean }) =>
      withSpace({ quiet: true }, async (space) => {
        const status = await readStatus(space.db, space.pipeline, space.degraded());
        if (options.json) printJson(status);
        else process.stdout.write(formatStatus(status));
        if (status.degraded.length > 0) process.exitCode = EXIT.degraded;
      }),
    );

const timeLeft = ({ state, eta_s }: StatusAnswer['stages'][number]): string => {
  if (state === 'complete' || state === 'idle') return '-';
  return eta_s === null ? 'unknown' : seconds(eta_s);
};

const COLUMNS = ['ready', 'leased', 'submitted', 'done', 'skipped', 'dead'] as const;

export function formatStatus(status: StatusAnswer): string {
  const lines = [
    `stage ${status.stage}; ${status.documents} documents, ${status.cases} cases`,
    status.release
      ? `release ${status.release.version}: ${status.release.case_count} cases, ${status.release.created_at}, generation ${status.release.generation}`
      : 'no release yet',
    '',
    `${'stage'.padEnd(10)} ${'state'.padEnd(9)} ${COLUMNS.map((name) => name.padStart(9)).join(' ')} ${'rate'.padStart(8)} ${'left'.padStart(10)}`,
    ...status.stages.flatMap((stage) => [
      `${stage.name.padEnd(10)} ${stage.state.padEnd(9)} ${COLUMNS.map((name) => String(stage[name]).padStart(9)).join(' ')} ${(stage.rate_per_s === null ? '-' : `${stage.rate_per_s}/s`).padStart(8)} ${timeLeft(stage).padStart(10)}`,
      ...(stage.gate
        ? [`           waits: ${stage.gate.reason}${stage.gate.opens_at ? `, until ${stage.gate.opens_at}` : ''}`]
        : []),
    ]),
    '',
    ...status.degraded.map((text) => `degraded: ${text}`),
    status.last_tick ? `last tick ${status.last_tick.at} by ${status.last_tick.host}` : 'no tick yet',
    ...status.set_aside
      .slice(0, 10)
      .map(({ key, stage, state, reason }) => `  ${state} in ${stage}: ${key}: ${reason}`),
  ];
  return `${lines.join('\n')}\n`;
}
