import {
  distillateRows,
  dropJob,
  type ItemInJob,
  intendJob,
  itemSettled,
  jobsOfCases,
  markSent,
  type NewJob,
  readCases,
  recordSubmitted,
  recordUnknown,
  type StoredCase,
  storedAnswers,
} from '../corpus.ts';
import type { Database } from '../engine/database.ts';
import { PermanentError, RetryableError, StageError } from '../engine/errors.ts';
import { type Outcome, outcomeOfError, postponed, retryDelayMs } from '../engine/outcome.ts';
import { quotaRoom } from '../engine/quota.ts';
import { defineStage, type Item, type Retry, type Stage, type StageContext, type Write } from '../engine/stage.ts';
import { sha256Hex } from '../hash.ts';
import { LOOK_MS, pollDelayMs } from '../models/batch/pace.ts';
import { type JobRequest, SubmissionUnknownError } from '../models/batch/port.ts';
import type { BatchDistiller } from '../models/ports.ts';
import { distilled, missingCase } from './distilled.ts';

/** An answer that does not fit is asked for once more, in another job; what a service refuses, some times more. */
const retry: Retry = {
  attemptsMax: 4,
  delayMsFirst: 60_000,
  delayMsMax: 3_600_000,
  byClass: { validation: { attemptsMax: 2 } },
};
/** An upload costs nothing until it is submitted: it is tried again at once, always as a new file. */
const UPLOADS_MAX = 3;
const UPLOAD_RETRY: Retry = { attemptsMax: UPLOADS_MAX, delayMsFirst: 1_000, delayMsMax: 10_000 };

export type BatchDeps = {
  readonly db: Database;
  readonly random: () => number;
  readonly distiller: BatchDistiller;
  readonly sleep?: (ms: number) => Promise<void>;
};

/** What is found of a case: a job has it, a job has answered it, or it needs a new job. */
type Found =
  | { readonly kind: 'waits'; readonly item: Item; readonly inJob: ItemInJob }
  | { readonly kind: 'ended'; readonly item: Item; readonly inJob: ItemInJob }
  | { readonly kind: 'new'; readonly item: Item; readonly jobsBefore: number };

const OPEN: readonly string[] = ['intent', 'submitted', 'ended'];

/** Pure: where one case stands, by every job that had it. Answers for another input are of no use. */
export function standingOf(item: Item, jobs: readonly ItemInJob[]): Found {
  const own = jobs.filter(({ caseId, inputHash }) => caseId === item.key && inputHash === item.inputHash);
  const last = (kind: (one: ItemInJob) => boolean) => own.findLast(kind);
  const good = last(({ state }) => state === 'answered' || state === 'used');
  if (good) return { kind: 'ended', item, inJob: good };
  const waiting = last(({ state, jobState }) => state === 'waiting' && OPEN.includes(jobState));
  if (waiting) return { kind: 'waits', item, inJob: waiting };
  const told = last(({ state }) => state === 'refused' || state === 'unanswered');
  if (told) return { kind: 'ended', item, inJob: told };
  return { kind: 'new', item, jobsBefore: own.length };
}

/**
 * Has a model service that answers in hours distil cases. A case whose answer is stored is finished; one that a job has waits for it; the
 * others become one new job: stored as an intent with its cases and its charge, uploaded, submitted, recorded. What a job
 * answers is fetched by whoever steps jobs, never here.
 */
export const defineDistillBatch = (deps: BatchDeps): Stage => {
  const { db, distiller } = deps;
  return defineStage({
    name: 'distill',
    itemKind: 'case',
    batchMax: distiller.batchMax,
    leaseMs: 600_000,
    retry,
    settles: 'each',
    services: [distiller.service],
    fingerprint: distiller.fingerprint,
    async process(batch, context) {
      const keys = batch.map((item) => item.key);
      const [cases, jobs] = await Promise.all([readCases(db, keys), jobsOfCases(db, keys, distiller.fingerprint)]);
      const found = batch.map((item) => standingOf(item, jobs));
      const settled = new Map<number, Settled>();
      const settle = (item: Item, one: Settled) => settled.set(item.id, one);
      for (const { item } of found) if (!cases.has(item.key)) settle(item, failed(deps, item, missingCase(item.key)));
      for (const one of found) if (one.kind === 'waits') settle(one.item, waitsFor(one.inJob));
      const ended = found.filter((one) => one.kind === 'ended' && !settled.has(one.item.id));
      for (const [item, one] of await finish(deps, cases, ended as Ended[], context)) settle(item, one);
      const fresh = found.filter((one) => one.kind === 'new' && !settled.has(one.item.id));
      for (const [item, one] of await submit(deps, cases, fresh as Fresh[], context)) settle(item, one);
      const all = batch.map((item) => settled.get(item.id) ?? { outcome: postponed() });
      const products = all.flatMap(({ product }) => product ?? []);
      return {
        outcomes: all.map(({ outcome }) => outcome),
        writes: [distillateRows(products, distiller.fingerprint), ...all.flatMap(({ write }) => write ?? [])],
      };
    },
  });
};

