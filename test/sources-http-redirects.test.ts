import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AddressError } from '../core/sources/http/address.ts';
import { createHttp, webClock } from '../core/sources/http/client.ts';
import { type Hop, nextHop } from '../core/sources/http/redirects.ts';
import type { HopRequest, Transport } from '../core/sources/http/transport.ts';
import { type Door, type LoopbackServer, openDoor, SETTINGS, startServer } from './support/sources/door.ts';

/** S31: every hop is checked like the first, there are at most five, and what says who asks stays where it was meant for. */

let here: LoopbackServer;
let there: LoopbackServer;
let canary: LoopbackServer;
let door: Door;
beforeAll(async () => {
  here = await startServer((_, response) => response.end('here'));
  there = await startServer((_, response) => response.end('there'));
  canary = await startServer((_, response) => response.end('tweet'));
});
beforeEach(async () => {
  here.seen.length = 0;
  there.seen.length = 0;
  door = await openDoor({ origins: [here.origin, there.origin], secrets: ['operator@example.org'] });
});
afterEach(() => door.close());
afterAll(() => Promise.all([here.close(), there.close(), canary.close()]));

const redirecting = (status: number, location: string): void => {
  here.answer = (_, response) => response.writeHead(status, { location }).end();
};
const ask = (path = '/', more: object = {}) =>
  door.http({ service: 'papers', url: new URL(path, here.origin), ...more });

describe('S31: where a redirect may lead', () => {
  test.each([
    ['loopback', () => canary.origin],
    ['loopback in another spelling', () => canary.origin.replace('127.0.0.1', '0x7f000001')],
    ['loopback without a port', () => 'http://127.0.0.1/'],
    ['a cloud machine’s own service, without a scheme', () => '//169.254.169.254/latest/'],
    ['a file', () => 'file:///etc/passwd'],
    ['data', () => 'data:text/plain,hello'],
    ['a user name', () => 'https://user:pass@example.org/'],
    ['another port', () => 'https://example.org:8443/'],
    ['no address at all', () => 'http://[/'],
  ])('a redirect to %s is refused', async (_, location) => {
    redirecting(302, location());
    await expect(ask()).rejects.toMatchObject({ name: 'PermanentError' });
    expect(here.seen).toHaveLength(1);
    expect(canary.connections()).toBe(0);
    expect(await door.lanesBusy()).toBe(0);
  });

  test('an origin of the operator is gone to only by a call that was sent to one', async () => {
    const hops: HopRequest[] = [];
    const transport: Transport = async (request) => {
      hops.push(request);
      return { status: 302, headers: { location: there.origin }, body: none() };
    };
    const http = createHttp({
      ...webClock,
      db: door.db,
      transport,
      services: { papers: SETTINGS },
      version: '1',
      contact: null,
      secrets: [],
      origins: [there.origin],
    });
    await expect(http({ service: 'papers', url: new URL('http://example.org/') })).rejects.toThrow('port');
    expect(hops).toHaveLength(1);
    expect(there.seen).toHaveLength(0);
  });

  test('twenty redirects: five are followed', async () => {
    here.answer = (_, response, { path }) =>
      response.writeHead(302, { location: `/${Number(path.slice(1)) + 1}` }).end();
    await expect(ask('/0')).rejects.toMatchObject({
      name: 'RetryableError',
      message: expect.stringContaining('5 redirects'),
    });
    expect(here.seen.map(({ path }) => path)).toEqual(['/0', '/1', '/2', '/3', '/4', '/5']);
  });

  test('five redirects and then an answer are an answer', async () => {
    here.answer = (_, response, { path }) =>
      path === '/5'
        ? response.end('arrived')
        : response.writeHead(302, { location: `/${Number(path.slice(1)) + 1}` }).end();
    const answer = await ask('/0');
    expect([answer.url.pathname, new TextDecoder().decode(answer.bytes)]).toEqual(['/5', 'arrived']);
  });

  test('a circle is left when it closes', async () => {
    here.answer = (_, response, { path }) => response.writeHead(302, { location: path === '/a' ? '/b' : '/a' }).end();
    await expect(ask('/a')).rejects.toThrow('circle');
    expect(here.seen).toHaveLength(2);
  });

  test('a redirect without a place, and one that is not to be followed, come back as they are', async () => {
    here.answer = (_, response) => response.writeHead(302).end();
    expect((await ask()).status).toBe(302);
    redirecting(301, '/elsewhere');
    const answer = await ask('/', { redirectsMax: 0 });
    expect([answer.status, answer.headers.location]).toEqual([301, '/elsewhere']);
    expect(here.seen).toHaveLength(2);
  });
});

