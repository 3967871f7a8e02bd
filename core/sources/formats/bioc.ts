import { doiOf, keyOf, pmcidOf, pmidOf, refused, refusedXml, titledState, urlOf } from '../article.ts';
import { isoDate } from '../dates.ts';
import { judge } from '../evidence.ts';
import { licenceOf } from '../licence.ts';
import { headingOf, lineOf, Prose, sentenceCase } from '../prose.ts';
import type { Reading } from '../record.ts';
import { childAt, childrenOf, descendantsOf, rawText, readXml, type XmlElement, type XmlOptions } from '../xml.ts';
import { inlineText } from './jats-text.ts';
import { tableRows } from './table.ts';

/** One document of BioC, from XML or JSON. */
type Passage = { readonly infons: ReadonlyMap<string, string>; readonly text: string };
type BioCDocument = { readonly id: string; readonly passages: readonly Passage[] };

const PASSAGES_MAX = 50_000;
const LEFT_OUT_SECTIONS = new Set([
  'REF',
  'ACK_FUND',
  'AUTH_CONT',
  'COMP_INT',
  'SUPPL',
  'KEYWORD',
  'ABBR',
  'REVIEW_INFO',
  'APPENDIX',
]);
const LEFT_OUT_TYPES = /^(?:ref|footnote|table_footnote|table_foot|fn)/;

/**
 * Reads one document of the BioC service of PMC or PubMed, XML or JSON. Of a collection with several the first is read: cut them apart
 * before. BioC does not say what kind of article it is, so that title and text decide.
 */
export function readBioC(bytes: Uint8Array, fallbackKey: string, options: XmlOptions = {}): Reading {
  const first = bytes.find((byte) => byte > 0x20 && byte < 0x80) ?? 0;
  if (first === 0x3c || bytes[0] === 0xff || bytes[0] === 0xfe) {
    const read = readXml(bytes, options);
    if (read.kind === 'refused') return refusedXml(read);
    const { root } = read.document;
    const document = root.name === 'document' ? root : descendantsOf(root, 'document')[0];
    return document === undefined
      ? refused('unreadable', `no document in <${root.name.slice(0, 40)}>: it is no BioC`)
      : record(ofXml(document), fallbackKey, options);
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    return error instanceof SyntaxError
      ? refused('unreadable', 'neither XML nor JSON: the document was cut, or the service answered with an error')
      : refused('not_utf8', 'the bytes are not UTF-8');
  }
  const document = ofJson(value);
  return document === null
    ? refused('missing_field', 'documents.passages: missing')
    : record(document, fallbackKey, options);
}

const ofXml = (document: XmlElement): BioCDocument => ({
  id: rawText(childAt(document, 'id')).trim(),
  passages: childrenOf(document, 'passage')
    .slice(0, PASSAGES_MAX)
    .map((passage) => ({
      infons: new Map(childrenOf(passage, 'infon').map((infon) => [infon.attributes.key ?? '', rawText(infon)])),
      text:
        rawText(childAt(passage, 'text')) ||
        childrenOf(passage, 'sentence')
          .map((sentence) => rawText(childAt(sentence, 'text')))
          .join(' '),
    })),
});

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A collection, a list of collections, or the document itself. */
function ofJson(value: unknown): BioCDocument | null {
  const collection: unknown = Array.isArray(value) ? value[0] : value;
  if (!isObject(collection)) return null;
  const document: unknown = Array.isArray(collection.documents) ? collection.documents[0] : collection;
  if (!isObject(document) || !Array.isArray(document.passages)) return null;
  const passages = document.passages.slice(0, PASSAGES_MAX).filter(isObject);
  return {
    id: typeof document.id === 'string' || typeof document.id === 'number' ? String(document.id) : '',
    passages: passages.map(({ infons, text }) => ({
      infons: new Map(
        isObject(infons)
          ? Object.entries(infons).flatMap(([key, said]) =>
              typeof said === 'string' || typeof said === 'number' ? [[key, String(said)] as const] : [],
            )
          : [],
      ),
      text: typeof text === 'string' ? text : '',
    })),
  };
}

