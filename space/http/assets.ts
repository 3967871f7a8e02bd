import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { AppContext, Route } from './route.ts';

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * The browser's files, read once at start: each is its own route, so no part of a URL ever becomes a path on disk.
 * They are revalidated by hash on each use, because module names carry no version.
 */
export function assetRoutes(folder: URL): readonly Route[] {
  return readdirSync(folder)
    .filter((name) => Object.hasOwn(MEDIA_TYPES, extname(name)))
    .sort()
    .map((name) => {
      const bytes = new Uint8Array(readFileSync(new URL(name, folder)));
      const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
      const headers = {
        'Content-Type': MEDIA_TYPES[extname(name)] ?? 'application/octet-stream',
        'Cache-Control': 'no-cache',
        ETag: etag,
      };
      return {
        method: 'GET' as const,
        path: `/assets/${name}`,
        handle: (c: AppContext) =>
          (c.req.header('If-None-Match') ?? '').includes(etag)
            ? c.body(null, 304, headers)
            : c.body(bytes, 200, headers),
      };
    });
}
