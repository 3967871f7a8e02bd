import {
  bestDate,
  doiOf,
  keyOf,
  noticeKindOf,
  pmcidOf,
  pmidOf,
  refused,
  refusedXml,
  stateOf,
  urlOf,
} from '../article.ts';
import { isoDate, languageOf } from '../dates.ts';
import { judge } from '../evidence.ts';
import { licenceOf } from '../licence.ts';
import { fieldOf, lineOf, Prose } from '../prose.ts';
import type { Notice, Reading } from '../record.ts';
import {
  childAt,
  childrenOf,
  descendantsOf,
  isElement,
  rawText,
  readXml,
  type XmlDocument,
  type XmlElement,
  type XmlOptions,
} from '../xml.ts';
import { addBlocks, inlineText } from './jats-text.ts';

/** Abstracts that are no abstract of the case: pictures, summaries for others, tables of contents. */
const OTHER_ABSTRACTS =
  /graphical|video|teaser|highlights|key-?points|plain-language|lay|toc|precis|executive|editor|author-highlights|web-summary|summary/i;
const FULL_TEXT_CHARS_MIN = 200;
const NO_DOWNLOAD = /does not allow downloading/i;

/**
 * Reads one article in JATS 1.0 to 1.4 or NLM 2 and 3, alone or in its wrapper (`pmc-articleset`, OAI-PMH). Of several articles in one
 * wrapper the first is read: cut them apart before.
 */
export function readJats(bytes: Uint8Array, fallbackKey: string, options: XmlOptions = {}): Reading {
  const read = readXml(bytes, options);
  if (read.kind === 'refused') return refusedXml(read);
  const { root } = read.document;
  const article = root.name === 'article' ? root : descendantsOf(root, 'article')[0];
  if (article === undefined) return refused('unreadable', `no article in <${root.name.slice(0, 40)}>: it is no JATS`);
  const meta = childAt(article, 'front', 'article-meta') ?? childAt(article, 'front-stub');
  if (meta === undefined) return refused('missing_field', 'article-meta: missing');
  return record(read.document, article, meta, fallbackKey);
}

function record(document: XmlDocument, article: XmlElement, meta: XmlElement, fallbackKey: string): Reading {
  const said = languageOf(article.attributes.lang);
  const translation = said === null || said === 'en' ? undefined : englishOf(article);
  const told = translation ?? article;
  const toldMeta = childAt(told, 'front', 'article-meta') ?? childAt(told, 'front-stub') ?? meta;
  const title = titleOf(toldMeta) ?? titleOf(meta);
  const abstract = abstractOf(toldMeta);
  const body = bodyOf(told);
  const ids = idsOf(meta);
  const types = [article.attributes['article-type'] ?? ''].filter((type) => type !== '');
  const subjects = subjectsOf(meta);
  const notices = noticesOf(meta);
  const state = stateOf(title, notices);
  const isFull = body.length >= FULL_TEXT_CHARS_MIN && !document.comments.some((comment) => NO_DOWNLOAD.test(comment));
  const journalMeta = childAt(article, 'front', 'journal-meta');
  const journal =
    fieldOf(rawText(childAt(journalMeta, 'journal-title-group', 'journal-title'))) ??
    fieldOf(rawText(childAt(journalMeta, 'journal-title')));
  const setAside = judge({
    title,
    types,
    subjects,
    journal,
    mesh: [],
    keywords: descendantsOf(meta, 'kwd').map((kwd) => lineOf(rawText(kwd))),
    abstract,
    body,
    state,
  });
  const text = [title ?? '', abstract !== '' && body !== '' ? 'Abstract' : '', abstract, body]
    .filter((part) => part !== '')
    .join('\n');
  const licence = permissionsOf(meta);
  return {
    kind: 'record',
    record: {
      key: keyOf(ids, 'pmcid') ?? fallbackKey,
      text,
      publication: {
        source: 'pmc',
        title,
        authors: authorsOf(meta),
        journal,
        publicationDate: dateOf(meta),
        ...ids,
        url: urlOf(ids, 'pmcid'),
        licence: licence.short,
        lang: translation === undefined ? said : 'en',
        articleType: [...new Set([...types, ...subjects.slice(0, 4)])].join('; ') || null,
        state,
        notices,
        openAccess: openAccessOf(document, meta, licence),
        fullText: isFull,
      },
      ...(setAside === null ? {} : { setAside }),
    },
  };
}

