import { FACETS, type Facet } from '../../schema/vocabulary.ts';
import type { Embedder } from '../models/ports.ts';
import type { StoredCase } from './archive.ts';
import { candidates } from './candidates.ts';
import { keptBy } from './cards.ts';
import type { FacetScore, SearchAnswer, SearchRequest, SearchResult } from './contract.ts';
import type { FacetSearcher } from './dense.ts';
import { citationOf, evidenceOf, explainFacet, type FacetExplanation, NOTHING_EXPLAINED } from './explain.ts';
import { agreementScores } from './findings.ts';
import { flagOf } from './flags.ts';
import { lexicalQuery, lexicalScores, type QueryTerm, termsEarned } from './lexical.ts';
import { percentileOf, randomScores } from './percentile.ts';
import { CaseGoneError, type Query, readQuery, understoodOf } from './query.ts';
import type { Release } from './release.ts';
import { saidOf } from './said.ts';
import {
  contributions,
  facetScore,
  lexicalScore,
  type Plan,
  planOf,
  type Signals,
  totalOf,
  wholeScore,
} from './score.ts';
import { SETTINGS, type SearchSettings } from './settings.ts';
import { placedTerms, type WordsMet } from './terms.ts';
import { understoodShare } from './understood.ts';

export { caseAnswer } from './case-answer.ts';
export { CaseGoneError, CaseUnknownError, GenerationMismatchError } from './query.ts';

export type SearchDeps = {
  readonly embedder: Embedder;
  readonly faiss?: FacetSearcher | undefined;
  readonly nowMs: () => number;
  /** Cases that no answer may show, with the reason, whatever the release holds. */
  readonly tombstones?: ReadonlyMap<string, string>;
  /** What the host knows to run below its best; passed on to the answer. */
  readonly degraded?: readonly string[];
  /** Another configuration than the product's, for measurements. */
  readonly settings?: SearchSettings;
};

const NO_TOMBSTONES: ReadonlyMap<string, string> = new Map();
const TERMS_SHOWN = 12;
const TITLE_CHARS_MAX = 110;

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
  const weights = weightsOf(request, settings);
  const kept = eligible(release, request, query, tombstones);
  const words = lexicalQuery(release.lexical, query.text, settings.bm25);
  const cheap = {
    length: release.cards.count,
    agreement: request.legs.includes('findings')
      ? agreementScores(release.findings, release.cards, query.extracted)
      : {},
    lexical:
      request.legs.includes('lexical') && words.terms.length > 0
        ? lexicalScores(release.lexical, words, settings.bm25)
        : null,
  };
  const vectors = request.legs.includes('dense') ? query.vectors : {};
  const asked = { ...cheap, dense: vectors };
  const plan = planOf(settings, asked, weights, request.legs, release.pairs, understoodShare(query, release.lexical));
  const faiss = request.engine === 'faiss' ? deps.faiss : undefined;
  if (request.engine === 'faiss' && !faiss) degraded.push('FAISS is not to be had here: the exact scan answered');
  const found = await candidates({
    release,
    plan,
    cheap,
    vectors,
    kept,
    k: request.k,
    faiss,
    settings,
  });
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
    understood: understoodOf(query),
    degraded,
    disclaimer: settings.disclaimer,
  };
  const reason = reasonForNothing(asked, plan, kept);
  if (reason !== null) return { results: [], reason, ...answer, took_ms: deps.nowMs() - startedMs };
  const randoms = randomScores(release.pairs, asked, plan);
  const met: WordsMet = new Map();
  const wordOf = wordsByTerm(query.text, met);
  const results = await Promise.all(
    found.ordinals.map(async (ordinal, place): Promise<SearchResult> => {
      const caseId = release.cards.ids[ordinal] ?? '';
      const stored = await release.case(caseId);
      if (!stored) throw new Error(`case ${caseId} is listed in the release but not in its archive`);
      const terms = cheap.lexical ? termsEarned(release.lexical, words, ordinal, settings.bm25) : [];
      const { signals } = found;
      return resultOf({ stored, place, query, plan, signals, terms, wordOf, met, randoms, settings, request });
    }),
  );
  return { results, ...answer, took_ms: deps.nowMs() - startedMs };
}

