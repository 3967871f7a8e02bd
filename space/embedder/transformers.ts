import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { DIMENSION, type Embedder, EmbedderAwayError } from '../../core/models/ports.ts';
import type { ChildAnswer, ChildData, ChildRequest } from './transformers-child.ts';
import { type Dtype, evict, findModel, type ModelFiles, ModelUnavailableError } from './transformers-files.ts';

export { ModelUnavailableError } from './transformers-files.ts';

export const TRANSFORMERS_NAME = 'transformers';

export type TransformersOptions = {
  /** As on the Hugging Face hub, such as `Xenova/all-MiniLM-L6-v2`. */
  readonly model: string;
  /** Holds <model>/config.json, tokenizer.json, tokenizer_config.json and onnx/model_quantized.onnx or model.onnx. */
  readonly modelDir: string;
  /** Where a downloaded model is kept; laid out like `modelDir`. */
  readonly cacheDir: string;
  readonly allowDownload: boolean;
  readonly dtype?: Dtype;
  /** Longest time for one text; the process is ended when it has passed. */
  readonly deadlineMs?: number;
};

/** What a test may stand in for. */
export type TransformersParts = { readonly fetch?: typeof fetch; readonly child?: URL };

/** A text got no vector: the process ended or overslept, the embedder was closed, or the model gave none. */
export class EmbeddingError extends EmbedderAwayError {
  override readonly name = 'EmbeddingError';
}

const DTYPES: readonly Dtype[] = ['q8', 'fp32'];
const DEADLINE_MS = 30_000;
const LOAD_MS = 120_000;
const STOP_MS = 2_000;

type Job = {
  readonly text: string;
  readonly resolve: (vector: Float32Array) => void;
  readonly reject: (error: Error) => void;
};

type Model = {
  /** Rejects with EmbeddingError; for good once the process has ended. */
  embed(text: string): Promise<Float32Array>;
  stop(): Promise<void>;
};

/** The process ended, or said so itself, before it was ready. `damage`: the model's files could not be read. */
class LoadError extends Error {
  override readonly name = 'LoadError';
  readonly damage: boolean;
  constructor(message: string, damage: boolean) {
    super(message);
    this.damage = damage;
  }
}

/** Resolves with the width of the model's vectors; the child is ended when it does not come to that. */
async function readiness(child: ChildProcess): Promise<number> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    return await new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(new LoadError(`it did not load within ${LOAD_MS} ms`, false)), LOAD_MS);
      child.once('error', (error: Error) => reject(new LoadError(`its process failed: ${error.message}`, false)));
      child.once('exit', (code) => reject(new LoadError(`its process ended with code ${code}`, false)));
      child.once('message', (message: ChildAnswer) => {
        if (message.kind === 'ready') resolve(message.width);
        else if (message.kind === 'failed') reject(new LoadError(message.reason, message.step === 'model'));
        else reject(new LoadError(`its process said ${message.kind} before it was ready`, false));
      });
    });
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** One text at a time goes to the child, so a deadline counts work and not waiting. */
function serve(child: ChildProcess, deadlineMs: number, onEnd: () => void): Model {
  const waiting: Job[] = [];
  let active: Job | null = null;
  let id = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ended: Error | null = null;
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));

  const end = (error: Error) => {
    if (ended !== null) return;
    ended = error;
    clearTimeout(timer);
    for (const job of active === null ? waiting : [active, ...waiting]) job.reject(error);
    active = null;
    waiting.length = 0;
    onEnd();
  };
  const next = () => {
    clearTimeout(timer);
    const job = waiting.shift() ?? null;
    active = job;
    if (job === null) return;
    id += 1;
    timer = setTimeout(() => {
      end(
        new EmbeddingError(`no vector within ${deadlineMs} ms for a text of ${job.text.length} characters`, {
          died: true,
        }),
      );
      child.kill('SIGKILL');
    }, deadlineMs);
    child.send({ kind: 'embed', id, text: job.text } satisfies ChildRequest);
  };
  child.on('message', (message: ChildAnswer) => {
    if ((message.kind !== 'vector' && message.kind !== 'refused') || message.id !== id || active === null) return;
    if (message.kind === 'vector') active.resolve(message.vector);
    else active.reject(new EmbeddingError(message.reason));
    next();
  });
  child.once('error', (error: Error) => {
    end(new EmbeddingError(`the process of the model failed: ${error.message}`, { cause: error, died: true }));
  });
  child.once('exit', (code, signal) => {
    const how =
      signal === 'SIGKILL' ? 'was killed, as it is for want of memory' : `ended with ${signal ?? `code ${code}`}`;
    end(new EmbeddingError(`the process of the model ${how}`, { died: true }));
  });

  return {
    embed: (text) =>
      new Promise((resolve, reject) => {
        if (ended !== null) {
          reject(ended);
          return;
        }
        waiting.push({ text, resolve, reject });
        if (active === null) next();
      }),
    stop: async () => {
      end(new EmbeddingError('the embedder was closed'));
      child.send({ kind: 'close' } satisfies ChildRequest);
      const killer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await exited;
      clearTimeout(killer);
    },
  };
}

