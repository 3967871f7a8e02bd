import { FACETS, type Facet } from '../../schema/vocabulary.ts';
import type { StoredCase } from './archive.ts';
import { confidenceOf } from './confidence.ts';
import type { FacetScore, SearchRequest, SearchResult } from './contract.ts';
import { citationOf, evidenceOf } from './evidence.ts';
import { explainFacet, type FacetExplanation, NOTHING_EXPLAINED } from './explain.ts';
import { flagOf } from './flags.ts';
import { levelOf } from './levels.ts';
import type { QueryTerm } from './lexical.ts';
import { percentileOf } from './percentile.ts';
import type { Query } from './query.ts';
import { saidOf } from './said.ts';
import { contributions, facetScore, lexicalScore, type Plan, type Signals, totalOf, wholeScore } from './score.ts';
import type { SearchSettings } from './settings.ts';
import type { WordsMet } from './terms.ts';

const TERMS_SHOWN = 12;
/** A number alone says nothing to a reader; it counts all the same. */
const isTelling = (word: string): boolean => /\D/.test(word);
const TITLE_CHARS_MAX = 110;

export type Found = {
  readonly stored: StoredCase;
  /** Its place in `signals`. */
  readonly place: number;
  readonly query: Query;
  readonly plan: Plan;
  readonly signals: Signals;
  readonly terms: readonly QueryTerm[];
  readonly wordOf: ReadonlyMap<string, string>;
  readonly met: WordsMet;
  /** Ascending scores of random pairs: of the whole, and in a facet. */
  readonly randoms: Float64Array;
  readonly randomsOf: (facet: Facet) => Float64Array;
  /** The query is a case that is rare. */
  readonly rareQuery: boolean;
  /** Ids of those that this result stands for. */
  readonly folded: readonly string[];
  readonly settings: SearchSettings;
  readonly request: SearchRequest;
};

/** The answer for one case, with the reason for each part of its score. */
export function resultOf(found: Found): SearchResult {
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
    const own = scores[facet] ?? null;
    facets[facet] = {
      score: own,
      percentile: own === null ? null : percentileOf(found.randomsOf(facet), own),
      level: levelOf(facet, own, settings),
      weight: plan.facets[facet] ?? 0,
      contribution: added.facets[facet] ?? 0,
      ...explained[facet],
    };
  }
  const flag = flagOf(score, scores, settings);
  const { provenance, distillate, extracted } = stored;
  const percentile = percentileOf(found.randoms, score);
  const confidence = confidenceOf(
    {
      percentile,
      facets: Object.fromEntries(
        FACETS.flatMap((facet) => (plan.facets[facet] ? [[facet, scores[facet] ?? null]] : [])),
      ),
      category: distillate.diagnosisCategory,
      rare: distillate.isRare,
      completeness: extracted.completeness,
      ageYears: extracted.patient.ageYears,
      query: { ageYears: query.extracted.patient.ageYears, rare: found.rareQuery },
    },
    settings,
  );
  return {
    case_id: stored.caseId,
    title: provenance.title ?? (stored.withheld === undefined ? titleFromText(stored.extracted.text) : stored.caseId),
    diagnosis: distillate.diagnosis,
    score,
    percentile,
    flagged: flag.flagged,
    flag_reason: flag.reason,
    alert_level: flag.alertLevel,
    confidence,
    folded: found.folded,
    facets,
    lexical: {
      score: plan.lexical === 0 ? 0 : lexicalScore(signals, plan.background, place),
      contribution: added.lexical,
      terms: terms
        .map(({ term }) => found.wordOf.get(term) ?? term)
        .filter(isTelling)
        .slice(0, TERMS_SHOWN),
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
export function titleFromText(text: string): string {
  const line = text
    .slice(0, 4 * TITLE_CHARS_MAX)
    .replace(/\s+/g, ' ')
    .trim();
  if (line.length <= TITLE_CHARS_MAX) return line;
  const cut = line.lastIndexOf(' ', TITLE_CHARS_MAX);
  return `${line.slice(0, cut > 0 ? cut : TITLE_CHARS_MAX)} …`;
}
