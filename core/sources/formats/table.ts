import { childrenOf, descendantsOf, type XmlElement } from '../xml.ts';

const COLUMNS_MAX = 40;
const ROWS_MAX = 2_000;
const HEADER_CHARS_MAX = 80;
/** What a cell over several rows says is repeated in each of them, if it is short. */
const REPEATED_CHARS_MAX = 120;
const TABLE_CHARS_MAX = 60_000;

type Cell = { readonly text: string; readonly isHeader: boolean };

/**
 * The rows of a table (XHTML or CALS model), one line each: `header: value; header: value.`. A table without column headings has the first
 * cell of each row as its label. Cells over several columns or rows stand in each, as far as they are short.
 */
export function tableRows(table: XmlElement, inline: (cell: XmlElement) => string): readonly string[] {
  const rows = descendantsOf(table, 'tr').length > 0 ? descendantsOf(table, 'tr') : descendantsOf(table, 'row');
  const inHead = new Set(
    descendantsOf(table, 'thead').flatMap((head) => [...descendantsOf(head, 'tr'), ...descendantsOf(head, 'row')]),
  );
  const grid = gridOf(rows.slice(0, ROWS_MAX), inline);
  const headRows = headRowsOf(grid, rows, inHead);
  const headers = headersOf(grid.slice(0, headRows));
  const lines: string[] = [];
  let chars = 0;
  for (const row of grid.slice(headRows)) {
    const line = lineOfRow(row, headers);
    if (line === '') continue;
    chars += line.length;
    if (chars > TABLE_CHARS_MAX) break;
    lines.push(line);
  }
  return lines;
}

/** Rows with the cells of their spans filled in. */
function gridOf(rows: readonly XmlElement[], inline: (cell: XmlElement) => string): readonly (readonly Cell[])[] {
  const grid: Cell[][] = [];
  let carried: ({ readonly cell: Cell; readonly rows: number } | undefined)[] = [];
  for (const row of rows) {
    const line: Cell[] = [];
    const next: typeof carried = [];
    const settleCarried = () => {
      for (let held = carried[line.length]; held !== undefined; held = carried[line.length]) {
        if (held.rows > 1) next[line.length] = { cell: held.cell, rows: held.rows - 1 };
        carried[line.length] = undefined;
        line.push(held.cell);
      }
    };
    for (const element of cellsOf(row)) {
      settleCarried();
      if (line.length >= COLUMNS_MAX) break;
      const text = inline(element);
      const cell = { text, isHeader: element.name === 'th' };
      const repeated = text.length <= REPEATED_CHARS_MAX ? cell : { ...cell, text: '' };
      const columns = spanOf(element.attributes.colspan ?? calsColumns(element), COLUMNS_MAX - line.length);
      const height = spanOf(element.attributes.rowspan ?? calsRows(element), ROWS_MAX);
      for (let column = 0; column < columns; column += 1) {
        if (height > 1) next[line.length] = { cell: repeated, rows: height - 1 };
        line.push(column === 0 ? cell : repeated);
      }
    }
    settleCarried();
    carried = next;
    grid.push(line);
  }
  return grid;
}

const cellsOf = (row: XmlElement): readonly XmlElement[] =>
  childrenOf(row).filter(({ name }) => name === 'td' || name === 'th' || name === 'entry');

function spanOf(written: string | undefined, most: number): number {
  const span = /^\s?\d{1,4}\s?$/.test(written ?? '') ? Number(written) : 1;
  return Math.min(Math.max(span, 1), Math.max(most, 1));
}

/** CALS names the first and last column as `col2`, or `c2`. */
function calsColumns({ attributes }: XmlElement): string | undefined {
  const first = /(\d{1,3})$/.exec(attributes.namest ?? '')?.[1];
  const last = /(\d{1,3})$/.exec(attributes.nameend ?? '')?.[1];
  return first === undefined || last === undefined ? undefined : String(Number(last) - Number(first) + 1);
}
const calsRows = ({ attributes }: XmlElement): string | undefined =>
  attributes.morerows === undefined ? undefined : String(Number(attributes.morerows) + 1);

/** Rows at the top that name the columns: those of `thead`, else a first row of `th` alone. */
function headRowsOf(
  grid: readonly (readonly Cell[])[],
  rows: readonly XmlElement[],
  inHead: ReadonlySet<XmlElement>,
): number {
  let count = 0;
  while (count < grid.length && rows[count] !== undefined && inHead.has(rows[count] as XmlElement)) count += 1;
  if (count > 0) return count;
  const [first] = grid;
  return first !== undefined && first.length > 1 && grid.length > 1 && first.every(({ isHeader }) => isHeader) ? 1 : 0;
}

/** Names of the columns; where there are two rows of them, `upper lower`. */
function headersOf(rows: readonly (readonly Cell[])[]): readonly string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  return Array.from({ length: columns }, (_, column) => {
    const parts: string[] = [];
    for (const row of rows) {
      const text = row[column]?.text ?? '';
      if (text !== '' && parts.at(-1) !== text) parts.push(text);
    }
    return parts
      .join(' ')
      .slice(0, HEADER_CHARS_MAX)
      .replace(/[\s:]{1,4}$/, '');
  });
}

function lineOfRow(row: readonly Cell[], headers: readonly string[]): string {
  const cells = row.map(({ text }, column) => ({ text, column })).filter(({ text }) => text !== '');
  const [first] = cells;
  if (first === undefined) return '';
  // A row of one value over all columns is a heading within the table.
  if (cells.every(({ text }) => text === first.text)) return closed(first.text);
  const hasHeaders = headers.some((header) => header !== '');
  const said = cells
    .filter(
      ({ text, column }, place) =>
        place === 0 || row[column - 1]?.text !== text || headers[column] !== headers[column - 1],
    )
    .map(({ text, column }) => (headers[column] ? `${headers[column]}: ${text}` : text));
  if (hasHeaders) return closed(said.join('; '));
  return closed(
    said.length > 1 ? `${said[0]?.replace(/[\s:]{1,4}$/, '')}: ${said.slice(1).join('; ')}` : (said[0] ?? ''),
  );
}

const closed = (line: string): string => (/[.!?]$/.test(line) ? line : `${line}.`);
