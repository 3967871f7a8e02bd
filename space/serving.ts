import { setTimeout as sleep } from 'node:timers/promises';
import type { Exportable } from '../core/cases/exports/export.ts';
import { currentRelease, knownReleases, requestRebuild } from '../core/corpus.ts';
import type { CaseAnswer, ReleaseManifest, SearchAnswer, SearchRequest } from '../core/search/contract.ts';
import { openRelease, type Release, ReleaseFormatError } from '../core/search/release.ts';
import { caseAnswer, checkShown, search } from '../core/search/search.ts';
import { SETTINGS, type SearchSettings } from '../core/search/settings.ts';
import { createBackoff, pauseAfter } from './backoff.ts';
import { faissOfRelease } from './faiss/release.ts';
import { searchKernel } from './kernel.ts';
import { KEYWORDS_FILE, type KeywordIndex, openKeywordIndex } from './keywords/index.ts';
import { detailOf, publicReason } from './reasons.ts';
import { releaseAccess } from './release-access.ts';
import type { Space } from './space.ts';
import { ReleaseFileError, ReleaseManifestError } from './store/releases.ts';
import { followTombstones } from './tombstones.ts';

/** Nothing can be answered yet; says what is missing. */
export class NotReadyError extends Error {
  override readonly name = 'NotReadyError';
}

type Opened = {
  readonly manifest: ReleaseManifest;
  readonly release: Release;
  /** Null for a release that was built without one. */
  readonly keywords: KeywordIndex | null;
};

/** How long a case may be shown after it was retracted. */
const TOMBSTONE_POLL_MS = 1_000;
/** How often the files of the release being served are read again: a disk loses bits in months, and reading them costs a second. */
const VERIFY_EVERY_MS = 6 * 3_600_000;

/** A store that lost its releases has them built again at once; how long until it may ask for that another time. */
const ABSENT_AGAIN_MS = 3_600_000;

/** What serving needs of a Space. */
export type ServingDeps = Pick<Space, 'db' | 'store' | 'generations' | 'faiss' | 'log'>;

/** Reasons in `ready` and `degraded` are for everybody: they hold no path of this machine. The log has the details. */
export type Serving = {
  /** `settings`: others than the product's, for an evaluation. */
  search(request: SearchRequest, settings?: SearchSettings): Promise<SearchAnswer>;
  /** The case that an id stands for in the release being served; null where it has none, or may show none. */
  held(id: string): string | null;
  /** By its id, or by that of another document of its article. Rejects with `CaseGoneError` for one that was taken out. */
  caseById(id: string): Promise<CaseAnswer | null>;
  /** The same case whole, with what an export says of the release; like `caseById` in all else. */
  exportable(id: string): Promise<Exportable | null>;
  ready(): { readonly ready: boolean; readonly reason: string | null };
  degraded(): readonly string[];
  /**
   * Opens the newest release if it is not the one being served, and FAISS where it was lost. What failed before is tried
   * again after a pause that grows; a newer release at once. Returns the version served, null without one.
   */
  refresh(): Promise<number | null>;
  /** Learns which cases may not be shown any more. Rejects where the database does not answer; what is known stays in force. */
  refreshTombstones(): Promise<void>;
  /**
   * Reads every file of the release being served once more; returns what is wrong. A damaged one goes on answering from memory, its
   * successor is asked for, and nobody who starts anew loads it.
   */
  verifyNow(): Promise<readonly string[]>;
  /** Refreshes every `everyMs` until the signal aborts, and what may not be shown every second. */
  follow(everyMs: number, signal: AbortSignal): Promise<void>;
};

