import { FACETS } from '../../schema/vocabulary.ts';
import type { Finding } from '../cases/case.ts';
import { inverseFrequency, type LexicalIndex } from './lexical.ts';
import type { Query } from './query.ts';
import { spelledTermsOf } from './terms.ts';

/** Random pairs are scored anew for each share of facets, so there are few of them. */
const STEPS = 20;

const RANKED: ReadonlySet<Finding['assertion']> = new Set(['present', 'possible', 'historical']);

/**
 * How much of a query its findings speak for, in (0, 1]: the idf of the different terms in their words, as a share of that of all terms.
 * Facets can be no better than what was understood of the query. In twentieths, and never none: a facet may have a vector and no finding. A
 * query that is given by facets is understood whole, since a person has said what belongs where.
 */
export function understoodShare(query: Query, index: LexicalIndex): number {
  if (query.isByFacet) return 1;
  const weightOf = (term: string): number => {
    const id = index.termOf.get(term);
    const withTerm = id === undefined ? 0 : (index.termStart[id + 1] ?? 0) - (index.termStart[id] ?? 0);
    return inverseFrequency(index.caseCount, withTerm);
  };
  const sum = (terms: ReadonlySet<string>) => [...terms].reduce((total, term) => total + weightOf(term), 0);
  const known = new Set<string>();
  for (const facet of FACETS) {
    const source = query.sourceOf(facet);
    for (const { assertion, span } of query.extracted.facets[facet]?.findings ?? []) {
      if (RANKED.has(assertion)) for (const term of spelledTermsOf(source.slice(span[0], span[1]))) known.add(term);
    }
  }
  const all = sum(new Set(spelledTermsOf(query.text)));
  const share = all > 0 ? Math.min(1, sum(known) / all) : 1;
  return Math.max(1, Math.round(share * STEPS)) / STEPS;
}
