/** Text of a model as plain text: nothing in it is ever a link, markup, a path or a formula. */

// Control characters, what turns the direction of writing, and what has no width.
const UNSEEN = /[\p{Cc}\p{Cf}\u2028\u2029]+/gu;
const BLANKS = /[\p{Zs}\t\n\r]+/gu;

/** One line without characters that cannot be seen. */
export const plain = (text: string): string => text.replace(BLANKS, ' ').replace(UNSEEN, '').trim();

// An address, or the beginning of a tag.
const ACTIVE = /[a-z][a-z0-9+.-]{0,20}:\/\/|\bwww\.|\b(?:javascript|mailto|data|vbscript|file):|<[a-z!/?]/giu;

/** Whether the words hold an address or markup that the case itself does not. */
export function bringsInAddressOrMarkup(words: string, caseText: string): boolean {
  for (const [found] of words.matchAll(ACTIVE)) if (!caseText.includes(found)) return true;
  return false;
}
