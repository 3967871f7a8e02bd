import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OutageError, PermanentError, QuotaError, StageError, ValidationError } from '../core/engine/errors.ts';
import { europePmc, keyOf, revisionOf } from '../core/sources/europe-pmc.ts';
import type { Http } from '../core/sources/http/http.ts';
import { pmc } from '../core/sources/pmc.ts';
import { pubmed } from '../core/sources/pubmed.ts';
import type { Page, Retrieved, Source, TooMany, Window } from '../core/sources/source.ts';
import { createSources, NCBI_URL, sourceRefusal } from '../core/sources/sources.ts';
import {
  hits,
  oaiRecord,
  openResult,
  type Played,
  parametersOf,
  playing,
  pmcArticle,
  pmcSet,
  pubmedArticle,
  pubmedSet,
  result,
  results,
} from './fixtures/sources/services.ts';

const recorded = fileURLToPath(new URL('../../shared/data/adapters/', import.meta.url));
const isRecorded = existsSync(recorded);
const file = (name: string): string => readFileSync(`${recorded}${name}`, 'utf8');

const KEY = '0123456789abcdef0123456789abcdef0123';
const EMAIL = 'somebody@clinic.example';
const NOW_MS = Date.parse('2026-11-22T10:30:00Z');
const ncbi = { url: 'http://127.0.0.1:1/eutils/', email: EMAIL, apiKey: KEY, nowMs: () => NOW_MS };
const epmc = europePmc({ url: 'http://127.0.0.1:1/epmc/' });
const med = pubmed(ncbi);
const full = pmc({ ...ncbi, oaiUrl: 'http://127.0.0.1:1/oai' });
const DAYS = { from: '2026-11-01', to: '2026-11-22' };
const entry: Window = { query: 'cardiomyopathy', by: 'entry', days: DAYS };
const change = (day: string): Window => ({ query: 'cardiomyopathy', by: 'change', days: { from: day, to: day } });

const pageOf = (page: Page | TooMany): Page => {
  if (page.kind !== 'page') throw new Error(page.kind);
  return page;
};
const keysOf = (page: Page | TooMany): readonly string[] => pageOf(page).found.map(({ key }) => key);
const list = async (source: Source, window: Window, cursor: string | null, ...played: readonly Played[]) => {
  const { http, asked } = playing((_, place) => played[place] ?? '');
  return { page: await source.list(window, cursor, http), asked };
};
const retrieve = async (source: Source, keys: readonly string[], play: Parameters<typeof playing>[0]) => {
  const { http, asked } = playing(play);
  const retrieved = await source.retrieve(
    keys.map((key) => ({ key })),
    http,
  );
  return { retrieved, asked, of: (key: string): Retrieved | undefined => retrieved.find((one) => one.key === key) };
};
const textOf = (one: Retrieved | undefined): string =>
  one?.kind === 'document' ? new TextDecoder().decode(one.document.bytes) : `no document: ${one?.kind}`;

