import { type Database, statement } from '../engine/database.ts';
import { SchemaError } from '../engine/errors.ts';
import { text, textOrNull } from './columns.ts';

const CORPUS_SCHEMA = '4';

/** Reads whether the corpus tables are those of this build. @throws SchemaError when they are missing or of another version */
export async function checkCorpusSchema(db: Database): Promise<void> {
  const [found] = await db.read([statement(`SELECT value FROM meta WHERE key = 'corpus_schema'`)]);
  const version = textOrNull(found?.rows[0]?.value);
  if (version !== CORPUS_SCHEMA)
    throw new SchemaError(
      `the database has corpus schema ${version ?? 'none'}, this build needs ${CORPUS_SCHEMA}: use the build that made it`,
    );
}

/** Numbers and newest set-aside records for the status page. */
export async function corpusStatus(db: Database, limit: number) {
  const [counts, settled, refused] = await db.read([
    statement(
      `SELECT (SELECT count(*) FROM document) AS documents, (SELECT count(*) FROM patient_case WHERE withdrawn = 0) AS cases`,
    ),
    statement(
      `SELECT i.key, t.stage, t.state, t.reason, t.updated_at_ms AS at_ms FROM task t INDEXED BY task_failed
       JOIN item i ON i.id = t.item_id WHERE t.state IN ('dead','skipped') ORDER BY t.updated_at_ms DESC LIMIT ?`,
      [limit],
    ),
    statement(`SELECT file, line, reason, detail, at_ms FROM refusal ORDER BY id DESC LIMIT ?`, [limit]),
  ]);
  const setAside = [
    ...(settled?.rows ?? []).map((row) => ({
      key: text(row.key),
      stage: text(row.stage),
      state: text(row.state),
      reason: text(row.reason),
      atMs: Number(row.at_ms),
    })),
    ...(refused?.rows ?? []).map((row) => ({
      // The name without its folders: the page is public.
      key: `${text(row.file).split(/[/\\]/).at(-1)}:${Number(row.line)}`,
      stage: 'ingest',
      state: 'refused',
      reason: `${text(row.reason)}: ${text(row.detail)}`,
      atMs: Number(row.at_ms),
    })),
  ].sort((a, b) => b.atMs - a.atMs);
  return {
    documents: Number(counts?.rows[0]?.documents),
    cases: Number(counts?.rows[0]?.cases),
    setAside: setAside.slice(0, limit),
  };
}
