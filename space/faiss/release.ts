import type { ReleaseManifest } from '../../core/search/contract.ts';
import type { FacetSearcher } from '../../core/search/dense.ts';
import { VIEWS } from '../../schema/vocabulary.ts';
import { createBackoff } from '../backoff.ts';
import type { Log } from '../host/log.ts';
import { detailOf, publicReason } from '../reasons.ts';
import type { ReleaseStore } from '../store/releases.ts';
import type { FaissFile, FaissService } from './service.ts';

/** FAISS for the release being served. Nothing here rejects: without FAISS the exact scan answers. */
export type FaissOfRelease = {
  /** Opens a release that is about to be served. */
  open(manifest: ReleaseManifest): Promise<void>;
  /** Opens it once more when FAISS lacks it (failed, gave up, found a file damaged), ever more rarely while that fails. */
  heal(manifest: ReleaseManifest): Promise<void>;
  /** Undefined while FAISS does not have the release. Rejects with words that anybody may read. */
  searcher(manifest: ReleaseManifest): FacetSearcher | undefined;
  /** Why FAISS is not in use, in words that anybody may read; null when it is. Asked with null before there is a release. */
  problem(manifest: ReleaseManifest | null): string | null;
};

export function faissOfRelease(deps: {
  readonly faiss: FaissService;
  readonly store: ReleaseStore;
  readonly log: Log;
  readonly nowMs: () => number;
}): FaissOfRelease {
  const { faiss, store, log } = deps;
  const backoff = createBackoff(deps.nowMs);
  let reason: string | null = null;

  const has = ({ version }: ReleaseManifest): boolean => {
    const { kind, versions } = faiss.state();
    return kind !== 'unavailable' && versions.includes(version);
  };

  const tryToOpen = async (manifest: ReleaseManifest): Promise<void> => {
    try {
      await faiss.open(manifest.version, faissFilesOf(manifest, store));
      backoff.reset();
      reason = null;
    } catch (error) {
      backoff.failed();
      reason = publicReason(error);
      log.warn({ message: `FAISS did not open release ${manifest.version}`, detail: detailOf(error) });
    }
  };

  return {
    async open(manifest) {
      backoff.reset();
      reason = null;
      if (manifest.faissFiles.length > 0) await tryToOpen(manifest);
    },
    async heal(manifest) {
      if (manifest.faissFiles.length === 0 || has(manifest) || !backoff.due()) return;
      await tryToOpen(manifest);
      if (has(manifest)) log.info({ message: `FAISS has release ${manifest.version} open again` });
    },
    searcher(manifest) {
      if (!has(manifest)) return undefined;
      return {
        search: (view, query, k) =>
          faiss.search(manifest.version, view, query, k).catch((error: unknown) => {
            log.warn({ message: 'a FAISS search failed', detail: detailOf(error) });
            throw new Error(publicReason(error));
          }),
      };
    },
    problem(manifest) {
      if (manifest === null) return faiss.state().kind === 'unavailable' ? 'FAISS does not run here now' : null;
      if (manifest.faissFiles.length === 0) return 'this release was built without FAISS indices';
      if (has(manifest)) return null;
      return `FAISS is not in use: ${reason ?? 'it has stopped'}`;
    },
  };
}

/** The index files of a release with their hashes, as `FaissService.open` takes them. */
export function faissFilesOf(manifest: ReleaseManifest, store: ReleaseStore): readonly FaissFile[] {
  return VIEWS.flatMap((view) => {
    const file = manifest.faissFiles.find(({ file: name }) => name === `${view}.index`);
    if (!file) return [];
    const path = store.path(manifest.version, file.file);
    return [{ view, path, sha256: file.sha256, rows: manifest.viewCounts[view] }];
  });
}
