/** What an article is; it decides the publication type, the article type and the text. */
export const ARTICLE_KINDS = [
  'case',
  'series',
  'letter',
  'correction',
  'retraction-notice',
  'review',
  'editorial',
  'veterinary',
] as const;
export type ArticleKind = (typeof ARTICLE_KINDS)[number];

/** A tag set that full texts come in. */
export const DIALECTS = ['jats-1.0', 'jats-1.1', 'jats-1.2', 'jats-1.3', 'jats-1.4', 'nlm-2.3', 'nlm-3.0'] as const;
export type Dialect = (typeof DIALECTS)[number];

export type Passage = { readonly heading: string | null; readonly text: string };
export type Section = {
  readonly heading: string;
  readonly paragraphs: readonly string[];
  readonly table?: { readonly caption: string; readonly rows: readonly (readonly string[])[] };
};
export type ArticleNotice = {
  readonly kind: 'retraction' | 'expression_of_concern' | 'erratum';
  readonly reference: string;
  readonly pmid: string;
};

/** One article as the services know it. Days are ISO 8601 dates. */
export type Article = {
  readonly number: number;
  readonly kind: ArticleKind;
  /** In this article alone. */
  readonly marker: string;
  /** Ids are digits alone; an article has at least one of the first three. */
  readonly pmid: string | null;
  readonly pmcid: string | null;
  readonly ppr: string | null;
  readonly doi: string | null;
  readonly title: string;
  readonly journal: string;
  readonly authors: readonly (readonly [surname: string, given: string])[];
  readonly abstract: readonly Passage[];
  /** Null where there is an abstract alone. */
  readonly body: readonly Section[] | null;
  readonly patients: number;
  readonly keywords: readonly string[];
  readonly licence: 'cc by' | 'cc by-nc' | 'cc by-nc-nd' | null;
  readonly openAccess: boolean;
  readonly dialect: Dialect;
  readonly publishedDay: string;
  readonly entryDay: string;
  readonly changeDay: string;
  readonly version: number;
  readonly notices: readonly ArticleNotice[];
  /** The same article under other ids. */
  readonly duplicateOf: number | null;
  /** As a real service once sent it, in place of what would be made of the fields. */
  readonly recorded?: { readonly medline?: string; readonly jats?: string; readonly europePmc?: unknown };
};

export const isRetracted = (article: Article): boolean => article.notices.some(({ kind }) => kind === 'retraction');

/** As MEDLINE names them. */
export function publicationTypes(article: Article): readonly string[] {
  const byKind: Readonly<Record<ArticleKind, readonly string[]>> = {
    case: ['Case Reports', 'Journal Article'],
    series: ['Case Reports', 'Journal Article'],
    veterinary: ['Case Reports', 'Journal Article'],
    letter: ['Letter'],
    correction: ['Published Erratum'],
    'retraction-notice': ['Retraction Notice'],
    review: ['Review', 'Journal Article'],
    editorial: ['Editorial'],
  };
  return [...byKind[article.kind], ...(isRetracted(article) ? ['Retracted Publication'] : [])];
}

export const plainAbstract = (article: Article): string =>
  article.abstract.map(({ heading, text }) => (heading ? `${heading}: ${text}` : text)).join(' ');

export const xml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Stands for a byte that no UTF-8 text holds: the server sends 0xE9 (Latin-1 for é) in its place. */
export const BROKEN = '\uE000';
/** The text as it goes over the wire. */
export function encode(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  if (!text.includes(BROKEN)) return bytes;
  const [one, two, three] = Buffer.from(BROKEN, 'utf8');
  const sent: number[] = [];
  for (let i = 0; i < bytes.length; i++) {
    const isBroken = bytes[i] === one && bytes[i + 1] === two && bytes[i + 2] === three;
    sent.push(isBroken ? 0xe9 : (bytes[i] ?? 0));
    if (isBroken) i += 2;
  }
  return Buffer.from(sent);
}

/** Full text is given out to machines. */
export const hasFullText = (article: Article): boolean =>
  article.pmcid !== null && article.openAccess && (article.body !== null || article.recorded?.jats !== undefined);
