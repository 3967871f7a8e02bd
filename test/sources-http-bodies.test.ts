import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createDeflate, createGzip, deflateSync, gzipSync, type Zlib } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { BodyError, readBody } from '../core/sources/http/body.ts';
import { RATIO_MAX, serviceSettings } from '../core/sources/http/services.ts';
import { fetchTransport } from '../functions/transport.ts';
import { type Door, type LoopbackServer, openDoor, startServer } from './support/sources/door.ts';

/** S34: a body is counted as it comes and as it is unpacked; the first byte too many ends it. */

const MEGABYTE = 1024 * 1024;
const BOMB_MEGABYTES = 200;

/** Zeros, packed as a stream, so that the test itself holds no more than a megabyte of them. */
async function packedZeros(packer: Zlib & NodeJS.ReadWriteStream): Promise<Buffer> {
  const parts: Buffer[] = [];
  packer.on('data', (part: Buffer) => parts.push(part));
  const ended = new Promise((resolve) => packer.once('end', resolve));
  const zeros = Buffer.alloc(MEGABYTE);
  for (let i = 0; i < BOMB_MEGABYTES; i++)
    if (!packer.write(zeros)) await new Promise((resolve) => packer.once('drain', resolve));
  packer.end();
  await ended;
  return Buffer.concat(parts);
}

let server: LoopbackServer;
let door: Door;
let gzipBomb: Buffer;
let deflateBomb: Buffer;
/** No packing at all: these are refused by the name of their packing, before a byte is unpacked. */
const NEVER_UNPACKED = Buffer.alloc(304, 0x5b);
beforeAll(async () => {
  server = await startServer((_, response) => response.end());
  gzipBomb = await packedZeros(createGzip({ level: 9 }));
  deflateBomb = await packedZeros(createDeflate({ level: 9 }));
});
beforeEach(async () => {
  door = await openDoor({ origins: [server.origin], settings: { bytesMax: 24 * MEGABYTE, totalMs: 60_000 } });
});
afterEach(() => door.close());
afterAll(() => server.close());

const ask = (more: object = {}) => door.http({ service: 'papers', url: new URL('/', server.origin), ...more });
const sending = (encoding: string | null, body: Buffer): void => {
  server.answer = (_, response) =>
    response
      .writeHead(200, { ...(encoding === null ? {} : { 'content-encoding': encoding }), 'content-length': body.length })
      .end(body);
};

/** Counts what every decoder gives out while `act` runs. */
async function unpackedBytes(act: () => Promise<unknown>): Promise<number> {
  const Original = DecompressionStream;
  let bytes = 0;
  class Counting {
    readonly writable: WritableStream;
    readonly readable: ReadableStream;
    constructor(format: CompressionFormat) {
      const inner = new Original(format);
      this.writable = inner.writable;
      const count = new TransformStream<Uint8Array, Uint8Array>(
        {
          transform: (piece, controller) => {
            bytes += piece.byteLength;
            controller.enqueue(piece);
          },
        },
        undefined,
        { highWaterMark: 0 },
      );
      this.readable = inner.readable.pipeThrough(count);
    }
  }
  vi.stubGlobal('DecompressionStream', Counting);
  try {
    await act();
  } finally {
    vi.unstubAllGlobals();
  }
  return bytes;
}

