import { createHash } from 'node:crypto';
import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { ExtractedCase } from '../../../core/cases/case.ts';
import { distillateOf } from '../../../core/cases/distillate.ts';
import { DIMENSION } from '../../../core/models/ports.ts';
import { decodePairs } from '../../../core/search/calibration.ts';
import type { ReleaseCase, ReleaseManifest } from '../../../core/search/contract.ts';
import { rowsByCase, type ViewRows } from '../../../core/search/dense.ts';
import { contentHash, writeRelease } from '../../../core/search/release.ts';
import type { Signals } from '../../../core/search/score.ts';
import { VIEWS, type View } from '../../../schema/vocabulary.ts';
import { openReleaseStore } from '../../../space/store/releases.ts';
import { type Cluster, createCases } from './vectors.ts';

/** All vectors of a view, in memory. */
export type ViewVectors = ViewRows & { readonly vectors: Float32Array };

export const VERSION = 1;
export const GENERATION = 'made-1';
const READ_BYTES = 64 * 2 ** 20;
const WORDS = 24;

/** A release as the product writes it; `root` is its store. Peers read the files of its vectors. */
export type Dataset = { readonly root: string; readonly manifest: ReleaseManifest };

export const folderOf = ({ root, manifest }: Dataset): string => join(root, 'releases', String(manifest.version));

/** The release of `root`, of whichever version is the newest. Throws where there is none. */
export async function openDataset(root: string): Promise<Dataset> {
  const [manifest] = await openReleaseStore(root).list();
  if (!manifest) throw new Error(`no release in ${root}`);
  return { root, manifest };
}

/** What decides the bytes of a release beside the cases: one that other code has written is not what is measured. */
const WRITERS = ['release', 'kernel/codes', 'archive', 'cards', 'lexical', 'findings', 'calibration'];

export function rootOf(folder: string, cases: number, seed: number): string {
  const hash = createHash('sha256');
  for (const name of WRITERS) hash.update(readFileSync(new URL(`../../../core/search/${name}.ts`, import.meta.url)));
  return join(folder, `release-${cases}-${seed}-${hash.digest('hex').slice(0, 8)}`);
}

/** Makes the release of so many cases in `root`, unless it is there. */
export async function ensureDataset(root: string, cases: number, seed: number): Promise<Dataset> {
  const store = openReleaseStore(root);
  if (existsSync(join(root, 'releases', String(VERSION), 'manifest.json'))) return openDataset(root);
  const writer = await store.begin(VERSION);
  try {
    const written = await writeRelease(releaseCases(cases, seed), writer, { generation: GENERATION });
    const files = await writer.finish();
    await writer.publish({
      format: 1,
      version: VERSION,
      createdAt: '2026-01-01T00:00:00.000Z',
      generation: GENERATION,
      ...written,
      files,
      contentHash: await contentHash(files),
      faissFiles: [],
    });
  } finally {
    await writer.abandon();
  }
  return openDataset(root);
}

async function* releaseCases(cases: number, seed: number): AsyncGenerator<ReleaseCase> {
  const make = createCases(seed);
  for (let i = 0; i < cases; i += 1) {
    const { cluster, vectors } = make(i);
    yield {
      caseId: `made:${String(i).padStart(9, '0')}`,
      provenance: {
        source: 'made',
        title: null,
        authors: [],
        journal: null,
        publicationDate: null,
        pmid: null,
        pmcid: null,
        doi: null,
        url: null,
        licence: null,
      },
      extracted: extractedOf(i, cluster),
      distillate: distillateOf({ isRare: false, rejectionReason: 'made' }),
      vectors,
    };
  }
}

/** A few words, of which most are those of its topic. */
function extractedOf(i: number, { topic, subtopic }: Cluster): ExtractedCase {
  const words = Array.from({ length: WORDS }, (_, w) => {
    if (w % 3 === 0) return `topic${topic}word${(i + w) % 40}`;
    return w % 3 === 1 ? `subtopic${topic}x${subtopic}word${(i * 7 + w) % 12}` : `word${(i * 31 + w * 17) % 5_000}`;
  });
  const first = words[0] ?? '';
  return {
    text: words.join(' '),
    patient: { ageYears: 20 + ((i * 13) % 70), sex: i % 2 === 0 ? 'female' : 'male' },
    facets: {
      symptoms: { text: first, findings: [{ term: first, assertion: 'present', span: [0, first.length] }] },
    },
    completeness: 0.5,
  };
}

/** A view's vectors, whole, in memory. */
export function loadView(dataset: Dataset, view: View): ViewVectors {
  const folder = folderOf(dataset);
  const rows = new Uint32Array(readWhole(join(folder, `${view}.rows`)));
  const vectors = new Float32Array(readWhole(join(folder, `${view}.f32`)));
  return { rows, vectors, rowOf: rowsByCase(rows, dataset.manifest.caseCount) };
}

export function loadViews(dataset: Dataset): Record<View, ViewVectors> {
  return Object.fromEntries(VIEWS.map((view) => [view, loadView(dataset, view)])) as Record<View, ViewVectors>;
}

/** Signals of random pairs of the release: where the background of every scale comes from. */
export const pairsOf = (dataset: Dataset): Signals =>
  decodePairs(new Uint8Array(readFileSync(join(folderOf(dataset), 'calibration.bin'))));

/** In pieces: Node reads no file of 2 GiB at once. */
function readWhole(path: string): ArrayBuffer {
  const file = openSync(path, 'r');
  try {
    const bytes = new Uint8Array(fstatSync(file).size);
    for (let at = 0; at < bytes.length; ) {
      const got = readSync(file, bytes, at, Math.min(READ_BYTES, bytes.length - at), at);
      if (got === 0) throw new Error(`${path} ended after ${at} of ${bytes.length} bytes`);
      at += got;
    }
    return bytes.buffer;
  } finally {
    closeSync(file);
  }
}

export const rowAt = (vectors: Float32Array, row: number): Float32Array =>
  vectors.subarray(row * DIMENSION, (row + 1) * DIMENSION);
