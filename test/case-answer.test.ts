import { expect, test } from 'vitest';
import type { Distillate, Finding, Span } from '../core/cases/case.ts';
import { extractCase } from '../core/cases/extract.ts';
import { distillByRules } from '../core/models/rules.ts';
import type { StoredCase } from '../core/search/archive.ts';
import { answerOf } from '../core/search/case-answer.ts';
import { withoutText } from '../core/search/withhold.ts';

const TEXT =
  'A 41-year-old cook fainted beside the stove. Potassium was 2.9 mmol/L. He was diagnosed with Brugada syndrome, a rare disease. ' +
  'Quinidine 300 mg twice daily was begun, a pocket haematoma followed, and fourteen months later he cooks again without complaint.';

const spanOf = (words: string): Span => [TEXT.indexOf(words), TEXT.indexOf(words) + words.length];
const FROM = { release: 3, generation: 'g' };

function stored(over: Partial<Distillate> = {}): StoredCase {
  const extracted = extractCase(TEXT);
  const symptom: Finding = {
    term: 'syncope',
    assertion: 'present',
    span: spanOf('fainted'),
    severity: 'severe',
    onset: 'acute',
    durationDays: 2,
    trend: 'resolved',
    at: 'on admission',
    code: 'HP:0001279',
  };
  return {
    caseId: 'A',
    provenance: {
      source: 'file',
      title: null,
      authors: [],
      journal: null,
      publicationDate: null,
      pmid: null,
      pmcid: null,
      doi: null,
      url: null,
      licence: null,
    },
    extracted: { ...extracted, facets: { ...extracted.facets, symptoms: { text: 'fainted', findings: [symptom] } } },
    distillate: {
      ...distillByRules({ extracted, title: null }),
      isRare: true,
      rarityCriteria: ['prevalence'],
      rarityEvidence: [
        { criterion: 'prevalence', reason: 'The report says "a rare disease".', span: spanOf('a rare disease') },
        { criterion: 'prevalence', reason: 'Its title says so.', span: null },
      ],
      secondaryDiagnoses: [{ text: 'pocket haematoma', span: spanOf('pocket haematoma') }],
      treatments: [
        {
          term: 'quinidine',
          assertion: 'present',
          span: spanOf('Quinidine 300 mg'),
          qualifiers: ['medication'],
          durationDays: 9,
        },
      ],
      outcome: { status: 'recovered', span: spanOf('he cooks again'), followUpMonths: 14 },
      review: { by: 'a-model', claims: 5, dropped: 1, repairs: 0, truncated: false, suspicious: true },
      ...over,
    },
  };
}

test('the answer names what its neighbours name so, and quotes what speaks for each claim', () => {
  const answer = answerOf(stored(), FROM);
  expect(answer.facets.symptoms?.findings).toEqual([
    {
      term: 'syncope',
      assertion: 'present',
      span: spanOf('fainted'),
      severity: 'severe',
      onset: 'acute',
      duration_days: 2,
      trend: 'resolved',
      at: 'on admission',
      code: 'HP:0001279',
    },
  ]);
  expect(answer).toMatchObject({
    rarity_evidence: [
      { criterion: 'prevalence', quote: 'a rare disease', span: spanOf('a rare disease') },
      { criterion: 'prevalence', quote: null, span: null },
    ],
    secondary_diagnoses: [{ text: 'pocket haematoma' }],
    treatments: [{ term: 'quinidine', duration_days: 9 }],
    outcome: { status: 'recovered', follow_up_months: 14, quote: 'he cooks again', span: spanOf('he cooks again') },
    review: { by: 'a-model', claims: 5, dropped: 1, suspicious: true },
    provenance: FROM,
  });
  expect(JSON.stringify(answer)).not.toMatch(/durationDays|followUpMonths|rarityEvidence|isRare/);
});

test('a withheld case has its judgement and none of its sentences, also where a model quoted them', () => {
  const sentence = TEXT.slice(TEXT.indexOf('Quinidine'));
  const quoting: Finding = { term: sentence, assertion: 'present', span: [0, 5] };
  const whole = stored({
    diagnosis: sentence,
    keySymptoms: ['syncope', sentence],
    keyLabs: [sentence],
    keyEcg: sentence,
    treatments: [
      quoting,
      { term: 'quinidine', assertion: 'present', span: [3, 9], at: sentence },
      { term: 'quinidine', assertion: 'present', span: [3, 9], qualifiers: ['medication'] },
    ],
    complications: [quoting],
  });
  const answer = answerOf(withoutText({ ...whole, withheld: 'its licence allows no copies' }), FROM);
  const words = TEXT.split(' ');
  const runs = words.slice(0, -4).map((_, at) => words.slice(at, at + 5).join(' '));
  const said = JSON.stringify(answer);
  expect(runs.filter((run) => said.includes(run))).toEqual([]);
  expect(answer).toMatchObject({
    text: '',
    text_withheld: 'its licence allows no copies',
    diagnosis: null,
    diagnosis_span: null,
    rarity_evidence: [{ criterion: 'prevalence', quote: null }, { quote: null }],
    key_symptoms: ['syncope'],
    key_labs: [],
    key_ecg: null,
    treatments: [{ term: 'quinidine', span: [0, 0], qualifiers: ['medication'] }],
    complications: [],
    outcome: { status: 'recovered', follow_up_months: 14, quote: null, span: null },
  });
});
