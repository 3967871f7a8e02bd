import { createExecutionContext } from 'cloudflare:test';
import { expect, inject, test, vi } from 'vitest';
import { statement } from '../../core/engine/index.ts';
import type { Env } from '../../functions/config.ts';
import { edgeHost } from '../../functions/connect.ts';
import worker from '../../functions/worker.ts';
import { type ChatRequest, completion, formOf, readPrompt } from '../support/model-server/fake-model.ts';
import { acceptWalk, tickUntilItWaits, WALK_CASES, walkSpace } from '../support/walk.ts';

const space = walkSpace(inject('walkSpaceUrl'));
const ENDPOINT = 'https://model.example/v1';
const MODEL = 'test/reader-1';

test('the stage runs in workerd: every case is read by the model, paid for once and counted in the quota', async () => {
  const asked: string[] = [];
  const billed: number[] = [];
  const real = globalThis.fetch;
  vi.stubGlobal('fetch', async (input: RequestInfo | URL, init?: RequestInit) => {
    const url = input instanceof Request ? input.url : String(input);
    if (!url.startsWith(ENDPOINT)) return real(input, init);
    const request = JSON.parse(String(init?.body)) as ChatRequest;
    const { shown } = readPrompt(request);
    const answer = completion(request, { content: JSON.stringify(formOf(shown)) });
    asked.push(shown.case_id);
    billed.push(answer.usage.total_tokens);
    return Response.json(answer);
  });
  try {
    const env: Env = {
      DATABASE_URL: await space.freshDatabase(),
      TICK_SECRET: 'a secret of the test',
      TICK_ITEMS_MAX: '16',
      TICK_STAGES: 'scrape,normalize,distill',
      DISTILLER: 'inference',
      DISTILL_MODEL: MODEL,
      INFERENCE_ENDPOINT: ENDPOINT,
      HF_TOKEN: 'hf_secretsecretsecret',
      INFERENCE_TOKENS_PER_DAY: '10000000',
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
    const [distillates, quota] = await edge.db.read([
      statement(`SELECT body FROM distillate`),
      statement(`SELECT used FROM quota_window WHERE name = 'inference'`),
    ]);
    edge.close();
    expect(distillates?.rows).toHaveLength(WALK_CASES);
    expect(distillates?.rows.every(({ body }) => JSON.parse(String(body)).review.by === MODEL)).toBe(true);
    expect(new Set(asked).size).toBe(WALK_CASES);
    expect(asked).toHaveLength(WALK_CASES);
    expect(Number(quota?.rows[0]?.used)).toBe(billed.reduce((sum, tokens) => sum + tokens, 0));
  } finally {
    vi.unstubAllGlobals();
  }
});
