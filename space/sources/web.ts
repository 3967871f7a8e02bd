import { OutageError, PermanentError, RetryableError, ValidationError } from '../../core/engine/errors.ts';
import { sha256Hex } from '../../core/hash.ts';
import { ServiceClosedError } from '../../core/sources/http/errors.ts';
import type { Http, HttpAnswer } from '../../core/sources/http/http.ts';
import type { Page, Retrieved, RetrievedDocument, Source, Wanted } from '../../core/sources/source.ts';
import { askRobots, ROBOTS_MS_MAX, type Robots } from './robots.ts';

/**
 * Pages of a list of addresses; the query of a definition is that list, with white space between. Off unless the operator allows it. Each host is a
 * service of its own (`web:example.org`), with its own pace and breaker, and is asked for its robots.txt first.
 */
export type WebOptions = {
  /** Addresses of all definitions, by which a key finds its page again. */
  readonly addresses: () => Promise<readonly string[]>;
  readonly nowMs: () => number;
};

const ADDRESS_LENGTH_MAX = 2_000;
const REDIRECTS_MAX = 5;

/** The name of a page: what is the same address is the same document. */
export const webKey = async (url: URL): Promise<string> =>
  `WEB_${(await sha256Hex(new TextEncoder().encode(url.href))).slice(0, 24)}`;

/** The addresses of a query, each once. @throws PermanentError that names the one that is none */
export function addressesOf(query: string): readonly URL[] {
  const found = new Map<string, URL>();
  for (const text of query.split(/\s+/)) {
    if (text === '') continue;
    const url = text.length <= ADDRESS_LENGTH_MAX && URL.canParse(text) ? new URL(text) : null;
    if (url === null || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.password !== '')
      throw new PermanentError(
        `${JSON.stringify(text.slice(0, 80))} is no address: give http: or https: addresses of at most ${ADDRESS_LENGTH_MAX} characters`,
      );
    url.hash = '';
    found.set(url.href, url);
  }
  return [...found.values()];
}

export function webSource(options: WebOptions): Source {
  const hosts = new Map<string, Host>();
  const hostOf = (url: URL): Host => {
    const known = hosts.get(url.origin);
    if (known) return known;
    const made: Host = { robots: null, untilMs: 0, stopped: null, stoppedUntilMs: 0, readyMs: 0 };
    hosts.set(url.origin, made);
    return made;
  };
  return {
    kind: 'web',
    service: 'web',
    changes: 'none',
    ceiling: null,
    // Seconds lie between two pages of a host.
    retrieveMax: 4,
    list: async ({ query, days }): Promise<Page> => {
      const urls = addressesOf(query);
      // A page does not say that it changed: it is asked once for each day that a window ends on, on condition.
      const found = await Promise.all(urls.map(async (url) => ({ key: await webKey(url), revision: days.to })));
      return { kind: 'page', found, stated: found.length, next: null, remarks: [] };
    },
    retrieve: async (wanted, http) => {
      const urls = (await options.addresses()).flatMap((query) => addressesOf(query));
      const urlOf = new Map(await Promise.all(urls.map(async (url) => [await webKey(url), url] as const)));
      const all: Retrieved[] = [];
      for (const one of wanted) {
        const url = urlOf.get(one.key);
        all.push(
          url === undefined
            ? { kind: 'missing', key: one.key, reason: 'no definition names its address any more' }
            : await page(one, url, http, hostOf, options.nowMs).catch(
                (error: unknown): Retrieved => ({ kind: 'failed', key: one.key, error: told(error) }),
              ),
        );
      }
      return all;
    },
  };
}

/** What is known of a host, in this process. */
type Host = {
  robots: Robots | null;
  /** Until when its rules may be used. */
  untilMs: number;
  /** Why it is left alone, and for how long. */
  stopped: string | null;
  stoppedUntilMs: number;
  /** Not to be asked before, by its own wish. */
  readyMs: number;
};

