import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  definePipeline,
  type Item,
  type Outcome,
  type Pipeline,
  type Stage,
  type StageContext,
} from '../../../../core/engine/index.ts';
import { seededRandom } from '../runtime.ts';
import { done, madeWrites, stageOf } from '../walk.ts';

/** What the workers of a race run: a stage whose every item is a call that costs money, and one that costs nothing. */
export type Work = {
  readonly batchMax: number;
  readonly leaseMs: number;
  /** Each call takes from 0 to this many ms. */
  readonly workMsMax: number;
  /** Stands in every output, so that a row shows which code made it. */
  readonly fingerprint: string;
  readonly seed: number;
  /** More of the definition of the stage that pays. */
  readonly pay?: Partial<Omit<Stage, 'name' | 'process'>>;
};

export const WORK: Work = { batchMax: 16, leaseMs: 60_000, workMsMax: 0, fingerprint: 'pay-1', seed: 1 };

/** One batch in the hands of one worker, by the system's monotonic clock, which all processes share and nobody fakes. */
export type Held = {
  readonly owner: string;
  readonly stage: string;
  readonly leaseId: number;
  readonly keys: readonly string[];
  readonly at: 'begin' | 'end';
  readonly ns: string;
};

/** The outside witness: what was called, and by whom. It never asks the database. */
export type Witness = { readonly saw: (held: Held) => void };

export const witnessInMemory = (): Witness & { readonly all: () => readonly Held[] } => {
  const seen: Held[] = [];
  return { saw: (held) => seen.push(held), all: () => seen };
};

/** One line a batch in a file that several processes append to. */
export const witnessInFile = (file: string): Witness => ({
  saw: (held) => appendFileSync(file, `${JSON.stringify(held)}\n`),
});
export const readWitness = (file: string): readonly Held[] =>
  (existsSync(file) ? readFileSync(file, 'utf8') : '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Held);

export type WorkHooks = {
  readonly owner: string;
  readonly witness: Witness;
  /** What becomes of an item of the stage that pays instead of being done; null where it is done. */
  readonly fate?: (item: Item) => Outcome | null;
  /** Called in the middle of each batch of the stage that pays. */
  readonly amid?: (batch: readonly Item[], context: StageContext) => Promise<void> | void;
};

/** The output says which input and which code it was made of. */
export const outputOf = (stage: string, fingerprint: string, inputHash: string | null): string =>
  `${stage}(${inputHash})#${fingerprint}`;

export function workPipeline(work: Work, hooks: WorkHooks): Pipeline {
  const random = seededRandom(work.seed);
  const stage = (name: string, fingerprint: string, workMsMax: number): Stage =>
    stageOf(
      name,
      async (batch, context) => {
        const keys = batch.map(({ key }) => key);
        const saw = (at: Held['at']) =>
          hooks.witness.saw({
            owner: hooks.owner,
            stage: name,
            leaseId: context.leaseId,
            keys,
            at,
            ns: String(process.hrtime.bigint()),
          });
        saw('begin');
        const half = batch.length >> 1;
        for (const [i] of batch.entries()) {
          if (workMsMax > 0) await sleep(random() * workMsMax);
          if (i === half && name === 'pay') await hooks.amid?.(batch, context);
        }
        saw('end');
        const fate = (item: Item): Outcome | null => (name === 'pay' ? (hooks.fate?.(item) ?? null) : null);
        const outcomes = batch.map((item) => fate(item) ?? done(outputOf(name, fingerprint, item.inputHash)));
        return { outcomes, writes: madeWrites(name, batch, outcomes) };
      },
      {
        batchMax: work.batchMax,
        leaseMs: work.leaseMs,
        fingerprint,
        ...(name === 'pay' ? work.pay : {}),
      },
    );
  return definePipeline('races', [stage('pay', work.fingerprint, work.workMsMax), stage('keep', 'keep-1', 0)]);
}

/** Calls per key of the stage that pays. */
export function callsPerKey(seen: readonly Held[]): ReadonlyMap<string, number> {
  const calls = new Map<string, number>();
  for (const { stage, at, keys } of seen)
    if (stage === 'pay' && at === 'begin') for (const key of keys) calls.set(key, (calls.get(key) ?? 0) + 1);
  return calls;
}

/** Calls beyond the first of each key. */
export const extraCalls = (seen: readonly Held[]): number =>
  [...callsPerKey(seen).values()].reduce((sum, calls) => sum + calls - 1, 0);

/** Keys that two workers had in their hands at the same moment, in one stage. */
export function heldTwice(seen: readonly Held[]): readonly string[] {
  const inHand = new Map<string, number>();
  const clashes: string[] = [];
  const inOrder = seen.toSorted((a, b) => (BigInt(a.ns) < BigInt(b.ns) ? -1 : 1));
  for (const { stage, at, keys } of inOrder)
    for (const key of keys) {
      const held = (inHand.get(`${stage} ${key}`) ?? 0) + (at === 'begin' ? 1 : -1);
      inHand.set(`${stage} ${key}`, held);
      if (held > 1) clashes.push(`${stage} ${key}`);
    }
  return clashes;
}
