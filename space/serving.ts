import { setTimeout as sleep } from 'node:timers/promises';
import { currentRelease } from '../core/corpus.ts';
import type { CaseAnswer, ReleaseManifest, SearchAnswer, SearchRequest } from '../core/search/contract.ts';
import { openRelease, type Release } from '../core/search/release.ts';
import { caseAnswer, search } from '../core/search/search.ts';
import { VIEWS } from '../schema/vocabulary.ts';
import type { Space } from './space.ts';

/** Nothing can be answered yet; says what is missing. */
export class NotReadyError extends Error {
  override readonly name = 'NotReadyError';
}

type Opened = { readonly manifest: ReleaseManifest; readonly release: Release; readonly faissOpen: boolean };

export type Serving = {
  search(request: SearchRequest): Promise<SearchAnswer>;
  caseById(id: string): Promise<CaseAnswer | null>;
  ready(): { readonly ready: boolean; readonly reason: string | null };
  degraded(): readonly string[];
  /** Opens the newest good release if it is not the one being served. Returns the version served, null without one. */
  refresh(): Promise<number | null>;
  /** Refreshes every `everyMs` until the signal aborts. */
  follow(everyMs: number, signal: AbortSignal): Promise<void>;
};

/** Answers from exactly one release at a time and moves to the next only when it was read whole and verified. */
export function createServing(space: Space): Serving {
  let opened: Opened | null = null;
  let problem: string | null = null;
  let faissProblem: string | null = null;

  const openFaiss = async (manifest: ReleaseManifest): Promise<boolean> => {
    if (manifest.faissFiles.length === 0) {
      faissProblem = 'this release was built without FAISS indices';
      return false;
    }
    try {
      await space.faiss.open(
        manifest.version,
        VIEWS.flatMap((view) => {
          const file = manifest.faissFiles.find(({ file: name }) => name === `${view}.index`);
          if (!file) return [];
          const path = space.store.path(manifest.version, file.file);
          return [{ view, path, sha256: file.sha256, rows: manifest.viewCounts[view] }];
        }),
      );
      faissProblem = null;
      return true;
    } catch (error) {
      faissProblem = `FAISS did not open release ${manifest.version}: ${(error as Error).message}`;
      return false;
    }
  };

  const open = async (version: number): Promise<Opened> => {
    const manifest = await space.store.manifest(version);
    const release = await openRelease(manifest, (file) => space.store.read(version, file));
    // Loaded before the first search needs it.
    await space.generations.of(manifest.generation);
    return { manifest, release, faissOpen: await openFaiss(manifest) };
  };

  const refresh = async (): Promise<number | null> => {
    const wanted = await currentRelease(space.db);
    if (wanted === null) {
      problem = 'no release has been published yet';
      return null;
    }
    if (opened?.manifest.version === wanted.version) return wanted.version;
    try {
      const next = await open(wanted.version);
      opened = next;
      problem = null;
      space.log.info({ message: 'serving a release', version: wanted.version, cases: next.manifest.caseCount });
    } catch (error) {
      problem = `release ${wanted.version} cannot be served: ${(error as Error).message}`;
      space.log.error({ message: problem });
      if (!opened) await openOlder(wanted.version);
    }
    return opened?.manifest.version ?? null;
  };

  /** With nothing served yet an older good release beats none; the page says that it is not the newest. */
  const openOlder = async (than: number): Promise<void> => {
    for (const { version } of await space.store.list()) {
      if (version >= than) continue;
      try {
        opened = await open(version);
        return;
      } catch (error) {
        space.log.error({ message: `release ${version} cannot be served either: ${(error as Error).message}` });
      }
    }
  };

  const serving = (): Opened => {
    if (!opened) throw new NotReadyError(problem ?? 'the release is being loaded');
    return opened;
  };
  const degraded = (): readonly string[] => [
    ...(opened && problem ? [`${problem}; release ${opened.manifest.version} answers instead`] : []),
    ...(opened && faissProblem
      ? [`${faissProblem}; search serves from the exact scan of the vectors`]
      : space.degraded()),
  ];

  return {
    refresh,
    degraded,
    async search(request) {
      const { release, manifest, faissOpen } = serving();
      const embedder = await space.generations.of(manifest.generation);
      return search(release, request, {
        embedder,
        ...(faissOpen
          ? { faiss: { search: (view, query, k) => space.faiss.search(manifest.version, view, query, k) } }
          : {}),
        nowMs: () => performance.now(),
        degraded: degraded(),
      });
    },
    async caseById(id) {
      const { release } = serving();
      return caseAnswer(release, id);
    },
    ready: () => ({ ready: opened !== null, reason: opened ? null : (problem ?? 'the release is being loaded') }),
    async follow(everyMs, signal) {
      while (!signal.aborted) {
        await refresh().catch((error: unknown) =>
          space.log.warn({ message: `could not look for a new release: ${(error as Error).message}` }),
        );
        await sleep(everyMs, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}
