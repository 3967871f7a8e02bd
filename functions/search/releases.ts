import type { Release } from '../../core/search/release.ts';
import type { LogFields } from '../connect.ts';
import { type Newest, openFrom, readManifest, readNewest } from './release.ts';
import type { EdgeSearchDeps, WaitUntil } from './serving.ts';
import type { ReleaseSource } from './source.ts';

/** Nothing can be answered yet; says what is missing. */
export class NotReadyError extends Error {
  override readonly name = 'NotReadyError';
}
/** Neither a bucket nor an address of a store is set. */
export class SearchOffError extends Error {
  override readonly name = 'SearchOffError';
}

/** The release that answers, and what is below its best, in words. */
export type Served = { readonly release: Release; readonly degraded: readonly string[] };

export type ReleaseCall = {
  readonly source: ReleaseSource | null;
  readonly checkEveryMs: number;
  readonly waitUntil: WaitUntil;
  readonly log: (fields: LogFields) => void;
  /** Called with a release that is whole, before it answers. */
  readonly opened: (release: Release) => Promise<unknown>;
};

/** How long a request waits for the opening that another one began; an invocation that was ended opens nothing any more. */
const TURN_MS = 30_000;
const LOOK_MS = 50;
/** How long a release that was refused, or a store that did not answer, is left alone. */
const PAUSE_MS = 30_000;
/** With nothing served, so many versions before a newest one that is refused are tried. */
const OLDER_TRIED = 3;

/** Of one store. Plain values: a request may neither wait for a promise of another one nor use its connections. */
type Slot = {
  readonly store: string;
  release: Release | null;
  newest: Newest | null;
  checkedAtMs: number;
  /** Held by the request that opens. */
  turn: { readonly endsAtMs: number } | null;
  refused: { readonly version: number; readonly reason: string; readonly atMs: number } | null;
  storeProblem: string | null;
};

/** Keeps one release open for all requests of an isolate, and moves to the next when it was read whole and verified. */
export function createReleases({ kernel, nowMs, wait }: EdgeSearchDeps) {
  let slot: Slot | null = null;
  const slotOf = (store: string): Slot => {
    if (slot?.store === store) return slot;
    const never = Number.NEGATIVE_INFINITY;
    slot = {
      store,
      release: null,
      newest: null,
      checkedAtMs: never,
      turn: null,
      refused: null,
      storeProblem: null,
    };
    return slot;
  };

  const open = async (source: ReleaseSource, version: number): Promise<Release> =>
    openFrom(source, await readManifest(source, version), await kernel());

  const moveTo = async (of: Slot, source: ReleaseSource, version: number, call: ReleaseCall): Promise<void> => {
    const { refused } = of;
    if (refused?.version === version && nowMs() - refused.atMs < PAUSE_MS) return;
    try {
      const release = await open(source, version);
      await call.opened(release);
      of.release = release;
      of.refused = null;
      call.log({ level: 'info', message: 'serving a release', version, cases: release.manifest.caseCount });
    } catch (error) {
      of.refused = { version, reason: publicReason(error), atMs: nowMs() };
      call.log({ level: 'error', message: `release ${version} cannot be served: ${detailOf(error)}` });
      if (of.release === null) await openOlder(of, source, version, call);
    }
  };

  /** An older good release beats none. */
  const openOlder = async (of: Slot, source: ReleaseSource, than: number, call: ReleaseCall): Promise<void> => {
    for (let version = than - 1; version > 0 && version >= than - OLDER_TRIED; version -= 1) {
      try {
        const release = await open(source, version);
        await call.opened(release);
        of.release = release;
        return;
      } catch (error) {
        call.log({ level: 'error', message: `release ${version} cannot be served either: ${detailOf(error)}` });
      }
    }
  };

  const refresh = async (of: Slot, source: ReleaseSource, call: ReleaseCall): Promise<void> => {
    const turn = { endsAtMs: nowMs() + TURN_MS };
    of.turn = turn;
    of.checkedAtMs = nowMs();
    try {
      of.newest = await readNewest(source, of.newest);
      of.storeProblem = null;
      if (of.release?.manifest.version === of.newest.version) of.refused = null;
      else await moveTo(of, source, of.newest.version, call);
    } catch (error) {
      of.storeProblem = publicReason(error);
      call.log({ level: 'error', message: `could not look for a new release: ${detailOf(error)}` });
    } finally {
      if (of.turn === turn) of.turn = null;
    }
  };

  /** The first opening: one request does it, the others look whether it is done. */
  const first = async (of: Slot, source: ReleaseSource, call: ReleaseCall): Promise<Release> => {
    const untilMs = nowMs() + TURN_MS;
    for (;;) {
      if (of.release) return of.release;
      if (nowMs() > untilMs) throw new NotReadyError('the release is being loaded');
      if (of.turn && nowMs() < of.turn.endsAtMs) await wait(LOOK_MS);
      else if (nowMs() - of.checkedAtMs < Math.min(PAUSE_MS, call.checkEveryMs)) throw new NotReadyError(reasonOf(of));
      else {
        const done = refresh(of, source, call);
        // Goes on where the caller hangs up: the next one finds it open.
        call.waitUntil(done);
        await done;
        if (!of.release) throw new NotReadyError(reasonOf(of));
      }
    }
  };

  return {
    /** @throws SearchOffError, NotReadyError */
    async current(call: ReleaseCall): Promise<Served> {
      const { source } = call;
      if (source === null) throw new SearchOffError('neither RELEASES nor RELEASE_URL is set');
      const of = slotOf(source.name);
      const release = of.release ?? (await first(of, source, call));
      const due = nowMs() - of.checkedAtMs >= call.checkEveryMs;
      if (due && !(of.turn && nowMs() < of.turn.endsAtMs)) call.waitUntil(refresh(of, source, call));
      return { release, degraded: degradedOf(of, release) };
    },
  };
}

function reasonOf({ refused, storeProblem }: Slot): string {
  if (storeProblem !== null) return `the store of releases cannot be read: ${storeProblem}`;
  return refused === null
    ? 'the release is being loaded'
    : `release ${refused.version} cannot be served: ${refused.reason}`;
}

function degradedOf({ refused, storeProblem }: Slot, { manifest }: Release): readonly string[] {
  const instead = `release ${manifest.version} answers instead`;
  return [
    ...(refused === null ? [] : [`release ${refused.version} cannot be served: ${refused.reason}; ${instead}`]),
    ...(storeProblem === null
      ? []
      : [`the store of releases cannot be read: ${storeProblem}; release ${manifest.version} may not be the newest`]),
  ];
}

/** Errors whose message is for everybody: they name files and versions alone. */
const PUBLIC: readonly string[] = [
  'ReleaseFileError',
  'ReleaseFormatError',
  'ReleaseManifestError',
  'ReleaseSourceError',
  'ReleaseTooLargeError',
];
const publicReason = (error: unknown): string =>
  error instanceof Error && PUBLIC.includes(error.name)
    ? error.message
    : 'it could not be opened; the log has the reason';
const detailOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);
