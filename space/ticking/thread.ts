import { parentPort, workerData } from 'node:worker_threads';
import type { Config } from '../config.ts';
import { createLog } from '../host/log.ts';
import { openPipeline } from '../space.ts';
import { tickUntilIdle } from './loop.ts';
import type { ThreadMessage, ThreadRequest } from './threads.ts';

const { config, waitMsMax } = workerData as { config: Config; waitMsMax: number }; // what threads.ts hands over
const tell = (message: ThreadMessage) => parentPort?.postMessage(message);

let asked = false;
const abandon = new AbortController();
parentPort?.on('message', (request: ThreadRequest) => {
  asked = true;
  if (request === 'abandon') abandon.abort(new Error('the host stopped and could wait no longer'));
});

// Releases are built by the main thread alone, so this one needs neither FAISS nor the store.
const opened = await openPipeline(config, createLog(config.logLevel), null);
tell({ kind: 'began', owner: opened.runtime.owner });
try {
  await tickUntilIdle(
    { ...opened, tickBudgetMs: config.tickBudgetMs },
    {
      stopping: () => asked,
      abandon: abandon.signal,
      onBatch: (batch) => tell({ kind: 'batch', batch }),
      waitMsMax,
      itemsMax: Number.POSITIVE_INFINITY,
    },
  );
} finally {
  await opened.close();
  // An open port would keep the thread alive.
  parentPort?.unref();
}
