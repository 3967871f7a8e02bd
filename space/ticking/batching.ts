import { DatabaseError } from '../../core/engine/index.ts';
import { stepJobs } from '../../core/models/batch/steps.ts';
import type { PageEvent } from '../../core/sources/discovery.ts';
import { withoutSecrets } from '../../core/sources/settings.ts';
import { secretsOf } from '../config.ts';
import type { Space } from '../space.ts';
import { type Discovering, discover, type Listing, NOTHING_LISTED } from './discovering.ts';

/** What stepping batch jobs needs of an opened Space. */
export type Batching = Pick<Space, 'db' | 'distiller' | 'runtime' | 'log'>;

/** Of a tick's budget, as for the sources. */
const SHARE = 0.25;

type Options = { readonly tickBudgetMs: number; readonly stopping: () => boolean; readonly signal?: AbortSignal };

/** Asks about batch jobs that are due. What a service fails at stands in the row of its job; an error of ours is logged: neither stops a tick. @throws DatabaseError */
export async function stepBatches(space: Batching, options: Options): Promise<Listing> {
  const { db, distiller, runtime, log } = space;
  if (distiller.kind !== 'batch') return NOTHING_LISTED;
  const { random, monotonicMs, owner } = runtime;
  try {
    const { steps, wakeAtMs, waiting } = await stepJobs(
      { db, distiller, owner, random, monotonicMs },
      {
        budgetMs: options.tickBudgetMs * SHARE,
        stopping: options.stopping,
        signal: options.signal ?? new AbortController().signal,
      },
    );
    if (waiting !== null) log.warn({ message: withoutSecrets(waiting, secretsOf(process.env)) });
    return {
      pages: 0,
      goesOn: steps > 0 && wakeAtMs !== null && wakeAtMs <= Date.now(),
      waitsUntilMs: wakeAtMs,
      reason: wakeAtMs === null ? null : (waiting ?? 'batch jobs are under way'),
    };
  } catch (error) {
    if (error instanceof DatabaseError && !error.refused) throw error;
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    log.error({ message: withoutSecrets(`stepping batch jobs failed: ${message}`, secretsOf(process.env)) });
    return NOTHING_LISTED;
  }
}

/** What a host does before each tick: batch jobs, then the sources. */
export async function beforeTick(
  space: Discovering & Batching,
  options: Options & { readonly onPage?: (page: PageEvent) => void },
): Promise<Listing> {
  const jobs = await stepBatches(space, options);
  const listing = await discover(space, options);
  const sooner = (jobs.waitsUntilMs ?? Number.POSITIVE_INFINITY) < (listing.waitsUntilMs ?? Number.POSITIVE_INFINITY);
  return { ...(sooner ? jobs : listing), pages: listing.pages, goesOn: jobs.goesOn || listing.goesOn };
}
