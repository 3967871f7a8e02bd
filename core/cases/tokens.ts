import { poolForText, type WordPool, wordId } from './words.ts';

/** Kinds of token. `mark` is a single character that is neither letter, digit nor white space. */
export const WORD = 0;
export const NUMBER = 1;
export const MARK = 2;

/** The tokens of one text as parallel arrays; `start` and `end` are UTF-16 offsets into it. */
export type Tokens = {
  readonly count: number;
  readonly start: Int32Array;
  readonly end: Int32Array;
  readonly kind: Uint8Array;
  /** Lower case, as written. */
  readonly word: readonly string[];
  /** Index of the word in `pool`. */
  readonly id: Int32Array;
  readonly pool: WordPool;
};

// One class per code unit of the Basic Latin block; everything above is decided by `classOf`.
const SPACE = 0;
const LETTER = 1;
const DIGIT = 2;
const OTHER = 3;
const BASIC = new Uint8Array(128).map((_, code) => {
  if (code <= 32) return SPACE;
  if (code >= 48 && code <= 57) return DIGIT;
  if ((code >= 65 && code <= 90) || (code >= 97 && code <= 122)) return LETTER;
  return OTHER;
});
const LETTER_PATTERN = /\p{L}|\p{M}/u;
const SPACE_PATTERN = /[\s\u200b-\u200d\u2060\ufeff]/;
const classMemo = new Map<number, number>();

function classOf(code: number): number {
  if (code < 128) return BASIC[code] ?? OTHER;
  const known = classMemo.get(code);
  if (known !== undefined) return known;
  const char = String.fromCharCode(code);
  const found = SPACE_PATTERN.test(char) ? SPACE : LETTER_PATTERN.test(char) ? LETTER : OTHER;
  classMemo.set(code, found);
  return found;
}

const DOT = 46;
const COMMA = 44;
const MIDDLE_DOT = 183;
const LETTER_S = 115;
const LETTER_X = 120;
const APOSTROPHE = 39;
const CURLED_APOSTROPHE = 0x2019;

/**
 * Splits a text into words (`HbA1c`, `V4`), numbers (`7.2`, `150,000`, `3·5`) and marks, in one pass.
 * A word may hold digits after its first letter; a number never holds letters, so that `28yo` and `3mm` fall apart.
 * `patient's` is one word without the `'s`, which belongs to no token.
 */
export function tokenise(text: string): Tokens {
  const { length } = text;
  const pool = poolForText();
  let room = (length >> 2) + 16;
  let start = new Int32Array(room);
  let end = new Int32Array(room);
  let id = new Int32Array(room);
  let kinds = new Uint8Array(room);
  const word: string[] = [];
  let count = 0;
  let at = 0;
  while (at < length) {
    const first = classOf(text.charCodeAt(at));
    const from = at;
    at += 1;
    if (first === SPACE) continue;
    let kind = MARK;
    let to = at;
    if (first === LETTER) {
      kind = WORD;
      // `35x40x20 mm`: between digits it multiplies.
      const multiplies =
        (text.charCodeAt(from) | 32) === LETTER_X &&
        count > 0 &&
        kinds[count - 1] === NUMBER &&
        end[count - 1] === from;
      while (at < length && !(multiplies && classOf(text.charCodeAt(at)) === DIGIT)) {
        const next = classOf(text.charCodeAt(at));
        if (next !== LETTER && next !== DIGIT) break;
        at += 1;
      }
      to = at;
      const mark = at < length ? text.charCodeAt(at) : 0;
      const possessive =
        (mark === APOSTROPHE || mark === CURLED_APOSTROPHE) && (text.charCodeAt(at + 1) | 32) === LETTER_S;
      if (possessive && (at + 2 >= length || classOf(text.charCodeAt(at + 2)) !== LETTER)) at += 2;
    } else if (first === DIGIT) {
      kind = NUMBER;
      while (at < length) {
        const code = text.charCodeAt(at);
        if (classOf(code) === DIGIT) at += 1;
        else if (
          (code === DOT || code === COMMA || code === MIDDLE_DOT) &&
          at + 1 < length &&
          classOf(text.charCodeAt(at + 1)) === DIGIT
        )
          at += 1;
        else break;
      }
      to = at;
    }
    if (count === room) {
      room *= 2;
      start = widened(start, room);
      end = widened(end, room);
      id = widened(id, room);
      const wider = new Uint8Array(room);
      wider.set(kinds);
      kinds = wider;
    }
    const known = wordId(pool, text, from, to);
    start[count] = from;
    end[count] = to;
    kinds[count] = kind;
    id[count] = known;
    word.push(pool.words[known] ?? '');
    count += 1;
  }
  return {
    count,
    start: start.subarray(0, count),
    end: end.subarray(0, count),
    kind: kinds.subarray(0, count),
    word,
    id: id.subarray(0, count),
    pool,
  };
}

/** All bits that a table of `perWord` has for the tokens [from, to). */
export function bitsOf(table: Int32Array, tokens: Tokens, from: number, to: number): number {
  let bits = 0;
  for (let at = from; at < to; at += 1) bits |= table[tokens.id[at] ?? 0] ?? 0;
  return bits;
}

function widened(array: Int32Array<ArrayBuffer>, room: number): Int32Array<ArrayBuffer> {
  const wider = new Int32Array(room);
  wider.set(array);
  return wider;
}

/**
 * Folds spelling so that vocabulary and text meet: British to American (`oedema`, `tumour`, `haemoglobin`), plural to
 * singular. Wrong as English here and there (`gas` is spared, `caeca` is not), but wrong alike on both sides.
 */
export function foldWord(lower: string): string {
  let word = lower;
  if (word.length > 4) {
    if (word.includes('ae')) word = word.replaceAll('ae', 'e');
    if (word.includes('oe')) word = word.replaceAll('oe', 'e');
    if (word.includes('our')) word = word.replace('umour', 'umor').replace('olour', 'olor').replace('avour', 'avor');
    if (word.endsWith('isation')) word = `${word.slice(0, -7)}ization`;
  }
  // Four letters and fewer are as often abbreviations as plurals: `CRPS` is not `CRP`.
  if (word.length < 5 || !word.endsWith('s')) return word;
  if (word.endsWith('ss') || word.endsWith('us') || word.endsWith('is')) return word;
  if (word.endsWith('ies')) return word.length > 5 ? `${word.slice(0, -3)}y` : word;
  if (word.endsWith('sses') || word.endsWith('xes') || word.endsWith('ches') || word.endsWith('shes'))
    return word.slice(0, -2);
  return word.slice(0, -1);
}
