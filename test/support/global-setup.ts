import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import type { State } from './dump.ts';
import type { Sqld } from './sqld.ts';

/**
 * Serves the Node side of the host tests to tests that run inside workerd and Deno; their client is `walkSpace` in `walk.ts`.
 * The product is loaded, and a database started, when a test first asks: a run of one small file pays for neither.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const servers: Sqld[] = [];
  const routes = routesOf(servers);
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    void answer(response, routes[`${request.method} ${pathname}`], searchParams);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  project.provide('walkSpaceUrl', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    await Promise.all(servers.map((sqld) => sqld.stop()));
  };
}

type Route = (query: URLSearchParams) => Promise<unknown>;

function routesOf(servers: Sqld[]): Readonly<Record<string, Route>> {
  const nodeSide = () => import('./walk-space.ts');
  let reference: Promise<State> | null = null;
  return {
    'GET /documents': async () => (await nodeSide()).walkDocuments(),
    'GET /reference': () => {
      reference ??= nodeSide().then(({ inSpace, walkInSpace }) => inSpace(null, walkInSpace));
      return reference;
    },
    'POST /databases': async (query) => {
      const sqld = await (await nodeSide()).freshSqld(query.get('schema') === 'none' ? 'none' : 'migrated');
      servers.push(sqld);
      return { url: sqld.url };
    },
    'POST /finish': async (query) => {
      const { inSpace, runToServing } = await nodeSide();
      return inSpace(query.get('database'), runToServing);
    },
  };
}

async function answer(response: ServerResponse, route: Route | undefined, query: URLSearchParams): Promise<void> {
  if (!route) {
    response.writeHead(404).end('no such route');
    return;
  }
  try {
    const body = JSON.stringify(await route(query));
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  } catch (error) {
    response.writeHead(500).end(error instanceof Error ? error.stack : String(error));
  }
}

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the Node side of the host tests listens. */
    walkSpaceUrl: string;
  }
}
