import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  act,
  claim,
  definePipeline,
  enterStatements,
  OutageError,
  type Outcome,
  type Pipeline,
  reclaim,
  registerPipeline,
  reportDependency,
  tick,
} from '../core/engine/index.ts';
import type { StatusAnswer } from '../core/search/contract.ts';
import { readStatus } from '../core/status.ts';
import { createApp } from '../functions/app.ts';
import { type Edge, edgeHost, type Host } from '../functions/connect.ts';
import { formatStatus } from '../space/cli/status.ts';
import { viewStatus } from '../space/client/status-view.js';
import { type EngineHost, openHost } from './support/engine/host.ts';
import { newItem } from './support/engine/ledger.ts';
import { fakeRuntime } from './support/engine/runtime.ts';
import { eachOf } from './support/engine/walk.ts';

const DAY_MS = 86_400_000;
let host: EngineHost;
/** What the stage makes of the next items. */
let outcome: () => Outcome;
const done = (): Outcome => ({ kind: 'done', outputHash: 'x' });
const embed = eachOf('embed', () => outcome(), {
  batchMax: 2,
  services: ['model'],
  quota: { name: 'minutes', unitsPerItem: 1 },
});
const pipeline: Pipeline = definePipeline('shown', [embed], {
  quotas: [{ name: 'minutes', unit: 'minutes', perDay: 8 }],
});

const enter = (n: number, from = 0) =>
  host.db.write(
    enterStatements(
      embed,
      Array.from({ length: n }, (_, i) => newItem(`k${from + i}`)),
    ),
  );
let tickMs = 0;
const run = (itemsMax: number) =>
  tick(host.db, pipeline, fakeRuntime({ monotonicMs: () => (tickMs += 500) }), { budgetMs: 1e9, itemsMax });
const stageNow = async (): Promise<StatusAnswer['stages'][number]> => {
  const [stage] = (await readStatus(host.db, pipeline, [])).stages;
  if (!stage) throw new Error('no stage');
  return stage;
};

beforeAll(async () => {
  host = await openHost('an embedded file');
});
afterAll(() => host.close());
beforeEach(async () => {
  await host.fresh();
  outcome = done;
  await registerPipeline(host.db, pipeline);
});

describe('how a stage stands as a whole', () => {
  test('initialized, running, completed', async () => {
    expect(await stageNow()).toMatchObject({ lifecycle: 'initialized', success_rate: null, elapsed_s: null });
    await enter(4);
    expect((await stageNow()).lifecycle).toBe('initialized');
    await run(2);
    expect(await stageNow()).toMatchObject({ lifecycle: 'running', success_rate: 1, elapsed_s: expect.any(Number) });
    await run(2);
    expect(await stageNow()).toMatchObject({ lifecycle: 'completed', state: 'complete', gates: [], gate: null });
  });

  test('paused, recovering, failed', async () => {
    await enter(2);
    await act(host.db, pipeline, { kind: 'pause', stage: 'embed' }, { actor: 'cli', reason: 'a look' });
    expect((await stageNow()).lifecycle).toBe('paused');
    await act(host.db, pipeline, { kind: 'resume', stage: 'embed' }, { actor: 'cli' });
    await claim(host.db, embed, 'died/1');
    await host.client.execute('UPDATE lease SET expires_ms = 1');
    await reclaim(host.db);
    expect(await stageNow()).toMatchObject({
      lifecycle: 'recovering',
      warnings: [expect.stringContaining('at most 1')],
    });
    outcome = () => ({ kind: 'dead', reason: 'no good', errorClass: 'permanent' });
    await run(2);
    expect(await stageNow()).toMatchObject({ lifecycle: 'failed', success_rate: 0 });
  });

  test('stale once nothing was settled for a day though something is open', async () => {
    await enter(4);
    await run(2);
    expect((await stageNow()).stale).toBe(false);
    await host.client.execute(`UPDATE stage_control SET progressed_ms = progressed_ms - ${DAY_MS}`);
    const stage = await stageNow();
    expect(stage.stale).toBe(true);
    expect(formatStatus(await readStatus(host.db, pipeline, []))).toContain('stale');
    await run(2);
    expect((await stageNow()).stale).toBe(false);
  });
});

