import { load, versionOf } from './installed.ts';
import { type Open, parts, repeat } from './peer.ts';
import { startPostgres } from './servers.ts';

type Boss = {
  on: (event: 'error', listener: (error: unknown) => void) => unknown;
  start: () => Promise<unknown>;
  createQueue: (name: string) => Promise<unknown>;
  insert: (jobs: { name: string; data: unknown }[]) => Promise<unknown>;
  fetch: (name: string, options: { batchSize: number }) => Promise<{ id: string }[]>;
  complete: (name: string, ids: string[]) => Promise<unknown>;
  stop: (options: { graceful: boolean; wait: boolean }) => Promise<void>;
};
type PgBoss = { default: new (options: object) => Boss };

/** Its `work` polls at most twice a second, so the bench calls what `work` calls: fetch a batch, complete the batch. */
export const pgBoss: Open = async ({ folder, peers, batch }) => {
  const { default: PgBoss } = await load<PgBoss>(peers, 'pg-boss');
  const postgres = await startPostgres(folder);
  const boss = new PgBoss({ connectionString: postgres.url, schedule: false });
  boss.on('error', (error) => console.error(error));
  await boss.start();
  await boss.createQueue('work');
  return {
    versions: { 'pg-boss': versionOf(peers, 'pg-boss'), postgres: postgres.version },
    serverPids: [postgres.pid],
    enqueue: async (items) => {
      for (const part of parts(items, 1_000))
        await boss.insert(part.map((i) => ({ name: 'work', data: { key: `item-${i}` } })));
    },
    drain: (items, budgetMs) =>
      repeat(items, budgetMs, async () => {
        const jobs = await boss.fetch('work', { batchSize: batch });
        if (jobs.length === 0) return 0;
        await boss.complete(
          'work',
          jobs.map((job) => job.id),
        );
        return jobs.length;
      }),
    close: async () => {
      await boss.stop({ graceful: false, wait: true });
      await postgres.stop();
    },
  };
};
