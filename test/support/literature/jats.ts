import { type Article, type ArticleKind, hasFullText, isRetracted, type Section, xml } from './article.ts';

const SET_HEAD = `<?xml version="1.0" ?>
<!DOCTYPE pmc-articleset PUBLIC "-//NLM//DTD ARTICLE SET 2.0//EN" "https://dtd.nlm.nih.gov/ncbi/pmc/articleset/nlm-articleset-2.0.dtd">
`;
const NOT_GIVEN = '<!--The publisher of this article does not allow downloading of the full text in XML form.-->';

/** What efetch answers for db=pmc: articles, and an error for each id that it does not know. */
export const pmcArticleSet = (found: readonly (Article | { readonly unknown: string })[]): string =>
  `${SET_HEAD}<pmc-articleset>${found
    .map((one) =>
      'unknown' in one
        ? `<error id="${one.unknown}">The following PMCID is not available: ${one.unknown}</error>`
        : jatsArticle(one),
    )
    .join('\n')}</pmc-articleset>`;

const DOCTYPES: Readonly<Record<string, string>> = {
  'jats-1.0':
    '<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96) Journal Archiving and Interchange DTD v1.0 20120330//EN" "JATS-archivearticle1.dtd">',
  'jats-1.4':
    '<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96) Journal Archiving and Interchange DTD with MathML3 v1.4 20241031//EN" "JATS-archivearticle1-4-mathml3.dtd">',
  'nlm-2.3':
    '<!DOCTYPE article PUBLIC "-//NLM//DTD Journal Archiving and Interchange DTD v2.3 20070202//EN" "archivearticle.dtd">',
  'nlm-3.0':
    '<!DOCTYPE article PUBLIC "-//NLM//DTD Journal Archiving and Interchange DTD v3.0 20080202//EN" "archivearticle3.dtd">',
};

/** What Europe PMC answers for /fullTextXML. */
export const fullTextXml = (article: Article): string =>
  article.recorded?.jats ?? `${DOCTYPES[article.dialect] ?? DOCTYPES['jats-1.4']}\n${jatsArticle(article)}`;

const TYPES: Readonly<Record<ArticleKind, string>> = {
  case: 'case-report',
  series: 'case-report',
  veterinary: 'case-report',
  letter: 'letter',
  correction: 'correction',
  'retraction-notice': 'retraction',
  review: 'review-article',
  editorial: 'editorial',
};
const HEADINGS: Readonly<Record<ArticleKind, string>> = {
  case: 'Case Report',
  series: 'Case Series',
  veterinary: 'Case Report',
  letter: 'Letter',
  correction: 'Correction',
  'retraction-notice': 'Retraction',
  review: 'Review',
  editorial: 'Editorial',
};
const LICENCES = {
  'cc by': 'https://creativecommons.org/licenses/by/4.0/',
  'cc by-nc': 'https://creativecommons.org/licenses/by-nc/4.0/',
  'cc by-nc-nd': 'https://creativecommons.org/licenses/by-nc-nd/4.0/',
} as const;
const RELATED = {
  retraction: 'retraction-forward',
  erratum: 'correction-forward',
  expression_of_concern: 'concern-forward',
} as const;

const date = (day: string): string => {
  const [year, month, date] = day.split('-');
  return `<day>${Number(date)}</day><month>${Number(month)}</month><year>${year}</year>`;
};

