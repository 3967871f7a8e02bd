import type { AgeGroup } from '../../schema/vocabulary.ts';

const ADULT_YEARS = 18;
const MIDDLE_YEARS = 40;
const OLDER_YEARS = 65;
const MONTHS_PER_YEAR = 12;
const DAYS_PER_YEAR = 365.25;
// Ages are kept to a thousandth of a year, which is less than half a day.
const MONTH_TOLERANCE = 0.05;
const IN_DAYS_UNDER_MONTHS = 3;
const IN_MONTHS_UNDER_YEARS = 2;

/** The group of an age in years. */
export function ageGroupOf(years: number): AgeGroup {
  if (years < ADULT_YEARS) return '0-17';
  if (years < MIDDLE_YEARS) return '18-39';
  return years < OLDER_YEARS ? '40-64' : '65+';
}

/** An age in years as an ISO 8601 duration: `P54Y`, `P4Y6M`, `P18M`, `P12D`; in days where less than three and no full months. */
export function isoAgeOf(years: number): string {
  const months = years * MONTHS_PER_YEAR;
  const wholeMonths = Math.round(months);
  const isWhole = Math.abs(months - wholeMonths) <= MONTH_TOLERANCE;
  if (wholeMonths === 0 || (months < IN_DAYS_UNDER_MONTHS && !isWhole)) return `P${Math.round(years * DAYS_PER_YEAR)}D`;
  // A tenth of a year is all that is known of older ages, so months are rounded there.
  const told = isWhole || years >= IN_MONTHS_UNDER_YEARS ? wholeMonths : Math.floor(months);
  if (years < IN_MONTHS_UNDER_YEARS) return told === MONTHS_PER_YEAR ? 'P1Y' : `P${told}M`;
  const rest = told % MONTHS_PER_YEAR;
  return `P${Math.floor(told / MONTHS_PER_YEAR)}Y${rest === 0 ? '' : `${rest}M`}`;
}
