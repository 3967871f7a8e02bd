import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seeded } from '../core/models/builtin-numbers.ts';
import { DIMENSION } from '../core/models/ports.ts';
import { rowsByCase, similarity, type ViewRows } from '../core/search/dense.ts';
import { CODED_ROW_BYTES, fitsCodes, packInto } from '../core/search/kernel/codes.ts';
import {
  type FusedBounds,
  type FusedKernel,
  type FusedRequest,
  highest,
  openKernel,
} from '../core/search/kernel/kernel.ts';
import { TABLE_BYTES, tablesInto } from '../core/search/kernel/numbers.ts';
import { contributions, evidence, type Plan, type Signals, scaleOf, totalOf } from '../core/search/score.ts';
import { FACETS, type Facet, VIEWS, type View } from '../schema/vocabulary.ts';
import { searchKernel } from '../space/kernel.ts';

const wasm = await searchKernel();

test('the kernel that stands beside its source is what the source builds', () => {
  const folder = mkdtempSync(join(tmpdir(), 'anamnesis-kernel-'));
  try {
    const compiler = resolve('node_modules/.bin/asc');
    const script = (JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: { kernel: string } }).scripts.kernel;
    const outFile = join(folder, 'kernel.wasm');
    const args = script.split(' ').slice(1);
    execFileSync(compiler, [...args.slice(0, -1), outFile]);
    expect(readFileSync(outFile)).toEqual(readFileSync('core/search/kernel/kernel.wasm'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Directions that repeat, so that there are ties, identical vectors and zeros among the numbers. */
const vectorOf = (seed: number, length: number): Float32Array => {
  const numbers = Float64Array.from({ length: DIMENSION }, (_, i) =>
    seed % 5 === 0 ? Number(i === seed % DIMENSION) : Math.sin(seed * 12.9898 + i * 78.233) ** 3,
  );
  const norm = Math.hypot(...numbers);
  return Float32Array.from(numbers, (number) => (length * number) / norm);
};

type Held = ViewRows & { readonly vectors: Float32Array };
type World = { readonly count: number; readonly views: Record<View, Held> };

function opened({ views, count }: World): FusedKernel {
  const kernel = openKernel(wasm, views, count, { coarse: true });
  for (const view of VIEWS) packInto(views[view].vectors, kernel.codesOf(view));
  kernel.ready();
  return kernel;
}

const worldOf = (cases: readonly (readonly (number | null)[])[]): World => {
  const views = {} as Record<View, Held>;
  for (const [v, view] of VIEWS.entries()) {
    const held = cases.flatMap((seeds, ordinal) => {
      const seed = seeds[v];
      return seed === null || seed === undefined ? [] : [{ ordinal, seed }];
    });
    const rows = Uint32Array.from(held, ({ ordinal }) => ordinal);
    const vectors = new Float32Array(held.length * DIMENSION);
    for (const [row, { seed }] of held.entries()) vectors.set(vectorOf(seed, 1), row * DIMENSION);
    views[view] = { rows, vectors, rowOf: rowsByCase(rows, cases.length) };
  }
  return { count: cases.length, views };
};
const world = fc
  .array(fc.array(fc.nat(40), { minLength: VIEWS.length, maxLength: VIEWS.length }), { minLength: 1, maxLength: 60 })
  // A third of the cases lack the view.
  .map((cases) => worldOf(cases.map((seeds) => seeds.map((seed) => (seed % 3 === 1 ? null : seed)))));

const unit = fc.double({ min: 0, max: 1, noNaN: true }).map(Math.fround);
const signal = fc.oneof(unit, fc.constant(Number.NaN));
const request = (count: number): fc.Arbitrary<FusedRequest> =>
  fc
    .record({
      kept: fc.uint8Array({ min: 0, max: 1, minLength: count, maxLength: count }),
      asked: fc.array(fc.option(fc.nat(40)), { minLength: VIEWS.length, maxLength: VIEWS.length }),
      agreed: fc.array(fc.option(fc.array(signal, { minLength: count, maxLength: count })), {
        minLength: 5,
        maxLength: 5,
      }),
      words: fc.option(fc.array(unit, { minLength: count, maxLength: count })),
      shares: fc.array(fc.option(unit), { minLength: 5, maxLength: 5 }),
      backgrounds: fc.array(fc.oneof(unit, fc.constant(1)), { minLength: VIEWS.length, maxLength: VIEWS.length }),
      missing: fc.array(unit, { minLength: VIEWS.length, maxLength: VIEWS.length }),
      whole: fc.oneof(unit, fc.constant(0)),
      lexical: unit,
      background: unit,
    })
    .map((drawn) => {
      const byView = (values: readonly number[]) =>
        Object.fromEntries(VIEWS.map((view, v) => [view, values[v] ?? 0])) as Record<View, number>;
      const facets: Partial<Record<Facet, number>> = {};
      const agreement: Partial<Record<Facet, Float32Array>> = {};
      for (const [f, facet] of FACETS.entries()) {
        const [share, agreed] = [drawn.shares[f], drawn.agreed[f]];
        if (share !== null && share !== undefined) facets[facet] = share;
        if (agreed) agreement[facet] = Float32Array.from(agreed);
      }
      const vectors: Partial<Record<View, Float32Array>> = {};
      for (const [v, view] of VIEWS.entries()) {
        const seed = drawn.asked[v];
        if (seed !== null && seed !== undefined) vectors[view] = vectorOf(seed, 1);
      }
      const plan: Plan = {
        background: { dense: byView(drawn.backgrounds), lexical: drawn.background },
        facets,
        whole: drawn.whole,
        lexical: drawn.words ? drawn.lexical : 0,
        missing: byView(drawn.missing),
      };
      const lexical = drawn.words ? Float32Array.from(drawn.words) : null;
      return { plan, cheap: { length: count, agreement, lexical }, vectors, kept: Uint8Array.from(drawn.kept) };
    });

/** The same by the plain formulas, one case after the other. */
function plainly({ count, views }: World, { plan, cheap, vectors }: FusedRequest) {
  const dense: Partial<Record<View, Float32Array>> = {};
  for (const view of VIEWS) {
    const vector = vectors[view];
    if (!vector) continue;
    dense[view] = Float32Array.from({ length: count }, (_, i) => {
      const row = views[view].rowOf[i] ?? -1;
      return row < 0 ? Number.NaN : similarity(views[view].vectors, vector, row);
    });
  }
  const signals: Signals = { ...cheap, dense };
  return { dense, scores: Array.from({ length: count }, (_, i) => totalOf(contributions(signals, plan, i))) };
}

test('bounds of cosines and scores are never below what they bound, and close to it, whatever a case or the query lacks', () => {
  let compared = 0;
  fc.assert(
    fc.property(
      world.chain((drawn) =>
        fc.tuple(fc.constant(drawn), fc.array(request(drawn.count), { minLength: 1, maxLength: 3 })),
      ),
      ([drawn, requests]) => {
        const kernel = opened(drawn);
        for (const asked of requests) {
          const exact = plainly(drawn, asked);
          const bounds = kernel.scan(asked, -1);
          for (let i = 0; i < drawn.count; i += 1) {
            if (asked.kept[i] !== 1) continue;
            for (const view of VIEWS) {
              const [bound, cosine] = [bounds.dense[view]?.[i] ?? Number.NaN, exact.dense[view]?.[i] ?? Number.NaN];
              if (Number.isNaN(bound)) continue;
              expect(bound).toBeGreaterThanOrEqual(cosine);
              expect(bound - cosine).toBeLessThan(0.03);
              compared += 1;
            }
            expect(bounds.scores[i]).toBeGreaterThanOrEqual(exact.scores[i] ?? Number.NaN);
          }
        }
      },
    ),
    { numRuns: 400 },
  );
  expect(compared).toBeGreaterThan(500);
});

test('a case that lacks a view has no bound there, and one that is left out none at all', () => {
  fc.assert(
    fc.property(
      world.chain((drawn) => fc.tuple(fc.constant(drawn), request(drawn.count))),
      ([drawn, asked]) => {
        const { dense } = opened(drawn).scan(asked, -1);
        for (const view of VIEWS)
          for (let i = 0; i < drawn.count; i += 1) {
            const has = (drawn.views[view].rowOf[i] ?? -1) >= 0 && asked.kept[i] === 1;
            if (dense[view]) expect(Number.isNaN(dense[view][i])).toBe(!has);
          }
      },
    ),
    { numRuns: 50 },
  );
});

test('the two factors of a scale bound evidence from above, closely', () => {
  fc.assert(
    fc.property(unit, fc.oneof(unit, fc.constant(1), fc.constant(1 - 1e-9)), (value, background) => {
      const { zero, range } = scaleOf(background);
      const bound = Math.sqrt(Math.min(1, Math.max(0, (value - zero) * range)));
      expect(bound).toBeGreaterThanOrEqual(evidence(value, background));
      const off = bound - evidence(value, background);
      // Where the scale is a step, the bound may step a little before it.
      if (1 - background > 1e-3) expect(off).toBeLessThan(0.04);
    }),
  );
});

test('two searches may take turns: what one finds does not depend on the other', () => {
  fc.assert(
    fc.property(
      world.chain((drawn) => fc.tuple(fc.constant(drawn), request(drawn.count), request(drawn.count), unit)),
      ([drawn, a, b, least]) => {
        const found = ({ scores, open }: FusedBounds) => [...scores].map((score, i) => (open[i] === 1 ? score : null));
        const kernel = opened(drawn);
        const alone = found(kernel.scan(a, least));
        const first = kernel.first(a, 5);
        kernel.first(b, 5);
        expect(found(kernel.scan(a, least))).toEqual(alone);
        expect(kernel.first(a, 5)).toEqual(first);
        expect(found(kernel.scan(a, least))).toEqual(alone);
      },
    ),
    { numRuns: 100 },
  );
});

test('the coarse scan gives kept cases alone, with their bounds; as wide as the release it gives them all', () => {
  fc.assert(
    fc.property(
      world.chain((drawn) => fc.tuple(fc.constant(drawn), request(drawn.count), fc.integer({ min: 1, max: 80 }))),
      ([drawn, asked, width]) => {
        const kernel = opened(drawn);
        const { scores } = plainly(drawn, asked);
        const kept = [...asked.kept].reduce((sum, one) => sum + one, 0);
        const found = highest(kernel.coarse(asked, width), width);
        expect(found).toHaveLength(Math.min(width, kept));
        expect(new Set(found.map(({ ordinal }) => ordinal)).size).toBe(found.length);
        for (const [i, { ordinal, bound }] of found.entries()) {
          expect(asked.kept[ordinal]).toBe(1);
          expect(bound).toBeGreaterThanOrEqual(scores[ordinal] ?? Number.NaN);
          expect(bound).toBeLessThanOrEqual(found[i - 1]?.bound ?? Number.POSITIVE_INFINITY);
        }
        // Bounds are those of the exact scan.
        const exact = kernel.scan(asked, -1).scores;
        for (const { ordinal, bound } of found) expect(bound).toBeCloseTo(exact[ordinal] ?? Number.NaN, 5);
      },
    ),
    { numRuns: 200 },
  );
});

/** What sign bits say of the cases, one after the other, by the entries of the tables. */
function estimates(
  { count, views }: World,
  kernel: FusedKernel,
  { plan, cheap, vectors }: FusedRequest,
): readonly number[] {
  const dense: Partial<Record<View, Float32Array>> = {};
  for (const view of VIEWS) {
    const vector = vectors[view];
    if (!vector) continue;
    const tables = new Uint8Array(TABLE_BYTES);
    const { unit: step, offset } = tablesInto(vector, tables);
    const { rows, rowOf } = views[view];
    const packed = kernel.codesOf(view);
    const scales = new DataView(packed.buffer, packed.byteOffset + rows.length * DIMENSION);
    dense[view] = Float32Array.from({ length: count }, (_, i) => {
      const row = rowOf[i] ?? -1;
      if (row < 0) return Number.NaN;
      const codes = new Int8Array(packed.buffer, packed.byteOffset + row * DIMENSION, DIMENSION);
      let [looked, squares, sizes] = [0, 0, 0];
      for (let d = 0; d < DIMENSION; d += 1) {
        const code = codes[d] ?? 0;
        squares += code * code;
        sizes += Math.abs(code);
        if (d % 4 > 0) continue;
        const pattern = [0, 1, 2, 3].reduce((bits, at) => bits | (Number((codes[d + at] ?? 0) < 0) << at), 0);
        looked += tables[(d / 4) * 16 + pattern] ?? 0;
      }
      const inner = looked * step - offset;
      return (inner * scales.getFloat32(4 * row, true) * squares) / sizes;
    });
  }
  const signals: Signals = { ...cheap, dense };
  return Array.from({ length: count }, (_, i) => totalOf(contributions(signals, plan, i)));
}

test('the coarse scan chooses the cases whose sign bits say most, in runs and gaps, with findings and without', () => {
  // A level, and what sums in f32 lose.
  const STEP = 1 / 4_096 + 1e-5;
  const random = seeded(31);
  const share = () => (random() + 1) / 2;
  const byView = (value: () => number) =>
    Object.fromEntries(VIEWS.map((view) => [view, value()])) as Record<View, number>;
  // Of some views no case lacks one, of others nearly all do.
  const HELD = [1, 0.95, 0.6, 0.1, 1, 0.9];
  const wrong: string[] = [];
  let told = 0;
  for (const count of [1, 20, 31, 32, 33, 64, 90, 333]) {
    const drawn = worldOf(
      Array.from({ length: count }, () =>
        VIEWS.map((_, v) => (share() < (HELD[v] ?? 1) ? Math.floor(share() * 9_999) : null)),
      ),
    );
    const kernel = opened(drawn);
    for (let query = 0; query < 12; query += 1) {
      const agreement: Partial<Record<Facet, Float32Array>> = {};
      for (const facet of FACETS) {
        if (share() < 0.7) continue;
        agreement[facet] = Float32Array.from({ length: count }, () => (share() < 0.4 ? Number.NaN : share()));
      }
      const vectors: Partial<Record<View, Float32Array>> = {};
      for (const view of VIEWS) if (share() < 0.8) vectors[view] = vectorOf(Math.floor(share() * 9_999), 1);
      const plan: Plan = {
        background: { dense: byView(() => -0.5 * share()), lexical: 0 },
        facets: Object.fromEntries(FACETS.map((facet) => [facet, 0.15])),
        whole: 0.25,
        lexical: 0,
        missing: byView(share),
      };
      const kept = Uint8Array.from({ length: count }, () => Number(query % 2 === 0 || share() < 0.5));
      const asked: FusedRequest = { plan, cheap: { length: count, agreement, lexical: null }, vectors, kept };
      const said = estimates(drawn, kernel, asked);
      const width = 1 + Math.floor((share() * count) / 2);
      const chosen = kernel.coarse(asked, width).ordinals;
      const sorted = said.filter((_, i) => kept[i] === 1).sort((a, b) => b - a);
      const least = sorted[Math.min(width, sorted.length) - 1] ?? 0;
      expect(chosen).toHaveLength(Math.min(width, sorted.length));
      for (const [i, score] of said.entries()) {
        const isChosen = chosen.includes(i);
        if (isChosen && kept[i] !== 1) wrong.push(`${count}: ${i} was left out and is chosen`);
        if (kept[i] !== 1 || Math.abs(score - least) <= STEP) continue;
        told += 1;
        if (isChosen !== score > least) wrong.push(`${count}: ${i} says ${score} where ${least} is needed`);
      }
    }
  }
  expect(wrong).toEqual([]);
  expect(told).toBeGreaterThan(3_000);
});

test('tables of a query say what its signs say, to a hundredth', () => {
  fc.assert(
    fc.property(fc.nat(1_000), fc.nat(1_000), (query, row) => {
      const vector = vectorOf(query, 1);
      const tables = new Uint8Array(TABLE_BYTES);
      const { unit: step, offset } = tablesInto(vector, tables);
      const signs = vectorOf(row, 1);
      let [looked, plain] = [0, 0];
      for (let d = 0; d < DIMENSION; d += 4) {
        let pattern = 0;
        for (let at = 0; at < 4; at += 1) {
          const isNegative = (signs[d + at] ?? 0) < 0;
          pattern |= Number(isNegative) << at;
          plain += (isNegative ? -1 : 1) * (vector[d + at] ?? 0);
        }
        looked += tables[d * 4 + pattern] ?? 0;
      }
      expect(Math.abs(looked * step - offset - plain) / Math.sqrt(DIMENSION)).toBeLessThan(0.015);
      expect(Math.max(...tables)).toBe(31);
    }),
  );
});

test('a row fits just the codes that packing it gives', () => {
  const numbers = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -1, max: 1 }), {
    minLength: DIMENSION,
    maxLength: DIMENSION,
  });
  // As of a unit vector, of none, of one so short that its scale is a number that f32 holds badly.
  const length = fc.constantFrom(1, 0, 2 ** -120, 2 ** -140);
  const packed = (vectors: Float32Array): Uint8Array => {
    const codes = new Uint8Array(2 * CODED_ROW_BYTES);
    packInto(vectors, codes);
    return codes;
  };
  let refused = 0;
  fc.assert(
    fc.property(numbers, length, fc.nat(DIMENSION - 1), fc.nat(31), (drawn, scale, at, bit) => {
      const vectors = Float32Array.from([...drawn, ...drawn.toReversed()], (number) => number * scale);
      const codes = packed(vectors);
      expect(fitsCodes(vectors, 0, codes, 0)).toBe(true);
      expect(fitsCodes(vectors, 1, codes, 1)).toBe(true);
      const altered = vectors.slice();
      const bits = new Uint32Array(altered.buffer);
      bits[at] = (bits[at] ?? 0) ^ (1 << bit);
      // Of a number that is none nothing is packed.
      const fits = Number.isFinite(altered[at]) && Buffer.from(packed(altered)).equals(codes);
      expect(fitsCodes(altered, 0, codes, 0)).toBe(fits);
      if (!fits) refused += 1;
    }),
    { numRuns: 500 },
  );
  expect(refused).toBeGreaterThan(50);
});
