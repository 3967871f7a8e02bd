import { batchDistiller } from './batch/distiller.ts';
import { batchJobsOf, batchService } from './batch/settings.ts';
import { type ChatDeps, inferenceDistiller } from './inference/distiller.ts';
import type { Distiller } from './ports.ts';
import { rulesDistiller } from './rules.ts';
import { type ModelSettings, modelProblem } from './settings.ts';

/** The distiller that the settings ask for. `modelProblem` has said before whether they are complete. */
export function chooseDistiller(settings: ModelSettings, deps: ChatDeps): Distiller {
  const { DISTILLER, DISTILL_MODEL, INFERENCE_ENDPOINT, INFERENCE_FORMAT, HF_TOKEN } = settings;
  switch (DISTILLER) {
    case 'rules':
      return rulesDistiller;
    case 'inference': {
      const problem = modelProblem(settings);
      if (problem !== null || DISTILL_MODEL === undefined) throw new Error(problem ?? 'no model');
      return inferenceDistiller(
        {
          model: DISTILL_MODEL,
          endpoint: INFERENCE_ENDPOINT ?? null,
          token: HF_TOKEN ?? null,
          format: INFERENCE_FORMAT,
          tokensPerDay: settings.INFERENCE_TOKENS_PER_DAY,
        },
        deps,
      );
    }
    case 'batch': {
      const problem = modelProblem(settings);
      if (problem !== null || DISTILL_MODEL === undefined) throw new Error(problem ?? 'no model');
      const { BATCH_PROVIDER: provider, BATCH_ENDPOINT: endpoint, BATCH_API_KEY: apiKey } = settings;
      return batchDistiller(
        {
          model: DISTILL_MODEL,
          service: batchService(provider),
          casesMax: settings.BATCH_CASES_MAX,
          tokensPerDay: settings.BATCH_TOKENS_PER_DAY,
        },
        batchJobsOf({ provider, endpoint, apiKey, model: DISTILL_MODEL }, deps.fetch),
      );
    }
  }
}
