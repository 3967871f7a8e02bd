import { distillateOf } from '../cases/distillate.ts';
import { gunzip, gzip } from '../gzip.ts';
import { sha256Hex } from '../hash.ts';
import { hashOf } from '../models/builtin-numbers.ts';
import { arrayOf, Growing, packArrays, ReleaseFormatError, unpackArrays } from './binary.ts';
import type { ReleaseCase } from './contract.ts';

/** A case as a release gives it back: all but its vectors. */
export type StoredCase = Omit<ReleaseCase, 'vectors' | 'fingerprint'>;

/** A block closes at whichever comes first; one case is read by inflating one block. */
const BLOCK_CASES = 64;
const BLOCK_CHARS = 65_536;
/**
 * After one case in so many a block closes by the case's id alone, so that what is put in or taken out changes the blocks up to the next
 * such case and no further, and the next release takes the others over as they are.
 */
const ENDS_ONE_IN = 8;
const ENDS_SEED = 0xb10c;
/** Inflated blocks that are kept where nothing else is said: all of some 10,000 abstracts. */
const CACHED_BYTES_MAX = 32 * 2 ** 20;
const LINE_FEED = 10;

/** The lines of an earlier archive, by the ordinals that its cases had. */
export type ArchiveLines = {
  /** UTF-16 length of a case's line, its line feed included. */
  chars(ordinal: number): number;
  line(ordinal: number): Promise<string>;
  /** The block that consists of exactly these cases, in this order; null where there is none. */
  block(ordinals: readonly number[]): Promise<{ readonly member: Uint8Array; readonly hash: string } | null>;
};

export type ArchiveBuilder = {
  /** Resolves to the gzip member that this case completes, if it does. */
  add(stored: StoredCase): Promise<Uint8Array | null>;
  /** The same for a case whose line stands unchanged in the earlier archive. */
  take(caseId: string, ordinal: number): Promise<Uint8Array | null>;
  /**
   * The last member, if any, the bytes of `cases.idx`, and a hash of the cases themselves: gzip gives other bytes for the same
   * text from one zlib to the next, so what names a corpus must not be taken from them.
   */
  finish(): Promise<{ member: Uint8Array | null; index: Uint8Array; textHash: string }>;
};

/** Writes `cases.jsonl.gz` as gzip members (RFC 1952, section 2.2: any gunzip reads them as one file) with an index of them. */
export function createArchiveBuilder(earlier: ArchiveLines | null = null): ArchiveBuilder {
  /** What the block at hand holds: lines, and ordinals of lines of the earlier archive. */
  let held: (string | number)[] = [];
  let chars = 0;
  let bytesWritten = 0;
  let textHash = '';
  const lengths = new Growing((length) => new Uint32Array(length));
  const firstCases: number[] = [];
  const offsets: number[] = [];
  const hashes: string[] = [];
  const lineOf = async (one: string | number): Promise<string> => {
    if (typeof one === 'string') return one;
    if (!earlier) throw new Error('a line was taken over from no archive');
    return earlier.line(one);
  };
  const closed = async (): Promise<{ readonly member: Uint8Array; readonly hash: string }> => {
    const taken = held.filter((one) => typeof one === 'number');
    const whole = taken.length === held.length ? await earlier?.block(taken) : null;
    if (whole) return whole;
    const lines: string[] = [];
    for (const one of held) lines.push(await lineOf(one));
    const block = lines.join('');
    return { member: await gzip(new TextEncoder().encode(block)), hash: await sha256Hex(block) };
  };
  const close = async (): Promise<Uint8Array | null> => {
    if (held.length === 0) return null;
    const { member, hash } = await closed();
    textHash = await sha256Hex(`${textHash}\n${hash}`);
    hashes.push(hash);
    firstCases.push(lengths.length - held.length);
    offsets.push(bytesWritten);
    bytesWritten += member.length;
    held = [];
    chars = 0;
    return member;
  };
  const put = async (caseId: string, one: string | number, length: number): Promise<Uint8Array | null> => {
    held.push(one);
    lengths.push(length);
    chars += length;
    const ends = held.length >= BLOCK_CASES || chars >= BLOCK_CHARS || hashOf(caseId, ENDS_SEED) % ENDS_ONE_IN === 0;
    return ends ? close() : null;
  };
  return {
    add(stored) {
      const line = `${JSON.stringify(stored)}\n`;
      return put(stored.caseId, line, line.length);
    },
    take: (caseId, ordinal) => put(caseId, ordinal, earlier?.chars(ordinal) ?? 0),
    async finish() {
      const member = await close();
      const index = packArrays({
        firstCases: Uint32Array.from([...firstCases, lengths.length]),
        offsets: Float64Array.from([...offsets, bytesWritten]),
        chars: lengths.taken(),
        hashes: new TextEncoder().encode(hashes.join('')),
      });
      return { member, index, textHash };
    },
  };
}

