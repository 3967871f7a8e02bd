import { join } from 'node:path';
import { load, versionOf } from './installed.ts';
import type { Open } from './peer.ts';

type Connection = { pragma: (text: string) => unknown };
type Queue = { addMany: (type: string, data: unknown[]) => unknown; close: () => void };
type Worker = { start: () => Promise<void>; stop: () => Promise<void> };
type Plainjob = {
  better: (database: unknown) => Connection;
  defineQueue: (options: object) => Queue;
  defineWorker: (type: string, work: () => Promise<void>, options: object) => Worker;
};
type Sqlite = { default: new (path: string) => { pragma: (text: string, options: object) => unknown } };

const quiet = { error: console.error, warn: () => {}, info: () => {}, debug: () => {} };

/** plainjob sets synchronous to NORMAL when it opens; the durable setting puts it back to FULL. */
export const plainjob: Open = async ({ folder, peers, setting }) => {
  const { better, defineQueue, defineWorker } = await load<Plainjob>(peers, 'plainjob');
  const { default: Sqlite } = await load<Sqlite>(peers, 'better-sqlite3');
  const database = new Sqlite(join(folder, 'plainjob.db'));
  const connection = better(database);
  const queue = defineQueue({ connection, logger: quiet });
  if (setting === 'durable') connection.pragma('synchronous = FULL');
  const synchronous = database.pragma('synchronous', { simple: true });
  if (synchronous !== (setting === 'durable' ? 2 : 1)) throw new Error(`plainjob runs with synchronous ${synchronous}`);
  return {
    versions: { plainjob: versionOf(peers, 'plainjob'), 'better-sqlite3': versionOf(peers, 'better-sqlite3') },
    serverPids: [],
    enqueue: async (items) => {
      queue.addMany(
        'work',
        Array.from({ length: items }, (_, i) => ({ key: `item-${i}` })),
      );
    },
    drain: async (items, budgetMs) => {
      const startedMs = performance.now();
      let settled = 0;
      let endedMs = startedMs;
      // `worker` is called only after its definition.
      const worker: Worker = defineWorker('work', async () => {}, {
        queue,
        logger: quiet,
        onCompleted: () => {
          settled += 1;
          endedMs = performance.now();
          if (settled >= items || endedMs - startedMs > budgetMs) void worker.stop();
        },
      });
      await worker.start();
      return { items: settled, tookMs: endedMs - startedMs };
    },
    close: async () => queue.close(),
  };
};
