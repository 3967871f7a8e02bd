import type { RELEASE_STATES } from '../../schema/corpus.ts';
import type { By } from '../engine/acts.ts';
import { type Database, statement } from '../engine/database.ts';
import { againStatements } from '../engine/enter.ts';
import { auditStatement, quoted } from '../engine/sql.ts';
import { numberOrNull, text } from './columns.ts';

/** What an operator does to releases, and what he is shown of them. */

export type ReleaseState = (typeof RELEASE_STATES)[number];
export type KnownRelease = {
  readonly version: number;
  readonly state: ReleaseState;
  readonly generation: string;
  readonly caseCount: number;
  readonly contentHash: string;
  readonly publishedAtMs: number | null;
};

/** Every build that this database knows of, newest first; the first that is `published` is the one that is served. */
export async function knownReleases(db: Database): Promise<readonly KnownRelease[]> {
  const [found] = await db.read([statement(`SELECT * FROM release ORDER BY version DESC`)]);
  return (found?.rows ?? []).map((row) => ({
    version: Number(row.version),
    state: text(row.state) as ReleaseState,
    generation: text(row.generation),
    caseCount: Number(row.case_count),
    contentHash: text(row.content_hash),
    publishedAtMs: numberOrNull(row.published_at_ms),
  }));
}

const once = ({ requestId }: By): string =>
  requestId === undefined ? 'true' : `NOT EXISTS (SELECT 1 FROM audit WHERE request_id = ${quoted(requestId)})`;

/**
 * Makes a release that was published the one that is served, with its audit row, in one transaction: those above it stay rolled back
 * until an act names one of them. False where nothing changed: it is served already, or was never published.
 */
export async function rollBack(db: Database, version: number, by: By): Promise<boolean> {
  const moved = `((version > ?1 AND state = 'published') OR (version = ?1 AND state = 'rolled_back'))`;
  const current = `(SELECT max(version) FROM release WHERE state = 'published')`;
  const results = await db.write([
    auditStatement(
      'rollback',
      `SELECT 'index', NULL, ?2, ?3, json_object('to', ?1, 'from', ${current}, 'reason', ?4)
       WHERE ${once(by)} AND EXISTS (SELECT 1 FROM release WHERE ${moved})
         AND EXISTS (SELECT 1 FROM release WHERE version = ?1 AND state IN ('published', 'rolled_back'))`,
      [version, by.actor, by.requestId ?? null, by.reason ?? 'rollback'],
    ),
    statement(
      `UPDATE release SET state = CASE WHEN version > ?1 THEN 'rolled_back' ELSE 'published' END
       WHERE changes() > 0 AND ${moved}`,
      [version],
    ),
  ]);
  return (results[1]?.changed ?? 0) > 0;
}

const OPEN = `EXISTS (SELECT 1 FROM stage_count WHERE stage = 'index' AND state IN ('ready', 'leased') AND n > 0)`;

/**
 * Asks for a release of the whole corpus though nothing is new: one case of it is indexed again, which brings all others along. Where a
 * release is being built, or waits to be, that one is asked for instead. False where it was asked for already, or the corpus is empty.
 */
export async function requestRebuild(db: Database, by: By): Promise<boolean> {
  const reason = by.reason ?? 'rebuild';
  const results = await db.write([
    ...againStatements(
      'index',
      {
        states: ['done'],
        items: `SELECT t.item_id FROM task t JOIN item i ON i.id = t.item_id
          JOIN patient_case c ON c.case_id = i.key AND c.withdrawn = 0
          WHERE t.stage = 'index' AND t.state = 'done' ORDER BY t.item_id LIMIT 1`,
        cause: 'forced',
        reason,
        actor: by.actor,
      },
      `NOT ${OPEN} AND ${once(by)}`,
    ),
    auditStatement(
      'run',
      `SELECT 'index', NULL, ?1, ?2, json_object('reason', ?3) WHERE ${OPEN} AND ${once(by)}
         AND EXISTS (SELECT 1 FROM stage_control WHERE stage = 'index' AND requested = 0)`,
      [by.actor, by.requestId ?? null, reason],
    ),
    statement(`UPDATE stage_control SET requested = 1 WHERE changes() > 0 AND stage = 'index' AND requested = 0`),
  ]);
  return results.some((result, i) => i % 2 === 1 && result.changed > 0);
}
