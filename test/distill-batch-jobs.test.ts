import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { abandonJob, readJobs, recordSubmitted } from '../core/corpus.ts';
import { act, DatabaseError, verifyAudit } from '../core/engine/index.ts';
import { isStuck, pollDelayMs } from '../core/models/batch/pace.ts';
import { matchAnswers } from '../core/models/batch/steps.ts';
import { jobInWords } from '../core/status-batches.ts';
import { type BatchServer, startBatchServer } from './support/batch-server/server.ts';
import {
  type BatchWorld,
  distillerOf,
  goodAnswer,
  misassigned,
  openBatchWorld,
  pipelineOf,
} from './support/batch-server/world.ts';
import { mortal } from './support/engine/mortal.ts';

/** Jobs under several workers, crashes at every database call, operators, quotas and changes of what was submitted. */

let server: BatchServer;
let world: BatchWorld;
beforeAll(async () => {
  server = await startBatchServer();
});
afterAll(() => server.close());
afterEach(() => world?.close());

const open = async (options: Parameters<typeof distillerOf>[2] = {}): Promise<BatchWorld> => {
  server.shop.clear();
  server.shop.plan.answer = goodAnswer;
  world = await openBatchWorld(distillerOf('openai', server.openai, options));
  return world;
};
const tasks = () => world.all('SELECT state, count(*) AS n FROM task GROUP BY state ORDER BY state');
const HOUR_MS = 3_600_000;

test('two workers that step at once apply a job once', async () => {
  await open();
  await world.enter(15);
  await world.tick();
  const downloads = server.calls.download;
  const reports = await Promise.all([world.step(), world.step(), world.step()]);
  expect(reports.reduce((sum, { returned }) => sum + returned, 0)).toBe(15);
  expect(server.calls.download - downloads).toBe(3);
  await world.settle();
  expect(await world.all(`SELECT count(*) AS n FROM audit WHERE act = 'return'`)).toEqual([{ n: 3 }]);
  expect((await verifyAudit(world.db)).problems).toEqual([]);
});

test('killed before or after any one database call of a step, later steps apply the job once', async () => {
  let deaths = 0;
  for (const when of ['before', 'after'] as const)
    for (let nth = 1; ; nth++) {
      await open();
      await world.enter(5);
      await world.tick();
      const died = await world.step(world.distiller, mortal(world.db, nth, when).db).then(
        () => false,
        (error: unknown) => {
          if (error instanceof DatabaseError) return true;
          throw error;
        },
      );
      await world.pass();
      await world.settle();
      expect(await tasks(), `${when} call ${nth}`).toEqual([{ state: 'done', n: 5 }]);
      expect(server.shop.jobs).toHaveLength(1);
      expect((await verifyAudit(world.db)).problems).toEqual([]);
      await world.close();
      if (!died) break;
      deaths += 1;
    }
  await open();
  expect(deaths).toBeGreaterThan(12);
});

test('a commit that says submitted of a job which ended meanwhile strands nobody', async () => {
  await open();
  await world.enter(5);
  await world.tick();
  await world.step();
  expect(await tasks()).toEqual([{ state: 'ready', n: 5 }]);
  await world.client.execute(`UPDATE task SET state = 'submitted' WHERE item_id <= 2`);
  expect((await world.step()).returned).toBe(2);
  expect(await tasks()).toEqual([{ state: 'ready', n: 5 }]);
});

test('new content takes a case out of its job, whose answer is then of no use; a redo waits for the job that has it', async () => {
  await open();
  server.shop.plan.polls = 1;
  await world.enter(5);
  await world.tick();
  await world.enter(2, 2);
  await act(world.db, world.pipeline, { kind: 'redo', stage: 'distill', keys: ['BATCH_5'] }, { actor: 'test' });
  expect(await tasks()).toEqual([
    { state: 'ready', n: 3 },
    { state: 'submitted', n: 2 },
  ]);
  expect((await world.tick()).counts).toMatchObject({ submitted: 3 });
  expect(server.shop.jobs.map(({ asked }) => asked.length)).toEqual([2, 5]);
  await world.step();
  await world.step();
  await world.settle();
  expect(await tasks()).toEqual([{ state: 'done', n: 5 }]);
  expect(Math.max(...server.shop.paid().values())).toBe(1);
  // A redo of the same content and prompt adopts what was paid for.
  await act(world.db, world.pipeline, { kind: 'redo', stage: 'distill' }, { actor: 'test' });
  await world.settle();
  expect(server.shop.jobs).toHaveLength(2);
});

test('another model has its own job: an answer of the old one is never taken for its', async () => {
  await open();
  await world.enter(3);
  await world.tick();
  const other = distillerOf('openai', server.openai, { model: 'other-model' });
  const pipeline = pipelineOf(world.db, other);
  const { registerPipeline, tick } = await import('../core/engine/index.ts');
  await registerPipeline(world.db, pipeline);
  await world.step();
  const { fakeRuntime } = await import('./support/engine/runtime.ts');
  const { counts } = await tick(world.db, pipeline, fakeRuntime(), { budgetMs: 60_000 });
  expect(counts).toMatchObject({ submitted: 3, done: 0 });
  expect(server.shop.jobs).toHaveLength(2);
});

