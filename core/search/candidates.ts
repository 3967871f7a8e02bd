import { FACETS, type Facet, VIEWS, type View } from '../../schema/vocabulary.ts';
import type { Engine } from './contract.ts';
import { type FacetSearcher, similarity } from './dense.ts';
import { scoresByCodes } from './estimates.ts';
import { type Bounded, highest, reachingOf } from './kernel/kernel.ts';
import type { Release } from './release.ts';
import { contributions, type Plan, type Signals, scoresOf, totalOf } from './score.ts';
import type { SearchSettings } from './settings.ts';

/** What an engine reads of a release. */
export type Searched = Pick<Release, 'views' | 'vectors' | 'kernel'> & { readonly cards: { readonly count: number } };

export type CandidateRequest = {
  readonly release: Searched;
  readonly plan: Plan;
  /** The signals that are computed for every case; dense ones are added here. */
  readonly cheap: Omit<Signals, 'dense'>;
  readonly vectors: Readonly<Partial<Record<View, Float32Array>>>;
  /** 1 for the cases that may be answers. */
  readonly kept: Uint8Array;
  readonly k: number;
  /** How many are wanted in all, where those after the first `k` may be found by their codes; none after them by default. */
  readonly near?: number;
  readonly faiss: FacetSearcher | undefined;
  readonly settings: Pick<SearchSettings, 'faissRows' | 'coarse'>;
};

/** A case whose score was estimated from its codes: no vector of it was read. */
export type NearCase = { readonly ordinal: number; readonly score: number };

/** The best `k` cases, best first; `signals` are theirs, in that order. `failure` says why FAISS did not answer, where it should have. */
export type Candidates = {
  readonly ordinals: readonly number[];
  readonly signals: Signals;
  /** Those that come after them, best first. */
  readonly near: readonly NearCase[];
  /** False where a coarse scan may have left a better case out. */
  readonly exact: boolean;
  readonly engine: Engine;
  readonly failure: string | null;
};

/** FAISS sums in f32, the rescoring in f64: a bound must not cut off a case for that difference. */
const ROUNDING = 1e-4;
/** Cases looked at first, to find the score that the others must be able to reach. */
const FIRST_PER_RESULT = 2;
/** Cases that are estimated for one that is wanted near: the bounds of FAISS lists reach far beyond them. */
const NEAR_LOOKED_AT = 4;
/** Cases whose vectors are asked for together: few enough that a better least score spares the rest. */
const TOGETHER = 64;
/** No two unit vectors are nearer than this. */
const COSINE_MAX = 1 + ROUNDING;

export async function candidates(request: CandidateRequest): Promise<Candidates> {
  if (!request.faiss) return fused(request, null);
  let bounds: Bounds;
  try {
    bounds = boundsOf(request, await listed(request, request.faiss));
  } catch (error) {
    return fused(request, error instanceof Error ? error.message : String(error));
  }
  return { ...(await best(request, bounds)), exact: true, engine: 'faiss', failure: null };
}

async function fused(request: CandidateRequest, failure: string | null): Promise<Candidates> {
  const exact = !isCoarse(request);
  return { ...(await best(request, exact ? scanned(request) : cascaded(request))), exact, engine: 'fused', failure };
}

/** Few cases are scanned exactly whatever the size of the release. */
function isCoarse({ release, kept, settings }: CandidateRequest): boolean {
  const { from } = settings.coarse;
  if (!release.kernel.hasCoarse) return false;
  let count = 0;
  for (let i = 0; i < kept.length && count < from; i += 1) count += kept[i] as number;
  return count >= from;
}

/** Upper bounds of the scores of all kept cases, as an engine has them. Each call is answered from nothing that a search between could change. */
type Bounds = {
  /** Some cases that are likely to be among the best. */
  first(count: number): readonly number[];
  /** The cases that can reach `least`, highest bound first. */
  reaching(least: number): readonly Bounded[];
};
function scanned(request: CandidateRequest): Bounds {
  const { kernel } = request.release;
  return {
    first: (count) => kernel.first(request, count).map(({ ordinal }) => ordinal),
    reaching(least) {
      const { scores, open } = kernel.scan(request, least);
      return openReaching(scores, open, least);
    },
  };
}