/** The English translation that stands beside an article in another language. */
const englishOf = (article: XmlElement): XmlElement | undefined =>
  childrenOf(article, 'sub-article').find(
    (sub) => sub.attributes['article-type'] === 'translation' && languageOf(sub.attributes.lang) === 'en',
  );

function titleOf(meta: XmlElement): string | null {
  const group = childAt(meta, 'title-group');
  const title = childAt(group, 'article-title') ?? childAt(meta, 'article-title');
  const subtitle = childAt(group, 'subtitle');
  const main = title === undefined ? '' : inlineText(title);
  const second = subtitle === undefined ? '' : inlineText(subtitle);
  if (main === '') return second || null;
  return second === '' ? main : `${main}${/[:?!.]$/.test(main) ? '' : ':'} ${second}`;
}

function abstractOf(meta: XmlElement): string {
  const abstracts = childrenOf(meta, 'abstract').filter(
    (one) => !OTHER_ABSTRACTS.test(one.attributes['abstract-type'] ?? ''),
  );
  const prose = new Prose();
  for (const abstract of abstracts)
    addBlocks(prose, {
      ...abstract,
      // Its own heading says `Abstract`.
      children: abstract.children.filter(
        (child) =>
          !(
            isElement(child) &&
            child.name === 'title' &&
            /^\W{0,3}(?:structured )?(?:abstract|summary)\W{0,3}$/i.test(rawText(child))
          ),
      ),
    });
  return prose.toString();
}

/** The text of the body, with tables and figures that stand behind it, and with parts that are case reports themselves. */
function bodyOf(article: XmlElement): string {
  const prose = new Prose();
  for (const part of childrenOf(article)) {
    if (part.name === 'body' || part.name === 'floats-group' || part.name === 'floats-wrap') addBlocks(prose, part);
    else if (part.name === 'sub-article' && /^case-?(?:report|study)$/i.test(part.attributes['article-type'] ?? '')) {
      const meta = childAt(part, 'front-stub') ?? childAt(part, 'front', 'article-meta');
      if (meta !== undefined) prose.add(titleOf(meta) ?? '');
      const body = childAt(part, 'body');
      if (body !== undefined) addBlocks(prose, body);
    }
  }
  return prose.toString();
}

function idsOf(meta: XmlElement): { pmid: string | null; pmcid: string | null; doi: string | null } {
  const ids = childrenOf(meta, 'article-id');
  const first = <T>(kinds: readonly string[], read: (text: string) => T | null): T | null => {
    for (const kind of kinds)
      for (const id of ids)
        if (id.attributes['pub-id-type'] === kind) {
          const found = read(rawText(id));
          if (found !== null) return found;
        }
    return null;
  };
  return {
    pmid: first(['pmid'], pmidOf),
    pmcid: first(['pmcid', 'pmc', 'pmcaid', 'pmc-uid', 'pmcid-ver', 'accession'], pmcidOf),
    doi: first(['doi'], doiOf),
  };
}

const subjectsOf = (meta: XmlElement): readonly string[] => [
  ...new Set(
    descendantsOf(childAt(meta, 'article-categories'), 'subject')
      .map((subject) => lineOf(rawText(subject)))
      .filter((subject) => subject !== '' && !/^\d{1,6}$/.test(subject)),
  ),
];

function authorsOf(meta: XmlElement): readonly string[] {
  const contribs = childrenOf(meta, 'contrib-group').flatMap((group) => childrenOf(group, 'contrib'));
  return contribs
    .filter(({ attributes }) => (attributes['contrib-type'] ?? 'author') === 'author')
    .map(nameOf)
    .filter((name) => name !== '');
}

