import { existsSync, renameSync, writeFileSync } from 'node:fs';

/** Debian's `libfaketime`, or another one that FAKETIME_LIBRARY names; null where there is none. */
export const FAKETIME: string | null =
  [
    process.env.FAKETIME_LIBRARY,
    ...['x86_64', 'aarch64'].map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketimeMT.so.1`),
  ].find((path) => path !== undefined && existsSync(path)) ?? null;

/** A wall clock for other processes that can be moved while they run; what they wait for by timers goes on as it was. */
export type FakeClock = {
  readonly env: Readonly<Record<string, string>>;
  /** Moves the clock to `seconds` from the true time. */
  readonly move: (seconds: number) => void;
};

export function fakeClock(library: string, file: string): FakeClock {
  const move = (seconds: number) => {
    // In one piece: a process that reads half a number has no time at all.
    writeFileSync(`${file}.new`, `${seconds < 0 ? '-' : '+'}${Math.abs(seconds)}`);
    renameSync(`${file}.new`, file);
  };
  move(0);
  return {
    move,
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
  };
}
