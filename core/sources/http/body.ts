import type { HopAnswer } from './transport.ts';

/** A body that is not taken. `cut`: less arrived than was announced, or it ended within its packing. */
export class BodyError extends Error {
  override readonly name = 'BodyError';
  readonly cut: boolean;
  constructor(message: string, options: { readonly cut: boolean }) {
    super(message);
    this.cut = options.cut;
  }
}

export type BodyLimits = {
  /** Most bytes as they come, and most after decoding. */
  readonly bytesMax: number;
  /** Most bytes after decoding for each byte that came. */
  readonly ratioMax: number;
  /** Waits for the next piece that comes over the wire; rejects when that takes too long. */
  readonly next: <T>(piece: Promise<T>) => Promise<T>;
};

/** Below this a ratio says nothing: a page of spaces is no bomb. */
const RATIO_FROM_BYTES = 1024 * 1024;
/** Fed to the decoder at once: at most 1,030 times as much comes out before somebody counts. */
const SLICE_BYTES = 4096;
const GZIP = [0x1f, 0x8b];

/**
 * A whole body, decoded from at most one layer of gzip or deflate. Bytes are counted as they come and as they are decoded, and the reading stops
 * at the first too many: no more is held than `bytesMax` and what the decoder makes of one slice.
 */
export async function readBody(answer: HopAnswer, limits: BodyLimits): Promise<Uint8Array<ArrayBuffer>> {
  const announced = announcedBytes(answer);
  if (announced !== null && announced > limits.bytesMax) throw tooLarge(limits);
  const format = answer.decoded ? null : decoderOf(answer.headers['content-encoding'] ?? '');
  const wire = { bytes: 0 };
  const raw = counted(answer, announced, wire, limits);
  if (format === null) return gather(raw, limits);
  const decoded = await gather(unpacked(raw, format, wire, limits), limits);
  if (GZIP.every((byte, i) => decoded[i] === byte))
    throw new BodyError('the body is packed more than once; one layer of gzip is taken', { cut: false });
  return decoded;
}

/** What `content-length` says; null where nothing can be made of it. */
function announcedBytes({ headers, decoded }: HopAnswer): number | null {
  const text = headers['content-length'] ?? '';
  return /^\d{1,15}$/.test(text) && !(decoded && headers['content-encoding']) ? Number(text) : null;
}

/** RFC 9110, 8.4.1. What we did not ask for is refused: there is no telling what it would become. */
function decoderOf(encoding: string): CompressionFormat | null {
  const name = encoding.trim().toLowerCase();
  if (name === '' || name === 'identity') return null;
  if (name === 'gzip' || name === 'x-gzip') return 'gzip';
  if (name === 'deflate') return 'deflate';
  throw new BodyError(
    `the body is packed as ${JSON.stringify(name.slice(0, 40))}; one layer of gzip or deflate is taken`,
    {
      cut: false,
    },
  );
}

const tooLarge = ({ bytesMax }: BodyLimits): BodyError =>
  new BodyError(`the body has more than ${bytesMax} bytes; the rest was not read`, { cut: false });

/** The body as it comes, to its announced end. */
async function* counted(
  { body }: HopAnswer,
  announced: number | null,
  wire: { bytes: number },
  limits: BodyLimits,
): AsyncGenerator<Uint8Array> {
  const pieces = body[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await limits.next(pieces.next());
    if (done) break;
    wire.bytes += value.byteLength;
    if (wire.bytes > limits.bytesMax) throw tooLarge(limits);
    yield value;
  }
  if (announced !== null && wire.bytes !== announced)
    throw new BodyError(`the body ended after ${wire.bytes} of ${announced} bytes`, { cut: true });
}

async function* unpacked(
  raw: AsyncIterable<Uint8Array>,
  format: CompressionFormat,
  wire: { readonly bytes: number },
  { ratioMax }: BodyLimits,
): AsyncGenerator<Uint8Array> {
  const decoder = new DecompressionStream(format);
  const writer = decoder.writable.getWriter();
  const reader = decoder.readable.getReader();
  writer.closed.catch(() => undefined);
  reader.closed.catch(() => undefined);
  // What ends the feeding ends the reading too; the first cause is the one that is told.
  let broken: unknown = null;
  const feed = async () => {
    try {
      for await (const piece of raw)
        for (let at = 0; at < piece.byteLength; at += SLICE_BYTES) {
          await writer.ready;
          await writer.write(new Uint8Array(piece.subarray(at, at + SLICE_BYTES)));
        }
      await writer.close();
    } catch (error) {
      broken ??= error;
      await writer.abort(error).catch(() => undefined);
    }
  };
  const feeding = feed();
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      bytes += value.byteLength;
      if (bytes > RATIO_FROM_BYTES && bytes > wire.bytes * ratioMax)
        throw new BodyError(`the body grows more than ${ratioMax} times when it is unpacked; the rest was not read`, {
          cut: false,
        });
      yield value;
    }
    await feeding;
    if (broken !== null) throw broken;
  } catch (error) {
    const cause = broken ?? error;
    // Whatever the wire and the limits say is said in their words; the rest is the decoder's.
    throw cause instanceof TypeError || codeOf(cause).startsWith('Z_') || codeOf(cause) === 'ERR_INVALID_STATE'
      ? new BodyError('the packed body is damaged or was cut', { cut: true })
      : cause;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

/** One array of all pieces. @throws BodyError at the first byte too many */
async function gather(pieces: AsyncIterable<Uint8Array>, limits: BodyLimits): Promise<Uint8Array<ArrayBuffer>> {
  const held: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.byteLength;
    if (bytes > limits.bytesMax) throw tooLarge(limits);
    held.push(piece);
  }
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const piece of held) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  return whole;
}

/** The pieces of a body as `fetch` gives it; whoever stops early lets go of the connection. */
export async function* piecesOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
