import { arrayOf, Growing, groupByKey, packArrays, packStrings, unpackArrays, unpackStrings } from './binary.ts';
import { termCounts } from './terms.ts';

/** Constants of BM25 (Robertson and Zaragoza 2009, The Probabilistic Relevance Framework). */
export type Bm25 = { readonly k1: number; readonly b: number };

/** Postings of term t are at termStart[t] .. termStart[t + 1], by case ordinal. */
export type LexicalIndex = {
  readonly caseCount: number;
  readonly termOf: ReadonlyMap<string, number>;
  readonly termStart: Uint32Array;
  readonly cases: Uint32Array;
  readonly counts: Uint8Array;
  /** Terms of each case, repeats counted. */
  readonly lengths: Uint32Array;
  readonly lengthMean: number;
};

export type LexicalBuilder = { add(text: string): void; finish(): Uint8Array };

/** Takes the text of case 0, 1, 2 … and gives the bytes of `lexical.bin`. */
export function createLexicalBuilder(): LexicalBuilder {
  const idOf = new Map<string, number>();
  const postingTerm = new Growing((length) => new Uint32Array(length));
  const postingCase = new Growing((length) => new Uint32Array(length));
  const postingCount = new Growing((length) => new Uint8Array(length));
  const lengths = new Growing((length) => new Uint32Array(length));
  return {
    add(text) {
      let total = 0;
      for (const [term, count] of termCounts(text)) {
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
      const terms = [...idOf.keys()].sort();
      const rank = new Uint32Array(terms.length);
      for (const [place, term] of terms.entries()) rank[idOf.get(term) ?? 0] = place;
      const keys = postingTerm.taken().map((id) => rank[id] ?? 0);
      const { start, order } = groupByKey(keys, terms.length);
      return packArrays({
        terms: packStrings(terms),
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
  const termOf = new Map<string, number>();
  const terms = unpackStrings(arrayOf(unpacked, 'terms', Uint8Array), termStart.length - 1);
  for (const [id, term] of terms.entries()) termOf.set(term, id);
  let total = 0;
  for (const length of lengths) total += length;
  return {
    caseCount: lengths.length,
    termOf,
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

/** A query term that no case has still counts in `scoreMax`: what the corpus cannot match is no evidence for its best case. */
export function lexicalQuery(index: LexicalIndex, text: string, bm25: Bm25): LexicalQuery {
  const terms: QueryTerm[] = [];
  let scoreMax = 0;
  for (const [term, count] of termCounts(text)) {
    const id = index.termOf.get(term);
    const withTerm = id === undefined ? 0 : (index.termStart[id + 1] ?? 0) - (index.termStart[id] ?? 0);
    const weight = count * inverseFrequency(index.caseCount, withTerm);
    scoreMax += weight * (bm25.k1 + 1);
    if (id !== undefined) terms.push({ term, id, weight });
  }
  return { terms, scoreMax };
}

/** How much of a term's weight `count` occurrences in a case of `length` terms earn, in [0, k1 + 1). */
export function saturation(count: number, length: number, lengthMean: number, { k1, b }: Bm25): number {
  return (count * (k1 + 1)) / (count + k1 * (1 - b + (b * length) / lengthMean));
}

/** BM25 of every case against all terms of the query, as a share in [0, 1) of `scoreMax`. */
export function lexicalScores(index: LexicalIndex, query: LexicalQuery, bm25: Bm25): Float32Array {
  const { k1, b } = bm25;
  const scores = new Float32Array(index.caseCount);
  if (query.scoreMax === 0) return scores;
  const lengthPart = new Float32Array(index.caseCount);
  for (let i = 0; i < index.caseCount; i += 1) {
    lengthPart[i] = k1 * (1 - b + (b * (index.lengths[i] ?? 0)) / index.lengthMean);
  }
  for (const { id, weight } of query.terms) {
    const scale = (weight * (k1 + 1)) / query.scoreMax;
    const end = index.termStart[id + 1] ?? 0;
    for (let at = index.termStart[id] ?? 0; at < end; at += 1) {
      const ordinal = index.cases[at] as number;
      const count = index.counts[at] as number;
      scores[ordinal] = (scores[ordinal] as number) + (scale * count) / (count + (lengthPart[ordinal] as number));
    }
  }
  return scores;
}

/** The terms that earned a case its score, most telling first. */
export function termsEarned(
  index: LexicalIndex,
  query: LexicalQuery,
  ordinal: number,
  bm25: Bm25,
): readonly QueryTerm[] {
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
