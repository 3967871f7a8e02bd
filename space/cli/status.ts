import { Command } from 'commander';
import type { StatusAnswer } from '../../core/search/contract.ts';
import { readStatus } from '../../core/status.ts';
import { EXIT } from './exit.ts';
import { printJson, withSpace } from './open.ts';
import { seconds } from './progress.ts';
import { windowWords } from './source-table.ts';

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

const timeLeft = ({ state, eta_s, eta_s_range }: StatusAnswer['stages'][number]): string => {
  if (state === 'complete' || state === 'idle') return '-';
  if (eta_s === null) return 'unknown';
  const [low, high] = (eta_s_range ?? [eta_s, eta_s]).map(seconds);
  return low === high ? `${low}` : `${low} to ${high}`;
};

/** What a line of counts leaves out: how the stage stands as a whole, everything that holds it, what is worth a look. */
function furtherLines(stage: StatusAnswer['stages'][number]): readonly string[] {
  const success = stage.success_rate === null ? [] : [`${Math.floor(stage.success_rate * 1_000) / 10} % succeeded`];
  const elapsed =
    stage.elapsed_s === null
      ? []
      : [
          stage.ready + stage.leased + stage.submitted === 0
            ? `took ${seconds(stage.elapsed_s)}`
            : `began ${seconds(stage.elapsed_s)} ago`,
        ];
  return [
    [stage.lifecycle, ...(stage.stale ? ['stale: nothing settled for a day'] : []), ...success, ...elapsed].join(', '),
    ...stage.gates.map(
      ({ reason, row, opens_at }, i) =>
        `${i === 0 ? 'waits' : 'then'}: ${reason}${opens_at ? `, until ${opens_at}` : ''}${row ? `  [${row}]` : ''}`,
    ),
    ...stage.warnings.map((warning) => `warning: ${warning}`),
  ].map((line) => `           ${line}`);
}

/** A line for each source and each service that is left alone; "sources list" says more. */
function sourceLines({ sources, services }: StatusAnswer): readonly string[] {
  if (sources.length === 0) return [];
  const width = Math.max(10, ...sources.map(({ name }) => name.length));
  return [
    ...sources.map((source) => {
      const { name, kind, running, state, waiting, listed, retracted, missing, next_run } = source;
      const doing = waiting
        ? `waits: ${waiting.reason}, until ${waiting.until ?? 'somebody acts'}`
        : running
          ? `reads ${windowWords(source)}`
          : `next run ${next_run ?? 'only when told to'}`;
      const counts = `${source.new} new, ${source.changed} changed of ${source.found}; ${listed} in all, ${retracted} retracted, ${missing} missing`;
      return `source ${name.padEnd(width)} ${kind.padEnd(10)} ${(state === 'active' && running ? 'running' : state).padEnd(8)} ${counts}; ${doing}`;
    }),
    ...services
      .filter(({ open_until, reason }) => open_until !== null || reason !== null)
      .map(
        ({ name, open_until, reason }) =>
          `service ${name} is left alone${open_until ? ` until ${open_until}` : ''}: ${reason ?? 'it asked for it'}`,
      ),
    '',
  ];
}

const share = (value: number): string => value.toFixed(3).replace(/^0/, '');

/** How well the release answers questions with known answers, where that was measured. */
function evaluationLines({ evaluation, release }: StatusAnswer): readonly string[] {
  if (!evaluation) return release ? ['never measured: run `anamnesis eval FILE`'] : [];
  const { rows, questions, file, at, current, release: version } = evaluation;
  const [row] = rows;
  const measured = row
    ? Object.entries(row.measures).map(
        ([name, { mean, low, high }]) => `${name} ${share(mean)} [${share(low)}, ${share(high)}]`,
      )
    : [];
  return [
    `measured${current ? '' : ` on release ${version}, not on this one`}: ${row?.variant ?? ''} ${measured.join(', ')}; ${questions} questions of ${file}, ${at}`,
  ];
}

const COLUMNS = ['ready', 'leased', 'submitted', 'done', 'skipped', 'dead'] as const;

export function formatStatus(status: StatusAnswer): string {
  const lines = [
    `stage ${status.stage}; ${status.documents} documents, ${status.cases} cases`,
    status.release
      ? `release ${status.release.version}: ${status.release.case_count} cases, ${status.release.created_at}, generation ${status.release.generation}`
      : 'no release yet',
    ...evaluationLines(status),
    '',
    `${'stage'.padEnd(10)} ${'state'.padEnd(9)} ${COLUMNS.map((name) => name.padStart(9)).join(' ')} ${'rate'.padStart(8)} ${'left'.padStart(14)}`,
    ...status.stages.flatMap((stage) => [
      `${stage.name.padEnd(10)} ${stage.state.padEnd(9)} ${COLUMNS.map((name) => String(stage[name]).padStart(9)).join(' ')} ${(stage.rate_per_s === null ? '-' : `${stage.rate_per_s}/s`).padStart(8)} ${timeLeft(stage).padStart(14)}`,
      ...furtherLines(stage),
    ]),
    '',
    ...status.degraded.map((text) => `degraded: ${text}`),
    ...sourceLines(status),
    status.last_tick ? `last tick ${status.last_tick.at} by ${status.last_tick.host}` : 'no tick yet',
    ...status.set_aside
      .slice(0, 10)
      .map(({ key, stage, state, reason }) => `  ${state} in ${stage}: ${key}: ${reason}`),
  ];
  return `${lines.join('\n')}\n`;
}
