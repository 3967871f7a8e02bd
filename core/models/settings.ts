import * as z from 'zod';
import { BATCH_SETTINGS, type BatchProvider } from './batch/settings.ts';
import { FORMATS, type Format } from './inference/client.ts';
import { ITEM_UNITS_MAX } from './inference/limits.ts';

/** Who may read the cases. */
export const DISTILLERS = ['rules', 'inference', 'batch'] as const;

/** What every host is told about the models that read cases: how each setting is read, and what is said of it. */
export const MODEL_SETTINGS = {
  DISTILLER: {
    read: z.enum(DISTILLERS).default('rules'),
    about:
      'who reads the cases: rules (built in, no account), inference (a language model, paid by the token) or batch (the same in jobs of hours, at half the price)',
  },
  DISTILL_MODEL: {
    read: z
      .string()
      .regex(/^[A-Za-z0-9][\w.:@-]*(?:\/[\w.:@-]+)*$/, 'must be the name of a model, such as Qwen/Qwen3-8B')
      .max(200)
      .optional(),
    about: 'for DISTILLER=inference and batch: the model, as its service names it',
  },
  INFERENCE_ENDPOINT: {
    read: z
      .url({ protocol: /^https?$/, error: 'must be an http: or https: address' })
      .refine(isBare, 'must be the bare address of the service: no user name, no ?query, no #part')
      .optional(),
    about:
      'for DISTILLER=inference: an OpenAI-compatible service, such as http://127.0.0.1:8000/v1 (default: Hugging Face)',
  },
  INFERENCE_FORMAT: {
    read: z.enum(FORMATS).default('json_schema'),
    about: 'for DISTILLER=inference: json_object where the service takes no JSON Schema',
  },
  HF_TOKEN: {
    read: z
      .string()
      .regex(/^[\x21-\x7e]{8,500}$/, 'must be a token as its service shows it: 8 or more characters, no blanks')
      .optional(),
    about: 'for DISTILLER=inference: the token that pays; it is sent to INFERENCE_ENDPOINT where that is set',
  },
  INFERENCE_TOKENS_PER_DAY: {
    read: z.coerce
      .number('must be a whole number')
      .int('must be a whole number')
      .min(ITEM_UNITS_MAX, `must be at least ${ITEM_UNITS_MAX}, which one case may use at most`)
      .max(1e12)
      .default(1_000_000),
    about: 'for DISTILLER=inference: tokens, prompts and answers together, that a day (UTC) may cost',
  },
  ...BATCH_SETTINGS,
} as const satisfies Record<string, { read: z.ZodType; about: string }>;

function isBare(url: string): boolean {
  // What is no address is refused as such.
  if (!URL.canParse(url)) return true;
  const { username, search, hash } = new URL(url);
  return username === '' && search === '' && hash === '';
}

export type ModelSettings = {
  readonly DISTILLER: (typeof DISTILLERS)[number];
  readonly DISTILL_MODEL?: string | undefined;
  readonly INFERENCE_ENDPOINT?: string | undefined;
  readonly INFERENCE_FORMAT: Format;
  readonly HF_TOKEN?: string | undefined;
  readonly INFERENCE_TOKENS_PER_DAY: number;
  readonly BATCH_PROVIDER: BatchProvider;
  readonly BATCH_ENDPOINT?: string | undefined;
  readonly BATCH_API_KEY?: string | undefined;
  readonly BATCH_TOKENS_PER_DAY: number;
  readonly BATCH_CASES_MAX: number;
};

/** Those of a host's settings that are about models. */
export const modelSettingsOf = ({
  DISTILLER,
  DISTILL_MODEL,
  INFERENCE_ENDPOINT,
  INFERENCE_FORMAT,
  HF_TOKEN,
  INFERENCE_TOKENS_PER_DAY,
  BATCH_PROVIDER,
  BATCH_ENDPOINT,
  BATCH_API_KEY,
  BATCH_TOKENS_PER_DAY,
  BATCH_CASES_MAX,
}: ModelSettings): ModelSettings => ({
  DISTILLER,
  DISTILL_MODEL,
  INFERENCE_ENDPOINT,
  INFERENCE_FORMAT,
  HF_TOKEN,
  INFERENCE_TOKENS_PER_DAY,
  BATCH_PROVIDER,
  BATCH_ENDPOINT,
  BATCH_API_KEY,
  BATCH_TOKENS_PER_DAY,
  BATCH_CASES_MAX,
});

/** What is missing for the distiller that was asked for, with the remedy; null where nothing is. */
export function modelProblem(settings: ModelSettings): string | null {
  if (settings.DISTILLER === 'rules') return null;
  if (settings.DISTILLER === 'batch') return batchProblem(settings);
  if (settings.DISTILL_MODEL === undefined)
    return 'DISTILLER=inference needs DISTILL_MODEL: name a chat model, such as Qwen/Qwen3-8B, or set DISTILLER=rules';
  if (settings.INFERENCE_ENDPOINT !== undefined) return null;
  if (settings.HF_TOKEN === undefined)
    return (
      'DISTILLER=inference needs HF_TOKEN (a token with the right to call Inference Providers, from ' +
      'huggingface.co/settings/tokens) or INFERENCE_ENDPOINT (a service of your own); or set DISTILLER=rules'
    );
  if (!settings.HF_TOKEN.startsWith('hf_'))
    return 'HF_TOKEN is no token of Hugging Face (they begin with hf_): set INFERENCE_ENDPOINT to the service that it is for';
  return null;
}

function batchProblem({ DISTILL_MODEL, BATCH_API_KEY, BATCH_ENDPOINT }: ModelSettings): string | null {
  if (DISTILL_MODEL === undefined)
    return 'DISTILLER=batch needs DISTILL_MODEL: name a model that its service takes in batch jobs, or set DISTILLER=rules';
  if (BATCH_API_KEY === undefined && BATCH_ENDPOINT === undefined)
    return 'DISTILLER=batch needs BATCH_API_KEY (of the account that pays) or BATCH_ENDPOINT (a service of your own); or set DISTILLER=rules';
  return null;
}
