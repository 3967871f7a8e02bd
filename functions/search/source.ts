/** An object of a store: its bytes as they come, how many there are in all (null: not said), and what names this version of it. */
export type Opened = {
  readonly body: ReadableStream<Uint8Array> | null;
  readonly size: number | null;
  readonly etag: string | null;
};

/** Where the files of a store are read from, by their path below its root. */
export type ReleaseSource = {
  /** Of the settings: two with one name are one store. */
  readonly name: string;
  /** An object, `same` where it still has the ETag that is known, null where there is none. @throws ReleaseSourceError */
  open(path: string, knownEtag?: string | null): Promise<Opened | 'same' | null>;
  /** `length` bytes from `from` of an object of `size` bytes. @throws ReleaseSourceError */
  part(path: string, from: number, length: number, size: number): Promise<Uint8Array>;
};

/** The store does not answer, or not with what it was asked for. For everybody: it names no address. */
export class ReleaseSourceError extends Error {
  override readonly name = 'ReleaseSourceError';
}

const fail = (path: string, problem: string): never => {
  throw new ReleaseSourceError(`${path}: ${problem}`);
};

/** @param signal gives up a request that takes too long, its body included */
export function httpSource(baseUrl: string, send: typeof fetch, signal: () => AbortSignal): ReleaseSource {
  const base = baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`;
  const ask = async (path: string, asked: Record<string, string>): Promise<Response> => {
    // Packed bytes would have another length than the manifest says.
    const headers = { 'accept-encoding': 'identity', ...asked };
    try {
      return await send(new URL(path, base), { headers, signal: signal() });
    } catch {
      return fail(path, 'the store did not answer in time');
    }
  };
  return {
    name: base,
    async open(path, knownEtag) {
      const { ok, status, headers, body } = await ask(path, knownEtag ? { 'if-none-match': knownEtag } : {});
      const length = headers.get('content-length');
      if (ok) return { body, size: length === null ? null : Number(length), etag: headers.get('etag') };
      await body?.cancel();
      if (status === 304) return 'same';
      return status === 404 ? null : fail(path, `the store answered ${status}`);
    },
    async part(path, from, length, size) {
      const last = from + length - 1;
      const { status, headers, body } = await ask(path, { range: `bytes=${from}-${last}` });
      if (status === 206 && headers.get('content-range') === `bytes ${from}-${last}/${size}`) {
        return exactly(path, body, length);
      }
      await body?.cancel();
      if (status !== 206) return fail(path, `the store answered ${status} where a part was asked for`);
      return fail(path, 'the store gave another part than was asked for');
    },
  };
}

/** The part of a Workers R2 bucket that is used here. */
export type Bucket = {
  get(
    key: string,
    options: {
      readonly range?: { readonly offset: number; readonly length: number };
      readonly onlyIf?: { readonly etagDoesNotMatch: string };
    },
  ): Promise<BucketObject | null>;
};
/** R2 leaves out the body where a condition did not hold. */
type BucketObject = { readonly size: number; readonly etag: string; readonly body?: ReadableStream<Uint8Array> };

export function bucketSource(bucket: Bucket): ReleaseSource {
  const ask = async (path: string, options: Parameters<Bucket['get']>[1]): Promise<BucketObject | null> => {
    try {
      return await bucket.get(path, options);
    } catch {
      return fail(path, 'the bucket did not answer');
    }
  };
  return {
    name: 'bucket',
    async open(path, knownEtag) {
      const found = await ask(path, knownEtag ? { onlyIf: { etagDoesNotMatch: knownEtag } } : {});
      if (found === null) return null;
      return found.body ? { body: found.body, size: found.size, etag: found.etag } : 'same';
    },
    async part(path, offset, length, size) {
      const found = await ask(path, { range: { offset, length } });
      if (!found?.body) return fail(path, 'missing');
      if (found.size === size) return exactly(path, found.body, length);
      await found.body.cancel();
      return fail(path, `${found.size} bytes where the manifest says ${size}`);
    },
  };
}

async function exactly(path: string, body: Opened['body'], length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  const filled = await fill(path, body, bytes);
  return filled === length ? bytes : fail(path, `${filled} bytes where ${length} were asked for`);
}

/** Reads a body to its end into one array; gives how many bytes came. @throws ReleaseSourceError where there is no room for them */
export async function fill(path: string, body: Opened['body'], into: Uint8Array): Promise<number> {
  const reader = body?.getReader();
  let filled = 0;
  while (reader) {
    let piece: ReadableStreamReadResult<Uint8Array>;
    try {
      piece = await reader.read();
    } catch {
      return fail(path, `it ended at byte ${filled} while it was read`);
    }
    if (piece.done) break;
    if (filled + piece.value.byteLength > into.byteLength) {
      await reader.cancel().catch(() => undefined);
      return fail(path, `more than ${into.byteLength} bytes came`);
    }
    into.set(piece.value, filled);
    filled += piece.value.byteLength;
  }
  return filled;
}
