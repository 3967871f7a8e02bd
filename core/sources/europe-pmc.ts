import { OutageError, PermanentError, QuotaError, StageError, ValidationError } from '../engine/errors.ts';
import { sha256Hex } from '../hash.ts';
import { type Asked, errorOf, readAnswer } from './answers.ts';
import { readEpmc } from './formats/epmc.ts';
import type { Http, HttpAnswer } from './http/http.ts';
import { europePmcQuery } from './query.ts';
import type { Notice } from './record.ts';
import type { Found, Page, Retrieved, RetrievedDocument, Source, Wanted, Window } from './source.ts';

export type EuropePmcSettings = {
  /** With a slash at its end. */
  readonly url: string;
  /** Results of one page: 100 unless told, at most 1,000. A core result has 3 to 10 kB. */
  readonly pageSize?: number;
};

const service = 'europe-pmc';
const PAGE_SIZE = 100;
const PAGE_SIZE_MAX = 1_000;
/** Keys of one retrieval: one search for all of them, and one request for each full text. */
const RETRIEVE_MAX = 25;

/** One result of a search with `resultType=core`, as far as it is looked at here. */
type Result = Readonly<Record<string, unknown>>;
const isRecord = (value: unknown): value is Result =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const word = (value: unknown): string => (typeof value === 'string' ? value : '');
const listIn = (value: unknown, list: string): readonly unknown[] => {
  const held = isRecord(value) ? value[list] : undefined;
  return Array.isArray(held) ? held : held === undefined ? [] : [held];
};

type Results = {
  readonly stated: number;
  readonly next: string | null;
  readonly echo: string | null;
  readonly results: readonly Result[];
};

/** Reads the answer of a search; null where it is something else. */
function readResults(value: unknown): Results | null {
  if (!isRecord(value) || !isRecord(value.resultList)) return null;
  const { hitCount, nextCursorMark, request } = value;
  const { result } = value.resultList;
  if (typeof hitCount !== 'number' || !Number.isSafeInteger(hitCount) || hitCount < 0 || !Array.isArray(result))
    return null;
  return {
    stated: hitCount,
    next: word(nextCursorMark) || null,
    echo: isRecord(request) ? word(request.cursorMark) || null : null,
    results: result.filter(isRecord),
  };
}

const digitsOf = (text: string, prefix: string): string | null =>
  new RegExp(`^${prefix}([1-9]\\d{0,11})$`).exec(text)?.[1] ?? null;

/** The full text is given out: both flags are needed, as the 404 of one that is not says no more than that. */
const hasFullText = (result: Result): boolean =>
  result.isOpenAccess === 'Y' && result.inEPMC === 'Y' && digitsOf(word(result.pmcid), 'PMC') !== null;

/**
 * Of a record that was taken back. Its full text is given out unchanged, so that only the record says so: it is the document
 * then, and not the full text.
 */
const isTakenBack = (result: Result): boolean =>
  listIn(result.pubTypeList, 'pubType').some((type) => /^(?:retracted|withdrawn) publication$/i.test(word(type))) ||
  listIn(result.commentCorrectionList, 'commentCorrection').some(
    (notice) => isRecord(notice) && /^(?:retraction|withdrawal|removal) in$/i.test(word(notice.type)),
  );

const isWhole = (result: Result): boolean => hasFullText(result) && !isTakenBack(result);

/**
 * The key of a result; null where it has none that could be asked for again. A full text is the PMC article, an abstract what
 * PubMed or the preprint server has.
 */
export function keyOf(result: Result): string | null {
  const pmc = digitsOf(word(result.pmcid), 'PMC') ?? digitsOf(word(result.id), 'PMC');
  // Also where it was taken back: then the record takes the place of the full text.
  if (pmc !== null && (hasFullText(result) || result.source === 'PMC')) return `PMC_${pmc}`;
  if (result.source === 'MED') {
    const pmid = digitsOf(word(result.id), '') ?? digitsOf(word(result.pmid), '');
    return pmid === null ? null : `PMID_${pmid}`;
  }
  const preprint = result.source === 'PPR' ? digitsOf(word(result.id), 'PPR') : null;
  return preprint === null ? null : `PPR_${preprint}`;
}

