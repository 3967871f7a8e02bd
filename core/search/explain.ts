import { type Assertion, FACETS, type Facet } from '../../schema/vocabulary.ts';
import type { Finding, Span } from '../cases/case.ts';
import type { StoredCase } from './archive.ts';
import type { FindingMatch, Provenance, SearchResult } from './contract.ts';
import { ageAgreement, mentionAgreement, mentionOf } from './findings.ts';
import { type Query, quoteOf } from './query.ts';
import { placedTerms, type WordsMet } from './terms.ts';

/** Agreement from which a finding counts as matched. */
const MATCHED_MIN = 0.5;
/** A quote of evidence is a sentence, cut where a sentence runs on. */
const QUOTE_CHARS_MAX = 320;
const SENTENCES_PER_FACET = 2;
const AUTHORS_NAMED = 3;

export type FacetExplanation = {
  readonly matched: readonly FindingMatch[];
  readonly missing: readonly FindingMatch[];
  readonly contradicted: readonly FindingMatch[];
};
export const NOTHING_EXPLAINED: FacetExplanation = { matched: [], missing: [], contradicted: [] };

/** Of the patient, one way or the other. */
const isOwn = ({ assertion }: Finding): boolean => assertion !== 'family' && assertion !== 'hypothetical';
const isAsserted = (finding: Finding): boolean => finding.assertion !== 'absent' && isOwn(finding);

function byTerm(findings: readonly Finding[]): Map<string, Finding[]> {
  const grouped = new Map<string, Finding[]>();
  for (const finding of findings) {
    const group = grouped.get(finding.term);
    if (group) group.push(finding);
    else grouped.set(finding.term, [finding]);
  }
  return grouped;
}

function pairAgreement(query: Finding, found: Finding): number {
  if (query.term === 'age') {
    return query.value === undefined || found.value === undefined ? 0 : ageAgreement(query.value, found.value);
  }
  if (query.term === 'sex') return query.qualifiers?.[0] === found.qualifiers?.[0] ? 1 : 0;
  return mentionAgreement(mentionOf(query), mentionOf(found));
}

/** The best agreeing pair of two mention lists of one term. */
function bestPair(
  query: readonly Finding[],
  found: readonly Finding[],
): { query: Finding; found: Finding; agreement: number } | null {
  let best: { query: Finding; found: Finding; agreement: number } | null = null;
  for (const one of query) {
    for (const other of found) {
      const agreement = pairAgreement(one, other);
      if (!best || agreement > best.agreement) best = { query: one, found: other, agreement };
    }
  }
  return best;
}

/** The words of one side, where they stand and what they assert; no words where that side is silent, or its text may not be shown. */
type Words = { readonly quote: string | null; readonly span: Span | null; readonly assertion: Assertion | null };
const NO_WORDS: Words = { quote: null, span: null, assertion: null };

function wordsOf(text: string, finding: Finding): Words {
  const { assertion, span } = finding;
  const quote = quoteOf(text, finding);
  return quote === '' ? { ...NO_WORDS, assertion } : { quote, span, assertion };
}

const matchOf = (term: string, query: Words, found: Words, agreement: number): FindingMatch => ({
  term,
  query: query.quote,
  case: found.quote,
  query_span: query.span,
  case_span: found.span,
  query_assertion: query.assertion,
  case_assertion: found.assertion,
  agreement,
});

/**
 * What of the query's findings the case has (matched), does not mention (missing), or says the opposite of (contradicted): denied on
 * one side and stated on the other, or on the other side of the reference range.
 */
export function explainFacet(query: Query, stored: StoredCase, facet: Facet): FacetExplanation {
  const asked = byTerm(query.extracted.facets[facet]?.findings ?? []);
  const held = byTerm(stored.extracted.facets[facet]?.findings ?? []);
  const matched: FindingMatch[] = [];
  const missing: FindingMatch[] = [];
  const contradicted: FindingMatch[] = [];
  const asks = (finding: Finding) => wordsOf(query.sourceOf(facet), finding);
  const says = (finding: Finding) =>
    stored.withheld === undefined
      ? wordsOf(stored.extracted.text, finding)
      : { ...NO_WORDS, assertion: finding.assertion };
  for (const [term, mentions] of asked) {
    const found = held.get(term) ?? [];
    const stated = mentions.filter(isAsserted);
    const first = stated[0] ?? mentions[0];
    if (!first) continue;
    const opposite = found.find((one) => isAsserted(one) !== stated.length > 0 && isOwn(one));
    const best = bestPair(stated, found.filter(isAsserted));
    if (best && best.agreement >= MATCHED_MIN) {
      matched.push(matchOf(term, asks(best.query), says(best.found), best.agreement));
    } else if (best) {
      contradicted.push(matchOf(term, asks(best.query), says(best.found), best.agreement));
    } else if (opposite && isOwn(first)) {
      contradicted.push(matchOf(term, asks(first), says(opposite), 0));
    } else if (stated.length > 0) {
      missing.push(matchOf(term, asks(first), NO_WORDS, 0));
    }
  }
  return { matched: matched.sort((a, b) => b.agreement - a.agreement), missing, contradicted };
}

