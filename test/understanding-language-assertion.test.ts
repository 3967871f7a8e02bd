import { expect, test } from 'vitest';
import type { Finding } from '../core/cases/case.ts';
import { extractCase } from '../core/cases/extract.ts';
import { FACETS } from '../schema/vocabulary.ts';

const all = (text: string): readonly Finding[] =>
  FACETS.flatMap((facet) => extractCase(text).facets[facet]?.findings ?? []);

/** The assertions of one term, in text order, over all facets. */
const assertions = (text: string, term: string): readonly string[] => [
  ...new Set(
    all(text)
      .filter((finding) => finding.term === term)
      .map((finding) => finding.assertion),
  ),
];

test.each([
  // Lists
  ['He denied chest pain, dyspnea, cough or syncope.', 'syncope', 'absent'],
  ['She denied fever, rash and headache but reported cough.', 'cough', 'present'],
  ['There was neither jaundice nor ascites.', 'ascites', 'absent'],
  ['She had no rash, nor did she have fever.', 'fever', 'absent'],
  ['Seizures, rash and jaundice were absent.', 'seizure', 'absent'],
  ['Rash and an enlarged spleen were not observed.', 'rash', 'absent'],
  ['Jaundice was not clearly seen on examination.', 'jaundice', 'absent'],
  ['Nausea and vomiting did not occur.', 'nausea', 'absent'],
  ['Tuberculosis and sarcoidosis were ruled out.', 'tuberculosis', 'absent'],
  ['Troponin was normal, thereby ruling out myocarditis.', 'myocarditis', 'absent'],
  ['The CSF was negative for enterovirus.', 'enterovirus', 'absent'],
  ['She was free from any complications.', 'complication', 'absent'],
  ['Examination showed no abnormality.', 'abnormality', 'absent'],
  ['There was an absence of fever, rash and cough.', 'cough', 'absent'],
  ['There was a lack of appetite, and fever was noted.', 'fever', 'present'],
  // Ends of scopes
  ['He had no fever, and vomiting was severe.', 'vomiting', 'present'],
  ['No fever, chills, and night sweats were reported.', 'night sweats', 'absent'],
  ['She denied fever; cough was present.', 'cough', 'present'],
  ['There was no edema in the legs with jaundice.', 'jaundice', 'present'],
  ['Staining failed to demonstrate any granules in the cytoplasm of the tumor cells.', 'tumor', 'present'],
  ['Auscultation revealed absent breath sounds, dyspnea and fever.', 'fever', 'present'],
  ['He denied smoking, socially drank alcohol.', 'alcohol use', 'present'],
  ['No cause of the anemia was found.', 'anemia', 'present'],
  ['There was no progression of her acromegaly and no fever.', 'fever', 'absent'],
  // Double negation and words that only look like negation
  ['Fever was not only high but persistent.', 'fever', 'present'],
  ['She had not only fever but also rash.', 'fever', 'present'],
  ['Bleeding could not be excluded.', 'bleeding', 'possible'],
  ['Bleeding was not ruled out.', 'bleeding', 'possible'],
  ['A fever of gram-negative origin was treated.', 'fever', 'present'],
  ['It was never possible to correct the acidosis.', 'metabolic acidosis', 'present'],
  ['Because of fever he was denied a transplant.', 'fever', 'present'],
  ['Fever did not resolve.', 'fever', 'present'],
  ['No one else in the household, which he shares, had what he called fever; he had cough.', 'cough', 'present'],
  // Not the case, or not yet
  ['She was advised to return if fever occurs.', 'fever', 'hypothetical'],
  ['She was told to watch for jaundice.', 'jaundice', 'hypothetical'],
  ['The risk of bleeding was explained to her.', 'bleeding', 'hypothetical'],
  ['CT was done to rule out hydrocephalus.', 'hydrocephalus', 'hypothetical'],
  ['Heparin was given to prevent thrombosis and seizures.', 'seizure', 'hypothetical'],
  ['Aspirin was stopped because it might cause bleeding.', 'bleeding', 'hypothetical'],
  ['Levetiracetam was given as prophylaxis against seizures.', 'seizure', 'hypothetical'],
  ['Tests for jaundice were negative.', 'jaundice', 'absent'],
  ['She bled after the procedure, with hemoptysis.', 'hemoptysis', 'present'],
  [
    'A 52-year-old man without risk factors for coronary artery disease presented with acute onset nausea and chest pain.',
    'nausea',
    'present',
  ],
  ['He had a high risk for stroke and was admitted with fever.', 'fever', 'present'],
  ['Screening for tuberculosis incidentally demonstrated ascites.', 'ascites', 'present'],
  ['The drug increases the risk of side effects including myalgia.', 'myalgia', 'hypothetical'],
  // What a change is of is not denied with it
  ['No recurrence of the tumor was seen.', 'tumor', 'historical'],
  ['There was no relapse of the tuberculosis.', 'tuberculosis', 'historical'],
  ['She had no recurrence of chest pain.', 'chest pain', 'absent'],
  ['There was no relapse of tuberculosis or any jaundice.', 'jaundice', 'absent'],
  ['There was no clear worsening of her cough.', 'cough', 'present'],
  ['She did not have any improvement of the jaundice.', 'jaundice', 'present'],
  // History and family
  ['He had a history of seizures.', 'seizure', 'historical'],
  ['A man without significant past medical history presented with a new-onset seizure.', 'seizure', 'present'],
  ['A girl with no past medical history developed fever and a rash.', 'fever', 'present'],
  ['A woman with a past medical history of seizures presented with fever.', 'seizure', 'historical'],
  ['Her past medical history included seizures.', 'seizure', 'historical'],
  ['She had suffered from fever for 2 days.', 'fever', 'present'],
  ['His father died of epilepsy.', 'epilepsy', 'family'],
  ['There was no family history of epilepsy.', 'epilepsy', 'absent'],
  // Courses
  ['He had fever. On day 4 his fever had subsided.', 'fever', 'present,absent'],
  ['He had fever, which resolved in two days.', 'fever', 'present'],
  ['The rash resolved.', 'rash', 'present'],
] as const)('assertion in: %s (%s)', (text, term, expected) => {
  expect(assertions(text, term).join(',')).toBe(expected);
});

