import { createHash } from 'node:crypto';
import {
  acceptDocuments,
  heldIdentities,
  identityWrites,
  publicationRows,
  readDocuments,
  readPublications,
  tombstoneWrites,
} from '../../core/corpus.ts';
import { type Database, defineStage, type Pipeline, type Stage, statement } from '../../core/engine/index.ts';
import { type DocumentRecord, type Publication, readDocument } from '../../core/sources/record.ts';

/** A document as a test has it arrive. Sources say more about a document than a file's record can: `said` is that. */
export type Arrival = {
  readonly key: string;
  readonly text: string;
  readonly source?: string;
  readonly title?: string;
  readonly authors?: readonly string[];
  readonly pmid?: string;
  readonly pmcid?: string;
  readonly doi?: string;
  readonly url?: string;
  readonly licence?: string;
  readonly publicationDate?: string;
  readonly said?: Partial<Pick<Publication, 'state' | 'fullText' | 'notices' | 'openAccess'>>;
};

const encoder = new TextEncoder();

/** Brings documents in as a discovery does: in one transaction, with their first task. */
export async function arrive(db: Database, pipeline: Pipeline, ...arrivals: readonly Arrival[]): Promise<void> {
  const [first] = pipeline.stages;
  if (!first) throw new Error('the pipeline has no stage');
  const documents = arrivals.map(({ key, publicationDate, ...fields }) => {
    const raw = encoder.encode(JSON.stringify({ id: key, publication_date: publicationDate, ...fields }));
    const sha256 = createHash('sha256').update(raw).digest('hex');
    return { key, source: fields.source ?? 'file', format: 'json-case' as const, raw, sha256, locator: `test:${key}` };
  });
  await acceptDocuments(db, first, documents, []);
}

const decoder = new TextDecoder();

/** The record of stored bytes with what its source says of it. */
export function recordOf(key: string, raw: Uint8Array): DocumentRecord {
  const reading = readDocument('json-case', raw, key);
  if (reading.kind === 'refused') throw new Error(`${key}: ${reading.detail}`);
  const { said } = JSON.parse(decoder.decode(raw)) as Pick<Arrival, 'said'>; // written by `arrive`
  return { ...reading.record, publication: { ...reading.record.publication, ...said } };
}

/** `scrape` with a reader that understands `said`, and the writes of the product. */
export const scrapeOfTest = (db: Database): Stage =>
  defineStage({
    name: 'scrape',
    itemKind: 'document',
    batchMax: 256,
    leaseMs: 60_000,
    retry: { attemptsMax: 5, delayMsFirst: 1_000, delayMsMax: 600_000 },
    settles: 'each',
    fingerprint: 'scrape-of-test',
    async process(batch) {
      const keys = batch.map(({ key }) => key);
      const documents = await readDocuments(db, keys);
      const items = batch.map(({ id, key }) => {
        const document = documents.get(key);
        if (!document) throw new Error(`${key} has no bytes`);
        return { itemId: id, sha256: document.sha256, record: recordOf(key, document.raw) };
      });
      const before = await readPublications(db, keys);
      const ended = items.filter(({ record }) => record.publication.state !== 'current');
      return {
        outcomes: items.map(({ sha256 }) => ({ kind: 'done', outputHash: sha256 }) as const),
        writes: [
          ...identityWrites(
            items.map(({ itemId, record }) => {
              const { key, publication } = record;
              return { itemId, key, publication, before: before.get(key), record };
            }),
            await heldIdentities(db, keys),
          ),
          publicationRows(items.map(({ itemId, record: { key, publication } }) => ({ itemId, key, publication }))),
          ...ended.flatMap(({ itemId, record: { key, publication } }) =>
            tombstoneWrites(
              itemId,
              key,
              [publication.state, ...publication.notices.map((one) => one.reference)].join(': '),
            ),
          ),
        ],
      };
    },
  });

/** What a corpus is, whatever its history: who yields which cases, who stands behind whom, and why others have none. */
export async function standingOf(db: Database, keys: readonly string[]) {
  const among = `IN (${keys.map((key) => `'${key}'`).join()})`;
  const [cases, folded, skipped, hidden] = await db.read([
    statement(`SELECT case_id, text FROM patient_case WHERE withdrawn = 0 AND document_key ${among} ORDER BY case_id`),
    statement(`SELECT document_key, folded_into FROM publication WHERE document_key ${among} ORDER BY document_key`),
    statement(
      `SELECT i.key, t.reason FROM task t JOIN item i ON i.id = t.item_id
       WHERE t.stage = 'normalize' AND t.state = 'skipped' AND i.key ${among} ORDER BY i.key`,
    ),
    statement(
      `SELECT t.case_id FROM tombstone t JOIN patient_case c ON c.case_id = t.case_id
       WHERE c.withdrawn = 0 AND c.document_key ${among}`,
    ),
  ]);
  return {
    cases: (cases?.rows ?? []).map(({ case_id, text }) => [case_id, text]),
    folded: (folded?.rows ?? []).map(({ document_key, folded_into }) => [document_key, folded_into]),
    skipped: (skipped?.rows ?? []).map(({ key, reason }) => [key, reason]),
    /** Live cases that no answer may show: never any once all is worked. */
    hidden: (hidden?.rows ?? []).map(({ case_id }) => case_id),
  };
}

/** The words that every report has in common with the query. */
export const QUERY = 'chest pain and fever for a week';

/** A report of its own words: no two of different numbers share a sequence of eight. */
export function report(number: number, patient = 'A 45-year-old man'): string {
  const own = (place: number) => `sign${number}x${place}`;
  const sentences = Array.from(
    { length: 8 },
    (_, i) => `On day ${i + 2} the patient had ${own(i)} and fever with ${own(i + 20)} in the leg.`,
  );
  return `${patient} presented with chest pain and ${own(50)} for a week. ${sentences.join(' ')} He was treated and recovered.`;
}
