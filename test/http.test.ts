import { HTTPException } from 'hono/http-exception';
import { describe, expect, test } from 'vitest';
import type { CaseFinding } from '../core/search/case-contract.ts';
import { CaseUnknownError, GenerationMismatchError } from '../core/search/search.ts';
import { createApp, routesOf } from '../space/http/app.ts';
import { deeperThan } from '../space/http/body.ts';
import { openapi } from '../space/http/openapi.ts';
import type { Problem } from '../space/http/problems.ts';
import { caseAnswer, searchAnswer, stubDeps } from './support/space-stub.ts';

const JSON_HEADERS = { 'Content-Type': 'application/json' };
const CANARY = 'canary woman with a purple zebra rash';

function post(body: BodyInit | null, headers: Record<string, string> = JSON_HEADERS): RequestInit {
  return { method: 'POST', headers, body, ...(body instanceof ReadableStream ? { duplex: 'half' } : {}) };
}

class NamedError extends Error {
  constructor(name: string, message = `${name} about ${CANARY}`) {
    super(message);
    this.name = name;
  }
}

/** The problem in an answer, after checking the shape that every problem has. */
async function problemOf(response: Response): Promise<Problem> {
  expect(response.headers.get('Content-Type')).toBe('application/problem+json');
  // The shape is what the next lines check.
  const problem = (await response.json()) as Problem;
  expect(problem).toEqual({
    type: expect.any(String),
    title: expect.stringMatching(/\S/),
    status: response.status,
    code: expect.stringMatching(/^[a-z_]+$/),
    detail: expect.stringMatching(/\S/),
    instance: response.headers.get('X-Request-Id'),
    ...(problem.errors === undefined ? {} : { errors: expect.any(Array) }),
  });
  for (const entry of problem.errors ?? []) {
    expect(entry).toEqual({ field: expect.any(String), message: expect.stringMatching(/\S/) });
  }
  return problem;
}

