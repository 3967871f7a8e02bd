import { type Database, json, statement } from './database.ts';
import { DefinitionError, SchemaError } from './errors.ts';
import { RETRY_TOKENS_MAX } from './outcome.ts';
import { auditStatement, quoted } from './sql.ts';
import { lossesMax, type Pipeline, servicesOf } from './stage.ts';

/** Whose database it is, and what stands in it for a pipeline. */

const ENGINE_SCHEMA = 2;

/**
 * Reads whether this build may work on the database. False where a stage of the pipeline was not registered yet.
 * @throws SchemaError when the schema is missing or of another version, or the database belongs to another pipeline.
 */
export async function checkSchema(db: Database, pipeline: Pipeline): Promise<boolean> {
  const [tables] = await db.read([statement(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'meta'`)]);
  if (tables?.rows.length !== 1)
    throw new SchemaError('the database has no schema yet: run "anamnesis init" against it from the Space or the CLI');
  const [known] = await db.read([statement(`SELECT key, value FROM meta`)]);
  const meta = new Map(known?.rows.map((row) => [String(row.key), String(row.value)]));
  const problem = schemaProblem(meta.get('engine_schema'));
  if (problem !== null) throw new SchemaError(problem);
  if (!isOwnedBy(pipeline, meta.get('pipeline'))) return false;
  const [rows] = await db.read([statement(`SELECT stage FROM stage_control`)]);
  const registered = new Set(rows?.rows.map((row) => String(row.stage)));
  return pipeline.stages.every((stage) => registered.has(stage.name));
}

/** Why this build cannot use a database of this engine schema; null when it can. */
export function schemaProblem(version: string | undefined): string | null {
  const found = `the database has engine schema ${version ?? 'none'}, this build needs ${ENGINE_SCHEMA}`;
  if (Number(version) === ENGINE_SCHEMA) return null;
  if (Number(version) > ENGINE_SCHEMA) return `${found}: a newer build made it, use that one; nothing was changed`;
  return `${found}: run "anamnesis init" against it from the Space or the CLI`;
}

function isOwnedBy(pipeline: Pipeline, owner: unknown): boolean {
  if (owner !== undefined && owner !== pipeline.name)
    throw new SchemaError(
      `the database belongs to pipeline "${owner}", not "${pipeline.name}": give another DATABASE_URL`,
    );
  return owner !== undefined;
}

/** What the database has to know of a definition; a change of it is written and audited. */
const definitionOf = (pipeline: Pipeline): string =>
  json({
    stages: pipeline.stages.map(({ name, fingerprint, settles, batchMax, services }) => [
      name,
      fingerprint,
      settles === 'each' ? lossesMax({ batchMax }) : 0,
      services ?? [],
    ]),
    quotas: pipeline.quotas.map(({ name, unit, perDay, sessionMax, breakMs }) => [
      name,
      unit,
      perDay,
      sessionMax ?? null,
      breakMs ?? 0,
    ]),
  });

/**
 * Makes the database this pipeline's own, and writes the rows that claims depend on.
 * @throws SchemaError as `checkSchema` does, DefinitionError when tasks stand under a stage that is no more; then nothing was
 * written.
 */
export async function registerPipeline(db: Database, pipeline: Pipeline, actor = 'host'): Promise<void> {
  await checkSchema(db, pipeline);
  await refuseOrphans(db, pipeline);
  const definition = definitionOf(pipeline);
  const ours = `EXISTS (SELECT 1 FROM meta WHERE key = 'pipeline' AND value = ${quoted(pipeline.name)})`;
  const services = servicesOf(pipeline);
  const results = await db.write([
    statement(`INSERT INTO meta(key, value) VALUES ('pipeline', ?) ON CONFLICT(key) DO NOTHING`, [pipeline.name]),
    ...pipeline.stages.map((stage, position) =>
      statement(
        `INSERT INTO stage_control(stage, position, lost_max, fingerprint, retry_tokens)
         SELECT ?, ?, ?, ?, ${RETRY_TOKENS_MAX} WHERE ${ours}
         ON CONFLICT(stage) DO UPDATE SET position = excluded.position, lost_max = excluded.lost_max,
           fingerprint = excluded.fingerprint`,
        [stage.name, position, stage.settles === 'each' ? lossesMax(stage) : 0, stage.fingerprint],
      ),
    ),
    ...services.map((name) =>
      statement(`INSERT INTO service(name) SELECT ? WHERE ${ours} ON CONFLICT(name) DO NOTHING`, [name]),
    ),
    ...pipeline.quotas.map((quota) =>
      statement(
        `INSERT INTO quota_window(name, unit, per_day, session_max, break_ms) SELECT ?, ?, ?, ?, ? WHERE ${ours}
         ON CONFLICT(name) DO UPDATE SET unit = excluded.unit, per_day = excluded.per_day,
           session_max = excluded.session_max, break_ms = excluded.break_ms`,
        [quota.name, quota.unit, quota.perDay, quota.sessionMax ?? null, quota.breakMs ?? 0],
      ),
    ),
    auditStatement(
      'register',
      `SELECT NULL, NULL, ?1, NULL, ?2 WHERE ${ours}
         AND (SELECT value FROM meta WHERE key = 'definition') IS NOT ?2`,
      [actor, definition],
    ),
    statement(
      `INSERT INTO meta(key, value) SELECT 'definition', ? WHERE ${ours}
       ON CONFLICT(key) DO UPDATE SET value = excluded.value`,
      [definition],
    ),
    statement(`SELECT value FROM meta WHERE key = 'pipeline'`),
  ]);
  // Another pipeline may have come between the look and the write, which then wrote nothing.
  isOwnedBy(pipeline, results.at(-1)?.rows[0]?.value);
}

/** Tasks of a stage that nobody defines any more would wait for ever, and nothing would say so. */
async function refuseOrphans(db: Database, pipeline: Pipeline): Promise<void> {
  const [counted] = await db.read([statement(`SELECT stage, sum(n) AS n FROM stage_count WHERE n > 0 GROUP BY stage`)]);
  const known = new Set([...pipeline.stages.map((stage) => stage.name), ...pipeline.formerStages]);
  const orphan = counted?.rows.find((row) => !known.has(String(row.stage)));
  if (orphan)
    throw new DefinitionError(
      `pipeline ${pipeline.name}: the database holds ${Number(orphan.n)} tasks of a stage "${String(orphan.stage)}" that is not ` +
        'defined. Was it renamed? Give it its old name back, or list it in formerStages if it is gone for good',
    );
}
