import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExtractedCase } from '../../../core/cases/case.ts';
import { NOTHING_DISTILLED } from '../../../core/cases/distillate.ts';
import { extractCase } from '../../../core/cases/extract.ts';
import { fitBuiltin, loadBuiltin } from '../../../core/models/builtin.ts';
import type { Embedder } from '../../../core/models/ports.ts';
import { viewTexts } from '../../../core/models/views.ts';
import type { ReleaseCase } from '../../../core/search/contract.ts';
import { openRelease, type Release, writeRelease } from '../../../core/search/release.ts';
import { SETTINGS } from '../../../core/search/settings.ts';
import type { View } from '../../../schema/vocabulary.ts';
import { searchKernel } from '../../../space/kernel.ts';
import type { Document } from './data.ts';

const CORE = fileURLToPath(new URL('../../../core/', import.meta.url));
/** They decide ranks and answers, and no byte of a release but its summary of calibration. */
const RANKING = new Set(
  (
    'adjust calibrated case-answer case-contract candidates confidence contract diversity evaluate explain flags judgements percentile ' +
    'request rollup said score search settings thresholds variants'
  )
    .split(' ')
    .map((name) => `${name}.ts`),
);

const sha256 = (...parts: readonly (string | Uint8Array)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex').slice(0, 16);
};

/** Of the sources in some folders of core: another code, another key. */
function codeKey(folders: readonly string[]): string {
  const files = folders.flatMap((folder) =>
    readdirSync(join(CORE, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !(folder === 'search' && RANKING.has(file)))
      .sort()
      .map((file) => join(CORE, folder, file)),
  );
  return sha256(...files.map((file) => readFileSync(file)), JSON.stringify(SETTINGS.bm25));
}

/** What was made once is read again where a folder for it is given. */
export type Cache = { kept(name: string, make: () => Promise<Uint8Array> | Uint8Array): Promise<Uint8Array> };

export function cacheIn(folder: string | undefined): Cache {
  if (folder !== undefined) mkdirSync(folder, { recursive: true });
  return {
    async kept(name, make) {
      if (folder === undefined) return make();
      const path = join(folder, name);
      if (existsSync(path)) return readFileSync(path);
      const bytes = await make();
      writeFileSync(`${path}.tmp`, bytes);
      renameSync(`${path}.tmp`, path);
      return bytes;
    },
  };
}

const keyOf = (documents: readonly Document[]): string => sha256(...documents.flatMap(({ id, text }) => [id, text]));

export async function fittedBuiltin(documents: readonly Document[], cache: Cache): Promise<Embedder> {
  const name = `builtin-${codeKey(['models', 'search'])}-${keyOf(documents)}.bin`;
  const bytes = await cache.kept(name, () => {
    const model = fitBuiltin(documents.map(({ text }) => text));
    return Buffer.concat([Buffer.from(`${model.fingerprint}\n`), model.bytes]);
  });
  const end = bytes.indexOf(10);
  const fingerprint = new TextDecoder().decode(bytes.subarray(0, end));
  return loadBuiltin({ fingerprint, bytes: bytes.slice(end + 1), fittedOn: documents.length });
}

async function extractedCases(documents: readonly Document[], cache: Cache): Promise<readonly ExtractedCase[]> {
  const name = `cases-${codeKey(['cases'])}-${keyOf(documents)}.jsonl`;
  const bytes = await cache.kept(name, () =>
    Buffer.from(documents.map(({ text }) => JSON.stringify(extractCase(text))).join('\n')),
  );
  return new TextDecoder()
    .decode(bytes)
    .split('\n')
    .map((line) => JSON.parse(line) as ExtractedCase);
}

const UNKNOWN: Pick<ReleaseCase, 'provenance' | 'distillate'> = {
  provenance: {
    source: 'bench',
    title: null,
    authors: [],
    journal: null,
    publicationDate: null,
    pmid: null,
    pmcid: null,
    doi: null,
    url: null,
    licence: null,
  },
  distillate: NOTHING_DISTILLED,
};

const EMBEDDED_AT_ONCE = 32;

async function* releaseCases(
  documents: readonly Document[],
  embedder: Embedder,
  cache: Cache,
): AsyncGenerator<ReleaseCase> {
  const sorted = [...documents].sort((a, b) => (a.id < b.id ? -1 : 1));
  const cases = await extractedCases(sorted, cache);
  for (let from = 0; from < sorted.length; from += EMBEDDED_AT_ONCE) {
    const texts = cases.slice(from, from + EMBEDDED_AT_ONCE).map((extracted) => Object.entries(viewTexts(extracted)));
    const embedded = [...(await embedder.embed(texts.flatMap((views) => views.map(([, text]) => text))))];
    for (const [i, views] of texts.entries()) {
      const vectors: Partial<Record<View, Float32Array>> = {};
      for (const [view] of views) vectors[view as View] = embedded.shift() ?? new Float32Array(0); // keys of a record of views
      const [document, extracted] = [sorted[from + i], cases[from + i]];
      if (!document || !extracted) continue;
      yield { ...UNKNOWN, caseId: document.id, documentKey: document.source, extracted, vectors };
    }
  }
}

type Manifest = Pick<Release['manifest'], 'caseCount' | 'viewCounts'>;

/** The release of a corpus as the pipeline would make it; from `folder` where the same code made it of the same documents before. */
export async function build(
  documents: readonly Document[],
  embedder: Embedder,
  cache: Cache,
  folder: string | undefined,
): Promise<Release> {
  const parts = new Map<string, Uint8Array[]>();
  const key = sha256(codeKey(['cases', 'models', 'search']), keyOf(documents), embedder.fingerprint);
  const held = folder === undefined ? undefined : join(folder, `release-${key}`);
  let manifest: Manifest;
  if (held !== undefined && existsSync(join(held, 'manifest.json'))) {
    manifest = JSON.parse(readFileSync(join(held, 'manifest.json'), 'utf8')) as Manifest;
    for (const file of readdirSync(held)) parts.set(file, [readFileSync(join(held, file))]);
  } else {
    const append = async (file: string, bytes: Uint8Array) => void parts.set(file, [...(parts.get(file) ?? []), bytes]);
    manifest = await writeRelease(
      releaseCases(documents, embedder, cache),
      { append },
      { generation: embedder.fingerprint },
    );
    if (held !== undefined) keep(held, parts, manifest);
  }
  const rest = { format: 1, version: 1, createdAt: '', files: [], contentHash: '', faissFiles: [] } as const;
  return openRelease(
    { ...rest, generation: embedder.fingerprint, ...manifest },
    async (file) => new Uint8Array(Buffer.concat(parts.get(file) ?? [])),
    await searchKernel(),
  );
}

function keep(folder: string, parts: ReadonlyMap<string, readonly Uint8Array[]>, manifest: Manifest): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [file, pieces] of parts) writeFileSync(join(folder, file), Buffer.concat(pieces));
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
}
