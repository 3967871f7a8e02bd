import { FACETS, type Facet } from '../../schema/vocabulary.ts';
import type { Embedder } from '../models/ports.ts';
import { adjusted, adjustmentsFor } from './adjust.ts';
import { alikeAmong } from './alike.ts';
import type { StoredCase } from './archive.ts';
import { type CandidateRequest, type Candidates, candidates } from './candidates.ts';
import { keptBy } from './cards.ts';
import type { SearchAnswer, SearchRequest, SearchResult } from './contract.ts';
import type { FacetSearcher } from './dense.ts';
import { type Fold, foldResults } from './diversity.ts';
import { agreementScores } from './findings.ts';
import { foreignNote } from './foreign.ts';
import { type KeywordHits, type KeywordSearcher, keywordHits, readKeywords } from './keyword-hits.ts';
import { type LexicalText, lexicalQuery, lexicalScores, lexicalText, termsEarned } from './lexical.ts';
import { randomFacetScores, randomScores } from './percentile.ts';
import { CaseGoneError, type Query, readQuery, understoodOf } from './query.ts';
import type { Release } from './release.ts';
import { resultOf } from './result.ts';
import { rollUp } from './rollup.ts';
import { contributions, type Plan, planOf, type Signals, totalOf } from './score.ts';
import { SETTINGS, type SearchSettings } from './settings.ts';
import { otherWords } from './synonyms.ts';
import { placedTerms, type WordsMet } from './terms.ts';
import { understoodShare } from './understood.ts';

export { caseAnswer } from './case-answer.ts';
export { CaseGoneError, CaseUnknownError, GenerationMismatchError } from './query.ts';

export type SearchDeps = {
  readonly embedder: Embedder;
  readonly faiss?: FacetSearcher | undefined;
  /** The keyword index of the release; without it plain words are looked up in the inverted index. */
  readonly keywords?: KeywordSearcher | undefined;
  readonly nowMs: () => number;
  /** Cases that no answer may show, with the reason, whatever the release holds. */
  readonly tombstones?: ReadonlyMap<string, string>;
  /** What the host knows to run below its best; passed on to the answer. */
  readonly degraded?: readonly string[];
  /** Another configuration than the product's, for measurements. */
  readonly settings?: SearchSettings;
};

const NO_TOMBSTONES: ReadonlyMap<string, string> = new Map();
/** Cases asked for beyond the results, so that folding leaves enough; more are asked for where it does not. */
const FOLDED_USUAL = 10;

/** The weights in force. Weights that are given stand alone: a facet that they do not name counts for nothing. */
function weightsOf(request: SearchRequest, settings: SearchSettings): Record<Facet, number> {
  const chosen = request.weights ?? settings.presets[request.preset ?? settings.preset];
  const sum = FACETS.reduce((total, facet) => total + (chosen[facet] ?? 0), 0);
  return Object.fromEntries(FACETS.map((facet) => [facet, (chosen[facet] ?? 0) / sum])) as Record<Facet, number>;
}

/** The cases that may be answers: those that pass the filters and were not taken out, without the query's own document. */
function eligible(
  release: Release,
  request: SearchRequest,
  query: Query,
  tombstones: ReadonlyMap<string, string>,
): Uint8Array {
  const kept = keptBy(release.cards, request.filters ?? {});
  for (const caseId of tombstones.keys()) {
    const ordinal = release.cards.ordinalOf(caseId);
    if (ordinal !== undefined) kept[ordinal] = 0;
  }
  if (query.ordinal === null) return kept;
  const own = release.cards.documents[query.ordinal];
  for (let i = 0; i < kept.length; i += 1) if (release.cards.documents[i] === own) kept[i] = 0;
  return kept;
}

/** Throws `CaseGoneError` where `id`, or the case that carries it, was taken out. */
export function checkShown(release: Release, id: string, tombstones: ReadonlyMap<string, string>): void {
  const caseId = release.cards.idOf(id);
  // A case that another one has come to stand for is found by it, whatever was said of it alone.
  const reason = tombstones.get(caseId);
  if (reason !== undefined) throw new CaseGoneError(caseId, reason);
}

