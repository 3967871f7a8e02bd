import { Worker } from 'node:worker_threads';
import type { Config } from '../config.ts';
import type { BatchEvent } from './loop.ts';

export type ThreadMessage = { readonly kind: 'batch'; readonly batch: BatchEvent };
export type TickThread = {
  readonly stop: () => void;
  /** What ended it early, in words; null when it ended by itself. Never rejects. */
  readonly ended: Promise<string | null>;
};

/**
 * A second thread that ticks on the same database under its own leases. To the engine it is one more host: nothing is
 * shared but the tables.
 */
export function startTickThread(config: Config, waitMsMax: number, onBatch: (batch: BatchEvent) => void): TickThread {
  const worker = new Worker(new URL('./thread.mjs', import.meta.url), { workerData: { config, waitMsMax } });
  worker.on('message', (message: ThreadMessage) => onBatch(message.batch));
  const ended = new Promise<string | null>((resolve) => {
    worker.once('error', (error: Error) => resolve(error.message));
    worker.once('exit', () => resolve(null));
  });
  return { stop: () => worker.postMessage('stop'), ended };
}
