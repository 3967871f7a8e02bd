import { EXPORT_FORMATS, type ExportFormat, exportCase } from '../../core/cases/exports/export.ts';
import type { SearchRequest } from '../../core/search/contract.ts';
import { CASE_ID_CHARS_MAX, parseSearchRequest } from '../../core/search/request.ts';
import { PROGRAM } from '../../core/version.ts';
import { readJson } from './body.ts';
import { compared, idsOf } from './compare.ts';
import type { AppDeps } from './deps.ts';
import { openapi } from './openapi.ts';
import { notReady, ProblemError } from './problems.ts';
import type { AppContext, Route } from './route.ts';
import { similarRequest } from './similar.ts';

/** The machine-readable half: JSON in, JSON out, problems for everything that cannot be answered. */
export function apiRoutes(deps: AppDeps): readonly Route[] {
  return [
    { method: 'POST', path: '/api/search', handle: (c) => search(deps, c) },
    { method: 'GET', path: '/api/cases/:id', handle: async (c) => c.json(await findCase(deps, c.req.param('id'))) },
    { method: 'GET', path: '/api/cases/:id/similar', handle: (c) => similar(deps, c) },
    { method: 'GET', path: '/api/compare', handle: (c) => compare(deps, c) },
    ...EXPORT_FORMATS.map(
      (format): Route => ({
        method: 'GET',
        path: `/api/cases/:id/${format}`,
        handle: (c) => download(deps, c, format),
      }),
    ),
    { method: 'GET', path: '/api/status', handle: async (c) => c.json(await deps.status()) },
    { method: 'GET', path: '/api/releases', handle: async (c) => c.json({ releases: await deps.releases() }) },
    { method: 'GET', path: '/livez', handle: (c) => c.json({ live: true }) },
    { method: 'GET', path: '/readyz', handle: (c) => readiness(deps, c) },
    { method: 'GET', path: '/openapi.json', handle: (c) => c.json(openapi) },
  ];
}

async function search(deps: AppDeps, c: AppContext): Promise<Response> {
  return c.json(await deps.search(valid(parseSearchRequest(await readJson(c.req.raw)))));
}

async function similar(deps: AppDeps, c: AppContext): Promise<Response> {
  const id = c.req.param('id') ?? '';
  if (id.length > CASE_ID_CHARS_MAX) throw unknownCase();
  return c.json(await deps.search(valid(similarRequest(id, addressOf(c)))));
}

async function compare(deps: AppDeps, c: AppContext): Promise<Response> {
  return c.json(await compared(deps, idsOf(addressOf(c))));
}

const addressOf = (c: AppContext): URLSearchParams => new URL(c.req.url).searchParams;

function valid(parsed: ReturnType<typeof parseSearchRequest>): SearchRequest {
  if (parsed.ok) return parsed.request;
  throw new ProblemError({
    status: 400,
    code: 'invalid_request',
    detail: 'The search request is not valid; each field that is wrong is listed.',
    errors: parsed.problems,
  });
}

async function readiness(deps: AppDeps, c: AppContext): Promise<Response> {
  const { ready, reason } = await deps.ready();
  if (!ready) throw notReady(reason);
  return c.json({ ready: true });
}

export const findCase = (deps: AppDeps, id: string | undefined) => found(id, deps.caseById);

/** One case as a file; its name stands in a header, so it is made of safe characters alone. */
async function download(deps: AppDeps, c: AppContext, format: ExportFormat): Promise<Response> {
  const { name, contentType, body } = exportCase(await found(c.req.param('id'), deps.exportable), format, PROGRAM);
  const charset = contentType.startsWith('text/') ? '; charset=utf-8' : '';
  return c.body(body, 200, {
    'Content-Type': `${contentType}${charset}`,
    'Content-Disposition': `attachment; filename="${name}"`,
  });
}

async function found<T>(id: string | undefined, find: (id: string) => Promise<T | null>): Promise<T> {
  const one = id === undefined || id.length > CASE_ID_CHARS_MAX ? null : await find(id);
  if (one !== null) return one;
  throw unknownCase();
}

const unknownCase = (): ProblemError =>
  new ProblemError({
    status: 404,
    code: 'unknown_case',
    detail: 'The release being served has no case with this id.',
  });
