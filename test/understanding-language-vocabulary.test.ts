import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { EXTRACTOR_VERSION, extractCase, extractorVersion } from '../core/cases/extract.ts';
import { registerVocabulary, VocabularyInUseError } from '../core/cases/vocabulary.ts';
import { VocabularyFileError } from '../core/cases/vocabulary-error.ts';
import { parseVocabularyFile, parseVocabularyLines, readVocabulary } from '../core/cases/vocabulary-file.ts';
import { sha256Hex } from '../core/hash.ts';

const fixture = (name: string) => readFileSync(new URL(`fixtures/understanding/${name}`, import.meta.url), 'utf8');
const TABS = [
  '# our own words',
  '',
  'Moonlit gait\twalking as under the moon|lunar gait\tsymptom\tHP:9000002',
  'glimmerol\t\tmedicine',
  '{"term":"Glass fever","synonyms":["vitreous fever"],"kind":"symptom"}',
].join('\n');

const loadVocabulary = async (text: string) => readVocabulary(text, await sha256Hex(text));
const symptoms = (text: string, vocabulary: Awaited<ReturnType<typeof loadVocabulary>>) =>
  extractCase(text, vocabulary).facets.symptoms?.findings ?? [];

// First of the file: after any text is read, no vocabulary may be registered.
test('a vocabulary is registered once, before the first text, and is part of the fingerprint', async () => {
  const own = await loadVocabulary(TABS);
  const other = await loadVocabulary('Other sign\t\tsymptom');
  registerVocabulary(own);
  expect(extractorVersion()).toBe(`${EXTRACTOR_VERSION}+${own.hash?.slice(0, 12)}`);
  expect(extractCase('He had a lunar gait.').facets.symptoms?.findings[0]?.term).toBe('moonlit gait');
  expect(() => registerVocabulary(own)).not.toThrow();
  expect(() => registerVocabulary(other)).toThrow(VocabularyInUseError);
});

test('terms of a file are found by name and synonym, with their code, in what follows the assertion of the text', async () => {
  const vocabulary = await loadVocabulary(TABS);
  const text = 'He had a lunar gait for 3 weeks but no vitreous fever.';
  const [gait, fever] = symptoms(text, vocabulary);
  expect(gait).toMatchObject({ term: 'moonlit gait', assertion: 'present', code: 'HP:9000002', durationDays: 21 });
  expect(text.slice(...(gait?.span ?? [0, 0]))).toBe('lunar gait');
  expect(fever).toMatchObject({ term: 'glass fever', assertion: 'absent' });
  expect(fever?.code).toBeUndefined();
  const demographics = extractCase('She was taking glimmerol 5 mg daily.', vocabulary).facets.demographics?.findings;
  expect(demographics?.find((one) => one.term === 'glimmerol')).toMatchObject({ value: 5, unit: 'mg' });
});

test.each([
  ['name\tx\tno such kind', 1, 'kind'],
  ['# fine\n\nname only', 3, 'kind'],
  ['a b\t\tsymptom\tHP 1', 1, 'code'],
  ['a\tb\tsymptom\tHP:1\tmore', 1, 'columns'],
  ['ok\t\tsymptom\n{"term":', 2, 'JSON'],
  ['{"term":"a","kind":"symptom","colour":"red"}', 1, 'fields'],
  ['\tsynonym\tsymptom', 1, 'term'],
] as const)('a bad line is told with its number and remedy: %j', (text, line, problem) => {
  let thrown: unknown;
  try {
    parseVocabularyLines(text);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(VocabularyFileError);
  expect(thrown).toMatchObject({
    line,
    message: expect.stringContaining(problem),
    remedy: expect.stringContaining('TAB'),
  });
});

test.each(['small.obo', 'small-obographs.json'])(
  'an ontology brings names, exact synonyms and codes: %s',
  async (name) => {
    const terms = parseVocabularyFile(fixture(name));
    expect(terms.map((term) => [term.term, term.code, term.phrases.length])).toEqual([
      ['dyspnea', 'HP:9000001', 2],
      ['moonlit gait', 'HP:9000002', 2],
    ]);
    const vocabulary = await loadVocabulary(fixture(name));
    const text =
      'She had shortness of breath, breathlessness on stairs and a gait of her own: walking as under the moon. No short wind.';
    const found = symptoms(text, vocabulary).map((one) => [one.term, one.code]);
    // The built-in name stays; what only the built-in words know takes the code of that name.
    expect(found).toContainEqual(['dyspnea', 'HP:9000001']);
    expect(found.filter(([term]) => term === 'dyspnea').every(([, code]) => code === 'HP:9000001')).toBe(true);
    expect(found).toContainEqual(['moonlit gait', 'HP:9000002']);
  },
);

test.each([
  ['[Term]\nname: nameless', 1, 'no id'],
  ['[Term]\nid: HP:1\nname: one\nsynonym: unquoted EXACT []', 4, 'quotation'],
  ['[Term]\nid: HP:1\nname one', 3, 'tag'],
] as const)('a broken ontology is told with its line: %j', (text, line, problem) => {
  expect(() => parseVocabularyFile(text)).toThrow(VocabularyFileError);
  expect(() => parseVocabularyFile(text)).toThrow(new RegExp(`Line ${line} .*${problem}`));
});

test('words that turn assertions cannot be taken by a vocabulary', async () => {
  const vocabulary = await loadVocabulary('Denial\tno|denied|history of\tsymptom\tHP:9000009');
  expect(symptoms('She denied fever. He had no cough.', vocabulary).map((one) => [one.term, one.assertion])).toEqual([
    ['fever', 'absent'],
    ['cough', 'absent'],
  ]);
});

test('without a vocabulary of its own a text is read as ever, and carries no codes', async () => {
  const vocabulary = await loadVocabulary(TABS);
  const text = 'A 54-year-old woman had fever and no cough for 3 days. Troponin I was 12 ng/mL.';
  expect(extractCase(text, vocabulary)).toEqual(extractCase(text));
});
