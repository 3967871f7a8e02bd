import { createHash } from 'node:crypto';
import { z } from 'zod';
import { DIMENSION } from '../../core/models/ports.ts';
import type { ReleaseFile, ReleaseManifest } from '../../core/search/contract.ts';
import { VIEWS } from '../../schema/vocabulary.ts';

export const MANIFEST_FILE = 'manifest.json';
export const VERSION_FILE = 'faiss_version.json';
/** Every file that is not whole yet ends so; nobody reads one. */
export const TEMPORARY_ENDING = '.tmp';
const MANIFEST_FORMAT = 1;
const FILE_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** The manifest is unreadable, altered, of a newer format or not there. */
export class ReleaseManifestError extends Error {
  override readonly name = 'ReleaseManifestError';
}
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

const count = z.int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const file = z.object({ file: z.string().regex(FILE_NAME), bytes: count, sha256 });
// Loose: a later program may add optional fields to format 1, and they belong to what the hash covers.
const manifestSchema = z.looseObject({
  format: z.literal(MANIFEST_FORMAT),
  version: z.int().positive(),
  createdAt: z.string(),
  generation: z.string(),
  caseCount: count,
  viewCounts: z.record(z.enum(VIEWS), count),
  files: z.array(file),
  contentHash: z.string(),
  faissFiles: z.array(file),
});

const hashOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

/** The manifest as it is stored: with a last field `sha256` over all others, since no other file vouches for this one. */
export function manifestBytes(manifest: ReleaseManifest): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify({ ...manifest, sha256: hashOf(manifest) }, null, 2)}\n`);
}

/** @throws ReleaseManifestError that says what is wrong with it */
export function parseManifest(version: number, bytes: Uint8Array): ReleaseManifest {
  const fail = (problem: string): never => {
    throw new ReleaseManifestError(`release ${version}: ${problem}`);
  };
  let stored: unknown;
  try {
    stored = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return fail(`${MANIFEST_FILE} is not readable JSON`);
  }
  const format = z.object({ format: z.number() }).safeParse(stored).data?.format;
  if (format !== undefined && format > MANIFEST_FORMAT) {
    return fail(
      `${MANIFEST_FILE} has format ${format}, this program reads ${MANIFEST_FORMAT}: it needs a newer program`,
    );
  }
  const parsed = z.looseObject({ sha256 }).safeParse(stored);
  if (!parsed.success) return fail(`${MANIFEST_FILE} lacks its own sha256`);
  const { sha256: expected, ...rest } = parsed.data;
  // Keys keep their order through JSON, so the same text comes out again.
  if (hashOf(rest) !== expected) return fail(`${MANIFEST_FILE} is altered: its own sha256 does not fit`);
  const manifest = manifestSchema.safeParse(rest);
  if (!manifest.success) return fail(`${MANIFEST_FILE} has another shape: ${z.prettifyError(manifest.error)}`);
  if (manifest.data.version !== version) return fail(`${MANIFEST_FILE} is that of release ${manifest.data.version}`);
  return manifest.data;
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