/** [start, end) of the sentences of a text: split at line breaks and after . ! ? before a space. Linear. */
export function sentencesOf(text: string): readonly (readonly [number, number])[] {
  const sentences: [number, number][] = [];
  let start = 0;
  const close = (end: number) => {
    let from = start;
    let to = end;
    while (from < to && text.charCodeAt(from) <= 32) from += 1;
    while (to > from && text.charCodeAt(to - 1) <= 32) to -= 1;
    if (to > from) sentences.push([from, to]);
    start = end;
  };
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === 10) close(i + 1);
    else if ((code === 46 || code === 33 || code === 63) && text.charCodeAt(i + 1) <= 32) close(i + 1);
  }
  close(text.length);
  return sentences;
}

/** Place of the sentence that holds an offset. */
function sentenceAt(sentences: readonly (readonly [number, number])[], offset: number): number {
  let low = 0;
  let high = sentences.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((sentences[middle]?.[0] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

type Evidence = SearchResult['evidence'][number];

/**
 * Sentences of the case that carry the match: for each facet those that hold the best matched findings, for the words the one that
 * holds most of their weight. No sentence comes twice. `met` is shared by the results of one search.
 */
export function evidenceOf(
  stored: StoredCase,
  explained: Readonly<Partial<Record<Facet, FacetExplanation>>>,
  weightOf: ReadonlyMap<string, number>,
  met: WordsMet,
): readonly Evidence[] {
  const { text } = stored.extracted;
  const sentences = sentencesOf(text);
  const taken = new Set<number>();
  const evidence: Evidence[] = [];
  const take = (facet: Evidence['facet'], place: number) => {
    const sentence = sentences[place];
    if (!sentence || taken.has(place)) return;
    taken.add(place);
    const end = Math.min(sentence[1], sentence[0] + QUOTE_CHARS_MAX);
    evidence.push({ facet, quote: text.slice(sentence[0], end), span: [sentence[0], end] });
  };
  for (const facet of FACETS) {
    const terms = new Set(explained[facet]?.matched.map((match) => match.term));
    const places = (stored.extracted.facets[facet]?.findings ?? [])
      .filter((finding) => terms.has(finding.term) && isAsserted(finding))
      .map((finding) => sentenceAt(sentences, finding.span[0]));
    for (const place of [...new Set(places)].slice(0, SENTENCES_PER_FACET)) take(facet, place);
  }
  const best = sentenceOfWords(text, sentences, weightOf, met);
  if (best !== null) take('lexical', best);
  return evidence;
}

function sentenceOfWords(
  text: string,
  sentences: readonly (readonly [number, number])[],
  weightOf: ReadonlyMap<string, number>,
  met: WordsMet,
): number | null {
  let best: { place: number; weight: number } | null = null;
  let place = 0;
  let weight = 0;
  let seen = new Set<string>();
  const close = () => {
    if (weight > (best?.weight ?? 0)) best = { place, weight };
    weight = 0;
    seen = new Set();
  };
  for (const { term, start } of placedTerms(text, met)) {
    while (start >= (sentences[place]?.[1] ?? text.length)) {
      close();
      place += 1;
    }
    const earned = weightOf.get(term);
    if (earned === undefined || seen.has(term)) continue;
    seen.add(term);
    weight += earned;
  }
  close();
  return (best as { place: number } | null)?.place ?? null;
}

/** One line that names the source: authors, title, journal, year, identifiers; the case id where nothing is known. */
export function citationOf(caseId: string, provenance: Provenance): string {
  const { authors, title, journal, publicationDate, doi, pmid, pmcid, source } = provenance;
  const named = authors.slice(0, AUTHORS_NAMED).join(', ') + (authors.length > AUTHORS_NAMED ? ' et al' : '');
  const parts = [named, title?.replace(/\.$/, ''), journal, publicationDate?.slice(0, 4)].filter((part) => part);
  const ids = [doi && `doi:${doi}`, pmid && `PMID ${pmid}`, pmcid].filter((id) => id);
  if (parts.length === 0) parts.push(source);
  if (ids.length === 0) ids.push(caseId);
  return `${[...parts, ids.join(', ')].join('. ')}.`;
}
