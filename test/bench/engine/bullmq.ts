import { load, versionOf } from './installed.ts';
import { type Open, parts } from './peer.ts';
import { startRedis } from './servers.ts';

type Queue = {
  addBulk: (jobs: { name: string; data: unknown }[]) => Promise<unknown>;
  waitUntilReady: () => Promise<unknown>;
  close: () => Promise<void>;
};
type Worker = {
  on: (event: 'completed' | 'error', listener: (...values: unknown[]) => void) => unknown;
  run: () => Promise<void>;
  waitUntilReady: () => Promise<unknown>;
  close: (force?: boolean) => Promise<void>;
};
type BullMq = {
  Queue: new (name: string, options: object) => Queue;
  Worker: new (name: string, work: () => Promise<void>, options: object) => Worker;
};

/** Many at once: commands that reach Redis together share one fsync. */
const CONCURRENCY = 100;

/** Durable: appendfsync always, so that no answer leaves before its command is on disk. Default: everysec. */
export const bullmq: Open = async ({ folder, peers, setting }) => {
  const { Queue, Worker } = await load<BullMq>(peers, 'bullmq');
  const redis = await startRedis(folder, setting === 'durable' ? 'always' : 'everysec');
  const connection = { host: '127.0.0.1', port: redis.port, maxRetriesPerRequest: null };
  const queue = new Queue('work', { connection });
  await queue.waitUntilReady();
  return {
    versions: { bullmq: versionOf(peers, 'bullmq'), redis: redis.version },
    serverPids: [redis.pid],
    enqueue: async (items) => {
      for (const part of parts(items, 1_000))
        await queue.addBulk(part.map((i) => ({ name: 'work', data: { key: `item-${i}` } })));
    },
    drain: async (items, budgetMs) => {
      const worker = new Worker('work', async () => {}, { connection, concurrency: CONCURRENCY, autorun: false });
      await worker.waitUntilReady();
      const startedMs = performance.now();
      let settled = 0;
      let endedMs = startedMs;
      await new Promise<void>((resolve, reject) => {
        worker.on('completed', () => {
          settled += 1;
          endedMs = performance.now();
          if (settled >= items || endedMs - startedMs > budgetMs) resolve();
        });
        worker.on('error', reject);
        worker.run().catch(reject);
      });
      const drained = { items: settled, tookMs: endedMs - startedMs };
      await worker.close();
      return drained;
    },
    close: async () => {
      await queue.close();
      await redis.stop();
    },
  };
};
