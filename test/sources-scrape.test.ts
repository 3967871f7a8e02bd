import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addSource, allowShrink, readDocuments, readPublications, readTombstones, toRetrieve } from '../core/corpus.ts';
import {
  type Database,
  definePipeline,
  enterStatements,
  OutageError,
  PermanentError,
  QuotaError,
  RetryableError,
  registerPipeline,
  type Stage,
  statement,
  tick,
} from '../core/engine/index.ts';
import { readDocument } from '../core/sources/record.ts';
import type { Retrieved, Source, SourceKind, Wanted } from '../core/sources/source.ts';
import { defineNormalize } from '../core/stages/normalize.ts';
import { defineScrape } from '../core/stages/scrape.ts';
import { openDatabase } from '../space/database.ts';
import { nodeRuntime } from '../space/host/owner.ts';

let folder: string;
let db: Database;
let stages: readonly Stage[];
let service: Service;
const closers: (() => unknown)[] = [];

const medline = (pmid: number, said: { readonly retracted?: boolean; readonly text?: string } = {}): Uint8Array =>
  new TextEncoder().encode(`<PubmedArticle><MedlineCitation Status="MEDLINE"><PMID Version="1">${pmid}</PMID>
<Article><Journal><Title>Journal of Tests</Title><JournalIssue><PubDate><Year>2026</Year></PubDate></JournalIssue></Journal>
<ArticleTitle>Chest pain number ${pmid} in a patient: a case report</ArticleTitle><Abstract><AbstractText>${
    said.text ??
    `A ${20 + (pmid % 60)}-year-old woman presented with chest pain, fever and dyspnea for ${pmid} days. Troponin was raised. She recovered.`
  }</AbstractText></Abstract><Language>eng</Language><PublicationTypeList><PublicationType>Case Reports</PublicationType>${
    said.retracted ? '<PublicationType>Retracted Publication</PublicationType>' : ''
  }</PublicationTypeList></Article>${
    said.retracted
      ? '<CommentsCorrectionsList><CommentsCorrections RefType="RetractionIn"><RefSource>J Tests. 2026;1:2</RefSource></CommentsCorrections></CommentsCorrectionsList>'
      : ''
  }</MedlineCitation></PubmedArticle>`);

/** A service that answers as a port should; `fail` may throw in its place, `answer` may say something else of a key. */
class Service implements Source {
  readonly kind = 'pubmed';
  readonly service = 'ncbi';
  readonly changes = 'none';
  readonly ceiling = null;
  readonly retrieveMax = 8;
  readonly calls: string[][] = [];
  fail: (keys: readonly string[], call: number) => Error | null = () => null;
  answer: (key: string) => Retrieved | null = () => null;
  list(): Promise<never> {
    throw new Error('nothing is listed here');
  }
  retrieve(wanted: readonly Wanted[]): Promise<readonly Retrieved[]> {
    const keys = wanted.map(({ key }) => key);
    this.calls.push(keys);
    const failure = this.fail(keys, this.calls.length);
    if (failure) return Promise.reject(failure);
    return Promise.resolve(keys.flatMap((key) => this.answer(key) ?? documentOf(key)));
  }
}
const documentOf = (key: string, bytes = medline(Number(key.slice(5)))): Retrieved => ({
  kind: 'document',
  key,
  document: { format: 'medline', bytes, locator: `test:${key}` },
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'anamnesis-scrape-'));
  const opened = await openDatabase({ url: `file:${join(folder, 'state.db')}`, deadlineMs: 60_000 });
  closers.push(opened.close);
  db = opened.db;
  service = new Service();
  const outside = {
    sources: new Map<SourceKind, Source>([['pubmed', service]]),
    http: () => Promise.reject(new Error('no network')),
  };
  const deps = { db, random: () => 0.5, read: readDocument };
  stages = [defineScrape({ ...deps, outside }), defineNormalize(deps)];
  await registerPipeline(db, definePipeline('scraping', stages));
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  rmSync(folder, { recursive: true, force: true });
});

