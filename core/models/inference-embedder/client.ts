import type { RetryableError, StageError } from '../../engine/index.ts';
import { type ExchangeDeps, type ExchangeLimits, exchange } from '../inference/exchange.ts';
import type { ServiceWords } from '../inference/failures.ts';
import { type Answer, readAnswer, withoutNaN } from './answer.ts';
import { EMBEDDING_SERVICE, refusalError, statusWithin } from './failures.ts';
import { BODY_BYTES_MAX, unitsMax } from './limits.ts';
import type { InferenceEmbedderSettings } from './settings.ts';
import { estimatedTokens } from './texts.ts';

const HUGGING_FACE = 'https://router.huggingface.co/hf-inference/models/';

/** What an asked service did: an answer, or none although it may have been paid. */
export type Asked =
  | { readonly kind: 'answer'; readonly answer: Answer; readonly units: number }
  | { readonly kind: 'lost'; readonly error: RetryableError; readonly units: number };

export type Ask = (texts: readonly string[], signal: AbortSignal, limits: ExchangeLimits) => Promise<Asked>;

/** The address that a service is asked at. */
export function addressOf({ model, endpoint, format }: InferenceEmbedderSettings): string {
  if (endpoint === null)
    return `${HUGGING_FACE}${model.split('/').map(encodeURIComponent).join('/')}/pipeline/feature-extraction`;
  if (format === 'feature-extraction') return endpoint;
  let base = endpoint;
  while (base.endsWith('/')) base = base.slice(0, -1);
  if (base.endsWith('/embeddings')) return base;
  return new URL(base).pathname === '/' ? `${base}/v1/embeddings` : `${base}/embeddings`;
}

/** https://huggingface.co/docs/inference-providers/tasks/feature-extraction and https://platform.openai.com/docs/api-reference/embeddings */
export function bodyOf({ model, format, shortened }: InferenceEmbedderSettings, texts: readonly string[]): object {
  const dimensions = shortened ? { dimensions: 384 } : {};
  return format === 'feature-extraction'
    ? { inputs: texts, normalize: true, truncate: true, ...dimensions }
    : { model, input: texts, encoding_format: format === 'openai' ? 'float' : 'base64', ...dimensions };
}

/**
 * Asks the service once. The library for Hugging Face is not used here: it asks the hub about the model before, outside of every deadline,
 * drops the headers, and puts the texts into its errors.
 * @throws StageError or TooLongError where the service refused, and nothing was paid
 */
export function embeddingClient(settings: InferenceEmbedderSettings, deps: ExchangeDeps): Ask {
  const { token, shortened } = settings;
  const address = addressOf(settings);
  const words: ServiceWords = {
    service: EMBEDDING_SERVICE,
    tokenSetting: 'HF_TOKEN (or EMBEDDING_API_KEY, where EMBEDDING_ENDPOINT is set)',
    modelSettings: 'EMBEDDING_MODEL, EMBEDDING_FORMAT and EMBEDDING_ENDPOINT',
  };
  return async (texts, signal, limits) => {
    const body = JSON.stringify(bodyOf(settings, texts));
    const came = await exchange(
      deps,
      address,
      {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        },
        body,
      },
      {
        service: EMBEDDING_SERVICE,
        limits,
        bytesMax: BODY_BYTES_MAX,
        repaired: withoutNaN,
        statusWithin,
        refused: (refusal): StageError | Error =>
          refusalError({ ...refusal, nowMs: deps.nowMs(), secret: token }, words, shortened),
        signal,
      },
    );
    const estimated = texts.reduce((sum, text) => sum + estimatedTokens(text), 0);
    if (came.kind === 'lost') return { kind: 'lost', error: came.error, units: estimated };
    if (came.kind === 'too-much')
      return {
        kind: 'answer',
        answer: { kind: 'unusable', problem: 'more bytes than are read', remedy: 'check EMBEDDING_MODEL' },
        units: estimated,
      };
    const answer = readAnswer(came.body, texts.length);
    const counted = answer.kind === 'given' ? answer.tokens : null;
    const told = counted ?? countedByHeader(came.headers) ?? estimated;
    // A slip of the service shall not spend a whole day.
    return { kind: 'answer', answer, units: Math.min(told, unitsMax(texts.length, body.length)) };
  };
}

/** Text-embeddings-inference says how many tokens it has read. */
function countedByHeader(headers: Headers): number | null {
  const told = headers.get('x-compute-tokens') ?? '';
  return /^\d{1,9}$/.test(told) && Number(told) > 0 ? Number(told) : null;
}
