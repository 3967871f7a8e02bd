import {
  OutageError,
  PermanentError,
  QuotaError,
  RETRY_AFTER_MS_MAX,
  RetryableError,
  retryAfterMs,
  type ServiceReport,
  type StageError,
} from '../../engine/index.ts';
import { AddressError } from './address.ts';
import { BodyError } from './body.ts';
import { BREAKER, type Call, said } from './call.ts';
import { LateError, StoppedError } from './deadlines.ts';
import { ServiceClosedError } from './errors.ts';
import type { HttpAnswer } from './http.ts';
import type { Ended } from './pace.ts';
import type { Hop } from './redirects.ts';
import { ConnectError } from './transport.ts';

/** How one hop ended: an answer, a way on, or an error. `ended` is what it says about the service. */
export type Verdict =
  | { readonly kind: 'answer'; readonly answer: HttpAnswer; readonly ended: Ended }
  | { readonly kind: 'redirect'; readonly next: Hop; readonly ended: Ended }
  | { readonly kind: 'error'; readonly error: StageError; readonly ended: Ended };

const NEUTRAL: ServiceReport = { successes: 0, failures: 0, outage: false, waitMs: 0, reason: null };
export const GOOD: Ended = { report: { ...NEUTRAL, successes: 1 } };
export const SAYS_NOTHING: Ended = { report: NEUTRAL };

/** Redirects that lead nowhere. */
export class RedirectError extends Error {}

/** 429 and 5xx, which are the client's to settle; null for every other status. */
export function refusalOf(call: Call, status: number, headers: HttpAnswer['headers']): Verdict | null {
  const { deps, request, settings } = call;
  const { service } = request;
  if (status !== 429 && status < 500) return null;
  const theirNowMs = Date.parse(headers.date ?? '');
  const askedMs = retryAfterMs(headers['retry-after'] ?? null, Number.isNaN(theirNowMs) ? deps.nowMs() : theirNowMs);
  const waitMs = askedMs === null ? null : Math.min(RETRY_AFTER_MS_MAX, askedMs);
  if (status === 429) {
    const closeMs = Math.max(waitMs ?? settings.closedMs, CLOSE_MS_MIN);
    const reason = said(call, `429 Too Many Requests${waitMs === null ? ' without a usable Retry-After' : ''}`);
    const error = new QuotaError(reason, { retryAfterMs: closeMs, service });
    return { kind: 'error', error, ended: { report: NEUTRAL, closed: { closeMs, reason } } };
  }
  const reason = said(call, `status ${status}`);
  if (status === 503 && waitMs !== null) {
    const error = new OutageError(reason, { retryAfterMs: waitMs, service });
    return { kind: 'error', error, ended: { report: { ...NEUTRAL, failures: 1, outage: true, waitMs, reason } } };
  }
  return { kind: 'error', error: new RetryableError(reason, { service }), ended: failed(reason) };
}
/** `Retry-After: 0` with a 429 is no invitation to a storm. */
const CLOSE_MS_MIN = 1_000;

const failed = (reason: string): Ended => ({ report: { ...NEUTRAL, failures: 1, reason } });

export function verdictOfError(call: Call, error: unknown): Verdict {
  const { service } = call.request;
  const { openMsFirst } = call.deps.breaker ?? BREAKER;
  if (error instanceof StoppedError)
    return {
      kind: 'error',
      error: new ServiceClosedError(said(call, 'the host is stopping'), { why: 'stopping', retryAfterMs: 0, service }),
      ended: SAYS_NOTHING,
    };
  if (error instanceof AddressError)
    return { kind: 'error', error: new PermanentError(said(call, error.message)), ended: SAYS_NOTHING };
  if (error instanceof ConnectError) {
    const reason = said(call, error.message);
    const report = { ...NEUTRAL, failures: 1, outage: true, reason };
    return { kind: 'error', error: new OutageError(reason, { retryAfterMs: openMsFirst, service }), ended: { report } };
  }
  if (error instanceof RedirectError || error instanceof LateError || (error instanceof BodyError && error.cut)) {
    const reason = said(call, error.message);
    return { kind: 'error', error: new RetryableError(reason, { service }), ended: failed(reason) };
  }
  // Too much, or packed as nobody asked for: true of this one document, not of the service.
  if (error instanceof BodyError)
    return { kind: 'error', error: new RetryableError(said(call, error.message)), ended: SAYS_NOTHING };
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'no code';
  const reason = said(call, `the connection broke (${code})`);
  return { kind: 'error', error: new RetryableError(reason, { service }), ended: failed(reason) };
}
