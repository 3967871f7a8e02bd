import { decode, encodingOf } from './encoding.ts';
import type { DocumentFormat } from './record.ts';

/**
 * One record cut out of an answer or file that holds several. `number` counts from 1, `offset` and `length` are bytes of the input;
 * `bytes` are as they came, with the wrapper's namespace declarations added where the record uses a prefix that it does not declare
 * itself. Null where the record is longer than may be held.
 */
export type Slice = {
  readonly number: number;
  readonly offset: number;
  readonly length: number;
  readonly element: string;
  readonly bytes: Uint8Array | null;
};
/** Why nothing may be cut out of it. */
export type SliceProblem =
  | 'no_xml'
  | 'no_record'
  | 'truncated'
  | 'mismatched'
  | 'internal_subset'
  | 'encoding'
  | 'tag_too_long';
export class SliceError extends Error {
  override readonly name = 'SliceError';
  readonly problem: SliceProblem;
  constructor(problem: SliceProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}

/** The elements that are one record each, by the root element of the answers that hold them. */
export const RECORD_ELEMENTS: Readonly<Record<string, readonly string[]>> = {
  PubmedArticleSet: ['PubmedArticle', 'PubmedBookArticle'],
  PubmedBookArticleSet: ['PubmedBookArticle'],
  MedlineCitationSet: ['MedlineCitation'],
  'pmc-articleset': ['article'],
  'OAI-PMH': ['article'],
  collection: ['document'],
  article: ['article'],
  PubmedArticle: ['PubmedArticle'],
  PubmedBookArticle: ['PubmedBookArticle'],
  MedlineCitation: ['MedlineCitation'],
};
/** How the bytes of a record element are to be read. */
export const FORMAT_OF_ELEMENT: Readonly<Record<string, DocumentFormat>> = {
  PubmedArticle: 'medline',
  PubmedBookArticle: 'medline',
  MedlineCitation: 'medline',
  article: 'jats',
  document: 'bioc',
};
const LT = 0x3c;
const GT = 0x3e;
const SLASH = 0x2f;
const BANG = 0x21;
const QUESTION = 0x3f;
const DASH = 0x2d;
const BRACKET = 0x5b;
const BRACKET_END = 0x5d;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
/** Longest tag, comment head or declaration of a wrapper; records of the services have tags of some hundred bytes. */
const TAG_BYTES_MAX = 64 * 1024;
/** Deepest nesting that is followed; as in the reader of a record. */
const DEPTH_MAX = 512;

type State = 'text' | 'open' | 'tag' | 'comment' | 'cdata' | 'instruction' | 'doctype';

/** Elements to cut out: their names, or nothing to go by the root element. */
export type Wanted = readonly string[] | null;

/**
 * Cuts records out of XML that comes in pieces, without holding more than one of them. It knows as much of XML as it takes to
 * find where an element ends: tags with quoted attributes, comments, CDATA, processing instructions, a DOCTYPE without declarations.
 * UTF-8 only: see `slices` and `streamSlices`.
 */
export class Slicer {
  private state: State = 'text';
  private quote = 0;
  /** Bytes since the `<` of what is being read, as far as they are needed to tell what it is. */
  private tag: number[] = [];
  private match = 0;
  private depth = 0;
  private readonly names: string[] = [];
  private root: string | null = null;
  private wanted: ReadonlySet<string>;
  private readonly declared = new Map<string, string>();
  private readonly bytesMax: number;
  private cutting: { readonly element: string; readonly offset: number; readonly depth: number } | null = null;
  private held: Uint8Array[] = [];
  private heldBytes = 0;
  private number = 0;
  private offset = 0;
  private tagOffset = 0;

  constructor(wanted: Wanted, bytesMax: number) {
    this.wanted = new Set(wanted ?? []);
    this.byRoot = wanted === null;
    this.bytesMax = bytesMax;
  }
  private readonly byRoot: boolean;

  /** The root element; null before it was seen. */
  get rootElement(): string | null {
    return this.root;
  }

  /** @throws SliceError where the input is not the XML that may be cut */
  push(chunk: Uint8Array): readonly Slice[] {
    const done: Slice[] = [];
    // Where the record at hand goes on in this chunk.
    let from = 0;
    let at = 0;
    while (at < chunk.byteLength) {
      if (this.state === 'text') {
        const next = chunk.indexOf(LT, at);
        if (next < 0) break;
        at = next + 1;
        this.state = 'open';
        this.tag = [];
        this.tagOffset = this.offset + next;
        continue;
      }
      const byte = chunk[at] ?? 0;
      at += 1;
      if (!this.step(byte)) continue;
      // A tag ended.
      const before = this.cutting;
      this.endTag();
      if (before === null && this.cutting !== null) {
        // The start tag may have begun in an earlier chunk.
        const start = this.tagOffset - this.offset;
        this.held = start < 0 ? [Uint8Array.from([LT, ...this.tag, GT])] : [];
        this.heldBytes = start < 0 ? this.tag.length + 2 : 0;
        from = start < 0 ? at : start;
      }
      if (this.cutting !== null && this.depth < this.cutting.depth) {
        this.hold(chunk.subarray(from, at));
        done.push(this.close(this.cutting, this.offset + at));
      }
    }
    if (this.cutting !== null) this.hold(chunk.slice(from));
    this.offset += chunk.byteLength;
    return done;
  }

