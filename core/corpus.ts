import { type Facet, VIEWS, type View } from '../schema/vocabulary.ts';
import type { Distillate, ExtractedCase, FacetView } from './cases/case.ts';
import { type Database, type Row, type Statement, statement, type Value } from './engine/database.ts';
import { SchemaError } from './engine/errors.ts';
import { enterStatements, NOW } from './engine/ledger.ts';
import type { Fenced, Rows, Stage, Write } from './engine/stage.ts';
import { DIMENSION, type FittedModel } from './models/ports.ts';
import type { ReleaseCase } from './search/contract.ts';
import type { DocumentFormat, Publication } from './sources/record.ts';

/** All SQL about documents, cases, facets, vectors, generations and releases. Writes of a stage are returned as data. */

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

const text = (value: unknown): string => String(value);
const textOrNull = (value: unknown): string | null => (value == null ? null : String(value));
const numberOrNull = (value: unknown): number | null => (value == null ? null : Number(value));
const bytes = (value: unknown): Uint8Array => new Uint8Array(value as ArrayBuffer); // libSQL gives blobs as ArrayBuffer

// --- schema ------------------------------------------------------------------------------------------------------

const CORPUS_SCHEMA = '1';

/** Reads whether the corpus tables are those of this build. @throws SchemaError when they are missing or of another version */
export async function checkCorpusSchema(db: Database): Promise<void> {
  const [found] = await db.read([statement(`SELECT value FROM meta WHERE key = 'corpus_schema'`)]);
  const version = textOrNull(found?.rows[0]?.value);
  if (version !== CORPUS_SCHEMA)
    throw new SchemaError(
      `the database has corpus schema ${version ?? 'none'}, this build needs ${CORPUS_SCHEMA}: use the build that made it`,
    );
}

// --- documents ---------------------------------------------------------------------------------------------------

/** Which of `keys` are stored, with the hash of their bytes. */
export async function knownDocuments(db: Database, keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const [found] = await db.read([
    statement(`SELECT key, sha256 FROM document WHERE key IN (SELECT value FROM json_each(?))`, [JSON.stringify(keys)]),
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
  const [found] = await db.read([
    statement(
      `SELECT key, source, format, raw, sha256, locator FROM document WHERE key IN (SELECT value FROM json_each(?))`,
      [JSON.stringify(keys)],
    ),
  ]);
  return new Map(
    found?.rows.map((row) => [
      text(row.key),
      {
        key: text(row.key),
        source: text(row.source),
        format: text(row.format) as DocumentFormat, // written by acceptDocuments from that union
        raw: bytes(row.raw),
        sha256: text(row.sha256),
        locator: text(row.locator),
      },
    ]),
  );
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
    ],
  })),
});

// --- cases -------------------------------------------------------------------------------------------------------

/** Who holds `caseIds` now (an id of another document may not be taken), and which of `documentKeys` already hold cases. */
export async function heldCases(
  db: Database,
  caseIds: readonly string[],
  documentKeys: readonly string[],
): Promise<{ readonly ownerOf: ReadonlyMap<string, string>; readonly documents: ReadonlySet<string> }> {
  const [owners, documents] = await db.read([
    statement(`SELECT case_id, document_key FROM patient_case WHERE case_id IN (SELECT value FROM json_each(?))`, [
      JSON.stringify(caseIds),
    ]),
    statement(`SELECT DISTINCT document_key FROM patient_case WHERE document_key IN (SELECT value FROM json_each(?))`, [
      JSON.stringify(documentKeys),
    ]),
  ]);
  return {
    ownerOf: new Map(owners?.rows.map((row) => [text(row.case_id), text(row.document_key)])),
    documents: new Set(documents?.rows.map((row) => text(row.document_key))),
  };
}

export type NormalizedCase = {
  readonly itemId: number;
  readonly caseId: string;
  readonly documentKey: string;
  readonly ordinal: number;
  readonly extracted: ExtractedCase;
};

/**
 * The rows of some cases. Of the documents that held cases before, the old facets are dropped first and the patients that
 * they no longer hold are withdrawn.
 */
