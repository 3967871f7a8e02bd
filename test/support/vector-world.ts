import { seeded } from '../../core/models/builtin-numbers.ts';
import { DIMENSION } from '../../core/models/ports.ts';
import { heldVectors, rowsByCase, type ViewRows } from '../../core/search/dense.ts';
import { packInto } from '../../core/search/kernel/codes.ts';
import { type FusedKernel, openKernel } from '../../core/search/kernel/kernel.ts';
import type { Signals } from '../../core/search/score.ts';
import { FACETS, VIEWS, type View } from '../../schema/vocabulary.ts';

/** Cases that are nothing but vectors: what an engine sees of a release. */
export type VectorWorld = {
  readonly count: number;
  readonly views: Readonly<Record<View, ViewRows>>;
  readonly vectors: Readonly<Record<View, Float32Array>>;
  readonly kernel: FusedKernel;
};

const byName = <Name extends string, Value>(names: readonly Name[], of: (name: Name, place: number) => Value) =>
  Object.fromEntries(names.map((name, place) => [name, of(name, place)])) as Record<Name, Value>;

export function unit(numbers: Float32Array): Float32Array {
  const length = Math.hypot(...numbers);
  return numbers.map((number) => number / length);
}

/** `vectorOf` gives the vector of a case in a view; null where it lacks it. */
export function vectorWorld(
  module: WebAssembly.Module,
  count: number,
  vectorOf: (view: View, ordinal: number) => Float32Array | null,
): VectorWorld {
  const held = byName(VIEWS, (view) =>
    Array.from({ length: count }, (_, ordinal) => ({ ordinal, vector: vectorOf(view, ordinal) })).flatMap(
      ({ ordinal, vector }) => (vector ? [{ ordinal, vector }] : []),
    ),
  );
  const views = byName(VIEWS, (view): ViewRows => {
    const rows = Uint32Array.from(held[view], ({ ordinal }) => ordinal);
    return { rows, rowOf: rowsByCase(rows, count) };
  });
  const vectors = byName(VIEWS, (view) => {
    const all = new Float32Array(held[view].length * DIMENSION);
    for (const [row, { vector }] of held[view].entries()) all.set(vector, row * DIMENSION);
    return all;
  });
  const kernel = openKernel(module, views, count, { coarse: true });
  for (const view of VIEWS) packInto(vectors[view], kernel.codesOf(view));
  kernel.ready();
  return { count, views, vectors, kernel };
}

/** What `candidates` reads of a release. */
export const releaseOf = ({ count, views, vectors, kernel }: VectorWorld) => ({
  views,
  kernel,
  vectors: heldVectors(vectors),
  cards: { count },
});

/** Signals of pairs that are alike by chance, so that every scale has a zero. */
export function randomPairs(seed: number, length = 64): Signals {
  const random = seeded(seed);
  const column = (least: number, most: number) =>
    Float32Array.from({ length }, () => least + ((random() + 1) / 2) * (most - least));
  return {
    length,
    dense: byName(VIEWS, () => column(-0.2, 0.4)),
    agreement: byName(FACETS, () => column(0, 0.5)),
    lexical: column(0, 0.1),
  };
}
