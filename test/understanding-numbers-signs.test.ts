import { expect, test } from 'vitest';
import type { Finding } from '../core/cases/case.ts';
import { extractCase } from '../core/cases/extract.ts';
import type { Facet } from '../schema/vocabulary.ts';

function all(text: string, facet: Facet): readonly Finding[] {
  return extractCase(text).facets[facet]?.findings ?? [];
}

function one(text: string, facet: Facet, term: string): Finding {
  const found = all(text, facet).find((finding) => finding.term === term);
  if (found === undefined) throw new Error(`${term} not among ${all(text, facet).map((finding) => finding.term)}`);
  return found;
}

test.each([
  [
    'Temperature was 101.3 °F.',
    'body temperature',
    { value: 101.3, unit: '[degF]', flag: 'high', canonical: { value: 38.5, unit: 'Cel' } },
  ],
  ['Her temperature was 38.5 °C.', 'body temperature', { value: 38.5, unit: 'Cel', flag: 'high' }],
  ['She was febrile at 39.2 °C.', 'body temperature', { value: 39.2, flag: 'high' }],
  ['Temp 99.1.', 'body temperature', { value: 99.1, unit: '[degF]', flag: 'normal' }],
  ['BP 180/110 mmHg.', 'blood pressure', { value: 180, unit: 'mm[Hg]', flag: 'high' }],
  ['BP 180/110 mmHg.', 'diastolic blood pressure', { value: 110, flag: 'high' }],
  ['Blood pressure of 90 over 50.', 'diastolic blood pressure', { value: 50 }],
  ['Heart rate of 130 beats per minute.', 'heart rate', { value: 130, unit: '/min', flag: 'high' }],
  ['RR 28/min.', 'respiratory rate', { value: 28, flag: 'high' }],
  ['SpO2 88% on room air.', 'oxygen saturation', { value: 88, flag: 'low', qualifiers: ['room air'] }],
  ['Oxygen saturation on room air was 88%.', 'oxygen saturation', { value: 88, qualifiers: ['room air'] }],
  ['SpO2 of 94% on 4 L/min of oxygen.', 'oxygen saturation', { value: 94, qualifiers: ['oxygen', '4 l/min'] }],
  ['Oxygen saturation was 92% via a non-rebreather mask.', 'oxygen saturation', { qualifiers: ['oxygen'] }],
  ['GCS 8.', 'glasgow coma scale', { value: 8, flag: 'low' }],
  ['GCS of 15/15.', 'glasgow coma scale', { value: 15, flag: 'normal' }],
  ['Glasgow Coma Scale E3V4M5.', 'glasgow coma scale', { value: 12, flag: 'low' }],
  ['GCS was E4 V5 M6.', 'glasgow coma scale', { value: 15, flag: 'normal' }],
  ['Weight 154 lbs.', 'body weight', { value: 154, unit: '[lb_av]', canonical: { unit: 'kg' } }],
  ['Birth weight was 1190 g.', 'body weight', { value: 1190, unit: 'g', canonical: { value: 1.19, unit: 'kg' } }],
  ['Height 1.62 m.', 'body height', { value: 1.62, unit: 'm', canonical: { value: 162, unit: 'cm' } }],
  ['BMI 31 kg/m2.', 'body mass index', { value: 31, flag: 'high' }],
  ['She was in NYHA functional class III.', 'nyha class', { value: 3 }],
  ['Muscle strength was 2/5 in the legs.', 'muscle strength', { value: 2, flag: 'low' }],
  ['She had 4/5 strength.', 'muscle strength', { value: 4 }],
  ['Visual acuity was 20/100 in the right eye.', 'visual acuity', { value: 0.2, flag: 'low' }],
  ['He was haemodynamically stable.', 'hemodynamic status', { flag: 'normal' }],
] as const)('vital sign of: %s', (text, term, expected) => {
  expect(one(text, 'symptoms', term)).toMatchObject(expected);
});

