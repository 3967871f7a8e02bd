import type { BreakerSettings, Database } from '../../engine/index.ts';
import type { HttpRequest } from './http.ts';
import type { redactor } from './redirects.ts';
import type { ServiceSettings } from './services.ts';
import type { Transport } from './transport.ts';

/** Everything the client needs of its host. */
export type HttpDeps = {
  readonly db: Database;
  readonly transport: Transport;
  /** By name of service; see `serviceSettings`. */
  readonly services: Readonly<Record<string, ServiceSettings>>;
  /** As `User-Agent` names it. */
  readonly version: string;
  /** Where the operator can be reached, an address of e-mail or web; null sends none. */
  readonly contact: string | null;
  /** Values that no message may hold: keys, tokens, the operator's e-mail. */
  readonly secrets: readonly string[];
  /** Origins that the operator configured, such as a test server on loopback: called as they are. */
  readonly origins?: readonly string[];
  /** Wall clock, only for a Retry-After date of a service that sends no Date. */
  readonly nowMs: () => number;
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
  /** Calls back once after `ms` unless the returned function is called before. */
  readonly after: (ms: number, callback: () => void) => () => void;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** A name that nobody else gives. */
  readonly newId: () => string;
  readonly breaker?: BreakerSettings;
  /** Ends every request: its host is stopping. */
  readonly signal?: AbortSignal;
  readonly log?: (message: string, fields: Readonly<Record<string, unknown>>) => void;
};

/** Soon open and not for long: what is asked here are queries that cost the service, and a probe is one request. */
export const BREAKER: BreakerSettings = { failuresMax: 3, openMsFirst: 30_000, openMsMax: 900_000 };

/** One call of `Http`, over all of its hops. */
export type Call = {
  readonly deps: HttpDeps;
  readonly request: HttpRequest;
  readonly settings: ServiceSettings;
  readonly redact: ReturnType<typeof redactor>;
  /** What is left of the total deadline; waiting for a turn does not count. */
  leftMs: number;
};

/** `what`, under the name of the service and without what must not be told. */
export const said = ({ request, redact }: Call, what: string): string => redact(`${request.service}: ${what}`);
