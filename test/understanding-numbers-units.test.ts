import ucum from '@lhncbc/ucum-lhc';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalAmount, convert } from '../core/cases/conversion.ts';
import { substanceOf } from '../core/cases/judgement.ts';
import { readUnit } from '../core/cases/units.ts';
import { IMAGING_MEASURES } from '../core/cases/vocabularies/imaging.ts';
import { LAB_ANALYTES } from '../core/cases/vocabularies/labs.ts';
import { VITAL_SIGNS } from '../core/cases/vocabularies/vitals.ts';

const library = ucum.UcumLhcUtils.getInstance();

/** The library leaves international units without a relation; the reports' enzymes and hormones use them as units of activity. */
const asActivity = (code: string): string => code.replaceAll('[IU]', 'U');

function byLibrary(
  value: number,
  from: string,
  to: string,
  molecularWeight: number | null,
  charge: number,
): number | null {
  const conversion = library.convertUnitTo(asActivity(from), value, asActivity(to), {
    charge,
    ...(molecularWeight === null ? {} : { molecularWeight }),
  });
  return conversion.status === 'succeeded' ? conversion.toVal : null;
}

const WRITTEN: readonly (readonly [string, string])[] = [
  ['mg/dL', 'mg/dL'],
  ['mg / dl', 'mg/dL'],
  ['g/L', 'g/L'],
  ['gm/dl', 'g/dL'],
  ['gm%', 'g/dL'],
  ['mg %', 'mg/dL'],
  ['µg/dL', 'ug/dL'],
  ['μg/L', 'ug/L'],
  ['mcg/mL', 'ug/mL'],
  ['ng/ml', 'ng/mL'],
  ['pg/mL', 'pg/mL'],
  ['mmol/l', 'mmol/L'],
  ['mmol L-1', 'mmol/L'],
  ['µmol/L', 'umol/L'],
  ['nmol/L', 'nmol/L'],
  ['pmol/L', 'pmol/L'],
  ['mEq/L', 'meq/L'],
  ['U/L', 'U/L'],
  ['units/L', 'U/L'],
  ['IU/L', '[IU]/L'],
  ['UI/L', '[IU]/L'],
  ['mIU/mL', 'm[IU]/mL'],
  ['µIU/mL', 'u[IU]/mL'],
  ['kU/L', 'kU/L'],
  ['mosm/kg', 'mosm/kg'],
  ['mOsm/kg', 'mosm/kg'],
  ['× 10^9/L', '10*9/L'],
  ['x 109/L', '10*9/L'],
  ['×10⁹/L', '10*9/L'],
  ['G/L', '10*9/L'],
  ['Giga/L', '10*9/L'],
  ['K/uL', '10*3/uL'],
  ['×10^3/µL', '10*3/uL'],
  ['thousand/mm3', '10*3/uL'],
  ['million/mm3', '10*6/uL'],
  ['lakh/cumm', '10*5/uL'],
  ['lakhs', '10*5/uL'],
  ['/mm3', '/uL'],
  ['/mm ³', '/uL'],
  ['cells/µL', '/uL'],
  ['/cumm', '/uL'],
  ['cells/HPF', '/[HPF]'],
  ['per high-power field', '/[HPF]'],
  ['mL/min/1.73 m2', 'mL/min/{1.73_m2}'],
  ['ml/min', 'mL/min'],
  ['ng/mL/h', 'ng/mL/h'],
  ['mm/h', 'mm/h'],
  ['mm in the first hour', 'mm/h'],
  ['%', '%'],
  ['mmHg', 'mm[Hg]'],
  ['mm of Hg', 'mm[Hg]'],
  ['kPa', 'kPa'],
  ['cm H2O', 'cm[H2O]'],
  ['bpm', '/min'],
  ['beats per minute', '/min'],
  ['breaths/min', '/min'],
  ['°C', 'Cel'],
  ['° C', 'Cel'],
  ['degrees Celsius', 'Cel'],
  ['°F', '[degF]'],
  ['degrees', 'deg'],
  ['ms', 'ms'],
  ['msec', 'ms'],
  ['seconds', 's'],
  ['mV', 'mV'],
  ['kg/m2', 'kg/m2'],
  ['kg', 'kg'],
  ['lbs', '[lb_av]'],
  ['cm', 'cm'],
  ['mm', 'mm'],
  ['cm2', 'cm2'],
  ['m/s', 'm/s'],
  ['HU', "[hnsf'U]"],
  ['fL', 'fL'],
  ['g/24 h', 'g/d'],
  ['mg/day', 'mg/d'],
  ['mg/g', 'mg/g'],
];

