/** A whole object; `same` where it is still the one that was known. */
export type Fetched = { readonly bytes: Uint8Array; readonly etag: string | null } | 'same' | null;

/** Where the files of a store are read from, by their path below its root. */
export type ReleaseSource = {
  /** Of the settings: two with one name are one store. */
  readonly name: string;
  /**
   * A whole object of at most `bytesMax` bytes; null where there is none. `knownEtag` is that of a copy at hand.
   * @throws ReleaseSourceError
   */
  get(path: string, bytesMax: number, knownEtag?: string | null): Promise<Fetched>;
  /** `length` bytes from `from` of an object of `size` bytes. @throws ReleaseSourceError */
  range(path: string, from: number, length: number, size: number): Promise<Uint8Array>;
};

/** The store does not answer, or not with what it was asked for. For everybody: it names no address. */
export class ReleaseSourceError extends Error {
  override readonly name = 'ReleaseSourceError';
}

const fail = (path: string, problem: string): never => {
  throw new ReleaseSourceError(`${path}: ${problem}`);
};

/** @param signal gives up a request that takes too long */
export function httpSource(baseUrl: string, send: typeof fetch, signal: () => AbortSignal): ReleaseSource {
  const base = baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`;
  const ask = async (path: string, headers: Record<string, string>): Promise<Response> => {
    try {
      // Packed bytes would have another length than the manifest says.
      return await send(new URL(path, base), {
        headers: { 'accept-encoding': 'identity', ...headers },
        signal: signal(),
      });
    } catch {
      return fail(path, 'the store did not answer in time');
    }
  };
  return {
    name: base,
    async get(path, bytesMax, knownEtag) {
      const response = await ask(path, knownEtag ? { 'if-none-match': knownEtag } : {});
      if (response.ok) return { bytes: await wholeBody(path, response, bytesMax), etag: response.headers.get('etag') };
      await response.body?.cancel();
      if (response.status === 304) return 'same';
      return response.status === 404 ? null : fail(path, `the store answered ${response.status}`);
    },
    async range(path, from, length, size) {
      const last = from + length - 1;
      const response = await ask(path, { range: `bytes=${from}-${last}` });
      if (response.status !== 206) {
        await response.body?.cancel();
        return fail(path, `the store answered ${response.status} where a part was asked for`);
      }
      if (response.headers.get('content-range') !== `bytes ${from}-${last}/${size}`) {
        await response.body?.cancel();
        return fail(path, 'the store gave another part than was asked for');
      }
      return exactly(path, await wholeBody(path, response, length), length);
    },
  };
}

/** The part of a Workers R2 bucket that is used here. */
export type Bucket = {
  get(
    key: string,
    options?: {
      readonly range?: { readonly offset: number; readonly length: number };
      readonly onlyIf?: { readonly etagDoesNotMatch: string };
    },
  ): Promise<BucketObject | null>;
};
type BucketObject = { readonly size: number; readonly etag: string; arrayBuffer?(): Promise<ArrayBuffer> };

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
    async get(path, bytesMax, knownEtag) {
      const found = await ask(path, knownEtag ? { onlyIf: { etagDoesNotMatch: knownEtag } } : {});
      if (found === null) return null;
      // R2 leaves out the body where the condition did not hold.
      if (!found.arrayBuffer) return 'same';
      if (found.size > bytesMax) return fail(path, `${found.size} bytes, ${bytesMax} at most`);
      return { bytes: new Uint8Array(await found.arrayBuffer()), etag: found.etag };
    },
    async range(path, offset, length, size) {
      const found = await ask(path, { range: { offset, length } });
      if (!found?.arrayBuffer) return fail(path, 'missing');
      if (found.size !== size) return fail(path, `${found.size} bytes where the manifest says ${size}`);
      return exactly(path, new Uint8Array(await found.arrayBuffer()), length);
    },
  };
}

const exactly = (path: string, bytes: Uint8Array, length: number): Uint8Array =>
  bytes.byteLength === length ? bytes : fail(path, `${bytes.byteLength} bytes where ${length} were asked for`);

/** Reads into one array of the length that is stated, so that a large file is in memory once. */
async function wholeBody(path: string, response: Response, bytesMax: number): Promise<Uint8Array> {
  const stated = Number(response.headers.get('content-length') ?? Number.NaN);
  if (stated > bytesMax) {
    await response.body?.cancel();
    return fail(path, `${stated} bytes, ${bytesMax} at most`);
  }
  const reader = response.body?.getReader();
  if (!reader) return new Uint8Array(0);
  let bytes = new Uint8Array(Number.isNaN(stated) ? bytesMax : stated);
  let filled = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (filled + value.byteLength > bytes.byteLength) {
        await reader.cancel().catch(() => undefined);
        return fail(path, `more than ${bytes.byteLength} bytes came`);
      }
      bytes.set(value, filled);
      filled += value.byteLength;
    }
  } catch (error) {
    if (error instanceof ReleaseSourceError) throw error;
    return fail(path, `it ended at byte ${filled} while it was read`);
  }
  if (filled < bytes.byteLength) bytes = bytes.slice(0, filled);
  return bytes;
}
