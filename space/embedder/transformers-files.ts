import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export type Dtype = 'q8' | 'fp32';

/** The model cannot be used as asked: not there, damaged, unreadable, or of another shape. Says what to do about it. */
export class ModelUnavailableError extends Error {
  override readonly name = 'ModelUnavailableError';
  readonly model: string;
  readonly remedy: string;
  constructor(model: string, problem: string, remedy: string, options?: ErrorOptions) {
    super(`Embedding model ${model}: ${problem}. ${remedy}`, options);
    this.model = model;
    this.remedy = remedy;
  }
}

export type FileOptions = {
  readonly model: string;
  readonly modelDir: string;
  readonly cacheDir: string;
  readonly allowDownload: boolean;
  readonly dtype: Dtype;
};

/** Complete files of a model under `root`/<model>. `digest` is the sha256, in hex, over all that decides a vector. */
export type ModelFiles = {
  readonly root: string;
  readonly folder: string;
  readonly cached: boolean;
  readonly digest: string;
  /** The weights have the size and sha256 that their publisher states. */
  readonly proven: boolean;
};

const HOST = 'https://huggingface.co';
const DOWNLOAD_MS = 600_000;
const ONNX: Readonly<Record<Dtype, string>> = { q8: 'onnx/model_quantized.onnx', fp32: 'onnx/model.onnx' };
const SETTINGS = ['tokenizer.json', 'tokenizer_config.json', 'config.json'];
/** Git LFS keeps a big file's size and sha256 in a small text file; ours lies beside the file under this ending. */
const POINTER_ENDING = '.lfs-pointer';
const POINTER_BYTES_MAX = 1_024;

type Pointer = { readonly sha256: string; readonly bytes: number };

/** Reads a Git LFS pointer; null when the text is none. https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md */
function parsePointer(text: string): Pointer | null {
  if (text.length > POINTER_BYTES_MAX || !text.startsWith('version https://git-lfs.github.com/spec/')) return null;
  const sha256 = /^oid sha256:([0-9a-f]{64})$/m.exec(text)?.[1];
  const bytes = /^size (\d{1,15})$/m.exec(text)?.[1];
  return sha256 === undefined || bytes === undefined ? null : { sha256, bytes: Number(bytes) };
}

const filesOf = (dtype: Dtype): readonly string[] => [ONNX[dtype], ...SETTINGS];

