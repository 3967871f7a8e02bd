import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@libsql/client';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { groupsWithin } from '../core/corpus/sizes.ts';
import { adoptEmbedder, casesOfRelease, casesWithoutVectors, packVectors, unpackVectors } from '../core/corpus.ts';
import {
  act,
  type Database,
  type Pipeline,
  readSnapshot,
  registerPipeline,
  SchemaError,
  statement,
  tick,
} from '../core/engine/index.ts';
import { builtinGenerations, fixedGenerations, type Generations } from '../core/models/generation.ts';
import { DIMENSION, type Embedder } from '../core/models/ports.ts';
import { rulesDistiller } from '../core/models/rules.ts';
import { clinicalPipeline } from '../core/pipeline.ts';
import { readDocument } from '../core/sources/record.ts';
import { VIEWS } from '../schema/vocabulary.ts';
import { openDatabase } from '../space/database.ts';
import { nodeRuntime, ownerOfThisProcess } from '../space/host/owner.ts';
import { ingestFile } from '../space/ingest/ingest.ts';
import { startSqld } from './support/sqld.ts';

let folder: string;
const closers: (() => unknown)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anamnesis-corpus-'));
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  rmSync(folder, { recursive: true, force: true });
});

type Host = {
  readonly db: Database;
  readonly pipeline: Pipeline;
  readonly generations: Generations;
  readonly builds: string[][];
};
/** The clinical pipeline whose releases are lists of case ids. */
async function openHost(url: string, given?: Generations, completenessMin = 0): Promise<Host> {
  const { db, close } = await openDatabase({ url, deadlineMs: 60_000 });
  closers.push(close);
  const generations = given ?? builtinGenerations(db, () => undefined);
  const builds: string[][] = [];
  const pipeline = clinicalPipeline({
    db,
    random: () => 0.5,
    outside: null,
    read: readDocument,
    completenessMin,
    distiller: rulesDistiller,
    embedderName: generations.embedderName,
    embedder: generations.forEmbedding,
    generation: generations.newest,
    build: async ({ corpus }) => {
      const ids: string[] = [];
      for await (const { caseId } of corpus.cases()) ids.push(caseId);
      builds.push(ids);
      return { caseCount: ids.length, contentHash: ids.join() };
    },
  });
  await registerPipeline(db, pipeline);
  return { db, pipeline, generations, builds };
}
const embedded = () => openHost(`file:${join(folder, 'state.db')}`);
const records = (all: Readonly<Record<string, string>>): string => {
  const file = join(folder, 'records.jsonl');
  writeFileSync(
    file,
    Object.entries(all)
      .map(([id, text]) => JSON.stringify({ id, text }))
      .join('\n'),
  );
  return file;
};
async function work({ db, pipeline }: Host, file: string): Promise<void> {
  const [first] = pipeline.stages;
  if (!first) throw new Error('the pipeline has no stage');
  await ingestFile(db, first, file, { stopping: () => false, onProgress: () => undefined });
  const report = await tick(db, pipeline, nodeRuntime(ownerOfThisProcess()), { budgetMs: 120_000 });
  expect(report.after.kind).toBe('serving');
}
const one = async (db: Database, sql: string) => (await db.read([statement(sql)]))[0]?.rows[0];

const rash = 'A 30-year-old woman presented with fever and a rash. Ferritin was high. Still disease was diagnosed.';
const pain = 'A 61-year-old man presented with chest pain and dyspnea. Troponin was raised. He recovered.';
const two =
  'Case 1\nA 40-year-old man presented with fever, cough and weight loss for two months. Tuberculosis was diagnosed and treated.\n\n' +
  'Case 2\nA 52-year-old woman presented with headache, neck stiffness and vomiting for a week. Meningitis was diagnosed and treated.';
const bare =
  'The patient, who had been well until then, was seen again after the operation; nothing else is told of the case here.';
const nonsense =
  'Bericht über die Sitzung des Vorstands am Montag: Es wurden keine Beschlüsse gefasst, und der Kuchen war sehr gut.';

