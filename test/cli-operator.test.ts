import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from '@libsql/client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { definePipeline, type Snapshot, type StagePlan } from '../core/engine/index.ts';
import { formatBreakers, stateOf } from '../space/cli/breakers.ts';
import { exitOfStages } from '../space/cli/explain.ts';
import { main } from '../space/cli/main.ts';
import { serviceNamed, stageNamed } from '../space/cli/named.ts';
import { formatPlan } from '../space/cli/plan.ts';
import { progressView } from '../space/cli/progress.ts';
import { exitOfQuotas, formatQuotas, quotaViews } from '../space/cli/quota.ts';
import { stageOf } from './support/engine/walk.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'anamnesis-operator-'));
  const env = { DATA_DIR: data(), STORE_DIR: '', DATABASE_URL: '', LOG_LEVEL: 'error' };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});
const data = () => join(folder, 'data');
/** Runs a command in this process, as the program does: a process for each would cost more than all that it does. */
async function command(...args: string[]): Promise<{ readonly exitCode: number; readonly output: string }> {
  const output: string[] = [];
  const note = (part: string | Uint8Array) => output.push(String(part)) > 0;
  const spies = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, 'write').mockImplementation(note));
  process.exitCode = 0;
  try {
    await main(['node', 'anamnesis', ...args]);
    return { exitCode: Number(process.exitCode), output: output.join('') };
  } finally {
    process.exitCode = 0;
    for (const spy of spies) spy.mockRestore();
  }
}
const json = (output: string) => JSON.parse(output);

describe('an operator at work', () => {
  test('ingest, then a plan says what is new and claims to know neither time nor cost', async () => {
    const file = join(folder, 'few.jsonl');
    writeFileSync(
      file,
      readFileSync(join(root, 'space/sample/cases.jsonl'), 'utf8').split('\n').slice(0, 3).join('\n'),
    );
    expect((await command('ingest', '--file', file)).exitCode).toBe(0);
    const { exitCode, output } = await command('plan', '--json');
    expect(exitCode).toBe(0);
    expect(json(output).stages[0]).toMatchObject({
      stage: 'scrape',
      runs: { new: 3 },
      estimated_s: null,
      estimated_cost: null,
    });
    expect((await command('plan', '--stage', 'embed')).exitCode).toBe(3);
  });

  test('a dry pause changes nothing, a pause does, a second one has nothing to do', async () => {
    expect(json((await command('pause', 'scrape', '--dry-run', '--json')).output)).toMatchObject({
      changed: true,
      dry_run: true,
    });
    const paused = await command('pause', 'scrape', '--reason', 'a look', '--request-id', 'r1');
    expect(paused).toMatchObject({ exitCode: 0, output: expect.stringContaining('scrape paused') });
    expect((await command('pause', 'scrape')).exitCode).toBe(3);
  });

  test('explain says why, by stage and by item, with the row, and ends with 4', async () => {
    const stage = await command('explain', 'scrape', '--json');
    expect(stage.exitCode).toBe(4);
    expect(json(stage.output).stages[0].gates).toMatchObject([
      { kind: 'paused', reason: 'paused: a look', row: 'stage_control scrape', opens_at: null },
    ]);
    const item = await command('explain', 'sample-001');
    expect(item).toMatchObject({ exitCode: 4, output: expect.stringContaining('waits in scrape: paused: a look') });
    expect((await command('run', '--max-wait', '0')).exitCode).toBe(4);
  });

  test('resume lets it go on', async () => {
    expect((await command('resume', 'scrape')).exitCode).toBe(0);
    expect((await command('resume', 'scrape')).exitCode).toBe(3);
    expect((await command('explain', 'scrape')).exitCode).toBe(0);
  });

  test('audit shows who did it, and verify finds what was changed behind its back', async () => {
    const shown = json((await command('audit', '--json')).output).rows as {
      act: string;
      actor: string;
      detail: unknown;
    }[];
    expect(shown.filter(({ actor }) => actor === 'cli').map(({ act }) => act)).toEqual(['pause', 'resume']);
    expect((await command('audit', 'verify')).exitCode).toBe(0);
    const client = createClient({ url: `file:${join(data(), 'state.db')}` });
    await client.execute(`UPDATE task SET attempt = 7 WHERE item_id = 1`);
    client.close();
    const { exitCode, output } = await command('audit', 'verify');
    expect(exitCode).toBe(1);
    expect(output).toContain('attempt is 7');
  });

  test.each([
    [['pause', 'scrap'], 'scrape, normalize, distill, embed, index'],
    [['explain', 'sample-00x'], 'sample-001'],
    [['breakers', 'reset', 'x'], 'one of ncbi, europe-pmc, web'],
    [['audit', 'rewrite'], 'verify'],
  ])('%j: exit 2, and it says what there is', async (args, there) => {
    const { exitCode, output } = await command(...args);
    expect(exitCode).toBe(2);
    expect(output).toContain(there);
  });

  test('quota: this pipeline has none, and says so', async () => {
    const { exitCode, output } = await command('quota');
    expect(exitCode).toBe(3);
    expect(output).toContain('no stage of this pipeline');
  });

  test('breakers: a line for each service that documents come from', async () => {
    const { exitCode, output } = await command('breakers');
    expect(exitCode).toBe(0);
    for (const service of ['europe-pmc', 'ncbi', 'web'])
      expect(output).toMatch(new RegExp(`^${service} +closed; 0 answers, 0 failures, opened 0 times$`, 'm'));
  });
});

