import { Worker } from 'node:worker_threads';
import { fitBuiltin } from '../../core/models/builtin.ts';
import type { FittedModel } from '../../core/models/ports.ts';

/** Texts whose fit takes longer than a thread takes to start (some 0.4 s). */
const THREAD_TEXTS = 200;

export type Fitting = {
  readonly fit: (texts: readonly string[]) => Promise<FittedModel>;
  /** Ends what still runs; nobody hears of its result. */
  readonly close: () => Promise<void>;
};

/**
 * Fits the builtin embedder in a thread of its own: it computes for seconds on end, and on the thread that serves it would
 * hold up every answer and every signal meanwhile.
 */
export function fittingThread(): Fitting {
  const running = new Set<Worker>();
  const inThread = (texts: readonly string[]): Promise<FittedModel> => {
    const worker = new Worker(new URL('./fit-thread.mjs', import.meta.url), { workerData: texts });
    running.add(worker);
    return new Promise<FittedModel>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      // After a result this changes nothing.
      worker.once('exit', () => reject(new Error('the thread that fits the embedder was ended')));
    }).finally(() => running.delete(worker));
  };
  return {
    fit: async (texts) => (texts.length < THREAD_TEXTS ? fitBuiltin(texts) : inThread(texts)),
    close: async () => {
      await Promise.all([...running].map((worker) => worker.terminate()));
    },
  };
}
