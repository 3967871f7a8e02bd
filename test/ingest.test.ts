import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Database, Pipeline } from '../core/engine/index.ts';
import { registerPipeline, statement, tick } from '../core/engine/index.ts';
import { rulesDistiller } from '../core/models/rules.ts';
import { clinicalPipeline } from '../core/pipeline.ts';
import { readDocument } from '../core/sources/record.ts';
import { openDatabase } from '../space/database.ts';
import { nodeRuntime, ownerOfThisProcess } from '../space/host/owner.ts';
import { IngestError, type IngestReport, ingestFile } from '../space/ingest/ingest.ts';
import { readLines } from '../space/ingest/lines.ts';

const bad = (name: string): string => fileURLToPath(new URL(`./fixtures/bad/${name}`, import.meta.url));
const MEGABYTE = 1024 * 1024;

let folder: string;
let db: Database;
let close: () => void;
let pipeline: Pipeline;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'anamnesis-ingest-'));
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

describe('one bad record harms no other and is kept with its place and reason', () => {
  test.each([
    ['unreadable-line.jsonl', 2, [[2, 'unreadable']]],
    ['duplicate-id.jsonl', 2, [[3, 'duplicate_id']]],
    ['empty.jsonl', 0, [[1, 'empty_file']]],
    ['latin1.jsonl', 2, [[2, 'not_utf8']]],
  ] as const)('%s: %i records enter, and the rest is refused: %j', async (file, added, refused) => {
    const report = await ingest(bad(file));
    expect(report.added).toBe(added);
    expect(report.refused.map(({ line, reason }) => [line, reason])).toEqual(refused);
    const kept = await rows(`SELECT line, reason FROM refusal ORDER BY line`);
    expect(kept.map(({ line, reason }) => [line, reason])).toEqual(refused);
  });

  test('a record without text is refused whatever stands in its place', async () => {
    const report = await ingest(bad('missing-text.jsonl'));
    expect(report.refused.length).toBeGreaterThan(3);
    expect(report.refused.every(({ detail }) => detail.startsWith('text: '))).toBe(true);
  });

  test('a byte order mark and carriage returns are no part of a record', async () => {
    const report = await ingest(bad('bom-crlf.jsonl'));
    expect(report.refused).toEqual([]);
    expect(report.added).toBeGreaterThan(1);
  });

  test('what a refusal says never quotes the record', async () => {
    const file = join(folder, 'secret.jsonl');
    writeFileSync(
      file,
      '{"id": "x", "text": "the patient is called Zanzibar" oops}\n{"id": "Zanzibar!!", "text": 5}\n',
    );
    const report = await ingest(file);
    expect(report.refused).toHaveLength(2);
    expect(JSON.stringify(report.refused)).not.toContain('Zanzibar');
  });

  test('a line of 50 MB is passed over, its neighbours enter, and memory stays bounded', async () => {
    const file = join(folder, 'long.jsonl');
    const record = (id: string) =>
      `{"id": "${id}", "text": "A 40-year-old man had chest pain and a normal ECG on arrival."}\n`;
    writeFileSync(file, record('before'));
    appendFileSync(file, '{"id": "long", "text": "');
    for (let i = 0; i < 50; i++) appendFileSync(file, 'a'.repeat(MEGABYTE));
    appendFileSync(file, `"}\n${record('after')}`);
    const before = process.memoryUsage().arrayBuffers;
    const report = await ingest(file);
    expect(report).toMatchObject({ added: 2, refused: [{ line: 2, reason: 'too_large' }] });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(40 * MEGABYTE);
  });
});

