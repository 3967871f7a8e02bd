import { type Client, createClient } from '@libsql/client';
import {
  connectDatabase,
  type Database,
  DatabaseError,
  definePipeline,
  type Outcome,
  type Pipeline,
  type Runtime,
  type Stage,
} from '../../../../core/engine/index.ts';
import { overNetwork } from '../../../../space/database.ts';
import { type NetProxy, startNetProxy } from '../../net-faults.ts';
import { type EngineHost, openHost } from '../host.ts';
import { counters, newItem, oneOf, recount, rowsOf } from '../ledger.ts';
import { fakeRuntime } from '../runtime.ts';
import { done, madeWrites, stageOf } from '../walk.ts';

/** A real sqld with a bad network before it. `host` sees it directly: the observer. */
export type LossyHost = {
  readonly host: EngineHost;
  readonly net: NetProxy;
  /** As a worker opens it: through the bad network. */
  readonly connect: (deadlineMs: number) => { readonly db: Database; readonly close: () => void };
  readonly close: () => Promise<void>;
};

export async function openLossyHost(seed: number): Promise<LossyHost> {
  const host = await openHost('sqld over HTTP');
  const net = await startNetProxy(host.url, seed);
  const clients: Client[] = [];
  return {
    host,
    net,
    connect: (deadlineMs) => {
      const client = createClient({ url: net.url, ...overNetwork(deadlineMs) });
      clients.push(client);
      return { db: connectDatabase(client, { deadlineMs }), close: () => client.close() };
    },
    close: async () => {
      for (const client of clients) client.close();
      await net.close();
      await host.close();
    },
  };
}

/** What one request asks of the database, by its statements. */
export const REQUEST_KINDS = [
  'enter',
  'claim',
  'heartbeat',
  'effect intent',
  'effect result',
  'commit',
  'report',
  'reclaim',
  'register',
  'read',
] as const;
export type RequestKind = (typeof REQUEST_KINDS)[number];

export function kindOf(request: string): RequestKind {
  if (request.includes('INSERT INTO run(')) return 'report';
  if (request.includes('INSERT INTO lease(')) return 'claim';
  if (request.includes('INSERT INTO stage_control(')) return 'register';
  if (request.includes('INSERT INTO progress_sample(')) return 'commit';
  if (request.includes('INSERT INTO effect(')) return 'effect intent';
  if (request.includes(`UPDATE effect SET state = 'done'`)) return 'effect result';
  if (request.includes('INSERT INTO item(')) return 'enter';
  if (request.includes(`state = 'expired'`)) return 'reclaim';
  if (request.includes('UPDATE lease SET expires_ms')) return 'heartbeat';
  return 'read';
}

type StageName = 'fetch' | 'keep';
/** Two stages; each item of each costs one call of an outside service, which keeps its own books. */
export type Traffic = {
  readonly pipeline: Pipeline;
  /** Every call that the service was paid for, as `stage key`. */
  readonly paid: readonly string[];
  /** A host whose heartbeat rings once while its stage works a batch. */
  readonly runtime: (owner?: string) => Runtime;
};

/** `fetch` pays again for what it does not know about; the service of `keep` can be asked what became of a call. */
export function traffic(
  options: { readonly batchMax?: number; readonly leaseMs?: number; readonly stages?: readonly StageName[] } = {},
): Traffic {
  const { batchMax = 8, leaseMs = 60_000, stages = ['fetch', 'keep'] } = options;
  const paid: string[] = [];
  const answers = new Map<string, string>();
  const beats = new Set<() => void>();
  const work = (name: StageName): Stage =>
    stageOf(
      name,
      async (batch, { effects }) => {
        for (const beat of beats) beat();
        const outcomes: Outcome[] = [];
        for (const item of batch) {
          const call = async (key: string) => {
            paid.push(`${name} ${item.key}`);
            const result = `${name}(${item.inputHash})`;
            answers.set(key, result);
            return { result, cost: 1 };
          };
          const ask = async (key: string) => {
            const result = answers.get(key);
            return result === undefined ? null : { result };
          };
          outcomes.push(done(await effects.run(item, name === 'keep' ? { call, ask } : { call })));
        }
        return { outcomes, writes: madeWrites(name, batch, outcomes) };
      },
      { batchMax, leaseMs },
    );
  return {
    paid,
    pipeline: definePipeline('traffic', stages.map(work)),
    runtime: (owner = 'test-host/1') =>
      fakeRuntime({
        owner,
        monotonicMs: () => performance.now(),
        newId: () => crypto.randomUUID(),
        every: (_, beat) => {
          beats.add(beat);
          return () => beats.delete(beat);
        },
      }),
  };
}

/** Calls of a stage that were paid for twice or more. */
export const paidTwice = ({ paid }: Traffic, stage: StageName): number => {
  const own = paid.filter((call) => call.startsWith(`${stage} `));
  return own.length - new Set(own).size;
};

export const keysOf = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `k${String(i).padStart(4, '0')}`);
export const itemsOf = (keys: readonly string[]) => keys.map((key) => newItem(key));

/** What is wrong with a finished run; all zero when nothing is. */
export type Faulty = {
  readonly lost: number;
  readonly doubled: number;
  readonly buried: number;
  readonly miscounted: number;
};
export const WHOLE: Faulty = { lost: 0, doubled: 0, buried: 0, miscounted: 0 };

/** Compares what stands in the database with what must: one `made` row for each stage and key, every task done. */
export async function faultyIn(client: Client, pipeline: Pipeline, keys: readonly string[]): Promise<Faulty> {
  const made = await rowsOf(client, 'SELECT stage, key, count(*) AS n FROM made GROUP BY stage, key');
  const done = await oneOf(client, `SELECT count(*) FROM task WHERE state = 'done'`);
  const wanted = pipeline.stages.length * keys.length;
  const [own, true_] = [await counters(client), await recount(client)];
  return {
    lost: Math.max(0, wanted - made.length, wanted - Number(done)),
    doubled: made.filter(({ n }) => Number(n) !== 1).length,
    buried: Number(await oneOf(client, `SELECT count(*) FROM task WHERE state = 'dead'`)),
    miscounted: JSON.stringify(own) === JSON.stringify(true_) ? 0 : 1,
  };
}

/** What a call ended with; anything but an answer or a `DatabaseError` is a fault of its own and thrown. */
export async function outcomeOf<T>(
  call: Promise<T>,
): Promise<{ readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: DatabaseError }> {
  try {
    return { ok: true, value: await call };
  } catch (error) {
    if (error instanceof DatabaseError) return { ok: false, error };
    throw error;
  }
}
