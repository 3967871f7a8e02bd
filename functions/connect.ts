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
import { chooseDistiller } from '../core/models/choose.ts';
import {
  builtinGenerations,
  type FitListener,
  type Generations,
  inferenceGenerations,
  type RemoteEmbedder,
} from '../core/models/generation.ts';
import type { ChatDeps } from '../core/models/inference/client.ts';
import { inferenceEmbedder } from '../core/models/inference-embedder/embedder.ts';
import { embeddingServiceOf } from '../core/models/inference-embedder/settings.ts';
import type { Distiller, Embedder } from '../core/models/ports.ts';
import { clinicalPipeline } from '../core/pipeline.ts';
import type { Outside } from '../core/sources/discovery.ts';
import { createHttp, webClock } from '../core/sources/http/client.ts';
import { serviceSettings } from '../core/sources/http/services.ts';
import { readDocument } from '../core/sources/record.ts';
import { configuredOrigins } from '../core/sources/settings.ts';
import { createSources } from '../core/sources/sources.ts';
import { VERSION } from '../core/version.ts';
import { type EdgeConfig, type Env, readConfig, redacted } from './config.ts';
import { SearchOffError } from './search/releases.ts';
import { createEdgeSearch, type EdgeSearch } from './search/serving.ts';
import { sourceOf } from './search/settings.ts';
import type { ReleaseSource } from './search/source.ts';
import { fetchTransport } from './transport.ts';

/** Everything one invocation works with. */
export type Edge = {
  readonly config: EdgeConfig;
  readonly db: Database;
  readonly pipeline: Pipeline;
  readonly runtime: Runtime;
  readonly distiller: Distiller;
  readonly generations: Generations;
  /** Where releases are read from; null where search is off. */
  readonly releases: ReleaseSource | null;
  /** The services that documents come from. */
  readonly outside: Outside;
  readonly log: (fields: LogFields) => void;
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
  readonly searches: EdgeSearch;
};

/** A host that only ticks needs no kernel. */
const noKernel = (): Promise<WebAssembly.Module> =>
  Promise.reject(new SearchOffError('this host was started without the search kernel'));

/**
 * The edge host called `name`; `kernel` gives kernel.wasm, compiled as the host can. A Worker may not use one invocation's
 * connections in another, so each invocation gets its own client; only values that are finished are kept between them.
 */
export function edgeHost(name: string, kernel: () => Promise<WebAssembly.Module> = noKernel): Host {
  const monotonicMs = () => performance.now();
  const newId = () => crypto.randomUUID();
  const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  const log = (fields: LogFields) => console.log(JSON.stringify(fields));
  const kept = new Map<string, Embedder>();
  return {
    connect: (env) => {
      const config = readConfig(env);
      const { db, close } = openRemote(config);
      const runtime = webRuntime(`${name}/${newId()}`);
      const onFit: FitListener = (fit) => log({ level: 'info', message: 'embedder fitted', ...fit });
      const said = (fields: LogFields) => log({ ...fields, message: redacted(fields.message, env) });
      const outside = edgeOutside(config, db, said);
      const calls: ChatDeps = {
        fetch: (input, init) => fetch(input, init),
        nowMs: webClock.nowMs,
        after: webClock.after,
        log: (message, fields) => said({ ...fields, level: 'info', message }),
      };
      const distiller = chooseDistiller(config.models, calls);
      const embedding = edgeEmbedding(config, db, builtinGenerations(db, onFit, kept), calls);
      const pipeline = edgePipeline(db, embedding, config, outside, distiller);
      const { generations } = embedding;
      const releases = sourceOf(config.search, (input, init) => fetch(input, init));
      return { config, db, pipeline, runtime, distiller, generations, releases, outside, log: said, close };
    },
    log,
    newId,
    monotonicMs,
    searches: createEdgeSearch({ kernel, nowMs: monotonicMs, wait }),
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

/** The services by the platform's own `fetch`; files and web pages are left to the Space. */
function edgeOutside(config: EdgeConfig, db: Database, log: (fields: LogFields) => void): Outside {
  const { contactEmail, ncbiApiKey, ncbiUrl, europePmcUrl } = config;
  const settings = {
    CONTACT_EMAIL: contactEmail,
    NCBI_API_KEY: ncbiApiKey,
    NCBI_URL: ncbiUrl,
    EUROPE_PMC_URL: europePmcUrl,
  };
  const http = createHttp({
    ...webClock,
    db,
    transport: fetchTransport((input, init) => fetch(input, init)),
    services: serviceSettings({ ncbiKey: ncbiApiKey !== undefined }),
    version: VERSION,
    contact: contactEmail ?? null,
    secrets: [contactEmail, ncbiApiKey].filter((secret) => secret !== undefined),
    origins: configuredOrigins(settings),
    log: (message, fields) => log({ ...fields, level: 'info', message }),
  });
  return { sources: createSources(settings, webClock), http };
}

type Embedding = { readonly generations: Generations; readonly remote: RemoteEmbedder | null };

/** Who makes the vectors here. A Worker may not wait for what another invocation began, so each reads the probe itself. */
function edgeEmbedding(config: EdgeConfig, db: Database, builtin: Generations, calls: ChatDeps): Embedding {
  if (config.embedder === 'builtin') return { generations: builtin, remote: null };
  const { fetch, nowMs, after, log } = calls;
  return inferenceGenerations(
    db,
    inferenceEmbedder(embeddingServiceOf(config.embedding), { fetch, nowMs, after, log }),
    builtin,
  );
}

/** The clinical pipeline in batches that suit an edge host, with the stages that it runs. */
function edgePipeline(
  db: Database,
  { generations, remote }: Embedding,
  config: EdgeConfig,
  outside: Outside,
  distiller: Distiller,
): Pipeline {
  const { name, stages, ...options } = clinicalPipeline({
    db,
    random: Math.random,
    outside,
    read: (format, bytes, key) => readDocument(format, bytes, key, { now: () => performance.now() }),
    completenessMin: config.completenessMin,
    distiller,
    embedderName: generations.embedderName,
    embedder: generations.forEmbedding,
    remoteEmbedder: remote,
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
    options,
  );
}
