import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseSearchRequest } from '../core/search/request.ts';
import { FACETS } from '../schema/vocabulary.ts';

const NUL = String.fromCharCode(0);

function fieldsOf(input: unknown): readonly string[] {
  const parsed = parseSearchRequest(input);
  return parsed.ok ? [] : parsed.problems.map(({ field }) => field);
}

test('a text alone is a search with the defaults', () => {
  expect(parseSearchRequest({ text: '  chest pain \n' })).toEqual({
    ok: true,
    request: { text: 'chest pain', k: 10, legs: ['dense', 'lexical', 'findings'], explain: true },
  });
});

test('control characters go, line breaks stay', () => {
  const parsed = parseSearchRequest({ text: `fever${NUL}\nand\u0007 rash` });
  expect(parsed.ok && parsed.request.text).toBe('fever\nand rash');
});

test('legs come back in one order and once', () => {
  const parsed = parseSearchRequest({ text: 'a', legs: ['findings', 'dense', 'findings'] });
  expect(parsed.ok && parsed.request.legs).toEqual(['dense', 'findings']);
});

test('the facets to have come back in one order and once', () => {
  const parsed = parseSearchRequest({ text: 'a', filters: { has: ['labs', 'ecg', 'labs'] } });
  expect(parsed.ok && parsed.request.filters?.has).toEqual(['ecg', 'labs']);
});

test('keywords are a search alone, and beside a text, facets or a case', () => {
  for (const given of [{}, { text: 'fever' }, { facets: { ecg: 'long QT' } }, { case_id: 'PMC_1' }]) {
    const parsed = parseSearchRequest({ ...given, keywords: ' "long QT" AND\u0007 fever ' });
    expect(parsed.ok && parsed.request).toMatchObject({ ...given, keywords: '"long QT" AND fever' });
  }
});

test.each([
  ['nothing to search for', {}, 'text'],
  ['text and a case', { text: 'a', case_id: 'b' }, 'case_id'],
  ['text and facets', { text: 'a', facets: { ecg: 'b' } }, 'facets'],
  ['an empty text', { text: ' \n ' }, 'text'],
  ['a text of control characters', { text: NUL }, 'text'],
  ['a text beyond the limit', { text: 'a'.repeat(200_001) }, 'text'],
  ['a text that is a number', { text: 5 }, 'text'],
  ['no facets', { facets: {} }, 'facets'],
  ['an unknown facet', { facets: { mood: 'low' } }, 'facets.mood'],
  ['an empty facet', { facets: { ecg: '' } }, 'facets.ecg'],
  ['k of zero', { text: 'a', k: 0 }, 'k'],
  ['k beyond the limit', { text: 'a', k: 101 }, 'k'],
  ['k between two numbers', { text: 'a', k: 1.5 }, 'k'],
  ['k as text', { text: 'a', k: '10' }, 'k'],
  ['an unknown preset', { text: 'a', preset: 'best' }, 'preset'],
  ['a preset and weights', { text: 'a', preset: 'rare', weights: { ecg: 1 } }, 'weights'],
  ['a negative weight', { text: 'a', weights: { ecg: -1 } }, 'weights.ecg'],
  ['a weight that is no number', { text: 'a', weights: { ecg: Number.NaN } }, 'weights.ecg'],
  ['an infinite weight', { text: 'a', weights: { ecg: Number.POSITIVE_INFINITY } }, 'weights.ecg'],
  ['a weight of an unknown facet', { text: 'a', weights: { mood: 1 } }, 'weights.mood'],
  ['weights that are all zero', { text: 'a', weights: { ecg: 0, labs: 0 } }, 'weights'],
  ['no weights', { text: 'a', weights: {} }, 'weights'],
  ['an unknown filter', { text: 'a', filters: { country: 'x' } }, 'filters.country'],
  ['ages the wrong way round', { text: 'a', filters: { age_min: 60, age_max: 20 } }, 'filters.age_min'],
  ['years the wrong way round', { text: 'a', filters: { year_min: 2020, year_max: 2010 } }, 'filters.year_min'],
  ['a facet to have that there is none of', { text: 'a', filters: { has: ['ecg', 'mood'] } }, 'filters.has.1'],
  ['no facet to have', { text: 'a', filters: { has: [] } }, 'filters.has'],
  ['a facet to have as text', { text: 'a', filters: { has: 'ecg' } }, 'filters.has'],
  ['empty keywords', { keywords: ' ' }, 'keywords'],
  ['keywords of control characters', { text: 'a', keywords: NUL }, 'keywords'],
  ['keywords beyond the limit', { keywords: 'a'.repeat(1_001) }, 'keywords'],
  ['keywords that are a list', { keywords: ['a'] }, 'keywords'],
  ['an unknown sex', { text: 'a', filters: { sex: 'F' } }, 'filters.sex'],
  ['an unknown category', { text: 'a', filters: { category: 'heart' } }, 'filters.category'],
  ['an unknown engine', { text: 'a', engine: 'fast' }, 'engine'],
  ['an unknown leg', { text: 'a', legs: ['dense', 'magic'] }, 'legs.1'],
  ['no leg', { text: 'a', legs: [] }, 'legs'],
  ['an unknown field', { text: 'a', limit: 3 }, 'limit'],
  ['a list instead of a search', [], 'request'],
  ['nothing at all', null, 'request'],
])('%s is refused by the name of the field', (_what, input, field) => {
  expect(fieldsOf(input)).toContain(field);
});

test('a problem says what was expected and what came, but never the words of the query', () => {
  const parsed = parseSearchRequest({ text: 'a', k: 0, preset: 'best' });
  expect(parsed.ok ? [] : parsed.problems).toEqual([
    { field: 'k', message: 'expected at least 1, came 0' },
    {
      field: 'preset',
      message: 'expected one of balanced, arrhythmia, structural, metabolic, symptom, rare, came "best"',
    },
  ]);
  const secret = parseSearchRequest({ text: 'Jane Doe '.repeat(30_000) });
  expect(JSON.stringify(secret)).not.toContain('Jane');
});

test('whatever comes in is either a search or a list of problems, never an exception', () => {
  fc.assert(
    fc.property(fc.anything(), (input) => {
      const parsed = parseSearchRequest(input);
      expect(parsed.ok || parsed.problems.length > 0).toBe(true);
    }),
  );
  const nearly = fc.record(
    {
      text: fc.anything(),
      case_id: fc.anything(),
      k: fc.anything(),
      weights: fc.dictionary(fc.constantFrom(...FACETS, 'mood'), fc.anything()),
      filters: fc.dictionary(fc.constantFrom('age_min', 'sex', 'rare'), fc.anything()),
      legs: fc.anything(),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(nearly, (input) => {
      const parsed = parseSearchRequest(input);
      if (!parsed.ok) {
        expect(parsed.problems.length).toBeGreaterThan(0);
        return;
      }
      expect(parsed.request.k).toBeGreaterThanOrEqual(1);
      expect(parsed.request.k).toBeLessThanOrEqual(100);
    }),
  );
});
