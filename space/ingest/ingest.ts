import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { acceptDocuments, knownDocuments, type NewDocument, type Refusal } from '../../core/corpus.ts';
import type { Database, Stage } from '../../core/engine/index.ts';
import {
  DOCUMENT_BYTES_MAX,
  type DocumentFormat,
  type RefusalReason,
  readDocument,
} from '../../core/sources/record.ts';
import { FORMAT_OF_ELEMENT, SliceError, streamSlices } from '../../core/sources/slices.ts';
import { type Line, readLines } from './lines.ts';

/** A file that cannot be ingested at all; the message says what to do. */
export class IngestError extends Error {
  override readonly name = 'IngestError';
}

export type IngestReport = {
  readonly file: string;
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly refused: readonly { readonly line: number; readonly reason: string; readonly detail: string }[];
  /** True when it was stopped before the end; what was read is committed, and a rerun goes on. */
  readonly stopped: boolean;
};
/** Where each id of one run was first seen; shared by the files of one command. */
export type SeenIds = Map<string, { readonly place: string; readonly sha256: string }>;
export type IngestOptions = {
  readonly seen?: SeenIds;
  readonly stopping: () => boolean;
  readonly onProgress: (progress: {
    readonly file: string;
    readonly bytes: number;
    readonly bytesAll: number | null;
  }) => void;
};

/** A commit is due after so many records or bytes, whichever comes first. */
const COMMIT_RECORDS = 512;
const COMMIT_BYTES = 2 * 1024 * 1024;
/** Refused bytes that are kept with the reason. */
const RAW_KEPT_BYTES = 1024 * 1024;

/**
 * Brings the records of one file (`-`: standard input) into the pipeline. Every record is either stored with its first task
 * or refused with file, line and reason; both are committed together, so a kill loses nothing and a rerun repeats nothing.
 * @throws IngestError when the file cannot be read at all
 */
export async function ingestFile(
  db: Database,
  first: Stage,
  file: string,
  options: IngestOptions,
): Promise<IngestReport> {
  const batch = new Batch(db, first, file, options.seen ?? new Map());
  const format = formatOf(file);
  const size = file === '-' ? null : await sizeOf(file);
  let stopped = false;
  if (format === 'text') {
    const bytes = await readFile(file);
    await batch.add(whole(bytes), 'text');
  } else {
    const chunks: AsyncIterable<Uint8Array> = file === '-' ? process.stdin : createReadStream(file);
    const records = format === 'xml' ? xmlRecords(chunks) : jsonRecords(chunks);
    for await (const { line, ...read } of records) {
      if ('reason' in read) batch.reject(line, read.reason, read.detail);
      else await batch.add(line, read.format);
      if (batch.justCommitted) options.onProgress({ file, bytes: line.offset + line.length, bytesAll: size });
      if (options.stopping()) {
        stopped = true;
        break;
      }
    }
  }
  await batch.finish();
  return batch.report(stopped);
}

/** A record of a file with its place, or why there is none at that place. */
export type FileRecord =
  | { readonly line: Line; readonly format: DocumentFormat }
  | { readonly line: Line; readonly reason: RefusalReason; readonly detail: string };

