import { wellFormed } from './words.ts';

/**
 * Words of a case in Markdown (CommonMark 0.31, GFM): whatever they hold, they stay words. Marks that begin something are
 * escaped, line ends and controls become character references, and addresses are broken by an empty comment, because some readers
 * make links of them after escapes are resolved. `unescapeMarkdown` gives back what was written.
 */
const BREAK = '<!-- -->';
// Line ends, controls, and the marks that turn the direction of writing.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;
const MARKS = /[\\`*_{}[\]<>#+=|~&:;@$^!]/g;
const reference = (char: string): string => `&#${char.charCodeAt(0)};`;

/** One line: fit for a heading, a table cell, a list item or a line of a quote. */
export function escapeMarkdown(text: string): string {
  const line = wellFormed(text);
  const end = endOf(line, ' ');
  const escaped = line
    .slice(0, end)
    .replace(MARKS, '\\$&')
    .replace(CONTROLS, reference)
    .replace(/^ +/, (spaces) => reference(' ').repeat(spaces.length))
    .replace(/^-/, '\\-')
    .replace(/^(\d{1,9})([.)])/, '$1\\$2')
    .replace(/\\@|\\:(?=\/)/g, `$&${BREAK}`)
    .replace(/(www)\./gi, `$1${BREAK}.`);
  return escaped + reference(' ').repeat(line.length - end);
}

/** Where the run of one character begins that ends a text. */
function endOf(text: string, char: string): number {
  let end = text.length;
  while (end > 0 && text[end - 1] === char) end -= 1;
  return end;
}

const NAMED = /^&#(\d{1,5});/;

export function unescapeMarkdown(markdown: string): string {
  let text = '';
  let at = 0;
  while (at < markdown.length) {
    const char = markdown[at] ?? '';
    const named = char === '&' ? NAMED.exec(markdown.slice(at, at + 8)) : null;
    if (char === '\\' && at + 1 < markdown.length) {
      text += markdown[at + 1];
      at += 2;
    } else if (named !== null) {
      text += String.fromCharCode(Number(named[1]));
      at += named[0].length;
    } else if (markdown.startsWith(BREAK, at)) at += BREAK.length;
    else {
      text += char;
      at += 1;
    }
  }
  return text;
}

/** Splits where `mark` stands unescaped. */
export function splitMarkdown(line: string, mark: string): readonly string[] {
  const parts: string[] = [];
  let from = 0;
  let at = 0;
  while (at < line.length) {
    if (line[at] === '\\') at += 2;
    else if (line[at] === '&' && NAMED.test(line.slice(at, at + 8))) at = line.indexOf(';', at) + 1;
    else if (line.startsWith(mark, at)) {
      parts.push(line.slice(from, at));
      at += mark.length;
      from = at;
    } else at += 1;
  }
  parts.push(line.slice(from));
  return parts;
}

/** Many lines as one quote, line by line. */
export function quoteMarkdown(text: string): readonly string[] {
  const lines = text.split('\n');
  return lines.map((line, place) => {
    if (line === '') return '>';
    const goesOn = (lines[place + 1] ?? '') !== '';
    // A backslash at the end keeps the line end; at the end of a paragraph it would be shown.
    return `> ${escapeMarkdown(line)}${goesOn ? '\\' : ''}`;
  });
}

export function unquoteMarkdown(lines: readonly string[]): string {
  return lines
    .map((line) => {
      const quoted = line.replace(/^> ?/, '');
      const backslashes = quoted.length - endOf(quoted, '\\');
      return unescapeMarkdown(backslashes % 2 === 1 ? quoted.slice(0, -1) : quoted);
    })
    .join('\n');
}

/** A value of the front matter: JSON, which YAML 1.2 reads alike; what breaks lines elsewhere is escaped too. */
export const frontValue = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) => (typeof one === 'string' ? wellFormed(one) : one)).replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