test.each([
  ['RF, ANA and HLA-B27 were negative.', ['rheumatoid factor', 'antinuclear antibody', 'hla-b27'], 'absent'],
] as const)('a predicate governs the whole list before it: %s', (text, terms, expected) => {
  const labs = extractCase(text).facets.labs?.findings ?? [];
  const told = labs.map((finding) => [finding.term, finding.assertion]);
  expect(labs).toHaveLength(terms.length);
  expect(told.every(([, assertion]) => assertion === expected)).toBe(true);
});

test.each([
  ['Sodium, potassium and calcium were all within normal limits.', 'normal'],
  ['Sodium, potassium and calcium were unremarkable.', 'normal'],
] as const)('a result governs the whole list before it: %s', (text, flag) => {
  const labs = extractCase(text).facets.labs?.findings ?? [];
  expect(labs.map((finding) => finding.flag)).toEqual([flag, flag, flag]);
});

test('what went is absent only where the text told of it before; its trend stands either way', () => {
  const trends = (text: string) =>
    (extractCase(text).facets.symptoms?.findings ?? []).map((one) => [one.term, one.assertion, one.trend]);
  expect(trends('She had fever. The fever resolved.')).toEqual([
    ['fever', 'present', undefined],
    ['fever', 'absent', 'resolved'],
  ]);
  expect(trends('The fever resolved.')).toEqual([['fever', 'present', 'resolved']]);
});

test.each([
  ['No one else in the family had diarrhea.', 'diarrhea', 'absent'],
  ['None of his contacts had diarrhea or fever.', 'fever', 'absent'],
  ['No other family members had seizures.', 'seizure', 'absent'],
  ['She had met nobody who had diarrhea.', 'diarrhea', 'absent'],
  ['He had not met anyone who had diarrhea.', 'diarrhea', 'family'],
  ['The girl was well, while her father had a normal male karyotype and a testicular seminoma.', 'seminoma', 'family'],
  ['His father, who had epilepsy, was well.', 'epilepsy', 'family'],
] as const)('another’s, and no finding of the patient: %s', (text, term, assertion) => {
  const { facets } = extractCase(text);
  for (const finding of facets.symptoms?.findings ?? []) expect(['family', 'age']).toContain(finding.assertion);
  const background = (facets.demographics?.findings ?? []).filter((one) => one.term === term);
  expect(background.map((one) => [one.assertion, one.qualifiers?.[0]])).toEqual([[assertion, 'family']]);
});

test('a relative’s list ends where the patient’s own clause begins', () => {
  const text = 'Her father had a seizure and a rash was noted. His sister had epilepsy and the patient had fever.';
  expect(assertions(text, 'rash')).toEqual(['present']);
  expect(assertions(text, 'fever')).toEqual(['present']);
});

test('the same words of a specimen, a device or a procedure are no finding', () => {
  const terms = (text: string) => (extractCase(text).facets.symptoms?.findings ?? []).map((one) => one.term);
  expect(terms('Sputum cultures were negative.')).not.toContain('sputum');
  expect(terms('Sputum was noted.')).toContain('sputum');
  expect(terms('She was taken to the trauma center.')).toEqual([]);
  expect(terms('Anti-infection treatment was given.')).toEqual([]);
});

test('a disease in the literature, or of other patients, is not told of this one', () => {
  const text =
    'A 40-year-old man had fever. Hemoptysis has been reported in 12 cases. In the literature jaundice is usually mild. Laboratory studies showed anemia.';
  const terms = (extractCase(text).facets.symptoms?.findings ?? []).map((one) => one.term);
  expect(terms).toEqual(['fever', 'anemia']);
});
