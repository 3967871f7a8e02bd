/** One request to a service. The adapter gives what to ask; pace, identity, redirects, limits and retries of nothing are the client's. */
export type HttpRequest = {
  readonly service: string;
  readonly url: URL;
  /** A form to POST; without it a GET. Long id lists go here. */
  readonly form?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Most bytes of the answer after decoding; the client's own limit without it. */
  readonly bytesMax?: number;
  /** Most redirects that are followed, 5 without it; with 0 a redirect comes back as an answer. */
  readonly redirectsMax?: number;
};

/** A whole answer: every byte that was announced arrived, and was decoded. Any status but those that the client settles itself. */
export type HttpAnswer = {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
  /** After redirects. */
  readonly url: URL;
};

/**
 * Sends one request when its turn has come. Rejects with a `StageError` of the service: outage (it cannot be reached, or this
 * opened its breaker), quota (429, after which nobody calls it for as long as it asked), `ServiceClosedError` (nobody was called), retryable (a
 * hang, a cut or oversized body, 5xx), permanent (an address that may not be called). Resolves for 2xx, 3xx without a place to go, and for 4xx other than 429, whose bodies only the
 * adapter understands. Messages hold no key, no token and no address of ours.
 */
export type Http = (request: HttpRequest) => Promise<HttpAnswer>;
