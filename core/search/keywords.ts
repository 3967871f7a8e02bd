import { isStopWord, spelledTermsOf, wordsOf } from './terms.ts';

export const KEYWORDS_CHARS_MAX = 1_000;
/** FTS5's parser holds 100 symbols; a bracket with OR, AND and NOT in it can take 12 of them. */
const DEPTH_MAX = 6;
/** A shorter beginning is one of thousands of words. */
const PREFIX_CHARS_MIN = 2;

/**
 * What a person asked for, without doubt about what binds what. `word` is met in every form of it (by its terms, side by side); `phrase` as it is
 * written, the last of its words only begun where `prefix` says so.
 */
export type KeywordTree =
  | { readonly kind: 'word'; readonly terms: readonly string[] }
  | { readonly kind: 'phrase'; readonly words: readonly string[]; readonly prefix: boolean }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly KeywordTree[] }
  | { readonly kind: 'not'; readonly from: KeywordTree; readonly parts: readonly KeywordTree[] };

/** `match` is for the columns of `KEYWORD_COLUMNS`; `skipped` counts words that are too common to be looked up. */
export type Keywords = { readonly match: string; readonly tree: KeywordTree; readonly skipped: number };
/** `at` is the UTF-16 offset of what is wrong; `message` says what to do and repeats no word of the text. */
export type KeywordsProblem = { readonly message: string; readonly at: number };

/** Columns of the FTS5 table: the words as they are written, and the terms of all three, which `spelledTermsOf` gives. */
export const KEYWORD_COLUMNS = { written: ['title', 'body', 'diagnosis'], terms: 'terms' } as const;

type Token =
  | { readonly kind: 'open' | 'close' | 'and' | 'or' | 'not' | 'common' | 'end'; readonly at: number }
  | { readonly kind: 'leaf'; readonly leaf: KeywordTree; readonly at: number };

class Refused extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