type Asked = Pick<Signals, 'agreement' | 'lexical'> & { readonly dense: Query['vectors'] };

/** The words of the query by their terms, since a stem is not for reading. */
function wordsByTerm(text: string, met: WordsMet): ReadonlyMap<string, string> {
  const words = new Map<string, string>();
  for (const { term, word } of placedTerms(text, met)) if (!words.has(term)) words.set(term, word.toLowerCase());
  return words;
}

function reasonForNothing(asked: Asked, plan: Plan, kept: Uint8Array): string | null {
  const used = Object.keys(plan.facets).length + plan.whole + plan.lexical;
  if (used === 0 || (!asked.lexical && Object.keys(asked.dense).length === 0 && noAgreement(asked))) {
    return 'no word or finding of the query is known to this release';
  }
  return kept.includes(1) ? null : 'no case passes the filters';
}

function noAgreement(asked: Asked): boolean {
  return Object.values(asked.agreement).every((scores) => scores.every((score) => !(score > 0)));
}

type Found = {
  readonly stored: StoredCase;
  /** Its place in `signals`. */
  readonly place: number;
  readonly query: Query;
  readonly plan: Plan;
  readonly signals: Signals;
  readonly terms: readonly QueryTerm[];
  readonly wordOf: ReadonlyMap<string, string>;
  readonly met: WordsMet;
  readonly randoms: Float64Array;
  readonly settings: SearchSettings;
  readonly request: SearchRequest;
};

function resultOf(found: Found): SearchResult {
  const { stored, place, query, plan, signals, terms, settings, request } = found;
  const added = contributions(signals, plan, place);
  const score = totalOf(added);
  const facets: Partial<Record<Facet, FacetScore>> = {};
  const scores: Partial<Record<Facet, number | null>> = {};
  const explained: Partial<Record<Facet, FacetExplanation>> = {};
  for (const facet of FACETS) {
    const asked = plan.facets[facet] !== undefined;
    scores[facet] = asked ? facetScore(signals, plan.background, facet, place) : null;
    explained[facet] = request.explain ? explainFacet(query, stored, facet) : NOTHING_EXPLAINED;
    facets[facet] = {
      score: scores[facet] ?? null,
      weight: plan.facets[facet] ?? 0,
      contribution: added.facets[facet] ?? 0,
      ...explained[facet],
    };
  }
  const flag = flagOf(score, scores, settings);
  const { provenance, distillate } = stored;
  return {
    case_id: stored.caseId,
    title: provenance.title ?? (stored.withheld === undefined ? titleFromText(stored.extracted.text) : stored.caseId),
    diagnosis: distillate.diagnosis,
    score,
    percentile: percentileOf(found.randoms, score),
    flagged: flag.flagged,
    flag_reason: flag.reason,
    alert_level: flag.alertLevel,
    facets,
    lexical: {
      score: plan.lexical === 0 ? 0 : lexicalScore(signals, plan.background, place),
      contribution: added.lexical,
      terms: terms.slice(0, TERMS_SHOWN).map(({ term }) => found.wordOf.get(term) ?? term),
    },
    whole: {
      score: plan.whole === 0 ? 0 : (wholeScore(signals, plan.background, place) ?? 0),
      contribution: added.whole,
    },
    evidence:
      request.explain && stored.withheld === undefined
        ? evidenceOf(stored, explained, new Map(terms.map(({ term, weight }) => [term, weight])), found.met)
        : [],
    citation: citationOf(stored.caseId, provenance),
    url: provenance.url,
    licence: provenance.licence,
    rare: distillate.isRare,
    rare_reason: distillate.rareReason,
    ...saidOf(stored),
  };
}

/** The opening words, where the source gives no title. */
function titleFromText(text: string): string {
  const line = text
    .slice(0, 4 * TITLE_CHARS_MAX)
    .replace(/\s+/g, ' ')
    .trim();
  if (line.length <= TITLE_CHARS_MAX) return line;
  const cut = line.lastIndexOf(' ', TITLE_CHARS_MAX);
  return `${line.slice(0, cut > 0 ? cut : TITLE_CHARS_MAX)} …`;
}
