import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { extractCase } from '../core/cases/extract.ts';
import { fitBuiltin, loadBuiltin } from '../core/models/builtin.ts';
import type { Embedder } from '../core/models/ports.ts';
import { viewTexts } from '../core/models/views.ts';
import type { Leg, SearchAnswer, SearchRequest } from '../core/search/contract.ts';
import type { FacetSearcher } from '../core/search/dense.ts';
import { similarity } from '../core/search/dense.ts';
import type { Release } from '../core/search/release.ts';
import { CaseUnknownError, GenerationMismatchError, search } from '../core/search/search.ts';
import { SETTINGS } from '../core/search/settings.ts';
import { FACETS, type Facet, PRESETS } from '../schema/vocabulary.ts';
import { releaseInMemory, type SourceText, sampleTexts } from './support/release-in-memory.ts';

const BRUGADA_2 = 'made-up-brugada-2';
/** Two patients of one document and a copy of one of them from elsewhere. */
const family: readonly SourceText[] = [
  {
    id: 'made-up-brugada-1',
    documentKey: 'made-up-brugada',
    text: 'A 30-year-old man fainted during a fever. The ECG showed a coved ST elevation in V1 and V2. Troponin was normal.',
  },
  {
    id: BRUGADA_2,
    documentKey: 'made-up-brugada',
    text: 'His 28-year-old brother fainted during a fever. The ECG showed a coved ST elevation in V1 and V2. Troponin was normal.',
    rare: true,
  },
];
const texts = [...sampleTexts(60), ...family];
let embedder: Embedder;
let release: Release;

beforeAll(async () => {
  embedder = loadBuiltin(fitBuiltin(texts.map(({ text }) => text)));
  release = await releaseInMemory(texts, embedder);
});

const QUERY = 'Young man with syncope during a fever, no chest pain, coved ST elevation in V1 and V2, troponin 8 ng/L';
const asked = (request: Partial<SearchRequest>): SearchRequest => ({
  k: 10,
  legs: SETTINGS.legs,
  explain: true,
  ...request,
});
const run = (request: Partial<SearchRequest>, more: object = {}): Promise<SearchAnswer> =>
  search(release, asked(request), { embedder, nowMs: () => 0, ...more });
const idsOf = (answer: SearchAnswer): readonly string[] => answer.results.map(({ case_id }) => case_id);

/** FAISS Flat by brute force: inner products of all rows, best first. */
const bruteForce: FacetSearcher = {
  async search(view, query, k) {
    const rows = [...release.views[view].rows.keys()];
    const vectors = await release.vectors(view, rows);
    const scored = rows.map((row) => ({ row, score: Math.fround(similarity(vectors, query, row)) }));
    scored.sort((a, b) => b.score - a.score);
    const best = scored.slice(0, k);
    return { rows: Int32Array.from(best, ({ row }) => row), scores: Float32Array.from(best, ({ score }) => score) };
  },
};

/** As in a corpus so large that the lists of FAISS leave nearly every case out. */
const shortLists = { ...SETTINGS, faissRows: { perResult: 1, min: 2 } };

const legSets = fc.subarray<Leg>(['dense', 'lexical', 'findings'], { minLength: 1 });
const weightings = fc.option(
  fc
    .dictionary(fc.constantFrom(...FACETS), fc.double({ min: 0, max: 5, noNaN: true }))
    .filter((weights) => Object.values(weights).some((weight) => weight > 0.001)),
  { nil: undefined },
);
const queries = fc.oneof(
  fc
    .constantFrom(QUERY, 'chest pain', 'a newborn with jaundice', 'potassium 6.8 mmol/L and tall T waves')
    .map((text) => ({ text })),
  fc.nat(59).map((i) => ({ case_id: texts[i]?.id ?? '' })),
  fc.constant({ facets: { ecg: 'ST elevation in V1', labs: 'troponin raised' } }),
);

test('the case that fits the words comes first, with what matched on both sides', async () => {
  const answer = await run({ text: QUERY });
  const [first] = answer.results;
  expect(first?.case_id).toMatch(/brugada|sample-00[1-4]/);
  for (const { quote, span } of first?.evidence ?? []) {
    const source = texts.find(({ id }) => id === first?.case_id)?.text ?? '';
    expect(source.slice(span[0], span[1])).toBe(quote);
  }
  expect(first?.evidence.length).toBeGreaterThan(0);
});

