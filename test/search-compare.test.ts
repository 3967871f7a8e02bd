import { beforeAll, describe, expect, test } from 'vitest';
import { fitBuiltin, loadBuiltin } from '../core/models/builtin.ts';
import { caseAnswer } from '../core/search/case-answer.ts';
import type { CaseAnswer } from '../core/search/case-contract.ts';
import { type CompareAnswer, compareCases } from '../core/search/compare.ts';
import type { SearchRequest } from '../core/search/contract.ts';
import { CaseGoneError } from '../core/search/query.ts';
import { createApp } from '../space/http/app.ts';
import type { Problem } from '../space/http/problems.ts';
import { releaseInMemory, type SourceText } from './support/release-in-memory.ts';
import { searchAnswer, stubDeps } from './support/space-stub.ts';

const TEXTS: readonly SourceText[] = [
  {
    id: 'A',
    text: 'A 61-year-old woman had chest pain and dyspnea. Potassium was 2.9 mmol/L, hemoglobin 9.0 g/dL. ECG: QTc 520 ms.',
  },
  {
    id: 'B',
    text: 'A 30-year-old man denied chest pain. Potassium was 6.8 mmol/L, hemoglobin 92 g/L. His mother had fever.',
    provenance: { title: 'A title', licence: 'CC BY 4.0', url: 'https://example.org/b' },
  },
  { id: 'C, D/é', text: 'A 12-year-old girl with dyspnea. Potassium was 3.0 mmol/L.' },
];
let answers: readonly CaseAnswer[];
let compared: CompareAnswer;
const row = (group: keyof CompareAnswer['groups'], term: string) =>
  compared.groups[group].find((one) => one.term === term);

beforeAll(async () => {
  const embedder = loadBuiltin(fitBuiltin(TEXTS.map(({ text }) => text)));
  const release = await releaseInMemory(TEXTS, embedder);
  answers = await Promise.all(TEXTS.map(async ({ id }) => (await caseAnswer(release, id)) as CaseAnswer));
  compared = compareCases(answers);
});

