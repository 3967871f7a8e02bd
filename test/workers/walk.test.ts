import { createExecutionContext, createScheduledController, waitOnExecutionContext } from 'cloudflare:test';
import { expect, inject, test } from 'vitest';
import type { StatusAnswer } from '../../core/search/contract.ts';
import type { Env } from '../../functions/config.ts';
import { edgeHost } from '../../functions/connect.ts';
import worker from '../../functions/worker.ts';
import { acceptWalk, tickUntilItWaits, WALK_DOCUMENTS, walkSpace } from '../support/walk.ts';

const space = walkSpace(inject('walkSpaceUrl'));
const TICK_SECRET = 'a secret of the test';
/** Every minute for two hours: more than the walk needs. */
const SCHEDULED_TICKS_MAX = 120;

/** A fresh database with the walk's documents, brought in from inside the Worker. */
async function walkEnv(itemsMax: number): Promise<Env> {
  const env = { DATABASE_URL: await space.freshDatabase(), TICK_SECRET, TICK_ITEMS_MAX: String(itemsMax) };
  const edge = edgeHost('test').connect(env);
  await acceptWalk(edge.db, edge.pipeline, await space.documents());
  edge.close();
  return env;
}

async function fetchFrom(env: Env, path: string, init?: RequestInit): Promise<Response> {
  const context = createExecutionContext();
  const response = await worker.fetch(new Request(`https://edge.example${path}`, init), env, context);
  await waitOnExecutionContext(context);
  return response;
}
const statusOf = async (env: Env): Promise<StatusAnswer> => (await fetchFrom(env, '/api/status')).json();
const postTick = (env: Env) =>
  fetchFrom(env, '/api/ticks', { method: 'POST', headers: { authorization: `Bearer ${TICK_SECRET}` } });

async function tickBySchedule(env: Env): Promise<StatusAnswer> {
  const controller = createScheduledController({ scheduledTime: new Date(0), cron: '* * * * *' });
  for (let ticks = 0; ticks < SCHEDULED_TICKS_MAX; ticks++) {
    await worker.scheduled(controller, env);
    const status = await statusOf(env);
    if (status.stage === 'index') return status;
  }
  throw new Error(`the walk does not reach index in ${SCHEDULED_TICKS_MAX} scheduled ticks`);
}

test('scheduled ticks of a Worker bring the walk to index, and a Space ends it as an embedded file does', async () => {
  const env = await walkEnv(16);
  const status = await tickBySchedule(env);
  const index = status.stages.find(({ name }) => name === 'index');
  expect(status.documents).toBe(WALK_DOCUMENTS);
  expect(index?.gate?.reason).toContain('the Space can');
  expect(status.release).toBeNull();
  expect(await space.finish(String(env.DATABASE_URL))).toEqual(await space.reference());
});

test('a Worker whose ticks come doubled, by HTTP and in small batches, ends the same', async () => {
  const env = await walkEnv(6);
  const answers = await tickUntilItWaits(() => postTick(env), 2);
  expect(answers.at(-1)?.after).toMatchObject({ kind: 'waiting', stage: 'index', gate: { kind: 'host' } });
  expect(answers.reduce((lost, { counts }) => lost + counts.lost, 0)).toBe(0);
  expect(await space.finish(String(env.DATABASE_URL))).toEqual(await space.reference());
});

test('a Worker is alive, and refuses a tick over HTTP that does not know its secret: nothing was registered', async () => {
  const env = await walkEnv(16);
  expect((await fetchFrom(env, '/livez')).status).toBe(200);
  expect((await fetchFrom(env, '/api/ticks', { method: 'POST' })).status).toBe(401);
  expect(await (await fetchFrom(env, '/api/status')).json()).toMatchObject({ status: 503, code: 'not_initialised' });
});
