import type { Assertion, Facet } from '../../schema/vocabulary.ts';
import type { Finding, Span } from '../cases/case.ts';
import type { StoredCase } from './archive.ts';
import type { FindingMatch } from './contract.ts';
import {
  allOf,
  byTerm,
  isAsserted,
  measuredPairs,
  narrowerPairs,
  opposed,
  opposedMeasure,
  type Pair,
  samePairs,
} from './pairs.ts';
import { type Query, quoteOf } from './query.ts';

/** Agreement from which a finding counts as matched. */
const MATCHED_MIN = 0.5;

export type FacetExplanation = {
  readonly matched: readonly FindingMatch[];
  readonly missing: readonly FindingMatch[];
  readonly contradicted: readonly FindingMatch[];
};
export const NOTHING_EXPLAINED: FacetExplanation = { matched: [], missing: [], contradicted: [] };

/** The words of one side, where they stand and what they assert; no words where that side is silent, or its text may not be shown. */
type Words = {
  readonly term: string | null;
  readonly quote: string | null;
  readonly span: Span | null;
  readonly assertion: Assertion | null;
};
const NO_WORDS: Words = { term: null, quote: null, span: null, assertion: null };

function wordsOf(text: string, finding: Finding): Words {
  const { term, assertion, span } = finding;
  const quote = quoteOf(text, finding);
  return quote === '' ? { ...NO_WORDS, term, assertion } : { term, quote, span, assertion };
}

const matchOf = (term: string, query: Words, found: Words, agreement: number): FindingMatch => ({
  term,
  query: query.quote,
  case: found.quote,
  case_term: found.term,
  query_span: query.span,
  case_span: found.span,
  query_assertion: query.assertion,
  case_assertion: found.assertion,
  agreement,
});

/** The pair that agrees best, the first of equals. */
function bestOf(pairs: readonly Pair[]): Pair | null {
  let best: Pair | null = null;
  for (const pair of pairs) if (!best || pair.agreement > best.agreement) best = pair;
  return best;
}

const isMatch = (pair: Pair | null): pair is Pair => pair !== null && pair.agreement >= MATCHED_MIN;

/**
 * What of the query's findings the case has (matched), does not mention (missing), or says the opposite of (contradicted): denied on
 * one side and stated on the other, or on the other side of the reference range. A low sodium is met by hyponatremia and the reverse, in
 * whatever facet the case has it, and a symptom by a kind of it: who had a tonic-clonic seizure had a seizure, though earlier ones are denied.
 */
export function explainFacet(
  query: Pick<Query, 'extracted' | 'sourceOf'>,
  stored: Pick<StoredCase, 'extracted' | 'withheld'>,
  facet: Facet,
): FacetExplanation {
  const asked = byTerm(query.extracted.facets[facet]?.findings ?? []);
  const held = byTerm(stored.extracted.facets[facet]?.findings ?? []);
  const anywhere = byTerm(allOf(stored.extracted));
  const matched: FindingMatch[] = [];
  const missing: FindingMatch[] = [];
  const contradicted: FindingMatch[] = [];
  const asks = (finding: Finding) => wordsOf(query.sourceOf(facet), finding);
  const says = (finding: Finding) =>
    stored.withheld === undefined
      ? wordsOf(stored.extracted.text, finding)
      : { ...NO_WORDS, term: finding.term, assertion: finding.assertion };
  for (const [term, mentions] of asked) {
    const stated = mentions.filter(isAsserted);
    const first = stated[0] ?? mentions[0];
    if (!first) continue;
    const found = held.get(term) ?? [];
    const same = bestOf(samePairs(stated, found.filter(isAsserted)));
    const measured = bestOf(measuredPairs(stated, anywhere));
    const narrower = facet === 'symptoms' ? bestOf(narrowerPairs(stated, held)) : null;
    const met = [same, measured, narrower].find(isMatch);
    const against = same ?? opposed(first, found) ?? measured ?? opposedMeasure(first, anywhere);
    if (met) matched.push(matchOf(term, asks(met.query), says(met.found), met.agreement));
    else if (against) contradicted.push(matchOf(term, asks(against.query), says(against.found), against.agreement));
    else if (stated.length > 0) missing.push(matchOf(term, asks(first), NO_WORDS, 0));
  }
  return { matched: matched.sort((a, b) => b.agreement - a.agreement), missing, contradicted };
}
