import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Distillate } from '../core/cases/case.ts';
import { act } from '../core/engine/index.ts';
import type { Shown } from './support/model-server/fake-model.ts';
import { bare, MALFORMED } from './support/model-server/malformed.ts';
import { type ModelServer, startModelServer } from './support/model-server/server.ts';
import { madeUpCase, madeUpCases, openWorld, type World } from './support/model-server/world.ts';

let server: ModelServer;
let world: World | null = null;
beforeAll(async () => {
  server = await startModelServer();
});
afterAll(() => server.close());
afterEach(() => {
  world?.close();
  world = null;
  server.calls.length = 0;
  server.manner = () => null;
});

const open = async (...given: Parameters<typeof openWorld>[1][]): Promise<World> => {
  world = await openWorld(server.url, given[0]);
  return world;
};
const distillates = async ({ rows }: World): Promise<ReadonlyMap<string, Distillate>> =>
  new Map(
    (await rows(`SELECT case_id, body FROM distillate`)).map(({ case_id, body }) => [
      String(case_id),
      JSON.parse(String(body)) as Distillate,
    ]),
  );

test('every malformed kind of answer is refused or unwrapped, none is taken as it is, and each case costs two calls at most', async () => {
  const kinds = MALFORMED;
  const cases = kinds.map((_, n) => madeUpCase(n));
  const here = await open({ cases });
  const byText = new Map(cases.map(({ text }, n) => [text, n]));
  let another: Shown | null = null;
  server.manner = (shown) => {
    const kind = kinds[byText.get(shown.text) ?? -1];
    if (!kind) throw new Error('a case of which the test knows nothing');
    const other = another ?? { ...shown, case_id: 'case-00000000000' };
    another = shown;
    return kind.answer(shown, other);
  };
  await here.drain();
  const tasks = await here.rows(
    `SELECT i.key, t.state, t.error_class, t.reason, t.attempt FROM task t JOIN item i ON i.id = t.item_id`,
  );
  const stateOf = new Map(tasks.map((row) => [String(row.key), row]));
  const kept = await distillates(here);
  const callsOf = (n: number) => server.calls.filter(({ prompt }) => prompt.includes(`number ${n} from`)).length;
  const rows = kinds.map(({ name, expected }, n) => ({
    name,
    expected,
    state: stateOf.get(`made-up-${n}`)?.state,
    class: stateOf.get(`made-up-${n}`)?.error_class,
    calls: callsOf(n),
    kept: kept.has(`made-up-${n}`),
  }));
  const wrong = rows.filter((row) =>
    row.expected === 'refused'
      ? row.state !== 'dead' || row.class !== 'validation' || row.calls !== 2 || row.kept
      : row.state !== 'done' || row.calls !== 1 || !row.kept,
  );
  expect(wrong).toEqual([]);
  expect(tasks.every(({ attempt }) => attempt === 1)).toBe(true);
  const refused = rows.filter(({ expected }) => expected === 'refused');
  expect(refused.length).toBeGreaterThanOrEqual(30);
  // What the model wrote is in no reason, and what was wrong is.
  expect(tasks.some(({ reason }) => String(reason).includes('very very'))).toBe(false);
  console.info(
    `F48: ${refused.length} malformed kinds: accepted-bad 0 of ${refused.length}; calls per item ${Math.max(...refused.map(({ calls }) => calls))} (answer and one repair), attempts 1; ` +
      `${rows.length - refused.length} kinds unwrapped and read`,
  );
});

test('a refused answer is asked for once more, with what was wrong in our words and nothing of the model’s', async () => {
  const here = await open({ cases: [madeUpCase(1)] });
  server.manner = (_, __, nth) =>
    nth === 1 ? { kind: 'content', content: '{"SECRET WORDS OF THE MODEL": true, "case_id": "x"}' } : null;
  await here.drain();
  expect(server.calls.map(({ repair }) => repair !== null)).toEqual([false, true]);
  expect(server.calls[1]?.repair).toContain('has fields that the form has not');
  expect(server.calls[1]?.prompt).not.toContain('SECRET');
  expect((await distillates(here)).get('made-up-1')?.review).toMatchObject({ by: 'test/reader-1', repairs: 1 });
});

