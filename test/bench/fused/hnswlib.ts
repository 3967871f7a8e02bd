import { join } from 'node:path';
import { DIMENSION } from '../../../core/models/ports.ts';
import { VIEWS, type View } from '../../../schema/vocabulary.ts';
import { load, versionOf } from '../engine/installed.ts';
import { loadView, rowAt } from './dataset.ts';
import { fusedLists, type Place, parts, type Searcher } from './peer.ts';

type Index = {
  initIndex(options: object): void;
  addPoint(vector: number[], label: number): void;
  setEf(ef: number): void;
  searchKnn(vector: number[], count: number): { readonly neighbors: number[] };
  writeIndex(path: string): Promise<boolean>;
  readIndex(path: string): Promise<boolean>;
};
type Hnswlib = { readonly HierarchicalNSW: new (space: 'ip', dimension: number) => Index };

const pathOf = (folder: string, view: View): string => join(folder, `${view}.hnsw`);

/** Its own defaults, said aloud. */
export async function buildHnswlib({ dataset, folder, packages, tell }: Place): Promise<void> {
  const { HierarchicalNSW } = await load<Hnswlib>(packages, 'hnswlib-node');
  for (const view of VIEWS) {
    const { rows, vectors } = loadView(dataset, view);
    const index = new HierarchicalNSW('ip', DIMENSION);
    index.initIndex({ maxElements: rows.length, m: 16, efConstruction: 200, randomSeed: 100 });
    for (const [from, until] of parts(rows.length)) {
      for (let row = from; row < until; row += 1) index.addPoint(Array.from(rowAt(vectors, row)), row);
      tell(`${view}, row ${until} of ${rows.length}`);
    }
    await index.writeIndex(pathOf(folder, view));
  }
}

export async function openHnswlib({ dataset, folder, packages }: Place): Promise<Searcher> {
  const { HierarchicalNSW } = await load<Hnswlib>(packages, 'hnswlib-node');
  const opened = new Map<View, Index>();
  for (const view of VIEWS) {
    const index = new HierarchicalNSW('ip', DIMENSION);
    await index.readIndex(pathOf(folder, view));
    opened.set(view, index);
  }
  return fusedLists(dataset, {
    versions: { 'hnswlib-node': versionOf(packages, 'hnswlib-node') },
    nearest: (view, vector, count) => {
      const index = opened.get(view);
      index?.setEf(2 * count);
      return index?.searchKnn(Array.from(vector), count).neighbors ?? [];
    },
    close: async () => {},
  });
}
