import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AddressError, addressBytes, checkUrl, isPublicAddress } from '../core/sources/http/address.ts';
import { fetchTransport } from '../functions/transport.ts';
import { nodeTransport, type Resolve } from '../space/sources/transport.ts';
import { type Door, type LoopbackServer, openDoor, startServer } from './support/sources/door.ts';

/** S30: no spelling of an address that is not public is called. A canary listens on loopback and must hear nothing. */

let canary: LoopbackServer;
let door: Door;
beforeAll(async () => {
  canary = await startServer((_, response) => response.end('tweet'));
  door = await openDoor();
});
afterAll(async () => {
  await door.close();
  await canary.close();
});

const PORT = '{port}';
const LITERALS: readonly string[] = [
  `http://127.1:${PORT}/`,
  `http://2130706433:${PORT}/`,
  `http://0x7f000001:${PORT}/`,
  `http://0177.0.0.1:${PORT}/`,
  `http://[::ffff:127.0.0.1]:${PORT}/`,
  `http://localhost:${PORT}/`,
  `http://localhost.:${PORT}/`,
  `http://sub.localhost:${PORT}/`,
  `http://0:${PORT}/`,
  `http://0.0.0.0:${PORT}/`,
  `http://１２７.０.０.１:${PORT}/`,
  `http://①②⑦.⓪.⓪.①:${PORT}/`,
  `http://127.0.0.1.:${PORT}/`,
  `http://127。0。0。1:${PORT}/`,
  `http://%31%32%37.0.0.1:${PORT}/`,
  `http://[::1]:${PORT}/`,
  `http://[::]:${PORT}/`,
  `http://[::127.0.0.1]:${PORT}/`,
  `http://[64:ff9b::7f00:1]:${PORT}/`,
  `http://[2002:7f00:1::]:${PORT}/`,
  'http://169.254.169.254/latest/meta-data/',
  'http://100.100.100.200/latest/meta-data/',
  'http://168.63.129.16/',
  'http://[fd00:ec2::254]/latest/meta-data/',
  'http://[fe80::1]/',
  'http://[fec0::1]/',
  'http://[ff02::1]/',
  'http://[64:ff9b:1::a00:1]/',
  'http://[2001:db8::1]/',
  'http://[2001::1]/',
  'http://10.0.0.1/',
  'http://172.16.0.1/',
  'http://172.31.255.255/',
  'http://192.168.1.1/',
  'http://100.64.0.1/',
  'http://198.18.0.1/',
  'http://192.0.2.1/',
  'http://224.0.0.1/',
  'http://255.255.255.255/',
  'http://intranet/',
  'http://router.local/',
  'http://metadata.google.internal/',
  'http://user@example.org/',
  'http://user:pass@example.org/',
  'https://example.org@127.0.0.1/',
  'https://example.org:8443/',
  'http://example.org:22/',
  'http://example.org:443/',
  'https://example.org:80/',
  'ftp://example.org/',
  'file:///etc/passwd',
  'data:text/html,hello',
  'blob:https://example.org/1',
  'javascript:0',
];
const urlOf = (text: string): URL => new URL(text.replace(PORT, new URL(canary.origin).port));

