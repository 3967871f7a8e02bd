import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { act, explainItem, verifyAudit } from '../core/engine/index.ts';
import { type BatchServer, startBatchServer } from './support/batch-server/server.ts';
import {
  type BatchWorld,
  distillerOf,
  goodAnswer,
  misassigned,
  openBatchWorld,
  SECRET,
} from './support/batch-server/world.ts';

/** The batch distiller against a service that takes jobs, spoken to as OpenAI and as Gemini: what becomes of cases, answers and jobs. */

let server: BatchServer;
let world: BatchWorld;
beforeAll(async () => {
  server = await startBatchServer();
});
afterAll(() => server.close());
afterEach(() => world?.close());

describe.each(['openai', 'gemini'] as const)('a service that speaks as %s', (provider) => {
  const open = async (options: Parameters<typeof distillerOf>[2] = {}): Promise<BatchWorld> => {
    server.shop.clear();
    server.shop.plan.answer = goodAnswer;
    world = await openBatchWorld(distillerOf(provider, server[provider], options));
    return world;
  };
  const tasks = () => world.all('SELECT state, count(*) AS n FROM task GROUP BY state ORDER BY state');
  const jobs = () =>
    world.all('SELECT state, outcome, reason, answered, refused, unanswered, ignored FROM batch_job ORDER BY rowid');

  test('cases wait for their job, cost no attempt, and are finished by what it answers', async () => {
    await open();
    server.shop.plan.polls = 2;
    await world.enter(12);
    expect((await world.tick()).counts).toMatchObject({ submitted: 12, done: 0 });
    expect(server.shop.jobs).toHaveLength(3);
    expect(await world.all('SELECT DISTINCT state, attempt, waits FROM task')).toEqual([
      { state: 'submitted', attempt: 1, waits: 1 },
    ]);
    const item = await explainItem(world.db, world.pipeline, 'BATCH_1');
    expect(item?.summary).toMatch(/^BATCH_1 waits in distill: waiting for batch job [0-9a-f]{12} of /);
    // Running twice, ended at the third look.
    expect((await world.step()).returned).toBe(0);
    expect((await world.step()).returned).toBe(0);
    expect((await world.step()).returned).toBe(12);
    expect((await world.tick()).counts).toMatchObject({ done: 12 });
    expect(await world.all('SELECT count(*) AS n FROM distillate')).toEqual([{ n: 12 }]);
    expect(await misassigned(world.client)).toEqual([]);
    expect([...server.shop.jobsByKey().values()]).toEqual([1, 1, 1]);
    expect((await verifyAudit(world.db)).problems).toEqual([]);
    expect(await world.all(`SELECT count(*) AS n FROM audit WHERE act = 'return'`)).toEqual([{ n: 3 }]);
  });

  test('partial, reordered, doubled, foreign, disputed and broken lines: only good ones are kept, the rest is asked again', async () => {
    await open({ casesMax: 20 });
    await world.enter(20);
    let spoilt = 0;
    server.shop.plan.spoil = (lines) => {
      if (spoilt++ > 0) return lines;
      const [first, second, third, fourth, fifth, ...others] = [...lines].reverse();
      if (!first || !second || !third || !fourth || !fifth || first.kind !== 'answer' || second.kind !== 'answer')
        throw new Error('too few');
      return [
        ...others,
        first,
        first, // twice the same
        { ...second, id: 'nobody' },
        { ...second, id: first.id }, // another's words under its id: disputed
        { kind: 'raw', text: '{"custom_id": "x", "key": "x", "respo' },
        { kind: 'error', id: 'id' in third ? third.id : '', status: 500 },
        fourth,
        { kind: 'raw', text: '<html>502</html>' },
        // second and fifth are missing
      ];
    };
    await world.tick();
    await world.step();
    const [job] = await jobs();
    expect(job).toMatchObject({
      state: 'applied',
      outcome: 'succeeded',
      answered: 16,
      refused: 2,
      unanswered: 2,
      ignored: 5,
    });
    await world.settle();
    expect(await tasks()).toEqual([{ state: 'done', n: 20 }]);
    expect(await misassigned(world.client)).toEqual([]);
    const paid = [...server.shop.paid().values()].filter((n) => n > 2);
    expect(paid).toEqual([]);
  });

  test('answers whose words belong to other cases are refused, asked for once more, and then are dead letters', async () => {
    await open();
    await world.enter(5);
    server.shop.plan.answer = (asked, nth) => goodAnswer(server.shop.jobs[0]?.asked[(nth + 1) % 5] ?? asked);
    await world.settle();
    expect(await tasks()).toEqual([{ state: 'dead', n: 5 }]);
    expect(await world.all(`SELECT DISTINCT error_class FROM task`)).toEqual([{ error_class: 'validation' }]);
    expect(await world.all('SELECT count(*) AS n FROM distillate')).toEqual([{ n: 0 }]);
    expect(server.shop.jobs).toHaveLength(2);
    // An operator who retries buys new answers.
    server.shop.plan.answer = goodAnswer;
    await act(world.db, world.pipeline, { kind: 'retry' }, { actor: 'test' });
    await world.settle();
    expect(await tasks()).toEqual([{ state: 'done', n: 5 }]);
    expect(await misassigned(world.client)).toEqual([]);
  });

  test.each([
    ['expired', 4, 6],
    ['cancelled', 4, 6],
    ['failed', 0, 10],
  ] as const)(
    'a job that %s keeps its %i answers, and returns the other %i with the reason',
    async (ending, kept, back) => {
      await open({ casesMax: 10 });
      await world.enter(10);
      server.shop.plan.ending = ending;
      const half = ending === 'failed' || (provider === 'gemini' && ending === 'expired') ? 0 : 5;
      await world.tick();
      expect((await world.step()).returned).toBe(10);
      const [job] = await jobs();
      expect(job?.outcome).toBe(ending);
      expect(String(job?.reason)).toContain(ending);
      expect(Number(job?.answered)).toBe(half);
      await world.tick();
      expect(await world.all(`SELECT count(*) AS n FROM task WHERE state = 'done'`)).toEqual([{ n: half }]);
      const told = await world.all(`SELECT reason FROM task WHERE state = 'ready'`);
      expect(told).toHaveLength(10 - half);
      for (const { reason } of told) expect(String(reason)).toMatch(new RegExp(ending));
      server.shop.plan.ending = 'succeeded';
      await world.pass();
      await world.settle();
      expect(await tasks()).toEqual([{ state: 'done', n: 10 }]);
      expect(await misassigned(world.client)).toEqual([]);
      expect(kept + back).toBe(10);
    },
  );

  test('a job that never ends well is not submitted for ever', async () => {
    await open();
    await world.enter(3);
    server.shop.plan.ending = 'failed';
    await world.settle();
    expect(await tasks()).toEqual([{ state: 'dead', n: 3 }]);
    expect(server.shop.jobs).toHaveLength(4);
    expect(await world.all('SELECT DISTINCT reason FROM task')).toEqual([
      { reason: expect.stringContaining('The model does not exist') },
    ]);
  });

  test('a submission whose answer was lost is found by its key: one job, and no other', async () => {
    await open();
    await world.enter(5);
    server.fail('submit', 'lost');
    expect((await world.tick()).counts).toMatchObject({ submitted: 5 });
    expect(await world.all('SELECT state, external_id FROM batch_job')).toEqual([
      { state: 'intent', external_id: null },
    ]);
    // Others came meanwhile: the job stands on a later page of the listing.
    for (let n = 0; n < 5; n++) server.shop.submit(`other-${n}`, server.shop.upload([]));
    await world.settle();
    expect(await tasks()).toEqual([{ state: 'done', n: 5 }]);
    expect([...server.shop.jobsByKey()].filter(([key]) => !key.startsWith('other'))).toHaveLength(1);
    expect(Math.max(...server.shop.jobsByKey().values())).toBe(1);
  });

  test.each([['drop'], ['html'], [{ status: 503 }], ['hang']] as const)(
    'a submission that ends in %j is looked for until it can no longer turn up, and only then given up',
    async (fault) => {
      const impatient: typeof fetch = (input, init) =>
        fetch(input, {
          ...init,
          signal: AbortSignal.any([init?.signal ?? new AbortController().signal, AbortSignal.timeout(300)]),
        });
      await open({ fetch: impatient });
      await world.enter(5);
      server.fail('submit', fault);
      await world.tick();
      expect(await world.all('SELECT state FROM batch_job')).toEqual([{ state: 'intent' }]);
      await world.step();
      await world.step();
      expect(await world.all('SELECT state FROM batch_job')).toEqual([{ state: 'intent' }]);
      expect(server.shop.jobs).toHaveLength(0);
      await world.settle();
      expect(await tasks()).toEqual([{ state: 'done', n: 5 }]);
      expect(await world.all('SELECT state, reason FROM batch_job ORDER BY rowid')).toMatchObject([
        { state: 'abandoned', reason: 'the service never took it' },
        { state: 'applied' },
      ]);
      expect([...server.shop.jobsByKey().values()]).toEqual([1]);
    },
  );

  test('an upload that fails is sent again as a new file, and its last failure gives up the job at no cost', async () => {
    await open();
    await world.enter(2);
    server.fail('upload', 'drop', 'html');
    await world.tick();
    expect(server.shop.jobs).toHaveLength(1);
    await world.settle();
    const [{ used } = {}] = await world.all('SELECT used FROM quota_window');
    await world.enter(2, 2);
    server.fail('upload', 'drop', 'html', { status: 503 });
    expect((await world.tick()).counts).toMatchObject({ retry: 2 });
    expect(await world.all('SELECT used FROM quota_window')).toEqual([{ used }]);
    expect(await world.all(`SELECT count(*) AS n FROM batch_job WHERE state = 'abandoned'`)).toEqual([{ n: 1 }]);
    await world.settle();
    expect(await tasks()).toEqual([{ state: 'done', n: 2 }]);
    expect(Math.max(...server.shop.paid().values())).toBe(1);
  });

  test.each([
    [429, { retryAfter: '120' }, 'quota'],
    [402, {}, 'quota'],
    [401, {}, 'outage'],
    [400, {}, 'outage'],
  ] as const)(
    'a submission that is refused with %i spends no attempt and no quota, and submits nothing',
    async (status, more, errorClass) => {
      await open();
      await world.enter(3);
      server.fail('submit', { status, ...more, body: `{"error":{"message":"no, ${SECRET}"}}` });
      const { counts, after } = await world.tick();
      expect(counts).toMatchObject({ wait: 3 });
      expect(after.kind).toBe('waiting');
      expect(await world.all('SELECT DISTINCT error_class, attempt - waits AS spent FROM task')).toEqual([
        { error_class: errorClass, spent: 0 },
      ]);
      expect(await world.all('SELECT used FROM quota_window')).toEqual([{ used: 0 }]);
      const [{ reason } = {}] = await world.all('SELECT reason FROM batch_job');
      expect(String(reason)).toContain(`answers ${status}`);
      expect(String(reason)).not.toContain(SECRET);
      await world.settle();
      expect(await tasks()).toEqual([{ state: 'done', n: 3 }]);
    },
  );

  test('a look that fails spends nothing: 429, 503, a page of HTML, silence, half a file', async () => {
    const impatient: typeof fetch = (input, init) =>
      fetch(input, {
        ...init,
        signal: AbortSignal.any([init?.signal ?? new AbortController().signal, AbortSignal.timeout(300)]),
      });
    await open({ fetch: impatient });
    await world.enter(5);
    await world.tick();
    server.fail('status', { status: 429, retryAfter: '7' }, { status: 503 }, 'html', 'hang', 'drop');
    for (let n = 0; n < 5; n++) expect((await world.step()).waiting).toMatch(/answers|answer|connection/);
    expect(await world.all('SELECT state, failures FROM batch_job')).toEqual([{ state: 'submitted', failures: 5 }]);
    server.fail('download', 'cut');
    expect((await world.step()).waiting).not.toBeNull();
    await world.settle();
    expect(await tasks()).toEqual([{ state: 'done', n: 5 }]);
    expect(await world.all('SELECT DISTINCT attempt - waits AS spent FROM task')).toEqual([{ spent: 1 }]);
    expect(Math.max(...server.shop.jobsByKey().values())).toBe(1);
  });

  test('a job that the service does not know any more is given up, and its cases have another', async () => {
    await open();
    await world.enter(3);
    server.shop.plan.polls = 5;
    await world.tick();
    server.shop.forget(server.shop.jobs[0]?.externalId ?? '');
    await world.step();
    expect(await jobs()).toMatchObject([{ state: 'abandoned', reason: expect.stringContaining('knows no job') }]);
    server.shop.plan.polls = 0;
    await world.settle();
    expect(await tasks()).toEqual([{ state: 'done', n: 3 }]);
  });

  test('the key goes to the service alone, and into no message', async () => {
    await open();
    server.seen.length = 0;
    await world.enter(2);
    await world.settle();
    const withKey = server.seen.filter(({ headers }) => JSON.stringify(headers).includes(SECRET));
    const bare = server.seen.filter(({ url }) => url.includes('upload_id'));
    expect(withKey).toHaveLength(server.seen.length - bare.length);
    expect(server.seen.filter(({ url }) => url.includes(SECRET))).toEqual([]);
    expect(JSON.stringify(await world.all('SELECT * FROM batch_job'))).not.toContain(SECRET);
  });
});
