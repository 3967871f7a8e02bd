import { sha256Hex } from '../../core/hash.ts';
import type { ReleaseFile, ReleaseManifest } from '../../core/search/contract.ts';
import { CODED_ROW_BYTES } from '../../core/search/kernel/codes.ts';
import {
  MANIFEST_FILE,
  newestVersion,
  ReleaseManifestError,
  sealedManifest,
  VERSION_FILE,
} from '../../core/search/manifest.ts';
import { openRelease, type Release, type ReleaseAccess } from '../../core/search/release.ts';
import { VIEWS } from '../../schema/vocabulary.ts';
import { fill, type ReleaseSource, ReleaseSourceError } from './source.ts';

/** A file of a release is missing, short or altered. */
export class ReleaseFileError extends Error {
  override readonly name = 'ReleaseFileError';
}

/** Neither pointer nor manifest comes near this. */
const SMALL_BYTES_MAX = 1024 * 1024;
const ARCHIVE = 'cases.jsonl.gz';
/** Inflated members of the archive that an isolate keeps. */
const CASES_KEPT_BYTES = 4 * 2 ** 20;

export const pathOf = (version: number, file: string): string => `releases/${version}/${file}`;

/** Which release the store names as its newest, as last read. */
export type Newest = { readonly version: number; readonly etag: string | null };

/** @throws ReleaseSourceError, ReleaseManifestError */
export async function readNewest(source: ReleaseSource, known: Newest | null): Promise<Newest> {
  const found = await readSmall(source, VERSION_FILE, known?.etag);
  if (found === 'same' && known) return known;
  if (found === null || found === 'same') throw new ReleaseManifestError(`the store has no ${VERSION_FILE}`);
  return { version: newestVersion(found.bytes), etag: found.etag };
}

/** @throws ReleaseSourceError, ReleaseManifestError */
export async function readManifest(source: ReleaseSource, version: number): Promise<ReleaseManifest> {
  const found = await readSmall(source, pathOf(version, MANIFEST_FILE));
  if (found === null || found === 'same') {
    throw new ReleaseManifestError(`release ${version} has no ${MANIFEST_FILE}: it was never published`, 'missing');
  }
  const sealed = sealedManifest(version, found.bytes);
  if ((await sha256Hex(sealed.covered)) !== sealed.sha256) {
    throw new ReleaseManifestError(`release ${version}: ${MANIFEST_FILE} is altered: its own sha256 does not fit`);
  }
  return sealed.open();
}

async function readSmall(source: ReleaseSource, path: string, knownEtag?: string | null) {
  const found = await source.open(path, knownEtag);
  if (found === null || found === 'same') return found;
  const room = new Uint8Array(Math.min(found.size ?? SMALL_BYTES_MAX, SMALL_BYTES_MAX));
  return { bytes: room.subarray(0, await fill(path, found.body, room)), etag: found.etag };
}

/** `ranged` is false where the store gives no parts of files: then the cases are held whole, and no vector is read. */
export type OpenedRelease = { readonly release: Release; readonly ranged: boolean };

/**
 * Opens a release. What it holds in memory is compared with the manifest before it is used; what it reads in parts, vectors and cases,
 * with what it holds (`vectors.ts`) and with the sums of the archive. @throws also ReleaseFileError, ReleaseFormatError
 */
export async function openFrom(
  source: ReleaseSource,
  manifest: ReleaseManifest,
  kernel: WebAssembly.Module,
): Promise<OpenedRelease> {
  const archive = listedIn(manifest, ARCHIVE);
  const path = pathOf(manifest.version, ARCHIVE);
  const ranged = archive.bytes === 0 || (await givesParts(source, path, archive.bytes));
  const access: ReleaseAccess = {
    vectors: () => {
      throw new Error('vectors are read by the request that needs them');
    },
    readInto: (file, into) => readInto(source, manifest, file, into),
    ...(ranged && { range: (_, from, to) => source.part(path, from, to - from, archive.bytes) }),
    casesKept: CASES_KEPT_BYTES,
  };
  // An isolate is short of memory before it is short of time: no room for sign bits, every answer is exact.
  const never = Number.POSITIVE_INFINITY;
  const release = await openRelease(manifest, (file) => readFile(source, manifest, file), kernel, access, never);
  return { release, ranged };
}

async function givesParts(source: ReleaseSource, path: string, size: number): Promise<boolean> {
  try {
    await source.part(path, 0, 1, size);
    return true;
  } catch (error) {
    if (error instanceof ReleaseSourceError) return false;
    throw error;
  }
}

function listedIn(manifest: ReleaseManifest, file: string): ReleaseFile {
  const listed = manifest.files.find((one) => one.file === file);
  if (listed) return listed;
  throw new ReleaseFileError(`release ${manifest.version}, ${file}: the manifest does not list it`);
}

async function readFile(source: ReleaseSource, manifest: ReleaseManifest, file: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(listedIn(manifest, file).bytes);
  await readInto(source, manifest, file, bytes);
  return bytes;
}

/** @throws ReleaseFileError where it is not what the manifest says; what stands in `into` is then of no use */
async function readInto(
  source: ReleaseSource,
  manifest: ReleaseManifest,
  file: string,
  into: Uint8Array,
): Promise<void> {
  const fail = (problem: string): never => {
    throw new ReleaseFileError(`release ${manifest.version}, ${file}: ${problem}`);
  };
  const { bytes, sha256 } = listedIn(manifest, file);
  if (into.byteLength !== bytes) return fail(`${bytes} bytes where its rows take ${into.byteLength}`);
  const path = pathOf(manifest.version, file);
  const found = await source.open(path);
  if (found === null || found === 'same') return fail('missing');
  const filled = await fill(path, found.body, into);
  if (filled !== bytes) return fail(`${filled} bytes where the manifest says ${bytes}`);
  if ((await sha256Hex(into)) !== sha256) return fail('its content is not what the manifest says (sha256 differs)');
}

/** Read in parts, or not at all. */
const isHeld = ({ file }: ReleaseFile): boolean =>
  !file.endsWith('.f32') && file !== ARCHIVE && file !== 'calibration.json' && file !== 'cases.sha256';

/** Columns of the kernel and the search for every case: cosines, ceilings, agreements, scores, words, and what is open. */
const COLUMNS_BYTES = 2 * (19 * 4 + 1);

/** Bytes of memory that an open release takes, about. */
export function heldBytes(manifest: ReleaseManifest): number {
  const files = manifest.files.filter((one) => isHeld(one) && !one.file.endsWith('.i8'));
  const rows = VIEWS.reduce((sum, view) => sum + manifest.viewCounts[view], 0);
  return files.reduce((sum, { bytes }) => sum + bytes, 0) + rows * CODED_ROW_BYTES + manifest.caseCount * COLUMNS_BYTES;
}

/** Reads every file that would be held and lets it go: what is wrong shows before anything is given up. @throws as `openFrom` */
export async function checkFiles(source: ReleaseSource, manifest: ReleaseManifest): Promise<void> {
  for (const { file } of manifest.files.filter(isHeld)) await readFile(source, manifest, file);
}
