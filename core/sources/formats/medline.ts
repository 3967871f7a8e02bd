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
import { isoDate, languageOf, medlineDate } from '../dates.ts';
import { judge } from '../evidence.ts';
import { fieldOf, headingOf, lineOf, Prose, sentenceCase } from '../prose.ts';
import type { Notice, Reading } from '../record.ts';
import { childAt, childrenOf, descendantsOf, rawText, readXml, type XmlElement, type XmlOptions } from '../xml.ts';
import { inlineText } from './jats-text.ts';

const RECORDS = ['PubmedArticle', 'MedlineCitation', 'PubmedBookArticle'];

/**
 * Reads one record of PubMed (`PubmedArticle`, `PubmedBookArticle`) or of a MEDLINE file (`MedlineCitation`), alone or in its set. Of a
 * set with several the first is read: cut them apart before.
 */
export function readMedline(bytes: Uint8Array, fallbackKey: string, options: XmlOptions = {}): Reading {
  const read = readXml(bytes, options);
  if (read.kind === 'refused') return refusedXml(read);
  const { root } = read.document;
  const found = RECORDS.includes(root.name) ? root : childrenOf(root).find(({ name }) => RECORDS.includes(name));
  if (found === undefined) return refused('unreadable', `no PubMed record in <${root.name.slice(0, 40)}>`);
  if (found.name === 'PubmedBookArticle') {
    const book = childAt(found, 'BookDocument');
    return book === undefined ? refused('missing_field', 'BookDocument: missing') : readBook(found, book, fallbackKey);
  }
  const citation = found.name === 'MedlineCitation' ? found : childAt(found, 'MedlineCitation');
  const article = childAt(citation, 'Article');
  if (citation === undefined || article === undefined)
    return refused('missing_field', 'MedlineCitation/Article: missing');
  return readCitation(found, citation, article, fallbackKey);
}

function readCitation(record: XmlElement, citation: XmlElement, article: XmlElement, fallbackKey: string): Reading {
  const data = childAt(record, 'PubmedData');
  const issue = childAt(article, 'Journal', 'JournalIssue', 'PubDate');
  const languages = childrenOf(article, 'Language').map((language) => languageOf(rawText(language)));
  const notices = noticesOf(citation);
  const types = childrenOf(childAt(article, 'PublicationTypeList'), 'PublicationType').map((type) =>
    lineOf(rawText(type)),
  );
  const electronicIds = childrenOf(article, 'ELocationID').filter(
    ({ attributes }) => attributes.EIdType === 'doi' && attributes.ValidYN !== 'N',
  );
  return publish({
    fallbackKey,
    title: titleOf(childAt(article, 'ArticleTitle'), childAt(article, 'VernacularTitle')),
    abstract: abstractOf(childAt(article, 'Abstract')),
    authors: authorsOf(childrenOf(article, 'AuthorList')),
    journal:
      fieldOf(rawText(childAt(article, 'Journal', 'Title'))) ??
      fieldOf(rawText(childAt(citation, 'MedlineJournalInfo', 'MedlineTA'))),
    date: bestDate([...childrenOf(article, 'ArticleDate').map(dateOf), issue === undefined ? null : dateOf(issue)]),
    ...idsOf(
      rawText(childAt(citation, 'PMID')),
      electronicIds.map(rawText),
      childrenOf(childAt(data, 'ArticleIdList'), 'ArticleId'),
      childrenOf(citation, 'OtherID').map(rawText),
    ),
    lang: languages.includes('en') ? 'en' : (languages[0] ?? null),
    types,
    notices,
    mesh: childrenOf(childAt(citation, 'MeshHeadingList'), 'MeshHeading').map((heading) =>
      lineOf(rawText(childAt(heading, 'DescriptorName'))),
    ),
    keywords: descendantsOf(citation, 'Keyword').map((keyword) => lineOf(rawText(keyword))),
  });
}

function readBook(record: XmlElement, book: XmlElement, fallbackKey: string): Reading {
  const types = childrenOf(book, 'PublicationType').map((type) => lineOf(rawText(type)));
  const ids = childrenOf(childAt(book, 'ArticleIdList'), 'ArticleId');
  const more = childrenOf(childAt(record, 'PubmedBookData', 'ArticleIdList'), 'ArticleId');
  const contributed = childAt(book, 'ContributionDate');
  const published = childAt(book, 'Book', 'PubDate');
  return publish({
    fallbackKey,
    title: titleOf(
      childAt(book, 'ArticleTitle') ?? childAt(book, 'Book', 'BookTitle'),
      childAt(book, 'VernacularTitle'),
    ),
    abstract: abstractOf(childAt(book, 'Abstract')),
    authors: authorsOf(childrenOf(book, 'AuthorList')),
    journal: fieldOf(rawText(childAt(book, 'Book', 'BookTitle'))),
    date: bestDate([contributed, published].map((date) => (date === undefined ? null : dateOf(date)))),
    ...idsOf(rawText(childAt(book, 'PMID')), [], [...ids, ...more], []),
    lang: languageOf(rawText(childAt(book, 'Language'))),
    types: [...types, 'Book Chapter'],
    notices: [],
    mesh: [],
    keywords: descendantsOf(book, 'Keyword').map((keyword) => lineOf(rawText(keyword))),
  });
}

