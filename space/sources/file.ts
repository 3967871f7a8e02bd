import { basename } from 'node:path';
import type { Refusal } from '../../core/corpus.ts';
import { RetryableError } from '../../core/engine/index.ts';
import type { Page, RetrievedDocument, Source, Window } from '../../core/sources/source.ts';
import { type FolderPlan, hashOf, type PlannedRecord, planFolder, recordsIn } from './folder.ts';

export type FileSourceDeps = {
  /** Keeps what cannot enter the pipeline, with file, line and reason; the same one again changes nothing. */
  readonly refuse: (refusals: readonly Refusal[]) => Promise<void>;
  /** The files and folders of all definitions of this kind. */
  readonly paths: () => Promise<readonly string[]>;
};

const PAGE_RECORDS = 256;
const PAGE_BYTES = 2 * 1024 * 1024;

/** A listing in its midst: what is to come, and the files as far as they were read. */
type Listing = { readonly plan: FolderPlan; readonly reader: Reader; place: number };

/**
 * Records of the files under a folder, or of one file. They are read once before the first page, so that the number of records
 * is stated exactly and an id that comes twice is told, and once more page by page. Days mean nothing to it: every
 * window lists everything, and the revision of a record is the hash of its bytes.
 */
export function fileSource(deps: FileSourceDeps): Source {
  const listings = new Map<string, Listing>();

  /** The listing at `place`, as it stands from the page before, or read anew after a restart; null where the files are others by now. */
  const resumed = async (path: string, id: string, place: number): Promise<Listing | null> => {
    const known = listings.get(path);
    if (known?.plan.id === id && known.place === place) return known;
    const listing = await begun(path);
    if (listing.plan.id !== id) return null;
    listing.place = place;
    return listing;
  };
  const begun = async (path: string): Promise<Listing> => {
    await listings.get(path)?.reader.close();
    const listing = { plan: await planFolder(path, deps.refuse), reader: new Reader(), place: 0 };
    listings.set(path, listing);
    return listing;
  };

  return {
    kind: 'file',
    service: 'file',
    changes: 'none',
    ceiling: null,
    retrieveMax: PAGE_RECORDS,
    async list({ query }: Window, cursor: string | null): Promise<Page> {
      const [id, place] = cursor?.split(':') ?? [];
      const old = id === undefined ? null : await resumed(query, id, Number(place));
      const listing = old ?? (id === undefined ? await begun(query) : (listings.get(query) ?? (await begun(query))));
      const { plan, reader } = listing;
      const found: Page['found'][number][] = [];
      let bytes = 0;
      try {
        while (found.length < PAGE_RECORDS && bytes < PAGE_BYTES) {
          const record = plan.records[listing.place];
          if (record === undefined) break;
          const document = await reader.read(record);
          found.push({ key: record.key, revision: record.sha256, document });
          bytes += document.bytes.byteLength;
          listing.place += 1;
        }
      } catch (error) {
        listings.delete(query);
        await reader.close();
        throw error;
      }
      const ended = listing.place >= plan.records.length;
      if (ended) {
        listings.delete(query);
        await reader.close();
      }
      return {
        kind: 'page',
        found,
        stated: plan.records.length,
        next: ended ? null : `${plan.id}:${listing.place}`,
        remarks: [
          ...(id !== undefined && old === null ? ['the files changed while they were listed: begun again'] : []),
          ...(old === null ? plan.remarks : []),
        ],
      };
    },
    async retrieve(wanted) {
      const places = new Map<string, PlannedRecord>();
      for (const path of await deps.paths())
        for (const record of (await planFolder(path, deps.refuse)).records) places.set(record.key, record);
      const reader = new Reader();
      const documents = new Map<string, RetrievedDocument>();
      const here = wanted.flatMap(({ key }) => places.get(key) ?? []);
      try {
        // In the order of the files, each of which is then read once.
        for (const record of here.sort((a, b) => compare(a.file, b.file) || a.line - b.line))
          documents.set(record.key, await reader.read(record));
      } finally {
        await reader.close();
      }
      return wanted.map(({ key }) => {
        const document = documents.get(key);
        return document
          ? { kind: 'document' as const, key, document }
          : { kind: 'missing' as const, key, reason: 'no file of the sources holds it any more' };
      });
    },
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** Reads records at their places; those that follow each other in one file cost one reading of it. */
class Reader {
  private file: string | null = null;
  private records: ReturnType<typeof recordsIn> | null = null;

  /** @throws RetryableError when the record no longer stands there as it was planned */
  async read(record: PlannedRecord): Promise<RetrievedDocument> {
    if (this.records === null || this.file !== record.file) {
      await this.close();
      this.file = record.file;
      this.records = recordsIn(record.file);
    }
    for (;;) {
      const { value, done } = await this.records.next();
      if (done || value.line.number > record.line) break;
      if (value.line.number < record.line) continue;
      const { bytes } = value.line;
      if (bytes === null || 'reason' in value || hashOf(bytes) !== record.sha256) break;
      return { format: value.format, bytes, locator: `${record.file}:${record.line}` };
    }
    throw new RetryableError(`${basename(record.file)} was changed while it was read; it is read again`);
  }

  async close(): Promise<void> {
    await this.records?.return(undefined);
    this.records = null;
    this.file = null;
  }
}
