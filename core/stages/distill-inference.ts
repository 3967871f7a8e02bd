import { distillateRows, readCases } from '../corpus.ts';
import type { Database } from '../engine/database.ts';
import { LeaseLostError } from '../engine/errors.ts';
import { type Outcome, outcomeOfError, postponed } from '../engine/outcome.ts';
import { defineStage, type Item, type Retry, type Stage, type StageContext } from '../engine/stage.ts';
import type { InferenceDistiller } from '../models/ports.ts';
import { distilled, missingCase } from './distilled.ts';

/** A model that was asked twice for one case gives no better answer the third time: an operator decides. */
const retry: Retry = {
  attemptsMax: 5,
  delayMsFirst: 5_000,
  delayMsMax: 1_800_000,
  byClass: { validation: { attemptsMax: 1 } },
};
/** Failures of the service, without a case between them that is done, after which a claim begins no other. */
const FAILURES_MAX = 4;

type Deps = { readonly db: Database; readonly random: () => number; readonly distiller: InferenceDistiller };

/** Cases are read by a language model: a few at once, each paid for once. */
export const distillByInference = ({ db, random, distiller }: Deps): Stage => {
  const { batchMax, atOnce, itemMsMax, spending } = distiller;
  // So many are asked for at once: of the time of the claim each takes a part.
  const shareMs = Math.ceil(itemMsMax / atOnce);
  return defineStage({
    name: 'distill',
    itemKind: 'case',
    batchMax,
    leaseMs: Math.ceil(batchMax / atOnce) * itemMsMax,
    itemMsMax: shareMs,
    retry,
    settles: 'each',
    services: [distiller.service],
    quota: { name: spending.quota.name, unitsPerItem: spending.unitsPerItem },
    fingerprint: distiller.fingerprint,
    async process(batch, context) {
      const cases = await readCases(
        db,
        batch.map((item) => item.key),
      );
      let used = 0;
      const spent = (units: number) => {
        used += units;
      };
      const { outcomes, products } = await someAtOnce(batch, atOnce, context, random, async (item) => {
        const stored = cases.get(item.key);
        if (!stored) throw missingCase(item.key);
        const { effects, signal } = context;
        return distilled(item, await distiller.distill(stored, { item, effects, signal, spent }));
      });
      return { outcomes, writes: [distillateRows(products, distiller.fingerprint)], used };
    },
  });
};

/**
 * Runs `act` on `atOnce` items at a time. What one of them throws becomes its own outcome; where it says that the whole stage has to
 * wait, or the service keeps failing, nothing more is begun.
 */
async function someAtOnce<Product>(
  batch: readonly Item[],
  atOnce: number,
  context: StageContext,
  random: () => number,
  act: (item: Item) => Promise<{ readonly outcome: Outcome; readonly product: Product }>,
): Promise<{ readonly outcomes: readonly Outcome[]; readonly products: readonly Product[] }> {
  const outcomes: Outcome[] = [];
  const products: Product[] = [];
  const queue = batch.entries();
  let failures = 0;
  let rest: Outcome | null = null;
  const one = async (i: number, item: Item): Promise<void> => {
    if (context.stopping()) rest ??= postponed();
    if (rest !== null) {
      outcomes[i] = rest;
      return;
    }
    try {
      const { outcome, product } = await act(item);
      outcomes[i] = outcome;
      products.push(product);
      failures = 0;
    } catch (error) {
      // Nobody may call under a claim that is gone, for none of its items.
      if (error instanceof LeaseLostError) throw error;
      const outcome = outcomeOfError(error, item, retry, random());
      outcomes[i] = outcome;
      if (outcome.kind === 'wait' && outcome.stageWaits) rest ??= outcome;
      if (outcome.kind === 'retry' && outcome.service !== undefined) failures += 1;
      if (failures >= FAILURES_MAX) rest ??= notBegun(outcome);
    }
  };
  const lane = async (): Promise<void> => {
    for (const [i, item] of queue) await one(i, item);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return { outcomes, products };
}

/** Given back untouched, behind others that failed. */
const notBegun = (failed: Outcome): Outcome => ({
  kind: 'wait',
  delayMs: retry.delayMsFirst,
  reason: `not begun: the service failed ${FAILURES_MAX} times before (${'reason' in failed ? failed.reason : failed.kind})`,
  errorClass: 'unknown',
  stageWaits: false,
});
