import { expect, test } from 'vitest';
import { findCourse } from '../core/cases/course.ts';
import { readText } from '../core/cases/reading.ts';

const course = (text: string) => findCourse(readText(text));
const treatments = (text: string) =>
  course(text).treatments.map(({ term, assertion, value, unit, qualifiers }) =>
    [term, assertion, value, unit, ...(qualifiers ?? [])].filter((part) => part !== undefined).join(' '),
  );

test.each([
  ['He was treated with oral prednisolone 40 mg/day.', ['prednisolone present 40 mg/d medication oral']],
  ['She received methylprednisolone (1 mg/kg/day).', ['methylprednisolone present 1 mg/kg/d medication']],
  ['He was given 5,000 IU of heparin.', ['heparin present 5000 [IU] medication']],
  ['She received IV ceftriaxone 2 g.', ['ceftriaxone present 2 g medication intravenous']],
  ['He received radiotherapy (50 Gy).', ['radiotherapy present 50 Gy therapy']],
  ['She received zebratinib and fictamab.', ['zebratinib present medication', 'fictamab present medication']],
  ['He underwent laparoscopic cholecystectomy.', ['cholecystectomy present procedure']],
  [
    'A stent graft was placed by endovascular repair.',
    ['stent graft present device', 'endovascular repair present procedure'],
  ],
  [
    'The tooth got root canal treatment and a composite filling.',
    ['root canal treatment present procedure', 'composite filling present procedure'],
  ],
  ['A permanent pacemaker was implanted.', ['permanent pacemaker present device']],
  [
    'She needed mechanical ventilation and hemodialysis.',
    ['mechanical ventilation present therapy', 'hemodialysis present therapy'],
  ],
])('treatments of: %s', (text, expected) => {
  expect(treatments(text)).toEqual(expected);
});

test.each([
  ['He refused chemotherapy.', 'chemotherapy', 'absent'],
  ['Thrombolysis was contraindicated.', 'thrombolysis', 'absent'],
  ['No antibiotics were given.', 'antibiotics', 'absent'],
  ['She was managed without surgery.', 'surgery', 'absent'],
  ['We recommended chemotherapy but the family declined.', 'chemotherapy', 'absent'],
  ['Chemotherapy was offered; however, the patient refused any treatment.', 'chemotherapy', 'absent'],
  ['Despite the recommendation for laparotomy, she went home.', 'laparotomy', 'absent'],
  ['We recommended laparotomy; she had declined dialysis.', 'laparotomy', 'hypothetical'],
  ['Liver transplantation was planned.', 'liver transplantation', 'hypothetical'],
  ['He was scheduled for mitral valve replacement.', 'mitral valve replacement', 'hypothetical'],
  ['We recommended radiotherapy.', 'radiotherapy', 'hypothetical'],
  ['She had a history of appendectomy.', 'appendectomy', 'historical'],
  ['Her mother was treated with chemotherapy.', 'chemotherapy', 'family'],
])('%s', (text, term, assertion) => {
  const found = course(text).treatments.find((one) => one.term === term);
  if (assertion === 'family') expect(found?.assertion ?? 'family').not.toBe('present');
  else expect(found?.assertion).toBe(assertion);
});

test.each([
  'Albumin was 4.0 g/dL and vitamin D 30 ng/mL.',
  'The isolate was resistant to vancomycin and sensitive to meropenem.',
  'She was allergic to penicillin.',
  'Oxygen saturation was 96%.',
  'The tacrolimus level was 8 ng/mL.',
  'The department of surgery was asked.',
  'Cystatin C was 1.2 mg/L in April.',
])('no treatment: %s', (text) => {
  expect(treatments(text)).toEqual([]);
});

test('a treatment is listed once per assertion, at the place that states its dose', () => {
  const text = 'She received colchicine. Colchicine was raised to colchicine 1 mg. She later refused colchicine.';
  const found = course(text).treatments;
  expect(found.map(({ assertion, value }) => [assertion, value])).toEqual([
    ['present', 1],
    ['absent', undefined],
  ]);
});

test.each([
  ['The course was complicated by septic shock and acute kidney injury.', ['septic shock', 'acute kidney injury']],
  ['After surgery he developed pneumonia.', ['pneumonia']],
  ['On day 5 of treatment she developed a fever.', ['fever']],
  ['There were complications such as wound infection.', ['wound infection']],
])('complications of: %s', (text, expected) => {
  expect(course(text).complications.map(({ term }) => term)).toEqual(expect.arrayContaining(expected));
});

test.each([
  'He developed a cough two weeks earlier.',
  'After surgery she developed no fever.',
  'The procedure was performed without complications.',
])('no complication: %s', (text) => {
  expect(course(text).complications).toEqual([]);
});

const STORY =
  'A 50-year-old man presented with chest pain. He was admitted. A stent was placed. Aspirin was started. Echocardiography was repeated. ';
test.each([
  ['The patient died on day 12.', 'deceased', null],
  ['He developed septic shock, which resulted in his death.', 'deceased', null],
  ['This led to the patient’s death.', 'deceased', null],
  ['He succumbed to the infection.', 'deceased', null],
  ['He passed away at home.', 'deceased', null],
  ['He expired on day 5.', 'deceased', null],
  ['The disease had a fatal outcome.', 'deceased', null],
  ['The outcome was fatal.', 'deceased', null],
  ['He initially improved, but died.', 'deceased', null],
  ['He was found dead.', 'deceased', null],
  ['The patient recovered completely and was discharged.', 'recovered', null],
  ['He remained asymptomatic at 6-month follow-up.', 'recovered', 6],
  ['There was no recurrence two years later.', 'recovered', 24],
  ['His symptoms improved and he was discharged in good condition.', 'recovered', null],
  ['His chest pain improved after treatment.', 'improved', null],
  ['The disease remained stable during a follow-up of 18 months.', 'stable', 18],
  ['His condition deteriorated after three weeks.', 'deteriorated', null],
  ['His symptoms did not improve after treatment.', 'deteriorated', null],
  ['He was seen at the 3-month follow-up, and remained well for 2 years.', 'recovered', 24],
] as const)('outcome: %s', (end, status, months) => {
  const { outcome } = course(`${STORY}${end}`);
  expect(outcome.status).toBe(status);
  expect(outcome.followUpMonths).toBe(months);
  expect(outcome.span).not.toBeNull();
});

test.each([
  ['nothing is said of it', ''],
  ['a relative died', 'His father died of stroke.'],
  ['a child died', 'He grieved for his son, who died.'],
  ['only a prognosis is given', 'He was told of the poor prognosis.'],
  ['it is denied', 'There was never a complete recovery.'],
  ['it is what was feared', 'He was told that he would not recover completely.'],
  ['it was before', 'He had been asymptomatic and had been well before admission.'],
])('the outcome is unknown where %s', (_, end) => {
  expect(course(`${STORY}${end}`).outcome.status).toBe('unknown');
});

test('a time before the illness is no follow-up', () => {
  expect(course(`${STORY}He had had surgery 10 years ago and was well.`).outcome.followUpMonths).toBeNull();
});