test('shared words are whole words, of the query or of what it says in other words', async () => {
  const text = 'A man fainted. The ECG showed a coved ST elevation and negative T waves; he was breathless.';
  const { results } = await run({ text, k: 62 });
  const shown = new Set(results.flatMap(({ lexical }) => lexical.terms));
  const known = `${text} syncope Brugada pattern T wave inversion dyspnea electrocardiogram`.toLowerCase().split(/\W+/);
  expect([...shown].filter((word) => !known.includes(word))).toEqual([]);
  expect([...shown]).toEqual(expect.arrayContaining(['syncope', 'inversion', 'waves']));
});

test('contributions add up to the score, whatever the query, weights and legs', async () => {
  await fc.assert(
    fc.asyncProperty(queries, legSets, weightings, async (query, legs, weights) => {
      const { results } = await run({ ...query, legs, weights });
      for (const { score, facets, whole, lexical } of results) {
        const sum = FACETS.reduce((total, facet) => total + (facets[facet]?.contribution ?? 0), 0);
        expect(sum + whole.contribution + lexical.contribution).toBeCloseTo(score, 9);
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(1 + 1e-9);
      }
    }),
    { numRuns: 60 },
  );
});

test('results fall by score, and equal scores by case id', async () => {
  await fc.assert(
    fc.asyncProperty(queries, legSets, fc.integer({ min: 1, max: 100 }), async (query, legs, k) => {
      const { results } = await run({ ...query, legs, k });
      for (const [i, result] of results.entries()) {
        const before = results[i - 1];
        if (!before) continue;
        expect(before.score > result.score || (before.score === result.score && before.case_id < result.case_id)).toBe(
          true,
        );
      }
    }),
    { numRuns: 40 },
  );
});

test('fewer results are the beginning of more results', async () => {
  const answer = await run({ text: QUERY, k: 62 });
  const all = idsOf(answer);
  // Two patients of one document stand as one.
  expect(all).toHaveLength(61);
  expect(answer.results.flatMap(({ folded }) => folded)).toHaveLength(1);
  for (const k of [1, 3, 10, 40]) expect(idsOf(await run({ text: QUERY, k }))).toEqual(all.slice(0, k));
});

test('FAISS lists and the exact scan give the same answers with the same scores', async () => {
  const filters = fc.record({
    sex: fc.constantFrom('female', 'male', undefined),
    age_min: fc.constantFrom(undefined, 18, 60),
  });
  await fc.assert(
    fc.asyncProperty(
      queries,
      legSets,
      weightings,
      fc.integer({ min: 1, max: 12 }),
      filters,
      async (query, legs, weights, k, only) => {
        const request = { ...query, legs, weights, k, filters: only };
        const fused = await run({ ...request, engine: 'fused' });
        const faiss = await run({ ...request, engine: 'faiss' }, { faiss: bruteForce, settings: shortLists });
        expect(faiss.engine).toBe('faiss');
        expect(faiss.results).toEqual(fused.results);
      },
    ),
    { numRuns: 60 },
  );
});

test('FAISS that fails is said, and the exact scan answers', async () => {
  const broken: FacetSearcher = { search: () => Promise.reject(new Error('child gone')) };
  const answer = await run({ text: QUERY, engine: 'faiss' }, { faiss: broken });
  expect(answer.engine).toBe('fused');
  expect(answer.degraded.join()).toContain('child gone');
  expect(idsOf(answer)).toEqual(idsOf(await run({ text: QUERY })));
  expect((await run({ text: QUERY, engine: 'faiss' })).degraded).toHaveLength(1);
});

test('a search by case leaves out the case and the other patients of its document', async () => {
  const ids = idsOf(await run({ case_id: 'made-up-brugada-1', k: 100 }));
  expect(ids).not.toContain('made-up-brugada-1');
  expect(ids).not.toContain(BRUGADA_2);
  expect(ids).toHaveLength(60);
});

test('a case finds itself first when its text is pasted', async () => {
  for (const { id, text } of texts.slice(0, 10)) expect(idsOf(await run({ text }))[0]).toBe(id);
});

test('a case id that the release does not have is named in the error', async () => {
  await expect(run({ case_id: 'nobody' })).rejects.toThrow(CaseUnknownError);
  await expect(run({ case_id: 'nobody' })).rejects.toThrow('nobody');
});

test('an embedder of another generation is refused, never mixed in', async () => {
  const other = loadBuiltin(fitBuiltin(['another corpus', 'another corpus of two']));
  await expect(run({ text: QUERY }, { embedder: other })).rejects.toThrow(GenerationMismatchError);
});

