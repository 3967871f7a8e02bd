import {
  OutageError,
  OutOfMemoryError,
  PermanentError,
  QuotaError,
  RetryableError,
  type StageError,
} from '../../engine/errors.ts';
import { retryAfterMs } from '../../engine/outcome.ts';
import { withoutSecrets } from '../../sources/settings.ts';

/** Calls to a service of batch jobs: deadlines, bounded bodies, no redirects, and errors as the engine has them. */

export type CallDeps = {
  readonly fetch: typeof fetch;
  /** The engine's name of the service. */
  readonly service: string;
  /** Sent with each call to the service's own origin. */
  readonly credentials: Readonly<Record<string, string>>;
  /** Values that no message may hold. */
  readonly secrets: readonly string[];
};
export type Call = {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: BodyInit;
  readonly ms: number;
  readonly bytesMax?: number;
  /** What this call is, for messages. */
  readonly what: string;
};
export type Answered = { readonly status: number; readonly headers: Headers; readonly text: string };

export const CALL_MS = 60_000;
/** Uploads and downloads are files of many megabytes. */
export const FILE_MS = 240_000;
const BYTES_MAX = 4_000_000;
export const FILE_BYTES_MAX = 128_000_000;
const HOUR_MS = 3_600_000;
const WAIT_MS = 60_000;
const DETAIL_CHARS_MAX = 160;

/** No whole answer came: what was asked for may have happened all the same. */
export class NoAnswerError extends RetryableError {}

/**
 * Sends a call and gives what the service answered with 2xx; null for 404 where `orNull` is set.
 * @throws NoAnswerError where no whole answer came or the service failed; other StageErrors where it refused
 */
export function caller(deps: CallDeps) {
  const { service } = deps;
  const say = (call: Call, words: string): string => withoutSecrets(`${service}: ${call.what}: ${words}`, deps.secrets);
  const send = async (call: Call, signal: AbortSignal): Promise<Answered> => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(call.ms)]);
    try {
      const response = await deps.fetch(call.url, {
        method: call.method,
        headers: { accept: 'application/json', ...deps.credentials, ...call.headers },
        ...(call.body === undefined ? {} : { body: call.body }),
        redirect: 'manual',
        signal: limit,
      });
      const text = await bodyOf(response, call.bytesMax ?? BYTES_MAX);
      return { status: response.status, headers: response.headers, text };
    } catch (error) {
      if (error instanceof TooLargeError) throw new PermanentError(say(call, error.message), { service });
      const late = limit.aborted && !signal.aborted;
      // The platform's own words may hold addresses.
      const words = late
        ? `no whole answer within ${call.ms} ms`
        : signal.aborted
          ? 'given up'
          : 'the connection failed';
      throw new NoAnswerError(say(call, words), { service });
    }
  };
  const ok = async (call: Call, signal: AbortSignal): Promise<Answered | null> => {
    const answered = await send(call, signal);
    if (answered.status >= 200 && answered.status < 300) return answered;
    if (answered.status === 404 || answered.status === 410) return null;
    throw refusalOf(answered, (words) => say(call, words), service);
  };
  return {
    /** A whole answer. 404 is an error. */
    answer: async (call: Call, signal: AbortSignal): Promise<Answered> => {
      const answered = await ok(call, signal);
      if (answered === null)
        throw new OutageError(say(call, 'answers 404: is the address of the service right, and the model?'), {
          service,
          retryAfterMs: HOUR_MS,
        });
      return answered;
    },
    answerOrNull: ok,
    /** The answer as an object. What is no JSON is no answer: a gateway speaks. */
    json: (call: Call, { text }: Answered): Readonly<Record<string, unknown>> => {
      const value = objectOf(text);
      if (value === null) throw new NoAnswerError(say(call, 'the answer is no JSON object'), { service });
      return value;
    },
    broken: (call: Call, words: string): StageError => new NoAnswerError(say(call, words), { service }),
  };
}
export type Caller = ReturnType<typeof caller>;

/** What a status is to the work: wait, try again, or let somebody look. A service that refuses everything is an outage and no fault of a case. */
function refusalOf({ status, headers, text }: Answered, say: (words: string) => string, service: string): StageError {
  const asked = retryAfterMs(headers.get('retry-after'), Date.parse(headers.get('date') ?? '') || Date.now());
  const message = say(`answers ${status}${detailOf(text)}`);
  if (status === 413) return new OutOfMemoryError(message, { service });
  if (status === 402) return new QuotaError(message, { service, retryAfterMs: asked ?? HOUR_MS });
  if (status === 429) return new QuotaError(message, { service, retryAfterMs: asked ?? WAIT_MS });
  if (status >= 500) return new NoAnswerError(message, { service });
  return new OutageError(message, { service, retryAfterMs: asked ?? HOUR_MS });
}

/** Code and message as both services word an error; a page of HTML says nothing. */
function detailOf(text: string): string {
  const error = objectOf(text)?.error;
  const { message, code, status } = (typeof error === 'object' && error !== null ? error : {}) as Record<
    string,
    unknown
  >;
  const words = [code, status, message]
    .filter((part) => typeof part === 'string' || typeof part === 'number')
    .join(' ');
  return words === '' ? '' : ` (${words.replace(/\s+/g, ' ').slice(0, DETAIL_CHARS_MAX)})`;
}

export function objectOf(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

class TooLargeError extends Error {}

async function bodyOf(response: Response, bytesMax: number): Promise<string> {
  if (response.body === null) return '';
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text + decoder.decode();
      bytes += value.byteLength;
      if (bytes > bytesMax) throw new TooLargeError(`the answer has more than ${bytesMax} bytes`);
      text += decoder.decode(value, { stream: true });
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Lines of a JSONL file; what is no object is counted, and takes no other line with it. */
export function linesOf(text: string): {
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  readonly unreadable: number;
} {
  const all = text.split('\n').filter((line) => line.trim() !== '');
  const lines = all.map(objectOf).filter((line) => line !== null);
  return { lines, unreadable: all.length - lines.length };
}

export const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
export const stringOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
export const numberOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
