import { readCases } from '../corpus.ts';
import type { Database } from '../engine/database.ts';
import { StageError, WaitError } from '../engine/errors.ts';
import { type Outcome, outcomeOfError, postponed } from '../engine/outcome.ts';
import { defineStage, type Item, type Retry, type Stage } from '../engine/stage.ts';
import type { RemoteEmbedder } from '../models/generation.ts';
import { resultOf, type Wanted, wantedOf } from './embedded.ts';

const retry: Retry = { attemptsMax: 5, delayMsFirst: 2_000, delayMsMax: 600_000 };
/** An item that failed so often in company is asked for alone: whatever it does to a call, it does to itself. */
const FAILURES_IN_COMPANY = 2;

type Deps = { readonly db: Database; readonly random: () => number; readonly remote: RemoteEmbedder };

/**
 * Cases are embedded by a service. An item whose texts all got good vectors is done whatever became of its neighbours in the same call; no
 * vector is kept of a call whose probe is not that of the generation.
 */
export const embedByInference = ({ db, random, remote }: Deps): Stage =>
  defineStage({
    name: 'embed',
    itemKind: 'case',
    batchMax: remote.embedder.batchMax,
    leaseMs: 180_000,
    retry,
    settles: 'each',
    services: [remote.embedder.service],
    quota: {
      name: remote.embedder.spending.quota.name,
      unitsPerItem: remote.embedder.spending.unitsPerItem,
    },
    fingerprint: remote.embedder.fingerprint,
    async process(batch, context) {
      if (context.stopping()) return { outcomes: batch.map(() => postponed()), writes: [], used: 0 };
      let used = 0;
      const call = {
        signal: context.signal,
        spent: (units: number) => {
          used += units;
        },
        goesOn: async () => {
          await context.turn?.();
          return !context.stopping() && !context.signal.aborted;
        },
      };
      const given = (error: unknown): readonly Outcome[] =>
        batch.map((item) => outcomeOfError(error, item, retry, random()));
      let probe: Awaited<ReturnType<RemoteEmbedder['probeFor']>>;
      try {
        probe = await remote.probeFor(context.leaseId, call);
      } catch (error) {
        // What the call cost is counted, although it came to nothing.
        if (error instanceof StageError) return { outcomes: given(error), writes: [], used };
        throw error;
      }
      const cases = await readCases(
        db,
        batch.map((item) => item.key),
      );
      const wanted = wantedOf(batch, cases);
      const found = await remote.embedder.embedEach(
        wanted.map(({ text }) => text),
        probe,
        call,
        apartOf(wanted),
      );
      const failed = failedOf(wanted, found, random);
      const vectors = found.map((one) => (one instanceof Float32Array ? one : undefined));
      return { ...resultOf(batch, cases, wanted, vectors, remote.embedder.fingerprint, failed), used };
    },
  });

const failuresOf = ({ attempt, waits, lost }: Item): number => attempt - waits - lost - 1;

const apartOf = (wanted: readonly Wanted[]): ReadonlyMap<number, number> =>
  new Map(wanted.flatMap(({ item }, i) => (failuresOf(item) >= FAILURES_IN_COMPANY ? [[i, item.id] as const] : [])));

/** The outcome of each item that has not all of its vectors: that of the error which says most. */
function failedOf(
  wanted: readonly Wanted[],
  found: readonly (Float32Array | StageError | null)[],
  random: () => number,
): ReadonlyMap<number, Outcome> {
  const errors = new Map<number, { readonly item: Item; readonly error: StageError | null }>();
  wanted.forEach(({ item }, i) => {
    const one = found[i] ?? null;
    if (one instanceof Float32Array) return;
    const known = errors.get(item.id)?.error ?? null;
    // One text that nobody could ask for says nothing against the item, whatever became of the others.
    errors.set(item.id, { item, error: known instanceof WaitError || one === null ? known : one });
  });
  return new Map(
    [...errors].map(([id, { item, error }]) => [
      id,
      error === null ? postponed() : outcomeOfError(error, item, retry, random()),
    ]),
  );
}