test.each(['zzqx wwvk', '心电图', '!!!', 'the of and'])(
  '%s says nothing, so it gets no results and the reason',
  async (text) => {
    const answer = await run({ text });
    expect(answer.results).toEqual([]);
    expect(answer.reason).toContain('no word or finding');
  },
);

test('filters hold for every result, and leave out no case that passes', async () => {
  const all = texts.length;
  const rare = idsOf(await run({ text: QUERY, k: 100, filters: { rare: true } }));
  expect(rare).toEqual([BRUGADA_2]);
  const women = idsOf(await run({ text: QUERY, k: 100, filters: { sex: 'female' } }));
  const men = idsOf(await run({ text: QUERY, k: 100, filters: { sex: 'male' } }));
  expect(women.length).toBeGreaterThan(0);
  expect(women.length + men.length).toBeLessThanOrEqual(all);
  for (const id of women) expect((await release.case(id))?.extracted.patient.sex).toBe('female');
  const old = await run({ text: QUERY, k: 100, filters: { age_min: 60, age_max: 70 } });
  const expected = [];
  for (const { id } of texts) {
    const age = (await release.case(id))?.extracted.patient.ageYears ?? -1;
    if (age >= 60 && age <= 70) expected.push(id);
  }
  expect([...idsOf(old)].sort()).toEqual(expected.sort());
  const age = release.cards.ageYears.find((years) => !Number.isNaN(years));
  const sameAge = await run({ text: QUERY, k: 100, filters: { age_min: age, age_max: age } });
  expect(sameAge.results.length).toBe(release.cards.ageYears.filter((years) => years === age).length);
  expect((await run({ text: QUERY, filters: { source: 'nowhere' } })).reason).toContain('no case passes');
});

test('a facet that the query lacks has no weight; one that the case lacks gets what random pairs get', async () => {
  const { results } = await run({ facets: { ecg: 'coved ST elevation in V1' }, k: 62 });
  for (const { facets } of results) {
    expect(facets.labs).toMatchObject({ score: null, weight: 0, contribution: 0 });
    expect(facets.ecg?.weight).toBeGreaterThan(0);
  }
  const lacking = results.filter(({ facets }) => facets.ecg?.score === null);
  expect(lacking.length).toBeGreaterThan(0);
  const contributions = new Set(lacking.map(({ facets }) => facets.ecg?.contribution));
  expect(contributions.size).toBe(1);
  expect([...contributions][0]).toBeGreaterThan(0);
});

test('weights that are given stand alone, and presets sum to one', async () => {
  expect((await run({ text: QUERY, weights: { ecg: 2, labs: 2 } })).weights).toEqual({
    symptoms: 0,
    ecg: 0.5,
    labs: 0.5,
    demographics: 0,
    imaging: 0,
  });
  for (const preset of PRESETS) {
    const { weights } = await run({ text: QUERY, preset });
    expect(FACETS.reduce((sum, facet) => sum + weights[facet], 0)).toBeCloseTo(1, 9);
  }
});

test('what one side denies and the other states is shown as contradicted, not as matched', async () => {
  const answer = await run({ text: 'A man fainted during a fever. He denied chest pain.', k: 62 });
  const own = texts.find(
    ({ id }) =>
      id ===
      answer.results.find(({ facets }) => facets.symptoms?.contradicted.some(({ term }) => term === 'chest pain'))
        ?.case_id,
  );
  expect(own?.text).toMatch(/chest pain|chest discomfort|chest tightness/i);
  const denied = answer.results.flatMap(({ facets }) => facets.symptoms?.contradicted ?? []);
  for (const match of denied.filter(({ term }) => term === 'chest pain')) {
    expect([match.query_assertion, match.case_assertion]).toEqual(['absent', 'present']);
  }
  for (const { facets } of answer.results) {
    const matched = facets.symptoms?.matched.map(({ term }) => term) ?? [];
    expect(matched).not.toContain('chest pain');
  }
});