test('a pressure that changed is two pressures', () => {
  const found = all('Blood pressure rose from 90/60 to 150/95 mmHg.', 'symptoms');
  expect(found.map(({ term, value }) => [term, value])).toEqual([
    ['blood pressure', 90],
    ['diastolic blood pressure', 60],
    ['blood pressure', 150],
    ['diastolic blood pressure', 95],
  ]);
});

test('the pulse of a child is not judged by that of adults, the saturation is', () => {
  const text = 'A 2-month-old girl. Heart rate 150 bpm. SpO2 80%.';
  expect(one(text, 'symptoms', 'heart rate').flag).toBeUndefined();
  expect(one(text, 'symptoms', 'oxygen saturation').flag).toBe('low');
  expect(one('A 62-year-old woman. Heart rate 150 bpm.', 'symptoms', 'heart rate').flag).toBe('high');
});

test('values that no patient has are no vital signs', () => {
  expect(all('Temperature 4 °C. GCS 30. SpO2 190%. Heart rate 2000.', 'symptoms')).toEqual([]);
});

test.each([
  ['ST elevation in V1-V4', ['v1', 'v2', 'v3', 'v4']],
  ['ST elevation in leads V1 through V4', ['v1', 'v2', 'v3', 'v4']],
  ['ST elevation in V1–4', ['v1', 'v2', 'v3', 'v4']],
  ['ST elevation in leads II, III and aVF', ['ii', 'iii', 'avf']],
  ['ST elevation in II, III, aVF, and V4R', ['ii', 'iii', 'avf', 'v4r']],
  ['ST elevation in the inferior leads', ['inferior leads', 'ii', 'iii', 'avf']],
  ['inferior ST elevation', ['inferior leads', 'ii', 'iii', 'avf']],
  ['ST elevation in anteroseptal leads', ['anteroseptal leads', 'v1', 'v2', 'v3', 'v4']],
  ['ST elevation of 2 mm in V2-V3', ['v2', 'v3']],
] as const)('leads of: %s', (words, leads) => {
  expect(one(`The ECG showed ${words}.`, 'ecg', 'st elevation').qualifiers).toEqual([...leads]);
});

test.each([
  ['2-mm ST elevation', 2, 'mm', undefined],
  ['2 mm of ST elevation', 2, 'mm', undefined],
  ['ST elevation of 2.5 mm', 2.5, 'mm', undefined],
  ['ST elevation (3 mm) in V1-V3', 3, 'mm', undefined],
  ['ST elevation in V1-V3 of 3 mm', 3, 'mm', undefined],
  ['0.2 mV ST elevation', 0.2, 'mV', { value: 2, unit: 'mm' }],
  ['ST elevation of 0.15 mV', 0.15, 'mV', { value: 1.5, unit: 'mm' }],
] as const)('size of: %s', (words, value, unit, canonical) => {
  const found = one(`ECG: ${words}.`, 'ecg', 'st elevation');
  expect([found.value, found.unit, found.canonical]).toEqual([value, unit, canonical]);
});

test.each([
  ['PR interval of 240 ms', 'pr interval', { value: 240, unit: 'ms', flag: 'high' }],
  ['PR 0.24 s', 'pr interval', { value: 0.24, unit: 's', canonical: { value: 240, unit: 'ms' }, flag: 'high' }],
  ['QRS duration 98 ms', 'qrs duration', { value: 98, flag: 'normal' }],
  ['QTc of 520 ms', 'qtc interval', { value: 520, flag: 'high' }],
  ['QTc of 470 ms (normal <480 ms)', 'qtc interval', { range: [null, 480], flag: 'normal' }],
  ['a QTc that shortened from 560 to 440 ms', 'qtc interval', { value: 560 }],
  ['a narrow QRS', 'qrs duration', { flag: 'normal' }],
  ['axis of -45°', 'axis', { value: -45, unit: 'deg', flag: 'low' }],
  ['axis of 110 degrees', 'axis', { value: 110, flag: 'high' }],
  ['a normal axis', 'axis', { flag: 'normal' }],
  ['a leftward axis', 'axis', { flag: 'low' }],
  ['an axis deviated to the right', 'axis', { flag: 'high' }],
  ['sinus tachycardia at 130 bpm', 'rate', { value: 130, flag: 'high' }],
  ['a ventricular rate of 40/min', 'rate', { value: 40, flag: 'low' }],
] as const)('measurement on an ECG: %s', (words, term, expected) => {
  expect(one(`The ECG showed ${words}.`, 'ecg', term)).toMatchObject(expected);
});

