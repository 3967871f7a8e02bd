import type { View } from '../../schema/vocabulary.ts';
import type { CaseVectors, readCases } from '../corpus.ts';
import { vectorRows } from '../corpus.ts';
import type { Outcome } from '../engine/outcome.ts';
import type { Item, StageResult } from '../engine/stage.ts';
import { viewTexts } from '../models/views.ts';

/** One text of a case that wants a vector. */
export type Wanted = { readonly item: Item; readonly view: View; readonly text: string };
type Cases = Awaited<ReturnType<typeof readCases>>;

/** The texts of a batch, case after case; a case that is not in the corpus has none. */
export const wantedOf = (batch: readonly Item[], cases: Cases): readonly Wanted[] =>
  batch.flatMap((item) => {
    const stored = cases.get(item.key);
    const texts = stored ? (Object.entries(viewTexts(stored.extracted)) as [View, string][]) : []; // keyed by view
    return texts.map(([view, text]) => ({ item, view, text }));
  });

/** What a batch came to whose texts have these vectors, in their order. `failed`: outcomes of items of which nothing is kept. */
export function resultOf(
  batch: readonly Item[],
  cases: Cases,
  wanted: readonly Wanted[],
  vectors: readonly (Float32Array | undefined)[],
  fingerprint: string,
  failed: ReadonlyMap<number, Outcome> = new Map(),
): StageResult {
  const byItem = new Map<number, Partial<Record<View, Float32Array>>>();
  wanted.forEach(({ item, view }, i) => {
    const own = byItem.get(item.id) ?? {};
    const vector = vectors[i];
    // A text of which the embedder knows no word has no direction: it stays without a vector in that view.
    if (vector?.some((value) => value !== 0)) own[view] = vector;
    byItem.set(item.id, own);
  });
  const outcomes = batch.map((item): Outcome => {
    if (!cases.has(item.key))
      return {
        kind: 'dead',
        errorClass: 'permanent',
        reason: `case ${item.key} is not in the corpus: normalize its document again`,
      };
    // What went in and who embedded it say all about the vectors: a hash of the numbers would tell no more.
    return failed.get(item.id) ?? { kind: 'done', outputHash: `${item.inputHash} ${fingerprint}` };
  });
  const rows = batch.flatMap((item) =>
    cases.has(item.key) && !failed.has(item.id)
      ? [{ itemId: item.id, caseId: item.key, vectors: (byItem.get(item.id) ?? {}) as CaseVectors }]
      : [],
  );
  return { outcomes, writes: [vectorRows(rows, fingerprint)] };
}
