import type { CaseFinding } from '../../core/search/case-contract.ts';
import type { Trend } from '../../schema/vocabulary.ts';

/** UCUM codes that read badly as they are (https://ucum.org). */
const UNIT_WORDS: Readonly<Record<string, string>> = {
  a: 'years',
  mo: 'months',
  wk: 'weeks',
  d: 'days',
  h: 'hours',
  min: 'minutes',
  Cel: '°C',
  'mm[Hg]': 'mmHg',
  'cm[H2O]': 'cmH₂O',
  '/min': 'per minute',
  '1': '',
};
const COMPARATOR_SIGNS: Readonly<Record<string, string>> = { '<=': '≤', '>=': '≥' };
const ARROWS: Readonly<Partial<Record<Trend, string>>> = { rising: '↑', falling: '↓', stable: '→' };
const DAYS_A_MONTH = 30.4375;
const DAYS_A_YEAR = 365.25;
/** Of a converted amount: its text had no more. */
const DIGITS_MAX = 4;

/** `> 588 ng/mL`; empty where the finding has no value. An age is said as people say it. */
export function valueWords({ term, value, unit, comparator }: CaseFinding): string {
  if (value === undefined) return '';
  const sign = comparator === undefined ? '' : `${COMPARATOR_SIGNS[comparator] ?? comparator} `;
  return `${sign}${term === 'age' && unit === 'a' ? ageWords(value) : amount(value, unit)}`;
}

/** What stands under a value: its reference range, and the amount in the unit in which the term is compared. */
export function besideValue({ range, unit, canonical }: CaseFinding): readonly string[] {
  return [
    ...(range === undefined ? [] : [rangeWords(range, unit)]),
    ...(canonical === undefined
      ? []
      : [`= ${amount(Number(canonical.value.toPrecision(DIGITS_MAX)), canonical.unit)}`]),
  ];
}

/** What stands under a term: how bad, since when, and when it was found. */
export function courseWords({ severity, onset, duration_days, at }: CaseFinding): readonly string[] {
  return [
    ...(severity === undefined ? [] : [severity]),
    ...(onset === undefined ? [] : [onset]),
    ...(duration_days === undefined ? [] : [`for ${durationWords(duration_days)}`]),
    ...(at === undefined ? [] : [at]),
  ];
}

/** `↑ rising`: an arrow only where the direction is one of amount. */
export function trendWords(trend: Trend): string {
  const arrow = ARROWS[trend];
  return arrow === undefined ? trend : `${arrow} ${trend}`;
}

function rangeWords([low, high]: readonly [number | null, number | null], unit: string | undefined): string {
  if (low !== null && high !== null) return `reference ${low} to ${amount(high, unit)}`;
  if (high !== null) return `reference up to ${amount(high, unit)}`;
  return low === null ? 'reference not readable' : `reference from ${amount(low, unit)}`;
}

export function amount(value: number, unit: string | undefined): string {
  const word = unit === undefined ? '' : (UNIT_WORDS[unit] ?? unit);
  return word === '' ? String(value) : `${value} ${word}`;
}

const counted = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

/** A time in the largest unit of which there are at least two, or one in full. */
export function durationWords(days: number): string {
  const years = days / DAYS_A_YEAR;
  const months = days / DAYS_A_MONTH;
  if (years >= 1.95) return counted(Math.round(years), 'year');
  if (months >= 1.95) return counted(Math.round(months), 'month');
  if (days >= 14) return counted(Math.round(days / 7), 'week');
  if (days >= 1) return counted(Math.round(days), 'day');
  const hours = days * 24;
  return hours >= 1 ? counted(Math.round(hours), 'hour') : counted(Math.round(hours * 60), 'minute');
}

/** Under two years an age is said in months, under one month in days. */
export function ageWords(ageYears: number | null): string {
  if (ageYears === null) return 'not stated';
  if (ageYears >= 2) return `${Math.floor(ageYears)} years`;
  const months = Math.floor(ageYears * 12 + 1e-6);
  if (months >= 1) return months === 1 ? '1 month' : `${months} months`;
  const days = Math.round(ageYears * 365.25);
  return days === 0 ? 'newborn' : days === 1 ? '1 day' : `${days} days`;
}
