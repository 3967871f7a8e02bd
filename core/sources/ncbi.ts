import { OutageError, PermanentError, ValidationError } from '../engine/errors.ts';
import { type Asked, errorOf, type Reading, readAnswer } from './answers.ts';
import type { Http } from './http/http.ts';
import { ncbiTerm, slashes } from './query.ts';
import { changeRevision, ENTRY_REVISION } from './revision.ts';
import type { Found, Page, TooMany, Wanted, Window } from './source.ts';

/** How NCBI's E-utilities are asked. */
export type NcbiSettings = {
  /** With a slash at its end. */
  readonly url: string;
  /** NCBI asks for it, and blocks callers that it cannot write to; without it nothing is asked. */
  readonly email: string | null;
  readonly apiKey: string | null;
  readonly nowMs: () => number;
  /** Ids of one page of a listing; 1,000 unless told, at most 9,999. */
  readonly pageSize?: number;
};
/** PubMed and PMC answer under one roof, and one rate holds for both. */
export const NCBI_SERVICE = 'ncbi';
/** Registered names have no spaces (NBK25497). */
const TOOL = 'anamnesis';
const NO_EMAIL =
  'NCBI asks for the e-mail address of whoever calls it (NBK25497): set CONTACT_EMAIL, and run the source again';

/**
 * PubMed gives out the first 9,999 hits of a search. Other databases have no such limit (NBK25499, ESearch, retstart).
 */
export const PUBMED_CEILING = 9_999;
const PAGE_SIZE = 1_000;
/** Longer addresses are sent as a form. */
const URL_CHARS_MAX = 1_800;

const service = NCBI_SERVICE;

export type NcbiDatabase = {
  readonly db: 'pubmed' | 'pmc';
  readonly prefix: 'PMID_' | 'PMC_';
  readonly ceiling: number | null;
};

/** Values that no message may hold. */
export const secretsOf = (settings: NcbiSettings): readonly string[] =>
  [settings.apiKey, settings.email].filter((secret) => secret !== null);

/** @throws StageError: outage, as retrievals wait until there is one, or permanent, which parks a listing */
function identity(settings: NcbiSettings, asked: Asked): Record<string, string> {
  if (settings.email === null)
    throw asked === 'listing'
      ? new PermanentError(NO_EMAIL, { service })
      : new OutageError(NO_EMAIL, { service, retryAfterMs: 3_600_000 });
  return { tool: TOOL, email: settings.email, ...(settings.apiKey === null ? {} : { api_key: settings.apiKey }) };
}

/** Asks one utility, by POST where the parameters are long (NBK25499: more than about 200 ids). */
export async function askUtility(
  http: Http,
  settings: NcbiSettings,
  asked: Asked,
  utility: 'esearch' | 'efetch',
  parameters: Readonly<Record<string, string>>,
): Promise<{ readonly reading: Reading; readonly bytes: Uint8Array; readonly askedMs: number }> {
  const form = { ...parameters, ...identity(settings, asked) };
  const url = new URL(`${utility}.fcgi`, settings.url);
  const search = new URLSearchParams(form).toString();
  const isForm = utility === 'efetch' || url.href.length + search.length > URL_CHARS_MAX;
  if (!isForm) url.search = search;
  const answer = await http({ service, url, ...(isForm ? { form } : {}) });
  // What the service has changed is told by its own clock.
  const dateMs = Date.parse(answer.headers.date ?? '');
  const askedMs = Number.isNaN(dateMs) ? settings.nowMs() : dateMs;
  return { reading: readAnswer(answer, asked, secretsOf(settings), askedMs), bytes: answer.bytes, askedMs };
}

type Hits = {
  readonly stated: number;
  readonly start: number;
  readonly ids: readonly string[];
  /** What the service did not understand, in its words. */
  readonly unknownFields: readonly string[];
  readonly unknownPhrases: readonly string[];
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
const texts = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value : value === undefined ? [] : [value]).filter((one) => typeof one === 'string');
const whole = (value: unknown): number | null => {
  const number = typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : null;
};

/** Reads the answer of esearch, JSON or XML; null where it is neither. */
function readHits(reading: Reading): Hits | null {
  if (reading.kind === 'json') {
    const result = isRecord(reading.value) ? reading.value.esearchresult : undefined;
    if (!isRecord(result)) return null;
    const stated = whole(result.count);
    const errors = isRecord(result.errorlist) ? result.errorlist : {};
    const warnings = isRecord(result.warninglist) ? result.warninglist : {};
    if (stated === null || !Array.isArray(result.idlist)) return null;
    return {
      stated,
      start: whole(result.retstart) ?? 0,
      ids: result.idlist.map(String),
      unknownFields: texts(errors.fieldsnotfound),
      unknownPhrases: [...texts(errors.phrasesnotfound), ...texts(warnings.quotedphrasesnotfound)],
    };
  }
  if (reading.kind !== 'xml' || reading.root !== 'eSearchResult') return null;
  const { text } = reading;
  const all = (name: string): readonly string[] =>
    [...text.matchAll(new RegExp(`<${name}>([^<]{0,500})</${name}>`, 'g'))].map(([, value = '']) => value.trim());
  const stated = whole(all('Count')[0]);
  if (stated === null) return null;
  const ids = text.includes('<IdList>') ? all('Id') : [];
  return {
    stated,
    start: whole(all('RetStart')[0]) ?? 0,
    ids,
    unknownFields: all('FieldNotFound'),
    unknownPhrases: [...all('PhraseNotFound'), ...all('QuotedPhraseNotFound')],
  };
}

