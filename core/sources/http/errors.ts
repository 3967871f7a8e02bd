import { type ErrorClass, WaitError } from '../../engine/errors.ts';

/** `asked`: the service wants to be left alone; `busy`: all its places are taken by other requests. */
export type WhyClosed = 'breaker' | 'asked' | 'busy' | 'stopping';

/**
 * Nobody was called. The items of this service wait for `retryAfterMs`, those of others need not. It counts against no
 * breaker: what closed the service has been counted.
 */
export class ServiceClosedError extends WaitError {
  override readonly name = 'ServiceClosedError';
  readonly errorClass: ErrorClass = 'quota';
  readonly why: WhyClosed;
  constructor(
    message: string,
    options: { readonly why: WhyClosed; readonly retryAfterMs: number; readonly service: string },
  ) {
    super(message, options);
    this.why = options.why;
  }
}
