import { type Database, json, statement, type Value } from '../engine/database.ts';
import { againWrites } from '../engine/enter.ts';
import { NOW, quoted } from '../engine/sql.ts';
import type { Fenced } from '../engine/stage.ts';
import { text } from './columns.ts';

/** Cases that leave, and those of them that no answer may show from that moment on. */

/**
 * The cases `chosen`, an SQL condition on `patient_case c`, go back to `index`, because only the next release is without them. One
 * audit row names them with the reason.
 */
const leaving = (itemId: number, chosen: string, reason: string, actor: string): readonly Fenced[] =>
  againWrites(itemId, 'index', {
    // A build that has read them already must not settle them.
    states: ['done', 'leased'],
    cause: 'input',
    reason,
    actor,
    items: `SELECT i.id FROM patient_case c CROSS JOIN item i ON i.kind = 'case' AND i.key = c.case_id WHERE ${chosen}`,
    names: `SELECT c.case_id AS name FROM patient_case c WHERE ${chosen} ORDER BY c.case_id`,
  });

const fenced = (itemId: number, sql: string, args: readonly Value[]): Fenced => ({ kind: 'fenced', itemId, sql, args });

const insertTombstones = (itemId: number, chosen: string, reason: string, replaces: boolean): Fenced =>
  fenced(
    itemId,
    `INSERT INTO tombstone(case_id, document_key, reason, at_ms)
     SELECT c.case_id, c.document_key, ?1, ${NOW} FROM patient_case c WHERE ${chosen} AND :held
     ON CONFLICT(case_id) ${replaces ? 'DO UPDATE SET reason = excluded.reason, at_ms = excluded.at_ms WHERE reason <> excluded.reason' : 'DO NOTHING'}`,
    [reason],
  );

/** Documents that name the same article by id as ?, and none that a PMID tells from it. */
const sameArticle = (key: string): string => {
  const has = (document: string) =>
    `EXISTS (SELECT 1 FROM document_identity x INDEXED BY document_identity_document WHERE x.document_key = ${document} AND x.kind = 'pmid')`;
  const sharesPmid = `EXISTS (SELECT 1 FROM document_identity x INDEXED BY document_identity_document
    JOIN document_identity y ON y.kind = x.kind AND y.value = x.value AND y.document_key = o.document_key
    WHERE x.document_key = ${key} AND x.kind = 'pmid')`;
  return `SELECT ${key} UNION SELECT o.document_key FROM document_identity d INDEXED BY document_identity_document
    CROSS JOIN document_identity o ON o.kind = d.kind AND o.value = d.value
    WHERE d.document_key = ${key} AND d.kind IN ('pmid', 'pmcid', 'doi')
      AND (${sharesPmid} OR NOT ${has(key)} OR NOT ${has('o.document_key')})`;
};

/**
 * Takes every live case of an article out of the answers at once, in the commit that learns of its retraction: also where the
 * document that says so is not the one that yields the cases. Its rows of `document_identity` must stand before.
 */
export function tombstoneWrites(itemId: number, documentKey: string, reason: string): readonly Fenced[] {
  const live = `c.withdrawn = 0 AND c.document_key IN (${sameArticle(quoted(documentKey))})`;
  const fresh = `${live} AND NOT EXISTS (SELECT 1 FROM tombstone t WHERE t.case_id = c.case_id)`;
  return [...leaving(itemId, fresh, reason, 'scrape'), insertTombstones(itemId, live, reason, true)];
}

/** Some live cases of one document leave the corpus. */
export type Leaving = {
  readonly itemId: number;
  readonly caseIds: readonly string[];
  readonly reason: string;
  /** False where another case stands for them: then they are shown until it is. */
  readonly atOnce: boolean;
};

export function withdrawWrites({ itemId, caseIds, reason, atOnce }: Leaving): readonly Fenced[] {
  const ids = json(caseIds);
  const chosen = `c.case_id IN (SELECT value FROM json_each(${quoted(ids)}))`;
  const dropped = ['DELETE FROM facet WHERE', 'UPDATE patient_case SET withdrawn = 1 WHERE'];
  return [
    ...dropped.map((change) =>
      fenced(itemId, `${change} case_id IN (SELECT value FROM json_each(?1)) AND :held`, [ids]),
    ),
    ...leaving(itemId, chosen, reason, 'normalize'),
    // Whoever took them out of the answers before knew the reason first-hand.
    ...(atOnce ? [insertTombstones(itemId, chosen, reason, false)] : []),
  ];
}

/** Lets cases be shown again: those that came back, and those that another case has come to stand for. */
export const liftWrites = (itemId: number, caseIds: readonly string[]): readonly Fenced[] =>
  caseIds.length === 0
    ? []
    : [
        fenced(itemId, `DELETE FROM tombstone WHERE case_id IN (SELECT value FROM json_each(?1)) AND :held`, [
          json(caseIds),
        ]),
      ];

/** Tombstones of the cases of some documents, by document. */
export async function tombstonesOf(
  db: Database,
  documentKeys: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const [found] = await db.read([
    statement(
      `SELECT document_key, case_id FROM tombstone WHERE document_key IN (SELECT value FROM json_each(?)) ORDER BY case_id`,
      [json(documentKeys)],
    ),
  ]);
  const of = new Map<string, string[]>();
  for (const row of found?.rows ?? []) {
    const own = of.get(text(row.document_key)) ?? [];
    of.set(text(row.document_key), own);
    own.push(text(row.case_id));
  }
  return of;
}

/** Reasons by case id. With `sinceMs` (of the database) those that were set from then on; what was lifted is in neither. */
export async function readTombstones(db: Database, sinceMs = 0): Promise<ReadonlyMap<string, string>> {
  const [found] = await db.read([
    statement(`SELECT case_id, reason FROM tombstone WHERE at_ms >= ? ORDER BY case_id`, [sinceMs]),
  ]);
  return new Map((found?.rows ?? []).map((row) => [text(row.case_id), text(row.reason)]));
}

/** Differs whenever a tombstone was set or lifted: what a poll asks for. */
export async function tombstonesMark(db: Database): Promise<string> {
  const [found] = await db.read([
    statement(`SELECT count(*) AS n, max(at_ms) AS last, total(at_ms) AS sum FROM tombstone`),
  ]);
  const row = found?.rows[0];
  return `${row?.n} ${row?.last} ${row?.sum}`;
}
