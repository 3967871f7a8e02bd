import type { Comparator, Flag, Trend } from '../../schema/vocabulary.ts';
import type { Finding } from './case.ts';
import type { Result } from './scopes.ts';

/** A finding on its way into a facet; `sentence` and token tell where its words stand. */
export type Draft = {
  readonly finding: Finding;
  readonly sentence: number;
};

/** Leaves out what is null, so that findings carry no empty fields. */
export function makeFinding(fields: {
  readonly term: string;
  readonly assertion: Finding['assertion'];
  readonly span: Finding['span'];
  readonly value?: number | null;
  readonly unit?: string | null;
  readonly comparator?: Comparator | null;
  readonly flag?: Flag | null;
  readonly canonical?: Finding['canonical'] | null;
  readonly range?: Finding['range'] | null;
  readonly trend?: Trend | null;
  readonly at?: string | null;
  readonly qualifiers?: readonly string[];
}): Finding {
  return {
    term: fields.term,
    assertion: fields.assertion,
    span: fields.span,
    ...(fields.value === null || fields.value === undefined ? {} : { value: fields.value }),
    ...(fields.unit === null || fields.unit === undefined ? {} : { unit: fields.unit }),
    ...(fields.comparator === null || fields.comparator === undefined ? {} : { comparator: fields.comparator }),
    ...(fields.flag === null || fields.flag === undefined ? {} : { flag: fields.flag }),
    ...(fields.canonical === null || fields.canonical === undefined ? {} : { canonical: fields.canonical }),
    ...(fields.range === null || fields.range === undefined ? {} : { range: fields.range }),
    ...(fields.trend === null || fields.trend === undefined ? {} : { trend: fields.trend }),
    ...(fields.at === null || fields.at === undefined ? {} : { at: fields.at }),
    ...(fields.qualifiers === undefined || fields.qualifiers.length === 0 ? {} : { qualifiers: fields.qualifiers }),
  };
}

/** Where a value lies. A comparator only decides where the bound itself already lies outside. */
export function flagOf(value: number, low: number | null, high: number | null): Flag | null {
  if (low === null && high === null) return null;
  if (high !== null && value > high) return 'high';
  if (low !== null && value < low) return 'low';
  return 'normal';
}

export function flagOfResult(result: Result | null): Flag | null {
  return result === 'low' || result === 'high' || result === 'normal' || result === 'abnormal' ? result : null;
}
