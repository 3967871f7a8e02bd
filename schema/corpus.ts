import { sql } from 'drizzle-orm';
import { blob, check, index, integer, primaryKey, real, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { FACETS } from './vocabulary.ts';

/** What a source answered, whole, with where it came from. */
export const document = sqliteTable('document', {
  /** The source's own id; the case id is made from it. */
  key: text().primaryKey(),
  source: text().notNull(),
  /** How `raw` is to be read: one of `DOCUMENT_FORMATS`. */
  format: text().notNull(),
  raw: blob({ mode: 'buffer' }).notNull(),
  /** Of `raw`; checked again before the bytes are used. */
  sha256: text().notNull(),
  /** File and line, or address. */
  locator: text().notNull(),
  retrievedAtMs: integer('retrieved_at_ms').notNull(),
});

/** What a document says about itself, after its bytes were verified and read. */
export const publication = sqliteTable('publication', {
  documentKey: text('document_key').primaryKey(),
  source: text().notNull(),
  title: text(),
  /** JSON array of names. */
  authors: text().notNull(),
  journal: text(),
  publicationDate: text('publication_date'),
  pmid: text(),
  pmcid: text(),
  doi: text(),
  url: text(),
  licence: text(),
  lang: text(),
});

/** One patient in one document. */
export const patientCase = sqliteTable(
  'patient_case',
  {
    /** What the world calls the case: the document's id, with `-n` where it holds several patients. */
    caseId: text('case_id').primaryKey(),
    documentKey: text('document_key').notNull(),
    /** 1 for the first patient of the document. */
    ordinal: integer().notNull(),
    text: text().notNull(),
    ageYears: real('age_years'),
    sex: text(),
    completeness: real().notNull(),
    /** Version of the code that extracted the facets. */
    extractor: text().notNull(),
    /** 1 once the document no longer holds this patient; the next release is built without it. */
    withdrawn: integer().notNull().default(0),
    /** How often it came back after that; part of its hash, so that what comes back is worked again. */
    returns: integer().notNull().default(0),
  },
  (t) => [
    index('patient_case_document').on(t.documentKey),
    index('patient_case_withdrawn').on(t.caseId).where(sql`withdrawn = 1`),
  ],
);

/** One facet of one case. The findings stand as one JSON array: they are read with their facet and never one by one. */
export const facet = sqliteTable(
  'facet',
  {
    caseId: text('case_id').notNull(),
    facet: text({ enum: FACETS }).notNull(),
    text: text().notNull(),
    findings: text().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.caseId, t.facet] }),
    check('facet_known', sql.raw(`facet in (${FACETS.map((name) => `'${name}'`).join(',')})`)),
  ],
);

/** Diagnosis and rarity of one case (the JSON of a `Distillate`). */
export const distillate = sqliteTable('distillate', {
  caseId: text('case_id').primaryKey(),
  isRare: integer('is_rare').notNull(),
  distiller: text().notNull(),
  body: text().notNull(),
});

/** One embedder fingerprint and, where it was fitted on the corpus, its frozen weights. */
export const generation = sqliteTable('generation', {
  fingerprint: text().primaryKey(),
  embedder: text().notNull(),
  dimension: integer().notNull(),
  /** Bytes of the weights in `generation_part`; 0 where the embedder has none. */
  bytes: integer().notNull(),
  fittedOn: integer('fitted_on').notNull(),
  createdAtMs: integer('created_at_ms').notNull(),
});

/** The weights of a generation in pieces that a remote database takes in one request; complete before `generation` names it. */
export const generationPart = sqliteTable(
  'generation_part',
  {
    fingerprint: text().notNull(),
    part: integer().notNull(),
    data: blob({ mode: 'buffer' }).notNull(),
  },
  (t) => [primaryKey({ columns: [t.fingerprint, t.part] })],
);

/** All vectors of one case in one generation. */
export const vector = sqliteTable(
  'vector',
  {
    caseId: text('case_id').notNull(),
    generation: text().notNull(),
    /** Bit i is set when view i of `VIEWS` has a vector. */
    views: integer().notNull(),
    /** The present views in that order, 384 little-endian f32 each. */
    data: blob({ mode: 'buffer' }).notNull(),
  },
  (t) => [primaryKey({ columns: [t.caseId, t.generation] })],
);

export const RELEASE_STATES = ['building', 'published', 'abandoned'] as const;
/** One build of a release; the highest published version is the one that is served. */
export const release = sqliteTable('release', {
  version: integer().primaryKey({ autoIncrement: true }),
  state: text({ enum: RELEASE_STATES }).notNull(),
  leaseId: integer('lease_id').notNull(),
  generation: text().notNull(),
  caseCount: integer('case_count').notNull().default(0),
  contentHash: text('content_hash').notNull().default(''),
  startedAtMs: integer('started_at_ms').notNull(),
  publishedAtMs: integer('published_at_ms'),
});
