import { FACETS, type Facet, VIEWS } from '../../schema/vocabulary.ts';
import { type Asked, facetScore, heardBy, type Plan, type Signals, scoresOf } from './score.ts';

/** Kinds of query whose random scores are kept; people's weights make new ones without end. */
const SHAPES_MAX = 128;

const scoresByPairs = new WeakMap<Signals, Map<string, Float64Array>>();

/** Equal for two queries exactly when every random pair scores the same for both. */
function shapeOf(asked: Asked, plan: Plan): string {
  const { facets, whole, lexical, background, missing } = plan;
  const dense = VIEWS.filter((view) => asked.dense[view] !== undefined);
  const agreement = FACETS.filter((facet) => asked.agreement[facet] !== undefined);
  return JSON.stringify([facets, whole, lexical, background, missing, dense, agreement, asked.lexical === null]);
}

function keptFor(pairs: Signals, shape: string, make: () => Float64Array): Float64Array {
  const byShape = scoresByPairs.get(pairs) ?? new Map<string, Float64Array>();
  scoresByPairs.set(pairs, byShape);
  const scores = byShape.get(shape) ?? make();
  byShape.delete(shape);
  byShape.set(shape, scores);
  for (const oldest of byShape.keys()) {
    if (byShape.size <= SHAPES_MAX) break;
    byShape.delete(oldest);
  }
  return scores;
}

/** Ascending scores in one facet of the random pairs that have it, heard by the legs of the query. Kept by the kind of query. */
export function randomFacetScores(pairs: Signals, asked: Asked, plan: Plan, facet: Facet): Float64Array {
  const dense = asked.dense[facet] !== undefined;
  const agreement = asked.agreement[facet] !== undefined;
  return keptFor(pairs, JSON.stringify([facet, dense, agreement, plan.background.dense[facet]]), () => {
    const heard = heardBy(asked, pairs);
    const scores = Array.from({ length: pairs.length }, (_, i) => facetScore(heard, plan.background, facet, i));
    return Float64Array.from(scores.filter((score) => score !== null)).sort();
  });
}

/** Ascending scores of the random pairs, each scored by the plan and in the parts of the query. Kept by the kind of query. */
export function randomScores(pairs: Signals, asked: Asked, plan: Plan): Float64Array {
  return keptFor(pairs, shapeOf(asked, plan), () => scoresOf(heardBy(asked, pairs), plan).sort());
}

/**
 * Share in [0, 100) of random pairs that are less alike than `score`, from the ascending scores of a sample of them. A sample of n
 * cannot tell more than n / (n + 1) (the mean of the n-th order statistic), and tenths are all that some thousands of pairs
 * support: cut to them, so that no match is said to be beyond all pairs.
 */
export function percentileOf(sorted: Float64Array, score: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < score) low = middle + 1;
    else high = middle;
  }
  return Math.floor((1000 * low) / (sorted.length + 1)) / 10;
}