test('each quote of an explanation stands at its place on its side', async () => {
  const query = texts.find(({ id }) => id === BRUGADA_2);
  const facets = { ecg: 'coved ST elevation in V1', labs: 'no fever; troponin 8 ng/L', demographics: 'a man of 30' };
  const extracted = new Map(texts.map(({ text }) => [text, extractCase(text)]));
  const foundIn = (text: string, facet: Facet) => extracted.get(text)?.facets[facet]?.findings ?? [];
  let both = 0;
  let quotes = 0;
  let otherwise = 0;
  for (const asks of [{ text: QUERY }, { facets }, { case_id: BRUGADA_2 }]) {
    for (const result of (await run({ ...asks, k: 62 })).results) {
      const theCase = texts.find(({ id }) => id === result.case_id)?.text ?? '';
      for (const facet of FACETS) {
        const { matched = [], missing = [], contradicted = [] } = result.facets[facet] ?? {};
        const asked = asks.case_id ? (query?.text ?? '') : (asks.facets?.[facet as keyof typeof facets] ?? QUERY);
        for (const match of [...matched, ...missing, ...contradicted]) {
          expect(match.query_span && asked.slice(...match.query_span)).toBe(match.query);
          expect(match.case_span && theCase.slice(...match.case_span)).toBe(match.case);
          expect(match.query).not.toBeNull();
          quotes += 1;
        }
        for (const match of missing) expect(match.case).toBeNull();
        for (const match of [...matched, ...contradicted]) {
          const inFacet = match.case_term === match.term;
          const held = (inFacet ? [facet] : FACETS)
            .flatMap((one) => foundIn(theCase, one))
            .filter(({ term }) => term === match.case_term);
          if (!inFacet) otherwise += 1;
          expect(held.map(({ span }) => span)).toContainEqual(match.case_span);
          both += 1;
        }
      }
    }
  }
  expect(both).toBeGreaterThan(50);
  expect(quotes).toBeGreaterThan(both);
  expect(otherwise).toBeGreaterThan(0);
});

test('only cases with something in each facet that is asked for pass', async () => {
  const facetsOf = new Map(texts.map(({ id, text }) => [id, extractCase(text).facets]));
  await fc.assert(
    fc.asyncProperty(fc.subarray([...FACETS], { minLength: 1 }), fc.boolean(), async (has, rare) => {
      const filters = { has, ...(rare ? { rare } : {}) };
      const expected = texts
        .filter(({ id, rare: isRare = false }) => (!rare || isRare) && has.every((facet) => facetsOf.get(id)?.[facet]))
        .map(({ id }) => id);
      const { results } = await run({ text: QUERY, filters, k: 100 });
      expect(results.flatMap(({ case_id, folded }) => [case_id, ...folded]).sort()).toEqual(expected.sort());
    }),
    { numRuns: 40 },
  );
  expect([...facetsOf.values()].some(({ ecg }) => !ecg)).toBe(true);
});

test('percentiles rise with the score', async () => {
  const { results } = await run({ text: QUERY, k: 62 });
  for (const [i, { percentile }] of results.entries()) {
    expect(percentile).toBeGreaterThanOrEqual(0);
    expect(percentile).toBeLessThanOrEqual(100);
    if (i > 0) expect(percentile).toBeLessThanOrEqual(results[i - 1]?.percentile ?? 100);
  }
});

test('explanations can be left out', async () => {
  const { results } = await run({ text: QUERY, explain: false });
  expect(results.length).toBeGreaterThan(0);
  for (const { evidence, facets } of results) {
    expect(evidence).toEqual([]);
    expect(facets.symptoms?.matched).toEqual([]);
  }
});

test('a query as long as a request may be is answered', async () => {
  const text = `${QUERY} `.repeat(2_000).slice(0, 200_000);
  expect((await run({ text })).results.length).toBe(10);
});

test('a text is embedded as a query in the same parts as it would be as a case', async () => {
  const embedded: string[] = [];
  const spy: Embedder = {
    ...embedder,
    embed(parts) {
      embedded.push(...parts);
      return embedder.embed(parts);
    },
  };
  await run({ text: QUERY }, { embedder: spy });
  expect(embedded.sort()).toEqual(Object.values(viewTexts(extractCase(QUERY))).sort());
});

test('with some legs off, a percentile is the share of random pairs that these legs find less alike', async () => {
  const text = 'A 45-year-old man';
  const { results } = await run({ text, legs: ['findings'], weights: { demographics: 1 }, k: 62 });
  const pairs = release.pairs.agreement.demographics ?? new Float32Array(0);
  expect(pairs.some(Number.isNaN)).toBe(false);
  expect(new Set(results.map(({ score }) => score)).size).toBeGreaterThan(10);
  for (const { score, percentile } of results) {
    const below = pairs.filter((pair) => pair < score - 1e-6).length;
    const upTo = pairs.filter((pair) => pair <= score + 1e-6).length;
    expect(percentile).toBeGreaterThanOrEqual((100 * below) / (pairs.length + 1) - 0.1);
    expect(percentile).toBeLessThanOrEqual((100 * upTo) / pairs.length);
  }
});
