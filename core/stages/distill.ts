import { distillateRows, readCases } from '../corpus.ts';
import type { Database } from '../engine/database.ts';
import { PermanentError } from '../engine/errors.ts';
import { defineStage, type Retry, type Stage } from '../engine/stage.ts';
import { sha256Hex } from '../hash.ts';
import type { Distiller } from '../models/ports.ts';
import { each } from './each.ts';

const retry: Retry = { attemptsMax: 3, delayMsFirst: 2_000, delayMsMax: 600_000 };

/** Says of each case what it is, whether it is rare, and which words say so. */
export const defineDistill = (deps: {
  readonly db: Database;
  readonly random: () => number;
  readonly distiller: Distiller;
}): Stage =>
  defineStage({
    name: 'distill',
    itemKind: 'case',
    batchMax: 256,
    leaseMs: 120_000,
    retry,
    settles: 'each',
    fingerprint: deps.distiller.fingerprint,
    async process(batch, context) {
      const cases = await readCases(
        deps.db,
        batch.map((item) => item.key),
      );
      const { outcomes, products } = await each(batch, context, retry, deps.random, async (item) => {
        const stored = cases.get(item.key);
        if (!stored) throw new PermanentError(`case ${item.key} is not in the corpus: normalize its document again`);
        const distillate = await deps.distiller.distill(stored.extracted, stored.title);
        const outputHash = await sha256Hex(JSON.stringify([item.inputHash, distillate]));
        return { outcome: { kind: 'done', outputHash }, product: { itemId: item.id, caseId: item.key, distillate } };
      });
      return { outcomes, writes: [distillateRows(products, deps.distiller.fingerprint)] };
    },
  });
