import type { SearchAnswer } from '../../../core/search/contract.ts';
import { openRelease } from '../../../core/search/release.ts';
import { parseSearchRequest } from '../../../core/search/request.ts';
import { search } from '../../../core/search/search.ts';
import { faissOfRelease } from '../../../space/faiss/release.ts';
import type { FaissService } from '../../../space/faiss/service.ts';
import { createLog } from '../../../space/host/log.ts';
import { searchKernel } from '../../../space/kernel.ts';
import { KEYWORDS_FILE, openKeywordIndex } from '../../../space/keywords/index.ts';
import { exampleQueries } from '../../../space/sample/sample.ts';
import type { OpenPipeline } from '../../../space/space.ts';
import type { ReleaseStore } from '../../../space/store/releases.ts';

/** Bodies of the searches: every example query by both engines, and words that are looked up in the keyword index. */
export const BODIES = [
  ...exampleQueries.flatMap((text) => (['fused', 'faiss'] as const).map((engine) => ({ text, k: 5, engine }))),
  ...['fever', 'chest pain', 'syncope OR dyspnea'].map((keywords) => ({ keywords, k: 5 })),
];

type Told = {
  readonly version: number;
  readonly cases: number;
  readonly results: readonly (readonly [string, number])[];
};

/** What tells an answer of one release from that of another. */
export const toldBy = ({ release, results }: SearchAnswer): Told => ({
  version: release.version,
  cases: release.case_count,
  results: results.map(({ case_id, score }) => [case_id, score]),
});

/** FAISS sums in another order than the exact scan, which stands in for it. */
const SAME_SCORE = 1e-6;
export const sameTold = (a: Told, b: Told): boolean =>
  a.version === b.version &&
  a.cases === b.cases &&
  a.results.length === b.results.length &&
  a.results.every(
    ([id, score], i) => id === b.results[i]?.[0] && Math.abs(score - (b.results[i]?.[1] ?? Number.NaN)) < SAME_SCORE,
  );

/** What one release answers when it is opened by itself: no server, no word of the database on which release is current. */
export async function answersAlone(
  {
    store,
    faiss,
    generations,
  }: { readonly store: ReleaseStore; readonly faiss: FaissService } & Pick<OpenPipeline, 'generations'>,
  version: number,
): Promise<readonly Told[]> {
  const manifest = await store.manifest(version);
  const release = await openRelease(manifest, (file) => store.read(version, file), await searchKernel());
  const embedder = await generations.of(manifest.generation);
  const keywords = openKeywordIndex(store.path(version, KEYWORDS_FILE), release.cards.ordinalOf);
  const faissHere = faissOfRelease({ faiss, store, log: createLog('silent'), nowMs: () => performance.now() });
  await faissHere.open(manifest);
  const told: Told[] = [];
  try {
    for (const body of BODIES) {
      const parsed = parseSearchRequest(body);
      if (!parsed.ok) throw new Error('a question is not valid');
      const deps = { embedder, keywords, faiss: faissHere.searcher(manifest), nowMs: () => 0 };
      told.push(toldBy(await search(release, parsed.request, deps)));
    }
  } finally {
    keywords.close();
  }
  return told;
}
