import { distillateRows, readCases } from '../corpus.ts';
import type { Database } from '../engine/database.ts';
import { defineStage, type Retry, type Stage } from '../engine/stage.ts';
import type { Distiller, LocalDistiller } from '../models/ports.ts';
import { defineDistillBatch } from './distill-batch.ts';
import { distillByInference } from './distill-inference.ts';
import { distilled, missingCase } from './distilled.ts';
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
    case 'inference':
      return distillByInference({ ...deps, distiller });
    case 'batch':
      return defineDistillBatch({ ...deps, distiller });
  }
}

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
