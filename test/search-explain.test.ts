import { describe, expect, test } from 'vitest';
import { extractCase } from '../core/cases/extract.ts';
import { explainFacet } from '../core/search/explain.ts';
import { FACETS, type Facet } from '../schema/vocabulary.ts';

type Kind = 'matched' | 'contradicted' | 'missing';

/** Where a term of the query came out: kind, what the case calls it, and the words of both sides. */
function explained(query: string, told: string, term: string) {
  const asked = { extracted: extractCase(query), sourceOf: () => query };
  const stored = { extracted: extractCase(told) };
  const found = FACETS.flatMap((facet: Facet) => {
    const explanation = explainFacet(asked, stored, facet);
    return (['matched', 'contradicted', 'missing'] as const).flatMap((kind: Kind) =>
      explanation[kind].filter((match) => match.term === term).map((match) => ({ kind, facet, match })),
    );
  });
  expect(found).toHaveLength(found.length === 0 ? 0 : 1);
  return found[0];
}

describe('a finding of the query is explained by what the case says of it', () => {
  test.each([
    // As it is called, and as it is measured
    ['Sodium was 118 mmol/L.', 'There was hyponatremia.', 'sodium', 'matched', 'hyponatremia'],
    ['There was hyponatremia.', 'Sodium was 121 mmol/L.', 'hyponatremia', 'matched', 'sodium'],
    [
      'The ECG showed a QTc of 520 ms.',
      'The ECG showed a prolonged QT interval.',
      'qtc interval',
      'matched',
      'prolonged qt interval',
    ],
    ['The ECG showed QT prolongation.', 'The QTc was 530 ms.', 'prolonged qt interval', 'matched', 'qtc interval'],
    ['His temperature was 39.6 °C.', 'He had fever.', 'body temperature', 'matched', 'fever'],
    ['There was sinus tachycardia on the ECG.', 'She was tachycardic.', 'sinus tachycardia', 'matched', 'tachycardia'],
    // The other side of the range
    ['Sodium was 118 mmol/L.', 'There was hypernatremia.', 'sodium', 'contradicted', 'hypernatremia'],
    ['There was hyponatremia.', 'Sodium was 140 mmol/L.', 'hyponatremia', 'contradicted', 'sodium'],
    ['There was hyponatremia.', 'There was hypernatremia.', 'hyponatremia', 'contradicted', 'hypernatremia'],
    // Denied
    ['Sodium was 118 mmol/L.', 'There was no hyponatremia.', 'sodium', 'contradicted', 'hyponatremia'],
    ['There was no hyponatremia.', 'Sodium was 118 mmol/L.', 'hyponatremia', 'contradicted', 'sodium'],
    ['Sodium was 140 mmol/L.', 'There was no hyponatremia.', 'sodium', 'missing', null],
    ['There was no hyponatremia.', 'Sodium was 140 mmol/L.', 'hyponatremia', null, null],
    // Of another, or without a side
    ['Sodium was 118 mmol/L.', 'His mother had hyponatremia.', 'sodium', 'missing', null],
    ['There was anemia.', 'Hemoglobin was remarkable.', 'anemia', 'missing', null],
    // What was there at one time and not at another
    [
      'Sodium was 118 mmol/L.',
      'There was hyponatremia. On day 5 sodium was 140 mmol/L.',
      'sodium',
      'matched',
      'hyponatremia',
    ],
    // A kind of it
    [
      'He had a seizure.',
      'He had an absence seizure. He had no history of seizures.',
      'seizure',
      'matched',
      'absence seizure',
    ],
    ['He had a seizure.', 'He denied an absence seizure.', 'seizure', 'missing', null],
    ['He had a seizure.', 'He had no seizures.', 'seizure', 'contradicted', 'seizure'],
    ['He had an absence seizure.', 'He had a seizure.', 'absence seizure', 'missing', null],
    ['Calcium was 3.1 mmol/L.', 'Urine calcium was 3.2 mmol/L.', 'calcium', 'missing', null],
    ['He had edema.', 'He had papilledema.', 'edema', 'missing', null],
  ] as const)('%s / %s: %s is %s (%s)', (query, told, term, kind, called) => {
    const found = explained(query, told, term);
    expect(found?.kind ?? null).toBe(kind);
    expect(found?.match.case_term ?? null).toBe(called);
    if (!found) return;
    const { case: words, case_span: span, query: asked, query_span: askedAt } = found.match;
    expect(askedAt && query.slice(...askedAt)).toBe(asked);
    expect(span && told.slice(...span)).toBe(words);
  });

  test('a case whose text may not be shown names the finding and gives no words', () => {
    const query = 'Sodium was 118 mmol/L.';
    const asked = { extracted: extractCase(query), sourceOf: () => query };
    const stored = { extracted: extractCase('There was hyponatremia.'), withheld: 'licence' as const };
    const [match] = explainFacet(asked, stored, 'labs').matched;
    expect([match?.term, match?.case_term, match?.case, match?.case_span]).toEqual([
      'sodium',
      'hyponatremia',
      null,
      null,
    ]);
  });
});
