import { type Context, Hono } from 'hono';
import { pageRoutes, problemPage } from '../pages/pages.ts';
import { apiRoutes } from './api.ts';
import { assetRoutes } from './assets.ts';
import type { AppDeps } from './deps.ts';
import { secure } from './headers.ts';
import { factsOf, ProblemError, toProblem } from './problems.ts';
import { type AppEnv, allowOf, type Route } from './route.ts';

export type { AppDeps, LogLine } from './deps.ts';

const URL_LENGTH_MAX = 8192;
const CLIENT_FOLDER = new URL('../client/', import.meta.url);

/** Every route of the Space, for the router and for the test that holds the OpenAPI document to it. */
export function routesOf(deps: AppDeps): readonly Route[] {
  return [...apiRoutes(deps), ...pageRoutes(deps), ...assetRoutes(CLIENT_FOLDER)];
}

/** The HTTP face of the Space: API, pages and assets. Serve its `fetch`; nothing here listens or keeps state. */
export function createApp(deps: AppDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.use(async (c, next) => {
    const startedAtMs = performance.now();
    c.set('requestId', deps.requestId());
    c.set('route', '(none)');
    await next();
    finish(deps, c, Math.round(performance.now() - startedAtMs));
  });
  app.use(async (c, next) => {
    if (c.req.url.length > URL_LENGTH_MAX) {
      throw new ProblemError({ status: 414, code: 'uri_too_long', detail: 'The address is too long.' });
    }
    await next();
  });

  const routes = routesOf(deps);
  for (const route of routes) {
    app.on(route.method, route.path, (c) => {
      c.set('route', route.path);
      return answer(route, c);
    });
  }
  for (const path of new Set(routes.map((route) => route.path))) {
    app.all(path, (c) => {
      c.set('route', path);
      const Allow = allowOf(routes, path);
      const detail = `This address answers ${Allow} only.`;
      throw new ProblemError({ status: 405, code: 'method_not_allowed', detail, headers: { Allow } });
    });
  }

  app.notFound((c) => {
    const missing = new ProblemError({ status: 404, code: 'not_found', detail: 'There is nothing at this address.' });
    return answerProblem(deps, missing, c);
  });
  app.onError((error, c) => answerProblem(deps, error, c));
  return app;
}

/** Hono answers for errors only; whatever else was thrown becomes one. */
async function answer(route: Route, c: Context<AppEnv>): Promise<Response> {
  try {
    return await route.handle(c);
  } catch (error) {
    throw error instanceof Error ? error : new Error('something else than an error was thrown');
  }
}

function finish(deps: AppDeps, c: Context<AppEnv>, ms: number): void {
  const requestId = c.get('requestId');
  secure(c.res.headers, c.req.header('X-Forwarded-Proto') === 'https');
  c.res.headers.set('X-Request-Id', requestId);
  const { status } = c.res;
  // The pattern, never the address: a path could hold anything, and a query string is nobody's business.
  const line = { message: 'request', method: c.req.method, route: c.get('route'), status, ms, request_id: requestId };
  deps.log({ level: status >= 500 ? 'error' : 'info', ...line });
}

function answerProblem(deps: AppDeps, error: unknown, c: Context<AppEnv>): Response | Promise<Response> {
  const requestId = c.get('requestId');
  const facts =
    c.req.raw.signal.aborted && factsOf(error).status === 500
      ? { status: 499, code: 'client_closed_request', detail: 'The client went away before the answer was ready.' }
      : factsOf(error);
  if (facts.status === 500)
    deps.log({ level: 'error', message: 'unexpected error', ...traceOf(error), request_id: requestId });
  const problem = toProblem(facts, requestId);
  const headers = new Headers(facts.headers);
  if (wantsPage(c)) {
    headers.set('Content-Type', 'text/html; charset=utf-8');
    return Promise.resolve(problemPage(problem)).then(
      (page) => new Response(String(page), { status: facts.status, headers }),
    );
  }
  headers.set('Content-Type', 'application/problem+json');
  return new Response(JSON.stringify(problem), { status: facts.status, headers });
}

/** A person's browser gets the same facts as a page; programs, and everything under /api, get problem+json. */
function wantsPage(c: Context<AppEnv>): boolean {
  const readable = c.req.method === 'GET' || c.req.method === 'HEAD';
  return readable && !c.req.path.startsWith('/api/') && (c.req.header('Accept') ?? '').includes('text/html');
}

/** Where an error came from, without its message: messages of model clients carry the text that was sent. */
function traceOf(error: unknown): { readonly error: string; readonly at: readonly string[] } {
  if (!(error instanceof Error)) return { error: typeof error, at: [] };
  const frames = (error.stack ?? '')
    .replace(error.message, '')
    .split('\n')
    .filter((line) => line.startsWith('    at '));
  return { error: error.name, at: frames.slice(0, 5).map((line) => line.trim()) };
}
