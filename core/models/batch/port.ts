import { RetryableError } from '../../engine/errors.ts';

/**
 * Jobs of a model service that answer in hours: many requests are uploaded as one file, submitted as one job, and asked about
 * until it has ended. OpenAI: Batch API reference (files, batches). Google: Gemini API, batch mode.
 */

/** One request of a job, in no service's own form; `id` comes back with its answer. */
export type JobRequest = {
  readonly id: string;
  readonly messages: readonly { readonly role: 'system' | 'user'; readonly content: string }[];
  /** JSON Schema of the answer, and its name. */
  readonly schema: { readonly name: string; readonly schema: Readonly<Record<string, unknown>> };
  readonly answerTokensMax: number;
};

/** What the service says of a job. Partial answers may come with every state that ended. */
export const JOB_STATES = ['running', 'succeeded', 'failed', 'cancelled', 'expired'] as const;
export type JobState = (typeof JOB_STATES)[number];

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
  readonly outcome: /** `text` are the model's words as they came; null where it gave none. */
    | { readonly kind: 'answer'; readonly text: string | null; readonly units: number | null }
    /** `again`: the same request may be answered in another job. */
    | { readonly kind: 'refused'; readonly reason: string; readonly again: boolean };
};
export type JobAnswers = {
  readonly answers: readonly JobAnswer[];
  /** Lines that could not be read at all. */
  readonly unreadable: number;
};

/**
 * A service that takes jobs. Every method throws a `StageError` by what went wrong, with the service's name. Uploading stands apart
 * from submitting: a file that nobody submits costs nothing, so it is sent again as often as need be, always as a new one; a
 * submission is sent once, and only while its claim holds.
 */
export type BatchJobs = {
  /** Longest time that a job may take by the service's own word, in ms. */
  readonly windowMs: number;
  /** @returns the service's name of the file */
  readonly upload: (key: string, requests: readonly JobRequest[], signal: AbortSignal) => Promise<string>;
  /**
   * `key` stands in the job's own metadata, so that `find` sees it after a crash.
   * @throws SubmissionUnknownError where the service may have taken the job and nobody heard it; any other error says that it has not
   */
  readonly submit: (key: string, file: string, signal: AbortSignal) => Promise<JobStatus>;
  /** The newest job that was submitted under `key`; null where none was. */
  readonly find: (key: string, signal: AbortSignal) => Promise<JobStatus | null>;
  /** Null where the service knows no such job any more. */
  readonly status: (externalId: string, signal: AbortSignal) => Promise<JobStatus | null>;
  /** Every answer that the service gives of a job that ended, in any order, whole or partial. */
  readonly answers: (externalId: string, signal: AbortSignal) => Promise<JobAnswers>;
  readonly cancel: (externalId: string, signal: AbortSignal) => Promise<void>;
};

/** Whether a job was taken is not known: it is found by its key later, and until then nobody submits it again. */
export class SubmissionUnknownError extends RetryableError {
  readonly unknown = true;
}
