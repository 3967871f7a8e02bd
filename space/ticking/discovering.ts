import { nextRunning } from '../../core/corpus.ts';
import { DatabaseError } from '../../core/engine/index.ts';
import type { Outside, PageEvent } from '../../core/sources/discovery.ts';
import { stepDiscovery } from '../../core/sources/discovery.ts';
import { withoutSecrets } from '../../core/sources/settings.ts';
import { secretsOf } from '../config.ts';
import type { Space } from '../space.ts';

/** What discovery needs of an opened Space. */
export type Discovering = Pick<Space, 'db' | 'pipeline' | 'runtime' | 'log'> & { readonly outside: Outside | null };

/** Of a tick's budget: what is found has to be worked, and one slow service must not starve the pipeline. */
const SHARE = 0.25;

/** How the sources stand after a step. */
export type Listing = {
  readonly pages: number;
  /** More can be listed at once. */
  readonly goesOn: boolean;
  /** A run waits until then (database time, ms); null where no run is at hand. A run that is only planned is not waited for. */
  readonly waitsUntilMs: number | null;
  /** Why it waits, with the source's name. */
  readonly reason: string | null;
};
export const NOTHING_LISTED: Listing = { pages: 0, goesOn: false, waitsUntilMs: null, reason: null };

/**
 * Steps whatever source is due, for a share of `tickBudgetMs`. What a source fails at stands in its row and waits with it; an error of
 * ours is logged: neither stops a tick. @throws DatabaseError, which the tick behind it would meet too
 */
export async function discover(
  space: Discovering,
  options: {
    readonly tickBudgetMs: number;
    readonly stopping: () => boolean;
    readonly onPage?: (page: PageEvent) => void;
  },
): Promise<Listing> {
  const { db, outside, runtime, log } = space;
  const [first] = space.pipeline.stages;
  if (outside === null || first === undefined) return NOTHING_LISTED;
  const { random, monotonicMs, owner } = runtime;
  try {
    const report = await stepDiscovery(
      { db, outside, first, owner, random, monotonicMs },
      {
        budgetMs: options.tickBudgetMs * SHARE,
        stopping: options.stopping,
        ...(options.onPage ? { onPage: options.onPage } : {}),
      },
    );
    // Stored times are the database's; on a host with another clock the next step corrects it.
    const goesOn = report.wakeAtMs !== null && report.wakeAtMs <= Date.now();
    const running = goesOn ? null : await nextRunning(db, [...outside.sources.keys()]);
    return {
      pages: report.pages,
      goesOn,
      waitsUntilMs: running?.dueMs ?? null,
      reason: running && `source ${running.name}: ${running.error ?? 'another worker reads it'}`,
    };
  } catch (error) {
    // What the database refuses is a bug of one source; what it does not answer is for everybody.
    if (error instanceof DatabaseError && !error.refused) throw error;
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    log.error({ message: withoutSecrets(`discovery failed: ${message}`, secretsOf(process.env)) });
    return NOTHING_LISTED;
  }
}
