import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from '@hono/node-server';
import { DatabaseError, tick } from '../core/engine/index.ts';
import { readStatus } from '../core/status.ts';
import { pauseAfter } from './backoff.ts';
import { createApp } from './http/app.ts';
import { databaseProbe } from './probe.ts';
import { exampleQueries } from './sample/sample.ts';
import type { Serving } from './serving.ts';
import type { Space } from './space.ts';

export type RunningServer = { readonly url: string; readonly stop: () => Promise<void> };

const RELEASE_POLL_MS = 2_000;
/** Under the ten seconds that a container host gives. */
const STOP_WITHIN_MS = 8_000;

/** Serves pages and API, follows new releases, and ticks the pipeline in process. */
export async function startServer(space: Space, serving: Serving): Promise<RunningServer> {
  const ending = new AbortController();
  const reached = databaseProbe(space.db, () => performance.now());
  const app = createApp({
    search: (request) => serving.search(request),
    caseById: (id) => serving.caseById(id),
    status: () => readStatus(space.db, space.pipeline, serving.degraded()),
    ready: async () => {
      const loaded = serving.ready();
      if (!loaded.ready || (await reached())) return loaded;
      return { ready: false, reason: 'The database does not answer; searches do, from the release that is loaded.' };
    },
    exampleQueries,
    // Files of the page are no news; who looks for them sets LOG_LEVEL=debug.
    log: ({ level, ...line }) => space.log[String(line.route).startsWith('/assets') ? 'debug' : level](line),
    requestId: randomUUID,
  });
  const server = await listen(app.fetch, space);
  const background = Promise.all([serving.follow(RELEASE_POLL_MS, ending.signal), tickForever(space, ending.signal)]);
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : space.config.port;
  const host = ['0.0.0.0', '127.0.0.1', '::'].includes(space.config.host) ? 'localhost' : space.config.host;
  return {
    url: `http://${host}:${port}`,
    stop: async () => {
      ending.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // Keep-alive connections become idle one after the other.
      const sweep = setInterval(() => server.closeIdleConnections(), 100);
      await Promise.race([Promise.all([closed, background]), sleep(STOP_WITHIN_MS)]);
      clearInterval(sweep);
      server.closeAllConnections();
    },
  };
}

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

/** Ticks in process: at once while there is work, else every `TICK_EVERY_MS`. A failed tick is logged and the next one tries. */
async function tickForever(space: Space, signal: AbortSignal): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    let goesOn = false;
    try {
      const report = await tick(space.db, space.pipeline, space.runtime, {
        budgetMs: space.config.tickBudgetMs,
        stopping: () => signal.aborted,
      });
      goesOn = report.after.kind === 'work';
      failures = 0;
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
