import {
  beginRelease,
  builtFromScratch,
  type Corpus,
  casesWithoutVectors,
  corpusOf,
  dropOlderVectors,
  publishWrite,
  requestFulfilled,
} from '../corpus.ts';
import type { Database } from '../engine/database.ts';
import { NotYetError } from '../engine/errors.ts';
import { defineStage, type Stage } from '../engine/stage.ts';

/** Builds one release into persistent storage and publishes its manifest; implemented where files are. */
export type ReleaseBuilder = ((build: {
  readonly version: number;
  readonly generation: string;
  readonly corpus: Corpus;
  /** Nothing is to be taken over from an earlier release. */
  readonly fromScratch?: boolean;
}) => Promise<{ readonly caseCount: number; readonly contentHash: string }>) & {
  /** The highest version that the storage has seen: a new database on an old store begins above it. */
  readonly newestVersion?: () => Promise<number>;
};

/** Pending cases that make a release worth building, and how long the first of them may wait for that. */
const GATHER = { itemsMin: 1_000, waitMsMax: 6 * 3_600_000 };

/**
 * Takes every embedded case that no release holds yet, builds a release of the whole corpus, and settles them in the
 * batch that makes it the current one. Null where there are no files: then another host builds.
 */
export const defineIndex = (deps: {
  readonly db: Database;
  /** The generation of the vectors that a release is built from. */
  readonly generation: () => Promise<string>;
  readonly build: ReleaseBuilder | null;
}): Stage => {
  const { db, build } = deps;
  return defineStage({
    name: 'index',
    itemKind: 'case',
    // A claim answers with one row a task, and sqld refuses an answer of more than 10 MB.
    batchMax: 20_000,
    leaseMs: 300_000,
    // A failed build says nothing about a case: it is tried again until a person steps in.
    retry: { attemptsMax: 1_000, delayMsFirst: 5_000, delayMsMax: 600_000 },
    settles: 'whole',
    gather: GATHER,
    fingerprint: 'release-1',
    process:
      build === null
        ? null
        : async (batch, context) => {
            const generation = await deps.generation();
            const missing = await casesWithoutVectors(db, generation);
            if (missing > 0)
              throw new NotYetError(`${missing} cases are being embedded anew by ${generation}`, {
                retryAfterMs: 1_000,
              });
            const floor = (await build.newestVersion?.()) ?? 0;
            const version = await beginRelease(db, context.leaseId, generation, floor);
            const fromScratch = await builtFromScratch(db, context.leaseId);
            const built = await build({ version, generation, corpus: corpusOf(db, generation), fromScratch });
            return {
              outcomes: batch.map(() => ({ kind: 'done', outputHash: built.contentHash })),
              writes: [publishWrite({ version, ...built }), dropOlderVectors(generation), requestFulfilled('index')],
            };
          },
  });
};
