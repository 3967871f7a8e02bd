import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { DIMENSION } from '../../../core/models/ports.ts';
import { VIEWS, type View } from '../../../schema/vocabulary.ts';
import { load, versionOf } from '../engine/installed.ts';
import { loadView } from './dataset.ts';
import { fusedLists, type Place, parts, type Searcher } from './peer.ts';

type Index = {
  add(keys: BigUint64Array, vectors: Float32Array, threads: number): void;
  search(vector: Float32Array, count: number, threads: number): { readonly keys: BigUint64Array };
  save(path: string): void;
  load(path: string): void;
};
type Usearch = { readonly Index: new (options: object) => Index };

const pathOf = (folder: string, view: View): string => join(folder, `${view}.usearch`);

/** Its own defaults, said aloud; no rounding of the vectors. */
async function indexes(packages: string): Promise<() => Index> {
  const { Index } = await load<Usearch>(packages, 'usearch');
  return () =>
    new Index({
      dimensions: DIMENSION,
      metric: 'ip',
      quantization: 'f32',
      connectivity: 16,
      expansion_add: 128,
      expansion_search: 64,
      multi: false,
    });
}

export async function buildUsearch({ dataset, folder, packages, tell }: Place): Promise<void> {
  const make = await indexes(packages);
  for (const view of VIEWS) {
    const { rows, vectors } = loadView(dataset, view);
    const index = make();
    for (const [from, until] of parts(rows.length)) {
      const keys = BigUint64Array.from({ length: until - from }, (_, i) => BigInt(from + i));
      index.add(keys, vectors.subarray(from * DIMENSION, until * DIMENSION), availableParallelism());
      tell(`${view}, row ${until} of ${rows.length}`);
    }
    index.save(pathOf(folder, view));
  }
}

export async function openUsearch({ dataset, folder, packages }: Place): Promise<Searcher> {
  const make = await indexes(packages);
  const opened = new Map<View, Index>();
  for (const view of VIEWS) {
    const index = make();
    index.load(pathOf(folder, view));
    opened.set(view, index);
  }
  return fusedLists(dataset, {
    versions: { usearch: versionOf(packages, 'usearch') },
    nearest: (view, vector, count) => {
      // As many as are asked for are looked at, however few that is: twice the number finds what is asked for more surely.
      const found = opened.get(view)?.search(vector, Math.min(2 * count, dataset.manifest.viewCounts[view]), 1);
      return Array.from(found?.keys.subarray(0, count) ?? [], Number);
    },
    close: async () => {},
  });
}
