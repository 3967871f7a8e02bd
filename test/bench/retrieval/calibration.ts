import type { Embedder } from '../../../core/models/ports.ts';
import { percentileOf, randomFacetScores, randomScores } from '../../../core/search/percentile.ts';
import type { Release } from '../../../core/search/release.ts';
import { facetScore, planOf, scoresOf } from '../../../core/search/score.ts';
import { SETTINGS } from '../../../core/search/settings.ts';
import { FACETS, type Facet } from '../../../schema/vocabulary.ts';
import type { Task } from './data.ts';
import { type Heard, heardBy } from './heard.ts';
import { uniform } from './paired.ts';

const QUERIES = 100;
const PARTNERS = 60;
const SEED = 20_261;

type Part = Facet | 'composite';
const PARTS: readonly Part[] = ['composite', ...FACETS];

/** Percentiles of one question's cases, as the answer would give them; NaN where there is none. */
function percentilesOf(
  release: Release,
  { signals, understood }: Heard,
  part: Part,
  ordinals: readonly number[],
): number[] {
  const weights = SETTINGS.presets[SETTINGS.preset];
  const plan = planOf(SETTINGS, signals, weights, SETTINGS.legs, release.pairs, understood);
  if (part === 'composite') {
    const [randoms, scores] = [randomScores(release.pairs, signals, plan), scoresOf(signals, plan)];
    return ordinals.map((i) => percentileOf(randoms, scores[i] as number));
  }
  if (plan.facets[part] === undefined) return [];
  const randoms = randomFacetScores(release.pairs, signals, plan, part);
  return ordinals.flatMap((i) => {
    const score = facetScore(signals, plan.background, part, i);
    return score === null ? [] : [percentileOf(randoms, score)];
  });
}

/**
 * Largest distance between the share of values below one of them and what it says itself (Kolmogorov). Equal values are asked once, since a
 * percentile is the share that is less alike: where many random pairs have nothing in common, all of these say 0.
 */
function kolmogorov(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.reduce((most, value, i) => {
    return i > 0 && sorted[i - 1] === value ? most : Math.max(most, Math.abs(i / sorted.length - value / 100));
  }, 0);
}

/** Chance that a positive lies above a random one, ties as half (the area under the ROC curve). */
function areaUnder(positives: readonly number[], others: readonly number[]): number {
  const sorted = [...others].sort((a, b) => a - b);
  const below = (value: number, orEqual: boolean): number => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const one = sorted[middle] as number;
      if (one < value || (orEqual && one === value)) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const sum = positives.reduce((total, one) => total + (below(one, false) + below(one, true)) / 2, 0);
  return sum / (positives.length * sorted.length);
}

/**
 * Whether a percentile means what it says: over cases as queries with random partners, none of them a pair that the release was calibrated by (but by
 * chance), it should be uniform; for labelled pairs it should be high.
 */
export async function printCalibration(task: Task, release: Release, embedder: Embedder): Promise<void> {
  const random = uniform(SEED);
  const draw = (below: number): number => Math.floor(random() * below);
  const { documents } = task;
  const own = Array.from({ length: QUERIES }, () => documents[draw(documents.length)]).flatMap((one) =>
    one ? [{ id: one.id, text: one.text, source: one.source, relevant: new Map<string, number>() }] : [],
  );
  const heldOut = new Map<Part, number[]>(PARTS.map((part) => [part, []]));
  for await (const heard of heardBy({ ...task, questions: own }, release, embedder)) {
    const others = Array.from({ length: PARTNERS }, () => draw(release.cards.count)).filter((i) => heard.kept[i] === 1);
    for (const [part, all] of heldOut) all.push(...percentilesOf(release, heard, part, others));
  }
  const positives = new Map<Part, number[]>(PARTS.map((part) => [part, []]));
  const strangers = new Map<Part, number[]>(PARTS.map((part) => [part, []]));
  for await (const heard of heardBy({ ...task, questions: task.questions.slice(0, QUERIES) }, release, embedder)) {
    const alike = [...heard.question.relevant.keys()]
      .map((id) => release.cards.ordinalOf(id) ?? -1)
      .filter((i) => i >= 0);
    const others = Array.from({ length: PARTNERS }, () => draw(release.cards.count)).filter((i) => heard.kept[i] === 1);
    for (const [part, all] of positives) all.push(...percentilesOf(release, heard, part, alike));
    for (const [part, all] of strangers) all.push(...percentilesOf(release, heard, part, others));
  }
  console.log(
    '\ncalibration: Kolmogorov distance of held-out random pairs to uniform; labelled pairs against random ones',
  );
  for (const part of PARTS) {
    const [random, good, others] = [heldOut.get(part) ?? [], positives.get(part) ?? [], strangers.get(part) ?? []];
    if (random.length === 0 || good.length === 0) continue;
    const median = [...good].sort((a, b) => a - b)[Math.floor(good.length / 2)] ?? 0;
    console.log(
      `${part.padEnd(14)}distance ${kolmogorov(random).toFixed(3)} of ${random.length} pairs, AUC ${areaUnder(good, others).toFixed(3)}, median of labelled ${median.toFixed(1)}`,
    );
  }
}
