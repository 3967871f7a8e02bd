import { mkdirSync } from 'node:fs';
import { checkCorpusSchema } from '../core/corpus.ts';
import type { Database, Pipeline, Runtime } from '../core/engine/index.ts';
import { registerPipeline } from '../core/engine/index.ts';
import { chooseDistiller } from '../core/models/choose.ts';
import type { Generations } from '../core/models/generation.ts';
import type { Distiller } from '../core/models/ports.ts';
import { clinicalPipeline } from '../core/pipeline.ts';
import type { Outside } from '../core/sources/discovery.ts';
import { webClock } from '../core/sources/http/client.ts';
import type { ReleaseBuilder } from '../core/stages/index.ts';
import type { Config } from './config.ts';
import { openDatabase } from './database.ts';
import { chooseEmbedder } from './embedder/choose.ts';
import { type FaissService, startFaiss } from './faiss/service.ts';
import type { Log } from './host/log.ts';
import { freeDeadSources, nodeRuntime, ownerOfThisProcess, recoverDeadLeases } from './host/owner.ts';
import { releaseBuilder } from './release-builder.ts';
import { openOutside } from './sources/outside.ts';
import { readBytes } from './sources/read.ts';
import { openReleaseStore, type ReleaseStore } from './store/releases.ts';
import { useVocabulary } from './vocabulary.ts';

/** Everything a command or the server works with, opened once. */
export type Space = {
  readonly config: Config;
  readonly db: Database;
  readonly pipeline: Pipeline;
  readonly runtime: Runtime;
  readonly generations: Generations;
  readonly distiller: Distiller;
  /** The services that documents come from. */
  readonly outside: Outside;
  /** Ends every request that is on its way, and lets no other begin; for a host that is told to stop. */
  readonly stopOutside: () => void;
  readonly store: ReleaseStore;
  readonly faiss: FaissService;
  /** What runs below its best, in words. */
  readonly degraded: () => readonly string[];
  readonly log: Log;
  readonly close: () => Promise<void>;
};

/** What ticking needs: the database, the pipeline on it, and who this is. */
export type OpenPipeline = {
  readonly db: Database;
  readonly pipeline: Pipeline;
  readonly runtime: Runtime;
  readonly generations: Generations;
  readonly distiller: Distiller;
  readonly outside: Outside;
  /** Ends every request that is on its way, and lets no other begin; for a host that is told to stop. */
  readonly stopOutside: () => void;
  readonly close: () => Promise<void>;
};

/**
 * Opens the database and the pipeline on it, and takes back what this machine's dead processes held. With `build` null the
 * index stage is left to another thread or host.
 */
export async function openPipeline(
  config: Config,
  log: Log,
  build: ((db: Database) => ReleaseBuilder) | null,
): Promise<OpenPipeline> {
  await useVocabulary(config.vocabularyFile);
  const { db, close } = await openState(config);
  const {
    generations,
    remote,
    close: closeEmbedder,
  } = await chooseEmbedder(
    db,
    config,
    (fit) =>
      log.info({ message: 'builtin embedder fitted', cases: fit.cases, bytes: fit.bytes, generation: fit.fingerprint }),
    (message, fields) => log.warn({ ...fields, message }),
  );
  const { outside, stop: stopOutside, close: closeOutside } = openOutside(config, db, log, () => firstOf(pipeline));
  const distiller = chooseDistiller(config.models, {
    fetch: (input, init) => fetch(input, init),
    nowMs: webClock.nowMs,
    after: webClock.after,
    log: (message, fields) => log.warn({ ...fields, message }),
  });
  const pipeline: Pipeline = clinicalPipeline({
    db,
    random: Math.random,
    outside,
    read: readBytes,
    completenessMin: config.completenessMin,
    distiller,
    embedderName: generations.embedderName,
    embedder: generations.forEmbedding,
    remoteEmbedder: remote,
    generation: generations.newest,
    build: build === null ? null : build(db),
  });
  await registerPipeline(db, pipeline);
  await freeDeadSources(db);
  const recovered = await recoverDeadLeases(db);
  if (recovered > 0) log.info({ message: `took back ${recovered} lease(s) of processes that ended without a word` });
  return {
    db,
    pipeline,
    runtime: nodeRuntime(ownerOfThisProcess()),
    generations,
    distiller,
    outside,
    stopOutside,
    close: async () => {
      await closeOutside();
      await closeEmbedder();
      close();
    },
  };
}

/** The state database, with the schema that this program knows. */
async function openState(config: Config) {
  const opened = await openDatabase({
    url: config.databaseUrl,
    authToken: config.databaseAuthToken,
    deadlineMs: config.databaseDeadlineMs,
  });
  await checkCorpusSchema(opened.db);
  return opened;
}

function firstOf({ stages: [first] }: Pipeline): Pipeline['stages'][number] {
  if (!first) throw new Error('the pipeline has no stage');
  return first;
}

/** What serving works with, opened for a thread of its own. */
export async function openForServing(
  config: Config,
  log: Log,
): Promise<Pick<Space, 'db' | 'store' | 'generations' | 'faiss' | 'log' | 'close'>> {
  await useVocabulary(config.vocabularyFile);
  const { db, close } = await openState(config);
  const embedder = await chooseEmbedder(
    db,
    config,
    () => undefined,
    (message, fields) => log.warn({ ...fields, message }),
  );
  const faiss = await openFaiss(log, true);
  return {
    db,
    store: openReleaseStore(config.storeDir),
    generations: embedder.generations,
    faiss,
    log,
    close: async () => {
      await faiss.close();
      await embedder.close();
      close();
    },
  };
}

const openFaiss = (log: Log, startAtOnce: boolean): Promise<FaissService> =>
  startFaiss({ startAtOnce, onEvent: (event) => log.debug({ ...event, message: `faiss ${event.kind}` }) });

/** Opens everything: the pipeline, the release store and FAISS. `searchesElsewhere`: a thread of its own has the FAISS that searches. */
export async function openSpace(config: Config, log: Log, searchesElsewhere = false): Promise<Space> {
  mkdirSync(config.dataDir, { recursive: true });
  const store = openReleaseStore(config.storeDir);
  const faiss = await openFaiss(log, !searchesElsewhere);
  const opened = await openPipeline(config, log, (db) =>
    releaseBuilder({
      db,
      store,
      faiss,
      releasesKept: config.releasesKept,
      nowIso: () => new Date().toISOString(),
      onBuilt: ({ scratchReason, ...built }) =>
        log.info({
          message:
            scratchReason === null
              ? 'built a release from the one before'
              : `built a release from scratch: ${scratchReason}`,
          ...built,
        }),
      onDegraded: (reason) => log.warn({ message: `release without FAISS indices: ${reason}` }),
    }),
  ).catch(async (error: unknown) => {
    await faiss.close();
    throw error;
  });
  return {
    ...opened,
    config,
    store,
    faiss,
    degraded: () => degradedOf(faiss),
    log,
    close: async () => {
      await faiss.close();
      await opened.close();
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
