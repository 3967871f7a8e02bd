import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXTRACTOR_VERSION, extractCase } from '../../../core/cases/extract.ts';
import {
  type Database,
  definePipeline,
  enterStatements,
  type Pipeline,
  type Row,
  registerPipeline,
  statement,
  type TickReport,
  tick,
} from '../../../core/engine/index.ts';
import type { ChatLimits } from '../../../core/models/inference/client.ts';
import { type InferenceSettings, inferenceDistiller } from '../../../core/models/inference/distiller.ts';
import { webClock } from '../../../core/sources/http/client.ts';
import { defineDistill } from '../../../core/stages/distill.ts';
import { openDatabase } from '../../../space/database.ts';
import { nodeRuntime, ownerOfThisProcess } from '../../../space/host/owner.ts';

export const TOKEN = 'hf_secretsecretsecret';
export const MODEL = 'test/reader-1';

export type TestCase = { readonly id: string; readonly text: string; readonly title?: string };

/** Reading 10 MB for facets is not what these tests are about. */
const READ_CHARS = 200_000;

/** Puts cases into the corpus as `normalize` leaves them, and their items before `distill`. */
export async function enterCases(db: Database, pipeline: Pipeline, cases: readonly TestCase[]): Promise<void> {
  const [stage] = pipeline.stages;
  if (!stage) throw new Error('the pipeline has no stage');
  for (const { id, text, title } of cases) {
    const { facets, patient, completeness } = extractCase(text.slice(0, READ_CHARS));
    await db.write([
      statement(
        `INSERT INTO patient_case(case_id, document_key, ordinal, text, age_years, sex, completeness, extractor, withdrawn, returns)
         VALUES (?, ?, 0, ?, ?, ?, ?, ?, 0, 0)`,
        [id, id, text, patient.ageYears, patient.sex, completeness, EXTRACTOR_VERSION],
      ),
      ...Object.entries(facets).map(([facet, view]) =>
        statement(`INSERT INTO facet(case_id, facet, text, findings) VALUES (?, ?, ?, ?)`, [
          id,
          facet,
          view.text,
          JSON.stringify(view.findings),
        ]),
      ),
      ...(title === undefined
        ? []
        : [statement(`INSERT INTO publication(document_key, source, title) VALUES (?, 'test', ?)`, [id, title])]),
    ]);
  }
  await db.write(
    enterStatements(
      stage,
      cases.map(({ id, text }) => ({ kind: 'case', key: id, source: 'test', contentHash: `${id}@${text.length}` })),
    ),
  );
}

export type World = {
  readonly db: Database;
  readonly pipeline: Pipeline;
  readonly logged: string[];
  readonly tick: (options?: { stopping?: () => boolean; abandon?: AbortSignal }) => Promise<TickReport>;
  readonly rows: (sql: string) => Promise<readonly Row[]>;
  /** Lets every delay, gate and breaker run out. */
  readonly passTime: () => Promise<void>;
  /** Ticks, letting time pass whenever it waits, until nothing is left to do. */
  readonly drain: () => Promise<void>;
  readonly close: () => void;
};

/** A distill stage by inference alone, on a database of its own, against the server at `url`. */
export async function openWorld(
  url: string,
  over: {
    readonly settings?: Partial<InferenceSettings>;
    readonly limits?: ChatLimits;
    readonly cases?: readonly TestCase[];
  } = {},
): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'anamnesis-inference-'));
  const { db, close } = await openDatabase({ url: `file:${join(folder, 'state.db')}`, deadlineMs: 60_000 });
  const logged: string[] = [];
  const distiller = inferenceDistiller(
    { model: MODEL, endpoint: url, token: TOKEN, format: 'json_schema', tokensPerDay: 10_000_000, ...over.settings },
    {
      fetch: (input, init) => fetch(input, init),
      nowMs: webClock.nowMs,
      after: webClock.after,
      log: (message) => logged.push(message),
      ...(over.limits ? { limits: over.limits } : {}),
    },
  );
  const pipeline = definePipeline('anamnesis', [defineDistill({ db, random: () => 0.5, distiller })], {
    quotas: [distiller.spending.quota],
  });
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
  const once = (options: { stopping?: () => boolean; abandon?: AbortSignal } = {}) =>
    tick(db, pipeline, runtime, { budgetMs: 60_000, ...options });
  return {
    db,
    pipeline,
    logged,
    tick: once,
    rows,
    passTime,
    drain: async () => {
      for (let round = 0; round < 100; round++) {
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

const PLACES = ['Aden', 'Bergen', 'Cusco', 'Delft', 'Essen', 'Fez', 'Gomel', 'Hama', 'Izmir', 'Jena'];
const TROUBLES = ['chest pain', 'syncope', 'fever', 'a rash', 'headache', 'cough', 'dyspnea'];

/** The nth of many cases that differ. */
export const madeUpCase = (n: number): TestCase => ({
  id: `made-up-${n}`,
  text:
    `A ${20 + (n % 60)}-year-old woman number ${n} from ${PLACES[n % PLACES.length]} presented with ${TROUBLES[n % TROUBLES.length]} for ${1 + (n % 9)} days. ` +
    `Her troponin I was ${n + 1} ng/L and potassium was 6.${n % 10} mmol/L. Echocardiography showed an LVEF of ${30 + (n % 30)}%. ` +
    `She was diagnosed with myocarditis and was treated with prednisone. She recovered and went home after ${2 + (n % 5)} weeks.`,
});
export const madeUpCases = (count: number): readonly TestCase[] =>
  Array.from({ length: count }, (_, n) => madeUpCase(n));