  /** @throws SliceError where the input ended too early */
  finish(): void {
    if (this.root === null) throw new SliceError('no_xml', 'the input holds no XML element');
    if (this.depth > 0 || this.state !== 'text')
      throw new SliceError('truncated', `the input ends inside <${this.names.at(-1) ?? this.root}>: it was cut`);
  }

  private hold(bytes: Uint8Array): void {
    this.heldBytes += bytes.byteLength;
    if (this.heldBytes <= this.bytesMax) this.held.push(bytes);
    else this.held = [];
  }

  private close({ element, offset }: { readonly element: string; readonly offset: number }, end: number): Slice {
    this.number += 1;
    const bytes = this.heldBytes > this.bytesMax ? null : withDeclarations(joined(this.held), this.declared);
    this.cutting = null;
    this.held = [];
    this.heldBytes = 0;
    return { number: this.number, offset, length: end - offset, element, bytes };
  }

  /** Takes one byte; true when it ended a tag. */
  private step(byte: number): boolean {
    switch (this.state) {
      case 'open':
        this.opening(byte);
        return false;
      case 'comment':
        // --> ends it
        if (byte === DASH) this.match += 1;
        else if (byte === GT && this.match >= 2) this.state = 'text';
        else this.match = 0;
        return false;
      case 'cdata':
        if (byte === BRACKET_END) this.match += 1;
        else if (byte === GT && this.match >= 2) this.state = 'text';
        else this.match = 0;
        return false;
      case 'instruction':
        if (byte === GT && this.match === 1) this.state = 'text';
        this.match = byte === QUESTION ? 1 : 0;
        return false;
      case 'doctype':
        if (this.quote !== 0) {
          if (byte === this.quote) this.quote = 0;
        } else if (byte === QUOTE || byte === APOSTROPHE) this.quote = byte;
        else if (byte === BRACKET)
          throw new SliceError('internal_subset', 'its DOCTYPE declares things itself, which is not read');
        else if (byte === GT) this.state = 'text';
        return false;
      default:
        return this.within(byte);
    }
  }

  private within(byte: number): boolean {
    if (this.quote !== 0) {
      if (byte === this.quote) this.quote = 0;
    } else if (byte === QUOTE || byte === APOSTROPHE) this.quote = byte;
    else if (byte === GT) {
      this.state = 'text';
      return true;
    }
    this.tag.push(byte);
    if (this.tag.length > TAG_BYTES_MAX)
      throw new SliceError('tag_too_long', `a tag is longer than ${TAG_BYTES_MAX} bytes`);
    return false;
  }

  /** What follows a `<` tells what it opens. */
  private opening(byte: number): void {
    const { tag } = this;
    tag.push(byte);
    this.match = 0;
    this.quote = 0;
    if (tag[0] === QUESTION) this.state = 'instruction';
    else if (tag[0] !== BANG) {
      this.state = 'tag';
      if (byte === GT || byte === LT) throw new SliceError('no_xml', 'a < is followed by no name');
    } else if (tag.length === 3 && tag[1] === DASH && byte === DASH) this.state = 'comment';
    else if (tag.length === 8 && tag[1] === BRACKET) this.state = 'cdata';
    else if (tag.length > 1 && tag[1] !== DASH && tag[1] !== BRACKET) {
      if (byte === BRACKET || byte === LT)
        throw new SliceError('internal_subset', 'it holds declarations, which are not read');
      this.state = 'doctype';
    }
  }

