import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from '@libsql/client';
import {
  type Database,
  definePipeline,
  enterStatements,
  type Pipeline,
  registerPipeline,
  tick,
} from '../../../core/engine/index.ts';
import { batchDistiller } from '../../../core/models/batch/distiller.ts';
import { type BatchProvider, batchJobsOf, batchService } from '../../../core/models/batch/settings.ts';
import { type JobsReport, stepJobs } from '../../../core/models/batch/steps.ts';
import type { BatchDistiller } from '../../../core/models/ports.ts';
import { defineDistillBatch } from '../../../core/stages/distill-batch.ts';
import { openDatabase } from '../../../space/database.ts';
import { fakeRuntime } from '../engine/runtime.ts';
import type { Asked } from './shop.ts';

/** A database with cases, and the one stage that is looked at. */

export const SECRET = 'sk-batch-secret-key-0001';
/** Word that stands in one case and no other: whoever answers of a case says it. */
export const markerOf = (n: number): string => `marker${n}q`;
export const caseIdOf = (n: number): string => `BATCH_${n}`;
const textOf = (n: number, version: number): string =>
  `A ${30 + (n % 50)}-year-old man was admitted with ${markerOf(n)} disease and chest pain. Version ${version} of the report. He recovered.`;

/** An answer that fits, of the case that was asked about. */
export function goodAnswer({ user }: Asked): string {
  const { case_id, text } = JSON.parse(user) as { case_id: string; text: string };
  const marker = /marker\d+q/.exec(text)?.[0] ?? 'none';
  return JSON.stringify({
    case_id,
    diagnosis: { text: `${marker} disease`, quote: `${marker} disease` },
    category: 'other',
    secondary_diagnoses: [],
    is_rare: false,
    rarity: [],
    rejection_reason: 'A common disease in its usual form.',
    key_symptoms: [{ text: 'chest pain', quote: 'chest pain' }],
    key_labs: [],
    key_ecg: null,
    treatments: [],
    complications: [],
    outcome: { status: 'recovered', follow_up_months: null, quote: 'He recovered' },
  });
}

export const distillerOf = (
  provider: BatchProvider,
  endpoint: string,
  options: {
    readonly casesMax?: number;
    readonly tokensPerDay?: number;
    readonly model?: string;
    readonly fetch?: typeof fetch;
  } = {},
): BatchDistiller => {
  const { casesMax = 5, tokensPerDay = 50_000_000, model = 'test-model' } = options;
  const settings = { provider, endpoint, apiKey: SECRET, model };
  return batchDistiller(
    { model, service: batchService(provider), casesMax, tokensPerDay },
    batchJobsOf(settings, options.fetch ?? ((input, init) => fetch(input, init))),
  );
};

export const pipelineOf = (db: Database, distiller: BatchDistiller): Pipeline =>
  definePipeline('batches', [defineDistillBatch({ db, random: () => 0.5, distiller, sleep: async () => undefined })], {
    quotas: [distiller.spending.quota],
  });

export async function enterCases(
  client: Client,
  db: Database,
  pipeline: Pipeline,
  count: number,
  version = 1,
): Promise<void> {
  const [stage] = pipeline.stages;
  if (!stage) throw new Error('no stage');
  const numbers = Array.from({ length: count }, (_, n) => n + 1);
  await client.batch(
    numbers.map((n) => ({
      sql: `INSERT INTO patient_case(case_id, document_key, ordinal, text, completeness, extractor) VALUES (?, ?, 1, ?, 0.5, 'test')
        ON CONFLICT(case_id) DO UPDATE SET text = excluded.text`,
      args: [caseIdOf(n), `DOC_${n}`, textOf(n, version)],
    })),
    'write',
  );
  const items = numbers.map((n) => ({
    kind: 'case',
    key: caseIdOf(n),
    source: 'test',
    contentHash: `${caseIdOf(n)}@${version}`,
  }));
  await db.write(enterStatements(stage, items));
}