const DATE_TYPES = { entry: 'edat', change: 'mdat' } as const;

/**
 * One page of a window. PubMed dates the entry of a record that is older than a year back to its publication (NLM Technical Bulletin
 * Nov-Dec 2008, "Create Date"): no window by entry ever has such a late one, but the change window of its first day has.
 */
export async function listHits(
  http: Http,
  settings: NcbiSettings,
  database: NcbiDatabase,
  window: Window,
  cursor: string | null,
): Promise<Page | TooMany> {
  const start = whole(cursor ?? '0') ?? 0;
  const pageSize = Math.min(
    settings.pageSize ?? PAGE_SIZE,
    PUBMED_CEILING,
    (database.ceiling ?? Number.POSITIVE_INFINITY) - start,
  );
  const { reading, askedMs } = await askUtility(http, settings, 'listing', 'esearch', {
    db: database.db,
    term: ncbiTerm(window.query, service, window.by === 'change' ? window.since : undefined),
    datetype: DATE_TYPES[window.by],
    mindate: slashes(window.days.from),
    maxdate: slashes(window.days.to),
    retmode: 'json',
    retstart: String(start),
    retmax: String(pageSize),
  });
  if (reading.kind === 'problem') {
    const { problem } = reading;
    if (problem.class === 'split' && database.ceiling !== null)
      return { kind: 'too_many', stated: database.ceiling + 1, ceiling: database.ceiling };
    throw errorOf(problem, service, 'listing');
  }
  const hits = readHits(reading);
  if (hits === null)
    throw new ValidationError('esearch answered something else than a list of ids; it is asked again', { service });
  if (hits.unknownFields.length > 0)
    throw new PermanentError(
      `the service knows no field ${hits.unknownFields
        .map((field) => JSON.stringify(field))
        .join(', ')
        .slice(0, 200)} and searched without it: correct the query of the source`,
      { service },
    );
  const { stated } = hits;
  if (database.ceiling !== null && stated > database.ceiling)
    return { kind: 'too_many', stated, ceiling: database.ceiling };
  return pageOf(hits, database, window, { start, pageSize, askedMs });
}

function pageOf(
  hits: Hits,
  database: NcbiDatabase,
  window: Window,
  page: { readonly start: number; readonly pageSize: number; readonly askedMs: number },
): Page {
  const { stated, ids } = hits;
  const remarks: string[] = [];
  if (hits.unknownPhrases.length > 0)
    remarks.push(`not found by the service: ${hits.unknownPhrases.join('; ').slice(0, 200)}`);
  const good = ids.filter((id) => /^[1-9]\d{0,11}$/.test(id));
  if (good.length < ids.length) remarks.push(`${ids.length - good.length} ids that are no numbers were left out`);
  const unique = [...new Set(good)];
  if (unique.length < good.length) remarks.push(`${good.length - unique.length} ids came twice in one page`);
  if (hits.start !== page.start)
    remarks.push(`asked for hits from ${page.start}, the service gave those from ${hits.start}`);
  const wanted = Math.max(0, Math.min(page.pageSize, stated - page.start));
  if (ids.length < wanted)
    remarks.push(`a clamped page: ${ids.length} ids where ${wanted} were due (of ${stated} from ${page.start})`);
  if (ids.length > page.pageSize) remarks.push(`${ids.length} ids where at most ${page.pageSize} were asked for`);
  const revision = window.by === 'entry' ? ENTRY_REVISION : changeRevision(window.days.to, page.askedMs);
  const found: readonly Found[] = unique.map((id) => ({ key: `${database.prefix}${id}`, revision }));
  // Behind what came, not behind what was asked for: a clamped page loses nothing.
  const next = page.start + ids.length;
  const isLast = ids.length === 0 || next >= stated || (database.ceiling !== null && next >= database.ceiling);
  return { kind: 'page', found, stated, next: isLast ? null : String(next), remarks };
}

/** Ids of the keys of a database; keys of another one cannot be asked for here. */
export function idsOf(
  wanted: readonly Wanted[],
  database: NcbiDatabase,
): { readonly ids: ReadonlyMap<string, string>; readonly foreign: readonly string[] } {
  const ids = new Map<string, string>();
  const foreign: string[] = [];
  for (const { key } of wanted) {
    const id = key.startsWith(database.prefix) ? key.slice(database.prefix.length) : '';
    if (/^[1-9]\d{0,11}$/.test(id)) ids.set(id, key);
    else foreign.push(key);
  }
  return { ids, foreign };
}

export const foreignKey = (key: string): Error =>
  new PermanentError(`${key} is no id of this source: it came from another one`, { service });
