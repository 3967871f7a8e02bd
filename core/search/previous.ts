import { VIEWS, type View } from '../../schema/vocabulary.ts';
import { DIMENSION } from '../models/ports.ts';
import { type ArchiveLines, archiveLines, type Pieces } from './archive.ts';
import {
  arrayOf,
  asOrdinals,
  Growing,
  packArrays,
  packStrings,
  ReleaseFormatError,
  unpackArrays,
  unpackStrings,
} from './binary.ts';
import { type Cards, readCards } from './cards.ts';
import type { ReleaseManifest } from './contract.ts';
import { rowsByCase } from './dense.ts';
import { ORIGINS_FILE } from './release-files.ts';

/** The files of an earlier release, checked against their hashes before. */
export type ReleaseSource = {
  /** A file whole. */
  read(file: string): Promise<Uint8Array>;
  /** A file in pieces. */
  pieces(file: string): Promise<Pieces>;
};

/** What the next release can take over from an earlier one. */
export type PreviousRelease = {
  readonly version: number;
  readonly cards: Cards;
  readonly lexical: Uint8Array;
  readonly findings: Uint8Array;
  readonly archive: ArchiveLines;
  /** The ordinal of a case that was made of exactly this; null where there is none. */
  unchanged(key: {
    readonly caseId: string;
    readonly fingerprint: string;
    readonly withheld: string | null;
  }): number | null;
  origin(ordinal: number): Origin;
  /** Its vector in a view; null where it has none. Fastest where cases are asked for by ascending ordinal. */
  vector(view: View, ordinal: number): Promise<Float32Array | null>;
};

/** What a case of a release was made of: a hash of all that the database holds of it, and why its text may not be shown. */
export type Origin = { readonly fingerprint: string; readonly withheld: string | null };

const FINGERPRINT_CHARS = 64;
const NOT_KNOWN = '-'.repeat(FINGERPRINT_CHARS);

/** Takes case 0, 1, 2 … and gives the bytes of the file of origins; `code` names the code that made the release. */
export function createOriginsBuilder(code: string): {
  add(origin: { readonly fingerprint?: string | undefined; readonly withheld?: string | null | undefined }): void;
  finish(): Uint8Array;
} {
  const fingerprints: string[] = [];
  const reasons: string[] = [];
  const withheld = new Growing((length) => new Uint16Array(length));
  return {
    add(origin) {
      fingerprints.push(origin.fingerprint ?? NOT_KNOWN);
      const reason = origin.withheld ?? null;
      if (reason !== null && !reasons.includes(reason)) reasons.push(reason);
      withheld.push(reason === null ? 0 : reasons.indexOf(reason) + 1);
    },
    finish: () =>
      packArrays({
        code: packStrings([code]),
        fingerprints: new TextEncoder().encode(fingerprints.join('')),
        withheld: withheld.taken(),
        reasons: packStrings(reasons),
      }),
  };
}

/** Rows of a view that are read at once. */
const ROWS_READ = 512;

/**
 * Opens an earlier release to build the next from. Throws `ReleaseFormatError` where that cannot be: other code made it, it does not say
 * what its cases were made of, or its files do not fit each other.
 */
export async function openPrevious(
  manifest: ReleaseManifest,
  source: ReleaseSource,
  code: string,
): Promise<PreviousRelease> {
  if (!manifest.files.some(({ file }) => file === ORIGINS_FILE))
    throw new ReleaseFormatError(`release ${manifest.version} does not say what its cases were made of`);
  const origins = unpackArrays(ORIGINS_FILE, await source.read(ORIGINS_FILE));
  if (new TextDecoder().decode(arrayOf(origins, 'code', Uint8Array)) !== code)
    throw new ReleaseFormatError(`release ${manifest.version} was made by other code`);
  const fingerprints = new TextDecoder().decode(arrayOf(origins, 'fingerprints', Uint8Array));
  const withheld = arrayOf(origins, 'withheld', Uint16Array);
  const reasons = unpackStrings(arrayOf(origins, 'reasons', Uint8Array), withheld.some((place) => place > 0) ? 1 : 0);
  const cards = readCards(await source.read('cards.bin'));
  if (fingerprints.length !== cards.count * FINGERPRINT_CHARS || withheld.length !== cards.count)
    throw new ReleaseFormatError(`${ORIGINS_FILE}: expected ${cards.count} cases`);
  const origin = (ordinal: number): Origin => ({
    fingerprint: fingerprints.slice(ordinal * FINGERPRINT_CHARS, (ordinal + 1) * FINGERPRINT_CHARS),
    withheld: reasons[(withheld[ordinal] ?? 0) - 1] ?? null,
  });
  const vectors = new Map<View, (ordinal: number) => Promise<Float32Array | null>>();
  for (const view of VIEWS) {
    const rows = asOrdinals(`${view}.rows`, await source.read(`${view}.rows`));
    vectors.set(view, rowReader(rows, cards.count, await source.pieces(`${view}.f32`)));
  }
  return {
    version: manifest.version,
    cards,
    lexical: await source.read('lexical.bin'),
    findings: await source.read('findings.bin'),
    archive: archiveLines(await source.read('cases.idx'), await source.pieces('cases.jsonl.gz')),
    unchanged(key) {
      const ordinal = cards.ordinalOf(key.caseId);
      if (ordinal === undefined) return null;
      const was = origin(ordinal);
      return was.fingerprint === key.fingerprint && was.withheld === key.withheld ? ordinal : null;
    },
    origin,
    vector: async (view, ordinal) => (await vectors.get(view)?.(ordinal)) ?? null,
  };
}

function rowReader(rows: Uint32Array, caseCount: number, pieces: Pieces) {
  const rowOf = rowsByCase(rows, caseCount);
  const rowBytes = 4 * DIMENSION;
  let first = 0;
  let held = new Float32Array(0);
  return async (ordinal: number): Promise<Float32Array | null> => {
    const row = rowOf[ordinal] ?? -1;
    if (row < 0) return null;
    if (row < first || (row + 1 - first) * DIMENSION > held.length) {
      const count = Math.min(ROWS_READ, rows.length - row);
      const bytes = await pieces(row * rowBytes, count * rowBytes);
      held = new Float32Array(bytes.slice().buffer);
      first = row;
    }
    return held.subarray((row - first) * DIMENSION, (row - first + 1) * DIMENSION);
  };
}
