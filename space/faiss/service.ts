import { DIMENSION } from '../../core/models/ports.ts';
import { VIEWS, type View } from '../../schema/vocabulary.ts';
import { type BuildJob, type BuiltFile, buildIndices } from './build.ts';
import { FaissRequestError, FaissUnavailableError } from './errors.ts';
import type { FaissProcess } from './process.ts';
import type { SearchValue } from './protocol.ts';
import { Serving } from './serving.ts';
import { FAISS_DEFAULTS, type FaissFile, type FaissSettings, type FaissState } from './settings.ts';

export type { BuildJob, BuiltFile } from './build.ts';
export {
  FaissBuildError,
  FaissFileError,
  FaissProcessError,
  FaissRequestError,
  FaissUnavailableError,
} from './errors.ts';
export type { FaissEvent, FaissFile, FaissSettings, FaissState } from './settings.ts';

export type FaissService = {
  /**
   * Writes one `IndexFlatIP` file a job from row-major little-endian f32 rows of `DIMENSION`, one after the other, in a
   * process of its own. Each is checked after writing (size, header, every vector, a search canary), fsynced and then
   * renamed to its path; on an error nothing is left there. Needs no open release, and works while serving has given up.
   * @throws FaissBuildError, FaissRequestError, FaissUnavailableError
   */
  build(jobs: readonly BuildJob[]): Promise<readonly BuiltFile[]>;
  /**
   * Hashes every file, then loads them. The release that was opened before stays open until the next call.
   * @throws FaissFileError (nothing was read, and what was open still is), FaissProcessError, FaissUnavailableError
   */
  open(version: number, files: readonly FaissFile[]): Promise<void>;
  /**
   * Rows and inner products of the best, best first, equal scores by row; k is cut to the number of rows. A search that
   * is in flight when the process dies is asked again of the next one.
   * @throws FaissRequestError, FaissProcessError, FaissUnavailableError, FaissFileError (the file was damaged meanwhile)
   */
  search(version: number, view: View, query: Float32Array, k: number): Promise<SearchValue>;
  state(): FaissState;
  /** Ends all processes; whatever waits is rejected. */
  close(): Promise<void>;
};

function refuseBadVersion(version: number): void {
  if (!Number.isSafeInteger(version) || version < 1) throw new FaissRequestError(`version is ${version}`);
}

/** FAISS aborts its process on k = 0 and on a wrong dimension, and finds garbage for NaN. */
function refuseBadSearch(view: View, query: Float32Array, k: number): void {
  if (!VIEWS.includes(view)) throw new FaissRequestError(`no such view: ${view}`);
  if (!Number.isSafeInteger(k) || k < 1)
    throw new FaissRequestError(`k must be a whole number of at least 1, not ${k}`);
  if (!(query instanceof Float32Array) || query.length !== DIMENSION) {
    throw new FaissRequestError(`the query must be a Float32Array of ${DIMENSION}, not of ${query?.length}`);
  }
  if (!query.every(Number.isFinite)) throw new FaissRequestError('the query has a component that is not finite');
}

function refuseBadFiles(files: readonly FaissFile[]): void {
  const views = new Set(files.map((file) => file.view));
  if (views.size !== files.length) throw new FaissRequestError('two files for one view');
  for (const { view, rows } of files) {
    if (!VIEWS.includes(view)) throw new FaissRequestError(`no such view: ${view}`);
    if (!Number.isSafeInteger(rows) || rows < 0) throw new FaissRequestError(`${view}: rows is ${rows}`);
  }
}

/** FAISS promises no order among equal scores; here it is by row, so that equal corpora answer equally. */
function byScoreThenRow({ rows, scores }: SearchValue): SearchValue {
  const order = Array.from(rows.keys()).sort(
    (a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || (rows[a] ?? 0) - (rows[b] ?? 0),
  );
  return {
    rows: Int32Array.from(order, (at) => rows[at] ?? -1),
    scores: Float32Array.from(order, (at) => scores[at] ?? 0),
  };
}

/**
 * Starts FAISS in a child process. Resolves also where faiss-node is missing or keeps crashing: `state()` then says
 * `unavailable` with the reason, calls reject with FaissUnavailableError, and each `open` tries once more. With `startAtOnce` false
 * nothing starts before it is needed.
 */
export async function startFaiss(options: Partial<FaissSettings> = {}): Promise<FaissService> {
  const settings: FaissSettings = { ...FAISS_DEFAULTS, ...options };
  const serving = new Serving(settings);
  const builders = new Set<FaissProcess>();
  let closed = false;
  if (settings.startAtOnce) await serving.start();
  return {
    async build(jobs) {
      if (closed) throw new FaissUnavailableError('closed', 'Start the service again.');
      return buildIndices(jobs, settings, builders);
    },
    async open(version, files) {
      refuseBadVersion(version);
      refuseBadFiles(files);
      await serving.open(version, files);
    },
    async search(version, view, query, k) {
      refuseBadSearch(view, query, k);
      // Copied now: a caller may reuse its buffer while this waits in line.
      return byScoreThenRow(await serving.search(version, view, query.slice(), k));
    },
    state: () => serving.state(),
    async close() {
      closed = true;
      await Promise.all([serving.close(), ...Array.from(builders, (process) => process.stop())]);
    },
  };
}
