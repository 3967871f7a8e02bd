import { foldWord, MARK, type Tokens, tokenise } from './tokens.ts';
import { perWord } from './words.ts';

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
const JOINS = -2;
const UNKNOWN = -1;

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

  const phraseWordOf = perWord((word) => (JOINING.has(word) ? JOINS : (ids.get(foldWord(word)) ?? UNKNOWN)));
  const firstNodes: (Node<Entry> | undefined)[] = Array.from(ids.values(), (id) => root.next.get(id));

  // Phrases are at most a few words long, so looking on from each token keeps matching linear in the text.
  function match(tokens: Tokens): Match<Entry>[] {
    const found: Match<Entry>[] = [];
    const { count, id } = tokens;
    const phraseWords = phraseWordOf(tokens.pool);
    let from = 0;
    while (from < count) {
      const first = phraseWords[id[from] ?? 0] ?? UNKNOWN;
      let node = first < 0 ? undefined : firstNodes[first];
      if (node === undefined) {
        from += 1;
        continue;
      }
      let to = from + 1;
      let best = node.entries === null ? -1 : to;
      let entries = node.entries;
      let last = first;
      while (to < count) {
        const next = phraseWords[id[to] ?? 0] ?? UNKNOWN;
        // Only one joining mark between two words: `left-sided`, never `left -- sided`.
        if (next === JOINS && last === JOINS) break;
        if (next !== JOINS) {
          const child: Node<Entry> | undefined = next === UNKNOWN ? undefined : node.next.get(next);
          if (child === undefined) break;
          node = child;
          if (node.entries !== null) {
            entries = node.entries;
            best = to + 1;
          }
        }
        last = next;
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
