import {
  anotherFits,
  casesReady,
  casesStillCome,
  fittingTexts,
  loadGeneration,
  newestGeneration,
  saveGeneration,
} from '../corpus.ts';
import type { Database } from '../engine/database.ts';
import { NotYetError } from '../engine/errors.ts';
import { BUILTIN_NAME, fitBuiltin, loadBuiltin } from './builtin.ts';
import type { Embedder, FittedModel } from './ports.ts';

/** Cases that a fit reads at most: more change the model little and cost memory on a small host. */
const FIT_CASES_MAX = 20_000;
/** A corpus that has grown by this factor since the fit has words that the model never saw; doubling keeps all re-embedding under twice the corpus. */
const OUTGROWN_FACTOR = 2;
/** How long `embed` stands back while the first fit would miss cases. */
const FIT_RETRY_MS = 2_000;

export type Generations = {
  readonly embedderName: string;
  /** The newest generation's fingerprint. @throws NotYetError before the first */
  readonly newest: () => Promise<string>;
  /** The embedder that new vectors are made with. Fits the first generation, and the next when the corpus has outgrown it. */
  readonly forEmbedding: (leaseId: number) => Promise<Embedder>;
  /** The embedder that made a release's vectors. */
  readonly of: (fingerprint: string) => Promise<Embedder>;
};

export type FitListener = (fit: {
  readonly cases: number;
  readonly fingerprint: string;
  readonly bytes: number;
}) => void;

/** Whether a model fitted on `fittedOn` cases should give way to one fitted on `cases`. */
export const outgrown = (fittedOn: number, cases: number): boolean =>
  fittedOn < FIT_CASES_MAX && cases >= fittedOn * OUTGROWN_FACTOR;

/** Loaded generations that stay in memory: the one that is served and the one that new vectors are made with. */
const KEPT_MAX = 2;

/**
 * The builtin embedder's generations. Loaded ones stay in `kept`, which a host may keep beyond one call: as embedders and
 * not as promises, because an edge isolate may not wait for what another request began. `fitted` computes for seconds: a host with
 * threads does it in one.
 */
export function builtinGenerations(
  db: Database,
  onFit: FitListener,
  kept: Map<string, Embedder> = new Map(),
  fitted: (texts: readonly string[]) => Promise<FittedModel> = async (texts) => fitBuiltin(texts),
): Generations {
  const of = async (fingerprint: string): Promise<Embedder> => {
    const known = kept.get(fingerprint);
    if (known) return known;
    const embedder = loadBuiltin(await loadGeneration(db, fingerprint));
    kept.set(fingerprint, embedder);
    for (const oldest of kept.keys()) if (kept.size > KEPT_MAX) kept.delete(oldest);
    return embedder;
  };

  const newest = async (): Promise<string> => {
    const known = await newestGeneration(db, BUILTIN_NAME);
    if (!known) throw new NotYetError('no generation of the builtin embedder yet', { retryAfterMs: FIT_RETRY_MS });
    return known.fingerprint;
  };

  const forEmbedding = async (leaseId: number): Promise<Embedder> => {
    const known = await newestGeneration(db, BUILTIN_NAME);
    if (known && !outgrown(known.fittedOn, await casesReady(db))) return of(known.fingerprint);
    if (await casesStillCome(db)) {
      if (known) return of(known.fingerprint);
      throw new NotYetError('the builtin embedder is fitted on the whole corpus, and cases are still being read', {
        retryAfterMs: FIT_RETRY_MS,
      });
    }
    if (await anotherFits(db, leaseId))
      throw new NotYetError('another worker fits the builtin embedder', { retryAfterMs: FIT_RETRY_MS });
    const texts = await fittingTexts(db, FIT_CASES_MAX);
    const model = await fitted(texts);
    await saveGeneration(db, BUILTIN_NAME, model, known?.fingerprint ?? null, leaseId);
    onFit({ cases: texts.length, fingerprint: model.fingerprint, bytes: model.bytes.byteLength });
    // Another host may have been first: whatever the database names is the generation.
    return of(await newest());
  };

  return { embedderName: BUILTIN_NAME, newest, forEmbedding, of };
}

/**
 * The generation of a model that comes with its own weights. Its fingerprint is its whole record; a release that the builtin
 * embedder made is still served by that until the next one is built.
 */
export function fixedGenerations(
  db: Database,
  embedderName: string,
  embedder: Embedder,
  builtin: Generations,
): Generations {
  const model = { fingerprint: embedder.fingerprint, bytes: new Uint8Array(), fittedOn: 0 };
  return {
    embedderName,
    newest: () => Promise.resolve(embedder.fingerprint),
    async forEmbedding(leaseId) {
      const known = await newestGeneration(db, embedderName);
      if (known?.fingerprint !== embedder.fingerprint)
        await saveGeneration(db, embedderName, model, known?.fingerprint ?? null, leaseId);
      return embedder;
    },
    of: (fingerprint) => (fingerprint === embedder.fingerprint ? Promise.resolve(embedder) : builtin.of(fingerprint)),
  };
}
