import type { ServerResponse } from 'node:http';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Http } from '../core/sources/http/http.ts';
import { serviceSettings } from '../core/sources/http/services.ts';
import type { Retrieved, Source } from '../core/sources/source.ts';
import { readHtml } from '../space/sources/html.ts';
import { addressesOf, webKey, webSource } from '../space/sources/web.ts';
import { type Door, type LoopbackServer, openDoor, SETTINGS, startServer } from './support/sources/door.ts';

/** S33: the generic source asks each host for its rules and keeps to them. */

const DAY_MS = 86_400_000;
const PAGE = '<!doctype html><html lang="en"><title>A case</title><p>A 45-year-old man with chest pain.</p></html>';

let server: LoopbackServer;
let door: Door;
let http: Http;
let nowMs = 0;
let source: Source;
type Pages = Record<string, (response: ServerResponse, headers: Record<string, string | string[] | undefined>) => void>;
const marked = (response: ServerResponse, headers: Record<string, string>) =>
  void response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...headers }).end(PAGE);
const html = (response: ServerResponse) => marked(response, {});
const text = (body: string) => (response: ServerResponse) =>
  void response.writeHead(200, { 'content-type': 'text/plain' }).end(body);
const status =
  (code: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    void response.writeHead(code, headers).end();
const serve = (pages: Pages): void => {
  server.answer = (request, response) => (pages[request.url ?? ''] ?? status(404))(response, request.headers);
};

beforeAll(async () => {
  server = await startServer((_, response) => response.end());
});
beforeEach(async () => {
  server.seen.length = 0;
  nowMs = Date.UTC(2026, 10, 22);
  door = await openDoor({ origins: [server.origin] });
  http = door.make({ services: { web: { ...SETTINGS, lanes: 1 } } });
  source = sourceOf();
});
afterEach(() => door.close());
afterAll(() => server.close());

const paths = ['/a', '/b', '/private/c'];
const sourceOf = () =>
  webSource({ addresses: async () => [paths.map((path) => `${server.origin}${path}`).join('\n')], nowMs: () => nowMs });
const keyOf = (path: string) => webKey(new URL(path, server.origin));
const get = async (...asked: string[]): Promise<readonly Retrieved[]> =>
  source.retrieve(await Promise.all(asked.map(async (path) => ({ key: await keyOf(path) }))), http);
const asked = () => server.seen.map(({ path }) => path);

describe('addresses', () => {
  test('a query is a list of addresses, each once; the listing names them and states their number', async () => {
    const query = ` https://a.example.org/x#top\n\thttps://a.example.org/x  https://b.example.org `;
    expect(addressesOf(query).map(({ href }) => href)).toEqual(['https://a.example.org/x', 'https://b.example.org/']);
    const window = { query, by: 'entry', days: { from: '2026-11-01', to: '2026-11-22' } } as const;
    const page = await source.list(window, null, http);
    expect(page).toMatchObject({ kind: 'page', stated: 2, next: null });
    expect(
      page.kind === 'page' &&
        page.found.every(({ key, revision }) => /^WEB_[0-9a-f]{24}$/.test(key) && revision === '2026-11-22'),
    ).toBe(true);
  });

  test.each([
    'example.org',
    'ftp://example.org/',
    'https://user@example.org/',
    'file:///etc/passwd',
    `https://example.org/${'x'.repeat(2_000)}`,
  ])('what is no address is named: %s', (query) => expect(() => addressesOf(query)).toThrow('is no address'));
});

describe('robots.txt, after RFC 9309', () => {
  test('it is asked for once, before any page, and kept to', async () => {
    serve({ '/robots.txt': text('User-agent: *\nDisallow: /private/\n'), '/a': html, '/b': html, '/private/c': html });
    const all = await get('/a', '/b', '/private/c');
    expect(all.map(({ kind }) => kind)).toEqual(['document', 'document', 'failed']);
    expect(all[2]).toMatchObject({ error: { name: 'PermanentError', message: expect.stringContaining('robots.txt') } });
    expect(asked()).toEqual(['/robots.txt', '/a', '/b']);
    expect(server.seen[0]?.headers['user-agent']).toContain('Anamnesis/');
    console.info(
      `S33: robots.txt asked once for 3 pages, ${asked().filter((path) => path.startsWith('/private')).length} of 1 disallowed pages asked for`,
    );
  });

  test('a group with our name outranks the one for all', async () => {
    serve({
      '/robots.txt': text('User-agent: *\nAllow: /\n\nUser-agent: anamnesis\nDisallow: /a'),
      '/a': html,
      '/b': html,
    });
    expect((await get('/a', '/b')).map(({ kind }) => kind)).toEqual(['failed', 'document']);
  });

  test('the longest rule wins', async () => {
    serve({ '/robots.txt': text('User-agent: *\nDisallow: /private\nAllow: /private/c$'), '/private/c': html });
    expect((await get('/private/c'))[0]?.kind).toBe('document');
  });

  test.each([404, 410, 400])('a %i means that there are no rules', async (code) => {
    serve({ '/robots.txt': status(code), '/a': html });
    expect((await get('/a'))[0]?.kind).toBe('document');
  });

  test.each([401, 403])('a %i stops us', async (code) => {
    serve({ '/robots.txt': status(code), '/a': html });
    expect((await get('/a'))[0]).toMatchObject({ kind: 'failed', error: { name: 'PermanentError' } });
    expect(asked()).toEqual(['/robots.txt']);
  });

  test.each([500, 503])('while it is answered with %i nothing is allowed, and it is asked again', async (code) => {
    serve({ '/robots.txt': status(code), '/a': html });
    expect((await get('/a'))[0]).toMatchObject({ kind: 'failed', error: { errorClass: 'retryable' } });
    expect(asked()).toEqual(['/robots.txt']);
    serve({ '/a': html });
    expect((await get('/a'))[0]?.kind).toBe('document');
  });

  test('a host that cannot be reached allows nothing, and spends attempts', async () => {
    const gone = await startServer(() => undefined);
    await gone.close();
    const lost = webSource({ addresses: async () => [`${gone.origin}/a`], nowMs: () => nowMs });
    const key = await webKey(new URL('/a', gone.origin));
    const [one] = await lost.retrieve([{ key }], door.make({ services: { web: SETTINGS }, origins: [gone.origin] }));
    expect(one).toMatchObject({ kind: 'failed', error: { name: 'RetryableError' } });
  });

  test('it is used for a day and no longer', async () => {
    serve({ '/robots.txt': text('User-agent: *\nAllow: /'), '/a': html });
    await get('/a');
    nowMs += DAY_MS - 1;
    await get('/a');
    nowMs += 1;
    serve({ '/robots.txt': text('User-agent: *\nDisallow: /'), '/a': html });
    expect((await get('/a'))[0]?.kind).toBe('failed');
    expect(asked().filter((path) => path === '/robots.txt')).toHaveLength(2);
  });

  test('the delay that it asks for is kept', async () => {
    serve({ '/robots.txt': text('User-agent: *\nCrawl-delay: 20'), '/a': html, '/b': html });
    const all = await get('/a', '/b');
    expect(all[1]).toMatchObject({ kind: 'failed', error: { name: 'ServiceClosedError', retryAfterMs: 20_000 } });
    nowMs += 20_000;
    expect((await get('/b'))[0]?.kind).toBe('document');
  });
});

describe('pages', () => {
  test.each([401, 403])('a %i ends it for the whole host, for a day', async (code) => {
    serve({ '/a': status(code), '/b': html });
    const all = await get('/a', '/b');
    expect(all).toMatchObject([
      { kind: 'failed', error: { name: 'PermanentError' } },
      { kind: 'failed', error: { name: 'PermanentError', message: expect.stringContaining('left alone') } },
    ]);
    expect(asked()).toEqual(['/robots.txt', '/a']);
    nowMs += DAY_MS;
    expect((await get('/b'))[0]?.kind).toBe('document');
  });

  test('what is held already is asked for on condition', async () => {
    serve({
      '/a': (response, headers) =>
        headers['if-none-match'] === '"v1"' && headers['if-modified-since'] === 'Sun, 22 Nov 2026 00:00:00 GMT'
          ? status(304)(response)
          : marked(response, { etag: '"v1"', 'last-modified': 'Sun, 22 Nov 2026 00:00:00 GMT' }),
    });
    const [first] = await get('/a');
    const validators = first?.kind === 'document' ? first.document.validators : undefined;
    expect(validators).toEqual({ etag: '"v1"', lastModified: 'Sun, 22 Nov 2026 00:00:00 GMT' });
    const key = await keyOf('/a');
    expect(await source.retrieve([{ key, ...(validators ? { validators } : {}) }], http)).toEqual([
      { kind: 'unchanged', key },
    ]);
  });

  test('gone, elsewhere, not a page, and no longer wanted', async () => {
    serve({ '/a': status(410), '/b': status(301, { location: '/c' }), '/c': html, '/private/c': text('plain') });
    const all = await get('/a', '/b', '/private/c', '/unlisted');
    expect(all.map(({ kind }) => kind)).toEqual(['missing', 'document', 'failed', 'missing']);
    expect(all[1]?.kind === 'document' && all[1].document.locator).toBe(`${server.origin}/c`);
  });

  test('a redirect to another host is under the rules of that host', async () => {
    const other = await startServer((request, response) =>
      request.url === '/robots.txt' ? response.end('User-agent: *\nDisallow: /') : html(response),
    );
    serve({ '/a': status(302, { location: `${other.origin}/a` }) });
    const both = door.make({ services: { web: SETTINGS }, origins: [server.origin, other.origin] });
    const [one] = await source.retrieve([{ key: await keyOf('/a') }], both);
    expect(one).toMatchObject({ kind: 'failed', error: { message: expect.stringContaining('robots.txt') } });
    expect(other.seen.map(({ path }) => path)).toEqual(['/robots.txt']);
    await other.close();
  });

  test('a circle of redirects ends', async () => {
    serve({ '/a': status(302, { location: '/a' }) });
    expect((await get('/a'))[0]).toMatchObject({ kind: 'failed', error: { name: 'PermanentError' } });
    expect(asked().length).toBeLessThan(8);
  });

  test('a page in another encoding is stored in UTF-8', async () => {
    serve({
      '/a': (response) =>
        response
          .writeHead(200, { 'content-type': 'text/html; charset=ISO-8859-1' })
          .end(Buffer.from('<p>Ménière', 'latin1')),
    });
    const [one] = await get('/a');
    const bytes = one?.kind === 'document' ? one.document.bytes : new Uint8Array();
    expect(new TextDecoder('utf-8', { fatal: true }).decode(bytes)).toBe('<p>Ménière');
  });

  test('each host has a pace of its own, one request in five seconds', async () => {
    serve({ '/a': html });
    await get('/a');
    const { rows } = await door.client.execute('SELECT service, requests FROM service_pace');
    expect(rows.map(({ service, requests }) => [service, requests])).toEqual([['web:127.0.0.1', 2]]);
    expect(serviceSettings({ ncbiKey: true }).web).toMatchObject({ gapMs: 5_000, lanes: 1 });
  });
});

describe('the text of a page', () => {
  const encode = (markup: string) => new TextEncoder().encode(markup);
  const article = (body: string, head = '') =>
    `<!DOCTYPE html><html lang="en-GB"><head><title>Site | A rare case</title>${head}</head><body>
     <nav><a href="/">Home</a> <a href="/login">Sign in</a></nav><article>${body}</article><footer>© 2026 A Publisher</footer></body></html>`;
  const story =
    `A 45-year-old man presented with chest pain, dyspnoea and a pulse of 120/min, two hours after exercise. `.repeat(
      8,
    );
  const read = (markup: string) => {
    const reading = readHtml(encode(markup), 'WEB_1');
    if (reading.kind !== 'record') throw new Error(`${reading.reason}: ${reading.detail}`);
    return reading.record;
  };

  test('is the article, a line for each heading and row, without what surrounds it', () => {
    const { text: found } = read(
      article(
        `<h2>History</h2><p>${story}</p><script>track('patient')</script><table><tr><th>Test</th><th>Value</th></tr><tr><td>Troponin</td><td>2.1 ng/ml</td></tr></table><h2>Discussion</h2><p>${story}</p>`,
      ),
    );
    expect(found.split('\n')).toEqual(
      expect.arrayContaining(['History', 'Test | Value', 'Troponin | 2.1 ng/ml', 'Discussion', story.trim()]),
    );
    expect(found).not.toMatch(/Sign in|Publisher|track/);
  });

  test('comes with what the page says about itself', () => {
    const head = `<meta name="citation_title" content="A rare case"><meta name="citation_doi" content="10.1234/abc.5">
      <meta name="citation_author" content="Doe J"><meta name="citation_author" content="Roe R"><meta name="citation_journal_title" content="J Cases">
      <link rel="license" href="https://creativecommons.org/licenses/by/4.0/"><link rel="canonical" href="javascript:alert(1)">`;
    expect(read(article(`<p>${story}</p>`, head)).publication).toMatchObject({
      source: 'web',
      title: 'A rare case',
      doi: '10.1234/abc.5',
      authors: ['Doe J', 'Roe R'],
      journal: 'J Cases',
      licence: 'https://creativecommons.org/licenses/by/4.0/',
      url: null,
      lang: 'en',
      state: 'current',
    });
  });

  test.each([
    [
      'latin1 by its own word',
      Buffer.from(article(`<p>Ménière. ${story}</p>`, '<meta charset="iso-8859-1">'), 'latin1'),
    ],
    ['UTF-8 without a word', Buffer.from(article(`<p>Ménière. ${story}</p>`))],
    ['neither', Buffer.from(article(`<p>Ménière. ${story}</p>`), 'latin1')],
    [
      'UTF-8 by its mark, against its own word',
      Buffer.from(`\u{feff}${article(`<p>Ménière. ${story}</p>`, '<meta charset="iso-8859-1">')}`),
    ],
  ])('is read in its encoding: %s', (_, bytes) => {
    const reading = readHtml(new Uint8Array(bytes), 'WEB_1');
    expect(reading.kind === 'record' && reading.record.text).toContain('Ménière');
  });

  test('a page without text is set aside', () => {
    expect(read('<html><body><div id="app"></div></body></html>').setAside).toMatchObject({ reason: 'no_text' });
  });

  test.each([
    ['30,000 open elements', '<div>'.repeat(30_000)],
    ['a deep nest that is closed', `${'<b><i>'.repeat(5_000)}x${'</i></b>'.repeat(5_000)}`],
    ['too many elements', '<p>x</p>'.repeat(40_000)],
    ['two megabytes and more', 'x'.repeat(2_100_000)],
  ])('what would cost too much is refused: %s', (_, markup) => {
    expect(readHtml(encode(markup), 'WEB_1')).toMatchObject({ kind: 'refused', reason: 'too_large' });
  });

  test('no markup makes it throw', () => {
    const part = fc.constantFrom(
      '<',
      '>',
      '/',
      'div',
      'p',
      'table',
      '<tr>',
      '<td',
      '"',
      '&amp;',
      '&#x0;',
      '<!--',
      '-->',
      '<![CDATA[',
      '<svg>',
      '<math>',
      '<title>',
      '<script>',
      'text ',
      '<html',
      '<base href=',
      '\0',
      '<meta charset="x">',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 60 }), (parts) => {
        expect(['record', 'refused']).toContain(readHtml(encode(parts.join('')), 'WEB_1').kind);
      }),
      { numRuns: 150 },
    );
  });
});
