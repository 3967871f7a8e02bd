import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { seededRandom } from './engine/runtime.ts';

/** What a network or a server does to those who call it. What is not named is as it should be. */
export type Faults = {
  /** Every connection is reset: those that are open at once, new ones as they come. */
  readonly down?: boolean;
  /** Connections are taken, what comes over them is swallowed, nothing is ever answered. */
  readonly blackhole?: boolean;
  /** Share of requests, in [0, 1], whose connection is reset before the server sees them. */
  readonly resetShare?: number;
  /** Share of requests whose connection is reset when their answer begins to come: the server has done what was asked. */
  readonly cutShare?: number;
  /** Says of one request, by its text, whether its answer is cut. */
  readonly cutAnswer?: (request: string) => boolean;
  /** Each way, uniform in `latencyMs` ± `jitterMs`. */
  readonly latencyMs?: number;
  readonly jitterMs?: number;
  /** Each way. */
  readonly bytesPerMs?: number;
};

export type NetCounts = {
  readonly connections: number;
  readonly requests: number;
  readonly resets: number;
  readonly cuts: number;
  readonly swallowedBytes: number;
  /** When each connection came, in ms since the proxy started. */
  readonly connectedAtMs: readonly number[];
};

export type NetProxy = {
  readonly url: string;
  /** Replaces the faults; `{}` makes the network whole again. A swallowed request stays without an answer. */
  readonly set: (faults: Faults) => void;
  /** What happened since the start or the last call of `reset`. */
  readonly counts: () => NetCounts;
  readonly reset: () => void;
  readonly close: () => Promise<void>;
};

const MS_PER_SLICE = 1;

/**
 * A TCP proxy on loopback that stands for a bad network before the server at `upstream`. It knows of HTTP/1.1 only that a
 * connection carries one request at a time, so that bytes upward after bytes downward begin the next one.
 */
export async function startNetProxy(upstream: string, seed: number): Promise<NetProxy> {
  const port = Number(new URL(upstream).port);
  const random = seededRandom(seed);
  const open = new Set<Socket>();
  const startedMs = performance.now();
  let faults: Faults = {};
  let counts = { connections: 0, requests: 0, resets: 0, cuts: 0, swallowedBytes: 0, connectedAtMs: [] as number[] };

  const serve = (client: Socket): void => {
    counts.connections += 1;
    counts.connectedAtMs.push(performance.now() - startedMs);
    client.on('error', () => undefined);
    if (faults.down) {
      counts.resets += 1;
      client.resetAndDestroy();
      return;
    }
    open.add(client);
    const server = dial(port, '127.0.0.1');
    server.setNoDelay(true);
    client.setNoDelay(true);
    const up = delayed(server, () => faults, random);
    const down = delayed(client, () => faults, random);
    let request: string | null = null;
    let ended = false;
    const end = (): void => {
      if (ended) return;
      ended = true;
      open.delete(client);
      client.resetAndDestroy();
      server.destroy();
    };
    client.on('data', (part) => {
      if (ended) return;
      if (faults.blackhole) {
        counts.swallowedBytes += part.length;
        return;
      }
      if (request === null) {
        request = '';
        counts.requests += 1;
        if (random() < (faults.resetShare ?? 0)) {
          counts.resets += 1;
          end();
          return;
        }
      }
      request += part.toString('latin1');
      up(part);
    });
    server.on('data', (part) => {
      if (ended) return;
      if (faults.blackhole) {
        counts.swallowedBytes += part.length;
        return;
      }
      if (request !== null) {
        const asked = request;
        request = null;
        if (random() < (faults.cutShare ?? 0) || faults.cutAnswer?.(asked)) {
          counts.cuts += 1;
          end();
          return;
        }
      }
      down(part);
    });
    server.on('error', end);
    server.on('close', end);
    client.on('close', end);
  };

  const listener = createServer(serve);
  const address = await listening(listener);
  return {
    url: `http://127.0.0.1:${address}`,
    set: (next) => {
      faults = next;
      if (next.down) for (const socket of open) socket.resetAndDestroy();
    },
    counts: () => ({ ...counts, connectedAtMs: [...counts.connectedAtMs] }),
    reset: () => {
      counts = { connections: 0, requests: 0, resets: 0, cuts: 0, swallowedBytes: 0, connectedAtMs: [] };
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => listener.close(() => resolve()));
      for (const socket of open) socket.resetAndDestroy();
      await closed;
    },
  };
}

/** Most connections that came within any one second. */
export function connectionsInOneSecond({ connectedAtMs }: NetCounts): number {
  let most = 0;
  for (let first = 0, last = 0; last < connectedAtMs.length; last++) {
    while ((connectedAtMs[last] ?? 0) - (connectedAtMs[first] ?? 0) >= 1_000) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address !== null && typeof address === 'object') resolve(address.port);
    });
  });
}

/** Writes to `to` in order, each part as late and as slowly as the faults say that hold when it comes. */
function delayed(to: Socket, faultsNow: () => Faults, random: () => number): (part: Buffer) => void {
  let freeAtMs = 0;
  return (part) => {
    const { latencyMs = 0, jitterMs = 0, bytesPerMs } = faultsNow();
    const nowMs = performance.now();
    const delayMs = latencyMs + (random() * 2 - 1) * jitterMs;
    if (delayMs <= 0 && bytesPerMs === undefined && freeAtMs <= nowMs) {
      if (!to.destroyed) to.write(part);
      return;
    }
    const fromMs = Math.max(freeAtMs, nowMs + delayMs);
    freeAtMs = fromMs + (bytesPerMs === undefined ? 0 : part.length / bytesPerMs);
    let written = 0;
    const pour = (): void => {
      if (to.destroyed) return;
      const lateMs = performance.now() - fromMs;
      const due = bytesPerMs === undefined ? part.length : Math.min(part.length, Math.ceil(lateMs * bytesPerMs));
      if (due > written) to.write(part.subarray(written, due));
      written = Math.max(written, due);
      if (written < part.length) setTimeout(pour, MS_PER_SLICE);
    };
    setTimeout(pour, fromMs - nowMs);
  };
}
