import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DIMENSION } from '../../../core/models/ports.ts';
import { candidates } from '../../../core/search/candidates.ts';
import type { FacetSearcher } from '../../../core/search/dense.ts';
import { createCoder } from '../../../core/search/kernel/codes.ts';
import { openRelease } from '../../../core/search/release.ts';
import { SETTINGS } from '../../../core/search/settings.ts';
import { VIEWS } from '../../../schema/vocabulary.ts';
import { searchKernel } from '../../../space/kernel.ts';
import { releaseAccess } from '../../../space/release-access.ts';
import { openReleaseStore } from '../../../space/store/releases.ts';
import { folderOf } from './dataset.ts';
import { type Place, parts, type Searcher } from './peer.ts';
import { K } from './score.ts';

/** What the scan reads: the release has it already, here it is made once more to be timed. */
export async function buildOurs({ dataset, folder, tell }: Place): Promise<void> {
  for (const view of VIEWS) {
    const count = dataset.manifest.viewCounts[view];
    const [from, to] = [
      openSync(join(folderOf(dataset), `${view}.f32`), 'r'),
      openSync(join(folder, `${view}.i8`), 'w'),
    ];
    const coder = createCoder();
    for (const [first, until] of parts(count)) {
      const vectors = new Float32Array((until - first) * DIMENSION);
      readSync(from, new Uint8Array(vectors.buffer));
      writeSync(to, coder.add(vectors));
      tell(`${view}, row ${until} of ${count}`);
    }
    writeSync(to, coder.tail());
    for (const file of [from, to]) closeSync(file);
  }
}

/** The product's own search for candidates over a release that it opened as the product does, hashes and all. */
export async function openOurs(
  { dataset }: Place,
  options: {
    readonly faiss?: { readonly searcher: FacetSearcher; readonly rest: Pick<Searcher, 'versions' | 'pids' | 'close'> };
    /** No sign bits, however many cases there are. */
    readonly exact?: boolean;
  } = {},
): Promise<Searcher> {
  const { faiss, exact } = options;
  const coarseFrom = exact === true ? Number.POSITIVE_INFINITY : SETTINGS.coarse.from;
  const { root, manifest } = dataset;
  const store = openReleaseStore(root);
  const read = (file: string) => store.read(manifest.version, file);
  const release = await openRelease(manifest, read, await searchKernel(), releaseAccess(store, manifest), coarseFrom);
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
      return { ordinals: found.ordinals, ownMs: performance.now() - startedMs, exact: found.exact };
    },
  };
}
