import { adoptedEmbedder, checkCorpusSchema } from '../core/corpus.ts';
import { checkSchema, DatabaseError, registerPipeline, type TickReport, tick } from '../core/engine/index.ts';
import { stepJobs } from '../core/models/batch/steps.ts';
import type { StatusAnswer } from '../core/search/contract.ts';
import { stepDiscovery } from '../core/sources/discovery.ts';
import { readStatus } from '../core/status.ts';
import { ConfigError } from './config.ts';
import type { Edge } from './connect.ts';

/** One bounded tick, batch jobs and sources before it. The edge never migrates: @throws SchemaError, with nothing written, where the schema is not this build's */
export async function runTick(edge: Edge): Promise<TickReport> {
  const { config, db, pipeline, runtime } = edge;
  await checkDatabase(edge);
  await registerPipeline(db, pipeline);
  await refuseOtherEmbedder(edge);
  await stepBatches(edge);
  await listSources(edge);
  return tick(db, pipeline, runtime, { budgetMs: config.tickBudgetMs, itemsMax: config.tickItemsMax });
}

/** Of a tick's budget: what is found has to be worked, and one slow service must not starve the pipeline. */
const LISTING_SHARE = 0.25;

/** Asks about batch jobs that are due. An error of ours is logged: the next tick asks again. @throws DatabaseError */
async function stepBatches({ config, db, distiller, runtime, log }: Edge): Promise<void> {
  if (distiller.kind !== 'batch' || !config.tickStages.includes('distill')) return;
  const { owner, random, monotonicMs } = runtime;
  const budgetMs = config.tickBudgetMs * LISTING_SHARE;
  const signal = new AbortController().signal;
  try {
    const report = await stepJobs(
      { db, distiller, owner, random, monotonicMs },
      { budgetMs, stopping: () => false, signal },
    );
    if (report.steps > 0 || report.waiting !== null) log({ level: 'info', message: 'batch jobs stepped', ...report });
  } catch (error) {
    if (error instanceof DatabaseError && !error.refused) throw error;
    log({
      level: 'error',
      message: `stepping batch jobs failed: ${error instanceof Error ? error.message : String(error)}`,
    });
  }
}

/** Steps the sources. An error of ours is logged: what they would have found is found by the next tick. @throws DatabaseError */
async function listSources({ config, db, pipeline, runtime, outside, log }: Edge): Promise<void> {
  const [first] = pipeline.stages;
  if (!first || !config.tickStages.includes(first.name)) return;
  const { owner, random, monotonicMs } = runtime;
  const options = { budgetMs: config.tickBudgetMs * LISTING_SHARE, stopping: () => false };
  try {
    const { pages, found, fresh, changed } = await stepDiscovery(
      { db, outside, first, owner, random, monotonicMs },
      options,
    );
    if (pages > 0) log({ level: 'info', message: 'sources listed', pages, found, fresh, changed });
  } catch (error) {
    if (error instanceof DatabaseError && !error.refused) throw error;
    log({ level: 'error', message: `discovery failed: ${error instanceof Error ? error.message : String(error)}` });
  }
}

/** Two embedders on one corpus would make it work again in turn, for ever. @throws ConfigError */
async function refuseOtherEmbedder({ config, db, generations: { embedderName } }: Edge): Promise<void> {
  const adopted = await adoptedEmbedder(db);
  if (adopted !== null && adopted !== embedderName && config.tickStages.includes('embed'))
    throw new ConfigError(
      `this corpus is embedded by ${adopted}, which the edge has not: give it the EMBEDDER and EMBEDDING_ settings of the Space, or set TICK_STAGES without embed`,
    );
}

/** The status, read only; null where no pipeline has used the database yet. @throws SchemaError as `runTick` does */
export async function edgeStatus(edge: Edge): Promise<StatusAnswer | null> {
  return (await checkDatabase(edge)) ? readStatus(edge.db, edge.pipeline, []) : null;
}

/** Reads whether both schemas are this build's; false where no pipeline was registered yet. */
async function checkDatabase({ db, pipeline }: Edge): Promise<boolean> {
  const registered = await checkSchema(db, pipeline);
  await checkCorpusSchema(db);
  return registered;
}
