import { createClient } from '@libsql/client/web';
import {
  connectDatabase,
  type Database,
  definePipeline,
  defineStage,
  type Pipeline,
  type Runtime,
  webRuntime,
} from '../core/engine/index.ts';
import { builtinGenerations, type FitListener, type Generations } from '../core/models/generation.ts';
import type { Embedder } from '../core/models/ports.ts';
import { rulesDistiller } from '../core/models/rules.ts';
import { clinicalPipeline } from '../core/pipeline.ts';
import { type EdgeConfig, type Env, readConfig } from './config.ts';

/** Everything one invocation works with. */
export type Edge = {
  readonly config: EdgeConfig;
  readonly db: Database;
  readonly pipeline: Pipeline;
  readonly runtime: Runtime;
  readonly close: () => void;
};

export type LogFields = {
  readonly level: 'info' | 'error';
  readonly message: string;
  readonly [field: string]: unknown;
};

/** What the host offers besides the environment: the one door to globals. */
export type Host = {
  /** @throws ConfigError when a setting is missing or cannot be used */
  readonly connect: (env: Env) => Edge;
  readonly log: (fields: LogFields) => void;
  readonly newId: () => string;
  readonly monotonicMs: () => number;
};

/**
 * The edge host called `name`. A Worker may not use one invocation's connections in another, so each invocation gets its
 * own client; only values that are finished are kept between them.
 */
export function edgeHost(name: string): Host {
  const monotonicMs = () => performance.now();
  const newId = () => crypto.randomUUID();
  const log = (fields: LogFields) => console.log(JSON.stringify(fields));
  const kept = new Map<string, Embedder>();
  return {
    connect: (env) => {
      const config = readConfig(env);
      const { db, close } = openRemote(config);
      const runtime = webRuntime(`${name}/${newId()}`);
      const onFit: FitListener = (fit) => log({ level: 'info', message: 'embedder fitted', ...fit });
      return { config, db, pipeline: edgePipeline(db, builtinGenerations(db, onFit, kept), config), runtime, close };
    },
    log,
    newId,
    monotonicMs,
  };
}

/** A client whose requests are really aborted at the deadline, so that none outlives its invocation. */
function openRemote(config: EdgeConfig): { readonly db: Database; readonly close: () => void } {
  const deadlineMs = config.databaseDeadlineMs;
  const client = createClient({
    url: config.databaseUrl,
    ...(config.databaseAuthToken === undefined ? {} : { authToken: config.databaseAuthToken }),
    fetch: (request: Request) => fetch(request, { signal: AbortSignal.timeout(deadlineMs) }),
  });
  return { db: connectDatabase(client, { deadlineMs }), close: () => client.close() };
}

/** The clinical pipeline in batches that suit an edge host, with the stages that it runs. */
function edgePipeline(db: Database, generations: Generations, config: EdgeConfig): Pipeline {
  const { name, stages, services } = clinicalPipeline({
    db,
    random: Math.random,
    outside: null,
    distiller: rulesDistiller,
    embedderName: generations.embedderName,
    embedder: generations.forEmbedding,
    generation: generations.newest,
    build: null,
  });
  return definePipeline(
    name,
    stages.map((stage) =>
      defineStage({
        ...stage,
        batchMax: Math.min(stage.batchMax, config.tickItemsMax),
        process: config.tickStages.includes(stage.name) ? stage.process : null,
      }),
    ),
    { services },
  );
}
