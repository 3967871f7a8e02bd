import { join } from 'node:path';
import { addSource, requestRun } from '../../../core/corpus.ts';
import {
  act,
  type Database,
  type Pipeline,
  type Runtime,
  readSnapshot,
  registerPipeline,
  statement,
  tick,
} from '../../../core/engine/index.ts';
import { builtinGenerations, type Generations } from '../../../core/models/generation.ts';
import { rulesDistiller } from '../../../core/models/rules.ts';
import { clinicalPipeline } from '../../../core/pipeline.ts';
import { type Outside, type PageEvent, stepDiscovery } from '../../../core/sources/discovery.ts';
import { europePmc } from '../../../core/sources/europe-pmc.ts';
import { createHttp, webClock } from '../../../core/sources/http/client.ts';
import { type ServiceSettings, serviceSettings } from '../../../core/sources/http/services.ts';
import { pmc } from '../../../core/sources/pmc.ts';
import { pubmed } from '../../../core/sources/pubmed.ts';
import { readDocument } from '../../../core/sources/record.ts';
import type { Source, SourceKind } from '../../../core/sources/source.ts';
import { createSources } from '../../../core/sources/sources.ts';
import { openDatabase } from '../../../space/database.ts';
import type { FaissService } from '../../../space/faiss/service.ts';
import { startFaiss } from '../../../space/faiss/service.ts';
import { nodeRuntime, ownerOfThisProcess, recoverDeadLeases } from '../../../space/host/owner.ts';
import { releaseBuilder } from '../../../space/release-builder.ts';
import { nodeTransport } from '../../../space/sources/transport.ts';
import { openReleaseStore, type ReleaseStore } from '../../../space/store/releases.ts';
import { nextEnd, skip } from './passing-time.ts';
import type { Literature } from './server.ts';

export type CorpusOptions = {
  readonly folder: string;
  readonly environment: Literature['environment'];
  /** What of every service's settings is other than the product's; deadlines are those that a test can wait for. */
  readonly settings?: Partial<ServiceSettings>;
  /** Documents of one page of a listing, and of one retrieval; the adapters' own without it. */
  readonly atOnce?: { readonly listed: number; readonly retrieved: number };
  /** Without it nothing builds releases here. */
  readonly releases?: boolean;
};

/** The product's pipeline and discovery on a folder of their own, asking a literature server. */
export type Corpus = {
  readonly db: Database;
  readonly pipeline: Pipeline;
  readonly runtime: Runtime;
  readonly outside: Outside;
  readonly generations: Generations;
  /** Null without releases. */
  readonly releases: { readonly store: ReleaseStore; readonly faiss: FaissService } | null;
  readonly close: () => Promise<void>;
};

/** A caller that gives up on a hang within a test's patience, and else behaves as the product does. */
const PATIENCE = { connectMs: 1_000, firstByteMs: 600, idleMs: 500, totalMs: 4_000, turnMsMax: 1_000 } as const;

export async function openCorpus(options: CorpusOptions): Promise<Corpus> {
  const { folder, environment, settings } = options;
  const { db, close } = await openDatabase({ url: `file:${join(folder, 'state.db')}`, deadlineMs: 60_000 });
  const releases = options.releases
    ? { store: openReleaseStore(join(folder, 'store')), faiss: await startFaiss() }
    : null;
  const generations = builtinGenerations(db, () => undefined);
  const network = nodeTransport();
  const services = Object.fromEntries(
    Object.entries(serviceSettings({ ncbiKey: false })).map(([name, own]) => [
      name,
      { ...own, ...PATIENCE, ...settings },
    ]),
  );
  const secrets = [environment.CONTACT_EMAIL];
  const http = createHttp({
    ...webClock,
    db,
    transport: network.transport,
    services,
    version: '0.0.0-test',
    contact: environment.CONTACT_EMAIL,
    secrets,
    origins: [new URL(environment.NCBI_URL).origin],
  });
  const outside: Outside = { sources: sourcesOf(options), http };
  const pipeline = clinicalPipeline({
    db,
    random: Math.random,
    outside,
    read: readDocument,
    distiller: rulesDistiller,
    embedderName: generations.embedderName,
    embedder: generations.forEmbedding,
    generation: generations.newest,
    build:
      releases &&
      releaseBuilder({
        db,
        ...releases,
        releasesKept: 3,
        nowIso: () => new Date().toISOString(),
        onDegraded: () => undefined,
      }),
  });
  await registerPipeline(db, pipeline);
  await recoverDeadLeases(db);
  return {
    db,
    pipeline,
    runtime: nodeRuntime(ownerOfThisProcess()),
    outside,
    generations,
    releases,
    close: async () => {
      await network.close();
      await releases?.faiss.close();
      close();
    },
  };
}

function sourcesOf({ environment, atOnce }: CorpusOptions): ReadonlyMap<SourceKind, Source> {
  if (atOnce === undefined) return createSources(environment, { nowMs: Date.now });
  const pageSize = atOnce.listed;
  const ncbi = {
    url: `${environment.NCBI_URL}/`,
    email: environment.CONTACT_EMAIL,
    apiKey: null,
    nowMs: Date.now,
    pageSize,
  };
  const all = [
    pubmed(ncbi),
    pmc({ ...ncbi, oaiUrl: environment.PMC_OAI_URL }),
    europePmc({ url: `${environment.EUROPE_PMC_URL}/`, pageSize }),
  ];
  return new Map(all.map((source) => [source.kind, { ...source, retrieveMax: atOnce.retrieved }]));
}

