import { VIEWS, type View } from '../../schema/vocabulary.ts';
import type { Engine } from './contract.ts';
import { type FacetSearcher, similarity } from './dense.ts';
import type { Release } from './release.ts';
import { contributions, type Plan, type Signals, scoresOf, totalOf } from './score.ts';
import type { SearchSettings } from './settings.ts';

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
  readonly faissRows: SearchSettings['faissRows'];
};

/** The best `k` cases, best first; `signals` are theirs, in that order. `failure` says why FAISS did not answer, where it should have. */
export type Candidates = {
  readonly ordinals: readonly number[];
  readonly signals: Signals;
  readonly engine: Engine;
  readonly failure: string | null;
};

/** FAISS sums in f32, the rescoring in f64: a bound must not cut off a case for that difference. */
const ROUNDING = 1e-4;
/** Cases scored exactly at first, to find the score that the others must be able to reach. */
const FIRST_PER_RESULT = 4;

/** No two unit vectors are nearer than this. */
const COSINE_MAX = 1 + ROUNDING;

export async function candidates(request: CandidateRequest): Promise<Candidates> {
  if (request.faiss) {
    try {
      return { ...bestListed(request, await listed(request, request.faiss)), engine: 'faiss', failure: null };
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      return { ...bestScanned(request), engine: 'fused', failure };
    }
  }
  return { ...bestScanned(request), engine: 'fused', failure: null };
}

/** Share of the score that a view's vectors have a say in. */
function shareOf(plan: Plan, view: View): number {
  return view === 'whole' ? plan.whole : (plan.facets[view] ?? 0);
}

/** For every view that the query has: at each case no less than its cosine, NaN where the case lacks the view. */
type Columns = Partial<Record<View, Float32Array>>;

/** The nearest rows of each view by FAISS, exact; a row that it left out is no nearer than the last one that it gave. */
async function listed(
  { release, plan, vectors, k, faissRows }: CandidateRequest,
  faiss: FacetSearcher,
): Promise<Columns> {
  const bounds: Columns = {};
  for (const view of VIEWS) {
    const vector = vectors[view];
    const held = release.views[view];
    const asked = Math.min(held.rows.length, Math.max(faissRows.min, faissRows.perResult * k));
    if (!vector || shareOf(plan, view) === 0) continue;
    if (asked === 0) {
      bounds[view] = filled(release, view, COSINE_MAX);
      continue;
    }
    const { rows, scores } = await faiss.search(view, vector, asked);
    const last = scores.at(-1) ?? Number.NaN;
    if (rows.length !== asked || !Number.isFinite(last)) {
      throw new Error(`${view}: expected ${asked} rows with scores, found ${rows.length}`);
    }
    const values = filled(release, view, last + ROUNDING);
    for (const row of rows) {
      const ordinal = held.rows[row];
      if (ordinal === undefined) throw new Error(`${view}: row ${row} of ${held.rows.length}`);
      values[ordinal] = similarity(held, vector, row);
    }
    bounds[view] = values;
  }
  return bounds;
}

function filled(release: Release, view: View, bound: number): Float32Array {
  const values = new Float32Array(release.cards.count).fill(Number.NaN);
  for (const ordinal of release.views[view].rows) values[ordinal] = bound;
  return values;
}

type Best = Pick<Candidates, 'ordinals' | 'signals'>;

/**
 * The exact best `k`, whatever the bounds: every case whose bound reaches the k-th best score is scored exactly (the threshold argument
 * of Fagin, Lotem and Naor 2003). So all engines give one answer, ties included.
 */
function bestScanned(request: CandidateRequest): Best {
  const scorer = scorerOf(request);
  const bounds = request.release.kernel.scan(request, (first) => scorer.begin(first));
  return scorer.finish(bounds);
}

function bestListed(request: CandidateRequest, dense: Columns): Best {
  const scorer = scorerOf(request);
  const scores = scoresOf({ ...request.cheap, dense }, request.plan);
  const bounds = { scores, dense, open: request.kept.slice() };
  scorer.begin(bounds);
  return scorer.finish(bounds);
}

type Bounds = {
  readonly scores: Float64Array | Float32Array;
  readonly dense: Readonly<Columns>;
  readonly open: Uint8Array;
};

/** Scores cases exactly where their bounds ask for it, and makes the columns exact where it does. */
function scorerOf({ release, plan, cheap, vectors, k }: CandidateRequest) {
  const best = createTop(k);
  const exact = (dense: Readonly<Columns>, i: number): number => {
    for (const view of VIEWS) {
      const [vector, values, held] = [vectors[view], dense[view], release.views[view]];
      const row = held.rowOf[i] ?? -1;
      if (vector && values && row >= 0) values[i] = similarity(held, vector, row);
    }
    return totalOf(contributions({ ...cheap, dense }, plan, i));
  };
  return {
    /** Scores some cases with the highest bounds and closes them; gives the least score that an answer needs. */
    begin({ scores, dense, open }: Bounds): number {
      const first = createTop(FIRST_PER_RESULT * k);
      for (let i = 0; i < open.length; i += 1) if (open[i] === 1) first.offer(i, scores[i] as number);
      for (const i of first.ordinals()) {
        best.offer(i, exact(dense, i));
        open[i] = 0;
      }
      return best.least();
    },
    finish({ scores, dense, open }: Bounds): Best {
      for (let i = 0; i < open.length; i += 1)
        if (open[i] === 1 && (scores[i] as number) >= best.least()) best.offer(i, exact(dense, i));
      const ordinals = best.ordinals();
      return { ordinals, signals: picked({ ...cheap, dense }, ordinals) };
    },
  };
}

/** The signals of some cases, in their order: the arrays that they come from belong to the next search. */
function picked({ dense, agreement, lexical }: Signals, ordinals: readonly number[]): Signals {
  const pick = (values: Float32Array): Float32Array => Float32Array.from(ordinals, (i) => values[i] as number);
  const each = <Key extends View>(columns: Readonly<Partial<Record<Key, Float32Array>>>) =>
    Object.fromEntries(
      Object.entries<Float32Array | undefined>(columns).flatMap(([key, values]) =>
        values ? [[key, pick(values)]] : [],
      ),
    ) as Partial<Record<Key, Float32Array>>; // the same keys
  return {
    length: ordinals.length,
    dense: each(dense),
    agreement: each(agreement),
    lexical: lexical ? pick(lexical) : null,
  };
}

type Top = { offer(ordinal: number, score: number): void; least(): number; ordinals(): readonly number[] };

/** Keeps the best `k` by score, then ordinal (which is by case id). `least` is the score to reach; below any while not full. */
function createTop(k: number): Top {
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