export function caseWrites(
  documentsBefore: readonly { readonly itemId: number; readonly key: string }[],
  cases: readonly NormalizedCase[],
  extractor: string,
): readonly Write[] {
  const facets = cases.flatMap(({ itemId, caseId, extracted }) =>
    (Object.entries(extracted.facets) as [Facet, FacetView][]).map(([facet, view]) => ({
      itemId,
      values: [caseId, facet, view.text, JSON.stringify(view.findings)] as Value[],
    })),
  );
  return [
    ...documentsBefore.flatMap(({ itemId, key }): Fenced[] => [
      {
        kind: 'fenced',
        itemId,
        sql: `DELETE FROM facet WHERE case_id IN (SELECT case_id FROM patient_case WHERE document_key = ?) AND :held`,
        args: [key],
      },
      {
        kind: 'fenced',
        itemId,
        sql: `UPDATE patient_case SET withdrawn = 1 WHERE document_key = ? AND :held`,
        args: [key],
      },
    ]),
    {
      kind: 'rows',
      table: 'patient_case',
      columns: [
        'case_id',
        'document_key',
        'ordinal',
        'text',
        'age_years',
        'sex',
        'completeness',
        'extractor',
        'withdrawn',
      ],
      key: ['case_id'],
      rows: cases.map(({ itemId, caseId, documentKey, ordinal, extracted }) => ({
        itemId,
        values: [
          caseId,
          documentKey,
          ordinal,
          extracted.text,
          extracted.patient.ageYears,
          extracted.patient.sex,
          extracted.completeness,
          extractor,
          0,
        ],
      })),
    },
    {
      kind: 'rows',
      table: 'facet',
      columns: ['case_id', 'facet', 'text', 'findings'],
      key: ['case_id', 'facet'],
      rows: facets,
    },
  ];
}

export type StoredCase = {
  readonly caseId: string;
  readonly documentKey: string;
  readonly title: string | null;
  readonly extracted: ExtractedCase;
};

// sqld's parser knows no ORDER BY inside an aggregate: the rows come in order instead.
const FACETS_OF_CASE = `(SELECT json_group_array(json_array(facet, text, json(findings))) FROM (SELECT facet, text, findings
   FROM facet f WHERE f.case_id = c.case_id ORDER BY facet)) AS facets`;

function extractedOf(row: Row): ExtractedCase {
  const facets = JSON.parse(text(row.facets)) as [Facet, string, FacetView['findings']][];
  return {
    text: text(row.text),
    patient: { ageYears: numberOrNull(row.age_years), sex: row.sex as ExtractedCase['patient']['sex'] },
    facets: Object.fromEntries(facets.map(([facet, facetText, findings]) => [facet, { text: facetText, findings }])),
    completeness: Number(row.completeness),
  };
}

export async function readCases(db: Database, caseIds: readonly string[]): Promise<ReadonlyMap<string, StoredCase>> {
  const [found] = await db.read([
    statement(
      `SELECT c.*, p.title, ${FACETS_OF_CASE} FROM patient_case c LEFT JOIN publication p ON p.document_key = c.document_key
       WHERE c.case_id IN (SELECT value FROM json_each(?))`,
      [JSON.stringify(caseIds)],
    ),
  ]);
  return new Map(
    found?.rows.map((row) => [
      text(row.case_id),
      {
        caseId: text(row.case_id),
        documentKey: text(row.document_key),
        title: textOrNull(row.title),
        extracted: extractedOf(row),
      },
    ]),
  );
}

export const distillateRows = (
  all: readonly { readonly itemId: number; readonly caseId: string; readonly distillate: Distillate }[],
  distiller: string,
): Rows => ({
  kind: 'rows',
  table: 'distillate',
  columns: ['case_id', 'is_rare', 'distiller', 'body'],
  key: ['case_id'],
  rows: all.map(({ itemId, caseId, distillate }) => ({
    itemId,
    values: [caseId, distillate.isRare ? 1 : 0, distiller, JSON.stringify(distillate)],
  })),
});

// --- generations and vectors ---------------------------------------------------------------------------------------

/** Texts of the cases that a model is fitted on: the first `limit` by case id, so that equal corpora give equal models. */
export async function fittingTexts(db: Database, limit: number): Promise<readonly string[]> {
  const [found] = await db.read([
    statement(`SELECT text FROM patient_case WHERE withdrawn = 0 ORDER BY case_id LIMIT ?`, [limit]),
  ]);
  return (found?.rows ?? []).map((row) => text(row.text));
}

/** The newest generation of an embedder; null before the first. */
export async function newestGeneration(
  db: Database,
  embedder: string,
): Promise<{ readonly fingerprint: string; readonly bytes: number; readonly fittedOn: number } | null> {
  const [found] = await db.read([
    statement(
      `SELECT fingerprint, bytes, fitted_on FROM generation WHERE embedder = ?
       ORDER BY created_at_ms DESC, fingerprint LIMIT 1`,
      [embedder],
    ),
  ]);
  const row = found?.rows[0];
  return row ? { fingerprint: text(row.fingerprint), bytes: Number(row.bytes), fittedOn: Number(row.fitted_on) } : null;
}

