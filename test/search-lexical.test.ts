import fc from 'fast-check';
import { expect, test } from 'vitest';
import { extractCase } from '../core/cases/extract.ts';
import { packArrays, ReleaseFormatError } from '../core/search/binary.ts';
import {
  type Bm25,
  createLexicalBuilder,
  type LexicalIndex,
  type LexicalText,
  lexicalQuery,
  lexicalScores,
  lexicalTerms,
  lexicalText,
  readLexical,
  termsEarned,
} from '../core/search/lexical.ts';
import { SETTINGS } from '../core/search/settings.ts';
import { createTermTable, packTerms } from '../core/search/term-table.ts';
import { termCounts } from '../core/search/terms.ts';

const plain = (text: string): LexicalText => ({ text, findings: [] });
const read = (text: string): LexicalText => lexicalText(text, extractCase(text));

function indexOf(texts: readonly LexicalText[]): LexicalIndex {
  const builder = createLexicalBuilder();
  for (const text of texts) builder.add(text);
  return readLexical(builder.finish());
}

// Words that no vocabulary knows, so that a text says nothing in other words.
const WORDS = ['zorb', 'quix', 'vlam', 'brint', 'dwelk', 'sprag'];
const word = fc.constantFrom(...WORDS);
const corpora = fc.array(fc.array(word, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 8 });
const constants: fc.Arbitrary<Bm25> = fc.record({
  k1: fc.double({ min: 0.1, max: 3, noNaN: true }),
  b: fc.double({ min: 0, max: 1, noNaN: true }),
  k3: fc.oneof(fc.double({ min: 0, max: 50, noNaN: true }), fc.constant(Number.POSITIVE_INFINITY)),
  idfPower: fc.constantFrom(1, 1.5, 2),
});

test('the lexical leg is BM25 by the book, as a share of what no case can exceed, and tells which terms earned it', () => {
  fc.assert(
    fc.property(
      corpora,
      fc.array(fc.oneof(word, fc.constant('unmet')), { minLength: 1, maxLength: 8 }),
      constants,
      (corpus, asked, bm25) => {
        const { k1, b, k3, idfPower } = bm25;
        const index = indexOf(corpus.map((words) => plain(words.join(' '))));
        const query = lexicalQuery(index, plain(asked.join(' ')), bm25);
        const scores = lexicalScores(index, query, bm25);
        const mean = corpus.reduce((sum, text) => sum + text.length, 0) / corpus.length;
        const weight = (one: string) => {
          const having = corpus.filter((text) => text.includes(one)).length;
          const repeats = asked.filter((other) => other === one).length;
          const idf = Math.log(1 + (corpus.length - having + 0.5) / (having + 0.5));
          return (k3 === Number.POSITIVE_INFINITY ? repeats : ((k3 + 1) * repeats) / (k3 + repeats)) * idf ** idfPower;
        };
        const distinct = [...new Set(asked)];
        const most = distinct.reduce((sum, one) => sum + weight(one) * (k1 + 1), 0);
        for (const [i, text] of corpus.entries()) {
          const expected = distinct.reduce((sum, one) => {
            const count = text.filter((other) => other === one).length;
            return sum + (weight(one) * count * (k1 + 1)) / (count + k1 * (1 - b + (b * text.length) / mean));
          }, 0);
          expect(scores[i]).toBeCloseTo(expected / most, 5);
          const earned = termsEarned(index, query, i, bm25);
          expect(earned.map(({ term }) => term).sort()).toEqual(distinct.filter((one) => text.includes(one)).sort());
          expect(earned.reduce((sum, one) => sum + one.weight, 0)).toBeCloseTo(expected, 5);
        }
      },
    ),
  );
});

test('two searches at once do not share their scores', () => {
  const index = indexOf(['zorb quix', 'vlam zorb zorb'].map(plain));
  const first = lexicalScores(index, lexicalQuery(index, plain('zorb'), SETTINGS.bm25), SETTINGS.bm25);
  const copy = first.slice();
  lexicalScores(index, lexicalQuery(index, plain('vlam'), SETTINGS.bm25), SETTINGS.bm25);
  expect(first).toEqual(copy);
});

test('whatever the terms, each is found at its place in the order of their bytes, and no other is', () => {
  const term = fc.oneof(
    fc.string({ maxLength: 4 }),
    fc.string({ unit: 'grapheme', maxLength: 4 }),
    fc.constantFrom('\u{1f600}', '\ufb01', 'é'),
  );
  const terms = fc
    .uniqueArray(term, { maxLength: 40 })
    .map((all) => all.filter((one) => one !== '' && !/[\n\p{Cs}]/u.test(one)));
  fc.assert(
    fc.property(terms, fc.string({ maxLength: 4 }), (all, other) => {
      const { rank, packed } = packTerms(all);
      const table = createTermTable('terms', packed, all.length);
      for (const [i, one] of all.entries()) expect(table.get(one)).toBe(rank[i]);
      if (!all.includes(other)) expect(table.get(other)).toBeUndefined();
    }),
  );
});

test('a table of terms that are too few or out of order is refused', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  expect(() => createTermTable('terms', bytes('a\nb'), 3)).toThrow(ReleaseFormatError);
  expect(() => createTermTable('terms', bytes('b\na'), 2)).toThrow(ReleaseFormatError);
  expect(() => createTermTable('terms', bytes('a\na'), 2)).toThrow(ReleaseFormatError);
});