/** Gives bytes of a file from an offset on. */
export type Pieces = (offset: number, length: number) => Promise<Uint8Array>;
const HASH_CHARS = 64;

/** The lines of an archive whose cases are asked for by ascending ordinal. Throws `ReleaseFormatError` for one without what that takes. */
export function archiveLines(index: Uint8Array, archive: Pieces): ArchiveLines {
  const unpacked = unpackArrays('cases.idx', index);
  const firstCases = arrayOf(unpacked, 'firstCases', Uint32Array);
  const offsets = arrayOf(unpacked, 'offsets', Float64Array);
  const chars = arrayOf(unpacked, 'chars', Uint32Array);
  const hashes = new TextDecoder().decode(arrayOf(unpacked, 'hashes', Uint8Array));
  let inflated: { readonly block: number; readonly lines: readonly string[] } | null = null;
  const memberOf = (block: number): Promise<Uint8Array> => {
    const from = offsets[block] ?? 0;
    return archive(from, (offsets[block + 1] ?? 0) - from);
  };
  const blockOf = (ordinal: number): number => lastAtMost(firstCases, ordinal);
  return {
    chars: (ordinal) => chars[ordinal] ?? 0,
    async line(ordinal) {
      const block = blockOf(ordinal);
      if (inflated?.block !== block) {
        const text = new TextDecoder().decode(await gunzip(await memberOf(block)));
        inflated = { block, lines: text.split('\n') };
      }
      const line = inflated.lines[ordinal - (firstCases[block] ?? 0)];
      if (line === undefined) throw new ReleaseFormatError(`cases.jsonl.gz: case ${ordinal} is missing`);
      return `${line}\n`;
    },
    async block(ordinals) {
      const [first = 0] = ordinals;
      const block = blockOf(first);
      const whole =
        firstCases[block] === first &&
        firstCases[block + 1] === first + ordinals.length &&
        ordinals.every((ordinal, i) => ordinal === first + i);
      if (!whole) return null;
      return { member: await memberOf(block), hash: hashes.slice(block * HASH_CHARS, (block + 1) * HASH_CHARS) };
    },
  };
}

/** The last place but one whose value is at most `value`; values ascend. */
function lastAtMost(ascending: Uint32Array, value: number): number {
  let low = 0;
  let high = ascending.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((ascending[middle] ?? 0) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
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
    const block = lastAtMost(firstCases, ordinal);
    const bytes = await inflated(block);
    let start = 0;
    for (let skip = ordinal - (firstCases[block] ?? 0); skip > 0; skip -= 1)
      start = bytes.indexOf(LINE_FEED, start) + 1;
    const end = bytes.indexOf(LINE_FEED, start);
    if (end < start) throw new ReleaseFormatError(`cases.jsonl.gz: case ${ordinal} is missing`);
    const stored = JSON.parse(new TextDecoder().decode(bytes.subarray(start, end))) as StoredCase;
    return { ...stored, distillate: distillateOf(stored.distillate) };
  };
}
