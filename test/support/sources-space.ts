import { join } from 'node:path';
import { definePipeline, type Pipeline, registerPipeline, statement, tick } from '../../core/engine/index.ts';
import { builtinGenerations } from '../../core/models/generation.ts';
import { rulesDistiller } from '../../core/models/rules.ts';
import { readDocument } from '../../core/sources/record.ts';
import { defineDistill } from '../../core/stages/distill.ts';
import { defineEmbed } from '../../core/stages/embed.ts';
import { defineIndex } from '../../core/stages/index.ts';
import { defineNormalize } from '../../core/stages/normalize.ts';
import { openDatabase } from '../../space/database.ts';
import type { FaissService } from '../../space/faiss/service.ts';
import { createLog } from '../../space/host/log.ts';
import { nodeRuntime, ownerOfThisProcess } from '../../space/host/owner.ts';
import { createApp } from '../../space/http/app.ts';
import { releaseBuilder } from '../../space/release-builder.ts';
import { createServing } from '../../space/serving.ts';
import { openReleaseStore } from '../../space/store/releases.ts';
import { type Arrival, arrive, scrapeOfTest } from './sources-articles.ts';

/** A Space of real parts on a folder: database, pipeline, releases, serving and the HTTP app. Only `scrape` reads what a test says. */
export async function openSourcesSpace(folder: string, faiss: FaissService, nowMs: () => number = () => 0) {
  const { db, close } = await openDatabase({ url: `file:${join(folder, 'state.db')}`, deadlineMs: 60_000 });
  const store = openReleaseStore(join(folder, 'store'));
  const log = createLog('silent');
  const generations = builtinGenerations(db, () => undefined);
  const build = releaseBuilder({
    db,
    store,
    faiss,
    releasesKept: 2,
    nowIso: () => new Date().toISOString(),
    onDegraded: () => undefined,
  });
  const deps = {
    ...{ db, random: () => 0.5, read: readDocument, distiller: rulesDistiller, build },
    ...{ embedderName: generations.embedderName, embedder: generations.forEmbedding, generation: generations.newest },
  };
  const pipeline: Pipeline = definePipeline('anamnesis', [
    scrapeOfTest(db),
    defineNormalize(deps),
    defineDistill(deps),
    defineEmbed(deps),
    defineIndex(deps),
  ]);
  await registerPipeline(db, pipeline);
  // What a test does to the database stands between it and whoever serves from it.
  let trouble: Error | null = null;
  const troubled: typeof db = {
    ...db,
    read: (statements) => (trouble ? Promise.reject(trouble) : db.read(statements)),
  };
  const serving = createServing({ db: troubled, store, generations, faiss, log }, nowMs);
  const app = createApp({
    search: (request) => serving.search(request),
    caseById: (id) => serving.caseById(id),
    exportable: (id) => serving.exportable(id),
    status: () => Promise.reject(new Error('not asked for')),
    releases: async () => [],
    ready: () => serving.ready(),
    exampleQueries: [],
    log: () => undefined,
    requestId: () => 'request',
  });
  const rowsOf = async (sql: string) => ((await db.read([statement(sql)]))[0]?.rows ?? []).map((row) => ({ ...row }));
  return {
    db,
    pipeline,
    serving,
    storeFolder: join(folder, 'store'),
    rowsOf,
    close,
    setTrouble: (error: Error | null) => {
      trouble = error;
    },
    arrive: (...arrivals: readonly Arrival[]) => arrive(db, pipeline, ...arrivals),
    /** Ticks until nothing is left; of a stage alone, one batch of it. */
    work: () => tick(db, pipeline, nodeRuntime(ownerOfThisProcess()), { budgetMs: 120_000 }),
    workOnce: () => tick(db, pipeline, nodeRuntime(ownerOfThisProcess()), { budgetMs: 0 }),
    search: async (body: object) => {
      const response = await app.request('/api/search', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
      return { status: response.status, body: await response.json() };
    },
    get: (path: string, accept = 'application/json') => app.request(path, { headers: { Accept: accept } }),
  };
}
export type SourcesSpace = Awaited<ReturnType<typeof openSourcesSpace>>;
