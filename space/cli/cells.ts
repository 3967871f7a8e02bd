/** Words of cases and models on their way out of the program: they are shown, and do nothing. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g;

/** One line for a terminal: no escape sequence, no turn of the direction of writing. */
export const terminalText = (text: string): string => text.replaceAll(CONTROLS, ' ');

// What spreadsheets take for the beginning of a formula, full-width forms included (OWASP, CSV Injection).
const FORMULA = /^[\s]*[=+\-@|%\uff1d\uff0b\uff0d\uff20]/;

/** A field of RFC 4180; a number as it is, words in quotes and never as a formula. */
export function csvCell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const line = terminalText(value);
  return `"${(FORMULA.test(line) ? `'${line}` : line).replaceAll('"', '""')}"`;
}

export const csvRow = (cells: readonly (string | number | null)[]): string => `${cells.map(csvCell).join(',')}\r\n`;
