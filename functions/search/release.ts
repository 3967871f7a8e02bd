import { sha256Hex } from '../../core/hash.ts';
import type { ReleaseManifest } from '../../core/search/contract.ts';
import {
  MANIFEST_FILE,
  newestVersion,
  ReleaseManifestError,
  sealedManifest,
  VERSION_FILE,
} from '../../core/search/manifest.ts';
import { openRelease, type Release } from '../../core/search/release.ts';
import type { ReleaseSource } from './source.ts';

/** A file of a release is missing, short or altered. */
export class ReleaseFileError extends Error {
  override readonly name = 'ReleaseFileError';
}

/** Neither pointer nor manifest comes near this. */
const MANIFEST_BYTES_MAX = 1024 * 1024;

const pathOf = (version: number, file: string): string => `releases/${version}/${file}`;

/** Which release the store names as its newest, as last read. */
export type Newest = { readonly version: number; readonly etag: string | null };

/** @throws ReleaseSourceError, ReleaseManifestError */
export async function readNewest(source: ReleaseSource, known: Newest | null): Promise<Newest> {
  const found = await source.get(VERSION_FILE, MANIFEST_BYTES_MAX, known?.etag);
  if (found === 'same' && known) return known;
  if (found === null || found === 'same') throw new ReleaseManifestError(`the store has no ${VERSION_FILE}`);
  return { version: newestVersion(found.bytes), etag: found.etag };
}

/** @throws ReleaseSourceError, ReleaseManifestError */
export async function readManifest(source: ReleaseSource, version: number): Promise<ReleaseManifest> {
  const found = await source.get(pathOf(version, MANIFEST_FILE), MANIFEST_BYTES_MAX);
  if (found === null || found === 'same') {
    throw new ReleaseManifestError(`release ${version} has no ${MANIFEST_FILE}: it was never published`);
  }
  const sealed = sealedManifest(version, found.bytes);
  if ((await sha256Hex(sealed.covered)) !== sealed.sha256) {
    throw new ReleaseManifestError(`release ${version}: ${MANIFEST_FILE} is altered: its own sha256 does not fit`);
  }
  return sealed.open();
}

/** Opens a release whose every file is compared with the manifest before it is used. @throws also ReleaseFileError, ReleaseFormatError */
export async function openFrom(
  source: ReleaseSource,
  manifest: ReleaseManifest,
  kernel: WebAssembly.Module,
): Promise<Release> {
  return openRelease(manifest, (file) => readFile(source, manifest, file), kernel);
}

async function readFile(source: ReleaseSource, manifest: ReleaseManifest, file: string): Promise<Uint8Array> {
  const fail = (problem: string): never => {
    throw new ReleaseFileError(`release ${manifest.version}, ${file}: ${problem}`);
  };
  const listed = manifest.files.find((one) => one.file === file);
  if (!listed) return fail('the manifest does not list it');
  const found = await source.get(pathOf(manifest.version, file), listed.bytes);
  if (found === null || found === 'same') return fail('missing');
  const { bytes } = found;
  if (bytes.byteLength !== listed.bytes) {
    return fail(`${bytes.byteLength} bytes where the manifest says ${listed.bytes}`);
  }
  if ((await sha256Hex(bytes)) !== listed.sha256)
    return fail('its content is not what the manifest says (sha256 differs)');
  return bytes;
}
