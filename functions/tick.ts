import { adoptedEmbedder, checkCorpusSchema } from '../core/corpus.ts';
import { checkSchema, registerPipeline, type TickReport, tick } from '../core/engine/index.ts';
import { BUILTIN_NAME } from '../core/models/builtin.ts';
import type { StatusAnswer } from '../core/search/contract.ts';
import { readStatus } from '../core/status.ts';
import { ConfigError } from './config.ts';
import type { Edge } from './connect.ts';

/** One bounded tick. The edge never migrates: @throws SchemaError, with nothing written, where the schema is not this build's */
export async function runTick(edge: Edge): Promise<TickReport> {
  const { config, db, pipeline, runtime } = edge;
  await checkDatabase(edge);
  await registerPipeline(db, pipeline);
  await refuseOtherEmbedder(edge);
  return tick(db, pipeline, runtime, { budgetMs: config.tickBudgetMs, itemsMax: config.tickItemsMax });
}

/** Two embedders on one corpus would make it work again in turn, for ever. @throws ConfigError */
async function refuseOtherEmbedder({ config, db }: Edge): Promise<void> {
  const adopted = await adoptedEmbedder(db);
  if (adopted !== null && adopted !== BUILTIN_NAME && config.tickStages.includes('embed'))
    throw new ConfigError(
      `this corpus is embedded by ${adopted}, which the edge has not: set TICK_STAGES without embed`,
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