type Ended = Extract<Found, { kind: 'ended' }>;
type Fresh = Extract<Found, { kind: 'new' }>;
type Settled = {
  readonly outcome: Outcome;
  readonly product?: Awaited<ReturnType<typeof distilled>>['product'];
  readonly write?: Write;
};
type Cases = ReadonlyMap<string, StoredCase>;

const shortKey = (key: string): string => key.slice(0, 12);

const failed = ({ random }: BatchDeps, item: Item, error: unknown): Settled => ({
  outcome: outcomeOfError(error, item, retry, random()),
});

function waitsFor({ jobKey, service, submittedMs }: ItemInJob): Settled {
  const since = submittedMs === null ? 'being submitted' : `submitted ${new Date(submittedMs).toISOString()}`;
  return {
    outcome: {
      kind: 'submitted',
      job: jobKey,
      reason: `waiting for batch job ${shortKey(jobKey)} of ${service}, ${since}`,
    },
  };
}

/** Reads the stored answers. What an answer came to is stored with it, so that none is judged twice. */
async function finish(
  deps: BatchDeps,
  cases: Cases,
  ended: readonly Ended[],
  context: StageContext,
): Promise<readonly (readonly [Item, Settled])[]> {
  const { db, distiller } = deps;
  const answers = await storedAnswers(
    db,
    ended.map(({ inJob }) => inJob).filter(({ state }) => state === 'answered' || state === 'used'),
  );
  const all: (readonly [Item, Settled])[] = [];
  for (const { item, inJob } of ended) {
    await context.turn?.();
    const stored = cases.get(item.key);
    if (!stored) continue;
    try {
      if (inJob.state === 'refused' || inJob.state === 'unanswered') throw toldBy(inJob);
      const distillate = distiller.read(stored, answers.get(inJob.id) ?? null);
      const { outcome, product } = await distilled(item, distillate);
      all.push([item, { outcome, product, write: itemSettled(item.id, inJob, 'used', null) }]);
    } catch (error) {
      const reason = error instanceof StageError ? error.message : 'reading its answer failed';
      // What is no word on the answer, such as a bug of ours, leaves it to be read again.
      const write = error instanceof StageError ? { write: itemSettled(item.id, inJob, 'failed', reason) } : {};
      all.push([item, { ...failed(deps, item, error), ...write }]);
    }
  }
  return all;
}

const toldBy = ({ state, again, reason, jobKey, service }: ItemInJob): StageError => {
  const message = `batch job ${shortKey(jobKey)}: ${reason ?? 'no answer'}`;
  return state === 'refused' && !again ? new PermanentError(message) : new RetryableError(message, { service });
};

/** Submits what the quota has room for as one new job; the rest waits for tomorrow. */
async function submit(
  deps: BatchDeps,
  cases: Cases,
  fresh: readonly Fresh[],
  context: StageContext,
): Promise<readonly (readonly [Item, Settled])[]> {
  if (fresh.length === 0 || context.stopping()) return [];
  const { db, distiller } = deps;
  const { quota } = distiller.spending;
  const room = await quotaRoom(db, quota.name);
  if (room === null) throw new Error(`quota ${quota.name} is not registered with the pipeline`);
  const wanted: Wanted[] = [];
  const late: Item[] = [];
  let units = 0;
  for (const { item, jobsBefore } of fresh) {
    await context.turn?.();
    const stored = cases.get(item.key);
    if (!stored) continue;
    const { request, unitsMax } = distiller.request(stored);
    if (units + unitsMax > room.left) late.push(item);
    else {
      units += unitsMax;
      wanted.push({ item, jobsBefore, request });
    }
  }
  const tomorrow: Settled = {
    outcome: {
      kind: 'wait',
      delayMs: room.resetsInMs,
      reason: `quota ${quota.name} has no room for it (${Math.floor(room.left)} of ${quota.perDay} ${quota.unit} left), resets 00:00 UTC`,
      errorClass: 'quota',
      // Answers that are there already cost nothing: they are read whatever the quota.
      stageWaits: false,
    },
  };
  const sent = await send(deps, wanted, units, context);
  return [
    ...late.map((item) => [item, tomorrow] as const),
    ...wanted.map(({ item }) => [item, sent === 'no_room' ? tomorrow : sent(item)] as const),
  ];
}

