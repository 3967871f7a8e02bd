import { type Database, json, type Statement, statement } from '../engine/database.ts';
import { enterStatements } from '../engine/ledger.ts';
import { NOW } from '../engine/sql.ts';
import type { Rows, Stage } from '../engine/stage.ts';
import type { DocumentFormat, Publication } from '../sources/record.ts';
import { bytes, text } from './columns.ts';
import { groupsWithin, sizesOf } from './sizes.ts';

export type StoredDocument = {
  readonly key: string;
  readonly source: string;
  readonly format: DocumentFormat;
  readonly raw: Uint8Array;
  readonly sha256: string;
  readonly locator: string;
};
export type Refusal = {
  readonly source: string;
  readonly file: string;
  readonly line: number;
  readonly byteOffset: number;
  readonly bytes: number;
  readonly reason: string;
  readonly detail: string;
  readonly sha256: string;
  readonly raw: Uint8Array | null;
};

/** Which of `keys` are stored, with the hash of their bytes. */
export async function knownDocuments(db: Database, keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const [found] = await db.read([
    statement(`SELECT key, sha256 FROM document WHERE key IN (SELECT value FROM json_each(?))`, [json(keys)]),
  ]);
  return new Map(found?.rows.map((row) => [text(row.key), text(row.sha256)]));
}

/** Stores documents with their first task, and refusals with their reason, in one transaction. Sent twice, nothing changes. */
export async function acceptDocuments(
  db: Database,
  first: Stage,
  documents: readonly StoredDocument[],
  refusals: readonly Refusal[],
): Promise<void> {
  const statements: Statement[] = [
    ...documents.map((document) =>
      statement(
        `INSERT INTO document(key, source, format, raw, sha256, locator, retrieved_at_ms) VALUES (?, ?, ?, ?, ?, ?, ${NOW})
         ON CONFLICT(key) DO UPDATE SET source = excluded.source, format = excluded.format, raw = excluded.raw,
           sha256 = excluded.sha256, locator = excluded.locator, retrieved_at_ms = excluded.retrieved_at_ms
         WHERE document.sha256 <> excluded.sha256`,
        [document.key, document.source, document.format, document.raw, document.sha256, document.locator],
      ),
    ),
    ...refusals.map((refusal) =>
      statement(
        `INSERT INTO refusal(source, file, line, byte_offset, bytes, reason, detail, sha256, raw, at_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ${NOW}) ON CONFLICT(file, line, sha256) DO NOTHING`,
        [
          refusal.source,
          refusal.file,
          refusal.line,
          refusal.byteOffset,
          refusal.bytes,
          refusal.reason,
          refusal.detail,
          refusal.sha256,
          refusal.raw,
        ],
      ),
    ),
  ];
  if (documents.length > 0)
    statements.push(
      ...enterStatements(
        first,
        documents.map(({ key, source, sha256 }) => ({ kind: 'document', key, source, contentHash: sha256 })),
      ),
    );
  if (statements.length > 0) await db.write(statements);
}

export async function readDocuments(
  db: Database,
  keys: readonly string[],
): Promise<ReadonlyMap<string, StoredDocument>> {
  const documents = new Map<string, StoredDocument>();
  const sizes = statement(
    `SELECT key, length(raw) AS bytes FROM document WHERE key IN (SELECT value FROM json_each(?))`,
    [json(keys)],
  );
  for (const group of groupsWithin(await sizesOf(db, sizes))) {
    const [found] = await db.read([
      statement(
        `SELECT key, source, format, raw, sha256, locator FROM document WHERE key IN (SELECT value FROM json_each(?))`,
        [json(group)],
      ),
    ]);
    for (const row of found?.rows ?? [])
      documents.set(text(row.key), {
        key: text(row.key),
        source: text(row.source),
        format: text(row.format) as DocumentFormat, // written by acceptDocuments from that union
        raw: bytes(row.raw),
        sha256: text(row.sha256),
        locator: text(row.locator),
      });
  }
  return documents;
}

const PUBLICATION_COLUMNS = [
  'document_key',
  'source',
  'title',
  'authors',
  'journal',
  'publication_date',
  'pmid',
  'pmcid',
  'doi',
  'url',
  'licence',
  'lang',
  'article_type',
  'state',
  'notices',
  'open_access',
  'full_text',
] as const;

export const publicationRows = (
  all: readonly { readonly itemId: number; readonly key: string; readonly publication: Publication }[],
): Rows => ({
  kind: 'rows',
  table: 'publication',
  columns: PUBLICATION_COLUMNS,
  key: ['document_key'],
  rows: all.map(({ itemId, key, publication: p }) => ({
    itemId,
    values: [
      key,
      p.source,
      p.title,
      JSON.stringify(p.authors),
      p.journal,
      p.publicationDate,
      p.pmid,
      p.pmcid,
      p.doi,
      p.url,
      p.licence,
      p.lang,
      p.articleType,
      p.state,
      JSON.stringify(p.notices),
      p.openAccess === null ? null : Number(p.openAccess),
      Number(p.fullText),
    ],
  })),
});
