/** One hop: what goes over the wire, as it stands. */
export type HopRequest = {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** An encoded form; null for a GET. */
  readonly body: string | null;
  /** The operator configured this origin: its address may be any, a loopback one included. */
  readonly trusted: boolean;
  /** Longest time until the connection stands. */
  readonly connectMs: number;
};

export type HopAnswer = {
  readonly status: number;
  /** Lower-case names; a header that came several times is joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** As it comes. Whoever does not read it to its end aborts the signal. */
  readonly body: AsyncIterable<Uint8Array>;
  /** The platform has undone `content-encoding` itself and cannot be kept from it: what was on the wire is not known. */
  readonly decoded?: boolean;
};

/**
 * Makes one hop: follows no redirect, decodes nothing, repeats nothing, keeps no cookie. Connects to no address that is not
 * public unless the hop is trusted. Rejects with `ConnectError`, `AddressError`, or anything else for a connection that broke later. After `signal`
 * is aborted its connection is gone.
 */
export type Transport = (request: HopRequest, options: { readonly signal: AbortSignal }) => Promise<HopAnswer>;

/** No connection came to stand: name not found, refused, no route, TLS, or no answer in time. `code` is the platform's word. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';
  readonly code: string;
  constructor(code: string) {
    super(`no connection (${code})`);
    this.code = code;
  }
}
