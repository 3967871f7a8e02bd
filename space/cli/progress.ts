import type { WriteStream } from 'node:tty';

/** Where a long task stands. `all` is null while nobody knows how much there is. */
export type ProgressLine = {
  readonly task: string;
  readonly done: number;
  readonly all: number | null;
  readonly unit: string;
  readonly perSecond: number | null;
};
export type ProgressView = {
  show(line: ProgressLine): void;
  /** A line that stays. */
  say(text: string): void;
  close(): void;
};

const PLAIN_EVERY_MS = 2_000;

export const seconds = (s: number): string =>
  s < 60
    ? `${Math.ceil(s)} s`
    : s < 3_600
      ? `${Math.floor(s / 60)} min ${Math.ceil(s % 60)} s`
      : `${(s / 3_600).toFixed(1)} h`;

/** One line of progress: `normalize  3,400/7,675 case reports  44 %  812/s  about 6 s left`. */
export function formatProgress({ task, done, all, unit, perSecond }: ProgressLine): string {
  const count = all === null ? done.toLocaleString('en') : `${done.toLocaleString('en')}/${all.toLocaleString('en')}`;
  const parts = [task.padEnd(10), `${count} ${unit}`];
  if (all !== null && all > 0) parts.push(`${Math.floor((100 * done) / all)} %`);
  if (perSecond !== null)
    parts.push(`${perSecond >= 10 ? Math.round(perSecond).toLocaleString('en') : perSecond.toFixed(1)}/s`);
  if (all !== null && done < all)
    parts.push(perSecond === null ? 'time left unknown' : `about ${seconds((all - done) / perSecond)} left`);
  return parts.join('  ');
}

/** On a terminal one line that renews itself; elsewhere a plain line now and then, and one whenever the task changes. */
export function progressView(stream: NodeJS.WriteStream | WriteStream, nowMs: () => number): ProgressView {
  let task = '';
  let shownAtMs = Number.NEGATIVE_INFINITY;
  let pending: ProgressLine | null = null;
  let onScreen = false;
  const clear = () => {
    if (onScreen) stream.write('\r\x1b[K');
    onScreen = false;
  };
  const flush = () => {
    if (pending) stream.write(`${formatProgress(pending)}\n`);
    pending = null;
  };
  return {
    show(line) {
      if (stream.isTTY) {
        if (task !== '' && task !== line.task && pending) {
          clear();
          flush();
        }
        task = line.task;
        pending = line;
        stream.write(`\r\x1b[K${formatProgress(line).slice(0, (stream.columns ?? 100) - 1)}`);
        onScreen = true;
        return;
      }
      if (task !== line.task) flush();
      task = line.task;
      pending = line;
      if (nowMs() - shownAtMs < PLAIN_EVERY_MS) return;
      shownAtMs = nowMs();
      flush();
    },
    say(text) {
      clear();
      flush();
      stream.write(`${text}\n`);
    },
    close() {
      clear();
      flush();
    },
  };
}
