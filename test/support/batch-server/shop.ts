/** What stands behind both ways of speaking: files, jobs, and a ledger of what was paid for. */

export type Asked = { readonly id: string; readonly system: string; readonly user: string };
export type Line =
  | { readonly kind: 'answer'; readonly id: string; readonly text: string; readonly tokens: number }
  | { readonly kind: 'error'; readonly id: string; readonly status: number }
  /** Never worked on: the job ended before. */
  | { readonly kind: 'unworked'; readonly id: string; readonly code: string }
  | { readonly kind: 'raw'; readonly text: string };

export type Ending = 'succeeded' | 'failed' | 'cancelled' | 'expired';
export type ShopJob = {
  readonly externalId: string;
  readonly key: string;
  readonly asked: readonly Asked[];
  readonly createdSeconds: number;
  polls: number;
  state: 'running' | Ending;
  lines: readonly Line[];
};

export type Shop = {
  readonly files: Map<string, readonly Asked[]>;
  readonly jobs: ShopJob[];
  /** How the next jobs go: polls that find them running, how they end, and what is done to their lines. */
  plan: {
    polls: number;
    ending: Ending;
    /** The words of the model. */
    answer: (asked: Asked, nth: number) => string;
    spoil: (lines: readonly Line[], job: ShopJob) => readonly Line[];
  };
  readonly upload: (asked: readonly Asked[]) => string;
  readonly submit: (key: string, file: string) => ShopJob | null;
  readonly look: (externalId: string) => ShopJob | null;
  readonly forget: (externalId: string) => void;
  readonly cancel: (externalId: string) => boolean;
  /** Jobs that were taken under each key. */
  readonly jobsByKey: () => ReadonlyMap<string, number>;
  /** How often each prompt was taken in a job: what costs money. */
  readonly paid: () => ReadonlyMap<string, number>;
  /** A new day: no jobs, and nothing was paid for. */
  readonly clear: () => void;
};

export function createShop(): Shop {
  let ids = 0;
  const asks = new Map<string, number>();
  const shop: Shop = {
    files: new Map(),
    jobs: [],
    plan: { polls: 0, ending: 'succeeded', answer: () => '{}', spoil: (lines) => lines },
    upload: (asked) => {
      ids += 1;
      shop.files.set(`f${ids}`, asked);
      return `f${ids}`;
    },
    submit: (key, file) => {
      const asked = shop.files.get(file);
      if (!asked) return null;
      ids += 1;
      for (const { user } of asked) asks.set(user, (asks.get(user) ?? 0) + 1);
      const job: ShopJob = {
        externalId: `job-${ids}`,
        key,
        asked,
        createdSeconds: 1_700_000_000 + ids,
        polls: 0,
        state: 'running',
        lines: [],
      };
      shop.jobs.unshift(job);
      return job;
    },
    look: (externalId) => {
      const job = shop.jobs.find((one) => one.externalId === externalId);
      if (!job) return null;
      if (job.state === 'running') {
        if (job.polls >= shop.plan.polls) end(job, shop.plan.ending);
        job.polls += 1;
      }
      return job;
    },
    forget: (externalId) => {
      const at = shop.jobs.findIndex((one) => one.externalId === externalId);
      if (at >= 0) shop.jobs.splice(at, 1);
    },
    cancel: (externalId) => {
      const job = shop.jobs.find((one) => one.externalId === externalId);
      if (job?.state === 'running') end(job, 'cancelled');
      return job !== undefined;
    },
    jobsByKey: () =>
      shop.jobs.reduce((all, { key }) => all.set(key, (all.get(key) ?? 0) + 1), new Map<string, number>()),
    paid: () => asks,
    clear: () => {
      shop.jobs.length = 0;
      asks.clear();
      shop.plan = { polls: 0, ending: 'succeeded', answer: () => '{}', spoil: (lines) => lines };
    },
  };
  const end = (job: ShopJob, ending: Ending): void => {
    const { answer, spoil } = shop.plan;
    const worked =
      ending === 'failed' ? 0 : ending === 'succeeded' ? job.asked.length : Math.floor(job.asked.length / 2);
    const lines = job.asked.map(
      (one, n): Line =>
        n < worked
          ? { kind: 'answer', id: one.id, text: answer(one, n), tokens: 900 }
          : { kind: 'unworked', id: one.id, code: `batch_${ending}` },
    );
    job.state = ending;
    job.lines = spoil(ending === 'failed' ? [] : lines, job);
  };
  return shop;
}
