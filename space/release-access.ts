import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { DIMENSION } from '../core/models/ports.ts';
import type { ReleaseFile, ReleaseManifest } from '../core/search/contract.ts';
import type { ReleaseAccess } from '../core/search/release.ts';
import { VIEWS, type View } from '../schema/vocabulary.ts';
import { fileProblem } from './store/check.ts';
import { allFiles, ReleaseFileError } from './store/manifest.ts';
import type { ReleaseStore } from './store/releases.ts';

/** Vectors and cases of more bytes than this stay on disk: those of some 20,000 cases, in memory, are still a small process. */
const HELD_BYTES_MAX = 128 * 2 ** 20;
const ROW_BYTES = 4 * DIMENSION;
const ARCHIVE = 'cases.jsonl.gz';

type OpenFile = { readonly fd: number; readonly name: string };

/** A search may still read from a release that is no longer served: its files close when nobody holds it. */
const held = new FinalizationRegistry<readonly number[]>((descriptors) => {
  for (const fd of descriptors) closeSync(fd);
});

/** How a release is read here: small ones whole, of large ones only the rows and cases that an answer needs. */
export function releaseAccess(
  store: ReleaseStore,
  manifest: ReleaseManifest,
  heldBytesMax: number = HELD_BYTES_MAX,
): ReleaseAccess {
  const { version } = manifest;
  const listed = (file: string): ReleaseFile => {
    const entry = allFiles(manifest).find((one) => one.file === file);
    if (!entry) throw new ReleaseFileError(`release ${version} has no file ${file}`);
    return entry;
  };
  const large = [...VIEWS.map((view) => `${view}.f32`), ARCHIVE].reduce((sum, file) => sum + listed(file).bytes, 0);
  const readInto = async (file: string, into: Uint8Array): Promise<void> => {
    const entry = listed(file);
    if (entry.bytes !== into.length) {
      throw new ReleaseFileError(
        `release ${version}, ${file}: ${entry.bytes} bytes where its rows take ${into.length}`,
      );
    }
    const problem = await fileProblem(store.path(version, file), entry, (piece, offset) => into.set(piece, offset));
    if (problem !== null) throw new ReleaseFileError(`release ${version}, ${file}: ${problem}`);
  };
  if (large <= heldBytesMax) return { readInto };

  const descriptors: number[] = [];
  const open = (file: string): OpenFile => {
    const { bytes } = listed(file);
    const name = `release ${version}, ${file}`;
    try {
      const fd = openSync(store.path(version, file), constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
      descriptors.push(fd);
      const { size } = fstatSync(fd);
      if (size === bytes) return { fd, name };
      throw new ReleaseFileError(`${name}: ${size} bytes where the manifest says ${bytes}`);
    } catch (error) {
      for (const fd of descriptors) closeSync(fd);
      if (error instanceof ReleaseFileError) throw error;
      throw new ReleaseFileError(`${name}: not readable`, { cause: error });
    }
  };
  const files = {
    vectors: Object.fromEntries(VIEWS.map((view) => [view, open(`${view}.f32`)])) as Record<View, OpenFile>,
    archive: open(ARCHIVE),
  };
  // Both functions below hold `files`, so it lives as long as either.
  held.register(files, descriptors);
  return {
    readInto,
    vectors(view, rows) {
      const found = new Float32Array(rows.length * DIMENSION);
      for (const [place, row] of rows.entries()) {
        readWhole(files.vectors[view], new Uint8Array(found.buffer, place * ROW_BYTES, ROW_BYTES), row * ROW_BYTES);
      }
      return found;
    },
    range(file, from, to) {
      if (file !== ARCHIVE) throw new ReleaseFileError(`release ${version}: ${file} is not read in parts`);
      const bytes = new Uint8Array(to - from);
      readWhole(files.archive, bytes, from);
      return bytes;
    },
  };
}

/** Synchronous: what lies in the page cache is read in a few microseconds, less than a turn through the thread pool takes. */
function readWhole({ fd, name }: OpenFile, into: Uint8Array, from: number): void {
  for (let at = 0; at < into.length; ) {
    const read = readSync(fd, into, at, into.length - at, from + at);
    if (read === 0) throw new ReleaseFileError(`${name}: it ended at byte ${from + at} while it was read`);
    at += read;
  }
}
