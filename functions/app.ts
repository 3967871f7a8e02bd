import { type Context, Hono } from 'hono';
import type { TickReport } from '../core/engine/index.ts';
import { bearerMatches } from './bearer.ts';
import { type Env, redacted, tickSecretOf } from './config.ts';
import type { Edge, Host } from './connect.ts';
import { factsOf, ProblemError, problemResponse } from './problems.ts';
import { edgeStatus, runTick } from './tick.ts';

type EdgeEnv = { Bindings: Env; Variables: { requestId: string } };
type EdgeContext = Context<EdgeEnv>;

const ROUTES = { '/livez': 'GET', '/api/status': 'GET', '/api/ticks': 'POST' } as const;

/** The HTTP face of an edge host: alive, status, and ticks for whoever knows the secret. */
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
      path: c.req.path in ROUTES ? c.req.path : 'unknown',
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

async function withEdge(host: Host, c: EdgeContext, act: (edge: Edge) => Promise<Response>): Promise<Response> {
  const edge = host.connect(c.env);
  try {
    return await act(edge);
  } finally {
    edge.close();
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
