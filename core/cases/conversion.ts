/**
 * Conversion between UCUM units of what laboratories and bedside report. The factors are derived here and checked against
 * `@lhncbc/ucum-lhc` for every analyte by a test, so that the library is the authority (docs/decisions/0012-units.md).
 */

type Kind = 'number' | 'mass' | 'amount' | 'charge' | 'activity' | 'osm' | 'volume' | 'length' | 'time' | 'pressure';
type Part = { readonly kind: Kind; readonly factor: number };
type Scale = { readonly kind: Kind; readonly below: string; readonly factor: number };

/** What joins mass, amount of substance and charge. */
export type Substance = {
  /** g/mol */
  readonly molarMass: number | null;
  /** Charges of one ion. */
  readonly valence: number;
};
const NO_SUBSTANCE: Substance = { molarMass: null, valence: 1 };

const PREFIXES: Readonly<Record<string, number>> = {
  k: 1e3,
  d: 1e-1,
  c: 1e-2,
  m: 1e-3,
  u: 1e-6,
  n: 1e-9,
  p: 1e-12,
  f: 1e-15,
};
const BASES: Readonly<Record<string, Part>> = {
  g: { kind: 'mass', factor: 1 },
  mol: { kind: 'amount', factor: 1 },
  eq: { kind: 'charge', factor: 1 },
  // UCUM leaves international units without a relation; for enzymes they are the unit of activity under another name.
  U: { kind: 'activity', factor: 1 },
  '[IU]': { kind: 'activity', factor: 1 },
  kat: { kind: 'activity', factor: 6e7 },
  osm: { kind: 'osm', factor: 1 },
  L: { kind: 'volume', factor: 1 },
  m: { kind: 'length', factor: 1 },
  s: { kind: 'time', factor: 1 },
};
const WHOLE: Readonly<Record<string, Part>> = {
  '': { kind: 'number', factor: 1 },
  '1': { kind: 'number', factor: 1 },
  '%': { kind: 'number', factor: 1e-2 },
  min: { kind: 'time', factor: 60 },
  h: { kind: 'time', factor: 3600 },
  d: { kind: 'time', factor: 86_400 },
  'mm[Hg]': { kind: 'pressure', factor: 133.322 },
  'cm[H2O]': { kind: 'pressure', factor: 98.0665 },
  kPa: { kind: 'pressure', factor: 1000 },
  '[lb_av]': { kind: 'mass', factor: 453.59237 },
};
// Surface area is a convention of the clearance, not a unit.
const CONVENTIONS = new Set(['{1.73_m2}']);
const POWER_OF_TEN = /^10\*(\d{1,2})$/;

function partOf(code: string): Part | null {
  const whole = WHOLE[code];
  if (whole !== undefined) return whole;
  const power = POWER_OF_TEN.exec(code)?.[1];
  if (power !== undefined) return { kind: 'number', factor: 10 ** Number(power) };
  const base = BASES[code];
  if (base !== undefined) return base;
  const prefix = PREFIXES[code.charAt(0)];
  const prefixed = BASES[code.slice(1)];
  return prefix === undefined || prefixed === undefined
    ? null
    : { kind: prefixed.kind, factor: prefixed.factor * prefix };
}

/** What stands above and below the line, with the factor to the unprefixed units. */
function scaleOf(code: string): Scale | null {
  const [above, ...below] = code.split('/');
  const top = partOf(above ?? '');
  if (top === null) return null;
  const kinds: string[] = [];
  let { factor } = top;
  for (const written of below) {
    if (CONVENTIONS.has(written)) continue;
    const part = partOf(written);
    if (part === null) return null;
    kinds.push(part.kind);
    factor /= part.factor;
  }
  // A mass per mass is a number.
  const cancelled = kinds.indexOf(top.kind);
  if (cancelled < 0) return { kind: top.kind, below: kinds.sort().join('/'), factor };
  kinds.splice(cancelled, 1);
  return { kind: 'number', below: kinds.sort().join('/'), factor };
}

/** Moles per unit of a kind; null where the substance does not say. */
function molesPer(kind: Kind, substance: Substance): number | null {
  if (kind === 'amount') return 1;
  if (kind === 'charge') return 1 / substance.valence;
  return kind === 'mass' && substance.molarMass !== null ? 1 / substance.molarMass : null;
}

function factorBetween(from: string, to: string, substance: Substance): number | null {
  const source = scaleOf(from);
  const target = scaleOf(to);
  if (source === null || target === null || source.below !== target.below) return null;
  const ratio = source.factor / target.factor;
  if (source.kind === target.kind) return ratio;
  const given = molesPer(source.kind, substance);
  const wanted = molesPer(target.kind, substance);
  return given === null || wanted === null ? null : (ratio * given) / wanted;
}

// Codes come from a closed grammar of units, so the memo stays small.
const factors = new Map<string, number | null>();

/** Converts between UCUM codes; null where the units do not fit together. Linear but for degrees Fahrenheit. */
export function convert(value: number, from: string, to: string, substance: Substance = NO_SUBSTANCE): number | null {
  if (from === to) return value;
  if (from === '[degF]' && to === 'Cel') return ((value - 32) * 5) / 9;
  if (from === 'Cel' && to === '[degF]') return (value * 9) / 5 + 32;
  const key = `${from} ${to} ${substance.molarMass} ${substance.valence}`;
  let factor = factors.get(key);
  if (factor === undefined) {
    factor = factorBetween(from, to, substance);
    factors.set(key, factor);
  }
  return factor === null ? null : value * factor;
}

// Digits that no laboratory reports are noise of the factor.
const DIGITS_KEPT = 6;

/** The amount in the unit of comparison; null where the text's unit is that one, or does not convert into it. */
export function canonicalAmount(
  value: number,
  unit: string | null,
  wanted: string | null,
  substance?: Substance,
): { readonly value: number; readonly unit: string } | null {
  if (unit === null || wanted === null || unit === wanted) return null;
  const converted = convert(value, unit, wanted, substance);
  return converted === null ? null : { value: Number(converted.toPrecision(DIGITS_KEPT)), unit: wanted };
}
