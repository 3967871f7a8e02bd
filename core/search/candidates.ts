import { VIEWS, type View } from '../../schema/vocabulary.ts';
import type { Engine } from './contract.ts';
import { type FacetSearcher, scanView, similarity } from './dense.ts';
import type { Release } from './release.ts';
import { contributions, type Plan, type Signals, totalOf } from './score.ts';

export type CandidateRequest = {
  readonly release: Release;
  readonly plan: Plan;
  /** The signals that are computed for every case; dense ones are added here. */
  readonly cheap: Omit<Signals, 'dense'>;
  readonly vectors: Readonly<Partial<Record<View, Float32Array>>>;
  /** 1 for the cases that may be answers. */
  readonly kept: Uint8Array;
  readonly k: number;
  readonly faiss: FacetSearcher | undefined;
};

/** The best `k` cases, best first; `signals` are exact at them. `failure` says why FAISS did not answer, where it should have. */
export type Candidates = {
  readonly ordinals: readonly number[];
  readonly signals: Signals;
  readonly engine: Engine;
  readonly failure: string | null;
};

/** Rows asked of each FAISS index: more make the bound below tighter, fewer make the search faster. */
const ROWS_PER_RESULT = 20;
const ROWS_MIN = 200;
/** FAISS sums in f32, the rescoring in f64: a bound must not cut off a case for that difference. */
const ROUNDING = 1e-4;

export async function candidates(request: CandidateRequest): Promise<Candidates> {
  if (request.faiss) {
    try {
      return await throughFaiss(request, request.faiss);
    } catch (error) {
      return { ...scanned(request), failure: error instanceof Error ? error.message : String(error) };
    }
  }
  return scanned(request);
}

/** Every case scored: exact by construction. */
function scanned({ release, plan, cheap, vectors, kept, k }: CandidateRequest): Candidates {
  const dense: Partial<Record<View, Float32Array>> = {};
  for (const view of VIEWS) {
    const vector = vectors[view];
    if (vector) dense[view] = scanView(release.views[view], vector, kept);
  }
  const signals = { ...cheap, dense };
  const best = createBest(k);
  for (let i = 0; i < kept.length; i += 1) {
    if (kept[i] === 1) best.offer(i, totalOf(contributions(signals, plan, i)));
  }
  return { ordinals: best.ordinals(), signals, engine: 'fused', failure: null };
}

/**
 * FAISS gives the nearest rows of each view. A row that it left out is no nearer than the last one it gave, so every case has an upper
 * bound; all cases whose bound reaches the k-th best score are scored exactly (Fagin's threshold argument). The answer is that of the
 * scan, ties included, whatever the lists leave out.
 */
async function throughFaiss(request: CandidateRequest, faiss: FacetSearcher): Promise<Candidates> {
  const { release, plan, cheap, vectors, kept, k } = request;
  const dense: Partial<Record<View, Float32Array>> = {};
  const listed = new Set<number>();
  for (const view of VIEWS) {
    const vector = vectors[view];
    if (!vector) continue;
    const held = release.views[view];
    const asked = Math.min(held.rows.length, Math.max(ROWS_MIN, ROWS_PER_RESULT * k));
    const list = asked === 0 ? null : await faiss.search(view, vector, asked);
    const complete = asked === held.rows.length;
    const last = list?.scores.at(-1);
    if (list && (last === undefined || !Number.isFinite(last))) throw new Error(`no scores for ${view}`);
    const bounds = new Float32Array(kept.length).fill(Number.NaN);
    const bound = complete || last === undefined ? -1 : last + ROUNDING;
    for (const ordinal of held.rows) bounds[ordinal] = bound;
    for (const row of list?.rows ?? []) {
      const ordinal = held.rows[row];
      if (ordinal === undefined) throw new Error(`${view}: row ${row} of ${held.rows.length}`);
      bounds[ordinal] = similarity(held, vector, row);
      listed.add(ordinal);
    }
    dense[view] = bounds;
  }
  const signals: Signals = { ...cheap, dense };
  const score = (i: number) => totalOf(contributions(signals, plan, i));
  const upper = new Float64Array(kept.length);
  for (let i = 0; i < kept.length; i += 1) upper[i] = kept[i] === 1 ? score(i) : -1;
  const exact = (i: number): number => {
    for (const view of VIEWS) {
      const [vector, values] = [vectors[view], dense[view]];
      const row = release.views[view].rowOf[i] ?? -1;
      if (vector && values && row >= 0) values[i] = similarity(release.views[view], vector, row);
    }
    return score(i);
  };
  const best = createBest(k);
  for (const i of listed) if (kept[i] === 1) best.offer(i, exact(i));
  for (let i = 0; i < kept.length; i += 1) {
    if (kept[i] === 1 && !listed.has(i) && (upper[i] ?? 0) >= best.least()) best.offer(i, exact(i));
  }
  return { ordinals: best.ordinals(), signals, engine: 'faiss', failure: null };
}

/** Keeps the best `k` by score, then ordinal (which is by case id). `least` is the score to reach; below any while not full. */
function createBest(k: number): { offer(ordinal: number, score: number): void; least(): number; ordinals(): number[] } {
  const held: { readonly ordinal: number; readonly score: number }[] = [];
  return {
    offer(ordinal, score) {
      const last = held.at(-1);
      if (held.length === k && last && (score < last.score || (score === last.score && ordinal > last.ordinal))) return;
      let at = held.length;
      for (; at > 0; at -= 1) {
        const before = held[at - 1];
        if (!before || before.score > score || (before.score === score && before.ordinal < ordinal)) break;
      }
      held.splice(at, 0, { ordinal, score });
      if (held.length > k) held.pop();
    },
    least: () => (held.length < k ? -1 : (held.at(-1)?.score ?? -1)),
    ordinals: () => held.map(({ ordinal }) => ordinal),
  };
}
