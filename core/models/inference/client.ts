import { RetryableError, StageError } from '../../engine/index.ts';
import { type ExchangeDeps, type ExchangeLimits, exchange } from './exchange.ts';
import { failureOf, INFERENCE_SERVICE, SchemaUnknownError, statusWithin } from './failures.ts';
import { ANSWER_TOKENS_MAX, BODY_BYTES_MAX, CALL_UNITS_MAX, CONTENT_CHARS_MAX, PROMPT_BYTES_MAX } from './limits.ts';
import { bytesOf, type Message } from './prompt.ts';
import { ANSWER_SCHEMA } from './schema.ts';

/** How the service is asked to keep to the form. */
export const FORMATS = ['json_schema', 'json_object'] as const;
export type Format = (typeof FORMATS)[number];

export type ChatSettings = {
  readonly model: string;
  /** Null for the router of Hugging Face. */
  readonly endpoint: string | null;
  readonly token: string | null;
  readonly format: Format;
};

/** What a host lends. */
export type ChatDeps = ExchangeDeps & {
  readonly log: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  readonly limits?: ChatLimits;
};

export type ChatLimits = ExchangeLimits;
/** A model that writes 30 tokens a second sends its first byte after its last word: 2,500 tokens are 83 s. */
export const LIMITS: ChatLimits = { firstByteMs: 100_000, idleMs: 20_000, totalMs: 120_000 };

/** One answer as it is stored in the ledger of effects. */
export type ChatAnswer = {
  /** The model's words, cut at a bound; null where there are none. */
  readonly content: string | null;
  readonly finish: string;
  readonly format: Format;
  /** Tokens that the service counted; an upper bound where it counted none. */
  readonly tokens: number;
};

/** A call may have been paid for although no answer came. */
export type Asked =
  | { readonly kind: 'answer'; readonly answer: ChatAnswer }
  | { readonly kind: 'lost'; readonly error: RetryableError; readonly tokensMax: number };

export type Chat = {
  /** @throws StageError when the service refused, and nothing was paid */
  readonly ask: (messages: readonly Message[], options: AskOptions) => Promise<Asked>;
};
type AskOptions = { readonly key: string; readonly signal: AbortSignal };

/**
 * Chat completions of Hugging Face's router or of any service that speaks as OpenAI does. The library makes address, headers and body for
 * each; status, headers and bytes are read here, because it drops headers, repeats a 503 without end, checks no answer and
 * puts the whole request into its errors.
 */
export function chatClient(settings: ChatSettings, deps: ChatDeps): Chat {
  let format = settings.format;
  const ask = async (messages: readonly Message[], options: AskOptions): Promise<Asked> => {
    for (;;) {
      const asking = format;
      try {
        return await complete(settings, deps, messages, asking, options);
      } catch (error) {
        if (!(error instanceof SchemaUnknownError)) throw error;
        if (asking === 'json_object')
          throw new RetryableError(`${error.message}: it takes no response_format`, { service: INFERENCE_SERVICE });
        if (format === asking)
          deps.log(
            'the model service takes no JSON Schema: asked for a JSON object; INFERENCE_FORMAT=json_object says so',
            {
              model: settings.model,
            },
          );
        format = 'json_object';
      }
    }
  };
  return { ask };
}

async function complete(
  settings: ChatSettings,
  deps: ChatDeps,
  messages: readonly Message[],
  format: Format,
  options: AskOptions,
): Promise<Asked> {
  checkSize(messages, format);
  // Loaded when it is first needed: a host without such a model starts without it.
  const { InferenceClient } = await import('@huggingface/inference');
  const exchange = exchangeOf(settings, deps, options);
  const client = new InferenceClient(
    settings.token ?? '',
    settings.endpoint === null ? {} : { endpointUrl: settings.endpoint },
  );
  try {
    await client.chatCompletion(
      {
        model: settings.model,
        messages: messages.map((message) => ({ ...message })),
        max_tokens: ANSWER_TOKENS_MAX,
        temperature: 0,
        response_format: formatOf(format),
      },
      { fetch: exchange.fetch, signal: options.signal, retry_on_error: false },
    );
  } catch (error) {
    if (error instanceof StageError || error instanceof SchemaUnknownError) throw error;
    // What the library thinks of an answer says nothing: it is read below.
    if (exchange.ended() === null) throw new Error(`the inference client sent nothing (${nameOf(error)})`);
  }
  const ended = exchange.ended();
  if (ended === null) throw new Error('the inference client sent nothing');
  return ended.kind === 'lost' ? ended : { kind: 'answer', answer: answerOf(ended.body, format) };
}

