/**
 * Distinct words, lower case, each with a small number. Texts share a pool, so that what depends on the word alone (its
 * entry in the vocabularies, its endings, whether it opens a phrase) is worked out once and then read from an array.
 */
export type WordPool = {
  readonly words: string[];
  /** UTF-16 units that the pool keeps alive. */
  heldChars: number;
  /** Open addressing, a power of two long; holds the id of a word plus one. */
  slots: Int32Array;
  hashes: Int32Array;
};

const SLOTS_FIRST = 1 << 15;
// Some 100,000 words. Beyond, the next text starts a new pool; the tokens of earlier texts keep theirs.
const HELD_CHARS_MAX = 1_000_000;
const COPIED_CHARS_MAX = 64;
const HASH_FACTOR = 31;

function emptyPool(): WordPool {
  return { words: [], heldChars: 0, slots: new Int32Array(SLOTS_FIRST), hashes: new Int32Array(SLOTS_FIRST / 2) };
}

let current = emptyPool();

/** The pool for the next text. */
export function poolForText(): WordPool {
  if (current.heldChars > HELD_CHARS_MAX) current = emptyPool();
  return current;
}

function grow(pool: WordPool): void {
  const slots = new Int32Array(pool.slots.length * 2);
  const mask = slots.length - 1;
  for (let id = 0; id < pool.words.length; id += 1) {
    let slot = scatter(pool.hashes[id] ?? 0) & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = id + 1;
  }
  const hashes = new Int32Array(slots.length / 2);
  hashes.set(pool.hashes);
  pool.slots = slots;
  pool.hashes = hashes;
}

/** Spreads the sum of a word's characters over all bits. */
function scatter(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return mixed ^ (mixed >>> 13);
}

/** A slice keeps its whole text alive, so short words are copied out of theirs. */
function copied(word: string): string {
  const codes: number[] = [];
  for (let at = 0; at < word.length; at += 1) codes.push(word.charCodeAt(at));
  return String.fromCharCode.apply(null, codes);
}

function add(pool: WordPool, word: string, hash: number, textChars: number): number {
  if (pool.words.length * 2 >= pool.slots.length) grow(pool);
  const id = pool.words.length;
  const mask = pool.slots.length - 1;
  let slot = scatter(hash) & mask;
  while (pool.slots[slot] !== 0) slot = (slot + 1) & mask;
  pool.slots[slot] = id + 1;
  pool.hashes[id] = hash;
  const isShort = word.length <= COPIED_CHARS_MAX;
  pool.words.push(isShort ? copied(word) : word);
  pool.heldChars += isShort ? word.length : textChars;
  return id;
}

// Up to six letters of five bits each are their own key, as a single other character is: what has the same key is the same
// word. Longer words have a negative hash and are compared letter by letter.
const PACKED_CHARS_MAX = 6;
const PACKED_BITS = 5;
const SINGLE = 1 << 30;
const HASHED = 1 << 31;

/** The id of the word [from, to) of a text. */
export function wordId(pool: WordPool, text: string, from: number, to: number): number {
  const length = to - from;
  let key = 0;
  if (length <= PACKED_CHARS_MAX) {
    for (let at = from; at < to; at += 1) {
      const letter = (text.charCodeAt(at) | 32) - 96;
      if (letter < 1 || letter > 26) {
        key = -1;
        break;
      }
      key = (key << PACKED_BITS) | letter;
    }
    if (key < 0 && length === 1 && text.charCodeAt(from) < 128) key = SINGLE | text.charCodeAt(from);
  } else key = -1;
  if (key < 0) return longWordId(pool, text, from, to);
  const { slots, hashes } = pool;
  const mask = slots.length - 1;
  for (let slot = scatter(key) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
    const id = (slots[slot] ?? 1) - 1;
    if (hashes[id] === key) return id;
  }
  return add(pool, text.slice(from, to).toLowerCase(), key, text.length);
}

function longWordId(pool: WordPool, text: string, from: number, to: number): number {
  let hash = 0;
  for (let at = from; at < to; at += 1) {
    const code = text.charCodeAt(at);
    if (code > 127) return foreignWordId(pool, text.slice(from, to).toLowerCase(), text.length);
    hash = (Math.imul(hash, HASH_FACTOR) + (code >= 65 && code <= 90 ? code + 32 : code)) | 0;
  }
  hash |= HASHED;
  const { slots, words, hashes } = pool;
  const mask = slots.length - 1;
  const length = to - from;
  for (let slot = scatter(hash) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
    const id = (slots[slot] ?? 1) - 1;
    if (hashes[id] !== hash) continue;
    const word = words[id] ?? '';
    if (word.length !== length) continue;
    let at = 0;
    while (at < length) {
      const code = text.charCodeAt(from + at);
      if ((code >= 65 && code <= 90 ? code + 32 : code) !== word.charCodeAt(at)) break;
      at += 1;
    }
    if (at === length) return id;
  }
  return add(pool, text.slice(from, to).toLowerCase(), hash, text.length);
}

/** The same for a word with letters beyond ASCII, which lowering may lengthen. */
function foreignWordId(pool: WordPool, lower: string, textChars: number): number {
  let hash = 0;
  for (let at = 0; at < lower.length; at += 1) hash = (Math.imul(hash, HASH_FACTOR) + lower.charCodeAt(at)) | 0;
  hash |= HASHED;
  const { slots, words, hashes } = pool;
  const mask = slots.length - 1;
  for (let slot = scatter(hash) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
    const id = (slots[slot] ?? 1) - 1;
    if (hashes[id] === hash && words[id] === lower) return id;
  }
  return add(pool, lower, hash, textChars);
}

/** Makes a table of what a function says of each word: one value per word id, worked out once per pool. */
export function perWord(judge: (word: string) => number): (pool: WordPool) => Int32Array {
  let known: WordPool | null = null;
  let values = new Int32Array(0);
  let filled = 0;
  return (pool) => {
    if (pool !== known) {
      known = pool;
      filled = 0;
    }
    const { words } = pool;
    if (values.length < words.length) {
      const wider = new Int32Array(words.length * 2);
      wider.set(values.subarray(0, filled));
      values = wider;
    }
    for (; filled < words.length; filled += 1) values[filled] = judge(words[filled] ?? '');
    return values;
  };
}

/** Makes a table of bits: bit `n` is set where the nth pattern fits the word. At most 31 patterns. */
export function bitsPerWord(patterns: readonly RegExp[]): (pool: WordPool) => Int32Array {
  return perWord((word) => {
    let bits = 0;
    for (const [index, pattern] of patterns.entries()) if (pattern.test(word)) bits |= 1 << index;
    return bits;
  });
}