async function page(
  wanted: Wanted,
  first: URL,
  http: Http,
  hostOf: (url: URL) => Host,
  nowMs: () => number,
): Promise<Retrieved> {
  const { key, validators } = wanted;
  let url = first;
  // Redirects are followed here and not by the client: the next host has rules of its own.
  for (let hops = 0; hops <= REDIRECTS_MAX; hops++) {
    const host = hostOf(url);
    await mayAsk(url, host, http, nowMs);
    const answer = await http({
      service: serviceOf(url),
      url,
      redirectsMax: 0,
      headers: { accept: 'text/html, application/xhtml+xml;q=0.9', ...(hops === 0 ? conditions(validators) : {}) },
    });
    const { status } = answer;
    if (status === 304) return { kind: 'unchanged', key };
    if (status === 404 || status === 410)
      return { kind: 'missing', key, reason: `the page is answered with ${status}` };
    if (status === 401 || status === 403) {
      host.stopped = `it refuses us with ${status}`;
      host.stoppedUntilMs = nowMs() + ROBOTS_MS_MAX;
      throw new PermanentError(`${url.hostname} is left alone: ${host.stopped}`);
    }
    if (status === 200) return { kind: 'document', key, document: documentOf(answer) };
    const location = answer.headers.location;
    if (status < 300 || status >= 400 || location === undefined || !URL.canParse(location, url))
      throw new PermanentError(`${url.hostname} answers the page with ${status}`);
    const next = new URL(location, url);
    next.hash = '';
    if (url.protocol === 'https:' && next.protocol !== 'https:')
      throw new PermanentError(`${url.hostname} leads from https to ${next.protocol}`);
    url = next;
  }
  throw new PermanentError(`${first.hostname} redirects more than ${REDIRECTS_MAX} times`);
}

const serviceOf = (url: URL): string => `web:${url.hostname}`;

/** @throws StageError where the page may not be asked for, or not now */
async function mayAsk(url: URL, host: Host, http: Http, nowMs: () => number): Promise<void> {
  if (host.stopped !== null && nowMs() < host.stoppedUntilMs)
    throw new PermanentError(`${url.hostname} is left alone: ${host.stopped}`);
  host.stopped = null;
  if (host.robots === null || nowMs() >= host.untilMs) {
    host.robots = null;
    host.robots = await askRobots(url.origin, serviceOf(url), http);
    host.untilMs = nowMs() + ROBOTS_MS_MAX;
  }
  const refusal = host.robots.refusal(url);
  if (refusal !== null) throw new PermanentError(`${url.hostname} is not asked for this page: ${refusal}`);
  const waitMs = host.readyMs - nowMs();
  if (waitMs > 0)
    throw new ServiceClosedError(`${serviceOf(url)} is not called: its robots.txt asks for more time`, {
      why: 'asked',
      retryAfterMs: waitMs,
      service: serviceOf(url),
    });
  host.readyMs = nowMs() + host.robots.delayMs;
}

/** RFC 9110, 13.1. */
const conditions = (validators: Wanted['validators']): Readonly<Record<string, string>> => ({
  ...(validators?.etag === undefined ? {} : { 'if-none-match': validators.etag }),
  ...(validators?.lastModified === undefined ? {} : { 'if-modified-since': validators.lastModified }),
});

function documentOf({ headers, bytes, url }: HttpAnswer): RetrievedDocument {
  const type = headers['content-type'] ?? '';
  if (!/^(?:text\/html|application\/xhtml\+xml)\b/i.test(type.trim()))
    throw new PermanentError(`${url.hostname} answers with ${JSON.stringify(type.slice(0, 60))}, which is no page`);
  const etag = headers.etag;
  const lastModified = headers['last-modified'];
  return {
    format: 'html',
    bytes: inUtf8(bytes, /charset\s{0,5}=\s{0,5}["']?([\w.:-]{1,40})/i.exec(type)?.[1]),
    locator: url.href,
    validators: { ...(etag === undefined ? {} : { etag }), ...(lastModified === undefined ? {} : { lastModified }) },
  };
}

/**
 * The header knows the encoding and is not kept: a page in another one is stored in UTF-8, with the mark (U+FEFF) that outranks what the page
 * says of itself.
 */
function inUtf8(bytes: Uint8Array, charset: string | undefined): Uint8Array {
  if (charset === undefined || /^utf-?8$/i.test(charset)) return bytes;
  try {
    return new TextEncoder().encode(`\u{feff}${new TextDecoder(charset).decode(bytes)}`);
  } catch {
    throw new ValidationError(`the page is in an unknown encoding, ${charset}`);
  }
}

/** A page whose host cannot be reached spends its attempts: there may be no such host. */
const told = (error: unknown): Error => {
  if (error instanceof OutageError)
    return new RetryableError(error.message, {
      ...(error.service === undefined ? {} : { service: error.service }),
      cause: error,
    });
  return error instanceof Error ? error : new Error(String(error));
};
