import { lstat } from 'node:fs/promises';
import { type KnownRelease, knownReleases } from '../../core/corpus.ts';
import type { Database } from '../../core/engine/index.ts';
import type { ReleaseManifest } from '../../core/search/contract.ts';
import { publicReason } from '../reasons.ts';
import { allFiles } from '../store/manifest.ts';
import { ReleaseManifestError, type ReleaseStore } from '../store/releases.ts';

/** One release as the database and the disk have it. Everything in it may be shown to anybody. */
export type ReleaseEntry = {
  readonly version: number;
  /** `unknown`: it is on disk, and this database has no word of it. */
  readonly state: KnownRelease['state'] | 'unknown';
  /** It is the one that is to be served. */
  readonly current: boolean;
  /** ISO 8601; null where it was never published. */
  readonly created_at: string | null;
  readonly case_count: number;
  readonly generation: string | null;
  readonly content_hash: string | null;
  /** Of all its files; null where it is not on this disk. */
  readonly bytes: number | null;
  /** Why it cannot be served: by its manifest, and by whether its files are there in their lengths. */
  readonly problem: string | null;
};

/** Releases, newest first. Reads no file but the manifests; `verify` reads all of them. */
export async function listReleases(db: Database, store: ReleaseStore): Promise<readonly ReleaseEntry[]> {
  const known = new Map((await knownReleases(db)).map((release) => [release.version, release]));
  const onDisk = new Set(await store.versions());
  const current = [...known.values()].find(({ state }) => state === 'published')?.version;
  const versions = [...new Set([...known.keys(), ...onDisk])].sort((a, b) => b - a);
  return Promise.all(
    versions.map(async (version): Promise<ReleaseEntry> => {
      const row = known.get(version);
      const held = onDisk.has(version) ? await heldRelease(store, version) : NOT_HELD;
      return {
        version,
        state: row?.state ?? 'unknown',
        current: version === current,
        created_at: held.manifest?.createdAt ?? isoOrNull(row?.publishedAtMs ?? null),
        case_count: held.manifest?.caseCount ?? row?.caseCount ?? 0,
        generation: held.manifest?.generation ?? row?.generation ?? null,
        content_hash: held.manifest?.contentHash ?? (row?.contentHash || null),
        bytes: held.bytes,
        problem: held.problem,
      };
    }),
  );
}

type Held = {
  readonly manifest: ReleaseManifest | null;
  readonly bytes: number | null;
  readonly problem: string | null;
};
const NOT_HELD: Held = { manifest: null, bytes: null, problem: 'it is not on this disk' };

async function heldRelease(store: ReleaseStore, version: number): Promise<Held> {
  try {
    const manifest = await store.manifest(version);
    const files = allFiles(manifest);
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    for (const file of files) {
      const stat = await lstat(store.path(version, file.file)).catch(() => null);
      if (!stat?.isFile()) return { manifest, bytes, problem: `${file.file} is missing` };
      if (stat.size !== file.bytes)
        return {
          manifest,
          bytes,
          problem: `${file.file} has ${stat.size} bytes where its manifest says ${file.bytes}`,
        };
    }
    return { manifest, bytes, problem: null };
  } catch (error) {
    if (!(error instanceof ReleaseManifestError)) throw error;
    return { manifest: null, bytes: null, problem: publicReason(error) };
  }
}

const isoOrNull = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