function record({ id, passages }: BioCDocument, fallbackKey: string, options: XmlOptions): Reading {
  const front =
    passages.find(
      ({ infons }) =>
        infons.get('section_type') === 'TITLE' || infons.get('type') === 'front' || infons.get('type') === 'title',
    ) ?? passages[0];
  if (front === undefined) return refused('missing_field', 'passages: the document has none');
  const infon = (key: string) => front.infons.get(key);
  const ids = {
    pmid:
      pmidOf(infon('article-id_pmid')) ?? (/^\d/.test(id) && infon('article-id_pmc') === undefined ? pmidOf(id) : null),
    pmcid: pmcidOf(infon('article-id_pmc')) ?? (/^PMC/i.test(id) ? pmcidOf(id) : null),
    doi: doiOf(infon('article-id_doi')),
  };
  const title = lineOf(front.text) || null;
  const abstract = sectionText(passages, front, options, true);
  const body = sectionText(passages, front, options, false);
  const state = titledState(title);
  const licence = infon('license') ?? null;
  const journal = lineOf((infon('journal-title') ?? infon('journal') ?? '').split(';')[0] ?? '') || null;
  const setAside = judge({
    title,
    types: [],
    subjects: [],
    journal,
    mesh: [],
    keywords: lineOf(infon('kwd') ?? '').split(' ; '),
    abstract,
    body,
    state,
  });
  const short = licenceOf(licence);
  return {
    kind: 'record',
    record: {
      key: keyOf(ids, 'pmcid') ?? fallbackKey,
      text: [title ?? '', abstract !== '' && body !== '' ? 'Abstract' : '', abstract, body]
        .filter((part) => part !== '')
        .join('\n'),
      publication: {
        source: 'pmc',
        title,
        authors: authorsOf(front.infons),
        journal,
        publicationDate: isoDate(infon('year') ?? null),
        ...ids,
        url: urlOf(ids, 'pmcid'),
        licence: short,
        lang: null,
        articleType: null,
        state,
        notices: [],
        // The service holds the open subset and author manuscripts alike.
        openAccess: short === null ? null : true,
        fullText: body.length >= 200,
      },
      ...(setAside === null ? {} : { setAside }),
    },
  };
}

function sectionText(passages: readonly Passage[], front: Passage, options: XmlOptions, ofAbstract: boolean): string {
  const prose = new Prose();
  for (const passage of passages) {
    if (passage === front) continue;
    const type = (passage.infons.get('type') ?? '').toLowerCase();
    const section = (passage.infons.get('section_type') ?? '').toUpperCase();
    const isAbstract = section === 'ABSTRACT' || type.startsWith('abstract');
    if (isAbstract !== ofAbstract || LEFT_OUT_SECTIONS.has(section) || LEFT_OUT_TYPES.test(type)) continue;
    if (/title_\d|title$/.test(type) && !/caption/.test(type)) {
      const heading = sentenceCase(headingOf(passage.text));
      if (!(isAbstract && /^abstract$/i.test(heading))) prose.add(heading);
    } else if (type === 'table') addTable(prose, passage, options);
    else prose.add(passage.text);
  }
  return prose.toString();
}

/** The table's own markup where it comes along; else the cells, which the service parts by tabs. */
function addTable(prose: Prose, passage: Passage, options: XmlOptions): void {
  const markup = passage.infons.get('xml');
  const read = markup === undefined ? null : readXml(new TextEncoder().encode(markup), options);
  if (read?.kind === 'xml') {
    const { root } = read.document;
    const table = root.name === 'table' ? root : descendantsOf(root, 'table')[0];
    if (table !== undefined) {
      for (const row of tableRows(table, inlineText)) prose.add(row);
      return;
    }
  }
  for (const row of passage.text.split(/\n|\t\s{1,4}\t/))
    prose.add(
      row
        .split('\t')
        .map((cell) => cell.trim())
        .filter((cell) => cell !== '')
        .join('; '),
    );
}

/** `surname:Doe;given-names:Jane` */
function authorsOf(infons: ReadonlyMap<string, string>): readonly string[] {
  const names: string[] = [];
  for (let place = 0; infons.has(`name_${place}`) && place < 1_000; place += 1) {
    const written = infons.get(`name_${place}`) ?? '';
    const part = (name: string) => lineOf(new RegExp(`(?:^|;)${name}:([^;]{0,200})`).exec(written)?.[1] ?? '');
    const name = [part('given-names'), part('surname'), part('suffix')].filter((one) => one !== '').join(' ');
    if (name !== '') names.push(name);
  }
  return names;
}
