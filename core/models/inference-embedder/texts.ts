/** Changes with the rule by which texts are cut: it is part of every generation. */
export const CUT_VERSION = 1;

/** Letters of a word that one token stands for; on clinical English the estimate is .82 to 1.2 of what MiniLM's tokenizer counts, 1.09 in the middle. */
const LETTERS_PER_TOKEN = 5;
/** A token of a byte-level vocabulary is at least one byte; English has some six. */
export const BYTES_PER_TOKEN_MAX = 8;

const PIECE = /\p{L}+|\S/gu;
const encoder = new TextEncoder();
const bytesOf = (text: string): number => encoder.encode(text).length;

const tokensOfPiece = (piece: string): number =>
  /^\p{L}/u.test(piece) ? Math.ceil(piece.length / LETTERS_PER_TOKEN) : 1;

/** Tokens of a text, estimated: one for every five letters begun of a word, and one for every other sign. */
export function estimatedTokens(text: string): number {
  let tokens = 0;
  for (const [piece] of text.matchAll(PIECE)) tokens += tokensOfPiece(piece);
  return tokens;
}

/**
 * The beginning of a text that has at most `tokensMax` estimated tokens and eight bytes for each of them, cut between two words or signs;
 * blanks around it are gone. Empty where the text has no sign at all.
 */
export function cutText(text: string, tokensMax: number): string {
  const bytesMax = tokensMax * BYTES_PER_TOKEN_MAX;
  let tokens = 0;
  let bytes = 0;
  let end = 0;
  for (const { 0: piece, index } of text.matchAll(PIECE)) {
    tokens += tokensOfPiece(piece);
    bytes += bytesOf(text.slice(end, index + piece.length));
    if (tokens > tokensMax || bytes > bytesMax) break;
    end = index + piece.length;
  }
  const cut = text.slice(0, end).trim();
  // One word that is longer than all that may be sent.
  return cut === '' && tokens > 0 ? text.trim().slice(0, tokensMax) : cut;
}

/** The first half of a text that a service calls too long; null where that is not worth asking for. */
export function halfOf(text: string): string | null {
  const half = cutText(text, Math.floor(estimatedTokens(text) / 2));
  return half.length < HALF_CHARS_MIN || half.length >= text.length ? null : half;
}
const HALF_CHARS_MIN = 16;
