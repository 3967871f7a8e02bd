import { sql } from 'drizzle-orm';
import { blob, check, index, integer, primaryKey, real, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { BATCH_ITEM_STATES, BATCH_JOB_STATES, FACETS } from './vocabulary.ts';

/** What a source answered, whole, with where it came from. */
export const document = sqliteTable('document', {
  /** The source's own id; the case id is made from it. */
  key: text().primaryKey(),
  source: text().notNull(),
  /** How `raw` is to be read: one of `DOCUMENT_FORMATS`. */
  format: text().notNull(),
  /** The bytes as `encoding` says: one of `DOCUMENT_ENCODINGS`. */
  raw: blob({ mode: 'buffer' }).notNull(),
  encoding: text().notNull().default('identity'),
  /** Of the decoded bytes; checked again before they are used. */
  sha256: text().notNull(),
  /** File and line, or address. */
  locator: text().notNull(),
  retrievedAtMs: integer('retrieved_at_ms').notNull(),
  /** Grows with every change of the bytes. */
  version: integer().notNull().default(1),
  /** JSON of what a conditional request needs: etag, lastModified. */
  validators: text().notNull().default('{}'),
});

/** What a document was before it changed. */
export const documentVersion = sqliteTable(
  'document_version',
  {
    key: text().notNull(),
    version: integer().notNull(),
    format: text().notNull(),
    raw: blob({ mode: 'buffer' }).notNull(),
    encoding: text().notNull(),
    sha256: text().notNull(),
    retrievedAtMs: integer('retrieved_at_ms').notNull(),
    replacedAtMs: integer('replaced_at_ms').notNull(),
  },
  (t) => [primaryKey({ columns: [t.key, t.version] })],
);

/** What a document says about itself, after its bytes were verified and read. */
export const publication = sqliteTable(
  'publication',
  {
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
    /** What the source calls it: `case-report`, `Case Reports; Journal Article`. */
    articleType: text('article_type'),
    /** One of `PUBLICATION_STATES`: what is not current leaves the answers. */
    state: text().notNull().default('current'),
    /** JSON array of `Notice`: erratum, expression of concern, retraction, update. */
    notices: text().notNull().default('[]'),
    /** 1 and 0 where the source says; null where it does not. */
    openAccess: integer('open_access'),
    /** 1 when the text is more than an abstract. */
    fullText: integer('full_text').notNull().default(0),
    /** The document of the same article that yields the cases of this one; null where it yields its own. */
    foldedInto: text('folded_into'),
  },
  (t) => [
    index('publication_folded').on(t.foldedInto).where(sql`folded_into IS NOT NULL`),
    index('publication_not_current').on(t.documentKey).where(sql`state <> 'current'`),
  ],
);

/**
 * What a document has in common with others of the same article: its ids, the hash of its title, hashes of word sequences of its
 * text (`IDENTITY_KINDS`). Two documents with one row in common are looked at as possibly one.
 */
export const documentIdentity = sqliteTable(
  'document_identity',
  {
    kind: text().notNull(),
    value: text().notNull(),
    documentKey: text('document_key').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.kind, t.value, t.documentKey] }),
    index('document_identity_document').on(t.documentKey),
  ],
);

/** A case that no answer may show from now on, whatever release is served. */
export const tombstone = sqliteTable('tombstone', {
  caseId: text('case_id').primaryKey(),
  documentKey: text('document_key').notNull(),
  /** For everybody: `retracted: Retraction in: J Test 2026`. */
  reason: text().notNull(),
  atMs: integer('at_ms').notNull(),
});

