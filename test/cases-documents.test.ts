import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitPatients } from '../core/cases/patients.ts';
import { screenDocument } from '../core/cases/screen.ts';

const SHARED = new URL('../../shared/data/', import.meta.url);
const absent = !existsSync(SHARED);

type Row = { readonly id: string; readonly text: string };
function rows(file: string): readonly Row[] {
  const lines = readFileSync(new URL(file, SHARED), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Row); // as the data's README describes it
}

const CASE =
  'A 54-year-old woman presented with fever and chest pain. She was admitted and treated with antibiotics, and recovered.';

test.each([
  ['', 'too_short'],
  ['Chest pain.', 'too_short'],
  [
    'Une femme de 54 ans a été admise pour une fièvre et des douleurs thoraciques. Elle a été traitée par des antibiotiques et a guéri.',
    'not_english',
  ],
  [
    'The committee met on a warm afternoon to talk about the new bridge over the river, and the mayor was of the opinion that it is too dear.',
    'no_case',
  ],
  [
    `Skip to main content. Sign in. ${CASE} Share on Facebook. We use cookies, see our cookies policy. Privacy policy. Contact us.`,
    'web_page',
  ],
  [`<html><body><div class="a"><p>${CASE}</p></div></body></html>`, 'web_page'],
] as const)('set aside: %s', (text, reason) => {
  expect(screenDocument(text)).toMatchObject({ kind: 'set_aside', reason });
});

test.each([
  'We report two cases of peroneal pseudoaneurysm that came after removal of a clot and were closed with coils through a catheter.',
  'Herein we report two Brazilian brothers who carried two truncating mutations of one gene and lost most of its protein by decay.',
  'All children walked better and the patella was more stable; the mean follow-up was 64 months, the shortest one 27 months.',
  'A 35-year-old man whose dog had bitten him, and who kept other dogs, came with fever and a wound of the left hand to our hospital.',
])('in doubt a text is a case: %s', (text) => {
  expect(screenDocument(text)).toEqual({ kind: 'accepted' });
});

test('a report on animals alone is no case', () => {
  const text =
    'A 7-year-old spayed dog was presented for laboured breathing and fever. Computed tomography of the dog showed a thoracic mass, and necropsy confirmed a sarcoma.';
  expect(screenDocument(text)).toMatchObject({ kind: 'set_aside', reason: 'no_case' });
});

test('a case is accepted, and whoever is refused is told what was seen', () => {
  expect(screenDocument(CASE)).toEqual({ kind: 'accepted' });
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (text) => {
      const screening = screenDocument(text);
      if (screening.kind === 'set_aside') expect(screening.detail.length).toBeGreaterThan(10);
    }),
  );
});

test.skipIf(absent)('other languages and whole web pages are refused (skipped without the shared data)', () => {
  for (const row of rows('traps/non_english.jsonl'))
    expect([row.id, screenDocument(row.text)]).toMatchObject([row.id, { reason: 'not_english' }]);
  for (const row of rows('traps/scraped_page_text.jsonl'))
    expect([row.id, screenDocument(row.text)]).toMatchObject([row.id, { reason: 'web_page' }]);
});

test.skipIf(absent)('fewer than 1 in 100 English narratives is refused (skipped without the shared data)', () => {
  const all = rows('corpus/cases_e3c.jsonl');
  expect(all.filter((row) => screenDocument(row.text).kind === 'set_aside').length / all.length).toBeLessThan(0.01);
});

const FIRST =
  'A 45-year-old man presented with fever and a rash of two weeks. He was treated with doxycycline and recovered within ten days.';
const SECOND =
  'A 30-year-old woman complained of headache and vomiting since the day before. Lumbar puncture showed pleocytosis and she improved.';

test.each([
  [`We report two patients. Case 1: ${FIRST} Case 2: ${SECOND}`],
  [`Case 1\n${FIRST}\n\nCase 2\n${SECOND}`],
  [`Patient A. ${FIRST} Patient B. ${SECOND}`],
  [`The first patient was seen in May. ${FIRST} The second patient was seen in June. ${SECOND}`],
  [`${FIRST} The second patient was seen in June. ${SECOND}`],
  [`(Case 1) ${FIRST} (Case 2) ${SECOND}`],
  [`Case 1\n${FIRST.slice(0, -1)}\nCase 2\n${SECOND}`],
  [`Case 1: ${FIRST.slice(0, -1)} Case 2: ${SECOND}`],
  [
    'Case 1 was a man of 45 years with a rash of two weeks that went with doxycycline, and case 2 was a woman of 30 years with vomiting whose lumbar puncture showed pleocytosis.',
  ],
])('two patients are told apart: %s', (text) => {
  const parts = splitPatients(text);
  expect(parts).toHaveLength(2);
  expect(parts[0]?.text).toContain('doxycycline');
  expect(parts[0]?.text).not.toContain('headache');
  expect(parts[1]?.text).toContain('pleocytosis');
});

test('a text that counts its patients twice goes on about each of them', () => {
  const parts = splitPatients(
    `The first patient was seen in May. ${FIRST} The second patient was seen in June. ${SECOND} In the first patient the rash of the trunk did not come back. In the second patient vomiting returned once.`,
  );
  expect(parts.map(({ text }) => /come back/.test(text))).toEqual([true, false]);
  expect(parts.map(({ text }) => /returned once/.test(text))).toEqual([false, true]);
});

test('what is said of both patients at the end is left out', () => {
  const parts = splitPatients(`Case 1: ${FIRST} Case 2: ${SECOND} Both patients gave consent to this report.`);
  expect(parts.at(-1)?.text).not.toContain('consent');
});

test.each([
  [FIRST],
  [`${FIRST} As in case 2 of the earlier series, doxycycline helped. The second admission was short.`],
  [`Patient 37 years, female. ${FIRST}`],
  ['Case 1 was a man and case 2 was a woman. Both had fever.'],
  [`${FIRST} The drug helped, and the second patient of that series was a child.`],
  [`${FIRST} Patient 1 and 2 of another report had the same rash, and in case 3 of that report it came back.`],
])('one patient stays one: %s', (text) => {
  expect(splitPatients(text)).toEqual([{ text, label: null }]);
});

test('no part is empty, and every line of a part is a piece of the text', () => {
  const pieces = fc.constantFrom(
    'Case 1: ',
    'Case 2: ',
    'Patient A ',
    'The second patient ',
    `${FIRST} `,
    `${SECOND} `,
    '\n\n',
    'Discussion\n',
    '; ',
    'Both patients died. ',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 20 }), (list) => {
      const text = list.join('');
      for (const part of splitPatients(text)) {
        for (const line of part.text.split('\n')) expect(text).toContain(line);
        if (part.label !== null) expect(part.text.length).toBeGreaterThan(0);
      }
    }),
  );
});