type Fields = {
  readonly fallbackKey: string;
  readonly title: string | null;
  readonly abstract: string;
  readonly authors: readonly string[];
  readonly journal: string | null;
  readonly date: string | null;
  readonly pmid: string | null;
  readonly pmcid: string | null;
  readonly doi: string | null;
  readonly lang: string | null;
  readonly types: readonly string[];
  readonly notices: readonly Notice[];
  readonly mesh: readonly string[];
  readonly keywords: readonly string[];
};

function publish({ fallbackKey, title, abstract, ...fields }: Fields): Reading {
  const { pmid, pmcid, doi, types, notices, journal, mesh, keywords } = fields;
  const ids = { pmid, pmcid, doi };
  const state = types.some((type) => /^retracted publication$/i.test(type)) ? 'retracted' : stateOf(title, notices);
  const setAside = judge({ title, types, subjects: [], journal, mesh, keywords, abstract, body: '', state });
  return {
    kind: 'record',
    record: {
      key: keyOf(ids, 'pmid') ?? fallbackKey,
      text: [title ?? '', abstract].filter((part) => part !== '').join('\n'),
      publication: {
        source: 'pubmed',
        title,
        authors: fields.authors,
        journal,
        publicationDate: fields.date,
        ...ids,
        url: urlOf(ids, 'pmid'),
        licence: null,
        lang: fields.lang,
        articleType: types.join('; ') || null,
        state,
        notices,
        openAccess: null,
        fullText: false,
      },
      ...(setAside === null ? {} : { setAside }),
    },
  };
}

/** The English title; one in brackets was translated. `[Not Available].` is none. */
function titleOf(title: XmlElement | undefined, vernacular: XmlElement | undefined): string | null {
  const text = title === undefined ? '' : inlineText(title);
  const translated = /^\[(.*)\]\.?$/.exec(text)?.[1] ?? text;
  if (translated !== '' && !/^not available\.?$/i.test(translated)) return translated;
  return vernacular === undefined ? null : inlineText(vernacular) || null;
}

/** A heading and a paragraph for each labelled section. */
function abstractOf(abstract: XmlElement | undefined): string {
  const prose = new Prose();
  for (const part of childrenOf(abstract, 'AbstractText')) {
    const label = part.attributes.Label ?? '';
    const text = inlineText(part);
    if (label !== '' && !/^un(?:labelled|assigned)$/i.test(label) && text !== '')
      prose.add(sentenceCase(headingOf(label)));
    prose.add(text);
  }
  return prose.toString();
}

function authorsOf(lists: readonly XmlElement[]): readonly string[] {
  return lists
    .filter(({ attributes }) => (attributes.Type ?? 'authors') === 'authors')
    .flatMap((list) => childrenOf(list, 'Author'))
    .filter(({ attributes }) => attributes.ValidYN !== 'N')
    .map((author) => {
      const part = (name: string) => lineOf(rawText(childAt(author, name)));
      return (
        part('CollectiveName') ||
        [part('ForeName') || part('Initials'), part('LastName'), part('Suffix')].filter((one) => one !== '').join(' ')
      );
    })
    .filter((name) => name !== '');
}

function idsOf(pmid: string, dois: readonly string[], articleIds: readonly XmlElement[], otherIds: readonly string[]) {
  const typed = (kind: string) => articleIds.filter(({ attributes }) => attributes.IdType === kind).map(rawText);
  const first = (texts: readonly string[], read: (text: string) => string | null): string | null => {
    for (const text of texts) {
      const found = read(text);
      if (found !== null) return found;
    }
    return null;
  };
  return {
    pmid: first([pmid, ...typed('pubmed')], pmidOf),
    pmcid: first([...typed('pmc'), ...otherIds.filter((id) => /^PMC\d/.test(id))], pmcidOf),
    doi: first([...dois, ...typed('doi')], doiOf),
  };
}

function dateOf(date: XmlElement): string | null {
  const part = (name: string) => rawText(childAt(date, name));
  const free = childAt(date, 'MedlineDate');
  return free === undefined
    ? isoDate(part('Year'), part('Month') || part('Season'), part('Day'))
    : medlineDate(rawText(free));
}

function noticesOf(citation: XmlElement): readonly Notice[] {
  const notices: Notice[] = [];
  for (const related of childrenOf(childAt(citation, 'CommentsCorrectionsList'), 'CommentsCorrections')) {
    const kind = noticeKindOf(related.attributes.RefType ?? '');
    if (kind === null) continue;
    const pmid = pmidOf(rawText(childAt(related, 'PMID')));
    notices.push({ kind, reference: pmid === null ? fieldOf(rawText(childAt(related, 'RefSource'))) : `PMID ${pmid}` });
  }
  return notices;
}
