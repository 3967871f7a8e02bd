import { Worker } from 'node:worker_threads';
import type { Config } from '../config.ts';
import type { BatchEvent } from './loop.ts';

export type ThreadMessage = { readonly kind: 'batch'; readonly batch: BatchEvent };
export type TickThread = { readonly stop: () => void; readonly ended: Promise<void> };

/**
 * A second thread that ticks on the same database under its own leases. To the engine it is one more host: nothing is
 * shared but the tables.
 */
export function startTickThread(config: Config, waitMsMax: number, onBatch: (batch: BatchEvent) => void): TickThread {
  const worker = new Worker(new URL('./thread.mjs', import.meta.url), { workerData: { config, waitMsMax } });
  worker.on('message', (message: ThreadMessage) => onBatch(message.batch));
  const ended = new Promise<void>((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', () => resolve());
  });
  return { stop: () => worker.postMessage('stop'), ended };
}
