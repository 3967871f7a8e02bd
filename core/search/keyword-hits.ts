import { type Keywords, type KeywordTree, parseKeywords } from './keywords.ts';
import type { LexicalIndex } from './lexical.ts';

/** What an index found: cases by ordinal, and scores of FTS5's bm25, the better the higher. */
export type KeywordsFound = { readonly ordinals: readonly number[]; readonly scores: readonly number[] };

/** Looks a `match` of `parseKeywords` up in the keyword index of one release. */
export type KeywordSearcher = {
  search(match: string): Promise<KeywordsFound>;
};

/** What is asked for needs the keyword index, and this host or release has none. `field` and `message` are for whoever asked. */
export class KeywordsUnavailableError extends Error {
  override readonly name = 'KeywordsUnavailableError';
  readonly field = 'keywords';
  constructor() {
    super(
      'phrases, prefix* and very common words need the keyword index, which is not to be had here: ask for plain words',
    );
  }
}

/** Keywords that are none; whoever lets a request in has said so before. */
export class KeywordsError extends Error {
  override readonly name = 'KeywordsError';
  readonly field = 'keywords';
}

export type KeywordHits = {
  /** 1 for each case that the keywords hold for. */
  readonly kept: Uint8Array;
  /** Share in [0, 1) of what no case can exceed, by case; 0 where they do not hold. */
  readonly shares: Float32Array;
  /** What was done otherwise than asked, in words. */
  readonly notes: readonly string[];
};

/** FTS5's constant k1 is 1.2, so a word earns less than 2.2 times its idf. */
const EARNED_MAX = 2.2;

/** Leaves that a case is found by, those behind NOT left out. */
function leavesOf(tree: KeywordTree): readonly KeywordTree[] {
  if (tree.kind === 'and' || tree.kind === 'or') return tree.parts.flatMap(leavesOf);
  return tree.kind === 'not' ? leavesOf(tree.from) : [tree];
}

/** Keywords as they are looked up. Throws `KeywordsError`. */
export function readKeywords(text: string): Keywords {
  const parsed = parseKeywords(text);
  if (!parsed.ok) throw new KeywordsError(parsed.message);
  return parsed;
}

/** The cases that keywords hold for; `found` is null where there is no keyword index. Throws `KeywordsUnavailableError`. */
export function keywordHits(parsed: Keywords, index: LexicalIndex, found: KeywordsFound | null): KeywordHits {
  const notes: string[] = [];
  if (parsed.skipped > 0) {
    const words = parsed.skipped === 1 ? 'a very common word was' : `${parsed.skipped} very common words were`;
    notes.push(`keywords: ${words} not looked up; operators are written in capitals`);
  }
  const shares = new Float32Array(index.caseCount);
  if (!found) {
    notes.push('keywords were looked up in titles and texts only: there is no keyword index here');
    const kept = keptByWords(parsed.tree, index);
    return { kept, shares: Float32Array.from(kept, (one) => one / 2), notes };
  }
  const { ordinals, scores } = found;
  const kept = new Uint8Array(index.caseCount);
  const most = leavesOf(parsed.tree).length * EARNED_MAX * Math.log(index.caseCount + 1);
  for (const [place, ordinal] of ordinals.entries()) {
    kept[ordinal] = 1;
    shares[ordinal] = Math.min(1, Math.max(Number.EPSILON, (scores[place] ?? 0) / most));
  }
  return { kept, shares, notes };
}

/** Plain words by the inverted index, which holds the same terms. */
function keptByWords(tree: KeywordTree, index: LexicalIndex): Uint8Array {
  const { caseCount } = index;
  if (tree.kind === 'word' && tree.terms.length === 1) {
    const kept = new Uint8Array(caseCount);
    const id = index.termOf.get(tree.terms[0] ?? '');
    if (id === undefined) return kept;
    const end = index.termStart[id + 1] ?? 0;
    for (let at = index.termStart[id] ?? 0; at < end; at += 1) kept[index.cases[at] ?? 0] = 1;
    return kept;
  }
  if (tree.kind === 'word' || tree.kind === 'phrase') throw new KeywordsUnavailableError();
  const parts = tree.parts.map((part) => keptByWords(part, index));
  const combined = tree.kind === 'not' ? keptByWords(tree.from, index) : (parts.shift() ?? new Uint8Array(caseCount));
  for (const part of parts) {
    for (let i = 0; i < caseCount; i += 1) {
      const has = part[i] === 1;
      const had = combined[i] === 1;
      combined[i] = (tree.kind === 'or' ? had || has : tree.kind === 'and' ? had && has : had && !has) ? 1 : 0;
    }
  }
  return combined;
}