describe('Europe PMC: listing', () => {
  test('asks for case reports of the days by entry or by change, with an unencoded star', async () => {
    const { asked } = await list(epmc, entry, null, results([]));
    const url = asked[0]?.url;
    expect(url?.pathname).toBe('/epmc/search');
    expect(url?.search).toContain('cursorMark=*');
    expect(url?.searchParams.get('query')).toBe(
      '(cardiomyopathy) AND (PUB_TYPE:"Case Reports" OR PUB_TYPE:"case-report" OR PUB_TYPE:"case-reports" OR ' +
        '(SRC:PPR AND (TITLE:"case report" OR TITLE:"case series"))) AND (SRC:MED OR SRC:PMC OR SRC:PPR) AND ' +
        'FIRST_IDATE:[2026-11-01 TO 2026-11-22]',
    );
    const changed = await list(epmc, { ...change('2026-11-20'), since: '2015-01-01' }, null, results([]));
    expect(changed.asked[0]?.url.searchParams.get('query')).toMatch(
      /AND UPDATE_DATE:\[2026-11-20 TO 2026-11-20\] AND FIRST_IDATE:\[2015-01-01 TO 3000-12-31\]$/,
    );
  });

  test('a query that names a publication type is not narrowed further', async () => {
    const { asked } = await list(epmc, { ...entry, query: 'heart AND PUB_TYPE:"letter"' }, null, results([]));
    expect(asked[0]?.url.searchParams.get('query')).not.toContain('Case Reports');
  });

  test.each(['a) OR (b', '(a', 'a)', 'say "a', '  '])(
    'the query %j, which would mean something else, parks the source',
    async (query) => {
      for (const source of [epmc, med, full])
        await expect(list(source, { ...entry, query }, null, results([]))).rejects.toBeInstanceOf(PermanentError);
    },
  );

  test('an open full text is a PMC article to be retrieved, everything else carries its record', async () => {
    const { page } = await list(
      epmc,
      entry,
      null,
      results([
        openResult(1),
        result({ id: '2', pmid: '2' }),
        openResult(3, { inEPMC: 'N' }),
        openResult(4, { isOpenAccess: 'N' }),
        result({ id: 'PMC5', pmcid: 'PMC5', source: 'PMC' }),
        result({ id: 'PPR6', source: 'PPR', isOpenAccess: 'Y', inEPMC: 'N' }),
      ]),
    );
    expect(pageOf(page).found.map(({ key, document }) => [key, document?.format ?? null])).toEqual([
      ['PMC_1', null],
      ['PMID_2', 'epmc'],
      ['PMID_3', 'epmc'],
      ['PMID_4', 'epmc'],
      ['PMC_5', 'epmc'],
      ['PPR_6', 'epmc'],
    ]);
    const [, two] = pageOf(page).found;
    expect(JSON.parse(new TextDecoder().decode(two?.document?.bytes))).toMatchObject({
      id: '2',
      title: 'A case of something.',
    });
    expect(two?.document?.locator).toBe('https://europepmc.org/article/MED/2');
  });

  test.each([
    ['by its type', { pubTypeList: { pubType: ['Case Reports', 'Retracted Publication'] } }],
    ['by a notice', { commentCorrectionList: { commentCorrection: [{ type: 'Retraction in', id: '9' }] } }],
  ])(
    'what was retracted, %s, carries its record under the key of its full text, which does not say so',
    async (_, fields) => {
      const { page } = await list(epmc, entry, null, results([openResult(1, fields)]));
      expect(pageOf(page).found.map(({ key, document }) => [key, document?.format])).toEqual([['PMC_1', 'epmc']]);
      const { of, asked } = await retrieve(epmc, ['PMC_1'], () => results([openResult(1, fields)]));
      expect(of('PMC_1')).toMatchObject({ kind: 'document', document: { format: 'epmc' } });
      expect(asked).toHaveLength(1);
    },
  );

  test('follows the cursor, encoded once, until it repeats or nothing comes', async () => {
    const many = { hitCount: 9 };
    const first = await list(epmc, entry, null, results([openResult(1)], { ...many, nextCursorMark: 'AoI/+A==' }));
    expect(pageOf(first.page).next).toBe('AoI/+A==');
    const second = await list(
      epmc,
      entry,
      'AoI/+A==',
      results([openResult(2)], { ...many, nextCursorMark: 'B', cursorMark: 'AoI%2F%2BA%3D%3D' }),
    );
    expect(second.asked[0]?.url.search).toMatch(/cursorMark=AoI%2F%2BA%3D%3D(?:&|$)/);
    expect(pageOf(second.page).next).toBe('B');
    const repeated = await list(
      epmc,
      entry,
      'B',
      results([openResult(3)], { ...many, nextCursorMark: 'B', cursorMark: 'B' }),
    );
    expect(pageOf(repeated.page).next).toBeNull();
    expect(pageOf(repeated.page).remarks.join()).toContain('repeated its cursor');
    const empty = await list(epmc, entry, 'C', results([], { ...many, nextCursorMark: 'D', cursorMark: 'C' }));
    expect(pageOf(empty.page)).toMatchObject({ next: null, stated: 9, remarks: [] });
    const absent = await list(epmc, entry, 'C', results([openResult(4)], { ...many, cursorMark: 'C' }));
    expect(pageOf(absent.page).next).toBeNull();
  });

  test('a window that fits into one page costs one request', async () => {
    const { page } = await list(epmc, entry, null, results([openResult(1)], { nextCursorMark: 'A' }));
    expect(pageOf(page)).toMatchObject({ next: null, stated: 1, remarks: [] });
  });

  test('the first page again behind a cursor is no page', async () => {
    await expect(
      list(epmc, entry, 'A', results([openResult(1)], { hitCount: 9, nextCursorMark: 'A2', cursorMark: '%2A' })),
    ).rejects.toBeInstanceOf(ValidationError);
  });

  test('ids that come twice and results without an id are remarked', async () => {
    const { page } = await list(
      epmc,
      entry,
      null,
      results([openResult(1), openResult(1), result({ id: 'x', source: 'AGR' })]),
    );
    expect(keysOf(page)).toEqual(['PMC_1']);
    expect(pageOf(page).remarks).toEqual([
      '1 results without an id of PubMed, PMC or a preprint were left out',
      '1 ids came twice in one page',
    ]);
  });

  test('the revision follows what the record says and not who cites it', async () => {
    const base = await revisionOf(openResult(1));
    expect(await revisionOf(openResult(1, { citedByCount: 7, hasReferences: 'Y' }))).toBe(base);
    const changes = [
      { title: 'Another' },
      { abstractText: 'Another' },
      { isOpenAccess: 'N' },
      { pubTypeList: { pubType: ['Retracted Publication'] } },
      { commentCorrectionList: { commentCorrection: [{ type: 'Erratum in' }] } },
      { dateOfRevision: '2026-11-21' },
      { fullTextReceivedDate: '2026-11-21' },
      { versionNumber: 2 },
      { license: 'cc by' },
    ];
    const revisions = await Promise.all(changes.map((fields) => revisionOf(openResult(1, fields))));
    expect(new Set([base, ...revisions]).size).toBe(changes.length + 1);
  });
});

