/** One line of a vocabulary: the canonical name, then other ways to write it. */
export type PhraseLine = { readonly term: string; readonly phrases: readonly string[] };

/** Reads `name | synonym | synonym` lines; blank lines are for the eye. Names are lower case. */
export function parseLines(block: string): readonly PhraseLine[] {
  const lines: PhraseLine[] = [];
  for (const line of block.split('\n')) {
    const phrases = line
      .split('|')
      .map((phrase) => phrase.trim())
      .filter((phrase) => phrase !== '');
    const term = phrases[0];
    if (term !== undefined) lines.push({ term, phrases });
  }
  return lines;
}
