import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { adoptEmbedder } from '../../core/corpus.ts';
import type { Database } from '../../core/engine/index.ts';
import {
  builtinGenerations,
  type FitListener,
  fixedGenerations,
  type Generations,
  inferenceGenerations,
  type RemoteEmbedder,
} from '../../core/models/generation.ts';
import { type EmbedderDeps, inferenceEmbedder } from '../../core/models/inference-embedder/embedder.ts';
import { embeddingServiceOf } from '../../core/models/inference-embedder/settings.ts';
import { webClock } from '../../core/sources/http/client.ts';
import type { Config } from '../config.ts';
import { fittingThread } from './fit.ts';
import { openTransformers, TRANSFORMERS_NAME } from './transformers.ts';

export type ChosenEmbedder = {
  readonly generations: Generations;
  /** Null where vectors are made on this machine. */
  readonly remote: RemoteEmbedder | null;
  readonly close: () => Promise<void>;
};

/** Opens the embedder that the settings name and makes it this corpus'. @throws ModelUnavailableError */
export async function chooseEmbedder(
  db: Database,
  config: Config,
  onFit: FitListener,
  log: EmbedderDeps['log'],
): Promise<ChosenEmbedder> {
  const fitting = fittingThread();
  const builtin = builtinGenerations(db, onFit, new Map(), fitting.fit);
  if (config.embedder === 'builtin') {
    await adoptEmbedder(db, builtin.embedderName);
    return { generations: builtin, remote: null, close: fitting.close };
  }
  if (config.embedder === 'inference') {
    const embedder = inferenceEmbedder(embeddingServiceOf(config.embedding), {
      fetch: (input, init) => fetch(input, init),
      nowMs: webClock.nowMs,
      after: webClock.after,
      log,
    });
    await adoptEmbedder(db, embedder.name);
    return { ...inferenceGenerations(db, embedder, builtin), close: fitting.close };
  }
  const embedder = await openTransformers(modelPlace(config));
  await adoptEmbedder(db, TRANSFORMERS_NAME);
  return {
    generations: fixedGenerations(db, TRANSFORMERS_NAME, embedder, builtin),
    remote: null,
    close: embedder.close,
  };
}

/** A path is a folder on this machine and nothing is fetched; any other name is a model of the hub. */
function modelPlace({ embeddingModel, dataDir }: Config) {
  const cacheDir = join(dataDir, 'models');
  const local = isAbsolute(embeddingModel) || embeddingModel.startsWith('.');
  if (!local) return { model: embeddingModel, modelDir: cacheDir, cacheDir, allowDownload: true };
  const path = resolve(embeddingModel);
  return { model: basename(path), modelDir: dirname(path), cacheDir, allowDownload: false };
}
