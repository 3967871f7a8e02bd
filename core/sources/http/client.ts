import { OutageError, PermanentError, RetryableError } from '../../engine/index.ts';
import { AddressError, checkUrl } from './address.ts';
import { readBody } from './body.ts';
import type { Call, HttpDeps } from './call.ts';
import { said } from './call.ts';
import { deadlines } from './deadlines.ts';
import type { Http, HttpAnswer, HttpRequest } from './http.ts';
import { type Hop, nextHop, redactor } from './redirects.ts';
import { RATIO_MAX } from './services.ts';
import { end, turn } from './turns.ts';
import { GOOD, RedirectError, refusalOf, SAYS_NOTHING, type Verdict, verdictOfError } from './verdicts.ts';

export type { HttpDeps } from './call.ts';
export { ServiceClosedError } from './errors.ts';

/** What Node, Deno and workerd all have of it. */
export const webClock: Pick<HttpDeps, 'nowMs' | 'monotonicMs' | 'after' | 'random' | 'newId'> = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
  random: Math.random,
  newId: () => crypto.randomUUID(),
};

/** Redirects that are followed; RFC 9110, 15.4 leaves the number open. */
export const REDIRECTS_MAX = 5;

/** The one door to the outside. */
export function createHttp(deps: HttpDeps): Http {
  const identity = { 'user-agent': userAgent(deps.version, deps.contact), 'accept-encoding': 'gzip' };
  return async (request) => {
    const settings = deps.services[request.service] ?? deps.services[request.service.split(':')[0] ?? ''];
    if (!settings)
      throw new Error(`no settings for the service ${request.service}; serviceSettings names those there are`);
    const call: Call = { deps, request, settings, redact: redactor(request, deps.secrets), leftMs: settings.totalMs };
    const redirectsMax = request.redirectsMax ?? REDIRECTS_MAX;
    const seen = new Set<string>();
    let hop = firstHop(request, identity, deps.origins ?? []);
    for (;;) {
      seen.add(hop.url.href);
      const verdict = await walk(call, hop, (answer) => {
        if (redirectsMax === 0) return null;
        const next = nextHop(hop, answer, call.redact.values);
        if (next !== null && seen.size > redirectsMax) throw new RedirectError(`more than ${redirectsMax} redirects`);
        if (next !== null && seen.has(next.url.href)) throw new RedirectError('its redirects lead in a circle');
        return next;
      });
      if (verdict.kind === 'answer') return verdict.answer;
      if (verdict.kind === 'error') throw verdict.error;
      hop = verdict.next;
    }
  };
}

const firstHop = (request: HttpRequest, identity: Hop['headers'], origins: readonly string[]): Hop => ({
  url: request.url,
  headers: {
    accept: '*/*',
    ...Object.fromEntries(Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])),
    ...(request.form ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
    ...identity,
  },
  body: request.form ? new URLSearchParams(request.form).toString() : null,
  // Only a call that the operator's own settings sent to such an origin may go there, by whatever redirect.
  origins: origins.includes(request.url.origin) ? origins : [],
});

function userAgent(version: string, contact: string | null): string {
  if (contact !== null && !/^[\x21-\x7e]{3,200}$/.test(contact))
    throw new Error('the contact must be an address of e-mail or web, 3 to 200 printable ASCII characters');
  return `Anamnesis/${version}${contact === null ? '' : ` (+${contact})`}`;
}

/** One hop when its turn has come: address, turn, answer, and the turn given back with what was learnt. */
async function walk(call: Call, hop: Hop, follow: (answer: HttpAnswer) => Hop | null): Promise<Verdict> {
  const { deps, request } = call;
  try {
    checkUrl(hop.url, hop.origins);
  } catch (error) {
    if (error instanceof AddressError) throw new PermanentError(said(call, error.message));
    throw error;
  }
  const token = await turn(call);
  const startedMs = deps.monotonicMs();
  let verdict: Verdict | null = null;
  try {
    verdict = await send(call, hop, follow).catch((error: unknown) => verdictOfError(call, error));
  } finally {
    call.leftMs -= deps.monotonicMs() - startedMs;
    const openMs = await end(call, token, verdict?.ended ?? SAYS_NOTHING);
    // What opened the breaker is no fault of the items: they wait with the service instead of spending attempts.
    if (
      verdict?.kind === 'error' &&
      verdict.error instanceof RetryableError &&
      verdict.ended.report.failures > 0 &&
      openMs > 0
    )
      verdict = {
        ...verdict,
        error: new OutageError(verdict.error.message, { retryAfterMs: openMs, service: request.service }),
      };
  }
  return verdict;
}

/** Sends one hop and reads what comes, within every deadline. When it returns, its connection is free or gone. */
async function send(call: Call, hop: Hop, follow: (answer: HttpAnswer) => Hop | null): Promise<Verdict> {
  const { deps, settings, request } = call;
  const limits = deadlines(deps.after, deps.signal);
  try {
    limits.set('total', Math.max(1, call.leftMs));
    limits.set('first byte', settings.firstByteMs);
    const got = await limits.until(
      deps.transport(
        {
          method: hop.body === null ? 'GET' : 'POST',
          url: hop.url,
          headers: hop.headers,
          body: hop.body,
          trusted: hop.origins.includes(hop.url.origin),
          connectMs: settings.connectMs,
        },
        { signal: limits.signal },
      ),
    );
    limits.clear('first byte');
    const refusal = refusalOf(call, got.status, got.headers);
    if (refusal) return refusal;
    const next = follow({ status: got.status, headers: got.headers, bytes: NO_BYTES, url: hop.url });
    // Where a redirect leads says whether all is well; a circle of them would else look like success again and again.
    if (next) return { kind: 'redirect', next, ended: SAYS_NOTHING };
    const bytes = await readBody(got, {
      bytesMax: Math.min(request.bytesMax ?? settings.bytesMax, settings.bytesMax),
      ratioMax: RATIO_MAX,
      next: (piece) => {
        limits.set('idle', settings.idleMs);
        return limits.until(piece);
      },
    });
    return { kind: 'answer', answer: { status: got.status, headers: got.headers, bytes, url: hop.url }, ended: GOOD };
  } finally {
    limits.end();
  }
}
const NO_BYTES = new Uint8Array();
