import * as z from 'zod';
import { type Bucket, bucketSource, httpSource, type ReleaseSource } from './source.ts';

const isBucket = (value: unknown): value is Bucket =>
  typeof value === 'object' && value !== null && 'get' in value && typeof value.get === 'function';

/** What an edge host is told about search; with neither a bucket nor an address it has none. */
export const SEARCH_SETTINGS = {
  RELEASES: {
    read: z.custom<Bucket>(isBucket, 'must be an R2 binding').optional(),
    about: 'R2 bucket with the files of the store; it goes before RELEASE_URL',
  },
  RELEASE_URL: {
    read: z
      .url({ protocol: /^https?$/, error: 'must be an http: or https: address' })
      .refine((url) => !URL.canParse(url) || new URL(url).username === '', 'must be an address without a user name')
      .optional(),
    about: 'address that the store is published under: the folder that holds faiss_version.json and releases/',
  },
  RELEASE_DEADLINE_MS: {
    read: z.coerce.number().int().min(100).max(600_000).default(60_000),
    about: 'longest time that one request for a part of a release may take',
  },
  RELEASE_CHECK_MS: {
    read: z.coerce.number().int().min(0).max(86_400_000).default(60_000),
    about: 'how often a newer release is looked for, at most',
  },
  SEARCH_MEMORY_MB: {
    read: z.coerce.number().min(0.1).max(4_096).default(75),
    about:
      'how much of a release may be held in memory; an isolate of Workers has 128 MB, of which code and embedder take 50',
  },
  SEARCH_READS_MAX: {
    read: z.coerce.number().int().min(0).max(10_000).default(300),
    about:
      'parts of vector files that one search may read to make its scores exact; the cases of the answer are read besides',
  },
} as const satisfies Record<string, { read: z.ZodType; about: string }>;

export type SearchConfig = {
  readonly bucket: Bucket | undefined;
  readonly releaseUrl: string | undefined;
  readonly deadlineMs: number;
  readonly checkEveryMs: number;
  readonly memoryBytes: number;
  readonly readsMax: number;
};

export const searchConfigOf = (values: {
  readonly RELEASES?: Bucket | undefined;
  readonly RELEASE_URL?: string | undefined;
  readonly RELEASE_DEADLINE_MS: number;
  readonly RELEASE_CHECK_MS: number;
  readonly SEARCH_MEMORY_MB: number;
  readonly SEARCH_READS_MAX: number;
}): SearchConfig => ({
  bucket: values.RELEASES,
  releaseUrl: values.RELEASE_URL,
  deadlineMs: values.RELEASE_DEADLINE_MS,
  checkEveryMs: values.RELEASE_CHECK_MS,
  memoryBytes: values.SEARCH_MEMORY_MB * 2 ** 20,
  readsMax: values.SEARCH_READS_MAX,
});

/** The store that the settings name; null where they name none. */
export function sourceOf(config: SearchConfig, send: typeof fetch): ReleaseSource | null {
  if (config.bucket) return bucketSource(config.bucket);
  if (config.releaseUrl === undefined) return null;
  return httpSource(config.releaseUrl, send, () => AbortSignal.timeout(config.deadlineMs));
}
