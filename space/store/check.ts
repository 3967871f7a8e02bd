import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { ReleaseFile } from '../../core/search/contract.ts';
import { errorCode } from './durable.ts';

const READ_BYTES = 4 * 1024 * 1024;

/** Opens a file to read; a link is not followed, since it may lead out of the release. */
function openRegular(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
}

function openProblem(error: unknown): string {
  const code = errorCode(error);
  if (code === 'ENOENT') return 'missing';
  if (code === 'ELOOP' || code === 'EISDIR') return 'not a regular file';
  if (code === null) throw error;
  return `not readable (${code})`;
}

/**
 * Reads a file in pieces and compares it with the manifest's line. Returns what is wrong in words, or null; `take` gets
 * each piece with its offset before the verdict is known, so what it collects is good only when null comes back.
 */
export async function fileProblem(
  path: string,
  expected: ReleaseFile,
  take: (piece: Uint8Array, offset: number) => void = () => {},
): Promise<string | null> {
  let handle: FileHandle;
  try {
    handle = await openRegular(path);
  } catch (error) {
    return openProblem(error);
  }
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) return 'not a regular file';
    if (stat.size !== expected.bytes) return `${stat.size} bytes where the manifest says ${expected.bytes}`;
    const hash = createHash('sha256');
    const buffer = new Uint8Array(Math.min(READ_BYTES, Math.max(1, expected.bytes)));
    for (let offset = 0; offset < expected.bytes; ) {
      const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, expected.bytes - offset), offset);
      if (bytesRead === 0) return `it ended at byte ${offset} while it was read`;
      const piece = buffer.subarray(0, bytesRead);
      hash.update(piece);
      take(piece, offset);
      offset += bytesRead;
    }
    return hash.digest('hex') === expected.sha256 ? null : 'its content is not what the manifest says (sha256 differs)';
  } catch (error) {
    return openProblem(error);
  } finally {
    await handle.close();
  }
}