export type BatchWorld = {
  readonly url: string;
  readonly db: Database;
  readonly client: Client;
  readonly pipeline: Pipeline;
  readonly distiller: BatchDistiller;
  readonly enter: (count: number, version?: number) => Promise<void>;
  /** One tick of the stage; `itemsMax` cases at most. */
  readonly tick: (itemsMax?: number) => ReturnType<typeof tick>;
  /** Asks about every open job, as if the time for it had come. */
  readonly step: (distiller?: BatchDistiller, db?: Database) => Promise<JobsReport>;
  /** Ticks and steps until nothing is open; returns the rounds. */
  readonly settle: (rounds?: number) => Promise<number>;
  readonly all: (sql: string) => Promise<Record<string, unknown>[]>;
  /** Everything that waits is due: tasks, jobs, gates and leases; a submission was sent long ago. */
  readonly pass: () => Promise<void>;
  readonly close: () => Promise<void>;
};

export async function openBatchWorld(distiller: BatchDistiller): Promise<BatchWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'anamnesis-batch-'));
  const url = `file:${join(folder, 'state.db')}`;
  const { db, close } = await openDatabase({ url, deadlineMs: 30_000 });
  const client = createClient({ url, concurrency: 1, timeout: 10_000 });
  const pipeline = pipelineOf(db, distiller);
  await registerPipeline(db, pipeline);
  const all = async (sql: string) => {
    const { rows, columns } = await client.execute(sql);
    return rows.map((row) => Object.fromEntries(columns.map((column) => [column, row[column]])));
  };
  const runtime = fakeRuntime({ sleep: async () => undefined, random: () => 0.5 });
  const pass = () => letTimePass(client);
  const doTick: BatchWorld['tick'] = (itemsMax) =>
    tick(db, pipeline, runtime, { budgetMs: 60_000, ...(itemsMax === undefined ? {} : { itemsMax }) });
  const step: BatchWorld['step'] = async (by = distiller, through = db) => {
    await client.execute(`UPDATE batch_job SET due_ms = 1 WHERE due_ms IS NOT NULL`);
    const deps = {
      db: through,
      distiller: by,
      owner: 'test/1',
      random: () => 0.5,
      monotonicMs: () => performance.now(),
    };
    return stepJobs(deps, { budgetMs: 30_000, stopping: () => false, signal: new AbortController().signal });
  };
  return {
    url,
    db,
    client,
    pipeline,
    distiller,
    enter: (count, version) => enterCases(client, db, pipeline, count, version),
    tick: doTick,
    step,
    settle: async (rounds = 30) => {
      for (let round = 1; round <= rounds; round++) {
        await doTick();
        await step();
        const { after } = await doTick();
        if (after.kind === 'serving') return round;
        await pass();
      }
      throw new Error(
        `not at rest after ${rounds} rounds: ${JSON.stringify(await all('SELECT state, reason FROM task'))}`,
      );
    },
    all,
    pass,
    close: async () => {
      client.close();
      close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function letTimePass(client: Client): Promise<void> {
  await client.batch(
    [
      `UPDATE task SET due_ms = 1 WHERE state = 'ready'`,
      `UPDATE stage_control SET open_until_ms = 0`,
      `UPDATE service SET open_until_ms = 1 WHERE state = 'open'`,
      `UPDATE lease SET expires_ms = 1 WHERE state = 'live'`,
      `UPDATE batch_job SET due_ms = 1, sent_ms = sent_ms - 400000, held_until_ms = 0 WHERE due_ms IS NOT NULL`,
    ],
    'write',
  );
}

/** Cases whose distillate speaks of another case. */
export async function misassigned(client: Client): Promise<readonly string[]> {
  const { rows } = await client.execute('SELECT case_id, body FROM distillate');
  return rows
    .map((row) => ({ caseId: String(row.case_id), body: String(row.body) }))
    .filter(({ caseId, body }) => {
      const said = body.match(/marker\d+q/g) ?? [];
      return said.length === 0 || said.some((marker) => marker !== markerOf(Number(caseId.slice('BATCH_'.length))));
    })
    .map(({ caseId }) => caseId);
}
