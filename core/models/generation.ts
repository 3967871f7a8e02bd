import {
  anotherFits,
  casesReady,
  casesStillCome,
  embedderOfGeneration,
  fittingTexts,
  loadGeneration,
  newestGeneration,
  saveGeneration,
} from '../corpus.ts';
import type { Database } from '../engine/database.ts';
import { NotYetError } from '../engine/errors.ts';
import { BUILTIN_NAME, fitBuiltin, loadBuiltin } from './builtin.ts';
import { probeBytes, probeOf } from './inference-embedder/probe.ts';
import {
  type EmbedCall,
  type Embedder,
  EmbedderAwayError,
  type FittedModel,
  type InferenceEmbedder,
  type Probe,
} from './ports.ts';

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

/**
 * Stands for an embedder that made a release and is not the one that is set up: no query is embedded by another, and cases are found by words
 * and findings until a release of the new one is there.
 */
const absentEmbedder = (name: string, fingerprint: string): Embedder => ({
  name,
  fingerprint,
  embed: () =>
    Promise.reject(
      new EmbedderAwayError(
        'this release was embedded by a model that is set up no more: words and findings alone were searched until the next release',
      ),
    ),
});

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
    const made = await embedderOfGeneration(db, fingerprint);
    if (made !== null && made !== BUILTIN_NAME) return absentEmbedder(made, fingerprint);
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

/** An embedding model behind a service, with the probe of its generation in the database. */
export type RemoteEmbedder = {
  readonly embedder: InferenceEmbedder;
  /** The probe of the generation; asked for, and stored with it, by whoever is first. @throws StageError */
  readonly probeFor: (leaseId: number, call: EmbedCall) => Promise<Probe>;
};

/**
 * The generation of a model behind a service. Its record holds the probe, which every later answer is compared with; its name is its whole
 * fingerprint, so that two hosts which are set up differently are two embedders.
 */
export function inferenceGenerations(
  db: Database,
  embedder: InferenceEmbedder,
  builtin: Generations,
): { readonly generations: Generations; readonly remote: RemoteEmbedder } {
  const { name, fingerprint } = embedder;
  let known: Probe | null = null;
  const stored = async (): Promise<Probe | null> => {
    if (known !== null || (await newestGeneration(db, name)) === null) return known;
    known = probeOf((await loadGeneration(db, fingerprint)).bytes);
    if (known === null)
      throw new Error(`generation ${fingerprint} holds no probe: set EMBEDDING_REVISION to another value`);
    return known;
  };
  const probeFor = async (leaseId: number, call: EmbedCall): Promise<Probe> => {
    const before = await stored();
    if (before !== null) return before;
    const bytes = probeBytes(await embedder.probe(call));
    await saveGeneration(db, name, { fingerprint, bytes, fittedOn: 0 }, null, leaseId);
    // Another host may have been first: whatever the database holds is the probe.
    const after = await stored();
    if (after === null) throw new Error(`generation ${fingerprint} was not stored`);
    return after;
  };
  const forQueries: Embedder = {
    name,
    fingerprint,
    embed: async (texts) => {
      const probe = await stored();
      if (probe === null) throw new EmbedderAwayError('the embedding model has embedded no case yet');
      return embedder.embedQuery(texts, probe);
    },
  };
  const generations: Generations = {
    embedderName: name,
    newest: () => Promise.resolve(fingerprint),
    forEmbedding: () => Promise.resolve(forQueries),
    of: (wanted) => (wanted === fingerprint ? Promise.resolve(forQueries) : builtin.of(wanted)),
  };
  return { generations, remote: { embedder, probeFor } };
}
