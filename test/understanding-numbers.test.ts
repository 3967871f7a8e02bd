import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Finding } from '../core/cases/case.ts';
import { extractCase } from '../core/cases/extract.ts';
import { LAB_ANALYTES } from '../core/cases/vocabularies/labs.ts';

function labs(text: string): readonly Finding[] {
  return extractCase(text).facets.labs?.findings ?? [];
}

function lab(text: string, term: string): Finding {
  const found = labs(text).find((one) => one.term === term);
  if (found === undefined) throw new Error(`${term} not among ${labs(text).map((one) => one.term)}`);
  return found;
}

test.each([
  ['Creatinine was 2.1 mg/dL (normal 0.6-1.2).', 'creatinine', [0.6, 1.2], 'high'],
  ['Creatinine 2.1 mg/dL [normal range, 0.6–1.2 mg/dL].', 'creatinine', [0.6, 1.2], 'high'],
  ['Sodium 128 mmol/L, normal range: 135-145 mmol/L.', 'sodium', [135, 145], 'low'],
  ['Sodium was 150 mmol/L (135-155).', 'sodium', [135, 155], 'normal'],
  ['ALT 30 U/L (ref <25).', 'alanine aminotransferase', [null, 25], 'high'],
  ['ALT was 80 U/L (upper limit of normal 40 U/L).', 'alanine aminotransferase', [null, 40], 'high'],
  ['ALT was 80 U/L (ULN: 90).', 'alanine aminotransferase', [null, 90], 'normal'],
  ['Ferritin 900 ng/mL (reference value: 20 to 300 ng/mL).', 'ferritin', [20, 300], 'high'],
  ['HDL cholesterol was 30 mg/dL (normal >40 mg/dL).', 'hdl cholesterol', [40, null], 'low'],
  ['CRP 12 mg/L (N: up to 5).', 'c-reactive protein', [null, 5], 'high'],
  ['CRP 4 mg/L (normal: less than 5 mg/L).', 'c-reactive protein', [null, 5], 'normal'],
  ['Conjugated bilirubin 12 mg/L (<3 mg/L).', 'direct bilirubin', [null, 3], 'high'],
  // The bounds are given in the unit of the value.
  ['Calcium was 3.2 mmol/L (normal 8.5-10.5 mg/dL).', 'calcium', [2.12, 2.62], 'high'],
  ['Sodium (normal range 135-145 mmol/L) was 120 mmol/L.', 'sodium', [135, 145], 'low'],
] as const)('stated range of: %s', (text, term, range, flag) => {
  const found = lab(text, term);
  expect(found.range?.map((bound) => (bound === null ? null : Math.round(bound * 100) / 100))).toEqual([...range]);
  expect(found.flag).toBe(flag);
});

test.each([
  [
    'a stated range goes before the words and the table',
    'Elevated potassium of 5.0 mmol/L (normal 3.0-5.5).',
    'potassium',
    'normal',
  ],
  ['a word goes before the table', 'Lipase was elevated at 120 U/L.', 'lipase', 'high'],
  [
    'a word behind another value is not this one’s',
    'Normal sodium of 138 mmol/L, potassium 6.8 mmol/L.',
    'potassium',
    'high',
  ],
  ['the table judges where nothing else does', 'Potassium 2.1 mmol/L.', 'potassium', 'low'],
  ['abnormal leaves the side to the number', 'Abnormal potassium of 2.1 mmol/L.', 'potassium', 'low'],
  ['a value above a bound inside the range says nothing', 'AST > 20 U/L.', 'aspartate aminotransferase', undefined],
  [
    'a value below a bound inside the range is normal where no lower bound is',
    'Troponin I < 0.01 ng/mL.',
    'troponin i',
    'normal',
  ],
] as const)('%s', (_, text, term, flag) => {
  expect(lab(text, term).flag).toBe(flag);
});

test('adult ranges do not judge children, except for analytes that change little', () => {
  const text = (age: string) => `A ${age}-old boy was ill. Alkaline phosphatase was 300 U/L and sodium was 120 mmol/L.`;
  expect(lab(text('7-year'), 'alkaline phosphatase').flag).toBeUndefined();
  expect(lab(text('7-year'), 'sodium').flag).toBe('low');
  expect(lab(text('3-week'), 'sodium').flag).toBeUndefined();
  expect(lab(text('47-year'), 'alkaline phosphatase').flag).toBe('high');
  const stated =
    'A 7-year-old boy was ill. Alkaline phosphatase was 900 U/L (normal 100-420) and AST was elevated at 60 U/L.';
  expect(lab(stated, 'alkaline phosphatase').flag).toBe('high');
  expect(lab(stated, 'aspartate aminotransferase').flag).toBe('high');
});

