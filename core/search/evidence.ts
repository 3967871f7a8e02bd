import { FACETS, type Facet } from '../../schema/vocabulary.ts';
import type { StoredCase } from './archive.ts';
import type { Provenance, SearchResult } from './contract.ts';
import type { FacetExplanation } from './explain.ts';
import { placedTerms, type WordsMet } from './terms.ts';

/** A quote of evidence is a sentence, cut where a sentence runs on. */
const QUOTE_CHARS_MAX = 320;
const SENTENCES_PER_FACET = 2;
const AUTHORS_NAMED = 3;

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
    const spans = explained[facet]?.matched.flatMap(({ case_span: span }) => (span === null ? [] : [span])) ?? [];
    const places = spans.map(([start]) => sentenceAt(sentences, start));
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