test.each([
  'PR interval of 60 ms',
  'PR interval of 500 ms',
  'QRS duration of 40 ms',
  'QRS duration of 400 ms',
  'a rate of 500',
])('not plausible: %s', (words) => {
  expect(all(`The ECG showed ${words}.`, 'ecg').filter((finding) => finding.value !== undefined)).toEqual([]);
});

// The statements of the SCP-ECG standard (EN 1064) that PTB-XL uses, by code and name, and what a report finds them as.
const SCP_ECG: readonly (readonly [code: string, words: string, term: string])[] = [
  ['NDT', 'non-diagnostic T abnormalities', 't wave abnormality'],
  ['NST_', 'non-specific ST changes', 'st-t changes'],
  ['DIG', 'digitalis effect', 'digitalis effect'],
  ['LNGQT', 'long QT interval', 'prolonged qt interval'],
  ['NORM', 'normal ECG', 'normal ecg'],
  ['IMI', 'inferior myocardial infarction', 'inferior infarction pattern'],
  ['ASMI', 'anteroseptal myocardial infarction', 'anteroseptal infarction pattern'],
  ['LVH', 'left ventricular hypertrophy', 'left ventricular hypertrophy'],
  ['LAFB', 'left anterior fascicular block', 'left anterior fascicular block'],
  ['ISC_', 'non-specific ischemic', 'ischemic changes'],
  ['IRBBB', 'incomplete right bundle branch block', 'incomplete right bundle branch block'],
  ['1AVB', 'first degree AV block', 'first degree atrioventricular block'],
  ['IVCD', 'non-specific intraventricular conduction disturbance', 'intraventricular conduction delay'],
  ['ISCAL', 'ischemic in anterolateral leads', 'ischemic changes'],
  ['CRBBB', 'complete right bundle branch block', 'right bundle branch block'],
  ['CLBBB', 'complete left bundle branch block', 'left bundle branch block'],
  ['ILMI', 'inferolateral myocardial infarction', 'inferolateral infarction pattern'],
  ['LAO/LAE', 'left atrial overload/enlargement', 'left atrial enlargement'],
  ['AMI', 'anterior myocardial infarction', 'anterior infarction pattern'],
  ['ALMI', 'anterolateral myocardial infarction', 'anterolateral infarction pattern'],
  ['ISCIN', 'ischemic in inferior leads', 'ischemic changes'],
  ['INJAS', 'subendocardial injury in anteroseptal leads', 'subendocardial injury'],
  ['LMI', 'lateral myocardial infarction', 'lateral infarction pattern'],
  ['ISCIL', 'ischemic in inferolateral leads', 'ischemic changes'],
  ['LPFB', 'left posterior fascicular block', 'left posterior fascicular block'],
  ['ISCAS', 'ischemic in anteroseptal leads', 'ischemic changes'],
  ['INJAL', 'subendocardial injury in anterolateral leads', 'subendocardial injury'],
  ['ISCLA', 'ischemic in lateral leads', 'ischemic changes'],
  ['RVH', 'right ventricular hypertrophy', 'right ventricular hypertrophy'],
  ['ANEUR', 'ST-T changes compatible with ventricular aneurysm', 'ventricular aneurysm pattern'],
  ['RAO/RAE', 'right atrial overload/enlargement', 'right atrial enlargement'],
  ['EL', 'electrolytic disturbance or drug', 'electrolyte or drug effect'],
  ['WPW', 'Wolff-Parkinson-White syndrome', 'delta wave'],
  ['ILBBB', 'incomplete left bundle branch block', 'incomplete left bundle branch block'],
  ['IPLMI', 'inferoposterolateral myocardial infarction', 'inferoposterolateral infarction pattern'],
  ['ISCAN', 'ischemic in anterior leads', 'ischemic changes'],
  ['IPMI', 'inferoposterior myocardial infarction', 'inferoposterior infarction pattern'],
  ['SEHYP', 'septal hypertrophy', 'septal hypertrophy'],
  ['INJIN', 'subendocardial injury in inferior leads', 'subendocardial injury'],
  ['INJLA', 'subendocardial injury in lateral leads', 'subendocardial injury'],
  ['PMI', 'posterior myocardial infarction', 'posterior infarction pattern'],
  ['3AVB', 'third degree AV block', 'third degree atrioventricular block'],
  ['INJIL', 'subendocardial injury in inferolateral leads', 'subendocardial injury'],
  ['2AVB', 'second degree AV block', 'second degree atrioventricular block'],
  ['ABQRS', 'abnormal QRS', 'abnormal qrs'],
  ['PVC', 'ventricular premature complex', 'premature ventricular contraction'],
  ['STD_', 'non-specific ST depression', 'st depression'],
  ['VCLVH', 'voltage criteria (QRS) for left ventricular hypertrophy', 'left ventricular hypertrophy by voltage'],
  ['QWAVE', 'Q waves present', 'pathological q waves'],
  ['LOWT', 'low amplitude T-waves', 't wave flattening'],
  ['NT_', 'non-specific T-wave changes', 't wave abnormality'],
  ['PAC', 'atrial premature complex', 'premature atrial contraction'],
  ['LPR', 'prolonged PR interval', 'prolonged pr interval'],
  ['INVT', 'inverted T-waves', 't wave inversion'],
  ['LVOLT', 'low QRS voltages', 'low voltage'],
  ['HVOLT', 'high QRS voltage', 'high voltage'],
  ['TAB_', 'T-wave abnormality', 't wave abnormality'],
  ['STE_', 'non-specific ST elevation', 'st elevation'],
  ['PRC(S)', 'premature complex', 'premature atrial contraction'],
  ['SR', 'sinus rhythm', 'sinus rhythm'],
  ['AFIB', 'atrial fibrillation', 'atrial fibrillation'],
  ['STACH', 'sinus tachycardia', 'sinus tachycardia'],
  ['SARRH', 'sinus arrhythmia', 'sinus arrhythmia'],
  ['SBRAD', 'sinus bradycardia', 'sinus bradycardia'],
  ['PACE', 'normal functioning artificial pacemaker', 'paced rhythm'],
  ['SVARR', 'supraventricular arrhythmia', 'supraventricular arrhythmia'],
  ['BIGU', 'bigeminal pattern', 'ventricular bigeminy'],
  ['AFLT', 'atrial flutter', 'atrial flutter'],
  ['SVTAC', 'supraventricular tachycardia', 'supraventricular tachycardia'],
  ['PSVT', 'paroxysmal supraventricular tachycardia', 'supraventricular tachycardia'],
  ['TRIGU', 'trigeminal pattern', 'ventricular trigeminy'],
];

