import { Readability } from '@mozilla/readability';
import { parseHTML } from 'linkedom';
import { NOTHING_SAID, type Publication, type Reading } from '../../core/sources/record.ts';

/**
 * The main text of a web page. Loaded by the Space only: linkedom is too large for an edge bundle. Nothing of the page is run or fetched.
 */

const BYTES_MAX = 2 * 1024 * 1024;
/** An article has some thousands; 8,000 links take two seconds. */
const ELEMENTS_MAX = 15_000;
/** Some steps over a page take the square of its depth. */
const DEPTH_MAX = 200;

/** @returns refused for what is no page that can be read; set aside where it has no main text */
export function readHtml(bytes: Uint8Array, key: string): Reading {
  if (bytes.byteLength > BYTES_MAX)
    return refused('too_large', `${bytes.byteLength} bytes; at most ${BYTES_MAX} of a page are taken`);
  const markup = decoded(bytes);
  const shape = shapeOf(markup);
  if (shape.elements > ELEMENTS_MAX || shape.depth > DEPTH_MAX)
    return refused(
      'too_large',
      `${shape.elements} elements, ${shape.depth} deep; at most ${ELEMENTS_MAX} and ${DEPTH_MAX} are taken`,
    );
  try {
    const { document } = parseHTML(`<!doctype html>${withoutDoctype(markup)}`);
    const publication = publicationOf(document);
    const article = new Readability<Node>(document, {
      maxElemsToParse: ELEMENTS_MAX,
      disableJSONLD: true,
      serializer: (node) => node,
    }).parse();
    const body = article?.content ? proseOf(article.content) : '';
    const title = publication.title ?? clean(article?.title ?? '');
    const record = {
      key,
      text: body === '' ? title : [title, body].filter((part) => part !== '').join('\n\n'),
      publication: { ...publication, title: title || null },
    };
    if (body === '')
      return {
        kind: 'record',
        record: { ...record, setAside: { reason: 'no_text', detail: 'the page has no main text' } },
      };
    return { kind: 'record', record };
  } catch (error) {
    // The parser's words may quote the page.
    return refused(
      'unreadable',
      `the page cannot be parsed (${error instanceof Error ? error.name : 'unknown error'})`,
    );
  }
}

const refused = (reason: 'too_large' | 'unreadable', detail: string): Reading => ({ kind: 'refused', reason, detail });

/** HTML standard, 13.2.3: the mark, then what the page says of itself; UTF-8 where it fits, else windows-1252. */
function decoded(bytes: Uint8Array): string {
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, 1024));
  const metas = (head.match(/<meta[^<>]{0,250}/gi) ?? []).join('\n');
  const said = /charset\s{0,5}=\s{0,5}["']?([\w.:-]{1,40})/i.exec(metas)?.[1];
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  for (const label of marked || said === undefined ? ['utf-8'] : [said, 'utf-8']) {
    try {
      return new TextDecoder(label, { fatal: true }).decode(bytes);
    } catch {
      // No such encoding, or not this one.
    }
  }
  return new TextDecoder('windows-1252').decode(bytes);
}

const withoutDoctype = (markup: string): string => markup.replace(/^\s{0,100}<!doctype[^>]{0,500}>/i, '');

/** Elements that need no end tag, or rarely have one; they are not counted as depth. */
const VOID: ReadonlySet<string> = new Set(
  'area base br col embed hr img input link meta param source track wbr p li td th tr dt dd option path rect circle ellipse line polyline polygon use stop image'.split(
    ' ',
  ),
);

/** How many elements there are and how deep they lie, counted before anything is built of them. */
function shapeOf(markup: string): { readonly elements: number; readonly depth: number } {
  let elements = 0;
  let depth = 0;
  let deepest = 0;
  for (const [, closing, name = ''] of markup.matchAll(/<(\/?)([a-z][a-z0-9]{0,20})/gi)) {
    if (VOID.has(name.toLowerCase())) {
      elements += closing ? 0 : 1;
      continue;
    }
    if (closing) {
      depth = Math.max(0, depth - 1);
      continue;
    }
    elements += 1;
    depth += 1;
    deepest = Math.max(deepest, depth);
  }
  return { elements, depth: deepest };
}

