import { type AlertLevel, FACETS, type Facet } from '../../schema/vocabulary.ts';
import type { SearchSettings } from './settings.ts';

export type FlagDecision = {
  readonly flagged: boolean;
  readonly reason: string;
  readonly alertLevel: AlertLevel | null;
};

const shown = (score: number): string => score.toFixed(2);

/** Whether a match is strong enough to be pointed out, how strongly, and why or why not. `facets` holds scores in [0, 1]. */
export function flagOf(
  score: number,
  facets: Readonly<Partial<Record<Facet, number | null>>>,
  { flag, alerts }: Pick<SearchSettings, 'flag' | 'alerts'>,
): FlagDecision {
  const lead = Math.max(facets.symptoms ?? 0, facets.ecg ?? 0);
  const strong = FACETS.filter((facet) => (facets[facet] ?? 0) >= flag.facetMin);
  const lacks: string[] = [];
  if (score < flag.compositeMin) lacks.push(`score ${shown(score)} is below ${shown(flag.compositeMin)}`);
  if (lead < flag.leadMin) lacks.push(`symptoms and ECG are below ${shown(flag.leadMin)} (${shown(lead)})`);
  if (strong.length < flag.facets) {
    lacks.push(`${strong.length} of ${flag.facets} facets reach ${shown(flag.facetMin)}`);
  }
  if (lacks.length > 0) return { flagged: false, reason: lacks.join('; '), alertLevel: null };
  const alertLevel: AlertLevel =
    score >= alerts.criticalMin ? 'critical' : score >= alerts.significantMin ? 'significant' : 'routine';
  return { flagged: true, reason: `score ${shown(score)}, alike in ${strong.join(', ')}`, alertLevel };
}
