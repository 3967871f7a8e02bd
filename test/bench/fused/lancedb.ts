import { VIEWS, type View } from '../../../schema/vocabulary.ts';
import { load, versionOf } from '../engine/installed.ts';
import { loadView, rowAt } from './dataset.ts';
import { fusedLists, type Place, parts, type Searcher } from './peer.ts';

export type LanceKind = 'hnsw-sq' | 'ivf-pq' | 'flat';

type Query = {
  distanceType(type: 'cosine'): Query;
  ef(ef: number): Query;
  refineFactor(factor: number): Query;
  bypassVectorIndex(): Query;
  limit(count: number): Query;
  select(columns: readonly string[]): Query;
  toArrow(): Promise<{ getChild(name: string): { toArray(): ArrayLike<number> } | null }>;
};
type Table = {
  add(rows: readonly object[]): Promise<unknown>;
  createIndex(column: string, options: object): Promise<void>;
  query(): { nearestTo(vector: Float32Array): Query };
};
type Connection = {
  createTable(name: string, rows: readonly object[]): Promise<Table>;
  openTable(name: string): Promise<Table>;
  close(): void;
};
type Lance = {
  connect(folder: string): Promise<Connection>;
  readonly Index: { hnswSq(options: object): unknown; ivfPq(options: object): unknown };
};

/** It trains on 256 rows at least; a view with fewer is scanned. */
const INDEXED_ROWS_MIN = 256;

export const buildLance =
  (kind: LanceKind) =>
  async ({ dataset, folder, packages, tell }: Place): Promise<void> => {
    const { connect, Index } = await load<Lance>(packages, '@lancedb/lancedb');
    const connection = await connect(folder);
    for (const view of VIEWS) {
      const { rows, vectors } = loadView(dataset, view);
      let table: Table | null = null;
      for (const [from, until] of parts(rows.length)) {
        const records = Array.from({ length: until - from }, (_, i) => {
          return { row: from + i, vector: Array.from(rowAt(vectors, from + i)) };
        });
        if (table) await table.add(records);
        else table = await connection.createTable(view, records);
        tell(`${view}, row ${until} of ${rows.length}`);
      }
      if (kind === 'flat' || rows.length < INDEXED_ROWS_MIN) continue;
      tell(`${view}, index`);
      const distanceType = 'cosine';
      const config = kind === 'ivf-pq' ? Index.ivfPq({ distanceType }) : Index.hnswSq({ distanceType });
      await table?.createIndex('vector', { config });
    }
    connection.close();
  };

export const openLance =
  (kind: LanceKind) =>
  async ({ dataset, folder, packages }: Place): Promise<Searcher> => {
    const { connect } = await load<Lance>(packages, '@lancedb/lancedb');
    const connection = await connect(folder);
    const tables = new Map<View, Table>();
    for (const view of VIEWS)
      if (dataset.manifest.viewCounts[view] > 0) tables.set(view, await connection.openTable(view));
    const query = (table: Table, vector: Float32Array, count: number): Query => {
      const plain = table.query().nearestTo(vector).distanceType('cosine').limit(count).select(['row', '_distance']);
      if (kind === 'flat') return plain.bypassVectorIndex();
      return kind === 'ivf-pq' ? plain.refineFactor(2) : plain.ef(2 * count);
    };
    return fusedLists(dataset, {
      versions: { lancedb: versionOf(packages, '@lancedb/lancedb') },
      nearest: async (view, vector, count) => {
        const table = tables.get(view);
        if (!table) return [];
        const found = (await query(table, vector, count).toArrow()).getChild('row');
        return Array.from(found?.toArray() ?? [], Number);
      },
      close: async () => connection.close(),
    });
  };
