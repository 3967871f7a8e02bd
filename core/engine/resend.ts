import { DatabaseError } from './errors.ts';
import type { Runtime } from './runtime.ts';

/** Tries of a write whose answer did not come. */
const TRIES = 5;
const DELAY_MS_FIRST = 200;
/** No try begins later than this after the first: a server that is silent up to the deadline of each call is away. */
const BEGIN_MS_MAX = 5_000;

/**
 * Sends a write again whose answer did not come, with full-jitter delays; some 3 s in all. Only for writes that change
 * nothing when they come twice.
 */
export async function resend<T>(runtime: Runtime, write: () => Promise<T>): Promise<T> {
  const startedMs = runtime.monotonicMs();
  for (let tried = 1; ; tried++) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.refused || tried >= TRIES) throw error;
      if (runtime.monotonicMs() - startedMs > BEGIN_MS_MAX) throw error;
      await runtime.sleep(Math.ceil(runtime.random() * DELAY_MS_FIRST * 2 ** tried));
    }
  }
}
