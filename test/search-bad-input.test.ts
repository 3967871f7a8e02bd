import { describe, expect, test } from 'vitest';
import { CaseGoneError, CaseUnknownError } from '../core/search/query.ts';
import { UsageError } from '../space/cli/exit.ts';
import { searchCommand } from '../space/cli/search.ts';
import { createApp } from '../space/http/app.ts';
import type { Problem } from '../space/http/problems.ts';
import { searchAnswer, stubDeps } from './support/space-stub.ts';

const NUL = String.fromCharCode(0);
const CANARY = 'zebrafinch';

type Bad = readonly [what: string, body: object | null, args: readonly string[] | null, field: string];

/** What a person or a program gets wrong, as a body, as a command line (null where it cannot be said there), and the field at fault. */
const TABLE: readonly Bad[] = [
  ['nothing', {}, [], 'text'],
  ['an empty text', { text: '' }, [''], 'text'],
  ['a text of spaces', { text: ' \n\t' }, [' \n\t'], 'text'],
  ['a text of control characters', { text: `${NUL}\u0007\u009f` }, ['\u0007\u009f'], 'text'],
  ['200,001 characters', { text: `${CANARY} ${'a'.repeat(200_001)}` }, [`${CANARY} ${'a'.repeat(200_001)}`], 'text'],
  ['a text and a case', { text: CANARY, case_id: 'A' }, [CANARY, '--case', 'A'], 'case_id'],
  ['an unknown facet', { facets: { mood: CANARY } }, ['--facet', `mood=${CANARY}`], 'facets.mood'],
  ['an empty facet', { facets: { ecg: ' ' } }, ['--facet', 'ecg= '], 'facets.ecg'],
  ['an unknown preset', { text: CANARY, preset: 'best' }, [CANARY, '--preset', 'best'], 'preset'],
  ['an unknown engine', { text: CANARY, engine: 'fast' }, [CANARY, '--engine', 'fast'], 'engine'],
  ['an unknown leg', { text: CANARY, legs: ['dense', 'magic'] }, [CANARY, '--legs', 'dense,magic'], 'legs.1'],
  [
    'an unknown filter',
    { text: CANARY, filters: { colour: 'red' } },
    [CANARY, '--filter', 'colour=red'],
    'filters.colour',
  ],
  [
    'a filter by an unknown facet',
    { text: CANARY, filters: { has: ['mood'] } },
    [CANARY, '--filter', 'has=mood'],
    'filters.has.0',
  ],
  ['a filter by no facet', { text: CANARY, filters: { has: [] } }, [CANARY, '--filter', 'has='], 'filters.has'],
  [
    'an unknown category',
    { text: CANARY, filters: { category: 'x' } },
    [CANARY, '--filter', 'category=x'],
    'filters.category',
  ],
  ['an unknown sex', { text: CANARY, filters: { sex: 'F' } }, [CANARY, '--filter', 'sex=F'], 'filters.sex'],
  [
    'a year that is none',
    { text: CANARY, filters: { year_min: 'MMXX' } },
    [CANARY, '--filter', 'year_min=MMXX'],
    'filters.year_min',
  ],
  [
    'an age below zero',
    { text: CANARY, filters: { age_min: -1 } },
    [CANARY, '--filter', 'age_min=-1'],
    'filters.age_min',
  ],
  ['a negative weight', { text: CANARY, weights: { ecg: -1 } }, [CANARY, '--weights', 'ecg=-1'], 'weights.ecg'],
  ['weights that are all zero', { text: CANARY, weights: { ecg: 0 } }, [CANARY, '--weights', 'ecg=0'], 'weights'],
  [
    'a weight that is no number',
    { text: CANARY, weights: { ecg: 'much' } },
    [CANARY, '--weights', 'ecg=much'],
    'weights.ecg',
  ],
  ['a weight that is empty', { text: CANARY, weights: { ecg: null } }, [CANARY, '--weights', 'ecg='], 'weights.ecg'],
  [
    'a weight of an unknown facet',
    { text: CANARY, weights: { mood: 1 } },
    [CANARY, '--weights', 'mood=1'],
    'weights.mood',
  ],
  ['k of zero', { text: CANARY, k: 0 }, [CANARY, '--k', '0'], 'k'],
  ['k of 101', { text: CANARY, k: 101 }, [CANARY, '--k', '101'], 'k'],
  ['k below zero', { text: CANARY, k: -3 }, [CANARY, '--k', '-3'], 'k'],
  ['k between two numbers', { text: CANARY, k: 1.5 }, [CANARY, '--k', '1.5'], 'k'],
  ['k that is no number', { text: CANARY, k: 'ten' }, [CANARY, '--k', 'ten'], 'k'],
  ['k that is empty', { text: CANARY, k: '' }, [CANARY, '--k', ''], 'k'],
  ['keywords that end in an operator', { keywords: `${CANARY} AND` }, ['--keywords', `${CANARY} AND`], 'keywords'],
  ['keywords with an open quotation', { keywords: `"${CANARY}` }, ['--keywords', `"${CANARY}`], 'keywords'],
  ['keywords with an open bracket', { keywords: `(${CANARY}` }, ['--keywords', `(${CANARY}`], 'keywords'],
  ['keywords of operators alone', { keywords: 'AND OR NOT' }, ['--keywords', 'AND OR NOT'], 'keywords'],
  ['keywords of control characters', { keywords: NUL }, ['--keywords', '\u0007'], 'keywords'],
  ['1,001 characters of keywords', { keywords: 'a'.repeat(1_001) }, ['--keywords', 'a'.repeat(1_001)], 'keywords'],
  ['an unknown field', { text: CANARY, limit: 3 }, null, 'limit'],
  ['a case id that is empty', { case_id: ' ' }, ['--case', ' '], 'case_id'],
  ['a case id of 301 characters', { case_id: 'x'.repeat(301) }, ['--case', 'x'.repeat(301)], 'case_id'],
];