describe('S34: bombs', () => {
  const bombs = (): readonly [string, string | null, Buffer, string][] => [
    ['200 MB of zeros, gzip', 'gzip', gzipBomb, 'grows more than 100 times'],
    ['200 MB of zeros, x-gzip', 'x-gzip', gzipBomb, 'grows more than 100 times'],
    ['200 MB of zeros, deflate', 'deflate', deflateBomb, 'grows more than 100 times'],
    ['gzip in gzip, as two layers', 'gzip, gzip', gzipSync(gzipBomb), 'packed as'],
    ['gzip in gzip, as one layer', 'gzip', gzipSync(gzipBomb), 'more than once'],
    ['brotli', 'br', NEVER_UNPACKED, 'packed as "br"'],
    ['zstd', 'zstd', NEVER_UNPACKED, 'packed as "zstd"'],
    ['a packing with a name of 8,000 letters', 'x'.repeat(8_000), NEVER_UNPACKED, 'packed as "xxx'],
  ];

  test('each is refused, with no more unpacked than a little', async () => {
    const rows: string[] = [];
    for (const [name, encoding, body, message] of bombs()) {
      sending(encoding, body);
      global.gc?.();
      const before = process.memoryUsage().rss;
      let rssMax = before;
      const sampler = setInterval(() => {
        rssMax = Math.max(rssMax, process.memoryUsage().rss);
      }, 1);
      let error: unknown;
      const bytes = await unpackedBytes(async () => {
        error = await ask().catch((thrown: Error) => thrown);
      });
      clearInterval(sampler);
      rssMax = Math.max(rssMax, process.memoryUsage().rss);
      expect([name, error]).toMatchObject([
        name,
        { name: 'RetryableError', message: expect.stringContaining(message) },
      ]);
      expect(String(error).length).toBeLessThan(300);
      // The ratio is looked at from 1 MB on; a slice of 4 kB makes 4 MB at most.
      expect([name, bytes < 24 * MEGABYTE]).toEqual([name, true]);
      rows.push(
        `${name}: ${body.length} bytes on the wire, ${(bytes / MEGABYTE).toFixed(1)} MB unpacked, RSS +${((rssMax - before) / MEGABYTE).toFixed(1)} MB`,
      );
    }
    expect(await door.lanesBusy()).toBe(0);
    console.info(`S34: ${rows.length} of ${rows.length} refused\n  ${rows.join('\n  ')}`);
  });

  test('where the platform unpacks by itself, what it makes is counted', async () => {
    const http = door.make({ transport: fetchTransport(fetch, []) });
    sending('gzip', gzipBomb);
    const before = process.memoryUsage().rss;
    await expect(http({ service: 'papers', url: new URL('/', server.origin), bytesMax: MEGABYTE })).rejects.toThrow(
      'more than 1048576 bytes',
    );
    const grown = (process.memoryUsage().rss - before) / MEGABYTE;
    console.info(`S34: the same by fetch: refused, RSS +${grown.toFixed(1)} MB`);
    server.answer = (_, response) => response.writeHead(302, { location: '/x' }).end();
    const asked = { service: 'papers', url: new URL('/', server.origin), redirectsMax: 0 };
    expect((await http(asked)).status).toBe(302);
    sending('gzip', gzipSync('well'));
    expect(new TextDecoder().decode((await http(asked)).bytes)).toBe('well');
  });

  test('a bomb says nothing about its service: the breaker stays closed', async () => {
    sending('gzip', gzipBomb);
    for (const _ of [1, 2, 3, 4]) await ask().catch(() => undefined);
    sending(null, Buffer.from('well'));
    expect((await ask()).status).toBe(200);
  });

  test('what grows slowly is ended by the cap, in whatever pieces it comes', async () => {
    const text = Buffer.from(Array.from({ length: 60_000 }, (_, i) => `<id>${i * 7919}</id>`).join('\n'));
    sending('gzip', gzipSync(text));
    await expect(ask({ bytesMax: 100_000 })).rejects.toThrow('more than 100000 bytes');
    expect((await ask()).bytes.byteLength).toBe(text.length);
  });

  test('an endless body is ended by the cap, packed or not', async () => {
    const endless = (response: ServerResponse) => {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, 120)));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    };
    server.answer = (_, response) => endless(response);
    await expect(ask({ bytesMax: 200_000 })).rejects.toThrow('more than 200000 bytes');
    server.answer = (_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      const packer = createGzip();
      packer.pipe(response);
      response.once('close', () => packer.destroy());
      const timer = setInterval(() => packer.write(crypto.getRandomValues(new Uint8Array(60_000))), 1);
      response.once('close', () => clearInterval(timer));
    };
    await expect(ask({ bytesMax: 200_000 })).rejects.toThrow('more than 200000 bytes');
  });

  test('a body that announces too much is not read at all', async () => {
    let pulled = 0;
    async function* body(): AsyncGenerator<Uint8Array> {
      pulled += 1;
      yield new Uint8Array(10);
    }
    const limits = { bytesMax: 100, ratioMax: 100, next: <T>(piece: Promise<T>) => piece };
    const announcing = (length: string) =>
      readBody({ status: 200, headers: { 'content-length': length }, body: body() }, limits);
    await expect(announcing('101')).rejects.toBeInstanceOf(BodyError);
    expect(pulled).toBe(0);
    expect((await announcing('10')).byteLength).toBe(10);
    await expect(announcing('11')).rejects.toMatchObject({ cut: true });
    await expect(announcing('9')).rejects.toMatchObject({ cut: true });
  });

  test('a caller cannot ask for more than the service is allowed', async () => {
    const one = await openDoor({ origins: [server.origin], settings: { bytesMax: 1_000 } });
    sending(null, Buffer.alloc(2_000, 120));
    await expect(one.http({ service: 'papers', url: new URL('/', server.origin), bytesMax: 1e9 })).rejects.toThrow(
      '1000 bytes',
    );
    await one.close();
  });
});

describe('what is no bomb arrives', () => {
  const text = Buffer.from('<PubmedArticle>Ein Fall, mit Umlauten: äöü</PubmedArticle>\n'.repeat(3_000));
  test.each<[string | null, (body: Buffer) => Buffer]>([
    [null, (body) => body],
    ['identity', (body) => body],
    ['gzip', gzipSync],
    ['GZIP', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
  ])('packed as %s', async (encoding, pack) => {
    sending(encoding, pack(text));
    expect(Buffer.from((await ask({ bytesMax: MEGABYTE })).bytes).equals(text)).toBe(true);
  });

  test('an empty body, packed or not', async () => {
    sending('gzip', gzipSync(Buffer.alloc(0)));
    expect((await ask()).bytes.byteLength).toBe(0);
    sending(null, Buffer.alloc(0));
    expect((await ask()).bytes.byteLength).toBe(0);
  });

  test('a damaged body is none', async () => {
    const damaged = gzipSync(text);
    damaged[damaged.length - 6] = (damaged[damaged.length - 6] ?? 0) ^ 0xff;
    sending('gzip', damaged);
    await expect(ask()).rejects.toMatchObject({ name: 'RetryableError', message: expect.stringContaining('damaged') });
    sending('gzip', text);
    await expect(ask()).rejects.toMatchObject({ name: 'RetryableError', message: expect.stringContaining('damaged') });
  });

  const recorded = '../shared/data/adapters';
  test.skipIf(!existsSync(recorded))('recorded answers stay far below the ratio (skipped without ../shared)', () => {
    const files = readdirSync(recorded, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
    const ratios = files.map((file) => {
      const bytes = readFileSync(`${file.parentPath}/${file.name}`);
      return { name: file.name, ratio: bytes.length / gzipSync(bytes).length };
    });
    ratios.sort((a, b) => b.ratio - a.ratio);
    const [most] = ratios;
    console.info(
      `S34: of ${ratios.length} recorded answers ${most?.name} grows most when unpacked, ${most?.ratio.toFixed(1)} times`,
    );
    expect(most?.ratio).toBeLessThan(RATIO_MAX / 2);
    expect(serviceSettings({ ncbiKey: false }).ncbi?.bytesMax).toBeGreaterThan(4 * MEGABYTE);
  });
});