export async function* jsonRecords(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<FileRecord> {
  for await (const line of readLines(chunks, DOCUMENT_BYTES_MAX)) yield { line, format: 'json-case' };
}

/** The records of an XML file one by one. What makes the rest of it unreadable is refused as the record behind the last good one. */
export async function* xmlRecords(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<FileRecord> {
  let number = 0;
  let end = 0;
  try {
    for await (const slice of streamSlices(chunks, DOCUMENT_BYTES_MAX)) {
      number = slice.number;
      end = slice.offset + slice.length;
      yield { line: slice, format: FORMAT_OF_ELEMENT[slice.element] ?? 'jats' };
    }
  } catch (error) {
    if (!(error instanceof SliceError)) throw error;
    const line: Line = { number: number + 1, offset: end, length: 0, bytes: null };
    yield { line, reason: error.problem === 'encoding' ? 'not_utf8' : 'unreadable', detail: error.message };
  }
}

export function formatOf(file: string): 'json-case' | 'text' | 'xml' {
  const extension = extname(file).toLowerCase();
  if (file === '-' || ['.jsonl', '.ndjson', '.json'].includes(extension)) return 'json-case';
  if (['.txt', '.md', '.text'].includes(extension)) return 'text';
  if (['.xml', '.nxml'].includes(extension)) return 'xml';
  throw new IngestError(
    `${file}: files are JSONL (.jsonl, .ndjson), one record a line, XML of PubMed, MEDLINE, PMC or BioC (.xml, .nxml), or plain text (.txt); ${extension === '.gz' ? 'unpack .gz first (gunzip)' : `${extension || 'no ending'} is not read`}`,
  );
}

async function sizeOf(file: string): Promise<number> {
  try {
    const found = await stat(file);
    if (!found.isFile()) throw new IngestError(`${file}: not a file; give a .jsonl, .xml or .txt file`);
    return found.size;
  } catch (error) {
    if (error instanceof IngestError) throw error;
    throw new IngestError(`${file}: ${(error as Error).message}`);
  }
}

const whole = (bytes: Uint8Array): Line => ({ number: 1, offset: 0, length: bytes.byteLength, bytes });
const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Records of one file on their way into the database. */
class Batch {
  justCommitted = false;
  private readonly db: Database;
  private readonly first: Stage;
  private readonly file: string;
  private readonly seenIds: SeenIds;
  private documents: NewDocument[] = [];
  private refusals: Refusal[] = [];
  private bytes = 0;
  private seen = 0;
  private readonly counts = { added: 0, changed: 0, unchanged: 0 };
  private readonly refused: { line: number; reason: string; detail: string }[] = [];

  constructor(db: Database, first: Stage, file: string, seenIds: SeenIds) {
    this.db = db;
    this.first = first;
    this.file = file;
    this.seenIds = seenIds;
  }

  async add(line: Line, format: DocumentFormat): Promise<void> {
    this.seen += 1;
    this.justCommitted = false;
    this.take(line, format);
    this.bytes += line.bytes?.byteLength ?? 0;
    if (this.documents.length + this.refusals.length >= COMMIT_RECORDS || this.bytes >= COMMIT_BYTES)
      await this.commit();
  }

  /** Counts what could not even be cut out of its file as a record that was refused. */
  reject(line: Line, reason: RefusalReason, detail: string): void {
    this.seen += 1;
    this.justCommitted = false;
    this.refuse(line, reason, detail);
  }

  async finish(): Promise<void> {
    if (this.seen === 0) this.refuse(whole(new Uint8Array()), 'empty_file', 'the file holds no record');
    await this.commit();
  }

  report(stopped: boolean): IngestReport {
    return { file: this.file, ...this.counts, refused: this.refused, stopped };
  }

  private take(line: Line, format: DocumentFormat): void {
    if (line.bytes === null) {
      this.refuse(line, 'too_large', `${line.length} bytes in one record; at most ${DOCUMENT_BYTES_MAX} are taken`);
      return;
    }
    const reading = readDocument(format, line.bytes, this.fallbackKey(line, format), { now: () => performance.now() });
    if (reading.kind === 'refused') {
      this.refuse(line, reading.reason, reading.detail);
      return;
    }
    const { key, publication } = reading.record;
    const sha256 = hashOf(line.bytes);
    const earlier = this.seenIds.get(key);
    if (earlier) {
      const how = earlier.sha256 === sha256 ? 'the same record' : 'another record';
      this.refuse(line, 'duplicate_id', `id ${key} stands at ${earlier.place} already, with ${how}; that one was kept`);
      return;
    }
    const locator = `${this.file}:${line.number}`;
    this.seenIds.set(key, { place: locator, sha256 });
    // What came in a file is retrieved from nowhere, wherever it was first published.
    const source = format === 'json-case' || format === 'text' ? publication.source : 'file';
    this.documents.push({ key, source, format, raw: line.bytes, sha256, locator });
  }

  /** The name of a record without an id: its file's. */
  private fallbackKey(line: Line, format: DocumentFormat): string {
    const name = basename(this.file, extname(this.file));
    if (format === 'text' || format === 'json-case') return name;
    const plain = name.replace(/[^A-Za-z0-9._:@()-]/g, '_').replace(/^[^A-Za-z0-9]+/, '') || 'document';
    return (line.number === 1 ? plain : `${plain}-${line.number}`).slice(0, 200);
  }

  private refuse(line: Line, reason: string, detail: string): void {
    const bytes = line.bytes ?? new Uint8Array();
    this.refused.push({ line: line.number, reason, detail });
    this.refusals.push({
      source: 'file',
      file: this.file,
      line: line.number,
      byteOffset: line.offset,
      bytes: line.length,
      reason,
      detail,
      sha256: line.bytes ? hashOf(bytes) : '',
      raw: line.bytes && bytes.byteLength <= RAW_KEPT_BYTES ? bytes : null,
    });
  }

  private async commit(): Promise<void> {
    const known = await knownDocuments(
      this.db,
      this.documents.map(({ key }) => key),
    );
    for (const { key, sha256 } of this.documents) {
      const before = known.get(key);
      this.counts[before === undefined ? 'added' : before === sha256 ? 'unchanged' : 'changed'] += 1;
    }
    const fresh = this.documents.filter(({ key, sha256 }) => known.get(key) !== sha256);
    await acceptDocuments(this.db, this.first, fresh, this.refusals);
    this.documents = [];
    this.refusals = [];
    this.bytes = 0;
    this.justCommitted = true;
  }
}