/** What an operator collects: one definition of a source. */
export const source = sqliteTable('source', {
  name: text().primaryKey(),
  /** One of `SOURCE_KINDS`. */
  kind: text().notNull(),
  query: text().notNull(),
  /** First day, ISO 8601. */
  sinceDay: text('since_day').notNull(),
  /** Most documents in all; null without a limit. */
  documentsMax: integer('documents_max'),
  /** Time between the starts of two runs; null where it runs only when told to. */
  everyMs: integer('every_ms'),
  /** One of `SOURCE_STATES`. */
  state: text().notNull().default('active'),
  /** Why it is paused or parked. */
  reason: text(),
  createdMs: integer('created_ms').notNull(),
  /** When the next run, or the next step of the one at hand, is due; null when only an act starts it. */
  dueMs: integer('due_ms'),
  /** Counts runs; a run has ended when no window of it is open. */
  run: integer().notNull().default(0),
  runState: text('run_state').notNull().default('idle'),
  /** The right to step it: a token that grows, and how long it holds. */
  fence: integer().notNull().default(0),
  owner: text(),
  leaseUntilMs: integer('lease_until_ms').notNull().default(0),
  /** Days up to which it was asked by entry and by change; null before the first run ended. */
  entryThrough: text('entry_through'),
  changeThrough: text('change_through'),
  /** Day of the last run that compared the whole listing with what is held. */
  sweptDay: text('swept_day'),
  /** Until when missing documents may be withdrawn in any number, as an operator allowed. */
  shrinkAllowedMs: integer('shrink_allowed_ms').notNull().default(0),
  failures: integer().notNull().default(0),
  error: text(),
  startedMs: integer('started_ms'),
  finishedMs: integer('finished_ms'),
  /** Of the run at hand or the last: listed in all, new, changed. */
  found: integer().notNull().default(0),
  fresh: integer().notNull().default(0),
  changed: integer().notNull().default(0),
  /** JSON array of the newest remarks of the service. */
  remarks: text().notNull().default('[]'),
});

/** One window of a run, with the place in it: the checkpoint that is committed with what was found up to there. */
export const sourceWindow = sqliteTable(
  'source_window',
  {
    id: integer().primaryKey({ autoIncrement: true }),
    source: text().notNull(),
    run: integer().notNull(),
    /** `entry`, `change` or `sweep`. */
    by: text().notNull(),
    fromDay: text('from_day').notNull(),
    toDay: text('to_day').notNull(),
    cursor: text(),
    /** Pages read; a step that another worker did meanwhile is told by it. */
    pages: integer().notNull().default(0),
    /** Hits that the service states, and documents that it gave. */
    stated: integer(),
    received: integer().notNull().default(0),
    /** How often it was listed again from its beginning, because fewer came than were stated. */
    relisted: integer().notNull().default(0),
    /** One of `WINDOW_STATES`. */
    state: text().notNull().default('open'),
    remark: text(),
    finishedMs: integer('finished_ms'),
  },
  (t) => [index('source_window_open').on(t.source, t.id).where(sql`state = 'open'`)],
);

/** What a definition has listed: the revision it saw last, and in which run. */
export const sourceItem = sqliteTable(
  'source_item',
  {
    source: text().notNull(),
    key: text().notNull(),
    revision: text().notNull(),
    /** The run that listed it last. */
    run: integer().notNull(),
    /** Run in which a sweep missed it first; null while it is listed. */
    missingRun: integer('missing_run'),
  },
  (t) => [
    primaryKey({ columns: [t.source, t.key] }),
    index('source_item_missing').on(t.source).where(sql`missing_run IS NOT NULL`),
  ],
);

/** The pace of one service, shared by every worker: when the next request may begin. */
export const servicePace = sqliteTable('service_pace', {
  service: text().primaryKey(),
  nextMs: integer('next_ms').notNull(),
  /** Until when nobody calls it, as it asked. */
  closedUntilMs: integer('closed_until_ms').notNull().default(0),
  closedReason: text('closed_reason'),
  requests: integer().notNull().default(0),
});

/** A place for one request in flight; free again when it is given back or its time is over. */
export const serviceLane = sqliteTable(
  'service_lane',
  {
    service: text().notNull(),
    lane: integer().notNull(),
    busyUntilMs: integer('busy_until_ms').notNull().default(0),
    token: text(),
  },
  (t) => [primaryKey({ columns: [t.service, t.lane] })],
);

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

const oneOf = (column: string, values: readonly string[]) =>
  sql.raw(`${column} in (${values.map((value) => `'${value}'`).join(',')})`);