test.each([
  [
    'Creatinine increased from 1.0 to 3.2 mg/dL.',
    [
      [1, undefined],
      [3.2, 'rising'],
    ],
  ],
  [
    'Creatinine rose from a baseline of 1.0 mg/dL to 3.2 mg/dL.',
    [
      [1, undefined],
      [3.2, 'rising'],
    ],
  ],
  ['Creatinine fell to 1.1 mg/dL.', [[1.1, 'falling']]],
  [
    'Creatinine, which was 3.2 mg/dL, subsequently dropped to 1.1 mg/dL.',
    [
      [3.2, undefined],
      [1.1, 'falling'],
    ],
  ],
  [
    'Creatinine was 3.2 mg/dL and then decreased to 1.1 mg/dL.',
    [
      [3.2, undefined],
      [1.1, 'falling'],
    ],
  ],
  [
    'Creatinine from 3.2 to 1.1 mg/dL.',
    [
      [3.2, undefined],
      [1.1, 'falling'],
    ],
  ],
  ['There was a rise in creatinine to 3.2 mg/dL.', [[3.2, 'rising']]],
  ['Creatinine remained at 3.2 mg/dL.', [[3.2, 'stable']]],
  ['Creatinine was decreased at 0.3 mg/dL.', [[0.3, undefined]]],
  ['Creatinine 3.2 mg/dL; 2 days later he felt well.', [[3.2, undefined]]],
] as const)('values and trends of: %s', (text, expected) => {
  const found = labs(text).filter((one) => one.term === 'creatinine');
  expect(found.map((one) => [one.value, one.trend])).toEqual(expected.map((one) => [...one]));
  for (const one of found) expect(one.unit).toBe('mg/dL');
});

test.each([
  ['His creatinine normalized.', 'creatinine', 'normalised'],
  ['The creatinine returned to normal.', 'creatinine', 'normalised'],
  ['The creatinine decreased to normal after a week.', 'creatinine', 'normalised'],
  ['Normalization of the serum creatinine was seen.', 'creatinine', 'normalised'],
  ['Rising creatinine was noted.', 'creatinine', 'rising'],
  ['The platelet count dropped rapidly.', 'platelets', 'falling'],
] as const)('trend without a value: %s', (text, term, trend) => {
  expect(lab(text, term)).toMatchObject({ trend, ...(trend === 'normalised' ? { flag: 'normal' } : {}) });
});

test.each([
  ['Hemoglobin on admission was 9.2 g/dL.', 'on admission'],
  ['Hemoglobin was 9.2 g/dL on admission.', 'on admission'],
  ['On admission, the hemoglobin was 9.2 g/dL.', 'on admission'],
  ['Hemoglobin was 9.2 g/dL at presentation.', 'at presentation'],
  ['Hemoglobin was 9.2 g/dL (normal 12-16) at the time of discharge.', 'at the time of discharge'],
  ['Hemoglobin was 9.2 g/dL on postoperative day 3.', 'on postoperative day 3'],
  ['On day 3, hemoglobin was 9.2 g/dL.', 'on day 3'],
  ['Hemoglobin was 9.2 g/dL on the third day.', 'on the third day'],
  ['Hemoglobin was 9.2 g/dL after 2 weeks of treatment.', 'after 2 weeks of treatment'],
  ['Hemoglobin was 9.2 g/dL three days later.', 'three days later'],
  ['Three days later, hemoglobin was 9.2 g/dL.', 'three days later'],
  ['Hemoglobin was 9.2 g/dL before surgery.', 'before surgery'],
  ['Preoperative hemoglobin was 9.2 g/dL.', 'preoperative'],
  ['Baseline hemoglobin was 9.2 g/dL.', 'baseline'],
] as const)('time of: %s', (text, at) => {
  expect(lab(text, 'hemoglobin')).toMatchObject({ value: 9.2, unit: 'g/dL', at });
});

test('values of one analyte at several times are several findings, each with its own time', () => {
  const found = labs('Hemoglobin was 9.2 g/dL on admission, 7.1 g/dL on day 3 and 10.4 g/dL at discharge.');
  expect(found.map(({ value, at }) => [value, at])).toEqual([
    [9.2, 'on admission'],
    [7.1, 'on day 3'],
    [10.4, 'at discharge'],
  ]);
});