test.each(WRITTEN)('%s is read as %s, which the library knows, up to its last character', (written, code) => {
  for (const space of ['', ' ', ' ']) {
    const text = `12${space}${written}, then`;
    expect(readUnit(text, 2)).toEqual({ code, end: 2 + space.length + written.length });
  }
  expect(library.validateUnitString(code)).toMatchObject({ status: 'valid' });
});

test('words that are no units are none', () => {
  for (const word of [
    'mother',
    'per',
    'patients',
    'Category',
    'Leads',
    'months',
    'min',
    'x',
    '/',
    '10',
    'Cases',
    'small',
  ])
    expect(readUnit(`3 ${word}`, 1)).toBeNull();
});

test('whatever prefix and unit are joined, the code is valid in UCUM', () => {
  const above = fc.tuple(
    fc.constantFrom('', 'm', 'u', 'µ', 'mc', 'n', 'p', 'k', 'd'),
    fc.constantFrom('g', 'mol', 'IU', 'U', 'Eq'),
  );
  const below = fc.constantFrom('L', 'dL', 'mL', 'µL', 'l', 'dl', 'ml', 'kg', 'min', 'h', 'd');
  fc.assert(
    fc.property(above, below, ([prefix, base], per) => {
      const unit = readUnit(`7 ${prefix}${base}/${per}`, 1);
      if (unit !== null) expect(library.validateUnitString(unit.code)).toMatchObject({ status: 'valid' });
    }),
    { numRuns: 300 },
  );
});

// What reports write for a concentration, by what stands above the line.
const ALTERNATIVES: readonly string[] = [
  ...['g/L', 'g/dL', 'mg/dL', 'mg/L', 'mg/mL', 'ug/dL', 'ug/L', 'ug/mL', 'ng/dL', 'ng/mL', 'ng/L', 'pg/mL'],
  ...['mol/L', 'mmol/L', 'umol/L', 'nmol/L', 'pmol/L', 'mmol/dL', 'meq/L'],
  ...[
    'U/L',
    'kU/L',
    'U/mL',
    'mU/L',
    'mU/mL',
    'uU/mL',
    'U/dL',
    '[IU]/L',
    'k[IU]/L',
    '[IU]/mL',
    'm[IU]/L',
    'm[IU]/mL',
    'u[IU]/mL',
  ],
  ...['10*9/L', '10*3/uL', '10*6/uL', '10*5/uL', '10*12/L', '/uL', '/mL', '10*6/L'],
  ...[
    'mosm/kg',
    'mosm/L',
    'kPa',
    'mm[Hg]',
    'cm[H2O]',
    's',
    'ms',
    'min',
    '%',
    '1',
    'fL',
    'pg',
    'mL/min',
    'L/min',
    'mL/min/{1.73_m2}',
  ],
  ...[
    'mm/h',
    'mm',
    'cm',
    'm',
    'kg',
    'g',
    '[lb_av]',
    'Cel',
    '[degF]',
    '/min',
    'mL',
    'L',
    'g/d',
    'mg/d',
    'ug/d',
    'mg/g',
    'ug/g',
  ],
];

test('every factor is the one that the library gives, for each analyte and each unit', () => {
  let compared = 0;
  let refused = 0;
  const seen = new Set<string>();
  for (const analyte of LAB_ANALYTES) {
    // A field of a microscope is no volume.
    if (analyte.unit === null || analyte.unit.includes('[HPF]')) continue;
    const substance = `${analyte.unit} ${analyte.molarMass} ${analyte.valence}`;
    if (seen.has(substance)) continue;
    seen.add(substance);
    for (const unit of ALTERNATIVES) {
      const wanted = byLibrary(3, unit, analyte.unit, analyte.molarMass, analyte.valence);
      const made = convert(3, unit, analyte.unit, substanceOf(analyte));
      // Osmoles are moles of particles, which no analyte but the osmolality is reported in.
      if (unit.includes('osm') !== analyte.unit.includes('osm')) continue;
      if (wanted === null) {
        // The library wants a molar mass for equivalents even where only amounts are meant.
        expect(made === null || unit === 'meq/L', `${analyte.term}: ${unit} to ${analyte.unit}`).toBe(true);
        refused += 1;
        continue;
      }
      if (made === null) throw new Error(`${analyte.term}: no way from ${unit} to ${analyte.unit}`);
      expect(Math.abs(made / wanted - 1), `${analyte.term} ${unit} ${analyte.unit}`).toBeLessThan(1e-6);
      compared += 1;
    }
  }
  console.info(
    `F2 units: ${compared} conversions of ${seen.size} substances and units of ${LAB_ANALYTES.length} analytes equal to the library's, ${refused} it refuses`,
  );
  expect(compared).toBeGreaterThan(1000);
});