test('all 71 statements are there', () => {
  expect(new Set(SCP_ECG.map(([code]) => code)).size).toBe(71);
});

test.each(SCP_ECG)('statement %s, %s', (_, words, term) => {
  expect(one(`The electrocardiogram of the patient revealed ${words}.`, 'ecg', term).assertion).toBe('present');
});

test('what is a statement only on an ECG is none elsewhere', () => {
  expect(all('He had an inferior myocardial infarction and septal hypertrophy.', 'ecg')).toEqual([]);
});

test.each([
  ['LVEF was 25%', 'lvef', { value: 25, unit: '%', flag: 'low' }],
  ['LVEF of 25-30%', 'lvef', { value: 27.5, comparator: '~', flag: 'low' }],
  ['an ejection fraction of 20%–25%', 'lvef', { value: 22.5, comparator: '~' }],
  ['an ejection fraction between 40 and 45%', 'lvef', { value: 42.5, comparator: '~' }],
  ['an EF of 0.35', 'lvef', { value: 0.35, unit: '1', canonical: { value: 35, unit: '%' }, flag: 'low' }],
  ['a 35% ejection fraction', 'lvef', { value: 35 }],
  ['an LVEF < 20%', 'lvef', { value: 20, comparator: '<', flag: 'low' }],
  ['a preserved ejection fraction', 'lvef', { flag: 'normal' }],
  ['an ejection fraction that improved from 25% to 50%', 'lvef', { value: 25 }],
  ['good ventricular function', 'left ventricular function', { flag: 'normal' }],
  ['reduced right ventricular function', 'right ventricular function', { flag: 'low' }],
  ['normal wall motion', 'wall motion', { flag: 'normal' }],
  ['a mean gradient of 45 mmHg', 'mean gradient', { value: 45, unit: 'mm[Hg]', flag: 'high' }],
  ['a peak/mean gradient of 34/20 mmHg', 'mean gradient', { value: 20 }],
  ['PASP of 70 mm of Hg', 'pulmonary artery systolic pressure', { value: 70, flag: 'high' }],
  ['TAPSE of 1.2 cm', 'tapse', { value: 1.2, unit: 'cm', canonical: { value: 12, unit: 'mm' }, flag: 'low' }],
  ['an aortic valve area of 0.7 cm2', 'aortic valve area', { value: 0.7, flag: 'low' }],
  ['an E/A ratio of 0.7', 'e/a ratio', { value: 0.7, flag: 'low' }],
  ['a deceleration time of 250 ms', 'deceleration time', { value: 250 }],
  ['a cardiothoracic ratio of 0.67', 'cardiothoracic ratio', { canonical: { value: 67, unit: '%' }, flag: 'high' }],
  ['a coronary calcium score of 412', 'coronary calcium score', { value: 412, flag: 'high' }],
  ['a 90% stenosis', 'stenosis', { value: 90, unit: '%' }],
  ['stenosis of 70-80%', 'stenosis', { value: 75, comparator: '~' }],
  ['a pericardial effusion of 2 cm', 'pericardial effusion', { qualifiers: ['echocardiography', '20 mm'] }],
  ['a 2.3 × 1.4 cm mass', 'mass', { qualifiers: ['echocardiography', '23 x 14 mm'] }],
  ['a mass measuring 26 × 34 × 50 mm', 'mass', { qualifiers: ['echocardiography', '26 x 34 x 50 mm'] }],
  ['a 3-cm mass', 'mass', { qualifiers: ['echocardiography', '30 mm'] }],
  ['no pericardial effusion', 'pericardial effusion', { assertion: 'absent' }],
] as const)('echocardiography showed %s', (words, term, expected) => {
  expect(one(`Echocardiography showed ${words}.`, 'imaging', term)).toMatchObject(expected);
});

test('a fraction that improved is two values', () => {
  const found = all('The ejection fraction improved from 25% to 50% at discharge.', 'imaging');
  expect(found.map(({ value, trend, at }) => [value, trend, at])).toEqual([
    [25, undefined, undefined],
    [50, 'improving', 'at discharge'],
  ]);
});

test('a function that no image showed is no finding of one', () => {
  expect(all('His cardiac function improved.', 'imaging')).toEqual([]);
});
