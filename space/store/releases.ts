import { randomBytes } from 'node:crypto';
import { type FileHandle, lstat, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReleaseFile, ReleaseManifest } from '../../core/search/contract.ts';
import { MANIFEST_FILE, ReleaseManifestError, VERSION_FILE } from '../../core/search/manifest.ts';
import { fileProblem } from './check.ts';
import { errorCode, fsyncFolder, onDisk, writeWhole } from './durable.ts';
import {
  allFiles,
  parseManifest,
  ReleaseFileError,
  ReleaseRequestError,
  refuseBadName,
  refuseBadVersion,
  TEMPORARY_ENDING,
  versionFileBytes,
} from './manifest.ts';
import { type ReleaseWriter, releaseWriter, type StagedFile } from './writer.ts';

export { ReleaseManifestError } from '../../core/search/manifest.ts';
export { StoreIoError } from './durable.ts';
export { ReleaseFileError, ReleaseRequestError } from './manifest.ts';
export { sha256File } from './sha256.ts';
export type { ReleaseWriter } from './writer.ts';

export type SweepOptions = {
  /** How many published releases stay, the newest. */
  readonly keep: number;
  /** The one that is served; it stays whatever its age. */
  readonly current: number | null;
  /** The one that somebody is building or about to make current; it stays. */
  readonly liveVersion: number | null;
  /** Leftovers changed at or after this instant (epoch ms) stay; without it all go. */
  readonly leftoversBeforeMs?: number;
};