const pmids = (count: number, from = 1): string[] => Array.from({ length: count }, (_, i) => `PMID_${from + i}`);
async function discover(keys: readonly string[], revision = 'entry', source = 'pubmed'): Promise<void> {
  const [scrape] = stages;
  if (!scrape) throw new Error('no stage');
  await db.write(
    enterStatements(
      scrape,
      keys.map((key) => ({ kind: 'document', key, source, contentHash: toRetrieve(revision) })),
    ),
  );
}
/** Ticks as many times, each of them after every wait has ended. */
async function work(ticks = 1): Promise<void> {
  const runtime = nodeRuntime('test');
  for (let i = 0; i < ticks; i++) {
    await db.write([statement(`UPDATE task SET due_ms = 0 WHERE state = 'ready'`)]);
    await tick(db, definePipeline('scraping', stages), runtime, { budgetMs: 20_000, itemsMax: 256 });
  }
}
type TaskRow = { key: string; state: string; attempt: number; waits: number; reason: string | null };
async function scraped(): Promise<readonly TaskRow[]> {
  const [found] = await db.read([
    statement(
      `SELECT i.key, t.state, t.attempt, t.waits, t.reason FROM task t JOIN item i ON i.id = t.item_id
       WHERE t.stage = 'scrape' ORDER BY i.id`,
    ),
  ]);
  return (found?.rows ?? []) as unknown as TaskRow[]; // the columns of the statement
}
const states = async (): Promise<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const { state } of await scraped()) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
};
const liveCases = async (): Promise<readonly string[]> => {
  const [found] = await db.read([statement(`SELECT case_id FROM patient_case WHERE withdrawn = 0 ORDER BY case_id`)]);
  return (found?.rows ?? []).map((row) => String(row.case_id));
};

describe('calls', () => {
  test('hold as many documents as the service gives at once, and each is stored, once', async () => {
    await discover(pmids(20));
    await work();
    expect(service.calls.map((keys) => keys.length)).toEqual([8, 8, 4]);
    expect(await states()).toEqual({ done: 20 });
    expect((await readDocuments(db, pmids(20))).size).toBe(20);
    expect(await liveCases()).toHaveLength(20);
    await work();
    expect(service.calls).toHaveLength(3);
  });

  test('with a document that makes every call fail get smaller until it stands alone, and it alone is buried', async () => {
    service.fail = (keys) => (keys.includes('PMID_13') ? new PermanentError('the service refuses this call') : null);
    await discover(pmids(20));
    await work(10);
    expect(await states()).toEqual({ done: 19, dead: 1 });
    expect((await scraped()).find(({ state }) => state === 'dead')).toMatchObject({
      key: 'PMID_13',
      reason: expect.stringContaining('the service refuses this call'),
    });
  });

  test('that fail for everybody cost no document an attempt, however long it lasts, and all arrive when it ends', async () => {
    service.fail = () => new RetryableError('500 of the service', { service: 'ncbi' });
    await discover(pmids(20));
    await work(30);
    expect(await states()).toEqual({ ready: 20 });
    for (const { attempt, waits } of await scraped()) expect(attempt - waits).toBe(0);
    service.fail = () => null;
    await work(2);
    expect(await states()).toEqual({ done: 20 });
  });

  test('that are refused whatever they ask for bury nobody: the service is at fault, and is asked ever more seldom', async () => {
    service.fail = () => new PermanentError('the service refuses every call');
    await discover(pmids(20));
    await work(5);
    expect(await states()).toEqual({ ready: 20 });
    expect(service.calls.length).toBeLessThanOrEqual(15);
    service.fail = () => null;
    await work();
    expect(await states()).toEqual({ done: 20 });
  });

  test('one of whose documents fails again and again while the others come cost that one its attempts', async () => {
    service.fail = (keys) => (keys.includes('PMID_5') ? new RetryableError('500', { service: 'ncbi' }) : null);
    for (let i = 0; i < 6; i++) {
      await discover(pmids(3, 5 + 3 * i));
      await work();
    }
    expect(await states()).toEqual({ dead: 1, done: 17 });
  });

  test.each([
    ['an outage', new OutageError('away', { retryAfterMs: 60_000, service: 'ncbi' })],
    ['a spent quota', new QuotaError('slow down', { retryAfterMs: 60_000, service: 'ncbi' })],
  ])('end after the first that meets %s: the other documents of the service wait without a call', async (_, error) => {
    service.fail = () => error;
    await discover(pmids(20));
    await work();
    expect(service.calls).toHaveLength(1);
    expect(await states()).toEqual({ ready: 20 });
    const [found] = await db.read([
      statement(`SELECT min(due_ms - updated_at_ms) AS least FROM task WHERE stage = 'scrape'`),
    ]);
    expect(Number(found?.rows[0]?.least)).toBeGreaterThanOrEqual(60_000);
  });

  test('of one service that is away hold back no document of another source', async () => {
    service.fail = () => new OutageError('away', { retryAfterMs: 60_000, service: 'ncbi' });
    await discover(pmids(3));
    await discover(['PMC_7'], 'entry', 'pmc');
    await work();
    const rows = await scraped();
    expect(rows.find(({ key }) => key === 'PMC_7')?.reason).toBe(
      'this host does not ask pmc: it waits for one that does',
    );
    expect(await states()).toEqual({ ready: 4 });
  });
});

