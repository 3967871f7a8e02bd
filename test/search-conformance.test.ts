import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { seeded } from '../core/models/builtin-numbers.ts';
import { DIMENSION } from '../core/models/ports.ts';
import { type CandidateRequest, type Candidates, candidates } from '../core/search/candidates.ts';
import type { Leg } from '../core/search/contract.ts';
import { type FacetSearcher, similarity } from '../core/search/dense.ts';
import { contributions, planOf, type Signals, totalOf } from '../core/search/score.ts';
import { SETTINGS } from '../core/search/settings.ts';
import { FACETS, type Facet, VIEWS, type View } from '../schema/vocabulary.ts';
import { startFaiss } from '../space/faiss/service.ts';
import { searchKernel } from '../space/kernel.ts';
import { randomPairs, releaseOf, unit, type VectorWorld, vectorWorld } from './support/vector-world.ts';

const module = await searchKernel();
const folder = mkdtempSync(join(tmpdir(), 'anamnesis-conformance-'));
const faiss = await startFaiss();
const missing = faiss.state().kind !== 'ready';
const unlessMissing = missing ? ' (skipped: faiss-node is not built, run node space/faiss/setup.mjs)' : '';
afterAll(async () => {
  await faiss.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What codes may take from a score: near the background the root makes more of it. */
const ROUNDED = 0.08;

/** Few directions, so that vectors repeat within and between cases; every fifth points along one axis. */
function direction(seed: number): Float32Array {
  const random = seeded(seed * 7919 + 1);
  const numbers = new Float32Array(DIMENSION);
  if (seed % 5 === 0) numbers[seed % DIMENSION] = 1;
  else for (let i = 0; i < DIMENSION; i += 1) numbers[i] = random() ** 3 + (seed % 2) * 0.2;
  return unit(numbers);
}

/** One case alone, two, a few; all views or none of some; directions that all repeat or none that does. */
const WORLDS = [
  { count: 1, directions: 1, without: 0 },
  { count: 2, directions: 1, without: 0.5 },
  { count: 7, directions: 3, without: 0.3 },
  { count: 60, directions: 20, without: 0.4 },
  { count: 60, directions: 10_000, without: 0.9 },
  { count: 333, directions: 40, without: 0.2 },
  { count: 333, directions: 10_000, without: 0.5 },
].map(({ count, directions, without }, at): VectorWorld => {
  const random = seeded(at + 1);
  const draw = () => (random() + 1) / 2;
  return vectorWorld(module, count, (view) =>
    // The last world has no ECG at all.
    draw() < without || (at === 6 && view === 'ecg') ? null : direction(Math.floor(draw() * directions)),
  );
});

const searchers: (FacetSearcher | undefined)[] = [];
for (const [at, { vectors, views }] of WORLDS.entries()) {
  if (missing) break;
  const jobs = VIEWS.filter((view) => views[view].rows.length > 0).map((view) => {
    const vectorsPath = join(folder, `${at}-${view}.f32`);
    writeFileSync(vectorsPath, new Uint8Array(vectors[view].buffer));
    return { view, vectorsPath, rows: views[view].rows.length, outPath: join(folder, `${at}-${view}.index`) };
  });
  const built = await faiss.build(jobs);
  const files = jobs.map((job, i) => ({
    view: job.view,
    path: job.outPath,
    sha256: built[i]?.sha256 ?? '',
    rows: job.rows,
  }));
  searchers.push({
    async search(view, query, k) {
      // The service keeps two releases open.
      if (!faiss.state().versions.includes(at + 1)) await faiss.open(at + 1, files);
      return faiss.search(at + 1, view, query, k);
    },
  });
}

type Asked = {
  readonly world: number;
  readonly seeds: readonly (number | null)[];
  readonly noise: number;
  readonly legs: readonly Leg[];
  readonly weights: readonly number[];
  readonly kept: 'none' | 'one' | 'few' | 'most' | 'all';
  readonly k: number;
  readonly seed: number;
};
const weight = fc.oneof(fc.constant(0), fc.constant(0.2), fc.double({ min: 0, max: 1, noNaN: true }));
const oneFacet = fc.nat(FACETS.length - 1).map((only) => FACETS.map((_, i) => Number(i === only)));
const asked: fc.Arbitrary<Asked> = fc.record({
  world: fc.nat(WORLDS.length - 1),
  seeds: fc.array(fc.option(fc.nat(45)), { minLength: VIEWS.length, maxLength: VIEWS.length }),
  noise: fc.constantFrom(0, 0, 0.05),
  legs: fc.subarray<Leg>(['dense', 'lexical', 'findings']),
  weights: fc.oneof(fc.array(weight, { minLength: FACETS.length, maxLength: FACETS.length }), oneFacet),
  kept: fc.constantFrom('none', 'one', 'few', 'most', 'all'),
  k: fc.oneof(fc.constantFrom(1, 10, 100), fc.integer({ min: 1, max: 100 })),
  seed: fc.nat(),
});
const SHARE_KEPT = { none: 0, one: 0, few: 0.05, most: 0.9, all: 1 };

function requestOf({ world, seeds, noise, legs, weights, kept, k, seed }: Asked): Omit<CandidateRequest, 'faiss'> {
  const held = WORLDS[world] as VectorWorld;
  const random = seeded(seed);
  const draw = () => (random() + 1) / 2;
  const vectors: Partial<Record<View, Float32Array>> = {};
  for (const [place, view] of VIEWS.entries()) {
    const one = seeds[place];
    if (one === null || one === undefined || !legs.includes('dense')) continue;
    vectors[view] = unit(direction(one).map((number) => number + noise * random()));
  }
  // Coarse steps, so that scores tie.
  const column = () => Float32Array.from({ length: held.count }, () => Math.round(draw() * 4) / 4);
  const agreement: Partial<Record<Facet, Float32Array>> = {};
  for (const facet of FACETS) {
    if (!legs.includes('findings') || draw() < 0.3) continue;
    agreement[facet] = column().map((value) => (draw() < 0.3 ? Number.NaN : value));
  }
  const lexical = legs.includes('lexical') ? column() : null;
  const cheap = { length: held.count, agreement, lexical };
  const shares = Object.fromEntries(FACETS.map((facet, i) => [facet, weights[i] ?? 0])) as Record<Facet, number>;
  const only = Math.floor(draw() * held.count);
  const passes = (i: number) => (kept === 'one' ? i === only : draw() < SHARE_KEPT[kept]);
  return {
    release: releaseOf(held),
    plan: planOf(SETTINGS, { ...cheap, dense: vectors }, shares, legs, randomPairs(seed % 5), 1 - draw() / 2),
    cheap,
    vectors,
    kept: Uint8Array.from({ length: held.count }, (_, i) => Number(passes(i))),
    k,
    settings: { ...SETTINGS, faissRows: { perResult: 1, min: 3 } },
  };
}

/** Every case scored by the plain formulas, sorted. */
function oracle(held: VectorWorld, { plan, cheap, vectors, kept, k }: Omit<CandidateRequest, 'faiss'>) {
  const dense: Partial<Record<View, Float32Array>> = {};
  for (const view of VIEWS) {
    const vector = vectors[view];
    if (!vector) continue;
    dense[view] = Float32Array.from(held.views[view].rowOf, (row) =>
      row < 0 ? Number.NaN : similarity(held.vectors[view], vector, row),
    );
  }
  const signals: Signals = { ...cheap, dense };
  const scored = [...kept.keys()].filter((i) => kept[i] === 1);
  const found = scored.map((ordinal) => ({ ordinal, score: totalOf(contributions(signals, plan, ordinal)) }));
  return found.sort((a, b) => b.score - a.score || a.ordinal - b.ordinal).slice(0, k);
}

type Engine = (one: Asked, request: Omit<CandidateRequest, 'faiss'>) => Promise<Candidates>;
const ENGINES: readonly {
  readonly name: string;
  readonly runs: number;
  readonly skip: boolean;
  readonly ask: Engine;
}[] = [
  {
    name: 'the fused scan',
    runs: 600,
    skip: false,
    ask: (_, request) => candidates({ ...request, faiss: undefined }),
  },
  {
    name: 'the cascade, as wide as the release,',
    runs: 300,
    skip: false,
    ask(_, request) {
      const settings = { ...request.settings, coarse: { from: 0, width: 333, perResult: 1 } };
      return candidates({ ...request, settings, faiss: undefined });
    },
  },
  {
    name: `FAISS in its process${unlessMissing}`,
    runs: 200,
    skip: missing,
    ask: (one, request) => candidates({ ...request, faiss: searchers[one.world] }),
  },
];

for (const { name, runs, skip, ask } of ENGINES) {
  test.skipIf(skip)(
    `${name} gives the cases, scores and order of a plain exact scan, whatever is asked`,
    async () => {
      let ties = 0;
      await fc.assert(
        fc.asyncProperty(asked, async (one) => {
          const request = requestOf(one);
          const expected = oracle(WORLDS[one.world] as VectorWorld, request);
          const found = await ask(one, request);
          expect(found.failure).toBeNull();
          expect(found.ordinals).toEqual(expected.map(({ ordinal }) => ordinal));
          for (const [place, { score }] of expected.entries()) {
            expect(totalOf(contributions(found.signals, request.plan, place))).toBe(score);
            if (score === expected[place - 1]?.score) ties += 1;
          }
        }),
        { numRuns: runs, seed: 6 },
      );
      expect(ties).toBeGreaterThan(100);
    },
    60_000,
  );
}

test('those beyond the best, by their codes, are those that come next but for what rounding took', async () => {
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(asked, fc.integer({ min: 1, max: 120 }), async (one, near) => {
      const request = requestOf(one);
      const found = await candidates({ ...request, near, faiss: undefined });
      const all = oracle(WORLDS[one.world] as VectorWorld, { ...request, k: request.kept.length });
      const scoreOf = new Map(all.map(({ ordinal, score }) => [ordinal, score]));
      expect(found.ordinals).toEqual(all.slice(0, one.k).map(({ ordinal }) => ordinal));
      const known = new Set([...found.ordinals, ...found.near.map(({ ordinal }) => ordinal)]);
      expect(known.size).toBe(Math.min(Math.max(one.k, near), all.length));
      const least = all[known.size - 1]?.score ?? 0;
      for (const [place, { ordinal, score }] of found.near.entries()) {
        expect(score).toBeLessThanOrEqual(found.near[place - 1]?.score ?? all[one.k - 1]?.score ?? 0);
        expect(Math.abs(score - (scoreOf.get(ordinal) ?? Number.NaN))).toBeLessThan(ROUNDED);
        expect(scoreOf.get(ordinal)).toBeGreaterThan(least - 2 * ROUNDED);
        compared += 1;
      }
    }),
    { numRuns: 300, seed: 6 },
  );
  expect(compared).toBeGreaterThan(1_000);
});

test('the cascade, however narrow, gives cases that pass the filter alone, in the order of their true scores', async () => {
  await fc.assert(
    fc.asyncProperty(asked, fc.integer({ min: 1, max: 40 }), async (one, width) => {
      const request = requestOf(one);
      const settings = { ...request.settings, coarse: { from: 0, width, perResult: 0 } };
      const found = await candidates({ ...request, settings, faiss: undefined });
      const all = oracle(WORLDS[one.world] as VectorWorld, { ...request, k: request.kept.length });
      const scoreOf = new Map(all.map(({ ordinal, score }) => [ordinal, score]));
      expect(found.exact).toBe(false);
      expect(found.ordinals.length).toBe(Math.min(one.k, width, all.length));
      const scores = found.ordinals.map((ordinal) => scoreOf.get(ordinal));
      expect(scores).toEqual([...scores].sort((a, b) => (b ?? Number.NaN) - (a ?? Number.NaN)));
      for (const ordinal of found.ordinals) expect(request.kept[ordinal]).toBe(1);
    }),
    { numRuns: 200 },
  );
});

test('few cases are scanned exactly, whatever the size of the release, and the answer says so', async () => {
  const request = requestOf({
    world: 5,
    seeds: [1, 2, 3, 4, 6, 7],
    noise: 0,
    legs: ['dense'],
    weights: [1, 1, 1, 1, 1],
    kept: 'few',
    k: 10,
    seed: 3,
  });
  const kept = request.kept.reduce((sum, one) => sum + one, 0);
  const ask = (from: number) =>
    candidates({
      ...request,
      settings: { ...request.settings, coarse: { from, width: 5, perResult: 0 } },
      faiss: undefined,
    });
  expect((await ask(kept + 1)).exact).toBe(true);
  expect((await ask(kept)).exact).toBe(false);
});

test('on cases that come in clusters the cascade finds nearly all of the best ten', async () => {
  const random = seeded(11);
  const CLUSTERS = 60;
  const centres = Object.fromEntries(
    VIEWS.map((view, v) => [view, Array.from({ length: CLUSTERS }, (_, c) => direction(5 * (100 * v + c) + 1))]),
  );
  const near = (centre: Float32Array) => unit(centre.map((number) => number + 0.05 * random()));
  const clustered = vectorWorld(module, 4_000, (view, ordinal) =>
    (random() + 1) / 2 < 0.3
      ? null
      : near((centres[view] as Float32Array[])[(ordinal * 31) % CLUSTERS] as Float32Array),
  );
  let found = 0;
  let wanted = 0;
  for (let query = 0; query < 40; query += 1) {
    const vectors = Object.fromEntries(
      VIEWS.map((view) => [view, near((centres[view] as Float32Array[])[query] as Float32Array)]),
    );
    const cheap = { length: clustered.count, agreement: {}, lexical: null };
    const request = {
      release: releaseOf(clustered),
      plan: planOf(SETTINGS, { ...cheap, dense: vectors }, SETTINGS.presets.balanced, ['dense'], randomPairs(2), 1),
      cheap,
      vectors,
      kept: new Uint8Array(clustered.count).fill(1),
      k: 10,
      faiss: undefined,
    } as const;
    const exact = await candidates({ ...request, settings: SETTINGS });
    const coarse = await candidates({
      ...request,
      settings: { ...SETTINGS, coarse: { from: 0, width: 128, perResult: 0 } },
    });
    expect([exact.exact, coarse.exact]).toEqual([true, false]);
    wanted += exact.ordinals.length;
    found += coarse.ordinals.filter((ordinal) => exact.ordinals.includes(ordinal)).length;
  }
  console.info(`K: recall@10 of a cascade of 128 among 4,000 clustered cases: ${(found / wanted).toFixed(3)}`);
  expect(found / wanted).toBeGreaterThan(0.98);
});

test('of many cases that could all be among the best the right ones are found, and none is read that the found ones rule out', async () => {
  const COUNT = 400;
  const K = 5;
  const random = seeded(23);
  const query = direction(1);
  const crowd = vectorWorld(module, COUNT, (view) =>
    view === 'whole' ? unit(query.map((number) => number + 0.02 * random())) : null,
  );
  let batches = 0;
  for (let turn = 0; turn < 12; turn += 1) {
    const vectors = { whole: unit(query.map((number) => number + 0.02 * random())) };
    const cheap = { length: COUNT, agreement: {}, lexical: null };
    const read: (readonly number[])[] = [];
    const release = releaseOf(crowd);
    const request = {
      release: {
        ...release,
        vectors(view: View, rows: readonly number[]) {
          read.push([...rows]);
          return release.vectors(view, rows);
        },
      },
      plan: planOf(SETTINGS, { ...cheap, dense: vectors }, SETTINGS.presets.balanced, ['dense'], randomPairs(2), 1),
      cheap,
      vectors,
      kept: new Uint8Array(COUNT).fill(1),
      k: K,
      settings: SETTINGS,
    };
    const wanted = oracle(crowd, { ...request, k: COUNT });
    const found = await candidates({ ...request, faiss: undefined });
    expect(found.ordinals).toEqual(wanted.slice(0, K).map(({ ordinal }) => ordinal));
    // Every case has the one view, so that rows are ordinals.
    const scoreOf = new Map(wanted.map(({ ordinal, score }) => [ordinal, score]));
    const bounds = crowd.kernel.scan(request, -1).scores;
    const scores: number[] = [];
    for (const rows of read) {
      const least = scores.sort((a, b) => b - a)[K - 1] ?? -1;
      for (const row of rows) expect(bounds[row]).toBeGreaterThanOrEqual(least);
      scores.push(...rows.map((row) => scoreOf.get(row) ?? Number.NaN));
    }
    batches += read.length;
  }
  expect(batches).toBeGreaterThan(24);
});
