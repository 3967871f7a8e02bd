import type { View } from '../../../schema/vocabulary.ts';
import { type Dataset, loadViews } from './dataset.ts';
import { asked, type BenchQuery } from './queries.ts';
import { best, K } from './score.ts';

export type Place = {
  readonly dataset: Dataset;
  /** Where a contestant keeps what it makes of the vectors. */
  readonly folder: string;
  /** Where the packages of this contestant are installed. */
  readonly packages: string;
  /** Called with how far a build has come, for one that does not end in time. */
  readonly tell: (progress: string) => void;
};

/** `ownMs`: what the contestant's own searches took of it; the rest is ours. `exact`: it says that it missed nothing. */
export type Answer = { readonly ordinals: readonly number[]; readonly ownMs: number; readonly exact: boolean };

export type Searcher = {
  readonly versions: Readonly<Record<string, string>>;
  /** The best `K` cases; `depth` is how many rows each view's search gives, null where that is the contestant's own choice. */
  search(query: BenchQuery, depth: number | null): Promise<Answer>;
  /** Processes beside this one that hold a part of it. */
  pids(): readonly number[];
  close(): Promise<void>;
};

/** One index a view: gives the numbers of the nearest rows. */
export type ViewIndexes = Pick<Searcher, 'versions' | 'close'> & {
  nearest(view: View, vector: Float32Array, count: number): Iterable<number> | Promise<Iterable<number>>;
  pids?(): readonly number[];
};

/**
 * What one builds on an index of one view: the nearest rows of every view that the query has, their union, and the exact fused score of
 * each case of it, from vectors in memory.
 */
export function fusedLists(dataset: Dataset, indexes: ViewIndexes): Searcher {
  const views = loadViews(dataset);
  return {
    versions: indexes.versions,
    async search(query, depth) {
      const startedMs = performance.now();
      const found = new Set<number>();
      for (const [view, vector] of asked(query)) {
        const { rows } = views[view];
        const count = Math.min(depth ?? K, rows.length);
        if (count === 0) continue;
        for (const row of await indexes.nearest(view, vector, count)) {
          const ordinal = rows[row];
          if (ordinal === undefined) throw new Error(`${view} has no row ${row}`);
          found.add(ordinal);
        }
      }
      const ownMs = performance.now() - startedMs;
      return { ordinals: best(query, views, found, K), ownMs, exact: false };
    },
    pids: () => indexes.pids?.() ?? [],
    close: indexes.close,
  };
}

const PART_ROWS = 2_500;

/** Rows in parts, from and until: so many are added at once, and after each it is told how far it has come. */
export function* parts(rows: number): Generator<readonly [from: number, until: number]> {
  for (let from = 0; from < rows; from += PART_ROWS) yield [from, Math.min(rows, from + PART_ROWS)];
}
