import { constants } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename } from 'node:path';

/**
 * The disk or the folder failed: `code` is the system's (ENOSPC, EIO, EACCES …), `remedy` says what to do. The message may
 * be shown to anybody, so it has the name alone; the whole path is in `path`.
 */
export class StoreIoError extends Error {
  override readonly name = 'StoreIoError';
  readonly path: string;
  readonly code: string;
  readonly remedy: string;
  constructor(path: string, code: string, cause: unknown) {
    const remedy = REMEDIES[code] ?? 'look at the disk and its mount';
    super(`${basename(path)}: ${code}; ${remedy}`, { cause });
    this.path = path;
    this.code = code;
    this.remedy = remedy;
  }
}

const FREE_SPACE = 'free space (in STORE_DIR/releases all but the newest folders may be deleted) and run again';

const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: `the disk is full: ${FREE_SPACE}`,
  EDQUOT: `the disk quota is used up: ${FREE_SPACE}`,
  EIO: 'the disk reports an error: what was being written is thrown away; check the disk, then run again',
  EROFS: 'the file system is read-only: mount it writable or set STORE_DIR to another folder',
  EACCES: 'this user may not write here: set the rights of the folder or set STORE_DIR to another one',
  EPERM: 'this user may not write here: set the rights of the folder or set STORE_DIR to another one',
  EMFILE: 'too many open files: raise the limit (ulimit -n) and run again',
  ENFILE: 'too many open files on this machine: close some programs and run again',
  ENOENT: 'it is gone: another process has removed it; run again',
};

export function errorCode(error: unknown): string | null {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return typeof code === 'string' ? code : null;
}

/** Runs `act` and turns a system error into a StoreIoError about `path`; other errors pass as they are. */
export async function onDisk<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const code = errorCode(error);
    if (code === null || error instanceof StoreIoError) throw error;
    throw new StoreIoError(path, code, error);
  }
}

/** Where a folder cannot be synced as such: object-store mounts and Windows say so with one of these. */
const NOT_FOR_FOLDERS = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EISDIR', 'EPERM']);

/** Makes names in a folder survive a power cut. On a mount that has no such thing it does nothing. */
export async function fsyncFolder(path: string): Promise<void> {
  const ignoreUnsupported = (error: unknown): void => {
    if (!NOT_FOR_FOLDERS.has(errorCode(error) ?? '')) throw error;
  };
  await onDisk(path, async () => {
    const folder = await open(path, constants.O_RDONLY).catch(ignoreUnsupported);
    if (folder === undefined) return;
    await folder
      .sync()
      .catch(ignoreUnsupported)
      .finally(() => folder.close());
  });
}

/**
 * Writes a small file whole or not at all: `temporaryPath`, fsync, rename to `path`, fsync of the folder. An error
 * leaves the old file as it was and no temporary one. A failed fsync is never tried again: the kernel may have dropped
 * the pages and would report success (fsyncgate).
 */
export async function writeWhole(
  folder: string,
  path: string,
  temporaryPath: string,
  bytes: Uint8Array,
): Promise<void> {
  await onDisk(path, async () => {
    try {
      const file = await open(temporaryPath, 'wx');
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporaryPath, path);
    } catch (error) {
      await rm(temporaryPath, { force: true });
      throw error;
    }
  });
  await fsyncFolder(folder);
}
