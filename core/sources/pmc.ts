import { OutageError, QuotaError, StageError, ValidationError } from '../engine/errors.ts';
import { errorOf, readAnswer, redact } from './answers.ts';
import type { Http } from './http/http.ts';
import {
  askUtility,
  foreignKey,
  idsOf,
  listHits,
  NCBI_SERVICE,
  type NcbiDatabase,
  type NcbiSettings,
  secretsOf,
} from './ncbi.ts';
import { SliceError, slices } from './slices.ts';
import type { Retrieved, RetrievedDocument, Source, Wanted } from './source.ts';

export type PmcSettings = NcbiSettings & {
  /** Where PMC answers OAI-PMH; null to leave it alone. */
  readonly oaiUrl: string | null;
};

const service = NCBI_SERVICE;
/** Searches of other databases than PubMed are given out whole (NBK25499, ESearch, retstart). */
const DATABASE: NcbiDatabase = { db: 'pmc', prefix: 'PMC_', ceiling: null };
/** A full text has 50 to 500 kB. */
const RETRIEVE_MAX = 20;
/** Where `front` ends in every full text that was seen. */
const HEAD_BYTES = 262_144;

type PmcArticle = {
  readonly id: string | null;
  readonly hasBody: boolean;
  /** The publisher lets nobody have the full text: only its front matter came. */
  readonly isClosed: boolean;
  readonly bytes: Uint8Array;
};

