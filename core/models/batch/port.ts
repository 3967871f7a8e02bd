/**
 * Jobs of a model service that answer in hours: many requests are uploaded as one file, submitted as one job, and asked about
 * until it has ended. OpenAI: Batch API reference (files, batches). Google: Gemini API, batch mode.
 */

/** One request of a job; `id` comes back with its answer. */
export type JobRequest = { readonly id: string; readonly body: unknown };

/** What the service says of a job. `partial` answers may come with every state that ended. */
export type JobState = 'running' | 'succeeded' | 'failed' | 'cancelled' | 'expired';

export type JobStatus = {
  readonly externalId: string;
  /** The key that it was submitted under. */
  readonly key: string | null;
  readonly state: JobState;
  /** For the operator; without secrets and without text of cases. */
  readonly reason: string | null;
};

/** One answer of a job, matched by `id` and by nothing else. */
export type JobAnswer = {
  readonly id: string;
  readonly outcome:
    | { readonly kind: 'answer'; readonly body: unknown; readonly units: number | null }
    | { readonly kind: 'refused'; readonly reason: string; readonly again: boolean };
};

/** A service that takes jobs. Every method throws a `StageError` by what went wrong, with the service's name. */
export type BatchJobs = {
  /** Uploads (always a fresh file) and submits. `key` stands in the job's own metadata, so that `find` sees it after a crash. */
  readonly submit: (key: string, requests: readonly JobRequest[], signal: AbortSignal) => Promise<JobStatus>;
  /** The newest job that was submitted under `key`; null where none was. */
  readonly find: (key: string, signal: AbortSignal) => Promise<JobStatus | null>;
  readonly status: (externalId: string, signal: AbortSignal) => Promise<JobStatus>;
  /** Every answer that the service gives of a job that ended, in any order, whole or partial. */
  readonly answers: (externalId: string, signal: AbortSignal) => Promise<readonly JobAnswer[]>;
  readonly cancel: (externalId: string, signal: AbortSignal) => Promise<void>;
};
