import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { verifyAudit } from '../core/engine/index.ts';
import type { CaseAnswer, SearchAnswer } from '../core/search/contract.ts';
import { type FaissService, startFaiss } from '../space/faiss/service.ts';
import type { Problem } from '../space/http/problems.ts';
import { type Arrival, QUERY, report } from './support/sources-articles.ts';
import { openSourcesSpace, type SourcesSpace } from './support/sources-space.ts';

let faiss: FaissService;
beforeAll(async () => {
  faiss = await startFaiss({ onEvent: () => undefined });
});
afterAll(() => faiss.close());

let folder: string;
let space: SourcesSpace;
let nowMs: number;
beforeEach(async () => {
  nowMs = 0;
  folder = mkdtempSync(join(tmpdir(), 'anamnesis-retraction-'));
  space = await openSourcesSpace(folder, faiss, () => nowMs);
});
afterEach(() => {
  space.close();
  rmSync(folder, { recursive: true, force: true });
});

const LICENCE = 'CC BY 4.0';
const article = (n: number, more: Partial<Arrival> = {}): Arrival => ({
  key: `PMC_${n}`,
  source: 'pmc',
  text: report(n),
  title: `Report ${n}`,
  pmcid: `PMC${n}`,
  licence: LICENCE,
  ...more,
});
const retracted = (n: number, reference = 'J Test. 2026;1:2'): Arrival =>
  article(n, { said: { state: 'retracted', notices: [{ kind: 'retraction', reference }] } });

async function found(engine = 'fused', more: object = { text: QUERY }): Promise<readonly string[]> {
  const { status, body } = await space.search({ ...more, k: 20, engine });
  expect(status).toBe(200);
  return (body as SearchAnswer).results.map(({ case_id }) => case_id).sort(); // our own answer
}

async function served(...arrivals: readonly Arrival[]): Promise<void> {
  await space.arrive(...arrivals);
  await space.work();
  await space.serving.refresh();
}

describe('a retracted report', () => {
  test.each(['fused', 'faiss'])(
    'is in no answer of %s from the commit on that learns of it, whatever release is served',
    async (engine) => {
      await served(article(1), article(2), article(3));
      expect(await found(engine)).toEqual(['PMC_1', 'PMC_2', 'PMC_3']);
      await space.arrive(retracted(2));
      expect((await space.workOnce()).stage).toBe('scrape');
      await space.serving.refreshTombstones();
      expect(await found(engine)).toEqual(['PMC_1', 'PMC_3']);
      const { body } = await space.search({ text: QUERY, k: 20, engine });
      expect((body as SearchAnswer).release).toMatchObject({ version: 1, case_count: 3 });
    },
  );

  test('answers 410 with the reason, as a problem and as a page, before and after the next release', async () => {
    await served(article(1), article(2));
    await space.arrive(retracted(2));
    const steps = [
      () => space.workOnce().then(() => space.serving.refreshTombstones()),
      () => space.work().then(() => space.serving.refresh()),
    ];
    for (const step of steps) {
      await step();
      const answer = await space.get('/api/cases/PMC_2');
      expect(answer.status).toBe(410);
      expect(answer.headers.get('Content-Type')).toBe('application/problem+json');
      const problem = (await answer.json()) as Problem;
      expect(problem).toMatchObject({ title: 'Gone', status: 410, code: 'case_gone' });
      expect(problem.detail).toContain('retracted');
      const page = await space.get('/cases/PMC_2', 'text/html');
      expect(page.status).toBe(410);
      expect(await page.text()).toContain('retracted');
      const alike = await space.search({ case_id: 'PMC_2' });
      expect(alike.status).toBe(410);
    }
    expect(await space.rowsOf('SELECT reason FROM tombstone')).toEqual([{ reason: 'retracted: J Test. 2026;1:2' }]);
    expect(await found()).toEqual(['PMC_1']);
  });

  test('is told in one row of the audit with its case, and the audit still replays', async () => {
    await served(article(1), article(2));
    await space.arrive(retracted(2));
    await space.workOnce();
    const told = (await space.rowsOf(
      `SELECT act, stage, detail FROM audit WHERE detail LIKE '%"PMC_2"%' AND act = 'again'`,
    )) as {
      detail: string;
    }[];
    expect(told).toHaveLength(1);
    expect(JSON.parse(told[0]?.detail ?? '')).toMatchObject({
      reason: 'retracted: J Test. 2026;1:2',
      names: ['PMC_2'],
    });
    await space.work();
    expect((await verifyAudit(space.db)).problems).toEqual([]);
  });

  test('that another document of its article speaks of leaves at once too', async () => {
    await served(article(1, { pmid: '71', said: { fullText: true } }), article(2));
    await served({ key: 'PMID_71', source: 'pubmed', text: report(1.5), licence: LICENCE });
    expect(await found()).toEqual(['PMC_1', 'PMC_2']);
    await space.arrive({ key: 'PMID_71', source: 'pubmed', text: report(1.5), said: { state: 'retracted' } });
    expect((await space.workOnce()).stage).toBe('scrape');
    await space.serving.refreshTombstones();
    expect(await found()).toEqual(['PMC_2']);
    await space.work();
    await space.serving.refresh();
    expect(await found()).toEqual(['PMC_2']);
  });

  test('comes back when its source takes the retraction back', async () => {
    await served(article(1), article(2));
    await served(retracted(2));
    expect(await found()).toEqual(['PMC_1']);
    await served(article(2));
    expect(await found()).toEqual(['PMC_1', 'PMC_2']);
    expect((await space.get('/api/cases/PMC_2')).status).toBe(200);
  });

  test('is not built into a release by a host that has not normalized it yet', async () => {
    await served(article(1), article(2));
    await space.arrive(retracted(2));
    await space.workOnce();
    const [index] = await space.rowsOf(
      `SELECT t.state FROM task t JOIN item i ON i.id = t.item_id WHERE t.stage = 'index' AND i.key = 'PMC_2'`,
    );
    expect(index).toEqual({ state: 'ready' });
    const shown = await space.rowsOf(`SELECT case_id FROM patient_case WHERE withdrawn = 0 ORDER BY case_id`);
    expect(shown).toHaveLength(2);
    const { casesOfRelease } = await import('../core/corpus.ts');
    const [generation] = await space.rowsOf('SELECT fingerprint FROM generation');
    const ids: string[] = [];
    for await (const { caseId } of casesOfRelease(space.db, String(generation?.fingerprint))) ids.push(caseId);
    expect(ids).toEqual(['PMC_1']);
  });
});