/** Many cases that a model service answers as one job, in hours. */
export const batchJob = sqliteTable(
  'batch_job',
  {
    /** Made of the cases, their inputs and the fingerprint; the service knows the job by it. */
    key: text().primaryKey(),
    stage: text().notNull(),
    /** Of the distiller whose requests it holds. */
    fingerprint: text().notNull(),
    service: text().notNull(),
    state: text({ enum: BATCH_JOB_STATES }).notNull(),
    /** The service's own name of it; null until that is known. */
    externalId: text('external_id'),
    /** The claim that submits it: while that lives, nobody else decides what became of the submission. */
    leaseId: integer('lease_id').notNull(),
    items: integer().notNull(),
    /** What it was charged with, of which quota, on which day (since 1970-01-01). */
    quota: text().notNull(),
    units: real().notNull(),
    day: integer().notNull(),
    /** What the service said last of how it ended: one of `JobState`. */
    outcome: text(),
    /** What there is to tell of it. */
    reason: text(),
    intendedMs: integer('intended_ms').notNull(),
    /** When the service was last asked to take it; null before that. */
    sentMs: integer('sent_ms'),
    submittedMs: integer('submitted_ms'),
    closedMs: integer('closed_ms'),
    /** When it is asked about next; null once it is closed. */
    dueMs: integer('due_ms'),
    polls: integer().notNull().default(0),
    failures: integer().notNull().default(0),
    /** The right to ask about it: a token that grows, and how long it holds. */
    fence: integer().notNull().default(0),
    owner: text(),
    heldUntilMs: integer('held_until_ms').notNull().default(0),
    answered: integer().notNull().default(0),
    refused: integer().notNull().default(0),
    unanswered: integer().notNull().default(0),
    /** Answers that belong to none of its cases, or came twice. */
    ignored: integer().notNull().default(0),
  },
  (t) => [
    index('batch_job_due').on(t.dueMs).where(sql`due_ms IS NOT NULL`),
    check('batch_job_state_known', oneOf('state', BATCH_JOB_STATES)),
    check('batch_job_due_iff_open', sql`(due_ms is null) = (state in ('applied','abandoned'))`),
  ],
);

/** One case in one job. */
export const batchItem = sqliteTable(
  'batch_item',
  {
    jobKey: text('job_key').notNull(),
    /** By which the service gives its answer back; no other job has it. */
    id: text().notNull(),
    caseId: text('case_id').notNull(),
    itemId: integer('item_id').notNull(),
    inputHash: text('input_hash').notNull(),
    state: text({ enum: BATCH_ITEM_STATES }).notNull().default('waiting'),
    /** The words of the model as they came. */
    answer: text(),
    /** Units that the service says it used; null where it does not say. */
    units: real(),
    /** 1 where a refusal may end otherwise when it is asked again. */
    again: integer().notNull().default(0),
    reason: text(),
  },
  (t) => [
    primaryKey({ columns: [t.jobKey, t.id] }),
    index('batch_item_case').on(t.caseId),
    check('batch_item_state_known', oneOf('state', BATCH_ITEM_STATES)),
  ],
);

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

export const RELEASE_STATES = ['building', 'published', 'abandoned', 'rolled_back'] as const;
/** One build of a release; the highest published version is the one that is served. `rolled_back`: it was, until an operator went back. */
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

/** One measurement of a release by `eval`: how well it answers questions with known answers. It holds no word of a question. */
export const evaluation = sqliteTable(
  'evaluation',
  {
    id: integer().primaryKey({ autoIncrement: true }),
    releaseVersion: integer('release_version').notNull(),
    /** Name of the file of judgements without its path, and sha256 of what it holds. */
    file: text().notNull(),
    judgementsHash: text('judgements_hash').notNull(),
    questions: integer().notNull(),
    /** Questions that the release cannot answer. */
    leftOut: integer('left_out').notNull(),
    thresholdsVersion: text('thresholds_version').notNull(),
    program: text().notNull(),
    /** JSON: for each variant the mean of each measure with its interval. */
    variants: text().notNull(),
    atMs: integer('at_ms').notNull(),
  },
  (t) => [index('evaluation_release').on(t.releaseVersion)],
);
