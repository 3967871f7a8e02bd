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

/** A service told us to wait, for a spent quota. Costs no attempt; the whole stage waits for `retryAfterMs`. */
export class QuotaError extends StageError {
  override readonly name = 'QuotaError';
  readonly disposition = 'wait';
  readonly errorClass = 'quota';
  readonly retryAfterMs: number;
  constructor(message: string, options: { readonly retryAfterMs: number; readonly cause?: unknown }) {
    super(message, { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** A service is down for everybody. Costs no attempt; the whole stage waits for `retryAfterMs`. */
export class OutageError extends StageError {
  override readonly name = 'OutageError';
  readonly disposition = 'wait';
  readonly errorClass = 'outage';
  readonly retryAfterMs: number;
  constructor(message: string, options: { readonly retryAfterMs: number; readonly cause?: unknown }) {
    super(message, { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** What this stage needs is still being made. Costs no attempt; the whole stage waits for `retryAfterMs`. */
export class NotYetError extends StageError {
  override readonly name = 'NotYetError';
  readonly disposition = 'wait';
  readonly errorClass = 'not_yet';
  readonly retryAfterMs: number;
  constructor(message: string, options: { readonly retryAfterMs: number }) {
    super(message);
    this.retryAfterMs = options.retryAfterMs;
  }
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
