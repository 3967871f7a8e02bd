import { type Answer, type Asked, answer, JSON_TYPE, XML_TYPE } from './answer.ts';
import { type Article, hasFullText, plainAbstract, xml } from './article.ts';
import { jatsArticle } from './jats.ts';
import { isoDay } from './query.ts';
import type { World } from './world.ts';

const RECORDS_A_PAGE = 10;

/** PMC by OAI-PMH: GetRecord, ListRecords and ListIdentifiers by day of change, ten a page. */
export function oai(world: World, { params }: Asked): Answer {
  const verb = params.get('verb') ?? '';
  const reply = (inner: string, ids: readonly string[] = []): Answer =>
    answer(
      200,
      XML_TYPE,
      `${HEAD}<responseDate>${world.today}T00:00:00Z</responseDate><request verb="${xml(verb)}">https://pmc.ncbi.nlm.nih.gov/api/oai/v1/mh/</request>${inner}</OAI-PMH>`,
      ids,
    );
  if (verb === 'GetRecord') {
    const pmcid = /:(\d+)$/.exec(params.get('identifier') ?? '')?.[1] ?? '';
    const article = world.byPmcid(pmcid);
    if (!article || !hasFullText(article))
      return reply('<error code="idDoesNotExist">The identifier is unknown or its full text is not given out.</error>');
    return reply(`<GetRecord>${record(article, true)}</GetRecord>`, [`PMC_${article.pmcid}`]);
  }
  if (verb !== 'ListRecords' && verb !== 'ListIdentifiers') return reply('<error code="badVerb">Illegal verb.</error>');
  const token = params.get('resumptionToken');
  const [from, until, offset] =
    token === null
      ? [isoDay(params.get('from') ?? '0001', false), isoDay(params.get('until') ?? '9999', true), 0]
      : [token.slice(0, 10), token.slice(10, 20), Number(token.slice(20))];
  const hits = world
    .articles()
    .filter((article) => hasFullText(article) && article.changeDay >= from && article.changeDay <= until)
    .sort((a, b) => a.changeDay.localeCompare(b.changeDay) || a.number - b.number);
  if (hits.length === 0) return reply('<error code="noRecordsMatch">No records match.</error>');
  const page = hits.slice(offset, offset + RECORDS_A_PAGE);
  const more = offset + RECORDS_A_PAGE < hits.length ? `${from}${until}${offset + RECORDS_A_PAGE}` : '';
  const records = page.map((article) => record(article, verb === 'ListRecords')).join('');
  return reply(
    `<${verb}>${records}<resumptionToken completeListSize="${hits.length}" cursor="${offset}">${more}</resumptionToken></${verb}>`,
    page.map(({ pmcid }) => `PMC_${pmcid}`),
  );
}

const HEAD =
  '<?xml version="1.0" encoding="UTF-8"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.openarchives.org/OAI/2.0/ http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd">';

function record(article: Article, whole: boolean): string {
  const header = `<header><identifier>oai:pubmedcentral.nih.gov:${article.pmcid}</identifier><datestamp>${article.changeDay}</datestamp><setSpec>pmc-open</setSpec></header>`;
  return whole ? `<record>${header}<metadata>${jatsArticle(article)}</metadata></record>` : header;
}

/** One article as BioC JSON; what is not known is an error in words under a 200. */
export function bioc(world: World, { path }: Asked): Answer {
  const pmcid = /BioC_json\/PMC(\d+)\//.exec(path)?.[1];
  const article = pmcid === undefined ? null : world.byPmcid(pmcid);
  if (!article || !hasFullText(article))
    return answer(
      200,
      'text/html',
      '[Error] : No result can be found. <BR><HR><B> - https://www.ncbi.nlm.nih.gov/research/bionlp/RESTful/pmcoa.cgi/BioC_[xml|json]/[ID]/[unicode|ascii]</B>\n',
    );
  let offset = 0;
  const passage = (section: string, type: string, text: string): unknown => {
    const one = {
      offset,
      infons: { section_type: section, type },
      text,
      sentences: [],
      annotations: [],
      relations: [],
    };
    offset += text.length + 1;
    return one;
  };
  const passages = [
    {
      offset,
      infons: {
        'article-id_doi': article.doi,
        'article-id_pmc': article.pmcid,
        'article-id_pmid': article.pmid,
        license: article.licence,
        section_type: 'TITLE',
        type: 'front',
        year: article.publishedDay.slice(0, 4),
      },
      text: article.title,
      sentences: [],
      annotations: [],
      relations: [],
    },
    passage('ABSTRACT', 'abstract', plainAbstract(article)),
    ...(article.body ?? []).flatMap(({ heading, paragraphs }) => [
      passage('CASE', 'title_1', heading),
      ...paragraphs.map((text) => passage('CASE', 'paragraph', text)),
    ]),
  ];
  const collection = {
    source: 'PMC',
    date: article.changeDay.replaceAll('-', ''),
    key: 'pmc.key',
    infons: {},
    documents: [{ id: article.pmcid, infons: { license: article.licence }, passages, annotations: [], relations: [] }],
  };
  return answer(200, JSON_TYPE, JSON.stringify([collection]), [`PMC_${article.pmcid}`]);
}