describe('S31: what goes along', () => {
  const secrets = {
    headers: {
      Authorization: 'Bearer token-0123456789',
      Cookie: 'session=1',
      'X-Trace': 'operator@example.org',
      Accept: 'text/xml',
    },
  };

  test('to another host goes nothing that says who asks', async () => {
    redirecting(302, `${there.origin}/x?api_key=KEY123&email=operator%40example.org&term=heart&mine=KEY123`);
    await ask('/?api_key=KEY123', secrets);
    const [got] = there.seen;
    expect(got?.path).toBe('/x?term=heart');
    expect(Object.keys(got?.headers ?? {}).sort()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'host',
      'user-agent',
    ]);
    expect(got?.headers['user-agent']).toBe('Anamnesis/0.0.1 (+https://example.org/contact)');
    console.info(
      `S31: across hosts, secrets seen by the second: ${/KEY123|token-01|session|operator/.test(JSON.stringify(got)) ? 1 : 0}`,
    );
  });

  test('on the same host everything goes along', async () => {
    here.answer = (_, response, { path }) =>
      path.startsWith('/x') ? response.end() : response.writeHead(302, { location: '/x?api_key=KEY123' }).end();
    await ask('/', secrets);
    expect(here.seen[1]?.path).toBe('/x?api_key=KEY123');
    expect(here.seen[1]?.headers.authorization).toBe('Bearer token-0123456789');
  });

  test.each([301, 302, 307, 308])('a form is sent on to the same host and to no other (%i)', async (status) => {
    const form = { id: '1,2', api_key: 'KEY123' };
    here.answer = (_, response, { path }) =>
      path === '/x' ? response.end('ok') : response.writeHead(status, { location: '/x' }).end();
    await ask('/', { form });
    expect(here.seen.map(({ method, body }) => `${method} ${body}`)).toEqual([
      'POST id=1%2C2&api_key=KEY123',
      'POST id=1%2C2&api_key=KEY123',
    ]);
    redirecting(status, there.origin);
    await expect(ask('/', { form })).rejects.toMatchObject({ name: 'PermanentError' });
    expect(there.seen).toHaveLength(0);
  });

  test('a 303 is asked for by GET, without the form', async () => {
    redirecting(303, `${there.origin}/result`);
    await ask('/', { form: { id: '1' } });
    expect(there.seen.map(({ method, body, headers }) => [method, body, headers['content-type']])).toEqual([
      ['GET', '', undefined],
    ]);
  });

  const from = (url: string, headers = {}): Hop => ({ url: new URL(url), headers, body: null, origins: [] });
  const to = (hop: Hop, location: string) =>
    nextHop(hop, { status: 301, headers: { location }, bytes: new Uint8Array(), url: hop.url }, []);

  test('https never becomes http, not even on the same host', () => {
    expect(() => to(from('https://example.org/'), 'http://example.org/')).toThrow(AddressError);
    expect(() => to(from('https://example.org/'), 'http://other.example.org/')).toThrow(AddressError);
  });

  test('http becomes https on the same host with all that was sent', () => {
    const hop = to(from('http://example.org/', { authorization: 'x' }), 'https://example.org/a?api_key=1');
    expect([hop?.url.href, hop?.headers]).toEqual(['https://example.org/a?api_key=1', { authorization: 'x' }]);
    const other = to(from('http://example.org/', { authorization: 'x' }), 'https://www.example.org/a?api_key=1');
    expect([other?.url.href, other?.headers]).toEqual(['https://www.example.org/a', {}]);
  });
});

describe('messages and rows hold no secret', () => {
  test('a key that the service repeats to us is in no error, in no row', async () => {
    redirecting(302, 'https://key123secret.example.org:99/?api_key=KEY123SECRET');
    const error = await ask('/?api_key=KEY123SECRET&email=operator%40example.org').catch((thrown: Error) => thrown);
    here.answer = (_, response) => response.writeHead(429, { 'retry-after': '5' }).end('{"api-key":"KEY123SECRET"}');
    const quota = await ask('/?api_key=KEY123SECRET').catch((thrown: Error) => thrown);
    const { rows } = await door.client.execute(
      `SELECT (SELECT json_group_array(closed_reason) FROM service_pace) || (SELECT json_group_array(open_reason) FROM service) AS kept`,
    );
    const told = [error, quota].map((one) => `${one} ${JSON.stringify(one)}`).join() + String(rows[0]?.kept);
    expect(told).toContain('429');
    expect(told).toContain('***');
    expect(told).not.toMatch(/KEY123SECRET|operator/i);
  });
});

async function* none(): AsyncGenerator<Uint8Array> {}
