import { FACETS, type Facet } from '../../schema/vocabulary.ts';
import type { Leg } from './contract.ts';
import { SETTINGS, type SearchSettings } from './settings.ts';

/** One way to search that an evaluation compares: the default, with something taken out or standing alone. */
export type Variant = {
  readonly name: string;
  readonly legs: readonly Leg[];
  readonly settings: SearchSettings;
  /** Absent: those of the default preset. */
  readonly weights?: Readonly<Partial<Record<Facet, number>>>;
};

const shared = (shares: Partial<SearchSettings['shares']>): SearchSettings => ({
  ...SETTINGS,
  shares: { facets: 0, whole: 0, lexical: 0, ...shares },
});

/** The default search, each leg alone, the default without each of its parts, and each facet alone. */
export const VARIANTS: readonly Variant[] = [
  { name: 'default', legs: SETTINGS.legs, settings: SETTINGS },
  { name: 'words alone', legs: ['lexical'], settings: SETTINGS },
  { name: 'whole text alone', legs: ['dense'], settings: shared({ whole: 1 }) },
  { name: 'facets alone', legs: ['dense', 'findings'], settings: shared({ facets: 1 }) },
  { name: 'findings alone', legs: ['findings'], settings: shared({ facets: 1 }) },
  {
    name: 'without facets',
    legs: ['dense', 'lexical'],
    settings: { ...SETTINGS, shares: { ...SETTINGS.shares, facets: 0 } },
  },
  { name: 'without words', legs: ['dense', 'findings'], settings: SETTINGS },
  {
    name: 'without the whole text',
    legs: SETTINGS.legs,
    settings: { ...SETTINGS, shares: { ...SETTINGS.shares, whole: 0 } },
  },
  { name: 'without findings', legs: ['dense', 'lexical'], settings: SETTINGS },
  ...FACETS.map(
    (facet): Variant => ({
      name: `${facet} alone`,
      legs: ['dense', 'findings'],
      settings: shared({ facets: 1 }),
      weights: { [facet]: 1 },
    }),
  ),
];
