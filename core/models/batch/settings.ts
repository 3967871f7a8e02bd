import * as z from 'zod';
import { geminiJobs } from './gemini.ts';
import { openAiJobs } from './openai.ts';
import type { BatchJobs } from './port.ts';

export const BATCH_PROVIDERS = ['openai', 'gemini'] as const;
export type BatchProvider = (typeof BATCH_PROVIDERS)[number];

const ENDPOINTS: Readonly<Record<BatchProvider, string>> = {
  openai: 'https://api.openai.com/v1/',
  gemini: 'https://generativelanguage.googleapis.com/',
};

const address = z
  .url({ protocol: /^https?$/, error: 'must be an http: or https: address' })
  .refine(
    (url) => !URL.canParse(url) || isBare(new URL(url)),
    'must be a bare address: no user name, no ?query, no #part',
  )
  .transform((url) => (url.endsWith('/') ? url : `${url}/`));

const isBare = ({ username, search, hash }: URL): boolean => username === '' && search === '' && hash === '';

/** What every host is told about jobs of a model service; the model itself is `DISTILL_MODEL`. */
export const BATCH_SETTINGS = {
  BATCH_PROVIDER: {
    read: z.enum(BATCH_PROVIDERS).default('openai'),
    about: 'how the service of batch jobs speaks: openai (and whoever answers like it) or gemini',
  },
  BATCH_ENDPOINT: { read: address.optional(), about: 'where it answers; without it the provider itself' },
  BATCH_API_KEY: {
    read: z
      .string()
      .regex(
        /^[\x21-\x7e]{8,512}$/,
        'must be the key as the service shows it: 8 or more printable characters without blanks',
      )
      .optional(),
    about: 'key of the account that pays for batch jobs',
  },
  BATCH_TOKENS_PER_DAY: {
    read: z.coerce.number().int().min(100_000).max(1e12).default(5_000_000),
    about: 'most tokens that batch jobs may be charged with in one day (UTC), by their upper bound',
  },
  BATCH_CASES_MAX: {
    read: z.coerce.number().int().min(1).max(2_000).default(200),
    about: 'most cases of one batch job',
  },
} as const satisfies Record<string, { read: z.ZodType; about: string }>;

export type BatchSettings = {
  readonly provider: BatchProvider;
  readonly endpoint: string | undefined;
  readonly apiKey: string | undefined;
  readonly model: string;
};

/** The engine's name of the service; jobs of one provider are not asked about at another. */
export const batchService = (provider: BatchProvider): string => `${provider}_batch`;

export function batchJobsOf(settings: BatchSettings, send: typeof fetch): BatchJobs {
  const { provider, apiKey, model } = settings;
  const own = {
    fetch: send,
    service: batchService(provider),
    secrets: apiKey === undefined ? [] : [apiKey],
    endpoint: settings.endpoint ?? ENDPOINTS[provider],
    model,
  };
  switch (provider) {
    case 'openai':
      return openAiJobs({ ...own, credentials: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` } });
    case 'gemini':
      return geminiJobs({ ...own, credentials: apiKey === undefined ? {} : { 'x-goog-api-key': apiKey } });
  }
}
