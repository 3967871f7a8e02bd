import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { casesWithoutVectors, currentRelease } from '../core/corpus.ts';
import { statement } from '../core/engine/index.ts';
import { outgrown } from '../core/models/generation.ts';
import type { SearchAnswer, StatusAnswer } from '../core/search/contract.ts';
import { parseSearchRequest } from '../core/search/request.ts';
import { readStatus } from '../core/status.ts';
import { readConfig } from '../space/config.ts';
import { createLog } from '../space/host/log.ts';
import { ingestFile } from '../space/ingest/ingest.ts';
import { exampleQueries, sampleFile } from '../space/sample/sample.ts';
import { type RunningServer, startServer } from '../space/server.ts';
import { createServing, type Serving } from '../space/serving.ts';
import { openSpace, type Space } from '../space/space.ts';
import { runUntilIdle } from '../space/ticking/run.ts';

let folder: string;
let space: Space;
let serving: Serving;
const run = () => runUntilIdle(space, { stopping: () => false, onProgress: () => undefined, waitMsMax: 30_000 });
const ingest = async (file: string) => {
  const [first] = space.pipeline.stages;
  if (!first) throw new Error('the pipeline has no stage');
  return ingestFile(space.db, first, file, { stopping: () => false, onProgress: () => undefined });
};
const request = (body: unknown) => {
  const parsed = parseSearchRequest(body);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.request;
};
const faissIsReady = () => space.faiss.state().kind !== 'unavailable';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'anamnesis-space-'));
  space = await openSpace(readConfig({ DATA_DIR: folder, PORT: '0', TICK_EVERY_MS: '200' }), createLog('silent'));
  serving = createServing(space);
  await ingest(sampleFile);
  await run();
  await serving.refresh();
}, 120_000);
afterAll(async () => {
  await space?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the sample corpus from file to answer', () => {
  test('all five stages settle every item and one release holds every case', async () => {
    const status = await readStatus(space.db, space.pipeline, []);
    expect(status.stage).toBe('SERVING');
    expect(status.stages.map(({ name, ready, leased, dead }) => ({ name, ready, leased, dead }))).toEqual(
      ['scrape', 'normalize', 'distill', 'embed', 'index'].map((name) => ({ name, ready: 0, leased: 0, dead: 0 })),
    );
    expect(status.documents).toBe(122);
    expect(status.cases).toBeGreaterThan(122);
    expect(status.release?.case_count).toBe(status.cases);
  });

  test.each(exampleQueries.map((query, i) => [i, query] as const))(
    'example query %i finds a case, says why, and its contributions add up',
    async (_, text) => {
      const { results, disclaimer } = await serving.search(request({ text, k: 5 }));
      expect(results).toHaveLength(5);
      expect(disclaimer).toMatch(/research and education/i);
      for (const result of results) {
        const facets = Object.values(result.facets).reduce((sum, { contribution }) => sum + contribution, 0);
        const findings = result.lexical.contribution + result.whole.contribution;
        expect(facets + findings).toBeCloseTo(result.score, 5);
      }
      expect(results[0]?.evidence.length).toBeGreaterThan(0);
    },
  );

  test('of the example queries most find their diagnosis among the first five', async () => {
    const expected = readFileSync(new URL('../space/sample/queries.jsonl', import.meta.url), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { query: string; expects: string });
    const diagnosisOf = new Map(
      readFileSync(new URL('../space/sample/diagnoses.tsv', import.meta.url), 'utf8')
        .trim()
        .split('\n')
        .map((line) => line.split('\t') as [string, string]),
    );
    let found = 0;
    for (const { query, expects } of expected) {
      const { results } = await serving.search(request({ text: query, k: 5 }));
      const documents = results.map(({ case_id }) => case_id.replace(/-[12]$/, ''));
      if (documents.some((id) => diagnosisOf.get(id) === expects)) found += 1;
    }
    expect(found).toBeGreaterThanOrEqual(10);
  });

  test('evidence quotes the case word for word', async () => {
    const { results } = await serving.search(request({ text: exampleQueries[0], k: 3 }));
    for (const { case_id, evidence } of results) {
      const theCase = await serving.caseById(case_id);
      for (const { quote, span } of evidence) expect(theCase?.text.slice(...span)).toBe(quote);
    }
  });

  test('FAISS and the exact scan give the same answers', async (context) => {
    if (!faissIsReady()) context.skip('faiss-node is not available on this machine');
    for (const text of exampleQueries) {
      const [fused, faiss] = await Promise.all(
        (['fused', 'faiss'] as const).map((engine) => serving.search(request({ text, engine, k: 20 }))),
      );
      expect(faiss?.engine).toBe('faiss');
      expect(faiss?.results.map(({ case_id, score }) => [case_id, score.toFixed(4)])).toEqual(
        fused?.results.map(({ case_id, score }) => [case_id, score.toFixed(4)]),
      );
    }
  });
});