type Wanted = {
  readonly item: Item;
  readonly jobsBefore: number;
  readonly request: Omit<JobRequest, 'id'>;
};

/**
 * Intent, upload, submission, record. Whatever happens between two of them, the intent says what may be out there: only a job that surely is
 * not at the service is given up here.
 */
async function send(
  deps: BatchDeps,
  wanted: readonly Wanted[],
  units: number,
  context: StageContext,
): Promise<'no_room' | ((item: Item) => Settled)> {
  if (wanted.length === 0) return 'no_room';
  const { db, distiller } = deps;
  const { job, requests } = await newJob(distiller, wanted, units, context.leaseId);
  const intended = await intendJob(db, job, LOOK_MS);
  if (intended === 'no_room') return 'no_room';
  // Somebody took one of them away, or all: nothing was sent, and what is still held is tried again.
  if (intended === 'lost') return givenBack;
  const waits = (service?: string) => (): Settled => {
    const reason = `waiting for batch job ${shortKey(job.key)} of ${job.service}`;
    return { outcome: { kind: 'submitted', job: job.key, reason, ...(service === undefined ? {} : { service }) } };
  };
  if (intended === 'known') return waits();
  try {
    const file = await upload(deps, job.key, requests, context.signal);
    if (!(await markSent(db, job, LOOK_MS))) return givenBack;
    const { externalId } = await distiller.jobs.submit(job.key, file, context.signal);
    await recordSubmitted(db, job.key, externalId, pollDelayMs(0));
    return waits(job.service);
  } catch (error) {
    if (error instanceof SubmissionUnknownError) {
      await recordUnknown(db, job.key, error.message);
      return waits();
    }
    if (!(error instanceof StageError)) throw error;
    await dropJob(db, job, error.message);
    return (item) => ({ outcome: outcomeOfError(error, item, retry, deps.random(), wanted.length) });
  }
}

const givenBack = (): Settled => ({ outcome: postponed() });

async function newJob(
  distiller: BatchDistiller,
  wanted: readonly Wanted[],
  units: number,
  leaseId: number,
): Promise<{ readonly job: NewJob; readonly requests: readonly JobRequest[] }> {
  const { fingerprint, service, spending } = distiller;
  const members = wanted.map(({ item, jobsBefore }) => [item.key, item.inputHash, jobsBefore]);
  const key = await sha256Hex(JSON.stringify(['distill', fingerprint, members.map(String).sort()]));
  const requests: JobRequest[] = [];
  const items: NewJob['items'][number][] = [];
  for (const { item, request } of wanted) {
    const inputHash = item.inputHash ?? '';
    // Of this job alone: an answer from another one is told by it.
    const id = (await sha256Hex(JSON.stringify([key, item.key, inputHash]))).slice(0, 32);
    requests.push({ ...request, id });
    items.push({ id, caseId: item.key, itemId: item.id, inputHash });
  }
  return {
    job: { key, stage: 'distill', fingerprint, service, leaseId, quota: spending.quota.name, units, items },
    requests,
  };
}

async function upload(
  { distiller, random, sleep = pause }: BatchDeps,
  key: string,
  requests: readonly JobRequest[],
  signal: AbortSignal,
): Promise<string> {
  for (let tried = 1; ; tried++) {
    try {
      return await distiller.jobs.upload(key, requests, signal);
    } catch (error) {
      if (!(error instanceof RetryableError) || tried >= UPLOADS_MAX || signal.aborted) throw error;
      await sleep(retryDelayMs(tried, UPLOAD_RETRY, random()));
    }
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
