import { foldWord, MARK, type Tokens, tokenise } from './tokens.ts';

/** A phrase of the text that a vocabulary knows: tokens [from, to) and what they mean, one meaning per vocabulary. */
export type Match<Entry> = { readonly from: number; readonly to: number; readonly entries: readonly Entry[] };

type Node<Entry> = { readonly next: Map<number, Node<Entry>>; entries: Entry[] | null };

/** Phrases of all vocabularies in one trie over folded words. Hyphens and dashes count as spaces. */
export type Lexicon<Entry> = {
  readonly size: number;
  /** The longest phrases of the text from left to right, without overlap. */
  match(tokens: Tokens): Match<Entry>[];
};

const JOINING = new Set(['-', '\u2010', '\u2011', '\u2012', '\u2013', '/']);
// Phrases are at most a few words long, so looking on from each token keeps matching linear in the text.
const MEMO_MAX = 60_000;

function* phraseWords(tokens: Tokens): Generator<string> {
  for (let at = 0; at < tokens.count; at += 1) {
    const word = tokens.word[at];
    if (word !== undefined && !(tokens.kind[at] === MARK && JOINING.has(word))) yield word;
  }
}

/** Builds the trie. A phrase given twice keeps both entries, in the order given. */
export function buildLexicon<Entry>(phrases: Iterable<readonly [phrase: string, entry: Entry]>): Lexicon<Entry> {
  const ids = new Map<string, number>();
  const root: Node<Entry> = { next: new Map(), entries: null };
  let size = 0;
  for (const [phrase, entry] of phrases) {
    let node = root;
    for (const word of phraseWords(tokenise(phrase))) {
      const folded = foldWord(word);
      const id = ids.get(folded) ?? ids.size;
      ids.set(folded, id);
      let child = node.next.get(id);
      if (child === undefined) {
        child = { next: new Map(), entries: null };
        node.next.set(id, child);
      }
      node = child;
    }
    if (node === root) continue;
    if (node.entries === null) node.entries = [];
    if (!node.entries.includes(entry)) node.entries.push(entry);
    size += 1;
  }

  const memo = new Map<string, number>();
  const idOf = (word: string): number => {
    const known = memo.get(word);
    if (known !== undefined) return known;
    const id = ids.get(foldWord(word)) ?? -1;
    if (memo.size >= MEMO_MAX) memo.clear();
    memo.set(word, id);
    return id;
  };

  function match(tokens: Tokens): Match<Entry>[] {
    const found: Match<Entry>[] = [];
    const words = new Int32Array(tokens.count);
    for (let at = 0; at < tokens.count; at += 1) {
      const word = tokens.word[at] ?? '';
      words[at] = tokens.kind[at] === MARK && JOINING.has(word) ? -2 : idOf(word);
    }
    let from = 0;
    while (from < tokens.count) {
      let node = root.next.get(words[from] ?? -1);
      if (node === undefined) {
        from += 1;
        continue;
      }
      let to = from + 1;
      let best = node.entries === null ? -1 : to;
      let entries = node.entries;
      while (to < tokens.count) {
        const id = words[to] ?? -1;
        // Only one joining mark between two words: `left-sided`, never `left -- sided`.
        if (id === -2 && words[to - 1] === -2) break;
        if (id !== -2) {
          const child: Node<Entry> | undefined = node.next.get(id);
          if (child === undefined) break;
          node = child;
          if (node.entries !== null) {
            entries = node.entries;
            best = to + 1;
          }
        }
        to += 1;
      }
      if (best < 0 || entries === null) from += 1;
      else {
        found.push({ from, to: best, entries });
        from = best;
      }
    }
    return found;
  }
  return { size, match };
}
