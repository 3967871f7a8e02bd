/** Exit codes of every command (design, section 8). */
export const EXIT = { done: 0, failed: 1, usage: 2, nothing: 3, blocked: 4, degraded: 5 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A wrong use of a command; the message says what to type instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
