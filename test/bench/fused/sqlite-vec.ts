import { join } from 'node:path';
import { DIMENSION } from '../../../core/models/ports.ts';
import { VIEWS } from '../../../schema/vocabulary.ts';
import { load, versionOf } from '../engine/installed.ts';
import { loadView, rowAt } from './dataset.ts';
import { fusedLists, type Place, parts, type Searcher } from './peer.ts';

type Statement = {
  run(...values: unknown[]): unknown;
  all(...values: unknown[]): unknown[];
  pluck(): Statement;
};
type Database = {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  loadExtension(path: string): void;
  close(): void;
};

async function openFile({ folder, packages }: Place): Promise<Database> {
  const { default: Sqlite } = await load<{ default: new (path: string) => Database }>(packages, 'better-sqlite3');
  const { getLoadablePath } = await load<{ getLoadablePath: () => string }>(packages, 'sqlite-vec');
  const db = new Sqlite(join(folder, 'vectors.db'));
  db.loadExtension(getLoadablePath());
  return db;
}

export async function buildSqliteVec(place: Place): Promise<void> {
  const db = await openFile(place);
  db.exec('PRAGMA journal_mode = WAL');
  for (const view of VIEWS) {
    const { rows, vectors } = loadView(place.dataset, view);
    db.exec(`CREATE VIRTUAL TABLE ${view} USING vec0(vector float[${DIMENSION}] distance_metric=cosine)`);
    const insert = db.prepare(`INSERT INTO ${view} (rowid, vector) VALUES (?, ?)`);
    for (const [from, until] of parts(rows.length)) {
      db.exec('BEGIN');
      for (let row = from; row < until; row += 1) insert.run(BigInt(row), rowAt(vectors, row));
      db.exec('COMMIT');
      place.tell(`${view}, row ${until} of ${rows.length}`);
    }
  }
  db.close();
}

export async function openSqliteVec(place: Place): Promise<Searcher> {
  const db = await openFile(place);
  const search = new Map(
    VIEWS.map((view) => [view, db.prepare(`SELECT rowid FROM ${view} WHERE vector MATCH ? AND k = ?`).pluck()]),
  );
  const { packages } = place;
  return fusedLists(place.dataset, {
    versions: {
      'sqlite-vec': versionOf(packages, 'sqlite-vec'),
      'better-sqlite3': versionOf(packages, 'better-sqlite3'),
    },
    nearest: (view, vector, count) => (search.get(view)?.all(vector, count) ?? []) as number[],
    close: async () => db.close(),
  });
}
