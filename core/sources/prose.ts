import { decodeReferences } from './entities.ts';

// Zero-width characters and soft hyphens stand inside words; what a renderer does not show is not read.
const INVISIBLE = /[\u00ad\u200b-\u200d\u2060\ufeff]/g;

/** One line of text: references that were escaped twice resolved, runs of spaces and line ends as one space. */
export const lineOf = (text: string): string =>
  decodeReferences(text).replace(INVISIBLE, '').replace(/\s+/g, ' ').trim();

/** Text of a field; null where it is empty. */
export const fieldOf = (text: string | undefined): string | null => (text === undefined ? null : lineOf(text) || null);

/** Longest text of a document; the rest of one that is longer is left out. A full text has some 50,000 characters. */
const TEXT_CHARS_MAX = 2_000_000;

/** Collects a document as lines: one for each heading, paragraph, list item and table row. */
export class Prose {
  private readonly lines: string[] = [];
  private chars = 0;

  /** Characters so far. */
  get length(): number {
    return this.chars;
  }

  add(text: string): void {
    const line = lineOf(text);
    if (line === '' || this.chars > TEXT_CHARS_MAX) return;
    this.lines.push(line);
    this.chars += line.length + 1;
  }

  toString(): string {
    return this.lines.join('\n');
  }
}

/** A heading without the stop or colon that closes it, so that it stands alone on its line. */
export const headingOf = (text: string): string => lineOf(text).replace(/[\s.:]{1,4}$/, '');

/** Whether all capitals are to be read as a heading in sentence case: `CASE PRESENTATION` is `Case presentation`. */
export const sentenceCase = (heading: string): string =>
  heading.length > 3 && heading === heading.toUpperCase()
    ? heading.charAt(0) + heading.slice(1).toLowerCase()
    : heading;
