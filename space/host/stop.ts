/** Turns the first SIGINT or SIGTERM into a request to stop at the next commit; a second one ends the process at once. */
export function stopOnSignal(onFirst: (signal: string) => void): {
  readonly stopping: () => boolean;
  readonly off: () => void;
} {
  let asked = false;
  const listener = (signal: NodeJS.Signals) => {
    if (asked) process.exit(130);
    asked = true;
    onFirst(signal);
  };
  process.on('SIGINT', listener);
  process.on('SIGTERM', listener);
  return {
    stopping: () => asked,
    off: () => {
      process.off('SIGINT', listener);
      process.off('SIGTERM', listener);
    },
  };
}
