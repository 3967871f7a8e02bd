import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { DIMENSION } from '../core/models/ports.ts';
import {
  EmbeddingError,
  ModelUnavailableError,
  openTransformers,
  TRANSFORMERS_NAME,
  type TransformersOptions,
  type TransformersParts,
} from '../space/embedder/transformers.ts';

const MODELS = fileURLToPath(new URL('../../shared/models', import.meta.url));
const SMALL = 'local/case-lsa-384';
const LARGE = 'perf-only/minilm-l6-geometry';
const WEIGHTS = 'onnx/model_quantized.onnx';
const hasSmall = existsSync(join(MODELS, SMALL, WEIGHTS));
const hasLarge = existsSync(join(MODELS, LARGE, WEIGHTS));
const why = (has: boolean, model: string) => (has ? '' : ` (skipped: no ../shared/models/${model} here)`);

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'transformers-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Copies the small model to `<root>/<SMALL>`, writable; returns its folder. */
function copyModel(root: string): string {
  const folder = join(root, SMALL);
  cpSync(join(MODELS, SMALL), folder, { recursive: true });
  for (const path of ['', 'onnx']) chmodSync(join(folder, path), 0o755);
  for (const path of [WEIGHTS, 'config.json', 'tokenizer.json', 'tokenizer_config.json'])
    chmodSync(join(folder, path), 0o644);
  return folder;
}

const optionsFor = (changes: Partial<TransformersOptions> = {}): TransformersOptions => ({
  model: SMALL,
  modelDir: MODELS,
  cacheDir: join(tmpdir(), 'transformers-test-no-cache'),
  allowDownload: false,
  dtype: 'q8',
  ...changes,
});

async function opened(changes: Partial<TransformersOptions> = {}, parts: TransformersParts = {}) {
  const embedder = await openTransformers(optionsFor(changes), parts);
  onTestFinished(() => embedder.close());
  return embedder;
}

/** What opening fails with; fails the test when it does not. */
async function refusal(changes: Partial<TransformersOptions>, parts: TransformersParts = {}): Promise<Error> {
  const outcome = await openTransformers(optionsFor(changes), parts).then(
    async (embedder) => {
      await embedder.close();
      return null;
    },
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(ModelUnavailableError);
  return outcome as Error;
}

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, x, i) => sum + x * (b[i] ?? Number.NaN), 0);
const only = (vectors: readonly Float32Array[]): Float32Array => {
  const [vector] = vectors;
  if (vector === undefined) throw new Error('no vector came');
  return vector;
};

const HEART = 'Fever and a new heart murmur with vegetations on the mitral valve: infective endocarditis.';
const VALVE = 'Endocarditis of the aortic valve with fever and positive blood cultures.';
const KNEE = 'Twisted knee during soccer with a meniscus tear, treated by arthroscopy.';

/** An entry of the given code, as a file: a process cannot be started from less. */
function childOf(code: string): URL {
  const file = join(temporaryFolder(), 'child.mjs');
  writeFileSync(file, code);
  return pathToFileURL(file);
}

/** A process that answers at once with a given width, without a model. */
const fakeChild = (width: number): URL =>
  childOf(`
    process.send({ kind: 'ready', width: ${width} });
    process.on('message', () => process.disconnect());
  `);

/** The real process, which also ends on the text "die" and never answers on the text "hang". */
const mortalChild = (): URL => {
  const real = new URL('../space/embedder/transformers-child.mjs', import.meta.url).href;
  const code = `
    process.on('message', ({ text }) => {
      if (text === 'die') process.exit(7);
      while (text === 'hang') {}
    });
    await import(${JSON.stringify(real)});
  `;
  return childOf(code);
};

