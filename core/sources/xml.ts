import { SaxesParser } from 'saxes';
import { decode, encodingOf } from './encoding.ts';
import { entityOf } from './entities.ts';

/** An element with its children in order. Names are without prefix: `mml:math` is `math`, `xlink:href` is `href`. */
export type XmlElement = {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlNode[];
};
export type XmlNode = XmlElement | string;
export type XmlDocument = {
  readonly root: XmlElement;
  readonly comments: readonly string[];
  /** Processing instructions, as `target body`. */
  readonly instructions: readonly string[];
};

export type XmlLimits = {
  readonly bytesMax: number;
  readonly depthMax: number;
  readonly elementsMax: number;
  /** Per element. */
  readonly attributesMax: number;
  readonly attributeCharsMax: number;
  readonly elapsedMsMax: number;
};
/**
 * A full text with large tables has 30,000 elements at depth 25; formulas go down to 60. The parser goes through 4 MB of anything in
 * well under a second.
 */
export const XML_LIMITS: XmlLimits = {
  bytesMax: 4 * 1024 * 1024,
  depthMax: 256,
  elementsMax: 200_000,
  attributesMax: 128,
  attributeCharsMax: 64 * 1024,
  elapsedMsMax: 10_000,
};

export type XmlProblem = 'encoding' | 'not_utf8' | 'doctype' | 'malformed' | 'truncated' | 'too_large';
export type XmlReading =
  | { readonly kind: 'xml'; readonly document: XmlDocument }
  | { readonly kind: 'refused'; readonly problem: XmlProblem; readonly detail: string };
export type XmlOptions = {
  readonly limits?: Partial<XmlLimits>;
  /** A clock that never goes back, in ms. */
  readonly now?: () => number;
};

class Refusal extends Error {
  readonly problem: XmlProblem;
  constructor(problem: XmlProblem, detail: string) {
    super(detail);
    this.problem = problem;
  }
}

const CHUNK_CHARS = 64 * 1024;
const EVENTS_PER_LOOK = 2_048;
const ENTITIES = new Proxy<Record<string, string>>(
  {},
  { get: (_, name) => (typeof name === 'string' ? entityOf(name) : undefined) },
);

/**
 * Reads a whole XML document into a tree. Nothing outside of the bytes is ever looked at: a DOCTYPE is passed over, and refused where
 * it declares something itself; the named entities are those of HTML 5. What goes past a limit, is cut or is no XML is refused.
 */
export function readXml(bytes: Uint8Array, options: XmlOptions = {}): XmlReading {
  const limits = { ...XML_LIMITS, ...options.limits };
  try {
    return { kind: 'xml', document: parse(textOfBytes(bytes, limits), limits, options.now ?? (() => 0)) };
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'refused', problem: error.problem, detail: error.message };
    throw error;
  }
}

function textOfBytes(bytes: Uint8Array, limits: XmlLimits): string {
  if (bytes.byteLength > limits.bytesMax)
    throw new Refusal('too_large', `${bytes.byteLength} bytes; at most ${limits.bytesMax} are taken`);
  const encoding = encodingOf(bytes);
  if (encoding.kind === 'unknown')
    throw new Refusal('encoding', `the encoding ${encoding.declared} is not read; convert it to UTF-8 (iconv)`);
  const text = decode(bytes, encoding.label);
  if (text === null)
    throw new Refusal('not_utf8', `the bytes are not ${encoding.label}, which the file says; convert it to UTF-8`);
  return text;
}

type Growing = { readonly name: string; readonly attributes: Record<string, string>; readonly children: XmlNode[] };

const localName = (name: string): string => name.slice(name.indexOf(':') + 1);

