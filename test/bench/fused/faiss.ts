import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { FacetSearcher } from '../../../core/search/dense.ts';
import { VIEWS } from '../../../schema/vocabulary.ts';
import { type FaissFile, type FaissService, startFaiss } from '../../../space/faiss/service.ts';
import { folderOf, VERSION } from './dataset.ts';
import { openOurs } from './ours.ts';
import { fusedLists, type Place, type Searcher } from './peer.ts';

const FILES = 'files.json';

/** As the product builds them: one `IndexFlatIP` a view, checked after writing. */
export async function buildFaiss({ dataset, folder, tell }: Place, pids: Set<number>): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const service = await startFaiss({
    startAtOnce: false,
    onEvent: (event) => {
      if (event.kind === 'started') pids.add(event.pid);
    },
  });
  try {
    const files: FaissFile[] = [];
    for (const view of VIEWS) {
      const rows = dataset.manifest.viewCounts[view];
      const path = join(folder, `${view}.index`);
      tell(view);
      const vectorsPath = join(folderOf(dataset), `${view}.f32`);
      for (const { sha256 } of await service.build([{ view, vectorsPath, rows, outPath: path }]))
        files.push({ view, path, sha256, rows });
    }
    writeFileSync(join(folder, FILES), JSON.stringify(files));
  } finally {
    await service.close();
  }
}

async function opened({ folder }: Place): Promise<FaissService> {
  const service = await startFaiss({ startAtOnce: false });
  await service.open(VERSION, JSON.parse(readFileSync(join(folder, FILES), 'utf8')) as FaissFile[]);
  return service;
}

function restOf(service: FaissService): Pick<Searcher, 'versions' | 'pids' | 'close'> {
  const { version } = createRequire(import.meta.url)('faiss-node/package.json') as { version: string };
  return {
    versions: { 'faiss-node': version },
    pids: () => {
      const { pid } = service.state();
      return pid === null ? [] : [pid];
    },
    close: () => service.close(),
  };
}

/** The product's FAISS engine: lists with a bound on what they leave out, and every case that may reach the best scored exactly. */
export async function openFaiss(place: Place): Promise<Searcher> {
  const service = await opened(place);
  const searcher: FacetSearcher = { search: (view, vector, k) => service.search(VERSION, view, vector, k) };
  return openOurs(place, { faiss: { searcher, rest: restOf(service) } });
}

/** The plain way: so many rows of each view, and the best of their union. */
export async function openFaissLists(place: Place): Promise<Searcher> {
  const service = await opened(place);
  return fusedLists(place.dataset, {
    ...restOf(service),
    nearest: async (view, vector, count) => (await service.search(VERSION, view, vector, count)).rows,
  });
}
