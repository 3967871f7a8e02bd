import { AddressError } from './address.ts';
import type { HttpAnswer, HttpRequest } from './http.ts';

/** What one hop is made of. `origins` may be called although they are not public. */
export type Hop = {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly origins: readonly string[];
};

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Headers that say who asks; they go to the host that they were meant for and to no other. */
const SECRET_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'proxy-authorization',
  'api-key',
  'x-api-key',
]);
/** Fields of a query or form that say who asks. */
const SECRET_FIELDS: ReadonlySet<string> = new Set(['api_key', 'apikey', 'key', 'token', 'access_token', 'email']);

/**
 * Where an answer leads, null where it is one to be read. On the way to another host everything is dropped that says who asks, a form is not
 * sent again at all, and https never becomes http. `secrets` are values, wherever they stand.
 * @throws AddressError for a place that is not gone to
 */
export function nextHop(hop: Hop, answer: HttpAnswer, secrets: readonly string[]): Hop | null {
  const location = answer.headers.location;
  if (!REDIRECTS.has(answer.status) || location === undefined) return null;
  const url = URL.canParse(location, hop.url) ? new URL(location, hop.url) : null;
  if (url === null) throw new AddressError('a redirect leads to what is no address');
  url.hash = '';
  if (hop.url.protocol === 'https:' && url.protocol === 'http:')
    throw new AddressError(`a redirect leads from https to http, to ${url.hostname}`);
  const sameHost = url.origin === hop.url.origin || upgraded(hop.url, url);
  // RFC 9110, 15.4.4: a 303 is asked for by GET. Elsewhere an answer to a form that was lost would not be an answer.
  const body = answer.status === 303 ? null : hop.body;
  if (!sameHost && body !== null) throw new AddressError(`a form is not sent on to another host, ${url.hostname}`);
  if (!sameHost) dropSecrets(url, secrets);
  const headers = Object.entries(hop.headers).filter(
    ([name, value]) =>
      (body !== null || name !== 'content-type') &&
      (sameHost || (!SECRET_HEADERS.has(name) && !holds(value, secrets)) || name === 'user-agent'),
  );
  return { url, headers: Object.fromEntries(headers), body, origins: hop.origins };
}

/** The same host by TLS, as servers send those who came without. */
const upgraded = (from: URL, to: URL): boolean =>
  from.protocol === 'http:' &&
  to.protocol === 'https:' &&
  from.hostname === to.hostname &&
  from.port === '' &&
  to.port === '';

function dropSecrets(url: URL, secrets: readonly string[]): void {
  for (const [name, value] of [...url.searchParams])
    if (SECRET_FIELDS.has(name.toLowerCase()) || holds(value, secrets)) url.searchParams.delete(name);
}

const holds = (text: string, secrets: readonly string[]): boolean => secrets.some((secret) => text.includes(secret));

/**
 * Takes out of a text what must not be told: `secrets`, and what the request itself sends under a name that says so. The values
 * are known, so they are found in whatever a service makes of them.
 */
export function redactor(request: HttpRequest, secrets: readonly string[]) {
  const fields = [...request.url.searchParams, ...Object.entries(request.form ?? {})]
    .filter(([name]) => SECRET_FIELDS.has(name.toLowerCase()))
    .map(([, value]) => value);
  const headers = Object.entries(request.headers ?? {})
    .filter(([name]) => SECRET_HEADERS.has(name.toLowerCase()))
    .flatMap(([, value]) => [value, value.replace(/^\S+ /, '')]);
  // A value of one or two letters is no secret, and taking it out would leave no text.
  const values = [...new Set([...secrets, ...fields, ...headers])].filter((value) => value.length > 2);
  const spelled = values.flatMap((value) => [value, encodeURIComponent(value), value.toLowerCase()]);
  spelled.sort((a, b) => b.length - a.length);
  return Object.assign(
    (text: string): string => spelled.reduce((clean, value) => clean.replaceAll(value, '***'), text),
    {
      values: values as readonly string[],
    },
  );
}
