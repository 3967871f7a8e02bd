import type { Flag } from '../../schema/vocabulary.ts';
import type { Finding } from '../cases/case.ts';
import { CONDITIONS } from '../cases/vocabularies/labs.ts';

/** What is named for an amount at the bedside or on the ECG, beside the names of laboratory results. */
const BEDSIDE: readonly (readonly [name: string, terms: readonly string[], flag: Flag])[] = [
  ['fever', ['body temperature'], 'high'],
  ['hypothermia', ['body temperature'], 'low'],
  ['tachycardia', ['heart rate'], 'high'],
  ['sinus tachycardia', ['heart rate'], 'high'],
  ['bradycardia', ['heart rate'], 'low'],
  ['sinus bradycardia', ['heart rate'], 'low'],
  ['hypotension', ['blood pressure'], 'low'],
  ['tachypnea', ['respiratory rate'], 'high'],
  ['hypoxia', ['oxygen saturation'], 'low'],
  ['prolonged qt interval', ['qtc interval', 'qt interval'], 'high'],
  ['short qt interval', ['qtc interval', 'qt interval'], 'low'],
  ['prolonged pr interval', ['pr interval'], 'high'],
  ['short pr interval', ['pr interval'], 'low'],
  ['wide qrs complex', ['qrs duration'], 'high'],
];

const PAIRS: readonly (readonly [name: string, term: string, flag: Flag])[] = [
  ...[...CONDITIONS].map(([name, { analyte, flag }]) => [name, analyte, flag] as const),
  ...BEDSIDE.flatMap(([name, terms, flag]) => terms.map((term) => [name, term, flag] as const)),
];
const PAIRS_OF = new Map<string, typeof PAIRS>();
const NAMES_OF = new Map<string, readonly string[]>();
for (const pair of PAIRS) {
  const [name, term] = pair;
  PAIRS_OF.set(name, [...(PAIRS_OF.get(name) ?? []), pair]);
  NAMES_OF.set(term, [...(NAMES_OF.get(term) ?? []), name]);
}

/** The names that an amount may have by the side of its reference range that it is on. */
export const namesOf = (term: string): readonly string[] => NAMES_OF.get(term) ?? [];

/**
 * A finding as results of an amount: `hyponatremia` is a low sodium, and a low sodium is itself. Empty where no side of a reference
 * range is known, or the amount has no names.
 */
export function asMeasured(finding: Finding): readonly Finding[] {
  const named = PAIRS_OF.get(finding.term);
  if (named) return named.map(([, term, flag]) => ({ assertion: finding.assertion, span: finding.span, term, flag }));
  return finding.flag !== undefined && NAMES_OF.has(finding.term) ? [finding] : [];
}
