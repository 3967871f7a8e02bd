import { type Context, Hono } from 'hono';
import type { TickReport } from '../core/engine/index.ts';
import { readJson } from '../core/json-body.ts';
import { parseSearchRequest } from '../core/search/request.ts';
import { bearerMatches } from './bearer.ts';
import { type Env, redacted, tickSecretOf } from './config.ts';
import type { Edge, Host } from './connect.ts';
import { factsOf, ProblemError, problemResponse, UNKNOWN_CASE } from './problems.ts';
import type { WaitUntil } from './search/serving.ts';
import { edgeStatus, runTick } from './tick.ts';

type EdgeEnv = { Bindings: Env; Variables: { requestId: string } };
type EdgeContext = Context<EdgeEnv>;

const ROUTES = {
  '/livez': 'GET',
  '/api/status': 'GET',
  '/api/ticks': 'POST',
  '/api/search': 'POST',
  '/api/cases/:id': 'GET',
} as const;
const CASE_PATH = /^\/api\/cases\/[^/]+$/;
const CASE_ID_LENGTH_MAX = 300;

/** The HTTP face of an edge host: alive, status, searches and cases, and ticks for whoever knows the secret. */
export function createApp(host: Host): Hono<EdgeEnv> {
  const app = new Hono<EdgeEnv>();
  app.use(async (c, next) => {
    const startedMs = host.monotonicMs();
    const requestId = host.newId();
    c.set('requestId', requestId);
    await next();
    c.res.headers.set('X-Request-Id', requestId);
    c.res.headers.set('X-Content-Type-Options', 'nosniff');
    c.res.headers.set('Cache-Control', 'no-store');
    host.log({
      level: 'info',
      message: 'request',
      method: c.req.method,
      // Only our own paths: what else a caller puts into an address is not ours to keep.
      path: routeOf(c.req.path),
      status: c.res.status,
      took_ms: Math.round(host.monotonicMs() - startedMs),
      request_id: requestId,
    });
  });
  app.get('/livez', (c) => c.json({ live: true }));
  app.get('/api/status', (c) => withEdge(host, c, (edge) => status(c, edge)));
  app.post('/api/ticks', async (c) => {
    await requireTickSecret(c);
    return withEdge(host, c, async (edge) => c.json(tickAnswer(await runTick(edge))));
  });
  app.post('/api/search', async (c) => {
    const parsed = parseSearchRequest(await readJson(c.req.raw));
    if (!parsed.ok)
      throw new ProblemError({
        status: 400,
        code: 'invalid_request',
        detail: 'The search request is not valid; each field that is wrong is listed.',
        errors: parsed.problems,
      });
    return withEdge(host, c, async (edge, waitUntil) =>
      c.json(await host.searches.search(edge, waitUntil, parsed.request)),
    );
  });
  app.get('/api/cases/:id', (c) => {
    const id = c.req.param('id');
    if (id.length > CASE_ID_LENGTH_MAX) throw unknownCase();
    return withEdge(host, c, async (edge, waitUntil) => {
      const found = await host.searches.caseById(edge, waitUntil, id);
      if (found === null) throw unknownCase();
      return c.json(found);
    });
  });
  for (const [path, allowed] of Object.entries(ROUTES)) app.all(path, () => refuseMethod(allowed));
  app.notFound((c) =>
    problem(c, new ProblemError({ status: 404, code: 'not_found', detail: 'There is no such page.' })),
  );
  app.onError((error, c) => {
    const { status, code } = factsOf(error);
    if (status >= 500)
      host.log({
        level: 'error',
        message: redacted(`${error.name}: ${error.message}`, c.env),
        code,
        request_id: c.get('requestId'),
      });
    return problem(c, error);
  });
  return app;
}

const problem = (c: EdgeContext, error: unknown): Response => problemResponse(factsOf(error), c.get('requestId'));

const routeOf = (path: string): string => {
  if (path in ROUTES) return path;
  return CASE_PATH.test(path) ? '/api/cases/:id' : 'unknown';
};
const unknownCase = () => new ProblemError({ status: 404, code: 'unknown_case', detail: UNKNOWN_CASE });

type Act = (edge: Edge, waitUntil: WaitUntil) => Promise<Response>;

/** What an act leaves to be done after its answer keeps the connection until then. */
async function withEdge(host: Host, c: EdgeContext, act: Act): Promise<Response> {
  const edge = host.connect(c.env);
  const context = contextOf(c);
  const left: Promise<unknown>[] = [];
  try {
    return await act(edge, (work) => {
      left.push(work);
      // At once and not after the answer: a caller who hangs up must not end it.
      context?.waitUntil(work);
    });
  } finally {
    const done = Promise.allSettled(left).then(() => edge.close());
    if (left.length === 0) await done;
    else context?.waitUntil(done);
  }
}

/** Deno has none: there work simply goes on. */
function contextOf(c: EdgeContext): { waitUntil(work: Promise<unknown>): void } | null {
  try {
    return c.executionCtx;
  } catch {
    return null;
  }
}

async function status(c: EdgeContext, edge: Edge): Promise<Response> {
  const found = await edgeStatus(edge);
  if (found !== null) return c.json(found);
  throw new ProblemError({
    status: 503,
    code: 'not_initialised',
    detail: 'No pipeline has used this database yet: run "anamnesis init" against it from the Space or the CLI.',
  });
}

async function requireTickSecret(c: EdgeContext): Promise<void> {
  const secret = tickSecretOf(c.env);
  if (secret === null)
    throw new ProblemError({
      status: 503,
      code: 'ticks_disabled',
      detail: 'Ticks over HTTP are off: TICK_SECRET is not set on this host. Scheduled ticks go on.',
    });
  if (!(await bearerMatches(c.req.header('Authorization'), secret)))
    throw new ProblemError({
      status: 401,
      code: 'unauthorized',
      detail: 'A tick needs "Authorization: Bearer" with the tick secret of this host.',
      headers: { 'WWW-Authenticate': 'Bearer' },
    });
}

function refuseMethod(allowed: 'GET' | 'POST'): never {
  const allow = allowed === 'GET' ? 'GET, HEAD' : allowed;
  throw new ProblemError({
    status: 405,
    code: 'method_not_allowed',
    detail: `This address answers ${allow}.`,
    headers: { Allow: allow },
  });
}

/** What a tick did, and what the next one would find. */
function tickAnswer({ stage, counts, batches, tookMs, after }: TickReport) {
  return {
    stage,
    counts,
    batches,
    took_ms: Math.round(tookMs),
    after: {
      kind: after.kind,
      stage: after.kind === 'serving' ? null : after.kind === 'work' ? after.stage.name : after.current.name,
      gate: after.kind === 'waiting' ? { kind: after.gate.kind, reason: after.gate.reason } : null,
      wakes_at: after.kind === 'waiting' && after.wakeAtMs !== null ? new Date(after.wakeAtMs).toISOString() : null,
    },
  };
}
export type TickAnswer = ReturnType<typeof tickAnswer>;