describe('S30: addresses', () => {
  test('no listed spelling is called, and the canary hears nothing', async () => {
    const outcomes = await Promise.all(
      LITERALS.map(async (text) => {
        const error = await door.http({ service: 'papers', url: urlOf(text) }).catch((thrown: Error) => thrown.name);
        return [text, error];
      }),
    );
    expect(outcomes.filter(([, error]) => error !== 'PermanentError')).toEqual([]);
    expect(canary.seen).toHaveLength(0);
    expect(canary.connections()).toBe(0);
    console.info(`S30: ${LITERALS.length} addresses refused, ${canary.connections()} connections at the canary`);
  });

  test('each is refused for where it leads, not only for its port', () => {
    const allowed = LITERALS.filter((text) => text.includes(PORT)).filter((text) => {
      try {
        checkUrl(new URL(text.replace(`:${PORT}`, '')), []);
        return true;
      } catch (error) {
        return !(error instanceof AddressError && error.message.includes('not a public address'));
      }
    });
    expect(allowed).toEqual([]);
  });

  test('the transports refuse them by themselves', async () => {
    const node = nodeTransport();
    const edge = fetchTransport(
      fetch,
      LITERALS.map((text) => urlOf(text).hostname),
    );
    const hop = { method: 'GET', headers: {}, body: null, trusted: false, connectMs: 1_000 } as const;
    const loopback = LITERALS.filter((text) => text.includes(PORT));
    for (const transport of [node.transport, edge]) {
      const outcomes = await Promise.all(
        loopback.map(async (text) => {
          const signal = new AbortController().signal;
          const error = await transport({ ...hop, url: urlOf(text) }, { signal }).catch((thrown: Error) => thrown.name);
          return [text, error];
        }),
      );
      // A name is the resolver's: below localhost it may know none.
      const wrong = outcomes.filter(
        ([text, error]) =>
          error !== 'AddressError' && !(error === 'ConnectError' && String(text).includes('localhost')),
      );
      expect(wrong).toEqual([]);
    }
    await node.close();
    expect(canary.connections()).toBe(0);
  });

  test('public addresses are called: the check is no wall', () => {
    for (const text of ['https://eutils.ncbi.nlm.nih.gov/entrez/', 'https://www.ebi.ac.uk/', 'http://8.8.8.8/'])
      expect(() => checkUrl(new URL(text), [])).not.toThrow();
    for (const address of ['8.8.8.8', '2606:4700::1111', '::ffff:8.8.8.8', '64:ff9b::808:808', '2002:808:808::1'])
      expect([address, isPublicAddress(address)]).toEqual([address, true]);
  });

  test('an origin that the operator configured is called, and exactly that one', async () => {
    const http = door.make({ origins: [canary.origin] });
    const before = canary.seen.length;
    expect((await http({ service: 'papers', url: new URL('/x', canary.origin) })).status).toBe(200);
    const other = new URL(canary.origin);
    other.hostname = 'localhost';
    await expect(http({ service: 'papers', url: other })).rejects.toThrow('port');
    expect(canary.seen.length - before).toBe(1);
  });

  test('whatever the spelling of an address is, its bytes are those it was made of', () => {
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(fc.array(byte, { minLength: 4, maxLength: 4 }), (bytes) => {
        const [a = 0, b = 0, c = 0, d = 0] = bytes;
        const number = ((a * 256 + b) * 256 + c) * 256 + d;
        for (const spelling of [bytes.join('.'), `0x${number.toString(16)}`, `0${number.toString(8)}`, `${number}`])
          expect(addressBytes(new URL(`http://${spelling}/`).hostname)).toEqual(bytes);
        const mapped = new URL(`http://[::ffff:${bytes.join('.')}]/`).hostname.slice(1, -1);
        expect(isPublicAddress(mapped)).toBe(isPublicAddress(bytes.join('.')));
      }),
    );
    fc.assert(
      fc.property(fc.array(byte, { minLength: 16, maxLength: 16 }), (bytes) => {
        const groups = Array.from({ length: 8 }, (_, i) =>
          (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
        );
        expect(addressBytes(new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1))).toEqual(bytes);
      }),
    );
    for (const text of ['1.2.3', '1.2.3.4.5', '1.2.3.256', '1::2::3', '1:2:3:4:5:6:7', ':', 'g::', '12345::', ''])
      expect([text, addressBytes(text)]).toEqual([text, null]);
  });
});

describe('names are judged by where they lead', () => {
  const leadingTo =
    (...addresses: readonly string[]): Resolve =>
    (_host, _options, callback) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );

  test.each([
    ['loopback', ['127.0.0.1']],
    ['a cloud machine’s own service', ['169.254.169.254']],
    ['loopback by IPv6', ['::1']],
    ['loopback as a mapped address', ['::ffff:127.0.0.1']],
    ['a public address and a private one', ['93.184.216.34', '10.0.0.7']],
  ])('a public name that resolves to %s is refused when the connection is made', async (_, addresses) => {
    const before = canary.connections();
    const one = await openDoor({ resolve: leadingTo(...addresses) });
    const error = await one.http({ service: 'papers', url: new URL('http://cases.example.org/') }).catch((e) => e);
    expect(error).toMatchObject({ name: 'PermanentError', message: expect.stringContaining('cases.example.org') });
    expect(await one.lanesBusy()).toBe(0);
    await one.close();
    expect(canary.connections()).toBe(before);
  });

  test('a name is looked up once for a connection: no second answer can be better than the first', async () => {
    let asked = 0;
    const one = await openDoor({
      resolve: (_host, _options, callback) => {
        asked += 1;
        callback(null, [{ address: asked === 1 ? '127.0.0.1' : '192.0.2.1', family: 4 }]);
      },
    });
    const url = new URL('http://rebinding.example.org/');
    await expect(one.http({ service: 'papers', url })).rejects.toMatchObject({ name: 'PermanentError' });
    expect(asked).toBe(1);
    await one.close();
  });

  test('a name that is not there is an outage of its service', async () => {
    const one = await openDoor({
      resolve: (_host, _options, callback) => callback(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), []),
    });
    const error = await one.http({ service: 'papers', url: new URL('http://gone.example.org/') }).catch((e) => e);
    expect(error).toMatchObject({
      name: 'OutageError',
      service: 'papers',
      message: expect.stringContaining('ENOTFOUND'),
    });
    const again = await one.http({ service: 'papers', url: new URL('http://gone.example.org/') }).catch((e) => e);
    expect(again).toMatchObject({ name: 'ServiceClosedError', why: 'breaker' });
    expect(again.retryAfterMs).toBeGreaterThan(20_000);
    await one.close();
  });
});
