import { VIEWS, type View } from '../../schema/vocabulary.ts';
import { sha256Hex } from '../hash.ts';
import { DIMENSION } from '../models/ports.ts';
import { createArchiveBuilder, openArchive, type StoredCase } from './archive.ts';
import { asFloats, asOrdinals, Growing, ReleaseFormatError } from './binary.ts';
import {
  calibrationSummary,
  createSampler,
  decodePairs,
  encodePairs,
  pairSignals,
  type Sample,
  type Sampled,
} from './calibration.ts';
import { aliasesOf, type Cards, cardOf, createCardsBuilder, readCards, storedCard } from './cards.ts';
import type { ReleaseCase, ReleaseFile, ReleaseManifest, ReleaseSink, TakenCase } from './contract.ts';
import { heldVectors, rowsByCase, type VectorRows, type ViewRows } from './dense.ts';
import { createFindingsBuilder, FINDINGS_COLUMNS, type FindingIndex, readFindings } from './findings.ts';
import { createCoder, fitsCodes, packInto } from './kernel/codes.ts';
import { type FusedKernel, openKernel } from './kernel/kernel.ts';
import { createLexicalBuilder, LEXICAL_COLUMNS, type LexicalIndex, lexicalText, readLexical } from './lexical.ts';
import { mergePostings, type PostingColumns } from './merge.ts';
import { createOriginsBuilder, type PreviousRelease } from './previous.ts';
import { ORIGINS_FILE } from './release-files.ts';
import type { Signals } from './score.ts';
import { SETTINGS } from './settings.ts';
import { withoutText } from './withhold.ts';

export type { StoredCase } from './archive.ts';
export { ReleaseFormatError } from './binary.ts';

const ARCHIVE_FILE = 'cases.jsonl.gz';
/** What the scan reads of a view (`kernel/codes.ts`). */
const codesFile = (view: View): string => `${view}.i8`;

/** Rows that are gathered before they go to the sink. */
const ROWS_BUFFERED = 256;

/**
 * What a search reads: everything in typed arrays but the vectors, which the host may leave where they are, and the cases, which are inflated
 * one block at a time.
 */
export type Release = {
  readonly manifest: ReleaseManifest;
  readonly cards: Cards;
  readonly views: Readonly<Record<View, ViewRows>>;
  readonly vectors: VectorRows;
  readonly lexical: LexicalIndex;
  readonly findings: FindingIndex;
  /** The scan over all vectors at once. */
  readonly kernel: FusedKernel;
  /** Signals of seeded random pairs, which every scale and percentile of an answer comes from. */
  readonly pairs: Signals;
  /** Null when this release has no such case. */
  case(caseId: string): Promise<StoredCase | null>;
};

/** Title and text as words are looked up in; a title that opens the text counts once. */
function titledText(theCase: ReleaseCase): string {
  const { title } = theCase.provenance;
  const { text } = theCase.extracted;
  return title === null || text.startsWith(title) ? text : `${title}\n${text}`;
}

function createViewWriter(view: View, sink: ReleaseSink) {
  let floats = new Float32Array(ROWS_BUFFERED * DIMENSION);
  let ordinals = new Uint32Array(ROWS_BUFFERED);
  const coder = createCoder();
  let buffered = 0;
  let written = 0;
  const flush = async (): Promise<void> => {
    await sink.append(codesFile(view), coder.add(floats.subarray(0, buffered * DIMENSION)));
    await sink.append(`${view}.f32`, new Uint8Array(floats.buffer, 0, buffered * DIMENSION * 4));
    await sink.append(`${view}.rows`, new Uint8Array(ordinals.buffer, 0, buffered * 4));
    // A sink may keep what it was given, so the next rows need arrays of their own.
    floats = new Float32Array(ROWS_BUFFERED * DIMENSION);
    ordinals = new Uint32Array(ROWS_BUFFERED);
    written += buffered;
    buffered = 0;
  };
  return {
    async add(ordinal: number, vector: Float32Array): Promise<void> {
      floats.set(vector, buffered * DIMENSION);
      ordinals[buffered] = ordinal;
      buffered += 1;
      if (buffered === ROWS_BUFFERED) await flush();
    },
    async finish(): Promise<number> {
      await flush();
      await sink.append(codesFile(view), coder.tail());
      return written;
    },
  };
}

