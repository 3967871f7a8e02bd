import type { Value } from './database.ts';
import { DefinitionError } from './errors.ts';
import type { Outcome } from './outcome.ts';

export type Retry = {
  /** Tries that may fail before the item becomes a dead letter. */
  readonly attemptsMax: number;
  readonly delayMsFirst: number;
  readonly delayMsMax: number;
};

/** One leased item: what a stage sees. */
export type Item = {
  readonly id: number;
  readonly kind: string;
  readonly key: string;
  readonly parentId: number | null;
  readonly source: string;
  readonly inputHash: string | null;
  /** Claims so far, this one included. */
  readonly attempt: number;
  readonly waits: number;
  readonly lost: number;
};

/**
 * Rows that a stage wants written, as data. The commit writes them in the batch that closes their items, each row only
 * while its item is still held. A row that exists under the same key is replaced.
 */
export type Rows = {
  readonly kind: 'rows';
  readonly table: string;
  readonly columns: readonly string[];
  /** The columns that identify a row. */
  readonly key: readonly string[];
  readonly rows: readonly { readonly itemId: number; readonly values: readonly Value[] }[];
};
/**
 * A statement that is no insert. `sql` must contain `:held` where the fence goes: true while `itemId` is held, or, with null,
 * while the lease itself holds.
 */
export type Fenced = {
  readonly kind: 'fenced';
  readonly itemId: number | null;
  readonly sql: string;
  readonly args: readonly Value[];
};
export type Write = Rows | Fenced;

/** What a stage made of its batch: one outcome per item, in the order of the batch, and the rows to keep. */
export type StageResult = { readonly outcomes: readonly Outcome[]; readonly writes: readonly Write[] };

export type StageContext = {
  /** Names the held batch; grows with every claim. */
  readonly leaseId: number;
  /** True once the host asked to stop: finish the item at hand and return `postponed` for the rest. */
  readonly stopping: () => boolean;
};

export type Stage<Name extends string = string> = {
  /** Stored with every task: renaming a stage is a migration. */
  readonly name: Name;
  /** The kind of item it works on. */
  readonly itemKind: string;
  readonly batchMax: number;
  readonly leaseMs: number;
  readonly retry: Retry;
  /**
   * `each`: items settle one by one; a batch whose worker died is claimed again in smaller batches until the item that
   * kills stands alone and is buried. `whole`: the batch is one piece of work, and a dead worker says nothing about its items.
   */
  readonly settles: 'each' | 'whole';
  /** Worth running only with enough items, or when the first has waited long enough, or when nothing more can come. */
  readonly gather?: { readonly itemsMin: number; readonly waitMsMax: number };
  /** Code, prompt and model: whatever may change the output for the same input. */
  readonly fingerprint: string;
  /** Null on a host that cannot run this stage; then it waits for one that can. */
  readonly process: ((batch: readonly Item[], context: StageContext) => Promise<StageResult>) | null;
};

/** Stages in the order that items pass them. */
export type Pipeline = { readonly name: string; readonly stages: readonly Stage[] };

/** Losses of one task before it is buried: in the batch, in a sixteenth of it, then twice alone. */
export const LOST_MAX = 4;

const NAME = /^[a-z][a-z0-9_]{0,31}$/;

/** Checks a definition once, at import, so that a bad number fails the start and not a tick at night. */
export function defineStage<const Name extends string>(stage: Stage<Name>): Stage<Name> {
  const problem = (text: string) => new DefinitionError(`stage ${JSON.stringify(stage.name)}: ${text}`);
  if (!NAME.test(stage.name)) throw problem('a name is 1 to 32 of a-z, 0-9 and _, and begins with a letter');
  for (const field of ['batchMax', 'leaseMs'] as const) {
    if (!Number.isSafeInteger(stage[field]) || stage[field] < 1)
      throw problem(`${field} must be a whole number from 1, got ${stage[field]}`);
  }
  const { attemptsMax, delayMsFirst, delayMsMax } = stage.retry;
  if (!Number.isSafeInteger(attemptsMax) || attemptsMax < 1)
    throw problem(`retry.attemptsMax must be a whole number from 1, got ${attemptsMax}`);
  if (!(delayMsFirst >= 0 && delayMsMax >= delayMsFirst && Number.isFinite(delayMsMax)))
    throw problem(`retry delays must satisfy 0 <= delayMsFirst <= delayMsMax, got ${delayMsFirst} and ${delayMsMax}`);
  const { itemsMin, waitMsMax } = stage.gather ?? { itemsMin: 1, waitMsMax: 0 };
  if (!Number.isSafeInteger(itemsMin) || itemsMin < 1)
    throw problem(`gather.itemsMin must be a whole number from 1, got ${itemsMin}`);
  if (!Number.isSafeInteger(waitMsMax) || waitMsMax < 0)
    throw problem(`gather.waitMsMax must be a whole number from 0, got ${waitMsMax}`);
  return Object.freeze(stage);
}

export function definePipeline(name: string, stages: readonly Stage[]): Pipeline {
  if (stages.length === 0) throw new DefinitionError(`pipeline ${name}: no stages`);
  const names = stages.map((stage) => stage.name);
  const twice = names.find((stageName, i) => names.indexOf(stageName) !== i);
  if (twice !== undefined)
    throw new DefinitionError(`pipeline ${name}: two stages are called ${JSON.stringify(twice)}`);
  return Object.freeze({ name, stages: Object.freeze([...stages]) });
}

/** The stage an item enters when `stage` is done with it; undefined after the last. */
export const stageAfter = (pipeline: Pipeline, stage: Stage): Stage | undefined =>
  pipeline.stages[pipeline.stages.indexOf(stage) + 1];
