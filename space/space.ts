import { mkdirSync } from 'node:fs';
import { checkCorpusSchema } from '../core/corpus.ts';
import type { Database, Pipeline, Runtime } from '../core/engine/index.ts';
import { registerPipeline } from '../core/engine/index.ts';
import { builtinGenerations, type Generations } from '../core/models/generation.ts';
import { rulesDistiller } from '../core/models/rules.ts';
import { clinicalPipeline } from '../core/pipeline.ts';
import type { Config } from './config.ts';
import { openDatabase } from './database.ts';
import { type FaissService, startFaiss } from './faiss/service.ts';
import type { Log } from './host/log.ts';
import { nodeRuntime, ownerOfThisProcess, recoverDeadLeases } from './host/owner.ts';
import { releaseBuilder } from './release-builder.ts';
import { openReleaseStore, type ReleaseStore } from './store/releases.ts';

/** Everything a command or the server works with, opened once. */
export type Space = {
  readonly config: Config;
  readonly db: Database;
  readonly pipeline: Pipeline;
  readonly runtime: Runtime;
  readonly generations: Generations;
  readonly store: ReleaseStore;
  readonly faiss: FaissService;
  /** What runs below its best, in words. */
  readonly degraded: () => readonly string[];
  readonly log: Log;
  readonly close: () => Promise<void>;
};

/** Opens database, store and models, takes back what this machine's dead processes held, and names the pipeline's host. */
export async function openSpace(config: Config, log: Log): Promise<Space> {
  mkdirSync(config.dataDir, { recursive: true });
  const { db, close } = await openDatabase({
    url: config.databaseUrl,
    authToken: config.databaseAuthToken,
    deadlineMs: config.databaseDeadlineMs,
  });
  const store = openReleaseStore(config.storeDir);
  const faiss = await startFaiss({ onEvent: (event) => log.debug({ ...event, message: `faiss ${event.kind}` }) });
  const generations = builtinGenerations(db, (fit) =>
    log.info({ message: 'builtin embedder fitted', cases: fit.cases, bytes: fit.bytes, generation: fit.fingerprint }),
  );
  const builder = releaseBuilder({
    db,
    store,
    faiss,
    releasesKept: config.releasesKept,
    nowIso: () => new Date().toISOString(),
    onDegraded: (reason) => log.warn({ message: `release without FAISS indices: ${reason}` }),
  });
  const pipeline = clinicalPipeline({
    db,
    random: Math.random,
    distiller: rulesDistiller,
    embedderName: generations.embedderName,
    embedder: generations.forEmbedding,
    generation: generations.newest,
    build: builder,
  });
  await registerPipeline(db, pipeline);
  await checkCorpusSchema(db);
  const recovered = await recoverDeadLeases(db);
  if (recovered > 0) log.info({ message: `took back ${recovered} lease(s) of processes that ended without a word` });
  return {
    config,
    db,
    pipeline,
    runtime: nodeRuntime(ownerOfThisProcess()),
    generations,
    store,
    faiss,
    degraded: () => degradedOf(faiss),
    log,
    close: async () => {
      await faiss.close();
      close();
    },
  };
}

const degradedOf = (faiss: FaissService): readonly string[] => {
  const state = faiss.state();
  return state.kind === 'unavailable'
    ? [
        `FAISS is not available (${state.reason ?? 'no reason given'}); search serves from the exact scan of the vectors`,
      ]
    : [];
};
