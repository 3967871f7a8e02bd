import type { Release } from '../../core/search/release.ts';
import type { LogFields } from '../connect.ts';
import {
  checkFiles,
  heldBytes,
  type Newest,
  type OpenedRelease,
  openFrom,
  readManifest,
  readNewest,
} from './release.ts';
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

/** An isolate has no room for the release. */
export class ReleaseTooLargeError extends Error {
  override readonly name = 'ReleaseTooLargeError';
}

/** The release that answers, where its parts are read from, and what is below its best, in words. */
export type Served = OpenedRelease & { readonly source: ReleaseSource; readonly degraded: readonly string[] };

export type ReleaseCall = {
  readonly source: ReleaseSource | null;
  readonly checkEveryMs: number;
  /** Room for what is held of releases. */
  readonly memoryBytes: number;
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
  opened: OpenedRelease | null;
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
      opened: null,
      newest: null,
      checkedAtMs: never,
      turn: null,
      refused: null,
      storeProblem: null,
    };
    return slot;
  };

  /**
   * Opens a version and lets it answer. The one that answers stays until then, where there is room for both; where there is not, until
   * every file of the next was read and found good.
   */
  const serve = async (of: Slot, source: ReleaseSource, version: number, call: ReleaseCall): Promise<void> => {
    const manifest = await readManifest(source, version);
    const needed = heldBytes(manifest);
    if (needed > call.memoryBytes) {
      const [takes, has] = [needed, call.memoryBytes].map((bytes) => Math.ceil(bytes / 2 ** 20));
      throw new ReleaseTooLargeError(`it takes ${takes} MB of memory where SEARCH_MEMORY_MB gives ${has}`);
    }
    if (of.opened && heldBytes(of.opened.release.manifest) + needed > call.memoryBytes) {
      await checkFiles(source, manifest);
      of.opened = null;
    }
    const opened = await openFrom(source, manifest, await kernel());
    await call.opened(opened.release);
    of.opened = opened;
  };

  const moveTo = async (of: Slot, source: ReleaseSource, version: number, call: ReleaseCall): Promise<void> => {
    const { refused } = of;
    if (refused?.version === version && nowMs() - refused.atMs < PAUSE_MS) return;
    const before = of.opened?.release.manifest.version;
    try {
      await serve(of, source, version, call);
      of.refused = null;
      call.log({ level: 'info', message: 'serving a release', version });
    } catch (error) {
      of.refused = { version, reason: publicReason(error), atMs: nowMs() };
      call.log({ level: 'error', message: `release ${version} cannot be served: ${detailOf(error)}` });
      if (of.opened === null) await openOlder(of, source, before === undefined ? olderThan(version) : [before], call);
    }
  };

  /** An older good release beats none. */
  const openOlder = async (of: Slot, source: ReleaseSource, versions: readonly number[], call: ReleaseCall) => {
    for (const version of versions) {
      try {
        await serve(of, source, version, call);
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
      if (of.opened?.release.manifest.version === of.newest.version) of.refused = null;
      else await moveTo(of, source, of.newest.version, call);
    } catch (error) {
      of.storeProblem = publicReason(error);
      call.log({ level: 'error', message: `could not look for a new release: ${detailOf(error)}` });
    } finally {
      if (of.turn === turn) of.turn = null;
    }
  };

  /** The first opening: one request does it, the others look whether it is done. */
  const first = async (of: Slot, source: ReleaseSource, call: ReleaseCall): Promise<OpenedRelease> => {
    const untilMs = nowMs() + TURN_MS;
    for (;;) {
      if (of.opened) return of.opened;
      if (nowMs() > untilMs) throw new NotReadyError('the release is being loaded');
      if (of.turn && nowMs() < of.turn.endsAtMs) await wait(LOOK_MS);
      else if (nowMs() - of.checkedAtMs < Math.min(PAUSE_MS, call.checkEveryMs)) throw new NotReadyError(reasonOf(of));
      else {
        const done = refresh(of, source, call);
        // Goes on where the caller hangs up: the next one finds it open.
        call.waitUntil(done);
        await done;
        if (!of.opened) throw new NotReadyError(reasonOf(of));
      }
    }
  };

  return {
    /** @throws SearchOffError, NotReadyError */
    async current(call: ReleaseCall): Promise<Served> {
      const { source } = call;
      if (source === null) throw new SearchOffError('neither RELEASES nor RELEASE_URL is set');
      const of = slotOf(source.name);
      const opened = of.opened ?? (await first(of, source, call));
      const due = nowMs() - of.checkedAtMs >= call.checkEveryMs;
      if (due && !(of.turn && nowMs() < of.turn.endsAtMs)) call.waitUntil(refresh(of, source, call));
      return { ...opened, source, degraded: degradedOf(of, opened.release) };
    },
  };
}

const olderThan = (version: number): readonly number[] =>
  Array.from({ length: OLDER_TRIED }, (_, i) => version - 1 - i).filter((older) => older > 0);

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
