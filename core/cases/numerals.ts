import { readNumber } from './quantities.ts';
import { NUMBER, type Tokens } from './tokens.ts';

const ONES = new Map<string, number>(
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'
    .split(' ')
    .map((word, value) => [word, value] as const),
);
const TENS = new Map<string, number>(
  'twenty thirty forty fifty sixty seventy eighty ninety'
    .split(' ')
    .map((word, index) => [word, (index + 2) * 10] as const),
);

export const isHyphen = (word: string | undefined): boolean =>
  word === '-' || word === '–' || word === '‐' || word === '‑';

/** The value of one numeral word; NaN for any other word. */
export function numeralOf(word: string): number {
  return ONES.get(word) ?? TENS.get(word) ?? Number.NaN;
}

/** The number that ends right before token `to`: `52`, `fifty-two`, `1.5`, `four and a half`, `1½`; null where there is none. */
export function numberBefore(tokens: Tokens, to: number): { readonly value: number; readonly from: number } | null {
  let at = to - 1;
  if (isHyphen(tokens.word[at])) at -= 1;
  const word = tokens.word[at] ?? '';
  if (word === '½') {
    const whole = tokens.kind[at - 1] === NUMBER ? readNumber(tokens.word[at - 1] ?? '') : 0;
    return Number.isFinite(whole) ? { value: whole + 0.5, from: whole > 0 ? at - 1 : at } : null;
  }
  if (tokens.kind[at] === NUMBER) {
    const value = readNumber(word);
    return Number.isFinite(value) ? { value, from: at } : null;
  }
  if (word === 'half') {
    const skip = (index: number) => (isHyphen(tokens.word[index]) ? index - 1 : index);
    const article = skip(at - 1);
    const joint = skip(article - 1);
    if (tokens.word[article] !== 'a' || tokens.word[joint] !== 'and') return null;
    // One half only: `and a half and a half` is no number, however long it goes on.
    const end = isHyphen(tokens.word[joint - 1]) ? joint - 1 : joint;
    const whole = tokens.word[end - 1] === 'half' ? null : numberBefore(tokens, joint);
    return whole === null ? null : { value: whole.value + 0.5, from: whole.from };
  }
  const value = numeralOf(word);
  if (Number.isNaN(value)) return null;
  const joined = isHyphen(tokens.word[at - 1]) ? at - 2 : at - 1;
  const tens = TENS.get(tokens.word[joined] ?? '');
  return value > 0 && value < 10 && tens !== undefined ? { value: tens + value, from: joined } : { value, from: at };
}

/** The same, or a range: `2-3`, `two to three`, `between 4 and 6`; `value` is then its middle. */
export function rangeBefore(
  tokens: Tokens,
  to: number,
): { readonly value: number; readonly from: number; readonly isRange: boolean } | null {
  const last = numberBefore(tokens, to);
  if (last === null) return null;
  const join = tokens.word[last.from - 1] ?? '';
  const isJoined = isHyphen(join) || join === 'to' || join === 'or';
  const isBetween = join === 'and';
  if (!isJoined && !isBetween) return { ...last, isRange: false };
  const first = numberBefore(tokens, last.from - 1);
  const opens = first !== null && tokens.word[first.from - 1] === 'between';
  if (first === null || first.value >= last.value || (isBetween && !opens)) return { ...last, isRange: false };
  return { value: (first.value + last.value) / 2, from: opens ? first.from - 1 : first.from, isRange: true };
}
