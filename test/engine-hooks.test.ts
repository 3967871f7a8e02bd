import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  breakLeases,
  claim,
  type Database,
  DatabaseError,
  definePipeline,
  type Event,
  enterStatements,
  type Hooks,
  liveLeases,
  RetryableError,
  registerPipeline,
  type TickReport,
  tick,
} from '../core/engine/index.ts';
import { type EngineHost, openHost } from './support/engine/host.ts';
import { newItem } from './support/engine/ledger.ts';
import { fakeRuntime } from './support/engine/runtime.ts';
import { eachOf } from './support/engine/walk.ts';

const KINDS = ['stage_started', 'item_done', 'item_failed', 'stage_done', 'crash_recovered'] as const;

/** Hooks that write down what they hear. */
function listening(): { readonly heard: Event[]; readonly hooks: Hooks } {
  const heard: Event[] = [];
  const note = (event: Event) => void heard.push(event);
  return { heard, hooks: Object.fromEntries(KINDS.map((kind) => [kind, note])) };
}

let host: EngineHost;
/** Run while an item is being worked on. */
let meanwhile: () => Promise<void> = async () => undefined;
const first = eachOf('first', async (item) => {
  await meanwhile();
  if (item.key === 'bad') return { kind: 'dead', reason: 'no good', errorClass: 'permanent' };
  if (item.key === 'slow') throw new RetryableError('try again');
  return { kind: 'done', outputHash: item.key };
});
const second = eachOf('second', (item) => ({ kind: 'done', outputHash: item.key }));
const pipeline = definePipeline('hooks', [first, second]);

const enter = (...keys: string[]) =>
  host.db.write(
    enterStatements(
      first,
      keys.map((key) => newItem(key)),
    ),
  );
const run = (hooks: Hooks, db: Database = host.db): Promise<TickReport> =>
  tick(db, pipeline, fakeRuntime({ random: () => 0.999 }), { budgetMs: 60_000, hooks });

beforeAll(async () => {
  host = await openHost('an embedded file');
});
afterAll(() => host.close());
beforeEach(async () => {
  await host.fresh();
  await registerPipeline(host.db, pipeline);
  meanwhile = async () => undefined;
});

test('a walk of two items is told stage by stage: started, each item done, done', async () => {
  await enter('a', 'b');
  const { heard, hooks } = listening();
  await run(hooks);
  const told = heard.map((event) => ('key' in event ? `${event.kind} ${event.stage} ${event.key}` : event));
  expect(told).toEqual([
    { kind: 'stage_started', stage: 'first' },
    'item_done first a',
    'item_done first b',
    { kind: 'stage_done', stage: 'first' },
    { kind: 'stage_started', stage: 'second' },
    'item_done second a',
    'item_done second b',
    { kind: 'stage_done', stage: 'second' },
  ]);
});

test.each([
  ['bad', 'dead', true],
  ['slow', 'retry', false],
] as const)('item %s is told as failed with its outcome (%s)', async (key, kind, settlesTheStage) => {
  await enter(key);
  const { heard, hooks } = listening();
  await run(hooks);
  expect(heard.find((event) => event.kind === 'item_failed')).toMatchObject({ stage: 'first', key, outcome: { kind } });
  expect(heard.some((event) => event.kind === 'item_done')).toBe(false);
  // What waits for another try keeps its stage open.
  expect(heard.some((event) => event.kind === 'stage_done')).toBe(settlesTheStage);
});

test('a claim whose worker died is told once, with how many there were', async () => {
  await enter('a');
  await claim(host.db, first, 'died/1');
  await host.client.execute(`UPDATE lease SET expires_ms = 1`);
  const { heard, hooks } = listening();
  await run(hooks);
  await run(hooks);
  expect(heard.filter((event) => event.kind === 'crash_recovered')).toEqual([{ kind: 'crash_recovered', claims: 1 }]);
});

test('an idle tick tells nothing', async () => {
  const { heard, hooks } = listening();
  await run(hooks);
  expect(heard).toEqual([]);
});

describe('nothing is told that did not happen', () => {
  test('not of items whose lease was gone before their commit', async () => {
    await enter('a');
    let taken = false;
    meanwhile = async () => {
      if (taken) return;
      taken = true;
      await breakLeases(
        host.db,
        (await liveLeases(host.db)).map(({ id }) => id),
      );
    };
    const { heard, hooks } = listening();
    const report = await run(hooks);
    expect(report.counts.lost).toBe(1);
    // The second time it came through, and that is told.
    expect(heard.filter((event) => event.kind === 'item_done' && event.stage === 'first')).toHaveLength(1);
  });

  test('not of items that the database would not take', async () => {
    await enter('a');
    const { heard, hooks } = listening();
    const db: Database = {
      read: host.db.read,
      write: (statements) =>
        statements.some(({ sql }) => sql.includes('progress_sample'))
          ? Promise.reject(new DatabaseError('gone'))
          : host.db.write(statements),
    };
    await expect(run(hooks, db)).rejects.toThrow('gone');
    expect(heard.filter(({ kind }) => kind === 'item_done' || kind === 'stage_done')).toEqual([]);
  });
});

test('a hook that throws harms neither the work nor the other hooks', async () => {
  await enter('a', 'bad');
  const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const { heard, hooks } = listening();
  const report = await run({
    ...hooks,
    item_done: () => {
      throw new Error('trouble of its own');
    },
  });
  expect(report.counts).toMatchObject({ done: 2, dead: 1 });
  expect(heard.filter(({ kind }) => kind === 'stage_done')).toHaveLength(2);
  expect(error.mock.calls.flat().join()).toContain('trouble of its own');
  error.mockRestore();
});
