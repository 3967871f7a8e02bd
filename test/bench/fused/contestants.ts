import type { Place, Searcher } from './peer.ts';

/** What is timed and asked of one index, however many depths it is searched at. */
export type Contestant = {
  readonly id: string;
  readonly title: string;
  /** Rows asked of each view's index; null where an exact answer needs no such number. */
  readonly depths: readonly (number | null)[];
  /** Names of `PACKAGES` that must be installed for it. */
  readonly packages: readonly string[];
  /** Whose files it searches, where another contestant has built them. */
  readonly files?: string;
  /** Makes its files. Absent where the release is all it needs. `pids` takes the processes that it starts. */
  readonly build?: (place: Place, pids: Set<number>) => Promise<void>;
  readonly open: (place: Place) => Promise<Searcher>;
};

export const REFERENCE = 'fused';

export const CONTESTANTS: readonly Contestant[] = [
  {
    id: REFERENCE,
    title: 'ours, fused scan',
    depths: [null],
    packages: [],
    open: async (place) => (await import('./ours.ts')).openOurs(place),
  },
  {
    id: 'faiss',
    title: 'ours, FAISS Flat by view, exact by bounds',
    depths: [null],
    packages: [],
    build: async (place, pids) => (await import('./faiss.ts')).buildFaiss(place, pids),
    open: async (place) => (await import('./faiss.ts')).openFaiss(place),
  },
  {
    id: 'faiss-lists',
    title: 'FAISS Flat by view, lists fused',
    depths: [100, 200, 1_000],
    packages: [],
    files: 'faiss',
    open: async (place) => (await import('./faiss.ts')).openFaissLists(place),
  },
];
