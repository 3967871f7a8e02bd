import { distillateOf } from '../cases/distillate.ts';
import { gunzip, gzip } from '../gzip.ts';
import { sha256Hex } from '../hash.ts';
import { arrayOf, packArrays, ReleaseFormatError, unpackArrays } from './binary.ts';
import type { ReleaseCase } from './contract.ts';

/** A case as a release gives it back: all but its vectors. */
export type StoredCase = Omit<ReleaseCase, 'vectors'>;

/** A block closes at whichever comes first; one case is read by inflating one block. */
const BLOCK_CASES = 64;
const BLOCK_CHARS = 65_536;
/** Inflated blocks that are kept where nothing else is said: all of some 10,000 abstracts. */
const CACHED_BYTES_MAX = 32 * 2 ** 20;
const LINE_FEED = 10;

export type ArchiveBuilder = {
  /** Resolves to the gzip member that this case completes, if it does. */
  add(stored: StoredCase): Promise<Uint8Array | null>;
  /**
   * The last member, if any, the bytes of `cases.idx`, and a hash of the cases themselves: gzip gives other bytes for the same
   * text from one zlib to the next, so what names a corpus must not be taken from them.
   */
  finish(): Promise<{ member: Uint8Array | null; index: Uint8Array; textHash: string }>;
};

/** Writes `cases.jsonl.gz` as gzip members (RFC 1952, section 2.2: any gunzip reads them as one file) with an index of them. */
export function createArchiveBuilder(): ArchiveBuilder {
  let lines: string[] = [];
  let chars = 0;
  let bytesWritten = 0;
  let casesWritten = 0;
  let textHash = '';
  const firstCases: number[] = [];
  const offsets: number[] = [];
  const close = async (): Promise<Uint8Array | null> => {
    if (lines.length === 0) return null;
    const block = lines.join('');
    textHash = await sha256Hex(`${textHash}\n${await sha256Hex(block)}`);
    const member = await gzip(new TextEncoder().encode(block));
    firstCases.push(casesWritten);
    offsets.push(bytesWritten);
    casesWritten += lines.length;
    bytesWritten += member.length;
    lines = [];
    chars = 0;
    return member;
  };
  return {
    async add(stored) {
      const line = `${JSON.stringify(stored)}\n`;
      lines.push(line);
      chars += line.length;
      return lines.length >= BLOCK_CASES || chars >= BLOCK_CHARS ? close() : null;
    },
    async finish() {
      const member = await close();
      const index = packArrays({
        firstCases: Uint32Array.from([...firstCases, casesWritten]),
        offsets: Float64Array.from([...offsets, bytesWritten]),
      });
      return { member, index, textHash };
    },
  };
}

/** Bytes `from` to `to` of `cases.jsonl.gz`. */
export type ArchiveRange = (from: number, to: number) => Uint8Array | Promise<Uint8Array>;

/**
 * Reads the case of an ordinal from an archive of `bytes` bytes. Keeps the last few blocks inflated, `keptMax` bytes of them. What comes is
 * checked by the sum that each member ends with. Throws `ReleaseFormatError`.
 */
export function openArchive(
  index: Uint8Array,
  bytes: number,
  range: ArchiveRange,
  keptMax = CACHED_BYTES_MAX,
): (ordinal: number) => Promise<StoredCase> {
  const unpacked = unpackArrays('cases.idx', index);
  const firstCases = arrayOf(unpacked, 'firstCases', Uint32Array);
  const offsets = arrayOf(unpacked, 'offsets', Float64Array);
  if ((offsets.at(-1) ?? 0) !== bytes) {
    throw new ReleaseFormatError(`cases.jsonl.gz: expected ${offsets.at(-1)} bytes, found ${bytes}`);
  }
  const cached = new Map<number, Uint8Array>();
  let cachedBytes = 0;
  const read = async (block: number): Promise<Uint8Array> => {
    const from = offsets[block] ?? 0;
    const member = await range(from, offsets[block + 1] ?? 0);
    try {
      return await gunzip(member);
    } catch {
      throw new ReleaseFormatError(`cases.jsonl.gz: the member at byte ${from} is damaged`);
    }
  };
  // Bytes are kept and not promises: an edge isolate may not wait for what another request began.
  const inflated = async (block: number): Promise<Uint8Array> => {
    const bytes = cached.get(block) ?? (await read(block));
    if (!cached.delete(block)) cachedBytes += bytes.length;
    cached.set(block, bytes);
    for (const [oldest, { length }] of cached) {
      if (cachedBytes <= keptMax) break;
      cached.delete(oldest);
      cachedBytes -= length;
    }
    return bytes;
  };
  return async (ordinal) => {
    let low = 0;
    let high = firstCases.length - 2;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((firstCases[middle] ?? 0) <= ordinal) low = middle;
      else high = middle - 1;
    }
    const bytes = await inflated(low);
    let start = 0;
    for (let skip = ordinal - (firstCases[low] ?? 0); skip > 0; skip -= 1) start = bytes.indexOf(LINE_FEED, start) + 1;
    const end = bytes.indexOf(LINE_FEED, start);
    if (end < start) throw new ReleaseFormatError(`cases.jsonl.gz: case ${ordinal} is missing`);
    const stored = JSON.parse(new TextDecoder().decode(bytes.subarray(start, end))) as StoredCase;
    return { ...stored, distillate: distillateOf(stored.distillate) };
  };
}
