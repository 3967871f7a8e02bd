import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { allowShrink, readSources, type SourceStanding } from '../core/corpus.ts';
import { type Row, statement, verifyAudit } from '../core/engine/index.ts';
import type { Article } from './support/literature/article.ts';
import {
  type Corpus,
  collect,
  openCorpus,
  runAgain,
  type Worked,
  workUntilQuiet,
} from './support/literature/corpus.ts';
import { type Literature, startLiterature } from './support/literature/server.ts';
import { addDays } from './support/literature/world.ts';

/** One corpus of PubMed to which one thing after another happens (F53). */

const ARTICLES = 100;
const today = new Date().toISOString().slice(0, 10);
let folder: string;
let literature: Literature;
let corpus: Corpus;
/** Distillations that no changed text called for, and cases that left though their article is there, over all that happens. */
let needless = 0;
let wrongDeletes = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'anamnesis-changes-'));
  literature = await startLiterature({
    seed: 53,
    articles: ARTICLES,
    kind: 'case',
    today: addDays(today, -7),
    limitPerSecond: null,
  });
  corpus = await openCorpus({ folder, environment: literature.environment, settings: { gapMs: 5 } });
  await collect(corpus.db, 'pubmed', literature.world.since);
  await workUntilQuiet(corpus);
  expect(await live()).toHaveLength(ARTICLES);
}, 60_000);
afterAll(async () => {
  await corpus?.close();
  await literature?.stop();
  rmSync(folder, { recursive: true, force: true });
  console.info(`F53: needless re-distillations ${needless}, wrong deletes ${wrongDeletes}`);
});

const rowsOf = async (sql: string): Promise<readonly Row[]> => (await corpus.db.read([statement(sql)]))[0]?.rows ?? [];
const keyOf = ({ pmid }: Article): string => `PMID_${pmid}`;
const keysOf = (articles: readonly Article[]): string[] => articles.map(keyOf).sort();
const article = (number: number): Article => literature.world.get(number);
/** Documents that have a case, and no tombstone on it. */
const live = async (): Promise<readonly string[]> =>
  (
    await rowsOf(`SELECT document_key AS key FROM patient_case c WHERE withdrawn = 0
      AND NOT EXISTS (SELECT 1 FROM tombstone t WHERE t.case_id = c.case_id) ORDER BY 1`)
  ).map(({ key }) => String(key));
const versionsOf = async (key: string): Promise<readonly Row[]> =>
  rowsOf(`SELECT version, sha256 FROM document WHERE key = '${key}' UNION ALL
    SELECT version, sha256 FROM document_version WHERE key = '${key}' ORDER BY version`);
async function source(): Promise<SourceStanding> {
  const [standing] = await readSources(corpus.db);
  if (!standing) throw new Error('the source is gone');
  return standing;
}

/** Runs the source once more and says what was worked; `changed` are the keys whose text is another now. */
async function nextRun(
  changed: readonly string[],
  leave: readonly string[],
  options: { readonly sweep?: boolean } = {},
): Promise<{ readonly worked: Worked; readonly scraped: readonly string[]; readonly distilled: readonly string[] }> {
  const before = await live();
  const [clock] = await rowsOf(`SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS ms`);
  const worked = await runAgain(corpus, 'pubmed', options);
  const since = async (stage: string): Promise<readonly string[]> =>
    (
      await rowsOf(`SELECT i.key FROM task t JOIN item i ON i.id = t.item_id WHERE t.stage = '${stage}'
        AND t.state = 'done' AND t.updated_at_ms >= ${clock?.ms} ORDER BY i.key`)
    ).map(({ key }) => String(key));
  const distilled = await since('distill');
  const after = await live();
  needless += distilled.filter((key) => !changed.includes(key)).length;
  wrongDeletes += before.filter((key) => !after.includes(key) && !leave.includes(key)).length;
  expect(after).toEqual(before.filter((key) => !leave.includes(key)));
  expect(distilled).toEqual([...changed].sort());
  return { worked, scraped: await since('scrape'), distilled };
}

test('a run in which nothing happened retrieves nothing', async () => {
  const { worked } = await nextRun([], [], { sweep: true });
  expect(worked.settled).toEqual({});
  expect(await source()).toMatchObject({ state: 'active', fresh: 0, changed: 0, missing: 0, listed: ARTICLES });
});

test('new text under the same DOI is a new version; the old one is kept, and only its case is read again', async () => {
  const key = keyOf(article(1));
  const [old] = await versionsOf(key);
  const { doi } = article(1);
  const after = literature.world.changeText(1, today);
  expect(after.doi).toBe(doi);
  const { scraped } = await nextRun([key], []);
  expect(scraped).toEqual([key]);
  const [first, second, ...more] = await versionsOf(key);
  expect(more).toEqual([]);
  expect(first).toEqual(old);
  expect(second).toMatchObject({ version: 2 });
  expect(second?.sha256).not.toBe(old?.sha256);
  const [told] = await rowsOf(`SELECT text FROM patient_case WHERE document_key = '${key}'`);
  expect(String(told?.text)).toContain(after.abstract.at(-1)?.text.slice(-40));
});

