import * as z from 'zod';
import { EMBEDDING_FORMATS, type EmbeddingFormat } from './answer.ts';
import { unitsPerCase } from './limits.ts';

const NAME = /^[A-Za-z0-9][\w.:@-]*(?:\/[\w.:@-]+)*$/;
const FOR = 'for EMBEDDER=inference:';

function isBare(url: string): boolean {
  // What is no address is refused as such.
  if (!URL.canParse(url)) return true;
  const { username, search, hash } = new URL(url);
  return username === '' && search === '' && hash === '';
}

/** What every host is told about an embedding model behind a service: how each setting is read, and what is said of it. */
export const EMBEDDING_SETTINGS = {
  EMBEDDING_ENDPOINT: {
    read: z
      .url({ protocol: /^https?$/, error: 'must be an http: or https: address' })
      .refine(isBare, 'must be the bare address of the service: no user name, no ?query, no #part')
      .optional(),
    about: `${FOR} the service, such as http://127.0.0.1:8080/v1 (default: INFERENCE_ENDPOINT, else Hugging Face)`,
  },
  EMBEDDING_API_KEY: {
    read: z
      .string()
      .regex(/^[\x21-\x7e]{8,500}$/, 'must be a token as its service shows it: 8 or more characters, no blanks')
      .optional(),
    about: `${FOR} the token that pays at EMBEDDING_ENDPOINT; HF_TOKEN is never sent there`,
  },
  EMBEDDING_FORMAT: {
    read: z.enum(EMBEDDING_FORMATS).optional(),
    about: `${FOR} what the service speaks: openai, openai-base64 (the same, in a tenth of the bytes) or feature-extraction (default: openai at an endpoint, feature-extraction at Hugging Face)`,
  },
  EMBEDDING_DIMENSIONS: {
    read: z.enum(['native', '384'], 'must be native or 384').default('native'),
    about: `${FOR} 384 asks the service to shorten its vectors, which only models made for it bear (Matryoshka)`,
  },
  EMBEDDING_TOKENS_MAX: {
    read: z.coerce.number('must be a whole number').int('must be a whole number').min(32).max(8_192).default(512),
    about: `${FOR} the longest text that the model reads, in tokens; what is longer is cut`,
  },
  EMBEDDING_TOKENS_PER_DAY: {
    read: z.coerce.number('must be a whole number').int('must be a whole number').min(1).max(1e12).default(5_000_000),
    about: `${FOR} tokens that a day (UTC) may cost`,
  },
  EMBEDDING_REVISION: {
    read: z
      .string()
      .regex(/^[\w.-]{1,40}$/, 'must be 1 to 40 letters, digits, dots, dashes or underscores')
      .default('1'),
    about: `${FOR} any other value embeds every case anew, by whatever the service serves then`,
  },
} as const satisfies Record<string, { read: z.ZodType; about: string }>;

export type EmbeddingSettings = {
  readonly EMBEDDING_ENDPOINT?: string | undefined;
  readonly EMBEDDING_API_KEY?: string | undefined;
  readonly EMBEDDING_FORMAT?: EmbeddingFormat | undefined;
  readonly EMBEDDING_DIMENSIONS: 'native' | '384';
  readonly EMBEDDING_TOKENS_MAX: number;
  readonly EMBEDDING_TOKENS_PER_DAY: number;
  readonly EMBEDDING_REVISION: string;
};

/** The same with what else a host was told that bears on the service. */
export type EmbeddingAround = EmbeddingSettings & {
  readonly EMBEDDING_MODEL?: string | undefined;
  readonly INFERENCE_ENDPOINT?: string | undefined;
  readonly HF_TOKEN?: string | undefined;
};

/** Those of a host's settings that are about it. */
export const embeddingSettingsOf = ({
  EMBEDDING_MODEL,
  INFERENCE_ENDPOINT,
  HF_TOKEN,
  EMBEDDING_ENDPOINT,
  EMBEDDING_API_KEY,
  EMBEDDING_FORMAT,
  EMBEDDING_DIMENSIONS,
  EMBEDDING_TOKENS_MAX,
  EMBEDDING_TOKENS_PER_DAY,
  EMBEDDING_REVISION,
}: EmbeddingAround): EmbeddingAround => ({
  EMBEDDING_MODEL,
  INFERENCE_ENDPOINT,
  HF_TOKEN,
  EMBEDDING_ENDPOINT,
  EMBEDDING_API_KEY,
  EMBEDDING_FORMAT,
  EMBEDDING_DIMENSIONS,
  EMBEDDING_TOKENS_MAX,
  EMBEDDING_TOKENS_PER_DAY,
  EMBEDDING_REVISION,
});

/** A service as the embedder asks it. */
export type InferenceEmbedderSettings = {
  readonly model: string;
  /** Null for Hugging Face's own. */
  readonly endpoint: string | null;
  readonly token: string | null;
  readonly format: EmbeddingFormat;
  readonly shortened: boolean;
  readonly tokensMax: number;
  readonly tokensPerDay: number;
  readonly revision: string;
};

/** What is missing for EMBEDDER=inference, with the remedy; null where nothing is. */
export function embeddingProblem(settings: EmbeddingAround): string | null {
  const { EMBEDDING_MODEL: model, HF_TOKEN: token, EMBEDDING_TOKENS_MAX: tokensMax } = settings;
  if (model === undefined || !NAME.test(model))
    return 'EMBEDDER=inference needs EMBEDDING_MODEL: the model as its service names it, such as sentence-transformers/all-MiniLM-L6-v2';
  if (settings.EMBEDDING_TOKENS_PER_DAY < unitsPerCase(tokensMax))
    return `EMBEDDING_TOKENS_PER_DAY must be at least ${unitsPerCase(tokensMax)}, which one case may use at most`;
  if (settings.EMBEDDING_ENDPOINT !== undefined || settings.INFERENCE_ENDPOINT !== undefined) return null;
  if (token === undefined || !token.startsWith('hf_'))
    return (
      'EMBEDDER=inference needs HF_TOKEN (a token of Hugging Face with the right to call Inference Providers, from ' +
      'huggingface.co/settings/tokens) or EMBEDDING_ENDPOINT (a service of your own); or set EMBEDDER=builtin'
    );
  return settings.EMBEDDING_FORMAT === undefined || settings.EMBEDDING_FORMAT === 'feature-extraction'
    ? null
    : 'EMBEDDING_FORMAT=openai needs EMBEDDING_ENDPOINT: Hugging Face speaks feature-extraction';
}

/** The service that the settings name. `embeddingProblem` has said before whether they are complete. */
export function embeddingServiceOf(settings: EmbeddingAround): InferenceEmbedderSettings {
  const problem = embeddingProblem(settings);
  const { EMBEDDING_MODEL: model, EMBEDDING_ENDPOINT: own } = settings;
  if (problem !== null || model === undefined) throw new Error(problem ?? 'no model');
  const endpoint = own ?? settings.INFERENCE_ENDPOINT ?? null;
  return {
    model,
    endpoint,
    // A token is sent to no other service than it was given for.
    token: (own === undefined ? settings.HF_TOKEN : settings.EMBEDDING_API_KEY) ?? null,
    format: settings.EMBEDDING_FORMAT ?? (endpoint === null ? 'feature-extraction' : 'openai'),
    shortened: settings.EMBEDDING_DIMENSIONS === '384',
    tokensMax: settings.EMBEDDING_TOKENS_MAX,
    tokensPerDay: settings.EMBEDDING_TOKENS_PER_DAY,
    revision: settings.EMBEDDING_REVISION,
  };
}
