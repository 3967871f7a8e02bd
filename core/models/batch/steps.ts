import {
  adoptJob,
  closeJob,
  dropOrphan,
  type HeldJob,
  holdJob,
  idsOfJob,
  letGoJob,
  markEnded,
  nextJobDue,
  postponeJob,
  returnStrays,
  type StoredAnswer,
  storeAnswers,
  submittedTasks,
} from '../../corpus.ts';
import type { Database } from '../../engine/database.ts';
import { StageError, WaitError } from '../../engine/errors.ts';
import { RETRY_AFTER_MS_MAX, retryDelayMs } from '../../engine/outcome.ts';
import type { Retry } from '../../engine/stage.ts';
import type { BatchDistiller } from '../ports.ts';
import { LOOK_MS, pollDelayMs, UNSURE_MS } from './pace.ts';
import type { JobAnswer, JobStatus } from './port.ts';

export type JobDeps = {
  readonly db: Database;
  readonly distiller: Pick<BatchDistiller, 'service' | 'jobs'>;
  readonly owner: string;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly monotonicMs: () => number;
};
export type JobOptions = {
  readonly budgetMs: number;
  readonly stopping: () => boolean;
  readonly signal: AbortSignal;
};
export type JobsReport = {
  /** Questions and downloads that were answered. */
  readonly steps: number;
  /** Tasks that were made ready. */
  readonly returned: number;
  /** When the next job is due, by the database's clock; null when none is open. */
  readonly wakeAtMs: number | null;
  /** Why a job could not be stepped; the last one, null where none failed. */
  readonly waiting: string | null;
};

const STAGE = 'distill';
const retry: Retry = { attemptsMax: 1_000, delayMsFirst: 30_000, delayMsMax: 3_600_000 };
/** Characters of one answer that are kept; a longer one is no answer. */
const ANSWER_CHARS_MAX = 64_000;
/** Of one transaction that stores answers. */
const STORE_CHARS = 500_000;
const REASON_CHARS_MAX = 300;

/**
 * Steps whatever job is due: asks how it stands, fetches the answers of one that has ended, and makes its tasks ready, so that the stage
 * finishes them. Each job is stepped by one worker at a time; a kill between any two calls loses nothing, and a step that is done twice changes
 * nothing. What a service fails at waits with its job and never reaches the caller, except `DatabaseError`s.
 */
export async function stepJobs(deps: JobDeps, options: JobOptions): Promise<JobsReport> {
  const { db, distiller, owner } = deps;
  const endsMs = deps.monotonicMs() + options.budgetMs;
  let steps = 0;
  let returned = 0;
  let waiting: string | null = null;
  while (!options.stopping() && deps.monotonicMs() < endsMs) {
    const held = await holdJob(db, distiller.service, owner);
    if (held === null) break;
    try {
      returned += await stepJob(deps, held, options.signal);
      steps += 1;
    } catch (error) {
      if (!(error instanceof StageError)) throw error;
      waiting = `batch job ${held.key.slice(0, 12)}: ${error.message}`;
      const delayMs = delayAfter(error, held.failures, deps.random());
      await postponeJob(db, held, { delayMs, reason: error.message, failed: true });
    } finally {
      await letGoJob(db, held);
    }
  }
  const wakeAtMs = await nextJobDue(db, distiller.service);
  // A commit may land after the end of the job that it names. The look for such tasks reads many rows, so it comes with other work.
  if ((steps > 0 || wakeAtMs === null) && (await submittedTasks(db, STAGE)) > 0)
    returned += await returnStrays(db, STAGE, owner);
  return { steps, returned, wakeAtMs, waiting };
}

const delayAfter = (error: StageError, failures: number, random: number): number =>
  error instanceof WaitError && Number.isFinite(error.retryAfterMs)
    ? Math.min(RETRY_AFTER_MS_MAX, Math.max(LOOK_MS, error.retryAfterMs))
    : LOOK_MS + retryDelayMs(failures + 1, retry, random);

