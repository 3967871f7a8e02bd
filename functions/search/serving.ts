import { DatabaseError } from '../../core/engine/index.ts';
import type { Generations } from '../../core/models/generation.ts';
import { DIMENSION, type Embedder } from '../../core/models/ports.ts';
import type { CaseAnswer, SearchAnswer, SearchRequest } from '../../core/search/contract.ts';
import type { Release } from '../../core/search/release.ts';
import { caseAnswer, checkShown, search } from '../../core/search/search.ts';
import type { Edge } from '../connect.ts';
import { createReleases, type Served } from './releases.ts';
import { createTombstones } from './tombstones.ts';
import { searchVectors } from './vectors.ts';

/** What the host offers to searches, besides what each request brings. */
export type EdgeSearchDeps = {
  /** kernel.wasm, compiled as the host can. */
  readonly kernel: () => Promise<WebAssembly.Module>;
  readonly nowMs: () => number;
  readonly wait: (ms: number) => Promise<void>;
};

/** Lets work go on after the answer was sent, where the host must be told so. */
export type WaitUntil = (work: Promise<unknown>) => void;

/** Searches of one isolate: what was opened is kept, and every request works with its own connections. */
export type EdgeSearch = {
  search(edge: Edge, waitUntil: WaitUntil, request: SearchRequest): Promise<SearchAnswer>;
  /** By its id, or by that of another document of its article. Rejects with `CaseGoneError` for one that was taken out. */
  caseById(edge: Edge, waitUntil: WaitUntil, id: string): Promise<CaseAnswer | null>;
};

/** The search asks for vectors alone, and there is no embedder to make the query's. */
export class NoEmbedderError extends Error {
  override readonly name = 'NoEmbedderError';
}

/** How long an embedder that could not be had is left alone. */
const EMBEDDER_PAUSE_MS = 30_000;

export function createEdgeSearch(deps: EdgeSearchDeps): EdgeSearch {
  const releases = createReleases(deps);
  const tombstones = createTombstones(deps.nowMs);
  let lacking: { readonly generation: string; readonly reason: string; readonly atMs: number } | null = null;

  /** The embedder of a generation, or why there is none. */
  const embedderOf = async (generations: Generations, generation: string): Promise<Embedder | string> => {
    if (lacking?.generation === generation && deps.nowMs() - lacking.atMs < EMBEDDER_PAUSE_MS) return lacking.reason;
    try {
      return await generations.of(generation);
    } catch (error) {
      const reason =
        error instanceof DatabaseError
          ? 'the database does not answer'
          : `no embedder of ${generation} is to be had here`;
      lacking = { generation, reason, atMs: deps.nowMs() };
      return reason;
    }
  };

  const current = async (edge: Edge, waitUntil: WaitUntil): Promise<Served> => {
    // Before any case is shown: what a release holds may not be shown any more.
    await tombstones.refresh(edge.db);
    return releases.current({
      source: edge.releases,
      checkEveryMs: edge.config.search.checkEveryMs,
      memoryBytes: edge.config.search.memoryBytes,
      waitUntil,
      log: edge.log,
      // Loaded before the first search needs it.
      opened: (release) => embedderOf(edge.generations, release.manifest.generation),
    });
  };

  return {
    async search(edge, waitUntil, request) {
      const { release, ranged, source, degraded } = await current(edge, waitUntil);
      const embedder = await embedderOf(edge.generations, release.manifest.generation);
      const { asked, by, without } = withEmbedder(request, release, embedder);
      const problem = tombstones.problem();
      const vectors = searchVectors({ release, ranged }, source, edge.config.search.readsMax);
      const answer = await search({ ...release, vectors: vectors.rows }, asked, {
        embedder: by,
        tombstones: tombstones.known(),
        nowMs: deps.nowMs,
        degraded: [...degraded, ...without, ...(problem === null ? [] : [problem])],
      });
      const why = vectors.estimated();
      if (why === null) return answer;
      const estimated = `scores are estimates from the codes of vectors: ${why}`;
      return { ...answer, exact: false, degraded: [...answer.degraded, estimated] };
    },
    async caseById(edge, waitUntil, id) {
      const { release } = await current(edge, waitUntil);
      checkShown(release, id, tombstones.known());
      return caseAnswer(release, id);
    },
  };
}

type Asked = { readonly asked: SearchRequest; readonly by: Embedder; readonly without: readonly string[] };

/** What can be asked with the embedder at hand, or without one, and what is to be said of that. @throws NoEmbedderError */
function withEmbedder(request: SearchRequest, release: Release, embedder: Embedder | string): Asked {
  if (typeof embedder !== 'string') return { asked: request, by: embedder, without: [] };
  const none: Embedder = {
    name: 'none',
    fingerprint: release.manifest.generation,
    embed: (texts) => Promise.resolve(texts.map(() => new Float32Array(DIMENSION))),
  };
  // The vectors of a case stand in the release.
  if (request.case_id !== undefined || !request.legs.includes('dense'))
    return { asked: request, by: none, without: [] };
  const legs = request.legs.filter((leg) => leg !== 'dense');
  if (legs.length === 0) throw new NoEmbedderError(embedder);
  return { asked: { ...request, legs }, by: none, without: [`${embedder}: the words and findings alone answered`] };
}