describe('answers', () => {
  test('of another document, of none, and cut ones are tried again and stored never', async () => {
    service.answer = (key) => {
      if (key === 'PMID_1') return documentOf(key, medline(999));
      if (key === 'PMID_2') return { kind: 'failed', key, error: new RetryableError('cut') };
      if (key === 'PMID_3') return documentOf(key, medline(3).subarray(0, 300));
      return null;
    };
    const all = service.retrieve.bind(service);
    service.retrieve = async (wanted) => (await all(wanted)).filter(({ key }) => key !== 'PMID_4');
    await discover(pmids(6));
    await work();
    const rows = await scraped();
    expect(rows.map(({ state }) => state)).toEqual(['ready', 'ready', 'ready', 'ready', 'done', 'done']);
    expect(rows[0]?.reason).toContain('PMID_1 was asked for and PMID_999 came');
    expect(rows[3]?.reason).toContain('the answer says nothing of PMID_4');
    expect([...(await readDocuments(db, pmids(6))).keys()].sort()).toEqual(['PMID_5', 'PMID_6']);
    await work(10);
    expect(await states()).toEqual({ dead: 4, done: 2 });
  });

  test('with other bytes keep the old ones as a version; with the same bytes nothing downstream moves', async () => {
    await discover(pmids(2));
    await work();
    const before = (await readDocuments(db, ['PMID_1'])).get('PMID_1');
    service.answer = (key) =>
      key === 'PMID_1'
        ? documentOf(
            key,
            medline(1, {
              text: 'A 44-year-old man presented with syncope, palpitations and fever for two days. Troponin was normal. He recovered.',
            }),
          )
        : null;
    await discover(pmids(2), 'changed:2026-11-01');
    await work();
    const after = (await readDocuments(db, pmids(2))).get('PMID_1');
    expect([before?.version, after?.version]).toEqual([1, 2]);
    const [kept, claims] = await db.read([
      statement(`SELECT version, sha256 FROM document_version WHERE key = 'PMID_1'`),
      statement(
        `SELECT i.key, count(*) AS n FROM audit a, json_each(a.detail, '$.done') d JOIN item i ON i.id = CAST(d.key AS INTEGER)
         WHERE a.act = 'commit' AND a.stage = 'normalize' GROUP BY i.key ORDER BY i.key`,
      ),
    ]);
    expect(kept?.rows.map((row) => [Number(row.version), row.sha256])).toEqual([[1, before?.sha256]]);
    expect(claims?.rows.map((row) => [row.key, Number(row.n)])).toEqual([
      ['PMID_1', 2],
      ['PMID_2', 1],
    ]);
  });

  test('that tell of a retraction take the case out of the answers in the same commit', async () => {
    await discover(pmids(3));
    await work();
    service.answer = (key) => (key === 'PMID_2' ? documentOf(key, medline(2, { retracted: true })) : null);
    await discover(['PMID_2'], 'changed:2026-11-01');
    await db.write([statement(`UPDATE stage_control SET paused = 1 WHERE stage = 'normalize'`)]);
    await work();
    expect(await readTombstones(db)).toEqual(new Map([['PMID_2', 'retracted: J Tests. 2026;1:2']]));
    expect(await liveCases()).toHaveLength(3);
    await db.write([statement(`UPDATE stage_control SET paused = 0`)]);
    await work();
    expect(await liveCases()).toEqual(['PMID_1', 'PMID_3']);
  });

  test('bring notices beside the bytes, also of bytes that did not change: the case is released anew and not worked again', async () => {
    await discover(pmids(2));
    await work();
    const erratum = { kind: 'erratum', reference: 'PMID 77' } as const;
    service.answer = (key) => (key === 'PMID_2' ? { kind: 'unchanged', key, notices: [erratum] } : null);
    await discover(['PMID_2'], 'changed:2026-11-01');
    await work();
    expect((await readPublications(db, ['PMID_2'])).get('PMID_2')).toMatchObject({
      state: 'current',
      notices: [erratum],
    });
    expect((await readDocuments(db, ['PMID_2'])).get('PMID_2')?.version).toBe(1);
    expect(await liveCases()).toHaveLength(2);
  });

  test('that a document is gone withdraw it; one that was never held is set aside with the reason', async () => {
    await discover(pmids(10));
    await work();
    service.answer = (key) =>
      ['PMID_4', 'PMID_99'].includes(key) ? { kind: 'missing', key, reason: 'the service knows no such id' } : null;
    await discover(['PMID_4', 'PMID_99'], 'changed:2026-11-01');
    await work();
    expect((await readPublications(db, ['PMID_4'])).get('PMID_4')?.state).toBe('gone');
    expect(await liveCases()).toHaveLength(9);
    expect((await readDocuments(db, ['PMID_4'])).has('PMID_4')).toBe(true);
    expect((await scraped()).at(-1)).toMatchObject({
      state: 'skipped',
      reason: 'missing: the service knows no such id',
    });

    service.answer = () => null;
    await discover(['PMID_4'], 'changed:2026-11-02');
    await work();
    expect(await liveCases()).toHaveLength(10);
  });

  test('that a document lives on under another key bring that one, and withdraw this one', async () => {
    await discover(pmids(4));
    await work();
    service.answer = (key) => (key === 'PMID_2' ? { kind: 'merged', key, into: 'PMID_50' } : null);
    await discover(['PMID_2'], 'changed:2026-11-01');
    await work(2);
    expect(await liveCases()).toEqual(['PMID_1', 'PMID_3', 'PMID_4', 'PMID_50']);
  });

  test('that most documents are gone at once are not believed until the operator does', async () => {
    await addSource(
      db,
      { name: 'hearts', kind: 'pubmed', query: 'x', since: '2026-01-01', documentsMax: null, everyMs: null },
      { runNow: false },
    );
    await discover(pmids(40));
    await work();
    service.answer = (key) => (Number(key.slice(5)) > 3 ? { kind: 'missing', key, reason: 'no such id' } : null);
    await discover(pmids(40), 'missed by run 2');
    await work(3);
    expect(await liveCases()).toHaveLength(40);
    expect((await scraped()).at(-1)).toMatchObject({ state: 'ready', reason: expect.stringContaining('37 of 40') });
    await allowShrink(db, 'hearts', Date.now() + 60_000);
    await work(2);
    expect(await liveCases()).toEqual(pmids(3));
  });
});
