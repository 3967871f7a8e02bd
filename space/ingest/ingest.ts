import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { acceptDocuments, knownDocuments, type NewDocument, type Refusal } from '../../core/corpus.ts';
import type { Database, Stage } from '../../core/engine/index.ts';
import { DOCUMENT_BYTES_MAX, type DocumentFormat, readDocument } from '../../core/sources/record.ts';
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
    for await (const line of readLines(chunks, DOCUMENT_BYTES_MAX)) {
      await batch.add(line, format);
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

function formatOf(file: string): DocumentFormat {
  const extension = extname(file).toLowerCase();
  if (file === '-' || ['.jsonl', '.ndjson', '.json'].includes(extension)) return 'json-case';
  if (['.txt', '.md', '.text'].includes(extension)) return 'text';
  throw new IngestError(
    `${file}: files are JSONL (.jsonl, .ndjson), one record a line, or plain text (.txt); ${extension || 'no ending'} is not read`,
  );
}

async function sizeOf(file: string): Promise<number> {
  try {
    const found = await stat(file);
    if (!found.isFile()) throw new IngestError(`${file}: not a file; give a .jsonl or .txt file`);
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
    const reading = readDocument(format, line.bytes, basename(this.file, extname(this.file)));
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
    this.documents.push({ key, source: publication.source, format, raw: line.bytes, sha256, locator });
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
