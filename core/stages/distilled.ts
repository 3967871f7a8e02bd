import type { Distillate } from '../cases/case.ts';
import { PermanentError } from '../engine/errors.ts';
import type { Item } from '../engine/stage.ts';
import { sha256Hex } from '../hash.ts';

/** What a distilled case becomes; its hash tells the next stage whether anything changed. */
export const distilled = async (item: Item, distillate: Distillate) => ({
  outcome: { kind: 'done', outputHash: await sha256Hex(JSON.stringify([item.inputHash, distillate])) } as const,
  product: { itemId: item.id, caseId: item.key, distillate },
});

export const missingCase = (key: string): PermanentError =>
  new PermanentError(`case ${key} is not in the corpus: normalize its document again`);
