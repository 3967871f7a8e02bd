import { readTombstones, tombstonesMark } from '../core/corpus.ts';
import type { Database } from '../core/engine/index.ts';

/** What is known older than this is said to be so. */
const STALE_MS = 60_000;

/** The cases that no answer may show, as the database says; the last known ones while it does not answer. */
export type Tombstones = {
  /** Rejects where the database does not answer; what is known stays. */
  refresh(): Promise<void>;
  readonly known: () => ReadonlyMap<string, string>;
  /** False until they were read once: nothing may be shown before. */
  readonly read: () => boolean;
  /** What is wrong with what is known, in words; null where nothing is. */
  readonly problem: () => string | null;
};

export function followTombstones(db: Database, nowMs: () => number): Tombstones {
  let known: ReadonlyMap<string, string> = new Map();
  let mark: string | null = null;
  let readAtMs: number | null = null;
  const read = async (): Promise<void> => {
    const askedAtMs = nowMs();
    const found = await tombstonesMark(db);
    // Read after the mark, they are at least as new; a change in between is read once more by the next poll.
    if (found !== mark) known = await readTombstones(db);
    mark = found;
    readAtMs = askedAtMs;
  };
  let turn: Promise<unknown> = Promise.resolve();
  return {
    refresh() {
      // An answer that was asked for earlier must not replace a later one.
      const done = turn.then(read);
      turn = done.catch(() => undefined);
      return done;
    },
    known: () => known,
    read: () => readAtMs !== null,
    problem() {
      const ageMs = readAtMs === null ? 0 : nowMs() - readAtMs;
      if (ageMs < STALE_MS) return null;
      return `the database does not answer: cases that were retracted in the last ${Math.floor(ageMs / 60_000)} min may still be shown`;
    },
  };
}