const OPERATORS: Readonly<Record<string, 'and' | 'or' | 'not'>> = { AND: 'and', OR: 'or', NOT: 'not' };
/** Letters and digits, also across the one mark that joins them: `x-ray`, `120/80`, `1,000`. Linear: each mark needs a letter or digit after it. */
const WORD =
  /[\p{L}\p{N}\p{M}]+(?:(?:[^\s\p{L}\p{N}\p{M}"“”„«»(){}*|!,;:\p{C}]|(?<=\p{N})[,:](?=\p{N}))[\p{L}\p{N}\p{M}]+)*/uy;
const PHRASE = /["“”„«»]([^"“”„«»]*)["“”„«»]/y;
const LETTER = /[\p{L}\p{N}]/uy;

const matchAt = (pattern: RegExp, text: string, at: number): RegExpExecArray | null => {
  pattern.lastIndex = at;
  return pattern.exec(text);
};

/** The token after `at` with the offset behind it. */
function tokenAt(text: string, at: number): { token: Token; next: number } | null {
  const unit = text.charAt(at);
  if (unit === '(') return { token: { kind: 'open', at }, next: at + 1 };
  if (unit === ')') return { token: { kind: 'close', at }, next: at + 1 };
  if ('"“”„«»'.includes(unit)) return phraseAt(text, at);
  const word = matchAt(WORD, text, at)?.[0];
  if (word !== undefined) return wordAt(text, at, word);
  refuseSign(text, at, unit);
  return null;
}

/** Signs that mean something elsewhere are not dropped without a word. */
function refuseSign(text: string, at: number, unit: string): void {
  const beforeWord = matchAt(LETTER, text, at + 1) !== null;
  const afterSpace = at === 0 || /[\s(]/.test(text.charAt(at - 1));
  if (unit === '*') throw new Refused('* stands for the end of a word: write it right behind its first letters', at);
  if (unit === '|') throw new Refused('write OR in capitals instead of |', at);
  if (unit === '{' || unit === '}') throw new Refused('braces mean nothing here: leave them out', at);
  if ((unit === '-' || unit === '!') && afterSpace && beforeWord && !/\d/.test(text.charAt(at + 1))) {
    throw new Refused(`write NOT in capitals instead of ${unit}`, at);
  }
}

function phraseAt(text: string, at: number): { token: Token; next: number } {
  const found = matchAt(PHRASE, text, at);
  if (!found) throw new Refused('a quotation mark is not closed: add the other one or leave it out', at);
  const words = wordsOf(found[1] ?? '');
  if (words.length === 0) throw new Refused('there is no word between the quotation marks', at);
  const next = at + found[0].length;
  const prefix = text.charAt(next) === '*';
  if (prefix) checkPrefix(text, at, words, next);
  return { token: { kind: 'leaf', leaf: { kind: 'phrase', words, prefix }, at }, next: prefix ? next + 1 : next };
}

function checkPrefix(text: string, at: number, words: readonly string[], star: number): void {
  if (matchAt(WORD, text, star + 1) || text.charAt(star + 1) === '*') {
    throw new Refused('* stands for the end of a word: nothing may follow it', star);
  }
  if ((words.at(-1)?.length ?? 0) < PREFIX_CHARS_MIN) {
    throw new Refused(`expected at least ${PREFIX_CHARS_MIN} letters before *`, at);
  }
}

function wordAt(text: string, at: number, word: string): { token: Token; next: number } {
  const next = at + word.length;
  const operator = OPERATORS[word];
  if (operator) return { token: { kind: operator, at }, next };
  if (/^NEAR(\/\d+)?$/.test(word) && (word !== 'NEAR' || /^\s*\(/.test(text.slice(next)))) {
    throw new Refused('NEAR is not understood: put words that stand side by side in quotation marks', at);
  }
  if (text.charAt(next) === ':' && /[^\s]/.test(text.charAt(next + 1))) {
    throw new Refused('fields cannot be named here: leave out the colon and what is before it', at);
  }
  const words = wordsOf(word);
  if (text.charAt(next) === '*') {
    checkPrefix(text, at, words, next);
    return { token: { kind: 'leaf', leaf: { kind: 'phrase', words, prefix: true }, at }, next: next + 1 };
  }
  const terms = spelledTermsOf(word);
  if (words.every(isStopWord)) return { token: { kind: 'common', at }, next };
  // A part that is no term by itself (the x of x-ray, the B of hepatitis B) is looked up as it is written.
  const leaf: KeywordTree =
    terms.length === words.length ? { kind: 'word', terms } : { kind: 'phrase', words, prefix: false };
  return { token: { kind: 'leaf', leaf, at }, next };
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    const found = tokenAt(text, at);
    if (found) tokens.push(found.token);
    at = found?.next ?? at + 1;
  }
  return [...tokens, { kind: 'end', at: text.length }];
}

/** NOT binds most tightly and takes the next word, phrase or bracket; then AND, which may be left out; then OR. */
class Parser {
  readonly #tokens: readonly Token[];
  #place = 0;
  skipped = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): KeywordTree {
    const tree = this.#either(0);
    const left = this.#token();
    if (left.kind === 'close') throw new Refused('this bracket closes none: leave it out or open one before', left.at);
    return tree;
  }

  #token(): Token {
    return this.#tokens[this.#place] as Token; // the last one, `end`, is never passed
  }

  #either(depth: number): KeywordTree {
    const parts = [this.#all(depth)];
    while (this.#token().kind === 'or') {
      this.#place += 1;
      parts.push(this.#all(depth));
    }
    return joined('or', parts);
  }

  #all(depth: number): KeywordTree {
    const first = this.#token();
    const kept: KeywordTree[] = [];
    const refused: KeywordTree[] = [];
    const skippedBefore = this.skipped;
    for (let token = first; !['or', 'close', 'end'].includes(token.kind); token = this.#token()) {
      if (token.kind === 'and') this.#checkAnd(token.at, this.#place > 0 && token !== first);
      if (token.kind === 'and' || token.kind === 'not') this.#place += 1;
      if (token.kind === 'not') refused.push(this.#one(depth, 'NOT'));
      else if (token.kind === 'common') {
        this.#place += 1;
        this.skipped += 1;
      } else if (token.kind !== 'and') kept.push(this.#one(depth, null));
    }
    if (kept.length === 0) throw this.#nothing(first, refused.length > 0, this.skipped > skippedBefore);
    const from = joined('and', kept);
    return refused.length === 0 ? from : { kind: 'not', from, parts: refused };
  }

  /** AND stands between two things. */
  #checkAnd(at: number, hasLeft: boolean): void {
    const after = this.#tokens[this.#place + 1]?.kind ?? 'end';
    if (!hasLeft || ['and', 'or', 'close', 'end'].includes(after)) {
      throw new Refused(`expected a word ${hasLeft ? 'after' : 'before'} AND`, at);
    }
  }

  #nothing(first: Token, onlyRefused: boolean, onlySkipped: boolean): Refused {
    if (onlyRefused) return new Refused('NOT only takes away: name what must be there as well', first.at);
    if (onlySkipped) return new Refused('this is too common to be looked up: name a more telling word', first.at);
    return new Refused('expected a word or a phrase here', first.at);
  }

  #one(depth: number, after: 'NOT' | null): KeywordTree {
    const token = this.#token();
    if (token.kind === 'leaf') {
      this.#place += 1;
      return token.leaf;
    }
    if (token.kind === 'common') throw new Refused('this is too common to be looked up: leave it out', token.at);
    if (token.kind !== 'open') throw new Refused(`expected a word or a phrase after ${after}`, token.at);
    if (depth === DEPTH_MAX) throw new Refused(`brackets are nested more than ${DEPTH_MAX} deep here`, token.at);
    this.#place += 1;
    const tree = this.#either(depth + 1);
    if (this.#token().kind !== 'close') throw new Refused('this bracket is not closed', token.at);
    this.#place += 1;
    return tree;
  }
}

function joined(kind: 'and' | 'or', parts: readonly KeywordTree[]): KeywordTree {
  const [only] = parts;
  return only && parts.length === 1 ? only : { kind, parts };
}

/** As FTS5 reads it. Every leaf is quoted and every group bracketed, so nothing that was typed is taken for syntax. */
function matchOf(tree: KeywordTree): string {
  const group = (parts: readonly KeywordTree[], by: string) => `(${parts.map(matchOf).join(` ${by} `)})`;
  switch (tree.kind) {
    case 'word':
      return `${KEYWORD_COLUMNS.terms} : "${tree.terms.join(' ')}"`;
    case 'phrase':
      return `{${KEYWORD_COLUMNS.written.join(' ')}} : "${tree.words.join(' ')}"${tree.prefix ? ' *' : ''}`;
    case 'not':
      return `(${matchOf(tree.from)} NOT ${tree.parts.length === 1 ? group(tree.parts, '') : group(tree.parts, 'OR')})`;
    default:
      return group(tree.parts, tree.kind.toUpperCase());
  }
}

/**
 * Reads what a person types: words (all must be there), "phrases", AND, OR and NOT in capitals, prefix* and brackets. A word is met in all its
 * forms, a phrase and a prefix as they are written, without regard to case and accents. Words such as `the` are skipped outside of phrases.
 * Never throws; `match` is always valid for FTS5.
 */
export function parseKeywords(text: string): ({ ok: true } & Keywords) | ({ ok: false } & KeywordsProblem) {
  if (text.length > KEYWORDS_CHARS_MAX) {
    const message = `expected at most ${KEYWORDS_CHARS_MAX} characters, came ${text.length}`;
    return { ok: false, message, at: KEYWORDS_CHARS_MAX };
  }
  try {
    const parser = new Parser(tokensOf(text));
    const tree = parser.whole();
    return { ok: true, match: matchOf(tree), tree, skipped: parser.skipped };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { ok: false, message: `${error.message} (character ${error.at + 1})`, at: error.at };
  }
}
