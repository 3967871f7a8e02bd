import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { geminiRoutes } from './gemini.ts';
import { openAiRoutes } from './openai.ts';
import { createShop, type Shop } from './shop.ts';

/**
 * A model service that takes batch jobs, on loopback: the same shop behind the two ways in which such services speak. What goes wrong is said
 * before it does, operation by operation.
 */

export const OPERATIONS = ['upload', 'submit', 'status', 'list', 'download', 'cancel'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** `lost`: what was asked for is done, and the connection ends before its answer. `cut`: half of the answer comes. */
export type Fault =
  | { readonly status: number; readonly retryAfter?: string; readonly body?: string }
  | 'html'
  | 'hang'
  | 'drop'
  | 'lost'
  | 'cut';
export type Moment = { readonly operation: Operation; readonly when: 'arrived' | 'landed' };

/** What an operation answers. */
export type Reply = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
};
export type Route = {
  readonly operation: Operation;
  readonly act: (request: {
    readonly path: string;
    readonly query: URLSearchParams;
    readonly body: Buffer;
    readonly headers: IncomingMessage['headers'];
  }) => Reply;
};

export type BatchServer = {
  /** Addresses as the settings have them. */
  readonly openai: string;
  readonly gemini: string;
  readonly shop: Shop;
  /** The next calls of an operation go wrong like this, one after another. */
  readonly fail: (operation: Operation, ...faults: readonly Fault[]) => void;
  /** Called when a request has arrived and when it has done its work; while it returns false, nothing goes on and the connection ends. */
  watch: ((moment: Moment) => boolean) | null;
  readonly calls: Readonly<Record<Operation, number>>;
  /** Headers of every request, to look for what must not be there. */
  readonly seen: {
    readonly operation: Operation;
    readonly url: string;
    readonly headers: IncomingMessage['headers'];
  }[];
  readonly close: () => Promise<void>;
};

export async function startBatchServer(): Promise<BatchServer> {
  const shop = createShop();
  const faults = new Map<Operation, Fault[]>();
  const calls = Object.fromEntries(OPERATIONS.map((name) => [name, 0])) as Record<Operation, number>;
  const seen: BatchServer['seen'] = [];
  const routes = (origin: string) => [openAiRoutes(shop), geminiRoutes(shop, `${origin}/gemini/`)];
  let origin = '';
  const server = createServer((request, response) => {
    void handle(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? '/', origin);
    const route = routes(origin)
      .map((find) => find(request.method ?? 'GET', url))
      .find((found) => found !== null);
    if (!route) {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":{"message":"no such address"}}');
      return;
    }
    const { operation } = route;
    calls[operation] += 1;
    seen.push({ operation, url: url.href, headers: request.headers });
    const go = (when: Moment['when']): boolean => me.watch === null || me.watch({ operation, when });
    if (!go('arrived')) return void request.socket.destroy();
    const fault = faults.get(operation)?.shift();
    if (fault === 'hang') return;
    if (fault === 'drop') return void request.socket.destroy();
    if (fault === 'html')
      return void response.writeHead(500, { 'content-type': 'text/html' }).end('<html><h1>Bad Gateway</h1></html>');
    if (typeof fault === 'object') {
      const retry = fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter };
      response.writeHead(fault.status, { 'content-type': 'application/json', ...retry });
      return void response.end(fault.body ?? `{"error":{"code":"fault","message":"planted ${fault.status}"}}`);
    }
    const reply = route.act({
      path: url.pathname,
      query: url.searchParams,
      body: Buffer.concat(chunks),
      headers: request.headers,
    });
    if (!go('landed') || fault === 'lost') return void request.socket.destroy();
    response.writeHead(reply.status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(reply.body),
      ...reply.headers,
    });
    if (fault === 'cut') {
      response.write(reply.body.slice(0, reply.body.length / 2), () => request.socket.destroy());
      return;
    }
    response.end(reply.body);
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const me: BatchServer = {
    openai: `${origin}/v1/`,
    gemini: `${origin}/gemini/`,
    shop,
    fail: (operation, ...more) => faults.set(operation, [...(faults.get(operation) ?? []), ...more]),
    watch: null,
    calls,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return me;
}