/** One step of one job. Returns the tasks that it made ready. */
async function stepJob(deps: JobDeps, held: HeldJob, signal: AbortSignal): Promise<number> {
  const { db, distiller, owner } = deps;
  const { externalId } = held;
  if (held.state === 'intent' || externalId === null) return findJob(deps, held, signal);
  const status = await distiller.jobs.status(externalId, signal);
  if (status === null) {
    const reason = `the service knows no job ${externalId} any more`;
    const end = { state: 'abandoned', reason, unanswered: reason, ignored: 0, actor: owner } as const;
    return (await closeJob(db, held, end)) ?? 0;
  }
  if (status.state === 'running') {
    await postponeJob(db, held, { delayMs: pollDelayMs(held.polls + 1), reason: status.reason, failed: false });
    return 0;
  }
  const reason = endInWords(status);
  if (!(await markEnded(db, held, status.state, reason))) return 0;
  return collect(deps, held, externalId, reason, signal);
}

/** A job of which nobody knows whether it was taken: its submitter died, or heard no answer. */
async function findJob({ db, distiller, owner }: JobDeps, held: HeldJob, signal: AbortSignal): Promise<number> {
  const drop = async (reason: string) => {
    await dropOrphan(db, held, { reason, actor: owner });
    return 0;
  };
  if (held.sentMs === null) return drop('its submitter ended before it was sent');
  const found = await distiller.jobs.find(held.key, signal);
  if (found !== null) await adoptJob(db, held, found.externalId);
  else if (held.nowMs - held.sentMs > UNSURE_MS) return drop('the service never took it');
  else await postponeJob(db, held, { delayMs: LOOK_MS, reason: 'looked for at the service', failed: false });
  return 0;
}

const cut = (text: string): string => text.slice(0, REASON_CHARS_MAX);
const endInWords = ({ state, reason }: JobStatus): string => cut(reason === null ? state : `${state}: ${reason}`);

/** Fetches, matches and stores the answers of a job that has ended, then closes it. */
async function collect(
  { db, distiller, owner }: JobDeps,
  held: HeldJob,
  externalId: string,
  ended: string,
  signal: AbortSignal,
): Promise<number> {
  const { answers, unreadable } = await distiller.jobs.answers(externalId, signal);
  const { matched, ignored } = matchAnswers(answers, await idsOfJob(db, held.key));
  for (const part of partsOf(matched)) if (!(await storeAnswers(db, held, part))) return 0;
  const returned = await closeJob(db, held, {
    state: 'applied',
    reason: ended,
    unanswered: cut(ended.startsWith('succeeded') ? 'the job came back without an answer to it' : `the job ${ended}`),
    ignored: ignored + unreadable,
    actor: owner,
  });
  return returned ?? 0;
}

/**
 * Pure: answers by their ids. One that belongs to no case of this job is ignored, and so is every answer to a case that came twice
 * with different words: nobody can tell which is its own.
 */
export function matchAnswers(
  answers: readonly JobAnswer[],
  ids: ReadonlySet<string>,
): { readonly matched: readonly StoredAnswer[]; readonly ignored: number } {
  const matched = new Map<string, StoredAnswer>();
  const disputed = new Set<string>();
  let ignored = 0;
  for (const one of answers) {
    if (!ids.has(one.id)) {
      ignored += 1;
      continue;
    }
    const stored = storedOf(one);
    const before = matched.get(one.id);
    if (before !== undefined) {
      ignored += 1;
      if (before.state !== stored.state || before.answer !== stored.answer) disputed.add(one.id);
    } else matched.set(one.id, stored);
  }
  for (const id of disputed)
    matched.set(id, { ...NOTHING, id, again: true, reason: 'two different answers came under its id' });
  return { matched: [...matched.values()], ignored };
}

const NOTHING = { state: 'refused', answer: null, units: null } as const;

function storedOf({ id, outcome }: JobAnswer): StoredAnswer {
  if (outcome.kind === 'refused') return { ...NOTHING, id, again: outcome.again, reason: cut(outcome.reason) };
  if ((outcome.text?.length ?? 0) > ANSWER_CHARS_MAX)
    return { ...NOTHING, id, again: true, reason: `the answer has more than ${ANSWER_CHARS_MAX} characters` };
  return { id, state: 'answered', answer: outcome.text, units: outcome.units, again: false, reason: null };
}

/** In transactions of a bounded size; one that is empty still shows whether the right holds. */
function partsOf(all: readonly StoredAnswer[]): readonly (readonly StoredAnswer[])[] {
  const parts: StoredAnswer[][] = [];
  let left = 0;
  for (const one of all) {
    const chars = (one.answer?.length ?? 0) + 200;
    const part = parts.at(-1);
    if (part === undefined || chars > left) {
      parts.push([one]);
      left = STORE_CHARS - chars;
    } else {
      part.push(one);
      left -= chars;
    }
  }
  return parts;
}