/** Only what the sign bits have chosen, with true bounds: of these the best are found for certain. */
function cascaded(request: CandidateRequest): Bounds {
  const { width, perResult } = request.settings.coarse;
  const chosen = request.release.kernel.coarse(request, Math.max(width, perResult * request.k));
  return {
    first: (count) => highest(chosen, count).map(({ ordinal }) => ordinal),
    reaching: (least) => reachingOf(chosen, least),
  };
}

function openReaching(scores: Float64Array | Float32Array, open: Uint8Array, least: number): readonly Bounded[] {
  const reaching: Bounded[] = [];
  for (let i = 0; i < open.length; i += 1) {
    const bound = scores[i] as number;
    if (open[i] === 1 && bound >= least) reaching.push({ ordinal: i, bound });
  }
  return reaching.sort((a, b) => b.bound - a.bound || a.ordinal - b.ordinal);
}

/** For every view that the query has: at each case no less than its cosine, NaN where the case lacks the view. */
type Columns = Partial<Record<View, Float32Array>>;

function boundsOf({ cheap, plan, kept }: CandidateRequest, dense: Columns): Bounds {
  const scores = scoresOf({ ...cheap, dense }, plan);
  return {
    first(count) {
      const first = createTop<number>(count);
      for (let i = 0; i < kept.length; i += 1) if (kept[i] === 1) first.offer(i, scores[i] as number, i);
      return first.items();
    },
    reaching: (least) => openReaching(scores, kept, least),
  };
}

/** The nearest rows of each view by FAISS, exact but for rounding; a row that it left out is no nearer than the last one that it gave. */
async function listed(
  { release, plan, vectors, k, settings: { faissRows } }: CandidateRequest,
  faiss: FacetSearcher,
): Promise<Columns> {
  const bounds: Columns = {};
  for (const view of VIEWS) {
    const vector = vectors[view];
    const held = release.views[view];
    const asked = Math.min(held.rows.length, Math.max(faissRows.min, faissRows.perResult * k));
    const share = view === 'whole' ? plan.whole : (plan.facets[view] ?? 0);
    if (!vector || share === 0) continue;
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
    for (const [place, row] of rows.entries()) {
      const ordinal = held.rows[row];
      if (ordinal === undefined) throw new Error(`${view}: row ${row} of ${held.rows.length}`);
      values[ordinal] = (scores[place] ?? Number.NaN) + ROUNDING;
    }
    bounds[view] = values;
  }
  return bounds;
}

function filled(release: Searched, view: View, bound: number): Float32Array {
  const values = new Float32Array(release.cards.count).fill(Number.NaN);
  for (const ordinal of release.views[view].rows) values[ordinal] = bound;
  return values;
}

/** A case scored exactly: its signals are at `at` of those of the cases that were scored with it. */
type Scored = { readonly ordinal: number; readonly signals: Signals; readonly at: number };

/**
 * The exact best `k`, whatever the bounds: every case whose bound reaches the k-th best score is scored exactly (the threshold argument
 * of Fagin, Lotem and Naor 2003). So all engines give one answer, ties included.
 */
async function best(
  request: CandidateRequest,
  bounds: Bounds,
): Promise<Pick<Candidates, 'ordinals' | 'signals' | 'near'>> {
  const top = createTop<Scored>(request.k);
  const score = async (ordinals: readonly number[]): Promise<void> => {
    const signals = await exactSignals(request, ordinals);
    for (const [at, ordinal] of ordinals.entries()) {
      top.offer(ordinal, totalOf(contributions(signals, request.plan, at)), { ordinal, signals, at });
    }
  };
  const wanted = Math.max(request.k, request.near ?? 0);
  const reached = scoresByCodes(request, bounds.first(FIRST_PER_RESULT * wanted), 'least')
    .sort()
    .reverse();
  const rest = bounds.reaching(reached[wanted - 1] ?? -1);
  const sure = reached[request.k - 1] ?? -1;
  for (let from = 0; from < rest.length; from += TOGETHER) {
    const least = Math.max(sure, top.least());
    const some = rest.slice(from, from + TOGETHER).filter(({ bound }) => bound >= least);
    if (some.length === 0) break;
    await score(some.map(({ ordinal }) => ordinal));
  }
  const found = top.items();
  const near = nearOf(request, found, rest);
  return { ordinals: found.map(({ ordinal }) => ordinal), signals: gathered(found, request), near };
}

