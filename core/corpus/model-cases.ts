import type { Distillate } from '../cases/case.ts';
import { distillateOf } from '../cases/distillate.ts';
import { type Database, json, statement } from '../engine/database.ts';
import type { ModelCase } from '../models/agreement.ts';
import { CASE_BYTES, extractedOf, FACETS_OF_CASE } from './cases.ts';
import { text, textOrNull } from './columns.ts';
import { showingOf } from './licence.ts';
import { groupsWithin, sizesOf } from './sizes.ts';

const PAGE = 10_000;
const SHOWN = `c.withdrawn = 0 AND NOT EXISTS (SELECT 1 FROM tombstone t WHERE t.case_id = c.case_id)`;

/** Ids of every case whose stored distillate a model made, in order. */
export async function modelCaseIds(db: Database): Promise<readonly string[]> {
  const ids: string[] = [];
  for (;;) {
    const [page] = await db.read([
      statement(
        `SELECT d.case_id FROM distillate d JOIN patient_case c ON c.case_id = d.case_id
         WHERE d.case_id > ? AND coalesce(json_extract(d.body, '$.review.by'), 'rules') <> 'rules' AND ${SHOWN}
         ORDER BY d.case_id LIMIT ${PAGE}`,
        [ids.at(-1) ?? ''],
      ),
    ]);
    const rows = page?.rows ?? [];
    ids.push(...rows.map((row) => text(row.case_id)));
    if (rows.length < PAGE) return ids;
  }
}

/** Those cases, by id, with what the calls and jobs for them used, as far as ledger and service say. */
export async function readModelCases(db: Database, caseIds: readonly string[]): Promise<readonly ModelCase[]> {
  const cases: ModelCase[] = [];
  const sizes = statement(
    `SELECT case_id AS key, ${CASE_BYTES} AS bytes FROM patient_case c
     WHERE case_id IN (SELECT value FROM json_each(?)) ORDER BY case_id`,
    [json(caseIds)],
  );
  for (const group of groupsWithin(await sizesOf(db, sizes))) {
    const [found] = await db.read([
      statement(
        `SELECT c.*, d.body, p.title, p.licence, b.source AS brought_by, ${FACETS_OF_CASE},
           (SELECT json_array(sum(units), sum(calls)) FROM (
              SELECT e.cost AS units, e.calls FROM effect e
              WHERE e.item_id = i.id AND e.stage = 'distill' AND e.fingerprint = d.distiller
              UNION ALL
              SELECT b.units, 1 FROM batch_item b JOIN batch_job j ON j.key = b.job_key
              WHERE b.case_id = c.case_id AND j.fingerprint = d.distiller)) AS paid
         FROM patient_case c JOIN distillate d ON d.case_id = c.case_id JOIN document b ON b.key = c.document_key
         LEFT JOIN publication p ON p.document_key = c.document_key
         LEFT JOIN item i ON i.kind = 'case' AND i.key = c.case_id
         WHERE c.case_id IN (SELECT value FROM json_each(?)) AND ${SHOWN} ORDER BY c.case_id`,
        [json(group)],
      ),
    ]);
    for (const row of found?.rows ?? []) {
      const showing = showingOf({ source: text(row.brought_by), licence: textOrNull(row.licence) });
      const [units, calls] = JSON.parse(text(row.paid)) as [number | null, number | null];
      cases.push({
        caseId: text(row.case_id),
        title: textOrNull(row.title),
        extracted: extractedOf(row),
        distillate: distillateOf(JSON.parse(text(row.body)) as Partial<Distillate>),
        units,
        calls: calls ?? 0,
        withheld: showing.kind === 'full' ? null : showing.reason,
      });
    }
  }
  return cases;
}
