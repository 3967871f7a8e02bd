import { type Answer, type Asked, answer, JSON_TYPE, type Quirk, withQuirk, XML_TYPE } from './answer.ts';
import { type Article, xml } from './article.ts';
import { pmcArticleSet } from './jats.ts';
import { pubmedArticleSet } from './medline.ts';
import { dayOf, isoDay, parseQuery, QueryError } from './query.ts';
import type { World } from './world.ts';

export type EutilsSettings = {
  /** Hits of one query that PubMed gives out; pages are cut short at that edge without a word. */
  readonly ceiling: number;
};

const RETMAX_DEFAULT = 20;
const RETMAX_MOST = 10_000;
/** Longer addresses are refused: many ids go into a form. */
const URL_CHARS_MAX = 8_000;

const idIn = (db: string, article: Article): string | null =>
  db === 'pubmed' ? article.pmid : db === 'pmc' ? article.pmcid : null;

export function esearch(world: World, asked: Asked, settings: EutilsSettings, quirk: Quirk): Answer {
  const { params } = asked;
  const db = params.get('db') ?? 'pubmed';
  const isJson = params.get('retmode') === 'json';
  const failed = (message: string): Answer =>
    isJson
      ? answer(200, JSON_TYPE, `{"header":{"type":"esearch","version":"0.3"},"esearchresult":{"ERROR":"${message}"}}`)
      : answer(200, XML_TYPE, `${SEARCH_HEAD}<eSearchResult>\n\t<ERROR>${xml(message)}</ERROR>\n</eSearchResult>\n`);
  if (db !== 'pubmed' && db !== 'pmc') return failed(`Invalid db name specified: ${db}`);
  const term = params.get('term') ?? '';
  if (term.trim() === '') return failed('Empty term and query_key - nothing todo');
  const start = Number(params.get('retstart') ?? 0);
  const ceiling = db === 'pubmed' ? settings.ceiling : Number.POSITIVE_INFINITY;
  // The line break stands in the real answer too, which makes its JSON unreadable.
  if (start >= ceiling)
    return failed(
      `Search Backend failed: Exception:\n'retstart' cannot be larger than ${ceiling - 1}. For PubMed, ESearch can only retrieve the first ${ceiling} records matching the query.`,
    );
  let hits: readonly Article[];
  try {
    const matches = parseQuery(term);
    const inDays = daysOf(params);
    hits = world.articles().filter((article) => idIn(db, article) !== null && inDays(article) && matches(article));
  } catch (error) {
    if (error instanceof QueryError) return failed(`Query syntax: ${error.message}`);
    throw error;
  }
  const sorted = [...hits].sort((a, b) => b.entryDay.localeCompare(a.entryDay) || b.number - a.number);
  const max = Math.min(Number(params.get('retmax') ?? RETMAX_DEFAULT), RETMAX_MOST);
  const page = withQuirk(sorted.slice(start, Math.min(start + max, ceiling)), quirk);
  const ids = page.map((article) => idIn(db, article) ?? '');
  const prefix = db === 'pubmed' ? 'PMID_' : 'PMC_';
  const keys = ids.map((id) => prefix + id);
  return isJson
    ? answer(200, JSON_TYPE, searchJson(sorted.length, start, ids, term), keys)
    : answer(200, XML_TYPE, searchXml(sorted.length, start, ids, term), keys);
}

function daysOf(params: URLSearchParams): (article: Article) => boolean {
  const type = params.get('datetype');
  const relative = params.get('reldate');
  const [min, max] = [params.get('mindate'), params.get('maxdate')];
  if (relative !== null && type !== null) {
    const from = new Date(Date.now() - Number(relative) * 86_400_000).toISOString().slice(0, 10);
    return (article) => (dayOf(type, article) ?? '') >= from;
  }
  // The service takes the two together or not at all.
  if (min === null || max === null) return () => true;
  const [from, to] = [isoDay(min, false), isoDay(max, true)];
  return (article) => {
    const day = dayOf(type ?? 'pdat', article);
    if (day === null) throw new QueryError(`datetype ${type} is not known`);
    return day >= from && day <= to;
  };
}