/** Everything that a server holds, whatever its publication type. */
export const EVERYTHING: Readonly<Partial<Record<SourceKind, string>>> = {
  pubmed: `("case reports"[pt] OR letter[pt] OR "published erratum"[pt] OR "retraction notice"[pt] OR review[pt] OR editorial[pt])`,
  pmc: `("case reports"[pt] OR letter[pt] OR "published erratum"[pt] OR "retraction notice"[pt] OR review[pt] OR editorial[pt])`,
  'europe-pmc':
    '(PUB_TYPE:"Case Reports" OR PUB_TYPE:Letter OR PUB_TYPE:"Published Erratum" OR PUB_TYPE:"Retraction Notice" OR PUB_TYPE:Review OR PUB_TYPE:Editorial)',
};

/** Keeps a definition that collects everything and runs when told. */
export const collect = (db: Database, kind: SourceKind, since: string): Promise<unknown> =>
  addSource(
    db,
    { name: kind, kind, query: EVERYTHING[kind] ?? '*', since, documentsMax: null, everyMs: null },
    { runNow: true },
  );

export type Worked = {
  readonly pages: readonly PageEvent[];
  /** Settled tasks by stage and outcome: `scrape done`. */
  readonly settled: Readonly<Record<string, number>>;
  /** Waits that were let pass, added. */
  readonly skippedMs: number;
  /** Why the last wait was. */
  readonly waiting: string | null;
};

const ROUNDS_MAX = 3_000;
const IDLE_MAX = 50;

/**
 * Steps discovery and the pipeline in turn, as a host does, until nothing is under way: whatever waits is let wait no longer than
 * it takes to say so. `onRound` is told between two steps.
 */
export async function workUntilQuiet(corpus: Corpus, onRound?: (round: number) => void): Promise<Worked> {
  const { db, pipeline, runtime, outside } = corpus;
  const [first] = pipeline.stages;
  if (!first) throw new Error('the pipeline has no stage');
  const pages: PageEvent[] = [];
  const settled: Record<string, number> = {};
  let skippedMs = 0;
  let idle = 0;
  let waiting: string | null = null;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    onRound?.(round);
    const before = pages.length;
    const listed = await stepDiscovery(
      { db, outside, first, owner: runtime.owner, random: Math.random, monotonicMs: () => performance.now() },
      { budgetMs: 1_000, stopping: () => false, onPage: (page) => pages.push(page) },
    );
    waiting = listed.waiting ?? waiting;
    const { batches, after } = await tick(db, pipeline, runtime, {
      budgetMs: 1_000,
      onBatch: ({ stage, counts }) => {
        for (const [outcome, n] of Object.entries(counts))
          if (n > 0) settled[`${stage} ${outcome}`] = (settled[`${stage} ${outcome}`] ?? 0) + n;
      },
    });
    if (batches > 0 || pages.length > before || after.kind === 'work') continue;
    const ms = await nextEnd(db);
    const stages = (await readSnapshot(db, pipeline)).stages;
    const open = pipeline.stages.some(({ name, process }) => {
      const here = stages.get(name);
      return process !== null && here?.paused === false && here.counts.ready + here.counts.leased > 0;
    });
    const runs = await running(db);
    if (!open && !runs) return { pages, settled, skippedMs, waiting };
    if (after.kind === 'waiting' && after.gate.kind === 'gathering')
      await act(db, pipeline, { kind: 'run', stage: 'index' }, { actor: 'test' });
    else if (ms === null) {
      // What was waited for may have come due since the step; if not, nothing ever will.
      if (++idle > IDLE_MAX) throw new Error(`nothing will go on by itself: ${await standings(db)}`);
    } else {
      idle = 0;
      await skip(db, ms + 1);
      skippedMs += ms;
    }
  }
  throw new Error(
    `not quiet after ${ROUNDS_MAX} rounds: ${waiting ?? 'nothing was said to wait'}; ${await standings(db)}`,
  );
}

/** A source goes on by itself: parked and paused ones do not. */
async function running(db: Database): Promise<boolean> {
  const [found] = await db.read([
    statement(`SELECT 1 FROM source WHERE state = 'active' AND (run_state = 'running' OR due_ms IS NOT NULL) LIMIT 1`),
  ]);
  return (found?.rows.length ?? 0) > 0;
}

async function standings(db: Database): Promise<string> {
  const [sources, tasks] = await db.read([
    statement(`SELECT s.*, unixepoch('subsec')*1000 AS now FROM source s`),
    statement(
      `SELECT stage, state, error_class, reason, count(*) AS n FROM task WHERE state NOT IN ('done', 'skipped') GROUP BY 1, 2, 3, 4 LIMIT 20`,
    ),
  ]);
  return JSON.stringify([sources?.rows, tasks?.rows]);
}

/** Runs a source again, as its schedule would on another day. */
export async function runAgain(
  corpus: Corpus,
  kind: SourceKind,
  options: { readonly sweep?: boolean } = {},
): Promise<Worked> {
  await requestRun(corpus.db, kind, options);
  return workUntilQuiet(corpus);
}
