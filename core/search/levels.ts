import type { Facet } from '../../schema/vocabulary.ts';
import type { FacetLevel } from './contract.ts';
import type { SearchSettings } from './settings.ts';

/** How far a facet agrees by the thresholds of that facet; null below the least of them, and where there is nothing to compare. */
export function levelOf(
  facet: Facet,
  score: number | null,
  { levels }: Pick<SearchSettings, 'levels'>,
): FacetLevel | null {
  const { minimum, strong, critical } = levels[facet];
  if (score === null || score < minimum) return null;
  return score >= critical ? 'critical' : score >= strong ? 'strong' : 'minimum';
}
