import { seeded } from '../../../core/models/builtin-numbers.ts';
import { DIMENSION } from '../../../core/models/ports.ts';
import { VIEWS, type View } from '../../../schema/vocabulary.ts';

/** Share of the cases that have a view: as in a corpus of 7,810 published cases. */
const PRESENCE: Readonly<Record<View, number>> = {
  symptoms: 0.931,
  ecg: 0.04,
  labs: 0.425,
  demographics: 0.945,
  imaging: 0.516,
  whole: 1,
};
const TOPICS = 256;
const SUBTOPICS = 12;
/** Squares of what a vector is made of; they add up to 1. Random pairs then have cosines about 0.05, near ones 0.4 and more. */
const PARTS = { common: 0.05, topic: 0.15, subtopic: 0.25, own: 0.55 } as const;
/** How many views of a case are of another topic than the case. */
const STRAYS = 0.3;
/** Half-way point of the noise's spectrum: embeddings spread over far fewer directions than they have numbers. */
const SPECTRUM = 24;
const BLOCK = 128;

export type Cluster = { readonly topic: number; readonly subtopic: number };
export type MadeCase = { readonly cluster: Cluster; readonly vectors: Readonly<Partial<Record<View, Float32Array>>> };

/** Murmur3's finaliser over two numbers: a seed for each case, whatever came before it. */
function mixed(seed: number, i: number): number {
  let hash = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(i + 1, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Unit vectors of normal noise with a falling spectrum, turned so that no direction is an axis (Walsh and Hadamard, by blocks). */
export function createNoise(random: () => number): (to: Float64Array) => void {
  const scales = Float64Array.from({ length: DIMENSION }, (_, i) => 1 / Math.sqrt(1 + i / SPECTRUM));
  // Strided, so that each block of the turn gets its part of every scale.
  const blocks = DIMENSION / BLOCK;
  return (to) => {
    for (let i = 0; i < DIMENSION; i += 1) {
      const at = (i % blocks) * BLOCK + Math.floor(i / blocks);
      to[at] = (random() + random() + random()) * (scales[i] as number);
    }
    for (let from = 0; from < DIMENSION; from += BLOCK) {
      for (let half = 1; half < BLOCK; half *= 2) {
        for (let i = from; i < from + BLOCK; i += 2 * half) {
          for (let j = i; j < i + half; j += 1) {
            const a = to[j] as number;
            const b = to[j + half] as number;
            to[j] = a + b;
            to[j + half] = a - b;
          }
        }
      }
    }
    normalise(to);
  };
}

export function normalise(vector: Float64Array | Float32Array): void {
  let squares = 0;
  for (let i = 0; i < vector.length; i += 1) squares += (vector[i] as number) ** 2;
  const factor = 1 / Math.sqrt(squares);
  for (let i = 0; i < vector.length; i += 1) vector[i] = (vector[i] as number) * factor;
}

function centres(count: number, seed: number): Float32Array {
  const all = new Float32Array(count * DIMENSION);
  const random = seeded(seed);
  for (let i = 0; i < all.length; i += 1) all[i] = random() + random() + random();
  for (let i = 0; i < count; i += 1) normalise(all.subarray(i * DIMENSION, (i + 1) * DIMENSION));
  return all;
}

/** Cases of clustered unit vectors: case `i` of a seed is the same in every run and on every host, however many there are. */
export function createCases(seed: number): (i: number) => MadeCase {
  const made = VIEWS.map((view, v) => ({
    view,
    common: centres(1, mixed(seed, -3 * v - 2)),
    topics: centres(TOPICS, mixed(seed, -3 * v - 3)),
    subtopics: centres(TOPICS * SUBTOPICS, mixed(seed, -3 * v - 4)),
  }));
  let next = seeded(1);
  const random = () => next();
  const noise = createNoise(random);
  const own = new Float64Array(DIMENSION);
  const share = () => (random() + 1) / 2;
  // Some topics are common and most are rare.
  const draw = (): Cluster => ({ topic: Math.floor(share() ** 2 * TOPICS), subtopic: Math.floor(share() * SUBTOPICS) });
  const [common, topic, subtopic, apart] = [PARTS.common, PARTS.topic, PARTS.subtopic, PARTS.own].map(Math.sqrt);

  return (i) => {
    next = seeded(mixed(seed, i));
    for (let warm = 0; warm < 4; warm += 1) random();
    const cluster = draw();
    const vectors: Partial<Record<View, Float32Array>> = {};
    for (const { view, common: mean, topics, subtopics } of made) {
      if (share() >= PRESENCE[view]) continue;
      const of = share() < STRAYS ? draw() : cluster;
      const t = of.topic * DIMENSION;
      const s = (of.topic * SUBTOPICS + of.subtopic) * DIMENSION;
      noise(own);
      const vector = new Float32Array(DIMENSION);
      for (let d = 0; d < DIMENSION; d += 1) {
        vector[d] =
          (common as number) * (mean[d] as number) +
          (topic as number) * (topics[t + d] as number) +
          (subtopic as number) * (subtopics[s + d] as number) +
          (apart as number) * (own[d] as number);
      }
      normalise(vector);
      vectors[view] = vector;
    }
    return { cluster, vectors };
  };
}
