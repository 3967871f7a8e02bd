import { load, versionOf } from './installed.ts';
import { type Open, parts } from './peer.ts';
import { startPostgres } from './servers.ts';

type Jobs = { identifier: string; payload: unknown }[];
type Utils = { migrate: () => Promise<void>; addJobs: (jobs: Jobs) => Promise<unknown>; release: () => Promise<void> };
type Runner = { stop: () => Promise<void>; promise: Promise<void> };
type GraphileWorker = {
  makeWorkerUtils: (options: object) => Promise<Utils>;
  run: (options: object) => Promise<Runner>;
  Logger: new (factory: () => (level: string, message: string) => void) => unknown;
};
type Pool = {
  on: (event: 'error', listener: () => void) => unknown;
  query: (sql: string) => Promise<{ rows: { n: number }[] }>;
  end: () => Promise<void>;
};
type Pg = { Pool: new (options: object) => Pool };

/** As its documentation's page on performance configures the fastest run. */
const TUNED = {
  concurrentJobs: 24,
  maxPoolSize: 25,
  localQueue: { size: 500 },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0,
};

/** The default setting here means without tuning: four at once, each job fetched and completed alone. */
export const graphileWorker: Open = async ({ folder, peers, setting }) => {
  const { makeWorkerUtils, run, Logger } = await load<GraphileWorker>(peers, 'graphile-worker');
  const { Pool } = await load<Pg>(peers, 'pg');
  const postgres = await startPostgres(folder);
  const logger = new Logger(() => (level, message) => {
    if (level === 'error') console.error(message);
  });
  // One pool for all, so that a connection at rest may report the end of its server, which is no news here.
  const pool = new Pool({ connectionString: postgres.url, max: TUNED.maxPoolSize });
  pool.on('error', () => {});
  const utils = await makeWorkerUtils({ pgPool: pool, logger });
  await utils.migrate();
  const left = async (): Promise<number> =>
    Number((await pool.query('SELECT count(*)::int AS n FROM graphile_worker.jobs')).rows[0]?.n);
  return {
    versions: { 'graphile-worker': versionOf(peers, 'graphile-worker'), postgres: postgres.version },
    serverPids: [postgres.pid],
    enqueue: async (items) => {
      for (const part of parts(items, 1_000))
        await utils.addJobs(part.map((i) => ({ identifier: 'work', payload: { key: `item-${i}` } })));
    },
    drain: async (items, budgetMs) => {
      const before = await left();
      // From its first item on: opening its 24 connections is not what the others are asked for.
      let startedMs = 0;
      let begun = 0;
      let enough = () => {};
      const worked = new Promise<void>((resolve) => {
        enough = resolve;
      });
      const work = async () => {
        begun += 1;
        if (begun === 1) startedMs = performance.now();
        if (begun >= items || performance.now() - startedMs > budgetMs) enough();
      };
      const tuned = setting === 'durable' ? TUNED : { concurrentJobs: 4 };
      const runner = await run({
        pgPool: pool,
        preset: { worker: { ...tuned } },
        taskList: { work },
        noHandleSignals: true,
        logger,
      });
      await worked;
      // Its handlers ran; stopping waits for the completions that are still on their way.
      // Stopped while it fetches, this version complains after having completed them; the table says what was completed.
      await runner.stop().catch((error: unknown) => console.error(String(error)));
      const tookMs = performance.now() - startedMs;
      return { items: before - (await left()), tookMs };
    },
    close: async () => {
      await utils.release();
      await pool.end();
      await postgres.stop();
    },
  };
};
