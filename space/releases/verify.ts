import { DIMENSION } from '../../core/models/ports.ts';
import type { ReleaseManifest } from '../../core/search/contract.ts';
import { openRelease, type Release } from '../../core/search/release.ts';
import { parseSearchRequest } from '../../core/search/request.ts';
import { search } from '../../core/search/search.ts';
import { SETTINGS } from '../../core/search/settings.ts';
import { VIEWS } from '../../schema/vocabulary.ts';
import { faissFilesOf } from '../faiss/release.ts';
import { searchKernel } from '../kernel.ts';
import { detailOf, publicReason } from '../reasons.ts';
import type { Space } from '../space.ts';

/** What checking a release needs of a Space. */
export type Verifying = Pick<Space, 'store' | 'generations' | 'faiss'>;

export type Verified = {
  readonly version: number;
  /** What is wrong, in words that anybody may read; empty when all is well. */
  readonly problems: readonly string[];
  /** What could not be looked at here, with the reason. */
  readonly skipped: readonly string[];
  readonly files: number;
  readonly bytes: number;
  /** Stored cases that were searched for, and stored vectors that FAISS was asked for. */
  readonly searches: number;
  readonly faissSearches: number;
};

/** Cases that stand as canaries, spread over the release. */
const CANARIES = 5;
const NEIGHBOURS = 10;
/** FAISS sums in f32 and in another order. */
const SCORE_TOLERANCE = 1e-4;

/**
 * Reads every file of a release against its hash, opens it as serving does, and searches for some of its own cases; FAISS has to give for
 * stored vectors what an exact scan of the same file gives.
 */
export async function verifyRelease(deps: Verifying, version: number): Promise<Verified> {
  const problems = [...(await deps.store.verify(version))];
  const found = { version, problems, skipped: [] as string[], files: 0, bytes: 0, searches: 0, faissSearches: 0 };
  const manifest = await deps.store.manifest(version).catch(() => null);
  if (!manifest) return found;
  const files = [...manifest.files, ...manifest.faissFiles];
  const sized = { files: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
  if (problems.length > 0) return { ...found, ...sized };
  const searches = await canary(deps, manifest).catch((error: unknown) => {
    problems.push(`release ${version} does not open: ${publicReason(error)} [${detailOf(error)}]`);
    return { searches: 0, problems: [] };
  });
  problems.push(...searches.problems);
  const faiss = await faissCanary(deps, manifest);
  problems.push(...faiss.problems);
  return {
    ...found,
    ...sized,
    skipped: faiss.skipped,
    searches: searches.searches,
    faissSearches: faiss.searches,
  };
}

/** Cases are counted, also those that another one would stand for. */
const UNFOLDED = { ...SETTINGS, fold: { ...SETTINGS.fold, on: false } };

/** Ordinals spread evenly over `count`. */
const spread = (count: number, wanted: number): readonly number[] => [
  ...new Set(Array.from({ length: wanted }, (_, i) => Math.floor(((i + 0.5) * count) / wanted))),
];

async function canary({ store, generations }: Verifying, manifest: ReleaseManifest) {
  const release = await openRelease(manifest, (file) => store.read(manifest.version, file), await searchKernel());
  const embedder = await generations.of(manifest.generation);
  const problems: string[] = [];
  const ordinals = manifest.caseCount === 0 ? [] : spread(manifest.caseCount, CANARIES);
  for (const ordinal of ordinals) {
    const caseId = release.cards.ids[ordinal] ?? '';
    const parsed = parseSearchRequest({ case_id: caseId, k: NEIGHBOURS });
    if (!parsed.ok) throw new Error(`case ${caseId} cannot be asked for`);
    const { results } = await search(release, parsed.request, { embedder, nowMs: () => 0, settings: UNFOLDED });
    if (results.length < Math.min(NEIGHBOURS, others(release, ordinal)))
      problems.push(`release ${manifest.version}: a search for ${caseId} gave ${results.length} cases`);
  }
  return { searches: ordinals.length, problems };
}

/** Cases of other documents. */
function others({ cards }: Release, ordinal: number): number {
  const own = cards.documents[ordinal];
  return cards.documents.filter((document) => document !== own).length;
}

async function faissCanary({ store, faiss }: Verifying, manifest: ReleaseManifest) {
  const skipped: string[] = [];
  const problems: string[] = [];
  let searches = 0;
  if (manifest.faissFiles.length === 0) {
    const none = manifest.caseCount === 0 ? [] : ['it was built without FAISS indices'];
    return { searches, problems, skipped: none };
  }
  try {
    await faiss.open(manifest.version, faissFilesOf(manifest, store));
  } catch (error) {
    const reason = publicReason(error);
    if (faiss.state().kind === 'unavailable') skipped.push(`FAISS was not asked: ${reason}`);
    else problems.push(`release ${manifest.version}: FAISS does not open it: ${reason}`);
    return { searches, problems, skipped };
  }
  for (const view of VIEWS) {
    const rows = manifest.viewCounts[view];
    if (rows === 0) continue;
    const vectors = new Float32Array((await store.read(manifest.version, `${view}.f32`)).buffer);
    for (const row of spread(rows, CANARIES)) {
      const query = vectors.slice(row * DIMENSION, (row + 1) * DIMENSION);
      const answer = await faiss.search(manifest.version, view, query, NEIGHBOURS);
      searches += 1;
      if (!sameAsScan(answer, vectors, query))
        problems.push(`release ${manifest.version}, ${view}.index: FAISS finds others than a scan of ${view}.f32`);
    }
  }
  return { searches, problems, skipped };
}

type Answer = { readonly rows: Int32Array; readonly scores: Float32Array };

/** Whether FAISS gave as good rows, with the scores that they have. */
export function sameAsScan({ rows, scores }: Answer, vectors: Float32Array, query: Float32Array): boolean {
  const exact = new Float64Array(vectors.length / DIMENSION);
  for (let row = 0; row < exact.length; row += 1) {
    let sum = 0;
    for (let i = 0; i < DIMENSION; i += 1) sum += (vectors[row * DIMENSION + i] ?? 0) * (query[i] ?? 0);
    exact[row] = sum;
  }
  const best = exact.toSorted().reverse();
  return (
    rows.length === Math.min(NEIGHBOURS, exact.length) &&
    new Set(rows).size === rows.length &&
    rows.every((row, place) => {
      const own = exact[row] ?? Number.NaN;
      return (
        Math.abs((scores[place] ?? Number.NaN) - own) < SCORE_TOLERANCE &&
        Math.abs(own - (best[place] ?? Number.NaN)) < SCORE_TOLERANCE
      );
    })
  );
}
