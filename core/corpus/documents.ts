import { type Database, json, type Row, type Statement, statement, type Value } from '../engine/database.ts';
import { DAY_MS } from '../engine/day.ts';
import { enterStatements } from '../engine/enter.ts';
import { NOW } from '../engine/sql.ts';
import type { Rows, Stage, Write } from '../engine/stage.ts';
import { gunzip, gzip } from '../gzip.ts';
import type { DocumentFormat, Publication } from '../sources/record.ts';
import type { RetrievedDocument } from '../sources/source.ts';
import { bytes, text, textOrNull } from './columns.ts';
import { groupsWithin, sizesOf } from './sizes.ts';

/** Bytes that are to be stored under `key`. */
export type NewDocument = {
  readonly key: string;
  readonly source: string;
  readonly format: DocumentFormat;
  readonly raw: Uint8Array;
  /** Of `raw`. */
  readonly sha256: string;
  readonly locator: string;
  readonly validators?: Validators | undefined;
};
export type Validators = NonNullable<RetrievedDocument['validators']>;
export type StoredDocument = Required<NewDocument> & { readonly version: number; readonly validators: Validators };

/** How `document.raw` is stored. */
const DOCUMENT_ENCODINGS = ['identity', 'gzip'] as const;
/** Below this a page of the database is hardly less full, and every reader would pay for the inflating. */
const GZIP_BYTES_MIN = 4_096;

const DOCUMENT_COLUMNS = ['key', 'source', 'format', 'raw', 'encoding', 'sha256', 'locator', 'validators'] as const;
async function documentValues(document: NewDocument): Promise<readonly Value[]> {
  const packed = document.raw.byteLength < GZIP_BYTES_MIN ? null : await gzip(document.raw);
  const encoding: (typeof DOCUMENT_ENCODINGS)[number] = packed === null ? 'identity' : 'gzip';
  const { key, source, format, sha256, locator, validators } = document;
  return [key, source, format, packed ?? document.raw, encoding, sha256, locator, JSON.stringify(validators ?? {})];
}

/** Keeps what a document was, before `STORE` puts other bytes in its place. `?1` is JSON: the new hash by key. */
const KEEP_VERSIONS = `INSERT INTO document_version(key, version, format, raw, encoding, sha256, retrieved_at_ms, replaced_at_ms)
  SELECT d.key, d.version, d.format, d.raw, d.encoding, d.sha256, d.retrieved_at_ms, ${NOW}
  FROM json_each(?1) j CROSS JOIN document d ON d.key = j.key AND d.sha256 <> j.value`;
const STORE = `INSERT INTO document(${DOCUMENT_COLUMNS.join(', ')}, retrieved_at_ms)
  SELECT ${DOCUMENT_COLUMNS.map((_, i) => `?${i + 1}`).join(', ')}, ${NOW}`;
const REPLACE = `ON CONFLICT(key) DO UPDATE SET source = excluded.source, format = excluded.format, raw = excluded.raw,
  encoding = excluded.encoding, sha256 = excluded.sha256, locator = excluded.locator, validators = excluded.validators,
  version = document.version + (document.sha256 <> excluded.sha256), retrieved_at_ms = excluded.retrieved_at_ms`;
const ONLY_CHANGED = `WHERE document.sha256 <> excluded.sha256`;

const TO_RETRIEVE = 'revision ';
/** The content hash of a document that is known by name and revision only; its bytes are still to be retrieved. */
export const toRetrieve = (revision: string): string => `${TO_RETRIEVE}${revision}`;
export const isToRetrieve = (contentHash: string | null): boolean => contentHash?.startsWith(TO_RETRIEVE) ?? false;

/** Stores what a stage retrieved for its items; the bytes that stood there before become a version. */
export async function documentWrites(
  all: readonly { readonly itemId: number; readonly document: NewDocument }[],
): Promise<readonly Write[]> {
  return Promise.all(
    all.map(async ({ itemId, document }): Promise<readonly Write[]> => {
      const hashes = json({ [document.key]: document.sha256 });
      return [
        { kind: 'fenced', itemId, sql: `${KEEP_VERSIONS} WHERE :held ON CONFLICT DO NOTHING`, args: [hashes] },
        { kind: 'fenced', itemId, sql: `${STORE} WHERE :held ${REPLACE}`, args: await documentValues(document) },
      ];
    }),
  ).then((writes) => writes.flat());
}
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

