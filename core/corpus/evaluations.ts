import { type Database, json, statement } from '../engine/database.ts';
import { NOW } from '../engine/sql.ts';
import type { Summary } from '../search/evaluate.ts';
import { text } from './columns.ts';

/** So many measurements are kept, over all releases. */
const KEPT_MAX = 200;

export type VariantMeasures = { readonly variant: string; readonly measures: Summary };
/** What `eval` measured of one release; nothing of it is a word of a question. */
export type Evaluation = {
  readonly releaseVersion: number;
  /** Name without its path. */
  readonly file: string;
  readonly judgementsHash: string;
  readonly questions: number;
  readonly leftOut: number;
  readonly thresholdsVersion: string;
  readonly program: string;
  readonly variants: readonly VariantMeasures[];
};

export async function keepEvaluation(db: Database, evaluation: Evaluation): Promise<void> {
  const { releaseVersion, file, judgementsHash, questions, leftOut, thresholdsVersion, program, variants } = evaluation;
  await db.write([
    statement(
      `INSERT INTO evaluation(release_version, file, judgements_hash, questions, left_out, thresholds_version, program, variants, at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ${NOW})`,
      [releaseVersion, file, judgementsHash, questions, leftOut, thresholdsVersion, program, json(variants)],
    ),
    statement(`DELETE FROM evaluation WHERE id <= (SELECT max(id) FROM evaluation) - ${KEPT_MAX}`),
  ]);
}

/** The newest measurement of the release that is served; of the newest release before it that has one, where it has none. */
export async function newestEvaluation(db: Database): Promise<(Evaluation & { readonly atMs: number }) | null> {
  const [found] = await db.read([
    statement(
      `SELECT * FROM evaluation WHERE release_version <=
         (SELECT max(version) FROM release WHERE state = 'published')
       ORDER BY release_version DESC, id DESC LIMIT 1`,
    ),
  ]);
  const row = found?.rows[0];
  if (!row) return null;
  return {
    releaseVersion: Number(row.release_version),
    file: text(row.file),
    judgementsHash: text(row.judgements_hash),
    questions: Number(row.questions),
    leftOut: Number(row.left_out),
    thresholdsVersion: text(row.thresholds_version),
    program: text(row.program),
    variants: JSON.parse(text(row.variants)) as readonly VariantMeasures[],
    atMs: Number(row.at_ms),
  };
}
