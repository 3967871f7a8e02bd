import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, createClient } from '@libsql/client';
import { connectDatabase, type Database, type Pipeline, type Runtime, tick } from '../../../../core/engine/index.ts';
import { surviveDroppedSteps } from '../../../../space/host/rejections.ts';
import type { Answer, Command, Drained, Hold, Opened } from './crew.ts';
import { type Work, type WorkHooks, witnessInFile, workPipeline } from './work.ts';

/**
 * A worker process: reads one command a line from standard input and answers each by a line. What holds it amid its work
 * it says in lines of their own.
 */
type Connection = {
  readonly client: Client;
  readonly db: Database;
  readonly pipeline: Pipeline;
  readonly runtime: Runtime;
};

const connections = new Map<string, Connection>();
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
let hold: Hold | null = null;

/** Stays in the middle of a batch until a file appears: with its timers running, or with the whole thread asleep. */
function stay(owner: string, leaseId: number): Promise<void> | void {
  if (hold === null || hold.owner !== owner) return;
  const { mode, until } = hold;
  hold = null;
  say({ holding: owner, leaseId });
  if (mode === 'asleep') {
    const nothing = new Int32Array(new SharedArrayBuffer(4));
    while (!existsSync(until)) Atomics.wait(nothing, 0, 0, 2);
    return;
  }
  return (async () => {
    while (!existsSync(until)) await sleep(5);
  })();
}

/** As the product opens its file (space/database.ts), without the weight of its migrations. */
async function connect(url: string): Promise<Client> {
  surviveDroppedSteps();
  const embedded = url.startsWith('file:');
  const client = createClient({ url, ...(embedded ? { concurrency: 1, timeout: 10_000 } : {}) });
  if (embedded)
    for (const pragma of ['journal_mode = WAL', 'synchronous = FULL', 'busy_timeout = 10000'])
      await client.execute(`PRAGMA ${pragma}`);
  return client;
}

const runtimeOf = (owner: string): Runtime => ({
  monotonicMs: () => performance.now(),
  random: Math.random,
  owner,
  every: (everyMs, callback) => {
    const timer = setInterval(callback, everyMs);
    return () => clearInterval(timer);
  },
  sleep: (ms) => sleep(ms),
});

async function open({ url, owners, work, ledger }: Opened): Promise<void> {
  for (const { client } of connections.values()) client.close();
  connections.clear();
  for (const [i, owner] of owners.entries()) {
    const client = await connect(url);
    const hooks: WorkHooks = {
      owner,
      witness: witnessInFile(ledger),
      amid: (_, { leaseId }) => stay(owner, leaseId),
    };
    const own: Work = { ...work, seed: work.seed + i };
    const db = connectDatabase(client, { deadlineMs: 30_000 });
    connections.set(owner, { client, db, pipeline: workPipeline(own, hooks), runtime: runtimeOf(owner) });
  }
}

/** Ticks until everything is settled; what a tick throws is counted and the next one tries, as the server does. */
async function drain(owner: string, connection: Connection, deadlineMs: number): Promise<Drained> {
  const { db, pipeline, runtime } = connection;
  const errors: string[] = [];
  let [ticks, done, lost] = [0, 0, 0];
  const untilMs = performance.now() + deadlineMs;
  while (performance.now() < untilMs) {
    ticks += 1;
    try {
      const { counts, after } = await tick(db, pipeline, runtime, { budgetMs: 60_000 });
      done += counts.done;
      lost += counts.lost;
      if (after.kind === 'serving') return { owner, ticks, done, lost, errors, idle: true };
      if (after.kind === 'waiting') await sleep(10);
    } catch (error) {
      errors.push(String(error));
      await sleep(10);
    }
  }
  return { owner, ticks, done, lost, errors, idle: false };
}

async function obey(command: Command): Promise<unknown> {
  switch (command.do) {
    case 'open':
      return open(command);
    case 'hold':
      hold = command;
      return;
    case 'tick': {
      const connection = connections.get(command.owner);
      if (!connection) throw new Error(`${command.owner} has no connection`);
      const { counts, after, batches } = await tick(connection.db, connection.pipeline, connection.runtime, {
        budgetMs: 60_000,
        ...(command.itemsMax === undefined ? {} : { itemsMax: command.itemsMax }),
      });
      return { counts, batches, after: after.kind, gate: after.kind === 'waiting' ? after.gate.kind : null };
    }
    case 'drain':
      return Promise.all([...connections].map(([owner, connection]) => drain(owner, connection, command.deadlineMs)));
    case 'clock':
      return Date.now();
  }
}

const answer = async (line: string): Promise<void> => {
  const { id, command } = JSON.parse(line) as { readonly id: number; readonly command: Command };
  const said: Answer = await obey(command).then(
    (result) => ({ id, result: result ?? null }),
    (error: unknown) => ({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
  say(said);
};
createInterface({ input: process.stdin })
  .on('line', (line) => void answer(line))
  .on('close', () => process.exit(0));
say({ ready: true });
