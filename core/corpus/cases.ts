import type { Facet } from '../../schema/vocabulary.ts';
import type { ExtractedCase, FacetView } from '../cases/case.ts';
import { type Database, json, type Row, statement, type Value } from '../engine/database.ts';
import type { Fenced, Write } from '../engine/stage.ts';
import { numberOrNull, text, textOrNull } from './columns.ts';
import { groupsWithin, sizesOf } from './sizes.ts';

export type HeldCase = {
  readonly documentKey: string;
  readonly withdrawn: boolean;
  /** How often the case came back after it was withdrawn. */
  readonly returns: number;
};

/** Who holds `caseIds` now (an id of another document may not be taken), and which live cases `documentKeys` hold. */
export async function heldCases(
  db: Database,
  caseIds: readonly string[],
  documentKeys: readonly string[],
): Promise<{
  readonly cases: ReadonlyMap<string, HeldCase>;
  readonly liveCasesOf: ReadonlyMap<string, readonly string[]>;
}> {
  const [cases, live] = await db.read([
    statement(
      `SELECT case_id, document_key, withdrawn, returns FROM patient_case
       WHERE case_id IN (SELECT value FROM json_each(?))`,
      [json(caseIds)],
    ),
    statement(
      `SELECT case_id, document_key FROM patient_case
       WHERE document_key IN (SELECT value FROM json_each(?)) AND withdrawn = 0 ORDER BY case_id`,
      [json(documentKeys)],
    ),
  ]);
  const liveCasesOf = new Map<string, string[]>();
  for (const row of live?.rows ?? []) {
    const own = liveCasesOf.get(text(row.document_key)) ?? [];
    liveCasesOf.set(text(row.document_key), [...own, text(row.case_id)]);
  }
  return {
    cases: new Map(
      cases?.rows.map((row) => [
        text(row.case_id),
        {
          documentKey: text(row.document_key),
          withdrawn: Number(row.withdrawn) === 1,
          returns: Number(row.returns),
        },
      ]),
    ),
    liveCasesOf,
  };
}

export type NormalizedCase = {
  readonly itemId: number;
  readonly caseId: string;
  readonly documentKey: string;
  readonly ordinal: number;
  readonly extracted: ExtractedCase;
  readonly returns: number;
};

/** A case that its document holds in another form now. */
export type ReplacedCase = { readonly itemId: number; readonly caseId: string };

/** The rows of some cases, after the facets of those that they replace are dropped. */
export function caseWrites(
  replaced: readonly ReplacedCase[],
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
    ...replaced.map(
      ({ itemId, caseId }): Fenced => ({
        kind: 'fenced',
        itemId,
        sql: `DELETE FROM facet WHERE case_id = ? AND :held`,
        args: [caseId],
      }),
    ),
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
        'returns',
      ],
      key: ['case_id'],
      rows: cases.map(({ itemId, caseId, documentKey, ordinal, extracted, returns }) => ({
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
          returns,
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

/** About what one case weighs in an answer: its text, its facets' texts and its findings. */
export const CASE_BYTES = `(length(c.text) * 4 + 2000)`;

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
  const cases = new Map<string, StoredCase>();
  const sizes = statement(
    `SELECT case_id AS key, ${CASE_BYTES} AS bytes FROM patient_case c WHERE case_id IN (SELECT value FROM json_each(?))`,
    [json(caseIds)],
  );
  for (const group of groupsWithin(await sizesOf(db, sizes))) {
    const [found] = await db.read([
      statement(
        `SELECT c.*, p.title, ${FACETS_OF_CASE} FROM patient_case c
         LEFT JOIN publication p ON p.document_key = c.document_key WHERE c.case_id IN (SELECT value FROM json_each(?))`,
        [json(group)],
      ),
    ]);
    for (const row of found?.rows ?? [])
      cases.set(text(row.case_id), {
        caseId: text(row.case_id),
        documentKey: text(row.document_key),
        title: textOrNull(row.title),
        extracted: extractedOf(row),
      });
  }
  return cases;
}