describe('a least completeness', () => {
  test('sets aside what tells less, with what it lacks; without one every case is taken in', async () => {
    const url = `file:${join(folder, 'complete.db')}`;
    const all = await openHost(url);
    await work(all, records({ a: rash, b: bare }));
    expect(all.builds.at(-1)).toEqual(['a', 'b']);
    const strict = await openHost(url, undefined, 0.4);
    await act(strict.db, strict.pipeline, { kind: 'redo', stage: 'normalize', changedOnly: true }, { actor: 'test' });
    await work(strict, records({ a: rash, b: bare }));
    expect(strict.builds.at(-1)).toEqual(['a']);
    const row = await one(strict.db, `SELECT state, reason FROM task WHERE stage = 'normalize' AND state = 'skipped'`);
    expect(row?.reason).toMatch(
      /^incomplete: \d+ % of a complete report where COMPLETENESS_MIN asks for 40 %: no complaint or sign/,
    );
  });
});

describe('what a document no longer holds leaves the next release', () => {
  test('a document that is set aside now takes its case with it, and brings it back unchanged', async () => {
    const host = await embedded();
    await work(host, records({ a: rash, b: pain }));
    await work(host, records({ a: nonsense, b: pain }));
    expect(host.builds.at(-1)).toEqual(['b']);
    await work(host, records({ a: rash, b: pain }));
    expect(host.builds.at(-1)).toEqual(['a', 'b']);
  });
  test('of two patients the one that is gone leaves, and a document of one keeps its own id', async () => {
    const host = await embedded();
    await work(host, records({ d: two, b: pain }));
    expect(host.builds.at(-1)).toEqual(['b', 'd-1', 'd-2']);
    await work(host, records({ d: rash, b: pain }));
    expect(host.builds.at(-1)).toEqual(['b', 'd']);
  });
  test('nothing new and nothing gone builds nothing', async () => {
    const host = await embedded();
    await work(host, records({ a: rash, b: pain }));
    await work(host, records({ a: rash, b: pain }));
    expect(host.builds).toHaveLength(1);
  });
});

describe('a case id belongs to one document', () => {
  test('a second document that would take it is a dead letter and changes nothing', async () => {
    const host = await embedded();
    await work(host, records({ d: two }));
    await work(host, records({ 'd-1': rash }));
    const dead = await one(host.db, `SELECT reason FROM task WHERE state = 'dead'`);
    expect(dead?.reason).toContain('belongs to document d');
    expect((await one(host.db, `SELECT text FROM patient_case WHERE case_id = 'd-1'`))?.text).toContain('40-year-old');
  });
  test('in one batch as well', async () => {
    const host = await embedded();
    await work(host, records({ d: two, 'd-1': rash }));
    expect((await one(host.db, `SELECT count(*) AS n FROM task WHERE state = 'dead'`))?.n).toBe(1);
  });
  test('the database itself refuses a change of owner', async () => {
    const host = await embedded();
    await work(host, records({ a: rash }));
    const steal = statement(`UPDATE patient_case SET document_key = 'other' WHERE case_id = 'a'`);
    await expect(host.db.write([steal])).rejects.toThrow('another document');
  });
});

test('a release of a new generation waits for every case that the old one had embedded', async () => {
  const host = await embedded();
  await work(host, records({ a: rash, b: pain }));
  expect(await casesWithoutVectors(host.db, await host.generations.newest())).toBe(0);
  expect(await casesWithoutVectors(host.db, 'a-newer-one')).toBe(2);
  await host.db.write([statement(`UPDATE task SET state = 'ready' WHERE stage = 'embed'`)]);
  expect(await casesWithoutVectors(host.db, 'a-newer-one')).toBe(2);
});

