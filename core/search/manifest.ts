import { z } from 'zod';
import { VIEWS } from '../../schema/vocabulary.ts';
import type { ReleaseManifest } from './contract.ts';

export const MANIFEST_FILE = 'manifest.json';
/** At the root of a store: which release is the newest. */
export const VERSION_FILE = 'faiss_version.json';
export const MANIFEST_FORMAT = 1;
export const FILE_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** The manifest is not there, unreadable or altered, or of a format that this program is too old for. */
export class ReleaseManifestError extends Error {
  override readonly name = 'ReleaseManifestError';
  readonly kind: 'missing' | 'damaged' | 'newer';
  constructor(message: string, kind: ReleaseManifestError['kind'] = 'damaged', options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
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

/** A manifest whose own hash was not looked at yet: `sha256` must be that of the text `covered`, in lower-case hex. */
export type SealedManifest = {
  readonly sha256: string;
  readonly covered: string;
  /** Gives the manifest once its hash was found to fit. @throws ReleaseManifestError that says what is wrong with it */
  open(): ReleaseManifest;
};

const jsonOf = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));

/** Reads the bytes of a `manifest.json`. @throws ReleaseManifestError that says what is wrong with it */
export function sealedManifest(version: number, bytes: Uint8Array): SealedManifest {
  const fail = (problem: string, kind: 'damaged' | 'newer' = 'damaged'): never => {
    throw new ReleaseManifestError(`release ${version}: ${problem}`, kind);
  };
  let stored: unknown;
  try {
    stored = jsonOf(bytes);
  } catch {
    return fail(`${MANIFEST_FILE} is not readable JSON`);
  }
  const format = z.object({ format: z.number() }).safeParse(stored).data?.format;
  if (format !== undefined && format > MANIFEST_FORMAT) {
    return fail(
      `${MANIFEST_FILE} has format ${format}, this program reads ${MANIFEST_FORMAT}: it needs a newer program`,
      'newer',
    );
  }
  const parsed = z.looseObject({ sha256 }).safeParse(stored);
  if (!parsed.success) return fail(`${MANIFEST_FILE} lacks its own sha256`);
  const { sha256: expected, ...rest } = parsed.data;
  return {
    sha256: expected,
    // Keys keep their order through JSON, so the same text comes out again.
    covered: JSON.stringify(rest),
    open() {
      const manifest = manifestSchema.safeParse(rest);
      if (!manifest.success) return fail(`${MANIFEST_FILE} has another shape: ${z.prettifyError(manifest.error)}`);
      if (manifest.data.version !== version) {
        return fail(`${MANIFEST_FILE} is that of release ${manifest.data.version}`);
      }
      return manifest.data;
    },
  };
}

/** The newest release by the bytes of a store's version file. @throws ReleaseManifestError when they name none */
export function newestVersion(bytes: Uint8Array): number {
  try {
    return z.object({ version: z.int().positive() }).parse(jsonOf(bytes)).version;
  } catch {
    throw new ReleaseManifestError(`${VERSION_FILE} names no release`);
  }
}