/** Which of `keys` are documents of the pipeline, retrieved or not. */
export async function knownItems(db: Database, keys: readonly string[]): Promise<ReadonlySet<string>> {
  const [found] = await db.read([
    statement(`SELECT key FROM item WHERE kind = 'document' AND key IN (SELECT value FROM json_each(?))`, [json(keys)]),
  ]);
  return new Set((found?.rows ?? []).map((row) => text(row.key)));
}

/** Stores documents with their first task, and refusals with their reason, in one transaction. Sent twice, nothing changes. */
export async function acceptDocuments(
  db: Database,
  first: Stage,
  documents: readonly NewDocument[],
  refusals: readonly Refusal[],
): Promise<void> {
  const statements: Statement[] = [
    ...(await acceptStatements(first, documents)),
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
  if (statements.length > 0) await db.write(statements);
}

/** Statements that store documents with their first task. Sent twice, nothing changes. */
export async function acceptStatements(first: Stage, documents: readonly NewDocument[]): Promise<readonly Statement[]> {
  if (documents.length === 0) return [];
  const hashes = json(Object.fromEntries(documents.map(({ key, sha256 }) => [key, sha256])));
  const stored = documents.map(async (document) =>
    statement(`${STORE} WHERE true ${REPLACE} ${ONLY_CHANGED}`, await documentValues(document)),
  );
  return [
    statement(`${KEEP_VERSIONS} WHERE true ON CONFLICT DO NOTHING`, [hashes]),
    ...(await Promise.all(stored)),
    ...enterStatements(
      first,
      documents.map(({ key, source, sha256 }) => ({ kind: 'document', key, source, contentHash: sha256 })),
    ),
  ];
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
        `SELECT ${DOCUMENT_COLUMNS.join(', ')}, version FROM document WHERE key IN (SELECT value FROM json_each(?))`,
        [json(group)],
      ),
    ]);
    for (const row of found?.rows ?? [])
      documents.set(text(row.key), {
        key: text(row.key),
        source: text(row.source),
        format: text(row.format) as DocumentFormat, // written by acceptDocuments from that union
        raw: row.encoding === 'gzip' ? await gunzip(bytes(row.raw)) : bytes(row.raw),
        sha256: text(row.sha256),
        locator: text(row.locator),
        version: Number(row.version),
        validators: JSON.parse(text(row.validators)) as Validators,
      });
  }
  return documents;
}

/** Of what a document says about itself; `folded_into` is told by its neighbours. */
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

const publicationOf = (row: Row): Publication => ({
  source: text(row.source),
  title: textOrNull(row.title),
  authors: JSON.parse(text(row.authors)) as string[],
  journal: textOrNull(row.journal),
  publicationDate: textOrNull(row.publication_date),
  pmid: textOrNull(row.pmid),
  pmcid: textOrNull(row.pmcid),
  doi: textOrNull(row.doi),
  url: textOrNull(row.url),
  licence: textOrNull(row.licence),
  lang: textOrNull(row.lang),
  articleType: textOrNull(row.article_type),
  state: text(row.state) as Publication['state'], // written by publicationRows from that union
  notices: JSON.parse(text(row.notices)) as Publication['notices'],
  openAccess: row.open_access == null ? null : Number(row.open_access) === 1,
  fullText: Number(row.full_text) === 1,
});

/** What is known of the documents that were read once. */
export async function readPublications(
  db: Database,
  keys: readonly string[],
): Promise<ReadonlyMap<string, Publication>> {
  const [found] = await db.read([
    statement(`SELECT * FROM publication WHERE document_key IN (SELECT value FROM json_each(?))`, [json(keys)]),
  ]);
  return new Map((found?.rows ?? []).map((row) => [text(row.document_key), publicationOf(row)]));
}

/** Documents that are current, those that went today, and until when an operator lets any number go. */
export async function shrinkStanding(db: Database) {
  const [found] = await db.read([
    statement(
      `SELECT ${NOW} AS now_ms, (SELECT count(*) FROM publication WHERE state = 'current') AS held,
         (SELECT count(*) FROM publication p JOIN item i ON i.kind = 'document' AND i.key = p.document_key
           JOIN task t ON t.stage = 'scrape' AND t.item_id = i.id AND t.updated_at_ms > ${NOW} - ${DAY_MS}
           WHERE p.state = 'gone') AS gone,
         (SELECT coalesce(max(shrink_allowed_ms), 0) FROM source) AS allowed_ms`,
    ),
  ]);
  const row = found?.rows[0];
  return {
    held: Number(row?.held),
    goneToday: Number(row?.gone),
    allowedUntilMs: Number(row?.allowed_ms),
    nowMs: Number(row?.now_ms),
  };
}