const formatOf = (format: Format) =>
  format === 'json_object'
    ? { type: 'json_object' as const }
    : {
        type: 'json_schema' as const,
        json_schema: { name: 'case_form', strict: true, schema: { ...ANSWER_SCHEMA } },
      };

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'no error');

type Ended =
  | { readonly kind: 'body'; readonly body: unknown }
  | { readonly kind: 'lost'; readonly error: RetryableError; readonly tokensMax: number };

/** A `fetch` for one call of the library: with the key of the effect, and the answer kept from it. */
function exchangeOf({ token }: ChatSettings, deps: ChatDeps, { key, signal }: AskOptions) {
  let ended: Ended | null = null;
  const send: typeof fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set('idempotency-key', key);
    const came = await exchange(
      deps,
      input,
      { ...init, headers },
      {
        service: INFERENCE_SERVICE,
        limits: deps.limits ?? LIMITS,
        bytesMax: BODY_BYTES_MAX,
        statusWithin,
        refused: (refusal) => failureOf({ ...refusal, nowMs: deps.nowMs(), secret: token }),
        signal,
      },
    );
    if (came.kind === 'lost') ended = { kind: 'lost', error: came.error, tokensMax: CALL_UNITS_MAX };
    else ended = { kind: 'body', body: came.kind === 'too-much' ? TOO_LONG : came.body };
    return Response.json({});
  };
  return { fetch: send, ended: () => ended };
}

/** What is sent is bounded before: this holds it against a change that forgets. */
function checkSize(messages: readonly Message[], format: Format): void {
  const words = messages.reduce((sum, { content }) => sum + bytesOf(content), 0);
  const bytes = words + (format === 'json_schema' ? SCHEMA_BYTES : 0);
  if (bytes > PROMPT_BYTES_MAX)
    throw new Error(`a prompt has ${bytes} bytes, more than the ${PROMPT_BYTES_MAX} reserved`);
}
/** A service may show the model the schema too. */
export const SCHEMA_BYTES = bytesOf(JSON.stringify(ANSWER_SCHEMA));

const TOO_LONG = { choices: [{ message: {}, finish_reason: 'too_long' }] };

const at = (value: unknown, name: string | number): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string | number, unknown>>)[name] // an object, by the test before
    : undefined;

/** What a completion says; whatever is not as it should be is no text. */
export function answerOf(body: unknown, format: Format): ChatAnswer {
  const choice = at(at(body, 'choices'), 0);
  const content = at(at(choice, 'message'), 'content');
  const finish = at(choice, 'finish_reason');
  return {
    // One more than is read, so that what was cut is seen.
    content: typeof content === 'string' ? content.slice(0, CONTENT_CHARS_MAX + 1) : null,
    finish: typeof finish === 'string' ? finish.slice(0, 40) : '',
    format,
    tokens: tokensOf(at(body, 'usage')),
  };
}

function tokensOf(usage: unknown): number {
  const counted = [at(usage, 'total_tokens'), sum(at(usage, 'prompt_tokens'), at(usage, 'completion_tokens'))];
  const tokens = counted.find((n) => typeof n === 'number' && Number.isSafeInteger(n) && n > 0 && n <= TOKENS_MAX);
  return typeof tokens === 'number' ? tokens : CALL_UNITS_MAX;
}
/** More than this is a slip of the service. */
const TOKENS_MAX = 10_000_000;
const sum = (a: unknown, b: unknown): number | null => (typeof a === 'number' && typeof b === 'number' ? a + b : null);
