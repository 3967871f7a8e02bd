import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BUILTIN_NAME, fitBuiltin, loadBuiltin, ModelError } from '../core/models/builtin.ts';
import { DIMENSION } from '../core/models/ports.ts';
import { sampleTexts } from './support/release-in-memory.ts';

const WORDS = 20;
const TEXTS = 16;

/** Texts on two subjects of 20 words each: a text has the ten words of its subject that lie at its place on a circle. */
const texts = ['heart', 'gut'].flatMap((subject) =>
  Array.from({ length: TEXTS }, (_, i) =>
    Array.from({ length: WORDS }, (_unused, j) => `${subject}${j}x`)
      .filter((_word, j) => (j * 7 + i * 3) % WORDS < WORDS / 2)
      .join(' '),
  ),
);

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);

async function embedOne(model: ReturnType<typeof fitBuiltin>, text: string): Promise<Float32Array> {
  const [vector] = await loadBuiltin(model).embed([text]);
  if (!vector) throw new Error('no vector');
  return vector;
}

test('every known text gets a unit vector of the product width, and the embedder carries its model name', async () => {
  const model = fitBuiltin(texts);
  const embedder = loadBuiltin(model);
  const vectors = await embedder.embed(texts);
  expect(vectors).toHaveLength(texts.length);
  for (const vector of vectors) {
    expect(vector).toHaveLength(DIMENSION);
    expect(Math.sqrt(dot(vector, vector))).toBeCloseTo(1, 5);
  }
  expect(embedder.name).toBe(BUILTIN_NAME);
  expect(embedder.fingerprint).toBe(model.fingerprint);
  expect(model.fittedOn).toBe(texts.length);
});

test('a text without a known word gets the zero vector', async () => {
  const model = fitBuiltin(texts);
  for (const text of ['', 'heart99x', 'the and of', '心电图']) {
    expect((await embedOne(model, text)).every((value) => value === 0)).toBe(true);
  }
});

test('texts of one subject are nearer than those of another, even without a common word', async () => {
  const model = fitBuiltin(texts);
  const query = await embedOne(model, 'heart0x heart3x heart6x');
  expect(dot(query, await embedOne(model, 'heart9x heart1x heart12x'))).toBeGreaterThan(
    dot(query, await embedOne(model, 'gut9x gut1x gut12x')) + 0.2,
  );
});

test('the same texts in any order give the same model, bit for bit', () => {
  const prose = sampleTexts(24).map(({ text }) => text);
  const expected = fitBuiltin(prose);
  fc.assert(
    fc.property(fc.shuffledSubarray(prose, { minLength: prose.length }), (shuffled) => {
      const model = fitBuiltin(shuffled);
      expect(model.fingerprint).toBe(expected.fingerprint);
      expect(model.bytes).toEqual(expected.bytes);
    }),
    { numRuns: 10 },
  );
});

test('other texts give another fingerprint', () => {
  expect(fitBuiltin(texts.slice(1)).fingerprint).not.toBe(fitBuiltin(texts).fingerprint);
});

test('repeated texts are no error: every number stays finite', async () => {
  const model = fitBuiltin([...texts, ...texts, ...texts]);
  const vectors = await loadBuiltin(model).embed(texts);
  for (const vector of vectors) expect(Math.sqrt(dot(vector, vector))).toBeCloseTo(1, 5);
});

test('a model of no texts knows no word', async () => {
  expect((await embedOne(fitBuiltin([]), 'syncope')).every((value) => value === 0)).toBe(true);
});

test('a model with one bit changed, cut short or of another program is refused', () => {
  const model = fitBuiltin(texts);
  fc.assert(
    fc.property(fc.nat(model.bytes.length - 1), fc.nat(7), (at, bit) => {
      const bytes = model.bytes.slice();
      bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
      expect(() => loadBuiltin({ ...model, bytes })).toThrow(ModelError);
    }),
    { numRuns: 50 },
  );
  expect(() => loadBuiltin({ ...model, bytes: model.bytes.slice(0, -1) })).toThrow(ModelError);
  expect(() => loadBuiltin({ ...model, bytes: new Uint8Array(0) })).toThrow(ModelError);
});
