import { type Database, definePipeline } from '../../../core/engine/index.ts';
import { builtinGenerations, inferenceGenerations } from '../../../core/models/generation.ts';
import { type EmbedderDeps, inferenceEmbedder } from '../../../core/models/inference-embedder/embedder.ts';
import type { InferenceEmbedderSettings } from '../../../core/models/inference-embedder/settings.ts';
import { webClock } from '../../../core/sources/http/client.ts';
import { defineEmbed } from '../../../core/stages/embed.ts';

export const TOKEN = 'hf_secretsecretsecret';
export const MODEL = 'test/embedder-1';

export const settingsFor = (
  endpoint: string,
  over: Partial<InferenceEmbedderSettings> = {},
): InferenceEmbedderSettings => ({
  model: MODEL,
  endpoint,
  token: TOKEN,
  format: 'openai',
  shortened: false,
  tokensMax: 512,
  tokensPerDay: 1e11,
  revision: '1',
  ...over,
});

export const depsOf = (over: Partial<EmbedderDeps> = {}): EmbedderDeps => ({
  fetch: (input, init) => fetch(input, init),
  nowMs: webClock.nowMs,
  after: webClock.after,
  log: () => undefined,
  ...over,
});

/** An embed stage by a service alone, over `db`. */
export function embedPipeline(db: Database, settings: InferenceEmbedderSettings, deps: EmbedderDeps) {
  const builtin = builtinGenerations(db, () => undefined);
  const { generations, remote } = inferenceGenerations(db, inferenceEmbedder(settings, deps), builtin);
  const stage = defineEmbed({
    db,
    random: () => 0.5,
    embedderName: generations.embedderName,
    embedder: generations.forEmbedding,
    remoteEmbedder: remote,
  });
  const pipeline = definePipeline('anamnesis', [stage], { quotas: [remote.embedder.spending.quota] });
  return { generations, remote, pipeline };
}
