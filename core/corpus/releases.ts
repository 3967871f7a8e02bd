import type { Distillate } from '../cases/case.ts';
import { distillateOf } from '../cases/distillate.ts';
import { type Database, json, type Row, statement } from '../engine/database.ts';
import { NOW } from '../engine/sql.ts';
import type { Write } from '../engine/stage.ts';
import type { Link, ReleaseCase, TakenCase } from '../search/contract.ts';
import type { Notice } from '../sources/record.ts';
import { CASE_BYTES, extractedOf, FACETS_OF_CASE } from './cases.ts';
import { bytes, text, textOrNull } from './columns.ts';
import { showingOf } from './licence.ts';
import { groupsWithin, type Sized, sizesOf } from './sizes.ts';
import { unpackVectors } from './vectors.ts';

const PAGE = 1_000;

/** A case that no answer may show enters no release either, though its document was not normalized since. */
const SHOWN = `c.withdrawn = 0 AND NOT EXISTS (SELECT 1 FROM tombstone t WHERE t.case_id = c.case_id)`;
/** Documents whose cases are this one, by key. */
const ALSO = `(SELECT json_group_array(json_object('key', document_key, 'pmid', pmid, 'pmcid', pmcid, 'doi', doi, 'url', url))
  FROM (SELECT * FROM publication f INDEXED BY publication_folded WHERE f.folded_into = c.document_key ORDER BY document_key)) AS also`;

/** An amount as text that tells any two apart. */
const exact = (column: string): string => `printf('%!.17g', ${column})`;
/** SHA3-256 over every column that `releaseCaseOf` reads, as libSQL computes it where the row is: only the hash travels. */
const FINGERPRINT = `lower(hex(sha3(hex(sha3(json_array(c.case_id, c.document_key, c.text, ${exact('c.age_years')}, c.sex,
  ${exact('c.completeness')}, d.body, p.title, p.authors, p.journal, p.publication_date, p.pmid, p.pmcid, p.doi, p.url, p.licence, p.source,
  p.notices, b.source, v.views, ${ALSO.replace(/ AS also$/, '')}, ${FACETS_OF_CASE.replace(/ AS facets$/, '')}), 256))
  || hex(sha3(v.data, 256)), 256))) AS fingerprint`;
/** ?1 is the generation. */
const JOINED = `patient_case c JOIN vector v ON v.case_id = c.case_id AND v.generation = ?1
  JOIN distillate d ON d.case_id = c.case_id JOIN publication p ON p.document_key = c.document_key
  JOIN document b ON b.key = c.document_key`;

/** What tells whether a case is as it was, and what a release knows of it beyond its own columns. */
export type CaseKey = Omit<TakenCase, 'taken'> & { readonly fingerprint: string; readonly withheld: string | null };

/** The cases that a release of one generation holds. */
export type Corpus = {
  /**
   * By ascending id. Those for which `taken` gives an ordinal are not read but named; without it, or where it gives null, they are read
   * page by page and within a page by size.
   */
  cases(taken?: (key: CaseKey) => number | null): AsyncIterable<ReleaseCase | TakenCase>;
  /** Some of them. */
  read(caseIds: readonly string[]): AsyncIterable<ReleaseCase>;
};

export const corpusOf = (db: Database, generation: string): Corpus => ({
  cases: (taken) => (taken ? changedCases(db, generation, taken) : casesOfRelease(db, generation)),
  async *read(caseIds) {
    const sizes = statement(
      `SELECT c.case_id AS key, ${CASE_BYTES} + length(v.data) * 2 AS bytes FROM ${JOINED}
       WHERE c.case_id IN (SELECT value FROM json_each(?2)) AND ${SHOWN} ORDER BY c.case_id`,
      [generation, json(caseIds)],
    );
    yield* readSized(db, generation, await sizesOf(db, sizes));
  },
});

/** Every case that a release of `generation` holds, by case id, read page by page and within a page by size. */
export async function* casesOfRelease(db: Database, generation: string): AsyncGenerator<ReleaseCase> {
  let after = '';
  for (;;) {
    const page = await sizesOf(
      db,
      statement(
        `SELECT c.case_id AS key, ${CASE_BYTES} + length(v.data) * 2 AS bytes FROM ${JOINED}
         WHERE c.case_id > ?2 AND ${SHOWN} ORDER BY c.case_id LIMIT ${PAGE}`,
        [generation, after],
      ),
    );
    yield* readSized(db, generation, page);
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    after = last.key;
  }
}

async function* readSized(db: Database, generation: string, sizes: readonly Sized[]): AsyncGenerator<ReleaseCase> {
  for (const group of groupsWithin(sizes)) {
    const [found] = await db.read([
      statement(
        `SELECT c.*, v.views, v.data, d.body, p.title, p.authors, p.journal, p.publication_date, p.pmid, p.pmcid, p.doi,
           p.url, p.licence, p.source, p.notices, b.source AS brought_by, ${ALSO}, ${FACETS_OF_CASE}, ${FINGERPRINT}
         FROM ${JOINED} WHERE c.case_id IN (SELECT value FROM json_each(?2)) AND ${SHOWN} ORDER BY c.case_id`,
        [generation, json(group)],
      ),
    ]);
    for (const row of found?.rows ?? []) yield releaseCaseOf(row);
  }
}