export type OpenedFile = {
  /** Bytes from an offset on. */
  piece(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
};

export type ReleaseStore = {
  /**
   * A writer for a version that is not published; leftovers of an earlier try are removed first. There is no lock here:
   * that one build of a version runs at a time is what the lease in the database is for.
   */
  begin(version: number): Promise<ReleaseWriter>;
  /** Versions with a readable manifest, newest first. Others are passed over; `verify` says what is wrong with them. */
  list(): Promise<readonly ReleaseManifest[]>;
  /** Versions that have a folder, be they published, readable or neither, newest first. */
  versions(): Promise<readonly number[]>;
  /**
   * The highest version that a folder has, be it published, readable or neither; 0 without one. A database that is younger
   * than the store gives its own releases higher numbers.
   */
  newestVersion(): Promise<number>;
  /** @throws ReleaseManifestError when it is missing, altered or of a newer format */
  manifest(version: number): Promise<ReleaseManifest>;
  /** Reads every file; returns what is wrong in words, nothing when all is well. */
  verify(version: number): Promise<readonly string[]>;
  /** A file's bytes, checked against the manifest. @throws ReleaseFileError, ReleaseManifestError */
  read(version: number, file: string): Promise<Uint8Array>;
  /** Checks a file like `read`, then gives any part of it. `close` it. @throws ReleaseFileError, ReleaseManifestError */
  open(version: number, file: string): Promise<OpenedFile>;
  path(version: number, file: string): string;
  /** Removes leftovers and releases beyond `keep`; returns what it removed in words. Unreadable manifests stay. */
  sweep(options: SweepOptions): Promise<readonly string[]>;
};

const FOLDER = 'releases';
const VERSION_NAME = /^[1-9][0-9]{0,14}$/;

/** A store in the folder `root`, which is made when needed: `releases/<version>/` and `faiss_version.json`. */
export function openReleaseStore(root: string): ReleaseStore {
  const releases = join(root, FOLDER);
  const folderOf = (version: number): string => {
    refuseBadVersion(version);
    return join(releases, String(version));
  };
  const path = (version: number, file: string): string => {
    refuseBadName(file);
    return join(folderOf(version), file);
  };

  async function versions(): Promise<readonly number[]> {
    const entries = await onDisk(releases, () => readdir(releases, { withFileTypes: true })).catch((error) => {
      if (errorCode(error) === 'ENOENT') return [];
      throw error;
    });
    const names = entries.filter((entry) => entry.isDirectory() && VERSION_NAME.test(entry.name));
    return names.map((entry) => Number(entry.name)).sort((a, b) => b - a);
  }

  async function manifest(version: number): Promise<ReleaseManifest> {
    let bytes: Uint8Array;
    try {
      bytes = await readFile(join(folderOf(version), MANIFEST_FILE));
    } catch (error) {
      const code = errorCode(error);
      if (code === null) throw error;
      const problem =
        code === 'ENOENT' ? `has no ${MANIFEST_FILE}: it was never published` : `is not readable (${code})`;
      const kind = code === 'ENOENT' ? 'missing' : 'damaged';
      throw new ReleaseManifestError(`release ${version} ${problem}`, kind, { cause: error });
    }
    return parseManifest(version, bytes);
  }

  async function list(): Promise<readonly ReleaseManifest[]> {
    const found: ReleaseManifest[] = [];
    for (const version of await versions()) {
      try {
        found.push(await manifest(version));
      } catch (error) {
        if (!(error instanceof ReleaseManifestError)) throw error;
      }
    }
    return found;
  }

  async function stageVersionFile(published: ReleaseManifest, token: string): Promise<StagedFile> {
    const previous = (await list()).find((other) => other.version < published.version);
    const bytes = versionFileBytes(published, previous?.caseCount ?? 0);
    const staged = join(root, `${VERSION_FILE}.${token}.staged${TEMPORARY_ENDING}`);
    await writeWhole(root, staged, join(root, `${VERSION_FILE}.${token}${TEMPORARY_ENDING}`), bytes);
    return {
      async put() {
        await onDisk(staged, () => rename(staged, join(root, VERSION_FILE)));
        await fsyncFolder(root);
      },
      discard: () => rm(staged, { force: true }),
    };
  }

  async function begin(version: number): Promise<ReleaseWriter> {
    const folder = folderOf(version);
    if (await exists(join(folder, MANIFEST_FILE))) {
      throw new ReleaseRequestError(`release ${version} is published and never changes; build the next version`);
    }
    await onDisk(folder, async () => {
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { recursive: true });
    });
    await fsyncFolder(root);
    await fsyncFolder(releases);
    const token = randomBytes(6).toString('hex');
    return releaseWriter({
      version,
      folder,
      token,
      stageVersionFile: (published) => stageVersionFile(published, token),
    });
  }

  async function verify(version: number): Promise<readonly string[]> {
    const problems: string[] = [];
    try {
      for (const entry of allFiles(await manifest(version))) {
        const problem = await fileProblem(path(version, entry.file), entry);
        if (problem !== null) problems.push(`release ${version}, ${entry.file}: ${problem}`);
      }
    } catch (error) {
      if (!(error instanceof ReleaseManifestError)) throw error;
      problems.push(error.message);
    }
    return problems;
  }

  async function entryOf(version: number, file: string): Promise<ReleaseFile> {
    const entry = allFiles(await manifest(version)).find((listed) => listed.file === file);
    if (entry === undefined) throw new ReleaseFileError(`release ${version} has no file ${file}`);
    return entry;
  }

  async function openFile(version: number, file: string): Promise<OpenedFile> {
    const source = path(version, file);
    const problem = await fileProblem(source, await entryOf(version, file));
    if (problem !== null) throw new ReleaseFileError(`release ${version}, ${file}: ${problem}`);
    const handle = await onDisk(source, () => open(source, 'r'));
    return {
      piece: (offset, length) => onDisk(source, () => pieceOf(handle, offset, length)),
      close: () => handle.close(),
    };
  }

  async function read(version: number, file: string): Promise<Uint8Array> {
    const source = path(version, file);
    const entry = await entryOf(version, file);
    // Asked before the memory is: a damaged manifest cannot make us allocate what the disk does not hold.
    const size = (await lstat(source).catch(() => null))?.size;
    const bytes = new Uint8Array(size === entry.bytes ? size : 0);
    const problem = await fileProblem(source, entry, (piece, offset) => bytes.set(piece, offset));
    if (problem !== null) throw new ReleaseFileError(`release ${version}, ${file}: ${problem}`);
    return bytes;
  }

  async function sweep(options: SweepOptions): Promise<readonly string[]> {
    const removed: string[] = [];
    const beforeMs = options.leftoversBeforeMs ?? Number.POSITIVE_INFINITY;
    let publishedSeen = 0;
    for (const version of await versions()) {
      const folder = folderOf(version);
      const published = await exists(join(folder, MANIFEST_FILE));
      if (published) publishedSeen += 1;
      if (version === options.liveVersion) continue;
      if (!published) {
        if ((await newestChangeMs(folder)) >= beforeMs) continue;
        removed.push(`release ${version}: never published`);
      } else if (publishedSeen > options.keep && version !== options.current) {
        // The manifest first: a sweep that is killed leaves an unpublished folder and not a damaged release.
        await onDisk(folder, () => rm(join(folder, MANIFEST_FILE), { force: true }));
        await fsyncFolder(folder);
        removed.push(`release ${version}: beyond the newest ${options.keep}`);
      } else {
        removed.push(...(await removeTemporary(folder, beforeMs)));
        continue;
      }
      await onDisk(folder, () => rm(folder, { recursive: true, force: true }));
      await fsyncFolder(releases);
    }
    // A live build stages the version file at the root, so those of others cannot be told from its own.
    if (options.liveVersion === null) removed.push(...(await removeTemporary(root, beforeMs)));
    return removed;
  }

  async function newestVersion(): Promise<number> {
    return (await versions())[0] ?? 0;
  }

  return { begin, list, versions, newestVersion, manifest, verify, read, open: openFile, path, sweep };
}

async function pieceOf(handle: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let filled = 0; filled < length; ) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled);
    if (bytesRead === 0)
      throw new ReleaseFileError(`a file of a release ended at byte ${offset + filled} while it was read`);
    filled += bytesRead;
  }
  return bytes;
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return false;
    return onDisk(path, () => Promise.reject(error));
  }
}

async function changeMs(path: string): Promise<number> {
  // Gone in the meantime: as old as can be.
  return (await lstat(path).catch(() => null))?.mtimeMs ?? 0;
}

/** The folder's own time does not move while a file in it grows. */
async function newestChangeMs(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const times = await Promise.all([folder, ...names.map((name) => join(folder, name))].map(changeMs));
  return Math.max(...times);
}

async function removeTemporary(folder: string, beforeMs: number): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    if (!name.endsWith(TEMPORARY_ENDING) || (await changeMs(path)) >= beforeMs) continue;
    await onDisk(path, () => rm(path, { force: true }));
    removed.push(`${path}: temporary`);
  }
  return removed;
}