/** An index as releases had it that did not state a version. */
function firstVersion(texts: readonly string[], versioned: Record<string, Uint32Array> = {}): Uint8Array {
  const counts = texts.map(termCounts);
  const terms = [...new Set(counts.flatMap((one) => [...one.keys()]))].sort();
  const having = terms.map((term) => counts.flatMap((one, i) => (one.has(term) ? [i] : [])));
  const starts = [0];
  for (const cases of having) starts.push((starts.at(-1) ?? 0) + cases.length);
  return packArrays({
    ...versioned,
    terms: new TextEncoder().encode(terms.join('\n')),
    termStart: Uint32Array.from(starts),
    cases: Uint32Array.from(having.flat()),
    counts: Uint8Array.from(having.flatMap((cases, t) => cases.map((i) => counts[i]?.get(terms[t] ?? '') ?? 0))),
    lengths: Uint32Array.from(counts, (one) => [...one.values()].reduce((sum, count) => sum + count, 0)),
  });
}

test('a release of the first version is searched by the words and constants that it was made with', () => {
  const texts = ['dyspnoea dyspnoea and oedema', 'dyspnea at night', 'oedema of both legs and of the face'];
  const index = readLexical(firstVersion(texts));
  const query = lexicalQuery(index, read('oedema oedema and dyspnoea'), SETTINGS.bm25);
  expect(query.terms.map(({ term }) => term).sort()).toEqual(['dyspnoea', 'oedema']);
  const idf = (having: number) => Math.log(1 + (3 - having + 0.5) / (having + 0.5));
  expect(query.scoreMax).toBeCloseTo(1.9 * (2 * idf(2) + idf(1)), 6);
  const mean = (3 + 2 + 4) / 3;
  const second = (idf(2) * 2 * 1.9) / (1 + 0.9 * (0.6 + (0.4 * 4) / mean));
  expect(lexicalScores(index, query, SETTINGS.bm25)[2]).toBeCloseTo(second / query.scoreMax, 5);
});

test('an index of a version to come is refused', () => {
  expect(() => readLexical(firstVersion(['fever'], { version: Uint32Array.of(3) }))).toThrow(/version 3/);
});

/** Whether the first text is nearer to the question than a text that has nothing to do with it. */
function meets(question: string, text: string): boolean {
  const index = indexOf([read(text), read('A boy broke his arm while climbing a tree.')]);
  const scores = lexicalScores(index, lexicalQuery(index, read(question), SETTINGS.bm25), SETTINGS.bm25);
  return (scores[0] ?? 0) > 0 && scores[1] === 0;
}

test.each([
  ['myocardial infarction', 'He was admitted with an acute MI.'],
  ['MI', 'Myocardial infarction was diagnosed.'],
  ['SOB', 'She complained of dyspnoea.'],
  ['shortness of breath', 'She was dyspneic at rest.'],
  ['breathlessness', 'Severe dyspnea was present.'],
  ['haemoglobin', 'Hemoglobin electrophoresis was repeated.'],
  ['oesophageal tumour', 'An esophageal tumor was resected.'],
  ['hypokalaemia', 'Serum potassium was 2.1 mmol/L.'],
  ['serum potassium 2.1 mmol / l', 'The patient had severe hypokalemia.'],
  ['potassium of 8.2 mg/dL', 'Hypokalaemia was noted.'],
  ['hyponatremia', 'Sodium was 118 mEq/L.'],
  ['pulmonary embolism', 'CT angiography showed PE; he was anticoagulated.'],
  ['aortic stenosis', 'The murmur was that of severe AS.'],
  ['coved ST elevation in V1 and V2', 'A type I Brugada electrocardiogram pattern was seen.'],
  ['Brugada pattern', 'The ECG showed coved ST elevation.'],
])('%s meets "%s"', (question, text) => {
  expect(meets(question, text)).toBe(true);
});

const termsOfText = (text: string) => [...lexicalTerms(read(text)).keys()];

test.each([
  ['He denied shortness of breath.', 'dyspnea'],
  ['There was no MI.', 'myocardi'],
  ['His father had an MI at 40.', 'myocardi'],
  ['Moderate mitral insufficiency (MI) was seen; MI increased.', 'myocardi'],
  ['Potassium was 4.1 mmol/L.', 'hypokalemia'],
  ['The ECG showed no coved ST elevation.', 'brugada'],
  ['AS the pain grew worse he came back.', 'stenosi'],
  ['MS was excluded by mass spectrometry.', 'sclerosi'],
  ['aerobic vertebrae toe does', 'erob'],
])('"%s" does not say %s', (text, term) => {
  expect(termsOfText(text)).not.toContain(term);
});

test.each([
  ['Serum K+ was 2.1 mmol/L.', 'Serum K+ was 2.1 mmol / l.'],
  ['Blood pressure was 120/80 mm Hg.', 'Blood pressure was 120/80 mmHg.'],
])('"%s" and "%s" have the same terms', (one, other) => {
  expect(termsOfText(one).sort()).toEqual(termsOfText(other).sort());
});

test('a name that is said in other words counts once, however often they are said', () => {
  const told = lexicalTerms(read(`${'She was short of breath. '.repeat(5)}`));
  expect(told.get('dyspnea')).toBe(1);
});
