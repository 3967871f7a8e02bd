import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Database, Pipeline } from '../core/engine/index.ts';
import { registerPipeline, statement, tick } from '../core/engine/index.ts';
import { rulesDistiller } from '../core/models/rules.ts';
import { clinicalPipeline } from '../core/pipeline.ts';
import { readDocument } from '../core/sources/record.ts';
import { openDatabase } from '../space/database.ts';
import { nodeRuntime, ownerOfThisProcess } from '../space/host/owner.ts';
import { type IngestReport, ingestFile } from '../space/ingest/ingest.ts';

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/sources/${name}`, import.meta.url));
let folder: string;
let db: Database;
let close: () => void;
let pipeline: Pipeline;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'anamnesis-ingest-xml-'));
  ({ db, close } = await openDatabase({ url: `file:${join(folder, 'state.db')}`, deadlineMs: 30_000 }));
  pipeline = clinicalPipeline({
    db,
    random: () => 0.5,
    outside: null,
    read: readDocument,
    distiller: rulesDistiller,
    embedderName: 'none',
    embedder: () => Promise.reject(new Error('this pipeline stops before embed')),
    generation: () => Promise.reject(new Error('this pipeline stops before index')),
    build: null,
  });
  await registerPipeline(db, pipeline);
});
afterEach(() => {
  close();
  rmSync(folder, { recursive: true, force: true });
});
const ingest = (file: string): Promise<IngestReport> => {
  const [first] = pipeline.stages;
  if (!first) throw new Error('the pipeline has no stage');
  return ingestFile(db, first, file, { stopping: () => false, onProgress: () => undefined });
};
const rows = async (sql: string) => ((await db.read([statement(sql)]))[0]?.rows ?? []).map((row) => ({ ...row }));
const written = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

test('a PubMed set enters record by record, once, and what its source rules out makes no case', async () => {
  const report = await ingest(fixture('pubmed-set.xml'));
  expect([report.added, report.refused]).toEqual([6, []]);
  expect(await ingest(fixture('pubmed-set.xml'))).toMatchObject({ added: 0, unchanged: 6 });
  expect((await rows('SELECT key FROM document ORDER BY key')).map(({ key }) => key)).toEqual(
    [1, 2, 3, 4, 5, 6].map((number) => `PMID_9000000${number}`),
  );
  // Later stages stop this pipeline; what is asked of it has happened by then.
  await tick(db, pipeline, nodeRuntime(ownerOfThisProcess()), { budgetMs: 5_000, itemsMax: 40 }).catch(() => undefined);
  const settled = await rows(
    `SELECT i.key, t.state, t.error_class FROM task t JOIN item i ON i.id = t.item_id WHERE t.stage = 'normalize' ORDER BY i.key`,
  );
  expect(settled.map(({ state, error_class }) => (state === 'done' ? 'case' : error_class))).toEqual([
    'case',
    'not_current',
    'retraction_notice',
    'veterinary',
    'case',
    'review',
  ]);
});

test('an article enters under its PMCID', async () => {
  expect(await ingest(fixture('jats-case-series.xml'))).toMatchObject({ added: 1, refused: [] });
  expect(await rows('SELECT key, format, source FROM document')).toEqual([
    { key: 'PMC_9000011', format: 'jats', source: 'file' },
  ]);
});

test('a file that was cut keeps its whole records, and says behind which one it ends', async () => {
  const whole = readFileSync(fixture('pubmed-set.xml'), 'utf8');
  const report = await ingest(written('cut.xml', whole.slice(0, whole.indexOf('Sick sinus'))));
  expect(report.added).toBe(3);
  expect(report.refused).toMatchObject([{ line: 4, reason: 'unreadable' }]);
  expect(report.refused[0]?.detail).toContain('cut');
});

test('one bad record harms no other', async () => {
  const good = (id: number) =>
    `<MedlineCitation><PMID>${id}</PMID><Article><ArticleTitle>A case report</ArticleTitle></Article></MedlineCitation>`;
  const file = written(
    'set.xml',
    `<MedlineCitationSet>${good(1)}<MedlineCitation><PMID>&nothing;</PMID></MedlineCitation><MedlineCitation/>${good(1)}${good(4)}</MedlineCitationSet>`,
  );
  const report = await ingest(file);
  expect(report.added).toBe(2);
  expect(report.refused.map(({ line, reason }) => [line, reason])).toEqual([
    [2, 'unreadable'],
    [3, 'missing_field'],
    [4, 'duplicate_id'],
  ]);
});

test.each([
  ['<!DOCTYPE a [<!ENTITY x "y">]><article>&x;</article>', 'unreadable', 'DOCTYPE'],
  ['<eSearchResult><Count>0</Count></eSearchResult>', 'unreadable', 'holds no records'],
  ['<?xml version="1.0" encoding="EBCDIC-US"?><article/>', 'not_utf8', 'UTF-8'],
  ['<PubmedArticleSet></PubmedArticleSet>', 'empty_file', 'no record'],
  ['', 'unreadable', 'no XML'],
])('%s is refused as %s', async (text, reason, said) => {
  const report = await ingest(written('bad.xml', text));
  expect(report.added).toBe(0);
  expect(report.refused).toMatchObject([{ line: 1, reason }]);
  expect(report.refused[0]?.detail).toContain(said);
});
