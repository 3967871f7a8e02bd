import type { Value } from './database.ts';
import type { Effects } from './effects.ts';
import { DefinitionError, ERROR_CLASSES, type ErrorClass } from './errors.ts';
import type { Outcome } from './outcome.ts';

export type Retry = {
  /** Tries that may fail before the item becomes a dead letter. */
  readonly attemptsMax: number;
  readonly delayMsFirst: number;
  readonly delayMsMax: number;
  /** What is different for one class of error. */
  readonly byClass?: Partial<Record<ErrorClass, { readonly attemptsMax?: number; readonly delayMsFirst?: number }>>;
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
 * A statement that is no insert. `sql` must contain `:held` where the fence goes: true inside a commit whose claim still
 * holds. With an `itemId` it is left out when that item was taken away from the claim.
 */
export type Fenced = {
  readonly kind: 'fenced';
  readonly itemId: number | null;
  readonly sql: string;
  readonly args: readonly Value[];
};
export type Write = Rows | Fenced;

/** What a stage made of its batch: one outcome per item, in the order of the batch, and the rows to keep. */
export type StageResult = {
  readonly outcomes: readonly Outcome[];
  readonly writes: readonly Write[];
  /** Units of the stage's quota that were really used; without it, all that was reserved. */
  readonly used?: number;
};

export type StageContext = {
  /** Names the held batch; grows with every claim. */
  readonly leaseId: number;
  /** True once the host asked to stop: finish the item at hand and return `postponed` for the rest. */
  readonly stopping: () => boolean;
  /** Lets the host's event loop turn, if it has not for a while: to be awaited between items that are worked on without I/O. */
  readonly turn?: () => Promise<void>;
  /** Aborted when the claim is given up: the host must stop now, or the claim is lost. */
  readonly signal: AbortSignal;
  /** Calls that cost money or change the outside go through here. */
  readonly effects: Effects;
};

export type Stage<Name extends string = string> = {
  /** Stored with every task: renaming a stage is a migration. */
  readonly name: Name;
  /** The kind of item it works on. */
  readonly itemKind: string;
  readonly batchMax: number;
  /** A claim is lost this long after the last sign of life of its holder, who gives one every third of it. */
  readonly leaseMs: number;
  /** Longest time that one item may take, where it is known; a batch of them must fit into the lease. */
  readonly itemMsMax?: number;
  readonly retry: Retry;
  /**
   * `each`: items settle one by one; a batch whose worker died is claimed again in smaller batches until the item that
   * kills stands alone and is buried. `whole`: the batch is one piece of work, and a dead worker says nothing about its items.
   */
  readonly settles: 'each' | 'whole';
  /** Worth running only with enough items, or when the first has waited long enough, or when nothing more can come. */
  readonly gather?: { readonly itemsMin: number; readonly waitMsMax: number };
  /** Outside services that it needs: it waits while one is down or its breaker is open. */
  readonly services?: readonly string[];
  /** What each of its items may use of a quota that the pipeline defines; reserved by the claim. */
  readonly quota?: { readonly name: string; readonly unitsPerItem: number };
  /** Most claims that live at once, over all hosts. */
  readonly concurrencyMax?: number;
  /** Code, prompt and model: whatever may change the output for the same input. */
  readonly fingerprint: string;
  /** Null on a host that cannot run this stage; then it waits for one that can. */
  readonly process: ((batch: readonly Item[], context: StageContext) => Promise<StageResult>) | null;
};

/** What may be spent in a day (UTC). Units are the pipeline's own: minutes, tokens, calls. */
export type Quota = {
  readonly name: string;
  readonly unit: string;
  readonly perDay: number;
  /** Most that one claim may reserve. */
  readonly sessionMax?: number;
  /** Least time between the end of one claim and the next. */
  readonly breakMs?: number;
};

/** When the breaker of a service opens, and for how long. */
export type BreakerSettings = {
  /** Failures without a success between them that open it; an outage opens it at once. */
  readonly failuresMax: number;
  readonly openMsFirst: number;
  readonly openMsMax: number;
};

export type PipelineOptions = {
  readonly quotas?: readonly Quota[];
  readonly breaker?: BreakerSettings;
  /** Stages that this pipeline once had and gave up on purpose; their tasks stay as they are. */
  readonly formerStages?: readonly string[];
  /**
   * Services that stages call by themselves, one by one, and whose breakers those calls move: an open one stops no stage. `web` stands
   * for every `web:…` too.
   */
  readonly services?: readonly string[];
};

/** Stages in the order that items pass them. */
export type Pipeline = {
  readonly name: string;
  readonly stages: readonly Stage[];
  readonly quotas: readonly Quota[];
  readonly breaker: BreakerSettings;
  readonly formerStages: readonly string[];
  readonly services: readonly string[];
};

/** Every service of a pipeline, each once. */
export const servicesOf = ({ stages, services }: Pipeline): readonly string[] => [
  ...new Set([...stages.flatMap((stage) => stage.services ?? []), ...services]),
];
export const hasService = (pipeline: Pipeline, name: string): boolean =>
  servicesOf(pipeline).some((service) => name === service || name.startsWith(`${service}:`));

const BREAKER: BreakerSettings = { failuresMax: 5, openMsFirst: 30_000, openMsMax: 3_600_000 };

/**
 * Losses of one task before it is buried. Each halves the batch that it is tried in next; so it stands alone after
 * log2 of the batch, and has two chances alone.
 */
export const lossesMax = (stage: Pick<Stage, 'batchMax'>): number => Math.ceil(Math.log2(stage.batchMax)) + 2;

const NAME = /^[a-z][a-z0-9_]{0,31}$/;
/** Past these a number is a slip: a batch no transaction holds, a lease that strands a stage for days. */
const LIMITS = {
  batchMax: 100_000,
  leaseMs: 86_400_000,
  attemptsMax: 1_000,
  delayMs: 30 * 86_400_000,
  concurrencyMax: 10_000,
};

type Problem = (text: string) => DefinitionError;
const wholeNumber = (problem: Problem, field: string, value: unknown, least: number, most: number): void => {
  if (!(Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most))
    throw problem(`${field} must be a whole number from ${least} to ${most}, got ${String(value)}`);
};
const positive = (problem: Problem, field: string, value: unknown): void => {
  if (!(typeof value === 'number' && Number.isFinite(value) && value > 0))
    throw problem(`${field} must be a number above 0, got ${String(value)}`);
};

/** Checks a definition once, at import, so that a bad number fails the start and not a tick at night. */
export function defineStage<const Name extends string>(stage: Stage<Name>): Stage<Name> {
  const problem: Problem = (text) => new DefinitionError(`stage ${JSON.stringify(stage.name)}: ${text}`);
  if (!NAME.test(stage.name)) throw problem('a name is 1 to 32 of a-z, 0-9 and _, and begins with a letter');
  if (!NAME.test(stage.itemKind))
    throw problem(`itemKind must be a name like "document", got ${String(stage.itemKind)}`);
  wholeNumber(problem, 'batchMax', stage.batchMax, 1, LIMITS.batchMax);
  wholeNumber(problem, 'leaseMs', stage.leaseMs, 1, LIMITS.leaseMs);
  if (stage.itemMsMax !== undefined) {
    positive(problem, 'itemMsMax', stage.itemMsMax);
    const batchMs = stage.settles === 'whole' ? stage.itemMsMax : stage.itemMsMax * stage.batchMax;
    if (batchMs > stage.leaseMs)
      throw problem(
        `a batch of ${stage.batchMax} items of up to ${stage.itemMsMax} ms may take ${batchMs} ms, longer than leaseMs ` +
          `${stage.leaseMs}: lower batchMax or raise leaseMs`,
      );
  }
  checkRetry(problem, stage.retry);
  const { itemsMin, waitMsMax } = stage.gather ?? { itemsMin: 1, waitMsMax: 0 };
  wholeNumber(problem, 'gather.itemsMin', itemsMin, 1, Number.MAX_SAFE_INTEGER);
  wholeNumber(problem, 'gather.waitMsMax', waitMsMax, 0, LIMITS.delayMs);
  if (stage.concurrencyMax !== undefined)
    wholeNumber(problem, 'concurrencyMax', stage.concurrencyMax, 1, LIMITS.concurrencyMax);
  if (stage.quota) positive(problem, 'quota.unitsPerItem', stage.quota.unitsPerItem);
  const badService = stage.services?.find((name) => !NAME.test(name));
  if (badService !== undefined) throw problem(`services: ${JSON.stringify(badService)} is not a name like "llm"`);
  if (typeof stage.fingerprint !== 'string' || stage.fingerprint === '')
    throw problem('fingerprint must name the code, prompt and model that make the output');
  return Object.freeze(stage);
}

function checkRetry(problem: Problem, retry: Retry): void {
  const { attemptsMax, delayMsFirst, delayMsMax, byClass } = retry;
  wholeNumber(problem, 'retry.attemptsMax', attemptsMax, 1, LIMITS.attemptsMax);
  if (!(delayMsFirst >= 0 && delayMsMax >= delayMsFirst && delayMsMax <= LIMITS.delayMs))
    throw problem(
      `retry delays must satisfy 0 <= delayMsFirst <= delayMsMax <= ${LIMITS.delayMs}, got ${delayMsFirst} and ${delayMsMax}`,
    );
  for (const [name, own] of Object.entries(byClass ?? {})) {
    if (!ERROR_CLASSES.some((known) => known === name))
      throw problem(
        `retry.byClass names the unknown error class ${JSON.stringify(name)}: one of ${ERROR_CLASSES.join(', ')}`,
      );
    if (own.attemptsMax !== undefined)
      wholeNumber(problem, `retry.byClass.${name}.attemptsMax`, own.attemptsMax, 1, LIMITS.attemptsMax);
    if (own.delayMsFirst !== undefined)
      wholeNumber(problem, `retry.byClass.${name}.delayMsFirst`, own.delayMsFirst, 0, delayMsMax);
  }
}

export function definePipeline(name: string, stages: readonly Stage[], options: PipelineOptions = {}): Pipeline {
  const problem: Problem = (text) => new DefinitionError(`pipeline ${name}: ${text}`);
  if (stages.length === 0) throw problem('no stages');
  const twice = firstTwice(stages.map((stage) => stage.name));
  if (twice !== undefined) throw problem(`two stages are called ${JSON.stringify(twice)}`);
  const { quotas = [], breaker = BREAKER, formerStages = [], services = [] } = options;
  checkQuotas(problem, stages, quotas);
  wholeNumber(problem, 'breaker.failuresMax', breaker.failuresMax, 1, 1_000);
  wholeNumber(problem, 'breaker.openMsFirst', breaker.openMsFirst, 1, LIMITS.delayMs);
  wholeNumber(problem, 'breaker.openMsMax', breaker.openMsMax, breaker.openMsFirst, LIMITS.delayMs);
  return Object.freeze({ name, stages: Object.freeze([...stages]), quotas, breaker, formerStages, services });
}

function checkQuotas(problem: Problem, stages: readonly Stage[], quotas: readonly Quota[]): void {
  const twice = firstTwice(quotas.map((quota) => quota.name));
  if (twice !== undefined) throw problem(`two quotas are called ${JSON.stringify(twice)}`);
  for (const quota of quotas) {
    if (!NAME.test(quota.name)) throw problem(`quota ${JSON.stringify(quota.name)} is not a name like "gpu"`);
    positive(problem, `quota ${quota.name}: perDay`, quota.perDay);
    if (quota.sessionMax !== undefined) positive(problem, `quota ${quota.name}: sessionMax`, quota.sessionMax);
    if (quota.breakMs !== undefined)
      wholeNumber(problem, `quota ${quota.name}: breakMs`, quota.breakMs, 0, LIMITS.delayMs);
  }
  for (const { name, quota } of stages) {
    if (!quota) continue;
    const known = quotas.find((one) => one.name === quota.name);
    if (!known) throw problem(`stage ${name} uses quota ${JSON.stringify(quota.name)}, which is not defined`);
    if (quota.unitsPerItem > Math.min(known.perDay, known.sessionMax ?? known.perDay))
      throw problem(
        `stage ${name} needs ${quota.unitsPerItem} ${known.unit} for one item, more than quota ${known.name} ever gives`,
      );
  }
}

const firstTwice = (names: readonly string[]): string | undefined => names.find((name, i) => names.indexOf(name) !== i);

/** The stage an item enters when `stage` is done with it; undefined after the last. */
export const stageAfter = (pipeline: Pipeline, stage: Stage): Stage | undefined =>
  pipeline.stages[pipeline.stages.indexOf(stage) + 1];