describe('Europe PMC: retrieval', () => {
  const article = pmcArticle(1);
  const play =
    (records: readonly unknown[], texts: Readonly<Record<string, Played>> = {}) =>
    ({ url }: { readonly url: URL }): Played =>
      url.pathname.endsWith('/search')
        ? results(records)
        : (texts[/PMC\d+/.exec(url.pathname)?.[0] ?? ''] ?? { status: 404 });

  test('one search for all, and one full text each', async () => {
    const { retrieved, asked } = await retrieve(
      epmc,
      ['PMC_1', 'PMC_2'],
      play([openResult(1), openResult(2)], { PMC1: article, PMC2: article }),
    );
    expect(retrieved.map(({ key, kind }) => [key, kind])).toEqual([
      ['PMC_1', 'document'],
      ['PMC_2', 'document'],
    ]);
    expect(asked.map(({ url }) => url.pathname)).toEqual([
      '/epmc/search',
      '/epmc/PMC1/fullTextXML',
      '/epmc/PMC2/fullTextXML',
    ]);
    expect(asked[0]?.url.searchParams.get('query')).toBe('(PMCID:PMC1) OR (PMCID:PMC2)');
    expect(retrieved[0]).toMatchObject({ document: { format: 'jats' } });
  });

  test('where the full text is not given out, the record stands in for it, from the same search', async () => {
    const { of, asked } = await retrieve(
      epmc,
      ['PMC_1', 'PMC_2'],
      play([openResult(1), openResult(2, { isOpenAccess: 'N' })]),
    );
    expect(of('PMC_1')).toMatchObject({ kind: 'document', document: { format: 'epmc' } });
    expect(of('PMC_2')).toMatchObject({ kind: 'document', document: { format: 'epmc' } });
    // Of the second it is known that it need not be asked for.
    expect(asked).toHaveLength(2);
  });

  test('what is neither listed nor given out is missing; what is given out is there', async () => {
    const { of } = await retrieve(epmc, ['PMC_1', 'PMC_2', 'PMID_3', 'PPR_4'], play([], { PMC2: article }));
    expect(of('PMC_1')?.kind).toBe('missing');
    expect(of('PMC_2')?.kind).toBe('document');
    expect(of('PMID_3')?.kind).toBe('missing');
    expect(of('PPR_4')?.kind).toBe('missing');
  });

  test('abstracts and preprints are asked for by their own ids', async () => {
    const records = [result({ id: '3', pmid: '3' }), result({ id: 'PPR4', source: 'PPR' }), openResult(5)];
    const { of, asked } = await retrieve(epmc, ['PMID_3', 'PPR_4', 'PMID_5', 'x'], play(records));
    expect(asked[0]?.url.searchParams.get('query')).toBe(
      '(EXT_ID:3 AND SRC:MED) OR (EXT_ID:PPR4 AND SRC:PPR) OR (EXT_ID:5 AND SRC:MED)',
    );
    for (const key of ['PMID_3', 'PPR_4', 'PMID_5'])
      expect(of(key)).toMatchObject({ kind: 'document', document: { format: 'epmc' } });
    expect(of('x')).toMatchObject({ kind: 'failed', error: { name: 'PermanentError' } });
  });

  test('what did not change is not sent again', async () => {
    const { http, asked } = playing(({ url }) =>
      url.pathname.endsWith('/search') ? results([openResult(1)]) : { status: 304 },
    );
    const wanted = { key: 'PMC_1', validators: { etag: '"a"', lastModified: 'Sun, 22 Nov 2026 10:00:00 GMT' } };
    expect(await epmc.retrieve([wanted], http)).toEqual([{ kind: 'unchanged', key: 'PMC_1' }]);
    expect(asked[1]?.headers).toEqual({ 'if-none-match': '"a"', 'if-modified-since': 'Sun, 22 Nov 2026 10:00:00 GMT' });
  });

  test('what followed a full text, and stands in the record alone, comes with it', async () => {
    const list = { commentCorrectionList: { commentCorrection: [{ type: 'Erratum in', id: '9', source: 'MED' }] } };
    const { of } = await retrieve(epmc, ['PMC_1'], play([openResult(1, list)], { PMC1: article }));
    expect(of('PMC_1')).toMatchObject({
      kind: 'document',
      document: { format: 'jats' },
      notices: [{ kind: 'erratum', reference: 'PMID 9' }],
    });
  });

  test('validators are kept as they came', async () => {
    const { of } = await retrieve(
      epmc,
      ['PMC_1'],
      play([openResult(1)], { PMC1: { body: article, headers: { etag: '"b"' } } }),
    );
    expect(of('PMC_1')).toMatchObject({ document: { validators: { etag: '"b"' } } });
  });

  test('one that was cut fails alone; after a pause that the service asked for nobody is asked further', async () => {
    const cut = await retrieve(
      epmc,
      ['PMC_1', 'PMC_2'],
      play([openResult(1), openResult(2)], { PMC1: article.slice(0, -30), PMC2: article }),
    );
    expect(cut.of('PMC_1')).toMatchObject({ kind: 'failed', error: { name: 'ValidationError' } });
    expect(cut.of('PMC_2')?.kind).toBe('document');
    const keys = ['PMC_1', 'PMC_2', 'PMC_3'];
    const quota = await retrieve(
      epmc,
      keys,
      play(
        keys.map((_, i) => openResult(i + 1)),
        { PMC1: article, PMC2: { status: 429 }, PMC3: article },
      ),
    );
    expect(quota.of('PMC_1')?.kind).toBe('document');
    expect(quota.of('PMC_2')).toMatchObject({ kind: 'failed', error: { name: 'QuotaError' } });
    expect(quota.of('PMC_3')).toMatchObject({ kind: 'failed', error: { name: 'QuotaError' } });
    expect(quota.asked).toHaveLength(3);
  });
});