/**
 * Finds the cases most like the query, with the reason for each. Order is by score, then case id. Rejects with `CaseGoneError`,
 * `CaseUnknownError` or `GenerationMismatchError`; a query of which nothing is known to the release gets no result and says so.
 */
export async function search(release: Release, request: SearchRequest, deps: SearchDeps): Promise<SearchAnswer> {
  const startedMs = deps.nowMs();
  const settings = deps.settings ?? SETTINGS;
  const degraded = [...(deps.degraded ?? [])];
  const tombstones = deps.tombstones ?? NO_TOMBSTONES;
  if (request.case_id !== undefined) checkShown(release, request.case_id, tombstones);
  const query = await readQuery(request, release, deps.embedder);
  if (query.embedderAway !== undefined) degraded.push(query.embedderAway);
  const foreign = query.ordinal === null ? foreignNote(query) : null;
  if (foreign !== null) degraded.push(foreign);
  const adjustments = request.weights ? [] : adjustmentsFor(query.extracted, settings);
  const weights = adjusted(weightsOf(request, settings), adjustments, settings);
  const kept = eligible(release, request, query, tombstones);
  const keywords = request.keywords === undefined ? null : readKeywords(request.keywords);
  const hits =
    keywords && keywordHits(keywords, release.lexical, (await deps.keywords?.search(keywords.match)) ?? null);
  if (hits) {
    degraded.push(...hits.notes);
    for (let i = 0; i < kept.length; i += 1) kept[i] = (kept[i] ?? 0) & (hits.kept[i] ?? 0);
  }
  const byKeywords = hits !== null && isKeywordsAlone(request);
  const words = lexicalQuery(release.lexical, lexicalText(query.text, query.extracted), settings.bm25);
  const cheap = {
    length: release.cards.count,
    agreement: request.legs.includes('findings')
      ? agreementScores(release.findings, release.cards, query.extracted)
      : {},
    lexical: byKeywords
      ? hits.shares
      : request.legs.includes('lexical') && words.terms.length > 0
        ? lexicalScores(release.lexical, words, settings.bm25)
        : null,
  };
  const vectors = request.legs.includes('dense') ? query.vectors : {};
  const asked = { ...cheap, dense: vectors };
  const plan = keywordsPlan(
    byKeywords,
    planOf(settings, asked, weights, request.legs, release.pairs, understoodShare(query, release.lexical)),
  );
  const engine = request.engine ?? settings.engine;
  const faiss = engine === 'faiss' ? deps.faiss : undefined;
  if (engine === 'faiss' && !faiss) degraded.push('FAISS is not to be had here: the exact scan answered');
  const scan = { release, plan, cheap, vectors, kept, faiss, settings };
  const { found, folds } = await foldedBest(scan, request, settings);
  if (found.failure) degraded.push(`FAISS failed (${found.failure}): the exact scan answered`);
  const answer = {
    release: {
      version: release.manifest.version,
      case_count: release.manifest.caseCount,
      generation: release.manifest.generation,
    },
    weights,
    thresholds_version: settings.version,
    engine: found.engine,
    exact: found.exact,
    legs: request.legs,
    adjustments,
    understood: understoodOf(query),
    degraded,
    disclaimer: settings.disclaimer,
  };
  const reason = reasonForNothing(asked, plan, kept, hits);
  if (reason !== null) return { results: [], reason, ...answer, took_ms: deps.nowMs() - startedMs };
  const caseOf = async (ordinal: number): Promise<StoredCase> => {
    const stored = await release.case(release.cards.ids[ordinal] ?? '');
    if (!stored) throw new Error(`case ${release.cards.ids[ordinal]} is listed in the release but not in its archive`);
    return stored;
  };
  const met: WordsMet = new Map();
  const shared = {
    query,
    plan,
    signals: found.signals,
    wordOf: wordsByTerm(lexicalText(query.text, query.extracted), met),
    met,
    randoms: randomScores(release.pairs, asked, plan),
    randomsOf: (facet: Facet) => randomFacetScores(release.pairs, asked, plan, facet),
    rareQuery: query.ordinal !== null && release.cards.rare[query.ordinal] === 1,
    settings,
    request,
  };
  const results = await Promise.all(
    folds.map(async ({ place, folded }): Promise<SearchResult> => {
      const ordinal = found.ordinals[place] ?? -1;
      const terms = cheap.lexical ? termsEarned(release.lexical, words, ordinal, settings.bm25) : [];
      const ids = folded.map((one) => release.cards.ids[found.ordinals[one] ?? -1] ?? '');
      return resultOf({ ...shared, stored: await caseOf(ordinal), place, terms, folded: ids });
    }),
  );
  const rollup = request.explain ? { rollup: nearDiagnoses(release, plan, found, settings) } : {};
  return { results, ...rollup, ...answer, took_ms: deps.nowMs() - startedMs };
}