/** A zero vector stands for a text without a known word: it is near nothing and gets no row. */
function usable(vector: Float32Array, caseId: string, view: View): boolean {
  if (vector.length !== DIMENSION) throw new Error(`${caseId} ${view}: vector of ${vector.length}, not ${DIMENSION}`);
  let squares = 0;
  for (const value of vector) squares += value * value;
  if (!Number.isFinite(squares)) throw new Error(`${caseId} ${view}: vector is not finite`);
  return squares > 0;
}

export type WriteOptions = {
  readonly generation: string;
  /** Names the code that writes, for the build that takes cases over from this one. */
  readonly code?: string;
  /** What taken cases are taken from, and how a few of them are read after all: those that calibration draws. */
  readonly from?: {
    readonly previous: PreviousRelease;
    readonly read: (caseIds: readonly string[]) => AsyncIterable<ReleaseCase>;
  };
};

/**
 * Writes all files of a release but the manifest and the FAISS files, in one pass over the cases, which must come by ascending id.
 * The same cases and generation give the same bytes, whether they are taken over or made anew. Throws on an id out of order or a vector
 * that is not one.
 */
export async function writeRelease(
  cases: AsyncIterable<ReleaseCase | TakenCase>,
  sink: ReleaseSink,
  info: WriteOptions,
): Promise<{ caseCount: number; viewCounts: Record<View, number>; taken: number }> {
  const previous = info.from?.previous ?? null;
  const writers = new Map(VIEWS.map((view) => [view, createViewWriter(view, sink)]));
  const archive = createArchiveBuilder(previous?.archive ?? null);
  const lexical = createLexicalBuilder();
  const findings = createFindingsBuilder();
  const cards = createCardsBuilder();
  const sampler = createSampler();
  const origins = createOriginsBuilder(info.code ?? '');
  /** New ordinals of the earlier release's cases, -1 for those that are gone, and of those that were read. */
  const takenTo = new Int32Array(previous?.cards.count ?? 0).fill(-1);
  const readTo = new Growing((length) => new Uint32Array(length));
  let before = '';
  let caseCount = 0;

  const read = async (theCase: ReleaseCase): Promise<Uint8Array | null> => {
    const { caseId } = theCase;
    for (const [view, writer] of writers) {
      const vector = theCase.vectors[view];
      if (vector && usable(vector, caseId, view)) await writer.add(caseCount, vector);
    }
    readTo.push(caseCount);
    lexical.add(lexicalText(titledText(theCase), theCase.extracted));
    findings.add(theCase.extracted);
    cards.add(cardOf(theCase));
    sampler.add(caseCount, caseId, theCase);
    origins.add(theCase);
    const { vectors: _, fingerprint: __, ...stored } = theCase;
    return archive.add(stored.withheld === undefined ? stored : withoutText(stored));
  };
  const take = async (theCase: TakenCase): Promise<Uint8Array | null> => {
    const { taken, caseId } = theCase;
    if (!previous) throw new Error(`case ${caseId} is to be taken over from no release`);
    for (const [view, writer] of writers) {
      const vector = await previous.vector(view, taken);
      if (vector) await writer.add(caseCount, vector);
    }
    takenTo[taken] = caseCount;
    cards.add({ ...storedCard(previous.cards, taken), document: theCase.documentKey, aliases: aliasesOf(theCase) });
    sampler.add(caseCount, caseId, null);
    origins.add(previous.origin(taken));
    return archive.take(caseId, taken);
  };

  for await (const theCase of cases) {
    const { caseId } = theCase;
    if (caseCount > 0 && caseId <= before) throw new Error(`case ${caseId} came after ${before}: ids must ascend`);
    before = caseId;
    const member = 'taken' in theCase ? await take(theCase) : await read(theCase);
    if (member) await sink.append(ARCHIVE_FILE, member);
    caseCount += 1;
  }
  const viewCounts = {} as Record<View, number>;
  for (const [view, writer] of writers) viewCounts[view] = await writer.finish();
  const { member, index, textHash } = await archive.finish();
  await sink.append(ARCHIVE_FILE, member ?? new Uint8Array(0));
  await sink.append('cases.idx', index);
  await sink.append('cases.sha256', new TextEncoder().encode(`${textHash}\n`));
  await sink.append(ORIGINS_FILE, origins.finish());
  const merged = (file: string, old: Uint8Array | undefined, made: Uint8Array, columns: PostingColumns): Uint8Array => {
    const added = { bytes: made, to: Int32Array.from(readTo.taken()) };
    return old ? mergePostings(file, { bytes: old, to: takenTo }, added, caseCount, columns) : made;
  };
  const bytes = {
    lexical: merged('lexical.bin', previous?.lexical, lexical.finish(), LEXICAL_COLUMNS),
    findings: merged('findings.bin', previous?.findings, findings.finish(), FINDINGS_COLUMNS),
    cards: cards.finish(),
  };
  await sink.append('lexical.bin', bytes.lexical);
  await sink.append('findings.bin', bytes.findings);
  await sink.append('cards.bin', bytes.cards);
  const pairs = pairSignals(
    await drawn(sampler.sample(), info.from?.read),
    readLexical(bytes.lexical),
    readFindings(bytes.findings),
    readCards(bytes.cards),
  );
  await sink.append('calibration.bin', encodePairs(pairs));
  const summary = { generation: info.generation, ...calibrationSummary(pairs) };
  await sink.append('calibration.json', new TextEncoder().encode(`${JSON.stringify(summary, null, 1)}\n`));
  return { caseCount, viewCounts, taken: caseCount - readTo.length };
}

