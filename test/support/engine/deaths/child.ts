import { setTimeout as sleep } from 'node:timers/promises';
import {
  connectDatabase,
  type Database,
  type FailPoint,
  type Runtime,
  registerPipeline,
} from '../../../../core/engine/index.ts';
import { openEmbedded } from '../../../../space/embedded.ts';
import { nodeRuntime, ownerOfThisProcess, recoverDeadLeases } from '../../../../space/host/owner.ts';
import { surviveDroppedSteps } from '../../../../space/host/rejections.ts';
import { stopOnSignal } from '../../../../space/host/stop.ts';
import { tickUntilIdle } from '../../../../space/ticking/loop.ts';
import { deathsPipeline } from './pipeline.ts';
import { type Plan, readFailPoint, type Said } from './plan.ts';
import { connectWitness } from './witness.ts';

/**
 * A worker process that dies where it is told to: it opens the database as the product does, takes back what dead processes
 * held, then ticks with the product's own loop.
 */

const LINGER_MS = 5;

const tell = (said: Said): void => {
  process.stdout.write(`${JSON.stringify(said)}\n`);
};

async function open(url: string): Promise<{ readonly db: Database; readonly close: () => void }> {
  if (url.startsWith('file:')) return openEmbedded(url.slice('file:'.length));
  // Loaded only where it is used: a start should cost little.
  const { createClient } = await import('@libsql/client/http');
  surviveDroppedSteps();
  const client = createClient({ url });
  return { db: connectDatabase(client, { deadlineMs: 30_000 }), close: () => client.close() };
}

async function pragmasOf(db: Database, url: string): Promise<Record<string, unknown>> {
  if (!url.startsWith('file:')) return {};
  const names = ['journal_mode', 'synchronous'];
  const values = await Promise.all(names.map((name) => db.read([{ sql: `PRAGMA ${name}`, args: [] }])));
  return Object.fromEntries(names.map((name, i) => [name, Object.values(values[i]?.[0]?.rows[0] ?? {})[0]]));
}

/** Counts how often the engine reaches each label, and dies at the one that `FAILPOINT` names. */
function reaching(text: string | undefined): {
  readonly reach: (label: FailPoint) => void;
  readonly passes: () => Record<string, number>;
} {
  const wanted = text ? readFailPoint(text) : null;
  const reached = new Map<FailPoint, number>();
  return {
    reach: (label) => {
      const times = (reached.get(label) ?? 0) + 1;
      reached.set(label, times);
      if (label !== wanted?.label || times !== wanted.nth) return;
      process.kill(process.pid, wanted.act === 'kill' ? 'SIGKILL' : 'SIGSTOP');
    },
    passes: () => Object.fromEntries(reached),
  };
}

async function main(plan: Plan): Promise<void> {
  // Nobody waits for a child whose supervisor is gone.
  process.stdin.on('close', () => process.exit(3)).resume();
  const stop = stopOnSignal((signal) => tell({ say: 'stopping', signal }));
  const { db, close } = await open(plan.url);
  const witness = await connectWitness(plan.witness, plan.life);
  const pipeline = deathsPipeline(plan, { db, witness });
  await registerPipeline(db, pipeline);
  if (plan.recover) await recoverDeadLeases(db);
  const { reach, passes } = reaching(process.env.FAILPOINT);
  const runtime: Runtime = { ...nodeRuntime(ownerOfThisProcess()), reach };
  tell({ say: 'ready', pragmas: await pragmasOf(db, plan.url) });
  const loop = () =>
    tickUntilIdle(
      // A batch a tick: every label of a tick is passed often.
      { db, pipeline, runtime, tickBudgetMs: 0 },
      {
        stopping: stop.stopping,
        abandon: stop.abandon,
        onBatch: ({ stage, counts }) => tell({ say: 'batch', stage, counts: { ...counts } }),
        waitMsMax: 1_000,
        itemsMax: Number.POSITIVE_INFINITY,
      },
    );
  let { end } = await loop();
  while (!plan.untilIdle && end !== 'stopped') {
    await sleep(LINGER_MS);
    ({ end } = await loop());
  }
  tell({ say: 'end', end, ticks: passes()['tick.begin'] ?? 0, passes: passes() });
  close();
  process.exit(0);
}

main(JSON.parse(process.argv[2] ?? '{}') as Plan).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