test('whoever serves hears of a retraction by itself', async () => {
  await served(article(1), article(2));
  const ending = new AbortController();
  const following = space.serving.follow(600_000, ending.signal);
  try {
    await space.arrive(retracted(2));
    await space.workOnce();
    await expect.poll(() => found(), { timeout: 10_000, interval: 50 }).toEqual(['PMC_1']);
  } finally {
    ending.abort();
    await following;
  }
});

describe('while the database does not answer', () => {
  test('the last known tombstones hold, and after a minute answers say how old they are', async () => {
    await served(article(1), article(2));
    await space.arrive(retracted(2));
    await space.workOnce();
    await space.serving.refreshTombstones();
    space.setTrouble(new Error('away'));
    nowMs = 59_000;
    await expect(space.serving.refreshTombstones()).rejects.toThrow('away');
    expect(await found()).toEqual(['PMC_1']);
    expect(space.serving.degraded()).toEqual([]);
    nowMs = 130_000;
    expect(await found()).toEqual(['PMC_1']);
    expect(space.serving.degraded()).toEqual([
      'the database does not answer: cases that were retracted in the last 2 min may still be shown',
    ]);
    space.setTrouble(null);
    await space.serving.refreshTombstones();
    expect(space.serving.degraded()).toEqual([]);
  });

  test('no release is opened before it is known what may not be shown', async () => {
    await space.arrive(article(1));
    await space.work();
    space.setTrouble(new Error('away'));
    await expect(space.serving.refresh()).rejects.toThrow('away');
    expect(space.serving.ready().ready).toBe(false);
  });
});

describe('a case that leaves for another reason', () => {
  test('that its document no longer is a report: gone at once, with the reason', async () => {
    await served(article(1), article(2));
    await space.arrive(article(2, { text: 'See the supplement.' }));
    await space.workOnce();
    await space.workOnce();
    await space.serving.refreshTombstones();
    expect(await found()).toEqual(['PMC_1']);
    expect((await space.get('/api/cases/PMC_2')).status).toBe(410);
  });

  test('that another document of its article yields it: shown until that one is, then found under every id', async () => {
    await served({ key: 'PMID_91', source: 'pubmed', text: report(1), licence: LICENCE }, article(2));
    await space.arrive(article(9, { pmid: '91', url: 'https://example.org/9', said: { fullText: true } }));
    await space.workOnce();
    await space.workOnce();
    await space.serving.refreshTombstones();
    expect(await found()).toEqual(['PMC_2', 'PMID_91']);
    await space.work();
    await space.serving.refresh();
    expect(await found()).toEqual(['PMC_2', 'PMC_9']);
    for (const id of ['PMC_9', 'PMID_91']) {
      const answer = (await (await space.get(`/api/cases/${id}`)).json()) as CaseAnswer;
      expect(answer.case_id).toBe('PMC_9');
      expect(answer.provenance.also?.map(({ key }) => key)).toEqual(['PMID_91']);
    }
    expect(await found('fused', { case_id: 'PMID_91' })).toEqual(['PMC_2']);
    expect((await space.get('/api/cases/PMID_92')).status).toBe(404);
  });
});

describe('what was published about a report since', () => {
  const notices = [
    { kind: 'erratum', reference: 'J Test. 2026;3:4' },
    { kind: 'expression_of_concern', reference: null },
    { kind: 'comment', reference: 'J Test. 2026;5:6' },
  ] as const;

  test('reaches the next release without working the case anew, and is said with it', async () => {
    await served(article(1), article(2));
    const worked = () =>
      space.rowsOf(
        `SELECT t.stage, t.updated_at_ms FROM task t JOIN item i ON i.id = t.item_id
         WHERE i.key = 'PMC_1' AND t.stage IN ('distill', 'embed') ORDER BY t.stage`,
      );
    const before = await worked();
    expect(before).toHaveLength(2);
    await served(article(1, { said: { notices } }));
    expect(await worked()).toEqual(before);
    const told = notices.slice(0, 2);
    const { body } = await space.search({ text: QUERY, k: 20 });
    const results = (body as SearchAnswer).results;
    expect(results.find(({ case_id }) => case_id === 'PMC_1')?.notices).toEqual(told);
    expect(results.find(({ case_id }) => case_id === 'PMC_2')?.notices).toBeUndefined();
    expect(await (await space.get('/api/cases/PMC_1')).json()).toMatchObject({ notices: told });
    const page = await (await space.get('/cases/PMC_1', 'text/html')).text();
    expect(page).toContain('Expression of concern');
    expect(page).toContain('J Test. 2026;3:4');
    expect(page).not.toContain('J Test. 2026;5:6');
  });

  test('a document that arrives unchanged builds nothing', async () => {
    await served(article(1));
    await served(article(1));
    expect(await space.rowsOf(`SELECT version FROM release WHERE state = 'published'`)).toHaveLength(1);
  });
});
