/** What must become of an item whose attempt threw. Anything else that is thrown counts as `retry`. */
export type Disposition = 'retry' | 'wait' | 'dead' | 'skipped';

export const ERROR_CLASSES = ['retryable', 'permanent', 'validation', 'quota', 'outage', 'not_yet', 'unknown'] as const;
export type ErrorClass = (typeof ERROR_CLASSES)[number];

/** Base of every error whose remedy we know. */
export abstract class StageError extends Error {
  abstract readonly disposition: Disposition;
  abstract readonly errorClass: ErrorClass;
}

/** Try again on the backoff schedule: timeouts, 5xx, dropped sockets. */
export class RetryableError extends StageError {
  override readonly name = 'RetryableError';
  readonly disposition = 'retry';
  readonly errorClass = 'retryable';
}

/** No retry can help: a malformed record, a gone document, a broken contract. */
export class PermanentError extends StageError {
  override readonly name = 'PermanentError';
  readonly disposition = 'dead';
  readonly errorClass = 'permanent';
}

/** The output did not fit its schema; another try may, until the attempts are spent. */
export class ValidationError extends StageError {
  override readonly name = 'ValidationError';
  readonly disposition = 'retry';
  readonly errorClass = 'validation';
}

/** Nothing is wrong with the item: the whole stage waits for `retryAfterMs`, and no attempt is spent. */
export abstract class WaitError extends StageError {
  readonly disposition = 'wait';
  readonly retryAfterMs: number;
  constructor(message: string, options: { readonly retryAfterMs: number; readonly cause?: unknown }) {
    super(message, { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** A service told us to wait, for a spent quota. */
export class QuotaError extends WaitError {
  override readonly name = 'QuotaError';
  readonly errorClass = 'quota';
}

/** A service is down for everybody. */
export class OutageError extends WaitError {
  override readonly name = 'OutageError';
  readonly errorClass = 'outage';
}

/** What this stage needs is still being made. */
export class NotYetError extends WaitError {
  override readonly name = 'NotYetError';
  readonly errorClass = 'not_yet';
}

/** The database refused or did not answer. A write behind it may have landed: read before you repeat it. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
}

/** The database is not the one this build can use; it was not touched. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
}

/** A pipeline or stage definition that cannot work; refused at start. */
export class DefinitionError extends Error {
  override readonly name = 'DefinitionError';
}
