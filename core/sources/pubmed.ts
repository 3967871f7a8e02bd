import { ValidationError } from '../engine/errors.ts';
import { errorOf } from './answers.ts';
import type { Http } from './http/http.ts';
import {
  askUtility,
  foreignKey,
  idsOf,
  listHits,
  NCBI_SERVICE,
  type NcbiDatabase,
  type NcbiSettings,
  PUBMED_CEILING,
} from './ncbi.ts';
import { SliceError, slices } from './slices.ts';
import type { Retrieved, RetrievedDocument, Source, Wanted } from './source.ts';

const service = NCBI_SERVICE;
const DATABASE: NcbiDatabase = { db: 'pubmed', prefix: 'PMID_', ceiling: PUBMED_CEILING };
/** NBK25499, EFetch: no set maximum of ids, but about 200 at once are best posted. */
const RETRIEVE_MAX = 200;
/** Records without an id that was asked for, after which those that are missing are asked for one by one. */
const ALONE_MAX = 10;

type PubmedRecord = { readonly id: string; readonly version: number; readonly bytes: Uint8Array };

/** PMID and its version of one `PubmedArticle` or `PubmedBookArticle`: the first that stands in it. */
function recordOf(bytes: Uint8Array): PubmedRecord | null {
  const head = new TextDecoder().decode(bytes.subarray(0, 65_536));
  const [, attributes = '', id] = /<PMID(\s[^<>]{0,200})?>\s{0,20}(\d{1,12})\s{0,20}<\/PMID>/.exec(head) ?? [];
  if (id === undefined) return null;
  return { id: String(Number(id)), version: Number(/Version="(\d{1,4})"/.exec(attributes)?.[1] ?? 1), bytes };
}

/** Cuts an answer of efetch into its records. @throws ValidationError where it was cut or is no such answer */
function pubmedRecords(bytes: Uint8Array): readonly PubmedRecord[] {
  try {
    return slices(bytes, ['PubmedArticle', 'PubmedBookArticle']).flatMap((slice) => {
      const record = slice.bytes === null ? null : recordOf(slice.bytes);
      return record === null ? [] : [record];
    });
  } catch (error) {
    if (!(error instanceof SliceError)) throw error;
    throw new ValidationError(`the answer of efetch cannot be taken apart (${error.problem}); it is asked again`, {
      service,
    });
  }
}

const documentOf = (record: PubmedRecord): RetrievedDocument => ({
  format: 'medline',
  bytes: record.bytes,
  locator: `https://pubmed.ncbi.nlm.nih.gov/${record.id}/`,
});

/**
 * What became of each id, from the records that came. Of a record that came twice the newer version counts. A record that nobody asked for is the
 * one that a missing id was merged into, if it names that id or if the two stand alone; ids for which that stays open are `unsure`.
 */
function matchRecords(
  ids: ReadonlyMap<string, string>,
  records: readonly PubmedRecord[],
): { readonly settled: readonly Retrieved[]; readonly unsure: readonly string[] } {
  const byId = new Map<string, PubmedRecord>();
  for (const record of records) {
    const other = byId.get(record.id);
    if (other === undefined || record.version > other.version) byId.set(record.id, record);
  }
  const extra = [...byId.values()].filter(({ id }) => !ids.has(id));
  const missing = [...ids].filter(([id]) => !byId.has(id));
  const mergedInto = (id: string): PubmedRecord | undefined => {
    const names = new RegExp(`<(?:ArticleId IdType="pubmed"|PMID(?: Version="\\d{1,4}")?)>\\s{0,20}${id}\\s{0,20}<`);
    const naming = extra.filter(({ bytes }) => names.test(new TextDecoder().decode(bytes)));
    if (naming.length === 1) return naming[0];
    return extra.length === 1 && missing.length === 1 ? extra[0] : undefined;
  };
  const settled: Retrieved[] = [];
  const unsure: string[] = [];
  for (const [id, key] of ids) {
    const record = byId.get(id);
    if (record !== undefined) {
      settled.push({ kind: 'document', key, document: documentOf(record) });
      continue;
    }
    const into = mergedInto(id);
    if (into !== undefined) settled.push({ kind: 'merged', key, into: `${DATABASE.prefix}${into.id}` });
    else if (extra.length > 0) unsure.push(id);
    else settled.push({ kind: 'missing', key, reason: 'PubMed has no record of this number: deleted, or never given' });
  }
  return { settled, unsure };
}

/** PubMed by esearch and efetch (NBK25499). */
export function pubmed(settings: NcbiSettings): Source {
  const fetchRecords = async (ids: readonly string[], http: Http): Promise<readonly PubmedRecord[] | string> => {
    const { reading, bytes } = await askUtility(http, settings, 'documents', 'efetch', {
      db: DATABASE.db,
      id: ids.join(','),
      retmode: 'xml',
    });
    if (reading.kind === 'problem') {
      // None of the ids is one: they are missing, all of them.
      if (reading.problem.class === 'refuse') return reading.problem.message;
      throw errorOf(reading.problem, service, 'documents');
    }
    if (reading.kind !== 'xml' || !/^Pubmed(?:Book)?ArticleSet$/.test(reading.root))
      throw new ValidationError('efetch answered something else than records; it is asked again', { service });
    return pubmedRecords(bytes);
  };

  const retrieve = async (wanted: readonly Wanted[], http: Http): Promise<readonly Retrieved[]> => {
    const { ids, foreign } = idsOf(wanted, DATABASE);
    const refused: readonly Retrieved[] = foreign.map((key) => ({ kind: 'failed', key, error: foreignKey(key) }));
    if (ids.size === 0) return refused;
    const records = await fetchRecords([...ids.keys()], http);
    if (typeof records === 'string')
      return [...refused, ...[...ids.values()].map((key) => ({ kind: 'missing', key, reason: records }) as const)];
    const { settled, unsure } = matchRecords(ids, records);
    const alone: Retrieved[] = [];
    for (const [place, id] of unsure.entries()) {
      const key = ids.get(id) ?? '';
      const one = place < ALONE_MAX ? await fetchRecords([id], http) : [];
      if (typeof one === 'string') alone.push({ kind: 'missing', key, reason: one });
      else alone.push(...(place < ALONE_MAX ? matchRecords(new Map([[id, key]]), one).settled : []));
      if (alone.length > place) continue;
      const error = new ValidationError('efetch gave other records than were asked for; it is asked again', {
        service,
      });
      alone.push({ kind: 'failed', key, error });
    }
    return [...refused, ...settled, ...alone];
  };

  return {
    kind: 'pubmed',
    service,
    changes: 'day',
    ceiling: PUBMED_CEILING,
    retrieveMax: RETRIEVE_MAX,
    list: (window, cursor, http) => listHits(http, settings, DATABASE, window, cursor),
    retrieve,
  };
}
