import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { abandon, type Database, liveLeases } from '../../core/engine/index.ts';
import type { Config } from '../config.ts';
import type { BatchEvent } from './loop.ts';

export type ThreadMessage =
  | { readonly kind: 'began'; readonly owner: string }
  | { readonly kind: 'batch'; readonly batch: BatchEvent };
/** What the main thread asks for: an end at the next commit, or at once. */
export type ThreadRequest = 'stop' | 'abandon';
export type TickThread = {
  readonly stop: () => void;
  /** Ends it whatever it does, also in the midst of a computation, and gives back what it held. */
  readonly abandon: () => Promise<void>;
  /** What ended it early, in words; null when it ended by itself. Never rejects. */
  readonly ended: Promise<string | null>;
};

/** How long a thread that is told to give up may take for that before it is ended from outside. */
const ABANDON_WITHIN_MS = 500;

/**
 * A second thread that ticks on the same database under its own leases. To the engine it is one more host: nothing is
 * shared but the tables.
 */
export function startTickThread(
  db: Database,
  config: Config,
  waitMsMax: number,
  onBatch: (batch: BatchEvent) => void,
): TickThread {
  const worker = new Worker(new URL('./thread.mjs', import.meta.url), { workerData: { config, waitMsMax } });
  let owner: string | null = null;
  worker.on('message', (message: ThreadMessage) => {
    if (message.kind === 'began') owner = message.owner;
    else onBatch(message.batch);
  });
  const ended = new Promise<string | null>((resolve) => {
    worker.once('error', (error: Error) => resolve(error.message));
    worker.once('exit', () => resolve(null));
  });
  const ask = (request: ThreadRequest) => worker.postMessage(request);
  return {
    ended,
    stop: () => ask('stop'),
    abandon: async () => {
      ask('abandon');
      const left = await Promise.race([ended.then(() => false), sleep(ABANDON_WITHIN_MS, true)]);
      if (!left) return;
      await worker.terminate();
      if (owner !== null) await giveBack(db, owner);
    },
  };
}

/** Gives back the claims of a thread that was ended: nothing of its items is at fault, so no loss is counted. */
async function giveBack(db: Database, owner: string): Promise<void> {
  for (const lease of await liveLeases(db)) if (lease.owner === owner) await abandon(db, lease.id, owner);
}