test('the quota bounds what is submitted by its upper bound, spends no attempt, and does not hold back answers', async () => {
  const { request } = distillerOf('openai', server.openai);
  const one = request({
    caseId: 'BATCH_1',
    title: null,
    extracted: { text: 'x'.repeat(120), patient: { ageYears: null, sex: null }, facets: {}, completeness: 0 },
  }).unitsMax;
  await open({ tokensPerDay: Math.round(one * 2.8) });
  await world.enter(5);
  const { counts, after } = await world.tick();
  expect(counts).toMatchObject({ submitted: 2, wait: 3 });
  expect(after).toMatchObject({ kind: 'waiting', gate: { kind: 'backoff' } });
  const [{ used, per_day } = {}] = await world.all('SELECT used, per_day FROM quota_window');
  expect(Number(used)).toBeLessThanOrEqual(Number(per_day));
  expect(await world.all(`SELECT DISTINCT attempt - waits AS spent FROM task`)).toEqual([{ spent: 0 }]);
  await world.step();
  expect((await world.tick()).counts).toMatchObject({ done: 2 });
  await world.client.execute(`UPDATE quota_window SET day = day - 1`);
  await world.pass();
  await world.tick();
  expect(server.shop.jobs.map(({ asked }) => asked.length)).toEqual([2, 2]);
  console.info(`F51: quota of ${per_day} tokens, ${used} charged, 0 attempts spent, 0 overspent`);
});

test('an operator gives up a stuck job: its cases have another, and a late answer changes nothing', async () => {
  await open();
  server.shop.plan.polls = 100;
  await world.enter(4);
  await world.tick();
  await world.client.execute(`UPDATE batch_job SET submitted_ms = submitted_ms - ${31 * HOUR_MS}`);
  const { jobs, nowMs } = await readJobs(world.db, 0);
  const [job] = jobs;
  if (!job) throw new Error('no job');
  expect(jobInWords(job, nowMs, world.distiller.jobs.windowMs)).toMatch(
    /; stuck: .* batches abandon [0-9a-f]{12} --yes$/,
  );
  expect(await abandonJob(world.db, job, { reason: 'it hangs', actor: 'cli' })).toBe(4);
  expect(await abandonJob(world.db, job, { reason: 'it hangs', actor: 'cli' })).toBeNull();
  // Whoever stepped it meanwhile, or records it late, is fenced out.
  await recordSubmitted(world.db, job.key, 'late', 1);
  expect(
    await world.all('SELECT state, external_id = ? AS same FROM batch_job'.replace('?', `'${job.externalId}'`)),
  ).toEqual([{ state: 'abandoned', same: 1 }]);
  server.shop.plan.polls = 0;
  await world.settle();
  expect(await tasks()).toEqual([{ state: 'done', n: 4 }]);
  expect(await misassigned(world.client)).toEqual([]);
  expect(server.shop.jobs).toHaveLength(2);
  expect((await verifyAudit(world.db)).problems).toEqual([]);
});

test('a job that an operator cancels at the service keeps what it has answered', async () => {
  await open();
  server.shop.plan.polls = 100;
  await world.enter(4);
  await world.tick();
  const [job] = server.shop.jobs;
  await world.distiller.jobs.cancel(job?.externalId ?? '', new AbortController().signal);
  await world.step();
  server.shop.plan.polls = 0;
  await world.settle();
  expect(await tasks()).toEqual([{ state: 'done', n: 4 }]);
  expect(await world.all('SELECT outcome, answered FROM batch_job ORDER BY rowid')).toEqual([
    { outcome: 'cancelled', answered: 2 },
    { outcome: 'succeeded', answered: 2 },
  ]);
});

test('answers are matched by id alone, whatever their order', () => {
  const words = (id: string, text: string) => ({ id, outcome: { kind: 'answer', text, units: null } as const });
  const { matched, ignored } = matchAnswers(
    [words('b', 'B'), words('x', 'X'), words('a', 'A'), words('b', 'B'), words('c', 'C'), words('c', 'D')],
    new Set(['a', 'b', 'c', 'd']),
  );
  expect(matched.map(({ id, state, answer }) => [id, state, answer])).toEqual([
    ['b', 'answered', 'B'],
    ['a', 'answered', 'A'],
    ['c', 'refused', null],
  ]);
  expect(ignored).toBe(3);
});

test('a job is asked about ever less often, at least each half hour, and called stuck well after its window', () => {
  const delays = Array.from({ length: 40 }, (_, polls) => pollDelayMs(polls));
  expect(delays[0]).toBe(60_000);
  expect(delays.at(-1)).toBe(1_800_000);
  expect(delays).toEqual([...delays].sort((a, b) => a - b));
  expect(isStuck(0, 29 * HOUR_MS, 24 * HOUR_MS)).toBe(false);
  expect(isStuck(0, 31 * HOUR_MS, 24 * HOUR_MS)).toBe(true);
  expect(isStuck(null, 31 * HOUR_MS, 24 * HOUR_MS)).toBe(false);
});