/** What to say, and to delete, when sound-looking files do not load. */
async function loadFailure(options: TransformersOptions, dtype: Dtype, files: ModelFiles, error: LoadError) {
  const { model } = options;
  if (!error.damage) {
    return new ModelUnavailableError(model, error.message, 'Is the package @xenova/transformers installed and whole?');
  }
  const problem = `the files in ${files.folder} did not load: ${error.message}`;
  if (!files.cached) return new ModelUnavailableError(model, problem, `Copy the model to ${files.folder} again.`);
  if (files.proven) return new ModelUnavailableError(model, problem, 'They are as published: choose another model.');
  const gone = await evict(files, dtype);
  return new ModelUnavailableError(model, `${problem}; deleted ${gone.join(', ')}`, 'Try again to download it anew.');
}

/**
 * Opens a local ONNX model in a process of its own: its inference is synchronous, and a crash of the native runtime must not take the server. One that ended is started
 * again, once, by the next call; what waited for it was rejected with EmbeddingError.
 * @throws ModelUnavailableError, which names what was looked for, where, and what to do; `embed` throws it when the files
 *   have changed or gone by the time of a restart.
 */
export async function openTransformers(
  options: TransformersOptions,
  parts: TransformersParts = {},
): Promise<Embedder & { readonly close: () => Promise<void> }> {
  const { model, dtype = 'q8', deadlineMs = DEADLINE_MS } = options;
  if (!DTYPES.includes(dtype)) {
    // The library would take it for fp32 without a word.
    throw new ModelUnavailableError(model, `unknown dtype ${String(dtype)}`, `Use one of ${DTYPES.join(', ')}.`);
  }
  const find = () => findModel({ ...options, dtype }, parts.fetch ?? fetch);
  const fingerprintOf = (files: ModelFiles) => `${TRANSFORMERS_NAME}-${model}-${dtype}-${files.digest.slice(0, 16)}`;

  const start = async (files: ModelFiles, onEnd: () => void): Promise<Model> => {
    const data: ChildData = { root: files.root, model, dtype };
    const entry = parts.child ?? new URL('./transformers-child.mjs', import.meta.url);
    const child = fork(fileURLToPath(entry), [JSON.stringify(data)], { serialization: 'advanced', execArgv: [] });
    const width = await readiness(child).catch(async (error: unknown) => {
      throw error instanceof LoadError ? await loadFailure(options, dtype, files, error) : error;
    });
    if (width !== DIMENSION) {
      child.kill('SIGKILL');
      const problem = `its vectors are ${width} wide where all vectors here are ${DIMENSION} wide`;
      throw new ModelUnavailableError(model, problem, `Choose a model of ${DIMENSION} dimensions.`);
    }
    return serve(child, deadlineMs, onEnd);
  };

  const files = await find();
  const fingerprint = fingerprintOf(files);
  let loaded: Promise<Model> | null = null;
  let closed = false;
  const onEnd = () => {
    loaded = null;
  };
  loaded = start(files, onEnd);
  await loaded;

  const restart = async (): Promise<Model> => {
    const now = await find();
    if (fingerprintOf(now) !== fingerprint) {
      const problem = `its files in ${now.folder} have changed since it was opened`;
      throw new ModelUnavailableError(
        model,
        problem,
        'Restart the program to use the new ones as a generation of their own.',
      );
    }
    return start(now, onEnd);
  };
  const running = (): Promise<Model> => {
    if (loaded !== null) return loaded;
    const restarted = restart();
    restarted.catch(onEnd);
    loaded = restarted;
    return restarted;
  };

  return {
    name: TRANSFORMERS_NAME,
    fingerprint,
    embed: async (texts) => {
      if (closed) throw new EmbeddingError('the embedder was closed');
      if (texts.length === 0) return [];
      const embedding = await running();
      const vectors: Float32Array[] = [];
      // One after another, so that a search's text waits for one text of a long call and not for all.
      for (const text of texts) vectors.push(await embedding.embed(text));
      return vectors;
    },
    close: async () => {
      closed = true;
      const last = await loaded?.catch(() => null);
      await last?.stop();
    },
  };
}