function parse(text: string, limits: XmlLimits, now: () => number): XmlDocument {
  const parser = new SaxesParser();
  parser.ENTITIES = ENTITIES;
  const startedMs = now();
  const comments: string[] = [];
  const instructions: string[] = [];
  const open: Growing[] = [];
  let root: Growing | undefined;
  let events = 0;
  let elements = 0;
  let attributes = 0;
  const look = () => {
    events += 1;
    if (events % EVENTS_PER_LOOK === 0) onTime();
  };
  const onTime = () => {
    const elapsedMs = now() - startedMs;
    if (elapsedMs > limits.elapsedMsMax)
      throw new Refusal('too_large', `reading took longer than ${limits.elapsedMsMax} ms`);
  };
  const add = (part: XmlNode) => {
    look();
    const children = open.at(-1)?.children;
    if (children === undefined) return;
    const last = children.at(-1);
    // A CDATA section goes on with the text before it.
    if (typeof part === 'string' && typeof last === 'string') children[children.length - 1] = last + part;
    else children.push(part);
  };
  parser.on('error', (error) => {
    const place = `line ${parser.line}, column ${parser.column}`;
    const said = error.message.replace(/^\d{1,9}:\d{1,9}: /, '');
    if (/^unclosed tag|^unexpected end|^document must contain/.test(said))
      throw new Refusal('truncated', `the document ends too early (${place}): it was cut, or is no XML`);
    // What the parser quotes stands after the colon.
    throw new Refusal('malformed', `not well-formed XML at ${place}: ${said.split(':')[0]?.slice(0, 80)}`);
  });
  parser.on('doctype', (doctype) => {
    if (doctype.includes('['))
      throw new Refusal('doctype', 'its DOCTYPE declares entities or elements itself, which is not read; remove it');
  });
  parser.on('attribute', ({ value }) => {
    attributes += 1;
    if (attributes > limits.attributesMax)
      throw new Refusal('too_large', `an element has more than ${limits.attributesMax} attributes`);
    if (value.length > limits.attributeCharsMax)
      throw new Refusal('too_large', `an attribute is longer than ${limits.attributeCharsMax} characters`);
    look();
  });
  parser.on('opentagstart', () => {
    attributes = 0;
  });
  parser.on('opentag', (tag) => {
    elements += 1;
    if (elements > limits.elementsMax) throw new Refusal('too_large', `more than ${limits.elementsMax} elements`);
    if (open.length >= limits.depthMax)
      throw new Refusal('too_large', `elements are nested more than ${limits.depthMax} deep`);
    const element: Growing = { name: localName(tag.name), attributes: ownAttributes(tag.attributes), children: [] };
    add(element);
    root ??= element;
    open.push(element);
  });
  parser.on('closetag', () => {
    open.pop();
  });
  parser.on('text', add);
  parser.on('cdata', add);
  parser.on('comment', (comment) => {
    look();
    comments.push(comment);
  });
  parser.on('processinginstruction', ({ target, body }) => {
    look();
    instructions.push(`${target} ${body}`);
  });
  for (let at = 0; at < text.length; at += CHUNK_CHARS) {
    parser.write(text.slice(at, at + CHUNK_CHARS));
    onTime();
  }
  parser.close();
  if (root === undefined) throw new Refusal('truncated', 'the document holds no element');
  return { root, comments, instructions };
}

/** Attributes by local name; the one without prefix wins. Without a prototype, as names are the document's. */
function ownAttributes(attributes: Readonly<Record<string, string>>): Record<string, string> {
  const own: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('xmlns')) continue;
    const local = localName(name);
    if (local === name || own[local] === undefined) own[local] = value;
  }
  return own;
}

export const isElement = (part: XmlNode | undefined): part is XmlElement => typeof part === 'object';

/** Child elements, of one name where it is given. */
export const childrenOf = (element: XmlElement | undefined, name?: string): readonly XmlElement[] =>
  (element?.children ?? []).filter(
    (child): child is XmlElement => isElement(child) && (name === undefined || child.name === name),
  );

/** The first element down a path of child names. */
export function childAt(element: XmlElement | undefined, ...path: readonly string[]): XmlElement | undefined {
  let at = element;
  for (const name of path)
    at = at?.children.find((child): child is XmlElement => isElement(child) && child.name === name);
  return at;
}

/** All elements of a name below, in document order. */
export function descendantsOf(element: XmlElement | undefined, name: string): readonly XmlElement[] {
  const found: XmlElement[] = [];
  const visit = (part: XmlElement) => {
    for (const child of part.children) {
      if (!isElement(child)) continue;
      if (child.name === name) found.push(child);
      visit(child);
    }
  };
  if (element !== undefined) visit(element);
  return found;
}

/** All text below, as it stands. */
export function rawText(part: XmlNode | undefined): string {
  if (part === undefined) return '';
  if (typeof part === 'string') return part;
  let text = '';
  for (const child of part.children) text += typeof child === 'string' ? child : rawText(child);
  return text;
}