/** The sample with its cases; those that were taken over are read. One that left the corpus meanwhile is left out. */
async function drawn(
  sample: readonly Sampled[],
  read: ((caseIds: readonly string[]) => AsyncIterable<ReleaseCase>) | undefined,
): Promise<readonly Sample[]> {
  const missing = sample.filter(({ theCase }) => theCase === null).map(({ caseId }) => caseId);
  const found = new Map<string, ReleaseCase>();
  if (missing.length > 0 && read) for await (const theCase of read(missing)) found.set(theCase.caseId, theCase);
  return sample.flatMap(({ ordinal, caseId, theCase }) => {
    const held = theCase ?? found.get(caseId);
    return held ? [{ ordinal, theCase: held }] : [];
  });
}

/** How a host spares memory on a large release; what it does not give is read whole. */
export type ReleaseAccess = {
  /** Vectors by row; without it they are held in memory. */
  readonly vectors?: VectorRows;
  /** Reads a file to where it is needed, without a copy of it. */
  readonly readInto?: (file: string, into: Uint8Array) => Promise<void>;
  /** Bytes `from` to `to` of the archive of cases. */
  readonly range?: (file: string, from: number, to: number) => Uint8Array | Promise<Uint8Array>;
  /** Most bytes of inflated cases that are kept. */
  readonly casesKept?: number;
};

/** Rows that a host fetches are not covered by the hashes of whole files, but the codes are, and they tell one row from another. */
function checkedRows(vectors: VectorRows, codesOf: FusedKernel['codesOf']): VectorRows {
  return async (view, rows) => {
    const found = await vectors(view, rows);
    const codes = codesOf(view);
    const wrong = rows.find((row, place) => !fitsCodes(found, place, codes, row));
    if (wrong !== undefined || found.length !== rows.length * DIMENSION) {
      throw new ReleaseFormatError(`${view}.f32: row ${wrong ?? '?'} is not the one that the release was built with`);
    }
    return found;
  };
}

async function openCases(
  manifest: ReleaseManifest,
  read: (file: string) => Promise<Uint8Array>,
  { range, casesKept }: ReleaseAccess,
): Promise<ReturnType<typeof openArchive>> {
  const index = await read('cases.idx');
  if (range) {
    const bytes = manifest.files.find(({ file }) => file === ARCHIVE_FILE)?.bytes ?? 0;
    return openArchive(index, bytes, (from, to) => range(ARCHIVE_FILE, from, to), casesKept);
  }
  const archive = await read(ARCHIVE_FILE);
  return openArchive(index, archive.byteLength, (from, to) => archive.subarray(from, to), casesKept);
}

/** A view's codes: as they stand in the release, or made of the vectors where an older one has none. */
async function loadCodes(
  manifest: ReleaseManifest,
  view: View,
  into: Uint8Array,
  read: (file: string) => Promise<Uint8Array>,
  access: ReleaseAccess,
): Promise<void> {
  const file = codesFile(view);
  if (!manifest.files.some((listed) => listed.file === file)) {
    packInto(asFloats(`${view}.f32`, await read(`${view}.f32`), DIMENSION), into);
    return;
  }
  if (access.readInto) return access.readInto(file, into);
  const bytes = await read(file);
  if (bytes.length !== into.length) {
    throw new ReleaseFormatError(`${file}: expected ${into.length} bytes, found ${bytes.length}`);
  }
  into.set(bytes);
}