describe('finding by finding', () => {
  test('what one states and another denies differs, and silence is neither', () => {
    expect(row('symptoms', 'chest pain')).toMatchObject({ relation: 'differs', cases: 2 });
    expect(row('symptoms', 'chest pain')?.cells.map((cell) => cell?.[0]?.assertion ?? null)).toEqual([
      'present',
      'absent',
      null,
    ]);
    expect(row('symptoms', 'dyspnea')).toMatchObject({ relation: 'some', cases: 2 });
  });

  test('a low and a high value differ, two low ones do not', () => {
    expect(row('labs', 'potassium')).toMatchObject({ relation: 'differs', cases: 3 });
    const [a, , c] = answers;
    const two = compareCases([a, c].filter((one) => one !== undefined));
    expect(two.groups.labs.find(({ term }) => term === 'potassium')?.relation).toBe('same');
  });

  test('amounts stand in one unit, with what the text says beside them', () => {
    const cells = row('labs', 'hemoglobin')?.cells.map((cell) => cell?.[0]);
    const units = new Set(cells?.flatMap((mention) => mention?.unit ?? []));
    expect(units.size).toBe(1);
    expect(cells?.some((mention) => mention?.stated !== undefined && mention.stated.unit !== mention.unit)).toBe(true);
    expect(row('labs', 'hemoglobin')?.relation).toBe('some');
  });

  test('who had a kind of a symptom had the symptom, and an amount is of no kind', async () => {
    const texts = [
      { id: 'A', text: 'He presented with an absence seizure. He had no history of seizures. Calcium was 2.0 mmol/L.' },
      { id: 'B', text: 'She had seizures. Her mother had an absence seizure. Urine calcium was 9 mmol/L.' },
      { id: 'C', text: 'He had no seizures. He denied an absence seizure. He had a cough.' },
    ];
    const release = await releaseInMemory(texts, loadBuiltin(fitBuiltin(texts.map(({ text }) => text))));
    const cases = await Promise.all(texts.map(async ({ id }) => (await caseAnswer(release, id)) as CaseAnswer));
    const told = (of: readonly CaseAnswer[], group: 'symptoms' | 'labs', term: string) => {
      const found = compareCases(of).groups[group].find((one) => one.term === term);
      return [
        found?.relation,
        ...(found?.cells.map((cell) => cell?.map(({ assertion }) => assertion).join() ?? null) ?? []),
      ];
    };
    expect(told(cases.slice(0, 2), 'symptoms', 'seizure')).toEqual(['same', 'present,absent', 'present']);
    expect(told(cases, 'symptoms', 'seizure')).toEqual(['differs', 'present,absent', 'present', 'absent']);
    expect(told(cases, 'symptoms', 'absence seizure')).toEqual(['differs', 'present', 'family', 'absent']);
    expect(told(cases, 'labs', 'calcium')).toEqual(['some', 'present', null, null]);
  });

  test('every quote stands at its span', () => {
    let quotes = 0;
    for (const rows of Object.values(compared.groups))
      for (const { cells } of rows)
        for (const [at, cell] of cells.entries())
          for (const { quote, span } of cell ?? []) {
            expect(answers[at]?.text.slice(...span)).toBe(quote);
            quotes += 1;
          }
    expect(quotes).toBeGreaterThan(8);
  });

  test('what most cases mention comes first, and age and sex stand in the head alone', () => {
    for (const rows of Object.values(compared.groups)) {
      const counts = rows.map(({ cases }) => cases);
      expect(counts).toEqual([...counts].sort((a, b) => b - a));
      expect(rows.map(({ term }) => term)).not.toContain('age');
    }
    expect(compared.cases.map(({ patient }) => patient.age_years)).toEqual([61, 30, 12]);
  });

  test('a case without a title is named by its opening words', () => {
    expect(compared.cases.map(({ title }) => title?.slice(0, 12))).toEqual(['A 61-year-ol', 'A title', 'A 12-year-ol']);
  });

  test('of a withheld text there is no word', () => {
    const [a, b] = answers;
    const facets = Object.fromEntries(
      Object.entries(b?.facets ?? {}).map(([facet, view]) => [
        facet,
        { text: '', findings: view.findings.map((finding) => ({ ...finding, span: [0, 0] as const })) },
      ]),
    );
    const withheld = { ...b, title: null, text: '', facets, text_withheld: 'no licence' } as CaseAnswer;
    const answer = compareCases([a as CaseAnswer, withheld]);
    expect(answer.cases[1]).toMatchObject({ title: null, text_withheld: 'no licence' });
    const mentions = Object.values(answer.groups).flatMap((rows) => rows.flatMap(({ cells }) => cells[1] ?? []));
    expect(mentions.length).toBeGreaterThan(2);
    expect(mentions.every(({ quote }) => quote === null)).toBe(true);
  });
});

/** Of the three cases above; `GONE` was retracted, `ALIAS` is another id of A. */
const deps = (searches: SearchRequest[] = []) =>
  stubDeps({
    caseById: async (id) => {
      if (id === 'GONE') throw new CaseGoneError(id, 'retracted: J Test 2026');
      return answers.find(({ case_id }) => case_id === (id === 'ALIAS' ? 'A' : id)) ?? null;
    },
    search: async (request) => {
      searches.push(request);
      if (request.case_id === 'GONE') throw new CaseGoneError('GONE', 'retracted: J Test 2026');
      return searchAnswer();
    },
  });
const get = (path: string, accept = 'application/json') =>
  createApp(deps()).request(path, { headers: { Accept: accept } });

