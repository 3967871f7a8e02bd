import { Command } from 'commander';
import {
  explainItem,
  explainStages,
  type ItemExplanation,
  keysLike,
  type StageExplanation,
} from '../../core/engine/index.ts';
import { gatesWithJobs } from '../../core/status-batches.ts';
import type { Space } from '../space.ts';
import { EXIT, type ExitCode, UsageError } from './exit.ts';
import { gateJson, gateLine } from './gates.ts';
import { printJson, withSpace } from './open.ts';

const KEYS_OFFERED = 5;

export const explainCommand = (): Command =>
  new Command('explain')
    .description('why a stage or an item does not go on: every gate in order, the row that holds it and when it opens')
    .argument('[stage-or-key]', 'a stage, or the key of a document or case; without it every stage')
    .option('--json', 'print JSON')
    .action((name: string | undefined, options: { json?: boolean }) =>
      withSpace({ quiet: true }, async (space) => {
        const all = await Promise.all(
          (await explainStages(space.db, space.pipeline)).map(async (one) => ({
            ...one,
            gates: await gatesWithJobs(space.db, one.gates),
          })),
        );
        const stages = name === undefined ? all : all.filter(({ stage }) => stage === name);
        if (name !== undefined && stages.length === 0) return explainOne(space, name, options.json === true);
        if (options.json) printJson({ stages: stages.map(stageJson) });
        else process.stdout.write(stages.map(formatStage).join('\n'));
        process.exitCode = exitOfStages(stages);
      }),
    );

async function explainOne({ db, pipeline }: Space, key: string, json: boolean): Promise<void> {
  const item = await explainItem(db, pipeline, key);
  if (item === null) {
    const known = await keysLike(db, key, KEYS_OFFERED);
    const stages = pipeline.stages.map(({ name }) => name).join(', ');
    const items = known.length === 0 ? 'there are no items yet' : `items are, for example, ${known.join(', ')}`;
    throw new UsageError(`${JSON.stringify(key)} is neither a stage (${stages}) nor the key of an item; ${items}`);
  }
  if (json) printJson(itemJson(item));
  else process.stdout.write(formatItem(item));
  process.exitCode = exitOfItem(item);
}

/** Blocked where something is open and none of it may be claimed; nothing to do where nothing is open. */
export function exitOfStages(stages: readonly Pick<StageExplanation, 'counts' | 'gates'>[]): ExitCode {
  const open = stages.filter(({ counts }) => counts.ready + counts.leased + counts.submitted > 0);
  if (open.length === 0) return EXIT.nothing;
  return open.every(({ gates }) => gates.length > 0) ? EXIT.blocked : EXIT.done;
}

export function exitOfItem({ stages }: ItemExplanation): ExitCode {
  const open = stages.filter(({ state }) => !['done', 'skipped', 'dead'].includes(state));
  if (open.length === 0) return EXIT.nothing;
  return open.every(({ gates }) => gates.length > 0) ? EXIT.blocked : EXIT.done;
}

const stageJson = ({ stage, state, stale, counts, gates, warnings, summary }: StageExplanation) => ({
  stage,
  lifecycle: state,
  stale,
  ...counts,
  gates: gates.map(gateJson),
  warnings,
  summary,
});

export function formatStage({ state, stale, gates, warnings, summary }: StageExplanation): string {
  return [
    `${summary}  (${state}${stale ? ', stale: nothing settled for a day' : ''})`,
    ...gates.map((gate, i) => `  ${i + 1}. ${gateLine(gate)}`),
    ...warnings.map((warning) => `  warning: ${warning}`),
    '',
  ].join('\n');
}

const itemJson = ({ key, kind, stages, summary }: ItemExplanation) => ({
  key,
  kind,
  summary,
  stages: stages.map((stage) => ({
    stage: stage.stage,
    state: stage.state,
    cause: stage.cause,
    attempt: stage.attempt,
    waits: stage.waits,
    lost: stage.lost,
    error_class: stage.errorClass,
    reason: stage.reason,
    fingerprint: stage.fingerprint,
    updated_at: new Date(stage.updatedAtMs).toISOString(),
    gates: stage.gates.map(gateJson),
    failures: stage.failures.map(({ attempt, errorClass, message, atMs }) => ({
      attempt,
      error_class: errorClass,
      message,
      at: new Date(atMs).toISOString(),
    })),
  })),
});

export function formatItem({ kind, stages, summary }: ItemExplanation): string {
  return [
    `${summary}  (${kind})`,
    ...stages.flatMap((stage) => [
      `  ${stage.stage.padEnd(10)} ${stage.state.padEnd(9)} ${stage.attempt} attempts, ${stage.waits} waits, ${stage.lost} lost${stage.reason === null ? '' : `: ${stage.reason}`}`,
      ...stage.gates.map((gate, i) => `    ${i + 1}. ${gateLine(gate)}`),
      ...stage.failures.map(
        ({ attempt, errorClass, message, atMs }) =>
          `    attempt ${attempt} failed ${new Date(atMs).toISOString()}: ${errorClass}: ${message}`,
      ),
    ]),
    '',
  ].join('\n');
}
