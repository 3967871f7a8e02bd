import { DIMENSION } from '../../core/models/ports.ts';
import type { VectorRows } from '../../core/search/dense.ts';
import { estimatedRows } from '../../core/search/estimates.ts';
import { fitsCodes } from '../../core/search/kernel/codes.ts';
import type { View } from '../../schema/vocabulary.ts';
import { type OpenedRelease, pathOf } from './release.ts';
import { type ReleaseSource, ReleaseSourceError } from './source.ts';

const ROW_BYTES = 4 * DIMENSION;
/** Rows so near to each other are read together with what stands between them. */
const GAP_ROWS = 20;

type Run = { readonly first: number; readonly last: number };

/** The vectors that one search needs. */
export type SearchVectors = {
  readonly rows: VectorRows;
  /** Why scores are estimates, in words; null where they are exact. */
  estimated(): string | null;
};

/**
 * Reads vectors where they are published, at most `readsMax` parts of files. A row that does not round to its verified code is refused.
 * Where rows are not to be had, what the codes say of them answers instead.
 */
export function searchVectors(
  { release, ranged }: OpenedRelease,
  source: ReleaseSource,
  readsMax: number,
): SearchVectors {
  let left = readsMax;
  let problem = ranged ? null : 'the store gives no parts of files';

  const read = async (view: View, rows: readonly number[]): Promise<Float32Array> => {
    const runs = runsOf(rows);
    if (runs.length > left) throw new ReleaseSourceError(`more than ${readsMax} parts of files would have to be read`);
    left -= runs.length;
    const path = pathOf(release.manifest.version, `${view}.f32`);
    const size = release.views[view].rows.length * ROW_BYTES;
    const found = new Float32Array(rows.length * DIMENSION);
    const parts = await Promise.all(
      runs.map(({ first, last }) => source.part(path, first * ROW_BYTES, (last - first + 1) * ROW_BYTES, size)),
    );
    for (const [place, row] of rows.entries()) {
      const run = runs.findIndex(({ first, last }) => first <= row && row <= last);
      const from = (row - (runs[run]?.first ?? 0)) * ROW_BYTES;
      const bytes = parts[run]?.slice(from, from + ROW_BYTES);
      if (bytes) found.set(new Float32Array(bytes.buffer), place * DIMENSION);
      if (!fitsCodes(found, place, release.kernel.codesOf(view), row)) {
        throw new ReleaseSourceError(`${path}: row ${row} is not the one that the codes were made of`);
      }
    }
    return found;
  };

  return {
    async rows(view, rows) {
      if (problem === null) {
        try {
          return await read(view, rows);
        } catch (error) {
          if (!(error instanceof ReleaseSourceError)) throw error;
          problem = error.message;
        }
      }
      return estimatedRows(release.kernel.codesOf(view), rows).vectors;
    },
    estimated: () => problem,
  };
}

function runsOf(rows: readonly number[]): readonly Run[] {
  const runs: Run[] = [];
  for (const row of [...rows].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last && row - last.last <= GAP_ROWS) runs[runs.length - 1] = { first: last.first, last: row };
    else runs.push({ first: row, last: row });
  }
  return runs;
}
