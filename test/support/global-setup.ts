import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import type { State } from './dump.ts';
import type { SearchSpace } from './search-space.ts';
import type { Sqld } from './sqld.ts';
import type { StoreState } from './store-server.ts';

/**
 * Serves the Node side of the host tests to tests that run inside workerd and Deno; their client is `walkSpace` in `walk.ts`.
 * The product is loaded, and a database started, when a test first asks: a run of one small file pays for neither.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const servers: Sqld[] = [];
  let started: Promise<SearchSpace> | null = null;
  const searchSpace = () => {
    started ??= import('./search-space.ts').then(({ startSearchSpace }) => startSearchSpace());
    return started;
  };
  const routes = { ...routesOf(servers), ...searchRoutes(searchSpace) };
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname.startsWith(STORES)) void answerFile(searchSpace, request, response, pathname);
    else void answer(response, routes[`${request.method} ${pathname}`], searchParams);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  project.provide('walkSpaceUrl', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    await Promise.all([...servers.map((sqld) => sqld.stop()), started?.then((space) => space.stop())]);
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

const STORES = '/stores/';

/** `/stores/<name>/<path in the store>`. */
async function answerFile(
  space: () => Promise<SearchSpace>,
  request: IncomingMessage,
  response: ServerResponse,
  pathname: string,
): Promise<void> {
  const [name = '', ...path] = pathname.slice(STORES.length).split('/');
  (await space()).store.answer(request, response, name, path.join('/'));
}

/** The Node side of the tests of search on the edge; their client is `searchSpace` in `search.ts`. */
function searchRoutes(space: () => Promise<SearchSpace>): Readonly<Record<string, Route>> {
  const of = (query: URLSearchParams, name: string) => query.get(name) ?? '';
  return {
    'POST /search-space': async () => {
      const { database, version } = await space();
      return { database, version };
    },
    'POST /search-store': async (query) => {
      const state = JSON.parse(of(query, 'state')) as StoreState;
      (await space()).store.set(of(query, 'name'), state);
      return null;
    },
    'GET /search-store': async (query) => (await space()).store.asked(of(query, 'name')),
    'GET /search-files': async () => (await space()).files(),
    'GET /search-answer': async (query) => (await space()).answer(JSON.parse(of(query, 'request'))),
    'GET /search-case': async (query) => (await space()).caseById(of(query, 'id')),
    'POST /search-retraction': async (query) => {
      await (await space()).retract(of(query, 'id'), of(query, 'reason'));
      return null;
    },
    'DELETE /search-retraction': async (query) => {
      await (await space()).restore(of(query, 'id'));
      return null;
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