const PART_BYTES = 512 * 1024;

/** Stores a frozen model; the row that names it comes last. Two hosts that fit at once write the same. */
export async function saveGeneration(db: Database, embedder: string, model: FittedModel): Promise<void> {
  for (let part = 0; part * PART_BYTES < model.bytes.byteLength; part++) {
    const data = model.bytes.slice(part * PART_BYTES, (part + 1) * PART_BYTES);
    await db.write([
      statement(`INSERT INTO generation_part(fingerprint, part, data) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, [
        model.fingerprint,
        part,
        data,
      ]),
    ]);
  }
  await db.write([
    statement(
      `INSERT INTO generation(fingerprint, embedder, dimension, bytes, fitted_on, created_at_ms)
       SELECT ?, ?, ?, ?, ?, ${NOW} WHERE NOT EXISTS (SELECT 1 FROM generation WHERE embedder = ?2)`,
      [model.fingerprint, embedder, DIMENSION, model.bytes.byteLength, model.fittedOn],
    ),
  ]);
}

export async function loadGeneration(db: Database, fingerprint: string): Promise<FittedModel> {
  const [named, parts] = await db.read([
    statement(`SELECT bytes, fitted_on FROM generation WHERE fingerprint = ?`, [fingerprint]),
    statement(`SELECT data FROM generation_part WHERE fingerprint = ? ORDER BY part`, [fingerprint]),
  ]);
  const row = named?.rows[0];
  if (!row) throw new Error(`generation ${fingerprint} is not in the database`);
  const model = new Uint8Array(Number(row.bytes));
  let filled = 0;
  for (const part of parts?.rows ?? []) {
    const data = bytes(part.data);
    model.set(data, filled);
    filled += data.byteLength;
  }
  if (filled !== model.byteLength)
    throw new Error(`generation ${fingerprint} has ${filled} of ${model.byteLength} bytes: rebuild the embeddings`);
  return { fingerprint, bytes: model, fittedOn: Number(row.fitted_on) };
}

export type CaseVectors = Readonly<Partial<Record<View, Float32Array>>>;

export const vectorRows = (
  all: readonly { readonly itemId: number; readonly caseId: string; readonly vectors: CaseVectors }[],
  generation: string,
): Rows => ({
  kind: 'rows',
  table: 'vector',
  columns: ['case_id', 'generation', 'views', 'data'],
  key: ['case_id', 'generation'],
  rows: all.map(({ itemId, caseId, vectors }) => {
    const { views, data } = packVectors(vectors);
    return { itemId, values: [caseId, generation, views, data] };
  }),
});

/** Bit i of `views` says that view i of `VIEWS` is there; `data` holds those in order, little-endian f32. */
export function packVectors(vectors: CaseVectors): { readonly views: number; readonly data: Uint8Array } {
  const present = VIEWS.filter((view) => vectors[view] !== undefined);
  const data = new DataView(new ArrayBuffer(present.length * DIMENSION * 4));
  present.forEach((view, i) => {
    vectors[view]?.forEach((value, d) => {
      data.setFloat32((i * DIMENSION + d) * 4, value, true);
    });
  });
  return {
    views: present.reduce((mask, view) => mask | (1 << VIEWS.indexOf(view)), 0),
    data: new Uint8Array(data.buffer),
  };
}

export function unpackVectors(views: number, packed: Uint8Array): CaseVectors {
  const data = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const vectors: Partial<Record<View, Float32Array>> = {};
  VIEWS.filter((_, bit) => views & (1 << bit)).forEach((view, i) => {
    vectors[view] = Float32Array.from({ length: DIMENSION }, (_, d) => data.getFloat32((i * DIMENSION + d) * 4, true));
  });
  return vectors;
}

// --- releases ------------------------------------------------------------------------------------------------------

const PAGE = 250;

/** Every case that a release of `generation` holds, by case id, read page by page. */
export async function* casesOfRelease(db: Database, generation: string): AsyncGenerator<ReleaseCase> {
  let after = '';
  for (;;) {
    const [found] = await db.read([
      statement(
        `SELECT c.*, v.views, v.data, d.body, p.title, p.authors, p.journal, p.publication_date, p.pmid, p.pmcid, p.doi,
           p.url, p.licence, p.source, ${FACETS_OF_CASE}
         FROM patient_case c JOIN vector v ON v.case_id = c.case_id AND v.generation = ?1
         JOIN distillate d ON d.case_id = c.case_id JOIN publication p ON p.document_key = c.document_key
         WHERE c.case_id > ?2 AND c.withdrawn = 0 ORDER BY c.case_id LIMIT ${PAGE}`,
        [generation, after],
      ),
    ]);
    const rows = found?.rows ?? [];
    for (const row of rows) yield releaseCaseOf(row);
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return;
    after = text(last.case_id);
  }
}

const releaseCaseOf = (row: Row): ReleaseCase => ({
  caseId: text(row.case_id),
  provenance: {
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
  },
  extracted: extractedOf(row),
  distillate: JSON.parse(text(row.body)) as Distillate,
  vectors: unpackVectors(Number(row.views), bytes(row.data)),
});

/**
 * Takes the next version number for a build under a lease. Builds whose lease is gone are marked abandoned, so that their
 * folders can be swept.
 */
export async function beginRelease(db: Database, leaseId: number, generation: string): Promise<number> {
  const results = await db.write([
    statement(
      `UPDATE release SET state = 'abandoned' WHERE state = 'building'
         AND lease_id NOT IN (SELECT id FROM lease WHERE state = 'live')`,
    ),
    statement(
      `INSERT INTO release(state, lease_id, generation, started_at_ms) VALUES ('building', ?, ?, ${NOW}) RETURNING version`,
      [leaseId, generation],
    ),
  ]);
  return Number(results[1]?.rows[0]?.version);
}

/** Makes a built release the current one, in the batch that settles its items. */
export const publishWrite = (
  itemId: number,
  release: { readonly version: number; readonly caseCount: number; readonly contentHash: string },
): Write => ({
  kind: 'fenced',
  itemId,
  sql: `UPDATE release SET state = 'published', case_count = ?, content_hash = ?, published_at_ms = ${NOW}
        WHERE version = ? AND state = 'building' AND :held`,
  args: [release.caseCount, release.contentHash, release.version],
});

/** Ends an operator's request for a release, in the batch that fulfils it. */
export const requestFulfilled = (itemId: number, stage: string): Write => ({
  kind: 'fenced',
  itemId,
  sql: `UPDATE stage_control SET requested = 0 WHERE stage = ? AND :held`,
  args: [stage],
});

export type CurrentRelease = {
  readonly version: number;
  readonly caseCount: number;
  readonly generation: string;
  readonly contentHash: string;
  readonly publishedAtMs: number;
};
export async function currentRelease(db: Database): Promise<CurrentRelease | null> {
  const [found] = await db.read([
    statement(`SELECT * FROM release WHERE state = 'published' ORDER BY version DESC LIMIT 1`),
  ]);
  const row = found?.rows[0];
  if (!row) return null;
  return {
    version: Number(row.version),
    caseCount: Number(row.case_count),
    generation: text(row.generation),
    contentHash: text(row.content_hash),
    publishedAtMs: Number(row.published_at_ms),
  };
}

/** Numbers and newest set-aside records for the status page. */
export async function corpusStatus(db: Database, limit: number) {
  const [counts, settled, refused] = await db.read([
    statement(
      `SELECT (SELECT count(*) FROM document) AS documents, (SELECT count(*) FROM patient_case WHERE withdrawn = 0) AS cases`,
    ),
    statement(
      `SELECT i.key, t.stage, t.state, t.reason, t.updated_at_ms AS at_ms FROM task t INDEXED BY task_failed
       JOIN item i ON i.id = t.item_id WHERE t.state IN ('dead','skipped') ORDER BY t.updated_at_ms DESC LIMIT ?`,
      [limit],
    ),
    statement(`SELECT file, line, reason, detail, at_ms FROM refusal ORDER BY id DESC LIMIT ?`, [limit]),
  ]);
  const setAside = [
    ...(settled?.rows ?? []).map((row) => ({
      key: text(row.key),
      stage: text(row.stage),
      state: text(row.state),
      reason: text(row.reason),
      atMs: Number(row.at_ms),
    })),
    ...(refused?.rows ?? []).map((row) => ({
      key: `${text(row.file)}:${Number(row.line)}`,
      stage: 'ingest',
      state: 'refused',
      reason: `${text(row.reason)}: ${text(row.detail)}`,
      atMs: Number(row.at_ms),
    })),
  ].sort((a, b) => b.atMs - a.atMs);
  return {
    documents: Number(counts?.rows[0]?.documents),
    cases: Number(counts?.rows[0]?.cases),
    setAside: setAside.slice(0, limit),
  };
}
