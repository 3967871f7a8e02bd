/** Under the ten seconds that a container host gives between asking and killing. */
export const STOP_TIMES = { abandonMs: 6_500, exitMs: 8_000 } as const;

export type Stop = {
  /** True from the first signal on: claim nothing more, finish the item at hand. */
  readonly stopping: () => boolean;
  /** Aborted at the first signal. */
  readonly asked: AbortSignal;
  /** Aborted when what still runs may not be waited for any longer: claims are given back untouched. */
  readonly abandon: AbortSignal;
  /** Listens no more. A stop that was asked for keeps its last resort: the process ends in time even if its end hangs. */
  readonly off: () => void;
};

/**
 * The first SIGINT or SIGTERM asks to stop at the next commit. What has not ended after `abandonMs` is told to give up, and
 * after `exitMs` the process ends as a signal ends one (130, 143), as it does at once on a second signal. Leases that it then
 * still holds are taken back by the next process of this machine, or when they expire.
 */
export function stopOnSignal(
  onFirst: (signal: string) => void,
  times: { abandonMs: number; exitMs: number } = STOP_TIMES,
): Stop {
  const asked = new AbortController();
  const abandon = new AbortController();
  const listener = (signal: NodeJS.Signals) => {
    const end = () => process.exit(signal === 'SIGTERM' ? 143 : 130);
    if (asked.signal.aborted) end();
    // Neither timer keeps a process alive that has ended its work.
    setTimeout(() => abandon.abort(new Error('the host stopped and could wait no longer')), times.abandonMs).unref();
    setTimeout(end, times.exitMs).unref();
    asked.abort();
    onFirst(signal);
  };
  process.on('SIGINT', listener);
  process.on('SIGTERM', listener);
  return {
    stopping: () => asked.signal.aborted,
    asked: asked.signal,
    abandon: abandon.signal,
    off: () => {
      process.off('SIGINT', listener);
      process.off('SIGTERM', listener);
    },
  };
}