describe.each([
  ['pubmed', med, 'PMID_'],
  ['pmc', full, 'PMC_'],
] as const)('%s: listing', (db, source, prefix) => {
  test('asks with dates, identity and the filter, and gives out no secret in an error', async () => {
    const { page, asked } = await list(source, entry, null, hits([11, 12]));
    expect(keysOf(page)).toEqual([`${prefix}11`, `${prefix}12`]);
    expect(asked[0] && parametersOf(asked[0])).toEqual({
      db,
      term: '(cardiomyopathy) AND "case reports"[Publication Type]',
      datetype: 'edat',
      mindate: '2026/11/01',
      maxdate: '2026/11/22',
      retmode: 'json',
      retstart: '0',
      retmax: '1000',
      tool: 'anamnesis',
      email: EMAIL,
      api_key: KEY,
    });
    const body = `{"error":"API key invalid","api-key":"${KEY}"}`;
    const refused = list(source, entry, null, { status: 400, body });
    await expect(refused).rejects.toSatisfy((error) => error instanceof PermanentError && !error.message.includes(KEY));
  });

  test('changes are asked by their day, of what entered since the first day', async () => {
    const { asked } = await list(source, { ...change('2026-11-20'), since: '2015-01-01' }, null, hits([]));
    expect(asked[0] && parametersOf(asked[0])).toMatchObject({
      datetype: 'mdat',
      mindate: '2026/11/20',
      maxdate: '2026/11/20',
      term: '(cardiomyopathy) AND "case reports"[Publication Type] AND ("2015/01/01"[edat] : "3000"[edat])',
    });
  });

  test('a long query goes into a form', async () => {
    const query = Array.from({ length: 200 }, (_, i) => `disease${i}`).join(' OR ');
    const { asked } = await list(source, { ...entry, query }, null, hits([]));
    expect(asked[0]?.url.search).toBe('');
    expect(asked[0]?.form?.term).toContain('disease199');
  });

  test('revisions: constant by entry; by change the day, with the hour while it goes on, by the clock of the service', async () => {
    const revision = async (window: Window, date?: string) => {
      const body = { body: hits([1]), headers: date === undefined ? {} : { date } };
      return pageOf((await list(source, window, null, body)).page).found[0]?.revision;
    };
    expect(await revision(entry)).toBe('entry');
    expect(await revision(change('2026-11-20'))).toBe('changed:2026-11-20');
    expect(await revision(change('2026-11-22'))).toBe('changed:2026-11-22@2026-11-22T10');
    expect(await revision(change('2026-11-22'), 'Sun, 22 Nov 2026 23:10:00 GMT')).toBe(
      'changed:2026-11-22@2026-11-22T23',
    );
  });

  test('a clamped page is remarked, and the next one begins behind what came', async () => {
    const { page } = await list(source, entry, '2', hits([3, 4], 9, 2));
    expect(pageOf(page)).toMatchObject({ next: '4', stated: 9 });
    expect(pageOf(page).remarks).toEqual(['a clamped page: 2 ids where 7 were due (of 9 from 2)']);
    const nothing = await list(source, entry, '4', hits([], 9, 4));
    expect(pageOf(nothing.page)).toMatchObject({ next: null });
    expect(pageOf(nothing.page).remarks[0]).toContain('0 ids where 5 were due');
  });

  test('ids twice, ids that are none and another place than was asked for are remarked', async () => {
    const { page } = await list(source, entry, null, hits(['1', '1', 'x', '007', '2'], 5, 3));
    expect(keysOf(page)).toEqual([`${prefix}1`, `${prefix}2`]);
    expect(pageOf(page).remarks).toEqual([
      '2 ids that are no numbers were left out',
      '1 ids came twice in one page',
      'asked for hits from 0, the service gave those from 3',
    ]);
  });

  test('a field that the service does not know parks the source; a phrase is remarked', async () => {
    const unknown = hits([1], 5_000_000, 0, { errorlist: { phrasesnotfound: [], fieldsnotfound: ['disease name'] } });
    await expect(list(source, entry, null, unknown)).rejects.toThrow(/knows no field "disease name"/);
    const { page } = await list(
      source,
      entry,
      null,
      hits([], 0, 0, { warninglist: { quotedphrasesnotfound: ['"a b"'] } }),
    );
    expect(pageOf(page).remarks).toEqual(['not found by the service: "a b"']);
  });

  test('without an e-mail nothing is asked: a listing is parked, a retrieval waits', async () => {
    const sources = createSources({}, { nowMs: () => NOW_MS });
    const { http, asked } = playing(() => '');
    const own = sources.get(source.kind);
    await expect(own?.list(entry, null, http)).rejects.toThrow(/CONTACT_EMAIL/);
    await expect(own?.list(entry, null, http)).rejects.toBeInstanceOf(PermanentError);
    await expect(own?.retrieve([{ key: `${prefix}1` }], http)).rejects.toBeInstanceOf(OutageError);
    expect(asked).toHaveLength(0);
    expect(sourceRefusal(source.kind, {})).toContain('CONTACT_EMAIL');
    expect(sourceRefusal(source.kind, { CONTACT_EMAIL: EMAIL })).toBeNull();
  });
});

