import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { pauseMs } from '../backoff.ts';
import type { Config } from '../config.ts';
import type { Log } from '../host/log.ts';
import type { Serving } from '../serving.ts';
import { type Askable, received, type ServingState, type ThreadMessage, type ThreadRequest } from './protocol.ts';

/** More searches wait than can be answered in good time. */
export class SearchBusyError extends Error {
  override readonly name = 'SearchBusyError';
  constructor() {
    super(`${WAITING_MAX} searches wait already: try again in a few seconds`);
  }
}

/** The thread ended twice while it held this request, or was ended by its host. */
export class SearchLostError extends Error {
  override readonly name = 'SearchLostError';
}

/** What a server needs of `Serving`. */
export type Searching = Pick<Serving, Askable | 'ready' | 'degraded' | 'follow'> & {
  /** Ends the thread; what still waits is rejected. */
  close(): Promise<void>;
};

/** At some 20 ms each, what waits longest waits for five seconds. */
const WAITING_MAX = 256;
/** A request that was in the thread when it died is asked of the next one, but not of a third. */
const DEATHS_MAX = 2;
const LOADING: ServingState = {
  ready: { ready: false, reason: 'the release is being loaded' },
  degraded: [],
};

type Asked = {
  readonly request: Extract<ThreadRequest, { kind: 'ask' }>;
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
  deaths: number;
};

const startThread = (config: Config): Worker =>
  new Worker(new URL('./thread.mjs', import.meta.url), { workerData: config });

/**
 * Searches in one thread of its own, with its own connection, embedder and FAISS: opening a release and scanning it compute without a
 * pause, and on the thread that serves they would hold up every other answer. A thread that dies is replaced, ever more slowly, and
 * asked again what the dead one was asked.
 */
export function startSearching(config: Config, log: Log, start: (config: Config) => Worker = startThread): Searching {
  const asked = new Map<number, Asked>();
  const closing = new AbortController();
  let state = LOADING;
  let nextId = 1;
  let deaths = 0;
  let followed: number | null = null;
  /** A thread that took over has no release open yet, and those who wait were promised an answer from one. */
  let opening = false;
  let refreshId: number | null = null;
  let worker = bringUp();

  function bringUp(): Worker {
    const thread = start(config);
    let why = 'it ended';
    thread.on('message', (message: ThreadMessage) => hear(message));
    thread.once('error', (error: Error) => {
      why = error.message;
    });
    thread.once('exit', () => {
      if (!closing.signal.aborted) void replace(why);
    });
    return thread;
  }

  function hear(message: ThreadMessage): void {
    if (message.kind === 'state') {
      state = message.state;
      return;
    }
    if (message.id === refreshId) {
      // Where it failed, those who wait are told by their own requests what is missing.
      goOn();
      return;
    }
    const held = asked.get(message.id);
    if (!held) return;
    asked.delete(message.id);
    deaths = 0;
    if (message.kind === 'failure') held.reject(received(message.error));
    else held.resolve(message.value as never); // the type that `ask` was called for
  }

  async function replace(why: string): Promise<void> {
    deaths += 1;
    opening = true;
    state = {
      ready: { ready: false, reason: 'the thread that searches has ended and is being started again' },
      degraded: state.degraded,
    };
    log.error({ message: 'the thread that searches ended', detail: why, waiting: asked.size });
    for (const [id, held] of asked) {
      held.deaths += 1;
      if (held.deaths < DEATHS_MAX) continue;
      asked.delete(id);
      held.reject(new SearchLostError(`the thread that searches ended twice with this request at hand (${why})`));
    }
    // The first time at once: whoever waits has waited.
    if (deaths > 1) await sleep(pauseMs(deaths - 1), undefined, { signal: closing.signal }).catch(() => undefined);
    if (closing.signal.aborted) return;
    worker = bringUp();
    refreshId = nextId;
    nextId += 1;
    send({ kind: 'ask', id: refreshId, method: 'refresh', args: [] });
  }

  function goOn(): void {
    refreshId = null;
    opening = false;
    for (const { request } of asked.values()) send(request);
    if (followed !== null) send({ kind: 'follow', everyMs: followed });
  }

  function send(request: ThreadRequest): void {
    if (!opening || request.kind === 'end' || ('id' in request && request.id === refreshId))
      worker.postMessage(request);
  }

  const ask = <Method extends Askable>(
    method: Method,
    ...args: Parameters<Serving[Method]>
  ): ReturnType<Serving[Method]> =>
    new Promise((resolve, reject) => {
      if (closing.signal.aborted) throw new SearchLostError('the search has been ended');
      if (asked.size >= WAITING_MAX) throw new SearchBusyError();
      const request = { kind: 'ask', id: nextId, method, args } as const;
      nextId += 1;
      asked.set(request.id, { request, resolve, reject, deaths: 0 });
      send(request);
    }) as ReturnType<Serving[Method]>; // what the method of that name gives

  return {
    search: (request, settings) => (settings ? ask('search', request, settings) : ask('search', request)),
    caseById: (id) => ask('caseById', id),
    exportable: (id) => ask('exportable', id),
    refresh: () => ask('refresh'),
    refreshTombstones: () => ask('refreshTombstones'),
    ready: () => state.ready,
    degraded: () => state.degraded,
    async follow(everyMs, signal) {
      followed = everyMs;
      send({ kind: 'follow', everyMs });
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    },
    async close() {
      closing.abort();
      for (const { reject } of asked.values()) reject(new SearchLostError('the search has been ended'));
      asked.clear();
      const ended = new Promise((resolve) => worker.once('exit', resolve));
      send({ kind: 'end' });
      await Promise.race([ended, sleep(END_WITHIN_MS, undefined, { ref: false })]);
      await worker.terminate();
    },
  };
}

/** A search at hand may end; then it is ended. */
const END_WITHIN_MS = 300;
