import type { Flag } from '../../schema/vocabulary.ts';
import type { Finding } from './case.ts';
import { canonicalAmount, convert, type Substance } from './conversion.ts';
import { flagOf } from './findings.ts';
import type { Quantity } from './quantities.ts';
import { boundsIn, type Reference } from './reference.ts';
import type { Analyte } from './vocabularies/labs.ts';

/** What is made of one value: where it lies, by which range, and what it is in the unit of comparison. */
export type Judged = {
  readonly flag: Flag | null;
  readonly range: Finding['range'] | null;
  readonly canonical: Finding['canonical'] | null;
};

// From here on the built-in ranges, which are those of adults, hold. Below it they serve only for analytes that change little
// after infancy; no paediatric ranges are built in, so for the others a child's value is judged by the report's own words alone.
const ADULT_YEARS = 18;
const INFANT_YEARS = 1;
const AGELESS = new Set(
  'sodium,potassium,chloride,ionized calcium,ph,c-reactive protein,procalcitonin,inr,serum osmolality,lactate,hba1c,platelets,magnesium,troponin i,troponin t,csf glucose,csf protein,methemoglobin,carboxyhemoglobin,d-dimer'.split(
    ',',
  ),
);

/** Whether the built-in range of an analyte may judge a patient of this age; an unknown age is taken for an adult's. */
export function rangeApplies(term: string, ageYears: number | null): boolean {
  if (ageYears === null || ageYears >= ADULT_YEARS) return true;
  return ageYears >= INFANT_YEARS && AGELESS.has(term);
}

export function substanceOf(analyte: Analyte): Substance {
  return { molarMass: analyte.molarMass, valence: analyte.valence };
}

/** A bare number as the analyte's unit would have it; null where it is too far from any value of that analyte. */
function bareInUnit(value: number, analyte: Analyte): number | null {
  // Cells are often counted per microlitre without saying so.
  if (analyte.unit === '10*9/L' && value >= 500) return value / 1000;
  // Haemoglobin in g/L, as much of the world writes it.
  if (analyte.term === 'hemoglobin' && value > 25) return value / 10;
  const bound = analyte.high ?? analyte.low ?? 0;
  return value >= bound / 30 && value <= bound * 60 ? value : null;
}

/** The value in the analyte's unit of comparison, by its written unit or, without one, by its size. */
export function inComparedUnit(quantity: Quantity, analyte: Analyte): number | null {
  if (analyte.unit === null) return null;
  return quantity.unit === null
    ? bareInUnit(quantity.value, analyte)
    : convert(quantity.value, quantity.unit, analyte.unit, substanceOf(analyte));
}

/** `> 10` does not say that a value is normal where the range ends at 40. */
export function flagOfQuantity(
  value: number,
  comparator: Quantity['comparator'],
  low: number | null,
  high: number | null,
): Flag | null {
  const flag = flagOf(value, low, high);
  if (flag !== 'normal') return flag;
  const above = comparator === '>' || comparator === '>=';
  const below = comparator === '<' || comparator === '<=';
  return (above && high !== null) || (below && low !== null) ? null : flag;
}

/**
 * Judges by the range that the report states, else by its words (`elevated`), else by the built-in range of adults. `known`
 * says whether the built-in range applies at all.
 */
export function judge(
  quantity: Quantity,
  analyte: Analyte,
  reference: Reference | null,
  worded: Flag | null,
  known: boolean,
): Judged {
  const compared = inComparedUnit(quantity, analyte);
  const scaled = quantity.unit === null && compared !== null && compared !== quantity.value;
  const canonical =
    scaled && analyte.unit !== null
      ? { value: compared, unit: analyte.unit }
      : canonicalAmount(quantity.value, quantity.unit, analyte.unit, substanceOf(analyte));
  const range = reference === null ? null : boundsIn(reference, quantity.unit, substanceOf(analyte));
  const stated = range === null ? null : flagOfQuantity(quantity.value, quantity.comparator, range[0], range[1]);
  if (stated !== null) return { flag: stated, range, canonical };
  const usual =
    compared === null || !known ? null : flagOfQuantity(compared, quantity.comparator, analyte.low, analyte.high);
  // `abnormal` says no side; the number does.
  const flag = worded === 'abnormal' ? (usual === 'low' || usual === 'high' ? usual : worded) : (worded ?? usual);
  return { flag, range, canonical };
}
