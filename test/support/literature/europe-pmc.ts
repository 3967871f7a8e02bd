import { type Answer, type Asked, answer, JSON_TYPE, type Quirk, withQuirk } from './answer.ts';
import { type Article, hasFullText, publicationTypes } from './article.ts';
import { fullTextXml } from './jats.ts';
import { parseQuery, type Query, QueryError } from './query.ts';
import type { World } from './world.ts';

const PAGE_SIZE_DEFAULT = 25;
const PAGE_SIZE_MOST = 1_000;

/** As the adapter names it: a full text is the article of PMC, all else the record. */
export function europePmcKey(article: Article): string {
  const { pmid, pmcid, ppr } = article;
  if (pmcid && (hasFullText(article) || !pmid)) return `PMC_${pmcid}`;
  return pmid ? `PMID_${pmid}` : `PPR_${ppr}`;
}

/** Newest first; articles of one day by their number. A cursor is the place of the last article in this order. */
const before = (a: Article, b: Article): number => b.entryDay.localeCompare(a.entryDay) || b.number - a.number;
const cursorOf = ({ entryDay, number }: Article): string =>
  Buffer.from(`${entryDay} ${String(number).padStart(8, '0')}`).toString('base64');

export function search(world: World, { params }: Asked, quirk: Quirk): Answer {
  const refused = (message: string): Answer =>
    answer(200, JSON_TYPE, JSON.stringify({ errCode: 404, errMsg: message }));
  if (params.get('format') !== 'json') return answer(501, 'text/plain', 'this server plays format=json alone');
  const query = params.get('query') ?? '';
  if (query.trim() === '') return refused('Query is empty');
  const pageSize = Number(params.get('pageSize') ?? PAGE_SIZE_DEFAULT);
  if (!(pageSize >= 1 && pageSize <= PAGE_SIZE_MOST))
    return refused('Invalid page size provided. Valid size is between 1 and 1000');
  const mark = params.get('cursorMark') ?? '*';
  const place = placeOf(mark);
  if (place === undefined) return refused('Invalid cursor mark provided');
  let matches: Query;
  let hits: Article[];
  try {
    matches = parseQuery(query);
    hits = world
      .articles()
      .filter((article) => matches(article))
      .sort(before);
  } catch (error) {
    if (error instanceof QueryError) return refused(`Invalid query: ${error.message}`);
    throw error;
  }
  const left = place === null ? hits : hits.filter((article) => comesAfter(article, place));
  const page = left.slice(0, pageSize);
  const given = withQuirk(page, quirk);
  // A page that is clamped ends early, and its cursor stands where it ended; at the end the cursor repeats.
  const last = quirk === 'clamped' ? given.at(-1) : page.at(-1);
  const next = last ? cursorOf(last) : mark;
  const resultType = params.get('resultType') ?? 'lite';
  const body = {
    version: '6.9',
    hitCount: hits.length,
    ...(hits.length > 0 && {
      nextCursorMark: next,
      nextPageUrl: `https://www.ebi.ac.uk/europepmc/webservices/rest/search?query=${encodeURIComponent(query)}&cursorMark=${next}&resultType=${resultType}&pageSize=${pageSize}&format=json`,
    }),
    request: { queryString: query, resultType, cursorMark: mark, pageSize, sort: '', synonym: false },
    resultList: { result: given.map((article) => resultOf(article, resultType)) },
  };
  return answer(200, JSON_TYPE, JSON.stringify(body), given.map(europePmcKey));
}

/** Null for the beginning, which an encoded `*` means too; undefined for what is no cursor. */
function placeOf(mark: string): readonly [day: string, number: number] | null | undefined {
  if (mark === '*' || mark === '%2A') return null;
  const parts = /^(\d{4}-\d\d-\d\d) (\d+)$/.exec(Buffer.from(mark, 'base64').toString('latin1'));
  return parts?.[1] && parts[2] ? [parts[1], Number(parts[2])] : undefined;
}
const comesAfter = (article: Article, [day, number]: readonly [string, number]): boolean =>
  article.entryDay < day || (article.entryDay === day && article.number < number);

