/** One line of a file, as bytes without its line end, with its place. `bytes` is null when the line was too long to hold. */
export type Line = {
  readonly number: number;
  readonly offset: number;
  readonly length: number;
  readonly bytes: Uint8Array | null;
};

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const BOM = [0xef, 0xbb, 0xbf] as const;

/**
 * Splits a byte stream into lines without ever holding more than `bytesMax` of one: a longer line is passed over to its end
 * and reported by its place. Blank lines, a byte order mark and carriage returns are left out.
 */
export async function* readLines(chunks: AsyncIterable<Uint8Array>, bytesMax: number): AsyncGenerator<Line> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let number = 1;
  let offset = 0;

  const close = (): Line => {
    const length = heldBytes;
    const line = { number, offset, length, bytes: length > bytesMax ? null : joined(held, length, number === 1) };
    held = [];
    heldBytes = 0;
    return line;
  };
  const take = (part: Uint8Array) => {
    heldBytes += part.byteLength;
    if (heldBytes <= bytesMax) held.push(part);
    else held = [];
  };

  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      take(chunk.subarray(from, at));
      const line = close();
      if (!isBlank(line)) yield line;
      number += 1;
      offset += line.length + 1;
      from = at + 1;
    }
    // A copy, because the stream may reuse the chunk's memory.
    if (from < chunk.byteLength) take(chunk.slice(from));
  }
  const last = close();
  if (!isBlank(last)) yield last;
}

function joined(parts: readonly Uint8Array[], length: number, first: boolean): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  const start = first && BOM.every((byte, i) => whole[i] === byte) ? BOM.length : 0;
  const end = whole.at(-1) === RETURN ? length - 1 : length;
  return whole.subarray(start, end);
}

const isBlank = (line: Line): boolean =>
  line.bytes?.every((byte) => byte === 0x20 || byte === 0x09 || byte === RETURN) ?? false;