describe('/api/compare', () => {
  test.each(['/api/compare?ids=A,B', '/api/compare?ids=A&ids=B', '/api/compare?ids=%20A%20,B,'])(
    '%s compares, the first as the reference',
    async (path) => {
      const response = await get(path);
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual(compareCases(answers.slice(0, 2)));
    },
  );

  test('an id with a comma, a slash and a letter beyond ASCII stands in a parameter of its own', async () => {
    const response = await get(`/api/compare?ids=A&ids=${encodeURIComponent('C, D/é')}`);
    expect(((await response.json()) as CompareAnswer).cases.map(({ case_id }) => case_id)).toEqual(['A', 'C, D/é']);
  });

  test.each([
    ['no id', '', 400, 'invalid_request', 'at least 2 cases, came 0'],
    ['one id', '?ids=A', 400, 'invalid_request', 'at least 2 cases, came 1'],
    ['five ids', '?ids=A,B,X,Y,Z', 400, 'invalid_request', 'at most 4 cases, came 5'],
    ['the same id twice', '?ids=A,A', 400, 'invalid_request', 'came one of them twice'],
    ['two ids of one case', '?ids=A,ALIAS', 400, 'invalid_request', 'came one of them twice'],
    ['an unknown id', '?ids=A,nope', 404, 'unknown_case', 'nope: no such case'],
    ['an id that is too long', `?ids=A,${'x'.repeat(301)}`, 404, 'unknown_case', '…: no such case'],
    ['a retracted case', '?ids=A,GONE', 410, 'case_gone', 'GONE: This case was taken out of the corpus (retracted'],
    ['an unknown and a retracted one', '?ids=nope,GONE', 404, 'unknown_case', 'nope: no such case'],
  ])('%s: refused with the field, as JSON and as a page', async (_, query, status, code, message) => {
    const response = await get(`/api/compare${query}`);
    expect(response.status).toBe(status);
    const problem = (await response.json()) as Problem;
    expect(problem).toMatchObject({
      code,
      errors: expect.arrayContaining([{ field: 'ids', message: expect.any(String) }]),
    });
    expect(problem.errors?.map((entry) => entry.message).join()).toContain(message);
    if (query === '') return;
    const page = await get(`/compare${query}`, 'text/html');
    expect(page.status).toBe(status);
    expect(await page.text()).toContain(message.slice(0, 20));
  });

  test('the page without ids says how to choose some', async () => {
    const page = await get('/compare', 'text/html');
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('name="ids"');
  });
});

describe('/api/cases/:id/similar', () => {
  test('is a search by the id of the case, with the options of a search', async () => {
    const searches: SearchRequest[] = [];
    const query =
      'k=5&preset=rare&legs=lexical,dense&explain=false&filters.has=labs,ecg&filters.rare=true&filters.age_min=3.5&filters.sex=female';
    const app = createApp(deps(searches));
    expect((await app.request(`/api/cases/${encodeURIComponent('C, D/é')}/similar?${query}`)).status).toBe(200);
    expect((await app.request('/api/cases/A/similar?weights.ecg=0.5&weights.labs=1')).status).toBe(200);
    expect(searches).toEqual([
      {
        case_id: 'C, D/é',
        k: 5,
        preset: 'rare',
        legs: ['dense', 'lexical'],
        explain: false,
        filters: { has: ['ecg', 'labs'], rare: true, age_min: 3.5, sex: 'female' },
      },
      { case_id: 'A', k: 10, legs: ['dense', 'lexical', 'findings'], explain: true, weights: { ecg: 0.5, labs: 1 } },
    ]);
  });

  test.each([
    ['k=0', 'k'],
    ['k=ten', 'k'],
    ['k=', 'k'],
    ['k=3&k=4', 'k'],
    ['preset=best', 'preset'],
    ['engine=fast', 'engine'],
    ['legs=', 'legs.0'],
    ['explain=yes', 'explain'],
    ['weights.ecg=-1', 'weights.ecg'],
    ['weights.ecg=0', 'weights'],
    ['weights.mood=1', 'weights.mood'],
    ['filters.has=mood', 'filters.has.0'],
    ['filters.colour=red', 'filters.colour'],
    ['filters.__proto__=1', 'filters.__proto__'],
    ['__proto__.k=1', '__proto__'],
    ['filters=1', 'filters'],
    ['text=fever', 'text'],
    ['facets.ecg=fever', 'facets.ecg'],
    ['keywords=fever', 'keywords'],
    ['case_id=B', 'case_id'],
    ['colour=red', 'colour'],
  ])('%s: refused by the name of the field', async (query, field) => {
    const response = await get(`/api/cases/A/similar?${query}`);
    expect(response.status).toBe(400);
    expect(((await response.json()) as Problem).errors?.map((entry) => entry.field)).toContain(field);
  });

  test('of a retracted case: gone, of an id that is too long: unknown', async () => {
    expect((await get('/api/cases/GONE/similar')).status).toBe(410);
    expect((await get(`/api/cases/${'x'.repeat(301)}/similar`)).status).toBe(404);
  });
});
