/** A deadline passed. */
export class LateError extends Error {
  override readonly name = 'LateError';
}
/** The host is stopping. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError';
}

type After = (ms: number, callback: () => void) => () => void;
type Deadline = 'total' | 'first byte' | 'idle';

/**
 * The deadlines of one hop. The first that passes ends everything that waits in `until`, whether or not that heeds the signal, and
 * aborts the signal; so does `end`, which every hop comes to.
 */
export function deadlines(after: After, stop: AbortSignal | undefined) {
  const controller = new AbortController();
  const cancels = new Map<Deadline, () => void>();
  let fail: (error: Error) => void = () => undefined;
  const over = new Promise<never>((_, reject) => {
    fail = reject;
  });
  // Nobody may be waiting when it comes.
  over.catch(() => undefined);
  const abort = (error: Error) => {
    fail(error);
    controller.abort(error);
  };
  const stopped = () => abort(new StoppedError('the host is stopping'));
  if (stop?.aborted) stopped();
  stop?.addEventListener('abort', stopped, { once: true });
  const clear = (name: Deadline) => {
    cancels.get(name)?.();
    cancels.delete(name);
  };
  return {
    signal: controller.signal,
    /** From now on; one that was set before is replaced. */
    set: (name: Deadline, ms: number): void => {
      clear(name);
      cancels.set(
        name,
        after(ms, () => abort(new LateError(`${WHAT[name]} within ${Math.round(ms)} ms`))),
      );
    },
    clear,
    until: <T>(work: Promise<T>): Promise<T> => {
      work.catch(() => undefined);
      return Promise.race([work, over]);
    },
    end: (): void => {
      for (const name of cancels.keys()) clear(name);
      stop?.removeEventListener('abort', stopped);
      controller.abort();
    },
  };
}

const WHAT: Readonly<Record<Deadline, string>> = {
  total: 'the answer was not complete',
  'first byte': 'no answer began',
  idle: 'nothing more came',
};
