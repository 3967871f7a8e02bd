import { rename, rm, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { DIMENSION } from '../../core/models/ports.ts';
import type { View } from '../../schema/vocabulary.ts';
import { fsyncFolder } from '../store/durable.ts';
import { FaissBuildError, FaissRequestError, FaissUnavailableError } from './errors.ts';
import { type FaissProcess, spawnFaiss } from './process.ts';
import type { BuildValue } from './protocol.ts';
import type { FaissSettings } from './settings.ts';

export type BuildJob = {
  readonly view: View;
  readonly vectorsPath: string;
  readonly rows: number;
  readonly outPath: string;
};
export type BuiltFile = {
  readonly view: View;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
};

/** Far above what any machine needs (45,000 rows take about a second): this ends a process that hangs. */
const BUILD_MS_BASE = 60_000;
const BUILD_MS_PER_ROW = 2;

async function refuseBadJob(job: BuildJob): Promise<void> {
  if (!Number.isSafeInteger(job.rows) || job.rows < 0) throw new FaissRequestError(`${job.view}: rows is ${job.rows}`);
  const folder = await stat(dirname(job.outPath)).catch(() => null);
  if (!folder?.isDirectory()) throw new FaissRequestError(`${dirname(job.outPath)} is not a folder`);
}

async function buildOne(process: FaissProcess, job: BuildJob): Promise<BuiltFile> {
  await refuseBadJob(job);
  const { view, vectorsPath, rows, outPath } = job;
  // The store knows this ending: what a killed build leaves behind is swept, never read.
  const temporaryPath = `${outPath}.${process.pid}.tmp`;
  const request = { kind: 'build', vectorsPath, rows, dimension: DIMENSION, temporaryPath } as const;
  try {
    const built = (await process.request(request, BUILD_MS_BASE + rows * BUILD_MS_PER_ROW)) as BuildValue;
    await rename(temporaryPath, outPath);
    await fsyncFolder(dirname(outPath));
    return { view, file: basename(outPath), ...built };
  } catch (error) {
    await rm(temporaryPath, { force: true });
    if (error instanceof FaissRequestError) throw error;
    const problem = error instanceof Error ? error.message : String(error);
    throw new FaissBuildError(`${basename(outPath)}: ${problem}`, { cause: error });
  }
}

/**
 * Builds in a process of its own that ends afterwards: a build that dies takes no search with it, a long one keeps no
 * search waiting, and its memory goes back whole. Each process uses FAISS from one thread.
 */
export async function buildIndices(
  jobs: readonly BuildJob[],
  settings: FaissSettings,
  live: Set<FaissProcess>,
): Promise<readonly BuiltFile[]> {
  if (jobs.length === 0) return [];
  const process = await spawnFaiss(settings).catch((error: Error) => {
    throw error instanceof FaissUnavailableError ? error : new FaissBuildError(error.message, { cause: error });
  });
  live.add(process);
  settings.onEvent({ kind: 'started', role: 'build', pid: process.pid });
  try {
    const built: BuiltFile[] = [];
    for (const job of jobs) built.push(await buildOne(process, job));
    return built;
  } finally {
    live.delete(process);
    await process.stop();
  }
}