/** Answers from exactly one release at a time and moves to the next only when it was read whole and verified. */
export function createServing(space: ServingDeps, nowMs: () => number = () => performance.now()): Serving {
  const faiss = faissOfRelease({ ...space, nowMs });
  const tombstones = followTombstones(space.db, nowMs);
  const backoff = createBackoff(nowMs);
  let opened: Opened | null = null;
  let retired: Opened | null = null;
  let problem: string | null = null;
  let failedVersion: number | null = null;
  let damage: { readonly version: number; readonly problem: string } | null = null;
  let absentUntilMs = Number.NEGATIVE_INFINITY;
  let turn: Promise<unknown> = Promise.resolve();

  const open = async (version: number): Promise<Opened> => {
    const manifest = await space.store.manifest(version);
    const read = (file: string) => space.store.read(version, file);
    const release = await openRelease(manifest, read, await searchKernel(), releaseAccess(space.store, manifest));
    // Loaded before the first search needs it.
    await space.generations.of(manifest.generation);
    await faiss.open(manifest);
    const listed = manifest.files.some(({ file }) => file === KEYWORDS_FILE);
    if (listed) await space.store.read(version, KEYWORDS_FILE);
    const keywords = listed
      ? openKeywordIndex(space.store.path(version, KEYWORDS_FILE), release.cards.ordinalOf)
      : null;
    return { manifest, release, keywords };
  };

  const moveTo = async (version: number): Promise<void> => {
    if (version !== failedVersion) backoff.reset();
    if (!backoff.due()) return;
    try {
      const next = await open(version);
      // Searches that began on the release before may still ask it; those on the one before that have ended.
      retired?.keywords?.close();
      retired = opened;
      opened = next;
      problem = null;
      failedVersion = null;
      space.log.info({ message: 'serving a release', version, cases: next.manifest.caseCount });
    } catch (error) {
      backoff.failed();
      if (version !== failedVersion) await replaceDamaged(error);
      failedVersion = version;
      problem = `release ${version} cannot be served: ${publicReason(error)}`;
      space.log.error({ message: `release ${version} cannot be served`, detail: detailOf(error) });
      if (!opened) await openOlder(version);
    }
  };

  /** A release that cannot be read is built again; one that this program is too old for is not its to replace. */
  const replaceDamaged = async (error: unknown): Promise<void> => {
    if (!isReplaced(error)) return;
    if (isAbsent(error)) {
      // Two hosts with stores of their own would have each other's releases built again for ever.
      if (absentUntilMs > nowMs()) return;
      absentUntilMs = nowMs() + ABSENT_AGAIN_MS;
    }
    await requestRebuild(space.db, { actor: 'integrity check', reason: error.message }).catch((failure: unknown) =>
      space.log.warn({ message: 'could not ask for a rebuild', detail: detailOf(failure) }),
    );
  };

  /** With nothing served yet an older good release beats none; the page says that it is not the newest. */
  const openOlder = async (than: number): Promise<void> => {
    const states = new Map((await knownReleases(space.db)).map(({ version, state }) => [version, state]));
    for (const { version } of await space.store.list()) {
      // What was rolled back, or finished by a builder that had lost its lease, is whole and yet not to be served.
      if (version >= than || (states.get(version) ?? 'published') !== 'published') continue;
      try {
        opened = await open(version);
        return;
      } catch (error) {
        space.log.error({ message: `release ${version} cannot be served either`, detail: detailOf(error) });
      }
    }
  };

  const refresh = async (): Promise<number | null> => {
    // Before any release is opened: what it holds may not be shown any more.
    await tombstones.refresh();
    const wanted = await currentRelease(space.db);
    if (wanted === null) problem = 'no release has been published yet';
    else if (opened?.manifest.version !== wanted.version) await moveTo(wanted.version);
    if (opened) await faiss.heal(opened.manifest);
    return opened?.manifest.version ?? null;
  };

  const serving = (): Opened => {
    if (!opened) throw new NotReadyError(problem ?? 'the release is being loaded');
    return opened;
  };
  const degraded = (): readonly string[] => {
    const faissProblem = faiss.problem(opened?.manifest ?? null);
    const tombstoneProblem = tombstones.problem();
    const instead = opened ? `release ${opened.manifest.version} answers instead` : 'no older one can answer';
    return [
      ...(failedVersion === null ? [] : [`${problem}; ${instead}`]),
      ...(damage === null || damage.version !== opened?.manifest.version
        ? []
        : [`${damage.problem}; it answers from memory, and a new release has been asked for`]),
      ...(tombstoneProblem === null ? [] : [tombstoneProblem]),
      ...(faissProblem === null ? [] : [`${faissProblem}; search serves from the exact scan of the vectors`]),
    ];
  };
  const refreshInTurn = (): Promise<number | null> => {
    // Two at once would load a release twice.
    const refreshed = turn.then(refresh);
    turn = refreshed.catch(() => undefined);
    return refreshed;
  };

  const verifyNow = async (): Promise<readonly string[]> => {
    const { version } = serving().manifest;
    const problems = await space.store.verify(version);
    const [problem] = problems;
    damage = problem === undefined ? null : { version, problem };
    if (problem === undefined) return problems;
    space.log.error({ message: `release ${version} is damaged on disk`, problems: problems.length, detail: problem });
    await requestRebuild(space.db, { actor: 'integrity check', reason: problem });
    return problems;
  };

  return {
    refresh: refreshInTurn,
    verifyNow,
    refreshTombstones: tombstones.refresh,
    degraded,
    async search(request, settings = SETTINGS) {
      const { release, manifest, keywords } = serving();
      const embedder = await space.generations.of(manifest.generation);
      return search(release, request, {
        embedder,
        faiss: faiss.searcher(manifest),
        keywords: keywords ?? undefined,
        tombstones: tombstones.known(),
        nowMs: () => performance.now(),
        degraded: degraded(),
        settings,
      });
    },
    held(id) {
      const { cards } = serving().release;
      const caseId = cards.idOf(id);
      return cards.ordinalOf(caseId) === undefined || tombstones.known().has(caseId) ? null : caseId;
    },
    async caseById(id) {
      const { release } = serving();
      checkShown(release, id, tombstones.known());
      return caseAnswer(release, id);
    },
    async exportable(id) {
      const { release, manifest } = serving();
      checkShown(release, id, tombstones.known());
      const stored = await release.case(release.cards.idOf(id));
      return stored && { stored, release: { version: manifest.version, createdAt: manifest.createdAt } };
    },
    ready: () => ({ ready: opened !== null, reason: opened ? null : (problem ?? 'the release is being loaded') }),
    async follow(everyMs, signal) {
      const following = poll(TOMBSTONE_POLL_MS, signal, tombstones.refresh, 'could not look for retracted cases');
      const verifying = sleep(VERIFY_EVERY_MS, undefined, { signal })
        .then(() => poll(VERIFY_EVERY_MS, signal, verifyNow, 'could not verify the release'))
        .catch(() => undefined);
      await poll(everyMs, signal, refreshInTurn, 'could not look for a new release');
      await Promise.all([following, verifying]);
    },
  };

  async function poll(
    everyMs: number,
    signal: AbortSignal,
    act: () => Promise<unknown>,
    failed: string,
  ): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        await act();
        failures = 0;
      } catch (error) {
        failures += 1;
        space.log.warn({ message: failed, detail: detailOf(error) });
      }
      await sleep(pauseAfter(failures, everyMs, Math.random()), undefined, { signal }).catch(() => undefined);
    }
  }
}

const isAbsent = (error: unknown): boolean => error instanceof ReleaseManifestError && error.kind === 'missing';
const isReplaced = (error: unknown): error is Error =>
  error instanceof ReleaseFileError ||
  error instanceof ReleaseFormatError ||
  (error instanceof ReleaseManifestError && error.kind !== 'newer');
