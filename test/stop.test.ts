import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Database, verifyAudit } from '../core/engine/index.ts';
import { fitBuiltin } from '../core/models/builtin.ts';
import type { SearchAnswer } from '../core/search/contract.ts';
import { fittingThread } from '../space/embedder/fit.ts';
import { createLog } from '../space/host/log.ts';
import { STOP_TIMES } from '../space/host/stop.ts';
import { startServer } from '../space/server.ts';
import type { Serving } from '../space/serving.ts';
import type { Space } from '../space/space.ts';
import { type EngineHost, openHost } from './support/engine/host.ts';

const LONG_MS = 600_000;
let host: EngineHost;
beforeAll(async () => {
  host = await openHost('an embedded file');
});
afterAll(() => host.close());
beforeEach(() => host.fresh());

type Manner = {
  readonly stage: 'polite' | 'deaf';
  readonly host?: 'stuck';
  readonly abandonMs: number;
  readonly exitMs: number;
};

/** Starts a host, waits until its stage works, and gives it and what it says. */
async function working(
  manner: Manner,
): Promise<{ child: ChildProcess; said: () => string; saysOf: (word: string) => Promise<void> }> {
  const child = spawn(
    process.execPath,
    [
      fileURLToPath(new URL('support/stop-host.mjs', import.meta.url)),
      host.url,
      manner.stage,
      manner.host ?? 'ends',
      String(manner.abandonMs),
      String(manner.exitMs),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let said = '';
  const saysOf = (word: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => said.includes(word) && resolve();
      child.stdout?.on('data', look);
      child.once('close', () => reject(new Error(`ended before it said ${word}: ${said}`)));
      look();
    });
  child.stdout?.on('data', (part: Buffer) => {
    said += part.toString();
  });
  await saysOf('working');
  return { child, said: () => said, saysOf };
}

const endOf = (child: ChildProcess) =>
  new Promise<{ code: number | null; signal: string | null }>((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal })),
  );
const tasks = async () =>
  (await host.client.execute('SELECT state, attempt, lost FROM task ORDER BY item_id')).rows.map((row) => ({ ...row }));
const leases = async () => (await host.client.execute('SELECT state FROM lease')).rows.map(({ state }) => state);

describe('a worker that is asked to stop', () => {
  test.each(['SIGTERM'] as const)(
    '%s: a stage that listens finishes its batch, and all of it counts',
    async (signal) => {
      const { child } = await working({ stage: 'polite', abandonMs: LONG_MS, exitMs: LONG_MS });
      const end = endOf(child);
      child.kill(signal);
      expect(await end).toEqual({ code: 0, signal: null });
      expect((await tasks()).map(({ state }) => state)).toEqual(['done', 'done']);
    },
  );

  test.each(['SIGINT'] as const)('%s: a stage that never ends is given up, its items untouched', async (signal) => {
    const { child, said } = await working({ stage: 'deaf', abandonMs: 100, exitMs: LONG_MS });
    const end = endOf(child);
    child.kill(signal);
    expect(await end).toEqual({ code: 0, signal: null });
    expect(said()).toContain('"wait":2');
    const untouched = { state: 'ready', attempt: 0, lost: 0 };
    expect(await tasks()).toEqual([untouched, untouched]);
    expect(await leases()).toEqual(['released']);
    expect((await verifyAudit(host.db)).problems).toEqual([]);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('%s: where the host hangs too, the process ends all the same, with %i', async (signal, code) => {
    const { child } = await working({ stage: 'deaf', host: 'stuck', abandonMs: 100, exitMs: 1_000 });
    const end = endOf(child);
    child.kill(signal);
    expect(await end).toEqual({ code, signal: null });
    expect(await leases()).toEqual(['released']);
  });

  test('a second signal ends it at once', async () => {
    const { child, saysOf } = await working({ stage: 'deaf', abandonMs: LONG_MS, exitMs: LONG_MS });
    const end = endOf(child);
    child.kill('SIGTERM');
    await saysOf('asked');
    child.kill('SIGTERM');
    expect(await end).toEqual({ code: 143, signal: null });
  });

  test('the product gives up after eight seconds and is gone before the ten that a container host waits', () => {
    expect(STOP_TIMES.exitMs).toBeLessThanOrEqual(8_000);
    expect(STOP_TIMES.exitMs - STOP_TIMES.abandonMs).toBeGreaterThanOrEqual(1_000);
  });
});

describe('the embedder is fitted in a thread', () => {
  const sample = readFileSync(fileURLToPath(new URL('../space/sample/cases.jsonl', import.meta.url)), 'utf8');
  const few = sample
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { text: string }).text);
  // As many as are worth a thread.
  const texts = [...few, ...few.map((text) => `${text} once more`)];

  test('the main thread answers meanwhile, and the model is the same', async () => {
    const fitting = fittingThread();
    const order: string[] = [];
    const fitted = fitting.fit(texts).then((model) => {
      order.push('fitted');
      return model;
    });
    setTimeout(() => order.push('timer'), 0);
    const model = await fitted;
    expect(order).toEqual(['timer', 'fitted']);
    expect(model.fingerprint).toBe(fitBuiltin(texts).fingerprint);
    await fitting.close();
  });

  test('closing ends a fit in its midst', async () => {
    const fitting = fittingThread();
    const fitted = fitting.fit(texts);
    fitted.catch(() => undefined);
    await fitting.close();
    await expect(fitted).rejects.toThrow('was ended');
  });
});

describe('a server that is asked to stop', () => {
  test('turns new searches away with 503 and a time, and answers those in flight', async () => {
    const answer = { results: [], degraded: [] } as unknown as SearchAnswer; // the routes pass it on as it is
    let finish = (_: SearchAnswer): void => undefined;
    let began = (): void => undefined;
    const searching = new Promise<void>((resolve) => {
      began = resolve;
    });
    const serving: Serving = {
      search: () => {
        began();
        return new Promise((resolve) => {
          finish = resolve;
        });
      },
      caseById: () => Promise.resolve(null),
      held: () => null,
      exportable: () => Promise.resolve(null),
      ready: () => ({ ready: true, reason: null }),
      degraded: () => [],
      refresh: () => Promise.resolve(1),
      verifyNow: async () => [],
      refreshTombstones: () => Promise.resolve(),
      follow: () => Promise.resolve(),
    };
    const db: Database = {
      read: () => Promise.reject(new Error('no database')),
      write: () => Promise.reject(new Error('none')),
    };
    const config = { port: 0, host: '127.0.0.1', tickEveryMs: 3_600_000, tickBudgetMs: 1_000 };
    // A server reads no more of a Space than this, and its ticks may fail.
    // The server reads no more of a Space than this.
    const space = { db, config, runtime: { random: () => 0 }, log: createLog('silent') } as unknown as Space;
    const server = await startServer(space, serving);
    const search = () =>
      fetch(`${server.url}/api/search`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ text: 'fever', k: 1 }),
      });
    const inFlight = search();
    await searching;
    const stopped = server.stop();
    const refused = await search();
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ code: 'stopping', status: 503 });
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
    expect((await fetch(`${server.url}/livez`)).status).toBe(200);
    finish(answer);
    expect((await inFlight).status).toBe(200);
    await stopped;
    await expect(search()).rejects.toThrow();
  });
});
