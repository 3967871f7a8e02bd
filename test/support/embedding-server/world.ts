import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unpackVectors } from '../../../core/corpus/vectors.ts';
import {
  type Database,
  type Pipeline,
  type Row,
  registerPipeline,
  statement,
  type TickReport,
  tick,
} from '../../../core/engine/index.ts';
import type { RemoteEmbedder } from '../../../core/models/generation.ts';
import type { EmbedderDeps } from '../../../core/models/inference-embedder/embedder.ts';
import type { InferenceEmbedderSettings } from '../../../core/models/inference-embedder/settings.ts';
import { openDatabase } from '../../../space/database.ts';
import { nodeRuntime, ownerOfThisProcess } from '../../../space/host/owner.ts';
import { enterCases, type TestCase } from '../model-server/world.ts';
import { depsOf, embedPipeline } from './pipeline.ts';

export { depsOf, embedPipeline, MODEL, settingsFor, TOKEN } from './pipeline.ts';

export type World = {
  readonly db: Database;
  readonly pipeline: Pipeline;
  readonly remote: RemoteEmbedder;
  readonly generations: ReturnType<typeof embedPipeline>['generations'];
  readonly logged: string[];
  readonly tick: (options?: { stopping?: () => boolean }) => Promise<TickReport>;
  readonly rows: (sql: string) => Promise<readonly Row[]>;
  readonly number: (sql: string) => Promise<number>;
  /** Every stored vector with the text that it belongs to. */
  readonly stored: () => Promise<
    readonly { readonly caseId: string; readonly view: string; readonly text: string; readonly vector: Float32Array }[]
  >;
  readonly passTime: () => Promise<void>;
  /** Ticks, letting time pass whenever it waits, until nothing is left to do. */
  readonly drain: (roundsMax?: number) => Promise<void>;
  readonly close: () => void;
};

export async function openWorld(
  settings: InferenceEmbedderSettings,
  over: { readonly deps?: Partial<EmbedderDeps>; readonly cases?: readonly TestCase[] } = {},
): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'anamnesis-embedding-'));
  const { db, close } = await openDatabase({ url: `file:${join(folder, 'state.db')}`, deadlineMs: 60_000 });
  const logged: string[] = [];
  const deps = depsOf({ log: (message, fields) => logged.push(`${message} ${JSON.stringify(fields)}`), ...over.deps });
  const { pipeline, remote, generations } = embedPipeline(db, settings, deps);
  await registerPipeline(db, pipeline);
  if (over.cases) await enterCases(db, pipeline, over.cases);
  const runtime = nodeRuntime(ownerOfThisProcess());
  const rows = async (sql: string) => (await db.read([statement(sql)]))[0]?.rows ?? [];
  const passTime = async () => {
    await db.write([
      statement(`UPDATE task SET due_ms = 1 WHERE state = 'ready'`),
      statement(`UPDATE stage_control SET open_until_ms = 0`),
      statement(`UPDATE service SET open_until_ms = 1 WHERE state = 'open'`),
      statement(`UPDATE lease SET expires_ms = 1 WHERE state = 'live'`),
    ]);
  };
  const once = (options: { stopping?: () => boolean } = {}) =>
    tick(db, pipeline, runtime, { budgetMs: 60_000, ...options });
  return {
    db,
    pipeline,
    remote,
    generations,
    logged,
    tick: once,
    rows,
    number: async (sql) => Number(Object.values((await rows(sql))[0] ?? {})[0]),
    stored: () => storedVectors(db),
    passTime,
    drain: async (roundsMax = 100) => {
      for (let round = 0; round < roundsMax; round++) {
        const { after } = await once();
        if (after.kind === 'serving') return;
        await passTime();
      }
      throw new Error('the stage did not come to rest');
    },
    close: () => {
      close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Every stored vector of a database with the text of the case that it belongs to. */
export async function storedVectors(db: Database): ReturnType<World['stored']> {
  const [found] = await db.read([
    statement(`SELECT v.case_id, v.views, v.data, c.text FROM vector v JOIN patient_case c USING (case_id)`),
  ]);
  const [facets] = await db.read([statement(`SELECT case_id, facet, text FROM facet`)]);
  const textOf = new Map((facets?.rows ?? []).map((row) => [`${row.case_id} ${row.facet}`, String(row.text)]));
  return (found?.rows ?? []).flatMap((row) => {
    const data = row.data;
    if (!(data instanceof ArrayBuffer) && !ArrayBuffer.isView(data)) throw new Error('no bytes');
    const bytes =
      data instanceof ArrayBuffer
        ? new Uint8Array(data)
        : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return Object.entries(unpackVectors(Number(row.views), bytes)).map(([view, vector]) => ({
      caseId: String(row.case_id),
      view,
      text: view === 'whole' ? String(row.text) : (textOf.get(`${row.case_id} ${view}`) ?? ''),
      vector,
    }));
  });
}