test.each([
  ['Platelets 100 000/mm3.', 'platelets', { value: 100000, unit: '/uL', canonical: { value: 100, unit: '10*9/L' } }],
  ['Platelets 1,50,000/cumm.', 'platelets', { value: 150000, canonical: { value: 150, unit: '10*9/L' } }],
  ['Platelets of 1.2 lakh.', 'platelets', { unit: '10*5/uL', canonical: { value: 120, unit: '10*9/L' } }],
  ['240 Giga/L platelets.', 'platelets', { value: 240, unit: '10*9/L', flag: 'normal' }],
  ['Thrombocytopenia (20 × 10^9/L) was found.', 'platelets', { value: 20, flag: 'low' }],
  ['Severe hyponatremia of 112 mmol/L.', 'sodium', { value: 112, flag: 'low' }],
  ['Neutrophils 85%.', 'neutrophil fraction', { value: 85, unit: '%', flag: 'high' }],
  ['WBC 12,500.', 'white blood cell count', { value: 12500, canonical: { value: 12.5, unit: '10*9/L' } }],
  ['A base excess of −5.1 mmol/L.', 'base excess', { value: -5.1, flag: 'low' }],
  ['ANA was positive at 1:640.', 'antinuclear antibody', { value: 640, unit: '{titer}' }],
  ['Ki-67 index of 20–30%.', 'ki-67', { value: 25, unit: '%', comparator: '~' }],
  ['CSF analysis showed protein 61 mg/dL.', 'csf protein', { value: 61, flag: 'high', qualifiers: ['csf'] }],
  ['Urine sodium was 80 mmol/L.', 'urine sodium', { value: 80, unit: 'mmol/L' }],
  ['Pleural fluid analysis revealed LDH 900 U/L.', 'pleural fluid lactate dehydrogenase', { value: 900 }],
  ['CD34 (+) cells.', 'cd34', { assertion: 'present', qualifiers: ['positive'] }],
  ['The tumor was S-100 (-).', 's-100 protein', { assertion: 'absent', qualifiers: ['negative'] }],
] as const)('reads: %s', (text, term, expected) => {
  expect(lab(text, term)).toMatchObject(expected);
});

test.each([
  ['Chitobiase activity was 508 nmol/mg.', 'chitobiase', { value: 508, unit: 'nmol/mg' }],
  ['Plasma zorbinase level was 17.4 ng/mL (normal range 0–3.3 ng/mL).', 'zorbinase', { flag: 'high', range: [0, 3.3] }],
  ['Anti-zorbin antibodies were negative.', 'anti-zorbin antibodies', { assertion: 'absent' }],
  ['Zorbin antigen was positive.', 'zorbin antigen', { qualifiers: ['positive'] }],
] as const)('an analyte that no list has: %s', (text, term, expected) => {
  expect(lab(text, term)).toMatchObject(expected);
});

test.each([
  'He received lidocaine 20 mg/mL.',
  'An infusion of zorbin 5 mg/L was given.',
  'There will be 3 visits.',
  'She got 5 tablets.',
  'A lesion at C3–4 was seen.',
  'Fusion of C4-C5.',
  'He was given glucose 7.8 mg/kg/min.',
  'His physical examination was normal.',
])('no laboratory finding in: %s', (text) => {
  expect(labs(text)).toEqual([]);
});

const names = fc.constantFrom(
  ...LAB_ANALYTES.filter((one) => one.unit !== null && !/^[a-z]{1,2}$/.test(one.term)).map((one) => one.term),
);
const numbers = fc.oneof(
  fc.integer({ min: 1, max: 20000 }).map(String),
  fc.float({ min: 0, max: 500, noNaN: true }).map((one) => one.toFixed(2)),
);
const units = fc.constantFrom('mg/dL', 'mmol/L', 'g/L', 'U/L', 'IU/L', 'ng/mL', '× 10^9/L', '/mm3', '%', 'µmol/L', '');
const links = fc.constantFrom(
  ' was ',
  ' of ',
  ': ',
  ' (',
  ' level was elevated at ',
  ' increased from 2 to ',
  ' fell to ',
  ' < ',
);
const tails = fc.constantFrom(
  '.',
  ' (normal 3-5).',
  ' on admission.',
  ' and 7 mg/dL on day 2.',
  ', then normalized.',
  ' [ref <40].',
);

test('a span holds the number and the words that it claims, and canonical is another unit', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(names, links, numbers, units, tails), { minLength: 1, maxLength: 4 }), (parts) => {
      const text = parts.map(([name, link, number, unit, tail]) => `${name}${link}${number} ${unit}${tail}`).join(' ');
      for (const finding of labs(text)) {
        const [from, to] = finding.span;
        expect(from).toBeGreaterThanOrEqual(0);
        expect(to).toBeLessThanOrEqual(text.length);
        const quote = text.slice(from, to);
        if (finding.value !== undefined && finding.comparator !== '~')
          expect(quote.replaceAll(/(\d) (?=\d{3}\b)/g, '$1'), text).toContain(
            String(Math.abs(finding.value)).replace(/\.0+$/, ''),
          );
        if (finding.at !== undefined) expect(text.toLowerCase()).toContain(finding.at);
        if (finding.canonical !== undefined) expect(finding.canonical.unit).not.toBe(finding.unit);
        if (finding.range !== undefined) expect(finding.flag ?? finding.comparator).toBeDefined();
      }
    }),
    { numRuns: 300 },
  );
});
