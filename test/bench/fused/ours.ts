import { candidates } from '../../../core/search/candidates.ts';
import type { FacetSearcher } from '../../../core/search/dense.ts';
import { openRelease } from '../../../core/search/release.ts';
import { SETTINGS } from '../../../core/search/settings.ts';
import { searchKernel } from '../../../space/kernel.ts';
import { openReleaseStore } from '../../../space/store/releases.ts';
import type { Place, Searcher } from './peer.ts';
import { K } from './score.ts';

/** The product's own search for candidates over a release that it opened as the product does, hashes and all. */
export async function openOurs(
  { dataset }: Place,
  faiss?: { readonly searcher: FacetSearcher; readonly rest: Pick<Searcher, 'versions' | 'pids' | 'close'> },
): Promise<Searcher> {
  const { root, manifest } = dataset;
  const store = openReleaseStore(root);
  const release = await openRelease(manifest, (file) => store.read(manifest.version, file), await searchKernel());
  const kept = new Uint8Array(manifest.caseCount).fill(1);
  const cheap = { length: manifest.caseCount, agreement: {}, lexical: null };
  return {
    versions: {},
    pids: () => [],
    close: async () => {},
    ...faiss?.rest,
    async search({ vectors, plan }) {
      const startedMs = performance.now();
      const found = await candidates({
        release,
        plan,
        cheap,
        vectors,
        kept,
        k: K,
        faiss: faiss?.searcher,
        settings: SETTINGS,
      });
      if (found.failure !== null) throw new Error(found.failure);
      return { ordinals: found.ordinals, ownMs: performance.now() - startedMs };
    },
  };
}