describe.skipIf(!hasSmall)(`a local model${why(hasSmall, SMALL)}`, () => {
  let embedder: Awaited<ReturnType<typeof openTransformers>>;
  beforeAll(async () => {
    embedder = await openTransformers(optionsFor());
  });
  afterAll(() => embedder.close());

  test('gives one unit vector of the product width per text, in order', async () => {
    const vectors = await embedder.embed([HEART, VALVE, KNEE]);
    expect(vectors.map((vector) => vector.length)).toEqual([DIMENSION, DIMENSION, DIMENSION]);
    for (const vector of vectors) expect(dot(vector, vector)).toBeCloseTo(1, 5);
    expect(vectors[2]).toEqual(only(await embedder.embed([KNEE])));
  });

  test('gives the same vector whatever was asked before, in which order and together with what', async () => {
    const alone = only(await embedder.embed([HEART]));
    expect(only(await embedder.embed([HEART]))).toEqual(alone);
    const long = `${KNEE} `.repeat(40);
    expect((await embedder.embed([long, KNEE, HEART]))[2]).toEqual(alone);
    expect((await embedder.embed([HEART, VALVE, long]))[0]).toEqual(alone);
    const parallel = await Promise.all([embedder.embed([VALVE, KNEE]), embedder.embed([HEART])]);
    expect(only(parallel[1])).toEqual(alone);
  });

  test('puts texts about one thing closer together than texts about two', async () => {
    const [heart, valve, knee] = await embedder.embed([HEART, VALVE, KNEE]);
    if (heart === undefined || valve === undefined || knee === undefined) throw new Error('a vector is missing');
    expect(dot(heart, valve)).toBeGreaterThan(dot(heart, knee));
    expect(dot(heart, valve)).toBeGreaterThan(dot(valve, knee));
  });

  test('gives a zero vector for a text without a known token, and nothing for no texts', async () => {
    for (const vector of await embedder.embed(['', '  \n ', '\u{1F701}']))
      expect(vector).toEqual(new Float32Array(DIMENSION));
    expect(await embedder.embed([])).toEqual([]);
  });

  test('reads a text no further than the model does', async () => {
    const words = 'fever '.repeat(600);
    const [short, long] = await embedder.embed([words, words + KNEE.repeat(10_000)]);
    expect(long).toEqual(short);
    expect(only(await embedder.embed(['fever '.repeat(300) + KNEE]))).not.toEqual(short);
  });

  test('says in its fingerprint which model and dtype it is, and the same at each opening', async () => {
    expect(embedder.name).toBe(TRANSFORMERS_NAME);
    expect(embedder.fingerprint).toMatch(/^transformers-local\/case-lsa-384-q8-[0-9a-f]{16}$/);
    expect((await opened()).fingerprint).toBe(embedder.fingerprint);
  });

  test('has another fingerprint when a file has changed that decides its vectors', async () => {
    const modelDir = temporaryFolder();
    const folder = copyModel(modelDir);
    expect((await opened({ modelDir })).fingerprint).toBe(embedder.fingerprint);
    const path = join(folder, 'tokenizer.json');
    writeFileSync(path, `${readFileSync(path, 'utf8')}\n`);
    const changed = (await opened({ modelDir })).fingerprint;
    expect(changed).not.toBe(embedder.fingerprint);
    // The producer's name is a free field of the ONNX message: other bytes, same graph.
    const weights = readFileSync(join(folder, WEIGHTS));
    writeFileSync(join(folder, WEIGHTS), Buffer.concat([weights, Buffer.from([0x12, 0x01, 0x78])]));
    expect(new Set([embedder.fingerprint, changed, (await opened({ modelDir })).fingerprint]).size).toBe(3);
  });

  test('is found in the cache when the folder of models lacks it', async () => {
    const cacheDir = temporaryFolder();
    copyModel(cacheDir);
    expect((await opened({ modelDir: join(cacheDir, 'none'), cacheDir })).fingerprint).toBe(embedder.fingerprint);
  });

  test('whose weights were cut short is refused where the user put it, and left alone', async () => {
    const modelDir = temporaryFolder();
    const weights = join(copyModel(modelDir), WEIGHTS);
    truncateSync(weights, 5_000_000);
    const error = await refusal({ modelDir });
    expect(error.message).toContain(join(modelDir, SMALL));
    expect(existsSync(weights)).toBe(true);
  });

  test('whose weights were cut short in the cache is deleted, and says so', async () => {
    const cacheDir = temporaryFolder();
    const weights = join(copyModel(cacheDir), WEIGHTS);
    truncateSync(weights, 5_000_000);
    const error = await refusal({ modelDir: join(cacheDir, 'none'), cacheDir });
    expect(error.message).toContain('deleted');
    expect(error.message).toContain(weights);
    expect(existsSync(weights)).toBe(false);
  });

  test('whose process ends rejects what waits, and is started again by the next call', async () => {
    const mortal = await opened({}, { child: mortalChild() });
    const waiting = [mortal.embed(['die']), mortal.embed([HEART])].map((call) => call.catch((error: unknown) => error));
    for (const outcome of await Promise.all(waiting)) expect(outcome).toBeInstanceOf(EmbeddingError);
    expect(await mortal.embed([HEART])).toEqual(await embedder.embed([HEART]));
  });

  test('that does not answer within the deadline is ended, and is started again by the next call', async () => {
    const mortal = await opened({ deadlineMs: 1_500 }, { child: mortalChild() });
    await expect(mortal.embed(['hang'])).rejects.toThrow(/1500 ms/);
    expect(await mortal.embed([HEART])).toEqual(await embedder.embed([HEART]));
  });

  test('whose files changed is not started again under the old fingerprint', async () => {
    const modelDir = temporaryFolder();
    const folder = copyModel(modelDir);
    const mortal = await opened({ modelDir }, { child: mortalChild() });
    const path = join(folder, 'config.json');
    writeFileSync(path, `${readFileSync(path, 'utf8')}\n`);
    await expect(mortal.embed(['die'])).rejects.toThrow(EmbeddingError);
    await expect(mortal.embed([HEART])).rejects.toThrow(ModelUnavailableError);
  });

  test('embeds nothing once it is closed', async () => {
    const closing = await openTransformers(optionsFor());
    const waiting = closing.embed([HEART, VALVE]).catch((error: unknown) => error);
    await closing.close();
    expect(await waiting).toBeInstanceOf(EmbeddingError);
    await expect(closing.embed([HEART])).rejects.toThrow(EmbeddingError);
    await closing.close();
  });

  test('whose vectors have another width is refused with both widths', async () => {
    expect((await refusal({}, { child: fakeChild(768) })).message).toMatch(/768 wide.*384 wide/);
  });

  /** Answers as the hub does: a pointer for the weights at `raw`, the bytes at `resolve`. */
  const hub = (weights: Buffer, published: Buffer = weights): typeof fetch => {
    const sha256 = createHash('sha256').update(published).digest('hex');
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${published.length}\n`;
    return async (input) => {
      const found = /\/(?<kind>raw|resolve)\/main\/(?<file>.+)$/.exec(String(input))?.groups;
      const file = found?.file ?? '';
      if (file === WEIGHTS) return new Response(found?.kind === 'raw' ? pointer : new Uint8Array(weights));
      return new Response(new Uint8Array(readFileSync(join(MODELS, SMALL, file))));
    };
  };
  const unreachable: typeof fetch = () => Promise.reject(new Error('the network was used'));

  test('is downloaded once, and is the same model', async () => {
    const cacheDir = temporaryFolder();
    const changes = { modelDir: join(cacheDir, 'none'), cacheDir, allowDownload: true };
    const fetched = hub(readFileSync(join(MODELS, SMALL, WEIGHTS)));
    expect((await opened(changes, { fetch: fetched })).fingerprint).toBe(embedder.fingerprint);
    expect((await opened(changes, { fetch: unreachable })).fingerprint).toBe(embedder.fingerprint);
  });

  test.each([
    ['cut short', (weights: Buffer) => weights.subarray(0, 5_000_000)],
    ['altered', (weights: Buffer) => Buffer.from(weights).fill(0x2a, 6_000_000, 6_000_010)],
  ])('of which a download came %s is not kept', async (_, damage) => {
    const cacheDir = temporaryFolder();
    const weights = readFileSync(join(MODELS, SMALL, WEIGHTS));
    const changes = { modelDir: join(cacheDir, 'none'), cacheDir, allowDownload: true };
    const error = await refusal(changes, { fetch: hub(damage(weights), weights) });
    expect(error.message).toContain('bytes that were published');
    expect(existsSync(join(cacheDir, SMALL, WEIGHTS))).toBe(false);
    expect((await opened(changes, { fetch: hub(weights) })).fingerprint).toBe(embedder.fingerprint);
  });

  test('that was downloaded and damaged later is deleted, and fetched anew where that is allowed', async () => {
    const cacheDir = temporaryFolder();
    const fetched = hub(readFileSync(join(MODELS, SMALL, WEIGHTS)));
    const changes = { modelDir: join(cacheDir, 'none'), cacheDir, allowDownload: true };
    await opened(changes, { fetch: fetched });
    const weights = join(cacheDir, SMALL, WEIGHTS);
    truncateSync(weights, 5_000_000);
    expect((await refusal({ ...changes, allowDownload: false })).message).toContain('damaged download was deleted');
    expect(existsSync(weights)).toBe(false);
    expect((await opened(changes, { fetch: fetched })).fingerprint).toBe(embedder.fingerprint);
  });
});

describe('a model that cannot be had', () => {
  test('is refused with what was looked for, where, and what to do', async () => {
    const folder = temporaryFolder();
    const error = await refusal({ model: 'nobody/nothing', modelDir: folder, cacheDir: join(folder, 'cache') });
    expect(error.message).toContain(join(folder, 'nobody/nothing'));
    expect(error.message).toContain(join(folder, 'cache', 'nobody/nothing'));
    expect(error.message).toContain(WEIGHTS);
    expect(error.message).toContain('Downloads are off');
  });

  test('is refused when its files are no model', async () => {
    const modelDir = temporaryFolder();
    mkdirSync(join(modelDir, 'bad/onnx'), { recursive: true });
    for (const file of ['config.json', 'tokenizer.json', 'tokenizer_config.json', WEIGHTS]) {
      writeFileSync(join(modelDir, 'bad', file), '{}');
    }
    expect((await refusal({ model: 'bad', modelDir })).message).toContain(join(modelDir, 'bad'));
  });

  test('is refused when the download fails, with the reason', async () => {
    const folder = temporaryFolder();
    const changes = { model: 'nobody/nothing', modelDir: folder, cacheDir: join(folder, 'cache'), allowDownload: true };
    const gone: typeof fetch = async () => new Response('gone', { status: 404 });
    expect((await refusal(changes, { fetch: gone })).message).toContain('answered 404');
  });

  test.each(['../secrets', 'a/../b', '', '/etc', 'a/b/c'])('is refused when its name is %j', async (model) => {
    expect((await refusal({ model })).message).toContain('no model name');
  });

  test('is refused when its dtype is none that the library would honour', async () => {
    const dtype = 'q9' as unknown as 'q8'; // as it may come from a setting
    expect((await refusal({ dtype })).message).toContain('q8, fp32');
  });
});

describe.skipIf(!hasLarge)(`a model of real size${why(hasLarge, LARGE)}`, () => {
  test('embeds beside the event loop, which goes on turning', async () => {
    const embedder = await opened({ model: LARGE });
    let done = false;
    const embedding = embedder.embed(Array.from({ length: 8 }, (_, i) => `${HEART} ${i} `.repeat(60))).finally(() => {
      done = true;
    });
    // Inference in this thread would let a timer fire between two texts at the most.
    let ticks = 0;
    while (!done) {
      await pause(1);
      ticks += 1;
    }
    expect(ticks).toBeGreaterThan(16);
    for (const vector of await embedding) expect(dot(vector, vector)).toBeCloseTo(1, 5);
  });

  test('gives the same vector alone and in the company of longer texts, though it is quantized', async () => {
    const embedder = await opened({ model: LARGE });
    const alone = only(await embedder.embed([HEART]));
    expect((await embedder.embed([KNEE.repeat(30), HEART, VALVE]))[1]).toEqual(alone);
  });
});
