import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  breakLeases,
  definePipeline,
  type Item,
  liveLeases,
  type Pipeline,
  registerPipeline,
  tick,
} from '../core/engine/index.ts';
import { connect, type EngineHost, HOSTS, openHost } from './support/engine/host.ts';
import { counters, drain, enter, expireLeases, newItem, oneOf, recount, rowsOf } from './support/engine/ledger.ts';
import { racePipeline } from './support/engine/race-pipeline.ts';
import { fakeRuntime } from './support/engine/runtime.ts';
import { done, firstStage, madeWrites, stageOf } from './support/engine/walk.ts';

const ITEMS = 300;
const WORKER = fileURLToPath(new URL('./support/engine/race-worker.ts', import.meta.url));

/** A real process that works on `url` once it is told to go. */
type Worker = {
  readonly ready: Promise<void>;
  readonly go: () => void;
  /** Resolves with the n-th line that it prints, from 0; null when it ended before that. */
  readonly line: (n: number) => Promise<string | null>;
  readonly ended: Promise<number | null>;
  readonly child: ChildProcess;
};

function startWorker(url: string, owner: string, holdAt = 0): Worker {
  const child = spawn(process.execPath, ['--import', 'tsx', WORKER, url, owner, String(holdAt)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  const waiting: (() => void)[] = [];
  let over = false;
  const wake = () => {
    for (const check of waiting.splice(0)) check();
  };
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    wake();
  });
  const ended = new Promise<number | null>((resolve) =>
    child.once('close', (code) => {
      over = true;
      wake();
      resolve(code);
    }),
  );
  const line = (n: number) =>
    new Promise<string | null>((resolve) => {
      const check = () => {
        const found = lines[n];
        if (found !== undefined || over) resolve(found ?? null);
        else waiting.push(check);
      };
      check();
    });
  return {
    child,
    ended,
    line,
    ready: line(0).then(() => undefined),
    go: () => child.stdin.write('go\n'),
  };
}

async function expectAllDoneOnce(host: EngineHost, pipeline: Pipeline): Promise<void> {
  const twice = await rowsOf(host.client, 'SELECT stage, key FROM made GROUP BY stage, key HAVING count(*) <> 1');
  expect(twice).toEqual([]);
  expect(await counters(host.client)).toEqual(
    pipeline.stages.map(({ name }) => ({ stage: name, state: 'done', n: ITEMS })),
  );
  expect(await counters(host.client)).toEqual(await recount(host.client));
  expect(await oneOf(host.client, 'SELECT count(*) FROM made')).toBe(ITEMS * pipeline.stages.length);
  // A claim is one attempt: every attempt beyond the one that did the work was lost with its lease.
  expect(await oneOf(host.client, 'SELECT sum(attempt - lost) FROM task')).toBe(ITEMS * pipeline.stages.length);
  expect(await oneOf(host.client, `SELECT count(*) FROM lease WHERE state = 'live'`)).toBe(0);
}

describe.each(HOSTS)('on %s', (name) => {
  let host: EngineHost;
  beforeAll(async () => {
    host = await openHost(name);
  });
  afterAll(() => host?.close());
  beforeEach(() => host.fresh());

  const start = async (pipeline: Pipeline) => {
    await registerPipeline(host.db, pipeline);
    await enter(
      host.db,
      firstStage(pipeline),
      Array.from({ length: ITEMS }, (_, i) => newItem(`k${i}`)),
    );
  };

  test('two workers with connections of their own never hold one item at once', async () => {
    const heldNow = new Set<string>();
    const clashes: string[] = [];
    const shares = new Map<string, number>();
    const stage = (owner: string) =>
      stageOf(
        'one',
        async (batch: readonly Item[]) => {
          for (const { key } of batch) {
            if (heldNow.has(key)) clashes.push(key);
            heldNow.add(key);
          }
          // Lets the other worker claim while this one holds its batch.
          await host.db.read([{ sql: 'SELECT 1', args: [] }]);
          await new Promise(setImmediate);
          for (const { key } of batch) heldNow.delete(key);
          shares.set(owner, (shares.get(owner) ?? 0) + batch.length);
          const outcomes = batch.map(() => done('out'));
          return { outcomes, writes: madeWrites('one', batch, outcomes) };
        },
        { batchMax: 7 },
      );
    const owners = ['left', 'right'];
    const pipelines = owners.map((owner) => definePipeline('race', [stage(owner)]));
    const [first] = pipelines;
    if (!first) throw new Error('no pipeline');
    await start(first);
    const other = await connect(host.url);
    const ends = await Promise.all(
      [host.db, other.db].map((db, i) =>
        tick(db, pipelines[i] ?? first, fakeRuntime({ owner: owners[i] ?? '' }), { budgetMs: 60_000 }),
      ),
    );
    other.close();
    expect(clashes).toEqual([]);
    expect([...shares.keys()].toSorted()).toEqual(owners);
    expect(ends.reduce((sum, { counts }) => sum + counts.done, 0)).toBe(ITEMS);
    await drain(host, first);
    await expectAllDoneOnce(host, first);
  });

  test('three processes at once do every item once, and share the work', async () => {
    const pipeline = racePipeline();
    await start(pipeline);
    const workers = ['p1', 'p2', 'p3'].map((owner) => startWorker(host.url, owner));
    await Promise.all(workers.map(({ ready }) => ready));
    for (const worker of workers) worker.go();
    expect(await Promise.all(workers.map(({ ended }) => ended))).toEqual([0, 0, 0]);
    // Whoever comes to an end while another still holds the last batch leaves nothing to do.
    await drain(host, pipeline);
    await expectAllDoneOnce(host, pipeline);
    expect(await oneOf(host.client, 'SELECT count(DISTINCT owner) FROM lease')).toBeGreaterThan(1);
    expect(await oneOf(host.client, 'SELECT max(lost) FROM task')).toBe(0);
  });

  /** A process that holds a batch in its hands: it stands in the middle of it and will not go on by itself. */
  const holding = async (owner: string, holdAt: number): Promise<Worker> => {
    const worker = startWorker(host.url, owner, holdAt);
    await worker.ready;
    worker.go();
    expect(await worker.line(1)).toBe('holding');
    return worker;
  };

  test('processes that are killed with a batch in their hands lose nothing and repeat nothing', async () => {
    const pipeline = racePipeline();
    await start(pipeline);
    for (const [owner, holdAt] of [
      ['p1', 20],
      ['p2', 200],
    ] as const) {
      const worker = await holding(owner, holdAt);
      worker.child.kill('SIGKILL');
      await worker.ended;
      const left = (await liveLeases(host.db)).filter((lease) => lease.owner === owner);
      expect(left).toHaveLength(1);
      // The next host either knows that the process is dead or waits until its lease is over.
      if (owner === 'p1')
        await breakLeases(
          host.db,
          left.map(({ id }) => id),
        );
      else await expireLeases(host.client);
    }
    await drain(host, pipeline);
    await expectAllDoneOnce(host, pipeline);
    expect(await oneOf(host.client, 'SELECT sum(lost) FROM task')).toBe(32);
  });

  test('a process that slept until others had done its batch wakes up and writes nothing', async () => {
    const pipeline = racePipeline();
    await start(pipeline);
    const sleeper = await holding('sleeper', 20);
    await expireLeases(host.client);
    await drain(host, pipeline);
    sleeper.go();
    expect(await sleeper.ended).toBe(0);
    expect(JSON.parse((await sleeper.line(2)) ?? '{}')).toMatchObject({ done: 16, lost: 16 });
    await expectAllDoneOnce(host, pipeline);
  });
});
