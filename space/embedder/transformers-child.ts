import type { Dtype } from './transformers-files.ts';

export type ChildData = { readonly root: string; readonly model: string; readonly dtype: Dtype };
export type ChildRequest =
  | { readonly kind: 'embed'; readonly id: number; readonly text: string }
  | { readonly kind: 'close' };
export type ChildAnswer =
  | { readonly kind: 'ready'; readonly width: number }
  /** `library`: nothing was read yet, so the model's files may be sound. */
  | { readonly kind: 'failed'; readonly step: 'library' | 'model'; readonly reason: string }
  | { readonly kind: 'vector'; readonly id: number; readonly vector: Float32Array }
  | { readonly kind: 'refused'; readonly id: number; readonly reason: string };

/** Where neither the tokenizer nor the model states its limit. */
const TOKENS_MAX = 512;
/** Enough for any text of so many tokens; a tokenizer reads to the end before it truncates. */
const CHARS_PER_TOKEN = 64;

const { root, model, dtype } = JSON.parse(process.argv[2] ?? '') as ChildData; // what transformers.ts hands over
const answer = (message: ChildAnswer) => process.send?.(message);
const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function load() {
  const library = await import('@xenova/transformers').catch((error: unknown) => {
    answer({ kind: 'failed', step: 'library', reason: reasonOf(error) });
    return null;
  });
  if (library === null) return null;
  const { env, LogLevel, mean_pooling, pipeline } = library;
  env.logLevel = LogLevel.ERROR;
  // The files were found, checked and hashed before: what is loaded must be these, and the library looks in its cache first.
  env.allowRemoteModels = false;
  env.useFSCache = false;
  env.localModelPath = root;
  const extractor = await pipeline('feature-extraction', model, {
    dtype,
    // Sums in another order differ in their last bits: one thread gives the same vector on every machine.
    session_options: { intraOpNumThreads: 1, interOpNumThreads: 1 },
  });
  const special = new Set<number | bigint>(extractor.tokenizer.all_special_ids);
  const positions = (extractor.model.config as { max_position_embeddings?: unknown }).max_position_embeddings;
  const limits = [extractor.tokenizer.model_max_length, positions].filter(
    // Tokenizers without a limit state 1e30.
    (limit): limit is number => typeof limit === 'number' && limit > 0 && limit < 1e6,
  );
  const tokensMax = limits.length === 0 ? TOKENS_MAX : Math.min(...limits);

  /**
   * One text at a time: quantized vectors change with their batch and its padding, and on a processor a batch gains nothing (measured:
   * docs/measurements.md) while its memory grows with it.
   */
  return async (text: string): Promise<Float32Array> => {
    const inputs = extractor.tokenizer(text.slice(0, tokensMax * CHARS_PER_TOKEN), {
      truncation: true,
      max_length: tokensMax,
    });
    const outputs = await extractor.model(inputs);
    const pooled = mean_pooling(outputs.last_hidden_state ?? outputs.token_embeddings, inputs.attention_mask);
    const vector = Float32Array.from(pooled.normalize(2, -1).data as Float32Array);
    const ids = inputs.input_ids.data as BigInt64Array;
    const known = Array.from(ids, Number).some((id) => !special.has(id));
    if (!known) return vector.fill(0);
    if (!vector.every(Number.isFinite)) throw new Error('the model gave numbers that are not finite');
    return vector;
  };
}

const embed = await load()
  .then(async (loaded) => {
    if (loaded !== null) answer({ kind: 'ready', width: (await loaded('fever')).length });
    return loaded;
  })
  .catch((error: unknown) => {
    answer({ kind: 'failed', step: 'model', reason: reasonOf(error) });
    return null;
  });

// A parent that is gone needs nothing more; the runtime's own threads would keep this process alive.
process.once('disconnect', () => process.exit());
if (embed === null) process.disconnect();
else {
  process.on('message', (request: ChildRequest) => {
    if (request.kind === 'close') {
      process.disconnect();
      return;
    }
    embed(request.text).then(
      (vector) => answer({ kind: 'vector', id: request.id, vector }),
      (error: unknown) => answer({ kind: 'refused', id: request.id, reason: reasonOf(error) }),
    );
  });
}
