import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from '@libsql/client';
import { type Database, NOW } from '../../../core/engine/index.ts';
import { createHttp, type HttpDeps, webClock } from '../../../core/sources/http/client.ts';
import type { Http } from '../../../core/sources/http/http.ts';
import type { ServiceSettings } from '../../../core/sources/http/services.ts';
import { openDatabase } from '../../../space/database.ts';
import { openEmbedded } from '../../../space/embedded.ts';
import { type NodeTransport, nodeTransport, type Resolve } from '../../../space/sources/transport.ts';

/** A server on loopback that counts what it sees, a database file, and the client between them. */

export type Seen = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly atMs: number;
  readonly body: string;
};
export type Answer = (request: IncomingMessage, response: ServerResponse, seen: Seen) => void;

export type LoopbackServer = {
  readonly origin: string;
  readonly seen: Seen[];
  readonly connections: () => number;
  /** Most requests that were open at once. */
  readonly inFlightMax: () => number;
  readonly inFlight: () => number;
  answer: Answer;
  readonly close: () => Promise<void>;
};

export async function startServer(answer: Answer, host = '127.0.0.1'): Promise<LoopbackServer> {
  const seen: Seen[] = [];
  let inFlight = 0;
  let inFlightMax = 0;
  let connections = 0;
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    inFlight += 1;
    inFlightMax = Math.max(inFlightMax, inFlight);
    response.once('close', () => {
      inFlight -= 1;
    });
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.once('end', () => {
      const one = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        atMs: performance.now(),
        body: Buffer.concat(parts).toString(),
      };
      seen.push(one);
      self.answer(request, response, one);
    });
  });
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const self: LoopbackServer = {
    origin: `http://${host}:${(server.address() as AddressInfo).port}`,
    seen,
    connections: () => connections,
    inFlightMax: () => inFlightMax,
    inFlight: () => inFlight,
    answer,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return self;
}

/** A clock that stands still until it is moved, for the database and for timers alike. */
export type FakeClock = {
  ms: number;
  readonly after: HttpDeps['after'];
  /** Moves to `ms`, calling every timer on the way at its own time. */
  readonly to: (ms: number) => void;
  readonly timers: () => number;
  readonly nextMs: () => number | null;
};

export function fakeClock(startMs: number): FakeClock {
  const timers = new Set<{ readonly atMs: number; readonly callback: () => void }>();
  const first = () => [...timers].sort((a, b) => a.atMs - b.atMs)[0];
  const clock: FakeClock = {
    ms: startMs,
    after: (ms, callback) => {
      const timer = { atMs: clock.ms + ms, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    to: (ms) => {
      for (let next = first(); next && next.atMs <= ms; next = first()) {
        timers.delete(next);
        clock.ms = Math.max(clock.ms, next.atMs);
        next.callback();
      }
      clock.ms = Math.max(clock.ms, ms);
    },
    timers: () => timers.size,
    nextMs: () => first()?.atMs ?? null,
  };
  return clock;
}

/** The same database, by a clock of ours: every statement names its time by one expression. */
export function clockedDatabase(db: Database, clock: { readonly ms: number }): Database {
  const clocked = (statements: Parameters<Database['read']>[0]) =>
    statements.map(({ sql, args }) => ({ sql: sql.replaceAll(NOW, String(Math.floor(clock.ms))), args }));
  return { read: (statements) => db.read(clocked(statements)), write: (statements) => db.write(clocked(statements)) };
}

export const SETTINGS: ServiceSettings = {
  gapMs: 0,
  lanes: 2,
  turnMsMax: 20_000,
  connectMs: 2_000,
  firstByteMs: 2_000,
  idleMs: 2_000,
  totalMs: 5_000,
  bytesMax: 1024 * 1024,
  closedMs: 30_000,
};

const PRAGMAS = ['journal_mode = WAL', 'synchronous = OFF', 'busy_timeout = 10000'];

export type Door = {
  readonly http: Http;
  readonly db: Database;
  readonly url: string;
  readonly client: Client;
  readonly node: NodeTransport;
  readonly make: (deps?: Partial<HttpDeps>) => Http;
  readonly lanesBusy: () => Promise<number>;
  readonly close: () => Promise<void>;
};

/** A client with a database file of its own. */
export async function openDoor(
  deps: Partial<HttpDeps> & {
    readonly settings?: Partial<ServiceSettings>;
    readonly resolve?: Resolve;
    /** For the database and every timer. */
    readonly clock?: FakeClock;
  } = {},
): Promise<Door> {
  const { settings, resolve, clock, ...given } = deps;
  const folder = mkdtempSync(join(tmpdir(), 'anamnesis-door-'));
  const url = `file:${join(folder, 'state.db')}`;
  // As the product makes it; then again without what only a power cut would ask for.
  (await openDatabase({ url, deadlineMs: 30_000 })).close();
  const opened = openEmbedded(url.slice('file:'.length), PRAGMAS);
  const db = clock ? clockedDatabase(opened.db, clock) : opened.db;
  const client = createClient({ url });
  const node = nodeTransport(resolve ? { resolve } : {});
  const make = (more: Partial<HttpDeps> = {}): Http =>
    createHttp({
      ...webClock,
      ...(clock ? { after: clock.after, nowMs: () => clock.ms, monotonicMs: () => clock.ms } : {}),
      db,
      transport: node.transport,
      services: { papers: { ...SETTINGS, ...settings } },
      version: '0.0.1',
      contact: 'https://example.org/contact',
      secrets: [],
      ...given,
      ...more,
    });
  return {
    http: make(),
    db,
    url,
    client,
    node,
    make,
    lanesBusy: async () => {
      const { rows } = await client.execute(`SELECT count(*) AS n FROM service_lane WHERE token IS NOT NULL`);
      return Number(rows[0]?.n);
    },
    close: async () => {
      await node.close();
      client.close();
      opened.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