describe('search', () => {
  test('answers what the engine answers, uncached', async () => {
    const response = await createApp(stubDeps()).request('/api/search', post('{"text":"fever"}'));
    expect(response.status).toBe(200);
    expect(response.headers.get('Cache-Control')).toBe('no-store');
    expect(await response.json()).toEqual(searchAnswer());
  });

  test('hands the parsed request on with its defaults', async () => {
    const seen: unknown[] = [];
    const deps = stubDeps({
      search: async (request) => {
        seen.push(request);
        return searchAnswer();
      },
    });
    await createApp(deps).request('/api/search', post('{"text":"fever"}'));
    expect(seen).toEqual([expect.objectContaining({ text: 'fever', k: 10, explain: true })]);
  });

  test('names each field that is wrong', async () => {
    const response = await createApp(stubDeps()).request('/api/search', post('{"text":"fever","k":500}'));
    expect(response.status).toBe(400);
    const problem = await problemOf(response);
    expect(problem.errors?.map((entry) => entry.field)).toEqual(['k']);
  });

  test('a __proto__ in the body changes no object', async () => {
    await createApp(stubDeps()).request('/api/search', post('{"text":"fever","__proto__":{"polluted":true}}'));
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

const bytes = (length: number) => `{"text":"${'a'.repeat(length - 11)}"}`;
const MIB = 1024 * 1024;

function streamOf(chunks: number, chunkBytes: number): { body: ReadableStream<Uint8Array>; sent: () => number } {
  let sent = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (sent === chunks) controller.close();
        else {
          sent += 1;
          controller.enqueue(new Uint8Array(chunkBytes).fill(0x20));
        }
      },
    },
    { highWaterMark: 0 },
  );
  return { body, sent: () => sent };
}

describe('bodies', () => {
  test.each([
    ['no body', post(null), 400, 'invalid_json'],
    ['an empty body', post(''), 400, 'invalid_json'],
    ['white space', post('  \n'), 400, 'invalid_json'],
    ['broken JSON', post('{"text":'), 400, 'invalid_json'],
    ['trailing bytes', post('{"text":"fever"} x'), 400, 'invalid_json'],
    ['bytes that are not UTF-8', post(new Uint8Array([0x22, 0xff, 0x22])), 400, 'invalid_json'],
    ['100,000 open brackets', post('['.repeat(100_000)), 400, 'invalid_json'],
    ['a number for an object', post('7'), 400, 'invalid_request'],
    ['null', post('null'), 400, 'invalid_request'],
    ['an array', post('[]'), 400, 'invalid_request'],
    ['an empty object', post('{}'), 400, 'invalid_request'],
    ['an unknown field', post('{"text":"fever","colour":"red"}'), 400, 'invalid_request'],
    ['no media type', post(new TextEncoder().encode('{}'), {}), 415, 'unsupported_media_type'],
    [
      'a form',
      post('text=fever', { 'Content-Type': 'application/x-www-form-urlencoded' }),
      415,
      'unsupported_media_type',
    ],
    ['text/plain', post('{"text":"fever"}', { 'Content-Type': 'text/plain' }), 415, 'unsupported_media_type'],
    [
      'a media type that only begins like JSON',
      post('{}', { 'Content-Type': 'application/jsonx' }),
      415,
      'unsupported_media_type',
    ],
    ['utf-7', post('{}', { 'Content-Type': 'application/json; charset=utf-7' }), 415, 'unsupported_media_type'],
    ['gzip', post('{}', { ...JSON_HEADERS, 'Content-Encoding': 'gzip' }), 415, 'unsupported_media_type'],
    ['1 MiB and one byte', post(bytes(MIB + 1)), 413, 'content_too_large'],
    [
      'a declared length beyond 1 MiB',
      post('{}', { ...JSON_HEADERS, 'Content-Length': String(MIB + 1) }),
      413,
      'content_too_large',
    ],
  ])('%s: refused as a problem', async (_, init, status, code) => {
    const response = await createApp(stubDeps()).request('/api/search', init as RequestInit);
    expect(response.status).toBe(status);
    expect((await problemOf(response)).code).toBe(code);
  });

  test('a body without declared length is cut off soon after 1 MiB', async () => {
    const { body, sent } = streamOf(1_000, 64 * 1024);
    const response = await createApp(stubDeps()).request('/api/search', post(body));
    expect(response.status).toBe(413);
    expect(sent()).toBeLessThanOrEqual(18);
  });

  test('charset=utf-8 in any case and quotes is JSON as well', async () => {
    for (const charset of ['charset=utf-8', 'charset=UTF-8', 'charset="utf-8"']) {
      const init = post('{"text":"fever"}', { 'Content-Type': `application/json; ${charset}` });
      expect((await createApp(stubDeps()).request('/api/search', init)).status).toBe(200);
    }
  });

  test.each([
    ['[[1]]', 2, false],
    ['[[[1]]]', 2, true],
    ['{"a":{"b":{}}}', 2, true],
    ['["[[[[", "\\"[[[["]', 1, false],
    ['[[1],[2],[3]]', 2, false],
  ])('%s nests deeper than %i: %s', (json, depthMax, expected) => {
    expect(deeperThan(json, depthMax)).toBe(expected);
  });
});

describe('errors of the engine', () => {
  test.each([
    ['an unknown case', new CaseUnknownError(CANARY), 404, null],
    ['another generation', new GenerationMismatchError(CANARY, CANARY), 503, '5'],
    ['a release that is still loading', new NamedError('NotReadyError'), 503, '5'],
    ['a bug', new NamedError('TypeError'), 500, null],
    ['an error with an odd name', new NamedError('constructor'), 500, null],
  ])('%s is answered without a word of the query', async (_, error, status, retryAfter) => {
    const deps = stubDeps({ search: () => Promise.reject(error) });
    const response = await createApp(deps).request('/api/search', post('{"text":"fever"}'));
    expect(response.status).toBe(status);
    expect(response.headers.get('Retry-After')).toBe(retryAfter);
    expect(JSON.stringify(await problemOf(response))).not.toContain('zebra');
    expect(JSON.stringify(deps.lines)).not.toContain('zebra');
  });

  test('what is thrown without being an error answers 500', async () => {
    const deps = stubDeps({ status: () => Promise.reject('out of paper') });
    const response = await createApp(deps).request('/api/status');
    expect(response.status).toBe(500);
    expect(JSON.stringify(await problemOf(response))).not.toContain('paper');
  });

  test('an HTTPException keeps its status and its challenge', async () => {
    const challenge = new Response(null, { headers: { 'WWW-Authenticate': 'Bearer' } });
    const deps = stubDeps({ status: () => Promise.reject(new HTTPException(401, { res: challenge })) });
    const response = await createApp(deps).request('/api/status');
    expect(response.status).toBe(401);
    expect(response.headers.get('WWW-Authenticate')).toBe('Bearer');
    expect((await problemOf(response)).title).toBe('Unauthorized');
  });

  test('a client that went away is no error of ours', async () => {
    const gone = new AbortController();
    const deps = stubDeps({
      search: () => {
        gone.abort();
        return Promise.reject(new DOMException('aborted', 'AbortError'));
      },
    });
    const response = await createApp(deps).request('/api/search', { ...post('{"text":"a"}'), signal: gone.signal });
    expect(response.status).toBe(499);
    expect(deps.lines.map((line) => line.level)).toEqual(['info']);
  });
});

describe('addresses', () => {
  test.each([
    '/nothing',
    '/api/nothing',
    '/api/cases/unknown',
    '/cases/unknown',
    '/assets/nothing.js',
    '/assets/..%2fapp.ts',
    '/assets/words.d.ts',
    '/assets/%2e%2e/http/app.ts',
    '/cases/%E0%A4%A',
  ])('%s: 404 as a problem', async (path) => {
    const response = await createApp(stubDeps()).request(path);
    expect(response.status).toBe(404);
    await problemOf(response);
  });

  test.each([
    ['GET', '/api/search', 'POST'],
    ['OPTIONS', '/api/search', 'POST'],
    ['PUT', '/api/status', 'GET, HEAD'],
    ['DELETE', '/api/cases/sample-001', 'GET, HEAD'],
    ['POST', '/', 'GET, HEAD'],
    ['POST', '/assets/search.js', 'GET, HEAD'],
    ['PROPFIND', '/livez', 'GET, HEAD'],
  ])('%s %s: 405 that names what is allowed', async (method, path, allow) => {
    const response = await createApp(stubDeps()).request(path, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('Allow')).toBe(allow);
    await problemOf(response);
  });

  test('an address beyond 8 KiB: 414', async () => {
    const response = await createApp(stubDeps()).request(`/?case=${'a'.repeat(9_000)}`);
    expect(response.status).toBe(414);
    await problemOf(response);
  });

  test('a case id longer than any stored one is unknown without asking for it', async () => {
    const deps = stubDeps({ caseById: () => Promise.reject(new Error('asked')) });
    expect((await createApp(deps).request(`/api/cases/${'a'.repeat(400)}`)).status).toBe(404);
  });

  test('a case id may hold a slash, a space and letters beyond ASCII', async () => {
    const asked: string[] = [];
    const deps = stubDeps({
      caseById: async (id) => {
        asked.push(id);
        return null;
      },
    });
    await createApp(deps).request(`/api/cases/${encodeURIComponent('a/b ü')}`);
    expect(asked).toEqual(['a/b ü']);
  });

  test('a browser that asks for a page gets its problem as a page, a program under /api never', async () => {
    const headers = { Accept: 'text/html,application/xhtml+xml' };
    const app = createApp(stubDeps());
    const page = await app.request('/cases/unknown', { headers });
    expect([page.status, page.headers.get('Content-Type')]).toEqual([404, 'text/html; charset=utf-8']);
    await problemOf(await app.request('/api/cases/unknown', { headers }));
  });
});

describe('probes', () => {
  test('not ready says why and when to come back', async () => {
    const deps = stubDeps({ ready: async () => ({ ready: false, reason: 'no release is loaded yet' }) });
    const response = await createApp(deps).request('/readyz');
    expect([response.status, response.headers.get('Retry-After')]).toEqual([503, '5']);
    expect((await problemOf(response)).detail).toBe('no release is loaded yet');
    expect((await createApp(deps).request('/livez')).status).toBe(200);
  });

  test('the search page answers GET and HEAD while database and search hang', async () => {
    const hang = () => new Promise<never>(() => {});
    const app = createApp(stubDeps({ status: hang, search: hang, caseById: hang }));
    for (const method of ['GET', 'HEAD']) {
      const response = await app.request('/', { method });
      expect([response.status, (await response.text()).length > 0]).toEqual([200, method === 'GET']);
    }
  });
});

describe('headers', () => {
  const app = createApp(stubDeps());
  const REQUESTS = ['/', '/status', '/cases/sample-001', '/api/status', '/nothing', '/assets/search.js', '/readyz'];

  test.each(REQUESTS)('%s carries the security headers', async (path) => {
    const { headers } = await app.request(path);
    const policy = headers.get('Content-Security-Policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("frame-ancestors 'self' https://huggingface.co");
    expect(policy).not.toMatch(/unsafe|\*|data:/);
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(headers.get('Referrer-Policy')).toBe('no-referrer');
    expect(headers.get('Permissions-Policy')).toContain('geolocation=()');
    expect(headers.get('Access-Control-Allow-Origin')).toBeNull();
    expect(headers.get('X-Powered-By')).toBeNull();
    expect(headers.get('Cache-Control')).toBe(path.startsWith('/assets/') ? 'no-cache' : 'no-store');
  });

  test('transport security is asked for behind TLS only', async () => {
    const behindTls = await app.request('/', { headers: { 'X-Forwarded-Proto': 'https' } });
    expect(behindTls.headers.get('Strict-Transport-Security')).toMatch(/^max-age=\d+/);
    expect((await app.request('/')).headers.get('Strict-Transport-Security')).toBeNull();
  });

  test('an asset that the browser has is not sent again', async () => {
    const first = await app.request('/assets/search.js');
    const etag = first.headers.get('ETag') ?? '';
    const again = await app.request('/assets/search.js', { headers: { 'If-None-Match': etag } });
    expect([again.status, await again.text()]).toEqual([304, '']);
  });

  test('no page holds a script, a style or an event handler of its own', async () => {
    for (const path of ['/', '/status', '/cases/sample-001']) {
      const page = await (await app.request(path)).text();
      expect(page).not.toMatch(/<script(?![^>]* src=)/);
      expect(page).not.toMatch(/<style|\sstyle=|\son\w+=/);
    }
  });
});

describe('log', () => {
  test('a query reaches no line, whether it is good, bad, too long or misdirected', async () => {
    const deps = stubDeps({
      search: (request) => Promise.reject(new NamedError('Error', `failed on ${request.text}\n    at ${request.text}`)),
    });
    const app = createApp(deps);
    await app.request('/api/search', post(JSON.stringify({ text: CANARY })));
    await app.request('/api/search', post(`{"text":"${CANARY}`));
    await app.request('/api/search', post(JSON.stringify({ text: CANARY.repeat(40_000) })));
    await app.request(`/?q=${encodeURIComponent(CANARY)}`);
    await app.request(`/${encodeURIComponent(CANARY)}`);
    await app.request(`/api/cases/${encodeURIComponent(CANARY)}`);
    expect(deps.lines.length).toBeGreaterThanOrEqual(6);
    expect(JSON.stringify(deps.lines)).not.toMatch(/canary|zebra/);
  });

  test('a line has method, route pattern, status, time and request id, and nothing else', async () => {
    const deps = stubDeps();
    await createApp(deps).request('/api/cases/sample-001?x=1', { method: 'HEAD' });
    expect(deps.lines).toEqual([
      {
        level: 'info',
        message: 'request',
        method: 'HEAD',
        route: '/api/cases/:id',
        status: 200,
        ms: expect.any(Number),
        request_id: 'request-1',
      },
    ]);
  });
});

test('OpenAPI describes every route but the assets, and no other', () => {
  const routes = routesOf(stubDeps()).filter((route) => !route.path.startsWith('/assets/'));
  const served = routes.map((route) => `${route.method} ${route.path.replace(':id', '{id}')}`).sort();
  const described = Object.entries(openapi.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(described.sort()).toEqual(served);
});

test('every reference in OpenAPI leads somewhere', () => {
  const names = [...JSON.stringify(openapi).matchAll(/#\/components\/schemas\/(\w+)/g)].map((match) => match[1] ?? '');
  expect(names.length).toBeGreaterThan(10);
  for (const name of names) expect(Object.keys(openapi.components.schemas)).toContain(name);
});

test('OpenAPI names every field of a case and of a finding', () => {
  const { Case, Finding } = openapi.components.schemas;
  const fieldsOf = (schema: unknown) => Object.keys((schema as { properties: object }).properties).sort();
  expect(fieldsOf(Case)).toEqual(Object.keys(caseAnswer({ notices: [], text_withheld: 'licence' })).sort());
  const finding: Required<CaseFinding> = {
    term: 'prolactin',
    assertion: 'present',
    value: 135.2,
    unit: 'ng/mL',
    comparator: '>',
    flag: 'high',
    canonical: { value: 135.2, unit: 'ug/L' },
    range: [2.8, 26],
    trend: 'falling',
    severity: 'severe',
    onset: 'acute',
    duration_days: 3,
    at: 'on admission',
    code: 'HP:0000870',
    qualifiers: ['serum'],
    span: [0, 9],
  };
  expect(fieldsOf(Finding)).toEqual(Object.keys(finding).sort());
});