describe('PubMed', () => {
  test('more hits than are given out are too many, whichever way it is said', async () => {
    expect((await list(med, entry, null, hits([1], 10_000))).page).toEqual({
      kind: 'too_many',
      stated: 10_000,
      ceiling: 9_999,
    });
    expect((await list(med, entry, null, hits([1], 9_999))).page.kind).toBe('page');
    const said =
      '{"esearchresult":{"ERROR":"Search Backend failed: Exception:\n\'retstart\' cannot be larger than 9998."}}';
    expect((await list(med, entry, '9999', said)).page).toMatchObject({ kind: 'too_many', ceiling: 9_999 });
    // PMC gives out all of it.
    expect((await list(full, entry, null, hits([1], 10_000))).page.kind).toBe('page');
  });

  test('9,999 hits come in ten pages, none past the edge', async () => {
    let cursor: string | null = null;
    const keys = new Set<string>();
    let requests = 0;
    const { http } = playing((request) => {
      requests += 1;
      const { retstart, retmax } = parametersOf(request);
      const [start, max] = [Number(retstart), Number(retmax)];
      expect(start + max).toBeLessThanOrEqual(9_999);
      return hits(
        Array.from({ length: max }, (_, i) => start + i + 1),
        9_999,
        start,
      );
    });
    do {
      const page = pageOf(await med.list(entry, cursor, http));
      expect(page.remarks).toEqual([]);
      for (const { key } of page.found) keys.add(key);
      cursor = page.next;
    } while (cursor !== null);
    expect([keys.size, requests]).toEqual([9_999, 10]);
  });

  test('ids are posted, and each record is cut out as it came', async () => {
    const { retrieved, asked, of } = await retrieve(med, ['PMID_1', 'PMID_2'], () =>
      pubmedSet(pubmedArticle(2), pubmedArticle(1)),
    );
    expect(asked).toHaveLength(1);
    expect(asked[0]?.url.search).toBe('');
    expect(asked[0]?.form).toMatchObject({ db: 'pubmed', id: '1,2', retmode: 'xml', tool: 'anamnesis', email: EMAIL });
    expect(retrieved).toHaveLength(2);
    expect(textOf(of('PMID_1'))).toBe(pubmedArticle(1));
    expect(of('PMID_2')).toMatchObject({
      document: { format: 'medline', locator: 'https://pubmed.ncbi.nlm.nih.gov/2/' },
    });
  });

  test('200 ids are one request', async () => {
    const ids = Array.from({ length: 200 }, (_, i) => i + 1);
    const { retrieved, asked } = await retrieve(
      med,
      ids.map((id) => `PMID_${id}`),
      () => pubmedSet(...ids.map((id) => pubmedArticle(id))),
    );
    expect([retrieved.filter(({ kind }) => kind === 'document').length, asked.length]).toEqual([200, 1]);
    expect(med.retrieveMax).toBe(200);
  });

  test('an id that does not come is missing', async () => {
    const { of } = await retrieve(med, ['PMID_1', 'PMID_2'], () => pubmedSet(pubmedArticle(1)));
    expect(of('PMID_1')?.kind).toBe('document');
    expect(of('PMID_2')?.kind).toBe('missing');
    const none = await retrieve(med, ['PMID_1', 'PMID_2'], () => pubmedSet());
    expect(none.retrieved.map(({ kind }) => kind)).toEqual(['missing', 'missing']);
    const refused = await retrieve(med, ['PMID_1'], () => ({
      status: 400,
      body: '<eFetchResult><ERROR>ID list is empty!</ERROR></eFetchResult>',
    }));
    expect(refused.of('PMID_1')?.kind).toBe('missing');
  });

  test('another record instead is what it was merged into', async () => {
    const { of, asked } = await retrieve(med, ['PMID_1', 'PMID_2'], () =>
      pubmedSet(pubmedArticle(1), pubmedArticle(9)),
    );
    expect(of('PMID_2')).toEqual({ kind: 'merged', key: 'PMID_2', into: 'PMID_9' });
    expect(asked).toHaveLength(1);
  });

  test('of several others the one that names it; where none does, they are asked for one by one', async () => {
    const naming = pubmedArticle(9, { ids: '<ArticleId IdType="pubmed">2</ArticleId>' });
    const named = await retrieve(med, ['PMID_2', 'PMID_3'], ({ form }) =>
      form?.id === '3' ? pubmedSet() : pubmedSet(naming, pubmedArticle(8)),
    );
    expect(named.of('PMID_2')).toEqual({ kind: 'merged', key: 'PMID_2', into: 'PMID_9' });
    expect(named.of('PMID_3')?.kind).toBe('missing');
    const alone = await retrieve(med, ['PMID_2', 'PMID_3'], ({ form }) =>
      form?.id === '2'
        ? pubmedSet(pubmedArticle(8))
        : form?.id === '3'
          ? pubmedSet()
          : pubmedSet(pubmedArticle(8), pubmedArticle(9)),
    );
    expect(alone.of('PMID_2')).toEqual({ kind: 'merged', key: 'PMID_2', into: 'PMID_8' });
    expect(alone.of('PMID_3')?.kind).toBe('missing');
    expect(alone.asked).toHaveLength(3);
  });

  test('never another record under an id: all strangers are missing or fail, each once', async () => {
    const keys = Array.from({ length: 12 }, (_, i) => `PMID_${i + 1}`);
    const { retrieved, asked } = await retrieve(med, keys, () => pubmedSet(pubmedArticle(101), pubmedArticle(102)));
    expect(retrieved.map(({ key }) => key).sort()).toEqual([...keys].sort());
    expect(new Set(retrieved.map(({ kind }) => kind))).toEqual(new Set(['failed']));
    expect(asked).toHaveLength(11);
  });

  test('of a record that comes twice the newer version counts, once', async () => {
    const { retrieved, of } = await retrieve(med, ['PMID_1'], () =>
      pubmedSet(pubmedArticle(1, { version: 2 }), pubmedArticle(1)),
    );
    expect(retrieved).toHaveLength(1);
    expect(textOf(of('PMID_1'))).toContain('Version="2">1<');
  });

  test.each([
    ['cut', pubmedSet(pubmedArticle(1)).slice(0, -40), ValidationError],
    ['a page', '<html><head><title>Oops</title></head></html>', ValidationError],
    ['the rate limit inside a 200', '{"error":"API rate limit exceeded"}', QuotaError],
    ['an article set of PMC', pmcSet(pmcArticle(1)), ValidationError],
    ['elements that do not close', '<PubmedArticleSet><PubmedArticle></PubmedArticleSet>', ValidationError],
    [
      'declarations',
      '<!DOCTYPE PubmedArticleSet [<!ENTITY a "b">]><PubmedArticleSet></PubmedArticleSet>',
      ValidationError,
    ],
  ] as const)('an answer that is %s is taken for no record', async (_, body, error) => {
    await expect(retrieve(med, ['PMID_1'], () => body)).rejects.toBeInstanceOf(error);
  });

  test('keys of other sources fail alone, and cost no request', async () => {
    const { retrieved, asked } = await retrieve(med, ['PMC_1', 'PMID_x'], () => '');
    expect(retrieved.map(({ kind }) => kind)).toEqual(['failed', 'failed']);
    expect(asked).toHaveLength(0);
  });
});

