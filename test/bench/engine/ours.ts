import { join } from 'node:path';
import { createClient } from '@libsql/client';
import {
  connectDatabase,
  type Database,
  definePipeline,
  defineStage,
  enterStatements,
  type Runtime,
  registerPipeline,
  statement,
  tick,
} from '../../../core/engine/index.ts';
import { openDatabase } from '../../../space/database.ts';
import { openEmbedded } from '../../../space/embedded.ts';
import { startSqld } from '../../support/sqld.ts';
import { type Open, type Place, parts, repeat } from './peer.ts';

const DEADLINE_MS = 60_000;
const ENTER_SIZE = 1_000;

const pipelineOf = (batch: number) =>
  definePipeline('bench', [
    defineStage({
      name: 'work',
      itemKind: 'document',
      batchMax: batch,
      leaseMs: 60_000,
      retry: { attemptsMax: 3, delayMsFirst: 1_000, delayMsMax: 60_000 },
      settles: 'each',
      fingerprint: 'work-1',
      process: async (items) => ({ outcomes: items.map(() => ({ kind: 'done', outputHash: 'made' })), writes: [] }),
    }),
  ]);

const runtime: Runtime = {
  monotonicMs: () => performance.now(),
  random: Math.random,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  owner: 'bench/1',
  every: (everyMs, callback) => {
    const timer = setInterval(callback, everyMs);
    return () => clearInterval(timer);
  },
};

type Opened = { readonly db: Database; readonly close: () => Promise<void>; readonly serverPids: readonly number[] };

async function openFile({ folder, setting }: Place): Promise<Opened> {
  const path = join(folder, 'state.db');
  const opened = await openDatabase({ url: `file:${path}`, deadlineMs: DEADLINE_MS });
  if (setting === 'durable') return { db: opened.db, serverPids: [], close: async () => opened.close() };
  opened.close();
  const { db, close } = openEmbedded(path, ['journal_mode = WAL', 'synchronous = NORMAL', 'cache_size = -65536']);
  return { db, serverPids: [], close: async () => close() };
}

async function openServer(): Promise<Opened> {
  const server = await startSqld();
  (await openDatabase({ url: server.url, deadlineMs: DEADLINE_MS })).close();
  const client = createClient({ url: server.url });
  return {
    db: connectDatabase(client, { deadlineMs: DEADLINE_MS }),
    serverPids: [server.pid],
    close: async () => {
      client.close();
      await server.stop();
    },
  };
}

const openOurs =
  (open: (place: Place) => Promise<Opened>): Open =>
  async (place) => {
    const { db, close, serverPids } = await open(place);
    if (serverPids.length === 0) {
      const [found] = await db.read([statement('PRAGMA synchronous')]);
      const synchronous = found?.rows[0]?.synchronous;
      if (synchronous !== (place.setting === 'durable' ? 2 : 1))
        throw new Error(`ours runs with synchronous ${synchronous}`);
    }
    const pipeline = pipelineOf(place.batch);
    const [stage] = pipeline.stages;
    if (!stage) throw new Error('the bench has no stage');
    await registerPipeline(db, pipeline);
    let entered = 0;
    return {
      versions: {},
      serverPids,
      enqueue: async (items) => {
        for (const part of parts(items, ENTER_SIZE))
          await db.write(
            enterStatements(
              stage,
              part.map((i) => ({ kind: 'document', key: `item-${entered + i}`, source: 'bench', contentHash: `${i}` })),
            ),
          );
        entered += items;
      },
      drain: (items, budgetMs) => {
        const untilMs = performance.now() + budgetMs;
        return repeat(items, budgetMs, async () => {
          const { counts } = await tick(db, pipeline, runtime, { budgetMs: untilMs - performance.now() });
          return counts.done;
        });
      },
      close,
    };
  };

export const oursOnFile = openOurs(openFile);
export const oursOnSqld = openOurs(openServer);
