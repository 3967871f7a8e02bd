import { OutageError, RetryableError, StageError } from '../../engine/index.ts';
import { BodyError, piecesOf, readBody } from '../../sources/http/body.ts';
import { deadlines, LateError, StoppedError } from '../../sources/http/deadlines.ts';

/** What a host lends for calls of a model service. */
export type ExchangeDeps = {
  readonly fetch: typeof fetch;
  /** Wall clock, for a Retry-After date of a service that sends no Date, and for midnight. */
  readonly nowMs: () => number;
  /** Calls back once after `ms` unless the returned function is called before. */
  readonly after: (ms: number, callback: () => void) => () => void;
};

/** Connecting is part of the first byte: `fetch` does not show it apart. */
export type ExchangeLimits = { readonly firstByteMs: number; readonly idleMs: number; readonly totalMs: number };

export type ExchangeOptions = {
  /** The engine's name of the service, for its breaker. */
  readonly service: string;
  readonly limits: ExchangeLimits;
  readonly bytesMax: number;
  /** Reads what is no JSON after all; undefined where that cannot be done. */
  readonly repaired?: (text: string) => unknown;
  /** The status that a body tells which came with 200; null where it tells none. */
  readonly statusWithin: (body: unknown) => number | null;
  /** The error for an answer that refuses. */
  readonly refused: (refusal: {
    readonly status: number;
    readonly headers: Headers;
    /** Parsed where it is JSON; null elsewhere. */
    readonly body: unknown;
  }) => Error;
  readonly signal: AbortSignal;
};

/** A call may have been paid for although no answer came. */
export type Exchanged =
  | { readonly kind: 'body'; readonly body: unknown; readonly headers: Headers }
  /** More bytes than are read: an answer that is no good, and was paid for. */
  | { readonly kind: 'too-much' }
  | { readonly kind: 'lost'; readonly error: RetryableError };

/**
 * One request to a model service, within every deadline and bound and without redirects. No word of the service is repeated, for it may hold
 * the request.
 * @throws StageError, or whatever `refused` makes, when the service refused and nothing was paid; OutageError where it was not reached
 */
export async function exchange(
  deps: ExchangeDeps,
  input: RequestInfo | URL,
  init: RequestInit,
  options: ExchangeOptions,
): Promise<Exchanged> {
  const { service, signal } = options;
  const { firstByteMs, idleMs, totalMs } = options.limits;
  const lost = (what: string): Exchanged => ({
    kind: 'lost',
    error: new RetryableError(`${service}: ${what}`, { service }),
  });
  const limits = deadlines(deps.after, signal);
  let refusal: Error | null = null;
  try {
    limits.set('total', totalMs);
    limits.set('first byte', firstByteMs);
    const response = await limits.until(deps.fetch(input, { ...init, redirect: 'manual', signal: limits.signal }));
    limits.clear('first byte');
    const bytes = await readBody(hopOf(response), {
      bytesMax: options.bytesMax,
      ratioMax: Number.POSITIVE_INFINITY,
      next: (piece) => {
        limits.set('idle', idleMs);
        return limits.until(piece);
      },
    }).catch((error: unknown) => {
      // How a refusal goes on does not matter.
      if (!response.ok) return new Uint8Array();
      if (error instanceof BodyError && !error.cut) return null;
      throw error;
    });
    if (bytes === null) return { kind: 'too-much' };
    const body = jsonOf(bytes, options.repaired);
    const status = response.ok ? options.statusWithin(body) : response.status;
    if (status !== null) {
      refusal = options.refused({ status, headers: response.headers, body });
      throw refusal;
    }
    if (body === undefined) return lost('an answer with status 200 that is not JSON');
    return { kind: 'body', body, headers: response.headers };
  } catch (error) {
    if (error === refusal || error instanceof StageError) throw error;
    if (isUnreached(error))
      throw new OutageError(`${service}: no connection (${codeOf(error)})`, { retryAfterMs: UNREACHED_MS, service });
    return lost(
      error instanceof LateError || error instanceof StoppedError
        ? error.message
        : `the connection broke${codeOf(error) && ` (${codeOf(error)})`}`,
    );
  } finally {
    limits.end();
  }
}

const UNREACHED_MS = 30_000;
const UNREACHED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** The platform's code for a failed `fetch`; its words may hold the address. */
function codeOf(error: unknown): string {
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error && 'code' in cause && /^[A-Z_]{3,40}$/.test(String(cause.code))
    ? String(cause.code)
    : '';
}
const isUnreached = (error: unknown): boolean => UNREACHED.has(codeOf(error));

function jsonOf(bytes: Uint8Array, repaired: (text: string) => unknown = () => undefined): unknown {
  const text = new TextDecoder().decode(bytes);
  try {
    return JSON.parse(text);
  } catch {
    return repaired(text);
  }
}

const hopOf = (response: Response) => ({
  status: response.status,
  headers: {},
  body: piecesOf(response.body),
  decoded: true,
});