const post = (body: string, over: Parameters<typeof stubDeps>[0] = {}) =>
  createApp(stubDeps(over)).request('/api/search', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body,
  });

describe('over HTTP', () => {
  test.each(TABLE)('%s: 400 with the field, and no word of the query', async (_, body, __, field) => {
    let searched = false;
    const response = await post(JSON.stringify(body), {
      search: async () => {
        searched = true;
        return searchAnswer();
      },
    });
    expect(response.status).toBe(400);
    const text = await response.text();
    const { code, errors } = JSON.parse(text) as Problem;
    expect(code).toBe('invalid_request');
    expect(errors?.map((entry) => entry.field)).toContain(field);
    expect(errors?.every(({ message }) => message.length > 10 && message.length < 400)).toBe(true);
    expect(text).not.toContain(CANARY);
    expect(searched).toBe(false);
  });

  test.each([
    ['does not exist', new CaseUnknownError('A'), 404, 'unknown_case', 'no case with this id'],
    ['was retracted', new CaseGoneError('A', 'retracted: J Test 2026'), 410, 'case_gone', 'retracted: J Test 2026'],
  ])('a case that %s is answered so', async (_, error, status, code, words) => {
    const response = await post('{"case_id":"A"}', { search: () => Promise.reject(error) });
    expect(response.status).toBe(status);
    const problem = (await response.json()) as Problem;
    expect(problem.code).toBe(code);
    expect(problem.detail).toContain(words);
    expect(problem.errors?.map(({ field }) => field)).toEqual(['case_id']);
  });

  test('a body beyond 1 MiB is too large, one just below it has too long a text', async () => {
    const of = (length: number) => JSON.stringify({ text: 'a'.repeat(length) });
    expect((await post(of(1024 * 1024))).status).toBe(413);
    expect((await post(of(1024 * 1024 - 20))).status).toBe(400);
  });

  test.each([
    'Мужчина 40 лет, боль в груди',
    '四十歳の男性、胸痛',
    'fever '.repeat(30_000),
    '¿?¡!…',
    'AND OR NOT "(',
    '\ud800',
  ])('a text in another language or out of any is a search', async (text) => {
    expect((await post(JSON.stringify({ text }))).status).toBe(200);
  });
});

describe('on the command line', () => {
  const run = (args: readonly string[]) =>
    searchCommand()
      .exitOverride()
      .parseAsync(['node', 'search', ...args]);

  test.each(TABLE.filter(([, , args]) => args !== null))(
    '%s: wrong usage by the name of the field, and no word of the query',
    async (_, __, args, field) => {
      const failure: unknown = await run(args ?? []).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(UsageError);
      const { message } = failure as UsageError;
      expect(message).toContain(`${field}: `);
      expect(message).not.toContain(CANARY);
    },
  );

  test.each([
    [['--weights', 'ecg'], '--weights ecg: expected name=value'],
    [['--filter', '=5'], '--filter =5: expected name=value'],
    [['--filter', 'sex=male', 'sex=female'], '--filter: sex is given twice'],
    [['--weights', 'ecg=1,ecg=0'], '--weights: ecg is given twice'],
  ])('%j is told how to be written', async (args, words) => {
    await expect(run([CANARY, ...args])).rejects.toThrow(words);
  });
});