function nameOf(contrib: XmlElement): string {
  const name =
    childAt(contrib, 'name') ??
    childAt(contrib, 'name-alternatives', 'name') ??
    childAt(contrib, 'string-name') ??
    childAt(contrib, 'name-alternatives', 'string-name');
  if (name === undefined) {
    const collab = childAt(contrib, 'collab') ?? childAt(contrib, 'collab-alternatives', 'collab');
    // Members of a group are listed within it.
    return collab === undefined
      ? ''
      : lineOf(
          rawText({
            ...collab,
            children: collab.children.filter((child) => !isElement(child) || child.name !== 'contrib-group'),
          }),
        );
  }
  const part = (of: string) => lineOf(rawText(childAt(name, of)));
  const parts = [part('given-names'), part('surname'), part('suffix')].filter((one) => one !== '');
  return parts.length > 0 ? parts.join(' ') : lineOf(rawText(name));
}

const DATE_KINDS = ['epub', 'pub', 'epub-ppub', 'ppub', 'collection', ''];

/** The most exact date of publication; of equally exact ones the electronic one. */
function dateOf(meta: XmlElement): string | null {
  const dates = childrenOf(meta, 'pub-date').map((date) => {
    const { attributes } = date;
    const part = (name: string) => rawText(childAt(date, name));
    const kind = attributes['pub-type'] ?? attributes['date-type'] ?? '';
    const month = part('month') || part('season');
    return { kind, date: isoDate(part('year'), month, part('day')) };
  });
  return bestDate(DATE_KINDS.flatMap((kind) => dates.filter((one) => one.kind === kind).map(({ date }) => date)));
}

type Permissions = { readonly short: string | null; readonly isFree: boolean; readonly isOpen: boolean };

function permissionsOf(meta: XmlElement): Permissions {
  const permissions = childAt(meta, 'permissions') ?? meta;
  const licences = childrenOf(permissions, 'license');
  const addresses = licences.flatMap((licence) => [
    licence.attributes.href,
    ...descendantsOf(licence, 'license_ref').map(rawText),
    ...descendantsOf(licence, 'ext-link').map((link) => link.attributes.href),
    ...descendantsOf(licence, 'uri').map((link) => link.attributes.href ?? rawText(link)),
  ]);
  const words = [
    ...licences.map((licence) => lineOf(rawText(licence))),
    ...childrenOf(permissions, 'copyright-statement').map((statement) => lineOf(rawText(statement))),
    ...childrenOf(meta, 'copyright-statement').map((statement) => lineOf(rawText(statement))),
  ];
  return {
    short: licenceOf(...addresses, ...descendantsOf(permissions, 'license_ref').map(rawText), ...words),
    isFree: descendantsOf(permissions, 'free_to_read').length > 0,
    isOpen:
      licences.some(({ attributes }) => /^open-?access$/i.test(attributes['license-type'] ?? '')) ||
      words.some((text) => /\bopen[- ]access\b/i.test(text)),
  };
}

/** What the archive says, else what licence and wording say. */
function openAccessOf(document: XmlDocument, meta: XmlElement, permissions: Permissions): boolean | null {
  const property = descendantsOf(meta, 'custom-meta').find(
    (one) => rawText(childAt(one, 'meta-name')).trim() === 'pmc-prop-open-access',
  );
  if (property !== undefined) return /^yes$/i.test(rawText(childAt(property, 'meta-value')).trim());
  if (document.comments.some((comment) => NO_DOWNLOAD.test(comment))) return false;
  if (document.instructions.some((instruction) => /^properties .*open_access/.test(instruction))) return true;
  return permissions.short !== null || permissions.isFree || permissions.isOpen ? true : null;
}

function noticesOf(meta: XmlElement): readonly Notice[] {
  const notices: Notice[] = [];
  for (const related of [...childrenOf(meta, 'related-article'), ...childrenOf(meta, 'related-object')]) {
    const kind = noticeKindOf(
      related.attributes['related-article-type'] ?? related.attributes['related-object-type'] ?? '',
    );
    if (kind === null) continue;
    const href = related.attributes.href;
    notices.push({ kind, reference: doiOf(href) ?? fieldOf(href) ?? fieldOf(rawText(related)) });
  }
  return notices;
}
