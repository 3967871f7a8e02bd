import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReleaseFile, ReleaseManifest, ReleaseSink } from '../../core/search/contract.ts';
import { MANIFEST_FILE } from '../../core/search/manifest.ts';
import { fileProblem } from './check.ts';
import { fsyncFolder, onDisk, writeWhole } from './durable.ts';
import {
  allFiles,
  manifestBytes,
  ReleaseFileError,
  ReleaseRequestError,
  refuseBadName,
  TEMPORARY_ENDING,
} from './manifest.ts';
import { sha256File } from './sha256.ts';

export type ReleaseWriter = ReleaseSink & {
  /**
   * Makes what was appended durable under its final names; returns all finished files sorted by name. A file that is
   * finished takes no more bytes; further files may follow, and another `finish`.
   */
  finish(): Promise<readonly ReleaseFile[]>;
  /** Hashes a file that another process wrote into the folder, makes it durable, and counts it in. */
  record(file: string): Promise<ReleaseFile>;
  /**
   * Reads every listed file once more, then writes the manifest: from then on the release exists. Also renews
   * `faiss_version.json` at the store's root. @throws ReleaseFileError when the manifest and the folder disagree
   */
  publish(manifest: ReleaseManifest): Promise<void>;
  /** Removes all of it, unless it has been published. May be called at any time, and twice. */
  abandon(): Promise<void>;
  readonly folder: string;
};

type OpenFile = { readonly handle: FileHandle; readonly temporary: string; readonly hash: Hash; bytes: number };

export type StagedFile = { put(): Promise<void>; discard(): Promise<void> };

export type WriterOptions = {
  readonly version: number;
  readonly folder: string;
  /** Part of temporary names, so that a writer that was given up cannot rename another one's files. */
  readonly token: string;
  /** Writes the store's version file beside its place. */
  readonly stageVersionFile: (manifest: ReleaseManifest) => Promise<StagedFile>;
};

async function writeFully(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    written += (await handle.write(bytes, written, bytes.length - written)).bytesWritten;
  }
}

const byName = (a: ReleaseFile, b: ReleaseFile): number => (a.file < b.file ? -1 : 1);

/** A writer for a folder that exists and is empty. */
export function releaseWriter({ version, folder, token, stageVersionFile }: WriterOptions): ReleaseWriter {
  const opened = new Map<string, OpenFile>();
  const finished = new Map<string, ReleaseFile>();
  let state: 'open' | 'published' | 'abandoned' = 'open';
  let failure: Error | null = null;
  let tail: Promise<unknown> = Promise.resolve();

  /** Acts take turns, so that bytes land in the order of the calls; after a failed one all others fail alike. */
  function inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = tail.then(async () => {
      if (state !== 'open') throw new ReleaseRequestError(`release ${version} is ${state}: this writer is done`);
      if (failure !== null) throw failure;
      return act();
    });
    tail = turn.catch(() => {});
    return turn;
  }

  async function discardTemporary(): Promise<void> {
    for (const { handle, temporary } of opened.values()) {
      await handle.close().catch(() => {});
      await rm(temporary, { force: true }).catch(() => {});
    }
    opened.clear();
  }

  /** A disk error ends the writer: what the disk holds of the files is unknown, so none of it is kept. */
  async function diskAct<T>(path: string, act: () => Promise<T>): Promise<T> {
    try {
      return await onDisk(path, act);
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      await discardTemporary();
      throw error;
    }
  }

  async function openNew(file: string): Promise<OpenFile> {
    if (finished.has(file)) throw new ReleaseRequestError(`${file} of release ${version} is finished already`);
    const temporary = join(folder, `${file}.${token}${TEMPORARY_ENDING}`);
    const handle = await diskAct(temporary, () => open(temporary, 'wx'));
    const entry = { handle, temporary, hash: createHash('sha256'), bytes: 0 };
    opened.set(file, entry);
    return entry;
  }

  async function finishOne(file: string, entry: OpenFile): Promise<void> {
    await diskAct(entry.temporary, async () => {
      await entry.handle.sync();
      await entry.handle.close();
      await rename(entry.temporary, join(folder, file));
    });
    opened.delete(file);
    finished.set(file, { file, bytes: entry.bytes, sha256: entry.hash.digest('hex') });
  }

  async function refuseDisagreement(manifest: ReleaseManifest): Promise<void> {
    const fail = (problem: string): never => {
      throw new ReleaseFileError(`release ${version} is not published: ${problem}`);
    };
    if (manifest.version !== version) fail(`its manifest says version ${manifest.version}`);
    if (opened.size > 0) fail(`${[...opened.keys()].join(', ')} not finished`);
    const listed = allFiles(manifest);
    const names = new Set(listed.map((entry) => entry.file));
    if (names.size !== listed.length) fail('its manifest lists a file twice');
    const unlisted = [...finished.keys()].filter((file) => !names.has(file));
    if (unlisted.length > 0) fail(`its manifest does not list ${unlisted.join(', ')}`);
    for (const entry of listed) {
      if (!finished.has(entry.file)) fail(`${entry.file} was neither written nor recorded`);
      const problem = await fileProblem(join(folder, entry.file), entry);
      if (problem !== null) fail(`${entry.file}: ${problem}`);
    }
  }

  return {
    folder,
    append(file, bytes) {
      return inTurn(async () => {
        refuseBadName(file);
        if (file === MANIFEST_FILE) throw new ReleaseRequestError(`${MANIFEST_FILE} is written by publish`);
        const entry = opened.get(file) ?? (await openNew(file));
        await diskAct(entry.temporary, () => writeFully(entry.handle, bytes));
        entry.hash.update(bytes);
        entry.bytes += bytes.length;
      });
    },
    finish() {
      return inTurn(async () => {
        for (const [file, entry] of [...opened]) await finishOne(file, entry);
        await diskAct(folder, () => fsyncFolder(folder));
        return [...finished.values()].sort(byName);
      });
    },
    record(file) {
      return inTurn(async () => {
        refuseBadName(file);
        const path = join(folder, file);
        if (file === MANIFEST_FILE || opened.has(file))
          throw new ReleaseRequestError(`${file} is written by this writer`);
        return diskAct(path, async () => {
          const handle = await open(path, 'r+');
          await handle.sync().finally(() => handle.close());
          await fsyncFolder(folder);
          const entry = { file, bytes: (await stat(path)).size, sha256: await sha256File(path) };
          finished.set(file, entry);
          return entry;
        });
      });
    },
    publish(manifest) {
      return inTurn(async () => {
        await refuseDisagreement(manifest);
        await diskAct(folder, async () => {
          // Written before the manifest, put in place after it: a full disk shows before anything is public.
          const versionFile = await stageVersionFile(manifest);
          const path = join(folder, MANIFEST_FILE);
          try {
            await writeWhole(folder, path, `${path}.${token}${TEMPORARY_ENDING}`, manifestBytes(manifest));
          } catch (error) {
            // Renamed but with its folder not synced, it could vanish in a power cut after somebody has relied on it.
            await rm(path, { force: true });
            await versionFile.discard();
            throw error;
          }
          state = 'published';
          await versionFile.put();
        });
      });
    },
    async abandon() {
      // Not in turn with the failure: this is what one calls after a failure. Still after whatever is running.
      await tail;
      if (state !== 'open') return;
      state = 'abandoned';
      await discardTemporary();
      await onDisk(folder, () => rm(folder, { recursive: true, force: true }));
    },
  };
}