describe('what holds a stage', () => {
  test('every gate in order with its row and its time; the first stands alone as before', async () => {
    await enter(2);
    await reportDependency(host.db, 'model', 'no answer');
    await host.client.execute(`UPDATE quota_window SET used = 8, day = unixepoch() / 86400`);
    await act(host.db, pipeline, { kind: 'pause', stage: 'embed' }, { actor: 'cli', reason: 'a look' });
    const stage = await stageNow();
    expect(stage.gates.map(({ kind, row }) => ({ kind, row }))).toEqual([
      { kind: 'paused', row: 'stage_control embed' },
      { kind: 'dependency', row: 'service model' },
      { kind: 'quota', row: 'quota_window minutes' },
    ]);
    expect(stage.gates[2]?.opens_at).toMatch(/T00:00:00\.000Z$/);
    expect(stage.gate).toEqual({ reason: stage.gates[0]?.reason, opens_at: null });
    const text = formatStatus(await readStatus(host.db, pipeline, []));
    expect(text).toContain('waits: paused: a look  [stage_control embed]');
    expect(text).toContain('then: model is down: no answer  [service model]');
  });

  test('a breaker that an outage opened, with the time at which it is tried again', async () => {
    await enter(2);
    outcome = () => {
      throw new OutageError('502', { retryAfterMs: 60_000, service: 'model' });
    };
    await run(2);
    const stage = await stageNow();
    expect(stage.gates.map(({ kind }) => kind)).toContain('breaker');
    expect(stage.gates.every(({ opens_at }) => opens_at !== null)).toBe(true);
  });

  test('a quota from 75 % on is a warning, and not before', async () => {
    await enter(8);
    await run(4);
    expect((await stageNow()).warnings).toEqual([]);
    await run(2);
    expect((await stageNow()).warnings).toEqual(['75 % of quota minutes is spent for today']);
  });
});

describe('how long it takes', () => {
  test('unknown under three commits, then a range that holds the estimate', async () => {
    await enter(8);
    await run(4);
    expect(await stageNow()).toMatchObject({ rate_per_s: null, eta_s: null, eta_s_range: null });
    await run(2);
    const { eta_s, eta_s_range } = await stageNow();
    expect(eta_s).toBeGreaterThan(0);
    expect(eta_s_range?.[0]).toBeLessThanOrEqual(eta_s ?? Number.NaN);
    expect(eta_s_range?.[1]).toBeGreaterThanOrEqual(eta_s ?? Number.NaN);
  });

  test('the page says a range as one, and equal ends as about so much', () => {
    const stage = { name: 'embed', state: 'running', ready: 10, leased: 0, submitted: 0, done: 0, dead: 0, skipped: 0 };
    const page = (eta_s_range: readonly [number, number] | null) =>
      viewStatus(
        {
          stage: 'embed',
          stages: [{ ...stage, rate_per_s: 2, eta_s: 60, eta_s_range, gate: null, gates: [], warnings: [] }],
          release: null,
          degraded: [],
          set_aside: [],
        } as unknown as StatusAnswer, // the view reads no more of it here
        0,
      ).stages[3]?.pace;
    expect(page([40, 90])).toBe('2.0 a second, 40 s to 2 min left');
    expect(page([60, 60])).toBe('2.0 a second, about 1 min left');
    expect(page(null)).toBe('2.0 a second, about 1 min left');
  });
});

test('the edge answers the same, and adds that a stage without a process waits for another host', async () => {
  await enter(2);
  await host.client.execute(`INSERT INTO meta(key, value) VALUES ('corpus_schema', '4') ON CONFLICT DO NOTHING`);
  const elsewhere = definePipeline('shown', [{ ...embed, process: null }], {
    quotas: [{ name: 'minutes', unit: 'minutes', perDay: 8 }],
  });
  // A status needs no more of an edge than its database and its pipeline.
  const edge = { db: host.db, pipeline: elsewhere, close: () => undefined } as unknown as Edge;
  const app = createApp({
    connect: () => edge,
    log: () => undefined,
    newId: () => 'id',
    monotonicMs: () => 0,
    searches: edgeHost('test').searches,
  } satisfies Host);
  const response = await app.fetch(new Request('http://edge.test/api/status'), {});
  expect(response.status).toBe(200);
  const answer = (await response.json()) as StatusAnswer;
  expect(answer.stages[0]?.gates).toMatchObject([{ kind: 'host', row: null }]);
  const [here] = (await readStatus(host.db, pipeline, [])).stages;
  expect(Object.keys(answer.stages[0] ?? {})).toEqual(Object.keys(here ?? {}));
});
