import { headingOf, lineOf, type Prose, sentenceCase } from '../prose.ts';
import { childAt, childrenOf, isElement, rawText, type XmlElement, type XmlNode } from '../xml.ts';
import { formulaText } from './formula.ts';
import { tableRows } from './table.ts';

/** What is no part of the story: notes, references, files, marks of layout, metadata of an object. */
const LEFT_OUT = new Set(
  'fn fn-group table-wrap-foot ref-list ref mixed-citation element-citation citation nlm-citation ack supplementary-material inline-supplementary-material media graphic inline-graphic permissions attrib object-id alt-text long-desc label email uri-list index-term indexed-term private-char related-article related-object sec-meta fn-stub target processing-meta custom-meta-group glossary app app-group bio'.split(
    ' ',
  ),
);
const FORMULAS = new Set('inline-formula disp-formula math tex-math chem-struct'.split(' '));
/** Blocks that may stand inside a paragraph. */
const BLOCKS = new Set(
  'list def-list table-wrap table-wrap-group fig fig-group boxed-text disp-quote verse-group speech statement disp-formula-group chem-struct-wrap array preformat p sec'.split(
    ' ',
  ),
);
const LEFT_OUT_SECTIONS = new Set(
  'supplementary-material supplementary materials-supplementary display-objects'.split(' '),
);
/** Numbers of citations: `1`, `2,3`, `[4–6]`. */
const CITED = /^[\s\d,;–\-−[\]()*]{0,60}$/;

/** `2.1 Case 1`, `3. Discussion`. */
const NUMBERING = /^\d{1,2}(?:(?:\.\d{1,2}){1,3}\.?|\.)\s+(?=\p{L})/u;

/** Running text of an element without its blocks; citations by number are dropped. */
export function inlineText(element: XmlElement): string {
  let text = '';
  for (const node of element.children) text += inlineNode(node, text);
  return withoutEmptyBrackets(lineOf(text));
}

function inlineNode(part: XmlNode, before: string): string {
  if (!isElement(part)) return part;
  const { name } = part;
  if (LEFT_OUT.has(name)) return '';
  if (FORMULAS.has(name)) return ` ${formulaText(part)} `;
  if (name === 'alternatives') {
    const formula = part.children.find((child) => isElement(child) && FORMULAS.has(child.name));
    return formula === undefined ? '' : inlineNode(formula, before);
  }
  if (name === 'break') return ' ';
  if (name === 'xref') {
    const text = childText(part);
    return ['bibr', 'fn', 'table-fn', 'aff', 'corresp'].includes(part.attributes['ref-type'] ?? '') && CITED.test(text)
      ? ''
      : text;
  }
  if (name === 'sup') {
    const text = childText(part).trim();
    if (holdsCitation(part) && CITED.test(text)) return '';
    // 10<sup>9</sup> is a power, cm<sup>2</sup> is read without.
    return /\d\s?$/.test(before) && /^[-−–]?\d{1,3}$/.test(text) ? `^${text.replace(/[−–]/, '-')}` : text;
  }
  // A paragraph within a cell or title.
  if (name === 'p' || name === 'title' || name === 'list-item' || name === 'def-item') return ` ${childText(part)} `;
  if (BLOCKS.has(name) && name !== 'list' && name !== 'def-list') return ' ';
  return childText(part);
}

function childText(element: XmlElement): string {
  let text = '';
  for (const node of element.children) text += inlineNode(node, text);
  return text;
}

const holdsCitation = (element: XmlElement): boolean =>
  childrenOf(element).some(
    (child) =>
      (child.name === 'xref' && child.attributes['ref-type'] !== 'fig' && child.attributes['ref-type'] !== 'table') ||
      holdsCitation(child),
  );

/** What is left where citations stood: `[–]`, `( , )`, and a space before a stop. */
const withoutEmptyBrackets = (line: string): string =>
  line
    .replace(/\s?[[(][\s,;–−-]{0,20}[\])]/g, '')
    .replace(/ ([.,;:])(?=\s|$)/g, '$1')
    .replace(/[,;–]{2,8}(?=\s|$)/g, ',');

/** Adds the blocks of an element to the text: headings on lines of their own, paragraphs, lists, tables row by row, captions. */
export function addBlocks(prose: Prose, element: XmlElement, depth = 0): void {
  for (const node of element.children) {
    if (!isElement(node)) {
      // Text right inside a section or body.
      prose.add(node);
      continue;
    }
    addBlock(prose, node, depth);
  }
}

function addBlock(prose: Prose, block: XmlElement, depth: number): void {
  const { name } = block;
  switch (name) {
    case 'sec':
      if (!LEFT_OUT_SECTIONS.has(block.attributes['sec-type'] ?? '')) addBlocks(prose, block, depth + 1);
      return;
    case 'title':
      prose.add(sentenceCase(headingOf(inlineText(block)).replace(NUMBERING, '')));
      return;
    case 'p':
    case 'term':
      addParagraph(prose, block, depth);
      return;
    case 'table-wrap':
    case 'fig':
      prose.add(captionOf(block));
      addTables(prose, block);
      return;
    case 'table':
      addTables(prose, { name: 'table-wrap', attributes: {}, children: [block] });
      return;
    case 'disp-formula':
    case 'math':
    case 'tex-math':
      prose.add(formulaText(block));
      return;
    case 'def-item':
      prose.add(
        `${childrenOf(block, 'term').map(inlineText).join(', ')}: ${childrenOf(block, 'def').map(inlineText).join(' ')}`,
      );
      return;
    default:
      if (!LEFT_OUT.has(name)) {
        if (hasBlocks(block)) addBlocks(prose, block, depth + 1);
        else prose.add(inlineText(block));
      }
  }
}

const hasBlocks = (element: XmlElement): boolean =>
  childrenOf(element).some(
    ({ name }) =>
      BLOCKS.has(name) ||
      name === 'title' ||
      name === 'list-item' ||
      name === 'def-item' ||
      name === 'table' ||
      name === 'disp-formula' ||
      name === 'caption',
  );

/** A paragraph with the blocks that stand in it: its text goes on behind them on a new line. */
function addParagraph(prose: Prose, paragraph: XmlElement, depth: number): void {
  if (!hasBlocks(paragraph)) {
    prose.add(inlineText(paragraph));
    return;
  }
  let run: XmlNode[] = [];
  const close = () => {
    if (run.length > 0) prose.add(inlineText({ name: 'p', attributes: {}, children: run }));
    run = [];
  };
  for (const node of paragraph.children) {
    if (isElement(node) && (BLOCKS.has(node.name) || node.name === 'disp-formula')) {
      close();
      addBlock(prose, node, depth + 1);
    } else run.push(node);
  }
  close();
}

/** `Table 1. Laboratory values on admission` */
function captionOf(object: XmlElement): string {
  const label = lineOf(rawText(childAt(object, 'label'))).replace(/[.:\s]{1,4}$/, '');
  const caption = childAt(object, 'caption');
  const parts =
    caption === undefined
      ? []
      : childrenOf(caption)
          .map(inlineText)
          .filter((part) => part !== '');
  const text = parts.map((part) => (/[.!?:;]$/.test(part) ? part : `${part}.`)).join(' ');
  return [label === '' ? '' : `${label}.`, text].filter((part) => part !== '').join(' ');
}

function addTables(prose: Prose, object: XmlElement): void {
  for (const child of childrenOf(object)) {
    if (child.name === 'table') for (const row of tableRows(child, inlineText)) prose.add(row);
    else if (child.name === 'alternatives') addTables(prose, child);
  }
}
