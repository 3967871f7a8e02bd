import { readCases } from '../corpus.ts';
import type { Database } from '../engine/database.ts';
import { OutOfMemoryError, RetryableError, ValidationError } from '../engine/errors.ts';
import { postponed } from '../engine/outcome.ts';
import { defineStage, type Retry, type Stage } from '../engine/stage.ts';
import type { RemoteEmbedder } from '../models/generation.ts';
import { DIMENSION, type Embedder, EmbedderAwayError } from '../models/ports.ts';
import { embedByInference } from './embed-inference.ts';
import { resultOf, wantedOf } from './embedded.ts';

/** Between so many texts it looks whether its host stops. */
const TEXTS_AT_ONCE = 64;

const retry: Retry = { attemptsMax: 5, delayMsFirst: 2_000, delayMsMax: 600_000 };

type Deps = {
  readonly db: Database;
  readonly random: () => number;
  readonly embedderName: string;
  /** What new vectors are made with; one that learns from the corpus may be fitted by this call. */
  readonly embedder: (leaseId: number) => Promise<Embedder>;
  /** In its place, one behind a service. */
  readonly remoteEmbedder?: RemoteEmbedder | null;
};

/** One unit vector for each facet that has text, and one for the whole case. */
export const defineEmbed = (deps: Deps): Stage =>
  deps.remoteEmbedder ? embedByInference({ ...deps, remote: deps.remoteEmbedder }) : embedHere(deps);

const embedHere = (deps: Deps): Stage =>
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
      const wanted = wantedOf(batch, cases);
      const vectors: Float32Array[] = [];
      for (let i = 0; i < wanted.length; i += TEXTS_AT_ONCE) {
        await context.turn?.();
        if (context.stopping()) return { outcomes: batch.map(() => postponed()), writes: [] };
        const texts = wanted.slice(i, i + TEXTS_AT_ONCE).map(({ text }) => text);
        vectors.push(...(await embedder.embed(texts).catch(asStageError)));
      }
      checkVectors(vectors, wanted.length, embedder.name);
      return resultOf(batch, cases, wanted, vectors, embedder.fingerprint);
    },
  });

/** A model that died over its texts is given half as many; one that dies over a single case spends that one's attempts. */
function asStageError(error: unknown): never {
  if (error instanceof EmbedderAwayError)
    throw error.died
      ? new OutOfMemoryError(error.message, { cause: error })
      : new RetryableError(error.message, { cause: error });
  throw error;
}

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
