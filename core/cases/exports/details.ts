import { ASSERTIONS, COMPARATORS, FLAGS, ONSETS, SEVERITIES, TRENDS } from '../../../schema/vocabulary.ts';
import type { Finding } from '../case.ts';
import { NO_SPAN } from './imported.ts';

/** The fields of a finding beside term and span, by name and as words; `qualifier` may come several times. */
export const DETAIL_KEYS = [
  'assertion',
  'value',
  'unit',
  'comparator',
  'flag',
  'range',
  'canonical',
  'trend',
  'severity',
  'onset',
  'duration',
  'at',
  'code',
  'qualifier',
] as const;
export type DetailKey = (typeof DETAIL_KEYS)[number];
export type Detail = readonly [key: DetailKey, value: string];

/** What a finding says beside its term. `present` is left out: it is what a finding is unless it says otherwise. */
export function detailsOf(finding: Finding, without: readonly DetailKey[] = []): readonly Detail[] {
  const all: (Detail | null)[] = [
    finding.assertion === 'present' ? null : ['assertion', finding.assertion],
    finding.value === undefined ? null : ['value', String(finding.value)],
    finding.unit === undefined ? null : ['unit', finding.unit],
    finding.comparator === undefined ? null : ['comparator', finding.comparator],
    finding.flag === undefined ? null : ['flag', finding.flag],
    finding.range === undefined ? null : ['range', finding.range.map((bound) => bound ?? '').join('..')],
    finding.canonical === undefined ? null : ['canonical', `${finding.canonical.value} ${finding.canonical.unit}`],
    finding.trend === undefined ? null : ['trend', finding.trend],
    finding.severity === undefined ? null : ['severity', finding.severity],
    finding.onset === undefined ? null : ['onset', finding.onset],
    finding.durationDays === undefined ? null : ['duration', `P${finding.durationDays}D`],
    finding.at === undefined ? null : ['at', finding.at],
    finding.code === undefined ? null : ['code', finding.code],
    ...(finding.qualifiers ?? []).map((word): Detail => ['qualifier', word]),
  ];
  return all.filter((detail): detail is Detail => detail !== null && !without.includes(detail[0]));
}

const oneOf = <T extends string>(values: readonly T[], word: string | undefined): T | undefined =>
  values.find((value) => value === word);
const numberOf = (word: string | undefined): number | undefined => {
  const value = word === undefined || word.trim() === '' ? Number.NaN : Number(word);
  return Number.isFinite(value) ? value : undefined;
};

function rangeOf(word: string | undefined): Finding['range'] {
  const bounds = word?.split('..') ?? [];
  if (bounds.length !== 2) return undefined;
  const [low, high] = bounds.map((bound) => numberOf(bound) ?? null);
  return low === null && high === null ? undefined : [low ?? null, high ?? null];
}

function canonicalOf(word: string | undefined): Finding['canonical'] {
  const at = word?.indexOf(' ') ?? -1;
  const value = numberOf(word?.slice(0, Math.max(at, 0)));
  return value === undefined || word === undefined ? undefined : { value, unit: word.slice(at + 1) };
}

/** A finding from its words. What is in none of the closed lists is left out. */
export function findingOf(term: string, details: readonly Detail[], span: Finding['span'] = NO_SPAN): Finding {
  const said = new Map<DetailKey, string>(details);
  const qualifiers = details.flatMap(([key, word]) => (key === 'qualifier' ? [word] : []));
  const duration = /^P(.+)D$/.exec(said.get('duration') ?? '');
  const fields = {
    value: numberOf(said.get('value')),
    unit: said.get('unit'),
    comparator: oneOf(COMPARATORS, said.get('comparator')),
    flag: oneOf(FLAGS, said.get('flag')),
    canonical: canonicalOf(said.get('canonical')),
    range: rangeOf(said.get('range')),
    trend: oneOf(TRENDS, said.get('trend')),
    severity: oneOf(SEVERITIES, said.get('severity')),
    onset: oneOf(ONSETS, said.get('onset')),
    durationDays: duration === null ? undefined : numberOf(duration[1]),
    at: said.get('at'),
    code: said.get('code'),
    qualifiers: qualifiers.length === 0 ? undefined : qualifiers,
  };
  const assertion = oneOf(ASSERTIONS, said.get('assertion')) ?? 'present';
  const told = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  return { term, assertion, span, ...told };
}

const RESERVED = /[%;=]/g;
const percent = (char: string): string => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;

/** `trend=rising; at=on admission`, for formats that have one field of free words. */
export const detailText = (details: readonly Detail[]): string =>
  details.map(([key, word]) => `${key}=${word.replace(RESERVED, percent)}`).join('; ');

/** The same read back; words that are no details give none. */
export function detailsOfText(text: string): readonly Detail[] {
  return text.split('; ').flatMap((part): readonly Detail[] => {
    const at = part.indexOf('=');
    const key = oneOf(DETAIL_KEYS, part.slice(0, Math.max(at, 0)));
    if (key === undefined) return [];
    return [
      [
        key,
        part.slice(at + 1).replace(/%(25|3B|3D)/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16))),
      ],
    ];
  });
}
