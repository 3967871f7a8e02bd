import * as z from 'zod';
import {
  EMBEDDING_SETTINGS,
  type EmbeddingAround,
  embeddingProblem,
  embeddingSettingsOf,
} from '../core/models/inference-embedder/settings.ts';
import { MODEL_SETTINGS, type ModelSettings, modelProblem, modelSettingsOf } from '../core/models/settings.ts';
import { SOURCE_SETTINGS, withoutSecrets } from '../core/sources/settings.ts';
import { SEARCH_SETTINGS, type SearchConfig, searchConfigOf } from './search/settings.ts';

/** Variables and secrets as the host hands them over: `env` of a Worker, `Deno.env` of Deno. */
export type Env = Readonly<Record<string, unknown>>;

/** Stages that an edge host can run; `index` writes files and is left to the Space. */
export const EDGE_STAGES = ['scrape', 'normalize', 'distill', 'embed'] as const;

const REMOTE = /^(https?|libsql):\/\//;

const stageList = z
  .string()
  .transform((list) => list.split(',').map((name) => name.trim()))
  .pipe(z.array(z.enum(EDGE_STAGES)).min(1));

/** One setting: how it is read, and what an error says about it. */
const settings = {
  DATABASE_URL: {
    read: z
      .string('is not set')
      .regex(REMOTE, 'must begin with libsql:, https: or http: (an edge host has no disk for a file: database)'),
    about: 'the remote libSQL database that holds the state',
  },
  DATABASE_AUTH_TOKEN: { read: z.string().optional(), about: 'token for that database' },
  DATABASE_DEADLINE_MS: {
    read: z.coerce.number().int().min(100).max(600_000).default(10_000),
    about: 'longest time that one database call may take',
  },
  TICK_BUDGET_MS: {
    read: z.coerce.number().int().min(100).max(600_000).default(5_000),
    about: 'how long one tick may claim new batches',
  },
  TICK_ITEMS_MAX: {
    read: z.coerce.number().int().min(1).max(100_000).default(16),
    about: 'how many items one batch holds, and after how many a tick claims no more',
  },
  COMPLETENESS_MIN: {
    read: z.coerce.number().min(0).max(1).default(0),
    about:
      'least share of a complete report, 0 to 1, that a case must have; what has less is set aside with the reason',
  },
  TICK_STAGES: {
    read: stageList.default([...EDGE_STAGES]),
    about: `stages that this host runs, with commas (${EDGE_STAGES.join(',')})`,
  },
  ...SOURCE_SETTINGS,
  WEB_SOURCE: {
    read: z
      .enum(
        ['off'],
        'must be off: an edge host cannot look at the addresses behind a name; run web sources on the Space',
      )
      .default('off'),
    about: 'sources of kind web, which only the Space has',
  },
  EMBEDDER: {
    read: z
      .enum(['builtin', 'inference'], 'must be builtin or inference: the edge runs no model of its own')
      .default('builtin'),
    about: 'who makes the vectors: builtin, or inference (a service, paid by the token); the same as on the Space',
  },
  EMBEDDING_MODEL: {
    read: z.string().min(1).optional(),
    about: 'for EMBEDDER=inference: the model, as its service names it',
  },
  ...EMBEDDING_SETTINGS,
  ...MODEL_SETTINGS,
  ...SEARCH_SETTINGS,
} as const satisfies Record<string, { read: z.ZodType; about: string }>;

const schema = z.object(
  Object.fromEntries(Object.entries(settings).map(([name, setting]) => [name, setting.read])) as {
    [Name in keyof typeof settings]: (typeof settings)[Name]['read'];
  },
);

export type EdgeConfig = {
  readonly databaseUrl: string;
  readonly databaseAuthToken: string | undefined;
  readonly databaseDeadlineMs: number;
  readonly tickBudgetMs: number;
  readonly tickItemsMax: number;
  readonly tickStages: readonly string[];
  readonly completenessMin: number;
  readonly embedder: 'builtin' | 'inference';
  /** What EMBEDDER=inference works with. */
  readonly embedding: EmbeddingAround;
  readonly models: ModelSettings;
  readonly contactEmail: string | undefined;
  readonly ncbiApiKey: string | undefined;
  readonly ncbiUrl: string;
  readonly europePmcUrl: string;
  readonly search: SearchConfig;
};

/** A setting that cannot be used; the message names it, what it is for and what was wrong, and never its value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Validates what a tick needs. @throws ConfigError naming every setting that is wrong */
export function readConfig(env: Env): EdgeConfig {
  const given = Object.fromEntries(Object.entries(env).filter(([name, value]) => name in settings && value !== ''));
  const parsed = schema.safeParse(given);
  if (!parsed.success)
    throw new ConfigError(
      parsed.error.issues
        .map((issue) => {
          const name = String(issue.path[0]) as keyof typeof settings; // the schema is built from these names
          return `${name} ${issue.message} (${settings[name].about})`;
        })
        .join('; '),
    );
  const values = parsed.data;
  const problem = modelProblem(values) ?? (values.EMBEDDER === 'inference' ? embeddingProblem(values) : null);
  if (problem !== null) throw new ConfigError(problem);
  return {
    databaseUrl: values.DATABASE_URL,
    databaseAuthToken: values.DATABASE_AUTH_TOKEN,
    databaseDeadlineMs: values.DATABASE_DEADLINE_MS,
    tickBudgetMs: values.TICK_BUDGET_MS,
    tickItemsMax: values.TICK_ITEMS_MAX,
    tickStages: values.TICK_STAGES,
    completenessMin: values.COMPLETENESS_MIN,
    embedder: values.EMBEDDER,
    embedding: embeddingSettingsOf(values),
    models: modelSettingsOf(values),
    contactEmail: values.CONTACT_EMAIL,
    ncbiApiKey: values.NCBI_API_KEY,
    ncbiUrl: values.NCBI_URL,
    europePmcUrl: values.EUROPE_PMC_URL,
    search: searchConfigOf(values),
  };
}

/** What a caller of `POST /api/ticks` must know; null where it is not set, and then nobody may tick over HTTP. */
export const tickSecretOf = (env: Env): string | null =>
  typeof env.TICK_SECRET === 'string' && env.TICK_SECRET !== '' ? env.TICK_SECRET : null;

const SECRETS = [
  'DATABASE_AUTH_TOKEN',
  'TICK_SECRET',
  'NCBI_API_KEY',
  'CONTACT_EMAIL',
  'HF_TOKEN',
  'EMBEDDING_API_KEY',
  'BATCH_API_KEY',
] as const;

/** `text` without the values of secrets, for the log. */
export const redacted = (text: string, env: Env): string =>
  withoutSecrets(
    text,
    SECRETS.map((name) => env[name]).filter((value) => typeof value === 'string'),
  );