/** What of a record counts as a change of it. Citations, links and text mining also move `UPDATE_DATE`, and mean nothing here. */
const REVISED = [
  'title',
  'abstractText',
  'authorString',
  'doi',
  'pmid',
  'pmcid',
  'isOpenAccess',
  'inEPMC',
  'license',
  'language',
  'pubTypeList',
  'commentCorrectionList',
  'versionNumber',
  'firstPublicationDate',
] as const;

/** Dates of the record and the hash of what it says: `2026-11-20/2026-11-21/0123456789ab`. */
export async function revisionOf(result: Result): Promise<string> {
  const said = REVISED.map((field) => result[field] ?? null);
  const hash = (await sha256Hex(JSON.stringify(said))).slice(0, 12);
  return `${word(result.dateOfRevision) || '-'}/${word(result.fullTextReceivedDate) || '-'}/${hash}`;
}

const locatorOf = (key: string): string => {
  const [prefix, id] = key.split('_');
  const place = prefix === 'PMID' ? `MED/${id}` : prefix === 'PMC' ? `PMC/PMC${id}` : `PPR/PPR${id}`;
  return `https://europepmc.org/article/${place}`;
};
const abstractOf = (result: Result, key: string): RetrievedDocument => ({
  format: 'epmc',
  bytes: new TextEncoder().encode(JSON.stringify(result)),
  locator: locatorOf(key),
});

/** Europe PMC's search and full text (europepmc.org/RestfulWebService, version 6.9). */
export function europePmc(settings: EuropePmcSettings): Source {
  const pageSize = Math.min(settings.pageSize ?? PAGE_SIZE, PAGE_SIZE_MAX);

  const search = async (query: string, cursor: string, size: number, asked: Asked, http: Http): Promise<Results> => {
    const url = new URL('search', settings.url);
    // `*` stays as it is in a form; a cursor is encoded once, and begins at the first page again when it is twice.
    url.search = new URLSearchParams({
      query,
      resultType: 'core',
      format: 'json',
      pageSize: String(size),
      cursorMark: cursor,
    }).toString();
    const reading = readAnswer(await http({ service, url }), asked);
    if (reading.kind === 'problem') throw errorOf(reading.problem, service, asked);
    const results = reading.kind === 'json' ? readResults(reading.value) : null;
    if (results === null)
      throw new ValidationError('the search answered something else than results; it is asked again', { service });
    return results;
  };

  const list = async (window: Window, cursor: string | null, http: Http): Promise<Page> => {
    const mark = cursor ?? '*';
    const field = window.by === 'entry' ? 'FIRST_IDATE' : 'UPDATE_DATE';
    const query = europePmcQuery(window.query, field, window.days, window.by === 'change' ? window.since : undefined);
    const { stated, next, echo, results } = await search(query, mark, pageSize, 'listing', http);
    if (mark !== '*' && (echo === '*' || echo === '%2A'))
      throw new ValidationError('the service began at its first page again; it is asked again', { service });
    const remarks: string[] = [];
    const found = new Map<string, Found>();
    let nameless = 0;
    let doubled = 0;
    for (const result of results) {
      const key = keyOf(result);
      if (key === null) nameless += 1;
      else if (found.has(key)) doubled += 1;
      else {
        const revision = await revisionOf(result);
        found.set(key, isWhole(result) ? { key, revision } : { key, revision, document: abstractOf(result, key) });
      }
    }
    if (nameless > 0) remarks.push(`${nameless} results without an id of PubMed, PMC or a preprint were left out`);
    if (doubled > 0) remarks.push(`${doubled} ids came twice in one page`);
    if (results.length > pageSize) remarks.push(`${results.length} results where at most ${pageSize} were asked for`);
    const isFirstWhole = mark === '*' && results.length >= stated;
    if (next === mark && results.length > 0 && !isFirstWhole)
      remarks.push('the service repeated its cursor behind a page with results: the listing ends there');
    const isLast = results.length === 0 || next === null || next === mark || isFirstWhole;
    return { kind: 'page', found: [...found.values()], stated, next: isLast ? null : next, remarks };
  };

  const fullText = async (wanted: Wanted, id: string, http: Http) => {
    const { key, validators } = wanted;
    const headers: Record<string, string> = {
      ...(validators?.etag === undefined ? {} : { 'if-none-match': validators.etag }),
      ...(validators?.lastModified === undefined ? {} : { 'if-modified-since': validators.lastModified }),
    };
    const answer = await http({ service, url: new URL(`PMC${id}/fullTextXML`, settings.url), headers });
    if (answer.status === 304) return { kind: 'unchanged', key } as const;
    const reading = readAnswer(answer, 'documents');
    if (reading.kind === 'problem') {
      if (reading.problem.class === 'refuse') return null;
      throw errorOf(reading.problem, service, 'documents');
    }
    if (reading.kind !== 'xml' || reading.root !== 'article')
      throw new ValidationError('the full text is no article; it is asked again', { service });
    const document: RetrievedDocument = {
      format: 'jats',
      bytes: answer.bytes,
      locator: locatorOf(key),
      ...validatorsOf(answer),
    };
    return { kind: 'document', key, document } as const;
  };

  /** The full text where there is one to be had, else the record, which was searched for before: neither costs a request more. */
  const retrieveOne = async (wanted: Wanted, record: Result | undefined, http: Http): Promise<Retrieved> => {
    const { key } = wanted;
    const id = digitsOf(key, 'PMC_');
    const isTried = id !== null && (record === undefined || isWhole(record));
    const whole = isTried ? await fullText(wanted, id, http) : null;
    if (whole !== null) return { ...whole, ...besideOf(record, key) };
    if (record !== undefined) return { kind: 'document', key, document: abstractOf(record, key) };
    return { kind: 'missing', key, reason: 'Europe PMC no longer lists it' };
  };

  const retrieve = async (wanted: readonly Wanted[], http: Http): Promise<readonly Retrieved[]> => {
    const searched = wanted.flatMap(({ key }) => searchOf(key) ?? []);
    const settled: Retrieved[] = wanted.flatMap(({ key }) =>
      searchOf(key) === null
        ? [{ kind: 'failed', key, error: new PermanentError(`${key} is no id of Europe PMC`, { service }) }]
        : [],
    );
    if (searched.length === 0) return settled;
    // One more than is wanted, as a PMCID may stand in two records.
    const { results } = await search(
      searched.join(' OR '),
      '*',
      Math.min(PAGE_SIZE_MAX, searched.length * 2),
      'documents',
      http,
    );
    const records = new Map<string, Result>();
    for (const result of results) for (const key of keysOf(result)) if (!records.has(key)) records.set(key, result);
    let closed: StageError | null = null;
    for (const one of wanted) {
      const { key } = one;
      if (searchOf(key) === null) continue;
      try {
        if (closed !== null) throw closed;
        settled.push(await retrieveOne(one, records.get(key), http));
      } catch (error) {
        if (!(error instanceof StageError)) throw error;
        // Nobody is asked further that asked for a pause; what was got already is kept.
        if (error instanceof QuotaError || error instanceof OutageError) closed = error;
        settled.push({ kind: 'failed', key, error });
      }
    }
    return settled;
  };

  return { kind: 'europe-pmc', service, changes: 'range', ceiling: null, retrieveMax: RETRIEVE_MAX, list, retrieve };
}

