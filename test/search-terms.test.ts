import fc from 'fast-check';
import { expect, test } from 'vitest';
import { placedTerms, spelledTermsOf, termsOf } from '../core/search/terms.ts';

test.each([
  ['Ménière’s disease', 'meniere disease'],
  ['β-blocker', 'beta blocker'],
  ['Arrhythmias', 'arrhythmia'],
  ['ST-SEGMENT elevations', 'st segment elevation'],
  ['ﬁbrillation', 'fibrillation'],
  ['haemorrhagic\u00a0shock', 'haemorrhagic shock'],
])('%s is looked up as %s', (written, plain) => {
  expect(termsOf(written).filter((term) => term.length > 1)).toEqual(termsOf(plain));
});

test('small numbers are words, since trisomy 21 is not trisomy 13; long ones and stop words are not', () => {
  expect(termsOf('trisomy 21')).toContain('21');
  expect(termsOf('the 123456789 of')).toEqual([]);
});

test('a word of any length becomes a short term', () => {
  expect(termsOf('a'.repeat(100_000))[0]?.length).toBeLessThanOrEqual(32);
});

const odd = fc.constantFrom(
  'Ménière’s',
  'Me\u0301nie\u0300re',
  'β-blocker',
  'ST-ELEVATION (V1)',
  '120/80 mmHg,',
  'Oedema',
  '\u0010x\u0000',
);

test('words that are found for quoting are the words that are indexed', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.lorem({ maxCount: 5 }), odd), { maxLength: 8 }), (parts) => {
      const text = parts.join(' ');
      const placed = [...placedTerms(text)];
      expect(placed.map(({ term }) => term)).toEqual(spelledTermsOf(text));
      for (const { word, start } of placed) expect(text.slice(start, start + word.length)).toBe(word);
    }),
  );
});
