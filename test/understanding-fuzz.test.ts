import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Finding, Span } from '../core/cases/case.ts';
import { extractCase } from '../core/cases/extract.ts';
import { splitPatients } from '../core/cases/patients.ts';
import { screenDocument } from '../core/cases/screen.ts';
import { distillByRules } from '../core/models/rules.ts';
import type { StoredCase } from '../core/search/archive.ts';
import { answerOf } from '../core/search/case-answer.ts';
import { ASSERTIONS, FACETS, OUTCOME_STATUSES, RARITY_CRITERIA } from '../schema/vocabulary.ts';
import { casePage } from '../space/pages/case-page.ts';

const CONTROLS = [
  '\u0000',
  '\u0007',
  '\u001b[31m',
  '\u007f',
  '\u0085',
  '\u200b',
  '\u202e',
  '\u2028',
  '\ufeff',
  '\ufffe',
];
const LONE = ['\ud83d', '\udc00', '\udc00\ud83d'];
const BLANKS = [' ', '\u00a0', '\u2005', '\t', '\n', '\r\n', '\n\n'];
// Words and signs that the readers act on, so that a draw reaches past the first test of each of them.
const CLINICAL = (
  'A 45-year-old man woman presented with had no denied without possible probable fever cough chest pain family history of mother ' +
  'troponin I was 8.2 ng/L (reference <26) potassium 2.9 mmol/L 135 mg/dL haemoglobin 9.8 g/dl BP 120/80 mmHg temperature 39 °C pulse 104 bpm ' +
  'ECG showed ST elevation of 3 mm in V1 to V3 QTc 480 ms sinus rhythm CT MRI echocardiography LVEF 35 % mass 3 x 4 cm was diagnosed with ' +
  'Brugada syndrome rare 1 in 20,000 first case treated aspirin 100 mg daily surgery died recovered after 6 months follow-up on admission day 3 ' +
  'negative positive normal elevated low ( ) [ ] , ; : . - – / < > ≥ ± % Case 1 Case 2 Discussion Conclusion 1e309 999999999999999999999 0 -0 1/0 ' +
  'constructor __proto__ toString'
).split(' ');

const word = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...CLINICAL) },
  { weight: 1, arbitrary: fc.constantFrom(...CONTROLS, ...LONE) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 6 }) },
);
const prose = fc
  .array(fc.tuple(word, fc.constantFrom(...BLANKS, ' ', ' ', ' ', ' ')), { maxLength: 120 })
  .map((pairs) => pairs.flat().slice(0, -1).join(''));
const text = fc.oneof(
  prose,
  fc.string({ unit: 'binary', maxLength: 400 }),
  // Code units of any kind, so that halves of pairs stand alone.
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 400 }).map((units) => String.fromCharCode(...units)),
);
const RUNS = { numRuns: 400 };

const isWithin = ([start, end]: Span, length: number): boolean =>
  Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start < end && end <= length;

function expectFinding(finding: Finding, whole: string): void {
  expect(isWithin(finding.span, whole.length), JSON.stringify(finding)).toBe(true);
  const words = whole.slice(...finding.span);
  expect(words).not.toBe('');
  // What is quoted is words, without the blanks around them.
  expect(words.trim()).toBe(words);
  expect(finding.term.trim()).not.toBe('');
  expect(ASSERTIONS).toContain(finding.assertion);
  const numbers = [finding.value, finding.canonical?.value, finding.durationDays, ...(finding.range ?? [])];
  for (const number of numbers) if (number !== undefined && number !== null) expect(Number.isFinite(number)).toBe(true);
}

const read = (whole: string, title: string | null) => {
  const extracted = extractCase(whole);
  return { extracted, distillate: distillByRules({ extracted, title }) };
};

test('whatever the text is, each finding quotes words of it, and their number is in proportion to them', () => {
  fc.assert(
    fc.property(text, fc.option(text), (whole, title) => {
      const { extracted, distillate } = read(whole, title);
      expect(extracted.text).toBe(whole);
      expect(extracted.completeness).toBeGreaterThanOrEqual(0);
      expect(extracted.completeness).toBeLessThanOrEqual(1);
      const inFacets = FACETS.flatMap((facet) => extracted.facets[facet]?.findings ?? []);
      const course = [...distillate.treatments, ...distillate.complications];
      for (const { findings } of Object.values(extracted.facets)) {
        const starts = findings.map(({ span: [start] }) => start);
        expect(starts).toEqual([...starts].sort((a, b) => a - b));
      }
      for (const finding of [...inFacets, ...course]) expectFinding(finding, whole);
      expect(inFacets.length + course.length).toBeLessThanOrEqual(whole.length / 2 + 5);
    }),
    RUNS,
  );
});

test('whatever the text is, each claim of the judgement keeps to the text and to its bounds', () => {
  fc.assert(
    fc.property(text, fc.option(text), (whole, title) => {
      const { distillate } = read(whole, title);
      const { secondaryDiagnoses, rarityEvidence, outcome, diagnosisSpan, rareSpan } = distillate;
      const spans = [
        ...secondaryDiagnoses.map(({ span }) => span),
        ...rarityEvidence.flatMap(({ span }) => (span === null ? [] : [span])),
        ...[outcome.span, diagnosisSpan, rareSpan].filter((span) => span !== null),
      ];
      for (const span of spans) expect(isWithin(span, whole.length)).toBe(true);
      expect(secondaryDiagnoses.length).toBeLessThanOrEqual(10);
      for (const claim of secondaryDiagnoses) expect(claim.text.length).toBeLessThanOrEqual(200);
      expect((distillate.diagnosis ?? '').length).toBeLessThanOrEqual(200);
      expect((distillate.rareReason ?? '').length).toBeLessThanOrEqual(500);
      expect((distillate.rejectionReason ?? '').length).toBeLessThanOrEqual(300);
      expect(Math.max(distillate.keySymptoms.length, distillate.keyLabs.length)).toBeLessThanOrEqual(10);
      expect(OUTCOME_STATUSES).toContain(outcome.status);
      for (const criterion of distillate.rarityCriteria) expect(RARITY_CRITERIA).toContain(criterion);
      expect(distillate.isRare).toBe(distillate.rareReason !== null);
      expect(distillate.isRare).toBe(distillate.rejectionReason === null);
    }),
    RUNS,
  );
});

test('whatever the text is, the same text gives the same, and storing it and reading it back changes nothing', () => {
  fc.assert(
    fc.property(text, fc.option(text), (whole, title) => {
      const once = read(whole, title);
      expect(read(whole, title)).toEqual(once);
      expect(JSON.parse(JSON.stringify(once))).toEqual(once);
      const patients = splitPatients(whole);
      expect(splitPatients(whole)).toEqual(patients);
      expect(patients.length).toBeGreaterThanOrEqual(1);
      expect(screenDocument(whole)).toEqual(screenDocument(whole));
    }),
    RUNS,
  );
});

test('whatever the text is, its case has an answer and a page', () => {
  fc.assert(
    fc.property(text, fc.option(text), (whole, title) => {
      const provenance: StoredCase['provenance'] = {
        source: 'file',
        title,
        authors: [],
        journal: null,
        publicationDate: null,
        pmid: null,
        pmcid: null,
        doi: null,
        url: null,
        licence: null,
      };
      const answer = answerOf({ caseId: 'A', provenance, ...read(whole, title) }, { release: 1, generation: 'g' });
      const page = String(casePage(answer));
      const links = [...page.matchAll(/href="#(finding-\d+)"/g)].map(([, id]) => id);
      for (const id of links) expect(page).toContain(`id="${id}"`);
    }),
    { numRuns: 150 },
  );
});
