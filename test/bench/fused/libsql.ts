import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import Libsql from 'libsql';
import { DIMENSION } from '../../../core/models/ports.ts';
import { VIEWS, type View } from '../../../schema/vocabulary.ts';
import { loadView, rowAt } from './dataset.ts';
import { fusedLists, type Place, parts, type Searcher } from './peer.ts';

export type LibsqlKind = 'index' | 'no index';

/** As it is widely used: a node holds the vectors of its neighbours, so that more of them, or whole ones, make it many times as large. */
const INDEX_OPTIONS = "'metric=cosine', 'compress_neighbors=float8', 'max_neighbors=20'";

function openFile({ folder }: Place): Libsql.Database {
  const db = new Libsql(join(folder, 'vectors.db'));
  // Kept in memory as far as may be: an insert into the index reads the nodes around it.
  for (const pragma of ['journal_mode = WAL', 'synchronous = NORMAL', 'cache_size = -524288'])
    db.exec(`PRAGMA ${pragma}`);
  return db;
}

const bytesOf = (vector: Float32Array): Buffer => Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);

export const buildLibsql =
  (kind: LibsqlKind) =>
  async (place: Place): Promise<void> => {
    const db = openFile(place);
    for (const view of VIEWS) {
      const { rows, vectors } = loadView(place.dataset, view);
      db.exec(`CREATE TABLE ${view} (id INTEGER PRIMARY KEY, vector F32_BLOB(${DIMENSION}) NOT NULL)`);
      if (kind === 'index')
        db.exec(`CREATE INDEX ${view}_nearest ON ${view} (libsql_vector_idx(vector, ${INDEX_OPTIONS}))`);
      const insert = db.prepare(`INSERT INTO ${view} (id, vector) VALUES (?, ?)`);
      for (const [from, until] of parts(rows.length)) {
        db.exec('BEGIN');
        for (let row = from; row < until; row += 1) insert.run([row, bytesOf(rowAt(vectors, row))]);
        db.exec('COMMIT');
        place.tell(`${view}, row ${until} of ${rows.length}`);
      }
    }
    db.close();
  };

const SQL: Readonly<Record<LibsqlKind, (view: View) => string>> = {
  index: (view) => `SELECT id FROM vector_top_k('${view}_nearest', ?, ?)`,
  'no index': (view) => `SELECT id FROM ${view} ORDER BY vector_distance_cos(vector, ?) LIMIT ?`,
};

export const openLibsql =
  (kind: LibsqlKind) =>
  async (place: Place): Promise<Searcher> => {
    const db = openFile(place);
    const search = new Map(VIEWS.map((view) => [view, db.prepare(SQL[kind](view)).raw(true)]));
    const manifest = join(dirname(createRequire(import.meta.url).resolve('libsql')), 'package.json');
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
    return fusedLists(place.dataset, {
      versions: { libsql: version },
      nearest: (view, vector, count) =>
        ((search.get(view)?.all([bytesOf(vector), count]) ?? []) as [number][]).map(([id]) => id),
      close: async () => {
        db.close();
      },
    });
  };