/** What the page says about itself, in the names that journals use (Highwire, Dublin Core). */
function publicationOf(document: Document): Publication {
  const said = new Map<string, string[]>();
  for (const meta of document.querySelectorAll('meta')) {
    const name = (meta.getAttribute('name') ?? meta.getAttribute('property') ?? '').toLowerCase();
    const content = clean(meta.getAttribute('content') ?? '').slice(0, 500);
    if (name !== '' && content !== '') said.set(name, [...(said.get(name) ?? []), content]);
  }
  const first = (...names: readonly string[]): string | null => {
    for (const name of names) for (const value of said.get(name) ?? []) return value;
    return null;
  };
  const linked = (rel: string): string | null =>
    webAddress(document.querySelector(`link[rel~="${rel}"], a[rel~="${rel}"]`)?.getAttribute('href'));
  const doi = /10\.\d{4,9}\/\S{1,150}/.exec(first('citation_doi', 'dc.identifier', 'prism.doi') ?? '')?.[0] ?? null;
  const lang = /^[a-z]{2,3}/i.exec(document.documentElement?.getAttribute('lang') ?? '')?.[0]?.toLowerCase() ?? null;
  return {
    ...NOTHING_SAID,
    source: 'web',
    title: first('citation_title', 'dc.title', 'og:title'),
    authors: said.get('citation_author') ?? said.get('dc.creator') ?? [],
    journal: first('citation_journal_title', 'prism.publicationname'),
    publicationDate: first('citation_publication_date', 'citation_date', 'dc.date', 'article:published_time'),
    pmid: digits(first('citation_pmid')),
    pmcid: null,
    doi,
    url: linked('canonical') ?? webAddress(first('og:url', 'citation_public_url')),
    licence: linked('license') ?? first('dc.rights'),
    lang: first('citation_language')?.toLowerCase() ?? lang,
    fullText: true,
  };
}

const digits = (text: string | null): string | null => (text !== null && /^\d{1,9}$/.test(text) ? text : null);
/** An address that a person may follow; anything else that a page calls one is dropped. */
const webAddress = (text: string | null | undefined): string | null =>
  text && text.length < 2_000 && URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) ? text : null;
const clean = (text: string): string => text.replace(/\s+/g, ' ').trim();

const BLOCKS: ReadonlySet<string> = new Set(
  'address article aside blockquote caption dd div dl dt figcaption figure footer form h1 h2 h3 h4 h5 h6 header li main ol p pre section table tbody tfoot thead tr ul'.split(
    ' ',
  ),
);
const SILENT: ReadonlySet<string> = new Set(
  'script style noscript template iframe object svg math button nav'.split(' '),
);

/** Prose with a line for each block, an empty one before headings, and tables row by row. */
function proseOf(root: Node): string {
  const lines: string[] = [];
  let line = '';
  const end = (): void => {
    const text = clean(line).replace(/^\| | \|$/g, '');
    if (text !== '') lines.push(text);
    line = '';
  };
  // With a stack of its own: how deep a page goes is the page's choice.
  const stack: { readonly at: Node; readonly leaving: boolean }[] = [{ at: root, leaving: false }];
  for (let top = stack.pop(); top; top = stack.pop()) {
    const { at: node, leaving } = top;
    if (node.nodeType === 3) {
      line += node.textContent ?? '';
      continue;
    }
    if (node.nodeType !== 1) continue;
    const name = node.nodeName.toLowerCase();
    if (SILENT.has(name)) continue;
    if (BLOCKS.has(name) || name === 'br') end();
    if (leaving) continue;
    if (/^h[1-6]$/.test(name)) lines.push('');
    if (name === 'td' || name === 'th') line += ' | ';
    stack.push({ at: node, leaving: true });
    const children = [...node.childNodes].reverse();
    for (const child of children) stack.push({ at: child, leaving: false });
  }
  end();
  return lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}