/** What the record says was published about the article later. */
function besideOf(record: Result | undefined, key: string): { readonly notices?: readonly Notice[] } {
  const reading = record && readEpmc(abstractOf(record, key).bytes, key);
  const notices = reading?.kind === 'record' ? reading.record.publication.notices : [];
  return notices.length > 0 ? { notices } : {};
}

/** Every key under which a record may be asked for. */
function keysOf(result: Result): readonly string[] {
  const pmc = digitsOf(word(result.pmcid), 'PMC') ?? digitsOf(word(result.id), 'PMC');
  const own = keyOf({ ...result, isOpenAccess: 'N' });
  return [...(pmc === null ? [] : [`PMC_${pmc}`]), ...(own === null ? [] : [own])];
}

function searchOf(key: string): string | null {
  const pmc = digitsOf(key, 'PMC_');
  const pmid = digitsOf(key, 'PMID_');
  const preprint = digitsOf(key, 'PPR_');
  if (pmc !== null) return `(PMCID:PMC${pmc})`;
  if (pmid !== null) return `(EXT_ID:${pmid} AND SRC:MED)`;
  return preprint === null ? null : `(EXT_ID:PPR${preprint} AND SRC:PPR)`;
}

function validatorsOf({ headers }: HttpAnswer): Pick<RetrievedDocument, 'validators'> {
  const { etag, 'last-modified': lastModified } = headers;
  if (etag === undefined && lastModified === undefined) return {};
  return {
    validators: { ...(etag === undefined ? {} : { etag }), ...(lastModified === undefined ? {} : { lastModified }) },
  };
}
