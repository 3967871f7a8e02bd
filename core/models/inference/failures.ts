import {
  OutageError,
  PermanentError,
  QuotaError,
  RetryableError,
  retryAfterMs,
  type StageError,
} from '../../engine/index.ts';

/** The engine's name of whatever model service is configured. */
export const INFERENCE_SERVICE = 'inference';

/** How a kind of service is called, and what its operator can set. */
export type ServiceWords = {
  /** The engine's name of it. */
  readonly service: string;
  readonly tokenSetting: string;
  readonly modelSettings: string;
};
const CHAT: ServiceWords = {
  service: INFERENCE_SERVICE,
  tokenSetting: 'HF_TOKEN',
  modelSettings: 'DISTILL_MODEL and INFERENCE_ENDPOINT',
};

/** The service knows no answers by JSON Schema. */
export class SchemaUnknownError extends Error {
  override readonly name = 'SchemaUnknownError';
}

/** What a service answered that is no result. */
export type Refusal = {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed where it is JSON; null elsewhere. Nothing of it but codes and numbers is repeated: it may hold the request. */
  readonly body: unknown;
  readonly nowMs: number;
  /** A service may repeat what it was sent. */
  readonly secret: string | null;
};

/** Only the operator can change it: one item asks again after this. */
export const OPERATOR_MS = 300_000;
const RATE_MS = 60_000;
const OVERLOAD_MS = 30_000;
/** `Retry-After: 0` is no invitation to a storm. */
const WAIT_MS_MIN = 1_000;
const DAY_MS = 86_400_000;

const SPENT = /insufficient_quota|billing|credit|payment/;
const NO_MODEL = /model_not_found|model_not_supported|no_such_model/;
const TOO_LONG = /context_length|too_large|too_long|string_above_max/;

/** The engine's error for a refusal: who waits, for how long, and what the operator can do. */
export function failureOf(refusal: Refusal, words: ServiceWords = CHAT): StageError | SchemaUnknownError {
  const { status } = refusal;
  const { service, tokenSetting, modelSettings } = words;
  const outage = (message: string, waitMs: number) => outageOf(service, message, waitMs);
  const code = codeOf(refusal.body, refusal.secret);
  const told = toldMs(refusal);
  const said = `${service}: status ${status}${code === '' ? '' : ` (${code})`}`;
  if (status === 402 || SPENT.test(code))
    // Nothing is asked twice on a day that is paid up.
    return new QuotaError(`${said}: nothing is left to spend at the service`, {
      retryAfterMs: told ?? untilMidnightMs(refusal.nowMs),
      service,
    });
  if (status === 401 || status === 403)
    return outage(
      `${said}: the service does not let us in: set ${tokenSetting} to a token that may use it`,
      OPERATOR_MS,
    );
  if (status === 429)
    return new QuotaError(`${said}: asked too often${told === null ? ', without a usable Retry-After' : ''}`, {
      retryAfterMs: told ?? RATE_MS,
      service,
    });
  if (status === 404 || status === 410 || (status >= 300 && status < 400) || NO_MODEL.test(code))
    return outage(`${said}: no such model or address: check ${modelSettings}`, OPERATOR_MS);
  if (status === 413 || TOO_LONG.test(code)) return new PermanentError(`${said}: the case is too long for this model`);
  if ((status === 400 || status === 422) && speaksOfSchema(refusal.body)) return new SchemaUnknownError(said);
  if (status === 503 || status === 529)
    return outage(`${said}: overloaded or starting`, told ?? loadingMs(refusal.body) ?? OVERLOAD_MS);
  return new RetryableError(said, { service });
}

const outageOf = (service: string, message: string, waitMs: number): OutageError =>
  new OutageError(message, { retryAfterMs: Math.max(WAIT_MS_MIN, waitMs), service });

/** When the service wants to be asked again; null where it does not say so in a way that can be understood. */
function toldMs({ headers, nowMs }: Refusal): number | null {
  const ms = headers.get('retry-after-ms')?.trim() ?? '';
  const theirNowMs = Date.parse(headers.get('date') ?? '');
  const told = /^\d{1,12}$/.test(ms)
    ? Number(ms)
    : retryAfterMs(headers.get('retry-after'), Number.isNaN(theirNowMs) ? nowMs : theirNowMs);
  return told === null ? null : Math.min(DAY_MS, Math.max(WAIT_MS_MIN, told));
}

const untilMidnightMs = (nowMs: number): number => DAY_MS - (nowMs % DAY_MS);

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name] // an object, by the test before
    : undefined;

/** The service's own short name for what is wrong, if it is one: `insufficient_quota`. */
function codeOf(body: unknown, secret: string | null): string {
  const error = field(body, 'error');
  for (const name of [field(error, 'code'), field(error, 'type'), field(body, 'code')])
    if (typeof name === 'string' && /^[a-z][a-z0-9_.-]{2,39}$/i.test(name) && !(secret && name.includes(secret)))
      return name.toLowerCase();
  return '';
}

/** The status that a body tells which came with 200, as routers do; null where it tells none. */
export function statusWithin(body: unknown): number | null {
  const code = Number(field(field(body, 'error'), 'code') ?? field(field(body, 'error'), 'status'));
  if (field(body, 'error') == null || field(body, 'choices') !== undefined) return null;
  return Number.isInteger(code) && code >= 400 && code < 600 ? code : 500;
}

/** Hugging Face says how long a model takes to load. */
function loadingMs(body: unknown): number | null {
  const seconds = field(body, 'estimated_time');
  return typeof seconds === 'number' && seconds > 0 && seconds < 3_600 ? seconds * 1_000 : null;
}

const speaksOfSchema = (body: unknown): boolean =>
  /response_format|json_schema|structured output|guided|grammar/i.test(JSON.stringify(body ?? '').slice(0, 4_000));