test('a change of keywords alone is a new version of the bytes, and nobody reads the case again', async () => {
  literature.world.changeMetadata(2, today);
  const { scraped } = await nextRun([], []);
  expect(scraped).toEqual([keyOf(article(2))]);
  expect(await versionsOf(keyOf(article(2)))).toHaveLength(2);
});

test('a retraction takes its case out, and no other', async () => {
  const key = keyOf(article(3));
  literature.world.retract(3, today);
  await nextRun([], [key]);
  const [said] = await rowsOf(`SELECT state FROM publication WHERE document_key = '${key}'`);
  expect(said).toEqual({ state: 'retracted' });
  const [why] = await rowsOf(`SELECT reason FROM tombstone WHERE document_key = '${key}'`);
  expect(String(why?.reason)).toContain('retracted');
  console.info(`F53, retracted: ${why?.reason}`);
});

test('an id that means another article from now on gives that article its case, and keeps what it meant', async () => {
  const before = article(4);
  const key = keyOf(before);
  const after = literature.world.reuse(4, today);
  expect(keyOf(after)).toBe(key);
  await nextRun([key], []);
  expect(await versionsOf(key)).toHaveLength(2);
  const [told] = await rowsOf(`SELECT p.title, c.text FROM publication p JOIN patient_case c USING (document_key)
    WHERE p.document_key = '${key}'`);
  expect(String(told?.title)).toContain(after.title);
  expect(String(told?.text)).not.toContain(before.marker);
});

test('broken encoding spoils no other record of its answer, keeps the version before, and calls for no new reading of the case', async () => {
  const [broken, neighbour] = [keyOf(article(5)), keyOf(article(6))];
  literature.world.breakEncoding(5, today);
  literature.world.changeText(6, today);
  const { scraped } = await nextRun([neighbour], []);
  expect(scraped).toContain(neighbour);
  const [first] = await versionsOf(broken);
  expect(first).toMatchObject({ version: 1 });
  const [task] = await rowsOf(`SELECT t.state, t.error_class FROM task t JOIN item i ON i.id = t.item_id
    WHERE i.key = '${broken}' AND t.stage = 'scrape'`);
  console.info(`F53, broken encoding: ${JSON.stringify(task)}, ${(await versionsOf(broken)).length} version(s)`);
});

test('an id that is listed no more and lives on under another leaves, as does one that is gone; the other stays', async () => {
  const [merged, into, gone] = [article(10), article(11), article(12)];
  literature.world.merge(merged.number, into.number);
  literature.world.remove(gone.number);
  await nextRun([], keysOf([merged, gone]), { sweep: true });
  const standing = await rowsOf(`SELECT document_key AS key, state FROM publication WHERE document_key IN
    ('${keyOf(merged)}', '${keyOf(into)}', '${keyOf(gone)}') ORDER BY 1`);
  expect(standing.map(({ state }) => state)).toEqual(['gone', 'current', 'gone']);
  const reasons = await rowsOf(
    `SELECT reason FROM tombstone WHERE document_key IN ('${keyOf(merged)}', '${keyOf(gone)}') ORDER BY document_key`,
  );
  console.info(`F53, merged and gone: ${JSON.stringify(reasons)}`);
  expect(reasons).toHaveLength(2);
});

test('a listing that shrinks to 3 takes nothing out, says so and waits; once it is whole again, all goes on', async () => {
  const left = literature.world.articles();
  for (const { number } of left.slice(3)) literature.world.remove(number);
  await nextRun([], [], { sweep: true });
  const parked = await source();
  expect(parked.state).toBe('parked');
  expect(parked.reason).toContain(`anamnesis sources allow-shrink pubmed`);
  expect(parked.reason).toMatch(/95 of \d+ documents/);
  console.info(`F53, shrink: ${parked.reason}`);
  for (const { number } of left.slice(3)) literature.world.restore(number);
  await nextRun([], [], { sweep: true });
  expect(await source()).toMatchObject({ state: 'active', reason: null, missing: 2 });
});

test('a listing that shrinks to 3 and is allowed to takes out those that are gone, and they come back when it does', async () => {
  const left = literature.world.articles();
  const removed = left.slice(3);
  for (const { number } of removed) literature.world.remove(number);
  await nextRun([], [], { sweep: true });
  expect((await source()).state).toBe('parked');
  await allowShrink(corpus.db, 'pubmed', Date.now() + 3_600_000);
  const before = await live();
  await nextRun([], keysOf(removed), { sweep: true });
  expect(await live()).toHaveLength(before.length - removed.filter(({ number }) => number !== 3).length);

  for (const { number } of removed) literature.world.restore(number);
  await runAgain(corpus, 'pubmed', { sweep: true });
  // One of them cannot be read since its encoding broke.
  expect(await live()).toEqual(before.filter((key) => key !== keyOf(article(5))));
});

test('the audit agrees with all of it', async () => {
  expect((await verifyAudit(corpus.db)).problems).toEqual([]);
  expect([needless, wrongDeletes]).toEqual([0, 0]);
});
