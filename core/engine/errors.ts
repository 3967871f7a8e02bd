/** What must become of an item whose attempt threw. Anything else that is thrown counts as `retry`. */
export type Disposition = 'retry' | 'wait' | 'dead' | 'skipped';

export const ERROR_CLASSES = [
  'retryable',
  'permanent',
  'validation',
  'quota',
  'outage',
  'not_yet',
  'out_of_memory',
  'refused',
  'lost',
  'unknown',
] as const;
export type ErrorClass = (typeof ERROR_CLASSES)[number];

/** Base of every error whose remedy we know. */
export abstract class StageError extends Error {
  abstract readonly disposition: Disposition;
  abstract readonly errorClass: ErrorClass;
  /** The outside service that failed; it counts against that service's breaker. */
  readonly service: string | undefined;
  constructor(message: string, options: { readonly service?: string; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.service = options.service;
  }
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
  constructor(
    message: string,
    options: { readonly retryAfterMs: number; readonly service?: string; readonly cause?: unknown },
  ) {
    super(message, options);
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** A service told us to wait, for a spent quota. */
export class QuotaError extends WaitError {
  override readonly name = 'QuotaError';
  readonly errorClass = 'quota';
}

/** A service is down for everybody: its breaker opens at once, in every host. */
export class OutageError extends WaitError {
  override readonly name = 'OutageError';
  readonly errorClass = 'outage';
}

/** What this stage needs is still being made. */
export class NotYetError extends WaitError {
  override readonly name = 'NotYetError';
  readonly errorClass = 'not_yet';
}

/** The batch did not fit into memory. The next ones are half as large; only a batch of one spends an attempt. */
export class OutOfMemoryError extends StageError {
  override readonly name = 'OutOfMemoryError';
  readonly disposition = 'retry';
  readonly errorClass = 'out_of_memory';
}

/** The claim was taken away while its holder worked: whatever it does from now on counts for nothing. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

/** The database refused or did not answer. Unless it `refused`, a write behind it may have landed: read before you repeat it. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  /** The database answered that it takes no such statement, so nothing was written and nothing will be. */
  readonly refused: boolean;
  constructor(message: string, options: { readonly refused?: boolean; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.refused = options.refused ?? false;
  }
}

/** The database is not the one this build can use; it was not touched. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
}

/** A pipeline or stage definition that cannot work; refused at start. */
export class DefinitionError extends Error {
  override readonly name = 'DefinitionError';
}
