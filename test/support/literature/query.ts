import { type Article, hasFullText, isRetracted, plainAbstract, publicationTypes } from './article.ts';

/**
 * The part of both services' query languages that a definition of case reports uses: AND, OR, NOT, brackets, phrases; fields behind
 * a term (`"case reports"[Publication Type]`, `"2026/01/01"[edat] : "2026/01/31"[edat]`) and before it (`PUB_TYPE:"Case Reports"`,
 * `FIRST_IDATE:[2026-01-01 TO 2026-01-31]`).
 */
export type Query = (article: Article) => boolean;

/** The query is refused, with the words for it. */
export class QueryError extends Error {}

type Token =
  | { readonly kind: 'word' | 'phrase' | 'tag' | 'field'; readonly text: string }
  | { readonly kind: '(' | ')' | ':' | 'AND' | 'OR' | 'NOT' }
  | { readonly kind: 'range'; readonly from: string; readonly to: string };

const LEXEMES = /\s+|([A-Z_]+):(?=[["\w*])|\[([^\]]*?) TO ([^\]]*?)\]|\[([^\]]+)\]|"([^"]*)"|([():])|([^\s()[\]":]+)/gy;

function tokens(query: string): Token[] {
  const found: Token[] = [];
  LEXEMES.lastIndex = 0;
  while (LEXEMES.lastIndex < query.length) {
    const match = LEXEMES.exec(query);
    if (!match) throw new QueryError(`the query cannot be read from ${JSON.stringify(query.slice(0, 60))}`);
    const [, field, from, to, tag, phrase, mark, word] = match;
    if (field !== undefined) found.push({ kind: 'field', text: field });
    else if (from !== undefined && to !== undefined) found.push({ kind: 'range', from, to });
    else if (tag !== undefined) found.push({ kind: 'tag', text: tag });
    else if (phrase !== undefined) found.push({ kind: 'phrase', text: phrase });
    else if (mark !== undefined) found.push({ kind: mark as '(' | ')' | ':' });
    else if (word !== undefined)
      found.push(word === 'AND' || word === 'OR' || word === 'NOT' ? { kind: word } : { kind: 'word', text: word });
  }
  return found;
}

export function parseQuery(query: string): Query {
  const left = tokens(query);
  const peek = (ahead = 0): Token | undefined => left[ahead];
  const either = (): Query => {
    const parts = [both()];
    while (peek()?.kind === 'OR') {
      left.shift();
      parts.push(both());
    }
    return (article) => parts.some((part) => part(article));
  };
  const both = (): Query => {
    const parts: Query[] = [];
    for (let next = peek(); next && next.kind !== ')' && next.kind !== 'OR'; next = peek()) {
      if (next.kind === 'AND') left.shift();
      else if (next.kind === 'NOT') {
        left.shift();
        const not = one();
        parts.push((article) => !not(article));
      } else parts.push(one());
    }
    return (article) => parts.every((part) => part(article));
  };
  const one = (): Query => {
    const token = left.shift();
    switch (token?.kind) {
      case '(': {
        const inner = either();
        if (left.shift()?.kind !== ')') throw new QueryError('a bracket is not closed');
        return inner;
      }
      case 'field':
        return fielded(token.text);
      case 'phrase':
      case 'word':
        return tagged(token.text);
      default:
        throw new QueryError(`${token?.kind ?? 'the end'} where a term was expected`);
    }
  };
  const fielded = (field: string): Query => {
    const value = left.shift();
    if (value?.kind === 'range') return within(field, value.from, value.to);
    if (value?.kind === 'phrase' || value?.kind === 'word') return term(field, value.text);
    if (value?.kind === '(') {
      const values: string[] = [];
      for (let next = left.shift(); next?.kind !== ')'; next = left.shift()) {
        if (!next) throw new QueryError('a bracket is not closed');
        if (next.kind === 'phrase' || next.kind === 'word') values.push(next.text);
      }
      return (article) => values.some((each) => term(field, each)(article));
    }
    throw new QueryError(`${field} has no value`);
  };
  const tagged = (first: string): Query => {
    const run = [first];
    while (peek()?.kind === 'word') run.push(wordOf(left.shift()));
    const next = peek();
    if (next?.kind === 'tag') {
      left.shift();
      if (peek()?.kind !== ':') return term(next.text, run.join(' '));
    }
    if (peek()?.kind === ':') {
      left.shift();
      const until = wordOf(left.shift());
      const tag = left.shift();
      if (tag?.kind !== 'tag') throw new QueryError('a range without a field');
      return within(tag.text, run.join(' '), until);
    }
    return (article) => run.every((word) => term('all', word)(article));
  };
  const query_ = either();
  if (left.length > 0) throw new QueryError('a bracket too many');
  return query_;
}

const wordOf = (token: Token | undefined): string => {
  if (token?.kind === 'word' || token?.kind === 'phrase') return token.text;
  throw new QueryError('a term was expected');
};

const ENTRY =
  /^(?:edat|crdt|crdat|create date|date - create|entry date|date - entry|entrez date|date - entrez|first_idate|pmclivedate|pmc live date|creation_date|e_cdate)$/;
const CHANGE = /^(?:mdat|lr|modification date|date - modification|update_date|pmcrdat|last_rev_date)$/;
const PUBLISHED = /^(?:pdat|dp|publication date|date - publication|pubdate|first_pdate|p_pdate|e_pdate|epdat)$/;

/** The day that a field of dates speaks of; null for any other field. */
export function dayOf(field: string, article: Article): string | null {
  const name = field.toLowerCase();
  if (ENTRY.test(name)) return article.entryDay;
  if (CHANGE.test(name)) return article.changeDay;
  if (PUBLISHED.test(name)) return article.publishedDay;
  return null;
}

/** `2026/1/5`, `2026-01-05`, `2026/01` or `2026` as an ISO date; the first or last day of what it names. */
export function isoDay(text: string, end: boolean): string {
  const parts = /^(\d{4})(?:[/-](\d{1,2}))?(?:[/-](\d{1,2}))?/.exec(text.trim());
  if (!parts) throw new QueryError(`${JSON.stringify(text)} is no date`);
  const [, year = '', month = end ? '12' : '01', day = end ? '31' : '01'] = parts;
  return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
}

function within(field: string, from: string, to: string): Query {
  const first = from === '*' ? '0000-01-01' : isoDay(from, false);
  const last = to === '*' ? '9999-12-31' : isoDay(to, true);
  return (article) => {
    const day = dayOf(field, article);
    if (day === null) throw new QueryError(`${field} is no field of dates`);
    return day >= first && day <= last;
  };
}

const plain = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
const has = (text: string, part: string): boolean => ` ${plain(text)} `.includes(` ${plain(part)} `);
const all = (article: Article): string =>
  [article.title, plainAbstract(article), article.journal, ...article.keywords, ...publicationTypes(article)].join(' ');

function term(field: string, value: string): Query {
  const name = field.toLowerCase();
  const yes = /^(?:y|yes|true)$/i.test(value);
  return (article) => {
    if (dayOf(field, article) !== null) return within(field, value, value)(article);
    switch (name) {
      case 'pt':
      case 'ptyp':
      case 'publication type':
      case 'pub_type':
        return publicationTypes(article).some((type) => plain(type) === plain(value));
      case 'ti':
      case 'title':
        return has(article.title, value);
      case 'tiab':
      case 'title/abstract':
      case 'title_abs':
        return has(`${article.title} ${plainAbstract(article)}`, value);
      case 'ab':
      case 'abstract':
        return has(plainAbstract(article), value);
      case 'uid':
      case 'pmid':
      case 'ext_id':
        return [article.pmid, article.ppr && `PPR${article.ppr}`].includes(value);
      case 'pmcid':
      case 'pmc':
      case 'accession':
        return article.pmcid === value.replace(/^PMC/i, '');
      case 'aid':
      case 'doi':
        return article.doi === value;
      case 'src':
        return value.toUpperCase() === (article.pmid ? 'MED' : article.pmcid ? 'PMC' : 'PPR');
      case 'open_access':
        return article.openAccess === yes;
      case 'in_epmc':
        return (article.pmcid !== null) === yes;
      case 'has_ft':
        return hasFullText(article) === yes;
      case 'has_abstract':
        return article.abstract.length > 0 === yes;
      case 'filter':
      case 'sb':
        return filter(plain(value), article);
      case 'la':
      case 'lang':
      case 'language':
        return /^eng(?:lish)?$/i.test(value);
      case 'mh':
      case 'mesh':
      case 'kw':
      case 'article type':
      case 'all':
      case 'all fields':
        return value === '*' || has(all(article), value);
      default:
        throw new QueryError(`the field ${field} is not known`);
    }
  };
}

const filter = (name: string, article: Article): boolean => {
  if (name === 'open access') return article.openAccess;
  if (name === 'hasabstract') return article.abstract.length > 0;
  if (name === 'retracted publication') return isRetracted(article);
  return true;
};
