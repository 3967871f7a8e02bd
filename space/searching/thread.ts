import { parentPort, workerData } from 'node:worker_threads';
import type { Config } from '../config.ts';
import { createLog } from '../host/log.ts';
import { createServing } from '../serving.ts';
import { openForServing } from '../space.ts';
import { type ServingState, sent, type ThreadMessage, type ThreadRequest } from './protocol.ts';

/** How often it is looked whether something happened that no request has brought about. */
const STATE_EVERY_MS = 250;

const config = workerData as Config; // what searching.ts hands over
const tell = (message: ThreadMessage) => parentPort?.postMessage(message);

const opened = await openForServing(config, createLog(config.logLevel));
const serving = createServing(opened);
const ending = new AbortController();
let told = '';

function tellState(): void {
  const state: ServingState = { ready: serving.ready(), degraded: serving.degraded() };
  const text = JSON.stringify(state);
  if (text === told) return;
  told = text;
  tell({ kind: 'state', state });
}

async function answer({ id, method, args }: Extract<ThreadRequest, { kind: 'ask' }>): Promise<void> {
  // The other side has the types of `Serving`, and sends what that takes.
  const ask = serving[method] as (...given: readonly unknown[]) => Promise<unknown>;
  try {
    const value = await ask(...args);
    // Before the answer: who waits for a release to load asks next whether there is one.
    tellState();
    tell({ kind: 'answer', id, value });
  } catch (error) {
    tellState();
    tell({ kind: 'failure', id, error: sent(error) });
  }
}

async function end(): Promise<void> {
  ending.abort();
  clearInterval(looking);
  await opened.close();
  // An open port would keep the thread alive.
  parentPort?.unref();
}

const looking = setInterval(tellState, STATE_EVERY_MS);
parentPort?.on('message', (request: ThreadRequest) => {
  if (request.kind === 'ask') void answer(request);
  else if (request.kind === 'follow') void serving.follow(request.everyMs, ending.signal);
  else void end();
});
tellState();
