import type { View } from '../../schema/vocabulary.ts';
import { type CaseVectors, readCases, vectorRows } from '../corpus.ts';
import type { Database } from '../engine/database.ts';
import { ValidationError } from '../engine/errors.ts';
import { type Outcome, postponed } from '../engine/outcome.ts';
import { defineStage, type Item, type Retry, type Stage } from '../engine/stage.ts';
import { DIMENSION, type Embedder } from '../models/ports.ts';
import { viewTexts } from '../models/views.ts';

/** Between so many texts it looks whether its host stops. */
const TEXTS_AT_ONCE = 64;

const retry: Retry = { attemptsMax: 5, delayMsFirst: 2_000, delayMsMax: 600_000 };

/** One unit vector for each facet that has text, and one for the whole case. */
export const defineEmbed = (deps: {
  readonly db: Database;
  readonly embedderName: string;
  /** What new vectors are made with; one that learns from the corpus may be fitted by this call. */
  readonly embedder: (leaseId: number) => Promise<Embedder>;
}): Stage =>
  defineStage({
    name: 'embed',
    itemKind: 'case',
    batchMax: 256,
    leaseMs: 180_000,
    retry,
    settles: 'each',
    fingerprint: deps.embedderName,
    async process(batch, context) {
      if (context.stopping()) return { outcomes: batch.map(() => postponed()), writes: [] };
      const embedder = await deps.embedder(context.leaseId);
      const cases = await readCases(
        deps.db,
        batch.map((item) => item.key),
      );
      const wanted: { readonly item: Item; readonly view: View; readonly text: string }[] = [];
      for (const item of batch) {
        const stored = cases.get(item.key);
        if (!stored) continue;
        for (const [view, text] of Object.entries(viewTexts(stored.extracted)) as [View, string][])
          wanted.push({ item, view, text });
      }
      const vectors: Float32Array[] = [];
      for (let i = 0; i < wanted.length; i += TEXTS_AT_ONCE) {
        await context.turn?.();
        if (context.stopping()) return { outcomes: batch.map(() => postponed()), writes: [] };
        const texts = wanted.slice(i, i + TEXTS_AT_ONCE).map(({ text }) => text);
        vectors.push(...(await embedder.embed(texts)));
      }
      checkVectors(vectors, wanted.length, embedder.name);
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
        return { kind: 'done', outputHash: `${item.inputHash} ${embedder.fingerprint}` };
      });
      const rows = batch.flatMap((item) =>
        cases.has(item.key)
          ? [{ itemId: item.id, caseId: item.key, vectors: (byItem.get(item.id) ?? {}) as CaseVectors }]
          : [],
      );
      return { outcomes, writes: [vectorRows(rows, embedder.fingerprint)] };
    },
  });

/** Count, width and finiteness: an inference service's answer is not trusted. @throws ValidationError */
export function checkVectors(vectors: readonly Float32Array[], count: number, embedder: string): void {
  if (vectors.length !== count)
    throw new ValidationError(`${embedder} gave ${vectors.length} vectors for ${count} texts`);
  for (const [i, vector] of vectors.entries()) {
    if (vector.length !== DIMENSION)
      throw new ValidationError(`${embedder}: vector ${i} has ${vector.length} numbers, not ${DIMENSION}`);
    if (!vector.every(Number.isFinite))
      throw new ValidationError(`${embedder}: vector ${i} holds a number that is not finite`);
  }
}