/** Tag sets differ in how they name ids, the journal's title and the licence. */
export function jatsArticle(article: Article): string {
  if (article.recorded?.jats !== undefined) return withoutProlog(article.recorded.jats);
  const { dialect, pmid, pmcid, doi } = article;
  const version = dialect.slice(dialect.indexOf('-') + 1);
  const isJats = dialect.startsWith('jats');
  const isNew = version === '1.3' || version === '1.4';
  const whole = hasFullText(article);
  const id = (type: string, value: string | null): string =>
    value === null ? '' : `<article-id pub-id-type="${type}">${xml(value)}</article-id>`;
  const ids = isNew
    ? `${id('pmcid', pmcid && `PMC${pmcid}`)}${id('pmcid-ver', pmcid && `PMC${pmcid}.${article.version}`)}${id('pmcaid', pmcid)}`
    : id('pmc', pmcid);
  const journal = `<journal-title>${xml(article.journal)}</journal-title>`;
  const authors = article.authors.map(
    ([surname, given]) =>
      `<contrib contrib-type="author"><name><surname>${xml(surname)}</surname><given-names>${xml(given)}</given-names></name></contrib>`,
  );
  const passages = article.abstract.map(({ heading, text }) =>
    heading ? `<sec><title>${xml(heading)}</title><p>${xml(text)}</p></sec>` : `<p>${xml(text)}</p>`,
  );
  const related = article.notices.map(
    ({ kind, pmid: by }) =>
      `<related-article related-article-type="${RELATED[kind]}" ext-link-type="pubmed" xlink:href="${by}"/>`,
  );
  const title = `${isRetracted(article) ? 'Retracted: ' : ''}${article.title}`;
  return `<article xmlns:mml="http://www.w3.org/1998/Math/MathML" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:ali="http://www.niso.org/schemas/ali/1.0/" xml:lang="en" article-type="${TYPES[article.kind]}"${isJats ? ` dtd-version="${version}"` : ''}>
${whole ? '<?properties open_access?>' : NOT_GIVEN}
<front>
<journal-meta><journal-id journal-id-type="nlm-ta">${xml(article.journal)}</journal-id>${version === '2.3' ? journal : `<journal-title-group>${journal}</journal-title-group>`}<issn pub-type="epub">0000-0000</issn></journal-meta>
<article-meta>
${ids}${id('pmid', pmid)}${id('doi', doi)}
<article-categories><subj-group subj-group-type="heading"><subject>${HEADINGS[article.kind]}</subject></subj-group></article-categories>
<title-group><article-title>${xml(title)}</article-title></title-group>
<contrib-group>${authors.join('')}</contrib-group>
<pub-date pub-type="epub">${date(article.publishedDay)}</pub-date>
<volume>1</volume><elocation-id>e${article.number}</elocation-id>
${isNew ? `<pub-history><event event-type="pmc-last-change"><date iso-8601-date="${article.changeDay} 08:00:00.000">${date(article.changeDay)}</date></event></pub-history>` : ''}
<permissions><copyright-statement>&#xA9; The authors</copyright-statement>${licence(article, isJats)}</permissions>
${related.join('')}
${passages.length > 0 ? `<abstract>${passages.join('')}</abstract>` : ''}
<kwd-group>${article.keywords.map((keyword) => `<kwd>${xml(keyword)}</kwd>`).join('')}</kwd-group>
</article-meta>
</front>
${whole && article.body ? `<body>${article.body.map(section).join('\n')}</body>` : ''}
</article>`;
}

function licence({ licence: name }: Article, isJats: boolean): string {
  if (name === null) return '';
  const url = LICENCES[name];
  return isJats
    ? `<license><ali:license_ref specific-use="textmining" content-type="${name.replaceAll(/[ -]/g, '')}license">${url}</ali:license_ref><license-p>Open access under a Creative Commons licence.</license-p></license>`
    : `<license license-type="open-access" xlink:href="${url}"><p>Open access under a Creative Commons licence.</p></license>`;
}

const section = (
  { heading, paragraphs, table }: Section,
  i: number,
): string => `<sec id="s${i + 1}"><title>${xml(heading)}</title>
${paragraphs.map((text) => `<p>${xml(text).replace(/°/g, '&#xB0;')}</p>`).join('\n')}${
  table
    ? `\n<table-wrap id="t${i + 1}"><label>Table ${i + 1}</label><caption><p>${xml(table.caption)}</p></caption><table><tbody>${table.rows.map((row) => `<tr>${row.map((cell) => `<td>${xml(cell)}</td>`).join('')}</tr>`).join('')}</tbody></table></table-wrap>`
    : ''
}</sec>`;

const withoutProlog = (text: string): string => text.slice(Math.max(0, text.search(/<article[\s>]/)));