describe('a file is taken once', () => {
  test('the same file again changes nothing, a changed record works again, the others stay', async () => {
    const file = join(folder, 'cases.jsonl');
    const record = (id: string, text: string) =>
      JSON.stringify({ id, text: `A 60-year-old woman. ${text} `.repeat(4) });
    writeFileSync(file, [record('a', 'She had fever.'), record('b', 'She had a cough.')].join('\n'));
    expect(await ingest(file)).toMatchObject({ added: 2, changed: 0, unchanged: 0 });
    expect(await ingest(file)).toMatchObject({ added: 0, changed: 0, unchanged: 2 });
    writeFileSync(file, [record('a', 'She had fever.'), record('b', 'She had no cough.')].join('\n'));
    expect(await ingest(file)).toMatchObject({ added: 0, changed: 1, unchanged: 1 });
    expect(await rows(`SELECT state, count(*) AS n FROM task WHERE stage = 'scrape' GROUP BY state`)).toEqual([
      { state: 'ready', n: 2 },
    ]);
  });

  test('plain text is one document named by its file', async () => {
    expect(await ingest(bad('plain.txt'))).toMatchObject({ added: 1, refused: [] });
    expect(await rows(`SELECT key, format FROM document`)).toEqual([{ key: 'plain', format: 'text' }]);
  });

  test.each([['missing.jsonl'], ['cases.docx'], ['cases.pdf']])('%s is refused with what to do', async (name) => {
    if (name !== 'missing.jsonl') writeFileSync(join(folder, name), '<x/>');
    await expect(ingest(join(folder, name))).rejects.toThrow(IngestError);
  });
});

test('of a mixed file every record ends in exactly one place: a case, set aside, or refused', async () => {
  const report = await ingest(bad('mixed.jsonl'));
  await tick(db, pipeline, nodeRuntime(ownerOfThisProcess()), { budgetMs: 1_000, itemsMax: 40 }).catch(() => undefined);
  const settled = await rows(
    `SELECT i.key, t.state, t.error_class FROM task t JOIN item i ON i.id = t.item_id WHERE t.stage = 'normalize' ORDER BY i.key`,
  );
  expect(report.added + report.refused.length).toBe(12);
  expect(settled).toHaveLength(report.added);
  expect(settled.every(({ state }) => state === 'done' || state === 'skipped')).toBe(true);
  const setAside = settled.filter(({ state }) => state === 'skipped').map(({ error_class }) => error_class);
  expect(setAside).toEqual(expect.arrayContaining(['not_english', 'web_page']));
  expect(settled.filter(({ state }) => state === 'done').map(({ key }) => key)).toEqual(
    expect.arrayContaining(['mixed-01', 'mixed-03', 'mixed-07', 'mixed-12']),
  );
});

test('lines come out the same however the bytes are cut into chunks', async () => {
  const asLines = async (bytes: Uint8Array, cuts: readonly number[]) => {
    const chunks: Uint8Array[] = [];
    let from = 0;
    for (const cut of [...cuts, bytes.length]) {
      const to = Math.max(from, Math.min(cut, bytes.length));
      chunks.push(bytes.slice(from, to));
      from = to;
    }
    const lines: { number: number; offset: number; text: string | null }[] = [];
    async function* stream() {
      yield* chunks;
    }
    for await (const { number, offset, bytes: own } of readLines(stream(), 8))
      lines.push({ number, offset, text: own && new TextDecoder().decode(own) });
    return lines;
  };
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.stringMatching(/^[a-c ]{0,10}$/), { maxLength: 6 }),
      fc.array(fc.nat(60), { maxLength: 5 }),
      async (texts, cuts) => {
        const bytes = new TextEncoder().encode(texts.join('\n'));
        const expected = texts.flatMap((text, i) => {
          if (text.trim() === '' && text.length <= 8) return [];
          const offset = texts.slice(0, i).reduce((sum, { length }) => sum + length + 1, 0);
          return [{ number: i + 1, offset, text: text.length > 8 ? null : text }];
        });
        expect(
          await asLines(
            bytes,
            cuts.sort((a, b) => a - b),
          ),
        ).toEqual(expected);
      },
    ),
  );
});
