import type { Distillate } from '../cases/case.ts';
import { distillateOf } from '../cases/distillate.ts';
import { type Database, json, type Row, statement } from '../engine/database.ts';
import { NOW } from '../engine/sql.ts';
import type { Write } from '../engine/stage.ts';
import type { Link, ReleaseCase } from '../search/contract.ts';
import type { Notice } from '../sources/record.ts';
import { CASE_BYTES, extractedOf, FACETS_OF_CASE } from './cases.ts';
import { bytes, text, textOrNull } from './columns.ts';
import { showingOf } from './licence.ts';
import { groupsWithin, sizesOf } from './sizes.ts';
import { unpackVectors } from './vectors.ts';

const PAGE = 1_000;

/** A case that no answer may show enters no release either, though its document was not normalized since. */
const SHOWN = `c.withdrawn = 0 AND NOT EXISTS (SELECT 1 FROM tombstone t WHERE t.case_id = c.case_id)`;
/** Documents whose cases are this one, by key. */
const ALSO = `(SELECT json_group_array(json_object('key', document_key, 'pmid', pmid, 'pmcid', pmcid, 'doi', doi, 'url', url))
  FROM (SELECT * FROM publication f INDEXED BY publication_folded WHERE f.folded_into = c.document_key ORDER BY document_key)) AS also`;

/** Every case that a release of `generation` holds, by case id, read page by page and within a page by size. */
export async function* casesOfRelease(db: Database, generation: string): AsyncGenerator<ReleaseCase> {
  let after = '';
  for (;;) {
    const page = await sizesOf(
      db,
      statement(
        `SELECT c.case_id AS key, ${CASE_BYTES} + length(v.data) * 2 AS bytes FROM patient_case c
         JOIN vector v ON v.case_id = c.case_id AND v.generation = ?
         WHERE c.case_id > ? AND ${SHOWN} ORDER BY c.case_id LIMIT ${PAGE}`,
        [generation, after],
      ),
    );
    for (const group of groupsWithin(page)) {
      const [found] = await db.read([
        statement(
          `SELECT c.*, v.views, v.data, d.body, p.title, p.authors, p.journal, p.publication_date, p.pmid, p.pmcid, p.doi,
             p.url, p.licence, p.source, p.notices, b.source AS brought_by, ${ALSO}, ${FACETS_OF_CASE}
           FROM patient_case c JOIN vector v ON v.case_id = c.case_id AND v.generation = ?
           JOIN distillate d ON d.case_id = c.case_id JOIN publication p ON p.document_key = c.document_key
           JOIN document b ON b.key = c.document_key
           WHERE c.case_id IN (SELECT value FROM json_each(?)) AND ${SHOWN} ORDER BY c.case_id`,
          [generation, json(group)],
        ),
      ]);
      for (const row of found?.rows ?? []) yield releaseCaseOf(row);
    }
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    after = last.key;
  }
}

function releaseCaseOf(row: Row): ReleaseCase {
  const also = JSON.parse(text(row.also)) as Link[];
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
