import { readTombstones, tombstonesMark } from '../../core/corpus.ts';
import type { Database } from '../../core/engine/index.ts';

/** How long a case may be shown after it was retracted. */
const FRESH_MS = 1_000;
/** A database that failed is not asked by every search. */
const PAUSE_MS = 5_000;
/** What is known older than this is said to be so. */
const STALE_MS = 60_000;

/** The cases that no answer may show. Plain values, which every request of an isolate may read. */
export type Tombstones = {
  /**
   * Learns of changes, with the connection of the request at hand. Rejects where the database does not answer and nothing was
   * ever known; what is known stays in force.
   */
  refresh(db: Database): Promise<void>;
  readonly known: () => ReadonlyMap<string, string>;
  /** What is wrong with what is known, in words; null where nothing is. */
  readonly problem: () => string | null;
};

export function createTombstones(nowMs: () => number): Tombstones {
  let known: ReadonlyMap<string, string> = new Map();
  let mark: string | null = null;
  let readAtMs: number | null = null;
  let failedAtMs = Number.NEGATIVE_INFINITY;

  const read = async (db: Database): Promise<void> => {
    const askedAtMs = nowMs();
    const found = await tombstonesMark(db);
    const fresh = found === mark ? known : await readTombstones(db);
    // An answer that was asked for earlier must not replace a later one.
    if (readAtMs !== null && readAtMs > askedAtMs) return;
    known = fresh;
    mark = found;
    readAtMs = askedAtMs;
  };
  return {
    async refresh(db) {
      if (readAtMs !== null && nowMs() - Math.max(readAtMs + FRESH_MS, failedAtMs + PAUSE_MS) < 0) return;
      try {
        await read(db);
      } catch (error) {
        failedAtMs = nowMs();
        if (readAtMs === null) throw error;
      }
    },
    known: () => known,
    problem() {
      const ageMs = readAtMs === null ? 0 : nowMs() - readAtMs;
      if (ageMs < STALE_MS) return null;
      return `the database does not answer: cases that were retracted in the last ${Math.floor(ageMs / 60_000)} min may still be shown`;
    },
  };
}