/** The best of those that were not found, as many as are wanted, by their codes; none of them is better than the last that was found. */
function nearOf(request: CandidateRequest, found: readonly Scored[], rest: readonly Bounded[]): readonly NearCase[] {
  const wanted = (request.near ?? 0) - found.length;
  const last = found.at(-1);
  if (wanted <= 0 || !last) return [];
  const ceiling = totalOf(contributions(last.signals, request.plan, last.at));
  const taken = new Set(found.map(({ ordinal }) => ordinal));
  const others = rest.filter(({ ordinal }) => !taken.has(ordinal)).slice(0, NEAR_LOOKED_AT * wanted);
  const ordinals = others.map(({ ordinal }) => ordinal);
  const scores = scoresByCodes(request, ordinals, 'likely');
  const near = ordinals.map((ordinal, i) => ({ ordinal, score: Math.min(ceiling, scores[i] as number) }));
  return near.sort((a, b) => b.score - a.score || a.ordinal - b.ordinal).slice(0, wanted);
}

/** All signals of some cases, in their order, with cosines from the vectors themselves. */
async function exactSignals(
  { release, cheap, vectors }: CandidateRequest,
  ordinals: readonly number[],
): Promise<Signals> {
  const dense: Columns = {};
  for (const view of VIEWS) {
    const vector = vectors[view];
    if (!vector) continue;
    const { rowOf } = release.views[view];
    const rows = ordinals.map((ordinal) => rowOf[ordinal] ?? -1);
    const held = rows.filter((row) => row >= 0);
    const found = held.length > 0 ? await release.vectors(view, held) : new Float32Array(0);
    let place = 0;
    const cosines = new Float32Array(rows.length);
    for (const [i, row] of rows.entries()) {
      cosines[i] = row < 0 ? Number.NaN : similarity(found, vector, place);
      if (row >= 0) place += 1;
    }
    dense[view] = cosines;
  }
  const pick = (values: Float32Array) => Float32Array.from(ordinals, (ordinal) => values[ordinal] as number);
  const agreement: Partial<Record<Facet, Float32Array>> = {};
  for (const facet of FACETS) {
    const values = cheap.agreement[facet];
    if (values) agreement[facet] = pick(values);
  }
  return { length: ordinals.length, dense, agreement, lexical: cheap.lexical ? pick(cheap.lexical) : null };
}

/** The signals of cases that were scored in different company, in one list. */
function gathered(found: readonly Scored[], { cheap, vectors }: CandidateRequest): Signals {
  const gather = (columnOf: (signals: Signals) => Float32Array | null | undefined) =>
    Float32Array.from(found, ({ signals, at }) => columnOf(signals)?.[at] ?? Number.NaN);
  const dense: Columns = {};
  for (const view of VIEWS) if (vectors[view]) dense[view] = gather((signals) => signals.dense[view]);
  const agreement: Partial<Record<Facet, Float32Array>> = {};
  for (const facet of FACETS) if (cheap.agreement[facet]) agreement[facet] = gather((one) => one.agreement[facet]);
  return { length: found.length, dense, agreement, lexical: cheap.lexical ? gather(({ lexical }) => lexical) : null };
}

type Top<Item> = { offer(ordinal: number, score: number, item: Item): void; least(): number; items(): readonly Item[] };

/** Keeps the best `k` by score, then ordinal (which is by case id). `least` is the score to reach; below any while not full. */
function createTop<Item>(k: number): Top<Item> {
  const held: { readonly ordinal: number; readonly score: number; readonly item: Item }[] = [];
  return {
    offer(ordinal, score, item) {
      const last = held.at(-1);
      if (held.length === k && last && (score < last.score || (score === last.score && ordinal > last.ordinal))) return;
      let at = held.length;
      for (; at > 0; at -= 1) {
        const before = held[at - 1];
        if (!before || before.score > score || (before.score === score && before.ordinal < ordinal)) break;
      }
      held.splice(at, 0, { ordinal, score, item });
      if (held.length > k) held.pop();
    },
    least: () => (held.length < k ? -1 : (held.at(-1)?.score ?? -1)),
    items: () => held.map(({ item }) => item),
  };
}
