import { type Article, publicationTypes, xml } from './article.ts';

const HEAD = `<?xml version="1.0" ?>
<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN" "https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">
`;

/** What efetch answers for db=pubmed: one element a record, in the order of the ids. */
export const pubmedArticleSet = (articles: readonly Article[]): string =>
  `${HEAD}<PubmedArticleSet>${articles.map((article) => `\n${pubmedArticle(article)}`).join('')}${articles.length > 0 ? '\n' : ''}</PubmedArticleSet>`;

const REF_TYPES = {
  retraction: 'RetractionIn',
  erratum: 'ErratumIn',
  expression_of_concern: 'ExpressionOfConcernIn',
} as const;
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

const date = (day: string): string => {
  const [year, month, date] = day.split('-');
  return `<Year>${year}</Year><Month>${month}</Month><Day>${date}</Day>`;
};
const shortDate = (day: string): string => {
  const [year, month, date] = day.split('-');
  return `<Year>${year}</Year><Month>${Number(month)}</Month><Day>${Number(date)}</Day>`;
};

function pubmedArticle(article: Article): string {
  if (article.recorded?.medline !== undefined) return article.recorded.medline;
  const { pmid, pmcid, doi, publishedDay, entryDay, changeDay } = article;
  const [year, month] = publishedDay.split('-');
  const abstract = article.abstract.map(
    ({ heading, text }) =>
      `<AbstractText${heading ? ` Label="${xml(heading)}" NlmCategory="UNASSIGNED"` : ''}>${xml(text)}</AbstractText>`,
  );
  const authors = article.authors.map(
    ([surname, given]) =>
      `<Author ValidYN="Y"><LastName>${xml(surname)}</LastName><ForeName>${xml(given)}</ForeName><Initials>${xml(given.charAt(0))}</Initials></Author>`,
  );
  const types = publicationTypes(article).map((type) => `<PublicationType UI="D000000">${xml(type)}</PublicationType>`);
  const corrections = article.notices.map(
    (notice) =>
      `<CommentsCorrections RefType="${REF_TYPES[notice.kind]}"><RefSource>${xml(notice.reference)}</RefSource><PMID Version="1">${notice.pmid}</PMID></CommentsCorrections>`,
  );
  const keywords = article.keywords.map((keyword) => `<Keyword MajorTopicYN="N">${xml(keyword)}</Keyword>`);
  return `<PubmedArticle>
  <MedlineCitation Status="PubMed-not-MEDLINE" Owner="NLM" IndexingMethod="Automated">
    <PMID Version="${article.version}">${pmid}</PMID>
    <DateRevised>${date(changeDay)}</DateRevised>
    <Article PubModel="Electronic">
      <Journal>
        <ISSN IssnType="Electronic">0000-0000</ISSN>
        <JournalIssue CitedMedium="Internet"><Volume>1</Volume><Issue>1</Issue><PubDate><Year>${year}</Year><Month>${MONTHS[Number(month) - 1]}</Month></PubDate></JournalIssue>
        <Title>${xml(article.journal)}</Title>
        <ISOAbbreviation>${xml(article.journal)}</ISOAbbreviation>
      </Journal>
      <ArticleTitle>${xml(article.title)}.</ArticleTitle>
      <Pagination><MedlinePgn>e${article.number}</MedlinePgn></Pagination>
      ${doi ? `<ELocationID EIdType="doi" ValidYN="Y">${xml(doi)}</ELocationID>` : ''}
      ${abstract.length > 0 ? `<Abstract>${abstract.join('')}</Abstract>` : ''}
      <AuthorList CompleteYN="Y">${authors.join('')}</AuthorList>
      <Language>eng</Language>
      <PublicationTypeList>${types.join('')}</PublicationTypeList>
      <ArticleDate DateType="Electronic">${date(publishedDay)}</ArticleDate>
    </Article>
    <MedlineJournalInfo><Country>England</Country><MedlineTA>${xml(article.journal)}</MedlineTA><NlmUniqueID>000000000</NlmUniqueID></MedlineJournalInfo>
    ${corrections.length > 0 ? `<CommentsCorrectionsList>${corrections.join('')}</CommentsCorrectionsList>` : ''}
    <MeshHeadingList>${(article.kind === 'veterinary' ? ['Animals', 'Dogs'] : ['Humans']).map((name) => `<MeshHeading><DescriptorName UI="D000000" MajorTopicYN="N">${name}</DescriptorName></MeshHeading>`).join('')}</MeshHeadingList>
    <KeywordList Owner="NOTNLM">${keywords.join('')}</KeywordList>
  </MedlineCitation>
  <PubmedData>
    <History>
      <PubMedPubDate PubStatus="pubmed">${shortDate(entryDay)}<Hour>6</Hour><Minute>0</Minute></PubMedPubDate>
      <PubMedPubDate PubStatus="entrez">${shortDate(entryDay)}<Hour>4</Hour><Minute>13</Minute></PubMedPubDate>
    </History>
    <PublicationStatus>epublish</PublicationStatus>
    <ArticleIdList><ArticleId IdType="pubmed">${pmid}</ArticleId>${pmcid ? `<ArticleId IdType="pmc">PMC${pmcid}</ArticleId>` : ''}${doi ? `<ArticleId IdType="doi">${xml(doi)}</ArticleId>` : ''}</ArticleIdList>
  </PubmedData>
</PubmedArticle>`;
}
