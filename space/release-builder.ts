import { currentRelease, releaseCode } from '../core/corpus.ts';
import type { Database } from '../core/engine/index.ts';
import type { ReleaseFile, ReleaseManifest } from '../core/search/contract.ts';
import { contentHash, writeRelease } from '../core/search/release.ts';
import type { ReleaseBuilder } from '../core/stages/index.ts';
import { VIEWS } from '../schema/vocabulary.ts';
import { type FaissService, FaissUnavailableError } from './faiss/service.ts';
import { KEYWORDS_FILE, keywordIndexWriter } from './keywords/index.ts';
import { type Basis, basisOf, isUnusable } from './previous-release.ts';
import type { ReleaseStore, ReleaseWriter } from './store/releases.ts';

export type BuilderDeps = {
  readonly db: Database;
  readonly store: ReleaseStore;
  readonly faiss: FaissService;
  readonly releasesKept: number;
  readonly nowIso: () => string;
  readonly onDegraded: (reason: string) => void;
  readonly onBuilt?: (built: Built) => void;
};

/** How a release came about: how many of its cases were taken over, and why none were. */
export type Built = {
  readonly version: number;
  readonly cases: number;
  readonly taken: number;
  readonly from: number | null;
  readonly scratchReason: string | null;
};

/** A build that died leaves its folder; a younger one may be at work. */
const LEFTOVER_AGE_MS = 3_600_000;

/** `newestVersion` is the highest version in the store: the next build must be given a higher one. */
type Job = Parameters<ReleaseBuilder>[0];
export type StoreReleaseBuilder = ReleaseBuilder & { readonly newestVersion: () => Promise<number> };

/** Writes a release's files, its FAISS indices where FAISS can be had, and last its manifest. */
export function releaseBuilder(deps: BuilderDeps): StoreReleaseBuilder {
  const build: ReleaseBuilder = async (job) => {
    const basis: Basis = job.fromScratch
      ? { kind: 'scratch', reason: 'it was asked for' }
      : await basisOf(deps.db, deps.store, job.generation);
    try {
      return await buildFrom(job, basis);
    } catch (error) {
      if (basis.kind === 'scratch' || !isUnusable(error)) throw error;
      return await buildFrom(job, { kind: 'scratch', reason: error.message });
    } finally {
      if (basis.kind === 'previous') await basis.close();
    }
  };

  const buildFrom = async ({ version, generation, corpus }: Job, basis: Basis) => {
    const writer = await deps.store.begin(version);
    const earlier = basis.kind === 'scratch' ? null : deps.store.path(basis.previous.version, KEYWORDS_FILE);
    const keywords = keywordIndexWriter(deps.store.path(version, KEYWORDS_FILE), earlier);
    try {
      const code = await releaseCode();
      const { caseCount, viewCounts, taken } =
        basis.kind === 'scratch'
          ? await writeRelease(keywords.through(corpus.cases()), writer, { generation, code })
          : await writeRelease(keywords.through(corpus.cases(basis.previous.unchanged)), writer, {
              generation,
              code,
              from: { previous: basis.previous, read: corpus.read },
            });
      const files = await writer.finish();
      keywords.close();
      const keywordsFile = await writer.record(KEYWORDS_FILE);
      const faissFiles = await buildFaiss(deps, writer, viewCounts, version);
      const manifest: ReleaseManifest = {
        format: 1,
        version,
        createdAt: deps.nowIso(),
        generation,
        caseCount,
        viewCounts,
        files: [...files, keywordsFile],
        contentHash: await contentHash(files),
        faissFiles,
      };
      await writer.publish(manifest);
      const current = await currentRelease(deps.db);
      await deps.store.sweep({
        keep: deps.releasesKept,
        current: current?.version ?? null,
        liveVersion: version,
        leftoversBeforeMs: Date.parse(deps.nowIso()) - LEFTOVER_AGE_MS,
      });
      const from = basis.kind === 'scratch' ? null : basis.previous.version;
      const scratchReason = basis.kind === 'scratch' ? basis.reason : null;
      deps.onBuilt?.({ version, cases: caseCount, taken, from, scratchReason });
      return { caseCount, contentHash: manifest.contentHash };
    } catch (error) {
      keywords.close();
      await writer.abandon();
      throw error;
    }
  };
  return Object.assign(build, { newestVersion: () => deps.store.newestVersion() });
}

async function buildFaiss(
  deps: BuilderDeps,
  writer: ReleaseWriter,
  viewCounts: ReleaseManifest['viewCounts'],
  version: number,
): Promise<readonly ReleaseFile[]> {
  const views = VIEWS.filter((view) => viewCounts[view] > 0);
  try {
    await deps.faiss.build(
      views.map((view) => ({
        view,
        vectorsPath: deps.store.path(version, `${view}.f32`),
        rows: viewCounts[view],
        outPath: deps.store.path(version, `${view}.index`),
      })),
    );
  } catch (error) {
    if (!(error instanceof FaissUnavailableError)) throw error;
    deps.onDegraded(error.message);
    return [];
  }
  return Promise.all(views.map((view) => writer.record(`${view}.index`)));
}
