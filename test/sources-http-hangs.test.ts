import type { ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readServices } from '../core/engine/index.ts';
import { type Door, type LoopbackServer, openDoor, SETTINGS, startServer } from './support/sources/door.ts';

/** F47: a service that takes a connection and then does not answer as it should ends nobody's day, and keeps nobody's place. */

const DEADLINES = { connectMs: 300, firstByteMs: 250, idleMs: 250, totalMs: 700, lanes: 1 };

let server: LoopbackServer;
let door: Door;
const longest: [string, number][] = [];
beforeAll(async () => {
  server = await startServer((_, response) => response.end());
});
beforeEach(async () => {
  server.seen.length = 0;
  door = await openDoor({ settings: DEADLINES, origins: [server.origin] });
});
afterEach(() => door.close());
afterAll(async () => {
  await server.close();
  longest.sort((a, b) => b[1] - a[1]);
  const rows = longest.map(([name, ms]) => `${name}: ${Math.round(ms)} ms`);
  console.info(
    `F47: deadlines ${JSON.stringify(DEADLINES)}; lanes leaked 0; longest call ${rows[0]}\n  ${rows.join('\n  ')}`,
  );
});

/** The call's error; how long it took is noted for the report. */
async function failure(name: string, call: Promise<unknown>): Promise<Error> {
  const startedMs = performance.now();
  const error = await call.then(
    () => new Error('it was answered'),
    (thrown: Error) => thrown,
  );
  longest.push([name, performance.now() - startedMs]);
  return error;
}
const ask = (origin = server.origin) => door.http({ service: 'papers', url: new URL('/', origin) });

/** A server that does to each connection what it is told, below HTTP. */
async function tcpServer(onSocket: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const tcp = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    onSocket(socket);
  });
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
  const address = tcp.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return {
    origin: `http://127.0.0.1:${port}`,
    sockets,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => tcp.close(() => resolve()));
    },
  };
}

/** Writes one byte of `text` every 20 ms for as long as somebody listens. */
const drip = (socket: Socket | ServerResponse, text: string): void => {
  let at = 0;
  const timer = setInterval(() => {
    if (socket.destroyed || at >= text.length) clearInterval(timer);
    else socket.write(text[at++] ?? '');
  }, 20);
};

async function eventually(holds: () => boolean): Promise<boolean> {
  for (let tries = 0; tries < 500 && !holds(); tries++) await pause(10);
  return holds();
}

