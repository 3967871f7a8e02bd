import { Command } from 'commander';
import {
  type Pipeline,
  QUOTA_WARNING,
  quotaLeft,
  quotaResetsMs,
  readSnapshot,
  type Snapshot,
} from '../../core/engine/index.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { printJson, withSpace } from './open.ts';

export type QuotaView = {
  readonly name: string;
  readonly unit: string;
  readonly per_day: number;
  readonly used: number;
  readonly left: number;
  /** Share of the day's units that is used or reserved, in [0, 1]. */
  readonly share: number;
  readonly state: 'free' | 'warning' | 'spent';
  readonly resets_at: string;
  readonly session_max: number | null;
  readonly break_s: number;
  readonly session_running: boolean;
  /** Stages that draw on it. */
  readonly stages: readonly string[];
};

export const quotaCommand = (): Command =>
  new Command('quota')
    .description('what is left of each quota today, and when it is whole again; a warning from 75 % on')
    .option('--json', 'print JSON')
    .action((options: { json?: boolean }) =>
      withSpace({ quiet: true }, async ({ db, pipeline }) => {
        const quotas = quotaViews(pipeline, await readSnapshot(db, pipeline));
        if (options.json) printJson({ quotas });
        else process.stdout.write(formatQuotas(quotas));
        process.exitCode = exitOfQuotas(quotas);
      }),
    );

export function quotaViews(pipeline: Pipeline, snapshot: Snapshot): readonly QuotaView[] {
  return pipeline.quotas.flatMap(({ name }) => {
    const quota = snapshot.quotas.get(name);
    if (!quota) return [];
    const drawing = pipeline.stages.filter((stage) => stage.quota?.name === name);
    const left = quotaLeft(quota, snapshot.nowMs);
    const used = quota.perDay - left;
    // Spent for a stage means that not one of its items fits into what is left.
    const spent = left <= 0 || drawing.some((stage) => left < (stage.quota?.unitsPerItem ?? 0));
    return [
      {
        name,
        unit: quota.unit,
        per_day: quota.perDay,
        used,
        left,
        share: used / quota.perDay,
        state: spent ? 'spent' : used >= QUOTA_WARNING * quota.perDay ? 'warning' : 'free',
        resets_at: new Date(quotaResetsMs(snapshot.nowMs)).toISOString(),
        session_max: quota.sessionMax,
        break_s: quota.breakMs / 1_000,
        session_running: quota.running,
        stages: drawing.map((stage) => stage.name),
      },
    ];
  });
}

export function exitOfQuotas(quotas: readonly QuotaView[]): ExitCode {
  if (quotas.length === 0) return EXIT.nothing;
  return quotas.some(({ state }) => state === 'spent') ? EXIT.blocked : EXIT.done;
}

export function formatQuotas(quotas: readonly QuotaView[]): string {
  if (quotas.length === 0) return 'no stage of this pipeline draws on a quota\n';
  const rounded = (units: number) => Math.round(units * 100) / 100;
  return quotas
    .map(({ name, unit, per_day, used, left, share, state, resets_at, session_running, stages }) => {
      const word = state === 'free' ? '' : state === 'spent' ? '  SPENT' : '  warning';
      const session = session_running ? '; a session runs' : '';
      return `${name.padEnd(16)} ${rounded(used)} of ${rounded(per_day)} ${unit} used (${Math.floor(share * 100)} %), ${rounded(left)} left, resets ${resets_at}${session}; used by ${stages.join(', ') || 'no stage'}${word}\n`;
    })
    .join('');
}
