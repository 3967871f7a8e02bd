import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { splitPatients } from '../core/cases/patients.ts';
import { readDocument } from '../core/sources/record.ts';

const shared = fileURLToPath(new URL('../../shared/data/', import.meta.url));
const absent = !existsSync(shared);
const FIRST =
  'A 45-year-old man presented with fever and a rash of two weeks. He was treated with doxycycline and recovered within ten days.';
const SECOND =
  'A 30-year-old woman complained of headache and vomiting since the day before. Lumbar puncture showed pleocytosis and she improved.';
const p = (text: string): string => `<p>${text}</p>`;
const sec = (title: string, inside: string): string => `<sec><title>${title}</title>${inside}</sec>`;
const two = (first: string, second: string, inside: (story: string) => string = p): string =>
  sec(first, inside(FIRST)) + sec(second, inside(SECOND));

function textOf(body: string): string {
  const xml = `<article article-type="case-report"><front><article-meta><title-group><article-title>Two patients: a case series</article-title></title-group><abstract><p>We report two patients with rare diseases.</p></abstract></article-meta></front><body>${sec('Introduction', p('These diseases are rare and were described in a few reports of other authors.'))}${body}${sec('Discussion', p('Both patients lived. The first patient had a rash. Rashes are common in this disease.'))}</body></article>`;
  const reading = readDocument('jats', new TextEncoder().encode(xml), 'x');
  if (reading.kind === 'refused') throw new Error(reading.detail);
  return reading.record.text;
}

test.each([
  ['Case 1', two('Case 1', 'Case 2')],
  ['2.1 Case 1', two('2.1 Case 1', '2.2 Case 2')],
  ['Case A', two('Case A', 'Case B')],
  ['CASE I', two('CASE I', 'CASE II')],
  ['Case no. 1', two('Case no. 1', 'Case no. 2')],
  ['Case presentation 1', two('Case presentation 1', 'Case presentation 2')],
  ['Case description 1', two('Case description 1', 'Case description 2')],
  ['Clinical case 1', two('Clinical case 1', 'Clinical case 2')],
  ['Case 1: fever', two('Case 1: fever and rash', 'Case 2: headache')],
  ['The first patient', two('The first patient', 'The second patient')],
  ['Patient 2 (sister)', two('Patient 1 (index)', 'Patient 2 (sister)')],
  ['Child 1', two('Child 1', 'Child 2')],
  ['Proband 1', two('Proband 1', 'Proband 2')],
  ['within Case presentation', sec('Case presentation', two('Case 1', 'Case 2'))],
  [
    'with parts and a discussion each',
    two('Case 1', 'Case 2', (story) => sec('History', p(story)) + sec('Discussion', p('This was unusual.'))),
  ],
  [
    'as the first words of paragraphs',
    sec('Cases', p(`<bold>Case 1.</bold> ${FIRST}`) + p(`<bold>Case 2.</bold> ${SECOND}`)),
  ],
])('the patients of an article are told apart by its sections: %s', (_, body) => {
  const parts = splitPatients(textOf(body));
  expect(parts).toHaveLength(2);
  expect(parts.map(({ text }) => text.includes('doxycycline'))).toEqual([true, false]);
  expect(parts.map(({ text }) => text.includes('pleocytosis'))).toEqual([false, true]);
  expect(parts.some(({ text }) => text.includes('Rashes are common'))).toBe(false);
});

test('a table of reports by others makes no patients', () => {
  const row = (number: number, age: string) =>
    `<tr><td>${number}</td><td>${age}</td><td>Fever and a rash that lasted for weeks and went with doxycycline</td></tr>`;
  const table = `<table-wrap><table><thead><tr><th>Case</th><th>Patient</th><th>Course</th></tr></thead><tbody>${row(1, 'a 61-year-old man')}${row(2, 'a 33-year-old woman')}</tbody></table></table-wrap>`;
  expect(splitPatients(textOf(sec('Case report', p(FIRST) + table)))).toHaveLength(1);
});

test.skipIf(absent)(
  'of 128 narratives of several patients at least 97 are told apart (skipped without the shared data)',
  () => {
    const ids = new Set<string>(JSON.parse(readFileSync(`${shared}traps/multi_patient_ids.json`, 'utf8')));
    const rows = readFileSync(`${shared}corpus/cases_e3c.jsonl`, 'utf8')
      .trim()
      .split('\n')
      .map((line): { id: string; text: string } => JSON.parse(line));
    const apart = rows.filter(({ id }) => ids.has(id)).filter(({ text }) => splitPatients(text).length > 1).length;
    console.info(`multi-patient: ${apart} of ${ids.size} told apart`);
    expect(apart).toBeGreaterThanOrEqual(97);
  },
);