/** Null when there is no such file. */
async function bytesOf(path: string): Promise<number | null> {
  const found = await stat(path).catch(() => null);
  return found?.isFile() ? found.size : null;
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

async function missingIn(folder: string, dtype: Dtype): Promise<readonly string[]> {
  const sizes = await Promise.all(filesOf(dtype).map((file) => bytesOf(join(folder, file))));
  return filesOf(dtype).filter((_, i) => sizes[i] === null);
}

/** Deletes what was downloaded, so that the next start does not meet the same damage. Returns the deleted paths. */
export async function evict(files: Pick<ModelFiles, 'folder'>, dtype: Dtype): Promise<readonly string[]> {
  const paths = filesOf(dtype).map((file) => join(files.folder, file));
  await Promise.all(paths.flatMap((path) => [path, path + POINTER_ENDING]).map((path) => rm(path, { force: true })));
  return paths;
}

type Inspection =
  | { readonly damage: string }
  | { readonly damage: null; readonly digest: string; readonly proven: boolean };

/** Hashes the files of a complete folder and compares those that have a pointer with it. */
async function inspect(folder: string, dtype: Dtype): Promise<Inspection> {
  const all = createHash('sha256');
  let proven = false;
  // Weights of over 2 GB lie in a second file.
  const besides = (await bytesOf(`${join(folder, ONNX[dtype])}_data`)) === null ? [] : [`${ONNX[dtype]}_data`];
  for (const file of [...filesOf(dtype), ...besides]) {
    const path = join(folder, file);
    const sha256 = await sha256Of(path);
    const pointer = parsePointer(await readFile(path + POINTER_ENDING, 'utf8').catch(() => ''));
    if (pointer !== null) {
      const bytes = await bytesOf(path);
      if (bytes !== pointer.bytes)
        return { damage: `${path} has ${bytes} bytes where ${pointer.bytes} were published` };
      if (sha256 !== pointer.sha256) return { damage: `${path} has another sha256 than what was published` };
      if (file === ONNX[dtype]) proven = true;
    }
    all.update(`${file} ${sha256}\n`);
  }
  return { damage: null, digest: all.digest('hex'), proven };
}

async function get(fetched: typeof fetch, url: string, signal: AbortSignal): Promise<Response> {
  const response = await fetched(url, { signal });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response;
}

/** Writes under another name first: a file under its own name is complete. */
async function writeWhole(path: string, chunks: AsyncIterable<Uint8Array>, expected: Pointer | null): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const partial = `${path}.${randomUUID()}.part`;
  try {
    const hash = createHash('sha256');
    let bytes = 0;
    const handle = await open(partial, 'wx');
    try {
      for await (const chunk of chunks) {
        bytes += chunk.byteLength;
        if (expected !== null && bytes > expected.bytes) break;
        hash.update(chunk);
        await handle.writeFile(chunk);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (expected !== null && (bytes !== expected.bytes || hash.digest('hex') !== expected.sha256)) {
      throw new Error(`what came for ${path} is not the ${expected.bytes} bytes that were published`);
    }
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

/** The raw address gives a big file's pointer and a small file itself; the resolve address always the file. */
async function download(options: FileOptions, folder: string, fetched: typeof fetch): Promise<void> {
  const signal = AbortSignal.timeout(DOWNLOAD_MS);
  // The weights come last: a folder that has them has the rest.
  for (const file of [...SETTINGS, ONNX[options.dtype]]) {
    const path = join(folder, file);
    if ((await bytesOf(path)) !== null) continue;
    const raw = await get(fetched, `${HOST}/${options.model}/raw/main/${file}`, signal);
    const body = new Uint8Array(await raw.arrayBuffer());
    const text = body.byteLength <= POINTER_BYTES_MAX || file.endsWith('.json') ? new TextDecoder().decode(body) : '';
    const pointer = parsePointer(text);
    if (pointer === null) {
      // A settings file that was cut short is no JSON, which is all that can be known of it.
      if (file.endsWith('.json')) JSON.parse(text);
      await writeWhole(path, once(body), null);
      continue;
    }
    const response = await get(fetched, `${HOST}/${options.model}/resolve/main/${file}`, signal);
    if (response.body === null) throw new Error(`${path}: an empty answer`);
    await writeWhole(path, response.body as unknown as AsyncIterable<Uint8Array>, pointer); // Node's streams iterate
    await writeWhole(path + POINTER_ENDING, once(new TextEncoder().encode(text)), null);
  }
}

/**
 * Finds the model in `modelDir`, else in `cacheDir`, else downloads it there where that is allowed, and hashes it.
 * A damaged download is deleted, and fetched again at once where that is allowed; files in `modelDir` are never touched.
 * @throws ModelUnavailableError
 */
export async function findModel(options: FileOptions, fetched: typeof fetch): Promise<ModelFiles> {
  const { model, modelDir, cacheDir, allowDownload, dtype } = options;
  if (!/^[\w.-]{1,96}(?:\/[\w.-]{1,96})?$/.test(model) || model.split('/').some((part) => /^\.+$/.test(part))) {
    throw new ModelUnavailableError(model, 'this is no model name', 'Write it as owner/name or name.');
  }
  const own = join(modelDir, model);
  if ((await missingIn(own, dtype)).length === 0) {
    const found = await inspect(own, dtype);
    if (found.damage === null) return { root: modelDir, folder: own, cached: false, ...found };
    throw new ModelUnavailableError(model, found.damage, `Copy the file to ${own} again.`);
  }

  const folder = join(cacheDir, model);
  let evicted = '';
  if ((await missingIn(folder, dtype)).length === 0) {
    const found = await inspect(folder, dtype);
    if (found.damage === null) return { root: cacheDir, folder, cached: true, ...found };
    await evict({ folder }, dtype);
    evicted = `${found.damage}; the damaged download was deleted, and `;
  }
  if (!allowDownload) {
    throw new ModelUnavailableError(
      model,
      `${evicted}no complete ${dtype} model was found (looked for ${filesOf(dtype).join(', ')} in ${own} and ${folder}; ` +
        `${own} lacks ${(await missingIn(own, dtype)).join(', ')})`,
      `Downloads are off: allow them, or copy the files to ${own}.`,
    );
  }
  try {
    await download(options, folder, fetched);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ModelUnavailableError(
      model,
      `${evicted}it is not in ${own}, and its download to ${folder} failed: ${reason}`,
      `Try again, or copy its files (${filesOf(dtype).join(', ')}) to ${own}.`,
      { cause: error },
    );
  }
  const found = await inspect(folder, dtype);
  if (found.damage === null) return { root: cacheDir, folder, cached: true, ...found };
  await evict({ folder }, dtype);
  throw new ModelUnavailableError(model, `${found.damage}; the damaged download was deleted`, 'Try again.');
}