test('the units of vital signs and of measurements on images convert as the library does', () => {
  const units = [...VITAL_SIGNS, ...IMAGING_MEASURES].map((one) => one.unit);
  for (const to of new Set(units))
    for (const from of ALTERNATIVES) {
      const wanted = byLibrary(3, from, to, null, 1);
      const made = convert(3, from, to);
      if (made !== null && from !== to) expect(made / (wanted ?? Number.NaN), `${from} ${to}`).toBeCloseTo(1, 6);
    }
  for (const [from, to] of [
    ['[degF]', 'Cel'],
    ['[lb_av]', 'kg'],
    ['g', 'kg'],
    ['m', 'cm'],
    ['cm', 'mm'],
    ['kPa', 'mm[Hg]'],
    ['s', 'ms'],
    ['1', '%'],
  ] as const)
    expect(convert(3, from, to), `${from} ${to}`).not.toBeNull();
});

test('a conversion there and back gives the same amount', () => {
  const analytes = LAB_ANALYTES.filter((analyte) => analyte.unit !== null);
  fc.assert(
    fc.property(
      fc.constantFrom(...analytes),
      fc.constantFrom(...ALTERNATIVES),
      fc.double({ min: 1e-6, max: 1e9, noNaN: true }),
      (analyte, unit, value) => {
        const there = convert(value, unit, analyte.unit ?? '', substanceOf(analyte));
        const back = there === null ? null : convert(there, analyte.unit ?? '', unit, substanceOf(analyte));
        if (back !== null) expect(Math.abs(back / value - 1)).toBeLessThan(1e-9);
        expect(back === null).toBe(there === null);
      },
    ),
  );
});

test.each([
  ['glucose', 5.5, 'mmol/L', 99.09, 'mg/dL'],
  ['creatinine', 798, 'umol/L', 9.027, 'mg/dL'],
  ['calcium', 2.5, 'mmol/L', 10.02, 'mg/dL'],
  ['calcium', 5, 'meq/L', 10.02, 'mg/dL'],
  ['hemoglobin', 8.1, 'mmol/L', 13.05, 'g/dL'],
  ['total bilirubin', 17.1, 'umol/L', 1, 'mg/dL'],
  ['total cholesterol', 5.2, 'mmol/L', 201, 'mg/dL'],
  ['uric acid', 420, 'umol/L', 7.06, 'mg/dL'],
  ['potassium', 4, 'meq/L', 4, 'mmol/L'],
  ['platelets', 1.2, '10*5/uL', 120, '10*9/L'],
] as const)('%s of %s %s is %s %s', (term, value, unit, wanted, canonical) => {
  const analyte = LAB_ANALYTES.find((one) => one.term === term);
  if (analyte === undefined) throw new Error(term);
  const amount = canonicalAmount(value, unit, analyte.unit, substanceOf(analyte));
  expect(amount?.unit).toBe(canonical);
  expect(Math.abs((amount?.value ?? 0) / wanted - 1)).toBeLessThan(0.005);
});

test('every unit of the tables is valid, and every range stands the right way round', () => {
  for (const analyte of LAB_ANALYTES) {
    if (analyte.unit === null) expect([analyte.low, analyte.high], analyte.term).toEqual([null, null]);
    else expect(library.validateUnitString(analyte.unit).status, analyte.term).toBe('valid');
    if (analyte.low !== null && analyte.high !== null) expect(analyte.low, analyte.term).toBeLessThan(analyte.high);
  }
  for (const measure of [...VITAL_SIGNS, ...IMAGING_MEASURES])
    expect(library.validateUnitString(measure.unit).status, measure.term).toBe('valid');
});

test('no analyte and no phrase stands twice', () => {
  const terms = LAB_ANALYTES.map((analyte) => analyte.term);
  expect(terms.filter((term, index) => terms.indexOf(term) !== index)).toEqual([]);
});