describe('over HTTP', () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startServer(space, serving);
  });
  afterAll(() => server.stop());

  test('a search answers as the command does, and is ready when it says so', async () => {
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    const response = await fetch(`${server.url}/api/search`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text: exampleQueries[0], k: 3 }),
    });
    const answer = (await response.json()) as SearchAnswer;
    const own = await serving.search(request({ text: exampleQueries[0], k: 3 }));
    expect(answer.results.map(({ case_id }) => case_id)).toEqual(own.results.map(({ case_id }) => case_id));
  });

  test('the status names no process and no path of this machine', async () => {
    const body = await (await fetch(`${server.url}/api/status`)).text();
    const status = JSON.parse(body) as StatusAnswer;
    expect(status.last_tick?.host).not.toContain('/');
    expect(body).not.toContain(folder);
  });

  test('records that arrive while it serves are worked in process and enter the next release', async () => {
    const before = (await currentRelease(space.db))?.version ?? 0;
    const file = join(folder, 'new.jsonl');
    const text =
      'A 51-year-old sheep shearer presented with fever and a painless black eschar on the forearm. Culture grew Bacillus anthracis and cutaneous anthrax was diagnosed. He recovered with ciprofloxacin.';
    writeFileSync(file, `${JSON.stringify({ id: 'new-1', title: 'A black eschar', text })}\n`);
    await ingest(file);
    await expect
      .poll(async () => (await currentRelease(space.db))?.version, { timeout: 30_000 })
      .toBeGreaterThan(before);
    await serving.refresh();
    const { results } = await serving.search(request({ text: 'painless black eschar after shearing sheep', k: 1 }));
    expect(results[0]?.case_id).toBe('new-1');
  });
});

describe('a corpus that has outgrown its embedder', () => {
  test.each([
    [100, 199, false],
    [100, 200, true],
    [20_000, 1_000_000, false],
  ])('fitted on %i, with %i cases: outgrown is %s', (fittedOn, cases, expected) => {
    expect(outgrown(fittedOn, cases)).toBe(expected);
  });

  test('is embedded anew as a whole, and no release mixes the generations', async () => {
    const before = await currentRelease(space.db);
    const file = join(folder, 'many.jsonl');
    const record = (i: number) => ({
      id: `many-${i}`,
      text: `A ${20 + (i % 60)}-year-old woman presented with fever, rash number ${i} and joint pain for ${i} days. Ferritin was high. Still disease was diagnosed and she improved.`,
    });
    writeFileSync(file, Array.from({ length: 260 }, (_, i) => JSON.stringify(record(i))).join('\n'));
    await ingest(file);
    await run();
    const after = await currentRelease(space.db);
    expect(after?.generation).not.toBe(before?.generation);
    expect(after?.caseCount).toBeGreaterThan(380);
    expect(await casesWithoutVectors(space.db, after?.generation ?? '')).toBe(0);
    const [generations] = await space.db.read([statement(`SELECT DISTINCT generation FROM vector`)]);
    expect(generations?.rows.map((row) => row.generation)).toEqual([after?.generation]);
  });
});

describe('settings', () => {
  test.each([
    ['PORT', '-1'],
    ['PORT', 'seven'],
    ['DATABASE_URL', 'postgres://x'],
    ['TICK_BUDGET_MS', '1e99'],
    ['LOG_LEVEL', 'loud'],
  ])('%s=%s is refused by name', (name, value) => {
    expect(() => readConfig({ [name]: value })).toThrow(name);
  });
  test('an empty variable counts as not set', () => {
    expect(readConfig({ PORT: '', DATABASE_URL: '' }).port).toBe(7860);
  });
});