type Scan = Omit<CandidateRequest, 'k' | 'release'> & { readonly release: Release };

/** The best cases, as many as it takes for `k` results after folding, and for the roll-up where one is wanted. */
async function foldedBest(
  scan: Scan,
  { k, explain }: SearchRequest,
  { fold, rollupOf }: SearchSettings,
): Promise<{ readonly found: Candidates; readonly folds: readonly Fold[] }> {
  const { release } = scan;
  const near = explain ? rollupOf : 0;
  for (let depth = fold.on ? k + FOLDED_USUAL : k; ; depth *= 2) {
    const found = await candidates({ ...scan, k: depth, near });
    const { ordinals, signals } = found;
    const places = ordinals.map((_, place) => place);
    if (!fold.on) return { found, folds: places.slice(0, k).map((place) => ({ place, folded: [] })) };
    const alike = await alikeAmong(release, ordinals, signals, fold);
    const folds = foldResults(
      ordinals.map((ordinal) => release.cards.documents[ordinal] ?? 0),
      alike,
      k,
    );
    if (folds.length === k || ordinals.length < depth) return { found, folds };
  }
}

/** The diagnoses that the nearest cases state, each case by its own. Those beyond the results are weighed by their codes. */
function nearDiagnoses(
  { cards }: Release,
  plan: Plan,
  { ordinals, signals, near }: Candidates,
  { rollupOf }: SearchSettings,
): NonNullable<SearchAnswer['rollup']> {
  const scored = ordinals.map((ordinal, place) => ({ ordinal, score: totalOf(contributions(signals, plan, place)) }));
  const nearest = [...scored, ...near].slice(0, rollupOf).map(({ ordinal, score }) => ({
    caseId: cards.ids[ordinal] ?? '',
    score,
    diagnosis: cards.diagnosisOf(ordinal),
  }));
  return { of: nearest.length, entries: rollUp(nearest) };
}

const isKeywordsAlone = ({ text, facets, case_id }: SearchRequest): boolean =>
  text === undefined && facets === undefined && case_id === undefined;

/** Keywords alone rank by their own score from its first point on: random pairs of whole cases say nothing of a few words. */
function keywordsPlan(byKeywords: boolean, plan: Plan): Plan {
  return byKeywords ? { ...plan, background: { ...plan.background, lexical: 0 } } : plan;
}

type Asked = Pick<Signals, 'agreement' | 'lexical'> & { readonly dense: Query['vectors'] };

/** The words of the query by their terms, since a stem is not for reading; where only other words have a term, those. */
function wordsByTerm(told: LexicalText, met: WordsMet): ReadonlyMap<string, string> {
  const words = new Map<string, string>();
  for (const text of [told.text, ...otherWords(told)]) {
    for (const { term, word } of placedTerms(text, met)) if (!words.has(term)) words.set(term, word.toLowerCase());
  }
  return words;
}

function reasonForNothing(asked: Asked, plan: Plan, kept: Uint8Array, hits: KeywordHits | null): string | null {
  if (hits && !hits.kept.includes(1)) return 'the keywords hold for no case of this release';
  const used = Object.keys(plan.facets).length + plan.whole + plan.lexical;
  if (used === 0 || (!asked.lexical && Object.keys(asked.dense).length === 0 && noAgreement(asked))) {
    return 'no word or finding of the query is known to this release';
  }
  return kept.includes(1) ? null : hits ? 'no case passes the filters and the keywords' : 'no case passes the filters';
}

function noAgreement(asked: Asked): boolean {
  return Object.values(asked.agreement).every((scores) => scores.every((score) => !(score > 0)));
}
