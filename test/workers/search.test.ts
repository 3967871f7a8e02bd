import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
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
