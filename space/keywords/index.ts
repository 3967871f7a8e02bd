import Database from 'libsql';
import type { ReleaseCase } from '../../core/search/contract.ts';
import type { KeywordSearcher } from '../../core/search/keyword-hits.ts';
import { KEYWORD_COLUMNS } from '../../core/search/keywords.ts';
import { spelledTermsOf, wordsOf } from '../../core/search/terms.ts';

/** The keyword index of a release: an SQLite file with one FTS5 table, its row ids the ordinals of the cases. */
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
  /** The same cases; each is indexed as it passes. */
  through(cases: AsyncIterable<ReleaseCase>): AsyncGenerator<ReleaseCase>;
  /** Ends the file; nothing passes after it. May be called twice. */
  close(): void;
};

/** Writes the index to a file that is not there yet. Tokens come ready made, so any SQLite reads them alike. */
export function keywordIndexWriter(path: string): KeywordIndexWriter {
  const db = new Database(path);
  let ordinal = 0;
  let isOpen = true;
  // Nobody reads the file before it is whole, and what a crash leaves is thrown away.
  db.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF');
  db.exec(`CREATE VIRTUAL TABLE keywords USING fts5(${COLUMNS.join(', ')}, content='', tokenize='ascii'); BEGIN`);
  const insert = db.prepare(`INSERT INTO keywords (rowid, ${COLUMNS.join(', ')}) VALUES (?, ?, ?, ?, ?)`);
  return {
    async *through(cases) {
      for await (const one of cases) {
        insert.run([ordinal, ...rowOf(one)]);
        ordinal += 1;
        yield one;
      }
    },
    close() {
      if (!isOpen) return;
      isOpen = false;
      db.exec("INSERT INTO keywords (keywords) VALUES ('optimize'); COMMIT");
      db.close();
    },
  };
}

export type KeywordIndex = KeywordSearcher & { close(): void };

/** Opens the index of a release that was checked against its manifest; it is only read. */
export function openKeywordIndex(path: string): KeywordIndex {
  const db = new Database(path, { readonly: true });
  const weights = COLUMN_WEIGHTS.join(', ');
  const select = db.prepare(`SELECT rowid, -bm25(keywords, ${weights}) FROM keywords WHERE keywords MATCH ?`).raw(true);
  return {
    async search(match) {
      const rows = select.all([match]) as readonly (readonly [number, number])[]; // as selected
      return { ordinals: rows.map(([rowid]) => rowid), scores: rows.map(([, score]) => score) };
    },
    close: () => db.close(),
  };
}
