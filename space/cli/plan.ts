import { Command } from 'commander';
import { planStages, type StagePlan } from '../../core/engine/index.ts';
import { EXIT } from './exit.ts';
import { stageNamed } from './named.ts';
import { printJson, withSpace } from './open.ts';
import { seconds } from './progress.ts';

export const planCommand = (): Command =>
  new Command('plan')
    .description('what would run and why, with time and cost as the last items had them; nothing is changed')
    .option('--stage <name>', 'one stage only')
    .option('--json', 'print JSON')
    .action((options: { stage?: string; json?: boolean }) =>
      withSpace({ quiet: true }, async ({ db, pipeline }) => {
        const stages = options.stage === undefined ? pipeline.stages : [stageNamed(pipeline, options.stage)];
        const plans = await planStages(db, stages);
        if (options.json) printJson({ stages: plans.map(planJson) });
        else process.stdout.write(formatPlan(plans));
        if (plans.every((plan) => runsOf(plan) === 0 && plan.outdated === 0)) process.exitCode = EXIT.nothing;
      }),
    );

const REASONS = ['new', 'input', 'fingerprint', 'forced', 'failed'] as const;
const REASON_WORDS = {
  new: 'new',
  input: 'input changed',
  fingerprint: 'fingerprint changed',
  forced: 'forced',
  failed: 'failed, to be tried again',
} as const satisfies Record<(typeof REASONS)[number], string>;

const runsOf = ({ runs }: StagePlan): number => REASONS.reduce((sum, reason) => sum + runs[reason], 0);

const planJson = (plan: StagePlan) => ({
  stage: plan.stage,
  fingerprint: plan.fingerprint,
  runs: plan.runs,
  estimated_s: plan.seconds,
  estimated_cost: plan.cost,
  outdated: plan.outdated,
  outdated_by: plan.outdatedBy,
  outdated_estimated_s: plan.outdatedSeconds,
  outdated_estimated_cost: plan.outdatedCost,
});

/** Without history nothing is said about time or cost; a guess would be taken for one. */
const estimate = (s: number | null, cost: number | null): string =>
  `time ${s === null ? 'unknown' : `about ${seconds(s)}`}, cost ${cost === null ? 'unknown' : cost.toPrecision(3)}`;

export function formatPlan(plans: readonly StagePlan[]): string {
  const lines = plans.flatMap((plan) => {
    const reasons = REASONS.filter((reason) => plan.runs[reason] > 0);
    const why = reasons.map((reason) => `${plan.runs[reason]} ${REASON_WORDS[reason]}`).join(', ');
    const runs = runsOf(plan);
    return [
      runs === 0
        ? `${plan.stage.padEnd(10)} nothing to run`
        : `${plan.stage.padEnd(10)} ${runs} to run: ${why}; ${estimate(plan.seconds, plan.cost)}`,
      ...(plan.outdated === 0
        ? []
        : [
            `           ${plan.outdated} outdated, run only when asked to; ${estimate(plan.outdatedSeconds, plan.outdatedCost)}`,
            ...plan.outdatedBy.map(
              ({ fingerprint, items }) =>
                `             ${items} made by ${fingerprint || '(unknown)'}, now ${plan.fingerprint}`,
            ),
          ]),
    ];
  });
  return `${lines.join('\n')}\n`;
}
