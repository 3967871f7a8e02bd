import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { seeded } from '../../../core/models/builtin-numbers.ts';
import { DIMENSION } from '../../../core/models/ports.ts';
import { type Plan, planOf } from '../../../core/search/score.ts';
import { SETTINGS } from '../../../core/search/settings.ts';
import { FACETS, type Facet, PRESETS, VIEWS, type View } from '../../../schema/vocabulary.ts';
import { type Dataset, folderOf, pairsOf } from './dataset.ts';
import { createNoise, normalise } from './vectors.ts';

/** What a search gets to know: vectors of the views that the query has, and what counts how much. */
export type BenchQuery = {
  readonly vectors: Readonly<Partial<Record<View, Float32Array>>>;
  readonly plan: Plan;
};

const SEED = 0x5ea2c4;
/** How many facets of the case a query does not name. */
const FORGOTTEN = 0.25;
/** Share of a query's vector that is not the case's: its cosine to the case is then some 0.8. */
const CHANGED = 0.36;
/** The product's shares of facets and whole; mostly facets; facets alone. */
const SHARES = [SETTINGS.shares, { facets: 0.75, whole: 0.25, lexical: 0 }, { facets: 1, whole: 0, lexical: 0 }];

/** Cases of the release, changed, some of their facets left out, by weights that change from query to query. */
export function makeQueries(dataset: Dataset, count: number): readonly BenchQuery[] {
  const { manifest } = dataset;
  const random = seeded(SEED);
  const share = () => (random() + 1) / 2;
  const noise = createNoise(random);
  const pairs = pairsOf(dataset);
  const files = Object.fromEntries(VIEWS.map((view) => [view, openView(dataset, view)])) as Record<View, OpenView>;
  const changed = (vector: Float32Array): Float32Array => {
    const other = new Float64Array(DIMENSION);
    noise(other);
    const result = vector.map((value, d) => Math.sqrt(1 - CHANGED) * value + Math.sqrt(CHANGED) * (other[d] as number));
    normalise(result);
    return result;
  };
  try {
    return Array.from({ length: count }, (_, q): BenchQuery => {
      const ordinal = Math.floor(share() * manifest.caseCount);
      const vectors: Partial<Record<View, Float32Array>> = {};
      for (const view of VIEWS) {
        const vector = files[view].vectorOf(ordinal);
        if (vector && (view === 'whole' || share() >= FORGOTTEN)) vectors[view] = changed(vector);
      }
      return { vectors, plan: planFor(q, vectors) };
    });
  } finally {
    for (const { close } of Object.values(files)) close();
  }

  function planFor(q: number, vectors: BenchQuery['vectors']): Plan {
    const preset = PRESETS[Math.floor(q / SHARES.length) % (PRESETS.length + 1)];
    const weights = preset ? SETTINGS.presets[preset] : ownWeights();
    const withFacets = FACETS.some((facet) => vectors[facet] && weights[facet] > 0);
    const shares = (withFacets ? SHARES[q % SHARES.length] : undefined) ?? SETTINGS.shares;
    return planOf(
      { ...SETTINGS, shares },
      { dense: vectors, agreement: {}, lexical: null },
      weights,
      ['dense'],
      pairs,
      1,
    );
  }
  function ownWeights(): Record<Facet, number> {
    return Object.fromEntries(FACETS.map((facet) => [facet, share()])) as Record<Facet, number>;
  }
}

/** What a view has a say in, by the plan. */
export const shareOf = ({ plan }: BenchQuery, view: View): number =>
  view === 'whole' ? plan.whole : (plan.facets[view] ?? 0);

/** The views that count and that the query has, with its vectors. */
export const asked = (query: BenchQuery): readonly (readonly [View, Float32Array])[] =>
  VIEWS.flatMap((view) => {
    const vector = query.vectors[view];
    return vector && shareOf(query, view) > 0 ? [[view, vector] as const] : [];
  });

type OpenView = { vectorOf(ordinal: number): Float32Array | null; close(): void };

function openView(dataset: Dataset, view: View): OpenView {
  const rows = new Uint32Array(new Uint8Array(readFileSync(join(folderOf(dataset), `${view}.rows`))).buffer);
  const file = openSync(join(folderOf(dataset), `${view}.f32`), 'r');
  return {
    vectorOf(ordinal) {
      const row = rows.indexOf(ordinal);
      if (row < 0) return null;
      const vector = new Float32Array(DIMENSION);
      readSync(file, new Uint8Array(vector.buffer), 0, 4 * DIMENSION, 4 * DIMENSION * row);
      return vector;
    },
    close: () => closeSync(file),
  };
}
