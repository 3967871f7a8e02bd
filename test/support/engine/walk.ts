import {
  definePipeline,
  defineStage,
  type Item,
  type Outcome,
  type Pipeline,
  type Stage,
  type StageContext,
  type StageResult,
  type Write,
} from '../../../core/engine/index.ts';

/** A small pipeline that shows everything: new items, skips, retries, dead letters, plain rows, fenced statements. */

type StageOptions = Partial<Omit<Stage, 'name' | 'process'>>;

/** A stage with defaults that a test need not care about. */
export const stageOf = (name: string, process: Stage['process'], options: StageOptions = {}): Stage =>
  defineStage({
    name,
    itemKind: 'document',
    batchMax: 4,
    leaseMs: 60_000,
    retry: { attemptsMax: 3, delayMsFirst: 1_000, delayMsMax: 60_000 },
    settles: 'each',
    fingerprint: `${name}-1`,
    process,
    ...options,
  });

/** A stage that answers for one item at a time; every item it is done with leaves a row in `made`. */
export const eachOf = (
  name: string,
  act: (item: Item, context: StageContext) => Outcome | Promise<Outcome>,
  options: StageOptions = {},
): Stage =>
  stageOf(
    name,
    async (batch, context) => {
      const outcomes: Outcome[] = [];
      for (const item of batch) outcomes.push(await act(item, context));
      return { outcomes, writes: madeWrites(name, batch, outcomes) };
    },
    options,
  );

export const done = (outputHash: string): Outcome => ({ kind: 'done', outputHash });
/** Passes every item on, with an output that follows its input. */
export const passing = (name: string, options: StageOptions = {}): Stage =>
  eachOf(name, (item) => done(`${name}(${item.inputHash})`), options);

/** One row per item that settled, without a key: whatever is committed twice stands there twice. */
export const madeWrites = (name: string, batch: readonly Item[], outcomes: readonly Outcome[]): Write[] =>
  batch.flatMap((item, i): Write[] => {
    const kind = outcomes[i]?.kind;
    if (kind === 'retry' || kind === 'wait' || kind === 'submitted') return [];
    return [
      {
        kind: 'fenced',
        itemId: item.id,
        sql: `INSERT INTO made(stage, key, input) SELECT ?, ?, ? WHERE :held`,
        args: [name, item.key, item.inputHash],
      },
    ];
  });

const tries = (item: Item): number => item.attempt - item.waits - item.lost;

/** Cuts a document into two pages. A key that begins with skip, retry or dead meets that fate. */
const cut = (batch: readonly Item[]): StageResult => {
  const outcomes = batch.map((item): Outcome => {
    if (item.key.startsWith('skip')) return { kind: 'skipped', reason: 'not wanted', errorClass: 'unwanted' };
    if (item.key.startsWith('dead')) return { kind: 'dead', reason: 'unreadable', errorClass: 'permanent' };
    if (item.key.startsWith('retry') && tries(item) === 1)
      return { kind: 'retry', delayMs: 5_000, reason: 'came late', errorClass: 'retryable' };
    const makes = [1, 2].map((n) => ({
      kind: 'page',
      key: `${item.key}/${n}`,
      source: item.source,
      contentHash: `${item.inputHash}/${n}`,
    }));
    return { kind: 'done', outputHash: `cut(${item.inputHash})`, makes };
  });
  return { outcomes, writes: madeWrites('cut', batch, outcomes) };
};

const read = (batch: readonly Item[]): StageResult => {
  const outcomes = batch.map((item) => done(`read(${item.inputHash})`));
  return {
    outcomes,
    writes: [
      {
        kind: 'rows',
        table: 'page',
        columns: ['key', 'document', 'text'],
        key: ['key'],
        rows: batch.map((item) => ({
          itemId: item.id,
          values: [item.key, String(item.parentId), `${item.inputHash}`],
        })),
      },
      ...madeWrites('read', batch, outcomes),
    ],
  };
};

const bind = (batch: readonly Item[]): StageResult => {
  const outcomes = batch.map(() => done('bound'));
  return { outcomes, writes: madeWrites('bind', batch, outcomes) };
};

export const walk = (): Pipeline =>
  definePipeline('walk', [
    stageOf('cut', async (batch) => cut(batch)),
    stageOf('read', async (batch) => read(batch), { itemKind: 'page', batchMax: 5 }),
    stageOf('bind', async (batch) => bind(batch), { itemKind: 'page', batchMax: 1_000, settles: 'whole' }),
  ]);

export const firstStage = (pipeline: Pipeline): Stage => {
  const [first] = pipeline.stages;
  if (!first) throw new Error(`pipeline ${pipeline.name} has no stage`);
  return first;
};
