import { createHash } from 'node:crypto';
import { DIMENSION } from '../../core/models/ports.ts';
import type { ReleaseFile, ReleaseManifest } from '../../core/search/contract.ts';
import { FILE_NAME, MANIFEST_FILE, ReleaseManifestError, sealedManifest } from '../../core/search/manifest.ts';
import { VIEWS } from '../../schema/vocabulary.ts';

/** Every file that is not whole yet ends so; nobody reads one. */
export const TEMPORARY_ENDING = '.tmp';

/** A file of a release is missing, short or altered, or the manifest does not list it. */
export class ReleaseFileError extends Error {
  override readonly name = 'ReleaseFileError';
}
/** The call is wrong: a bad name or version, or a release that exists already. Nothing was touched. */
export class ReleaseRequestError extends Error {
  override readonly name = 'ReleaseRequestError';
}

export function refuseBadName(file: string): void {
  if (FILE_NAME.test(file) && !file.endsWith(TEMPORARY_ENDING)) return;
  // The name comes from outside: shortened, and quoted so that no control character gets through.
  const shown = JSON.stringify(file.slice(0, 80));
  throw new ReleaseRequestError(`${shown} is no file name of a release: ${FILE_NAME.source}, not ending in .tmp`);
}

export function refuseBadVersion(version: number): void {
  if (!Number.isSafeInteger(version) || version < 1) {
    throw new ReleaseRequestError(`a release's version is a whole number from 1, not ${version}`);
  }
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The manifest as it is stored: with a last field `sha256` over all others, since no other file vouches for this one. */
export function manifestBytes(manifest: ReleaseManifest): Uint8Array {
  return new TextEncoder().encode(
    `${JSON.stringify({ ...manifest, sha256: hashOf(JSON.stringify(manifest)) }, null, 2)}\n`,
  );
}

/** @throws ReleaseManifestError that says what is wrong with it */
export function parseManifest(version: number, bytes: Uint8Array): ReleaseManifest {
  const sealed = sealedManifest(version, bytes);
  if (hashOf(sealed.covered) === sealed.sha256) return sealed.open();
  throw new ReleaseManifestError(`release ${version}: ${MANIFEST_FILE} is altered: its own sha256 does not fit`);
}

export function allFiles(manifest: ReleaseManifest): readonly ReleaseFile[] {
  return [...manifest.files, ...manifest.faissFiles];
}

/** `faiss_version.json`: the newest release in short, for people and for scripts of the older system. */
export function versionFileBytes(manifest: ReleaseManifest, previousCount: number): Uint8Array {
  const indices = VIEWS.map((view) => [view, { size: manifest.viewCounts[view], dimension: DIMENSION }]);
  const content = {
    version: manifest.version,
    last_updated: manifest.createdAt,
    case_count: manifest.caseCount,
    previous_count: previousCount,
    indices: Object.fromEntries(indices),
  };
  return new TextEncoder().encode(`${JSON.stringify(content, null, 2)}\n`);
}
