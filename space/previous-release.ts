import { currentRelease, releaseCode } from '../core/corpus.ts';
import type { Database } from '../core/engine/index.ts';
import { openPrevious, type PreviousRelease } from '../core/search/previous.ts';
import { ReleaseFormatError } from '../core/search/release.ts';
import { KEYWORDS_FILE } from './keywords/index.ts';
import { type OpenedFile, ReleaseFileError, ReleaseManifestError, type ReleaseStore } from './store/releases.ts';

/** What the next release is built from, or why it is built from scratch. */
export type Basis =
  | { readonly kind: 'previous'; readonly previous: PreviousRelease; readonly close: () => Promise<void> }
  | { readonly kind: 'scratch'; readonly reason: string };

/** Errors that say that a release cannot be built on; the database and the disk have others. */
export const isUnusable = (error: unknown): error is Error =>
  error instanceof ReleaseFormatError || error instanceof ReleaseFileError || error instanceof ReleaseManifestError;

/**
 * The release that is served, opened to build on: every byte that may be taken over is checked against its hash first. One that was rolled
 * back is never built on.
 */
export async function basisOf(db: Database, store: ReleaseStore, generation: string): Promise<Basis> {
  const scratch = (reason: string): Basis => ({ kind: 'scratch', reason });
  const current = await currentRelease(db);
  if (!current) return scratch('there is no release yet');
  if (current.generation !== generation)
    return scratch(`release ${current.version} is of generation ${current.generation}`);
  const opened: OpenedFile[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((file) => file.close()));
  };
  try {
    const { version } = current;
    const manifest = await store.manifest(version);
    if (!manifest.files.some(({ file }) => file === KEYWORDS_FILE))
      return scratch(`release ${version} has no keyword index`);
    // What was copied unseen would be damaged for good.
    await store.read(version, KEYWORDS_FILE);
    const source = {
      read: (file: string) => store.read(version, file),
      async pieces(file: string) {
        const held = await store.open(version, file);
        opened.push(held);
        return held.piece;
      },
    };
    return { kind: 'previous', previous: await openPrevious(manifest, source, await releaseCode()), close };
  } catch (error) {
    await close();
    if (!isUnusable(error)) throw error;
    return scratch(error.message);
  }
}