  private endTag(): void {
    const { tag } = this;
    if (tag[0] === SLASH) {
      const name = asciiOf(tag, 1);
      const open = this.names.pop();
      if (open !== name) throw new SliceError('mismatched', `</${name}> closes <${open ?? ''}>`);
      this.depth -= 1;
      return;
    }
    const name = asciiOf(tag, 0);
    if (this.root === null) {
      this.root = name;
      if (this.byRoot)
        this.wanted = new Set(Object.hasOwn(RECORD_ELEMENTS, localName(name)) ? RECORD_ELEMENTS[localName(name)] : []);
    }
    const isEmpty = tag.at(-1) === SLASH;
    this.depth += 1;
    if (this.depth > DEPTH_MAX)
      throw new SliceError(
        'mismatched',
        `elements are nested more than ${DEPTH_MAX} deep: it is no document of a service`,
      );
    this.names.push(name);
    if (this.cutting === null) {
      if (this.wanted.has(localName(name)))
        this.cutting = { element: localName(name), offset: this.tagOffset, depth: this.depth };
      else for (const [prefix, declaration] of declarationsOf(tag)) this.declared.set(prefix, declaration);
    }
    if (isEmpty) {
      this.names.pop();
      this.depth -= 1;
    }
  }
}

const localName = (name: string): string => name.slice(name.indexOf(':') + 1);

/** The name that a tag begins with. */
function asciiOf(tag: readonly number[], from: number): string {
  let to = from;
  while (to < tag.length && to < from + 200) {
    const byte = tag[to] ?? 0;
    if (byte <= 0x20 || byte === SLASH) break;
    to += 1;
  }
  return String.fromCharCode(...tag.slice(from, to));
}

/** Prefixes that a start tag declares, each with its whole declaration. */
function declarationsOf(tag: readonly number[]): readonly (readonly [string, string])[] {
  const text = new TextDecoder().decode(Uint8Array.from(tag));
  if (!text.includes('xmlns:')) return [];
  return [...text.matchAll(/\sxmlns:([A-Za-z_][\w.-]{0,60})\s?=\s?("[^"<]{0,300}"|'[^'<]{0,300}')/g)].map(
    ([, prefix = '', uri = '']) => [prefix, ` xmlns:${prefix}=${uri}`] as const,
  );
}

/** The record with the declarations of its wrapper that it needs to be well-formed with regard to namespaces. */
function withDeclarations(bytes: Uint8Array, declared: ReadonlyMap<string, string>): Uint8Array {
  if (declared.size === 0) return bytes;
  const text = new TextDecoder().decode(bytes);
  const missing = [...declared].filter(([prefix]) => text.includes(`${prefix}:`) && !text.includes(`xmlns:${prefix}`));
  if (missing.length === 0) return bytes;
  // Behind the name of its first tag.
  let at = 1;
  while (at < bytes.byteLength && (bytes[at] ?? 0) > 0x20 && bytes[at] !== GT && bytes[at] !== SLASH) at += 1;
  const added = new TextEncoder().encode(missing.map(([, declaration]) => declaration).join(''));
  return joined([bytes.subarray(0, at), added, bytes.subarray(at)]);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

/**
 * Cuts every outermost `element` out of a whole answer, byte for byte; without `element`, what `RECORD_ELEMENTS` says of its
 * root. An answer in UTF-16 or ISO-8859-1 is cut from its text in UTF-8, as a record alone no longer says its encoding.
 * @throws SliceError where the answer is no XML, was cut, or declares entities
 */
export function slices(bytes: Uint8Array, element?: string | readonly string[]): readonly Slice[] {
  const wanted = element === undefined ? null : typeof element === 'string' ? [element] : element;
  const slicer = new Slicer(wanted, Number.POSITIVE_INFINITY);
  const cut = slicer.push(asUtf8(bytes));
  slicer.finish();
  return cut;
}

function asUtf8(bytes: Uint8Array): Uint8Array {
  const encoding = encodingOf(bytes);
  if (encoding.kind === 'unknown') throw encodingError(encoding.declared);
  if (encoding.label === 'utf-8') return bytes;
  const text = decode(bytes, encoding.label);
  if (text === null) throw new SliceError('encoding', `the bytes are not ${encoding.label}`);
  return new TextEncoder().encode(text);
}

/**
 * The records of a file that is read in pieces, in memory for one record of at most `bytesMax`.
 * @throws SliceError as `slices`; what was cut before it was given out already
 */
export async function* streamSlices(
  chunks: AsyncIterable<Uint8Array>,
  bytesMax: number,
  wanted: Wanted = null,
): AsyncGenerator<Slice> {
  const slicer = new Slicer(wanted, bytesMax);
  let decoder: TextDecoder | null | undefined;
  for await (const chunk of chunks) {
    if (decoder === undefined) {
      const encoding = encodingOf(chunk);
      if (encoding.kind === 'unknown') throw encodingError(encoding.declared);
      decoder = encoding.label === 'utf-8' ? null : new TextDecoder(encoding.label);
    }
    yield* slicer.push(decoder === null ? chunk : new TextEncoder().encode(decoder.decode(chunk, { stream: true })));
  }
  slicer.finish();
  const root = slicer.rootElement ?? '';
  if (wanted === null && !Object.hasOwn(RECORD_ELEMENTS, root.slice(root.indexOf(':') + 1)))
    throw new SliceError(
      'no_record',
      `<${root.slice(0, 40)}> holds no records; files are JATS articles, PubMed or MEDLINE sets, OAI-PMH answers or BioC`,
    );
}

const encodingError = (declared: string): SliceError =>
  new SliceError('encoding', `the encoding ${declared} is not read; convert it to UTF-8 (iconv)`);
