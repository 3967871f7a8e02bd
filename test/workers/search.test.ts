import { env as bindings, createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { beforeAll, expect, inject, test } from 'vitest';
import type { SearchAnswer } from '../../core/search/contract.ts';
import type { Env } from '../../functions/config.ts';
import worker from '../../functions/worker.ts';
import { asked, QUERIES, searchSpace } from '../support/search.ts';

const space = searchSpace(inject('walkSpaceUrl'));
let database = '';
beforeAll(async () => {
  database = (await space.facts()).database;
}, 120_000);

async function fetchFrom(env: Env, path: string, init?: RequestInit): Promise<Response> {
  const context = createExecutionContext();
  const response = await worker.fetch(new Request(`https://edge.example${path}`, init), env, context);
  await waitOnExecutionContext(context);
  return response;
}

const envOf = (name: string): Env => ({ DATABASE_URL: database, RELEASE_URL: space.storeUrl(name) });

test('workerd answers every query as Node does, from the files of the release alone', async () => {
  const env = envOf('workerd-same');
  for (const query of QUERIES) {
    const response = await fetchFrom(env, '/api/search', asked(query));
    const text = await response.text();
    expect(response.status, text).toBe(200);
    const { took_ms, ...answer } = JSON.parse(text) as SearchAnswer;
    expect(took_ms).toBeGreaterThanOrEqual(0);
    expect(answer).toEqual(await space.answer(query));
    expect(answer.results.length).toBeGreaterThan(0);
  }
});

test('the same from an R2 bucket, whose next release is opened behind the answers of the one before', async () => {
  const bucket = (bindings as { readonly RELEASES: R2Bucket }).RELEASES;
  for (const [path, base64] of Object.entries(await space.files())) {
    await bucket.put(
      path,
      Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)),
    );
  }
  const env = { DATABASE_URL: database, RELEASES: bucket, RELEASE_CHECK_MS: '0' };
  const asks = async (query: unknown): Promise<SearchAnswer> =>
    (await fetchFrom(env, '/api/search', asked(query))).json();
  for (const query of QUERIES) {
    const { took_ms: _, ...answer } = await asks(query);
    expect(answer).toEqual(await space.answer(query));
    expect(answer.exact).toBe(true);
  }
  await bucket.put('faiss_version.json', JSON.stringify({ version: 9 }));
  await asks(QUERIES[0]);
  const told = await asks(QUERIES[0]);
  expect(told.release.version).toBe(1);
  expect(told.degraded.join()).toContain('release 9 cannot be served: release 9 has no manifest.json');
});

test('a case by its id, and a body that is none: as on the Space', async () => {
  const [result] = (await space.answer(QUERIES[0])).results;
  const id = result?.case_id ?? '';
  const found = await fetchFrom(envOf('workerd-case'), `/api/cases/${id}`);
  expect(await found.json()).toEqual(await space.caseById(id));
  const refused = await fetchFrom(envOf('workerd-case'), '/api/search', asked({ text: 'fever', k: 0 }));
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({ code: 'invalid_request', errors: [{ field: 'k' }] });
});

test('requests that meet a cold isolate together are all answered', async () => {
  const responses = await Promise.all(
    Array.from({ length: 6 }, () => fetchFrom(envOf('workerd-crowd'), '/api/search', asked(QUERIES[0]))),
  );
  expect(responses.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 200));
});