const SEARCH_HEAD = `<?xml version="1.0" encoding="UTF-8" ?>
<!DOCTYPE eSearchResult PUBLIC "-//NLM//DTD esearch 20060628//EN" "https://eutils.ncbi.nlm.nih.gov/eutils/dtd/20060628/esearch.dtd">
`;

function searchXml(count: number, start: number, ids: readonly string[], term: string): string {
  const list = ids.length === 0 ? '<IdList/>' : `<IdList>\n${ids.map((id) => `<Id>${id}</Id>`).join('\n')}\n</IdList>`;
  const nothing = count === 0 ? '<WarningList><OutputMessage>No items found.</OutputMessage></WarningList>' : '';
  return `${SEARCH_HEAD}<eSearchResult><Count>${count}</Count><RetMax>${ids.length}</RetMax><RetStart>${start}</RetStart>${list}<TranslationSet/><QueryTranslation>${xml(term)}</QueryTranslation>${nothing}</eSearchResult>\n`;
}

const searchJson = (count: number, start: number, ids: readonly string[], term: string): string =>
  JSON.stringify({
    header: { type: 'esearch', version: '0.3' },
    esearchresult: {
      count: String(count),
      retmax: String(ids.length),
      retstart: String(start),
      idlist: ids,
      translationset: [],
      querytranslation: term,
      ...(count === 0 && {
        warninglist: { phrasesignored: [], quotedphrasesnotfound: [], outputmessages: ['No items found.'] },
      }),
    },
  });

export function efetch(world: World, asked: Asked): Answer {
  const { params } = asked;
  if (asked.method === 'GET' && asked.path.length > URL_CHARS_MAX)
    return answer(414, 'text/html', '<html><head><title>414 Request-URI Too Large</title></head></html>');
  const db = params.get('db') ?? 'pubmed';
  const ids = params
    .getAll('id')
    .flatMap((list) => list.split(','))
    .map((id) => id.trim().replace(db === 'pmc' ? /^PMC/i : /^$/, ''))
    .filter((id) => /^\d+$/.test(id));
  if (ids.length === 0)
    return answer(
      400,
      XML_TYPE,
      '<?xml version="1.0" encoding="UTF-8" ?>\n<eFetchResult>\n\t<ERROR>ID list is empty! Possibly it has no correct IDs.</ERROR>\n</eFetchResult>\n',
    );
  if (db === 'pubmed') {
    const found = [...new Set(ids)].map((id) => world.byPmid(id)).filter((article) => article !== null);
    const articles = [...new Set(found)];
    return answer(
      200,
      XML_TYPE,
      pubmedArticleSet(articles),
      articles.map(({ pmid }) => `PMID_${pmid}`),
    );
  }
  if (db === 'pmc') {
    const found = [...new Set(ids)].map((id) => world.byPmcid(id) ?? { unknown: id });
    const articles = found.flatMap((one) => ('unknown' in one ? [] : [one]));
    return answer(
      200,
      XML_TYPE,
      pmcArticleSet(found),
      articles.map(({ pmcid }) => `PMC_${pmcid}`),
    );
  }
  return answer(
    400,
    XML_TYPE,
    `<?xml version="1.0" ?>\n<eFetchResult><ERROR>Invalid db name specified: ${xml(db)}</ERROR></eFetchResult>`,
  );
}

/** Seen requests of one caller within a second; beyond the limit the body names the caller, as the real one does. */
export function makeRateLimit(limits: {
  readonly without: number;
  readonly withKey: number;
}): (asked: Asked, nowMs: number) => Answer | null {
  const seen = new Map<string, number[]>();
  return ({ params }, nowMs) => {
    const key = params.get('api_key');
    const caller = key ?? '127.0.0.1';
    const recent = (seen.get(caller) ?? []).filter((atMs) => nowMs - atMs < 1_000);
    recent.push(nowMs);
    seen.set(caller, recent);
    const limit = key === null ? limits.without : limits.withKey;
    if (recent.length <= limit) return null;
    return answer(429, JSON_TYPE, rateLimitBody(caller, recent.length, limit));
  };
}

export const rateLimitBody = (caller: string, count: number, limit: number): string =>
  JSON.stringify({ error: 'API rate limit exceeded', 'api-key': caller, count: String(count), limit: String(limit) });
