import { createExecutionContext } from 'cloudflare:test';
import { expect, inject, test, vi } from 'vitest';
import { unpackVectors } from '../../core/corpus/vectors.ts';
import { readCases } from '../../core/corpus.ts';
import { statement } from '../../core/engine/index.ts';
import { viewTexts } from '../../core/models/views.ts';
import type { Env } from '../../functions/config.ts';
import { edgeHost } from '../../functions/connect.ts';
import worker from '../../functions/worker.ts';
import { VIEWS } from '../../schema/vocabulary.ts';
import { acceptWalk, tickUntilItWaits, WALK_CASES, walkSpace } from '../support/walk.ts';

const space = walkSpace(inject('walkSpaceUrl'));
const ENDPOINT = 'https://embedding.example/v1';

/** Says in its first numbers which text it was made of. */
function vectorOf(text: string): number[] {
  let hash = 2_166_136_261;
  return Array.from({ length: 384 }, (_, i) => {
    hash = Math.imul(hash ^ (text.charCodeAt(i % text.length) + i), 16_777_619);
    return (hash | 0) / 2 ** 31;
  });
}
const cosine = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  const dot = (x: ArrayLike<number>, y: ArrayLike<number>) =>
    Array.from(x).reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
};

test('the stage runs in workerd: every text has the vector of its own, whatever the order of the answers, and tokens are counted', async () => {
  let calls = 0;
  let billed = 0;
  const sent = new Map<string, number[]>();
  const real = globalThis.fetch;
  vi.stubGlobal('fetch', async (input: RequestInfo | URL, init?: RequestInit) => {
    const url = input instanceof Request ? input.url : String(input);
    if (!url.startsWith(ENDPOINT)) return real(input, init);
    const { input: texts } = JSON.parse(String(init?.body)) as { input: string[] };
    calls += 1;
    billed += texts.length * 10;
    const data = texts.map((text, index) => {
      sent.set(text, vectorOf(text));
      return { index, embedding: vectorOf(text) };
    });
    return Response.json({ data: data.reverse(), usage: { total_tokens: texts.length * 10 } });
  });
  try {
    const env: Env = {
      DATABASE_URL: await space.freshDatabase(),
      TICK_SECRET: 'a secret of the test',
      TICK_ITEMS_MAX: '16',
      EMBEDDER: 'inference',
      EMBEDDING_MODEL: 'test/embedder-1',
      EMBEDDING_ENDPOINT: ENDPOINT,
      EMBEDDING_API_KEY: 'secretsecretsecret',
    };
    const edge = edgeHost('test').connect(env);
    await acceptWalk(edge.db, edge.pipeline, await space.documents());
    await tickUntilItWaits(
      async () =>
        worker.fetch(
          new Request('https://edge.example/api/ticks', {
            method: 'POST',
            headers: { authorization: 'Bearer a secret of the test' },
          }),
          env,
          createExecutionContext(),
        ),
      1,
    );
    const [vectors, quota, generations] = await edge.db.read([
      statement(`SELECT case_id, views, data FROM vector`),
      statement(`SELECT used FROM quota_window WHERE name = 'embedding'`),
      statement(`SELECT bytes FROM generation`),
    ]);
    const rows = vectors?.rows ?? [];
    const cases = await readCases(
      edge.db,
      rows.map((row) => String(row.case_id)),
    );
    edge.close();
    expect(rows).toHaveLength(WALK_CASES);
    let compared = 0;
    for (const row of rows) {
      const stored = cases.get(String(row.case_id));
      const texts = stored ? viewTexts(stored.extracted) : {};
      const own = unpackVectors(Number(row.views), new Uint8Array(row.data as ArrayBuffer));
      for (const view of VIEWS) {
        const vector = own[view];
        if (vector === undefined) continue;
        // What was sent is the beginning of the text, where it is long.
        const text = [...sent.keys()].find(
          (candidate) => texts[view]?.trim().startsWith(candidate) && cosine(vector, sent.get(candidate) ?? []) > 0.999,
        );
        expect(text, `${row.case_id} ${view}`).toBeDefined();
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThan(WALK_CASES * 3);
    expect(generations?.rows).toEqual([expect.objectContaining({ bytes: 2 * 384 * 4 })]);
    expect(Number(quota?.rows[0]?.used)).toBe(billed);
    console.info(`embedding in workerd: ${WALK_CASES} cases, ${compared} vectors, ${calls} calls, mis-assigned 0`);
  } finally {
    vi.unstubAllGlobals();
  }
});