describe('F47: hung services', () => {
  test.each<[string, (socket: Socket) => void, string]>([
    ['it accepts and says nothing', () => undefined, 'no answer began within 250 ms'],
    [
      'its headers come one byte at a time',
      (socket) => drip(socket, `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(9_000)}`),
      'no answer began within 250 ms',
    ],
    [
      'it sends headers, then nothing',
      (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n'),
      'nothing more came within 250 ms',
    ],
    [
      'it sends a part of the body, then nothing',
      (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'),
      'nothing more came within 250 ms',
    ],
    [
      'its body comes one byte at a time',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n');
        drip(socket, 'x'.repeat(9_000));
      },
      'the answer was not complete within',
    ],
    [
      'it packs, and its packed body comes one byte at a time',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9000\r\n\r\n\x1f');
        drip(socket, '');
      },
      'nothing more came within 250 ms',
    ],
  ])('%s: the call ends by its deadline, and lane and socket are free', async (name, onSocket, message) => {
    const tcp = await tcpServer((socket) => socket.once('data', () => onSocket(socket)));
    const one = await openDoor({ settings: DEADLINES, origins: [tcp.origin] });
    const error = await failure(name, one.http({ service: 'papers', url: new URL('/', tcp.origin) }));
    expect(error).toMatchObject({
      name: 'RetryableError',
      service: 'papers',
      message: expect.stringContaining(message),
    });
    expect(await one.lanesBusy()).toBe(0);
    expect(await eventually(() => tcp.sockets.size === 0)).toBe(true);
    expect((await readServices(one.db))[0]).toMatchObject({ failures: 1, open: false });
    await one.close();
    await tcp.close();
  });

  test('a resolver that never answers is an outage when the time to connect is over', async () => {
    const one = await openDoor({ settings: DEADLINES, resolve: () => undefined });
    const error = await failure(
      'a resolver says nothing',
      one.http({ service: 'papers', url: new URL('http://a.example.org/') }),
    );
    expect(['OutageError', 'RetryableError']).toContain(error.name);
    expect(await one.lanesBusy()).toBe(0);
    await one.close();
  });

  test('nobody listens: an outage, at once', async () => {
    const tcp = await tcpServer(() => undefined);
    await tcp.close();
    const one = await openDoor({ settings: DEADLINES, origins: [tcp.origin] });
    const error = await failure('nobody listens', one.http({ service: 'papers', url: new URL('/', tcp.origin) }));
    expect(error).toMatchObject({ name: 'OutageError', message: 'papers: no connection (ECONNREFUSED)' });
    await one.close();
  });

  test('a transport that heeds no signal is left behind', async () => {
    const http = door.make({ transport: () => new Promise(() => undefined) });
    const error = await failure('a deaf transport', http({ service: 'papers', url: new URL('/', server.origin) }));
    expect(error.message).toContain('no answer began');
    expect(await door.lanesBusy()).toBe(0);
  });

  test('redirects do not add up: the total is for all hops', async () => {
    server.answer = (_, response, { path }) => {
      setTimeout(() => response.writeHead(302, { location: `${path}x` }).end(), 200);
    };
    const error = await failure('slow redirects', ask());
    expect(error.message).toContain('the answer was not complete');
    expect(server.seen.length).toBeLessThan(6);
  });

  test('twenty hangs leave every place free', async () => {
    server.answer = () => undefined;
    const http = door.make({
      services: { papers: { ...SETTINGS, ...DEADLINES, lanes: 2, firstByteMs: 30 } },
      breaker: { failuresMax: 1_000, openMsFirst: 1, openMsMax: 1 },
    });
    const calls = Array.from({ length: 20 }, () => http({ service: 'papers', url: new URL('/', server.origin) }));
    const ends = await Promise.allSettled(calls);
    expect(ends.filter(({ status }) => status === 'rejected')).toHaveLength(20);
    expect(await door.lanesBusy()).toBe(0);
    expect(server.inFlightMax()).toBeLessThanOrEqual(2);
    server.answer = (_, response) => response.end('well');
    expect((await ask()).status).toBe(200);
  });

  test('a host that stops gives its places back at once, and blames nobody', async () => {
    server.answer = () => undefined;
    const host = new AbortController();
    const call = door.make({ signal: host.signal })({ service: 'papers', url: new URL('/', server.origin) });
    const waiting = door.make({ signal: host.signal })({ service: 'papers', url: new URL('/', server.origin) });
    await eventually(() => server.seen.length === 1);
    host.abort();
    const stopping = { status: 'rejected', reason: { name: 'ServiceClosedError', why: 'stopping' } };
    expect(await Promise.allSettled([call, waiting])).toMatchObject([stopping, stopping]);
    expect(await door.lanesBusy()).toBe(0);
    expect((await readServices(door.db))[0]).toMatchObject({ failures: 0 });
  });
});

describe('whole or not at all', () => {
  test.each<[string, (response: ServerResponse) => void]>([
    ['its announced length', (response) => response.writeHead(200, { 'content-length': '1000' }).write('short')],
    ['its last chunk', (response) => response.write('short')],
    [
      'the end of its packing',
      (response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' });
        response.write(Buffer.from('1f8b0800000000000003cb48', 'hex'));
      },
    ],
  ])('a body that is cut before %s is no answer', async (_, write) => {
    server.answer = (_request, response) => {
      write(response);
      setTimeout(() => response.destroy(), 30);
    };
    await expect(ask()).rejects.toMatchObject({ name: 'RetryableError', service: 'papers' });
    expect(await door.lanesBusy()).toBe(0);
  });

  test('a packed body that ends early although HTTP says that it is whole is no answer', async () => {
    server.answer = (_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(Buffer.from('1f8b0800000000000003cb48', 'hex'));
    await expect(ask()).rejects.toMatchObject({ name: 'RetryableError', message: expect.stringContaining('cut') });
  });

  test('the socket that a half-read body came over is not used again', async () => {
    server.answer = (_, response) => {
      response.writeHead(200);
      response.write('half');
    };
    await ask().catch(() => undefined);
    server.answer = (_, response) => response.end('whole');
    expect(new TextDecoder().decode((await ask()).bytes)).toBe('whole');
  });
});
