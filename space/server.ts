import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from '@hono/node-server';
import { DatabaseError, tick } from '../core/engine/index.ts';
import { readStatus } from '../core/status.ts';
import { pauseAfter } from './backoff.ts';
import { STOP_TIMES } from './host/stop.ts';
import { createApp } from './http/app.ts';
import { ProblemError } from './http/problems.ts';
import { databaseProbe } from './probe.ts';
import { listReleases } from './releases/list.ts';
import { exampleQueries } from './sample/sample.ts';
import type { Searching } from './searching/searching.ts';
import type { Space } from './space.ts';
import { beforeTick } from './ticking/batching.ts';
import { startTelling, type Telling } from './ticking/telling.ts';

/** How long whoever is turned away should wait: a restart takes some seconds. */
const RETRY_AFTER_S = '10';

/** Serving in a thread of its own, or in this one. */
type ServerSearching = Omit<Searching, 'close'>;

export type RunningServer = { readonly url: string; readonly stop: () => Promise<void> };

const RELEASE_POLL_MS = 2_000;
/** After this the connections that are still open are cut; the process has to end a second later. */
const STOP_WITHIN_MS = STOP_TIMES.abandonMs + 500;

/**
 * Serves pages and API, follows new releases, and ticks the pipeline in process. From the call of `stop` on, searches get 503 while
 * those in flight are answered; it listens until those and the tick at hand have ended. `abandon` ends the tick at once.
 */
export async function startServer(
  space: Space,
  serving: ServerSearching,
  abandon?: AbortSignal,
): Promise<RunningServer> {
  const ending = new AbortController();
  const reached = databaseProbe(space.db, () => performance.now());
  const app = createApp({
    search: async (request) => {
      if (ending.signal.aborted) throw stoppingProblem();
      return serving.search(request);
    },
    caseById: (id) => serving.caseById(id),
    exportable: (id) => serving.exportable(id),
    status: () => readStatus(space.db, space.pipeline, serving.degraded()),
    releases: () => listReleases(space.db, space.store),
    ready: async () => {
      if (ending.signal.aborted) return { ready: false, reason: stoppingProblem().facts.detail };
      const loaded = serving.ready();
      if (!loaded.ready || (await reached())) return loaded;
      return { ready: false, reason: 'The database does not answer; searches do, from the release that is loaded.' };
    },
    exampleQueries,
    // Files of the page are no news; who looks for them sets LOG_LEVEL=debug.
    log: ({ level, ...line }) => space.log[String(line.route).startsWith('/assets') ? 'debug' : level](line),
    requestId: randomUUID,
  });
  const inFlight = new Set<Promise<unknown>>();
  const server = await listen((...given) => {
    const answered = Promise.resolve(app.fetch(...given));
    inFlight.add(answered);
    answered.finally(() => inFlight.delete(answered)).catch(() => undefined);
    return answered;
  }, space);
  const telling = await startTelling(space, ending.signal);
  const background = Promise.all([
    serving.follow(RELEASE_POLL_MS, ending.signal),
    tickForever(space, serving, ending.signal, telling, abandon),
  ]);
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : space.config.port;
  const host = ['0.0.0.0', '127.0.0.1', '::'].includes(space.config.host) ? 'localhost' : space.config.host;
  return {
    url: `http://${host}:${port}`,
    stop: async () => {
      ending.abort();
      const late = sleep(STOP_WITHIN_MS, undefined, { ref: false });
      // Closed at once, it would refuse connections instead of answering that it stops.
      await Promise.race([Promise.all([background, telling.end(), Promise.allSettled(inFlight)]), late]);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // Keep-alive connections become idle one after the other.
      const sweep = setInterval(() => server.closeIdleConnections(), 100);
      await Promise.race([closed, late]);
      clearInterval(sweep);
      server.closeAllConnections();
    },
  };
}

const stoppingProblem = (): ProblemError =>
  new ProblemError({
    status: 503,
    code: 'stopping',
    detail: 'The server is stopping and takes no new work. Nothing is lost; try again when it is back.',
    headers: { 'Retry-After': RETRY_AFTER_S },
  });

function listen(fetch: Parameters<typeof serve>[0]['fetch'], space: Space): Promise<Server> {
  const { port, host } = space.config;
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, port, hostname: host }) as Server; // no TLS and no HTTP/2 is asked for
    server.headersTimeout = 10_000;
    server.requestTimeout = 30_000;
    server.maxConnections = 512;
    server.once('listening', () => resolve(server));
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new Error(`port ${port} is in use: end what listens there, or give another with --port or PORT`)
          : error,
      ),
    );
  });
}

/** Steps the sources and ticks in process: at once while there is work, else every `TICK_EVERY_MS`. A failed tick is logged and the next one tries. */
async function tickForever(
  space: Space,
  serving: ServerSearching,
  signal: AbortSignal,
  telling: Telling,
  abandon: AbortSignal | undefined,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    let goesOn = false;
    try {
      const { tickBudgetMs } = space.config;
      const listing = await beforeTick(space, { tickBudgetMs, stopping: () => signal.aborted, signal });
      const report = await tick(space.db, space.pipeline, space.runtime, {
        budgetMs: tickBudgetMs,
        stopping: () => signal.aborted,
        ...(abandon ? { abandon } : {}),
      });
      telling.now();
      goesOn = report.after.kind === 'work' || listing.goesOn;
      failures = 0;
      // What this process has just learnt of is not shown a moment longer; where that fails, the poll tries again.
      if (report.batches > 0) await serving.refreshTombstones().catch(() => undefined);
      if (listing.pages > 0) space.log.info({ message: 'sources listed', pages: listing.pages });
      if (report.batches > 0)
        space.log.info({ message: 'tick', stage: report.stage, ...report.counts, tookMs: Math.round(report.tookMs) });
    } catch (error) {
      failures += 1;
      const what = error instanceof DatabaseError ? 'the database did not take a tick' : 'a tick failed';
      space.log.error({ message: `${what}: ${(error as Error).message}` });
    }
    const pauseMs = pauseAfter(failures, space.config.tickEveryMs, space.runtime.random());
    if (!goesOn) await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}
