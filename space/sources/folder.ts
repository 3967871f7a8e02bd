import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import type { Refusal } from '../../core/corpus.ts';
import { RetryableError } from '../../core/engine/index.ts';
import { DOCUMENT_BYTES_MAX, readDocument } from '../../core/sources/record.ts';
import { type FileRecord, formatOf, IngestError, jsonRecords, xmlRecords } from '../ingest/ingest.ts';
import type { Line } from '../ingest/lines.ts';

/** A record and where it stands; `line` is its number within the file. */
export type PlannedRecord = {
  readonly key: string;
  readonly sha256: string;
  readonly file: string;
  readonly line: number;
};
/** All records under a path, in the order of their files' names. `id` changes with any file. */
export type FolderPlan = {
  readonly id: string;
  readonly records: readonly PlannedRecord[];
  readonly remarks: readonly string[];
};

/** Refused bytes that are kept with the reason. */
const RAW_KEPT_BYTES = 1024 * 1024;
/** Refusals that wait to be kept together. */
const REFUSALS_HELD = 64;

/**
 * Reads every file under a path; what cannot enter the pipeline goes to `refuse`. @throws RetryableError where there is nothing to
 * read: a disk that is not mounted looks like an empty folder, and must not look like one whose documents were all taken away
 */
export async function planFolder(
  path: string,
  refuse: (refusals: readonly Refusal[]) => Promise<void>,
): Promise<FolderPlan> {
  const { files, passedOver } = await filesUnder(path);
  if (files.length === 0)
    throw new RetryableError(
      `${nameOf(path)} holds no file that can be read (.jsonl, .xml, .nxml or .txt): is it mounted, and is it the right one?`,
    );
  const id = createHash('sha256');
  const places = new Map<string, PlannedRecord>();
  let refusals: Refusal[] = [];
  let refused = 0;
  for (const file of files) {
    const { size, mtimeMs } = await stat(file).catch(failedAt(file));
    id.update(`${file}\n${size}\n${mtimeMs}\n`);
    for await (const found of recordsIn(file)) {
      const record = planned(file, found, places);
      if (!('reason' in record)) {
        places.set(record.key, record);
        continue;
      }
      refused += 1;
      if (refusals.push(record) < REFUSALS_HELD) continue;
      await refuse(refusals);
      refusals = [];
    }
  }
  await refuse(refusals);
  return {
    id: id.digest('hex').slice(0, 16),
    records: [...places.values()],
    remarks: [
      ...(refused > 0
        ? [`${refused} ${refused === 1 ? 'record was' : 'records were'} refused and kept with the reason`]
        : []),
      ...(passedOver.length > 0 ? [`files of other kinds were passed over: ${passedOver.join(', ')}`] : []),
    ],
  };
}

/** The records of one file in their order. @throws RetryableError when it cannot be read */
export async function* recordsIn(file: string): AsyncGenerator<FileRecord> {
  const format = formatOf(file);
  try {
    if (format === 'text') {
      const { size } = await stat(file);
      const bytes = size > DOCUMENT_BYTES_MAX ? null : await readFile(file);
      yield { line: { number: 1, offset: 0, length: size, bytes }, format };
    } else yield* format === 'xml' ? xmlRecords(createReadStream(file)) : jsonRecords(createReadStream(file));
  } catch (error) {
    failedAt(file)(error);
  }
}

/** Endings of files that were passed over are told, so that nobody waits for their documents. */
async function filesUnder(path: string) {
  const found = await stat(path).catch(failedAt(path));
  if (found.isFile()) return { files: [path], passedOver: [] };
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(failedAt(path));
  // What a link leads to may be anywhere.
  const files = entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const passedOver = new Set(files.filter((file) => !isRead(file)).map((file) => extname(file) || 'no ending'));
  return { files: files.filter(isRead), passedOver: [...passedOver] };
}

function isRead(file: string): boolean {
  try {
    formatOf(file);
    return true;
  } catch (error) {
    if (error instanceof IngestError) return false;
    throw error;
  }
}

function planned(file: string, found: FileRecord, places: ReadonlyMap<string, PlannedRecord>): PlannedRecord | Refusal {
  const { line } = found;
  if ('reason' in found) return refusal(file, line, found.reason, found.detail);
  const { bytes, length, number } = line;
  if (bytes === null)
    return refusal(file, line, 'too_large', `${length} bytes in one record; at most ${DOCUMENT_BYTES_MAX} are taken`);
  const reading = readDocument(found.format, bytes, fallbackKey(file));
  if (reading.kind === 'refused') return refusal(file, line, reading.reason, reading.detail);
  const { key } = reading.record;
  const sha256 = hashOf(bytes);
  const earlier = places.get(key);
  if (earlier) {
    const how = earlier.sha256 === sha256 ? 'the same record' : 'another record';
    const place = `${basename(earlier.file)}:${earlier.line}`;
    return refusal(file, line, 'duplicate_id', `id ${key} stands at ${place} already, with ${how}; that one was kept`);
  }
  return { key, sha256, file, line: number };
}

const fallbackKey = (file: string): string => basename(file, extname(file));

const refusal = (file: string, { bytes, ...line }: Line, reason: string, detail: string): Refusal => ({
  source: 'file',
  file,
  line: line.number,
  byteOffset: line.offset,
  bytes: line.length,
  reason,
  detail,
  sha256: bytes === null ? '' : hashOf(bytes),
  raw: bytes !== null && bytes.byteLength <= RAW_KEPT_BYTES ? bytes : null,
});

/** Bytes with their hash as a plan has it. */
export const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The name without its folders: it goes to a public page. */
const nameOf = (path: string): string => JSON.stringify(basename(path));
const failedAt = (path: string) => (error: unknown) => {
  if (error instanceof RetryableError) throw error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'error';
  throw new RetryableError(
    `${nameOf(path)} cannot be read (${code}): is it there, mounted, and readable for this user?`,
    {
      cause: error,
    },
  );
};