/** All keys, and of the cases that nobody takes over the cases. */
async function* changedCases(
  db: Database,
  generation: string,
  taken: (key: CaseKey) => number | null,
): AsyncGenerator<ReleaseCase | TakenCase> {
  let after = '';
  for (;;) {
    const [found] = await db.read([
      statement(
        `SELECT c.case_id, c.document_key, p.pmid, p.pmcid, p.licence, b.source AS brought_by, ${ALSO}, ${FINGERPRINT},
           ${CASE_BYTES} + length(v.data) * 2 AS bytes
         FROM ${JOINED} WHERE c.case_id > ?2 AND ${SHOWN} ORDER BY c.case_id LIMIT ${PAGE}`,
        [generation, after],
      ),
    ]);
    const rows = found?.rows ?? [];
    const entries = rows.map((row) => {
      const key = caseKeyOf(row);
      return { key, ordinal: taken(key), bytes: Number(row.bytes) };
    });
    const changed = entries
      .filter(({ ordinal }) => ordinal === null)
      .map(({ key, bytes }) => ({ key: key.caseId, bytes }));
    const reading = readSized(db, generation, changed);
    let read = await reading.next();
    for (const { key, ordinal } of entries) {
      if (ordinal !== null) {
        yield { taken: ordinal, caseId: key.caseId, documentKey: key.documentKey, provenance: key.provenance };
        continue;
      }
      // One that left the corpus since the page was read is not there.
      if (read.done || read.value.caseId !== key.caseId) continue;
      yield read.value;
      read = await reading.next();
    }
    const last = entries.at(-1);
    if (!last || entries.length < PAGE) return;
    after = last.key.caseId;
  }
}

const linksOf = (row: Row): readonly Link[] => JSON.parse(text(row.also)) as Link[];

function caseKeyOf(row: Row): CaseKey {
  const also = linksOf(row);
  const showing = showingOf({ source: text(row.brought_by), licence: textOrNull(row.licence) });
  return {
    caseId: text(row.case_id),
    documentKey: text(row.document_key),
    provenance: { pmid: textOrNull(row.pmid), pmcid: textOrNull(row.pmcid), ...(also.length === 0 ? {} : { also }) },
    fingerprint: text(row.fingerprint),
    withheld: showing.kind === 'full' ? null : showing.reason,
  };
}

export function releaseCaseOf(row: Row): ReleaseCase {
  const also = linksOf(row);
  const notices = JSON.parse(text(row.notices)) as Notice[];
  const showing = showingOf({ source: text(row.brought_by), licence: textOrNull(row.licence) });
  return {
    caseId: text(row.case_id),
    documentKey: text(row.document_key),
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
      ...(also.length === 0 ? {} : { also }),
    },
    extracted: extractedOf(row),
    distillate: distillateOf(JSON.parse(text(row.body)) as Partial<Distillate>),
    vectors: unpackVectors(Number(row.views), bytes(row.data)),
    fingerprint: text(row.fingerprint),
    ...(notices.length === 0 ? {} : { notices }),
    ...(showing.kind === 'full' ? {} : { withheld: showing.reason }),
  };
}

/**
 * Takes the next version number above `floor` for a build under a lease. Builds whose lease is gone are marked abandoned, so that their
 * folders can be swept.
 */
export async function beginRelease(db: Database, leaseId: number, generation: string, floor: number): Promise<number> {
  const results = await db.write([
    statement(
      `UPDATE release SET state = 'abandoned' WHERE state = 'building'
         AND lease_id NOT IN (SELECT id FROM lease WHERE state = 'live')`,
    ),
    statement(
      `INSERT INTO release(version, state, lease_id, generation, started_at_ms)
       SELECT max(?1, coalesce(max(version), 0)) + 1, 'building', ?2, ?3, ${NOW} FROM release RETURNING version`,
      [floor, leaseId, generation],
    ),
  ]);
  return Number(results[1]?.rows[0]?.version);
}

/**
 * Makes a built release the current one, in the batch that settles its items. Fenced by the lease and not by an item: one that
 * changed meanwhile waits for the next release, and this one is good without it.
 */
export const publishWrite = (release: {
  readonly version: number;
  readonly caseCount: number;
  readonly contentHash: string;
}): Write => ({
  kind: 'fenced',
  itemId: null,
  sql: `UPDATE release SET state = 'published', case_count = ?, content_hash = ?, published_at_ms = ${NOW}
        WHERE version = ? AND state = 'building' AND :held`,
  args: [release.caseCount, release.contentHash, release.version],
});

/** Drops the vectors of generations older than the one that is served now; a release that holds them needs no rows. */
export const dropOlderVectors = (generation: string): Write => ({
  kind: 'fenced',
  itemId: null,
  sql: `DELETE FROM vector WHERE generation IN (SELECT older.fingerprint FROM generation older JOIN generation now
          ON now.fingerprint = ? AND older.created_at_ms < now.created_at_ms) AND :held`,
  args: [generation],
});

/** Whether somebody asked for what a lease works on though nothing had changed: then what there is may be what is wrong. */
export async function builtFromScratch(db: Database, leaseId: number): Promise<boolean> {
  const [found] = await db.read([
    statement(
      `SELECT EXISTS (SELECT 1 FROM task INDEXED BY task_leased WHERE state = 'leased' AND lease_id = ? AND cause = 'forced') AS asked`,
      [leaseId],
    ),
  ]);
  return Number(found?.rows[0]?.asked) === 1;
}

/** Ends an operator's request for a release, in the batch that fulfils it. */
export const requestFulfilled = (stage: string): Write => ({
  kind: 'fenced',
  itemId: null,
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
