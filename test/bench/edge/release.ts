import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { seeded } from '../../../core/models/builtin-numbers.ts';
import { DIMENSION } from '../../../core/models/ports.ts';
import type { ReleaseCase, ReleaseManifest } from '../../../core/search/contract.ts';
import { contentHash, openRelease, type Release, writeRelease } from '../../../core/search/release.ts';
import { VIEWS, type View } from '../../../schema/vocabulary.ts';
import { searchKernel } from '../../../space/kernel.ts';
import { openReleaseStore } from '../../../space/store/releases.ts';

const VERSION = 1;
/** Length of what is added to a unit vector before it is made one again: copies are near their original and not equal to it. */
const NOISE = 0.35;

export async function openStored(root: string, manifest: ReleaseManifest): Promise<Release> {
  const store = openReleaseStore(root);
  const read = (file: string) => store.read(manifest.version, file);
  // As the edge opens it: without sign bits.
  return openRelease(manifest, read, await searchKernel(), {}, Number.POSITIVE_INFINITY);
}

/** The newest release of a store. Throws where there is none. */
export async function newestOf(root: string): Promise<ReleaseManifest> {
  const [newest] = await openReleaseStore(root).list();
  if (!newest) throw new Error(`no release in ${root}`);
  return newest;
}

/**
 * A release of `count` cases in `root`, unless it is there: those of the release in `from` under new ids as often as it takes, the copies
 * with vectors moved by seeded noise.
 */
export async function ensureCopies(from: string, root: string, count: number): Promise<ReleaseManifest> {
  if (existsSync(join(root, 'releases', String(VERSION), 'manifest.json'))) return newestOf(root);
  const source = await newestOf(from);
  const release = await openStored(from, source);
  const writer = await openReleaseStore(root).begin(VERSION);
  try {
    const { generation } = source;
    const written = await writeRelease(copies(release, count), writer, { generation });
    const files = await writer.finish();
    await writer.publish({
      format: 1,
      version: VERSION,
      createdAt: '2026-01-01T00:00:00.000Z',
      generation,
      ...written,
      files,
      contentHash: await contentHash(files),
      faissFiles: [],
    });
  } finally {
    await writer.abandon();
  }
  return newestOf(root);
}

async function* copies(release: Release, count: number): AsyncGenerator<ReleaseCase> {
  const random = seeded(45);
  const { ids } = release.cards;
  for (let made = 0, copy = 0; made < count; copy += 1) {
    for (let i = 0; i < ids.length && made < count; i += 1, made += 1) {
      const stored = await release.case(ids[i] ?? '');
      if (!stored) throw new Error('a case of the release is missing');
      const prefix = `copy${String(copy).padStart(3, '0')}:`;
      const documentKey = stored.documentKey === undefined ? undefined : `${prefix}${stored.documentKey}`;
      const vectors: Partial<Record<View, Float32Array>> = {};
      for (const view of VIEWS) {
        const row = release.views[view].rowOf[i] ?? -1;
        if (row < 0) continue;
        const own = await release.vectors(view, [row]);
        vectors[view] = copy === 0 ? own : moved(own, random);
      }
      yield { ...stored, caseId: `${prefix}${stored.caseId}`, documentKey, vectors };
    }
  }
}

/** `random` gives numbers about zero. */
function moved(vector: Float32Array, random: () => number): Float32Array {
  const noise = Float64Array.from(vector, () => random());
  const scale = NOISE / Math.sqrt(noise.reduce((sum, value) => sum + value * value, 0));
  const sum = Float64Array.from(vector, (value, i) => value + scale * (noise[i] as number));
  const length = Math.sqrt(sum.reduce((total, value) => total + value * value, 0));
  const result = new Float32Array(DIMENSION);
  for (let i = 0; i < DIMENSION; i += 1) result[i] = (sum[i] as number) / length;
  return result;
}