describe('what the commands say', () => {
  const nothing = () => Promise.reject(new Error('not run here'));
  const pipeline = definePipeline(
    'words',
    [stageOf('ask', nothing, { services: ['model'], quota: { name: 'minutes', unitsPerItem: 2 } })],
    { quotas: [{ name: 'minutes', unit: 'minutes', perDay: 20 }] },
  );
  const noon = Date.parse('2026-11-22T12:00:00Z');
  const snapshot = (used: number, day = Math.floor(noon / 86_400_000)): Snapshot => ({
    nowMs: noon,
    stages: new Map(),
    services: new Map(),
    quotas: new Map([
      [
        'minutes',
        { unit: 'minutes', perDay: 20, sessionMax: null, breakMs: 0, day, used, running: false, lastEndedMs: null },
      ],
    ]),
  });

  test.each([
    [14, 'free', 0],
    [15, 'warning', 0],
    [18, 'warning', 0],
    [19, 'spent', 4],
    [20, 'spent', 4],
  ] as const)('a quota of 20 with %i used is %s: exit %i', (used, state, exit) => {
    const quotas = quotaViews(pipeline, snapshot(used));
    expect(quotas).toMatchObject([{ state, left: 20 - used, resets_at: '2026-11-23T00:00:00.000Z', stages: ['ask'] }]);
    expect(exitOfQuotas(quotas)).toBe(exit);
    expect(formatQuotas(quotas)).toContain(`${used} of 20 minutes used`);
  });

  test('what was used yesterday counts no more', () => {
    expect(quotaViews(pipeline, snapshot(20, 1))).toMatchObject([{ state: 'free', used: 0, left: 20 }]);
  });

  const service = {
    name: 'model',
    downReason: null,
    open: false,
    openUntilMs: 0,
    openReason: null,
    probing: false,
    failures: 0,
    successesAll: 5,
    failuresAll: 2,
    opensAll: 1,
  };
  test.each([
    [service, 'closed'],
    [{ ...service, open: true, openUntilMs: noon + 1, openReason: '502' }, 'open'],
    [{ ...service, open: true, openUntilMs: noon - 1, openReason: '502' }, 'half-open'],
    [{ ...service, downReason: 'no answer' }, 'down'],
  ])('a breaker is shown as it stands', (standing, state) => {
    expect(stateOf(standing, noon)).toBe(state);
    const text = formatBreakers([standing], noon);
    expect(text).toContain(state);
    expect(text.includes('502')).toBe(standing.openReason !== null);
  });

  test('a plan tells what runs by itself from what runs only when asked to', () => {
    const plan: StagePlan = {
      stage: 'ask',
      runs: { new: 3, input: 2, fingerprint: 0, forced: 1, failed: 4 },
      outdated: 9,
      outdatedBy: [{ fingerprint: 'ask-0', items: 9 }],
      fingerprint: 'ask-1',
      seconds: 20,
      cost: null,
      outdatedSeconds: null,
      outdatedCost: 0.5,
    };
    const text = formatPlan([plan]);
    expect(text).toContain('10 to run: 3 new, 2 input changed, 1 forced, 4 failed');
    expect(text).toContain('time about 20 s, cost unknown');
    expect(text).toContain('9 outdated, run only when asked to; time unknown, cost 0.500');
    expect(text).toContain('9 made by ask-0, now ask-1');
  });

  test('a pipeline is blocked only where nothing that is open may run', () => {
    const counts = (ready: number) => ({ ready, leased: 0, submitted: 0, done: 1, skipped: 0, dead: 0 });
    const gate = { kind: 'paused', reason: 'r', opensAtMs: null, row: null } as const;
    expect(exitOfStages([{ counts: counts(0), gates: [] }])).toBe(3);
    expect(exitOfStages([{ counts: counts(1), gates: [gate] }])).toBe(4);
    expect(
      exitOfStages([
        { counts: counts(1), gates: [gate] },
        { counts: counts(1), gates: [] },
      ]),
    ).toBe(0);
  });

  test('names that are not there are answered with those that are', () => {
    expect(stageNamed(pipeline, 'ask').name).toBe('ask');
    expect(() => stageNamed(pipeline, 'aks')).toThrow('one of ask');
    expect(() => serviceNamed(pipeline, 'modle')).toThrow('one of model');
  });
});

describe('progress of a long run', () => {
  const line = {
    task: 'embed',
    all: 1_000,
    unit: 'cases',
    perSecond: 50,
    leftSeconds: [10, 90],
    successRate: 0.9996,
  } as const;
  const view = (isTTY: boolean, nowMs: () => number) => {
    const written: string[] = [];
    const stream = {
      isTTY,
      columns: 200,
      write: (text: string) => written.push(text) > 0,
    } as unknown as NodeJS.WriteStream; // the view uses no more of it
    return { written, view: progressView(stream, nowMs) };
  };

  test('in a log there is a line for every hundred items, and the last one in the end', () => {
    const { written, view: progress } = view(false, () => 0);
    for (let done = 0; done <= 450; done += 10) progress.show({ ...line, done });
    progress.close();
    expect(written.map((text) => /(\d+)\/1,000/.exec(text)?.[1])).toEqual(['0', '100', '200', '300', '400', '450']);
    expect(written[1]).toBe('embed       100/1,000 cases  10 %  99.9 % succeeded  50/s  10 s to 1 min 30 s left\n');
  });

  test('two stages that take turns do not make more lines', () => {
    const { written, view: progress } = view(false, () => 0);
    for (let done = 0; done < 100; done++)
      for (const task of ['distill', 'embed']) progress.show({ ...line, task, done });
    progress.close();
    expect(written).toHaveLength(4);
  });

  test('on a terminal one line renews itself a few times a second', () => {
    let nowMs = 0;
    const { written, view: progress } = view(true, () => nowMs);
    for (; nowMs < 2_000; nowMs++) progress.show({ ...line, done: nowMs });
    expect(written).toHaveLength(8);
    progress.close();
    expect(written.join('')).toContain('1,999/1,000');
  });
});
