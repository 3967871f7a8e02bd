import { FACETS, type Facet } from '../../schema/vocabulary.ts';
import type { ExtractedCase, Finding } from '../cases/case.ts';
import { arrayOf, Growing, groupByKey, packArrays, ReleaseFormatError, unpackArrays } from './binary.ts';
import type { PostingColumns } from './merge.ts';
import { otherWords } from './synonyms.ts';
import { createTermTable, packTerms, type TermTable } from './term-table.ts';
import { spelledTermsOf, termCounts } from './terms.ts';

/**
 * Constants of BM25 (Robertson and Zaragoza 2009, The Probabilistic Relevance Framework): `k1` and `b` for a case's repeats and length, `k3` for
 * the query's repeats (infinite: each counts in full). `idfPower` 2 weighs a term on both sides, as a TF-IDF cosine does.
 */
export type Bm25 = { readonly k1: number; readonly b: number; readonly k3: number; readonly idfPower: number };

/** A text with what was read out of it, which can be said in other words too. */
export type LexicalText = {
  readonly text: string;
  readonly findings: readonly { readonly facet: Facet; readonly finding: Finding }[];
};

export function lexicalText(text: string, { facets }: Pick<ExtractedCase, 'facets'>): LexicalText {
  const findings = FACETS.flatMap((facet) => (facets[facet]?.findings ?? []).map((finding) => ({ facet, finding })));
  return { text, findings };
}

/**
 * Which terms an index holds and which constants its calibration was made with. 1 (and no statement): words alone, `BM25_WORDS`; 2: words in American spelling
 * and `otherWords`, with the constants of the settings. A query is read as its index was.
 */
export const LEXICAL_VERSION = 2;
const BM25_WORDS: Bm25 = { k1: 0.9, b: 0.4, k3: Number.POSITIVE_INFINITY, idfPower: 1 };

/** Postings of term t are at termStart[t] .. termStart[t + 1], by case ordinal. */
export type LexicalIndex = {
  readonly version: number;
  readonly caseCount: number;
  readonly termOf: TermTable;
  readonly termStart: Uint32Array;
  readonly cases: Uint32Array;
  readonly counts: Uint8Array;
  /** Terms of each case, repeats counted. */
  readonly lengths: Uint32Array;
  readonly lengthMean: number;
};

/** What a build that takes cases over has to know of the arrays of `lexical.bin`. */
export const LEXICAL_COLUMNS: PostingColumns = {
  byPosting: ['counts'],
  byCase: ['lengths'],
  constant: ['version'],
  order: 'utf-8',
};

export type LexicalBuilder = { add(told: LexicalText): void; finish(): Uint8Array };

/** Terms of a text, with how often; those that it only says in other words once. */
export function lexicalTerms(told: LexicalText): Map<string, number> {
  const counts = new Map<string, number>();
  for (const term of spelledTermsOf(told.text)) counts.set(term, (counts.get(term) ?? 0) + 1);
  for (const words of otherWords(told)) {
    for (const term of spelledTermsOf(words)) if (!counts.has(term)) counts.set(term, 1);
  }
  return counts;
}

/** Takes the text of case 0, 1, 2 … and gives the bytes of `lexical.bin`. */
export function createLexicalBuilder(): LexicalBuilder {
  const idOf = new Map<string, number>();
  const postingTerm = new Growing((length) => new Uint32Array(length));
  const postingCase = new Growing((length) => new Uint32Array(length));
  const postingCount = new Growing((length) => new Uint8Array(length));
  const lengths = new Growing((length) => new Uint32Array(length));
  return {
    add(told) {
      let total = 0;
      for (const [term, count] of lexicalTerms(told)) {
        let id = idOf.get(term);
        if (id === undefined) {
          id = idOf.size;
          idOf.set(term, id);
        }
        postingTerm.push(id);
        postingCase.push(lengths.length);
        postingCount.push(Math.min(255, count));
        total += count;
      }
      lengths.push(total);
    },
    finish() {
      const { rank, packed } = packTerms([...idOf.keys()]);
      const keys = postingTerm.taken().map((id) => rank[id] ?? 0);
      const { start, order } = groupByKey(keys, rank.length);
      return packArrays({
        version: Uint32Array.of(LEXICAL_VERSION),
        terms: packed,
        termStart: start,
        cases: order.map((posting) => postingCase.at(posting)),
        counts: Uint8Array.from(order, (posting) => postingCount.at(posting)),
        lengths: lengths.taken(),
      });
    },
  };
}

/** Throws `ReleaseFormatError`. */
export function readLexical(bytes: Uint8Array): LexicalIndex {
  const unpacked = unpackArrays('lexical.bin', bytes);
  const termStart = arrayOf(unpacked, 'termStart', Uint32Array);
  const lengths = arrayOf(unpacked, 'lengths', Uint32Array);
  const version = unpacked.has('version') ? (arrayOf(unpacked, 'version', Uint32Array)[0] ?? 0) : 1;
  if (version < 1 || version > LEXICAL_VERSION) {
    throw new ReleaseFormatError(
      `lexical.bin: version ${version} of its terms, this program reads 1 to ${LEXICAL_VERSION}`,
    );
  }
  let total = 0;
  for (const length of lengths) total += length;
  return {
    version,
    caseCount: lengths.length,
    termOf: createTermTable('lexical.bin', arrayOf(unpacked, 'terms', Uint8Array), termStart.length - 1),
    termStart,
    cases: arrayOf(unpacked, 'cases', Uint32Array),
    counts: arrayOf(unpacked, 'counts', Uint8Array),
    lengths,
    lengthMean: lengths.length > 0 ? total / lengths.length : 0,
  };
}

