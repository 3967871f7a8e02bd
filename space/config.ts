import { join, resolve } from 'node:path';
import { z } from 'zod';
import {
  EMBEDDING_SETTINGS,
  type EmbeddingAround,
  embeddingProblem,
  embeddingSettingsOf,
} from '../core/models/inference-embedder/settings.ts';
import { MODEL_SETTINGS, type ModelSettings, modelProblem, modelSettingsOf } from '../core/models/settings.ts';
import { SOURCE_SETTINGS } from '../core/sources/settings.ts';

/** An address without what may be secret in it: user, password and query. */
export function redacted(url: string): string {
  const scheme = /^[a-z]+:\/\//.exec(url)?.[0] ?? '';
  const at = url.startsWith('file:') ? -1 : url.lastIndexOf('@');
  const query = url.indexOf('?');
  const shown = url.slice(0, query < 0 ? undefined : query);
  return at < 0 ? shown : `${scheme}…@${shown.slice(at + 1)}`;
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : 'not an address';
}

/** One setting: how it is read, and what `doctor` says about it. */
const settings = {
  DATA_DIR: { read: z.string().min(1).default('data'), about: 'local disk for the database and caches' },
  STORE_DIR: {
    read: z.string().min(1).optional(),
    about: 'persistent artefacts: releases, snapshots (default $DATA_DIR/store)',
  },
  DATABASE_URL: {
    read: z
      .string()
      .regex(/^(file:|https?:|libsql:|wss?:)/, 'must begin with file:, http:, https:, libsql: or ws:')
      .optional(),
    about: 'libSQL database (default file:$DATA_DIR/state.db)',
    shown: redacted,
  },
  DATABASE_AUTH_TOKEN: { read: z.string().optional(), about: 'token for a remote database', shown: () => 'set' },
  PORT: { read: z.coerce.number().int().min(0).max(65_535).default(7860), about: 'where the server listens' },
  HOST: { read: z.string().default('127.0.0.1'), about: 'address the server binds; 0.0.0.0 in a container' },
  LOG_LEVEL: { read: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'), about: 'what is logged' },
  EMBEDDER: {
    read: z.enum(['builtin', 'transformers', 'inference']).default('builtin'),
    about:
      'who makes the vectors: builtin (no download, no account), transformers (a model on this machine) or inference (a service, paid by the token); a change embeds every case anew',
  },
  EMBEDDING_MODEL: {
    read: z.string().min(1).optional(),
    about:
      'for EMBEDDER=transformers: a model of the hub, kept under $DATA_DIR/models, or the path of a folder (default Xenova/all-MiniLM-L6-v2); for EMBEDDER=inference: the model, as its service names it',
  },
  ...EMBEDDING_SETTINGS,
  EMBEDDING_ENDPOINT: { ...EMBEDDING_SETTINGS.EMBEDDING_ENDPOINT, shown: originOf },
  EMBEDDING_API_KEY: { ...EMBEDDING_SETTINGS.EMBEDDING_API_KEY, shown: () => 'set' },
  ...MODEL_SETTINGS,
  HF_TOKEN: { ...MODEL_SETTINGS.HF_TOKEN, shown: () => 'set' },
  INFERENCE_ENDPOINT: { ...MODEL_SETTINGS.INFERENCE_ENDPOINT, shown: originOf },
  BATCH_API_KEY: { ...MODEL_SETTINGS.BATCH_API_KEY, shown: () => 'set' },
  BATCH_ENDPOINT: { ...MODEL_SETTINGS.BATCH_ENDPOINT, shown: originOf },
  COMPLETENESS_MIN: {
    read: z.coerce.number().min(0).max(1).default(0),
    about:
      'least share of a complete report, 0 to 1, that a case must have; what has less is set aside with the reason',
  },
  VOCABULARY_FILE: {
    read: z.string().min(1).optional(),
    about:
      'words of your own for the extractor: lines of name, synonyms, kind and code, or hp.obo or hp.json; a change asks for normalize again',
  },
  TICK_BUDGET_MS: {
    read: z.coerce.number().int().min(100).max(3_600_000).default(20_000),
    about: 'how long one tick may claim new batches',
  },
  TICK_EVERY_MS: {
    read: z.coerce.number().int().min(100).max(86_400_000).default(5_000),
    about: 'pause between ticks of the server when nothing is to be done',
  },
  DATABASE_DEADLINE_MS: {
    read: z.coerce.number().int().min(100).max(600_000).default(60_000),
    about: 'longest time that one database call may take',
  },
  RELEASES_KEPT: {
    read: z.coerce.number().int().min(1).max(1_000).default(3),
    about: 'published releases that stay on disk; each new release removes what is beyond that',
  },
  ...SOURCE_SETTINGS,
  // The one names a person, the other is a secret.
  CONTACT_EMAIL: { ...SOURCE_SETTINGS.CONTACT_EMAIL, shown: () => 'set' },
  NCBI_API_KEY: { ...SOURCE_SETTINGS.NCBI_API_KEY, shown: () => 'set' },
  WEB_SOURCE: {
    read: z.enum(['off', 'on']).default('off'),
    about: 'whether sources of kind web may fetch pages; read docs/sources.md first',
  },
  WEBHOOK_URL: {
    read: z
      .url({ protocol: /^https?$/, error: 'must be an http: or https: address' })
      .refine(
        (url) => !URL.canParse(url) || new URL(url).username === '',
        'must not hold a user name: give WEBHOOK_SECRET',
      )
      .optional(),
    about: 'who is told of what happens: every row of the audit is posted there, at least once and in order',
    // What follows the host is often a secret of its own.
    shown: originOf,
  },
  WEBHOOK_SECRET: {
    read: z.string().min(16, 'must have at least 16 characters').optional(),
    about: 'signs what is posted: HMAC-SHA256 of the body in X-Anamnesis-Signature',
    shown: () => 'set',
  },
} as const satisfies Record<string, { read: z.ZodType; about: string; shown?: (value: string) => string }>;

const schema = z.object(
  Object.fromEntries(Object.entries(settings).map(([name, setting]) => [name, setting.read])) as {
    [Name in keyof typeof settings]: (typeof settings)[Name]['read'];
  },
);

export type Config = {
  readonly dataDir: string;
  readonly storeDir: string;
  readonly databaseUrl: string;
  readonly databaseAuthToken: string | undefined;
  readonly port: number;
  readonly host: string;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly embedder: 'builtin' | 'transformers' | 'inference';
  readonly embeddingModel: string;
  /** What EMBEDDER=inference works with. */
  readonly embedding: EmbeddingAround;
  readonly models: ModelSettings;
  readonly tickBudgetMs: number;
  readonly tickEveryMs: number;
  readonly databaseDeadlineMs: number;
  readonly completenessMin: number;
  readonly vocabularyFile: string | undefined;
  readonly releasesKept: number;
  readonly contactEmail: string | undefined;
  readonly ncbiApiKey: string | undefined;
  readonly ncbiUrl: string;
  readonly europePmcUrl: string;
  readonly webSource: 'off' | 'on';
  readonly webhookUrl: string | undefined;
  readonly webhookSecret: string | undefined;
};

/** A setting that cannot be used; the message names it, what it is for and what was wrong. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Validates the environment once. @throws ConfigError naming every setting that is wrong. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  // An empty variable is how a container says "not set".
  const given = Object.fromEntries(Object.entries(env).filter(([name, value]) => name in settings && value !== ''));
  const parsed = schema.safeParse(given);
  if (!parsed.success)
    throw new ConfigError(
      parsed.error.issues
        .map((issue) => {
          const name = String(issue.path[0]) as keyof typeof settings; // the schema is built from these names
          return `${name}: ${issue.message} (${settings[name].about})`;
        })
        .join('\n'),
    );
  const values = parsed.data;
  const problem = modelProblem(values) ?? (values.EMBEDDER === 'inference' ? embeddingProblem(values) : null);
  if (problem !== null) throw new ConfigError(problem);
  const dataDir = resolve(values.DATA_DIR);
  return {
    dataDir,
    storeDir: resolve(values.STORE_DIR ?? join(dataDir, 'store')),
    databaseUrl: values.DATABASE_URL ?? `file:${join(dataDir, 'state.db')}`,
    databaseAuthToken: values.DATABASE_AUTH_TOKEN,
    port: values.PORT,
    host: values.HOST,
    logLevel: values.LOG_LEVEL,
    embedder: values.EMBEDDER,
    embeddingModel: values.EMBEDDING_MODEL ?? 'Xenova/all-MiniLM-L6-v2',
    embedding: embeddingSettingsOf(values),
    models: modelSettingsOf(values),
    tickBudgetMs: values.TICK_BUDGET_MS,
    tickEveryMs: values.TICK_EVERY_MS,
    databaseDeadlineMs: values.DATABASE_DEADLINE_MS,
    completenessMin: values.COMPLETENESS_MIN,
    vocabularyFile: values.VOCABULARY_FILE && resolve(values.VOCABULARY_FILE),
    releasesKept: values.RELEASES_KEPT,
    contactEmail: values.CONTACT_EMAIL,
    ncbiApiKey: values.NCBI_API_KEY,
    ncbiUrl: values.NCBI_URL,
    europePmcUrl: values.EUROPE_PMC_URL,
    webSource: values.WEB_SOURCE,
    webhookUrl: values.WEBHOOK_URL,
    webhookSecret: values.WEBHOOK_SECRET,
  };
}

const SECRETS = [
  'DATABASE_AUTH_TOKEN',
  'NCBI_API_KEY',
  'CONTACT_EMAIL',
  'WEBHOOK_SECRET',
  'HF_TOKEN',
  'EMBEDDING_API_KEY',
  'BATCH_API_KEY',
] as const;

/** Values that no answer, no log and no screen may show. */
export const secretsOf = (env: Readonly<Record<string, string | undefined>>): readonly string[] =>
  SECRETS.flatMap((name) => env[name] || []);

/** Every setting with what it is for, and its value without what is secret in it. */
export const describeSettings = (
  env: Readonly<Record<string, string | undefined>>,
): readonly { readonly name: string; readonly about: string; readonly value: string }[] =>
  Object.entries(settings).map(([name, setting]) => {
    const value = env[name];
    if (!value) return { name, about: setting.about, value: 'default' };
    return { name, about: setting.about, value: 'shown' in setting ? setting.shown(value) : value };
  });