/** 404 without a body, for what is not known and for what is not given out alike. */
export function fullText(world: World, { path }: Asked): Answer {
  const pmcid = /\/PMC(\d+)\/fullTextXML/.exec(path)?.[1];
  const article = pmcid === undefined ? null : world.byPmcid(pmcid);
  if (article === null || !hasFullText(article)) return answer(404, '', '');
  return answer(200, 'application/xml', fullTextXml(article), [europePmcKey(article)]);
}

const NOTICE_TYPES = {
  retraction: 'Retraction in',
  erratum: 'Erratum in',
  expression_of_concern: 'Expression of concern in',
} as const;
const yesNo = (value: boolean): 'Y' | 'N' => (value ? 'Y' : 'N');

function resultOf(article: Article, resultType: string): unknown {
  if (article.recorded?.europePmc !== undefined) return article.recorded.europePmc;
  const { pmid, pmcid, ppr, doi } = article;
  const id = pmid ?? (pmcid ? `PMC${pmcid}` : `PPR${ppr}`);
  const source = pmid ? 'MED' : pmcid ? 'PMC' : 'PPR';
  const ids = {
    id,
    source,
    ...(pmid && { pmid }),
    ...(pmcid && { pmcid: `PMC${pmcid}`, fullTextIdList: { fullTextId: [`PMC${pmcid}`] } }),
    ...(doi && { doi }),
  };
  if (resultType === 'idlist') return { id, source };
  const year = article.publishedDay.slice(0, 4);
  const open = hasFullText(article);
  const standing = {
    pubYear: year,
    pageInfo: `e${article.number}`,
    isOpenAccess: yesNo(open),
    inEPMC: yesNo(pmcid !== null),
    inPMC: yesNo(pmcid !== null),
    hasPDF: yesNo(pmcid !== null),
    hasBook: 'N',
    hasSuppl: 'N',
    citedByCount: 0,
    hasReferences: 'N',
    hasTextMinedTerms: 'N',
    hasDbCrossReferences: 'N',
    hasLabsLinks: 'N',
    hasTMAccessionNumbers: 'N',
  };
  const head = {
    ...ids,
    title: `${article.title}.`,
    authorString: `${article.authors.map(([surname, given]) => `${surname} ${given.charAt(0)}`).join(', ')}.`,
  };
  const days = { firstIndexDate: article.entryDay, firstPublicationDate: article.publishedDay };
  const types = [...publicationTypes(article), ...(ppr ? ['Preprint'] : [])];
  if (resultType === 'lite')
    return {
      ...head,
      ...(article.journal && { journalTitle: article.journal }),
      pubType: types.join('; ').toLowerCase(),
      ...standing,
      ...days,
    };
  return {
    ...head,
    authorList: {
      author: article.authors.map(([surname, given]) => ({
        fullName: `${surname} ${given.charAt(0)}`,
        firstName: given,
        lastName: surname,
        initials: given.charAt(0),
      })),
    },
    ...(article.journal && {
      journalInfo: {
        volume: '1',
        dateOfPublication: year,
        monthOfPublication: Number(article.publishedDay.slice(5, 7)),
        yearOfPublication: Number(year),
        journal: { title: article.journal, medlineAbbreviation: article.journal, isoabbreviation: article.journal },
      },
    }),
    ...(article.abstract.length > 0 && {
      abstractText: article.abstract
        .map(({ heading, text }) => (heading ? `<h4>${heading}</h4>${text}` : text))
        .join(''),
    }),
    publicationStatus: 'epublish',
    language: 'eng',
    pubModel: 'Electronic',
    pubTypeList: { pubType: types },
    meshHeadingList: {
      meshHeading: (article.kind === 'veterinary' ? ['Animals', 'Dogs'] : ['Humans']).map((descriptorName) => ({
        majorTopic_YN: 'N',
        descriptorName,
      })),
    },
    keywordList: { keyword: article.keywords },
    ...(article.notices.length > 0 && {
      commentCorrectionList: {
        commentCorrection: article.notices.map((notice, i) => ({
          id: notice.pmid,
          source: 'MED',
          reference: notice.reference,
          type: NOTICE_TYPES[notice.kind],
          orderIn: i + 1,
        })),
      },
    }),
    ...standing,
    ...(article.licence && { license: article.licence }),
    ...(ppr && { versionNumber: article.version }),
    dateOfCreation: article.entryDay,
    ...days,
    dateOfRevision: article.changeDay,
    ...(pmcid && { fullTextReceivedDate: article.entryDay }),
  };
}