export type QueryTerm = { readonly term: string; readonly id: number; readonly weight: number };
/** The terms of a query that some case has, and the score that no case can exceed. */
export type LexicalQuery = { readonly terms: readonly QueryTerm[]; readonly scoreMax: number };

/** How telling a term is: Robertson and Spärck Jones's weight without relevance information, kept positive. */
export function inverseFrequency(caseCount: number, withTerm: number): number {
  return Math.log(1 + (caseCount - withTerm + 0.5) / (withTerm + 0.5));
}

const constantsOf = (index: LexicalIndex, given: Bm25): Bm25 => (index.version === 1 ? BM25_WORDS : given);

/** A query term that no case has still counts in `scoreMax`: what the corpus cannot match is no evidence for its best case. */
export function lexicalQuery(index: LexicalIndex, told: LexicalText, given: Bm25): LexicalQuery {
  const { k1, k3, idfPower } = constantsOf(index, given);
  const terms: QueryTerm[] = [];
  let scoreMax = 0;
  for (const [term, count] of index.version === 1 ? termCounts(told.text) : lexicalTerms(told)) {
    const id = index.termOf.get(term);
    const withTerm = id === undefined ? 0 : (index.termStart[id + 1] ?? 0) - (index.termStart[id] ?? 0);
    const repeats = k3 === Number.POSITIVE_INFINITY ? count : ((k3 + 1) * count) / (k3 + count);
    const weight = repeats * inverseFrequency(index.caseCount, withTerm) ** idfPower;
    scoreMax += weight * (k1 + 1);
    if (id !== undefined) terms.push({ term, id, weight });
  }
  return { terms, scoreMax };
}

/** How much of a term's weight `count` occurrences in a case of `length` terms earn, in [0, k1 + 1). */
export function saturation(
  count: number,
  length: number,
  lengthMean: number,
  { k1, b }: Pick<Bm25, 'k1' | 'b'>,
): number {
  return (count * (k1 + 1)) / (count + k1 * (1 - b + (b * length) / lengthMean));
}

type LengthParts = { readonly k1: number; readonly b: number; readonly parts: Float32Array };
const lengthPartsOf = new WeakMap<LexicalIndex, LengthParts>();

/** What the length of each case adds below the line of BM25. It is of the index and kept with it. */
function lengthParts(index: LexicalIndex, k1: number, b: number): Float32Array {
  const held = lengthPartsOf.get(index);
  if (held && held.k1 === k1 && held.b === b) return held.parts;
  const parts = new Float32Array(index.caseCount);
  for (let i = 0; i < index.caseCount; i += 1)
    parts[i] = k1 * (1 - b + (b * (index.lengths[i] ?? 0)) / index.lengthMean);
  lengthPartsOf.set(index, { k1, b, parts });
  return parts;
}

/** BM25 of every case against all terms of the query, as a share in [0, 1) of `scoreMax`. */
export function lexicalScores(index: LexicalIndex, query: LexicalQuery, given: Bm25): Float32Array {
  const { k1, b } = constantsOf(index, given);
  const scores = new Float32Array(index.caseCount);
  if (query.scoreMax === 0) return scores;
  const { cases, counts, termStart } = index;
  const lengths = lengthParts(index, k1, b);
  for (const { id, weight } of query.terms) {
    const scale = (weight * (k1 + 1)) / query.scoreMax;
    const end = termStart[id + 1] ?? 0;
    for (let at = termStart[id] ?? 0; at < end; at += 1) {
      const ordinal = cases[at] as number;
      const count = counts[at] as number;
      scores[ordinal] = (scores[ordinal] as number) + (scale * count) / (count + (lengths[ordinal] as number));
    }
  }
  return scores;
}

/** The terms that earned a case its score, most telling first. */
export function termsEarned(
  index: LexicalIndex,
  query: LexicalQuery,
  ordinal: number,
  given: Bm25,
): readonly QueryTerm[] {
  const bm25 = constantsOf(index, given);
  const earned: QueryTerm[] = [];
  for (const term of query.terms) {
    const count = countIn(index, term.id, ordinal);
    if (count === 0) continue;
    const share = saturation(count, index.lengths[ordinal] ?? 0, index.lengthMean, bm25);
    earned.push({ ...term, weight: term.weight * share });
  }
  return earned.sort((a, b) => b.weight - a.weight || (a.term < b.term ? -1 : 1));
}

/** Occurrences of a term in one case, by binary search in its postings. */
function countIn(index: LexicalIndex, id: number, ordinal: number): number {
  let low = index.termStart[id] ?? 0;
  let high = (index.termStart[id + 1] ?? 0) - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = index.cases[middle] ?? 0;
    if (found === ordinal) return index.counts[middle] ?? 0;
    if (found < ordinal) low = middle + 1;
    else high = middle - 1;
  }
  return 0;
}