describe('PMC: retrieval', () => {
  const CLOSED = '<!--The publisher of this article does not allow downloading of the full text in XML form.-->';

  test('articles by their PMCID, twenty a request', async () => {
    const { of, asked } = await retrieve(full, ['PMC_1', 'PMC_2'], () => pmcSet(pmcArticle(2), pmcArticle(1)));
    expect(asked[0]?.form).toMatchObject({ db: 'pmc', id: '1,2' });
    expect(textOf(of('PMC_1'))).toBe(pmcArticle(1));
    expect(of('PMC_2')).toMatchObject({
      document: { format: 'jats', locator: 'https://pmc.ncbi.nlm.nih.gov/articles/PMC2/' },
    });
    expect(full.retrieveMax).toBe(20);
  });

  test('front matter alone is taken where the publisher allows no more, without another request', async () => {
    const closed = pmcArticle(1, CLOSED);
    const { of, asked } = await retrieve(full, ['PMC_1'], () => pmcSet(closed));
    expect(textOf(of('PMC_1'))).toBe(closed);
    expect(asked).toHaveLength(1);
  });

  test('a full text that efetch leaves out is harvested by OAI-PMH', async () => {
    const play = ({ url }: { readonly url: URL }): Played =>
      url.pathname === '/oai' ? oaiRecord(pmcArticle(1)) : pmcSet(pmcArticle(1, ''));
    const { of, asked } = await retrieve(full, ['PMC_1'], play);
    expect(textOf(of('PMC_1'))).toContain('<body>');
    expect(asked[1]?.url.search).toBe('?verb=GetRecord&identifier=oai%3Apubmedcentral.nih.gov%3A1&metadataPrefix=pmc');
    expect(JSON.stringify(asked[1])).not.toContain(KEY);
  });

  test.each(['idDoesNotExist', 'cannotDisseminateFormat'])(
    'where OAI-PMH answers %s, front matter is better than nothing',
    async (code) => {
      const error = `<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><error code="${code}">no</error></OAI-PMH>`;
      const { of } = await retrieve(full, ['PMC_1', 'PMC_2'], ({ url }) =>
        url.pathname === '/oai'
          ? error
          : pmcSet(pmcArticle(1, ''), '<error id="2">The following PMCID is not available: 2</error>'),
      );
      expect(of('PMC_1')?.kind).toBe('document');
      expect(of('PMC_2')).toMatchObject({ kind: 'missing', reason: expect.stringContaining('not available: 2') });
    },
  );

  test('errors of single ids, in either form, are theirs alone', async () => {
    const alone = pmc({ ...ncbi, oaiUrl: null });
    const { of, asked } = await retrieve(alone, ['PMC_1', 'PMC_2', 'PMC_3'], () =>
      pmcSet(
        pmcArticle(1),
        '<error id="2">The following PMCID is not available: 2</error>',
        '<Reply Id="3" error="The following PMCID is not available: 3"/>',
      ),
    );
    expect([of('PMC_1')?.kind, of('PMC_2')?.kind, of('PMC_3')?.kind]).toEqual(['document', 'missing', 'missing']);
    expect(asked).toHaveLength(1);
  });

  test('another article instead is what it was merged into; one without an id is its own', async () => {
    const alone = pmc({ ...ncbi, oaiUrl: null });
    const merged = await retrieve(alone, ['PMC_1', 'PMC_2'], () => pmcSet(pmcArticle(1), pmcArticle(9)));
    expect(merged.of('PMC_2')).toEqual({ kind: 'merged', key: 'PMC_2', into: 'PMC_9' });
    const nameless = await retrieve(alone, ['PMC_1'], () => pmcSet(pmcArticle(null)));
    expect(nameless.of('PMC_1')?.kind).toBe('document');
  });

  test('OAI-PMH is left alone where efetch is asked elsewhere and nobody gave its address', async () => {
    const play = () => pmcSet(pmcArticle(1, ''));
    const own = createSources({ CONTACT_EMAIL: EMAIL, NCBI_URL: 'http://127.0.0.1:1/x' }, { nowMs: () => NOW_MS }).get(
      'pmc',
    );
    if (!own) throw new Error('no source');
    const { asked } = await retrieve(own, ['PMC_1'], play);
    expect(asked.map(({ url }) => url.href)).toEqual(['http://127.0.0.1:1/x/efetch.fcgi']);
    const real = createSources({ CONTACT_EMAIL: EMAIL }, { nowMs: () => NOW_MS }).get('pmc');
    if (!real) throw new Error('no source');
    const two = await retrieve(real, ['PMC_1'], play);
    expect(two.asked.map(({ url }) => url.origin + url.pathname)).toEqual([
      `${NCBI_URL}efetch.fcgi`,
      'https://pmc.ncbi.nlm.nih.gov/api/oai/v1/mh/',
    ]);
  });
});