test('answers that come to the wrong cases are never stored with them', async () => {
  const cases = madeUpCases(20);
  const here = await open({ cases });
  const seen: Shown[] = [];
  // Each case is answered with that of the one before it, the first time.
  server.manner = (shown, call) => {
    const before = seen.at(-1);
    seen.push(shown);
    if (call.repair !== null || !before || before.case_id === shown.case_id) return null;
    return { kind: 'content', content: bare(before) };
  };
  await here.drain();
  const kept = await distillates(here);
  const wrong = cases.filter(({ id, text }) => {
    const { rarityEvidence } = kept.get(id) ?? { rarityEvidence: [] };
    const [start = 0, end = 0] = rarityEvidence[0]?.span ?? [];
    const caseId = server.calls.find(({ prompt }) => prompt.includes(text.slice(0, 40)))?.caseId ?? '?';
    return !text.slice(start, end).includes('-year-old woman number') || !rarityEvidence[0]?.reason.includes(caseId);
  });
  expect(kept.size).toBe(20);
  expect(wrong).toEqual([]);
  console.info(`F48: ${server.calls.length - 20} answers of other items for 20 cases: mis-assigned 0`);
});

test('a claim whose quote is not in the text is left out and counted, and the others carry the true span', async () => {
  const { id, text } = madeUpCase(3);
  const broken = text.replace('She was diagnosed with', 'She was\ndiagnosed “with”');
  const here = await open({ cases: [{ id, text: broken }] });
  server.manner = (shown) => ({
    kind: 'content',
    content: {
      case_id: shown.case_id,
      diagnosis: { text: 'Myocarditis', quote: 'was diagnosed "with" myocarditis' },
      category: 'cardiomyopathy',
      secondary_diagnoses: [{ text: 'Sepsis', quote: 'septic shock' }],
      is_rare: false,
      rarity: [],
      rejection_reason: 'A common disease.',
      key_symptoms: [{ text: 'fever', quote: 'high fever with rigors' }],
      key_labs: [{ text: 'troponin', quote: 'troponin I was 4 ng/L' }],
      key_ecg: null,
      treatments: [
        { text: 'Prednisone', kind: 'medication', quote: 'prednis' },
        { text: 'Prednisone', kind: 'medication', quote: 'treated with prednisone' },
      ],
      complications: [],
      outcome: { status: 'recovered', follow_up_months: 1, quote: 'She recovered' },
    },
  });
  await here.drain();
  const kept = (await distillates(here)).get(id);
  const said = (span: readonly number[] | null | undefined) => broken.slice(span?.[0], span?.[1]);
  expect(kept).toMatchObject({
    diagnosis: 'Myocarditis',
    diagnosisCategory: 'cardiomyopathy',
    isRare: false,
    secondaryDiagnoses: [],
    keySymptoms: [],
    keyLabs: ['troponin'],
  });
  expect(said(kept?.diagnosisSpan)).toBe('was\ndiagnosed “with” myocarditis');
  expect(kept?.treatments).toMatchObject([{ term: 'prednisone', assertion: 'present', qualifiers: ['medication'] }]);
  expect(said(kept?.treatments[0]?.span)).toBe('treated with prednisone');
  expect(said(kept?.outcome.span)).toBe('She recovered');
  expect(kept?.review).toEqual({
    by: 'test/reader-1',
    claims: 7,
    dropped: 3,
    repairs: 0,
    truncated: false,
    suspicious: false,
  });
});

describe('a model that finds nothing', () => {
  test('an operator who retries the dead letter buys a new answer; what was stored is not paid for again', async () => {
    const here = await open({ cases: [madeUpCase(1)] });
    server.manner = () => ({ kind: 'content', content: 'no' });
    await here.drain();
    expect(server.calls.length).toBe(2);
    server.manner = () => null;
    await act(here.db, here.pipeline, { kind: 'retry', stage: 'distill' }, { actor: 'test' });
    await here.drain();
    expect(server.calls.length).toBe(3);
    expect((await distillates(here)).size).toBe(1);
    await act(here.db, here.pipeline, { kind: 'redo', stage: 'distill' }, { actor: 'test' });
    await here.drain();
    expect(server.calls.length).toBe(3);
  });
});