test('a corpus that is given another embedder is embedded anew, and only a complete release replaces the old one', async () => {
  const host = await embedded();
  await adoptEmbedder(host.db, host.generations.embedderName);
  await work(host, records({ a: rash, b: pain }));
  await adoptEmbedder(host.db, host.generations.embedderName);
  expect((await readSnapshot(host.db, host.pipeline)).stages.get('embed')?.counts).toMatchObject({ ready: 0, done: 2 });

  const other: Embedder = {
    name: 'other',
    fingerprint: 'other-1',
    embed: (texts) => Promise.resolve(texts.map(() => new Float32Array(DIMENSION).fill(1 / Math.sqrt(DIMENSION)))),
  };
  const generations = fixedGenerations(host.db, 'other', other, host.generations);
  await adoptEmbedder(host.db, 'other');
  expect((await readSnapshot(host.db, host.pipeline)).stages.get('embed')?.counts).toMatchObject({ ready: 2, done: 0 });
  const moved = await openHost(`file:${join(folder, 'state.db')}`, generations);
  await work(moved, records({ a: rash, b: pain }));
  expect(await one(host.db, `SELECT count(DISTINCT generation) AS n, max(generation) AS g FROM vector`)).toMatchObject({
    n: 1,
    g: 'other-1',
  });
  expect(moved.builds.at(-1)).toEqual(['a', 'b']);
});

test('over a server, documents of more than one answer can carry pass every stage', async () => {
  const sqld = await startSqld();
  closers.push(() => sqld.stop());
  const host = await openHost(sqld.url);
  const long = (i: number) =>
    `A ${20 + i}-year-old man presented with fever number ${i} and cough. ${'The chest X-ray was repeated and showed no change. '.repeat(1_100)}`;
  await work(host, records(Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`long-${i}`, long(i)]))));
  const states = await host.db.read([statement(`SELECT DISTINCT state FROM task`)]);
  expect(states[0]?.rows.map(({ state }) => state)).toEqual(['done']);
  expect(host.builds.at(-1)).toHaveLength(200);
  let bytes = 0;
  for await (const { extracted } of casesOfRelease(host.db, await host.generations.newest()))
    bytes += extracted.text.length;
  expect(bytes).toBeGreaterThan(10 * 1024 * 1024);
}, 180_000);

test('keys are grouped in order, each once, and no group but of one exceeds the limit', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(500)), fc.integer({ min: 1, max: 300 }), (sizes, max) => {
      const rows = sizes.map((bytes, i) => ({ key: String(i), bytes }));
      const groups = groupsWithin(rows, max);
      expect(groups.flat()).toEqual(rows.map(({ key }) => key));
      for (const group of groups) {
        const weight = group.reduce((sum, key) => sum + (sizes[Number(key)] ?? 0), 0);
        expect(group.length === 1 || weight <= max).toBe(true);
      }
    }),
  );
});

test('vectors come out of the database as they went in', () => {
  const vector = fc
    .array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: DIMENSION, maxLength: DIMENSION })
    .map((values) => Float32Array.from(values));
  fc.assert(
    fc.property(fc.subarray([...VIEWS]), vector, (views, values) => {
      const vectors = Object.fromEntries(views.map((view) => [view, values]));
      const { views: mask, data } = packVectors(vectors);
      expect(unpackVectors(mask, data)).toEqual(vectors);
    }),
    { numRuns: 30 },
  );
});

describe('a database of somebody else is refused before anything is written', () => {
  const tablesOf = async (url: string) => {
    const client = createClient({ url });
    const { rows } = await client.execute(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`);
    client.close();
    return rows.map(({ name }) => name);
  };
  test('one with tables that are not ours', async () => {
    const url = `file:${join(folder, 'foreign.db')}`;
    const client = createClient({ url });
    await client.execute(`CREATE TABLE invoices(id INTEGER)`);
    client.close();
    await expect(openDatabase({ url, deadlineMs: 5_000 })).rejects.toThrow(SchemaError);
    expect(await tablesOf(url)).toEqual(['invoices']);
  });
  test('one of another pipeline', async () => {
    const url = `file:${join(folder, 'other.db')}`;
    const { db, close } = await openDatabase({ url, deadlineMs: 5_000 });
    await db.write([statement(`INSERT INTO meta(key, value) VALUES ('pipeline', 'invoices')`)]);
    close();
    await expect(openDatabase({ url, deadlineMs: 5_000 })).rejects.toThrow('invoices');
  });
});
