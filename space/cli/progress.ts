import type { WriteStream } from 'node:tty';

/** Where a long task stands. `all` is null while nobody knows how much there is. */
export type ProgressLine = {
  readonly task: string;
  readonly done: number;
  readonly all: number | null;
  readonly unit: string;
  readonly perSecond: number | null;
  /** Fewest and most seconds left; null or absent while unknown, and then the rate gives one number. */
  readonly leftSeconds?: readonly [number, number] | null;
  /** Share in [0, 1] of what came to an end and was done. */
  readonly successRate?: number | null;
  /** What is done is no number of items: shown now and then instead of every so many. */
  readonly byTime?: boolean;
};
export type ProgressView = {
  show(line: ProgressLine): void;
  /** A line that stays. */
  say(text: string): void;
  close(): void;
};

/** Where lines stay, one for so many more items at most; batches that are larger have one each. */
const PLAIN_EVERY_ITEMS = 100;
/** Where they do not count items (a file that is read), one in so many ms. */
const PLAIN_EVERY_MS = 2_000;
/** A terminal line renews itself at most so often. */
const TERMINAL_EVERY_MS = 250;

export const seconds = (s: number): string =>
  s < 60
    ? `${Math.ceil(s)} s`
    : s < 3_600
      ? `${Math.floor(s / 60)} min ${Math.ceil(s % 60)} s`
      : `${(s / 3_600).toFixed(1)} h`;

/** One line of progress: `normalize  3,400/7,675 documents  44 %  99.9 % succeeded  812/s  5 s to 8 s left`. */
export function formatProgress(line: ProgressLine): string {
  const { task, done, all, unit, perSecond, successRate } = line;
  const count = all === null ? done.toLocaleString('en') : `${done.toLocaleString('en')}/${all.toLocaleString('en')}`;
  const parts = [task.padEnd(10), `${count} ${unit}`];
  if (all !== null && all > 0) parts.push(`${Math.floor((100 * done) / all)} %`);
  // Cut, so that 100 % means all of it.
  if (successRate != null) parts.push(`${Math.floor(successRate * 1_000) / 10} % succeeded`);
  if (perSecond !== null)
    parts.push(`${perSecond >= 10 ? Math.round(perSecond).toLocaleString('en') : perSecond.toFixed(1)}/s`);
  if (all !== null && done < all) parts.push(timeLeft(line, all - done));
  return parts.join('  ');
}

function timeLeft({ perSecond, leftSeconds }: ProgressLine, open: number): string {
  if (perSecond === null) return 'time left unknown';
  const [low, high] = (leftSeconds ?? [open / perSecond, open / perSecond]).map(seconds);
  return low === high ? `about ${low} left` : `${low} to ${high} left`;
}

/**
 * On a terminal one line that renews itself; elsewhere lines that stay, one for every hundred items of a task or, where a batch
 * holds more, one for each batch. The last of every task is shown in the end.
 */
export function progressView(stream: NodeJS.WriteStream | WriteStream, nowMs: () => number): ProgressView {
  const pending = new Map<string, ProgressLine>();
  const shownDone = new Map<string, number>();
  let shownAtMs = Number.NEGATIVE_INFINITY;
  let onScreen = false;
  const flush = () => {
    if (onScreen) stream.write('\r\x1b[K');
    onScreen = false;
    for (const line of pending.values()) stream.write(`${formatProgress(line)}\n`);
    pending.clear();
  };
  const renew = (line: ProgressLine) => {
    if (nowMs() - shownAtMs < TERMINAL_EVERY_MS) return;
    shownAtMs = nowMs();
    stream.write(`\r\x1b[K${formatProgress(line).slice(0, (stream.columns ?? 100) - 1)}`);
    onScreen = true;
  };
  const isDue = ({ task, done, byTime }: ProgressLine): boolean =>
    byTime === true
      ? nowMs() - shownAtMs >= PLAIN_EVERY_MS
      : done - (shownDone.get(task) ?? Number.NEGATIVE_INFINITY) >= PLAIN_EVERY_ITEMS;
  return {
    show(line) {
      pending.set(line.task, line);
      if (stream.isTTY) return renew(line);
      if (!isDue(line)) return;
      shownAtMs = nowMs();
      shownDone.set(line.task, line.done);
      pending.delete(line.task);
      stream.write(`${formatProgress(line)}\n`);
    },
    say(text) {
      flush();
      stream.write(`${text}\n`);
    },
    close: flush,
  };
}