describe.skipIf(!isRecorded)('recorded answers (skipped where ../shared is absent)', () => {
  const table: string[] = [];
  const count = (name: string, what: string) => table.push(`${name}: ${what}`);

  test.each([
    ['search_cancer_core.json', { PMC: 8, PMID: 17, PPR: 0 }, 'AoIIP4ZawSg1MzEyODI1MA=='],
    ['search_cancer.json', { PMC: 8, PMID: 17, PPR: 0 }, 'AoIIP4ZawSg1MzEyODI1MA=='],
    ['search_1000results_cancer.json', { PMC: 331, PMID: 645, PPR: 24 }, 'AoIIP4HN8ig1MzEwOTI4OQ=='],
  ] as const)('europepmc/%s', async (name, kinds, next) => {
    const large = europePmc({ url: 'http://127.0.0.1:1/', pageSize: 1_000 });
    const page = pageOf((await list(large, entry, null, file(`europepmc/${name}`))).page);
    const found = { PMC: 0, PMID: 0, PPR: 0 };
    for (const { key, document } of page.found) {
      found[key.split('_')[0] as keyof typeof found] += 1; // the prefixes of keyOf
      if (document !== undefined) expect(keyOf(JSON.parse(new TextDecoder().decode(document.bytes)))).toBe(key);
      else expect(key).toMatch(/^PMC_/);
    }
    expect(found).toEqual(kinds);
    expect(page).toMatchObject({ stated: 5_059_039, next, remarks: [] });
    const whole = page.found.filter(({ document }) => document === undefined).length;
    count(name, `${page.found.length} found: ${whole} full texts, ${page.found.length - whole} with their record`);
  });

  test('europepmc/fetch_10pages_cancer.json: ten pages by their cursors, 1,000 documents once', async () => {
    const pages: readonly { readonly nextCursorMark: string; readonly request: { readonly cursorMark: string } }[] =
      JSON.parse(file('europepmc/fetch_10pages_cancer.json'));
    const { http, asked } = playing(({ url }) => {
      const mark = url.searchParams.get('cursorMark') ?? '';
      const page = pages.find(({ request }) => decodeURIComponent(request.cursorMark) === mark);
      return page === undefined
        ? results([], { hitCount: 5_059_039, cursorMark: encodeURIComponent(mark) })
        : JSON.stringify(page);
    });
    const keys: string[] = [];
    let cursor: string | null = null;
    do {
      const page = pageOf(await epmc.list(entry, cursor, http));
      keys.push(...page.found.map(({ key }) => key));
      cursor = page.next;
    } while (cursor !== null);
    expect([keys.length, new Set(keys).size, asked.length]).toEqual([1_000, 1_000, 11]);
    count('fetch_10pages_cancer.json', '1,000 found in 11 requests');
  });

  test('europepmc: no results; the first page again; XML instead of JSON', async () => {
    const none = await list(epmc, entry, null, file('europepmc/search_no_results.json'));
    expect(none.page).toEqual({ kind: 'page', found: [], stated: 0, next: null, remarks: [] });
    const again = list(epmc, entry, 'AoIIP4lkIig1MzE0NTMwOA==', file('europepmc/search_cancer_page2.json'));
    await expect(again).rejects.toThrow(/first page again/);
    await expect(list(epmc, entry, null, file('europepmc/search_cancer.xml'))).rejects.toBeInstanceOf(ValidationError);
    count(
      'search_no_results.json',
      '0 found; search_cancer_page2.json and search_cancer.xml refused (ValidationError)',
    );
  });

  test.each([
    ['esearch1.xml', 20, 63, 20],
    ['esearch3.xml', 6, 2_651, 6],
    ['esearch5.xml', 5, 5, 5],
    ['esearch7.xml', 20, 330, 20],
    ['esearch8.xml', 0, 0, 0],
  ] as const)('eutils/%s: %i ids of %i', async (name, ids, stated, next) => {
    const cursor = name === 'esearch3.xml' ? '6' : null;
    const small = pubmed({ ...ncbi, pageSize: Math.max(1, ids) });
    const page = pageOf((await list(small, entry, cursor, file(`eutils/${name}`))).page);
    expect(page).toMatchObject({ stated, next: stated > ids ? String(next + Number(cursor ?? 0)) : null });
    expect(page.found).toHaveLength(ids);
    expect(page.remarks).toEqual(name === 'esearch8.xml' ? ['not found by the service: abcXYZ'] : []);
    count(name, `${ids} ids of ${stated}`);
  });

  test('eutils/esearch2.xml: 42,249 hits are too many for PubMed', async () => {
    const { page } = await list(med, entry, null, file('eutils/esearch2.xml'));
    expect(page).toEqual({ kind: 'too_many', stated: 42_249, ceiling: 9_999 });
    count('esearch2.xml', 'too many (42,249), to be split');
  });

  test.each([
    ['eutils/pubmed1.xml', ['12091962', '9997']],
    ['eutils/pubmed2.xml', ['11748933', '11700088']],
    ['eutils/pubmed4.xml', ['27797938']],
    ['eutils/pubmed5.xml', ['28775130']],
    ['eutils/pubmed7.xml', ['29963580']],
    ['medline/pubmed-29768149.xml', ['29768149']],
  ])('%s: records by their PMID', async (name, ids) => {
    const keys = ids.map((id) => `PMID_${id}`);
    const body = file(name);
    const { retrieved, of } = await retrieve(med, [...keys, 'PMID_1'], () => body);
    expect(retrieved.filter(({ kind }) => kind === 'document').map(({ key }) => key)).toEqual(keys);
    expect(of('PMID_1')?.kind).toBe('missing');
    for (const key of keys) expect(body).toContain(textOf(of(key)));
    count(name, `${keys.length} records`);
  });

  test('eutils/efetch_pmc.xml and the 30 JATS files, as a set of PMC and as full texts of Europe PMC', async () => {
    const set = await retrieve(full, ['PMC_8435807'], () => file('eutils/efetch_pmc.xml'));
    expect(set.of('PMC_8435807')?.kind).toBe('document');
    expect(set.asked).toHaveLength(1);
    count('efetch_pmc.xml', '1 article');
    let asSet = 0;
    let asText = 0;
    for (const name of readdirSync(`${recorded}jats`)) {
      const text = file(`jats/${name}`);
      const id = /<article-id[^>]*pub-id-type="(?:pmc|pmcid)"[^>]*>(?:PMC)?(\d+)/.exec(text)?.[1] ?? '1';
      const key = `PMC_${id}`;
      if (name === 'oai.xml') {
        const harvested = await retrieve(full, [key], ({ url }) => (url.pathname === '/oai' ? text : pmcSet()));
        expect(textOf(harvested.of(key))).toMatch(/^<article[\s\S]*<\/article>$/);
        count('oai.xml', '1 article by OAI-PMH');
        continue;
      }
      const article = text.slice(text.search(/<article[\s>]/)).trimEnd();
      const one = await retrieve(full, [key], () => pmcSet(article));
      expect([name, textOf(one.of(key)) === article]).toEqual([name, true]);
      asSet += 1;
      const epmcText = await retrieve(epmc, [key], ({ url }) =>
        url.pathname.endsWith('/search') ? results([openResult(Number(id))]) : text,
      );
      expect([name, textOf(epmcText.of(key)) === text]).toEqual([name, true]);
      asText += 1;
    }
    expect([asSet, asText]).toEqual([29, 29]);
    count('jats', `${asSet} articles in sets of PMC, ${asText} as full texts of Europe PMC, byte for byte`);
    console.info(`must-show 1:\n${table.join('\n')}`);
  });

  test('every other answer of E-utilities, given instead of what was asked for, is an error of a known class', async () => {
    const others = readdirSync(`${recorded}eutils`).filter(
      (name) => !/^(?:esearch|pubmed[1-7]\.xml|efetch_pmc)/.test(name),
    );
    for (const name of others) {
      const body = file(`eutils/${name}`);
      for (const source of [epmc, med, full])
        await expect(list(source, entry, null, body)).rejects.toBeInstanceOf(StageError);
      for (const source of [med, full]) {
        const key = source === med ? 'PMID_1' : 'PMC_1';
        const outcome = await retrieve(source, [key], () => body).then(
          ({ of }) => of(key)?.kind,
          (error) => (error instanceof StageError ? error.name : `untyped ${error}`),
        );
        expect(['missing', 'ValidationError']).toContain(outcome);
      }
    }
  });
});

