import { copyFileSync } from 'node:fs';
import Database from 'libsql';
import { ReleaseFormatError } from '../../core/search/binary.ts';
import type { ReleaseCase, TakenCase } from '../../core/search/contract.ts';
import type { KeywordSearcher } from '../../core/search/keyword-hits.ts';
import { KEYWORD_COLUMNS } from '../../core/search/keywords.ts';
import { spelledTermsOf, wordsOf } from '../../core/search/terms.ts';

/**
 * The keyword index of a release: an SQLite file with one FTS5 table, and one that names the case of each of its rows. Row ids stay from
 * release to release, so that cases which are taken over need not be read again; where nothing is taken over they are the ordinals.
 */
export const KEYWORDS_FILE = 'keywords.db';
const COLUMNS = [...KEYWORD_COLUMNS.written, KEYWORD_COLUMNS.terms];
/** A word of a title or of a diagnosis tells more than one of the text. */
const COLUMN_WEIGHTS = [2, 1, 2, 1];

/**
 * Columns of a case, as words and terms one space apart. Of a case whose text may not be shown the terms stand in the order of the
 * alphabet and no words of the text: from the places of an index one could read it back.
 */
function rowOf({ provenance, extracted, distillate, withheld }: ReleaseCase): readonly string[] {
  const [title, body, diagnosis] = [provenance.title ?? '', extracted.text, distillate.diagnosis ?? ''];
  const terms = spelledTermsOf([body.startsWith(title) ? '' : title, body, diagnosis].join('\n'));
  const written = (text: string) => wordsOf(text).join(' ');
  if (withheld !== undefined) return [written(title), '', '', [...new Set(terms)].sort().join(' ')];
  return [written(title), written(body), written(diagnosis), terms.join(' ')];
}

export type KeywordIndexWriter = {
  /** The same cases; each that is read is indexed as it passes, and those that are taken over stay as the earlier index has them. */
  through<One extends ReleaseCase | TakenCase>(cases: AsyncIterable<One>): AsyncGenerator<One>;
  /** Ends the file; nothing passes after it. May be called twice. */
  close(): void;
};

/**
 * Writes the index to a file that is not there yet, on from that of the earlier release that cases are taken over from. Tokens come ready made, so
 * any SQLite reads them alike.
 */
export function keywordIndexWriter(path: string, earlier: string | null = null): KeywordIndexWriter {
  if (earlier !== null) copyFileSync(earlier, path);
  const db = new Database(path);
  let isOpen = true;
  // Nobody reads the file before it is whole, and what a crash leaves is thrown away.
  db.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF');
  if (earlier === null) {
    db.exec(`CREATE VIRTUAL TABLE keywords
               USING fts5(${COLUMNS.join(', ')}, content='', contentless_delete=1, tokenize='ascii');
             CREATE TABLE row_case(id INTEGER PRIMARY KEY, case_id TEXT NOT NULL)`);
  }
  db.exec('BEGIN');
  const held = rowIds(db);
  let next = Math.max(-1, ...held.values()) + 1;
  const insert = db.prepare(`INSERT INTO keywords (rowid, ${COLUMNS.join(', ')}) VALUES (?, ?, ?, ?, ?)`);
  const name = db.prepare('INSERT INTO row_case (id, case_id) VALUES (?, ?)');
  const remove = [db.prepare('DELETE FROM keywords WHERE rowid = ?'), db.prepare('DELETE FROM row_case WHERE id = ?')];
  return {
    async *through(cases) {
      for await (const one of cases) {
        if ('taken' in one) {
          if (!held.delete(one.caseId)) throw new Error(`case ${one.caseId} is not in the keyword index before`);
        } else {
          insert.run([next, ...rowOf(one)]);
          name.run([next, one.caseId]);
          next += 1;
        }
        yield one;
      }
    },
    close() {
      if (!isOpen) return;
      isOpen = false;
      // What was not taken over: cases that are gone, and earlier states of those that were read.
      for (const id of held.values()) for (const statement of remove) statement.run([id]);
      // Merges all of the index, so that no word of a case that is gone stays in the file.
      db.exec("INSERT INTO keywords (keywords) VALUES ('optimize'); COMMIT; VACUUM");
      db.close();
    },
  };
}

function rowIds(db: Database.Database): Map<string, number> {
  const rows = db.prepare('SELECT case_id, id FROM row_case').raw(true).all() as (readonly [string, number])[]; // as selected
  return new Map(rows);
}

export type KeywordIndex = KeywordSearcher & { close(): void };

/** Opens the index of a release that was checked against its manifest; it is only read. `ordinalOf` gives a case's place in that release. */
export function openKeywordIndex(path: string, ordinalOf: (caseId: string) => number | undefined): KeywordIndex {
  const db = new Database(path, { readonly: true });
  const ordinals = new Map<number, number>();
  for (const [caseId, id] of rowIds(db)) {
    const ordinal = ordinalOf(caseId);
    if (ordinal === undefined) {
      db.close();
      throw new ReleaseFormatError(`${KEYWORDS_FILE} names a case that the release does not have`);
    }
    ordinals.set(id, ordinal);
  }
  const weights = COLUMN_WEIGHTS.join(', ');
  const select = db.prepare(`SELECT rowid, -bm25(keywords, ${weights}) FROM keywords WHERE keywords MATCH ?`).raw(true);
  return {
    async search(match) {
      const rows = select.all([match]) as readonly (readonly [number, number])[]; // as selected
      return { ordinals: rows.map(([rowid]) => ordinals.get(rowid) ?? -1), scores: rows.map(([, score]) => score) };
    },
    close: () => db.close(),
  };
}
