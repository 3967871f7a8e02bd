import { FACETS } from '../../schema/vocabulary.ts';
import type { ExtractedCase, Finding } from '../cases/case.ts';
import { ageAgreement, mentionAgreement, mentionOf } from './findings.ts';
import { asMeasured, namesOf } from './measured.ts';

/** A finding of the query and one of the case that speak of the same thing, and how far they agree. */
export type Pair = { readonly query: Finding; readonly found: Finding; readonly agreement: number };
type ByTerm = ReadonlyMap<string, readonly Finding[]>;

/** Of the patient, one way or the other. */
const isOwn = ({ assertion }: Finding): boolean => assertion !== 'family' && assertion !== 'hypothetical';
export const isAsserted = (finding: Finding): boolean => finding.assertion !== 'absent' && isOwn(finding);

export const allOf = ({ facets }: ExtractedCase): readonly Finding[] =>
  FACETS.flatMap((facet) => facets[facet]?.findings ?? []);

export function byTerm(findings: readonly Finding[]): ByTerm {
  const grouped = new Map<string, Finding[]>();
  for (const finding of findings) {
    const group = grouped.get(finding.term);
    if (group) group.push(finding);
    else grouped.set(finding.term, [finding]);
  }
  return grouped;
}

function agreementOf(query: Finding, found: Finding): number {
  if (query.term === 'age') {
    return query.value === undefined || found.value === undefined ? 0 : ageAgreement(query.value, found.value);
  }
  if (query.term === 'sex') return query.qualifiers?.[0] === found.qualifiers?.[0] ? 1 : 0;
  return mentionAgreement(mentionOf(query), mentionOf(found));
}

/** All mentions of one term with all of the other side. */
export const samePairs = (asked: readonly Finding[], found: readonly Finding[]): readonly Pair[] =>
  asked.flatMap((query) => found.map((one) => ({ query, found: one, agreement: agreementOf(query, one) })));

/** What the case says of the same amount in other words. Empty where the query's finding has no side of a reference range. */
function counterparts(query: Finding, held: ByTerm): readonly Finding[] {
  const terms = new Set(asMeasured(query).flatMap(({ term }) => [term, ...namesOf(term)]));
  return [...terms].flatMap((term) => held.get(term) ?? []);
}

/** Both as results of one amount, `held` being all that the case says: they agree by the side of the reference range. */
export function measuredPairs(asked: readonly Finding[], held: ByTerm): readonly Pair[] {
  return asked.flatMap((query) =>
    counterparts(query, held)
      .filter(isAsserted)
      .flatMap((found) =>
        measures(query, found).map(([own, other]) => {
          return { query, found, agreement: mentionAgreement(mentionOf(own), mentionOf(other)) };
        }),
      ),
  );
}

const measures = (query: Finding, found: Finding): readonly (readonly [Finding, Finding])[] =>
  asMeasured(query).flatMap((own) => asMeasured(found).map((other) => [own, other] as const));

/** A kind of something has a name that ends in the name of that, as `absence seizure` does in `seizure`: of symptoms, not of amounts. */
export const isKindOf = (kind: string, term: string): boolean => kind.endsWith(` ${term}`);

/** Kinds of what was asked for. */
export function narrowerPairs(asked: readonly Finding[], held: ByTerm): readonly Pair[] {
  const [first] = asked;
  if (!first) return [];
  const kinds = [...held.keys()].filter((term) => isKindOf(term, first.term));
  return kinds.flatMap((term) => samePairs(asked, held.get(term) ?? []));
}

const differs = (query: Finding, found: Finding): boolean =>
  isOwn(query) && isOwn(found) && isAsserted(query) !== isAsserted(found);

const against = (query: Finding, found: Finding | undefined): Pair | null =>
  found === undefined ? null : { query, found, agreement: 0 };

/** The first mention of the same term that is denied where the query states it, or the reverse. */
export const opposed = (query: Finding, found: readonly Finding[]): Pair | null =>
  against(
    query,
    found.find((one) => differs(query, one)),
  );

/** The same of what the case says of the amount in other words: hyponatremia is denied, and the sodium is low. */
export const opposedMeasure = (query: Finding, held: ByTerm): Pair | null =>
  against(
    query,
    counterparts(query, held).find(
      (one) => differs(query, one) && measures(query, one).some(([own, other]) => own.flag === other.flag),
    ),
  );