/** All vectors in memory, checked against the manifest. */
async function readVectors(
  manifest: ReleaseManifest,
  read: (file: string) => Promise<Uint8Array>,
): Promise<VectorRows> {
  const vectors = {} as Record<View, Float32Array>;
  for (const view of VIEWS) {
    vectors[view] = asFloats(`${view}.f32`, await read(`${view}.f32`), DIMENSION);
    const [found, expected] = [vectors[view].length / DIMENSION, manifest.viewCounts[view]];
    if (found !== expected) throw new ReleaseFormatError(`${view}.f32: expected ${expected} rows, found ${found}`);
  }
  return heldVectors(vectors);
}

/**
 * Opens a release whose files were already checked against their hashes. Arrays are views of the bytes that `read` gives where those
 * are aligned. `module` is kernel.wasm, compiled as the host can. Throws `ReleaseFormatError` when the files do not fit each other or the manifest.
 */
export async function openRelease(
  manifest: ReleaseManifest,
  read: (file: string) => Promise<Uint8Array>,
  module: WebAssembly.Module,
  access: ReleaseAccess = {},
  coarseFrom: number = SETTINGS.coarse.from,
): Promise<Release> {
  const cards = readCards(await read('cards.bin'));
  const lexical = readLexical(await read('lexical.bin'));
  if (cards.count !== manifest.caseCount || lexical.caseCount !== manifest.caseCount) {
    throw new ReleaseFormatError(
      `expected ${manifest.caseCount} cases, found ${cards.count} cards and ${lexical.caseCount} indexed texts`,
    );
  }
  const views = {} as Record<View, ViewRows>;
  for (const view of VIEWS) {
    const rows = asOrdinals(`${view}.rows`, await read(`${view}.rows`));
    const expected = manifest.viewCounts[view];
    if (rows.length !== expected) {
      throw new ReleaseFormatError(`${view}: expected ${expected} rows, found ${rows.length}`);
    }
    if (rows.some((ordinal, row) => ordinal >= cards.count || (row > 0 && ordinal <= (rows[row - 1] ?? 0)))) {
      throw new ReleaseFormatError(`${view}.rows: names a case that the release does not have, or not in their order`);
    }
    views[view] = { rows, rowOf: rowsByCase(rows, cards.count) };
  }
  const kernel = openKernel(module, views, cards.count, { coarse: cards.count >= coarseFrom });
  for (const view of VIEWS) await loadCodes(manifest, view, kernel.codesOf(view), read, access);
  kernel.ready();
  const vectors = access.vectors ? checkedRows(access.vectors, kernel.codesOf) : await readVectors(manifest, read);
  const readCase = await openCases(manifest, read, access);
  return {
    manifest,
    cards,
    views,
    vectors,
    lexical,
    findings: readFindings(await read('findings.bin')),
    kernel,
    pairs: decodePairs(await read('calibration.bin')),
    async case(caseId) {
      const ordinal = cards.ordinalOf(caseId);
      if (ordinal === undefined) return null;
      const stored = await readCase(ordinal);
      if (stored.caseId === caseId) return stored;
      throw new ReleaseFormatError(`cases.jsonl.gz: another case stands where ${caseId} should`);
    },
  };
}

/** What follows from other files: bytes that depend on the host's zlib (`cases.sha256` stands for them), and codes of the vectors. */
const DERIVED_FILES: readonly string[] = [ARCHIVE_FILE, 'cases.idx', ...VIEWS.map(codesFile)];
/** What equal corpora need not have in common. */
const NOT_OF_THE_CORPUS: readonly string[] = [...DERIVED_FILES, ORIGINS_FILE];

/**
 * sha256 in hex over names and hashes of the files, by name: equal for equal corpora, whatever the order of the list and
 * whichever host compressed the cases.
 */
export function contentHash(files: readonly ReleaseFile[]): Promise<string> {
  const named = files.filter(({ file }) => !NOT_OF_THE_CORPUS.includes(file));
  const lines = named.map(({ file, sha256 }) => `${sha256}  ${file}\n`).sort();
  return sha256Hex(lines.join(''));
}