/** PMCID and standing of one `article`: the first id of that type, behind which its references and sub-articles stand. */
function articleOf(bytes: Uint8Array): PmcArticle {
  const text = new TextDecoder().decode(bytes);
  const [, id] =
    /<article-id(?=[^<>]{0,200}pub-id-type\s?=\s?["'](?:pmc|pmcid)["'])[^<>]{0,300}>\s{0,20}(?:PMC)?(\d{1,12})(?:\.\d{1,3})?\s{0,20}</i.exec(
      text.slice(0, HEAD_BYTES),
    ) ?? [];
  return {
    id: id === undefined ? null : String(Number(id)),
    hasBody: /<body[\s>]/.test(text),
    isClosed: /does not allow downloading of the full text/i.test(text),
    bytes,
  };
}

/** Ids that an article set names as errors, with what it says of each. */
function errorsOf(text: string): ReadonlyMap<string, string> {
  const errors = new Map<string, string>();
  const attribute = (attributes: string, name: string): string =>
    new RegExp(`\\b${name}\\s?=\\s?["']([^"'<>]{0,300})["']`, 'i').exec(attributes)?.[1] ?? '';
  for (const [, attributes = '', said = ''] of text.matchAll(/<error\b([^<>]{0,600})>([^<]{0,600})<\/error>/gi)) {
    const id = /(\d{1,12})/.exec(attribute(attributes, 'id') || said)?.[1];
    if (id !== undefined) errors.set(String(Number(id)), said.trim());
  }
  for (const [, attributes = ''] of text.matchAll(/<reply\b([^<>]{0,900})\/?>/gi)) {
    const id = /(\d{1,12})/.exec(attribute(attributes, 'id'))?.[1];
    const said = attribute(attributes, 'error');
    if (id !== undefined && said !== '') errors.set(String(Number(id)), said);
  }
  return errors;
}

function cut(bytes: Uint8Array): readonly PmcArticle[] {
  try {
    return slices(bytes, ['article']).flatMap((slice) => (slice.bytes === null ? [] : [articleOf(slice.bytes)]));
  } catch (error) {
    if (!(error instanceof SliceError)) throw error;
    throw new ValidationError(`the answer cannot be taken apart into articles (${error.problem}); it is asked again`, {
      service,
    });
  }
}

const documentOf = (id: string, bytes: Uint8Array): RetrievedDocument => ({
  format: 'jats',
  bytes,
  locator: `https://pmc.ncbi.nlm.nih.gov/articles/PMC${id}/`,
});

/** PMC by esearch and efetch, and by OAI-PMH where efetch gives no full text that should be there (NBK25499). */
export function pmc(settings: PmcSettings): Source {
  type Fetched = {
    readonly articles: readonly PmcArticle[];
    readonly errors: ReadonlyMap<string, string>;
    readonly refused: string | null;
  };
  const fetchArticles = async (ids: readonly string[], http: Http): Promise<Fetched> => {
    const { reading, bytes } = await askUtility(http, settings, 'documents', 'efetch', {
      db: DATABASE.db,
      id: ids.join(','),
      retmode: 'xml',
    });
    if (reading.kind === 'problem') {
      const { problem } = reading;
      if (problem.class === 'refuse') return { articles: [], errors: new Map(), refused: problem.message };
      throw errorOf(problem, service, 'documents');
    }
    if (reading.kind !== 'xml' || reading.root !== 'pmc-articleset')
      throw new ValidationError('efetch answered something else than articles; it is asked again', { service });
    return { articles: cut(bytes), errors: errorsOf(reading.text), refused: null };
  };

  /** The article by OAI-PMH; null where it has none, or not for everybody. */
  const harvest = async (id: string, http: Http): Promise<PmcArticle | null> => {
    if (settings.oaiUrl === null) return null;
    const url = new URL(settings.oaiUrl);
    url.search = new URLSearchParams({
      verb: 'GetRecord',
      identifier: `oai:pubmedcentral.nih.gov:${id}`,
      metadataPrefix: 'pmc',
    }).toString();
    const answer = await http({ service, url });
    const reading = readAnswer(answer, 'documents', secretsOf(settings));
    if (reading.kind === 'problem') {
      if (reading.problem.class === 'refuse') return null;
      throw errorOf(reading.problem, service, 'documents');
    }
    if (reading.kind !== 'xml' || reading.root !== 'OAI-PMH')
      throw new ValidationError('OAI-PMH answered something else than a record; it is asked again', { service });
    const [article] = cut(answer.bytes);
    return article !== undefined && (article.id === null || article.id === id) ? article : null;
  };

  const settle = async (id: string, key: string, fetched: Fetched, http: Http): Promise<Retrieved> => {
    const own = fetched.articles.find((article) => article.id === id);
    const said = fetched.errors.get(id);
    if (own !== undefined && (own.hasBody || own.isClosed))
      return { kind: 'document', key, document: documentOf(id, own.bytes) };
    const harvested = await harvest(id, http);
    if (harvested !== null && (harvested.hasBody || own === undefined))
      return { kind: 'document', key, document: documentOf(id, harvested.bytes) };
    // Front matter alone: an abstract is better than nothing.
    if (own !== undefined) return { kind: 'document', key, document: documentOf(id, own.bytes) };
    const words = redact(said ?? fetched.refused ?? '', secretsOf(settings)).slice(0, 160);
    return { kind: 'missing', key, reason: `PMC has no such article${words === '' ? '' : `: ${words}`}` };
  };

  const retrieve = async (wanted: readonly Wanted[], http: Http): Promise<readonly Retrieved[]> => {
    const { ids, foreign } = idsOf(wanted, DATABASE);
    const settled: Retrieved[] = foreign.map((key) => ({ kind: 'failed', key, error: foreignKey(key) }));
    if (ids.size === 0) return settled;
    const fetched = await fetchArticles([...ids.keys()], http);
    const { articles, errors } = fetched;
    const missing = [...ids].filter(([id]) => !articles.some((article) => article.id === id) && !errors.has(id));
    const extra = articles.filter(({ id }) => id === null || !ids.has(id));
    let closed: StageError | null = null;
    for (const [id, key] of ids) {
      const [only] = extra;
      if (missing.length === 1 && extra.length === 1 && missing[0]?.[0] === id && only !== undefined) {
        // The one that came instead of the one that did not: it moved, or does not say its id.
        settled.push(
          only.id === null
            ? { kind: 'document', key, document: documentOf(id, only.bytes) }
            : { kind: 'merged', key, into: `${DATABASE.prefix}${only.id}` },
        );
        continue;
      }
      try {
        if (closed !== null) throw closed;
        settled.push(await settle(id, key, fetched, http));
      } catch (error) {
        if (!(error instanceof StageError)) throw error;
        if (error instanceof QuotaError || error instanceof OutageError) closed = error;
        settled.push({ kind: 'failed', key, error });
      }
    }
    return settled;
  };

  return {
    kind: 'pmc',
    service,
    changes: 'day',
    ceiling: null,
    retrieveMax: RETRIEVE_MAX,
    list: (window, cursor, http) => listHits(http, settings, DATABASE, window, cursor),
    retrieve,
  };
}
