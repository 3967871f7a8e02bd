import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { extractCase } from '../core/cases/extract.ts';
import { fitBuiltin, loadBuiltin } from '../core/models/builtin.ts';
import type { Embedder } from '../core/models/ports.ts';
import { alikeAmong } from '../core/search/alike.ts';
import type { Query } from '../core/search/query.ts';
import type { Release } from '../core/search/release.ts';
import { SETTINGS } from '../core/search/settings.ts';
import { understoodShare } from '../core/search/understood.ts';
import { releaseInMemory, type SourceText, sampleTexts } from './support/release-in-memory.ts';

const samples = sampleTexts(12);
const original = samples[3]?.text ?? '';
const texts: readonly SourceText[] = [...samples, { id: 'z-copy', text: `${original} He was discharged.` }];
let embedder: Embedder;
let release: Release;
beforeAll(async () => {
  embedder = loadBuiltin(fitBuiltin(texts.map(({ text }) => text)));
  release = await releaseInMemory(texts, embedder);
});
const ordinalOf = (id: string): number => release.cards.ordinalOf(id) ?? -1;
const signalsOf = (whole: readonly number[] | null, lexical: readonly number[] | null, length: number) => ({
  length,
  dense: whole ? { whole: Float32Array.from(whole) } : {},
  agreement: {},
  lexical: lexical ? Float32Array.from(lexical) : null,
});
const places = (ids: readonly string[], whole: readonly number[] | null, lexical: readonly number[] | null) =>
  alikeAmong(release, ids.map(ordinalOf), signalsOf(whole, lexical, ids.length), SETTINGS.fold);

describe('nearly one text', () => {
  const ids = () => [samples[0]?.id ?? '', samples[3]?.id ?? '', samples[5]?.id ?? '', 'z-copy'];
  const even = [0.5, 0.5, 0.5, 0.5];

  test('a copy is like its original and no other case, although all stand alike to the query', async () => {
    const alike = await places(ids(), even, even);
    const found = [0, 1, 2, 3].flatMap((a) => [0, 1, 2, 3].filter((b) => alike(a, b)).map((b) => [a, b]));
    expect(found).toEqual([[1, 3]]);
  });

  test.each([
    ['in whole', [0.5, 0.5, 0.5, 0.56], even],
    ['by words', even, [0.5, 0.5, 0.5, 0.44]],
    ['without a whole text', null, even],
    ['without words', even, null],
  ] as const)('what stands otherwise to the query %s is not looked at', async (_, whole, lexical) => {
    const alike = await places(ids(), whole, lexical);
    expect(alike(1, 3)).toBe(false);
  });

  test('either measure can refuse alone', async () => {
    for (const change of [{ cosineMin: 1.01 }, { containmentMin: 1.01 }]) {
      const fold = { ...SETTINGS.fold, ...change };
      const alike = await alikeAmong(release, ids().map(ordinalOf), signalsOf(even, even, 4), fold);
      expect(alike(1, 3)).toBe(false);
    }
  });

  test('in whatever order cases come, the pair is told by its earlier and later place', async () => {
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(texts.map(({ id }) => id)), async (order) => {
        const level = order.map(() => 0.5);
        const alike = await places(order, level, level);
        const [a, b] = [order.indexOf(samples[3]?.id ?? ''), order.indexOf('z-copy')];
        for (let later = 0; later < order.length; later += 1)
          for (let earlier = 0; earlier < later; earlier += 1) {
            const isPair = earlier === Math.min(a, b) && later === Math.max(a, b) && a >= 0 && b >= 0;
            expect(alike(earlier, later)).toBe(isPair);
          }
      }),
      { numRuns: 30 },
    );
  });
});

describe('what was understood of a query', () => {
  const queryOf = (text: string, isByFacet = false): Query => {
    const extracted = extractCase(text);
    const sourceOf = () => extracted.text;
    return { text: extracted.text, extracted, vectors: {}, sourceOf, ordinal: null, isByFacet };
  };
  const share = (text: string, isByFacet = false) => understoodShare(queryOf(text, isByFacet), release.lexical);

  test.each([
    ['a finding and nothing else is all of it', 'fever', 1],
    ['words that are no finding are next to none', 'zyxomatous quibbles', 0.05],
    ['what is denied ranks nothing', 'No fever.', 0.05],
    ['no word at all leaves nothing out', '…', 1],
  ])('%s', (_, text, expected) => {
    expect(share(text)).toBe(expected);
  });

  test('rare words that are not understood weigh more than common ones', () => {
    const common = share('fever, he was given much water');
    expect(share('fever, zyxomatous quibbles')).toBeLessThan(share('fever, patient'));
    expect(common).toBeLessThan(1);
  });

  test('a query by facets was understood by whoever wrote it', () => {
    expect(share('zyxomatous quibbles', true)).toBe(1);
  });

  test('is in twentieths of (0, 1], and no more for words that nobody understands', () => {
    const word = fc.constantFrom(
      'fever',
      'syncope',
      'chest pain',
      'zyxomatous',
      'water',
      'brother',
      'ST elevation',
      'no',
    );
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 12 }), (words) => {
        const text = words.join(', ');
        const given = share(text);
        expect(given).toBeGreaterThan(0);
        expect(given).toBeLessThanOrEqual(1);
        expect(given * 20).toBeCloseTo(Math.round(given * 20), 9);
        expect(share(`${text}. Quibbles.`)).toBeLessThanOrEqual(given);
      }),
      { numRuns: 60 },
    );
  });
});
