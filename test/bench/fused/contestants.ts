import type { LanceKind } from './lancedb.ts';
import type { LibsqlKind } from './libsql.ts';
import type { Place, Searcher } from './peer.ts';

/** What is timed and asked of one index, however many depths it is searched at. */
export type Contestant = {
  readonly id: string;
  readonly title: string;
  /** Rows asked of each view's index; null where an exact answer needs no such number. */
  readonly depths: readonly (number | null)[];
  /** What install.ts must make loadable for it. */
  readonly installs?: string;
  /** Whose files it searches, where another contestant has built them. */
  readonly files?: string;
  /** Makes its files. Absent where the release is all it needs. `pids` takes the processes that it starts. */
  readonly build?: (place: Place, pids: Set<number>) => Promise<void>;
  readonly open: (place: Place) => Promise<Searcher>;
};

export const REFERENCE = 'fused';
/** Fewer rows are faster, more miss less: every peer is measured at both. */
const DEPTHS = [100, 200];

export const CONTESTANTS: readonly Contestant[] = [
  {
    id: REFERENCE,
    title: 'ours, fused scan, as it is set',
    depths: [null],
    build: async (place) => (await import('./ours.ts')).buildOurs(place),
    open: async (place) => (await import('./ours.ts')).openOurs(place),
  },
  {
    id: 'fused-exact',
    title: 'ours, fused scan, exact at every size',
    depths: [null],
    files: REFERENCE,
    open: async (place) => (await import('./ours.ts')).openOurs(place, { exact: true }),
  },
  {
    id: 'faiss',
    title: 'ours, FAISS Flat by view, exact by bounds',
    depths: [null],
    build: async (place, pids) => (await import('./faiss.ts')).buildFaiss(place, pids),
    open: async (place) => (await import('./faiss.ts')).openFaiss(place),
  },
  {
    id: 'faiss-lists',
    title: 'FAISS Flat by view, lists fused',
    depths: [100, 200, 1_000],
    files: 'faiss',
    open: async (place) => (await import('./faiss.ts')).openFaissLists(place),
  },
  {
    id: 'usearch',
    title: 'usearch, HNSW f32',
    depths: DEPTHS,
    installs: 'usearch',
    build: async (place) => (await import('./usearch.ts')).buildUsearch(place),
    open: async (place) => (await import('./usearch.ts')).openUsearch(place),
  },
  {
    id: 'hnswlib',
    title: 'hnswlib-node, HNSW f32',
    depths: DEPTHS,
    installs: 'hnswlib',
    build: async (place) => (await import('./hnswlib.ts')).buildHnswlib(place),
    open: async (place) => (await import('./hnswlib.ts')).openHnswlib(place),
  },
  {
    id: 'sqlite-vec',
    title: 'sqlite-vec, scan',
    depths: DEPTHS,
    installs: 'sqlite-vec',
    build: async (place) => (await import('./sqlite-vec.ts')).buildSqliteVec(place),
    open: async (place) => (await import('./sqlite-vec.ts')).openSqliteVec(place),
  },
  libsql('libsql', 'libSQL, libsql_vector_idx', 'index'),
  libsql('libsql-scan', 'libSQL, vector_distance_cos, no index', 'no index'),
  lance('lancedb', 'LanceDB, IVF_HNSW_SQ', 'hnsw-sq'),
  lance('lancedb-pq', 'LanceDB, IVF_PQ, refined', 'ivf-pq'),
  lance('lancedb-flat', 'LanceDB, scan', 'flat'),
];

function libsql(id: string, title: string, kind: LibsqlKind): Contestant {
  return {
    id,
    title,
    depths: DEPTHS,
    build: async (place) => (await import('./libsql.ts')).buildLibsql(kind)(place),
    open: async (place) => (await import('./libsql.ts')).openLibsql(kind)(place),
  };
}

function lance(id: string, title: string, kind: LanceKind): Contestant {
  return {
    id,
    title,
    depths: DEPTHS,
    installs: 'lancedb',
    build: async (place) => (await import('./lancedb.ts')).buildLance(kind)(place),
    open: async (place) => (await import('./lancedb.ts')).openLance(kind)(place),
  };
}
