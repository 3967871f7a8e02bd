import type { Distillate } from '../cases/case.ts';
import type { Rows } from '../engine/stage.ts';

export const distillateRows = (
  all: readonly { readonly itemId: number; readonly caseId: string; readonly distillate: Distillate }[],
  distiller: string,
): Rows => ({
  kind: 'rows',
  table: 'distillate',
  columns: ['case_id', 'is_rare', 'distiller', 'body'],
  key: ['case_id'],
  rows: all.map(({ itemId, caseId, distillate }) => ({
    itemId,
    values: [caseId, distillate.isRare ? 1 : 0, distiller, JSON.stringify(distillate)],
  })),
});
