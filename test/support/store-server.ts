import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { ReleaseManifest } from '../../core/search/contract.ts';
import { manifestBytes } from '../../space/store/manifest.ts';

/** What is wrong with a published store, to the version that it names as its newest. */
export type StoreFault =
  | { readonly kind: 'none' }
  /** One byte of the file is another. */
  | { readonly kind: 'altered'; readonly file: string }
  | { readonly kind: 'short'; readonly file: string }
  | { readonly kind: 'missing'; readonly file: string }
  /** The server knows nothing of ranges, as RFC 9110 allows. */
  | { readonly kind: 'no-ranges' }
  /** Every request is refused. */
  | { readonly kind: 'down' };

/** A store under a name of its own: which release it calls the newest, and what is wrong with that one. */
export type StoreState = { readonly newest: number; readonly fault: StoreFault };

/**
 * Serves the one release of a finished store over HTTP, under any version: a store's copy with the version, and the hash over it,
 * changed. With ETags, conditions and ranges as RFC 9110 has them.
 */
export function storeServer(folder: string, ownVersion: number) {
  const states = new Map<string, StoreState>();
  const asked = new Map<string, StoreTraffic>();

  const bytesOf = (path: string, { newest, fault }: StoreState): Uint8Array | null => {
    if (path === 'faiss_version.json') return new TextEncoder().encode(JSON.stringify({ version: newest }));
    const [, version, file] = /^releases\/(\d+)\/([a-z0-9._-]+)$/.exec(path) ?? [];
    if (version === undefined || file === undefined) return null;
    const faulty = Number(version) === newest && 'file' in fault && fault.file === file;
    const source = join(folder, 'releases', String(ownVersion), file);
    if (!existsSync(source) || (faulty && fault.kind === 'missing')) return null;
    const own = readFileSync(source);
    const bytes = file === 'manifest.json' && Number(version) !== ownVersion ? renumbered(own, Number(version)) : own;
    if (faulty && fault.kind === 'short') return bytes.subarray(0, bytes.length - 1);
    if (faulty && fault.kind === 'altered') {
      const middle = bytes.length >> 1;
      bytes[middle] = (bytes[middle] ?? 0) ^ 0x10;
    }
    return bytes;
  };

  const partOf = (state: StoreState, path: string, headers: IncomingHttpHeaders): Part => {
    if (state.fault.kind === 'down') return { status: 503, headers: {} };
    const bytes = bytesOf(path, state);
    if (bytes === null) return { status: 404, headers: {} };
    const etag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}"`;
    if (headers['if-none-match'] === etag) return { status: 304, headers: { etag } };
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
    if (first === undefined || last === undefined || state.fault.kind === 'no-ranges') {
      return { status: 200, headers: { etag }, body: bytes };
    }
    const body = bytes.subarray(Number(first), Number(last) + 1);
    const range = `bytes ${first}-${Number(first) + body.length - 1}/${bytes.length}`;
    return { status: 206, headers: { etag, 'content-range': range }, body };
  };

  return {
    set(name: string, state: StoreState): void {
      states.set(name, state);
      asked.delete(name);
    },
    asked: (name: string): StoreTraffic => asked.get(name) ?? NO_TRAFFIC,
    /** Answers `/<name>/<path>`; the path is one below the root of the store. */
    answer(request: IncomingMessage, response: ServerResponse, name: string, path: string): void {
      const state = states.get(name) ?? { newest: ownVersion, fault: { kind: 'none' } };
      const { status, headers, body } = partOf(state, path, request.headers);
      const { whole, parts, bytes } = asked.get(name) ?? NO_TRAFFIC;
      const ranged = status === 206 ? 1 : 0;
      asked.set(name, { whole: whole + 1 - ranged, parts: parts + ranged, bytes: bytes + (body?.length ?? 0) });
      response.writeHead(status, { 'content-length': String(body?.length ?? 0), ...headers }).end(body);
    },
  };
}

type Part = { readonly status: number; readonly headers: Record<string, string>; readonly body?: Uint8Array };
/** Since the state was last set: answers of whole objects and of parts of one, and their bytes. */
export type StoreTraffic = { readonly whole: number; readonly parts: number; readonly bytes: number };
const NO_TRAFFIC: StoreTraffic = { whole: 0, parts: 0, bytes: 0 };

/** The manifest of the same files under another version. */
function renumbered(own: Uint8Array, version: number): Uint8Array {
  const { sha256: _, ...manifest } = JSON.parse(new TextDecoder().decode(own)) as ReleaseManifest & { sha256: string };
  return manifestBytes({ ...manifest, version });
}
