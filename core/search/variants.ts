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

/** Cases are judged one by one, so none stands for another. */
const SINGLE: SearchSettings = { ...SETTINGS, fold: { ...SETTINGS.fold, on: false } };

const shared = (shares: Partial<SearchSettings['shares']>): SearchSettings => ({
  ...SINGLE,
  shares: { facets: 0, whole: 0, lexical: 0, ...shares },
});

/** The default search, each leg alone, the default without each of its parts and each facet, and each facet alone. */
export const VARIANTS: readonly Variant[] = [
  { name: 'default', legs: SETTINGS.legs, settings: SINGLE },
  { name: 'words alone', legs: ['lexical'], settings: SINGLE },
  { name: 'whole text alone', legs: ['dense'], settings: shared({ whole: 1 }) },
  { name: 'facets alone', legs: ['dense', 'findings'], settings: shared({ facets: 1 }) },
  { name: 'findings alone', legs: ['findings'], settings: shared({ facets: 1 }) },
  {
    name: 'without facets',
    legs: ['dense', 'lexical'],
    settings: { ...SINGLE, shares: { ...SETTINGS.shares, facets: 0 } },
  },
  { name: 'without words', legs: ['dense', 'findings'], settings: SINGLE },
  {
    name: 'without the whole text',
    legs: SETTINGS.legs,
    settings: { ...SINGLE, shares: { ...SETTINGS.shares, whole: 0 } },
  },
  { name: 'without findings', legs: ['dense', 'lexical'], settings: SINGLE },
  ...FACETS.map(
    (facet): Variant => ({
      name: `without ${facet}`,
      legs: SETTINGS.legs,
      settings: SINGLE,
      weights: { ...SETTINGS.presets[SETTINGS.preset], [facet]: 0 },
    }),
  ),
  ...FACETS.map(
    (facet): Variant => ({
      name: `${facet} alone`,
      legs: ['dense', 'findings'],
      settings: shared({ facets: 1 }),
      weights: { [facet]: 1 },
    }),
  ),
];
