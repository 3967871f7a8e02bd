import { extractCase } from './extract.ts';

/**
 * Whether two texts are one text. A text is taken as the set of its sequences of eight words (Broder 1997, "On the resemblance and
 * containment of documents"); a sketch of it, its smallest hashes, finds candidates, and the sets themselves decide.
 */

const SHINGLE_WORDS = 8;
/** Hashes kept of a text. Of two that share two thirds of their sequences all but two in a thousand share two hashes or more. */
export const SKETCH_SIZE = 8;
/** Fewer sequences say nothing: a sentence may be anybody's. */
const SHINGLES_MIN = 20;
/**
 * Least share of the smaller text that the other holds. Of 7,675 real reports the five known duplicates hold .96 to 1.00, and the
 * next pairs, reports of other patients by one template, .43, .38 and .36.
 */
export const CONTAINMENT_MIN = 0.8;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
/** Odd multipliers of the two rolling hashes; the oldest word leaves with their eighth power. */
const ROLL_A = 0x9e3779b1;
const ROLL_B = 0x85ebca6b;
const powerOf = (base: number): number => {
  let power = 1;
  for (let i = 0; i < SHINGLE_WORDS; i += 1) power = Math.imul(power, base);
  return power;
};
const LEAVE_A = powerOf(ROLL_A);
const LEAVE_B = powerOf(ROLL_B);

/** The finalizer of MurmurHash3 (Appleby): spreads every bit over all. */
function mixed(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const DIGIT_0 = 48;
const DIGIT_9 = 57;
const LETTER_A = 97;
const LETTER_Z = 122;
/** From here on a code unit counts as a letter, whatever its script. */
const BEYOND_ASCII = 0xc0;
const isWordCode = (code: number): boolean =>
  (code >= LETTER_A && code <= LETTER_Z) || (code >= DIGIT_0 && code <= DIGIT_9) || code >= BEYOND_ASCII;

/** Hashes of the words of a text, in order; case, punctuation and spaces say nothing. */
function wordHashes(text: string): readonly number[] {
  const lower = text.toLowerCase();
  const words: number[] = [];
  let hash = FNV_OFFSET;
  let inWord = false;
  for (let i = 0; i < lower.length; i += 1) {
    const code = lower.charCodeAt(i);
    if (isWordCode(code)) {
      hash = Math.imul(hash ^ code, FNV_PRIME);
      inWord = true;
    } else if (inWord) {
      words.push(hash);
      hash = FNV_OFFSET;
      inWord = false;
    }
  }
  if (inWord) words.push(hash);
  return words;
}

/** Calls `take` with two independent 32-bit hashes of every sequence of eight words. */
function eachShingle(words: readonly number[], take: (a: number, b: number) => void): void {
  let a = 0;
  let b = 0;
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? 0;
    a = (Math.imul(a, ROLL_A) + word) | 0;
    b = (Math.imul(b, ROLL_B) + (word ^ (word >>> 15))) | 0;
    if (i >= SHINGLE_WORDS) {
      const left = words[i - SHINGLE_WORDS] ?? 0;
      a = (a - Math.imul(left, LEAVE_A)) | 0;
      b = (b - Math.imul(left ^ (left >>> 15), LEAVE_B)) | 0;
    }
    if (i >= SHINGLE_WORDS - 1) take(mixed(a), mixed(b));
  }
}

const hex = (hash: number): string => hash.toString(16).padStart(8, '0');

/** The smallest hashes of a text's sequences, 16 hex digits each, ascending; none for a text too short to tell. */
export function sketchOf(text: string): readonly string[] {
  const words = wordHashes(text);
  if (words.length < SHINGLES_MIN + SHINGLE_WORDS - 1) return [];
  const kept: { readonly a: number; readonly b: number }[] = [];
  eachShingle(words, (a, b) => {
    const last = kept[SKETCH_SIZE - 1];
    if (last !== undefined && a >= last.a) return;
    let at = kept.length;
    while (at > 0 && (kept[at - 1]?.a ?? 0) > a) at -= 1;
    if (kept[at - 1]?.a === a) return;
    kept.splice(at, 0, { a, b });
    if (kept.length > SKETCH_SIZE) kept.pop();
  });
  return kept.map(({ a, b }) => hex(a) + hex(b));
}

/** A hash of a few words, 16 hex digits; null where there are none. */
export function wordsHash(text: string): string | null {
  const words = wordHashes(text);
  if (words.length === 0) return null;
  let a = 0;
  let b = 0;
  for (const word of words) {
    a = (Math.imul(a, ROLL_A) + word) | 0;
    b = (Math.imul(b, ROLL_B) + (word ^ (word >>> 15))) | 0;
  }
  return hex(mixed(a)) + hex(mixed(b));
}

function shinglesOf(text: string): ReadonlySet<number> {
  const shingles = new Set<number>();
  // 53 bits, which a number holds exactly.
  eachShingle(wordHashes(text), (a, b) => shingles.add(a * 2 ** 21 + (b >>> 11)));
  return shingles;
}

/** Share in [0, 1] of the smaller text's sequences that the other one holds; 0 where it is too short to tell. */
export function containment(one: string, other: string): number {
  const [smaller, larger] = [shinglesOf(one), shinglesOf(other)].sort((a, b) => a.size - b.size) as [
    ReadonlySet<number>,
    ReadonlySet<number>,
  ]; // of two, two remain
  if (smaller.size < SHINGLES_MIN) return 0;
  let shared = 0;
  for (const shingle of smaller) if (larger.has(shingle)) shared += 1;
  return shared / smaller.size;
}

/** True unless both texts say of their first patient what cannot be true of one: another age or sex. */
export function mayBeOnePatient(one: string, other: string): boolean {
  const [a, b] = [extractCase(one).patient, extractCase(other).patient];
  return (
    (a.ageYears === null || b.ageYears === null || a.ageYears === b.ageYears) &&
    (a.sex === null || b.sex === null || a.sex === b.sex)
  );
}

/** One text in two places, of one patient: two reports by one template differ in age or sex, if in nothing else. */
export const isSameText = (one: string, other: string): boolean =>
  containment(one, other) >= CONTAINMENT_MIN && mayBeOnePatient(one, other);
