import type { Distillate } from '../cases/case.ts';
import { distillateRows, readCases } from '../corpus.ts';
import type { Database } from '../engine/database.ts';
import { PermanentError } from '../engine/errors.ts';
import { defineStage, type Item, type Retry, type Stage } from '../engine/stage.ts';
import { sha256Hex } from '../hash.ts';
import type { Distiller, LocalDistiller } from '../models/ports.ts';
import { each } from './each.ts';

const retry: Retry = { attemptsMax: 3, delayMsFirst: 2_000, delayMsMax: 600_000 };

type Deps<Kind extends Distiller = Distiller> = {
  readonly db: Database;
  readonly random: () => number;
  readonly distiller: Kind;
};

/** Says of each case what it is, whether it is rare, how it ended, and which words say so. */
export function defineDistill(deps: Deps): Stage {
  const { distiller } = deps;
  switch (distiller.kind) {
    case 'local':
      return distillHere({ ...deps, distiller });
    default:
      throw new Error(`no stage for a distiller of kind ${distiller.kind}`);
  }
}

/** What a distilled case becomes; its hash tells the next stage whether anything changed. */
export const distilled = async (item: Item, distillate: Distillate) => ({
  outcome: { kind: 'done', outputHash: await sha256Hex(JSON.stringify([item.inputHash, distillate])) } as const,
  product: { itemId: item.id, caseId: item.key, distillate },
});

export const missingCase = (key: string): PermanentError =>
  new PermanentError(`case ${key} is not in the corpus: normalize its document again`);

const distillHere = ({ db, random, distiller }: Deps<LocalDistiller>): Stage =>
  defineStage({
    name: 'distill',
    itemKind: 'case',
    batchMax: 256,
    leaseMs: 120_000,
    retry,
    settles: 'each',
    fingerprint: distiller.fingerprint,
    async process(batch, context) {
      const cases = await readCases(
        db,
        batch.map((item) => item.key),
      );
      const { outcomes, products } = await each(batch, context, retry, random, async (item) => {
        const stored = cases.get(item.key);
        if (!stored) throw missingCase(item.key);
        return distilled(item, distiller.distill(stored));
      });
      return { outcomes, writes: [distillateRows(products, distiller.fingerprint)] };
    },
  });