describe('whatever a service answers', () => {
  const tame = async (work: Promise<unknown>): Promise<unknown> =>
    work.catch((error: unknown) => {
      if (!(error instanceof StageError)) throw error;
      for (const secret of [KEY, EMAIL]) expect(error.message).not.toContain(secret);
      return null;
    });
  const bodies = [
    results([openResult(1), result({ id: '2' })], { hitCount: 9, nextCursorMark: 'A' }),
    hits([1, 2], 9),
    pubmedSet(pubmedArticle(1), pubmedArticle(2)),
    pmcSet(pmcArticle(1), '<error id="2">The following PMCID is not available: 2</error>'),
    oaiRecord(pmcArticle(1)),
    pmcArticle(1),
    `{"error":"API rate limit exceeded","api-key":"${KEY}"}`,
  ];
  /** A real answer, damaged: cut, a byte changed, a piece doubled. */
  const damaged = fc
    .tuple(
      fc.constantFrom(...bodies),
      fc.nat(),
      fc.nat(),
      fc.nat({ max: 255 }),
      fc.constantFrom('cut', 'changed', 'doubled', 'whole'),
    )
    .map(([body, a, b, byte, how]) => {
      const bytes = new TextEncoder().encode(body);
      const at = a % bytes.byteLength;
      if (how === 'cut') return bytes.subarray(0, at);
      if (how === 'doubled') return new Uint8Array([...bytes.subarray(0, at), ...bytes.subarray(b % (at + 1))]);
      if (how === 'changed') bytes[at] = byte;
      return bytes;
    });
  const statuses = fc.constantFrom(200, 200, 200, 204, 304, 400, 403, 404, 429, 500, 503);

  test('no adapter throws anything but a StageError, and each key is answered once', async () => {
    let done = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(damaged, statuses), { minLength: 1, maxLength: 4 }), async (played) => {
        const http: Http = async (request) => {
          const [body, status] = played[done % played.length] ?? [new Uint8Array(), 200];
          done += 1;
          return { status, headers: {}, bytes: body, url: request.url };
        };
        for (const source of [epmc, med, full]) {
          await tame(source.list(entry, null, http));
          await tame(source.list(change('2026-11-22'), '1', http));
          const prefix = source === med ? 'PMID_' : 'PMC_';
          const keys = [`${prefix}1`, `${prefix}2`, 'other'];
          const retrieved = await tame(
            source.retrieve(
              keys.map((key) => ({ key })),
              http,
            ),
          );
          if (Array.isArray(retrieved)) expect(retrieved.map(({ key }) => key).sort()).toEqual([...keys].sort());
        }
      }),
      { numRuns: 300 },
    );
    expect(done).toBeGreaterThan(1_000);
  });
});
