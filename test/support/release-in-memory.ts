import { readFileSync } from 'node:fs';
import { distillateOf } from '../../core/cases/distillate.ts';
import { extractCase } from '../../core/cases/extract.ts';
import type { Embedder } from '../../core/models/ports.ts';
import type { Provenance, ReleaseCase, ReleaseManifest } from '../../core/search/contract.ts';
import { openRelease, type Release, writeRelease } from '../../core/search/release.ts';
import type { View } from '../../schema/vocabulary.ts';
import { searchKernel } from '../../space/kernel.ts';

export type SourceText = {
  readonly id: string;
  readonly text: string;
  readonly documentKey?: string;
  readonly provenance?: Partial<Provenance>;
  readonly rare?: boolean;
};

const NO_PROVENANCE: Provenance = {
  source: 'test',
  title: null,
  authors: [],
  journal: null,
  publicationDate: null,
  pmid: null,
  pmcid: null,
  doi: null,
  url: null,
  licence: null,
};

/** A case as the embed stage would hand it over, with a distillate that claims nothing. */
export async function releaseCase(source: SourceText, embedder: Embedder): Promise<ReleaseCase> {
  const extracted = extractCase(source.text);
  const texts: readonly (readonly [View, string])[] = [
    ['whole', extracted.text],
    ...Object.entries(extracted.facets).map(([facet, { text }]) => [facet as View, text] as const),
  ];
  const embedded = await embedder.embed(texts.map(([, text]) => text));
  const vectors: Partial<Record<View, Float32Array>> = {};
  for (const [i, [view]] of texts.entries()) if (embedded[i]) vectors[view] = embedded[i];
  return {
    caseId: source.id,
    documentKey: source.documentKey,
    provenance: { ...NO_PROVENANCE, ...source.provenance },
    extracted,
    distillate: distillateOf({
      isRare: source.rare ?? false,
      rarityCriteria: source.rare ? ['prevalence'] : [],
      rareReason: source.rare ? 'rare' : null,
      rejectionReason: source.rare ? null : 'common',
    }),
    vectors,
  };
}

export const byId = (a: { readonly id: string }, b: { readonly id: string }): number => (a.id < b.id ? -1 : 1);

/** Cases in the order of the texts, one after the other. */
export async function* releaseCases(sources: Iterable<SourceText>, embedder: Embedder): AsyncGenerator<ReleaseCase> {
  for (const source of sources) yield await releaseCase(source, embedder);
}

/** The files of a release, by name. */
export async function writeFiles(
  cases: AsyncIterable<ReleaseCase>,
  generation: string,
): Promise<{ readonly files: ReadonlyMap<string, Uint8Array>; readonly manifest: ReleaseManifest }> {
  const parts = new Map<string, Uint8Array[]>();
  const sink = {
    append: async (file: string, bytes: Uint8Array) => {
      parts.set(file, [...(parts.get(file) ?? []), bytes]);
    },
  };
  const written = await writeRelease(cases, sink, { generation });
  const files = new Map([...parts].map(([file, bytes]) => [file, new Uint8Array(Buffer.concat(bytes))]));
  return {
    files,
    manifest: {
      format: 1,
      version: 1,
      createdAt: '2026-01-01T00:00:00Z',
      generation,
      ...written,
      files: [...files].map(([file, bytes]) => ({ file, bytes: bytes.length, sha256: '' })),
      contentHash: '',
      faissFiles: [],
    },
  };
}

/** A release of the texts, sorted by id, written and opened again. */
export async function releaseInMemory(sources: readonly SourceText[], embedder: Embedder): Promise<Release> {
  const { files, manifest } = await writeFiles(releaseCases([...sources].sort(byId), embedder), embedder.fingerprint);
  return openRelease(manifest, async (file) => files.get(file) ?? new Uint8Array(0), await searchKernel());
}

/** The first made-up cases of the sample corpus. */
export function sampleTexts(count: number): readonly SourceText[] {
  return readFileSync(new URL('../../space/sample/cases.jsonl', import.meta.url), 'utf8')
    .split('\n')
    .slice(0, count)
    .map((line) => JSON.parse(line) as { id: string; text: string; title: string; publication_date: string })
    .map(({ id, text, title, publication_date }) => {
      return { id, text, provenance: { title, publicationDate: publication_date } };
    });
}
