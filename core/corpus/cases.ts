import type { Facet } from '../../schema/vocabulary.ts';
import type { Distillate, ExtractedCase, FacetView } from '../cases/case.ts';
import { type Database, type Row, statement, type Value } from '../engine/database.ts';
import type { Fenced, Rows, Write } from '../engine/stage.ts';
import { numberOrNull, text, textOrNull } from './columns.ts';

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
export const FACETS_OF_CASE = `(SELECT json_group_array(json_array(facet, text, json(findings))) FROM (SELECT facet, text, findings
   FROM facet f WHERE f.case_id = c.case_id ORDER BY facet)) AS facets`;

export function extractedOf(row: Row): ExtractedCase {
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
